"""Watches for changes, once for all open pages, and only while there are any."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

EVERY: Final = 2.0
"""Seconds between two looks."""
_MOST_OF_SESSION: Final = 4
_MOST: Final = 200

Look = Callable[[], Awaitable[str]]


class Watcher:
    """Tells the open streams that something changed: they carry no data of a customer."""

    def __init__(self, look: Look, *, every: float = EVERY) -> None:
        """`look` returns a text that differs when something changed. It may raise SQLAlchemyError."""
        self._look, self._every = look, every
        self._streams: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.version = 0
        """Raised with every change."""

    @property
    def streams(self) -> int:
        """How many are open."""
        return self._streams.total()

    def begin(self, session: str) -> bool:
        """Count a stream of this session. False if there are too many."""
        if self._streams[session] >= _MOST_OF_SESSION or self.streams >= _MOST:
            if not self._streams[session]:
                del self._streams[session]
            return False
        self._streams[session] += 1
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="console live updates")
        return True

    async def end(self, session: str) -> None:
        """A stream that was counted has ended. The last one ends the watching."""
        self._streams[session] -= 1
        if self._streams[session] <= 0:
            del self._streams[session]
        if not self._streams and self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def changed(self, since: int, *, within: float) -> int:
        """Wait up to `within` seconds for a version after `since`; the version."""
        if self.version == since:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._changed.wait()
        return self.version

    async def _watch(self) -> None:
        seen: str | None = None
        while True:
            try:
                now = await self._look()
            except (SQLAlchemyError, OSError) as error:
                log.info("live_look_failed", extra={"error": type(error).__name__})
            else:
                if seen is not None and now != seen:
                    self.version += 1
                    previous, self._changed = self._changed, asyncio.Event()
                    previous.set()
                seen = now
            await asyncio.sleep(self._every)
