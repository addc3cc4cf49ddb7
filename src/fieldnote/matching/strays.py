"""Recordings that belong to no appointment: how likely each kind of them is.

A stray is recorded at any time of the day; after another recording, walking to the next house or still at the curb; or
in the slot of an appointment that did not take place. Each kind has its own gap, place, length and titles, since a
drive begins where the visit was and a walk-in next door begins a few houses on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import pi
from typing import NamedTuple

from fieldnote.matching import rates as r
from fieldnote.matching.rates import Rates
from fieldnote.matching.scoring import Around, Take, Visit, leaves_density, length_density, start_density

_DOORS, _QUARTER = 200.0, 2_000.0
"""Meters around an address of the day: some doors on, and the part of the town where the rep works that day."""
_SLOT_LENGTHS = 0.5
"""Share of strays in a slot that are as long as a visit; the others are as long as any stray."""
_ELSEWHERE = 0.1
"""Share of strays after a recording that begin anywhere."""
_AROUND_STOP = 0.4
"""Share of strays in a slot that begin around the stop before."""
_WENT = 0.8
"""Share of the visits without a recording that took place, so that a stray may follow."""


class Densities(NamedTuple):
    """Densities of one recording, by kind of stray. They include the title."""

    free: float
    """At any time of the working day, anywhere."""
    near: float
    """At any time of the working day, near an address of the day."""
    walk: float
    """After a recording, some houses on."""
    curb: float
    """After a recording, at its curb: a drive, a call, a memo."""
    ahead: float
    """Short, and at the place where the next recording begins soon: a note in the car, a knock."""
    canceled_slot: float
    """In the slot of a canceled appointment."""


class Missed(NamedTuple):
    """The same around one appointment, given that no recording is of it."""

    visit: Visit
    walk: float
    """After the visit, some houses on."""
    curb: float
    """After the visit, at its curb."""
    slot: float
    """In its slot and elsewhere: it did not take place, and the CRM still shows it."""
    door: float
    """In its slot, at its door: nobody was home."""
    knock: float
    """The same, and short: a knock, or a note in the car."""

    @property
    def density(self) -> float:
        return self.walk + self.curb + self.slot + self.door + self.knock

    def scaled(self, factor: float) -> Missed:
        return Missed(self.visit, *(factor * density for density in self[1:]))


class Look(NamedTuple):
    """One recording as a stray."""

    of: Densities
    missed: tuple[Missed, ...]
    density: float
    """As if no appointment of the day was recorded."""
    after_last: float = 0.0
    """The part of the density that needs a visit in the recording right before this one: what follows a visit."""

    def scaled(self, factors: Mapping[str, float]) -> Look:
        """With the strays around some appointments made less likely."""
        missed = tuple(one.scaled(factors.get(one.visit.appointment.id, 1.0)) for one in self.missed)
        return Look(self.of, missed, sum(self.of) + sum([one.density for one in missed]), self.after_last)

    @property
    def following(self) -> float:
        """The share of strays that follow a visit: a drive, a call, a walk-in next door."""
        missed = sum(one.walk + one.curb for one in self.missed)
        return (self.of.walk + self.of.curb + missed) / self.density


class Strays:
    """Strays under one set of rates."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._knock = rates.knock / (1 - rates.recorded)
        self._taken_over = rates.taken_over * (1 - rates.recorded) / rates.recorded

    def look(self, take: Take, around: Around) -> Look:
        """How likely the recording is as each kind of stray."""
        rates, kind = self._rates, take.title.kind
        free_place, near_place = self._free_places(take, around)
        place = free_place + near_place
        length, walk_length = length_density(rates.length_stray, take), length_density(rates.length_after, take)
        lost = self._lost_places(take, around, place)
        walk, curb = self._after_recordings(around.earlier, lost)
        walk_before, curb_before = self._after_recordings(around.earlier[1:], lost)
        slot_length = (1 - _SLOT_LENGTHS) * length + _SLOT_LENGTHS * length_density(rates.length_first, take)
        title = rates.title_stray[kind]
        on_foot = rates.after * walk_length * title
        at_curb = rates.curb * length_density(rates.length_curb, take) * rates.title_curb[kind]
        slot = self._slot_place(take, around, place)
        short = length_density(r.LENGTH_AHEAD, take)
        canceled = rates.in_canceled_slot * slot * slot_length * title
        densities = Densities(
            free=rates.strays_per_minute * free_place * length * title,
            near=rates.strays_per_minute * near_place * length * title,
            walk=on_foot * walk,
            curb=at_curb * curb,
            ahead=rates.ahead * self._before_recording(take, around, place) * short * rates.title_curb[kind],
            canceled_slot=canceled * sum(_starts(rates, take, visit) for visit in around.canceled),
        )
        after, slots = (on_foot, at_curb), (slot * slot_length * title, length * title, short * title)
        missed = [self._missed(take, visit, meters, after, slots) for visit, meters in around.kept]
        by_colleagues = [self._missed(take, visit, meters, after, slots) for visit, meters in around.colleagues]
        missed += [one.scaled(self._taken_over) for one in by_colleagues]
        density = sum(densities) + sum([one.density for one in missed])
        after_last = on_foot * (walk - walk_before) + at_curb * (curb - curb_before)
        return Look(densities, tuple(missed), density, after_last)

    def _missed(
        self,
        take: Take,
        visit: Visit,
        meters: float | None,
        after: tuple[float, float],
        slot: tuple[float, float, float],
    ) -> Missed:
        """Around a visit that was not recorded: after it, since the phone is at its house then, and in its slot."""
        rates, walk, curb = self._rates, 0.0, 0.0
        offset = take.start - visit.start
        if meters is not None and meters < max(rates.after_place.edges[-1], rates.curb_place.edges[-1]):
            walk_place, curb_place = self._places(meters)
            ends = _WENT * leaves_density(rates, offset, visit.length)
            walk, curb = ends * walk_place, ends * curb_place
        starts = _starts(rates, take, visit)
        away, door, knock = slot
        if take.place is not None:
            is_near = meters is not None and meters < rates.address.edges[-1]
            at_door = rates.address.at(meters or 0.0) if is_near else rates.anywhere
            door, knock = door * at_door, knock * at_door
        return Missed(
            visit,
            walk=after[0] * walk,
            curb=after[1] * curb,
            slot=rates.in_empty_slot * starts * away,
            door=rates.no_show * starts * door,
            knock=self._knock * starts * knock,
        )

    def _free_places(self, take: Take, around: Around) -> tuple[float, float]:
        """Densities of the place of a free stray: anywhere, and near an address of the day."""
        rates, near = self._rates, self._rates.anywhere
        if take.place is None:
            return 1 - rates.stray_near, rates.stray_near
        if around.nearest_m is not None:
            near = 0.5 * (_bell(around.nearest_m, _DOORS) + _bell(around.nearest_m, _QUARTER))
        return (1 - rates.stray_near) * rates.anywhere, rates.stray_near * near

    def _after_recordings(
        self, earlier: Iterable[tuple[float, float | None]], lost: tuple[float, float]
    ) -> tuple[float, float]:
        """Densities of the gap and the place, walking on and at the curb. It follows the recording that fits best."""
        walk = curb = 0.0
        lost_walk, lost_curb = lost
        for gap, meters in earlier:
            walk_gap, curb_gap = self._gaps(gap)
            walk_place, curb_place = lost_walk, lost_curb
            if meters is not None:
                near_walk, near_curb = self._places(meters)
                walk_place = (1 - _ELSEWHERE) * near_walk + _ELSEWHERE * lost_walk
                curb_place = (1 - _ELSEWHERE) * near_curb + _ELSEWHERE * lost_curb
            walk, curb = max(walk, walk_gap * walk_place), max(curb, curb_gap * curb_place)
        return walk, curb

    def _before_recording(self, take: Take, around: Around, free_place: float) -> float:
        """Density of the gap and the place of a stray before the next recording."""
        if around.later is None or around.later[0] >= r.AHEAD_GAP.edges[-1]:
            return 0.0
        gap, meters = around.later
        density = r.AHEAD_GAP.at(gap)
        if take.place is None:
            return density
        return density * (free_place if meters is None else self._places(meters)[1])

    def _lost_places(self, take: Take, around: Around, free_place: float) -> tuple[float, float]:
        """The places where nobody knows where the recording before was: probably at an address of the day."""
        if take.place is None:
            return 1.0, 1.0
        if around.nearest_m is None:
            return free_place, free_place
        walk, curb = self._places(around.nearest_m)
        return 0.5 * (free_place + walk), 0.5 * (free_place + curb)

    def _gaps(self, gap: float) -> tuple[float, float]:
        rates = self._rates
        walk = rates.after_gap.at(gap) if gap < rates.after_gap.edges[-1] else 0.0
        return walk, rates.curb_gap.at(gap) if gap < rates.curb_gap.edges[-1] else 0.0

    def _places(self, meters: float) -> tuple[float, float]:
        rates = self._rates
        walk = rates.after_place.at(meters) if meters < rates.after_place.edges[-1] else 0.0
        return walk, rates.curb_place.at(meters) if meters < rates.curb_place.edges[-1] else 0.0

    def _slot_place(self, take: Take, around: Around, free_place: float) -> float:
        """A rep whose appointment fell through is anywhere, or still around the stop before."""
        if take.place is None or not around.earlier or around.earlier[0][1] is None:
            return free_place
        return (1 - _AROUND_STOP) * free_place + _AROUND_STOP * _bell(around.earlier[0][1], _DOORS)


def _starts(rates: Rates, take: Take, visit: Visit) -> float:
    return start_density(rates, take.start - visit.start, visit.length)


def _bell(meters: float, scale: float) -> float:
    """A round, heavy-tailed density per square meter."""
    scaled = meters / scale
    return 1 / (pi * scale * scale * (1 + scaled * scaled) ** 2)
