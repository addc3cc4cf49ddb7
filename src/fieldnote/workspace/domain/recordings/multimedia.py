"""Fetch the audio of a recording that another system made, from the address that came with its event."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import httpx2
import procrastinate
from sqlalchemy import text

from fieldnote.errors import WorkspaceError
from fieldnote.jobs import defer
from fieldnote.workspace.audio_store import LARGEST, Signed, length_of
from fieldnote.workspace.domain.job_retries import RetryForever
from fieldnote.workspace.domain.recordings.audio_files import store
from fieldnote.workspace.domain.recordings.transcription import defer_transcription
from fieldnote.workspace.domain.webhooks.addresses import certificates, resolve
from fieldnote.workspace.rows import read_row
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

blueprint: Final = procrastinate.Blueprint()

_TIMEOUT: Final = httpx2.Timeout(10, read=60)
_WHOLE: Final = timedelta(minutes=30)
"""How long a file may take."""
_EVENT: Final = text("""
select e.download_url, e.fields ->> 'mimeType' as media_type, r.id::text as recording_id, r.user_id::text
  from multimedia_events e join recordings r on r.id = e.recording_id
 where e.id = :id and r.deleted_at is null and r.root_data_purged_at is null
   and not exists (select from audio_files f where f.recording_id = r.id)
""")
_EXPECT: Final = text("""
insert into audio_files (organization_id, uploaded_by, media_type, size, expires_at)
values (:organization, :user, :media_type, 0, now() + interval '1 hour') returning id::text
""")
_TAKE: Final = text("""
update audio_files set recording_id = :recording, size = :size where id::text = :file and stored_at is not null
""")
_FETCHED: Final = text("update multimedia_events set failure = null, download_url = null where id = :id")
_LENGTH: Final = text("""
update recordings set duration_ms = coalesce(cast(:duration as bigint), duration_ms), updated_at = clock_timestamp()
 where id = :recording and duration_ms = 0
""")
_FAILED: Final = text("update multimedia_events set failure = :failure where id = :id")
_GIVEN_UP: Final = text("""
update recordings
   set transcription_status = 'ERROR', status = 'error', failure = :failure, updated_at = clock_timestamp()
 where id = :recording and processed_at is null
""")


class _Event(NamedTuple):
    download_url: bytes | None
    media_type: str
    recording_id: str
    user_id: str


class _Refused(Exception):
    """The file is not available now. The message says why."""


@blueprint.task(name="workspace.fetch_multimedia", pass_context=True, retry=RetryForever())
async def fetch_multimedia(
    context: procrastinate.JobContext, organization_id: str, event_id: str, *, attempt: int = 0
) -> None:
    """Fetch once; if it fails, later again, as the schedule of webhooks says. Then the recording has failed."""
    workspace: Workspace = context.additional_context["workspace"]
    async with inside(workspace.engine, organization_id, working=True) as conn:
        row = await read_row(conn, _Event, _EVENT, {"id": event_id})
        if row is None or row.download_url is None:
            return
        expected = {"organization": organization_id, "user": row.user_id, "media_type": row.media_type}
        file = Signed(organization_id, str((await conn.execute(_EXPECT, expected)).scalar_one()))
    try:
        with tempfile.TemporaryDirectory() as folder:
            received = Path(folder, "audio")
            async with asyncio.timeout(_WHOLE.total_seconds()):
                size = await _download(workspace, workspace.box.unseal(row.download_url), received)
            length = await asyncio.to_thread(length_of, received)
            duration = None if length is None else round(length.total_seconds() * 1000)
            await store(workspace, file, received, size=size, duration=duration)
    except (_Refused, TimeoutError) as error:
        await _failed(workspace, organization_id, event_id, row, attempt, str(error) or "it took too long")
        return
    async with inside(workspace.engine, organization_id, working=True) as conn:
        await conn.execute(_TAKE, {"recording": row.recording_id, "size": size, "file": file.file_id})
        await conn.execute(_LENGTH, {"recording": row.recording_id, "duration": duration})
        await conn.execute(_FETCHED, {"id": event_id})
        if workspace.speech is not None:
            await defer_transcription(conn, organization_id, row.recording_id)


async def _download(workspace: Workspace, url: str, into: Path) -> int:
    """Write the file; its size. An address inside a network is refused, and redirects are not followed."""
    try:
        target = await resolve(url, loopback=workspace.on_loopback)
    except WorkspaceError as error:
        raise _Refused(error.message) from None
    headers, size = {"host": target.host, "user-agent": "Fieldnote-Workspace/1"}, 0
    try:
        async with (
            httpx2.AsyncClient(
                timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=certificates()
            ) as client,
            client.stream("GET", target.url, headers=headers, extensions={"sni_hostname": target.name}) as response,
        ):
            if response.status_code != 200:
                raise _Refused(f"the address answers {response.status_code}")
            with into.open("wb") as file:
                async for piece in response.aiter_bytes():
                    size += len(piece)
                    if size > LARGEST:
                        raise _Refused(f"the file is larger than {LARGEST} bytes")
                    await asyncio.to_thread(file.write, piece)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _Refused(type(error).__name__) from None
    if not size:
        raise _Refused("the file is empty")
    return size


async def _failed(
    workspace: Workspace, organization_id: str, event_id: str, row: _Event, attempt: int, failure: str
) -> None:
    async with inside(workspace.engine, organization_id, working=True) as conn:
        await conn.execute(_FAILED, {"id": event_id, "failure": failure})
        if attempt < len(workspace.retry_after):
            at = datetime.now(UTC) + workspace.retry_after[attempt]
            await defer(
                conn,
                fetch_multimedia,
                schedule_at=at,
                organization_id=organization_id,
                event_id=event_id,
                attempt=attempt + 1,
            )
        else:
            reason = f"the audio cannot be fetched: {failure}"
            await conn.execute(_GIVEN_UP, {"recording": row.recording_id, "failure": reason})
