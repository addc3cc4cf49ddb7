"""uvicorn's HTTP protocol with deadlines: a client that sends slowly, or does not read its answer, is cut off.

uvicorn limits only how long an idle connection stays open.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_CONNECTIONS: Final = 1000
"""Of one server. A further one is answered 503."""
HEADERS: Final = [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]
"""Of every answer: nothing guesses its type, and no proxy keeps what a token was needed for."""
LARGEST_HEADERS: Final = 64 * 1024
"""Bytes of a request's headers, and of what a body in chunks has beside its data."""
_CHUNK_SHARE: Final = 8
"""Bytes around each byte of data, where each comes as a chunk of its own."""


class _Part(Enum):
    """Of a request."""

    HEADERS = auto()
    BODY = auto()


class Deadlines(HttpToolsProtocol):
    """Closes a connection whose request does not arrive in time, or whose headers have no end."""

    headers_within: ClassVar[float] = 10.0
    """Seconds from the first byte, or from the connection, to the end of the headers."""
    body_within: ClassVar[float] = 30.0
    """Seconds from the headers to the end of the body."""
    large_below: ClassVar[str] = "/audio/"
    """Bodies for these paths may take longer, at `slowest` bytes a second or more."""
    slowest: ClassVar[int] = 10_000
    read_within: ClassVar[float] = 120.0
    """Seconds for which an answer waits for the client to read on. A player asks again for the range that it needs."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._arriving: _Part | None = None
        self._waits: _Part | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._received = 0
        self._beside = 0
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for(_Part.HEADERS)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        self._beside += len(data)
        super().data_received(data)
        if self._beside > LARGEST_HEADERS and not self.transport.is_closing():
            self.send_400_response("Too many bytes of headers")
        self._wait_for_the_rest()
        if self._waits is None and not self._is_answering() and not self.transport.is_closing():
            self._wait_for(_Part.HEADERS)  # blank lines before a request are bytes, too

    # --- what the parser finds

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._arriving = _Part.HEADERS

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header that comes after the body is none of the request: it was not seen when the request was admitted."""
        if self._arriving is _Part.HEADERS:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._arriving, self._beside = _Part.BODY, 0

    def on_body(self, body: bytes) -> None:
        self._beside = max(0, self._beside - _CHUNK_SHARE * len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._arriving, self._beside = None, 0

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait_for_the_rest()

    # --- what it waits for

    def _is_answering(self) -> bool:
        return not getattr(self.cycle, "response_complete", True)  # there is none before the first request

    def _wait_for_the_rest(self) -> None:
        """Of the request that is arriving; but while an earlier one is answered, nothing further is read."""
        behind = self._is_answering() if self._arriving is _Part.HEADERS else bool(self.pipeline)
        self._wait_for(None if behind or self.transport.is_closing() else self._arriving)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.read_within, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_stall()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for(None)
        self._end_stall()
        super().connection_lost(exc)

    def _end_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _wait_for(self, part: _Part | None) -> None:
        if part is self._waits:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._waits, self._timer, self._received = part, None, 0
        if part is not None:
            self._start_timer()

    def _start_timer(self) -> None:
        seconds = self.headers_within if self._waits is _Part.HEADERS else self.body_within
        self._timer = self.loop.call_later(seconds, self._end_late)

    def _end_late(self) -> None:
        large = self._waits is _Part.BODY and str(self.scope["path"]).startswith(self.large_below)
        if large and self._received >= self.slowest * self.body_within:
            self._received = 0
            self._start_timer()
        else:
            self.transport.abort()
