"""Recordings that belong to no appointment: how likely each kind of them is.

A stray is recorded at any time of the day; after another recording, walking to the next house or still at the curb; or
in the slot of an appointment that did not take place. Each kind has its own gap, place, length and titles, since a
drive begins where the visit was and a walk-in next door begins a few houses on.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import pi
from typing import NamedTuple

from fieldnote.matching.rates import Rates
from fieldnote.matching.scoring import Around, Take, Visit, length_density, start_density

_DOORS, _QUARTER = 200.0, 2_000.0
"""Meters around an address of the day: some doors on, and the part of the town where the rep works that day."""
_SLOT_LENGTHS = 0.5
"""Share of strays in a slot that are as long as a visit; the others are as long as any stray."""
_ELSEWHERE = 0.1
"""Share of strays after a recording that begin anywhere."""
_AROUND_STOP = 0.4
"""Share of strays in a slot that begin around the stop before."""
_STALE = 0.1
"""Recorded visits of which the recording may have been missed, since its phone was elsewhere or off."""


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
    unseen_walk: float
    """The same after a visit that was not recorded itself."""
    unseen_curb: float
    canceled_slot: float
    """In the slot of a canceled appointment."""
    empty_slot: float
    """In the slot of one that did not take place, and which the CRM still shows."""


class Strays:
    """Strays under one set of rates."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates

    def densities(self, take: Take, around: Around) -> Densities:
        """How likely the recording is as each kind of stray."""
        rates, kind = self._rates, take.title.kind
        free_place, near_place = self._free_places(take, around)
        place = free_place + near_place
        length, walk_length = length_density(rates.length_stray, take), length_density(rates.length_after, take)
        walk, curb = self._after_recordings(take, around, place)
        unseen_walk, unseen_curb = self._after_visits(take, around)
        visit_length = length_density(rates.length_first, take)
        slot = self._slot_place(take, around, place)
        slot *= (1 - _SLOT_LENGTHS) * length + _SLOT_LENGTHS * visit_length
        title = rates.title_stray[kind]
        on_foot = rates.after * walk_length * title
        at_curb = rates.curb * length_density(rates.length_curb, take) * rates.title_curb[kind]
        return Densities(
            free=rates.strays_per_minute * free_place * length * title,
            near=rates.strays_per_minute * near_place * length * title,
            walk=on_foot * walk,
            curb=at_curb * curb,
            unseen_walk=on_foot * unseen_walk,
            unseen_curb=at_curb * unseen_curb,
            canceled_slot=rates.in_canceled_slot * _starts(rates, take, around.canceled) * slot * title,
            empty_slot=rates.in_empty_slot * _starts(rates, take, (v for v, _ in around.kept)) * slot * title,
        )

    def _free_places(self, take: Take, around: Around) -> tuple[float, float]:
        """Densities of the place of a free stray: anywhere, and near an address of the day."""
        rates, near = self._rates, self._rates.anywhere
        if take.place is None:
            return 1 - rates.stray_near, rates.stray_near
        if around.nearest_m is not None:
            near = 0.5 * (_bell(around.nearest_m, _DOORS) + _bell(around.nearest_m, _QUARTER))
        return (1 - rates.stray_near) * rates.anywhere, rates.stray_near * near

    def _after_recordings(self, take: Take, around: Around, free_place: float) -> tuple[float, float]:
        """Densities of the gap and the place, walking on and at the curb. It follows the recording that fits best."""
        walk = curb = 0.0
        for gap, meters in around.earlier:
            walk_gap, curb_gap = self._gaps(gap)
            if take.place is None:
                walk, curb = max(walk, walk_gap), max(curb, curb_gap)
            elif meters is None:
                walk, curb = max(walk, walk_gap * free_place), max(curb, curb_gap * free_place)
            else:
                walk_place, curb_place = self._places(meters)
                walk = max(walk, walk_gap * ((1 - _ELSEWHERE) * walk_place + _ELSEWHERE * free_place))
                curb = max(curb, curb_gap * ((1 - _ELSEWHERE) * curb_place + _ELSEWHERE * free_place))
        return walk, curb

    def _after_visits(self, take: Take, around: Around) -> tuple[float, float]:
        """The same after visits that were not recorded themselves: the phone is at their house when they end."""
        rates, walk, curb = self._rates, 0.0, 0.0
        own = rates.by_rep.get(take.conversation.rep_id)
        unseen = 1 + _STALE - (own.recorded if own else rates.recorded)
        for visit, meters in around.kept:
            offset = take.start - visit.start
            if meters is None or not rates.leaves.edges[0] <= offset <= rates.leaves.edges[-1]:
                continue
            walk_place, curb_place = self._places(meters)
            ends = unseen * rates.leaves.at(offset)
            walk, curb = walk + ends * walk_place, curb + ends * curb_place
        return walk, curb

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


def _starts(rates: Rates, take: Take, visits: Iterable[Visit]) -> float:
    return sum(start_density(rates, take.start - visit.start, visit.length) for visit in visits)


def _bell(meters: float, scale: float) -> float:
    """A round, heavy-tailed density per square meter."""
    scaled = meters / scale
    return 1 / (pi * scale * scale * (1 + scaled * scaled) ** 2)
