"""`receiver` and `crm.webhooks`: where webhooks come in, and events that a CRM sends by itself.

Those are signed, and registered where the CRM's API allows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from fieldnote.config.values import Duration, Secret, Section, Text, WebAddress, secrets

CRM_HOOK: Final = "/hooks/crm"
"""The path of the receiver that takes them."""
_SHORTEST_SECRET: Final = 16


class ReceiverSettings(Section):
    """Where `fieldnote run` listens for webhooks: Siro's, and the CRM's."""

    host: Text = "127.0.0.1"
    """The address it listens on. Do not change it behind a reverse proxy."""
    port: int = Field(default=8787, ge=0, le=65535)
    """The port it listens on."""
    crm_secret: Annotated[tuple[Secret, ...], BeforeValidator(secrets)] = ()
    """The secret that the CRM's hooks sign with or send; several while one is being replaced."""

    @field_validator("crm_secret")
    @classmethod
    def _is_long(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(secret.get_secret_value()) < _SHORTEST_SECRET for secret in value):
            raise ValueError(f"has fewer than {_SHORTEST_SECRET} characters, which can be guessed")
        return value

    public_url: WebAddress | None = None
    """The receiver's address as the CRM sees it, such as https://fieldnote.example.com. Signatures cover it."""


class RegistrationCall(Section):
    """One call, with `{address}`, `{id}` or `{subscription}` in its path or body."""

    method: Text
    """The HTTP method, such as `POST`."""
    path: Text
    """Below `client.base_url`, or a whole address."""
    body: Any = None
    """As JSON."""


class WebhookRegistration(Section):
    """How the API is asked to send events. Done at the start of `fieldnote run`, and again each day."""

    token: Secret | None = None
    """The token for these calls; left out: a person registers the webhooks in the CRM."""
    target: RegistrationCall
    """Says where events go: `{address}`."""
    list: RegistrationCall
    """The subscriptions that there are."""
    items: Text
    """JMESPath of them inside the answer."""
    add: RegistrationCall
    """Makes the subscription `{subscription}`."""
    enable: RegistrationCall
    """Turns the subscription `{id}` on again."""
    wanted: tuple[dict[str, Any], ...]
    """The subscriptions that there should be."""
    every: Duration = timedelta(days=1)
    """How often the subscriptions are compared with `wanted`."""


class ApiWebhooks(Section):
    """Events of the CRM: what proves who sent them, and how soon the changes are read."""

    secret: Secret | None = None
    """The secret of the signature; left out: no events are taken, and only the poll finds changes."""
    signature: Text
    """The header with the signature: HMAC-SHA256 over method, address, body and time, in base64."""
    timestamp: Text
    """The header with the time, in milliseconds since 1970."""
    max_age: Duration = timedelta(minutes=5)
    """An event older than this is refused."""
    wait: Duration = timedelta(seconds=5)
    """The time between an event and its reading, for late search indexes. Events in between share one reading."""
    registration: WebhookRegistration | None = Field(default=None)
    """How the API is asked to send events; left out: a person registers the webhooks in the CRM."""


def check_address(webhooks: ApiWebhooks | None, public_url: str | None) -> None:
    """Raise ValueError where a secret is set, and the address that its signature covers is not."""
    if webhooks is not None and webhooks.secret is not None and public_url is None:
        raise ValueError("has webhooks of the CRM, whose signature covers the address: set receiver.public_url")
