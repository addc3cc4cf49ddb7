"""Which addresses the server may call: a webhook's URL is a stranger's word, and must not reach into the network.

The name is resolved here, every address it has is judged, and the call goes to the address that was judged: a
name that resolves to something else a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx2

from fieldnote.errors import WorkspaceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
"""`::a.b.c.d`, an old form of an IPv4 address."""
_TRANSLATED: Final = ipaddress.IPv6Network("::ffff:0:0:0/96")
"""`::ffff:0:a.b.c.d`, an IPv4 address that a translator gave an IPv6 form."""
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
"""The third quarter of an IPv6 address whose last quarter is the IPv4 address of a tunnel."""
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All that is assigned for global use."""
_NOT_PUBLIC: Final = tuple(map(ipaddress.ip_network, ("192.88.99.0/24", "3fff::/20", "2001:20::/28", "2001:30::/28")))
"""The relays of 6to4, documentation, hashes of keys, drones: Python counts some of them as global."""
PORTS: Final = "FIELDNOTE_WORKSPACE_WEBHOOK_PORTS"
_WEB_PORTS: Final = frozenset({80, 443, 8080, 8443, 8787})
"""Web servers, and the bridge's receiver."""
_HINT: Final = "Give a public address, as in https://example.com/hooks/siro."


@cache
def certificates() -> ssl.SSLContext:
    """The authorities that this machine trusts. Reading them takes 40 ms, during which the server does nothing else."""
    return httpx2.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to call, with the name already resolved."""

    url: str
    """The URL with the address in place of the name."""
    host: str
    """The value of the `Host` header."""
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


async def check_port(url: str) -> None:
    """Raise WorkspaceError where deliveries refuse the port. A name that leads to this machine may have any port."""
    parts = _parts(url)
    name, port = parts.hostname or "", _port_of(parts)
    if port in _web_ports():
        return
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError:
        found = []
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses or not all(map(_is_loopback, addresses)):
        _check_port(name, port)


async def resolve(url: str, *, loopback: bool) -> Target:
    """Where `url` leads now. `loopback`: this machine is allowed as well. Raises WorkspaceError."""
    parts = _parts(url)
    name = parts.hostname or ""
    port = _port_of(parts)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError:
        raise WorkspaceError(f"the host of the webhook is not known: {name}", hint="Check its name.") from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not all(map(_is_loopback, addresses)):
        _check_port(name, port)
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


def _port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _check_port(name: str, port: int) -> None:
    ports = _web_ports()
    if port not in ports:
        known = ", ".join(map(str, sorted(ports)))
        raise WorkspaceError(
            f"port {port} of {name} is not one of a web server", hint=f"Use one of {known}, or set {PORTS} for more."
        )


def _web_ports() -> frozenset[int]:
    """The ports that may be called: of web servers, and those of the administrator's list."""
    words = os.environ.get(PORTS, "").replace(",", " ").split()
    if not all(word.isascii() and word.isdigit() and 0 < int(word[:6]) < 65536 for word in words):
        raise WorkspaceError(f"{PORTS} is not a list of ports: {' '.join(words)}", hint="Write it as 9443, 8701.")
    return _WEB_PORTS | {int(word) for word in words}


def _is_loopback(address: Address) -> bool:
    return address.is_loopback or (_embedded(address) or address).is_loopback


def _is_public(address: Address) -> bool:
    """Reachable from anywhere, also as seen through an IPv6 form of an IPv4 address."""
    plain = _embedded(address) or address
    if not plain.is_global or plain.is_multicast or any(one in net for one in (address, plain) for net in _NOT_PUBLIC):
        return False
    return isinstance(plain, ipaddress.IPv4Address) or plain in _UNICAST


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    tunnelled = int(address) >> 32 & 0xFFFFFFFF in _ISATAP
    if tunnelled or any(address in net for net in (_NAT64, _COMPATIBLE, _TRANSLATED)):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
