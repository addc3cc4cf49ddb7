"""Which appointments a recording may belong to at all: its rep's by time, colleagues' by place or name."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import floor

from fieldnote.matching import rates as r
from fieldnote.matching.places import distance_m
from fieldnote.matching.records import NOT_IN_PERSON, Place
from fieldnote.matching.scoring import Take, Visit, has_mark, in_window, names

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
        around = self.between(take.start - self.reach, take.start + r.MARK_REACH)
        return [visit for visit in around if in_window(take, visit) or has_mark(take, visit)]

    def rivals(self, take: Take, visit: Visit) -> int:
        """How many other appointments are within two hours of the recording's start."""
        around = self.between(take.start - _TWO_HOURS, take.start + _TWO_HOURS)
        return sum(not v.appointment.cancelled for v in around if v is not visit)


def calendars_of(visits: Iterable[Visit]) -> dict[str, Calendar]:
    """The calendar of each rep. An appointment that is not in person is in none."""
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
    reach = max(r.LATE_LIMIT, longest, r.MARK_REACH)
    return Calendar(tuple(own), tuple(visit.start for visit in own), reach)


class Neighborhood:
    """All appointments that were not canceled by shift and place, and by shift and name, to find a colleague's."""

    def __init__(self, visits: Iterable[Visit]) -> None:
        self._cells: dict[tuple[int, int, int], list[Visit]] = defaultdict(list)
        self._names: dict[tuple[int, str], list[Visit]] = defaultdict(list)
        for visit in visits:
            if visit.appointment.cancelled or not is_in_person(visit):
                continue
            if visit.place is not None:
                self._cells[_shift(visit.start), *_cell(visit.place)].append(visit)
            for word in {visit.words.surname, *visit.words.street} - {""}:
                self._names[_shift(visit.start), word].append(visit)

    def candidates(self, take: Take) -> list[Visit]:
        """Other reps' appointments that this recording's place or title points at, around its time."""
        found: dict[str, Visit] = {}
        rep_id = take.conversation.rep_id
        for visit in self._around(take):
            if (
                rep_id not in visit.appointment.rep_ids
                and (distance_m(take.place, visit.place) or 0.0) < r.AT_THE_HOUSE
            ):
                found[visit.appointment.id] = visit
        for visit in self._named(take):
            if rep_id not in visit.appointment.rep_ids and names(take, visit.words):
                found[visit.appointment.id] = visit
        return [visit for _, visit in sorted(found.items()) if abs(take.start - visit.start) <= r.COLLEAGUE_REACH]

    def _around(self, take: Take) -> Iterator[Visit]:
        if take.place is None:
            return
        y, x = _cell(take.place)
        for shift in _shifts(take):
            for row in (y - 1, y, y + 1):
                for column in (x - 1, x, x + 1):
                    yield from self._cells.get((shift, row, column), ())

    def _named(self, take: Take) -> Iterator[Visit]:
        for word in take.title.words:
            for shift in _shifts(take):
                yield from self._names.get((shift, word), ())


def _shifts(take: Take) -> range:
    return range(_shift(take.start - r.COLLEAGUE_REACH), _shift(take.start + r.COLLEAGUE_REACH) + 1)


def _shift(minutes: float) -> int:
    return floor(minutes / (2 * r.COLLEAGUE_REACH))


def _cell(place: Place) -> tuple[int, int]:
    return floor(place.latitude / _CELL), floor(place.longitude / _CELL)
