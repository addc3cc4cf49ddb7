"""`fieldnote init`: look at the CRM's tables, and propose a fieldnote.yaml."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.support.output import ask, echo, secho
from fieldnote.errors import ConfigError, FieldnoteError
from fieldnote.printable import number_of

if TYPE_CHECKING:
    from fieldnote.bridge.setup.scaffold.draft import Scaffold

_PATIENCE = 20
"""Seconds for one look at a table; a slow view is left out."""

_PASSWORD = re.compile(r"://[^/?#]*:[^@/?#]+@|[?&](?:password|passwd|pwd)=[^&]", re.IGNORECASE)


_CRM_HELP = "servicetitan, salesforce, hubspot, or a preset.yaml: sign in to it instead of a database."


def init(
    *,
    crm: Annotated[str | None, typer.Option("--crm", metavar="NAME", help=_CRM_HELP)] = None,
    visits: Annotated[
        list[str] | None,
        typer.Option("--visits", metavar="NAME", help="--crm: a kind of appointment that is a sales visit."),
    ] = None,
    units: Annotated[
        list[str] | None, typer.Option("--unit", metavar="ID", help="--crm: a business unit that sells.")
    ] = None,
    stages: Annotated[
        list[str] | None,
        typer.Option("--stage", metavar="STAGE=WON", help="--crm: the meaning of a stage: OPEN, WON or LOST."),
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="EXTRACTION=FIELD", help="--crm: the CRM field of an extraction."),
    ] = None,
    policy: Annotated[
        str, typer.Option("--policy", help="--crm: the policy of the fields, such as propose or fill.")
    ] = "propose",
    native: Annotated[
        bool | None,
        typer.Option("--native/--no-native", help="--crm: Siro's own integration is active (then only pull), or not."),
    ] = None,
    connection_id: Annotated[
        str | None, typer.Option("--connection-id", metavar="ID", help="--crm: the id of Siro's own integration.")
    ] = None,
    env_file: Annotated[
        Path, typer.Option("--env-file", metavar="FILE", help="--crm: the file for the login; only you can read it.")
    ] = Path("fieldnote.env"),
    plan: Annotated[
        bool | None, typer.Option("--plan/--no-plan", help="--crm: at the end, list what a push would send.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(help="The CRM's database, without a password. Never written to the file."),
    ] = None,
    url_file: Annotated[
        Path | None,
        typer.Option("--url-file", metavar="FILE", help="A file with the database's address; - is standard input."),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="IANA", help="The time zone for times that do not name one.")
    ] = None,
    output: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")] = Path("fieldnote.yaml"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. Without --timezone: UTC.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Read the CRM's tables, and write a commented fieldnote.yaml for you to review.

    With --crm, it signs in to that CRM, reads the account's settings, and ends with `fieldnote check`. Nothing in the
    CRM changes, and no password is written to the file. If something is missing, the file asks a question
    about it. If the address contains a password, give it in CRM_URL, in --url-file, or at the prompt. Other users of
    this machine can see command-line options.
    """
    if output.exists() and not force:
        raise ConfigError(f"{output} exists", hint="Choose another file with --output, or overwrite it with --force.")
    given = _without_password(url) or _from_file(url_file) or os.environ.get("CRM_URL")
    crm = crm or (None if given or yes else _which_crm())
    if crm is not None:
        from fieldnote.cli.init_crm import InitOptions, init_crm

        options = InitOptions(
            output, env_file, visits, units, stages, fields, policy, native, connection_id, timezone, yes, plan
        )
        init_crm(crm, options)
        return
    address = given or _asked(yes)
    zone = timezone or ("UTC" if yes else ask("Time zone of times without one", default="America/Denver"))
    text, found = _propose(address, zone, given=not yes or timezone is not None)
    _write(output, text, address)
    _show(found)
    echo(f"{output} is written. Next: check the file, set CRM_URL and SIRO_TOKEN, then run `fieldnote check`.")


def _which_crm() -> str | None:
    from fieldnote.config import preset_names

    answer = str(ask(f"Which CRM? {', '.join(preset_names())}, or database", default="database")).strip().lower()
    return None if answer in {"", "database", "sql"} else answer


def _without_password(url: str | None) -> str | None:
    """The process list shows a command's options to every user of the machine."""
    if url is not None and _PASSWORD.search(url):
        raise ConfigError(
            "--url has a password, which other users of this machine can see",
            hint="Change the password if others use it. Set CRM_URL, give --url-file FILE, or leave --url out.",
        )
    return url


def _from_file(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        address = (sys.stdin.readline() if str(path) == "-" else path.read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigError(f"{path} cannot be read: {reason}", hint="Check the file's name.") from error
    if not address or "\n" in address:
        raise ConfigError(f"{path} has no address of one line", hint="Write the database's URL, and nothing else.")
    return address


def _asked(quiet: bool) -> str:
    if quiet:
        raise ConfigError("the CRM's address is missing", hint="Set CRM_URL, or give --url.")
    return str(ask("The CRM's database (postgresql://…, mysql://…, sqlite:///…)", hide_input=True))


def _propose(address: str, zone: str, *, given: bool) -> tuple[str, Scaffold]:
    """Look at the database, and make the file's text."""
    from zoneinfo import ZoneInfo

    from fieldnote.bridge.setup.scaffold.text import propose
    from fieldnote.crm.sql.engine import Database, Timeouts
    from fieldnote.crm.sql.survey import Survey
    from fieldnote.crm.sql.text import parse_url

    try:
        local = ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        raise ConfigError(
            f"{zone!r} is not the name of a time zone", hint="Write for example America/Denver."
        ) from None
    url = parse_url(address, "the CRM's address")
    waits = Timeouts(statement=_PATIENCE)
    database = Database(url, writes=False, zone=local, setting="the CRM's address", timeouts=waits)
    try:
        look = Survey(database)
        return propose(look.tables(), look, look.backend, zone, zone_given=given)
    finally:
        database.close()


def _show(found: Scaffold) -> None:
    """The recognized tables and the open questions. No value of a row is shown, except times and numbers."""
    from fieldnote.bridge.setup.scaffold.roles import ROLES, TITLES

    if found.known is not None:
        echo(f"These are the tables of {found.known.name}.")
    taken = {role: table for role in ROLES if (table := found.roles.of(role)) is not None}
    for role, table in taken.items():
        echo(f"{TITLES[role]}: {table.name} ({found.roles.reasons.get(role, '')})")
    for rival in found.roles.rivals:
        secho(
            f"Two tables fit for {TITLES[rival.role]}: {rival.taken.name} and {rival.other.name}. "
            f"The file uses {rival.taken.name}; check this.",
            fg="yellow",
        )
    if others := len(found.graph.tables) - len(set(taken.values())):
        echo(f"not recognized: {number_of(others, 'other table')}")
    if found.questions:
        echo("Only you can answer:")
        for number, question in enumerate(found.questions, 1):
            echo(f"  {number}. {question}")


def _write(path: Path, text: str, address: str) -> None:
    """Write the file only if it can be read again; otherwise leave nothing behind."""
    from fieldnote.config import load
    from fieldnote.mapping.records import compile_push

    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    try:
        compile_push(load(draft, {"CRM_URL": address, "SIRO_TOKEN": "-"}))
    except FieldnoteError as error:
        draft.unlink()
        raise ConfigError(f"these tables give no valid file: {error.message}", hint=error.hint) from error
    draft.replace(path)
