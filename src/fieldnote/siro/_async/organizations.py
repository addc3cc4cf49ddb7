"""Organizations and their teams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import listed, page, sized
from fieldnote.siro.models import (
    Organization,
    OrganizationCreate,
    OrganizationUpdate,
    OrganizationUser,
    Team,
    TeamCodeLink,
    TeamCreate,
    TeamUpdate,
)
from fieldnote.siro.operations import one, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import (
        OrganizationCreateFields,
        OrganizationUpdateFields,
        TeamCreateFields,
        TeamUpdateFields,
    )


class AsyncOrganizations(AsyncResource):
    """Companies that use Siro. A token of an organization group sees several."""

    async def list(self) -> tuple[Organization, ...]:
        """The organizations that the token may see."""
        return await self._all(endpoints.LIST_ORGANIZATIONS, listed(Organization))

    async def create(
        self,
        record: OrganizationCreate | OrganizationCreateFields | None = None,
        /,
        **fields: Unpack[OrganizationCreateFields],
    ) -> Organization:
        """Create an organization, with the token of an organization group. Take a record, or its fields by name."""
        body = request(OrganizationCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_ORGANIZATION.call(one(Organization), body=body))

    async def get(self, organization_id: str) -> Organization:
        """Read an organization."""
        return await self._sender.send(endpoints.GET_ORGANIZATION.call(one(Organization), organization_id))

    async def update(
        self,
        organization_id: str,
        record: OrganizationUpdate | OrganizationUpdateFields | None = None,
        /,
        **fields: Unpack[OrganizationUpdateFields],
    ) -> Organization:
        """Change the given fields of an organization. Take a record, or its fields by name."""
        body = request(OrganizationUpdate, record, fields)
        return await self._sender.send(
            endpoints.UPDATE_ORGANIZATION.call(one(Organization), organization_id, body=body)
        )

    async def users(self, organization_id: str) -> tuple[OrganizationUser, ...]:
        """Siro's users of an organization. Needs a user token."""
        return await self._all(endpoints.LIST_ORGANIZATION_USERS, listed(OrganizationUser), organization_id)


class AsyncTeams(AsyncResource):
    """Reps and their coaches."""

    def list(self, organization_id: str, *, page_size: int = 100, cursor: str | None = None) -> AsyncListing[Team]:
        """All teams of an organization, page by page."""
        query = query_of(pageSize=sized(page_size))
        return self._paged(endpoints.LIST_TEAMS, page(Team), organization_id, query=query, cursor=cursor)

    async def create(
        self,
        organization_id: str,
        record: TeamCreate | TeamCreateFields | None = None,
        /,
        **fields: Unpack[TeamCreateFields],
    ) -> Team:
        """Create a team. Take a record, or its fields by name."""
        body = request(TeamCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_TEAM.call(one(Team), organization_id, body=body))

    async def get(self, organization_id: str, team_id: str) -> Team:
        """Read a team."""
        return await self._sender.send(endpoints.GET_TEAM.call(one(Team), organization_id, team_id))

    async def update(
        self,
        organization_id: str,
        team_id: str,
        record: TeamUpdate | TeamUpdateFields | None = None,
        /,
        **fields: Unpack[TeamUpdateFields],
    ) -> Team:
        """Change the given fields of a team. Take a record, or its fields by name."""
        body = request(TeamUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_TEAM.call(one(Team), organization_id, team_id, body=body))

    async def code_link(self, team_id: str) -> TeamCodeLink:
        """Read the address at which people join a team. Needs a user token."""
        return await self._sender.send(endpoints.GET_TEAM_CODE_LINK.call(one(TeamCodeLink), team_id))

    async def delete(self, organization_id: str, team_id: str) -> Team:
        """Delete a team and return it."""
        return await self._sender.send(endpoints.DELETE_TEAM.call(one(Team), organization_id, team_id))
