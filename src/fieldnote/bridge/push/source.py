"""Reads the rows of a stream: those that are due, page by page, one page ahead."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Final

from fieldnote.bridge.driver_calls import call_driver
from fieldnote.bridge.push.ledger import StreamLedger
from fieldnote.bridge.push.prefetch import one_ahead
from fieldnote.bridge.session import Bridge
from fieldnote.config import StreamSettings
from fieldnote.crm.sql.text import spelled
from fieldnote.crm.types import Cursor, LooksUp, Page, Row, RowProblem, Source, external_id
from fieldnote.errors import ConfigError, CrmRefused, FieldnoteError
from fieldnote.mapping.records import RowMapper, StreamName

log = logging.getLogger(__name__)

PAGE: Final = 1000
"""Rows that are read and compared together."""
OVERLAP: Final = timedelta(minutes=5)
"""A reading starts this long before the cursor: rows may be committed later than their time says."""
BATCHED: Final = ("engagements", "opportunities")
"""Streams with a batch endpoint."""
FULL_EVERY: Final = timedelta(days=1)
"""How often all rows are compared by hash, whatever the cursor says."""


@dataclass(frozen=True, slots=True)
class PushRequest:
    """The options of one push or plan. Without any: all that is due."""

    streams: tuple[str, ...] = ()
    """Only these."""
    keys: tuple[str, ...] = ()
    """Only these records, whether or not they changed."""
    full: bool = False
    """Compare all rows, whatever the cursor says."""
    since: datetime | None = None
    """Read all that changed since then."""
    accept_deletes: int = 0
    """Allow up to this many deletions."""
    allow_native: bool = False
    """Push although Siro's own integration is active."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows that were looked up by their keys."""

    rows: dict[str, Row]
    problems: tuple[RowProblem, ...] = ()
    """Keys that several rows have: these are not gone, and none of the rows counts."""

    @property
    def page(self) -> Page:
        """The values to compare with the ledger."""
        return Page(tuple(self.rows.values()), None, last=False, problems=self.problems)

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Those of the keys that no row has."""
        several = {problem.key for problem in self.problems}
        return [key for key in keys if key not in self.rows and key not in several]


class SourceReader:
    """Reads the rows of one stream, for one push or plan."""

    def __init__(self, bridge: Bridge, ledger: StreamLedger, mapper: RowMapper, request: PushRequest) -> None:
        self._bridge = bridge
        self._ledger = ledger
        self._request = request
        self.settings = stream_settings(bridge, ledger.stream)
        self.source = source_of(ledger.stream, self.settings)
        self.version = version_of(self.source, mapper)
        self.cursor: Cursor | None = None
        """Everything before it is done."""
        self._since: Cursor | None = None

    async def begin(self) -> None:
        """Find the place to start from."""
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
        if self._request.full:
            return None
        if self._request.since is not None:
            return Cursor(self._request.since)
        full = complete_at is None or datetime.now(UTC) - complete_at > FULL_EVERY
        return None if full else self.cursor

    def pages(self) -> AsyncGenerator[Page]:
        """The pages, in order; each is read while the one before it is processed. Close it when you leave early."""
        return one_ahead(self._pages())

    async def _pages(self) -> AsyncGenerator[Page]:
        overlap = OVERLAP if self._request.since is None else timedelta()
        doing = f"reading {self.source.name}"
        with self._translated():
            read = partial(self._bridge.crm.pages, self.source, self._since, overlap=overlap, size=PAGE)
            pages = await call_driver(read, doing=doing)
        while True:
            with self._translated():
                page = await call_driver(next, pages, None, doing=doing)
            if page is None:
                return
            yield page

    async def rows(self, keys: list[str]) -> dict[str, Row]:
        """The current rows with these keys."""
        return (await self.look_up(keys)).rows

    async def look_up(self, keys: list[str], source: Source | None = None) -> Found:
        """The current rows with these keys, of this source or another. An old record's key may have blanks."""
        source = source or self.source
        ids = {key.strip(): key for key in keys}
        if not self._bridge.crm.is_live:  # an earlier version read 17.0 from a file where the key is 17
            ids |= {key[:-2]: key for key in keys if key.endswith(".0") and key[:-2] not in ids}
        with self._translated():
            crm, doing = self._bridge.crm, f"reading {source.name}"
            if not isinstance(crm, LooksUp):
                rows = await call_driver(crm.rows, source, list(ids), doing=doing)
                return Found({ids[name]: row for name, row in rows.items() if name in ids})
            page = await call_driver(crm.look_up, source, list(ids), doing=doing)
        column = spelled(source.key, tuple(page.rows[0]), source.name) if page.rows else source.key
        found = {ids[name]: row for row in page.rows if (name := external_id(row[column])) in ids}
        problems = [replace(problem, key=ids[problem.key]) for problem in page.problems if problem.key in ids]
        return Found(found, tuple(problems))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """An error of the driver's library that the driver let through stops this stream, not the others."""
        try:
            yield
        except FieldnoteError:
            raise
        except Exception as error:
            log.debug("crm_driver_failed", extra={"stream": self._ledger.stream}, exc_info=True)
            raise CrmRefused(
                f"{self.source.name}: reading failed with {type(error).__name__}",
                hint="A value of a row may be the cause. `fieldnote -vv push` logs the details; please report them.",
            ) from error


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
    """The table or query of the stream's rows."""
    return Source(f"push.{name}", settings.key, query=settings.query, table=settings.table, cursor=settings.cursor)


def version_of(source: Source, mapper: RowMapper) -> str:
    """Changes with the query and with the map: either may change the record of an old row."""
    parts = (mapper.version, source.query, source.table, source.key, source.cursor)
    return blake2b("\0".join(str(part) for part in parts).encode(), digest_size=8).hexdigest()
