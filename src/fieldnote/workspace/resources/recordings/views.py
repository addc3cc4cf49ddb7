"""The listeners and viewers of a recording."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from fieldnote.siro.models import Listening, View
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import invalid, issue, not_found
from fieldnote.workspace.http.views import moment
from fieldnote.workspace.resources.recordings.intake import read_exactly, user_of
from fieldnote.workspace.resources.recordings.user_recordings import find

_COLUMNS: Final = """
id::text, organization_id::text, recording_id::text, user_id::text, duration_ms, client_platform, created_at, updated_at
"""
_ADD: Final = f"""
insert into recording_attention (organization_id, recording_id, user_id, kind, duration_ms, client_platform)
values (%(organization)s, %(recording)s, %(user)s, %(kind)s, %(duration)s, %(platform)s) returning {_COLUMNS}
"""  # noqa: S608 - names of our own
_GO_ON: Final = f"""
update recording_attention
   set duration_ms = %(duration)s, client_platform = coalesce(%(platform)s, client_platform), updated_at = now()
 where id = %(id)s and recording_id = %(recording)s and user_id = %(user)s and kind = 'listen' returning {_COLUMNS}
"""  # noqa: S608 - as above


class _Listening(NamedTuple):
    id: str
    organization_id: str
    recording_id: str
    user_id: str
    duration_ms: float | None
    client_platform: str | None
    created_at: datetime
    updated_at: datetime


async def log_listen(call: Call) -> dict[str, object]:
    """How long somebody has listened; with the id of an earlier answer it is the same listening that goes on."""
    wanted = read_exactly(call, Listening)
    values = await _values(call, "listen", wanted.duration)
    values["platform"] = None if wanted.client_platform is None else str(wanted.client_platform)
    earlier = wanted.recording_engagement_id
    statement = _ADD if earlier is None else _GO_ON
    rows = await call.transaction.read(_Listening, statement, values | {"id": _uuid(earlier)})
    if not rows:
        raise not_found("Listening")
    row = rows[0]
    shown = {
        "id": row.id,
        "organizationId": row.organization_id,
        "recordingId": row.recording_id,
        "userId": row.user_id,
        "clientPlatform": row.client_platform,
        "durationMilliseconds": row.duration_ms,
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
    }
    return {"data": {"recordingEngagement": shown}}


async def mark_viewed(call: Call) -> dict[str, object]:
    """Somebody has seen it."""
    await call.transaction.driver.execute(_ADD, await _values(call, "viewed", None))
    return {"data": {"success": True}}


async def log_view(call: Call) -> dict[str, object]:
    """Somebody looked at it for a while."""
    wanted = read_exactly(call, View)
    await call.transaction.driver.execute(_ADD, await _values(call, "view", wanted.duration))
    return {"data": {"success": True}}


async def _values(call: Call, kind: str, duration: float | Decimal | None) -> dict[str, object]:
    if duration is not None and duration < 0:
        raise invalid([issue("too_small", ["duration"], "Number must be greater than or equal to 0")])
    row = await find(call)
    return {
        "organization": call.organization_id,
        "recording": row.id,
        "user": user_of(call),
        "kind": kind,
        "duration": None if duration is None else float(duration),
        "platform": None,
    }


def _uuid(value: str | None) -> str | None:
    try:
        return None if value is None else str(UUID(value))
    except ValueError:
        raise not_found("Listening") from None
