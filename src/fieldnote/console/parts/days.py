"""Days as an address has them."""

from __future__ import annotations

from datetime import date
from typing import Final

_EARLIEST: Final = date(2000, 1, 1)
_LATEST: Final = date(2200, 1, 1)


def read_day(given: str) -> date | None:
    """A day from 2000 to 2199; None for anything else."""
    try:
        found = date.fromisoformat(given)
    except ValueError:
        return None
    return found if _EARLIEST <= found <= _LATEST else None
