"""A small HTTP server on a real socket that follows the script of a test, faults included."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came over the wire."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """The server's reaction to a request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Bytes of the body after which the connection is broken off."""
    reset: bool = False
    """Break the connection off instead of answering."""
    stall: float = 0.0
    """Seconds of silence before the answer."""


def as_json(value: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"content-type": "application/json", **headers})


Handler = Callable[[Request], Reply | Awaitable[Reply]]


@dataclass(slots=True)
class Server:
    """A running server and what it has seen."""

    url: str
    seen: list[Request]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Server]:
    """Serve on a free port of the loopback address."""
    seen: list[Request] = []
    open_writers: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        try:
            while request := await _read(reader):
                seen.append(request)
                reply = handler(request)
                if not isinstance(reply, Reply):
                    reply = await reply
                if not await _write(writer, reply):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            open_writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield Server(f"http://{host}:{port}", seen)
    finally:
        server.close()
        for writer in list(open_writers):
            writer.close()
        await asyncio.sleep(0.01)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method, unquote(parts.path), query, headers, body)


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    """Whether the connection is still good."""
    await asyncio.sleep(reply.stall)
    if reply.reset:
        return False
    headers = {"content-length": str(len(reply.body)), **reply.headers}
    head = f"HTTP/1.1 {reply.status} Reason\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    writer.write(head.encode() + b"\r\n" + reply.body[: reply.cut_after])
    await writer.drain()
    return reply.cut_after is None
