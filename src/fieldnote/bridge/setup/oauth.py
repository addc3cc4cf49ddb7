"""An OAuth app and a user's token from it, made with the organization's token, and tried."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from fieldnote.bridge.remote import NO_RECORDING
from fieldnote.errors import FieldnoteError
from fieldnote.matching.people import email_key
from fieldnote.siro import AsyncSiro
from fieldnote.siro.errors import NotFound, SiroError
from fieldnote.siro.models import User
from fieldnote.siro.models.enums import Scope


@dataclass(frozen=True, slots=True)
class Credentials:
    """The values for the environment, and their use."""

    client_id: str
    client_secret: SecretStr
    user_id: str
    user: str
    """The user's email, or name."""
    reads: bool
    """Whether the user's token reads recordings."""
    why_not: str | None = None

    def environment(self) -> dict[str, str]:
        """The variables to set, the secret in clear."""
        return {
            "SIRO_CLIENT_ID": self.client_id,
            "SIRO_CLIENT_SECRET": self.client_secret.get_secret_value(),
            "SIRO_USER_ID": self.user_id,
        }


async def make_credentials(
    siro: AsyncSiro, email: str, *, scope: Scope = Scope.READ, name: str = "Fieldnote"
) -> Credentials:
    """Make an app for a user, mint a token with it, and read with that token. Raises SiroError, FieldnoteError."""
    organization = (await siro.auth.caller_identity()).organization_id
    user = await _user(siro, email)
    app = await siro.oauth.create_app(app_name=name, owner=user.id, organization_id=organization)
    if app.client_secret is None:
        raise FieldnoteError("Siro made an app without a secret", hint="Delete it in Siro, and try again.")
    await siro.oauth.create_access_token(app.client_id, client_secret=app.client_secret, user_id=user.id, scope=scope)
    why_not = await _tried(siro, app.client_id, app.client_secret, user.id)
    shown = user.email or user.full_name
    return Credentials(app.client_id, app.client_secret, user.id, shown, why_not is None, why_not)


async def _user(siro: AsyncSiro, email: str) -> User:
    found = [user for user in await siro.users.list() if email_key(user.email) == email_key(email)]
    if len(found) != 1:
        raise FieldnoteError(
            f"Siro has {'no user' if not found else 'several users'} with the email {email}",
            hint="`fieldnote users` lists Siro's users.",
        )
    return found[0]


async def _tried(siro: AsyncSiro, client_id: str, secret: SecretStr, user_id: str) -> str | None:
    """Why the user's token does not read recordings; None: it does."""
    settings = siro.settings
    async with AsyncSiro(
        token=settings.token,
        base_url=settings.base_url,
        api_url=settings.api_url,
        client_id=client_id,
        client_secret=secret,
        user_id=user_id,
    ) as client:
        return await refusal(client)


async def refusal(client: AsyncSiro) -> str | None:
    """Why the client's user token is not accepted; None: it is. Asks for the extractions of no recording at all."""
    try:
        await client.extractions.list(NO_RECORDING)
    except NotFound:
        return None
    except SiroError as error:
        return error.message
    return None
