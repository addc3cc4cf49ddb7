"""The second world in the matcher's records."""

from datetime import UTC, timedelta

from bench.matching.second.records import Row, Take, Year
from bench.matching.second.town import Spot
from fieldnote.matching import Appointment, Conversation, Place

_KINDS = {"appointment": "APPOINTMENT", "meeting": "MEETING"}


def conversations_of(year: Year) -> list[Conversation]:
    return [_conversation(take) for take in year.takes]


def appointments_of(year: Year) -> list[Appointment]:
    return [_appointment(row) for row in year.rows]


def _conversation(take: Take) -> Conversation:
    length = timedelta(seconds=take.seconds)
    return Conversation(take.key, take.rep, take.start.astimezone(UTC), length, _place(take.spot), take.title or None)


def _appointment(row: Row) -> Appointment:
    return Appointment(
        id=row.key,
        rep_ids=frozenset({row.rep}),
        starts_at=row.start.astimezone(UTC),
        ends_at=None if row.end is None else row.end.astimezone(UTC),
        place=_place(row.spot),
        title=row.subject or None,
        customer=row.customer,
        cancelled=row.canceled,
        kind=_KINDS.get(row.kind),
        street=row.address,
    )


def _place(spot: Spot | None) -> Place | None:
    return None if spot is None else Place(spot.lat, spot.lon)
