"""The sound of recordings: where it is stored, the key that encrypts it, and when it goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.db.encryption import SecretBox
from fieldnote.errors import WorkspaceError
from fieldnote.workspace import audit
from fieldnote.workspace.audio_cipher import new_key
from fieldnote.workspace.audio_store import Signed
from fieldnote.workspace.rows import read_rows
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

log = logging.getLogger(__name__)

UPLOADED: Final = "PUT /audio/{organization}/{file}"
"""The action of an upload, in the audit."""
UNREGISTERED_FOR: Final = timedelta(hours=24)
"""After the end of its addresses, audio that no recording was made of is purged."""
_GROUP: Final = 200

# Reserve a fresh key, and take over the one that an earlier, unfinished upload reserved.
_RESERVE: Final = text("""
update audio_files f set pending_key = :key from audio_files old
 where f.id::text = :id and f.recording_id is null and old.id = f.id
returning old.pending_key
""")
# The one swap: only the upload that reserved last, and only while no recording was made of the file.
_SWAP: Final = text("""
update audio_files f
   set stored_key = :key, stored_size = :size, encrypted = :encrypted, stored_at = now(), duration_ms = :duration,
       pending_key = null
  from audio_files old
 where f.id::text = :id and f.recording_id is null and f.pending_key = :key and old.id = f.id
returning old.stored_key
""")
_DELETE: Final = text("""
delete from audio_files where recording_id = any(cast(:ids as uuid[]))
returning array_remove(array[stored_key, pending_key], null) as keys
""")
_KEYS_OF: Final = text("""
select array_remove(array[stored_key, pending_key], null) as keys
  from audio_files where recording_id = any(cast(:ids as uuid[]))
""")
_DELETE_WAITING: Final = text("""
delete from audio_files where id in (
       select id from audio_files where recording_id is null and expires_at < now() - cast(:kept as interval)
        limit :limit for update skip locked)
returning array_remove(array[stored_key, pending_key], null) as keys
""")
# Audio that the workspace itself attaches; no row where the recording has some, is deleted or purged.
_EXPECT: Final = text("""
insert into audio_files (organization_id, uploaded_by, media_type, size, expires_at)
select :organization, r.user_id, :media_type, :size, now() + interval '1 hour'
  from recordings r
 where r.id::text = :recording and r.deleted_at is null and r.root_data_purged_at is null
   and not exists (select from audio_files f where f.recording_id = r.id)
returning id::text
""")
_ATTACH: Final = text("update audio_files set recording_id = cast(:recording as uuid) where id::text = :file")
_ORGANIZATIONS: Final = text("select id::text from organizations order by id")
_KEY: Final = text("select sealed from audio_keys where organization_id::text = :organization")
_ADD_KEY: Final = text("""
insert into audio_keys (organization_id, sealed) values (:organization, :sealed) on conflict do nothing
""")
_ERASE_KEY: Final = text("delete from audio_keys where organization_id::text = :organization")


class _Keys(NamedTuple):
    keys: list[str]


async def store(
    workspace: Workspace,
    file: Signed,
    received: Path,
    *,
    size: int,
    duration: int | None,
    by: audit.SignedBy | None = None,
) -> bool:
    """Store what was uploaded under a fresh key, then swap it in. False where a recording was made meanwhile.

    Audio of a recording is never overwritten: a late upload is stored beside it, and removed.
    """
    key = file.fresh_key()
    async with inside(workspace.engine, file.organization_id) as conn:
        reserved = (await conn.execute(_RESERVE, {"id": file.file_id, "key": key})).one_or_none()
        secret = None
        if workspace.audio.encrypted:
            secret = await _make_audio_key(conn, workspace.box, file.organization_id)
    if reserved is None:
        return False
    if reserved.pending_key is not None:
        await workspace.audio.delete(reserved.pending_key)
    await workspace.audio.put(key, received, secret)
    values = {"id": file.file_id, "key": key, "size": size, "duration": duration, "encrypted": secret is not None}
    async with inside(workspace.engine, file.organization_id) as conn:
        swapped = (await conn.execute(_SWAP, values)).one_or_none()
        if swapped is not None and by is not None:
            await audit.sent(conn, by, UPLOADED, file.file_id)
    if swapped is None:
        await workspace.audio.delete(key)
        return False
    if swapped.stored_key is not None:
        await workspace.audio.delete(swapped.stored_key)
    return True


async def attach_audio(
    workspace: Workspace, organization_id: str, recording_id: str, source: Path, *, media_type: str, length: timedelta
) -> bool:
    """Give a recording the sound of a file. False where it has some already, or is deleted."""
    size = (await asyncio.to_thread(source.stat)).st_size
    values = {"organization": organization_id, "recording": recording_id, "media_type": media_type, "size": size}
    async with inside(workspace.engine, organization_id) as conn:
        file_id = (await conn.execute(_EXPECT, values)).scalar_one_or_none()
    if file_id is None:
        return False
    duration = round(length.total_seconds() * 1000)
    if not await store(workspace, Signed(organization_id, file_id), source, size=size, duration=duration):
        return False
    async with inside(workspace.engine, organization_id) as conn:
        await conn.execute(_ATTACH, {"recording": recording_id, "file": file_id})
    return True


async def audio_key(conn: AsyncConnection, box: SecretBox, organization_id: str) -> bytes | None:
    """The organization's key; None if it was erased, and with it all audio that it encrypted."""
    sealed = (await conn.execute(_KEY, {"organization": organization_id})).scalar_one_or_none()
    return None if sealed is None else bytes.fromhex(box.unseal(sealed))


async def _make_audio_key(conn: AsyncConnection, box: SecretBox, organization_id: str) -> bytes:
    """The organization's key, made at its first use."""
    key = await audio_key(conn, box, organization_id)
    if key is None:
        await conn.execute(_ADD_KEY, {"organization": organization_id, "sealed": box.seal(new_key().hex())})
        key = await audio_key(conn, box, organization_id)
    assert key is not None  # noqa: S101 - it was made above
    return key


async def erase_audio_key(engine: AsyncEngine, organization_id: str, *, by: audit.Operator = audit.PROGRAM) -> None:
    """Make all encrypted audio of an organization unreadable, in backups of the audio store too."""
    async with inside(engine, organization_id) as conn:
        if (await conn.execute(_ERASE_KEY, {"organization": organization_id})).rowcount == 0:
            raise WorkspaceError("the organization has no audio key", hint="None of its audio is encrypted.")
        await audit.commanded(conn, organization_id, by, "erase-audio-key", [organization_id])


async def delete_of_recordings(
    conn: AsyncConnection, workspace: Workspace, ids: Sequence[str], *, dry_run: bool = False
) -> int:
    """Delete the audio of recordings; how many files. A file goes before its row: a retry meets a missing file."""
    statement = _KEYS_OF if dry_run else _DELETE
    rows = await read_rows(conn, _Keys, statement, {"ids": list(ids)})
    if not dry_run:
        await _remove(workspace, rows)
    return len(rows)


async def purge_unregistered(workspace: Workspace) -> int:
    """Delete uploads that no recording was made of, of all organizations; how many."""
    async with workspace.engine.connect() as conn:
        organizations = (await conn.execute(_ORGANIZATIONS)).scalars().all()
    count = 0
    for organization_id in organizations:
        while True:
            async with inside(workspace.engine, organization_id) as conn:
                values = {"kept": UNREGISTERED_FOR, "limit": _GROUP}
                rows = await read_rows(conn, _Keys, _DELETE_WAITING, values)
                await _remove(workspace, rows)
            count += len(rows)
            if len(rows) < _GROUP:
                break
    if count:
        log.info("unregistered_audio_purged", extra={"count": count})
    return count


async def _remove(workspace: Workspace, rows: Sequence[_Keys]) -> None:
    for row in rows:
        for key in row.keys:
            await workspace.audio.delete(key)
