"""`fieldnote workspace jobs`, `retry` and `roles`: how far recordings are, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import echo, echo_json
from fieldnote.cli.workspace.access import operator
from fieldnote.cli.workspace.open import AsJson, OrganizationOption, organization, print_rows, run
from fieldnote.errors import WorkspaceError

if TYPE_CHECKING:
    from fieldnote.workspace import Workspace
    from fieldnote.workspace.domain.recordings.jobs import RecordingJob, SpeakerRole

_RECORDING = "The recording's id, or your own id."


def jobs(
    *,
    recording: Annotated[str | None, typer.Argument(metavar="[RECORDING]", help=_RECORDING)] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only those with a failed step.")] = False,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """List the recordings that are not done, or failed: the state of each step, attempts and reasons."""

    async def do(workspace: Workspace) -> list[RecordingJob]:
        from fieldnote.workspace.domain.recordings.jobs import list_jobs
        from fieldnote.workspace.tenancy import inside

        async with inside(workspace.engine, (await organization(workspace, org)).id) as conn:
            return await list_jobs(conn, recording, only_failed=failed)

    found = run(do)
    if recording is not None and not found:
        raise WorkspaceError(f"there is no recording {recording!r}", hint="Give its id, or the --id it came with.")
    if as_json:
        echo_json([one.as_json() for one in found])
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
    """Begin the failed step of recordings again, also the transcription of audio that waits for an engine."""
    if failed == bool(recording):
        raise WorkspaceError("which recordings are meant?", hint="Name recordings, or use --failed.")

    async def do(workspace: Workspace) -> list[str]:
        from fieldnote.workspace.domain.recordings.jobs import retry as begin_again

        own = await organization(workspace, org)
        return await begin_again(workspace, own.id, recording or (), by=operator(acting_as))

    found = run(do)
    if as_json:
        echo_json([{"recordingId": one} for one in found])
    else:
        echo(f"{len(found)} recordings begin again.")


def roles(
    *,
    recording: Annotated[str, typer.Argument(metavar="RECORDING", help=_RECORDING)],
    correct: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SPEAKER=ROLE", help="rep, customer, unknown; auto forgets a correction."),
    ] = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Show who sells and who buys in a recording, or correct it. A correction extracts and summarizes again."""
    given = dict(_pair(one) for one in correct or ())

    async def do(workspace: Workspace) -> list[SpeakerRole]:
        from fieldnote.workspace.domain.recordings.jobs import correct_roles, speaker_roles
        from fieldnote.workspace.tenancy import inside

        own = await organization(workspace, org)
        if given:
            return await correct_roles(workspace, own.id, recording, given, by=operator(acting_as))
        async with inside(workspace.engine, own.id) as conn:
            return await speaker_roles(conn, recording)

    def line(one: SpeakerRole) -> str:
        by = "corrected" if one.corrected else f"{one.certainty:.0%} certain"
        return f"{one.label or '(no label)'}: {one.role.value}, {by}"

    found = run(do)
    if as_json:
        echo_json([one.as_json() for one in found])
    else:
        print_rows(found, line, as_json=False)


def _pair(given: str) -> tuple[str, str]:
    label, equals, role = given.rpartition("=")
    if not equals:
        raise WorkspaceError(f"--set is not SPEAKER=ROLE: {given!r}", hint="Write --set 'Speaker 1=rep'.")
    return label, role.strip()
