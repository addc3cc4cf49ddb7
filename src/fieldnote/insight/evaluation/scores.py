"""Precision, recall and F1 by field, key facts, roles, unsupported values, time and cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fieldnote.insight.check import check
from fieldnote.insight.definitions import FIELDS, Definition, FieldType
from fieldnote.insight.evaluation.book import Case, Expected
from fieldnote.insight.evaluation.facts import said_facts
from fieldnote.insight.evaluation.matching import is_accepted, items_of, matched_items, matches
from fieldnote.insight.extraction import Extraction


@dataclass(slots=True)
class Score:
    """Counts of right, wrong and missing values."""

    right: int = 0
    wrong: int = 0
    missing: int = 0
    proposed: int = 0
    """Values that a person would have to confirm; they count as missing or not given."""

    def add(self, other: Score) -> None:
        self.right += other.right
        self.wrong += other.wrong
        self.missing += other.missing
        self.proposed += other.proposed

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missing) if self.right + self.missing else 1.0

    @property
    def f1(self) -> float:
        total = 2 * self.right + self.wrong + self.missing
        return 2 * self.right / total if total else 1.0

    def as_json(self) -> dict[str, object]:
        """Counts and rates."""
        return {
            "right": self.right,
            "wrong": self.wrong,
            "missing": self.missing,
            "proposed": self.proposed,
            "precision": round(self.precision, 3),
            "recall": round(self.recall, 3),
            "f1": round(self.f1, 3),
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a value was wrong or missing."""

    case: str
    field: str
    found: str | None
    expected: str


@dataclass(slots=True)
class Totals:
    """The evaluation of one method on a folder."""

    cases: int = 0
    default: Score = field(default_factory=Score)
    custom: Score = field(default_factory=Score)
    fields: dict[str, Score] = field(default_factory=dict)
    """The default fields by name, the custom ones by type."""
    failures: list[Failure] = field(default_factory=list)
    unsupported: int = 0
    """Values that their evidence does not support."""
    facts: int = 0
    facts_said: int = 0
    speakers: int = 0
    speakers_right: int = 0
    seconds: float = 0.0
    """Processor time of the local method, time on the clock of a language model."""
    hours: float = 0.0
    """Of conversation."""
    calls: int = 0
    tokens: int = 0
    dropped: int = 0
    """Values and statements of a language model that its evidence did not support."""
    errors: dict[str, int] = field(default_factory=dict)
    """Conversations without a usable answer, by the error's name."""

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "conversations": self.cases,
            "default": self.default.as_json(),
            "custom": self.custom.as_json(),
            "fields": {name: score.as_json() for name, score in sorted(self.fields.items())},
            "keyFacts": {"said": self.facts_said, "of": self.facts},
            "roles": {"right": self.speakers_right, "of": self.speakers},
            "unsupported": self.unsupported,
            "dropped": self.dropped,
            "seconds": round(self.seconds, 2),
            "hours": round(self.hours, 2),
            "calls": self.calls,
            "tokens": self.tokens,
            "errors": self.errors,
            "failures": [
                {"conversation": one.case, "field": one.field, "found": one.found, "expected": one.expected}
                for one in self.failures
            ],
        }


def add_case(totals: Totals, case: Case, found: Sequence[Extraction], summary: str, roles: dict[str, str]) -> None:
    """Count one conversation."""
    totals.cases += 1
    by_name = {one.name: one for one in found}
    for definition in case.all_definitions:
        expected = case.expected.get(definition.name)
        if expected is None:
            continue
        score = _score(totals, case, definition, by_name.get(definition.name), expected)
        is_default = definition.name in FIELDS
        (totals.default if is_default else totals.custom).add(score)
        name = definition.name if is_default else definition.type.value
        totals.fields.setdefault(name, Score()).add(score)
    totals.facts += len(case.facts)
    totals.facts_said += said_facts(summary, [fact.text for fact in case.facts])
    totals.speakers += len(case.roles)
    totals.speakers_right += sum(roles.get(label) == role for label, role in case.roles.items())
    times = [time for said in case.utterances for time in (said.start, said.end) if time is not None]
    totals.hours += max(times, default=0.0) / 3600


def _score(totals: Totals, case: Case, definition: Definition, found: Extraction | None, expected: Expected) -> Score:
    if found is not None:
        evidence = [case.utterances[quote.index] for quote in found.quotes if quote.index < len(case.utterances)]
        verdict = check(definition, found.value, evidence, visit=case.visit, rests_on=found.rests_on)
        totals.unsupported += not verdict.supported
    score = Score()
    if found is not None and found.proposed:
        score.proposed, found = 1, None
    if definition.type is FieldType.LIST:
        items = found.value.split("; ") if found else []
        wanted = items_of(expected)
        score.right = matched_items(items, expected, case.utterances)
        score.wrong, score.missing = len(items) - score.right, wanted - score.right
    elif (
        found is not None and expected.value is None and is_accepted(definition, found.value, expected, case.visit.day)
    ):
        pass  # nobody said it clearly, and a fair reader would not call it wrong
    elif found is not None and matches(definition, found.value, expected, case.visit.day):
        score.right = 1
    else:
        score.wrong, score.missing = int(found is not None), int(expected.value is not None)
    if score.wrong or score.missing:
        shown = found.value if found else None
        totals.failures.append(Failure(case.id, definition.name, shown, str(expected.value)))
    return score
