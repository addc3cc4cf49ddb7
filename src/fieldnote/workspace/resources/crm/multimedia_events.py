"""Recordings that another system made, which the workspace fetches. Each becomes a recording of its rep."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from psycopg.types.json import Jsonb

from fieldnote.errors import WorkspaceError
from fieldnote.jobs import defer
from fieldnote.matching.people import email_key
from fieldnote.siro.models import MultimediaEventSync
from fieldnote.workspace.audio_store import media_type_of
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.recordings.multimedia import fetch_multimedia
from fieldnote.workspace.domain.recordings.recordings import NewRecording
from fieldnote.workspace.domain.webhooks.addresses import checked
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import ApiError, Path, invalid, issue
from fieldnote.workspace.resources.organization.tokens import own
from fieldnote.workspace.resources.recordings.intake import began, insert_recording

# The CRM's rep by their id, else the user of the email.
_USER: Final = """
select u.id::text, u.email from users u
 where u.id = (select c.user_id from crm_users c where c.external_id = %(external)s and c.user_id is not null
                order by c.created_at, c.id limit 1)
    or u.email_key = %(email)s
 order by u.email_key = %(email)s limit 1
"""
_KEEP: Final = """
insert into multimedia_events (organization_id, external_id, fields, download_url)
values (%(organization)s, %(key)s, %(fields)s, %(url)s)
    on conflict (organization_id, external_id) do update
   set fields = excluded.fields, download_url = excluded.download_url, updated_at = now()
returning id::text, recording_id::text
"""
_MADE: Final = "update multimedia_events set recording_id = %(recording)s where id = %(id)s"


@dataclass(frozen=True, slots=True)
class _User:
    id: str
    email: str


@dataclass(frozen=True, slots=True)
class _Event:
    id: str
    recording_id: str | None


async def put_event(call: Call) -> dict[str, None]:
    """Take one. The same external id again is the same recording."""
    await _take(call, call.read(MultimediaEventSync), [])
    return {"data": None}


async def put_events(call: Call) -> dict[str, None]:
    """Take several, all or none."""
    for place, event in enumerate(call.read_all(MultimediaEventSync)):
        await _take(call, event, [place])
    return {"data": None}


async def _take(call: Call, event: MultimediaEventSync, path: Path) -> None:
    own(call, event.organization_id)
    media_type = media_type_of(event.mime_type)
    if media_type is None:
        raise _wrong(path, "mimeType", "Is not the media type of MP3, AAC or WAV audio")
    try:
        checked(event.download_url)
    except WorkspaceError as error:
        raise _wrong(path, "downloadUrl", error.message) from None
    user = await _rep(call, event, path)
    workspace: Workspace = call.request.app.state.workspace
    fields = event.wire() | {"mimeType": media_type}
    del fields["downloadUrl"]
    values = {
        "organization": call.organization_id,
        "key": event.external_id,
        "fields": Jsonb(fields, dumps=json.dumps),
        "url": workspace.box.seal(event.download_url),  # who knows a signed address has the file
    }
    [kept] = await call.transaction.read(_Event, _KEEP, values)
    if kept.recording_id is None:
        new = NewRecording(
            user_email=user.email,
            utterances=None,
            started_at=began(event.remote_created_at),
            appointment_id=event.external_event_id,
            key=f"multimedia {event.external_id}",
            uploaded=True,
        )
        recording_id = await insert_recording(call, user.id, new)
        await call.transaction.driver.execute(_MADE, {"id": kept.id, "recording": recording_id})
    await defer(call.conn, fetch_multimedia, organization_id=call.organization_id, event_id=kept.id)


async def _rep(call: Call, event: MultimediaEventSync, path: Path) -> _User:
    named = {"external": event.external_user_id, "email": email_key(event.external_email_address)}
    found = await call.transaction.read(_User, _USER, named)
    if not found:
        raise _wrong(path, "externalUserId", "No user has this id or email")
    return found[0]


def _wrong(path: Path, name: str, message: str) -> ApiError:
    return invalid([issue("custom", [*path, name], message)])
