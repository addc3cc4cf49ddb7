"""`match`: candidates, joint solution, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from fieldnote.matching import rates as r
from fieldnote.matching.evidence import Evidence, Reason
from fieldnote.matching.learning import ENOUGH, learn
from fieldnote.matching.names import MATCHED, Title
from fieldnote.matching.rates import USUAL, Rates
from fieldnote.matching.records import (
    Appointment,
    Candidate,
    Conversation,
    Decision,
    Outcome,
    RunnerUp,
)
from fieldnote.matching.scoring import Pair, Take, take_of
from fieldnote.matching.solving import RepDay, Solver

_MAX_RUNNERS_UP = 5
_FULL_NAME = 2
"""Words of a customer's name in a title that make it more than a surname."""
_MOSTLY = 0.5
_WOULD_FIT = 0.05
"""Chance alone, from which a candidate that another recording takes is called taken."""


def match(
    conversations: Iterable[Conversation],
    appointments: Iterable[Appointment],
    *,
    fixed: Mapping[str, str | None] = MappingProxyType({}),
    rates: Rates | None = None,
    link_at: float = r.LINK_AT,
) -> list[Decision]:
    """Decide for each conversation which appointment it belongs to. Reps that share an appointment are solved together.

    `fixed` has what a person or a deep link decided: conversation id to appointment id, or to None for "belongs to no
    appointment". It is kept, and takes part in the solution of the others.

    `rates` are an organization's, from `learn`. Without them `match` learns from what is given, if that is a history
    of `ENOUGH` recordings or more; otherwise it uses the usual rates (`USUAL`).

    `link_at` is the chance from which on a recording is linked without a person, with rates of the organization. With
    the usual rates it takes more. Use `LINK_UNHEARD_AT` where transcripts exist, but cannot be given.

    For a sound answer give all recordings and appointments of a rep from half a day around the question, since a
    neighbor that is missing cannot claim its own. The decisions come in the order of the conversations, and do not
    depend on any order of the input. Raises ValueError for two records with one id, and for a time without a zone.
    """
    conversations, appointments = list(conversations), list(appointments)
    takes = _checked(conversations, appointments)
    if rates is None:
        rates = learn(conversations, appointments, fixed=fixed) if len(takes) >= ENOUGH else USUAL
    decided: dict[str, Decision] = {}
    for rep in _solve(takes, appointments, fixed, rates, link_at):
        decided.update((decision.conversation_id, decision) for decision in rep.decisions())
    return [decided[take.conversation.id] for take in takes]


class Verdict(NamedTuple):
    """The decision for one recording, without its words."""

    outcome: Outcome
    appointment_id: str | None = None
    """The link or the proposal."""
    score: float = 0.0
    pair: Pair | None = None
    """None if there is no appointment, or it was not among those given."""
    may_follow: bool = False


def brief_match(
    conversations: Sequence[Conversation],
    appointments: Sequence[Appointment],
    *,
    fixed: Mapping[str, str | None],
    rates: Rates,
) -> dict[str, Verdict]:
    """The verdicts of `match` by conversation, without evidence and runners-up, which take a tenth of the time."""
    takes = _checked(conversations, appointments)
    found: dict[str, Verdict] = {}
    for rep in _solve(takes, appointments, fixed, rates, r.LINK_AT):
        found.update(rep.verdicts())
    return found


def _solve(
    takes: Sequence[Take],
    appointments: Sequence[Appointment],
    fixed: Mapping[str, str | None],
    rates: Rates,
    link_at: float,
) -> Iterator[_Rep]:
    solver = Solver(takes, appointments, fixed, rates)
    sure = link_at if rates.learned_from else _surer(link_at)
    for day in solver.solve().values():
        yield _Rep(day, solver, fixed, sure)


def _checked(conversations: Sequence[Conversation], appointments: Sequence[Appointment]) -> list[Take]:
    for kind, records in (("conversations", conversations), ("appointments", appointments)):
        if len({record.id for record in records}) < len(records):
            raise ValueError(f"two {kind} have the same id")
        if any(record.starts_at.tzinfo is None for record in records):
            raise ValueError(f"the times of {kind} need a time zone")
    if any(appointment.ends_at and appointment.ends_at.tzinfo is None for appointment in appointments):
        raise ValueError("the times of appointments need a time zone")
    return [take_of(conversation) for conversation in conversations]


class _Rep:
    """One rep's decisions, in order of the recordings' start."""

    def __init__(self, day: RepDay, solver: Solver, fixed: Mapping[str, str | None], link_at: float) -> None:
        self._day = day
        self._link_at = link_at
        self._scale = (1 - link_at) / (1 - r.LINK_AT)
        self._solver = solver
        self._fixed = fixed
        self._parts: dict[str, int] = defaultdict(int)  # recordings linked so far, by visit
        self._rows = self._rows_of_visits()

    def decisions(self) -> list[Decision]:
        return [self._decide(index, self._by_row(index)) for index in range(len(self._day.takes))]

    def verdicts(self) -> Iterator[tuple[str, Verdict]]:
        for index, take in enumerate(self._day.takes):
            yield take.conversation.id, self._verdict(index, self._by_row(index))

    def _rows_of_visits(self) -> dict[str, str]:
        """Of each visit with several rows the one to link: a person's choice, or else the best fit."""
        best: dict[str, tuple[float, str]] = {}
        for take, pairs, shares in zip(self._day.takes, self._day.pairs, self._day.shares, strict=True):
            if not self._have_twins(pairs):
                continue
            for pair in sorted(pairs, key=partial(_best_row, take)):
                row = pair.visit.appointment
                twin = self._solver.twins.get(row.id)
                if twin is not None and not row.cancelled and shares.get(twin, 0.0) > best.get(twin, (0.0, ""))[0]:
                    best[twin] = shares[twin], row.id
        chosen = {twin: row for twin, (_, row) in best.items()}
        fixed = (self._fixed.get(take.conversation.id) for take in self._day.takes)
        return chosen | {self._solver.twins[row]: row for row in fixed if row in self._solver.twins}

    def _have_twins(self, pairs: Sequence[Pair]) -> bool:
        twins = self._solver.twins
        return any(pair.visit.appointment.id in twins for pair in pairs)

    def _by_row(self, index: int) -> dict[str | None, float]:
        """The probability of each appointment: of several rows of one visit one has all of it."""
        take, pairs, shares = self._day.takes[index], self._day.pairs[index], self._day.shares[index]
        by_row: dict[str | None, float] = {None: shares.get(None, 0.0)}
        rows = [pair.visit.appointment for pair in pairs]
        if not self._have_twins(pairs):
            return by_row | {row.id: 0.0 if row.cancelled else shares.get(row.id, 0.0) for row in rows}
        given = {row.id for row in rows}
        seen: set[str] = set()
        for pair in sorted(pairs, key=partial(_best_row, take)):
            row = pair.visit.appointment
            twin = self._solver.twin(row.id)
            wanted = self._rows.get(twin, row.id)
            is_other = row.id != wanted if wanted in given else twin in seen
            by_row[row.id] = 0.0 if row.cancelled or is_other else shares.get(twin, 0.0)
            if not row.cancelled:
                seen.add(twin)
        return by_row

    def _decide(self, index: int, shares: Mapping[str | None, float]) -> Decision:
        take, pairs = self._day.takes[index], self._day.pairs[index]
        verdict = self._verdict(index, shares)
        best = self._candidate(take, verdict)
        if best and verdict.outcome is Outcome.LINKED:
            self._parts[self._solver.twin(best.appointment_id)] += 1
        runners_up = self._runners_up(take, pairs, shares, best)
        return Decision(take.conversation.id, verdict.outcome, best, runners_up, shares.get(None, 0.0))

    def _candidate(self, take: Take, verdict: Verdict) -> Candidate | None:
        if verdict.appointment_id is None:
            return None
        if verdict.pair is None:
            return Candidate(verdict.appointment_id, verdict.score, _UNSEEN)
        is_fixed = take.conversation.id in self._fixed
        evidence = self._evidence(take, verdict.pair, fixed=is_fixed, may_follow=verdict.may_follow)
        return Candidate(verdict.appointment_id, verdict.score, evidence)

    def _verdict(self, index: int, shares: Mapping[str | None, float]) -> Verdict:
        take, pairs = self._day.takes[index], self._day.pairs[index]
        if take.conversation.id in self._fixed:
            return _fixed_verdict(self._fixed[take.conversation.id], pairs)
        none = shares.get(None, 0.0)
        if 1 - none < r.PROPOSE_AT:
            return _NO_APPOINTMENT
        pair = _ranked(pairs, shares)[0]
        key = pair.visit.appointment.id
        if shares[key] < r.PROPOSE_BEST_AT:
            return _NO_APPOINTMENT
        limit = _none_at_most(take, pair, is_part=self._is_part(index, key, shares))
        is_certain = not _is_barred(take, pair) and self._is_certain(limit, key, shares)
        may_follow = none > self._scale * limit and self._day.looks[index].following > _MOSTLY
        outcome = Outcome.LINKED if is_certain else Outcome.PROPOSED
        return Verdict(outcome, key, min(1.0, shares[key]), pair, may_follow)

    def _is_part(self, index: int, key: str, shares: Mapping[str | None, float]) -> bool:
        """Whether it is probably a further part of a visit that was recorded."""
        return 2 * self._day.choices[index].get((self._solver.twin(key), None), 0.0) < shares[key]

    def _is_certain(self, limit: float, key: str, shares: Mapping[str | None, float]) -> bool:
        """Whether neither no appointment nor another one is too likely."""
        none, share = shares.get(None, 0.0), shares[key]
        doubts = (none, limit), (1 - share - none, r.RIVAL_AT_MOST), (1 - share, max(limit, r.RIVAL_AT_MOST))
        return all(doubt <= self._scale * at_most for doubt, at_most in doubts)

    def _runners_up(
        self, take: Take, pairs: Sequence[Pair], shares: Mapping[str | None, float], best: Candidate | None
    ) -> tuple[RunnerUp, ...]:
        losers = [p for p in _ranked(pairs, shares) if not best or p.visit.appointment.id != best.appointment_id]
        alone = 1 + sum(pair.first for pair in pairs if not pair.visit.appointment.cancelled)
        return tuple(self._runner_up(take, p, shares, p.first / alone, best) for p in losers[:_MAX_RUNNERS_UP])

    def _runner_up(
        self, take: Take, pair: Pair, shares: Mapping[str | None, float], alone: float, best: Candidate | None
    ) -> RunnerUp:
        """`alone` is its share if this recording were the only one of the rep."""
        share = shares.get(pair.visit.appointment.id, 0.0)
        if take.conversation.id in self._fixed:
            reason = Reason.FIXED_ELSEWHERE
        elif pair.visit.appointment.cancelled:
            reason = Reason.CANCELLED
        elif best is not None and self._solver.twin(pair.visit.appointment.id) == self._solver.twin(
            best.appointment_id
        ):
            reason = Reason.SAME_VISIT
        elif pair.distance_m is not None and pair.distance_m > r.TOO_FAR:
            reason = Reason.TOO_FAR
        else:
            reason = Reason.TAKEN if alone >= _WOULD_FIT and share < alone / 2 else Reason.LESS_LIKELY
        evidence = self._evidence(take, pair)
        return RunnerUp(pair.visit.appointment.id, share, evidence, reason)

    def _evidence(self, take: Take, pair: Pair, *, fixed: bool = False, may_follow: bool = False) -> Evidence:
        visit, offset = pair.visit, take.start - pair.visit.start
        rivals = self._day.calendar.rivals(take, visit)
        part = self._parts[self._solver.twin(visit.appointment.id)] + 1
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
            subject_in_title=pair.says is Title.SUBJECT,
            title=pair.says,
            may_follow=may_follow,
            learned_from=self._solver.scorer.rates.learned_from,
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


_NO_APPOINTMENT = Verdict(Outcome.NONE)


def _fixed_verdict(wanted: str | None, pairs: Sequence[Pair]) -> Verdict:
    """The link that a person or a deep link decided."""
    if wanted is None:
        return _NO_APPOINTMENT
    pair = next((pair for pair in pairs if pair.visit.appointment.id == wanted), None)
    return Verdict(Outcome.LINKED, wanted, 1.0, pair)


def _is_barred(take: Take, pair: Pair) -> bool:
    """Whether only a person may link it, however likely it is."""
    if pair.other_rep and len(take.title.words & pair.visit.words.names) < _FULL_NAME:
        # Next door to a colleague's appointment the rep may have a visit that is in no calendar.
        is_named = pair.says in MATCHED and pair.says is not Title.SUBJECT
        if pair.distance_m is None or pair.distance_m >= (r.NEARBY if is_named else r.AT_THE_DOOR):
            return True
    return 0 < take.length < r.SHORTEST and pair.says not in MATCHED


def _none_at_most(take: Take, pair: Pair, *, is_part: bool) -> float:
    """The chance of no appointment, up to which the recording is linked without a person."""
    is_at_the_house = pair.distance_m is not None and pair.distance_m < r.AT_THE_HOUSE
    if pair.says in MATCHED and (is_part or is_at_the_house or pair.says is not Title.NAME):
        return r.NONE_IF_NAMED  # a name alone, elsewhere, may be a namesake's
    if is_part:
        limit = r.NONE_IF_PART
    elif pair.distance_m is None:
        limit = r.NONE_IF_UNPLACED
    else:
        limit = r.NONE_AT_MOST if is_at_the_house else r.NONE_IF_AWAY
    return min(limit, r.NONE_IF_SHORT) if 0 < take.length < r.SHORT else limit


def _surer(link_at: float) -> float:
    """The threshold where the rates are not the organization's own."""
    return r.UNLEARNED * link_at / (1 - link_at + r.UNLEARNED * link_at)


def _best_row(take: Take, pair: Pair) -> tuple[float, bool, bool, bool, str]:
    """Of the rows of one visit the one nearest in time, then the most complete."""
    one = pair.visit.appointment
    return abs(take.start - pair.visit.start), one.project is None, one.place is None, pair.visit.end_assumed, one.id


def _ranked(pairs: Sequence[Pair], shares: Mapping[str | None, float]) -> list[Pair]:
    """The likeliest first. Equal ones keep the order of `pairs`, the best first."""
    return sorted(pairs, key=lambda pair: -shares.get(pair.visit.appointment.id, 0.0))
