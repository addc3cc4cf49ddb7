"""People: Siro's own users, those of the CRM, and the reps on appointments and deals."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import listed, page, sized
from fieldnote.siro.models import (
    Engagement,
    EngagementUser,
    EngagementUserSave,
    ExternalUser,
    OpportunityUser,
    OpportunityUserSave,
    User,
    UserCreate,
    UserUpdate,
)
from fieldnote.siro.operations import maybe, one, plain, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import (
        EngagementUserSaveFields,
        OpportunityUserSaveFields,
        UserCreateFields,
        UserUpdateFields,
    )


class AsyncUsers(AsyncResource):
    """Siro's own users."""

    async def list(
        self,
        *,
        disabled: bool | None = None,
        exclude_siro_users: bool | None = None,
        external_id: str | None = None,
    ) -> tuple[User, ...]:
        """All users that fit. `external_id` is the CRM's; `exclude_siro_users` leaves out Siro's own staff."""
        query = query_of(disabled=disabled, excludeSiroUsers=exclude_siro_users, externalId=external_id)
        return await self._all(endpoints.LIST_USERS, listed(User), query=query)

    async def create(
        self, record: UserCreate | UserCreateFields | None = None, /, **fields: Unpack[UserCreateFields]
    ) -> User:
        """Create a user. Users cost money. Take a record, or its fields by name."""
        body = request(UserCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_USER.call(one(User), body=body))

    async def get(self, user_id: str) -> User:
        """Read a user by Siro's id."""
        return await self._sender.send(endpoints.GET_USER.call(one(User), user_id))

    async def update(
        self, user_id: str, record: UserUpdate | UserUpdateFields | None = None, /, **fields: Unpack[UserUpdateFields]
    ) -> User:
        """Change the given fields of a user. Take a record, or its fields by name."""
        body = request(UserUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_USER.call(one(User), user_id, body=body))


class AsyncExternalUsers(AsyncResource):
    """The CRM's users. Siro finds the Siro user behind each by email, else by name."""

    def list(self, *, page_size: int = 100, cursor: str | None = None) -> AsyncListing[ExternalUser]:
        """All users of the CRM, page by page."""
        query = query_of(pageSize=sized(page_size))
        return self._paged(endpoints.LIST_EXTERNAL_USERS, page(ExternalUser), query=query, cursor=cursor)

    async def get(self, external_user_id: str) -> ExternalUser | None:
        """Read a user of the CRM by Siro's id; None where Siro answers with a null."""
        return await self._sender.send(endpoints.GET_EXTERNAL_USER.call(maybe(ExternalUser), external_user_id))

    def engagements(
        self,
        external_user_id: str,
        *,
        starting_after: datetime | None = None,
        starting_before: datetime | None = None,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> AsyncListing[Engagement]:
        """A rep's appointments, as the app lists them: only MEETING, APPOINTMENT and EVENT."""
        query = query_of(startingAfter=starting_after, startingBefore=starting_before, limit=sized(page_size))
        endpoint = endpoints.LIST_EXTERNAL_USER_ENGAGEMENTS
        return self._paged(endpoint, page(Engagement), external_user_id, query=query, cursor=cursor)


class AsyncEngagementUsers(AsyncResource):
    """The reps on appointments."""

    def list(
        self, *, engagement_id: str | None = None, user_id: str | None = None, cursor: str | None = None
    ) -> AsyncListing[EngagementUser]:
        """The reps on appointments. `engagement_id` is Siro's id of the appointment, `user_id` that of the rep."""
        query = query_of(engagementId=engagement_id, userId=user_id)
        return self._paged(endpoints.LIST_ENGAGEMENT_USERS, page(EngagementUser), query=query, cursor=cursor)

    async def create(
        self,
        record: EngagementUserSave | EngagementUserSaveFields | None = None,
        /,
        **fields: Unpack[EngagementUserSaveFields],
    ) -> EngagementUser:
        """Put a rep on an appointment. Take a record, or its fields by name."""
        body = request(EngagementUserSave, record, fields)
        return await self._sender.send(endpoints.CREATE_ENGAGEMENT_USER.call(one(EngagementUser), body=body))

    async def get(self, engagement_user_id: str) -> EngagementUser:
        """Read one by Siro's id of it."""
        return await self._sender.send(endpoints.GET_ENGAGEMENT_USER.call(one(EngagementUser), engagement_user_id))

    async def update(
        self,
        engagement_user_id: str,
        record: EngagementUserSave | EngagementUserSaveFields | None = None,
        /,
        **fields: Unpack[EngagementUserSaveFields],
    ) -> EngagementUser:
        """Change the given fields. Take a record, or its fields by name."""
        body = request(EngagementUserSave, record, fields)
        return await self._sender.send(
            endpoints.UPDATE_ENGAGEMENT_USER.call(one(EngagementUser), engagement_user_id, body=body)
        )

    async def delete(self, engagement_user_id: str) -> bool:
        """Take a rep off an appointment. Return whether there was one."""
        return await self._sender.send(endpoints.DELETE_ENGAGEMENT_USER.call(plain(bool), engagement_user_id))


class AsyncOpportunityUsers(AsyncResource):
    """The reps on deals."""

    def list(
        self, *, opportunity_id: str | None = None, user_id: str | None = None, cursor: str | None = None
    ) -> AsyncListing[OpportunityUser]:
        """The reps on deals. `opportunity_id` is Siro's id of the deal, `user_id` that of the rep."""
        query = query_of(opportunityId=opportunity_id, userId=user_id)
        return self._paged(endpoints.LIST_OPPORTUNITY_USERS, page(OpportunityUser), query=query, cursor=cursor)

    async def create(
        self,
        record: OpportunityUserSave | OpportunityUserSaveFields | None = None,
        /,
        **fields: Unpack[OpportunityUserSaveFields],
    ) -> OpportunityUser:
        """Put a rep on a deal. Take a record, or its fields by name."""
        body = request(OpportunityUserSave, record, fields)
        return await self._sender.send(endpoints.CREATE_OPPORTUNITY_USER.call(one(OpportunityUser), body=body))

    async def get(self, opportunity_user_id: str) -> OpportunityUser:
        """Read one by Siro's id of it."""
        return await self._sender.send(endpoints.GET_OPPORTUNITY_USER.call(one(OpportunityUser), opportunity_user_id))

    async def update(
        self,
        opportunity_user_id: str,
        record: OpportunityUserSave | OpportunityUserSaveFields | None = None,
        /,
        **fields: Unpack[OpportunityUserSaveFields],
    ) -> OpportunityUser:
        """Change the given fields. Take a record, or its fields by name."""
        body = request(OpportunityUserSave, record, fields)
        return await self._sender.send(
            endpoints.UPDATE_OPPORTUNITY_USER.call(one(OpportunityUser), opportunity_user_id, body=body)
        )

    async def delete(self, opportunity_user_id: str) -> bool:
        """Take a rep off a deal. Return whether there was one."""
        return await self._sender.send(endpoints.DELETE_OPPORTUNITY_USER.call(plain(bool), opportunity_user_id))
