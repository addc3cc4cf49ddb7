"""The faults file applied to calls: a layer in front of the API that injects the file's faults."""

from __future__ import annotations

import json
import re
import socket
import struct
from asyncio import sleep
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldnote.http_connection import Breakable, connection_of, until_disconnected
from fieldnote.http_deadlines import Deadlines
from fieldnote.workspace import credentials
from fieldnote.workspace.http.fault_schedule import Faults, Own

_ORGANIZATION_BASE: Final = "/api-externalApi"
_API: Final = re.compile(rf"(?:{_ORGANIZATION_BASE})?/v1/|/audio/")
_ID: Final = re.compile(r"(?<=/)[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}(?=/|$)")
_PAGES_KEPT: Final = 256
_EDGE: Final = """<!doctype html>
<html><head><title>Access denied</title></head>
<body><h1>Error 1010</h1><p>The owner of this website has banned your access, judging by your browser's signature.</p>
</body></html>
"""


class BreakableDeadlines(Breakable, Deadlines):
    """The workspace's protocol, whose calls know the connection that they came by."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A call as the draws see it."""

    own: Own
    method: str
    path: str
    """Below the base, with `{id}` in the place of ids, as those of another run are others."""
    nth: int

    @property
    def occasion(self) -> tuple[str, str, int]:
        return self.method, self.path, self.nth


@dataclass(slots=True)
class FaultInjection:
    """An ASGI application around another. It needs the protocol `BreakableDeadlines`."""

    app: ASGIApp
    faults: Faults
    _pages: dict[tuple[str, ...], tuple[str, bytes]] = field(default_factory=dict)
    """By list: the last page that had one after it, with the cursor of that one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _API.match(scope["path"]):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        made = _made(await self.faults.of_token(_hash(headers)), scope)
        if made.own.refuses(headers.get("user-agent", "")):
            await HTMLResponse(_EDGE, status_code=403)(scope, receive, send)
            return
        if pause := made.own.pause(*made.occasion):
            await sleep(pause)
        await self._answer(made, scope, receive, send)

    async def _answer(self, made: _Made, scope: Scope, receive: Receive, send: Send) -> None:
        match made.own.accident(*made.occasion):
            case "reset_before":
                await _reset(scope, receive)
            case "rate_limited":
                await _error(429, "Too many requests")(scope, receive, send)
            case "server_error":
                status = made.own.status(*made.occasion)
                await _error(status, "Something went wrong")(scope, receive, send)
            case "reset_after":
                await self.app(scope, receive, _Kept())
                await _reset(scope, receive)
            case _:
                await self._pass(made, scope, receive, send)

    async def _pass(self, made: _Made, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing happens to the call; to its page something may."""
        if made.method != "GET" or not _alters_pages(made.own):
            await self.app(scope, receive, send)
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if (repeated := self._repeated(made, query)) is not None:
            await Response(repeated, media_type="application/json")(scope, receive, send)
            return
        kept = _Kept()
        await self.app(scope, receive, kept)
        body = kept.body if kept.status != 200 else self._altered(made, query, kept.body)
        await Response(body, kept.status, media_type="application/json")(scope, receive, send)

    def _repeated(self, made: _Made, query: dict[str, str]) -> bytes | None:
        """The page before the wanted one, where it comes again."""
        cursor, page = self._pages.get(_list_of(made, query), ("", b""))
        if not cursor or query.get("cursor") != cursor:
            return None
        fault = made.own.settings.lists.repeated_pages
        return page if made.own.hits("repeated_pages", fault, *made.occasion) else None

    def _altered(self, made: _Made, query: dict[str, str], body: bytes) -> bytes:
        """The page as it goes out."""
        answer = json.loads(body)
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            return body
        most = made.own.settings.lists.null_scores_over
        if most is not None and len(answer["data"]) > most and query.get("showEvaluationScore") == "true":
            body = json.dumps(_without_scores(answer)).encode("ascii")
        if isinstance(cursor := answer.get("cursor"), str):
            self._keep(_list_of(made, query), cursor, body)
        return body

    def _keep(self, key: tuple[str, ...], cursor: str, body: bytes) -> None:
        self._pages.pop(key, None)
        self._pages[key] = cursor, body
        while len(self._pages) > _PAGES_KEPT:
            del self._pages[next(iter(self._pages))]


class _Kept:
    """Takes an answer, and sends it nowhere."""

    def __init__(self) -> None:
        self.status = 500
        self.body = b""

    async def __call__(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")


def _made(own: Own, scope: Scope) -> _Made:
    method: str = scope["method"]
    path = _ID.sub("{id}", scope["path"].removeprefix(_ORGANIZATION_BASE))
    return _Made(own, method, path, own.count(method, path))


def _hash(headers: Headers) -> bytes | None:
    """Of the token that the call carries."""
    token = headers.get("x-siro-auth-token") or headers.get("authorization", "")
    token = token.strip().removeprefix("Bearer ").removeprefix("bearer ").strip()
    return credentials.hash_of(token) if token else None


def _alters_pages(own: Own) -> bool:
    return own.settings.lists.null_scores_over is not None or own.settings.lists.repeated_pages is not None


def _list_of(made: _Made, query: dict[str, str]) -> tuple[str, ...]:
    """Which list a page belongs to."""
    return made.own.name, made.path, *(f"{name}={value}" for name, value in sorted(query.items()) if name != "cursor")


def _without_scores(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"data": [item | {"evaluationScore": None} for item in answer["data"]]}


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=status)


async def _reset(scope: Scope, receive: Receive) -> None:
    """Break the connection off, without TCP's closing handshake."""
    transport = connection_of(scope)
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await until_disconnected(receive)
