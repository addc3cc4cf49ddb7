"""Find CRM rows of one visit: copies, and a reschedule under a new id beside the old row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fieldnote.matching.candidates import Calendar, calendars_of
from fieldnote.matching.names import one_slip_apart
from fieldnote.matching.places import distance_m
from fieldnote.matching.scoring import Visit

_APART = 45.0
"""Minutes between two rows of one visit, at most."""
_ONE_HOUSE = 100.0


def twins_of_visits(visits: Iterable[Visit]) -> dict[str, str]:
    """The same for appointments without their calendars."""
    return twins_of(calendars_of(visits))


def twins_of(calendars: Mapping[str, Calendar]) -> dict[str, str]:
    """For each row that has twins, the one that speaks for them all. A canceled row is nobody's twin."""
    leader: dict[str, str] = {}

    def lead(key: str) -> str:
        while key in leader and leader[key] != key:
            key = leader[key]
        return key

    for one, other in _pairs(calendars.values()):
        first, second = sorted((lead(one.appointment.id), lead(other.appointment.id)))
        leader[second] = leader[first] = first
    return {key: lead(key) for key in leader}


def _pairs(calendars: Iterable[Calendar]) -> Iterable[tuple[Visit, Visit]]:
    for calendar in calendars:
        recent: list[Visit] = []
        for visit in calendar.visits:
            if visit.appointment.cancelled:
                continue
            recent = [before for before in recent if visit.start - before.start <= _APART]
            for before in recent:
                if is_one_visit(before, visit):
                    yield before, visit
            recent.append(visit)


def is_one_visit(one: Visit, other: Visit) -> bool:
    """Whether two rows that begin at about one time are of one visit: the same customer, and not two houses."""
    a, b = one.words, other.words
    distance = distance_m(one.place, other.place)
    one_house = distance is not None and distance < _ONE_HOUSE
    one_street = bool(a.street) and a.street == b.street and a.number == b.number
    if not a.names and not b.names:
        return one_house and one.start == other.start and one.appointment.title == other.appointment.title
    if one_house or one_street:
        return bool(a.names & b.names) or (bool(a.surname and b.surname) and one_slip_apart(a.surname, b.surname))
    if a.names != b.names or len(a.names) < 2:
        return False
    return not (a.street and b.street and a.street != b.street)
