"""`fieldnote workspace record` and what else is done with recordings."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import echo, echo_json, secho
from fieldnote.cli.workspace.access import operator
from fieldnote.cli.workspace.open import AsJson, OrganizationOption, organization, print_result, run
from fieldnote.errors import WorkspaceError

if TYPE_CHECKING:
    from fieldnote.insight import Utterance
    from fieldnote.matching import Place
    from fieldnote.workspace import Explained, NewRecording, Operator, Workspace

_FORMATS = "JSON utterances, WebVTT, SRT or `Speaker: text` lines."


def record(
    *,
    transcript: Annotated[Path | None, typer.Option("--transcript", metavar="FILE", help=_FORMATS)] = None,
    audio: Annotated[
        Path | None,
        typer.Option("--audio", metavar="FILE", help="mp3, m4a, aac, wav or webm. The server transcribes it."),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="EMAIL", help="The user who recorded it.")] = None,
    started_at: Annotated[str | None, typer.Option("--started-at", metavar="ISO", help="2026-02-15T14:00:00Z")] = None,
    duration: Annotated[
        float | None,
        typer.Option("--duration", metavar="S", help="Seconds; without it, the last time in the transcript."),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="A title that a person gave it.")] = None,
    lat: Annotated[float | None, typer.Option("--lat", help="Degrees north.")] = None,
    lon: Annotated[float | None, typer.Option("--lon", help="Degrees east.")] = None,
    appointment_id: Annotated[
        str | None, typer.Option("--appointment-id", help="The CRM's id of the appointment that started the recorder.")
    ] = None,
    opportunity_id: Annotated[
        str | None, typer.Option("--opportunity-id", help="The CRM's id of the deal that started the recorder.")
    ] = None,
    link: Annotated[
        str | None,
        typer.Option("--link", metavar="URL", help="The deep link that started the recorder: siro://record?…"),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--id", metavar="KEY", help="Your own id. A second recording with the same id is ignored."),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            metavar="FILE.jsonl",
            help="Many recordings, one per line: docs/recordings.md. Excludes all other options.",
        ),
    ] = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Add a conversation from its transcript or audio, or a history of them. The server matches each at once."""
    if batch is not None:
        single = (
            transcript,
            audio,
            user,
            started_at,
            duration,
            title,
            lat,
            lon,
            appointment_id,
            opportunity_id,
            link,
            key,
        )
        if any(option is not None for option in single):
            raise WorkspaceError(
                "--batch cannot be combined with other options", hint="Write their values in the lines of the file."
            )
        run(lambda workspace: _batch(workspace, org, batch, operator(acting_as)))
        return
    if (transcript is None and audio is None) or user is None or started_at is None:
        raise WorkspaceError(
            "--transcript or --audio, --user and --started-at are needed", hint="Or --batch FILE.jsonl."
        )
    from fieldnote.workspace import NewRecording
    from fieldnote.workspace.domain.recordings.mobile_events import opened_by

    opened = opened_by(link)
    new = NewRecording(
        user_email=user,
        utterances=None if transcript is None else _read_transcript(transcript),
        started_at=_moment(started_at),
        duration=None if duration is None else _seconds(duration),
        title=title or opened.title,
        place=_place(lat, lon),
        appointment_id=appointment_id or opened.appointment_id,
        opportunity_id=opportunity_id or opened.opportunity_id,
        key=key,
        link=link,
    )
    recording_id = run(lambda workspace: _record(workspace, org, new, audio, operator(acting_as)))
    print_result({"recordingId": recording_id}, as_json=as_json)


async def _record(workspace: Workspace, org: str | None, new: NewRecording, audio: Path | None, by: Operator) -> str:
    from fieldnote.workspace import add_recording
    from fieldnote.workspace.audio_store import OF_SUFFIXES
    from fieldnote.workspace.domain.recordings.transcription import add_audio

    own = await organization(workspace, org)
    if audio is None:
        return await add_recording(workspace, own.id, new, by=by)
    media_type = OF_SUFFIXES.get(audio.suffix.casefold())
    if media_type is None:
        raise WorkspaceError(
            f"--audio is not a known kind of file: {audio.name!r}", hint=f"Use {', '.join(sorted(OF_SUFFIXES))}."
        )
    return await add_audio(workspace, own.id, new, audio, media_type=media_type, by=by)


async def _batch(workspace: Workspace, org: str | None, path: Path, by: Operator) -> None:
    """Print a line of JSON for each line of the file, once its recording is stored."""
    from fieldnote.workspace import add_batch

    found = await organization(workspace, org)
    async for number, recording_id in add_batch(workspace, found.id, path, warn=_warn, by=by):
        echo_json({"line": number, "recordingId": recording_id})


def explain(
    *,
    recording: Annotated[
        str | None,
        typer.Argument(metavar="[RECORDING]", help="The recording's id, or your own id; the default is all."),
    ] = None,
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Explain a recording's link: trigger, score, reasons and other candidates."""

    async def do(workspace: Workspace) -> list[Explained]:
        from fieldnote.workspace import explain_links

        found = await organization(workspace, org)
        return await explain_links(workspace, found.id, recording, by=operator(acting_as))

    found = run(do)
    if recording is not None and not found:
        raise WorkspaceError(f"there is no recording {recording!r}", hint="Give its id, or the --id it came with.")
    if as_json:
        echo_json([_as_json(one) for one in found])
    for one in [] if as_json else found:
        _print_explained(one)


def _as_json(one: Explained) -> dict[str, object]:
    return {
        "recordingId": one.recording_id,
        "id": one.key,
        "appointmentId": one.appointment,
        "opportunityId": one.opportunity,
        "trigger": one.trigger,
        "matchingSource": one.source,
        "score": one.score,
        "reasons": one.reasons,
        "runnersUp": one.runners_up,
        "failure": one.failure,
        "history": one.history,
    }


def _print_explained(one: Explained) -> None:
    linked = ", ".join(
        f"{what} {key}" for what, key in (("appointment", one.appointment), ("deal", one.opportunity)) if key
    )
    score = "" if one.score is None else f", {one.score:.1%}"
    echo(f"{one.recording_id}  {linked or 'not linked'}  ({one.trigger}{score})")
    if one.failure is not None:
        echo(f"    not processed: {one.failure}")
    for reason in one.reasons:
        echo(f"    {reason}")
    for lost in one.runners_up:
        echo(f"    not {lost['appointment']} ({lost['score']:.1%}): {lost['why']}")
    for step in one.history if len(one.history) > 1 else ():
        named = step["appointment"] or step["opportunity"] or "not linked"
        echo(f"    {step['at']}  {named}  ({step['trigger']}): {'; '.join(step['reasons'])}")


def transcript(
    *,
    recording: Annotated[str, typer.Argument(metavar="RECORDING", help="The recording's id, or your own id.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_FORMATS)],
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Add a transcript to a recording that has none, such as an upload. The server then processes it."""
    said = _read_transcript(file)

    async def do(workspace: Workspace) -> dict[str, str]:
        from fieldnote.workspace import set_transcript

        found = await organization(workspace, org)
        return {"recordingId": await set_transcript(workspace, found.id, recording, said, by=operator(acting_as))}

    print_result(run(do), as_json=as_json)


def retention(
    *,
    days: Annotated[str, typer.Option("--days", metavar="N|off", help="Days after the conversation.")],
    acting_as: ActingAs = None,
    org: OrganizationOption = None,
    as_json: AsJson = False,
) -> None:
    """Set the age at which audio, transcripts and summaries are deleted. The server checks now, and every hour."""
    kept = None if days.strip().lower() == "off" else _days(days)

    async def do(workspace: Workspace) -> dict[str, int | None]:
        from fieldnote.workspace import purge_due, set_retention

        found = await organization(workspace, org)
        await set_retention(workspace, found.id, kept, by=operator(acting_as))
        return {"days": kept, "purged": await purge_due(workspace, only=found.id)}

    print_result(run(do), as_json=as_json)


def _days(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 9):
        raise WorkspaceError(f"--days {value!r} is not a number of days", hint="Give a whole number, or off.")
    return int(value)


def _place(lat: float | None, lon: float | None) -> Place | None:
    from fieldnote.matching import Place

    if (lat is None) != (lon is None):
        raise WorkspaceError("--lat and --lon belong together", hint="Give both, or neither.")
    return None if lat is None or lon is None else Place(lat, lon)


def _read_transcript(path: Path) -> list[Utterance]:
    """Read a transcript file, and print what is in it and not read."""
    from fieldnote.insight import load_transcript, read_file

    try:
        transcript = load_transcript(read_file(path), name=path.name)
    except OSError as error:
        raise WorkspaceError(
            f"the transcript {path} cannot be read: {error.strerror or error}", hint="Check the file's name."
        ) from error
    for message in transcript.warnings:
        _warn(message)
    return transcript.utterances


def _warn(message: str) -> None:
    secho("warning: ", fg="yellow", bold=True, nl=False, err=True)
    echo(message, err=True)


def _moment(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        raise WorkspaceError(
            f"--started-at {value!r} is not a time", hint="Write it as 2026-02-15T14:00:00Z or …-07:00."
        ) from None


def _seconds(value: float) -> timedelta:
    try:
        return timedelta(seconds=value)
    except (OverflowError, ValueError):
        raise WorkspaceError(f"--duration {value} is not a length", hint="Give seconds.") from None
