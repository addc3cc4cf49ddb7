"""`fieldnote workspace jobs`, `retry` and `roles`: how far recordings are, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import echo, echo_json
from fieldnote.cli.workspace.access import operator
from fieldnote.cli.workspace.open import AsJson, OrganizationOption, organization, print_rows, run
from fieldnote.errors import WorkspaceError
from fieldnote.printable import number_of

if TYPE_CHECKING:
    from fieldnote.workspace import Workspace
    from fieldnote.workspace.domain.insight.model import ModelUsage
    from fieldnote.workspace.domain.recordings.jobs import RecordingJob, SpeakerRole

_RECORDING = "The recording's id, or your own id."


def jobs(
    *,
    recording: Annotated[str | None, typer.Argument(metavar="[RECORDING]", help=_RECORDING)] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only those with a failed step.")] = False,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """List unfinished and failed recordings, with the state of each step, attempts and reasons."""

    async def do(workspace: Workspace) -> list[RecordingJob]:
        from fieldnote.workspace.domain.recordings.jobs import list_jobs
        from fieldnote.workspace.tenancy import inside

        async with inside(workspace.engine, (await organization(workspace, org)).id) as conn:
            return await list_jobs(conn, recording, only_failed=failed)

    found = run(do)
    if recording is not None and not found:
        raise WorkspaceError(f"there is no recording {recording!r}", hint="Give its id, or the --id it came with.")
    if as_json:
        echo_json(found)
        return
    for one in found:
        steps = ", ".join(f"{step.value} {state.value}" for step, state in one.steps.items())
        progress = "" if one.progress is None else f", {one.progress:.0%} of the audio"
        echo(f"{one.key or one.recording_id}  {one.started_at:%Y-%m-%d %H:%M}  {steps}{progress}")
        if one.failure is not None:
            echo(f"    {one.failure}")


def retry(
    *,
    recording: Annotated[list[str] | None, typer.Argument(metavar="[RECORDING]...", help=_RECORDING)] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All recordings with a failed step.")] = False,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Run the failed step of recordings again. It also transcribes audio that waits for an engine."""
    if failed == bool(recording):
        raise WorkspaceError("which recordings are meant?", hint="Name recordings, or use --failed.")

    async def do(workspace: Workspace) -> list[str]:
        from fieldnote.workspace.audit import commanded
        from fieldnote.workspace.domain.recordings.jobs import retry as begin_again
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        async with inside(workspace.engine, own.id) as conn:
            found = await begin_again(conn, own.id, recording or ())
            await commanded(conn, own.id, operator(acting_as), "retry", found)
        return found

    found = run(do)
    if as_json:
        echo_json([{"recordingId": one} for one in found])
    else:
        echo(f"Run again: {number_of(len(found), 'recording')}.")


def roles(
    *,
    recording: Annotated[str, typer.Argument(metavar="RECORDING", help=_RECORDING)],
    correct: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SPEAKER=ROLE", help="rep, customer or unknown; auto removes a correction."),
    ] = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Show who sells and who buys in a recording, or correct it.

    After a correction, the server extracts and summarizes again.
    """
    given = dict(_pair(one) for one in correct or ())

    async def do(workspace: Workspace) -> list[SpeakerRole]:
        from fieldnote.workspace.audit import commanded
        from fieldnote.workspace.domain.recordings.jobs import correct_roles, speaker_roles
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        async with inside(workspace.engine, own.id) as conn:
            if not given:
                return await speaker_roles(conn, recording)
            found = await correct_roles(conn, own.id, recording, given)
            await commanded(conn, own.id, operator(acting_as), "roles", [recording])
        return found

    def line(one: SpeakerRole) -> str:
        by = "corrected" if one.corrected else f"{one.certainty:.0%} certain"
        return f"{one.label or '(no label)'}: {one.role.value}, {by}"

    found = run(do)
    if as_json:
        echo_json(found)
    else:
        print_rows(found, line, as_json=False)


def redaction(
    *,
    also: Annotated[
        str | None,
        typer.Option("--also", metavar="KINDS", help="names, streets, phones (separated by commas), or none."),
    ] = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Show or set the words that are redacted besides card numbers and codes. Applies to later recordings."""
    kinds = None if also is None else [one.strip() for one in also.split(",") if one.strip() not in {"", "none"}]

    async def do(workspace: Workspace) -> list[str]:
        from fieldnote.workspace.audit import commanded
        from fieldnote.workspace.domain.insight.redaction import redacts_of, set_redacts
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        if kinds is not None:
            async with workspace.engine.begin() as conn:  # the organization's own row is its owner's
                await set_redacts(conn, own.id, kinds)
        async with inside(workspace.engine, own.id) as conn:
            if kinds is not None:
                await commanded(conn, own.id, operator(acting_as), "redaction", kinds)
            return [one.value for one in await redacts_of(conn, own.id)]

    found = run(do)
    if as_json:
        echo_json({"also": found})
    else:
        echo(f"also redacted: {', '.join(found) or 'nothing'}")


def model(
    *,
    use: Annotated[
        bool | None, typer.Option("--use/--do-not-use", help="Send conversations to the language model, or not.")
    ] = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Show or change whether the operator's language model reads the organization's conversations."""

    async def do(workspace: Workspace) -> ModelUsage:
        from fieldnote.workspace.audit import commanded
        from fieldnote.workspace.domain.insight.model import opt, usage
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        if use is not None:
            async with workspace.engine.begin() as conn:  # the organization's own row is its owner's
                await opt(conn, own.id, wanted=use)
            async with inside(workspace.engine, own.id) as conn:
                await commanded(conn, own.id, operator(acting_as), f"model {'use' if use else 'do not use'}")
        return await usage(workspace, own.id)

    found = run(do)
    if as_json:
        echo_json(found)
    else:
        echo(_model_line(found))


def status(*, org: OrganizationOption = None, as_json: AsJson = False) -> None:
    """Show the number of recordings at each step, the speech engine, and the language model's calls and tokens."""

    async def do(workspace: Workspace) -> dict[str, Any]:
        from fieldnote.workspace.domain.insight.model import usage
        from fieldnote.workspace.domain.recordings.jobs import count_steps
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        async with inside(workspace.engine, own.id) as conn:
            counts = await count_steps(conn)
        engine = None if workspace.speech is None else workspace.speech.engine.value
        return {"recordings": counts, "speech": engine, "model": await usage(workspace, own.id)}

    found = run(do)
    if as_json:
        echo_json(found)
        return
    for name, count in found["recordings"].items():
        echo(f"{count:>8,}  {name}")
    echo(f"speech engine: {found['speech'] or 'none'}")
    echo(_model_line(found["model"]))


def _model_line(found: ModelUsage) -> str:
    if found.model is None:
        return "language model: none; set FIELDNOTE_LLM_URL and FIELDNOTE_LLM_MODEL where the server runs"
    word = "used" if found.opted_in else "not used: fieldnote workspace model --use"
    return (
        f"language model: {found.model}, {word}; today {found.calls_today:,} calls, {found.tokens_today:,} of "
        f"{found.daily_tokens or 0:,} tokens; "
        f"in 30 days {found.calls_in_30_days:,} calls, {found.tokens_in_30_days:,} tokens"
    )


def _pair(given: str) -> tuple[str, str]:
    label, equals, role = given.rpartition("=")
    if not equals:
        raise WorkspaceError(f"--set is not SPEAKER=ROLE: {given!r}", hint="Write --set 'Speaker 1=rep'.")
    return label, role.strip()
