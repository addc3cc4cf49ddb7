"""`match`: candidates, joint solution, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

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
_NEVER = 2.0
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
    if not rates.learned_from:
        link_at = _surer(link_at)
    solver = Solver(takes, appointments, fixed, rates)
    decided: dict[str, Decision] = {}
    for day in solver.solve().values():
        decided.update(
            (decision.conversation_id, decision) for decision in _Rep(day, solver, fixed, link_at).decisions()
        )
    return [decided[take.conversation.id] for take in takes]


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
        self._solver = solver
        self._fixed = fixed
        self._parts: dict[str, int] = defaultdict(int)  # recordings linked so far, by visit
        self._rows = self._rows_of_visits()

    def decisions(self) -> list[Decision]:
        return [
            self._decide(index, self._by_row(take, pairs, shares))
            for index, (take, pairs, shares) in enumerate(
                zip(self._day.takes, self._day.pairs, self._day.shares, strict=True)
            )
        ]

    def _rows_of_visits(self) -> dict[str, str]:
        """Of each visit with several rows the one to link: a person's choice, or else the best fit."""
        best: dict[str, tuple[float, str]] = {}
        for take, pairs, shares in zip(self._day.takes, self._day.pairs, self._day.shares, strict=True):
            for pair in sorted(pairs, key=partial(_best_row, take)):
                row = pair.visit.appointment
                twin = self._solver.twins.get(row.id)
                if twin is not None and not row.cancelled and shares.get(twin, 0.0) > best.get(twin, (0.0, ""))[0]:
                    best[twin] = shares[twin], row.id
        chosen = {twin: row for twin, (_, row) in best.items()}
        fixed = (self._fixed.get(take.conversation.id) for take in self._day.takes)
        return chosen | {self._solver.twins[row]: row for row in fixed if row in self._solver.twins}

    def _by_row(self, take: Take, pairs: Sequence[Pair], shares: Mapping[str | None, float]) -> dict[str | None, float]:
        """The probability of each appointment: of several rows of one visit one has all of it."""
        by_row: dict[str | None, float] = {None: shares.get(None, 0.0)}
        given = {pair.visit.appointment.id for pair in pairs}
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
        key = take.conversation.id
        if key in self._fixed:
            best, outcome = self._kept(take, pairs)
        else:
            best, outcome = self._chosen(index, shares)
        if best and outcome is Outcome.LINKED:
            self._parts[self._solver.twin(best.appointment_id)] += 1
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

    def _chosen(self, index: int, shares: Mapping[str | None, float]) -> tuple[Candidate | None, Outcome]:
        take, pairs = self._day.takes[index], self._day.pairs[index]
        if 1 - shares.get(None, 0.0) < r.PROPOSE_AT:
            return None, Outcome.NONE
        pair = _ranked(pairs, shares)[0]
        key = pair.visit.appointment.id
        if shares[key] < r.PROPOSE_BEST_AT:
            return None, Outcome.NONE
        is_certain = shares[key] >= _certain_at(take, pair, self._link_at)
        may_follow = is_certain and self._may_follow(index, key, shares)
        evidence = self._evidence(take, pair, may_follow=may_follow)
        outcome = Outcome.LINKED if is_certain and not may_follow else Outcome.PROPOSED
        return Candidate(key, min(1.0, shares[key]), evidence), outcome

    def _may_follow(self, index: int, key: str, shares: Mapping[str | None, float]) -> bool:
        """Whether it is too likely that the recording followed the visit instead."""
        none, scale = shares.get(None, 0.0), (1 - self._link_at) / (1 - r.LINK_AT)
        twin, choices = self._solver.twin(key), self._day.choices[index]
        first = choices.get((twin, None), 0.0)
        if 2 * first < sum(share for (option, _), share in choices.items() if option == twin):
            return False  # a further part, which its gap and place have to show
        return none * self._day.looks[index].following > scale * r.FOLLOWS_AT_MOST

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


def _certain_at(take: Take, pair: Pair, link_at: float) -> float:
    """The chance that it takes to link without a person."""
    if pair.other_rep and not _is_there(pair) and len(take.title.words & pair.visit.words.names) < _FULL_NAME:
        return _NEVER  # a surname alone, in a calendar that is not the rep's
    if 0 < take.length < r.SHORTEST and pair.says not in MATCHED:
        return _NEVER
    return max(link_at, r.LINK_SHORT_AT) if 0 < take.length < r.SHORT else link_at


def _surer(link_at: float) -> float:
    """The threshold where the rates are not the organization's own."""
    return r.UNLEARNED * link_at / (1 - link_at + r.UNLEARNED * link_at)


def _is_there(pair: Pair) -> bool:
    return pair.distance_m is not None and pair.distance_m < r.NEARBY


def _best_row(take: Take, pair: Pair) -> tuple[float, bool, bool, bool, str]:
    """Of the rows of one visit the one nearest in time, then the most complete."""
    one = pair.visit.appointment
    return abs(take.start - pair.visit.start), one.project is None, one.place is None, pair.visit.end_assumed, one.id


def _ranked(pairs: Sequence[Pair], shares: Mapping[str | None, float]) -> list[Pair]:
    """The likeliest first. Equal ones keep the order of `pairs`, the best first."""
    return sorted(pairs, key=lambda pair: -shares.get(pair.visit.appointment.id, 0.0))
