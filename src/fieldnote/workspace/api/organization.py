"""The operations of the organization token, below `/api-externalApi`."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import users
from fieldnote.siro.models import AccessTokenCreate, OAuthAppCreate
from fieldnote.workspace import credentials
from fieldnote.workspace.api import accounts, recordings, records, sync, views
from fieldnote.workspace.api.calls import Call
from fieldnote.workspace.api.endpoints import Endpoint, Gatherer, Handler, endpoint, gathering
from fieldnote.workspace.api.errors import failed, not_found

router: Final = APIRouter(prefix="/api-externalApi/v1")


def _add(method: str, path: str, handler: Handler, *, status: int = 200, shared: bool = False) -> None:
    _route(method, path, endpoint(handler, kind=credentials.ORGANIZATION, status=status, shared=shared), status)


def _add_gathering(method: str, path: str, handler: Gatherer, *, shared: bool = False) -> None:
    _route(method, path, gathering(handler, kind=credentials.ORGANIZATION, shared=shared), 200)


def _route(method: str, path: str, answer: Endpoint, status: int) -> None:
    router.add_api_route(path, answer, methods=[method], status_code=status, response_model=None)


async def caller_identity(call: Call) -> dict[str, Any]:
    """To whom the token belongs."""
    return {
        "organizationId": call.caller.organization_id,
        "tokenId": call.caller.token_id,
        "tokenName": call.caller.token_name,
        "createdBy": call.caller.created_by,
        "createdAt": views.moment(call.caller.created_at),
        "authorizedOrgGroupId": None,
        "parentOrgGroupTokenId": None,
    }


async def create_oauth_app(call: Call) -> dict[str, Any]:
    """Register an OAuth app. Its secret is shown this once."""
    wanted = call.read(OAuthAppCreate)
    if wanted.organization_id != call.organization_id:
        raise failed(403, "The token belongs to another organization")
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


# Routes are looked through in this order: what is called most comes first.
_add_gathering("GET", "/core/recordings/{id}", recordings.get_recording)
_add_gathering("PUT", "/integrations/sync/engagements", sync.put_engagement, shared=True)
_add_gathering("PUT", "/integrations/sync/opportunities", sync.put_opportunity, shared=True)
_add("GET", "/core/auth/caller-identity", caller_identity)
_add("GET", "/core/mobile-events", recordings.list_mobile_events)
_add("POST", "/core/oauth/apps", create_oauth_app, status=201)
_add("POST", "/core/oauth/apps/{clientId}/access-token", create_access_token, status=201)
_add("GET", "/core/recordings", recordings.list_recordings)
_add("GET", "/core/recordings/{id}/summaries", recordings.list_summaries)
_add("GET", "/integrations/engagements/{id}", records.get_engagement)
_add("PUT", "/integrations/sync/batch/engagements", sync.put_engagements, shared=True)
_add("PUT", "/integrations/sync/batch/opportunities", sync.put_opportunities, shared=True)
_add("POST", "/integrations/sync/engagements/soft-delete-removed", records.delete_removed, shared=True)
_add("GET", "/integrations/engagements", records.list_engagements)
_add("DELETE", "/integrations/engagements/{id}", records.delete_engagement, shared=True)
_add("GET", "/integrations/opportunities", records.list_opportunities)
_add("GET", "/integrations/opportunities/{id}", records.get_opportunity)
_add("DELETE", "/integrations/opportunities/{id}", records.delete_opportunity, shared=True)
_add("GET", "/integrations/accounts", accounts.list_accounts)
_add("POST", "/integrations/accounts", accounts.create_account, shared=True)
_add("GET", "/integrations/accounts/{id}", accounts.get_account)
_add("PUT", "/integrations/accounts/{id}", accounts.update_account, shared=True)
_add("DELETE", "/integrations/accounts/{id}", accounts.delete_account, shared=True)
_add("GET", "/integrations/users/{id}/engagements", records.list_appointments)
