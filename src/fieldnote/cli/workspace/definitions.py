"""`fieldnote workspace definitions`: the fields that are extracted from conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import ask_yes_or_no, echo, echo_json
from fieldnote.cli.workspace.access import operator
from fieldnote.cli.workspace.open import AsJson, OrganizationOption, organization, print_rows, run
from fieldnote.errors import WorkspaceError
from fieldnote.printable import number_of

if TYPE_CHECKING:
    from fieldnote.workspace import Workspace
    from fieldnote.workspace.domain.insight.trials import Trial

definitions_app = typer.Typer(no_args_is_help=True)

_SHOWN = 50
"""Recordings that are compared before an `apply`, unless asked otherwise."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="The field's name, such as 'Roof age'.")]
Named = Annotated[str, typer.Argument(metavar="NAME|ID", help="The definition's name or id.")]
Description = Annotated[
    str | None, typer.Option("--description", help="The fact that the field captures, in a speaker's words.")
]
Kind = Annotated[str | None, typer.Option("--type", help="text, list, money, date, number, boolean or choice.")]
Choice = Annotated[list[str] | None, typer.Option("--choice", help="An allowed value. May be repeated.")]
Unit = Annotated[str | None, typer.Option("--unit", help="The unit of a number.")]
Crm = Annotated[str | None, typer.Option("--crm", metavar="MODEL.FIELD", help="The CRM field that takes the value.")]
Required = Annotated[
    bool | None,
    typer.Option("--required/--optional", help="Count a conversation without this value as incomplete, or not."),
]
For = Annotated[
    str | None, typer.Option("--for", metavar="TYPE", help="Only for this conversation type, by name or id.")
]
Recordings = Annotated[
    list[str] | None, typer.Option("--recording", metavar="ID", help="A recording. May be repeated.")
]
Since = Annotated[str | None, typer.Option("--since", metavar="DATE", help="Recordings that started since then.")]


@definitions_app.command("list")
def list_all(*, org: OrganizationOption = None, as_json: AsJson = False) -> None:
    """List the definitions."""

    async def do(workspace: Workspace) -> list[dict[str, Any]]:
        from fieldnote.workspace.domain.insight.definitions import list_definitions
        from fieldnote.workspace.tenancy import inside

        async with inside(workspace.engine, (await organization(workspace, org)).id) as conn:
            return [one.as_json() for one in await list_definitions(conn)]

    print_rows(run(do), _line, as_json=as_json)


@definitions_app.command()
def add(
    *,
    name: Name,
    description: Description = None,
    kind: Kind = None,
    choice: Choice = None,
    unit: Unit = None,
    crm: Crm = None,
    required: Required = None,
    conversation_type: For = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Add a definition. It applies to new recordings; `apply` extracts earlier ones again."""
    entry = {"name": name} | _given(description, kind, choice, unit, crm, required)

    async def do(workspace: Workspace) -> list[dict[str, Any]]:
        from fieldnote.workspace.audit import commanded
        from fieldnote.workspace.domain.insight.definitions import add_definition
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        async with inside(workspace.engine, own.id) as conn:
            made = await add_definition(conn, own.id, entry, conversation_type)
            await commanded(conn, own.id, operator(acting_as), "definitions add", [made.id])
        return [made.as_json()]

    _print_one(run(do), as_json=as_json)


@definitions_app.command()
def change(
    *,
    named: Named,
    name: Annotated[str | None, typer.Option("--name", help="A new name.")] = None,
    description: Description = None,
    kind: Kind = None,
    choice: Choice = None,
    unit: Unit = None,
    crm: Crm = None,
    required: Required = None,
    conversation_type: For = None,
    for_all: Annotated[bool, typer.Option("--for-all", help="For all conversation types.")] = False,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Change a definition. Recordings that were already processed keep their values until `apply`."""
    changes = _given(description, kind, choice, unit, crm, required)
    changes |= {} if name is None else {"name": name}
    if for_all and conversation_type is not None:
        raise WorkspaceError("--for and --for-all exclude each other", hint="Use one of them.")
    if for_all or conversation_type is not None:
        changes["conversationType"] = conversation_type
    if not changes:
        raise WorkspaceError("nothing is to be changed", hint="Add an option, such as --description.")

    async def do(workspace: Workspace) -> list[dict[str, Any]]:
        from fieldnote.workspace.audit import commanded
        from fieldnote.workspace.domain.insight.definitions import change_definition
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        async with inside(workspace.engine, own.id) as conn:
            _, after = await change_definition(conn, own.id, named, changes)
            await commanded(conn, own.id, operator(acting_as), "definitions change", [after.id])
        return [after.as_json()]

    _print_one(run(do), as_json=as_json)


@definitions_app.command()
def remove(
    *, named: Named, acting_as: ActingAs = None, org: OrganizationOption = None, as_json: AsJson = False
) -> None:
    """Remove a definition. Values that were found stay until `apply`."""

    async def do(workspace: Workspace) -> list[dict[str, Any]]:
        from fieldnote.workspace.audit import commanded
        from fieldnote.workspace.domain.insight.definitions import remove_definition
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        async with inside(workspace.engine, own.id) as conn:
            removed = await remove_definition(conn, own.id, named)
            await commanded(conn, own.id, operator(acting_as), "definitions remove", [removed.id])
        return [removed.as_json()]

    _print_one(run(do), as_json=as_json)


@definitions_app.command("try")
def try_one(
    *,
    named: Named,
    description: Description = None,
    kind: Kind = None,
    choice: Choice = None,
    unit: Unit = None,
    conversation_type: For = None,
    recording: Recordings = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The number of recordings, latest first.")] = 20,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Show the values that a new or changed definition finds in past recordings. Nothing is stored.

    The options change a known definition for this trial, or describe a new one.
    """
    changes = _given(description, kind, choice, unit, None, None)

    async def do(workspace: Workspace) -> list[Trial]:
        from fieldnote.workspace.audit import commanded
        from fieldnote.workspace.domain.insight.definitions import candidate_of
        from fieldnote.workspace.domain.insight.trials import choose, try_on
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        async with inside(workspace.engine, own.id) as conn:
            candidate = await candidate_of(conn, named, changes, conversation_type)
            ids = await choose(
                conn,
                named=recording or (),
                since=_moment(since),
                conversation_type_id=candidate.conversation_type_id,
                limit=None if recording else limit,
            )
            await commanded(conn, own.id, operator(acting_as), "definitions try", ids)
        return await try_on(workspace, own.id, ids, candidate)

    _print_trials(run(do), as_json=as_json)


@definitions_app.command()
def apply(
    *,
    recording: Recordings = None,
    since: Since = None,
    everything: Annotated[bool, typer.Option("--all", help="All recordings.")] = False,
    show: Annotated[
        int, typer.Option("--show", min=0, help="The number of latest recordings to compare first.")
    ] = _SHOWN,
    yes: Annotated[bool, typer.Option("--yes", help="Do not compare, and do not ask.")] = False,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Extract past recordings again, with the current definitions. Shows the differences, and asks first.

    The server does the work.
    """
    if sum((bool(recording), since is not None, everything)) != 1:
        raise WorkspaceError("which recordings are meant?", hint="Use one of --recording, --since and --all.")
    if as_json and not yes:
        raise WorkspaceError("--json does not ask", hint="Add --yes, or look first with definitions try.")

    async def chosen(workspace: Workspace) -> tuple[str, list[str]]:
        from fieldnote.workspace.domain.insight.trials import choose
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        async with inside(workspace.engine, own.id) as conn:
            return own.id, await choose(conn, named=recording or (), since=_moment(since))

    async def look(workspace: Workspace) -> tuple[int, list[Trial]]:
        from fieldnote.workspace.domain.insight.trials import try_on

        organization_id, ids = await chosen(workspace)
        return len(ids), await try_on(workspace, organization_id, ids[:show])

    async def do(workspace: Workspace) -> list[str]:
        from fieldnote.workspace.audit import commanded
        from fieldnote.workspace.domain.recordings.processing import again
        from fieldnote.workspace.tenancy import inside

        organization_id, ids = await chosen(workspace)
        async with inside(workspace.engine, organization_id) as conn:
            queued = await again(conn, organization_id, ids)
            await commanded(conn, organization_id, operator(acting_as), "definitions apply", queued)
        return queued

    if not yes:
        count, trials = run(look)
        _print_trials(trials, as_json=False)
        if not count:
            return
        echo(f"{len(trials)} of {count} recordings were compared.")
        ask_yes_or_no(f"Extract {number_of(count, 'recording')} again?", abort=True)
    queued = run(do)
    if as_json:
        echo_json([{"recordingId": one} for one in queued])
    else:
        echo(f"Queued: {number_of(len(queued), 'recording')}.")


def _given(
    description: str | None,
    kind: str | None,
    choice: Sequence[str] | None,
    unit: str | None,
    crm: str | None,
    required: bool | None,
) -> dict[str, Any]:
    """The keys of a definition that were given."""
    named = {
        "description": description,
        "type": kind,
        "choices": choice,
        "unit": unit,
        "crm": crm,
        "required": required,
    }
    return {key: value for key, value in named.items() if value is not None}


def _moment(given: str | None) -> datetime | None:
    """Without a zone, UTC."""
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given.strip())
    except ValueError:
        raise WorkspaceError(f"--since is not a time: {given!r}", hint="Write 2026-02-15, or with a time.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _line(one: dict[str, Any]) -> str:
    marks = [one["type"], *(["required"] if one["required"] else []), *([f"→ {one['crm']}"] if one["crm"] else [])]
    place = f" (only {one['conversationType']})" if one["conversationType"] else ""
    choices = f" [{', '.join(one['choices'])}]" if one["choices"] else ""
    return f"{one['id']}  {one['name']}{place}: {', '.join(marks)}{choices}  {one['description']}"


def _print_one(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        echo_json(rows[0])
    else:
        echo(_line(rows[0]))


def _print_trials(trials: Sequence[Trial], *, as_json: bool) -> None:
    if as_json:
        echo_json(trials)
        return
    for one in trials:
        if one.failure is not None:
            echo(f"{one.key or one.recording_id}  {one.started_at:%Y-%m-%d}: not tried: {one.failure}")
        elif one.differences:
            echo(f"{one.key or one.recording_id}  {one.started_at:%Y-%m-%d}")
        for difference in one.differences:
            echo(f"  {difference.name}: {difference.before or 'nothing'} → {difference.after or 'nothing'}")
            for quote in difference.evidence:
                echo(f"      {quote}")
    changed = sum(bool(one.differences) for one in trials)
    echo(f"{changed} of {len(trials)} recordings change.")
