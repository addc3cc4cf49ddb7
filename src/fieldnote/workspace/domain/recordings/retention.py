"""How long the words of a recording are kept. After that audio, transcript and summary go; that it was, stays."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import procrastinate
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.errors import WorkspaceError
from fieldnote.workspace.audit import PROGRAM, Operator, commanded, purge_events
from fieldnote.workspace.domain.recordings.audio_files import delete_of_recordings, purge_unregistered
from fieldnote.workspace.rows import read_rows
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

log = logging.getLogger(__name__)
blueprint: Final = procrastinate.Blueprint()

_LONGEST: Final = 36_500
_GROUP: Final = 200
"""Recordings that are purged in one transaction."""
_SET: Final = text("update organizations set retention_days = :days where id = :id")
_KEEPING: Final = text(
    "select id::text, retention_days from organizations where retention_days is not null order by id"
)
# A recording that a job works on waits for the job's end. A date in the future delays nothing.
_DUE: Final = text("""
select id::text from recordings r
 where root_data_purged_at is null and not do_not_delete and least(created_at, added_at) < :before
   and (processed_at is not null or not exists (select from recording_utterances s where s.recording_id = r.id))
 order by created_at limit :limit for update skip locked
""")
_WORDS: Final = (
    text("delete from recording_utterances where recording_id = any(cast(:ids as uuid[]))"),
    text("delete from model_answers where recording_id = any(cast(:ids as uuid[]))"),
    text("delete from summaries where recording_id = any(cast(:ids as uuid[]))"),
    text("delete from comment_threads where recording_id = any(cast(:ids as uuid[]))"),
    text("delete from followups where recording_id = any(cast(:ids as uuid[]))"),
)
_PURGED: Final = text("""
update recordings
   set root_data_purged_at = clock_timestamp(), updated_at = clock_timestamp(), latitude = null, longitude = null,
       speaker_roles = '{}',
       details = details - array['notes', 'contactName', 'contactPhone', 'consentSignatureBase64']
 where id = any(cast(:ids as uuid[]))
""")


class _Keeping(NamedTuple):
    id: str
    retention_days: int


async def set_retention(
    workspace: Workspace, organization_id: str, days: int | None, *, by: Operator = PROGRAM
) -> None:
    """Purge recordings so many days after their conversation began; None: never. Raises WorkspaceError."""
    if days is not None and not 1 <= days <= _LONGEST:
        raise WorkspaceError(f"{days} days is not allowed", hint=f"Give 1 to {_LONGEST}, or off.")
    async with workspace.engine.begin() as conn:
        await conn.execute(_SET, {"id": organization_id, "days": days})
        kept = "off" if days is None else f"{days} days"
        await commanded(conn, organization_id, by, f"retention {kept}", [organization_id])


async def purge_due(workspace: Workspace, *, only: str | None = None) -> int:
    """Purge what has been kept long enough, of all organizations or of one; how many recordings."""
    async with workspace.engine.connect() as conn:
        keeping = await read_rows(conn, _Keeping, _KEEPING, {})
    count = 0
    for organization in keeping:
        if only in (None, organization.id):
            before = datetime.now(UTC) - timedelta(days=organization.retention_days)
            count += await _purge(workspace, organization.id, before)
    return count


async def _purge(workspace: Workspace, organization_id: str, before: datetime) -> int:
    count = 0
    while True:
        async with inside(workspace.engine, organization_id) as conn:
            ids = (await conn.execute(_DUE, {"before": before, "limit": _GROUP})).scalars().all()
            if ids:
                await _purge_these(conn, workspace, [str(one) for one in ids])
        if not ids:
            return count
        count += len(ids)
        log.info("recordings_purged", extra={"organization_id": organization_id, "count": len(ids)})


async def _purge_these(conn: AsyncConnection, workspace: Workspace, ids: list[str]) -> None:
    """The sound goes before the note of it does: killed in between, the next round meets a file that is gone."""
    await delete_of_recordings(conn, workspace, ids)
    for statement in _WORDS:
        await conn.execute(statement, {"ids": ids})
    await conn.execute(_PURGED, {"ids": ids})


@blueprint.periodic(cron="17 * * * *", periodic_id="")
@blueprint.task(name="workspace.purge", pass_context=True, queueing_lock="workspace.purge")
async def purge(context: procrastinate.JobContext, timestamp: int) -> None:
    """Each hour."""
    del timestamp
    workspace: Workspace = context.additional_context["workspace"]
    await purge_due(workspace)
    await purge_unregistered(workspace)
    await purge_events(workspace.engine)
