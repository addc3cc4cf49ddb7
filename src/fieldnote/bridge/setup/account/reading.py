"""Sign in to a CRM, and read what its account has: kinds of appointments, stages, fields, reps, time zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from fieldnote.config import AccountList, CrmSettings, FieldList, PresetSetup, StageList
from fieldnote.crm.rest.calls import Calls
from fieldnote.crm.rest.templates import json_of, perform, search
from fieldnote.errors import ConfigError, CrmRefused

_PAGES = 100


class Disposition(StrEnum):
    """How Siro sees a deal."""

    OPEN = "OPEN"
    """Neither won nor lost yet."""
    WON = "WON"
    """Sold."""
    LOST = "LOST"
    """Not sold, and closed."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words of the account."""

    value: str
    label: str
    count: int = 1
    """How often it came."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, with what is proposed for it."""

    value: str
    label: str
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class AccountField:
    """A field that may be written to."""

    name: str
    label: str
    type: str
    choices: tuple[str, ...] = ()
    length: int | None = None
    required: bool = False
    key: int | str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A rep."""

    id: str
    email: str | None
    name: str


@dataclass(frozen=True, slots=True)
class Account:
    """All of it."""

    visits: tuple[Choice, ...]
    stages: tuple[Stage, ...]
    fields: tuple[AccountField, ...]
    units: tuple[Choice, ...] = ()
    people: tuple[Person, ...] = ()
    zone: str | None = None
    refused: tuple[str, ...] = field(default=())
    """Lists that the login may not read, in a person's words."""


def read_account(crm: CrmSettings, setup: PresetSetup) -> Account:
    """Ask the CRM. Raises CrmRefused or CrmUnavailable where the login itself fails."""
    calls = Calls((crm.rest or {}).get("client") or {}, None, crm.limits)
    refused: list[str] = []
    try:
        fields = tuple(_fields(calls, setup.fields))  # the first call: a wrong login ends here
        return Account(
            visits=tuple(_choices(_optional(calls, setup.visits, setup.visits_word, refused))),
            stages=tuple(_stages(_optional(calls, setup.stages, "stages", refused), setup.stages)),
            fields=fields,
            units=tuple(_choices(_optional(calls, setup.units, "business units", refused), ranked=True)),
            people=tuple(_people(_optional(calls, setup.people, "people", refused))),
            zone=_zone(_optional(calls, setup.zone, "the time zone", refused)),
            refused=tuple(refused),
        )
    finally:
        calls.close()


def _optional(calls: Calls, asked: AccountList | None, what: str, refused: list[str]) -> list[Any]:
    """The entries of a list; a list that the login may not read is noted, and the others are read."""
    if asked is None:
        return []
    try:
        return [*_entries(calls, asked), *asked.more]
    except CrmRefused as error:
        refused.append(f"{what}: {error.message}")
        return list(asked.more)


def _entries(calls: Calls, asked: AccountList) -> Iterator[Any]:
    call, params = asked.call, dict[str, str]()
    if call is None:
        return
    for number in range(2, _PAGES + 2):
        answer = perform(calls, call.model_copy(update={"params": {**call.params, **params}}), {}, reads=True)
        document = json_of(answer)
        items = search(asked.items, document, "setup")
        if not isinstance(items, list):
            raise CrmRefused(f"{call.method} {call.path}: the answer has no list", hint="Check the CRM's address.")
        yield from items
        following = search(asked.next, document, "setup") if asked.next and asked.next_param else None
        if not following:
            return
        params = {str(asked.next_param): str(number if following is True else following)}


def _choices(entries: list[Any], *, ranked: bool = False) -> Iterator[Choice]:
    labels = {str(one["value"]): str(one.get("label") or one["value"]) for one in entries if _names(one)}
    counts = Counter(str(one["value"]) for one in entries if _names(one))
    order = sorted(labels, key=lambda value: (-counts[value], value)) if ranked else labels
    for value in order:
        yield Choice(value, labels[value], counts[value])


def _names(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("value") not in {None, ""}


def _stages(entries: list[Any], asked: StageList | None) -> Iterator[Stage]:
    seen = set[str]()
    for entry in entries:
        if asked is None or not _names(entry) or str(entry["value"]) in seen:
            continue
        seen.add(str(entry["value"]))
        won = bool(asked.won and search(asked.won, entry, "setup.stages.won"))
        lost = bool(asked.lost and search(asked.lost, entry, "setup.stages.lost"))
        disposition = Disposition.WON if won else Disposition.LOST if lost else Disposition.OPEN
        yield Stage(str(entry["value"]), str(entry.get("label") or entry["value"]), disposition)


def _fields(calls: Calls, asked: FieldList) -> Iterator[AccountField]:
    for entry in _entries(calls, asked):
        kind = asked.kinds.get(str(entry.get("kind")))
        if kind is None or not entry.get("name"):
            continue
        length = entry.get("length")
        yield AccountField(
            name=str(entry["name"]),
            label=str(entry.get("label") or entry["name"]),
            type=kind,
            choices=tuple(map(str, entry.get("options") or ())) if kind == "text" else (),
            length=length if isinstance(length, int) and length > 0 and kind == "text" else None,
            required=bool(entry.get("required")) and kind != "boolean",
            key=entry.get("key"),
        )


def _people(entries: list[Any]) -> Iterator[Person]:
    for entry in entries:
        if isinstance(entry, dict) and entry.get("id") is not None:
            name = str(entry.get("name") or "").strip()
            yield Person(str(entry["id"]), entry.get("email") or None, name)


def _zone(entries: list[Any]) -> str | None:
    return next((str(entry) for entry in entries if str(entry) in available_timezones()), None)


def check_zone(name: str) -> str:
    """An IANA name, or ConfigError."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ConfigError(f"unknown time zone: {name!r}", hint="Write for example America/Denver.") from None
    return name


def setting_values(setup: PresetSetup, environment: Mapping[str, str]) -> dict[str, str]:
    """Settings of the `crm` section that name a variable, for those that the environment has."""
    return {
        one.setting: f"${{{one.variable}}}"
        for one in setup.variables
        if one.setting is not None and environment.get(one.variable)
    }
