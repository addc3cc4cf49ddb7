"""Addresses and credentials of Siro, from arguments or the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from fieldnote.errors import ConfigError

BASE_URL = "https://functions.siro.ai/api-externalApi"
"""Of calls with an organization token."""

API_URL = "https://api.siro.ai"
"""Of calls with a user token."""

AUTH_URL = "https://auth.siro.ai"
"""Where client credentials become tokens."""

RATE_LIMIT = 1000
"""Siro's own: calls of one token in any 60 seconds."""

_NAMES = ("base_url", "api_url", "auth_url", "token", "client_id", "client_secret", "user_id")


@dataclass(frozen=True, slots=True)
class SiroSettings:
    """Addresses and credentials. Secrets print as `***`. Raises ConfigError for impossible values."""

    base_url: str = BASE_URL
    """With or without `/v1`, with or without a slash at the end; kept without both."""
    api_url: str = API_URL
    """As `base_url`."""
    auth_url: str = AUTH_URL
    """As `base_url`. Used only without `token`."""
    token: SecretStr | None = None
    """The organization's API token."""
    client_id: str | None = None
    """Of the OAuth app that user tokens are minted with; without `token`, of the client application."""
    client_secret: SecretStr | None = None
    """Of the same app."""
    user_id: str | None = None
    """Siro's id of the user of minted user tokens."""
    rate_limit: int | None = RATE_LIMIT
    """Calls of one token in any 60 seconds; None: no limit."""

    def __post_init__(self) -> None:
        # A blank value counts as missing: an empty environment variable means "none".
        object.__setattr__(self, "base_url", clean_url(self.base_url or BASE_URL, "SIRO_BASE_URL"))
        object.__setattr__(self, "api_url", clean_url(self.api_url or API_URL, "SIRO_API_URL"))
        object.__setattr__(self, "auth_url", clean_url(self.auth_url or AUTH_URL, "SIRO_AUTH_URL"))
        for name in ("token", "client_secret"):
            object.__setattr__(self, name, _clean_secret(getattr(self, name), f"SIRO_{name.upper()}"))
        for name in ("client_id", "user_id"):
            object.__setattr__(self, name, (getattr(self, name) or "").strip() or None)
        if self.rate_limit is not None and self.rate_limit < 1:
            raise ConfigError("SIRO_RATE_LIMIT must be at least 1", hint="Give calls in 60 seconds, or `off`.")

    @classmethod
    def of(
        cls,
        *,
        base_url: str | None = None,
        api_url: str | None = None,
        auth_url: str | None = None,
        token: str | SecretStr | None = None,
        client_id: str | None = None,
        client_secret: str | SecretStr | None = None,
        user_id: str | None = None,
        rate_limit: int | None = RATE_LIMIT,
    ) -> Self:
        """From plain values; None stands for the default."""
        return cls(
            base_url=base_url or BASE_URL,
            api_url=api_url or API_URL,
            auth_url=auth_url or AUTH_URL,
            token=_secret(token),
            client_id=client_id,
            client_secret=_secret(client_secret),
            user_id=user_id,
            rate_limit=rate_limit,
        )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """From SIRO_TOKEN, SIRO_CLIENT_ID, SIRO_CLIENT_SECRET, SIRO_USER_ID; SIRO_BASE_URL, SIRO_API_URL and
        SIRO_AUTH_URL; SIRO_RATE_LIMIT, which may be `off`.
        """
        source = os.environ if environ is None else environ
        given = {name: source.get(f"SIRO_{name.upper()}", "").strip() for name in _NAMES}
        return cls.of(**given, rate_limit=read_rate_limit(source.get("SIRO_RATE_LIMIT", "")))

    @property
    def uses_client_credentials(self) -> bool:
        """Whether a client application proves every call, without an organization token."""
        return self.token is None and self.client_id is not None and self.client_secret is not None

    @property
    def missing_for_user_token(self) -> tuple[str, ...]:
        """The settings that a user token still needs."""
        if self.uses_client_credentials:
            return ()
        wanted = ("token", "client_id", "client_secret", "user_id")
        return tuple(f"SIRO_{name.upper()}" for name in wanted if getattr(self, name) is None)


def read_rate_limit(text: str) -> int | None:
    """Calls in 60 seconds out of text; None for `off`, Siro's own limit for nothing. Raises ConfigError."""
    match text.strip().lower():
        case "":
            return RATE_LIMIT
        case "off":
            return None
        case digits if digits.isascii() and digits.isdigit():
            return int(digits)
        case _:
            raise ConfigError("SIRO_RATE_LIMIT is not a number", hint="Give calls in 60 seconds, or `off`.")


def clean_url(url: str, setting: str) -> str:
    """A base URL without `/v1` and without a slash at the end. Raises ConfigError, naming the setting."""
    text = url.strip().rstrip("/")
    problem = _problem(text)
    if problem:
        raise ConfigError(f"{setting} {problem}", hint=f"Give it as in {BASE_URL}, with or without /v1.")
    return text.removesuffix("/v1").rstrip("/")


def _problem(url: str) -> str | None:
    """The problem of a base URL, without the URL: it may contain a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is not an address"
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in url):
        return "has a blank in it"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "is not an http or https address"
    if parts.username is not None or parts.password is not None:
        return "contains a user name or password, which Siro does not use"
    if "?" in url or "#" in url:
        return "contains a query or fragment (? or #)"
    return None


def _secret(value: str | SecretStr | None) -> SecretStr | None:
    return SecretStr(value) if isinstance(value, str) else value


def _clean_secret(value: SecretStr | None, setting: str) -> SecretStr | None:
    text = value.get_secret_value().strip() if value else ""
    if not text:
        return None
    if not is_header_safe(text):
        hint = "Copy it again: it must be one line of plain characters."
        raise ConfigError(f"{setting} contains a blank or a character that no secret has", hint=hint)
    return SecretStr(text)


def is_header_safe(text: str) -> bool:
    """Whether a token can be sent in a header. HTTP libraries quote others in their errors."""
    return all(0x21 <= ord(character) <= 0x7E for character in text)
