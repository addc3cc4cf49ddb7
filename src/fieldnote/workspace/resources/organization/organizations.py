"""The organization of the token: its name, people, teams and CRMs."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from fieldnote.siro.models import OrganizationCreate, OrganizationUpdate
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, invalid, issue, not_found
from fieldnote.workspace.http.views import moment
from fieldnote.workspace.resources.organization.teams import all_teams, require_users

_ORGANIZATION: Final = """
select o.id::text, o.name, o.owner_id::text, o.disabled, o.created_at,
       array(select u.id::text from users u where u.organization_id = o.id and u.role = 'admin'
              order by u.created_at, u.id) as admins
  from organizations o
"""
_CONNECTIONS: Final = """
select id::text, name, external_account_id, platform, is_active, created_at, updated_at, deleted_at
  from integration_connections order by created_at, id
"""
_UPDATE: Final = """
update organizations
   set name = coalesce(%(name)s, name), owner_id = coalesce(%(owner)s::uuid, owner_id),
       disabled = coalesce(%(disabled)s, disabled)
 where id = %(id)s
"""
_ADMINS: Final = """
update users u
   set role = case when u.id::text = any(%(admins)s) then 'admin'
                   when exists (select from team_coaches c where c.user_id = u.id) then 'coach' else 'rep' end
 where u.id::text = any(%(admins)s) or u.role = 'admin'
"""


class _Organization(NamedTuple):
    id: str
    name: str
    owner_id: str | None
    disabled: bool
    created_at: datetime
    admins: list[str]


class _Connection(NamedTuple):
    id: str
    name: str
    external_account_id: str | None
    platform: str
    is_active: bool
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


async def list_organizations(call: Call) -> dict[str, object]:
    """The token's own organization, which is the only one that it sees."""
    return {"data": [await _shown(call)], "cursor": None}


async def get_organization(call: Call) -> dict[str, object]:
    """The token's own organization."""
    _own(call)
    return await _shown(call)


async def create_organization(call: Call) -> dict[str, object]:
    """Organization groups make organizations. A workspace has none, so that its tokens may not."""
    call.read(OrganizationCreate)
    raise failed(403, "Only the token of an organization group creates organizations")


async def update_organization(call: Call) -> dict[str, object]:
    """Change what is given. The administrators that are named replace those that there were."""
    _own(call)
    wanted = call.read(OrganizationUpdate)
    if wanted.industry_ids:
        raise not_found("Industry")
    if wanted.name is not None and not wanted.name.strip():
        raise invalid([issue("too_small", ["name"], "String must contain at least 1 character(s)")])
    if wanted.admin_uids is not None:
        if not wanted.admin_uids:
            raise invalid([issue("too_small", ["adminUids"], "Array must contain at least 1 element(s)")])
        await require_users(call, wanted.admin_uids)
        await call.transaction.driver.execute(_ADMINS, {"admins": list(wanted.admin_uids)})
    if wanted.owner_uid is not None:
        await require_users(call, [wanted.owner_uid])
    values = {
        "id": call.organization_id,
        "name": wanted.name,
        "owner": wanted.owner_uid,
        "disabled": wanted.disabled,
    }
    await call.transaction.driver.execute(_UPDATE, values)
    return await _shown(call)


async def _shown(call: Call) -> dict[str, object]:
    """Industries are a list of Siro's own, of which the workspace has none."""
    [row] = await call.transaction.read(_Organization, _ORGANIZATION, {})
    return {
        "id": row.id,
        "name": row.name,
        "ownerUid": row.owner_id or next(iter(row.admins), ""),
        "adminUids": row.admins,
        "industries": [],
        "integrations": [_connection(one) for one in await call.transaction.read(_Connection, _CONNECTIONS, {})],
        "teams": await all_teams(call),
        "betaFeatures": [],
        "consentNotRequired": False,
        "disabled": row.disabled,
        "dateCreated": moment(row.created_at),
    }


def _connection(row: _Connection) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "externalAccountId": row.external_account_id,
        "integrationPlatform": row.platform,
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
        "deletedAt": moment(row.deleted_at),
        "isActive": row.is_active,
    }


def _own(call: Call) -> None:
    """Another organization is as good as none."""
    if call.record_id("Organization") != call.organization_id:
        raise not_found("Organization")
