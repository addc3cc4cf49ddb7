"""Conversations with expected values, one JSON file each.

::

    {"id": "roof-smith", "visit": {"startedAt": "2026-04-14T17:30-05:00", "timezone": "America/Chicago",
     "rep": "Dana Ruiz", "customer": "Emeka Okafor", "project": "Roof"},
     "utterances": [{"speaker": "Dana Ruiz", "role": "rep", "start": 1.0, "end": 2.5, "text": "..."}],
     "definitions": [{"name": "Roof age", "description": "...", "type": "number"}],
     "expected": {"Roof age": {"value": 19, "accepted": [18], "evidence": [30]}},
     "keyFacts": [{"text": "...", "evidence": [30]}]}

A value is a number, a text, true or false, a list of texts, `{"min", "max", "per"}` for money and
`{"words", "first", "last"}` for a date; null says that nobody mentioned it. `accepted` lists further right values;
for a list it has one list of texts for each item.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fieldnote.errors import ConfigError
from fieldnote.insight.definitions import DEFAULTS, Definition, read_definitions
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Expected:
    """The right answers for one field."""

    value: object
    """None where nobody mentioned it."""
    accepted: Sequence[object] = ()
    evidence: tuple[int, ...] = ()
    item_evidence: tuple[tuple[int, ...], ...] = ()
    """For each item of a list."""

    @property
    def variants(self) -> list[object]:
        """All right values of a field that is not a list."""
        return [one for one in (self.value, *self.accepted) if one is not None]


@dataclass(frozen=True, slots=True)
class KeyFact:
    """Something that a good summary says."""

    text: str
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation."""

    id: str
    visit: Visit
    utterances: tuple[Utterance, ...]
    roles: Mapping[str, str]
    """By speaker's label, where the file says it."""
    definitions: tuple[Definition, ...]
    """The custom fields; the four defaults always apply."""
    expected: Mapping[str, Expected]
    facts: tuple[KeyFact, ...]

    @property
    def all_definitions(self) -> tuple[Definition, ...]:
        names = {one.name for one in self.definitions}
        return (*(one for one in DEFAULTS if one.name in self.expected and one.name not in names), *self.definitions)


def read_book(folder: Path) -> list[Case]:
    """All conversations of a folder and its subfolders, by path; raises ConfigError for the first bad file."""
    if not folder.is_dir():
        raise ConfigError(f"the folder does not exist: {folder}", hint="Name a folder of conversations.")
    paths = sorted(folder.rglob("*.json"))
    if not paths:
        raise ConfigError(f"the folder has no conversation: {folder}", hint="Add one JSON file for each conversation.")
    return [_read_file(path) for path in paths]


def _read_file(path: Path) -> Case:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return read_case(data, path.stem)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"the conversation cannot be read: {path.name} ({type(error).__name__}: {error})",
            hint="Compare it with the format in docs/insight.md.",
        ) from error


def read_case(data: Json, name: str) -> Case:
    """One conversation from its JSON data; raises ValueError, KeyError or TypeError."""
    visit = _json(data.get("visit") or {})
    started = visit.get("startedAt")
    utterances = [_json(one) for one in _list(data["utterances"])]
    return Case(
        id=str(data.get("id") or name),
        visit=Visit(
            datetime.fromisoformat(str(started)) if started else None,
            _text(visit.get("timezone")),
            _text(visit.get("rep")),
            _text(visit.get("customer")),
            _text(visit.get("project")),
        ),
        utterances=tuple(
            Utterance(
                str(one.get("speaker") or ""), str(one["text"]), _seconds(one.get("start")), _seconds(one.get("end"))
            )
            for one in utterances
        ),
        roles={str(one.get("speaker") or ""): str(one["role"]) for one in utterances if one.get("role")},
        definitions=read_definitions(data.get("definitions") or []),
        expected={key: _expected(_json(value)) for key, value in _json(data.get("expected") or {}).items()},
        facts=tuple(
            KeyFact(str(_json(one)["text"]), _ids(_json(one).get("evidence"))) for one in _list(data.get("keyFacts"))
        ),
    )


def _expected(data: Json) -> Expected:
    items = tuple(_ids(one) for one in _list(data.get("itemEvidence")))
    return Expected(data.get("value"), _list(data.get("accepted")), _ids(data.get("evidence")), items)


def _json(data: object) -> Json:
    if not isinstance(data, Mapping):
        raise TypeError(f"not an object: {data!r:.60}")
    return data


def _list(data: object) -> Sequence[object]:
    if data is None:
        return ()
    if not isinstance(data, list):
        raise TypeError(f"not a list: {data!r:.60}")
    return data


def _ids(data: object) -> tuple[int, ...]:
    return tuple(int(str(one)) for one in _list(data))


def _text(data: object) -> str | None:
    return str(data) if data else None


def _seconds(data: object) -> float | None:
    return None if data is None else float(str(data))
