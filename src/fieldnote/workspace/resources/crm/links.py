"""A person's links of recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from fieldnote.siro.models import LinkTarget, LinkTrigger, RequestModel
from fieldnote.workspace.domain.matching.choices import choose, unlink
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import invalid, issue, not_found
from fieldnote.workspace.http.views import moment, moment_of

_TABLES: Final = {
    LinkTarget.ENGAGEMENT: ("engagements", "engagement"),
    LinkTarget.OPPORTUNITY: ("opportunities", "opportunity"),
    LinkTarget.ACCOUNT: ("accounts", "account"),
    LinkTarget.CONTACT: ("contacts", "contact"),
    LinkTarget.LEAD: ("leads", "lead"),
}
_RECORDING: Final = "select 1 from recordings where id = %(id)s and deleted_at is null"


class RecordingLink(RequestModel):
    """A CRM record: by the workspace's id, or by the CRM's, which several connections may have."""

    data_type: LinkTarget
    id: str | None = None
    external_id: str | None = None
    integration_connection_id: str | None = None
    trigger: LinkTrigger | None = None


class _Record(NamedTuple):
    id: str
    external_id: str
    updated_at: datetime
    last_activity_at: str | None
    name: str


async def link(call: Call) -> dict[str, object]:
    """Link a recording to a CRM record. The machine never undoes it."""
    wanted = call.read(RecordingLink)
    recording_id, by = await _own_recording(call)
    record = await _record(call, wanted)
    _, kind = _TABLES[wanted.data_type]
    trigger = (wanted.trigger or LinkTrigger.EXTERNAL_API_LINK).value
    await choose(call.conn, call.organization_id, recording_id, kind=kind, record_id=record.id, trigger=trigger, by=by)
    data = {
        "dataType": wanted.data_type.value,
        "id": record.id,
        "externalId": record.external_id,
        "name": record.name,
        "lastActivityAt": moment_of(record.last_activity_at) or moment(record.updated_at),
    }
    return {"data": data}


async def remove_link(call: Call) -> dict[str, object]:
    """Say that a recording does not belong to a CRM record. Whether it did; no other is looked for in its place."""
    wanted = call.read(RecordingLink)
    recording_id, by = await _own_recording(call)
    record = await _record(call, wanted)
    _, kind = _TABLES[wanted.data_type]
    done = await unlink(call.conn, call.organization_id, recording_id, kind=kind, record_id=record.id, by=by)
    return {"data": done}


async def _own_recording(call: Call) -> tuple[str, str]:
    """The recording and who calls. A user who sees a recording may link it."""
    recording_id = call.record_id("Recording")
    if not await call.transaction.exists(_RECORDING, {"id": recording_id}):
        raise not_found("Recording")
    return recording_id, call.caller.user_id or ""


async def _record(call: Call, wanted: RecordingLink) -> _Record:
    table, _ = _TABLES[wanted.data_type]
    if (wanted.id is None) == (wanted.external_id is None):
        raise invalid([issue("custom", [], "Either id or externalId is needed, and not both")])
    statement = f"""
select id::text, external_id, updated_at, fields ->> 'lastActivityAt' as last_activity_at,
       coalesce(fields ->> 'name', fields ->> 'subject', nullif(concat_ws(' ', fields ->> 'firstName',
                fields ->> 'lastName'), ''), external_id) as name
  from {table}
 where deleted_at is null"""  # noqa: S608 - names of our own tables
    if wanted.id is not None:
        statement += " and id::text = %(id)s"
    else:
        statement += " and external_id = %(external_id)s"
    if wanted.integration_connection_id is not None:
        statement += " and connection_id::text = %(connection)s"
    values = {
        "id": wanted.id,
        "external_id": wanted.external_id,
        "connection": wanted.integration_connection_id,
    }
    rows = await call.transaction.read(_Record, statement, values)
    if not rows:
        raise not_found(wanted.data_type.value.title())
    if len(rows) > 1:
        message = "Several connections have this externalId: name the integrationConnectionId"
        raise invalid([issue("custom", ["integrationConnectionId"], message)])
    return rows[0]
