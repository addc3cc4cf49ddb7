"""The public book: conversations with expected values, and the checks that each file has to pass.

`tests/data/book/README.md` explains the format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

FOLDER = Path(__file__).parents[1] / "data" / "book"
HALVES = ("train", "heldout")
DEFAULTS = {"Budget": "money", "Timeline": "timeline", "Decision Maker": "text", "Objections": "list"}
TYPES = frozenset({"text", "list", "money", "date", "number", "boolean", "choice"})
ROLES = frozenset({"rep", "customer", "other", "unknown"})


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A part of a talk. A key that the format does not have is an error."""


class Visit(Record, frozen=True):
    """The facts that the appointment knows."""

    started_at: datetime
    timezone: str
    rep: str
    customer: str
    project: str


class Utterance(Record, frozen=True):
    """One stretch of speech. The speaker is the transcript's label, the role is the truth."""

    speaker: str
    role: str
    start: float
    end: float
    text: str


class Definition(Record, frozen=True):
    """A custom field, described as an operations manager would."""

    name: str
    description: str
    type: str
    unit: str | None = None
    choices: list[str] | None = None


class Expected(Record, frozen=True):
    """The right value of one field, or None where the talk does not mention it."""

    value: object
    accepted: list[object]
    evidence: list[int]
    item_evidence: list[list[int]] | None = None


class KeyFact(Record, frozen=True):
    """A fact that a good summary states."""

    text: str
    evidence: list[int]


class Talk(Record, frozen=True):
    """One conversation with its definitions and expected values."""

    id: str
    trade: str
    visit: Visit
    utterances: list[Utterance]
    definitions: list[Definition]
    expected: dict[str, Expected]
    key_facts: list[KeyFact]

    @property
    def minutes(self) -> float:
        """Length of the recording."""
        return self.utterances[-1].end / 60

    def values(self, *, default: bool) -> list[Expected]:
        """The expected values of the default fields, or of the custom ones."""
        return [wanted for name, wanted in self.expected.items() if (name in DEFAULTS) == default]


def read_talk(path: Path) -> Talk:
    """Read one talk. A wrong key or type is an error that names its place."""
    return msgspec.json.decode(path.read_bytes(), type=Talk)


def read_half(half: str) -> list[Talk]:
    """Read the talks of `train` or `heldout` in the order of their names."""
    return [read_talk(path) for path in sorted((FOLDER / half).glob("*.json"))]


def count_values(fields: Sequence[Expected]) -> int:
    """Count the values that a talk does mention: each item of a list is one."""
    counted = (wanted.value for wanted in fields)
    return sum(len(value) if isinstance(value, list) else value is not None for value in counted)


def find_faults(talk: Talk) -> list[str]:
    """List the faults in a talk's shape. A good talk has none."""
    return [
        *_visit_faults(talk.visit),
        *_utterance_faults(talk.utterances),
        *_definition_faults(talk.definitions),
        *_expected_faults(talk),
        *_fact_faults(talk),
    ]


def _visit_faults(visit: Visit) -> Iterator[str]:
    offset = visit.started_at.utcoffset()
    if offset is None:
        yield f"startedAt has no offset: {visit.started_at}"
    elif visit.started_at.astimezone(ZoneInfo(visit.timezone)).utcoffset() != offset:
        yield f"startedAt has another offset than {visit.timezone}: {visit.started_at}"
    if not (visit.rep and visit.customer and visit.project):
        yield "visit lacks rep, customer or project"


def _utterance_faults(utterances: Sequence[Utterance]) -> Iterator[str]:
    before = 0.0
    for place, spoken in enumerate(utterances):
        if spoken.role not in ROLES:
            yield f"utterance {place} has an unknown role: {spoken.role}"
        if not spoken.text.strip() or not spoken.speaker.strip():
            yield f"utterance {place} has no text or no speaker"
        if not before <= spoken.start < spoken.end:
            yield f"utterance {place} has times out of order: {spoken.start} to {spoken.end}"
        before = spoken.start


def _definition_faults(definitions: Sequence[Definition]) -> Iterator[str]:
    if not 6 <= len(definitions) <= 10:
        yield f"talk has {len(definitions)} custom fields, not 6 to 10"
    if len({definition.name for definition in definitions} | set(DEFAULTS)) != len(definitions) + len(DEFAULTS):
        yield "two fields have one name"
    for definition in definitions:
        if definition.type not in TYPES or not definition.description:
            yield f"{definition.name} lacks a description or has an unknown type: {definition.type}"
        if (definition.type == "choice") != bool(definition.choices):
            yield f"{definition.name} has choices without the type choice, or the type without choices"


def _expected_faults(talk: Talk) -> Iterator[str]:
    types = DEFAULTS | {definition.name: definition.type for definition in talk.definitions}
    choices = {definition.name: definition.choices or [] for definition in talk.definitions}
    if set(types) != set(talk.expected):
        yield f"fields and expected values differ: {sorted(set(types) ^ set(talk.expected))}"
        return
    for name, wanted in talk.expected.items():
        yield from (f"{name} cites {fault}" for fault in _evidence_faults(talk, wanted.evidence))
        if (wanted.value is None) != (not wanted.evidence):
            yield f"{name} has a value without evidence, or evidence without a value"
        if types[name] == "list":
            yield from _list_faults(name, wanted)
            continue
        for value in (wanted.value, *wanted.accepted):
            fault = value is not None and _value_fault(types[name], value, choices.get(name, []))
            if fault:
                yield f"{name} {fault}: {value!r}"


def _list_faults(name: str, wanted: Expected) -> Iterator[str]:
    if wanted.value is None:
        return
    items, groups = wanted.value, wanted.item_evidence or []
    if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
        yield f"{name} is not a list of texts: {items!r}"
        return
    if not len(items) == len(groups) == len(wanted.accepted):
        yield f"{name} does not have evidence and accepted forms for each item"
    if sorted({place for group in groups for place in group}) != wanted.evidence or not all(groups):
        yield f"{name} cites other utterances than its items do"


def _value_fault(kind: str, value: object, choices: Sequence[str]) -> str | None:
    match kind:
        case "money":
            return _money_fault(value)
        case "timeline":
            return _timeline_fault(value)
        case "date":
            return None if _is_day(value) else "is not a day"
        case "number":
            return None if isinstance(value, int | float) and not isinstance(value, bool) else "is not a number"
        case "boolean":
            return None if isinstance(value, bool) else "is not true or false"
        case "choice":
            return None if value in choices else "is not one of the choices"
        case _:
            return None if isinstance(value, str) and value.strip() else "is not a text"


def _money_fault(value: object) -> str | None:
    if not isinstance(value, Mapping) or not {"min", "max"} <= set(value) <= {"min", "max", "per"}:
        return "is not money with min and max"
    ends = [end for end in (value["min"], value["max"]) if end is not None]
    if not ends or not all(isinstance(end, int | float) and end > 0 for end in ends) or ends != sorted(ends):
        return "is not a range of amounts"
    return (
        None if value.get("per", "month") in {"month", "year", "week", "square foot", "visit"} else "has an odd period"
    )


def _timeline_fault(value: object) -> str | None:
    if not isinstance(value, Mapping) or set(value) != {"words", "first", "last"} or not value["words"]:
        return "is not a timeline with words, first and last"
    days = [day for day in (value["first"], value["last"]) if day is not None]
    return None if all(map(_is_day, days)) and days == sorted(days) else "has days that do not parse or are in disorder"


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _fact_faults(talk: Talk) -> Iterator[str]:
    if not 6 <= len(talk.key_facts) <= 10:
        yield f"talk has {len(talk.key_facts)} key facts, not 6 to 10"
    for fact in talk.key_facts:
        yield from (f"key fact cites {fault}" for fault in _evidence_faults(talk, fact.evidence))
        if not fact.evidence or not fact.text:
            yield f"key fact lacks text or evidence: {fact.text!r}"


def _evidence_faults(talk: Talk, evidence: Sequence[int]) -> Iterator[str]:
    if list(evidence) != sorted(set(evidence)):
        yield f"utterances out of order: {evidence}"
    yield from (f"an utterance that does not exist: {at}" for at in evidence if not 0 <= at < len(talk.utterances))
