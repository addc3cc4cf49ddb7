"""`fieldnote init --crm NAME`: sign in to a named CRM, read its set-up, and write a fieldnote.yaml that works."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fieldnote.cli.support.asking import ask_variable, one_line, until_it_signs_in, until_valid
from fieldnote.cli.support.env_file import add_variables, read_variables
from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.output import ask, ask_yes_or_no, echo, secho
from fieldnote.errors import ConfigError, FieldnoteError
from fieldnote.printable import number_of

if TYPE_CHECKING:
    from fieldnote.bridge.setup.account.file import Answers
    from fieldnote.bridge.setup.account.reading import Account, Choice, Disposition
    from fieldnote.config import CrmSettings, Preset, PresetSetup
    from fieldnote.siro.models import Connection

_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class InitOptions:
    """The answers that the command line gives. None: ask."""

    output: Path
    env_file: Path
    visits: Sequence[str] | None = None
    units: Sequence[str] | None = None
    stages: Sequence[str] | None = None
    fields: Sequence[str] | None = None
    policy: str = "propose"
    native: bool | None = None
    connection_id: str | None = None
    timezone: str | None = None
    yes: bool = False
    plan: bool | None = None


def init_crm(name: str, options: InitOptions) -> None:
    """The whole dialog. Nothing in the CRM changes."""
    from fieldnote.bridge.setup.account.file import make_file
    from fieldnote.bridge.setup.account.reading import setting_values
    from fieldnote.config import load, preset_setup

    preset = _preset(name, options.output.parent)
    plain = preset_setup(preset, {})
    given = {**read_variables(options.env_file), **os.environ}
    asked = ask_variables(plain, given, quiet=options.yes)
    os.environ.update({**{key: given[key] for key in given if key not in os.environ}, **asked})
    with _draft(options.output) as draft:

        def sign_in() -> tuple[Account, PresetSetup, dict[str, str]]:
            own = setting_values(plain, os.environ)
            draft.write_text(_smallest(name, own), encoding="utf-8")
            config = load(draft)
            setup = preset_setup(preset, _in_clear(preset, own, os.environ))
            echo(f"Signing in to {preset.title}")
            return _sign_in(config.crm, setup), setup, own

        account, setup, own = until_it_signs_in(sign_in, plain, asked)
        _describe(account, setup)
        answers = _answers(preset, setup, account, options)
        draft.write_text(make_file(name, preset.title, setup, account, answers, own), encoding="utf-8")
        _validate(draft)
        if asked:
            add_variables(options.env_file, asked)
        draft.replace(options.output)
    _say_what_is_written(options, asked, setup, answers)
    _check_and_plan(options, pushes=bool(answers.visits) and not answers.native)


# --- the login ------------------------------------------------------------------------------------------


def _preset(name: str, beside: Path) -> Preset:
    from fieldnote.config import find_preset, nearest, preset_names

    preset = find_preset(name, beside)
    if preset is None:
        known = list(preset_names())
        raise ConfigError(f"unknown CRM: {name!r}{nearest(name, known)}", hint=f"Choose one of {', '.join(known)}.")
    return preset


def ask_variables(setup: PresetSetup, given: Mapping[str, str], *, quiet: bool) -> dict[str, str]:
    """The variables that neither the environment nor the file of variables has."""
    missing = [one for one in setup.variables if not one.optional and not given.get(one.variable)]
    if quiet and missing:
        names = ", ".join(one.variable for one in missing)
        places = "; ".join(f"{one.variable}: {one.where}" for one in missing if one.where)
        raise ConfigError(f"the CRM's login is missing: {names}", hint=f"Set these variables. {places}")
    if missing:
        echo(f"The login needs these rights: {setup.rights}")
    asked = {one.variable: ask_variable(one) for one in missing}
    if not given.get("SIRO_TOKEN") and not quiet:
        text = "Siro's organization token (in Siro: the person icon, API Tokens; empty: later)"
        if token := until_valid(lambda: one_line(ask(text, default="", show_default=False, hide_input=True))):
            asked["SIRO_TOKEN"] = token
    return asked


def _in_clear(preset: Preset, own: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The preset's settings with the environment's values: paths of `setup` use them."""
    texts = {name: str(value) for name, value in {**preset.settings, **own}.items() if isinstance(value, str)}
    return {
        name: _VARIABLE.sub(lambda match: environment.get(match[1], ""), text)
        for name, text in texts.items()
        if "${" in text
    }


def _smallest(name: str, own: Mapping[str, str]) -> str:
    lines = [f"  {key}: {value}" for key, value in own.items()]
    return "\n".join(["version: 1", "crm:", f"  driver: {name}", *lines]) + "\n"


def _sign_in(crm: CrmSettings, setup: PresetSetup) -> Account:
    from fieldnote.bridge.setup.account.reading import read_account
    from fieldnote.errors import CrmRefused

    try:
        return read_account(crm, setup)
    except CrmRefused as error:
        names = ", ".join(one.variable for one in setup.variables if not one.optional)
        hint = f"Check {names}. The login needs these rights: {setup.rights}"
        if "(404)" in error.message:
            addresses = [one.variable for one in setup.variables if one.variable.endswith("_URL")]
            hint = f"Check the CRM's address: {', '.join(addresses) or names}"
        raise ConfigError(error.message, hint=hint) from error


# --- questions ------------------------------------------------------------------------------------------


def _describe(account: Account, setup: PresetSetup) -> None:
    without = sum(person.email is None for person in account.people)
    echo(
        f"  {setup.visits_word}: {len(account.visits)}, {number_of(len(account.stages), 'stage')}, "
        f"{number_of(len(account.fields), 'field')} to write to, {number_of(len(account.people), 'person', 'people')}"
    )
    if without:
        secho(f"  {without} people have no email: Siro cannot find their users", fg="yellow")
    for text in account.refused:
        secho(f"  not read: {text}", fg="yellow")


def _answers(preset: Preset, setup: PresetSetup, account: Account, options: InitOptions) -> Answers:
    from fieldnote.bridge.setup.account.file import Answers
    from fieldnote.bridge.setup.account.reading import check_zone
    from fieldnote.config import Policy

    native, connection_id = _native(preset, setup, options)
    visits: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    if not native:
        question = (
            f"Which {setup.visits_word} are sales visits? Numbers or names; empty: decide later, nothing is pushed"
        )
        visits = _chosen(account.visits, options.visits, question, quiet=options.yes)
        if account.units and visits:
            question = "Which business units sell? Empty: all of them"
            units = _chosen(account.units, options.units, question, quiet=options.yes)
    given_zone = options.timezone or account.zone
    zone = None if given_zone is None else check_zone(given_zone)
    if zone is None and not options.yes:
        text = "The time zone that your people live in"
        zone = until_valid(lambda: check_zone(str(ask(text, default="America/Denver")).strip()))
    if zone is None:
        secho("  The account names no time zone: days are counted in UTC. --timezone sets one.", fg="yellow")
    if options.policy not in set(Policy):
        raise ConfigError(f"unknown policy: {options.policy!r}", hint=f"Choose one of {', '.join(Policy)}.")
    return Answers(
        visits=visits,
        units=units,
        stages=_stages(account, options),
        fields=_fields(account, setup, options),
        zone=zone,
        native=native,
        connection_id=connection_id,
        policy=Policy(options.policy),
    )


def _native(preset: Preset, setup: PresetSetup, options: InitOptions) -> tuple[bool, str | None]:
    """Whether Siro's own integration is active, and how Siro names it."""
    found = _integrations() if os.environ.get("SIRO_TOKEN") else None
    same = [one for one in found or [] if str(one.integration_platform) in setup.platforms]
    for one in found or []:
        echo(f"  Siro's own integration is active: {one.integration_platform} {one.name or ''} ({one.id})")
    native = options.native
    if native is None:
        text = f"Is Siro's own integration with {preset.title} active? Then this file only pulls"
        asks = not options.yes and (found is None or bool(same))
        native = ask_yes_or_no(text, default=bool(same)) if asks else bool(same)
    if not native:
        return False, None
    proposed = options.connection_id or (str(same[0].id) if same else None)
    if proposed is None and not options.yes:
        text = "The id of that integration's connection (empty: fill it in later)"
        proposed = str(ask(text, default="", show_default=False)).strip() or None
    return True, proposed


def _integrations() -> list[Connection] | None:
    """Siro's own active integrations; None where Siro does not say."""
    from fieldnote.siro.errors import SiroError

    try:
        return run_in_loop(_list_integrations())
    except (SiroError, ConfigError) as error:
        secho(f"  Siro does not say which integrations are active: {error.message}", fg="yellow")
        return None


async def _list_integrations() -> list[Connection]:
    from fieldnote.siro import AsyncSiro
    from fieldnote.siro.models.enums import IntegrationPlatform

    async with AsyncSiro.from_env() as siro:
        own = IntegrationPlatform.SIRO_CUSTOM_INPUT
        listed = await siro.connections.list()
        return [one for one in listed if one.is_active and one.deleted_at is None and one.integration_platform != own]


def _chosen(known: Sequence[Choice], given: Sequence[str] | None, question: str, *, quiet: bool) -> tuple[str, ...]:
    """Values of the list, named on the command line or chosen by number or name."""
    if given is not None or quiet or not known:
        return _known_ones(known, given or ())
    for number, one in enumerate(known, 1):
        label = "" if one.label == one.value else f"  {one.label}"
        often = f"  ({one.count})" if one.count > 1 else ""
        echo(f"  {number:3} {one.value}{label}{often}")
    return until_valid(lambda: _known_ones(known, _parts(ask(question, default="", show_default=False))))


def _known_ones(known: Sequence[Choice], words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_one_of(known, word) for word in words))


def _parts(answer: object) -> list[str]:
    return [part.strip() for part in str(answer).split(",") if part.strip()]


def _one_of(known: Sequence[Choice], word: str) -> str:
    from fieldnote.config import nearest

    values = [one.value for one in known]
    by_name = {name.casefold(): one.value for one in known for name in (one.label, one.value)}
    if word.casefold() in by_name:
        return by_name[word.casefold()]
    if word.isdecimal() and 0 < int(word) <= len(values):
        return values[int(word) - 1]
    raise ConfigError(f"not in this account: {word!r}{nearest(word, values)}", hint="Write it as this account does.")


def _stages(account: Account, options: InitOptions) -> dict[str, Disposition]:
    """The choices that a person changed."""
    from fieldnote.bridge.setup.account.reading import Choice

    if account.stages:
        echo("Stages, as Siro would see them:")
        for one in account.stages:
            label = "" if one.label == one.value else f"  {one.label}"
            echo(f"  {one.disposition:5} {one.value}{label}")
    known = [Choice(one.value, one.label) for one in account.stages]
    if options.stages is not None or options.yes or not known:
        return _changed_stages(
            known, _pairs(options.stages, "--stage", f"{known[0].value}=WON" if known else "Sold=WON")
        )
    text = "Change any of them? STAGE=WON, LOST or OPEN, with commas; empty: as they are"

    def answered() -> dict[str, Disposition]:
        words = _parts(ask(text, default="", show_default=False))
        return _changed_stages(known, _pairs(words, "the answer", f"{known[0].value}=WON"))

    return until_valid(answered)


def _changed_stages(known: Sequence[Choice], pairs: Mapping[str, str]) -> dict[str, Disposition]:
    from fieldnote.bridge.setup.account.reading import Disposition

    changed = {}
    for word, disposition in pairs.items():
        if disposition.upper() not in set(Disposition):
            raise ConfigError(f"unknown disposition: {disposition!r}", hint="Choose one of OPEN, WON and LOST.")
        changed[_one_of(known, word)] = Disposition(disposition.upper())
    return changed


def _fields(account: Account, setup: PresetSetup, options: InitOptions) -> dict[str, str]:
    """From an extraction to a field."""
    from fieldnote.bridge.setup.account.file import EXTRACTIONS, proposed_fields
    from fieldnote.bridge.setup.account.reading import Choice

    known = [Choice(one.name, one.label) for one in account.fields]
    if options.fields is not None:
        return {
            name: _one_of(known, word) for name, word in _pairs(options.fields, "--field", "Budget=budget_max").items()
        }
    proposed = proposed_fields(account)
    if options.yes or not known:
        if not known:
            secho(f"  No field may be written. To have one: {setup.fields.add}.", fg="yellow")
        return proposed
    echo("Fields that may be written:")
    for number, one in enumerate(account.fields, 1):
        echo(f"  {number:3} {one.name}  {one.label if one.label != one.name else ''} ({one.type})")
    echo(f"  To have another one: {setup.fields.add}.")
    chosen: dict[str, str] = {}
    for extraction in EXTRACTIONS:
        default = proposed.get(extraction, "-")
        default = "-" if default in chosen.values() else default
        if field := until_valid(partial(_ask_field, known, extraction, default, chosen)):
            chosen[extraction] = field
    return chosen


def _ask_field(known: Sequence[Choice], extraction: str, proposed: str, chosen: Mapping[str, str]) -> str | None:
    """The field that takes an extraction; None for none."""
    word = str(ask(f"Which field takes {extraction}? '-' for none", default=proposed)).strip()
    if word in {"", "-"}:
        return None
    field = _one_of(known, word)
    if other := next((name for name, taken in chosen.items() if taken == field), None):
        raise ConfigError(f"{field} already takes {other}", hint="Choose another field, or '-'.")
    return field


def _pairs(given: Sequence[str] | None, where: str, example: str) -> dict[str, str]:
    pairs = {}
    for one in given or ():
        name, equals, value = one.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise ConfigError(f"{where} is not NAME=VALUE: {one!r}", hint=f"For example {example}.")
        pairs[name.strip()] = value.strip()
    return pairs


# --- the file -------------------------------------------------------------------------------------------


@contextmanager
def _draft(output: Path) -> Iterator[Path]:
    """A file beside the real one, which is gone in the end."""
    path = output.with_name(f".{output.name}.draft")
    try:
        path.touch(mode=0o600)
        yield path
    except FileNotFoundError as error:
        raise ConfigError(f"{output} cannot be written: no such folder", hint="Make the folder first.") from error
    except PermissionError as error:
        raise ConfigError(f"{output} cannot be written: {error.strerror}", hint="Choose another --output.") from error
    finally:
        path.unlink(missing_ok=True)


def _validate(draft: Path) -> None:
    """The file must be one that runs."""
    from fieldnote.config import load
    from fieldnote.mapping.records import compile_push

    environment = {"SIRO_TOKEN": "-", **os.environ}
    try:
        compile_push(load(draft, environment))
    except FieldnoteError as error:
        raise ConfigError(f"this account gives no valid file: {error.message}", hint=error.hint) from error


def _say_what_is_written(options: InitOptions, asked: Mapping[str, str], setup: PresetSetup, answers: Answers) -> None:
    echo(f"{options.output} is written.")
    if asked:
        names = ", ".join(asked)
        echo(f"{options.env_file} has {names}; only you may read it: set -a; . ./{options.env_file}; set +a")
    if answers.native:
        echo("Nothing is pushed by this file: Siro's own integration does that.")
    elif not answers.visits:
        text = f"choose {setup.visits_word} under `visits`, and add `push: {{}}`"
        secho(f"Nothing is pushed by this file. To push, {text}.", fg="yellow")


def _check_and_plan(options: InitOptions, *, pushes: bool) -> None:
    from fieldnote.cli import bridge, setup

    if not os.environ.get("SIRO_TOKEN"):
        echo("Next: set SIRO_TOKEN, then `fieldnote check` and `fieldnote plan`.")
        return
    echo("Checking it:")
    setup.check(config=options.output)
    wanted = options.plan
    if wanted is None:
        text = "Show what a push would send? It sends nothing"
        wanted = pushes and not options.yes and ask_yes_or_no(text, default=True)
    if wanted:
        try:
            bridge.plan(config=options.output)
        except typer.Exit as end:
            if end.exit_code not in {0, 3}:
                raise
    elif pushes:
        echo("Next: `fieldnote plan` shows what a push would send.")
