"""The origins that a CRM's login may be sent to: scheme, host and port.

The address of the next page and the target of a redirect come from the API, and so does a path with a placeholder. Each
is checked before the call: the login, an API key in a header or in the query goes to no other origin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from fieldnote.errors import ConfigError, CrmRefused

Origin = tuple[str, str, int]
_PORTS = {"http": 80, "https": 443}


def origin_of(address: str) -> Origin | None:
    """The origin of an address; None for one that has none, or that two parsers may read in two ways."""
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname or "@" in parts.netloc or "\\" in address:
        return None
    return parts.scheme, parts.hostname.lower().rstrip("."), port


def read_origins(given: Iterable[str]) -> frozenset[Origin]:
    """The origins of `crm.origins`. Raises ConfigError."""
    found: set[Origin] = set()
    for address in given:
        origin = origin_of(address)
        if origin is None or not _is_bare(urlsplit(address)):
            raise ConfigError(f"crm.origins has '{address}', which is not an origin", hint="write https://api.example")
        found.add(origin)
    return frozenset(found)


def _is_bare(parts: SplitResult) -> bool:
    return parts.path in {"", "/"} and not parts.query and not parts.fragment


@dataclass(frozen=True, slots=True)
class Origins:
    """Where calls may go."""

    allowed: frozenset[Origin]

    @classmethod
    def of(cls, config: Mapping[str, Any], further: Iterable[str] = ()) -> Origins:
        """Of `crm.rest` and `crm.origins`: the base URL, and whole addresses that the file has as a path."""
        client = config.get("client")
        base = str(client.get("base_url", "")) if isinstance(client, dict) else ""
        own = {origin for address in (base, *_addresses(config)) if (origin := origin_of(address)) is not None}
        return cls(frozenset(own) | read_origins(further))

    def check(self, address: str) -> None:
        """Raise CrmRefused for an address of another origin."""
        if origin_of(address) in self.allowed:
            return
        host = urlsplit(address).netloc.rpartition("@")[2]
        raise CrmRefused(
            f"the CRM points to another host: {host}",
            hint="the login is not sent there; if the host is the CRM's own, add its origin to crm.origins",
        )


def _addresses(config: Mapping[str, Any]) -> Iterator[str]:
    """Whole addresses of resources, unless their host comes from a placeholder."""
    for resource in config.get("resources") or ():
        endpoint = resource.get("endpoint") if isinstance(resource, dict) else resource
        path = endpoint.get("path") if isinstance(endpoint, dict) else endpoint
        if isinstance(path, str) and "://" in path and "{" not in urlsplit(path).netloc:
            yield path
