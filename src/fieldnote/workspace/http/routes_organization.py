"""The operations of the organization token, below `/api-externalApi`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from fieldnote.workspace import credentials
from fieldnote.workspace.http.endpoints import Endpoint, Gatherer, Handler, endpoint, gathering
from fieldnote.workspace.resources.crm import (
    accounts,
    briefs,
    external_users,
    integrations,
    multimedia_events,
    record_users,
    records,
    sync,
)
from fieldnote.workspace.resources.organization import (
    oauth_apps,
    organizations,
    teams,
    tokens,
    users,  # fmt: skip
)
from fieldnote.workspace.resources.recordings import recordings
from fieldnote.workspace.tenancy import RecordLock

router: Final = APIRouter(prefix="/api-externalApi/v1")


def _add(method: str, path: str, handler: Handler, *, status: int = 200, lock: RecordLock = RecordLock.NONE) -> None:
    _route(method, path, endpoint(handler, kind=credentials.ORGANIZATION, status=status, lock=lock), status)


def _add_gathering(method: str, path: str, handler: Gatherer, *, lock: RecordLock = RecordLock.NONE) -> None:
    _route(method, path, gathering(handler, kind=credentials.ORGANIZATION, lock=lock), 200)


def _route(method: str, path: str, answer: Endpoint, status: int) -> None:
    router.add_api_route(path, answer, methods=[method], status_code=status, response_model=None)


# Routes are looked through in this order: what is called most comes first.
_add_gathering("GET", "/core/recordings/{id}", recordings.get_recording)
_add_gathering("PUT", "/integrations/sync/engagements", sync.put_engagement, lock=RecordLock.CHANGING)
_add_gathering("PUT", "/integrations/sync/opportunities", sync.put_opportunity, lock=RecordLock.CHANGING)
_add("GET", "/core/auth/caller-identity", tokens.caller_identity)
_add("GET", "/core/mobile-events", recordings.list_mobile_events)
_add("POST", "/core/oauth/apps", oauth_apps.create_oauth_app, status=201)
_add("POST", "/core/oauth/apps/{clientId}/access-token", oauth_apps.create_access_token, status=201)
_add("GET", "/core/recordings", recordings.list_recordings)
_add("GET", "/core/recordings/{id}/summaries", recordings.list_summaries)
_add("GET", "/integrations/engagements/{id}", records.get_engagement)
_add("PUT", "/integrations/sync/batch/engagements", sync.put_engagements, lock=RecordLock.CHANGING)
_add("PUT", "/integrations/sync/batch/opportunities", sync.put_opportunities, lock=RecordLock.CHANGING)
_add("POST", "/integrations/sync/engagements/soft-delete-removed", records.delete_removed, lock=RecordLock.CHANGING)
_add("GET", "/integrations/engagements", records.list_engagements)
_add("DELETE", "/integrations/engagements/{id}", records.delete_engagement, lock=RecordLock.CHANGING)
_add("GET", "/integrations/opportunities", records.list_opportunities)
_add("GET", "/integrations/opportunities/{id}", records.get_opportunity)
_add("DELETE", "/integrations/opportunities/{id}", records.delete_opportunity, lock=RecordLock.CHANGING)
_add("GET", "/integrations/accounts", accounts.list_accounts)
_add("POST", "/integrations/accounts", accounts.create_account, lock=RecordLock.CHANGING)
_add("GET", "/integrations/accounts/{id}", accounts.get_account)
_add("PUT", "/integrations/accounts/{id}", accounts.update_account, lock=RecordLock.CHANGING)
_add("DELETE", "/integrations/accounts/{id}", accounts.delete_account, lock=RecordLock.CHANGING)
_add("GET", "/integrations/users/{id}/engagements", records.list_appointments)
_add("GET", "/integrations/users", external_users.list_external_users)
_add("GET", "/integrations/users/{id}", external_users.get_external_user)
_add("GET", "/core/users", users.list_users)
_add("POST", "/core/users", users.create_user, lock=RecordLock.ALONE)
_add("GET", "/core/users/{id}", users.get_user)
_add("PUT", "/core/users/{id}", users.update_user, lock=RecordLock.ALONE)
_add("GET", "/core/integrations/connections", integrations.list_connections)
_add("POST", "/core/integrations/connections", integrations.create_connection, status=201)
_add("GET", "/core/integrations/connections/{id}", integrations.get_connection)
_add("PATCH", "/core/integrations/connections/{id}", integrations.update_connection)
_add("DELETE", "/core/integrations/connections/{id}", integrations.delete_connection)
_add("GET", "/core/auth/tokens", tokens.list_tokens)
_add("POST", "/core/auth/tokens", tokens.create_token)
_add("GET", "/core/auth/tokens/{id}", tokens.get_token)
_add("DELETE", "/core/auth/tokens/{id}", tokens.delete_token)
_add("GET", "/core/mobile-events/{id}", recordings.get_mobile_event)
_add("GET", "/core/oauth/apps", oauth_apps.list_oauth_apps)
_add("GET", "/core/oauth/apps/{clientId}", oauth_apps.get_oauth_app)
_add("DELETE", "/core/oauth/apps/{clientId}", oauth_apps.delete_oauth_app)
_add("GET", "/core/oauth/apps/{clientId}/access-token", oauth_apps.list_access_tokens)
_add("GET", "/core/oauth/apps/{clientId}/access-token/{tokenId}", oauth_apps.get_access_token)
_add("DELETE", "/core/oauth/apps/{clientId}/access-token/{tokenId}", oauth_apps.delete_access_token)
_add("GET", "/core/organizations", organizations.list_organizations)
_add("POST", "/core/organizations", organizations.create_organization)
_add("GET", "/core/organizations/{id}", organizations.get_organization)
_add("PATCH", "/core/organizations/{id}", organizations.update_organization)
_add("GET", "/core/organizations/{orgId}/teams", teams.list_teams)
_add("POST", "/core/organizations/{orgId}/teams", teams.create_team, status=201)
_add("GET", "/core/organizations/{orgId}/teams/{teamId}", teams.get_team)
_add("PATCH", "/core/organizations/{orgId}/teams/{teamId}", teams.update_team)
_add("DELETE", "/core/organizations/{orgId}/teams/{teamId}", teams.delete_team)
_add("PUT", "/core/integrations/salesforce", integrations.connect_salesforce)
_add("PUT", "/integrations/briefs", briefs.put_brief)
_add("PUT", "/integrations/multimedia-events", multimedia_events.put_event, status=201, lock=RecordLock.ALONE)
_add("PUT", "/integrations/batch/multimedia-events", multimedia_events.put_events, status=201, lock=RecordLock.ALONE)

for _path, _kind in (("engagement-users", record_users.ENGAGEMENTS), ("opportunity-users", record_users.OPPORTUNITIES)):
    _work = record_users.operations(_kind)
    _add("GET", f"/integrations/{_path}", _work.list)
    _add("POST", f"/integrations/{_path}", _work.create, lock=RecordLock.CHANGING)
    _add("GET", f"/integrations/{_path}/{{id}}", _work.get)
    _add("PUT", f"/integrations/{_path}/{{id}}", _work.update, lock=RecordLock.CHANGING)
    _add("DELETE", f"/integrations/{_path}/{{id}}", _work.delete, lock=RecordLock.CHANGING)
