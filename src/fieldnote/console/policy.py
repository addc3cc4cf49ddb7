"""The rules for every request and answer: the Host header, the size of forms, and the headers of the policy."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldnote.console import likely_next
from fieldnote.console.access.guard import SAFE
from fieldnote.console.access.reads import Opened, Reads
from fieldnote.console.context import ConsoleSettings

CONTENT: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LARGEST_FORM: Final = 1024 * 1024
"""Bytes."""
_HOST: Final = re.compile(r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<v6>[0-9A-Fa-f:.]+)\])(?::[0-9]{1,5})?")
"""A host, and a port if there is one: no user, and nothing after the port."""
_YEAR: Final = "public, max-age=31536000, immutable"


class Policy:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, settings: ConsoleSettings, reads: Reads) -> None:
        self._app = app
        self._reads = reads
        self._names = host_names(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not is_known_host(headers.get("host", ""), self._names):
            words = "This console does not answer to that name. Set console.public_url, or open it by its address.\n"
            await PlainTextResponse(words, status_code=421)(scope, receive, _with_headers(scope, send))
            return
        if b"%00" in scope["query_string"] or "\0" in scope["path"]:
            words = "The address has an invalid character. Check it.\n"
            await PlainTextResponse(words, status_code=400)(scope, receive, _with_headers(scope, send))
            return
        await self._app(scope, _limited(receive), self._noting(scope, _with_headers(scope, send)))

    def _noting(self, scope: Scope, send: Send) -> Send:
        """Keep for the audit what a signed-in person opened, with its outcome."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                read = scope.get("state", {}).get("opened")
                if isinstance(read, Opened):
                    self._reads.collect(read, message["status"])
            await send(message)

        return sending


def _limited(receive: Receive) -> Receive:
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_FORM:
            raise HTTPException(413)
        return message

    return limited


def _with_headers(scope: Scope, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            if scope["method"] not in SAFE:
                headers["Clear-Site-Data"] = likely_next.FORGET
            if message["status"] == 200 and scope["path"].startswith("/static/") and b"v=" in scope["query_string"]:
                headers["Cache-Control"] = _YEAR
            elif "cache-control" not in headers:
                headers["Cache-Control"] = "no-store"
        await send(message)

    return sending


def host_names(settings: ConsoleSettings) -> frozenset[str]:
    """The names by which the console may be called. An address is always good: it is no other site's name."""
    names = {"localhost", settings.host, socket.gethostname()}
    if settings.public_url:
        names.add(urlsplit(settings.public_url).hostname or "")
    return frozenset(name.lower().rstrip(".") for name in names if name)


def is_known_host(header: str, names: frozenset[str]) -> bool:
    """Whether a Host header names this console: another site's name, pointed at this machine, is refused."""
    found = _HOST.fullmatch(header)
    if found is None:
        return False
    name = (found["name"] or found["v6"]).lower()
    if name.rstrip(".") in names and found["v6"] is None:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return (address.version == 6) is (found["v6"] is not None)
