"""Reading the rows of a stream: from where they are due, page by page, one page ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from fieldnote.bridge.push.ledger import StreamLedger
from fieldnote.bridge.push.prefetch import one_ahead
from fieldnote.bridge.session import Bridge
from fieldnote.config import StreamSettings
from fieldnote.crm.types import Cursor, Page, Row, Source
from fieldnote.errors import ConfigError
from fieldnote.mapping.records import RowMapper, StreamName

PAGE: Final = 1000
"""Rows that are read and compared together."""
OVERLAP: Final = timedelta(minutes=5)
"""How far before the cursor a reading starts: rows may be committed later than their time says."""
BATCHED: Final = ("engagements", "opportunities")
"""Streams of which Siro takes several records in one call."""
FULL_EVERY: Final = timedelta(days=1)
"""How often all rows are compared by hash, beside the cursor."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks of one push or plan; nothing of it: what is due."""

    streams: tuple[str, ...] = ()
    """Only these."""
    keys: tuple[str, ...] = ()
    """Only these records, whether or not they changed."""
    full: bool = False
    """Compare all rows, whatever the cursor says."""
    since: datetime | None = None
    """Read all that changed since then."""
    accept_deletes: int = 0
    """So many deletions, and no more, are meant."""


class Reading:
    """The rows of one stream, as one push or plan reads them."""

    def __init__(self, bridge: Bridge, ledger: StreamLedger, mapper: RowMapper, wish: Wish) -> None:
        self._bridge = bridge
        self._ledger = ledger
        self._wish = wish
        self.settings = stream_settings(bridge, ledger.stream)
        self.source = source_of(ledger.stream, self.settings)
        self.version = version_of(self.source, mapper)
        self.cursor: Cursor | None = None
        """Everything before it has been dealt with."""
        self._since: Cursor | None = None

    async def begin(self) -> None:
        """Find out where to begin."""
        async with self._bridge.engine.connect() as conn:
            progress = await self._ledger.progress(conn)
        current = progress if progress is not None and progress.version == self.version else None
        self.cursor = current.cursor if current else None
        self._since = self._start(current.complete_at if current else None)

    @property
    def complete(self) -> bool:
        """Whether all rows are read."""
        return self._since is None

    def _start(self, complete_at: datetime | None) -> Cursor | None:
        if self._wish.full:
            return None
        if self._wish.since is not None:
            return Cursor(self._wish.since)
        full = complete_at is None or datetime.now(UTC) - complete_at > FULL_EVERY
        return None if full else self.cursor

    def pages(self) -> AsyncGenerator[Page]:
        """Page after page; the next one is read while one is dealt with. Close it when it is left early."""
        return one_ahead(self._pages())

    async def _pages(self) -> AsyncGenerator[Page]:
        overlap = OVERLAP if self._wish.since is None else timedelta()
        pages = await asyncio.to_thread(self._bridge.crm.pages, self.source, self._since, overlap=overlap, size=PAGE)
        while (page := await asyncio.to_thread(next, pages, None)) is not None:
            yield page

    async def rows(self, keys: list[str]) -> dict[str, Row]:
        """The rows with these keys as they stand now."""
        return await asyncio.to_thread(self._bridge.crm.rows, self.source, keys)


def stream_settings(bridge: Bridge, name: StreamName) -> StreamSettings:
    """The stream's part of the file."""
    settings: StreamSettings | None = getattr(bridge.config.push, name)
    if settings is None:
        raise ConfigError(f"the file has no push.{name}")
    return settings


def batch_of(bridge: Bridge, name: StreamName) -> int:
    """How many records go in one call."""
    return bridge.config.push.batch if bridge.config.push is not None and name in BATCHED else 1


def source_of(name: StreamName, settings: StreamSettings) -> Source:
    """Where the stream's rows come from."""
    return Source(f"push.{name}", settings.key, query=settings.query, table=settings.table, cursor=settings.cursor)


def version_of(source: Source, mapper: RowMapper) -> str:
    """Changes with the query as well as with the map: either may make another record of an old row."""
    parts = (mapper.version, source.query, source.table, source.key, source.cursor)
    return blake2b("\0".join(str(part) for part in parts).encode(), digest_size=8).hexdigest()
