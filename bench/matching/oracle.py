"""Recordings that can be decided at all: by one who knows the rates and the answer for every other recording.

For each recording the true chance of every appointment, and of none, follows from how the world was made. A
recording counts as decidable where its truth has at least `DECIDABLE` of it: where something else is likelier,
nobody can know, as of two names in one slot with nothing to tell them apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from math import cos, exp, hypot, pi, radians, sqrt

from bench.matching.rates import Rates
from bench.matching.world import World
from fieldnote.matching import Appointment, Conversation, Place

DECIDABLE = 0.5
_REACH = 4 * 3600
_TERRITORY_M = 9_000


class Oracle:
    def __init__(self, world: World, rates: Rates, certainty: float = DECIDABLE) -> None:
        self._certainty = certainty
        self._world, self._rates = world, rates
        planned = [a for a in world.appointments if not a.cancelled and a.kind == "APPOINTMENT"]
        planned = [a for a in planned if a.id not in world.same]
        self._by_start = sorted(planned, key=lambda a: a.starts_at.timestamp())
        self._starts = [a.starts_at.timestamp() for a in self._by_start]
        self._taken: dict[str, list[Conversation]] = defaultdict(list)
        self._made: dict[str, list[Conversation]] = defaultdict(list)
        for conversation in world.conversations:
            self._made[conversation.rep_id].append(conversation)
            truth = world.truth[conversation.id]
            if truth:
                self._taken[truth].append(conversation)
        self._begins = {rep: [c.starts_at.timestamp() for c in own] for rep, own in self._made.items()}

    def doubt(self, conversation: Conversation) -> float:
        """How much likelier something else is than the truth, from 0 to 1; 0 if the truth is the likeliest."""
        begun = conversation.starts_at.timestamp()
        first, last = bisect_left(self._starts, begun - _REACH), bisect_right(self._starts, begun + _REACH)
        weights: dict[str | None, float] = {None: self._none(conversation)}
        for appointment in self._by_start[first:last]:
            if same_city(conversation, appointment):
                weights[appointment.id] = self._weight(conversation, appointment)
        share = weights.get(self._world.truth[conversation.id], 0.0) / sum(weights.values())
        return 0.0 if share >= self._certainty else 1 - share

    def _none(self, conversation: Conversation) -> float:
        """Of strays there is one a week: its moment anywhere in fifty hours."""
        return max(self._rates.stray, 1e-9) / (5 * 600) * (_normal(0, _TERRITORY_M) if conversation.place else 1.0)

    def _weight(self, conversation: Conversation, appointment: Appointment) -> float:
        rates = self._rates
        own = conversation.rep_id in appointment.rep_ids
        others = [c for c in self._taken[appointment.id] if c.id != conversation.id]
        same_rep = [c for c in others if c.rep_id == conversation.rep_id]
        if not own:
            share = (rates.taken_over if not others else rates.second) / 16
        elif same_rep:
            share = rates.parts + rates.pocket
        else:
            share = rates.second if others else 1 - rates.unrecorded
        time = self._part(conversation, same_rep) if same_rep else self._time(conversation, appointment)
        return share * time * self._place(conversation, appointment) * self._title(conversation, appointment)

    def _time(self, conversation: Conversation, appointment: Appointment) -> float:
        late = (conversation.starts_at - appointment.starts_at).total_seconds() / 60
        rates = self._rates
        usual = self._punctual(late, conversation)
        hours = sum(self._punctual(late + 60 * h, conversation) for h in (-2, -1, 1, 2)) / 4
        spread = (rates.late / 60 if 30 <= late <= 90 else 0) + (rates.early / 30 if -40 <= late <= -10 else 0)
        return usual + rates.wrong_zone * hours + spread

    def _punctual(self, late: float, conversation: Conversation) -> float:
        density = _gauss(late - 3, self._rates.punctuality)
        free = self._free_for(conversation)
        if free is not None and 5 <= free <= 25 and late > 3:
            return max(density, 1 / 20)  # as soon as the visit before let the rep go
        return density

    def _free_for(self, conversation: Conversation) -> float | None:
        own, begins = self._made[conversation.rep_id], self._begins[conversation.rep_id]
        begun = conversation.starts_at.timestamp()
        index = bisect_left(begins, begun)
        ends = [begun - begins[i] - _seconds(own[i]) for i in range(max(0, index - 3), index)]
        return min((gap / 60 for gap in ends if gap >= 0), default=None)

    def _part(self, conversation: Conversation, others: list[Conversation]) -> float:
        """The parts of a visit lie within minutes of each other, and never over each other."""
        begun = conversation.starts_at.timestamp()
        gaps = []
        for other in others:
            start = other.starts_at.timestamp()
            gaps.append((begun - start - _seconds(other)) / 60 if start < begun else (start - begun) / 60)
            if start >= begun:
                gaps[-1] -= _seconds(conversation) / 60
        nearest = min(abs(gap) for gap in gaps)
        return 1 / 20 if min(gaps) >= -0.1 and nearest <= 25 else 0.0

    def _place(self, conversation: Conversation, appointment: Appointment) -> float:
        if conversation.place is None:
            return 1.0
        rates, anywhere = self._rates, _normal(0, _TERRITORY_M)
        stale = rates.stale_gps * self._last_stop(conversation)
        if appointment.place is None:
            return (1 - rates.stale_gps) * anywhere + stale
        meters = _meters(conversation.place, appointment.place)
        good = 1 - rates.zip_center - rates.wrong_address
        here = good * _normal(meters, 30) + rates.zip_center * _normal(meters, 2_000) + rates.wrong_address * anywhere
        return (1 - rates.stale_gps) * here + stale

    def _last_stop(self, conversation: Conversation) -> float:
        own, begins = self._made[conversation.rep_id], self._begins[conversation.rep_id]
        index = bisect_left(begins, conversation.starts_at.timestamp())
        places = [c.place for c in own[max(0, index - 2) : index] if c.place]
        return max((_normal(_meters(conversation.place, p), 40) for p in places if conversation.place), default=0.0)

    def _title(self, conversation: Conversation, appointment: Appointment) -> float:
        title = (conversation.title or "").casefold()
        if title in ("", "recording", "new recording", "untitled recording"):
            return self._rates.default_title or 1.0
        surname = (appointment.customer or "").split(" ", 1)[-1].casefold()
        return 1.0 if surname in title else 0.02


def same_city(conversation: Conversation, appointment: Appointment) -> bool:
    """Only colleagues of one city replace each other."""
    rep = int(conversation.rep_id.removeprefix("rep-"))
    return any(int(other.removeprefix("rep-")) % 3 == rep % 3 for other in appointment.rep_ids)


def _seconds(conversation: Conversation) -> float:
    return conversation.duration.total_seconds() if conversation.duration else 0.0


def _gauss(x: float, scale: float) -> float:
    return exp(-0.5 * (x / scale) ** 2) / (scale * sqrt(2 * pi))


def _normal(meters: float, scale: float) -> float:
    """Density per square meter at that distance from the middle of a round bell."""
    return exp(-0.5 * (meters / scale) ** 2) / (2 * pi * scale * scale)


def _meters(a: Place, b: Place) -> float:
    north = (a.latitude - b.latitude) * 111_320
    return hypot(north, (a.longitude - b.longitude) * 111_320 * cos(radians(a.latitude)))
