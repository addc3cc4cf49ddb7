"""The caller, and the organization's own tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from fieldnote.siro.models import TokenCreate
from fieldnote.workspace import credentials
from fieldnote.workspace.http import views
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, not_found

_TOKENS: Final = """
select id::text, organization_id::text, name, created_by::text, created_at from tokens
 where kind = 'organization' and revoked_at is null
"""
_ALL: Final = _TOKENS + " order by created_at, id"
_ONE: Final = _TOKENS + " and id = %(id)s"
_DELETE: Final = "delete from tokens where id = %(id)s"


class _Token(NamedTuple):
    id: str
    organization_id: str
    name: str | None
    created_by: str | None
    created_at: datetime


async def caller_identity(call: Call) -> dict[str, object]:
    """To whom the token belongs."""
    [own] = await call.transaction.read(_Token, _ONE, {"id": call.caller.token_id})
    return _token(own)


async def list_tokens(call: Call) -> dict[str, object]:
    """The organization's own tokens, without what only who made them was shown."""
    return {"data": [_token(row) for row in await call.transaction.read(_Token, _ALL, {})], "cursor": None}


async def get_token(call: Call) -> dict[str, object]:
    """One of the organization's own tokens."""
    return _token(await _find(call, call.record_id("Token")))


async def create_token(call: Call) -> dict[str, object]:
    """A further token of the organization. It is shown this once."""
    wanted = call.read(TokenCreate)
    own(call, wanted.organization_id)
    token = credentials.new_secret("org")
    token_id = await credentials.add_organization_token(
        call.conn, call.organization_id, name=wanted.token_name, token=token, created_by=call.caller.created_by
    )
    return _token(await _find(call, token_id)) | {"token": token}


async def delete_token(call: Call) -> dict[str, object]:
    """Revoke a token: no later call with it is answered."""
    row = await _find(call, call.record_id("Token"))
    await call.transaction.driver.execute(_DELETE, {"id": row.id})
    return _token(row)


async def _find(call: Call, token_id: str) -> _Token:
    found = await call.transaction.read(_Token, _ONE, {"id": token_id})
    if not found:
        raise not_found("Token")
    return found[0]


def _token(row: _Token) -> dict[str, object]:
    return {
        "organizationId": row.organization_id,
        "tokenId": row.id,
        "tokenName": row.name,
        "createdBy": row.created_by,
        "createdAt": views.moment(row.created_at),
        "authorizedOrgGroupId": None,
        "parentOrgGroupTokenId": None,
    }


def own(call: Call, organization_id: str) -> None:
    """Raises ApiError where another organization is meant."""
    if organization_id != call.organization_id:
        raise failed(403, "The token belongs to another organization")
