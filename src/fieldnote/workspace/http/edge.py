"""HTTP as it is, before a route is looked up: HEAD for every GET, and ids that hold a slash."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldnote.workspace.http.calls import SLASH


@dataclass(frozen=True, slots=True)
class Edge:
    """An ASGI application around another."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        raw: bytes = scope.get("raw_path") or b""
        if b"%2" in raw:
            scope = {**scope, "path": _with_slashes(raw)}
        if scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def headers_alone(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, headers_alone)


def _with_slashes(raw: bytes) -> str:
    """The decoded path. A slash that was sent as `%2F` belongs to an id, and does not part the path."""
    path = raw.decode("latin-1").split("?")[0]
    return SLASH.join(unquote(part) for part in path.replace("%2f", "%2F").split("%2F"))
