"""Backfill: history from a date on, read once and brought into the CRM.

First all of it is read, page by page; the place is kept in the transaction that stores a page, so that a backfill
that was killed goes on where it was. Then the CRM records that it concerns are compared, each once, with all of
their recordings: no older value is written on the way to a newer one. Pull and webhooks go on meanwhile: a
backfill's calls let theirs go first, and its records are left to it for a while.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.connection import verify
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull.due import DueWork, Halted
from fieldnote.bridge.pull.recordings import Fetched, Recordings, Ticket, take_ticket
from fieldnote.bridge.pull.results import Change, PullResult
from fieldnote.bridge.pull.run import Pass, counts_of, declare_name, must_write_back
from fieldnote.bridge.recording import Model
from fieldnote.bridge.remote import RecordingPage
from fieldnote.bridge.run_log import begin, finish
from fieldnote.bridge.session import Bridge
from fieldnote.db.bridge_tables import (
    backfills,
    due,
    field_values,
    fields,
    notes,
    recording_contents,
    recording_links,
    recordings,
    write_values,
    writes,
)
from fieldnote.db.statistics import Statistics
from fieldnote.errors import FieldnoteError, Transient
from fieldnote.json_form import COUNTS, NOT_IN_JSON
from fieldnote.siro import bulk
from fieldnote.siro.errors import Forbidden, Refused, SiroError, Unauthorized

log = logging.getLogger(__name__)

ASIDE: Final = timedelta(hours=1)
"""How long the daemon leaves to a backfill what it made due. Should it never come to it, the daemon does it then."""
_AT_ONCE: Final = 4
"""Records at work at a time."""
_PATIENCE: Final = 0.3
"""Seconds that one record waits at most while webhooks are open."""
_LOOK_AGAIN: Final = 0.03
_TAKEN: Final = 200
"""Due records that are listed together."""


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """A kind of write, as it is counted."""

    model: str
    column: str
    """`note` for a note."""
    policy: str
    action: str


def kind_of(change: Change) -> Kind:
    """As what a write is counted."""
    column = change.column if change.kind == "field" else "note"
    return Kind(change.model, column, change.policy or "", change.action)


@dataclass(slots=True)
class BackfillResult(PullResult):
    """The results of a backfill, and the state after it. Its writes are counted, not kept: there may be many."""

    since: datetime = field(kw_only=True)
    resumed: bool = False
    """Whether it went on with one that had been stopped."""
    earlier: int = 0
    """Recordings that had been read before that."""
    counted: Counter[Kind] = field(default_factory=Counter, metadata={**COUNTS, "json": "written"})
    changes: list[Change] = field(default_factory=list, metadata=NOT_IN_JSON)

    @property
    def writes(self) -> int:
        """How many writes the CRM took."""
        return self.counted.total()


Watch = Callable[[BackfillResult], None]


async def backfill_once(
    bridge: Bridge,
    since: datetime,
    *,
    accept_change: bool = False,
    max_wait: float = 60.0,
    watch: Watch | None = None,
) -> BackfillResult:
    """Bring into the CRM what was said in all recordings updated since then.

    If the latest backfill was from the same time on and did not finish, this one goes on with it.
    `watch` is called as it goes. Raises as `push_once` does.
    """
    started, calls = time.monotonic(), bridge.remote.calls
    must_write_back(bridge)
    await verify(bridge, accept_change=accept_change)
    async with exclusive(bridge.engine, "backfill", bridge.name, max_wait=max_wait):
        await declare_name(bridge)
        run_id = await begin(bridge.engine, bridge.name, "backfill")
        result = BackfillResult(bridge.name, since=since)
        try:
            with bulk():
                await _Backfill(bridge, run_id, result, watch).run()
        except FieldnoteError as error:
            await finish(bridge.engine, run_id, {"error": type(error).__name__})
            raise
        result.calls = bridge.remote.calls - calls
        result.seconds = time.monotonic() - started
        await finish(bridge.engine, run_id, counts_of(result))
    log.info("backfill_done", extra={"connection": bridge.name, "read": result.read, "writes": result.writes})
    return result


class _Backfill:
    def __init__(self, bridge: Bridge, run_id: int, result: BackfillResult, watch: Watch | None) -> None:
        self.bridge = bridge
        self.run_id = run_id
        self.result = result
        self.watch = watch
        self.work = Pass(bridge, run_id, eager=True, result=result)
        self.due = DueWork(bridge, run_id)
        self.recordings = Recordings(bridge.name, aside=ASIDE)
        self.courtesy = _Courtesy(bridge)
        self.statistics = Statistics(bridge.engine, (recordings, recording_contents, recording_links, due))
        self.written = Statistics(bridge.engine, (fields, field_values, notes, writes, write_values))

    async def run(self) -> None:
        try:
            await self._read()
        except SiroError as error:
            if not isinstance(error, Transient):
                raise
            self.result.stopped = error.message
        else:
            await self.statistics.renew()
            await self._write()
            await self._write(now=True)  # what was learned on the way has made others due
        if self.result.stopped is None:
            await self._keep({"finished_at": func.now()})
        await self.work.report()

    # --- reading

    async def _read(self) -> None:
        cursor, all_read = await self._place()
        if all_read:
            return
        try:
            await self._read_from(cursor)
        except Refused as error:
            # Siro may have forgotten what it called the place.
            if cursor is None or self.result.read or isinstance(error, Unauthorized | Forbidden):
                raise
            log.info("backfill_begun_again", extra={"connection": self.bridge.name})
            await self._keep({"cursor": None, "read": 0})
            await self._read_from(None)

    async def _place(self) -> tuple[str | None, bool]:
        """Where an earlier backfill stopped, else the beginning; and whether nothing is left to read."""
        async with self.bridge.engine.begin() as conn:
            row = (await conn.execute(select(backfills).where(self._mine()))).one_or_none()
            if row is not None and row.since == self.result.since and row.finished_at is None:
                self.result.resumed, self.result.earlier = True, row.read
                return row.cursor, row.all_read
            first = {
                "connection": self.bridge.name,
                "since": self.result.since,
                "cursor": None,
                "read": 0,
                "all_read": False,
                "started_at": func.now(),
                "finished_at": None,
            }
            statement = insert(backfills).values(first)
            await conn.execute(statement.on_conflict_do_update(index_elements=["connection"], set_=first))
        return None, False

    async def _read_from(self, cursor: str | None) -> None:
        async with aclosing(pages_ahead(self.bridge, self.result.since, cursor)) as pages:
            async for ticket, page in pages:
                await self.courtesy.give_way()
                await self._store(ticket, page)
                self._tell()

    async def _store(self, ticket: Ticket, page: RecordingPage) -> None:
        """Store a page and the place behind it, in one transaction."""
        whole = await asyncio.gather(*(self.work.rows.add(held) for held in page.recordings))
        place = {
            "cursor": page.cursor,
            "all_read": page.cursor is None,
            "read": backfills.c.read + len(page.recordings),
        }
        async with self.bridge.engine.begin() as conn:
            fetched = [Fetched(held, ticket, alone=False) for held in whole]
            stored = await self.recordings.store(conn, fetched, datetime.now(UTC))
            await conn.execute(update(backfills).where(self._mine()).values(place))
        await self.statistics.written(len(page.recordings))
        self.result.read += len(page.recordings)
        self.result.changed += len(stored.changed)

    async def _keep(self, values: dict[str, Any]) -> None:
        async with self.bridge.engine.begin() as conn:
            await conn.execute(update(backfills).where(self._mine()).values(values))

    def _mine(self) -> Any:
        return backfills.c.connection == self.bridge.name

    # --- writing

    async def _write(self, *, now: bool = False) -> None:
        """Bring every due record up to date, several at a time; with `now`, those whose time has come."""
        after = ("", "")
        while self.result.stopped is None:
            async with self.bridge.engine.connect() as conn:
                records = await due_records(conn, self.bridge.name, after, _TAKEN, now=now)
            if not records:
                return
            queue = iter(records)
            await asyncio.gather(*(self._writer(queue) for _ in range(_AT_ONCE)))
            after = records[-1][0].value, records[-1][1]
            await self.written.written(len(records))
            self._tell()

    async def _writer(self, queue: Iterable[tuple[Model, str]]) -> None:
        for model, record in queue:
            if self.result.stopped is not None:
                return
            await self.courtesy.give_way()
            try:
                done = await self.due.apply(model, record)
            except Halted as reason:
                self.result.stopped = str(reason)
                return
            if done is not None:
                self.result.records += 1
                self.result.counted.update(kind_of(change) for change in done.changes)

    def _tell(self) -> None:
        if self.watch is not None:
            self.watch(self.result)


class _Courtesy:
    """Lets webhooks go first: what is said today matters more than what was said last year."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._asked_at = 0.0
        self._busy = False

    async def give_way(self) -> None:
        """Wait while fresh webhooks are open; not for ever, or a busy day would keep history out."""
        until = time.monotonic() + _PATIENCE
        while await self._is_busy() and time.monotonic() < until:  # noqa: ASYNC110 - another process handles them
            await asyncio.sleep(_LOOK_AGAIN)

    async def _is_busy(self) -> bool:
        if time.monotonic() - self._asked_at >= _LOOK_AGAIN:
            self._asked_at = time.monotonic()
            async with self._bridge.engine.connect() as conn:
                self._busy = bool(await conn.scalar(_OPEN_EVENTS, {"connection": self._bridge.name}))
        return self._busy


async def pages_ahead(
    bridge: Bridge, since: datetime, cursor: str | None
) -> AsyncGenerator[tuple[Ticket, RecordingPage], None]:
    """The pages of a list; the next one is fetched while one is dealt with."""
    async with aclosing(bridge.remote.pages(since, cursor)) as pages:

        async def fetch() -> tuple[Ticket, RecordingPage] | None:
            async with bridge.engine.begin() as conn:
                ticket = await take_ticket(conn)
            page = await anext(pages, None)
            return None if page is None else (ticket, page)

        coming = asyncio.create_task(fetch())
        try:
            while (fetched := await coming) is not None:
                coming = asyncio.create_task(fetch())
                yield fetched
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


async def due_records(
    conn: AsyncConnection, connection: str, after: Sequence[str], limit: int, *, now: bool = False
) -> list[tuple[Model, str]]:
    """Due records behind `after`, in the order of their names, so that each comes once.

    With `now`, only those whose time has come.
    """
    values = {"connection": connection, "model": after[0], "record": after[1], "limit": limit, "now": now}
    return [(Model(row.model), row.record) for row in await conn.execute(_DUE, values)]


# One that stays open, as no daemon runs or Siro cannot give its recording, holds nobody up.
_OPEN_EVENTS = text("""
    select exists (
        select from events
        where connection = :connection and handled_at is null and received_at > now() - interval '10 seconds'
    )
""")

_DUE = text("""
    select model, record from due
    where connection = :connection and (model, record) > (:model, :record) and (not :now or retry_at <= now())
    order by model, record limit :limit
""")
