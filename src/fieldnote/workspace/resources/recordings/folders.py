"""Folders: collections of recordings, or of stretches of them.

A folder is its owner's. A public one is read by everybody in the organization, but each sees only the recordings that
they may see. Its owner and administrators change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fieldnote.siro.models import FolderCreate, FolderDelete, FolderItemAdd, FolderItemRemove, FolderUpdate
from fieldnote.workspace.http.calls import Call, id_or_nobody
from fieldnote.workspace.http.errors import failed, invalid, issue, not_found
from fieldnote.workspace.http.views import moment
from fieldnote.workspace.resources.organization.tokens import own
from fieldnote.workspace.resources.recordings.intake import user_of
from fieldnote.workspace.rows import Id

# Row policies leave out folders that are neither the caller's nor public, and items of recordings they do not see.
_FOLDERS: Final = """
select f.id::text, f.organization_id::text, f.user_id::text, f.title, f.description, f.is_public, f.created_at,
       f.updated_at, coalesce(u.member_team_id::text, '') as team_id
  from folders f join users u on u.id = f.user_id
"""
_ALL: Final = _FOLDERS + " order by f.created_at, f.id"
_ONE: Final = _FOLDERS + " where f.id = %(id)s"
_ITEMS: Final = """
select i.id::text, i.folder_id::text, i.recording_id::text, i.start_ms, i.end_ms, i.created_at
  from folder_items i join recordings r on r.id = i.recording_id and r.deleted_at is null
 where i.folder_id = any(%(folders)s::uuid[])
 order by i.created_at, i.id
"""
_CREATE: Final = """
insert into folders (organization_id, user_id, title, description)
values (%(organization)s, %(user)s, %(title)s, %(description)s) returning id::text
"""
_PUBLISH: Final = "update folders set is_public = %(public)s, updated_at = now() where id = %(id)s"
_DELETE: Final = "delete from folders where id = %(id)s"
_KNOWN: Final = "select 1 from recordings where id = %(id)s and deleted_at is null"
_ADD: Final = """
insert into folder_items (organization_id, folder_id, recording_id, start_ms, end_ms)
values (%(organization)s, %(folder)s, %(recording)s, %(start)s, %(end)s) returning id::text
"""
_REMOVE: Final = "delete from folder_items where id = %(id)s and folder_id = %(folder)s returning id::text"
_STAMP: Final = "update folders set updated_at = now() where id = %(folder)s"


@dataclass(frozen=True, slots=True)
class _Folder:
    id: str
    organization_id: str
    user_id: str
    title: str
    description: str | None
    is_public: bool
    created_at: datetime
    updated_at: datetime
    team_id: str


@dataclass(frozen=True, slots=True)
class _Item:
    id: str
    folder_id: str
    recording_id: str
    start_ms: float | None
    end_ms: float | None
    created_at: datetime


async def list_folders(call: Call) -> dict[str, object]:
    """The caller's folders and the public ones, the earliest first, with their items."""
    _check_organization(call, call.text("organizationId"))
    rows = await call.transaction.read(_Folder, _ALL, {})
    return {"data": {"folders": [_folder(row) for row in rows], "folderItems": await _items(call, rows)}}


async def create_folder(call: Call) -> dict[str, object]:
    """Make a folder. It is the caller's own until it is published."""
    wanted = call.read(FolderCreate)
    _check_organization(call, wanted.organization_id)
    values = {
        "organization": call.organization_id,
        "user": user_of(call),
        "title": wanted.title,
        "description": wanted.description,
    }
    [made] = await call.transaction.read(Id, _CREATE, values)
    return {"data": {"id": made.id}}


async def update_folder(call: Call) -> dict[str, object]:
    """Publish a folder, or make it private again."""
    wanted = call.read(FolderUpdate)
    _check_organization(call, wanted.organization_id)
    folder = await _own_folder(call, call.record_id("Folder"))
    await call.transaction.driver.execute(_PUBLISH, {"id": folder.id, "public": wanted.is_public})
    return {"data": {"success": True}}


async def delete_folder(call: Call) -> dict[str, object]:
    """Delete a folder. The recordings stay."""
    wanted = call.read(FolderDelete)
    _check_organization(call, wanted.organization_id)
    folder = await _own_folder(call, id_or_nobody(wanted.folder_id))
    await call.transaction.driver.execute(_DELETE, {"id": folder.id})
    return {"data": {"success": True}}


async def get_folder(call: Call) -> dict[str, object]:
    """One folder with its items."""
    _check_organization(call, call.text("organizationId"))
    folder = await _find(call, call.record_id("Folder"))
    return {"data": {"folder": _folder(folder), "folderItems": await _items(call, [folder])}}


async def add_item(call: Call) -> dict[str, object]:
    """Put a recording, or a stretch of it, into a folder."""
    wanted = call.read(FolderItemAdd)
    _check_organization(call, wanted.organization_id)
    folder = await _own_folder(call, call.record_id("Folder"))
    recording = id_or_nobody(wanted.recording_id)
    if not await call.transaction.exists(_KNOWN, {"id": recording}):
        raise not_found("Recording")
    start, end = wanted.start_time_in_milliseconds, wanted.end_time_in_milliseconds
    if (start or 0) < 0 or (end is not None and end < (start or 0)):
        raise invalid([issue("custom", ["endTimeInMilliseconds"], "The stretch ends before it begins")])
    values = {
        "organization": call.organization_id,
        "folder": folder.id,
        "recording": recording,
        "start": None if start is None else float(start),
        "end": None if end is None else float(end),
    }
    [made] = await call.transaction.read(Id, _ADD, values)
    await call.transaction.driver.execute(_STAMP, values)
    return {"data": {"id": made.id}}


async def remove_item(call: Call) -> dict[str, object]:
    """Take an item out of a folder."""
    wanted = call.read(FolderItemRemove)
    _check_organization(call, wanted.organization_id)
    folder = await _own_folder(call, call.record_id("Folder"))
    values = {"id": id_or_nobody(wanted.folder_item_id), "folder": folder.id}
    if not await call.transaction.exists(_REMOVE, values):
        raise not_found("Folder item")
    await call.transaction.driver.execute(_STAMP, values)
    return {"data": {"success": True}}


def _check_organization(call: Call, organization_id: str | None) -> None:
    if organization_id is not None:
        own(call, organization_id)


async def _find(call: Call, folder_id: str) -> _Folder:
    rows = await call.transaction.read(_Folder, _ONE, {"id": folder_id})
    if not rows:
        raise not_found("Folder")
    return rows[0]


async def _own_folder(call: Call, folder_id: str) -> _Folder:
    """A folder that the caller may change. Raises ApiError."""
    folder = await _find(call, folder_id)
    if folder.user_id != user_of(call) and call.caller.role != "admin":
        raise failed(403, "The folder is another user's")
    return folder


async def _items(call: Call, folders: list[_Folder]) -> list[dict[str, object]]:
    return [_item(row) for row in await call.transaction.read(_Item, _ITEMS, {"folders": [one.id for one in folders]})]


def _folder(row: _Folder) -> dict[str, object]:
    return {
        "id": row.id,
        "organizationId": row.organization_id,
        "userId": row.user_id,
        "teamId": row.team_id,
        "title": row.title,
        "description": row.description,
        "isPublic": row.is_public,
        "dateCreated": moment(row.created_at),
        "lastUpdated": moment(row.updated_at),
    }


def _item(row: _Item) -> dict[str, object]:
    return {
        "id": row.id,
        "folderId": row.folder_id,
        "recordingId": row.recording_id,
        "startTimeInMilliseconds": row.start_ms,
        "endTimeInMilliseconds": row.end_ms,
        "dateCreated": moment(row.created_at),
    }
