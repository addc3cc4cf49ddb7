"""The caller, organization tokens, OAuth apps and the user tokens minted with them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from fieldnote.siro import endpoints
from fieldnote.siro._async.listing import AsyncListing
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import listed, numbered, place, sized
from fieldnote.siro.models import (
    AccessToken,
    AccessTokenCreate,
    AccessTokenDetails,
    AccessTokenRevoke,
    AccessTokenRevoked,
    CallerIdentity,
    OAuthApp,
    OAuthAppCreate,
    OAuthAppDeleted,
    OAuthAppDetails,
    OrganizationToken,
    TokenCreate,
)
from fieldnote.siro.operations import direction, one, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import (
        AccessTokenCreateFields,
        AccessTokenRevokeFields,
        OAuthAppCreateFields,
        TokenCreateFields,
    )


Sorting = Literal["dateCreated", "dateUpdated"]
"""The fields that lists of apps and tokens can be sorted by."""


class AsyncAuth(AsyncResource):
    """The caller."""

    async def caller_identity(self) -> CallerIdentity:
        """Ask whose organization token it is."""
        identity = await self._sender.send(endpoints.CALLER_IDENTITY.call(one(CallerIdentity)))
        self._sender.organization_id = identity.organization_id
        return identity


class AsyncTokens(AsyncResource):
    """Organization tokens."""

    async def list(self) -> tuple[OrganizationToken, ...]:
        """An organization's tokens, without the tokens themselves."""
        return await self._all(endpoints.LIST_TOKENS, listed(OrganizationToken))

    async def create(
        self, record: TokenCreate | TokenCreateFields | None = None, /, **fields: Unpack[TokenCreateFields]
    ) -> OrganizationToken:
        """Create a token, which is shown this once. Take a record, or its fields by name."""
        body = request(TokenCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_TOKEN.call(one(OrganizationToken), body=body))

    async def get(self, token_id: str) -> OrganizationToken:
        """Read about a token."""
        return await self._sender.send(endpoints.GET_TOKEN.call(one(OrganizationToken), token_id))

    async def revoke(self, token_id: str) -> OrganizationToken:
        """End a token at once."""
        return await self._sender.send(endpoints.REVOKE_TOKEN.call(one(OrganizationToken), token_id))


class AsyncOAuth(AsyncResource):
    """OAuth apps and the user tokens minted with them."""

    def list_apps(
        self,
        *,
        organization_id: str,
        owner: str,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        sort_by: Sorting | None = None,
        descending: bool | None = None,
        page_size: int = 100,
        page_number: int | None = None,
        cursor: str | None = None,
    ) -> AsyncListing[OAuthAppDetails]:
        """A user's apps, page by page; `owner` is Siro's id of the user. By cursor, or from a `page_number` on."""
        size, first = sized(page_size, 100), sized(page_number, name="page_number")
        query = query_of(
            organizationId=organization_id,
            owner=owner,
            sortField=sort_by,
            sortDirection=direction(descending),
            limit=size,
            fromDate=created_after,
            toDate=created_before,
        )
        return AsyncListing(
            self._sender,
            lambda at: endpoints.LIST_OAUTH_APPS.call(
                numbered(OAuthAppDetails, at, first or 1), query=(*query, *place(at, first))
            ),
            cursor,
        )

    async def create_app(
        self, record: OAuthAppCreate | OAuthAppCreateFields | None = None, /, **fields: Unpack[OAuthAppCreateFields]
    ) -> OAuthApp:
        """Create an app; `owner` is Siro's id of a user. Its secret is shown this once.

        Take a record, or its fields by name.
        """
        body = request(OAuthAppCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_OAUTH_APP.call(one(OAuthApp), body=body))

    async def get_app(self, client_id: str) -> OAuthAppDetails:
        """Read about an app."""
        return await self._sender.send(endpoints.GET_OAUTH_APP.call(one(OAuthAppDetails), client_id))

    async def delete_app(self, client_id: str) -> OAuthAppDeleted:
        """Delete an app."""
        return await self._sender.send(endpoints.DELETE_OAUTH_APP.call(one(OAuthAppDeleted), client_id))

    def list_access_tokens(
        self,
        client_id: str,
        *,
        owner: str,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        sort_by: Sorting | None = None,
        descending: bool | None = None,
        page_size: int = 100,
        page_number: int | None = None,
        cursor: str | None = None,
    ) -> AsyncListing[AccessTokenDetails]:
        """The user tokens minted with an app, page by page; `owner` is Siro's id of the app's user."""
        size, first = sized(page_size, 100), sized(page_number, name="page_number")
        query = query_of(
            owner=owner,
            sortField=sort_by,
            sortDirection=direction(descending),
            limit=size,
            fromDate=created_after,
            toDate=created_before,
        )
        return AsyncListing(
            self._sender,
            lambda at: endpoints.LIST_ACCESS_TOKENS.call(
                numbered(AccessTokenDetails, at, first or 1), client_id, query=(*query, *place(at, first))
            ),
            cursor,
        )

    async def create_access_token(
        self,
        client_id: str,
        record: AccessTokenCreate | AccessTokenCreateFields | None = None,
        /,
        **fields: Unpack[AccessTokenCreateFields],
    ) -> AccessToken:
        """Mint a user token. The client does so by itself where a call needs one.

        Take a record, or its fields by name.
        """
        body = request(AccessTokenCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_ACCESS_TOKEN.call(one(AccessToken), client_id, body=body))

    async def get_access_token(self, client_id: str, token_id: str) -> AccessTokenDetails:
        """Read about a user token."""
        return await self._sender.send(endpoints.GET_ACCESS_TOKEN.call(one(AccessTokenDetails), client_id, token_id))

    async def revoke_access_token(
        self,
        client_id: str,
        token_id: str,
        record: AccessTokenRevoke | AccessTokenRevokeFields | None = None,
        /,
        **fields: Unpack[AccessTokenRevokeFields],
    ) -> AccessTokenRevoked:
        """End a user token at once. Take a record, or its fields by name."""
        body = request(AccessTokenRevoke, record, fields)
        return await self._sender.send(
            endpoints.REVOKE_ACCESS_TOKEN.call(one(AccessTokenRevoked), client_id, token_id, body=body)
        )
