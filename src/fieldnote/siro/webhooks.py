"""Verify and read Siro's webhooks.

Signed as Svix does, which is the Standard Webhooks scheme with headers named `svix-*`. Both names are read.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import math
import secrets as dice
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError
from standardwebhooks import Webhook

from fieldnote.siro.errors import WebhookRejected
from fieldnote.siro.models import RecordingEvent

TOLERANCE = timedelta(minutes=5)
"""The largest difference between a webhook's time and this machine's."""

_PREFIX = "whsec_"


def verify(
    raw_body: bytes,
    headers: Mapping[str, str],
    secrets: str | Sequence[str],
    *,
    now: datetime | None = None,
    tolerance: timedelta = TOLERANCE,
) -> RecordingEvent:
    """The event in a webhook's bytes, if one of the secrets signed them within `tolerance` of `now`.

    `raw_body` must be the bytes as they came: JSON that was parsed and written again has another signature.
    Several secrets are for the time of a rotation. Raises WebhookRejected, whatever the bytes are;
    ValueError only for mistakes of the caller (a secret that is not valid, a naive `now`).
    """
    signers = [_signer(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    message_id, timestamp, signatures = _headers(headers)
    sent_at = _time_of(timestamp)
    _check_time(sent_at, now or datetime.now(UTC), tolerance)
    try:
        text = raw_body.decode()
    except UnicodeDecodeError:
        raise WebhookRejected("the webhook's body is not UTF-8") from None
    if not any(_signed(signer, message_id, sent_at, text, signatures) for signer in signers):
        hint = "Compare the signing secret with the one that Siro shows for this endpoint."
        raise WebhookRejected("the webhook's signature does not match any secret", hint=hint)
    return _event(text, message_id)


def sign(secrets: str | Sequence[str], message_id: str, timestamp: datetime, body: bytes) -> dict[str, str]:
    """The headers that prove a body: `svix-id`, `svix-timestamp`, `svix-signature`.

    Several secrets each add a signature, for the time of a rotation. `timestamp` is aware; its fraction of a second is
    dropped. `body` is UTF-8. Raises ValueError.
    """
    if timestamp.tzinfo is None:
        raise ValueError("timestamp must be aware")
    moment = timestamp.astimezone(UTC)
    signers = [_signer(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    signatures = [signer.sign(message_id, moment, body.decode()) for signer in signers]
    return {
        "svix-id": message_id,
        "svix-timestamp": str(math.floor(moment.timestamp())),
        "svix-signature": " ".join(signatures),
    }


def new_secret() -> str:
    """A new signing secret, `whsec_…`: 32 random bytes."""
    return _PREFIX + base64.b64encode(dice.token_bytes(32)).decode()


def _signer(secret: str) -> Webhook:
    """Raises ValueError, without the secret, for text that is not a secret."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(_PREFIX) + "==", validate=False)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("a webhook secret must be whsec_ and base64 text, as Siro shows it")
    return Webhook(key)


def _headers(headers: Mapping[str, str]) -> tuple[str, str, list[str]]:
    given = {name.lower(): value for name, value in headers.items()}
    found = [given.get(f"svix-{name}") or given.get(f"webhook-{name}") for name in ("id", "timestamp", "signature")]
    message_id, timestamp, signatures = found
    if not (message_id and timestamp and signatures):
        hint = "Siro sends svix-id, svix-timestamp and svix-signature; does a proxy drop them?"
        raise WebhookRejected("the webhook is not signed", hint=hint)
    return message_id, timestamp, signatures.split()


def _time_of(timestamp: str) -> datetime:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        raise WebhookRejected("the webhook's time is not in seconds since 1970")
    return datetime.fromtimestamp(int(timestamp), UTC)


def _check_time(sent_at: datetime, now: datetime, tolerance: timedelta) -> None:
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    if abs(now - sent_at) > tolerance:
        word = "old" if sent_at < now else "far ahead"
        raise WebhookRejected(
            f"the webhook is too {word}: signed {sent_at:%Y-%m-%d %H:%M:%S} UTC",
            hint="If this machine's clock is wrong, set it.",
        )


def _signed(signer: Webhook, message_id: str, sent_at: datetime, text: str, signatures: Sequence[str]) -> bool:
    try:
        wanted = signer.sign(message_id, sent_at, text)
    except UnicodeEncodeError:  # a lone surrogate in the id
        return False
    # As text: "v1,…" must be equal to the letter, so the sender's text is never decoded.
    return any(hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")) for given in signatures)


def _event(text: str, message_id: str) -> RecordingEvent:
    try:
        event = RecordingEvent.model_validate_json(text, by_name=False, by_alias=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise WebhookRejected(f"the webhook is signed, but is not a recording event: {where}: {first['msg']}") from None
    return event.model_copy(update={"message_id": message_id})
