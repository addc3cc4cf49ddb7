"""Code that the operations share by which a user's program brings recordings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import text

from fieldnote.siro.models import CrmObject, CrmObjectType, RequestModel
from fieldnote.workspace.domain.recordings.recordings import EARLIEST, LATEST, NewRecording, insert_recordings
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, invalid, issue, not_found

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
_CALLER: Final = text("select email from users where id = :id")


def read_exactly(call: Call, model: type[M], *, items: str | None = None) -> M:
    """The body; these are the ones to which the contract lets nothing be added, nor to its `items`. Raises ApiError."""
    wanted = call.read(model)
    sent = json.loads(call.body)
    issues = _unknown(sent, model, ())
    for place, item in enumerate(getattr(wanted, items) if items else ()):
        issues += _unknown(sent[items][place], type(item), (items or "", place))
    if issues:
        raise invalid(issues)
    return wanted


def _unknown(
    sent: dict[str, object], model: type[RequestModel], path: tuple[str | int, ...]
) -> list[dict[str, object]]:
    known = {field.alias or name for name, field in model.model_fields.items()}
    names = ", ".join(f"'{name}'" for name in sorted(sent.keys() - known))
    return [issue("unrecognized_keys", path, f"Unrecognized key(s) in object: {names}")] if names else []


def user_of(call: Call) -> str:
    """The id of who calls. Raises ApiError."""
    if call.caller.user_id is None:
        raise failed(401, "The token belongs to no user")
    return call.caller.user_id


async def email_of_caller(call: Call) -> str:
    """The caller's own address. Raises ApiError."""
    return str((await call.conn.execute(_CALLER, {"id": user_of(call)})).scalar_one())


def may_act_for(call: Call, user_id: str) -> None:
    """A rep brings their own recordings. Raises ApiError."""
    if call.caller.role == "rep" and user_id != user_of(call):
        raise failed(403, "The recording is another user's")


async def named_records(call: Call, objects: Sequence[CrmObject], connection: str | None) -> dict[str, str]:
    """The CRM records by kind; each must have been synced before. The CRM's id is meant, else the workspace's."""
    found: dict[str, str] = {}
    for position, one in enumerate(objects):
        table, kind = _TABLES[CrmObjectType(one.object_type)]
        statement = f"""select id::text from {table}
 where deleted_at is null and (external_id = :named or id::text = :named)
   and (cast(:connection as text) is null or connection_id::text = :connection)
 order by external_id = :named desc, created_at limit 1"""  # noqa: S608 - our own table
        values = {"named": one.object_id, "connection": connection}
        record = (await call.conn.execute(text(statement), values)).scalar_one_or_none()
        if record is None:
            raise invalid([issue("custom", ["crmObjects", position, "objectId"], f"{one.object_type} not found")])
        found.setdefault(kind, str(record))
    return found


async def insert_recording(call: Call, user_id: str, new: NewRecording) -> str:
    """Store one; its id. Raises ApiError."""
    [recording_id] = await insert_recordings(call.conn, call.organization_id, [(user_id, new)])
    if recording_id is None:
        raise not_found("Recording")  # it has an id of a recording that the caller does not see
    return recording_id


def began(moment: datetime) -> datetime:
    """A start that can be. Raises ApiError."""
    if not EARLIEST <= moment < LATEST:
        raise invalid([issue("invalid_date", ["dateCreated"], "Invalid date")])
    return moment
