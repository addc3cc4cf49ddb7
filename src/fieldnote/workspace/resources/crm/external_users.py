"""The CRM's users, each with the workspace user that they are taken for. The contract gives them no shape."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import not_found
from fieldnote.workspace.http.views import moment

_USERS: Final = """
select id::text, external_id, organization_id::text, connection_id::text, email, name, user_id::text, matched_by,
       created_at, updated_at
  from crm_users
"""
_FIRST: Final = _USERS + " order by connection_id, external_id limit %(limit)s"
_NEXT: Final = (
    _USERS
    + " where (connection_id, external_id) > (%(connection)s::uuid, %(key)s)"
    + " order by connection_id, external_id limit %(limit)s"
)
_ONE: Final = _USERS + " where id = %(id)s"


class _User(NamedTuple):
    id: str
    external_id: str
    organization_id: str
    connection_id: str
    email: str | None
    name: str | None
    user_id: str | None
    matched_by: str | None
    created_at: datetime
    updated_at: datetime


async def list_external_users(call: Call) -> dict[str, object]:
    """The CRM's users by page."""
    size, listing = call.page_size(default=100), call.listing()
    after = listing.key()
    place = {} if after is None else {"connection": after[0], "key": after[1]}
    rows = await call.transaction.read(_User, _NEXT if place else _FIRST, place | {"limit": size + 1})
    page = rows[:size]
    more = listing.cursor(page[-1].connection_id, page[-1].external_id) if len(rows) > size else None
    return {"data": [_user(row) for row in page], "cursor": more}


async def get_external_user(call: Call) -> dict[str, object]:
    """One of the CRM's users, by the workspace's id of them."""
    found = await call.transaction.read(_User, _ONE, {"id": call.record_id("User")})
    if not found:
        raise not_found("User")
    return {"data": _user(found[0])}


def _user(row: _User) -> dict[str, object]:
    """`userId` is the workspace user's; `matchedBy` tells by what they were found: override, email or name."""
    return {
        "id": row.id,
        "externalId": row.external_id,
        "organizationId": row.organization_id,
        "integrationConnectionId": row.connection_id,
        "email": row.email,
        "name": row.name,
        "userId": row.user_id,
        "matchedBy": row.matched_by,
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
    }
