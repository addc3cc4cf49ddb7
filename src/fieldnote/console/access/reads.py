"""The audit of reads: who opened a page that may show customers' words, and from where.

Every page counts, but for those in `WITHOUT_WORDS`, so that a new one cannot be forgotten. Reads are collected, and
written every `WINDOW` into the bridge's audit: if the process is killed, those of that time are lost.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError

from fieldnote.bridge import Bridge
from fieldnote.bridge.audit import ConsoleRead, keep_reads
from fieldnote.console.access.roles import Viewer
from fieldnote.console.likely_next import is_prefetch
from fieldnote.errors import DatabaseError

log = logging.getLogger(__name__)

WINDOW: Final = timedelta(seconds=5)
"""How long reads wait before they are written."""
WITHOUT_WORDS: Final = frozenset({"/live", "/health", "/health/workspace", "/people", "/review/agreement"})
"""Pages that show neither words nor names of customers."""
_MOST: Final = 10_000
"""Reads that wait while the database does not answer."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that somebody asked for. `Policy` adds what came of it."""

    user: str
    """The email."""
    address: str
    page: str
    ids: tuple[str, ...]
    ahead: bool = False
    """A browser asked ahead, and may show it without another request."""


def opened(request: Request, viewer: Viewer, address: str) -> Opened | None:
    """The audit's entry for this request; None for a page without words. Words of a search are not kept."""
    page = str(getattr(request.scope.get("route"), "path", request.url.path))
    if page in WITHOUT_WORDS:
        return None
    number = request.query_params.get("n", "")
    ids = [str(one) for one in request.path_params.values()]
    if number.isascii() and number.isdigit():
        ids.append(number[:18])
    return Opened(viewer.email, address, page, tuple(ids), ahead=is_prefetch(request))


class Reads:
    """The reads of one console that wait to be written."""

    def __init__(self, bridge: Bridge | None, *, window: timedelta = WINDOW) -> None:
        self._bridge, self._window = bridge, window
        self._waiting: dict[ConsoleRead, None] = {}
        self._task: asyncio.Task[None] | None = None

    def collect(self, read: Opened, status: int) -> None:
        """Keep a read for the next writing. The same one again, within the window, is one event."""
        if self._bridge is None or len(self._waiting) >= _MOST:
            return
        outcome = "refused" if status >= 400 else "prefetched" if read.ahead else "done"
        self._waiting[ConsoleRead(read.user, read.address, (read.page, *read.ids), outcome)] = None
        if self._task is None:
            self._task = asyncio.create_task(self._write_later(), name="console reads")

    async def close(self) -> None:
        """Write what waits, now."""
        if (task := self._task) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._write()

    async def _write_later(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(self._window.total_seconds())
                await self._write()
        finally:
            self._task = None

    async def _write(self) -> None:
        waiting, self._waiting = self._waiting, {}
        if self._bridge is None or not waiting:
            return
        try:
            await keep_reads(self._bridge, list(waiting))
        except (SQLAlchemyError, DatabaseError, OSError) as error:
            log.warning("reads_not_written", extra={"error": type(error).__name__, "reads": len(waiting)})
            self._waiting = waiting | self._waiting
        except asyncio.CancelledError:
            self._waiting = waiting | self._waiting
            raise
