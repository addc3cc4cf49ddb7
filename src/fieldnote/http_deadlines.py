"""uvicorn's HTTP protocol with deadlines: a client that sends slowly, or does not read its answer, is cut off.

uvicorn limits only how long an idle connection stays open.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS: Final = 1000
"""Of one server. A further one is answered 503."""
HEADERS: Final = [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]
"""Of every answer: nothing guesses its type, and no proxy keeps what a token was needed for."""


class _Waits(Enum):
    """For which part of a request."""

    HEADERS = auto()
    BODY = auto()


class Deadlines(H11Protocol):
    """Closes a connection whose request does not arrive in time."""

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
        self._waits: _Waits | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._received = 0
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for(_Waits.HEADERS)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            self._wait_for(_Waits.BODY)
        elif state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait_for(_Waits.HEADERS)
        else:
            self._wait_for(None)

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

    def _wait_for(self, part: _Waits | None) -> None:
        if part is self._waits:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._waits, self._timer, self._received = part, None, 0
        if part is not None:
            self._start_timer()

    def _start_timer(self) -> None:
        seconds = self.headers_within if self._waits is _Waits.HEADERS else self.body_within
        self._timer = self.loop.call_later(seconds, self._end_late)

    def _end_late(self) -> None:
        large = self._waits is _Waits.BODY and str(self.scope["path"]).startswith(self.large_below)
        if large and self._received >= self.slowest * self.body_within:
            self._received = 0
            self._start_timer()
        else:
            self.transport.abort()
