"""`console`: the web pages beside `fieldnote run`, or alone."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from fieldnote.config.values import Section, Text, WebAddress


def _as_list(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class ConsoleSection(Section):
    """The web pages: where they listen, and whom they trust."""

    serve: bool = True
    """Whether `fieldnote run` serves them too."""
    host: Text = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=8788, ge=0, le=65535)
    """The port; 0 picks a free one."""
    public_url: WebAddress | None = None
    """How people reach it behind a proxy, such as https://fieldnote.example.com."""
    trusted_proxies: Annotated[tuple[Text, ...], BeforeValidator(_as_list)] = ()
    """Addresses or networks of proxies. Only their X-Forwarded-For and X-Forwarded-Proto headers count."""
    cert: Path | None = None
    """A TLS certificate chain, PEM."""
    key: Path | None = None
    """Its private key, PEM."""

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ipaddress.ip_network(one, strict=False)
            except ValueError:
                raise ValueError(f"has {one!r}, which is not an address or a network such as 10.0.0.0/8") from None
        return value

    @model_validator(mode="after")
    def _cert_and_key(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("needs both 'cert' and 'key', or neither")
        return self
