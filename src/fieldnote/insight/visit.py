"""The facts about an appointment that a reader of its conversation may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Visit:
    """When and between whom the conversation took place. Everything may be unknown."""

    started_at: datetime | None = None
    """Aware; a naive time is taken as local."""
    zone: str | None = None
    """The IANA name of the appointment's zone; without one, the zone of `started_at`."""
    rep_name: str | None = None
    customer: str | None = None
    project: str | None = None

    @property
    def day(self) -> date | None:
        """The visit's own day, in its own zone."""
        if self.started_at is None:
            return None
        if self.zone is None or self.started_at.tzinfo is None:
            return self.started_at.date()
        return self.started_at.astimezone(ZoneInfo(self.zone)).date()
