"""No secret is shown, whatever its column is called and however it looks."""

from __future__ import annotations

import secrets
import uuid

import pytest

from fieldnote.crm.sql.sensitive import is_sensitive

NAMES = [
    "password", "Password", "user_hash", "pwd", "passwd", "pass", "api_key", "apiKey", "APIKEY", "access_token",
    "sessionId", "session_id", "secret", "client_secret", "salt", "private_key", "otp_code", "ssn", "pin",
    "card_number", "encrypted_value",
    "remember_token", "auth", "oauth_state", "reset_password_token", "webhook_url", "totp",
]  # fmt: skip
VALUES = [
    "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA",
    "5f4dcc3b5aa765d61d8327deb882cf99", "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8", "{SSHA}VGhpcyBpcyBhIHRlc3Q=",
    "pbkdf2_sha256$260000$abc$def", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "-----BEGIN RSA PRIVATE KEY-----",
    "postgresql://user:hunter2@host/db", "123-45-6789", "$6$saltsalt$hash", "$P$BDmSr7b9jTKPYFfaaaaaaaaaaaa.",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
]  # fmt: skip
HARMLESS = [
    ("starts_at", ["2026-02-14 10:30:00"]), ("stage", ["Closed Won", "Prospecting", "Negotiation/Review"]),
    ("title", ["Roof inspection for the Thackeray family, second visit"]), ("amount", [45000.0, 17]),
    ("deleted", [0, 1]), ("id", [str(uuid.UUID("0b5f2c1e-1111-4222-8333-1234567890ab"))]), ("customer_id", [5]),
    ("phone", ["303-555-0100"]), ("parent_type", ["Opportunities"]), ("compass", ["north"]), ("passengers", [4]),
    ("key", ["D-1"]), ("author", ["Ann"]), ("pinned", [1]), ("shipping_state", ["CO"]),
    ("status", ["Sold-2026-closed"]),
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_sensitive_name_hides_its_column(name: str) -> None:
    assert is_sensitive(name, ["x"])


@pytest.mark.parametrize("value", VALUES)
def test_a_secret_hides_a_column_of_any_name(value: str) -> None:
    assert is_sensitive("note", ["fine", value])
    assert is_sensitive("note", [f"see {value} there"])


@pytest.mark.parametrize("make", [secrets.token_urlsafe, secrets.token_hex], ids=["urlsafe", "hex"])
def test_random_keys_hide_a_column(make: object) -> None:
    assert callable(make)
    found = [is_sensitive("c_x7", [make(size)]) for size in (16, 24, 32, 48) for _ in range(25)]
    assert sum(found) >= 98, "a short random key may look like a word, but almost none does"


@pytest.mark.parametrize(("name", "values"), HARMLESS)
def test_a_harmless_column_is_shown(name: str, values: list[object]) -> None:
    assert not is_sensitive(name, values)
