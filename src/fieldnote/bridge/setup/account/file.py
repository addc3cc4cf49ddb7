"""A person's answers as a commented fieldnote.yaml. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldnote.bridge.setup.account.reading import Account, AccountField, Disposition, Stage
from fieldnote.config import Policy, PresetSetup
from fieldnote.crm.rest.positions import filled

EXTRACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "Budget": ("budget",),
    "Timeline": ("timeline", "timing", "timeframe", "start by", "start_by"),
    "Decision Maker": ("decision",),
    "Objections": ("objection", "concern"),
}
"""Siro's usual extractions, and words in the name of a field that takes one."""

_KINDS: Final = {
    "number": "money.max", "date": "date.first", "datetime": "date.first", "boolean": "boolean", "list": "list",
}  # fmt: skip
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS_OF_YAML: Final = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


@dataclass(frozen=True, slots=True)
class Answers:
    """A person's choices."""

    visits: tuple[str, ...] = ()
    """Empty: nothing is pushed."""
    units: tuple[str, ...] = ()
    stages: Mapping[str, Disposition] = field(default_factory=dict)
    """Where the person wants something else than what is proposed."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """From an extraction to the name of a field."""
    zone: str | None = None
    native: bool = False
    """Whether Siro's own integration sends the records: then this file only pulls."""
    connection_id: str | None = None
    """How Siro names that integration."""
    policy: Policy = Policy.PROPOSE


def proposed_fields(account: Account) -> dict[str, str]:
    """For each extraction, the field whose name or label has its word."""
    found: dict[str, str] = {}
    for extraction, words in EXTRACTIONS.items():
        for one in account.fields:
            text = f"{one.name} {one.label}".lower()
            if one.name not in found.values() and any(word in text for word in words):
                found[extraction] = one.name
                break
    return found


def make_file(
    name: str, title: str, setup: PresetSetup, account: Account, answers: Answers, own: dict[str, str]
) -> str:
    """The whole file. `own`: settings of the `crm` section that name a variable."""
    return "\n".join(_lines(name, title, setup, account, answers, own)) + "\n"


def _lines(
    name: str, title: str, setup: PresetSetup, account: Account, answers: Answers, own: dict[str, str]
) -> Iterator[str]:
    yield f"# {title} and Siro. Written by `fieldnote init --crm {name}`."
    yield "# `fieldnote config show` prints everything that the preset adds; this file may override any part of it."
    yield "version: 1"
    yield ""
    yield "siro:"
    yield "  token: ${SIRO_TOKEN}                # in Siro: the person icon, API Tokens"
    if answers.native:
        text = answers.connection_id or ""
        comment = "# Siro's own integration sends the records; this file only pulls"
        yield f"  integration_connection_id: {_quoted(text)}   {comment}" if text else f"  # {comment[2:]}"
    yield ""
    yield "crm:"
    yield f"  driver: {name}"
    for setting, value in own.items():
        yield f"  {setting}: {value}"
    yield f"  # The login comes from {', '.join(one.variable for one in setup.variables if not one.optional)}."
    if answers.zone:
        yield f"  local_timezone: {answers.zone}   # where the people live"
    yield from _visits(setup, account, answers)
    yield from _stages(setup, account, answers)
    yield from _writing(setup, account, answers)
    yield ""
    yield from _push(setup, answers)
    yield from _pull(setup, account, answers)


def _visits(setup: PresetSetup, account: Account, answers: Answers) -> Iterator[str]:
    yield f"  # {setup.visits_word.capitalize()} that are sales visits. Nothing else goes to Siro."
    yield f"  visits: [{', '.join(map(_quoted, answers.visits))}]"
    others = [one.value for one in account.visits if one.value not in answers.visits]
    if others:
        yield f"  # also there: {_comment(', '.join(others))}"
    if setup.units is not None:
        yield "  # Business units that sell, by id; empty for all of them."
        yield f"  business_units: [{', '.join(map(_quoted, answers.units))}]"
        if rest := [one.value for one in account.units if one.value not in answers.units]:
            yield f"  # also there: {_comment(', '.join(rest))}"


def _stages(setup: PresetSetup, account: Account, answers: Answers) -> Iterator[str]:
    if setup.stages is None or not account.stages:
        return
    chosen = {one.value: answers.stages.get(one.value, one.disposition) for one in account.stages}
    yield "  # The meaning of each stage in Siro: OPEN, WON or LOST."
    active = [one for one in account.stages if _is_said(one, chosen[one.value])]
    yield f"  {setup.stages.setting}:" if active else f"  {setup.stages.setting}: {{}}"
    for one in account.stages:
        sign = "" if one in active else "# "
        yield f"    {sign}{_quoted(one.value)}: {chosen[one.value]}   # {_comment(one.label)}"


def _is_said(stage: Stage, chosen: Disposition) -> bool:
    """OPEN as proposed is what the preset does by itself."""
    return chosen is not Disposition.OPEN or stage.disposition is not Disposition.OPEN


def _chosen_fields(account: Account, answers: Answers) -> list[AccountField]:
    return [one for one in account.fields if one.name in answers.fields.values()]


def _writing(setup: PresetSetup, account: Account, answers: Answers) -> Iterator[str]:
    chosen = _chosen_fields(account, answers)
    if not chosen:
        return
    yield "  # The fields that are written, with the types and options that the account has."
    yield "  writing:"
    yield "    records:"
    yield f"      {setup.fields.table}:"
    yield "        columns:"
    for one in chosen:
        yield f"          {_quoted(one.name)}: {_column(setup, one)}   # {_comment(one.label)}"


def _column(setup: PresetSetup, one: AccountField) -> str:
    column: dict[str, object] = {"type": one.type}
    if one.choices:
        column["choices"] = list(one.choices)
    if one.length is not None:
        column["length"] = one.length
    if one.required:
        column["required"] = True
    column |= filled(setup.fields.column, {"key": one.key})
    return _flow(column)


def _push(setup: PresetSetup, answers: Answers) -> Iterator[str]:
    if answers.native:
        return
    if answers.visits:
        yield "push: {}                              # appointments and deals, every 10 minutes"
    else:
        yield f"# Nothing is pushed yet: choose {setup.visits_word} under `visits`, then write `push: {{}}` here."
    yield ""


def _pull(setup: PresetSetup, account: Account, answers: Answers) -> Iterator[str]:
    yield "pull:"
    yield f"  {setup.fields.target}:                       # the preset adds a note with the summary"
    fields = {one.name: one for one in account.fields}
    if not answers.fields:
        yield f"    # No field takes what was said. To have one: {setup.fields.add}."
        yield "    # Then: fields: {Budget: {to: NAME, as: money.max, policy: propose}}"
        yield "    fields: {}"
        return
    yield "    fields:                           # propose: a person says yes to each value; fill: into empty fields"
    for extraction, name in answers.fields.items():
        one = fields[name]
        target: dict[str, object] = {"to": name}
        if one.choices:
            target |= {"as": "choice", "choices": list(one.choices)}
        elif one.type in _KINDS:
            target["as"] = _KINDS[one.type]
        yield f"      {_quoted(extraction)}: {_flow({**target, 'policy': answers.policy.value})}"


def _flow(value: object) -> str:
    """A value in YAML's flow style."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_quoted(str(name))}: {_flow(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return f"[{', '.join(map(_flow, value))}]"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case None:
            return "null"
        case _:
            return _quoted(str(value))


def _quoted(text: str) -> str:
    """A text that YAML reads as it is. `$${` keeps a name in braces from being taken for a variable."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return json.dumps(text.replace("${", "$${"), ensure_ascii=False)


def _comment(text: str) -> str:
    return " ".join(text.split()).replace("#", "")[:100] if text.isprintable() else ascii(text)[:100]
