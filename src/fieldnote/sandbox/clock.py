"""The time of a stand-in: the machine's, plus an offset that a test adds; or one that stays where it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """UTC in whole milliseconds, as the CRMs give it."""

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """The CRM's time."""
        moment = self._frozen or datetime.now(UTC) + self._offset
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def advance(self, seconds: float) -> None:
        """Let time jump ahead."""
        if self._frozen is not None:
            self._frozen += timedelta(seconds=seconds)
        else:
            self._offset += timedelta(seconds=seconds)

    def freeze(self, at: datetime | None = None) -> None:
        """Stop the clock, at this time or now."""
        self._frozen = at or self.now()


def iso(moment: datetime) -> str:
    """`2026-01-31T15:00:00.000Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def parse_time(text: str) -> datetime:
    """An ISO time as an aware one; without a zone it is UTC. ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
