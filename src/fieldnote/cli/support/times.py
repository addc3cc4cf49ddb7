"""Times for people: on the clock of the place that they are about."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def local_time(moment: datetime, zone: str | None) -> str:
    """`2026-02-15 14:00 MST`; in UTC without a zone."""
    local = moment.astimezone(ZoneInfo(zone) if zone else UTC)
    return f"{local:%Y-%m-%d %H:%M %Z}"
