"""A recorder says that it has begun, and how it goes on."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text

from fieldnote.siro.models import LinkTrigger, RecordingCreate, RecordingUpdate, TranscriptionStatus
from fieldnote.workspace.domain.matching.choices import choose_all
from fieldnote.workspace.domain.matching.linking import hold_links, link_around, release_links
from fieldnote.workspace.domain.recordings.recordings import NewRecording
from fieldnote.workspace.http import views
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, invalid, issue, not_found
from fieldnote.workspace.resources.recordings.intake import (
    began,
    email_of_caller,
    insert_recording,
    named_records,
    read_exactly,
    user_of,
)
from fieldnote.workspace.rows import read_row, read_rows

_STAGES: Final = {
    TranscriptionStatus.RECORDING: ("recording", "in-progress"),
    TranscriptionStatus.UPLOADING: ("uploading", "in-progress"),
    TranscriptionStatus.ERROR: ("processing", "error"),
    TranscriptionStatus.UNRECOVERABLE_ERROR: ("processing", "error"),
}
_SIGNATURE: Final = "consentSignatureBase64"
_OWNERS_WORD: Final = frozenset({
    "isPrivate", "doNotDelete", "repConsentAttested", "customerConsentAttested", _SIGNATURE,
})  # fmt: skip
"""Facts that only the owner and administrators change."""
_OWNERS_FACTS: Final = frozenset({"dateCreated", "transcriptionStatus"})
"""Its time, which retention counts from, and how the recorder goes on: the owner's and administrators' too."""
_OWN_COLUMNS: Final = frozenset({"id", "title", "dateCreated", "transcriptionStatus", "doNotDelete"})
_RECORDING: Final = text("""
select r.id::text, r.organization_id::text, r.user_id::text, r.title, r.duration_ms, r.created_at, r.updated_at,
       r.deleted_at, r.stage, r.status, r.transcription_status, r.do_not_delete, r.details, r.root_data_purged_at,
       r.processed_at
  from recordings r where r.id = :id
   for update
""")
_UPDATE: Final = text("""
update recordings
   set title = :title, created_at = :created_at, do_not_delete = :do_not_delete, details = details || :details,
       transcription_status = :transcription_status, stage = :stage, status = :status, updated_at = clock_timestamp()
 where id = :id
""")


class _Recording(NamedTuple):
    id: str
    organization_id: str
    user_id: str
    title: str
    duration_ms: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    stage: str
    status: str
    transcription_status: str
    do_not_delete: bool
    details: dict[str, Any]
    root_data_purged_at: datetime | None
    processed_at: datetime | None


async def create_recording(call: Call) -> None:
    """A recorder has begun. The same id again changes nothing; that of a deleted recording is not found."""
    wanted = read_exactly(call, RecordingCreate)
    recording_id = _uuid(wanted.id)
    known = await read_row(call.conn, _Recording, _RECORDING, {"id": recording_id})
    if known is not None:
        if known.deleted_at is not None:
            raise not_found("Recording")
        return
    records = await named_records(call, wanted.crm_objects or (), wanted.integration_connection_id)
    given = wanted.wire()
    kept = given.keys() - {"id", "dateCreated", "title", "engagementId", "opportunityId", "crmObjects"}
    new = NewRecording(
        id=recording_id,
        user_email=await email_of_caller(call),
        utterances=None,
        started_at=began(wanted.date_created),
        title=wanted.title,
        appointment_id=await _external_id(call, "engagements", wanted.engagement_id),
        opportunity_id=await _external_id(call, "opportunities", wanted.opportunity_id),
        details={name: given[name] for name in sorted(kept)},
    )
    await insert_recording(call, user_of(call), new)
    if records:
        trigger = LinkTrigger.CRM_DEEPLINK.value
        await choose_all(call.conn, call.organization_id, recording_id, records, trigger, by=user_of(call))


async def _external_id(call: Call, table: str, named: str | None) -> str | None:
    """The CRM's id of a record that is named by it, or by the workspace's id."""
    if not named:
        return None
    statement = text(f"select external_id from {table} where id::text = :named")  # noqa: S608 - our own table
    found = (await call.conn.execute(statement, {"named": named})).scalar_one_or_none()
    return named if found is None else str(found)


async def update_recording(call: Call) -> dict[str, object]:
    """Change a recording, as a recorder or a person."""
    wanted = read_exactly(call, RecordingUpdate)
    recording_id = _uuid(wanted.id)
    await hold_links(call.conn, recording_id)
    row = await read_row(call.conn, _Recording, _RECORDING, {"id": recording_id})
    if row is None or row.deleted_at is not None:
        raise not_found("Recording")
    given = wanted.wire()
    if not ((_OWNERS_WORD | _OWNERS_FACTS).isdisjoint(given) or _is_owner(call, row)):
        raise failed(403, "Only the owner or an administrator changes time, status, privacy, consent and doNotDelete")
    moment = row.created_at if wanted.date_created is None else began(wanted.date_created)
    status, stage = _way(row, wanted.transcription_status)
    values = {
        "id": row.id,
        "title": row.title if wanted.title is None else wanted.title,
        "created_at": moment,
        "do_not_delete": row.do_not_delete if wanted.do_not_delete is None else wanted.do_not_delete,
        "details": json.dumps({name: given[name] for name in given if name not in _OWN_COLUMNS}),
        "transcription_status": status,
        "stage": stage[0],
        "status": stage[1],
    }
    await call.conn.execute(_UPDATE, values)
    if moment != row.created_at:
        await release_links(call.conn, recording=row.id)
    await link_around(call.conn, call.organization_id, row.user_id, {row.created_at, moment})
    [changed] = await read_rows(call.conn, _Recording, _RECORDING, {"id": row.id})
    view = _view(changed)
    if not _is_owner(call, row):
        view.pop(_SIGNATURE, None)
    return {"data": view}


def _is_owner(call: Call, row: _Recording) -> bool:
    return call.caller.role == "admin" or row.user_id == user_of(call)


def _way(row: _Recording, said: TranscriptionStatus | str | None) -> tuple[str, tuple[str, str]]:
    """The recorder's status counts until the recording has been processed."""
    if said is None or row.processed_at is not None:
        return row.transcription_status, (row.stage, row.status)
    status = TranscriptionStatus(said)
    return status.value, _STAGES.get(status, ("processing", "in-progress"))


def _view(row: _Recording) -> dict[str, object]:
    return dict(row.details) | {
        "id": row.id,
        "organizationId": row.organization_id,
        "userId": row.user_id,
        "title": row.title,
        "dateCreated": views.moment(row.created_at),
        "durationInMilliseconds": row.duration_ms,
        "deleted": row.deleted_at is not None,
        "doNotDelete": row.do_not_delete,
        "processingStage": row.stage,
        "processingStatus": row.status,
        "transcriptionStatus": row.transcription_status,
    }


def _uuid(value: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", value):
        raise invalid([issue("invalid_string", ["id"], "Invalid uuid")])
    return str(UUID(value))
