"""From audio to a redacted transcript, in one step: words are redacted in memory, before anything is stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import procrastinate
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.errors import WorkspaceError
from fieldnote.insight.utterances import Utterance
from fieldnote.jobs import defer
from fieldnote.siro.models import WebhookEventType
from fieldnote.workspace.audio_store import LARGEST, Signed, length_of
from fieldnote.workspace.audit import PROGRAM, Operator
from fieldnote.workspace.domain.job_retries import RetryForever
from fieldnote.workspace.domain.recordings.audio_files import store
from fieldnote.workspace.domain.recordings.muting import QUEUE, defer_muting, plain_audio, stored_audio
from fieldnote.workspace.domain.recordings.processing import ATTEMPTS
from fieldnote.workspace.domain.recordings.recordings import NewRecording, add_recording
from fieldnote.workspace.domain.recordings.transcripts import set_transcript
from fieldnote.workspace.domain.webhooks.deliveries import announce
from fieldnote.workspace.insight_pool import InsightFailed
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

log = logging.getLogger(__name__)
blueprint: Final = procrastinate.Blueprint()

_PROGRESS_EVERY: Final = 30.0
"""Seconds of audio between two notes of the progress."""

# Only while the recording has no audio. Until `_TAKE` it is an upload without a recording, which is purged after a day.
_EXPECT: Final = text("""
insert into audio_files (organization_id, media_type, size, expires_at)
select :organization, :media_type, :size, now() + interval '1 hour'
 where not exists (select from audio_files where recording_id = :recording)
returning id::text
""")
_TAKE: Final = text("""
update audio_files set recording_id = :recording where id::text = :id and stored_at is not null
""")
_BEGIN: Final = text("""
update recordings set transcription_status = 'TRANSCRIBING', transcribed_ms = 0, updated_at = clock_timestamp()
 where id = :id and not exists (select from recording_utterances s where s.recording_id = :id)
""")
_PROGRESS: Final = text("update recordings set transcribed_ms = :done where id = :id")
_LENGTH: Final = text("""
update recordings set duration_ms = :length, updated_at = clock_timestamp() where id = :id and duration_ms = 0
""")
_FAILED: Final = text("""
update recordings
   set transcription_status = 'ERROR', status = 'error', failed_step = 'transcribe', failure = :failure,
       updated_at = clock_timestamp()
 where id = :id and not exists (select from recording_utterances s where s.recording_id = :id)
""")
_AGAIN: Final = text("""
update recordings r
   set transcription_status = 'UPLOADED', status = 'in-progress', failed_step = null, failure = null,
       updated_at = clock_timestamp()
 where id = any(cast(:ids as uuid[])) and deleted_at is null and root_data_purged_at is null
   and not exists (select from recording_utterances s where s.recording_id = r.id)
returning id::text
""")


async def defer_transcription(conn: AsyncConnection, organization_id: str, recording_id: str) -> None:
    """Have the audio of a recording transcribed once the transaction is committed."""
    await defer(conn, transcribe, organization_id=organization_id, recording_id=recording_id)


async def add_audio(
    workspace: Workspace,
    organization_id: str,
    new: NewRecording,
    source: Path,
    *,
    media_type: str,
    by: Operator = PROGRAM,
) -> str:
    """Store a recording with its audio; its id. Without words it is transcribed by the server. Raises WorkspaceError.

    With a key that is known, the id of the recording that has it: an audio that it has already stays.
    """
    size = await asyncio.to_thread(_size_of, source)
    if not 0 < size <= LARGEST:
        raise WorkspaceError(f"the audio {source} is not a file of 1 to {LARGEST} bytes", hint="Check its name.")
    length = new.duration or await asyncio.to_thread(length_of, source)
    uploaded = replace(new, duration=length, uploaded=True)
    recording_id = await add_recording(workspace, organization_id, uploaded, by=by)
    values = {"organization": organization_id, "recording": recording_id, "media_type": media_type, "size": size}
    async with inside(workspace.engine, organization_id) as conn:
        file_id = (await conn.execute(_EXPECT, values)).scalar_one_or_none()
    if file_id is None:
        return recording_id
    milliseconds = None if length is None else round(1000 * length.total_seconds())
    await store(workspace, Signed(organization_id, str(file_id)), source, size=size, duration=milliseconds)
    async with inside(workspace.engine, organization_id) as conn:
        await conn.execute(_TAKE, {"recording": recording_id, "id": file_id})
        if new.utterances is None:
            await defer_transcription(conn, organization_id, recording_id)
        else:
            await defer_muting(conn, organization_id, recording_id)
    return recording_id


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


async def transcribe_again(conn: AsyncConnection, organization_id: str, recording_ids: Sequence[str]) -> None:
    """Begin again with recordings that have audio and no words."""
    for recording_id in (await conn.execute(_AGAIN, {"ids": list(recording_ids)})).scalars().all():
        await defer_transcription(conn, organization_id, str(recording_id))


@blueprint.task(name="workspace.transcribe", pass_context=True, retry=RetryForever(), queue=QUEUE)
async def transcribe(context: procrastinate.JobContext, organization_id: str, recording_id: str) -> None:
    """Transcribe, redact, and store."""
    workspace: Workspace = context.additional_context["workspace"]
    async with inside(workspace.engine, organization_id, working=True) as conn:
        row = await stored_audio(conn, recording_id)
        if row is None or row.has_words or workspace.speech is None:
            return
        await conn.execute(_BEGIN, {"id": recording_id})
    attempt = 1 + context.job.attempts
    try:
        async with plain_audio(workspace, organization_id, row) as path:
            reply = await _ask(workspace, organization_id, recording_id, path)
    except InsightFailed as error:
        reason = str(error)
        log.warning("transcription_failed", extra={"recording_id": recording_id, "reason": reason, "attempt": attempt})
        if attempt < ATTEMPTS:
            raise
        async with inside(workspace.engine, organization_id, working=True) as conn:
            failed = {"id": recording_id, "failure": f"{reason}, in {attempt} attempts"}
            if (await conn.execute(_FAILED, failed)).rowcount:
                await announce(conn, organization_id, recording_id, WebhookEventType.RECORDING_PROCESSED)
        return
    said = [Utterance(**entry) for entry in reply["utterances"]]
    async with inside(workspace.engine, organization_id, working=True) as conn:
        await conn.execute(_LENGTH, {"id": recording_id, "length": round(1000 * reply["seconds"])})
    await set_transcript(workspace, organization_id, recording_id, said)


async def _ask(workspace: Workspace, organization_id: str, recording_id: str, path: Path) -> dict[str, Any]:
    """The speech process's reply. The progress is stored from time to time."""
    assert workspace.speech is not None  # noqa: S101 - the caller has looked
    request = {"path": str(path), "speech": workspace.speech.as_request()}
    noted = 0.0
    notes: set[asyncio.Task[None]] = set()

    def on_progress(seconds: float) -> None:
        nonlocal noted
        if seconds - noted >= _PROGRESS_EVERY:
            noted = seconds
            task = asyncio.create_task(_note(workspace, organization_id, recording_id, seconds))
            notes.add(task)
            task.add_done_callback(notes.discard)

    try:
        return await workspace.speech_pool.look_into(organization_id, request, on_progress)
    finally:
        await asyncio.gather(*notes, return_exceptions=True)


async def _note(workspace: Workspace, organization_id: str, recording_id: str, seconds: float) -> None:
    async with inside(workspace.engine, organization_id) as conn:
        await conn.execute(_PROGRESS, {"id": recording_id, "done": round(1000 * seconds)})
