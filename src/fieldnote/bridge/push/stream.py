"""One stream, set up once for push, plan and CRM events: its rows, its map, its ledger, and its sender."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.errors import Halted
from fieldnote.bridge.push.attempts import Attempts, Origin
from fieldnote.bridge.push.change_detection import Comparison, Work
from fieldnote.bridge.push.deletions import Deletions, SeenKeys
from fieldnote.bridge.push.ledger import StreamLedger
from fieldnote.bridge.push.prefetch import key_pages
from fieldnote.bridge.push.results import StreamResult
from fieldnote.bridge.push.sender import Sender
from fieldnote.bridge.push.source import PushRequest, SourceReader, batch_of
from fieldnote.bridge.push.states import SentState
from fieldnote.bridge.session import Bridge
from fieldnote.crm.types import Page
from fieldnote.mapping.records import RowMapper, StreamName

_LOOKED_UP: Final = 200
"""Rows that are looked up by their keys together."""


class Stream:
    """One stream of one connection."""

    def __init__(self, bridge: Bridge, name: StreamName, mapper: RowMapper, request: PushRequest | None = None) -> None:
        self.bridge = bridge
        self.name = name
        self.request = request or PushRequest()
        self.ledger = StreamLedger(bridge.name, name)
        self.attempts = Attempts(bridge.name, name)
        self.reader = SourceReader(bridge, self.ledger, mapper, self.request)
        names = self.reader.settings.map
        self.comparison = Comparison(self.ledger, mapper, names, copies=not bridge.crm.is_live)
        self.result = StreamResult(name)
        self.deletions = Deletions(bridge, self.ledger, self.reader, self.result)
        self.hooks = bool(bridge.config.receiver.crm_secret)

    @asynccontextmanager
    async def sending(self, origin: Origin = Origin.PUSH) -> AsyncIterator[Sender]:
        """A sender of this stream's records. If it halts, the result says why, and the block ends there."""
        sender = Sender(
            self.bridge.engine,
            self.ledger,
            self.bridge.remote,
            self.result,
            batch=batch_of(self.bridge, self.name),
            origin=origin,
            hooks=self.hooks or origin is Origin.HOOK,
        )
        try:
            async with sender:
                yield sender
        except Halted as halt:
            self.result.stopped = halt.message

    async def compare(self, page: Page, *, force: bool = False) -> Work:
        """Compare a page with the ledger; `force`: send all of it."""
        async with self.bridge.engine.connect() as conn:
            return await self.comparison.compare(conn, page, force=force)

    async def keep(self, work: Work) -> None:
        """Write to the ledger what cannot or need not be sent."""
        if work.failed or work.settled:
            async with self.bridge.engine.begin() as conn:
                await self.ledger.fail(conn, work.failed)
                await self.ledger.settle(conn, work.settled)

    async def owe(self, keys: list[str]) -> None:
        """The next push looks these up by their keys."""
        async with self.bridge.engine.begin() as conn:
            await self.ledger.owe(conn, keys)

    def keys_in(self, state: SentState) -> AsyncGenerator[list[str]]:
        """The keys of all records in a state."""

        async def read(conn: AsyncConnection, after: str) -> list[str]:
            return await self.ledger.keys_in(conn, state, after=after, limit=_LOOKED_UP)

        return key_pages(self.bridge.engine, read)

    def unseen(self, seen: SeenKeys) -> AsyncGenerator[list[str]]:
        """The keys of all records to be deleted that a reading of all rows missed."""

        async def read(conn: AsyncConnection, after: str) -> list[str]:
            return await self.deletions.unseen(conn, seen, after=after, limit=_LOOKED_UP)

        return key_pages(self.bridge.engine, read)
