"""Which appointments a recording may belong to at all: of its rep by time, of colleagues by place and time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import floor

from fieldnote.matching import weights as w
from fieldnote.matching.places import is_usable, place_distance_m
from fieldnote.matching.records import NOT_IN_PERSON, Place
from fieldnote.matching.scoring import Take, Visit, has_mark, in_window

_TWO_HOURS = 120.0
_CELL = 0.005
"""Degrees: in its own cell and the eight around it lies all that is within `AT_THE_HOUSE`."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A rep's appointments in order of start."""

    visits: tuple[Visit, ...] = ()
    starts: tuple[float, ...] = ()
    reach: float = 0.0
    """The longest time after its start that an appointment of this rep may still take a recording."""

    def between(self, start: float, end: float) -> tuple[Visit, ...]:
        return self.visits[bisect_left(self.starts, start) : bisect_right(self.starts, end)]

    def candidates(self, take: Take) -> list[Visit]:
        around = self.between(take.start - self.reach, take.start + w.ZONES * 60 + w.EARLY_LIMIT)
        return [visit for visit in around if in_window(take, visit) or has_mark(take, visit)]

    def rivals(self, take: Take, visit: Visit) -> int:
        """How many other appointments stand in the two hours around the recording's start."""
        around = self.between(take.start - _TWO_HOURS, take.start + _TWO_HOURS)
        return sum(not v.appointment.cancelled for v in around if v is not visit)


def calendars_of(visits: Iterable[Visit]) -> dict[str, Calendar]:
    """The calendar of each rep. What nobody does in person is in none."""
    by_rep: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        if not is_in_person(visit):
            continue
        for rep_id in visit.appointment.rep_ids:
            by_rep[rep_id].append(visit)
    return {rep_id: _calendar(own) for rep_id, own in by_rep.items()}


def is_in_person(visit: Visit) -> bool:
    kind = visit.appointment.kind
    return kind is None or kind.upper() not in NOT_IN_PERSON


def _calendar(own: list[Visit]) -> Calendar:
    own.sort(key=lambda visit: (visit.start, visit.appointment.id))
    longest = max(visit.length for visit in own)
    reach = max(w.LATE_LIMIT, longest, w.ZONES * 60 + w.EARLY_LIMIT)
    return Calendar(tuple(own), tuple(visit.start for visit in own), reach)


class Neighbourhood:
    """All standing appointments by hour and place, so that a colleague who was at the house is found."""

    def __init__(self, visits: Iterable[Visit]) -> None:
        self._cells: dict[tuple[int, int, int], list[Visit]] = defaultdict(list)
        for visit in visits:
            place = visit.appointment.place
            if place is not None and is_usable(place) and is_in_person(visit) and not visit.appointment.cancelled:
                self._cells[_hour(visit.start), *_cell(place)].append(visit)

    def candidates(self, take: Take) -> list[Visit]:
        """Other reps' appointments that take place where and when this recording was made."""
        conversation = take.conversation
        return [
            visit
            for visit in self._around(take)
            if conversation.rep_id not in visit.appointment.rep_ids
            and -w.EARLY_LIMIT <= take.start - visit.start <= w.LATE_LIMIT
            and (place_distance_m(conversation.place, visit.appointment.place) or 0.0) < w.AT_THE_HOUSE
        ]

    def _around(self, take: Take) -> Iterator[Visit]:
        place = take.conversation.place
        if place is None or not is_usable(place):
            return
        y, x = _cell(place)
        for hour in range(_hour(take.start - w.LATE_LIMIT), _hour(take.start + w.EARLY_LIMIT) + 1):
            for row in (y - 1, y, y + 1):
                for column in (x - 1, x, x + 1):
                    yield from self._cells.get((hour, row, column), ())


def _hour(minutes: float) -> int:
    return floor(minutes / 60)


def _cell(place: Place) -> tuple[int, int]:
    return floor(place.latitude / _CELL), floor(place.longitude / _CELL)
