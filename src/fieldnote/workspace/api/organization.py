"""The operations of the organization token, below `/api-externalApi`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from fieldnote.workspace import credentials
from fieldnote.workspace.api import accounts, connections, external_users, recordings, records, sync, tokens, users
from fieldnote.workspace.api.endpoints import Endpoint, Gatherer, Handler, endpoint, gathering
from fieldnote.workspace.tenancy import Hold

router: Final = APIRouter(prefix="/api-externalApi/v1")


def _add(method: str, path: str, handler: Handler, *, status: int = 200, hold: Hold = Hold.NONE) -> None:
    _route(method, path, endpoint(handler, kind=credentials.ORGANIZATION, status=status, hold=hold), status)


def _add_gathering(method: str, path: str, handler: Gatherer, *, hold: Hold = Hold.NONE) -> None:
    _route(method, path, gathering(handler, kind=credentials.ORGANIZATION, hold=hold), 200)


def _route(method: str, path: str, answer: Endpoint, status: int) -> None:
    router.add_api_route(path, answer, methods=[method], status_code=status, response_model=None)


# Routes are looked through in this order: what is called most comes first.
_add_gathering("GET", "/core/recordings/{id}", recordings.get_recording)
_add_gathering("PUT", "/integrations/sync/engagements", sync.put_engagement, hold=Hold.CHANGING)
_add_gathering("PUT", "/integrations/sync/opportunities", sync.put_opportunity, hold=Hold.CHANGING)
_add("GET", "/core/auth/caller-identity", tokens.caller_identity)
_add("GET", "/core/mobile-events", recordings.list_mobile_events)
_add("POST", "/core/oauth/apps", tokens.create_oauth_app, status=201)
_add("POST", "/core/oauth/apps/{clientId}/access-token", tokens.create_access_token, status=201)
_add("GET", "/core/recordings", recordings.list_recordings)
_add("GET", "/core/recordings/{id}/summaries", recordings.list_summaries)
_add("GET", "/integrations/engagements/{id}", records.get_engagement)
_add("PUT", "/integrations/sync/batch/engagements", sync.put_engagements, hold=Hold.CHANGING)
_add("PUT", "/integrations/sync/batch/opportunities", sync.put_opportunities, hold=Hold.CHANGING)
_add("POST", "/integrations/sync/engagements/soft-delete-removed", records.delete_removed, hold=Hold.CHANGING)
_add("GET", "/integrations/engagements", records.list_engagements)
_add("DELETE", "/integrations/engagements/{id}", records.delete_engagement, hold=Hold.CHANGING)
_add("GET", "/integrations/opportunities", records.list_opportunities)
_add("GET", "/integrations/opportunities/{id}", records.get_opportunity)
_add("DELETE", "/integrations/opportunities/{id}", records.delete_opportunity, hold=Hold.CHANGING)
_add("GET", "/integrations/accounts", accounts.list_accounts)
_add("POST", "/integrations/accounts", accounts.create_account, hold=Hold.CHANGING)
_add("GET", "/integrations/accounts/{id}", accounts.get_account)
_add("PUT", "/integrations/accounts/{id}", accounts.update_account, hold=Hold.CHANGING)
_add("DELETE", "/integrations/accounts/{id}", accounts.delete_account, hold=Hold.CHANGING)
_add("GET", "/integrations/users/{id}/engagements", records.list_appointments)
_add("GET", "/integrations/users", external_users.list_external_users)
_add("GET", "/integrations/users/{id}", external_users.get_external_user)
_add("GET", "/core/users", users.list_users)
_add("POST", "/core/users", users.create_user, hold=Hold.ALONE)
_add("GET", "/core/users/{id}", users.get_user)
_add("PUT", "/core/users/{id}", users.update_user, hold=Hold.ALONE)
_add("GET", "/core/integrations/connections", connections.list_connections)
_add("POST", "/core/integrations/connections", connections.create_connection, status=201)
_add("GET", "/core/integrations/connections/{id}", connections.get_connection)
_add("PATCH", "/core/integrations/connections/{id}", connections.update_connection)
_add("DELETE", "/core/integrations/connections/{id}", connections.delete_connection)
_add("GET", "/core/auth/tokens", tokens.list_tokens)
_add("POST", "/core/auth/tokens", tokens.create_token)
_add("GET", "/core/auth/tokens/{id}", tokens.get_token)
_add("DELETE", "/core/auth/tokens/{id}", tokens.delete_token)
_add("GET", "/core/mobile-events/{id}", recordings.get_mobile_event)
