"""A stream of server-sent events to one page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fieldnote.console.live.watcher import Watcher

BEAT: Final = 15.0
"""Seconds between two signs of life. The session is checked with each."""
LONGEST: Final = 3600.0
"""Seconds. The browser then opens another one."""
_HEADERS: Final = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
_FIRST: Final = b"retry: 5000\n\n"
_CHANGED: Final = b"event: changed\ndata: 1\n\n"
_ALIVE: Final = b": still here\n\n"

IsGood = Callable[[], Awaitable[bool]]


class LiveAnswer(Response):
    """Sends `changed` for each change, until the page goes, the session ends, or the server stops."""

    def __init__(
        self, watcher: Watcher, session: str, *, is_good: IsGood, stopping: asyncio.Event, beat: float = BEAT
    ) -> None:
        """`session` was counted by `watcher.begin`. `is_good` tells whether its session still is."""
        super().__init__()
        self._watcher, self._session, self._is_good = watcher, session, is_good
        self._stopping, self._beat = stopping, beat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `Response`."""
        del scope
        ends = [asyncio.create_task(_disconnected(receive)), asyncio.create_task(_wait(self._stopping))]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _say(send, _FIRST)
            await self._send_changes(send, ends)
            await send({"type": "http.response.body", "body": b""})
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            await self._watcher.end(self._session)

    async def _send_changes(self, send: Send, ends: list[asyncio.Task[None]]) -> None:
        version, until = self._watcher.version, time.monotonic() + LONGEST
        while time.monotonic() < until:
            change = asyncio.create_task(self._watcher.changed(version, within=self._beat))
            await asyncio.wait([change, *ends], return_when=asyncio.FIRST_COMPLETED)
            if not change.done():
                change.cancel()
                await asyncio.gather(change, return_exceptions=True)
            if any(task.done() for task in ends) or not await self._is_good():
                return
            latest = change.result()
            await _say(send, _CHANGED if latest != version else _ALIVE)
            version = latest


async def _say(send: Send, words: bytes) -> None:
    await send({"type": "http.response.body", "body": words, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
