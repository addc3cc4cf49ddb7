"""The extractions of recordings, a row for each definition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.workspace.http import views
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import not_found
from fieldnote.workspace.rows import read_rows

_KNOWN: Final = "select 1 from recordings where id = %(id)s and deleted_at is null"
_EXTRACTIONS: Final = text("""
select x.id::text, x.recording_id::text, x.status, x.created_at, x.updated_at, d.id::text as definition_id,
       d.name as definition_name, d.deleted_at is not null as definition_deleted, v.items
  from extractions x
  join entity_definitions d on d.id = x.definition_id
  left join extraction_values v on v.extraction_id = x.id
 where x.recording_id = any(cast(:ids as uuid[]))
 order by d.created_at, d.id
""")


class _Extraction(NamedTuple):
    id: str
    recording_id: str
    status: str
    created_at: datetime
    updated_at: datetime
    definition_id: str
    definition_name: str
    definition_deleted: bool
    items: list[dict[str, Any]] | None


async def list_extractions(call: Call) -> dict[str, object]:
    """The extractions of a recording, a row for each definition."""
    recording_id = call.record_id("Recording", "recordingId")
    if not await call.transaction.exists(_KNOWN, {"id": recording_id}):
        raise not_found("Recording")
    return {"data": (await extractions_of(call.conn, [recording_id])).get(recording_id, []), "cursor": None}


async def extractions_of(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    """By recording."""
    found: dict[str, list[dict[str, object]]] = {}
    for row in await read_rows(conn, _Extraction, _EXTRACTIONS, {"ids": list(ids)}):
        found.setdefault(row.recording_id, []).append(_extraction(row))
    return found


def _extraction(row: _Extraction) -> dict[str, object]:
    return {
        "id": row.id,
        "recordingId": row.recording_id,
        "siroEntityDefinitionId": row.definition_id,
        "siroEntityDefinitionName": row.definition_name,
        "siroEntityDefinitionDeleted": row.definition_deleted,
        "status": row.status,
        "extraction": row.items,
        "mappings": None,
        "createdAt": views.moment(row.created_at),
        "updatedAt": views.moment(row.updated_at),
    }
