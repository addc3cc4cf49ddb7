"""Measure the matcher on a history with known links: precision, recall, calibration, and the threshold to use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from fieldnote.matching.learning import learn
from fieldnote.matching.matcher import match
from fieldnote.matching.names import Title
from fieldnote.matching.rates import USUAL, Rates
from fieldnote.matching.records import Appointment, Conversation, Decision, Outcome
from fieldnote.matching.scoring import corpus_of
from fieldnote.matching.twins import twins_of_visits

WANTED: Final = 0.995
"""The precision of automatic links that a threshold is searched for."""
_BINS: Final = 10
FEWEST: Final = 50
"""Guesses, below which a threshold says little."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one kind of recording. Shares are None where nothing was counted."""

    kind: str
    recordings: int
    linked: int
    """Recordings that the matcher links without a person."""
    linked_right: int
    guessed: int
    """Recordings with a best guess: a link or a proposal."""
    guessed_right: int
    belong: int
    """Recordings that belong to an appointment."""

    json_properties: ClassVar = ("precision", "recall", "guess_precision", "guess_recall")

    @property
    def precision(self) -> float | None:
        return _share(self.linked_right, self.linked)

    @property
    def recall(self) -> float | None:
        return _share(self.linked_right, self.belong)

    @property
    def guess_precision(self) -> float | None:
        return _share(self.guessed_right, self.guessed)

    @property
    def guess_recall(self) -> float | None:
        return _share(self.guessed_right, self.belong)


@dataclass(frozen=True, slots=True)
class Bin:
    """Best guesses with about one stated chance."""

    guesses: int
    stated: float
    """Mean of the stated chances."""
    right: float
    """Share that is right."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good the matcher is on a history."""

    learned_from: int
    overall: Tally
    kinds: tuple[Tally, ...]
    calibration: tuple[Bin, ...]
    threshold: float | None
    """The lowest chance from which on `WANTED` of the links are right; None if no chance is enough."""
    recall_at_threshold: float | None


def evaluate(
    conversations: Sequence[Conversation],
    appointments: Sequence[Appointment],
    truth: Mapping[str, str | None],
    *,
    rates: Rates | None = None,
) -> Evaluation:
    """Decide all recordings as if no link were known, and compare with the known ones.

    `truth` has the appointment of a recording, or None if it belongs to no appointment. Recordings without an entry
    take part in the matching, but are not counted. The rates are learned from the history without its links.
    """
    rates = rates or learn(conversations, appointments, prior=USUAL)
    twins = twins_of_visits(corpus_of(appointments).visits.values())
    decisions = [one for one in match(conversations, appointments, rates=rates) if one.conversation_id in truth]
    cases = [_Case(one, _is_right(one, truth[one.conversation_id], twins), truth) for one in decisions]
    kinds = sorted({kind for case in cases for kind in case.kinds})
    threshold, recall = _threshold(cases)
    return Evaluation(
        rates.learned_from,
        _tally("all", cases),
        tuple(_tally(kind, [case for case in cases if kind in case.kinds]) for kind in kinds),
        _calibration(cases),
        threshold,
        recall,
    )


class _Case:
    """One recording with a known link."""

    def __init__(self, decision: Decision, right: bool, truth: Mapping[str, str | None]) -> None:
        self.decision = decision
        self.right = right
        self.belongs = truth[decision.conversation_id] is not None
        self.kinds = _kinds(decision, self.belongs)


def _is_right(decision: Decision, truth: str | None, twins: Mapping[str, str]) -> bool:
    """Either of two rows of one visit is right."""
    if decision.best is None or truth is None:
        return False
    guess = decision.best.appointment_id
    return twins.get(guess, guess) == twins.get(truth, truth)


def _kinds(decision: Decision, belongs: bool) -> frozenset[str]:
    """The kinds of a recording, by its best guess."""
    if not belongs:
        return frozenset({"belongs to no appointment"})
    seen = decision.evidence
    if seen is None:
        return frozenset({"no guess"})
    kinds = {
        "further part": seen.part > 1,
        "colleague's appointment": seen.other_rep,
        "another appointment within two hours": seen.rivals > 0,
        "no coordinates": seen.distance_m is None,
        "more than 1 km from the address": seen.distance_m is not None and seen.distance_m > 1000,
        "more than 10 minutes early": seen.start_offset_s < -600,
        "more than 30 minutes late": seen.start_offset_s > 1800,
        "no title": seen.title is Title.DEFAULT,
        "title names customer or street": seen.title in (Title.NAME, Title.SLIP, Title.STREET),
        "title names neither": seen.title in (Title.OTHER, Title.STRAY, Title.FOLLOW_UP),
    }
    return frozenset(kind for kind, is_so in kinds.items() if is_so) or frozenset({"nothing unusual"})


def _tally(kind: str, cases: Sequence[_Case]) -> Tally:
    linked = [case for case in cases if case.decision.outcome is Outcome.LINKED]
    guessed = [case for case in cases if case.decision.best is not None]
    return Tally(
        kind,
        len(cases),
        len(linked),
        sum(case.right for case in linked),
        len(guessed),
        sum(case.right for case in guessed),
        sum(case.belongs for case in cases),
    )


def _calibration(cases: Iterable[_Case]) -> tuple[Bin, ...]:
    bins: list[list[_Case]] = [[] for _ in range(_BINS)]
    for case in cases:
        if case.decision.best is not None:
            bins[min(_BINS - 1, int(case.decision.score * _BINS))].append(case)
    return tuple(
        Bin(
            len(of_bin),
            sum(case.decision.score for case in of_bin) / len(of_bin),
            sum(case.right for case in of_bin) / len(of_bin),
        )
        for of_bin in bins
        if of_bin
    )


def _threshold(cases: Sequence[_Case]) -> tuple[float | None, float | None]:
    """The lowest chance with enough precision, and the recall there."""
    guessed = sorted((case for case in cases if case.decision.best), key=lambda case: -case.decision.score)
    right, best = 0, 0
    for count, case in enumerate(guessed, 1):
        right += case.right
        is_last = count == len(guessed) or guessed[count].decision.score < case.decision.score
        if is_last and count >= FEWEST and right >= WANTED * count:
            best = count
    if not best:
        return None, None
    found = guessed[best - 1].decision.score
    return found, _share(sum(case.right for case in guessed[:best]), sum(case.belongs for case in cases))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
