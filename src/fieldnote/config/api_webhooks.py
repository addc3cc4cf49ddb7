"""`crm.webhooks`: events that a CRM sends by itself, signed, and registered where its API allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pydantic import Field

from fieldnote.config.values import Duration, Secret, Section, Text

CRM_HOOK: Final = "/hooks/crm"
"""The path of the receiver that takes them."""


class RegistrationCall(Section):
    """One call, with `{address}`, `{id}` or `{subscription}` in its path or body."""

    method: Text
    path: Text
    body: Any = None


class WebhookRegistration(Section):
    """How the API is asked to send events. Done at the start of `fieldnote run`, and again each day."""

    token: Secret | None = None
    """What the API takes for this; left out: a person registers the webhooks in the CRM."""
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


class ApiWebhooks(Section):
    """Events of the CRM: what proves who sent them, and how soon the changes are read."""

    secret: Secret | None = None
    """The secret of the signature; left out: no events are taken, and only the poll finds changes."""
    signature: Text
    """The header with the signature: HMAC-SHA256 over method, address, body and time, in base64."""
    timestamp: Text
    """The header with the time, in milliseconds since 1970."""
    max_age: Duration = timedelta(minutes=5)
    wait: Duration = timedelta(seconds=5)
    """So long after an event the changes are read: a search index is late. Events meanwhile are one reading."""
    registration: WebhookRegistration | None = Field(default=None)
