"""Webhooks: an event, or one error."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from fieldnote.siro import RecordingEvent, WebhookRejected
from fieldnote.siro.webhooks import new_secret, sign, verify

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
NOW = datetime(2026, 2, 15, 14, tzinfo=UTC)
BODY = json.dumps(
    {
        "eventType": "integrations.recordingLinked", "recordingId": "rec-1", "recordingProcessed": True,
        "recordingLinked": True, "siroUserId": "u", "crm": {
            "integrationConnectionId": "c", "engagement": {"id": "e", "externalId": "appt-456"},
            "contacts": []},
    }
).encode()  # fmt: skip


def test_a_signed_event_is_read() -> None:
    event = verify(BODY, sign(SECRET, "msg_1", NOW, BODY), SECRET, now=NOW)
    assert (event.recording_id, event.message_id, event.ready) == ("rec-1", "msg_1", True)
    assert event.crm is not None
    assert event.crm.engagement is not None
    assert event.crm.engagement.external_id == "appt-456"
    assert json.loads(BODY) == event.wire()


def test_the_signature_is_the_standard_one() -> None:
    """Signed here and verified by the reference implementation, and the other way around."""
    moment = datetime.now(UTC)
    names = {name.replace("svix-", "webhook-"): value for name, value in sign(SECRET, "m", moment, BODY).items()}
    assert Webhook(SECRET).verify(BODY, names) == json.loads(BODY)
    theirs = Webhook(SECRET).sign("m", moment, BODY.decode())
    headers = {
        "Webhook-Id": "m",
        "Webhook-Timestamp": str(int(moment.timestamp())),
        "Webhook-Signature": theirs,
    }
    assert verify(BODY, headers, SECRET).recording_id == "rec-1"


def test_headers_may_have_any_case_and_several_signatures() -> None:
    headers = sign(SECRET, "m", NOW, BODY)
    signature = f"v1a,xyz v1, nonsense {headers['svix-signature']}"
    given_headers = {"SVIX-ID": "m", "Svix-Timestamp": headers["svix-timestamp"], "svix-Signature": signature}
    assert verify(BODY, given_headers, SECRET, now=NOW).message_id == "m"


def test_old_and_new_secret_work_during_a_rotation() -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    for secret in (old, new):
        assert verify(BODY, sign(secret, "m", NOW, BODY), [old, new], now=NOW).recording_id == "rec-1"
    with pytest.raises(WebhookRejected, match="signature"):
        verify(BODY, sign(other, "m", NOW, BODY), [old, new], now=NOW)
    with pytest.raises(WebhookRejected):
        verify(BODY, sign(other, "m", NOW, BODY), [], now=NOW)


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**9])
def test_an_event_too_old_or_too_far_ahead_is_rejected(seconds: int) -> None:
    headers = sign(SECRET, "m", NOW + timedelta(seconds=seconds), BODY)
    with pytest.raises(WebhookRejected, match="too"):
        verify(BODY, headers, SECRET, now=NOW)
    near = sign(SECRET, "m", NOW + timedelta(seconds=299 if seconds > 0 else -299), BODY)
    assert verify(BODY, near, SECRET, now=NOW).recording_id == "rec-1"


def test_a_time_is_signed_the_same_in_every_zone() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert sign(SECRET, "m", there, BODY) == sign(SECRET, "m", NOW, BODY)


def test_a_changed_byte_is_rejected() -> None:
    headers = sign(SECRET, "m", NOW, BODY)
    for changed in (BODY.replace(b"true", b"tru\xc3"), BODY + b" ", b""):
        with pytest.raises(WebhookRejected):
            verify(changed, headers, SECRET, now=NOW)
    with pytest.raises(WebhookRejected):
        verify(BODY, {**headers, "svix-id": "another"}, SECRET, now=NOW)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"eventType": "x"}', b"[" * 100_000, b'"\\ud800"'])
def test_signed_bytes_without_an_event_are_rejected(body: bytes) -> None:
    with pytest.raises(WebhookRejected, match="not a recording event"):
        verify(body, sign(SECRET, "m", NOW, body), SECRET, now=NOW)


@settings(max_examples=150, deadline=None)
@given(
    body=st.binary(max_size=40) | st.just(BODY),
    headers=st.dictionaries(
        st.sampled_from(["svix-id", "SVIX-timestamp", "svix-signature", "webhook-id", "x"]),
        st.text(max_size=12) | st.sampled_from(["1771164000", "1e9", "v1,", "v1", "NaN", "v1,x=", "inf", "٣"]),
    ),
)
def test_any_bytes_and_headers_give_one_error(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(WebhookRejected) as caught:
        verify(body, headers, SECRET, now=NOW)
    assert SECRET not in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["eventType", "recordingId", "recordingProcessed", "recordingLinked", "crm",
                         "contacts", "message_id"]),
        inner, max_size=5),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_signed_bytes_give_an_event_or_one_error(body: bytes) -> None:
    try:
        headers = sign(SECRET, "m", NOW, body)
    except UnicodeDecodeError:
        headers = sign(SECRET, "m", NOW, b"")
    try:
        event = verify(body, headers, SECRET, now=NOW)
    except WebhookRejected:
        return
    assert isinstance(event, RecordingEvent)
    assert event.message_id == "m"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "ü"])
def test_an_invalid_secret_is_a_value_error(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        verify(BODY, {}, secret)


def test_new_secrets_differ_and_have_32_bytes() -> None:
    secrets = {new_secret() for _ in range(10)}
    assert len(secrets) == 10
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in secrets)
