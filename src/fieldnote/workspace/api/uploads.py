"""How recordings come by the user token: as a file, or from a recorder that says that it has begun."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlalchemy import text

from fieldnote.matching.people import email_key
from fieldnote.siro.models import (
    CrmObject,
    CrmObjectType,
    LinkTrigger,
    RecordingCreate,
    RecordingUpdate,
    RequestModel,
    TranscriptionStatus,
    UploadRegister,
    UploadUrlsCreate,
)
from fieldnote.workspace.api import views
from fieldnote.workspace.api.audio import upload_headers
from fieldnote.workspace.api.calls import Call
from fieldnote.workspace.api.errors import failed, invalid, issue, not_found
from fieldnote.workspace.audio import LARGEST, MEDIA_TYPES, SIGNED_FOR, Signed, Signer, named_in
from fieldnote.workspace.choices import choose_all
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.linking import link_around
from fieldnote.workspace.recordings import EARLIEST, LATEST, NewRecording, insert_recordings

M = TypeVar("M", bound=RequestModel)

_TABLES: Final = {
    CrmObjectType.OPPORTUNITY: ("opportunities", "opportunity"),
    CrmObjectType.ACCOUNT: ("accounts", "account"),
    CrmObjectType.CONTACT: ("contacts", "contact"),
    CrmObjectType.LEAD: ("leads", "lead"),
    CrmObjectType.ENGAGEMENT: ("engagements", "engagement"),
    CrmObjectType.EVENT: ("engagements", "engagement"),
    CrmObjectType.SERVICE_APPOINTMENT: ("engagements", "engagement"),
}
_STAGES: Final = {
    TranscriptionStatus.RECORDING: ("recording", "in-progress"),
    TranscriptionStatus.UPLOADING: ("uploading", "in-progress"),
    TranscriptionStatus.ERROR: ("processing", "error"),
    TranscriptionStatus.UNRECOVERABLE_ERROR: ("processing", "error"),
}
_OWN_COLUMNS: Final = frozenset({"id", "title", "dateCreated", "transcriptionStatus", "doNotDelete"})
_SHORTEST_PHONE: Final = 7
"""Digits; an extension fits too many."""

_EXPECT_FILE: Final = text("""
insert into audio_files (organization_id, uploaded_by, media_type, size, expires_at)
values (:organization, :user, :media_type, :size, :expires) returning id::text
""")
_FILE: Final = text("""
select stored_at, recording_id::text, duration_ms from audio_files where id::text = :id for update
""")
_TAKE_FILE: Final = text("update audio_files set recording_id = :recording where id::text = :id")
_AUDIO: Final = text("select id::text from audio_files where recording_id = :id and stored_at is not null limit 1")
_CALLER: Final = text("select email, role from users where id = :id")
_USERS: Final = text("""
select id::text, email from users
 where (cast(:id as text) is null or id::text = :id)
   and (cast(:email as text) is null or email_key = :email)
   and (cast(:phone as text) is null or right(regexp_replace(phone_number, '[^0-9]', '', 'g'), 10) = :phone)
 limit 2
""")
_BY_PHONE: Final = text("""
select distinct coalesce(c.merged_to_id, c.id)::text as id
  from contacts c
 cross join jsonb_array_elements_text(
       case jsonb_typeof(c.fields -> 'phoneNumbers') when 'array' then c.fields -> 'phoneNumbers' else '[]' end) number
 where c.deleted_at is null and right(regexp_replace(number, '[^0-9]', '', 'g'), 10) = :phone
 limit 2
""")
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


async def create_upload_urls(call: Call) -> dict[str, Any]:
    """Where a file of audio may be sent, and by which name it is registered then."""
    wanted = _read(call, UploadUrlsCreate)
    media_type = wanted.file_type.strip()
    if media_type.casefold() not in MEDIA_TYPES:
        raise invalid([issue("custom", ["fileType"], "Is not the media type of MP3, AAC or WAV audio")])
    if wanted.file_size > LARGEST:
        raise invalid([issue("too_big", ["fileSize"], f"Number must be less than or equal to {LARGEST}")])
    expires = datetime.now(UTC) + SIGNED_FOR
    values = {
        "organization": call.organization_id,
        "user": call.caller.user_id,
        "media_type": media_type,
        "size": wanted.file_size,
        "expires": expires,
    }
    file = Signed(call.organization_id, (await call.conn.execute(_EXPECT_FILE, values)).scalar_one())
    signer, base = _signer(call), _base_url(call)
    data = {
        "uploadUrl": signer.address(base, file, "PUT", expires),
        "uploadHeaders": upload_headers(media_type, wanted.file_size),
        "downloadUrl": signer.address(base, file, "GET", expires),
        "expiresAt": views.moment(expires),
    }
    return {"data": data}


async def register_upload(call: Call) -> dict[str, Any]:
    """Make a recording of a file that was sent. Of one that has become a recording it is that one."""
    wanted = _read(call, UploadRegister)
    file = _own_file(call, wanted)
    row: Any = (await call.conn.execute(_FILE, {"id": file.file_id})).one_or_none()
    if row is None or row.stored_at is None:
        raise invalid([issue("custom", ["fileUrl"], "No file was sent to the address that it was given with")])
    if row.recording_id is not None:
        return {"data": {"recordingId": row.recording_id}}
    if wanted.organization_id not in (None, call.organization_id):
        raise not_found("Organization")
    user = await _user(call, wanted)
    records = await _named_records(call, wanted.crm_objects or (), wanted.integration_connection_id)
    recording_id = await _insert(call, user.id, _of_upload(wanted, user.email, row.duration_ms))
    await call.conn.execute(_TAKE_FILE, {"recording": recording_id, "id": file.file_id})
    trigger = LinkTrigger.AUDIO_UPLOAD_DEEPLINK
    if not records and wanted.contact_phone and (contact := await _contact(call, wanted.contact_phone)):
        records, trigger = {"contact": contact}, LinkTrigger.CONTACT_MATCH_AUDIO_UPLOAD
    if records:
        await choose_all(call.conn, call.organization_id, recording_id, records, trigger.value, by=_by(call))
    return {"data": {"recordingId": recording_id}}


def _own_file(call: Call, wanted: UploadRegister) -> Signed:
    """The file that was given this address. The address itself may have expired since."""
    file = named_in(str(wanted.file_url))
    query = {name: values[0] for name, values in parse_qs(urlsplit(str(wanted.file_url)).query).items()}
    if file is None or file.organization_id != call.organization_id:
        raise invalid([issue("custom", ["fileUrl"], "Is not a downloadUrl that was given for an upload")])
    if not _signer(call).allows(file, "GET", query, ever=True):
        raise invalid([issue("custom", ["fileUrl"], "Is not a downloadUrl that was given for an upload")])
    return file


def _of_upload(wanted: UploadRegister, email: str, duration_ms: int | None) -> NewRecording:
    told = wanted.wire()
    kept = ("conversationType", "result", "discoverable", "contactName", "contactPhone")
    return NewRecording(
        user_email=email,
        utterances=None,
        started_at=_started(wanted.date_created or datetime.now(UTC)),
        duration=None if duration_ms is None else timedelta(milliseconds=duration_ms),
        title=wanted.title,
        uploaded=True,
        details={name: told[name] for name in kept if name in told},
    )


async def _user(call: Call, wanted: UploadRegister) -> Any:
    """Whose recording it is: the caller's, where nobody is named. A rep uploads their own."""
    email = wanted.user_email and email_key(wanted.user_email)
    named = {"id": wanted.user_id, "email": email, "phone": _digits(wanted.user_phone)}
    if not any(named.values()):
        named["id"] = _by(call)
    found: Sequence[Any] = (await call.conn.execute(_USERS, named)).all()
    if len(found) != 1:
        raise not_found("User")
    await _may_act_for(call, found[0].id)
    return found[0]


def _digits(phone: str | None) -> str | None:
    """What is compared of a number: the last ten digits, as the country's code may be left out."""
    if not phone:
        return None
    digits = re.sub(r"[^0-9]", "", phone)
    return digits[-10:] if len(digits) >= _SHORTEST_PHONE else "none"


async def _may_act_for(call: Call, user_id: str) -> None:
    caller: Any = (await call.conn.execute(_CALLER, {"id": _by(call)})).one()
    if caller.role == "rep" and user_id != _by(call):
        raise failed(403, "The recording is another user's")


async def _named_records(call: Call, objects: Sequence[CrmObject], connection: str | None) -> dict[str, str]:
    """The CRM records by kind; each must have been synced before. The CRM's id is meant, else the workspace's."""
    found: dict[str, str] = {}
    for position, one in enumerate(objects):
        table, kind = _TABLES[CrmObjectType(one.object_type)]
        statement = f"""select id::text from {table}
 where deleted_at is null and (external_id = :named or id::text = :named)
   and (cast(:connection as text) is null or connection_id::text = :connection)
 order by external_id = :named desc, created_at limit 1"""  # noqa: S608 - a table of ours
        values = {"named": one.object_id, "connection": connection}
        record = (await call.conn.execute(text(statement), values)).scalar_one_or_none()
        if record is None:
            raise invalid([issue("custom", ["crmObjects", position, "objectId"], f"{one.object_type} not found")])
        found.setdefault(kind, str(record))
    return found


async def _contact(call: Call, phone: str) -> str | None:
    """The one contact with this number; of two neither."""
    rows: Sequence[Any] = (await call.conn.execute(_BY_PHONE, {"phone": _digits(phone)})).all()
    return str(rows[0].id) if len(rows) == 1 else None


async def _insert(call: Call, user_id: str, new: NewRecording) -> str:
    [recording_id] = await insert_recordings(call.conn, call.organization_id, [(user_id, new)])
    if recording_id is None:
        raise invalid([issue("custom", ["id"], "Is another recording's")])
    return recording_id


# --- from a recorder ------------------------------------------------------------------------------------


async def create_recording(call: Call) -> None:
    """A recorder has begun. The same id again changes nothing."""
    wanted = _read(call, RecordingCreate)
    recording_id = _uuid(wanted.id)
    known: Any = (await call.conn.execute(_RECORDING, {"id": recording_id})).one_or_none()
    if known is not None:
        await _may_act_for(call, known.user_id)
        return
    records = await _named_records(call, wanted.crm_objects or (), wanted.integration_connection_id)
    caller: Any = (await call.conn.execute(_CALLER, {"id": _by(call)})).one()
    told = wanted.wire()
    kept = told.keys() - {"id", "dateCreated", "title", "engagementId", "opportunityId", "crmObjects"}
    new = NewRecording(
        id=recording_id,
        user_email=caller.email,
        utterances=None,
        started_at=_started(wanted.date_created),
        title=wanted.title,
        appointment_id=await _external_id(call, "engagements", wanted.engagement_id),
        opportunity_id=await _external_id(call, "opportunities", wanted.opportunity_id),
        details={name: told[name] for name in sorted(kept)},
    )
    await _insert(call, _by(call), new)
    if records:
        trigger = LinkTrigger.CRM_DEEPLINK.value
        await choose_all(call.conn, call.organization_id, recording_id, records, trigger, by=_by(call))


async def _external_id(call: Call, table: str, named: str | None) -> str | None:
    """The CRM's id of a record that is named by it, or by the workspace's id."""
    if not named:
        return None
    statement = text(f"select external_id from {table} where id::text = :named")  # noqa: S608 - a table of ours
    found = (await call.conn.execute(statement, {"named": named})).scalar_one_or_none()
    return named if found is None else str(found)


async def update_recording(call: Call) -> dict[str, Any]:
    """What a recorder or a person says of a recording."""
    wanted = _read(call, RecordingUpdate)
    row: Any = (await call.conn.execute(_RECORDING, {"id": _uuid(wanted.id)})).one_or_none()
    if row is None or row.deleted_at is not None:
        raise not_found("Recording")
    await _may_act_for(call, row.user_id)
    told = wanted.wire()
    moment = row.created_at if wanted.date_created is None else _started(wanted.date_created)
    status, stage = _way(row, wanted.transcription_status)
    values = {
        "id": row.id,
        "title": row.title if wanted.title is None else wanted.title,
        "created_at": moment,
        "do_not_delete": row.do_not_delete if wanted.do_not_delete is None else wanted.do_not_delete,
        "details": json.dumps({name: told[name] for name in told if name not in _OWN_COLUMNS}),
        "transcription_status": status,
        "stage": stage[0],
        "status": stage[1],
    }
    await call.conn.execute(_UPDATE, values)
    await link_around(call.conn, call.organization_id, row.user_id, {row.created_at, moment})
    return {"data": _view((await call.conn.execute(_RECORDING, {"id": row.id})).one())}


def _way(row: Any, said: TranscriptionStatus | str | None) -> tuple[str, tuple[str, str]]:
    """What the recorder says counts until the recording has been worked on."""
    if said is None or row.processed_at is not None:
        return row.transcription_status, (row.stage, row.status)
    status = TranscriptionStatus(said)
    return status.value, _STAGES.get(status, ("processing", "in-progress"))


def _view(row: Any) -> dict[str, Any]:
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


async def audio_url(call: Call) -> dict[str, Any]:
    """Where a recording can be listened to."""
    recording_id = call.record_id("Recording")
    row: Any = (await call.conn.execute(_RECORDING, {"id": recording_id})).one_or_none()
    if row is None:
        raise not_found("Recording")
    file_id = (await call.conn.execute(_AUDIO, {"id": recording_id})).scalar_one_or_none()
    if file_id is None:
        return {"data": {"error": True, "errorMessage": "The recording has no audio"}}
    expires = datetime.now(UTC) + SIGNED_FOR
    url = _signer(call).address(_base_url(call), Signed(call.organization_id, file_id), "GET", expires)
    return {"data": {"error": False, "url": url, "expiration": int(expires.timestamp() * 1000)}}


# --- what they share ------------------------------------------------------------------------------------


def _read(call: Call, model: type[M]) -> M:
    """The body; these are the ones to which the contract lets nothing be added. Raises ApiError."""
    wanted = call.read(model)
    known = {field.alias or name for name, field in model.model_fields.items()}
    if unknown := sorted(json.loads(call.body).keys() - known):
        names = ", ".join(f"'{name}'" for name in unknown)
        raise invalid([issue("unrecognized_keys", [], f"Unrecognized key(s) in object: {names}")])
    return wanted


def _uuid(value: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", value):
        raise invalid([issue("invalid_string", ["id"], "Invalid uuid")])
    return str(UUID(value))


def _started(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise invalid([issue("invalid_date", ["dateCreated"], "Invalid date")])
    return moment


def _by(call: Call) -> str:
    if call.caller.user_id is None:
        raise failed(401, "The token belongs to no user")
    return call.caller.user_id


def _signer(call: Call) -> Signer:
    workspace: Workspace = call.request.app.state.workspace
    return Signer(workspace.box)


def _base_url(call: Call) -> str:
    return str(call.request.base_url).rstrip("/")
