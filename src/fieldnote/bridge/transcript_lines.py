"""The lines of a kept transcript. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def times_of(line: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Start and end in milliseconds. Siro writes 0 for both where it knows neither: such a line has no times."""
    start, end = (one if isinstance(one, int) else None for one in (line.get("start_ms"), line.get("end_ms")))
    return (start, end) if start or end else (None, None)
