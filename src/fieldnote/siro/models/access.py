"""Organization tokens, OAuth apps and the user tokens minted with them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fieldnote.siro.models.base import Lenient, OptionalTime, RequestModel, ResponseModel, Secret
from fieldnote.siro.models.enums import Scope


class OAuthAppCreate(RequestModel):
    """An OAuth app to create."""

    app_name: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(min_length=1)]
    """Siro's id of the user whose app it is."""
    organization_id: Annotated[str, Field(min_length=1)]


class AccessTokenCreate(RequestModel):
    """A user token to mint."""

    client_secret: Secret
    user_id: str
    """Siro's id of the user in whose name the token reads."""
    scope: Scope


class CallerIdentity(ResponseModel):
    """The owner of a token."""

    organization_id: str
    token_id: str | None = None
    token_name: str | None = None
    created_at: OptionalTime = None
    created_by: str | None = None
    authorized_org_group_id: str | None = None
    parent_org_group_token_id: str | None = None


class OAuthApp(ResponseModel):
    """An OAuth app as it was created. The secret is shown this once."""

    app_name: str | None = None
    client_id: str = Field(alias="clientID")
    client_secret: Secret | None = None


class AccessToken(ResponseModel):
    """A user token as it was minted. It lives 16 hours, and is shown this once."""

    access_token: Secret
    access_token_id: str | None = None
    expires_at: OptionalTime = None
    """When it ends, if Siro says so."""


class TokenCreate(RequestModel):
    """An organization token to create."""

    organization_id: str
    token_name: str


class OrganizationToken(CallerIdentity):
    """An organization token. The token itself is shown once, to its creator."""

    token: Secret | None = None


class OAuthAppDetails(ResponseModel):
    """An OAuth app."""

    client_id: str
    app_name: str | None = None
    owner: str | None = None
    """Siro's id of the user whose app it is."""
    organization_id: str | None = None
    deleted: bool | None = None
    deleted_at: OptionalTime = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class OAuthAppDeleted(ResponseModel):
    """The OAuth app that was deleted."""

    client_id: str


class AccessTokenDetails(ResponseModel):
    """A user token, without the token itself."""

    access_token_id: str
    o_auth_app_id: str | None = None
    user_id: str | None = None
    """Siro's id of the user in whose name it reads."""
    subject: str | None = None
    audience: str | None = None
    scope: Lenient[Scope] | None = None
    expires_at: OptionalTime = None
    revoked_at: OptionalTime = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class AccessTokenRevoke(RequestModel):
    """Proof that a user token may be revoked."""

    client_secret: Secret
    user_id: str
    """Siro's id of the user whose token it is."""


class AccessTokenRevoked(ResponseModel):
    """The user token that was revoked."""

    token_id: str
