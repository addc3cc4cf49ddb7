"""Audio without the sound of redacted words. Until a file is muted, nobody can play it."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import procrastinate
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.insight.speech.muting import kind_of
from fieldnote.jobs import defer
from fieldnote.workspace.audio_store import Signed
from fieldnote.workspace.domain.job_retries import RetryForever
from fieldnote.workspace.domain.recordings.audio_files import audio_key
from fieldnote.workspace.insight_pool import InsightFailed
from fieldnote.workspace.rows import read_row
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

log = logging.getLogger(__name__)
blueprint: Final = procrastinate.Blueprint()

QUEUE: Final = "speech"
"""The queue of everything that decodes audio."""
_ATTEMPTS: Final = 3

_AUDIO: Final = text("""
select f.id::text, f.stored_key, f.pending_key, f.stored_size, f.encrypted, f.media_type, f.muted, r.created_at,
       coalesce(s.redacted, '[]') as redacted, s.recording_id is not null as has_words
  from recordings r
  join audio_files f on f.recording_id = r.id and f.stored_at is not null
  left join recording_utterances s on s.recording_id = r.id
 where r.id = :id and r.deleted_at is null and r.root_data_purged_at is null
 order by f.created_at limit 1
""")
_RESERVE: Final = text("""
update audio_files set pending_key = :key where id::text = :id and stored_key = :stored
""")
_SWAP: Final = text("""
update audio_files
   set stored_key = :key, pending_key = :stored, stored_size = :size, media_type = :media_type, encrypted = :encrypted,
       muted = cast(:muted as jsonb)
 where id::text = :id and stored_key = :stored and pending_key = :key
""")
_CLEAR: Final = text("update audio_files set pending_key = null where id::text = :id and pending_key = :stored")


class StoredAudio(NamedTuple):
    """The audio file of a recording."""

    id: str
    stored_key: str
    pending_key: str | None
    stored_size: int | None
    encrypted: bool
    media_type: str
    muted: list[list[float | None]] | None
    """The muted stretches, in seconds."""
    created_at: datetime
    redacted: list[list[float | None]]
    """The stretches to mute. A null is a time that is not known."""
    has_words: bool


async def stored_audio(conn: AsyncConnection, recording_id: str) -> StoredAudio | None:
    """The first audio file of a recording that is neither deleted nor purged."""
    return await read_row(conn, StoredAudio, _AUDIO, {"id": recording_id})


async def defer_muting(conn: AsyncConnection, organization_id: str, recording_id: str) -> None:
    """Have the redacted stretches of the audio muted once the transaction is committed."""
    await defer(conn, mute, organization_id=organization_id, recording_id=recording_id)


@blueprint.task(name="workspace.mute", pass_context=True, retry=RetryForever(), queue=QUEUE)
async def mute(context: procrastinate.JobContext, organization_id: str, recording_id: str) -> None:
    """Mute what is redacted, and swap the muted file in. The earlier file is deleted."""
    workspace: Workspace = context.additional_context["workspace"]
    async with inside(workspace.engine, organization_id, working=True) as conn:
        row = await stored_audio(conn, recording_id)
    if row is None or row.muted == row.redacted or not can_be_muted(row.redacted):
        return
    if row.pending_key is not None:  # of an earlier run that was killed
        await workspace.audio.delete(row.pending_key)
    key = Signed(organization_id, row.id).fresh_key()
    values = {"id": row.id, "key": key, "stored": row.stored_key}
    async with inside(workspace.engine, organization_id, working=True) as conn:
        if not (await conn.execute(_RESERVE, values)).rowcount:
            return
        secret = await audio_key(conn, workspace.box, organization_id) if row.encrypted else None
    async with plain_audio(workspace, organization_id, row) as path:
        into = path.with_name("muted")
        request = {"path": str(path), "into": str(into), "mute": row.redacted, "media_type": row.media_type}
        try:
            reply = await workspace.speech_pool.look_into(organization_id, request)
        except InsightFailed as error:
            log.warning("muting_failed", extra={"recording_id": recording_id, "reason": str(error)})
            if context.job.attempts + 1 < _ATTEMPTS:
                raise
            return
        await workspace.audio.put(key, into, secret)
        size = await asyncio.to_thread(lambda: into.stat().st_size)
    muted = {"size": size, "media_type": reply["media_type"], "encrypted": secret is not None}
    async with inside(workspace.engine, organization_id, working=True) as conn:
        swapped = await conn.execute(_SWAP, values | muted | {"muted": json.dumps(row.redacted)})
    if not swapped.rowcount:
        await workspace.audio.delete(key)
        return
    await workspace.audio.delete(row.stored_key)
    async with inside(workspace.engine, organization_id, working=True) as conn:
        await conn.execute(_CLEAR, values)


def can_be_muted(redacted: Sequence[Sequence[float | None]]) -> bool:
    """Whether the times of all redacted utterances are known."""
    return all(start is not None and end is not None for start, end in redacted)


def why_not_played(redacted: Sequence[Sequence[float | None]], muted: object, media_type: str) -> str | None:
    """The reason for which audio is not played; None where it is."""
    if redacted == muted:
        return None
    if not can_be_muted(redacted):
        return "Redacted words have no times in the transcript, so the audio cannot be muted"
    if kind_of(media_type) != "wav" and find_spec("av") is None:
        return "The audio has redacted words, and the server cannot mute this format: install fieldnote[speech]"
    return "The audio has redacted words, and is not muted yet"


@asynccontextmanager
async def plain_audio(workspace: Workspace, organization_id: str, row: StoredAudio) -> AsyncIterator[Path]:
    """The audio, decrypted, in a file that only this user reads, and that is gone afterwards."""
    secret = None
    if row.encrypted:
        async with inside(workspace.engine, organization_id, working=True) as conn:
            secret = await audio_key(conn, workspace.box, organization_id)
        if secret is None:
            raise InsightFailed("the key of the audio was erased")
    size = await workspace.audio.size(row.stored_key) if row.stored_size is None else row.stored_size
    with tempfile.TemporaryDirectory(prefix="fieldnote-audio-") as folder:
        path = Path(folder, "audio")
        file = await asyncio.to_thread(path.open, "wb")
        try:
            async for piece in workspace.audio.read(row.stored_key, size=size, secret=secret):
                await asyncio.to_thread(file.write, piece)
        except FileNotFoundError as error:
            raise InsightFailed("the audio file is missing") from error
        finally:
            await asyncio.to_thread(file.close)
        yield path
