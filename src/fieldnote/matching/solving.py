"""Find and score the candidates of each recording, and solve each rep's recordings together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from fieldnote.matching import rates as r
from fieldnote.matching.candidates import Calendar, Neighborhood, calendars_of
from fieldnote.matching.joint import Choice, Joint, Option, Task, marginals
from fieldnote.matching.names import CustomerWords
from fieldnote.matching.places import distance_m
from fieldnote.matching.rates import Rates
from fieldnote.matching.records import Appointment
from fieldnote.matching.scoring import Around, Pair, Scorer, Take, Visit, corpus_of
from fieldnote.matching.strays import Look, Strays
from fieldnote.matching.twins import twins_of

_LOOK_BACK = 700.0
"""Minutes in which a stop before still matters. Less than the half day that callers give around a question, so that a
larger piece of the history gives the same answer."""
_MAX_BEFORE = 6
"""Recordings of these hours that are looked at, at most."""
_LATE_FROM = 15.0
_NEGLIGIBLE = 1e-4
"""Weight against none, below which a colleague's appointment is left out."""
_LITTLE = 0.01
"""Share of a stray's density that is not followed by appointment."""
_NO_CALENDAR = Calendar()


@dataclass(slots=True)
class RepDay:
    """One rep's recordings in order of start, with all that was found for each."""

    rep_id: str
    calendar: Calendar
    takes: Sequence[Take]
    around: list[Around]
    looks: list[Look]
    """Each recording as a stray."""
    pairs: list[list[Pair]]
    """The candidates of each recording, the best first."""
    choices: list[dict[Choice, float]]
    shares: list[dict[str | None, float]]
    """The probability of each visit, and of none, for each recording."""


class Solver:
    """All given recordings and appointments under one set of rates."""

    def __init__(
        self,
        takes: Sequence[Take],
        appointments: Sequence[Appointment],
        fixed: Mapping[str, str | None],
        rates: Rates,
    ) -> None:
        corpus = corpus_of(appointments, rates.shared_places)
        self.visits = corpus.visits
        self._fixed = fixed
        self.scorer = Scorer(rates, corpus)
        self.strays = Strays(rates)
        self.calendars = calendars_of(self.visits.values())
        self._neighborhood = Neighborhood(self.visits.values())
        self.twins = twins_of(self.calendars)
        self._by_rep: dict[str, list[Take]] = defaultdict(list)
        for take in takes:
            self._by_rep[take.conversation.rep_id].append(take)

    def solve(self) -> dict[str, RepDay]:
        """Each rep alone, then those again who may have recorded a colleague's appointment."""
        days = {rep_id: self._alone(rep_id, takes) for rep_id, takes in sorted(self._by_rep.items())}
        taken = _taken(days)
        for day in days.values():
            if any(pair.other_rep and pair.first > _NEGLIGIBLE for pairs in day.pairs for pair in pairs):
                self._again(day, taken)
        return days

    def twin(self, appointment_id: str) -> str:
        """The row that speaks for all rows of its visit."""
        return self.twins.get(appointment_id, appointment_id)

    def _alone(self, rep_id: str, takes: list[Take]) -> RepDay:
        takes.sort(key=lambda take: (take.start, take.conversation.id))
        day = RepDay(rep_id, self.calendars.get(rep_id, _NO_CALENDAR), takes, [], [], [], [], [])
        for index in range(len(takes)):
            self._look_at(day, index)
        self._solve(day)
        return day

    def _again(self, day: RepDay, taken: Mapping[str, dict[str, float]]) -> None:
        """A colleague's appointment that its own rep recorded is one where this rep came along at most."""
        for index, pairs in enumerate(day.pairs):
            others = [pair.visit.appointment.id for pair in pairs if pair.other_rep]
            if not others:
                continue
            left = {key: self._left(day.rep_id, taken.get(self.twin(key), {})) for key in others}
            look = day.looks[index].scaled(left)
            likelier = day.looks[index].density / look.density
            day.looks[index] = look
            for n, pair in enumerate(pairs):
                factor = likelier * left.get(pair.visit.appointment.id, 1.0)
                pairs[n] = replace(pair, first=factor * pair.first, part=likelier * pair.part)
            pairs.sort(key=_order)
        self._solve(day)

    def _left(self, rep_id: str, taken: Mapping[str, float]) -> float:
        """How much of the chance that a rep took an appointment over is left, as colleagues recorded it."""
        rates, free = self.scorer.rates, 1.0
        for other, share in taken.items():
            free *= 1.0 if other == rep_id else 1 - share
        return free + (1 - free) * rates.rides_along / rates.taken_over

    def _solve(self, day: RepDay) -> None:
        tasks = [
            self._task(take, pairs, look, follows=follows)
            for take, pairs, look, follows in zip(day.takes, day.pairs, day.looks, _follow(day.takes), strict=True)
        ]
        day.choices = Joint(tasks, self.scorer).choices()
        day.shares = marginals(day.choices)

    # --- candidates -------------------------------------------------------------------------------------

    def _look_at(self, day: RepDay, index: int) -> None:
        """Find and score the candidates of one recording. A fixed appointment is one at any time."""
        take = day.takes[index]
        visits = day.calendar.candidates(take)
        own = len(visits)
        visits += self._neighborhood.candidates(take)
        wanted = self.visits.get(self._fixed.get(take.conversation.id) or "")
        if wanted is not None and wanted not in visits:
            visits.append(wanted)
        distances = [distance_m(take.place, visit.place) for visit in visits]
        colleagues = list(zip(visits[own:], distances[own:], strict=True))
        around = self._around(day, index, visits[:own], distances[:own], colleagues)
        look = self.strays.look(take, around)
        pairs = self.scorer.pairs(take, zip(visits, distances, strict=True), around, look.density)
        day.around.append(around)
        day.looks.append(look)
        day.pairs.append(sorted(pairs, key=_order))

    def _around(
        self,
        day: RepDay,
        index: int,
        visits: Sequence[Visit],
        distances: Sequence[float | None],
        colleagues: Sequence[tuple[Visit, float | None]],
    ) -> Around:
        take, free_at, stop = day.takes[index], None, None
        earlier: list[tuple[float, float | None]] = []
        for before in _before(day.takes, index):
            if before.end <= take.start + r.OVERLAP_TOLERANCE:
                free_at = before.end if free_at is None else max(free_at, before.end)
                stop = stop or before.place
                earlier.append((max(0.0, take.start - before.end), distance_m(take.place, before.place)))
        known = list(zip(visits, distances, strict=True))
        stops: list[tuple[float, CustomerWords | None]] = [
            (d, visit.words) for visit, d in known if d is not None and visit.start < take.start - _LATE_FROM
        ]
        if (from_stop := distance_m(take.place, stop)) is not None:
            stops.append((from_stop, None))
        return Around(
            free_at=free_at,
            earlier=tuple(earlier),
            later=_next(day.takes, index),
            stops=tuple(sorted(stops, key=itemgetter(0))),
            nearest_m=min((d for d in distances if d is not None), default=None),
            canceled=tuple(v for v in visits if v.appointment.cancelled),
            kept=tuple(self._kept(known)),
            colleagues=tuple(self._kept(colleagues)),
        )

    def _kept(self, known: Sequence[tuple[Visit, float | None]]) -> Iterator[tuple[Visit, float | None]]:
        """The appointments that were not canceled, one row for each visit."""
        seen: set[str] = set()
        for visit, meters in known:
            key = self.twin(visit.appointment.id)
            if not visit.appointment.cancelled and key not in seen:
                seen.add(key)
                yield visit, meters

    def _task(self, take: Take, pairs: Sequence[Pair], look: Look, *, follows: bool) -> Task:
        key = take.conversation.id
        if key in self._fixed:
            wanted = self._fixed[key]
            return Task(take.start, take.end, self._wanted(wanted, take), take.place, fixed=True)
        by_twin: dict[str, list[Pair]] = {}
        for pair in pairs:
            if (pair.first > _NEGLIGIBLE or not pair.other_rep) and not pair.visit.appointment.cancelled:
                by_twin.setdefault(self.twin(pair.visit.appointment.id), []).append(pair)
        options = tuple(_option(key, rows) for key, rows in list(by_twin.items())[: r.MAX_OPTIONS])
        before_next, after_last = look.of.ahead / look.density, look.after_last / look.density
        return Task(
            take.start,
            take.end,
            options,
            take.place,
            take=take,
            missed=self._missed(look),
            before_next=before_next if before_next > _LITTLE else 0.0,
            after_last=after_last if follows and after_last > _LITTLE else 0.0,
        )

    def _missed(self, look: Look) -> tuple[tuple[str, float], ...]:
        """Of a stray's density the share around each appointment: there is none of it once that is recorded."""
        shares = ((one, one.density / look.density) for one in look.missed)
        return tuple((self.twin(one.visit.appointment.id), share) for one, share in shares if share > _LITTLE)

    def _wanted(self, wanted: str | None, take: Take) -> tuple[Option, ...]:
        """The one option of a recording that a person or a deep link decided about."""
        if wanted is None:
            return ()
        visit = self.visits.get(wanted)
        if visit is None:
            return (Option(self.twin(wanted), take.start, 1.0, 1.0),)
        return (Option(self.twin(wanted), visit.start, 1.0, 1.0, says=self.scorer.says(take, visit)),)


def _before(takes: Sequence[Take], index: int) -> Iterator[Take]:
    """The rep's recordings of the last hours, the latest first."""
    take = takes[index]
    for before in reversed(takes[max(0, index - _MAX_BEFORE) : index]):
        if before.start >= take.start - _LOOK_BACK:
            yield before


def _follow(takes: Sequence[Take]) -> Iterator[bool]:
    """Whether each recording begins after the one right before it has ended."""
    before: Take | None = None
    for take in takes:
        yield before is not None and before.end <= take.start + r.OVERLAP_TOLERANCE
        before = take


def _next(takes: Sequence[Take], index: int) -> tuple[float, float | None] | None:
    """Gap and distance to the rep's next recording that does not overlap this one."""
    take = takes[index]
    for after in takes[index + 1 : index + 1 + _MAX_BEFORE]:
        if after.start >= take.end - r.OVERLAP_TOLERANCE:
            return max(0.0, after.start - take.end), distance_m(take.place, after.place)
    return None


def _order(pair: Pair) -> tuple[float, float, str]:
    return -pair.first, pair.visit.start, pair.visit.appointment.id


def _option(key: str, rows: Sequence[Pair]) -> Option:
    best = rows[0]
    if len(rows) == 1:
        return Option(key, best.visit.start, best.first, best.part, best.place, best.says, is_own=not best.other_rep)
    return Option(
        key,
        min(pair.visit.start for pair in rows),
        sum(pair.first for pair in rows) / len(rows),
        max(pair.part for pair in rows),
        max(pair.place for pair in rows),
        best.says,
        is_own=not best.other_rep,
    )


def _taken(days: Mapping[str, RepDay]) -> dict[str, dict[str, float]]:
    """For each visit the chance that a rep recorded it, by rep."""
    taken: dict[str, dict[str, float]] = {}
    for day in days.values():
        for shares in day.shares:
            for key, share in shares.items():
                if key is not None and share > 0.01:
                    by_rep = taken.setdefault(key, {})
                    by_rep[day.rep_id] = max(by_rep.get(day.rep_id, 0.0), share)
    return taken
