"""Which addresses the server may call: a webhook's URL is a stranger's word, and must not reach into the network.

The name is resolved here, every address it has is judged, and the call goes to the address that was judged: a
name that resolves to something else a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from fieldnote.errors import WorkspaceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""`::a.b.c.d`, an old form of an IPv4 address."""
_NOT_PUBLIC: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b:1::/48", "5f00::/16", "fec0::/10", "3fff::/20")))
"""A network's own NAT64, segment routing, site-local, documentation: Python counts some of them as global."""
_WEB_PORTS: Final = frozenset({80, 443})
_OTHER_SERVICES: Final = frozenset({
    1433, 1521, 2049, 2375, 2379, 3306, 3389, 5060, 5432, 5672, 5900, 6379, 6667, 9042, 9200, 11211, 27017,
})  # fmt: skip
"""Ports above 1023 where something else than HTTP listens."""
_HINT: Final = "Give a public address, as in https://example.com/hooks/siro."


@dataclass(frozen=True, slots=True)
class Target:
    """Where to call, with the name already resolved."""

    url: str
    """The URL with the address in place of the name."""
    host: str
    """What the `Host` header says."""
    name: str
    """For the certificate."""


def checked(url: str) -> str:
    """The URL, if it may be one of a webhook as far as its text tells. Raises WorkspaceError."""
    parts = _parts(url)
    try:
        literal = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return url
    if not _is_public(literal) and not _is_loopback(literal):
        raise WorkspaceError(f"{url} lies inside a network, where webhooks are not sent", hint=_HINT)
    return url


async def resolve(url: str, *, loopback: bool) -> Target:
    """Where `url` leads now. `loopback`: this machine is allowed as well. Raises WorkspaceError."""
    parts = _parts(url)
    name = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError:
        raise WorkspaceError(f"the host of the webhook is not known: {name}", hint="Check its name.") from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not all(map(_is_loopback, addresses)) and not _is_web_port(port):
        raise WorkspaceError(f"port {port} of {name} is not one of a web server", hint="Use 443 or 80.")
    if not addresses or not all(_is_public(a) or (loopback and _is_loopback(a)) for a in addresses):
        raise WorkspaceError(f"{name} leads inside a network, where webhooks are not sent", hint=_HINT)
    chosen = addresses[0]
    literal = f"[{chosen}]" if chosen.version == 6 else str(chosen)
    pinned = SplitResult(parts.scheme, f"{literal}:{port}", parts.path, parts.query, "")
    return Target(pinned.geturl(), parts.netloc.rpartition("@")[2], name)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or "\0" in url:
        raise WorkspaceError(f"{url!r} is not an http or https address", hint=_HINT)
    return parts


def _is_web_port(port: int) -> bool:
    return port in _WEB_PORTS or (port > 1023 and port not in _OTHER_SERVICES)


def _is_loopback(address: Address) -> bool:
    return address.is_loopback or (_embedded(address) or address).is_loopback


def _is_public(address: Address) -> bool:
    """Reachable from anywhere, also as seen through an IPv6 form of an IPv4 address."""
    plain = _embedded(address) or address
    return plain.is_global and not plain.is_multicast and not any(address in net for net in _NOT_PUBLIC)


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64 or address in _COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
