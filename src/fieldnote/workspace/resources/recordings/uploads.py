"""Recordings that come as a file of audio, and where to listen to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import text

from fieldnote.matching.people import email_key
from fieldnote.phones import phone_key
from fieldnote.siro.models import LinkTrigger, UploadRegister, UploadUrlsCreate
from fieldnote.workspace.audio_store import LARGEST, SIGNED_FOR, Signed, Signer, media_type_of, named_in
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.matching.choices import choose_all
from fieldnote.workspace.domain.recordings.muting import why_not_played
from fieldnote.workspace.domain.recordings.recordings import NewRecording
from fieldnote.workspace.domain.recordings.transcription import defer_transcription
from fieldnote.workspace.http import views
from fieldnote.workspace.http.calls import Call, public_url
from fieldnote.workspace.http.errors import invalid, issue, not_found, too_big
from fieldnote.workspace.resources.recordings.audio import upload_headers
from fieldnote.workspace.resources.recordings.intake import (
    began,
    insert_recording,
    may_act_for,
    named_records,
    read_exactly,
    user_of,
)
from fieldnote.workspace.resources.recordings.user_recordings import find
from fieldnote.workspace.rows import Id, read_rows

"""Digits; an extension fits too many."""

_EXPECT_FILE: Final = text("""
insert into audio_files (organization_id, uploaded_by, media_type, size, expires_at)
values (:organization, :user, :media_type, :size, :expires) returning id::text
""")
_FILE: Final = text("""
select stored_at, recording_id::text, duration_ms from audio_files
 where id::text = :id and uploaded_by::text = :user for update
""")
_TAKE_FILE: Final = text("update audio_files set recording_id = :recording where id::text = :id")
_AUDIO: Final = text("""
select f.id::text, f.media_type, coalesce(s.redacted, '[]') as redacted, f.muted
  from audio_files f left join recording_utterances s on s.recording_id = f.recording_id
 where f.recording_id = :id and f.stored_at is not null limit 1
""")
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


class _File(NamedTuple):
    stored_at: datetime | None
    recording_id: str | None
    duration_ms: int | None


class _Audio(NamedTuple):
    id: str
    media_type: str
    redacted: list[list[float]]
    muted: list[list[float]] | None


class _User(NamedTuple):
    id: str
    email: str


async def create_upload_urls(call: Call) -> dict[str, object]:
    """Where a file of audio may be sent, and by which name it is registered then."""
    wanted = read_exactly(call, UploadUrlsCreate)
    media_type = media_type_of(wanted.file_type)
    if media_type is None:
        raise invalid(
            [issue("custom", ["fileType"], "Is not the media type of MP3, AAC or WAV audio. Send mp3, aac or wav.")]
        )
    if wanted.file_size > LARGEST:
        raise invalid([too_big(["fileSize"], LARGEST)])
    expires = datetime.now(UTC) + SIGNED_FOR
    values = {
        "organization": call.organization_id,
        "user": call.caller.user_id,
        "media_type": media_type,
        "size": wanted.file_size,
        "expires": expires,
    }
    file = Signed(call.organization_id, (await call.conn.execute(_EXPECT_FILE, values)).scalar_one())
    signer, base, user = _signer(call), _base_url(call), user_of(call)
    data = {
        "uploadUrl": signer.address(base, file, "PUT", expires, user=user),
        "uploadHeaders": upload_headers(media_type, wanted.file_size),
        "downloadUrl": signer.address(base, file, "GET", expires, user=user),
        "expiresAt": views.moment(expires),
    }
    return {"data": data}


async def register_upload(call: Call) -> dict[str, object]:
    """Make a recording of a file that was sent. Of one that has become a recording it is that one."""
    wanted = read_exactly(call, UploadRegister)
    file = _own_file(call, wanted)
    found = await read_rows(call.conn, _File, _FILE, {"id": file.file_id, "user": call.caller.user_id})
    row = next(iter(found), None)
    if row is None or row.stored_at is None:
        raise invalid([issue("custom", ["fileUrl"], "No file was sent to the address that it was given with")])
    if row.recording_id is not None:
        return {"data": {"recordingId": row.recording_id}}
    if wanted.organization_id not in (None, call.organization_id):
        raise not_found("Organization")
    user = await _user(call, wanted)
    records = await named_records(call, wanted.crm_objects or (), wanted.integration_connection_id)
    recording_id = await insert_recording(call, user.id, _of_upload(wanted, user.email, row.duration_ms))
    await call.conn.execute(_TAKE_FILE, {"recording": recording_id, "id": file.file_id})
    if call.request.app.state.workspace.speech is not None:
        await defer_transcription(call.conn, call.organization_id, recording_id)
    trigger = LinkTrigger.AUDIO_UPLOAD_DEEPLINK
    if not records and wanted.contact_phone and (contact := await _contact(call, wanted.contact_phone)):
        records, trigger = {"contact": contact}, LinkTrigger.CONTACT_MATCH_AUDIO_UPLOAD
    if records:
        await choose_all(call.conn, call.organization_id, recording_id, records, trigger.value, by=user_of(call))
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
    given = wanted.wire()
    kept = ("conversationType", "result", "discoverable", "contactName", "contactPhone")
    return NewRecording(
        user_email=email,
        utterances=None,
        started_at=began(wanted.date_created or datetime.now(UTC)),
        duration=None if duration_ms is None else timedelta(milliseconds=duration_ms),
        title=wanted.title,
        uploaded=True,
        details={name: given[name] for name in kept if name in given},
    )


async def _user(call: Call, wanted: UploadRegister) -> _User:
    """The recording's user: the caller, where nobody is named. A rep uploads their own."""
    email = wanted.user_email and email_key(wanted.user_email)
    named = {"id": wanted.user_id, "email": email, "phone": _digits(wanted.user_phone)}
    if not any(named.values()):
        named["id"] = user_of(call)
    found = await read_rows(call.conn, _User, _USERS, named)
    if len(found) != 1:
        raise not_found("User")
    may_act_for(call, found[0].id)
    return found[0]


def _digits(phone: str | None) -> str | None:
    """The digits of a number that are compared; a word that no number has for one that is too short."""
    if not phone:
        return None
    return phone_key(phone) or "none"


async def _contact(call: Call, phone: str) -> str | None:
    """The one contact with this number; of two neither."""
    rows = await read_rows(call.conn, Id, _BY_PHONE, {"phone": _digits(phone)})
    return rows[0].id if len(rows) == 1 else None


async def audio_url(call: Call) -> dict[str, object]:
    """Where a recording can be listened to."""
    row = await find(call)
    audio = next(iter(await read_rows(call.conn, _Audio, _AUDIO, {"id": row.id})), None)
    if audio is None:
        return {"data": {"error": True, "errorMessage": "The recording has no audio"}}
    if (why := why_not_played(audio.redacted, audio.muted, audio.media_type)) is not None:
        return {"data": {"error": True, "errorMessage": why}}
    expires = datetime.now(UTC) + SIGNED_FOR
    file = Signed(call.organization_id, audio.id)
    private = row.details.get("isPrivate") is True
    url = _signer(call).address(_base_url(call), file, "GET", expires, user=user_of(call), private=private)
    return {"data": {"error": False, "url": url, "expiration": int(expires.timestamp() * 1000)}}


def _signer(call: Call) -> Signer:
    workspace: Workspace = call.request.app.state.workspace
    return Signer(workspace.box)


def _base_url(call: Call) -> str:
    return public_url(call.request)
