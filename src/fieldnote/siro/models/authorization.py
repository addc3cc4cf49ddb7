"""OAuth 2's client credentials grant (RFC 6749, section 4.4): its fields have the names of that document."""

from __future__ import annotations

from pydantic import ConfigDict

from fieldnote.siro.models.base import FormModel, ResponseModel, Secret


class ClientCredentialsGrant(FormModel):
    """Asks for a token of a client application, whose id and secret travel as HTTP Basic."""

    grant_type: str


GRANT = ClientCredentialsGrant(grant_type="client_credentials")
"""The one of it."""


class ClientToken(ResponseModel):
    """A token of a client application."""

    model_config = ConfigDict(alias_generator=None)

    access_token: Secret
    expires_in: float | None = None
    """Seconds from now to its end."""
