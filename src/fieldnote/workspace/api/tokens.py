"""Who calls, and the credentials that calls are made with."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import users
from fieldnote.siro.models import AccessTokenCreate, OAuthAppCreate, TokenCreate
from fieldnote.workspace import credentials
from fieldnote.workspace.api import views
from fieldnote.workspace.api.calls import Call
from fieldnote.workspace.api.errors import failed, not_found

_TOKENS: Final = """
select id::text, organization_id::text, name, created_by::text, created_at from tokens where kind = 'organization'
"""
_ALL: Final = _TOKENS + " order by created_at, id"
_ONE: Final = _TOKENS + " and id = %(id)s"
_DELETE: Final = "delete from tokens where id = %(id)s"


async def caller_identity(call: Call) -> dict[str, Any]:
    """To whom the token belongs."""
    [own] = await call.transaction.rows(_ONE, {"id": call.caller.token_id})
    return _token(own)


async def list_tokens(call: Call) -> dict[str, Any]:
    """The organization's own tokens, without what only who made them was shown."""
    return {"data": [_token(row) for row in await call.transaction.rows(_ALL, {})], "cursor": None}


async def get_token(call: Call) -> dict[str, Any]:
    """One of the organization's own tokens."""
    return _token(await _find(call, call.record_id("Token")))


async def create_token(call: Call) -> dict[str, Any]:
    """A further token of the organization. It is shown this once."""
    wanted = call.read(TokenCreate)
    _own(call, wanted.organization_id)
    token = credentials.new_secret("org")
    token_id = await credentials.add_organization_token(
        call.conn, call.organization_id, name=wanted.token_name, token=token, created_by=call.caller.created_by
    )
    return _token(await _find(call, token_id)) | {"token": token}


async def delete_token(call: Call) -> dict[str, Any]:
    """Revoke a token: no later call with it is answered."""
    row = await _find(call, call.record_id("Token"))
    await call.transaction.driver.execute(_DELETE, {"id": row.id})
    return _token(row)


async def _find(call: Call, token_id: str) -> Any:
    found = await call.transaction.rows(_ONE, {"id": token_id})
    if not found:
        raise not_found("Token")
    return found[0]


def _token(row: Any) -> dict[str, Any]:
    return {
        "organizationId": row.organization_id,
        "tokenId": row.id,
        "tokenName": row.name,
        "createdBy": row.created_by,
        "createdAt": views.moment(row.created_at),
        "authorizedOrgGroupId": None,
        "parentOrgGroupTokenId": None,
    }


async def create_oauth_app(call: Call) -> dict[str, Any]:
    """Register an OAuth app. Its secret is shown this once."""
    wanted = call.read(OAuthAppCreate)
    _own(call, wanted.organization_id)
    await _require_user(call.conn, wanted.owner)
    client_id, client_secret = credentials.new_secret("app"), credentials.new_secret("secret")
    await credentials.add_oauth_app(
        call.conn,
        call.organization_id,
        name=wanted.app_name,
        owner_id=wanted.owner,
        client_id=client_id,
        client_secret=client_secret,
    )
    return {"appName": wanted.app_name, "clientID": client_id, "clientSecret": client_secret}


async def create_access_token(call: Call) -> dict[str, Any]:
    """Mint a user token, good for 16 hours."""
    client_id = call.request.path_params["clientId"]
    wanted = call.read(AccessTokenCreate)
    match await credentials.is_secret_of(call.conn, client_id, wanted.client_secret.get_secret_value()):
        case None:
            raise not_found("OAuth app")
        case False:
            raise failed(401, "Invalid client secret")
    await _require_user(call.conn, wanted.user_id)
    token_id, token = await credentials.add_user_token(
        call.conn, call.organization_id, client_id=client_id, user_id=wanted.user_id, scope=wanted.scope
    )
    return {"accessToken": token, "accessTokenId": token_id}


async def _require_user(conn: AsyncConnection, user_id: str) -> None:
    known = await conn.execute(select(users.c.id).where(text("id::text = :id")), {"id": user_id})
    if known.scalar_one_or_none() is None:
        raise not_found("User")


def _own(call: Call, organization_id: str) -> None:
    if organization_id != call.organization_id:
        raise failed(403, "The token belongs to another organization")
