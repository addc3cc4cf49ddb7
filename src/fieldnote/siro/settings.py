"""Where Siro is and how to prove who asks, from arguments or the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from fieldnote.errors import ConfigError

BASE_URL: Final = "https://functions.siro.ai/api-externalApi"
"""The organization-token API."""

API_URL: Final = "https://api.siro.ai"
"""The user-token API."""


def normalize_url(url: str, *, setting: str) -> str:
    """The URL without a closing slash and without `/v1`, which every path brings itself."""
    cleaned = url.strip().rstrip("/").removesuffix("/v1").rstrip("/")
    parts = urlsplit(cleaned)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(
            f"{setting} is not an http or https address: {url!r}",
            hint=f"Give {setting} as in {BASE_URL}, with or without /v1.",
        )
    if parts.username or parts.password:
        raise ConfigError(
            f"{setting} holds a user name or password", hint="Give the credential by SIRO_TOKEN."
        )
    return cleaned


class SiroSettings(BaseModel):
    """Addresses and credentials. Secrets print as `***`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = BASE_URL
    api_url: str = API_URL
    token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    user_id: str | None = None

    @field_validator("base_url")
    @classmethod
    def _base_url(cls, value: str) -> str:
        return normalize_url(value, setting="SIRO_BASE_URL")

    @field_validator("api_url")
    @classmethod
    def _api_url(cls, value: str) -> str:
        return normalize_url(value, setting="SIRO_API_URL")

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> SiroSettings:
        """Read `SIRO_BASE_URL`, `SIRO_API_URL`, `SIRO_TOKEN`, `SIRO_CLIENT_ID`, `SIRO_CLIENT_SECRET` and
        `SIRO_USER_ID`; an empty one counts as not given.

        Raises:
            ConfigError: an address is not one.
        """
        names = ("base_url", "api_url", "token", "client_id", "client_secret", "user_id")
        given = {name: env.get(f"SIRO_{name.upper()}", "").strip() for name in names}
        return cls.model_validate({name: value for name, value in given.items() if value})
