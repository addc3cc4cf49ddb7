"""`match`: candidates, joint solution, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from fieldnote.matching import weights as w
from fieldnote.matching.calendars import Calendar, Neighbourhood, calendars_of
from fieldnote.matching.joint import Option, Task, marginals
from fieldnote.matching.places import place_distance_m
from fieldnote.matching.records import (
    Appointment,
    Candidate,
    Conversation,
    Decision,
    Evidence,
    Outcome,
    Reason,
    RunnerUp,
)
from fieldnote.matching.scoring import (
    Around,
    Pair,
    Take,
    Visit,
    pair_of,
    start_density,
    stray_density,
    take_of,
    visit_of,
)

_MAX_RUNNERS_UP = 5
_LOOK_BACK = 240.0
"""Minutes in which a stop before still matters."""
_MAX_BEFORE = 6
"""Recordings of these hours that are looked at, at most."""
_NO_CALENDAR = Calendar()


def match(
    conversations: Iterable[Conversation],
    appointments: Iterable[Appointment],
    *,
    fixed: Mapping[str, str | None] = MappingProxyType({}),
) -> list[Decision]:
    """Decide for each conversation which appointment it belongs to, those of one rep together.

    `fixed` holds what was decided by a direct way (a deep link, a person): conversation id to appointment
    id, or to None for "belongs to none". It is kept, and takes part in the solution of the others.

    For a sound answer give all recordings and appointments of a rep from some hours around the question:
    a neighbour that is missing cannot claim its own. The decisions come in the order of the conversations;
    they do not depend on any order of the input. Raises ValueError for two records with one id, and for a
    time without a zone.
    """
    takes = _checked(conversations, appointments := list(appointments))
    by_id = {appointment.id: visit_of(appointment) for appointment in appointments}
    calendars, neighbourhood = calendars_of(by_id.values()), Neighbourhood(by_id.values())
    by_rep: dict[str, list[Take]] = defaultdict(list)
    for take in takes:
        by_rep[take.conversation.rep_id].append(take)
    decided: dict[str, Decision] = {}
    for rep_id, own in by_rep.items():
        own.sort(key=lambda take: (take.start, take.conversation.id))
        rep = _Rep(own, calendars.get(rep_id, _NO_CALENDAR), neighbourhood, by_id, fixed)
        for decision in rep.decisions():
            decided[decision.conversation_id] = decision
    return [decided[take.conversation.id] for take in takes]


def _checked(conversations: Iterable[Conversation], appointments: Sequence[Appointment]) -> list[Take]:
    conversations = list(conversations)
    for kind, records in (("conversations", conversations), ("appointments", appointments)):
        if len({record.id for record in records}) < len(records):
            raise ValueError(f"two {kind} have the same id")
        if any(record.starts_at.tzinfo is None for record in records):
            raise ValueError(f"the times of {kind} need a time zone")
    if any(appointment.ends_at and appointment.ends_at.tzinfo is None for appointment in appointments):
        raise ValueError("the times of appointments need a time zone")
    return [take_of(conversation) for conversation in conversations]


class _Rep:
    """One rep's recordings, in order of start, and what becomes of them."""

    def __init__(
        self,
        takes: Sequence[Take],
        calendar: Calendar,
        neighbourhood: Neighbourhood,
        by_id: Mapping[str, Visit],
        fixed: Mapping[str, str | None],
    ) -> None:
        self._takes = takes
        self._calendar = calendar
        self._neighbourhood = neighbourhood
        self._by_id = by_id
        self._fixed = fixed
        self._parts: dict[str, int] = defaultdict(int)  # recordings linked so far, by appointment

    def decisions(self) -> list[Decision]:
        pairs = [self._pairs(index) for index in range(len(self._takes))]
        tasks = [self._task(take, own) for take, own in zip(self._takes, pairs, strict=True)]
        shares = marginals(tasks)
        sure = [not self._is_pocket(index, shares) for index in range(len(self._takes))]
        return [self._decide(*item) for item in zip(self._takes, pairs, shares, sure, strict=True)]

    def _pairs(self, index: int) -> list[Pair]:
        """The candidates of one recording, the best first; a fixed appointment is one at any time."""
        take = self._takes[index]
        visits = self._calendar.candidates(take)
        own = len(visits)
        visits += self._neighbourhood.candidates(take)
        wanted = self._by_id.get(self._fixed.get(take.conversation.id) or "")
        if wanted is not None and wanted not in visits:
            visits.append(wanted)
        distances = [place_distance_m(take.conversation.place, visit.appointment.place) for visit in visits]
        around = self._around(index, visits[:own], distances[:own])
        pairs = [pair_of(take, visit, around, metres) for visit, metres in zip(visits, distances, strict=True)]
        return sorted(pairs, key=lambda pair: (-pair.first, pair.visit.start, pair.visit.appointment.id))

    def _around(self, index: int, visits: Sequence[Visit], distances: Sequence[float | None]) -> Around:
        take, free_at, last = self._takes[index], None, None
        for before in self._before(index):
            if before.end <= take.start + w.OVERLAP_TOLERANCE:
                free_at = before.end if free_at is None else max(free_at, before.end)
            last = last or before.conversation.place
        known = list(zip(visits, distances, strict=True))
        stops = [d for visit, d in known if d is not None and visit.start < take.start - w.LATE_FROM]
        if (stop := place_distance_m(take.conversation.place, last)) is not None:
            stops.append(stop)
        nearest = min((d for d in distances if d is not None), default=None)
        return Around(free_at, min(stops, default=None), stray_density(nearest), _slots(take, visits))

    def _before(self, index: int) -> Iterator[Take]:
        """The rep's recordings of the last hours, the latest first."""
        take = self._takes[index]
        for before in reversed(self._takes[max(0, index - _MAX_BEFORE) : index]):
            if before.start >= take.start - _LOOK_BACK:
                yield before

    def _is_pocket(self, index: int, shares: Sequence[Mapping[str | None, float]]) -> bool:
        """Whether it is a short one before the visit proper, which nobody can be sure to be of the visit."""
        take = self._takes[index]
        if not 0 < take.end - take.start < w.SHORT:
            return False
        best = max((key for key in shares[index] if key), key=lambda key: shares[index][key], default=None)
        for later in range(index + 1, len(self._takes)):
            other = self._takes[later]
            if other.start > take.end + w.POCKET_REACH:
                return False
            if other.end - other.start >= w.SHORT and shares[later].get(best, 0.0) > 0.5:
                return True
        return False

    def _task(self, take: Take, pairs: Sequence[Pair]) -> Task:
        key = take.conversation.id
        if key in self._fixed:
            wanted = self._fixed[key]
            option = () if wanted is None else (Option(wanted, self._starts(wanted, take), 1.0, 1.0),)
            return Task(take.start, take.end, option, take.conversation.place, fixed=True)
        free = [pair for pair in pairs if pair.first > 0 and not pair.visit.appointment.cancelled]
        options = tuple(_option(pair) for pair in free[: w.MAX_OPTIONS])
        return Task(take.start, take.end, options, take.conversation.place)

    def _starts(self, wanted: str, take: Take) -> float:
        visit = self._by_id.get(wanted)
        return visit.start if visit else take.start

    def _decide(self, take: Take, pairs: Sequence[Pair], shares: Mapping[str | None, float], sure: bool) -> Decision:
        key = take.conversation.id
        if key in self._fixed:
            best, outcome = self._kept(take, pairs)
        else:
            best, outcome = self._chosen(take, pairs, shares, sure=sure)
        if best and outcome is Outcome.LINKED:
            self._parts[best.appointment_id] += 1
        runners_up = self._runners_up(take, pairs, shares, best)
        return Decision(key, outcome, best, runners_up, shares.get(None, 0.0))

    def _kept(self, take: Take, pairs: Sequence[Pair]) -> tuple[Candidate | None, Outcome]:
        wanted = self._fixed[take.conversation.id]
        if wanted is None:
            return None, Outcome.NONE
        for pair in pairs:
            if pair.visit.appointment.id == wanted:
                return Candidate(wanted, 1.0, self._evidence(take, pair, fixed=True)), Outcome.LINKED
        return Candidate(wanted, 1.0, _UNSEEN), Outcome.LINKED

    def _chosen(
        self, take: Take, pairs: Sequence[Pair], shares: Mapping[str | None, float], *, sure: bool
    ) -> tuple[Candidate | None, Outcome]:
        if 1 - shares.get(None, 0.0) < w.PROPOSE_AT:
            return None, Outcome.NONE
        pair = _ranked(pairs, shares)[0]
        key = pair.visit.appointment.id
        outcome = Outcome.LINKED if sure and shares[key] >= w.LINK_AT else Outcome.PROPOSED
        return Candidate(key, min(1.0, shares[key]), self._evidence(take, pair)), outcome

    def _runners_up(
        self, take: Take, pairs: Sequence[Pair], shares: Mapping[str | None, float], best: Candidate | None
    ) -> tuple[RunnerUp, ...]:
        losers = [p for p in _ranked(pairs, shares) if not best or p.visit.appointment.id != best.appointment_id]
        alone = 1 + sum(pair.first for pair in pairs if not pair.visit.appointment.cancelled)
        return tuple(self._runner_up(take, p, shares, p.first / alone) for p in losers[:_MAX_RUNNERS_UP])

    def _runner_up(self, take: Take, pair: Pair, shares: Mapping[str | None, float], alone: float) -> RunnerUp:
        """`alone` is what its share would be if this recording were the rep's only one."""
        share = shares.get(pair.visit.appointment.id, 0.0)
        if take.conversation.id in self._fixed:
            reason = Reason.FIXED_ELSEWHERE
        elif pair.visit.appointment.cancelled:
            reason = Reason.CANCELLED
        elif pair.distance_m is not None and pair.distance_m > w.TOO_FAR:
            reason = Reason.TOO_FAR
        else:
            reason = Reason.TAKEN if alone >= w.PROPOSE_AT and share < alone / 2 else Reason.LESS_LIKELY
        evidence = self._evidence(take, pair)
        return RunnerUp(pair.visit.appointment.id, share, evidence, reason)

    def _evidence(self, take: Take, pair: Pair, *, fixed: bool = False) -> Evidence:
        visit, offset = pair.visit, take.start - pair.visit.start
        rivals = self._calendar.rivals(take, visit)
        part = self._parts[visit.appointment.id] + 1
        return Evidence(
            start_offset_s=offset * 60,
            overlap_s=pair.overlap * 60,
            end_assumed=visit.end_assumed,
            distance_m=pair.distance_m,
            name_in_title=pair.name_in_title,
            rivals=rivals,
            part=part,
            fixed=fixed,
            length_s=(take.end - take.start) * 60,
            subject_in_title=pair.subject_in_title,
            spoken=pair.spoken,
            other_rep=pair.other_rep,
        )


_UNSEEN = Evidence(
    start_offset_s=0.0,
    overlap_s=0.0,
    end_assumed=False,
    distance_m=None,
    name_in_title=False,
    rivals=0,
    part=1,
    fixed=True,
    unseen=True,
)


def _option(pair: Pair) -> Option:
    near = pair.distance_m is not None and pair.distance_m < w.PART_REACH
    return Option(pair.visit.appointment.id, pair.visit.start, pair.first, pair.part, near)


def _slots(take: Take, visits: Sequence[Visit]) -> float:
    """Weight of "none": a rep who was cancelled on, or stood up, may record something else in that slot."""
    slots = 0.0
    for visit in visits:
        share = w.CANCELLED_SLOT if visit.appointment.cancelled else w.STOOD_UP_SLOT
        slots += share * start_density(take.start - visit.start, visit.length)
    return 1.0 + slots / w.STRAYS_PER_MINUTE


def _ranked(pairs: Sequence[Pair], shares: Mapping[str | None, float]) -> list[Pair]:
    """The likeliest first; where that does not tell, by what each pair shows alone, as `pairs` is sorted."""
    return sorted(pairs, key=lambda pair: -shares.get(pair.visit.appointment.id, 0.0))
