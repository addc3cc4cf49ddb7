"""`match`: candidates, joint solution, decisions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from fieldnote.matching import weights as w
from fieldnote.matching.joint import Option, Task, marginals
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
from fieldnote.matching.scoring import Pair, Take, Visit, in_window, pair_of, take_of, visit_of
from fieldnote.matching.words import evidence_words, reason_words

_MAX_RUNNERS_UP = 5
_TWO_HOURS = 120.0


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
    calendars = _calendars(by_id.values())
    by_rep: dict[str, list[Take]] = defaultdict(list)
    for take in takes:
        by_rep[take.conversation.rep_id].append(take)
    decided: dict[str, Decision] = {}
    for rep_id, own in by_rep.items():
        own.sort(key=lambda take: (take.start, take.conversation.id))
        calendar = calendars.get(rep_id, _Calendar((), (), 0.0))
        for decision in _Rep(own, calendar, by_id, fixed).decisions():
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


@dataclass(frozen=True, slots=True)
class _Calendar:
    """A rep's appointments in order of start."""

    visits: tuple[Visit, ...]
    starts: tuple[float, ...]
    reach: float
    """The longest time after its start that an appointment of this rep may still take a recording."""

    def between(self, start: float, end: float) -> tuple[Visit, ...]:
        return self.visits[bisect_left(self.starts, start) : bisect_right(self.starts, end)]

    def candidates(self, take: Take) -> list[Visit]:
        around = self.between(take.start - self.reach, take.start + w.EARLY_LIMIT)
        return [visit for visit in around if in_window(take, visit)]

    def rivals(self, take: Take, visit: Visit) -> int:
        around = self.between(take.start - _TWO_HOURS, take.start + _TWO_HOURS)
        return sum(not v.appointment.cancelled for v in around if v.appointment.id != visit.appointment.id)


def _calendars(visits: Iterable[Visit]) -> dict[str, _Calendar]:
    by_rep: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        for rep_id in visit.appointment.rep_ids:
            by_rep[rep_id].append(visit)
    calendars = {}
    for rep_id, own in by_rep.items():
        own.sort(key=lambda visit: (visit.start, visit.appointment.id))
        reach = max(w.LATE_LIMIT, *(visit.length for visit in own))
        calendars[rep_id] = _Calendar(tuple(own), tuple(visit.start for visit in own), reach)
    return calendars


class _Rep:
    """One rep's recordings, in order of start, and what becomes of them."""

    def __init__(
        self,
        takes: Sequence[Take],
        calendar: _Calendar,
        by_id: Mapping[str, Visit],
        fixed: Mapping[str, str | None],
    ) -> None:
        self._takes = takes
        self._calendar = calendar
        self._by_id = by_id
        self._fixed = fixed
        self._parts: dict[str, int] = defaultdict(int)  # recordings linked so far, by appointment

    def decisions(self) -> list[Decision]:
        pairs = [self._pairs(take) for take in self._takes]
        tasks = [self._task(take, own) for take, own in zip(self._takes, pairs, strict=True)]
        shares = marginals(tasks)
        return [self._decide(*item) for item in zip(self._takes, pairs, shares, strict=True)]

    def _pairs(self, take: Take) -> list[Pair]:
        """The candidates of one recording, the best first; a fixed appointment is one at any time."""
        visits = self._calendar.candidates(take)
        wanted = self._by_id.get(self._fixed.get(take.conversation.id) or "")
        if wanted is not None and wanted not in visits:
            visits.append(wanted)
        pairs = [pair_of(take, visit) for visit in visits]
        return sorted(pairs, key=lambda pair: (-pair.first, pair.visit.start, pair.visit.appointment.id))

    def _task(self, take: Take, pairs: Sequence[Pair]) -> Task:
        key = take.conversation.id
        if key in self._fixed:
            wanted = self._fixed[key]
            option = () if wanted is None else (Option(wanted, 1.0, 1.0),)
            return Task(take.start, take.end, option, fixed=True)
        free = [pair for pair in pairs if pair.first > 0 and not pair.visit.appointment.cancelled]
        options = tuple(Option(p.visit.appointment.id, p.first, p.part) for p in free[: w.MAX_OPTIONS])
        return Task(take.start, take.end, options)

    def _decide(self, take: Take, pairs: Sequence[Pair], shares: Mapping[str | None, float]) -> Decision:
        key = take.conversation.id
        if key in self._fixed:
            best, outcome = self._kept(take, pairs)
        else:
            best, outcome = self._chosen(take, pairs, shares)
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
        self, take: Take, pairs: Sequence[Pair], shares: Mapping[str | None, float]
    ) -> tuple[Candidate | None, Outcome]:
        if 1 - shares.get(None, 0.0) < w.PROPOSE_AT:
            return None, Outcome.NONE
        pair = _ranked(pairs, shares)[0]
        key = pair.visit.appointment.id
        outcome = Outcome.LINKED if shares[key] >= w.LINK_AT else Outcome.PROPOSED
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
        elif pair.first == 0:
            reason = Reason.TOO_FAR
        else:
            reason = Reason.TAKEN if alone >= w.PROPOSE_AT and share < alone / 2 else Reason.LESS_LIKELY
        evidence = self._evidence(take, pair)
        return RunnerUp(pair.visit.appointment.id, share, evidence, reason, reason_words(reason, evidence))

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
            words=evidence_words(
                offset=offset,
                overlap=pair.overlap,
                length=take.end - take.start,
                end_assumed=visit.end_assumed,
                distance_m=pair.distance_m,
                name_in_title=pair.name_in_title,
                rivals=rivals,
                part=part,
                fixed=fixed,
            ),
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
    words=("linked directly, to an appointment that was not among those given",),
)


def _ranked(pairs: Sequence[Pair], shares: Mapping[str | None, float]) -> list[Pair]:
    """The likeliest first; where that does not tell, by what each pair shows alone, as `pairs` is sorted."""
    return sorted(pairs, key=lambda pair: -shares.get(pair.visit.appointment.id, 0.0))
