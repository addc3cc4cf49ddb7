"""Push: what changed in the CRM goes to Siro, opportunities before the engagements that name them.

Every cycle asks the same question: which rows differ from what Siro is known to hold? The cursor only saves
reading; it never decides. So a cycle that is lost, doubled or killed at any line is made good by the next.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeVar

from fieldnote.bridge.connection import verify
from fieldnote.bridge.context import Bridge
from fieldnote.bridge.ledger import (
    Confirmed,
    Entry,
    Failed,
    Payload,
    Problem,
    SentState,
    StreamLedger,
)
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.runs import begin, finish
from fieldnote.config import StreamSettings
from fieldnote.crm.types import Cursor, Page, Row, Source
from fieldnote.errors import ConfigError, CrmRefused, FieldnoteError, MappingError, Transient
from fieldnote.mapping.records import RowMapper, StreamName, compile_push, wire, with_removed
from fieldnote.siro import bulk
from fieldnote.siro.errors import Invalid, SiroError

log = logging.getLogger(__name__)

IN_FLIGHT = 16
"""Calls at the same time."""
PAGE = 500
"""Rows read, compared and settled together. A kill repeats at most the calls of one page."""
OVERLAP = timedelta(minutes=5)
"""How far before the cursor a reading starts: rows may be committed later than their time says."""
FULL_EVERY = timedelta(days=1)
"""How often all rows are compared by hash, beside the cursor."""
GIVE_UP_AFTER = 20
"""Calls in a row that Siro did not answer, before the rest of a stream is left to the next cycle."""
SHOWN = 20
"""Problems that a result carries by name; all are counted."""
_RECHECKED = 200

T = TypeVar("T")


@dataclass(slots=True)
class StreamResult:
    """What a push did with one stream, and what stands open in it now."""

    stream: str
    read: int = 0
    """Rows that were read; rows inside the cursor's overlap count again."""
    sent: int = 0
    unchanged: int = 0
    """Rows that Siro holds already."""
    refused: int = 0
    """Records that Siro will not take, from this and earlier pushes."""
    unmapped: int = 0
    """Rows that cannot become a Siro record, from this and earlier pushes."""
    pending: int = 0
    """Records that the next push tries again."""
    stopped: str | None = None
    """Why the stream was not read to its end."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do or to mend."""
        return not (self.refused or self.unmapped or self.pending or self.stopped)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        counts = (
            "stream",
            "read",
            "sent",
            "unchanged",
            "refused",
            "unmapped",
            "pending",
            "stopped",
            "warnings",
        )
        problems = [
            {"key": item.key, "state": item.state.value, "reason": item.reason, "hint": item.hint}
            for item in self.problems
        ]
        return {name: getattr(self, name) for name in counts} | {"problems": problems}


@dataclass(slots=True)
class PushResult:
    """What a push did."""

    connection: str
    streams: list[StreamResult] = field(default_factory=list)
    calls: int = 0
    """Calls to Siro, repeated ones included."""
    seconds: float = 0.0

    @property
    def settled(self) -> bool:
        """Whether Siro holds everything as the CRM does."""
        return all(stream.settled for stream in self.streams)

    @property
    def warnings(self) -> list[str]:
        """Of all streams."""
        return [warning for stream in self.streams for warning in stream.warnings]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "connection": self.connection,
            "settled": self.settled,
            "calls": self.calls,
            "seconds": round(self.seconds, 3),
            "streams": [stream.as_json() for stream in self.streams],
        }


async def push_once(bridge: Bridge, *, accept_change: bool = False, patience: float = 60.0) -> PushResult:
    """Bring Siro to the state of the CRM, as far as it can be done now.

    Raises `ConnectionChanged` if the connection is not what it was, `Busy` if another process still pushes a
    stream after `patience` seconds, `CrmError` if the CRM cannot be read, and the client's error if Siro does
    not accept the credential. All that was done until then is kept.
    """
    started, calls = time.monotonic(), bridge.remote.calls
    result = PushResult(bridge.name)
    mappers = compile_push(bridge.config)
    if not mappers:
        raise ConfigError(
            f"{bridge.config.path} has no stream to push",
            hint="Add `engagements` or `opportunities` under `push`.",
        )
    await verify(bridge, accept_change=accept_change)
    run_id = await begin(bridge.engine, bridge.name, "push")
    try:
        for name, mapper in mappers.items():
            async with exclusive(bridge.engine, "push", bridge.name, name, patience=patience):
                with bulk():
                    result.streams.append(await _StreamPush(bridge, name, mapper).run())
    except FieldnoteError as error:
        await finish(bridge.engine, run_id, {"error": type(error).__name__})
        raise
    result.calls = bridge.remote.calls - calls
    result.seconds = time.monotonic() - started
    await finish(bridge.engine, run_id, _counts(result))
    log.info("push_done", extra={"connection": bridge.name, "calls": result.calls, "settled": result.settled})
    return result


def _counts(result: PushResult) -> dict[str, Any]:
    """The result without what a problem's reason may quote from a row."""
    names = ("stream", "read", "sent", "unchanged", "refused", "unmapped", "pending")
    streams = [{name: getattr(stream, name) for name in names} for stream in result.streams]
    return {"settled": result.settled, "calls": result.calls, "streams": streams}


@dataclass(frozen=True, slots=True)
class _Send:
    key: str
    row_hash: bytes
    payload: Payload
    uncertain: Payload | None
    """What may have reached Siro before."""


@dataclass(slots=True)
class _Work:
    """A page of rows, compared with the ledger and mapped."""

    send: dict[str, _Send] = field(default_factory=dict)
    rehash: dict[str, bytes] = field(default_factory=dict)
    failed: list[Failed] = field(default_factory=list)
    unchanged: int = 0
    keyless: int = 0
    warnings: list[str] = field(default_factory=list)


class _StreamPush:
    """One reading of one stream."""

    def __init__(self, bridge: Bridge, name: StreamName, mapper: RowMapper) -> None:
        self.bridge = bridge
        self.name = name
        self.mapper = mapper
        self.ledger = StreamLedger(bridge.name, name)
        self.source = _source(bridge, name)
        self.version = _version(self.source, mapper)
        self.result = StreamResult(name)
        self._silent = 0
        """Calls in a row that Siro did not answer."""
        self._held_back = False
        """Whether a record before the next cursor is unsettled, so that it must not be saved."""
        self._cursor: Cursor | None = None

    async def run(self) -> StreamResult:
        async with self.bridge.engine.connect() as conn:
            progress = await self.ledger.progress(conn)
        current = progress is not None and progress.version == self.version
        self._cursor = progress.cursor if progress is not None and current else None
        complete_at = progress.complete_at if progress is not None and current else None
        full = self._cursor is None or complete_at is None or _now() - complete_at > FULL_EVERY
        ended = await self._read_all(None if full else self._cursor)
        if full and ended and not self._held_back:
            await self._save(complete=True)
        await self._report()
        return self.result

    async def _read_all(self, since: Cursor | None) -> bool:
        """Deal with page after page; the next one is read while one is being sent. False: stopped early."""
        pages = await asyncio.to_thread(self.bridge.crm.pages, self.source, since, overlap=OVERLAP, size=PAGE)
        page = await _next(pages)
        while page is not None:
            following = asyncio.create_task(_next(pages))
            try:
                await self._deal_with(page)
                if self.result.stopped is not None:
                    return False
            finally:
                upcoming = await _finished(following)
            page = upcoming.result()
        return True

    async def _deal_with(self, page: Page) -> None:
        self.result.read += len(page.rows)
        work = await self._compare(page)
        self.result.unchanged += work.unchanged
        self.result.unmapped += work.keyless
        self._warn(work.warnings)
        await self._note_problems(page, work)
        await self._send_all(work)
        if page.cursor is not None:
            self._cursor = page.cursor
            if not self._held_back:
                await self._save(complete=False)

    async def _save(self, *, complete: bool) -> None:
        async with self.bridge.engine.begin() as conn:
            await self.ledger.save(conn, self._cursor, self.version, complete=complete)

    # --- comparing

    async def _compare(self, page: Page) -> _Work:
        """Which rows differ from the ledger, and what they become. Payloads are read for those alone."""
        rows, work = await asyncio.to_thread(self._hash, page.rows)
        async with self.bridge.engine.connect() as conn:
            hashes = await self.ledger.hashes(conn, list(rows))
            changed = {key: row for key, row in rows.items() if key not in hashes or hashes[key][1] != row[0]}
            known = await self.ledger.known(conn, list(changed)) if changed else {}
        settled = [key for key in rows if key not in changed]
        work.unchanged = sum(hashes[key][0] is SentState.SENT for key in settled)
        await asyncio.to_thread(self._map, changed, known, work)
        return work

    def _hash(self, rows: Sequence[Row]) -> tuple[dict[str, tuple[bytes, Row]], _Work]:
        found: dict[str, tuple[bytes, Row]] = {}
        work = _Work()
        for row in rows:
            try:
                found[self.mapper.key(row)] = self.mapper.hash(row), row
            except MappingError as error:
                work.keyless += 1
                work.warnings.append(_sentence(error))
        return found, work

    def _map(self, rows: dict[str, tuple[bytes, Row]], known: dict[str, Entry], work: _Work) -> None:
        for key, (row_hash, row) in rows.items():
            try:
                mapped = self.mapper.map(row)
            except MappingError as error:
                work.failed.append(Failed(key, SentState.UNMAPPED, row_hash, error.message, error.hint))
                continue
            work.warnings.extend(mapped.warnings)
            entry = known.get(key)
            payload = with_removed(_may_hold(entry), wire(mapped.record), _now())
            if entry is not None and entry.attempted is None and entry.payload == payload:
                work.rehash[key] = row_hash
            else:
                work.send[key] = _Send(key, row_hash, payload, entry.attempted if entry else None)

    async def _note_problems(self, page: Page, work: _Work) -> None:
        """Keep what cannot be sent, and what need not be."""
        for problem in page.problems:
            if problem.key is None:
                self.result.unmapped += 1
                self._warn([f"{self.source.name}: {problem.reason}; {problem.hint}"])
            else:
                failed = Failed(problem.key, SentState.UNMAPPED, None, problem.reason, problem.hint)
                work.failed.append(failed)
        async with self.bridge.engine.begin() as conn:
            if work.failed:
                await self.ledger.fail(conn, work.failed)
            if work.rehash:
                await self.ledger.rehash(conn, work.rehash)
                self.result.unchanged += len(work.rehash)

    def _warn(self, warnings: Sequence[str]) -> None:
        """Each once, and not more than can be read."""
        for warning in warnings:
            if warning not in self.result.warnings and len(self.result.warnings) < SHOWN:
                self.result.warnings.append(warning)

    # --- sending

    async def _send_all(self, work: _Work) -> None:
        """Send what changed, `IN_FLIGHT` at a time; whatever happens, the answers that came are kept."""
        if not work.send:
            return
        async with self.bridge.engine.begin() as conn:
            await self.ledger.attempting(conn, {key: item.payload for key, item in work.send.items()})
        confirmed: list[Confirmed] = []
        failed: list[Failed] = []
        queue = iter(work.send.values())
        senders = [self._sender(queue, confirmed, failed) for _ in range(min(IN_FLIGHT, len(work.send)))]
        try:
            outcomes = await asyncio.gather(*senders, return_exceptions=True)
        finally:
            await asyncio.shield(self._keep(confirmed, failed))
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        left = len(work.send) - len(confirmed) - len(failed)
        self._held_back = self._held_back or left > 0 or any(item.row_hash is None for item in failed)

    async def _sender(self, queue: Iterator[_Send], confirmed: list[Confirmed], failed: list[Failed]) -> None:
        for item in queue:
            if self.result.stopped is not None:
                return
            try:
                answer = await self.bridge.remote.sync(self.name, item.payload)
            except Invalid as error:
                self._silent = 0
                reason = (error.message, error.hint)
                failed.append(Failed(item.key, SentState.REFUSED, item.row_hash, *reason, item.uncertain))
            except SiroError as error:
                if not isinstance(error, Transient):  # the credential or the address: no record's fault
                    self.result.stopped = error.message
                    raise
                failed.append(Failed(item.key, SentState.PENDING, None, error.message, error.hint))
                self._count_silence(error)
            else:
                self._silent = 0
                confirmed.append(Confirmed(item.key, item.row_hash, answer.siro_id, answer.related))

    def _count_silence(self, error: FieldnoteError) -> None:
        self._silent += 1
        if self._silent >= GIVE_UP_AFTER:
            self.result.stopped = f"{self._silent} calls in a row failed, the last one with: {error.message}"

    async def _keep(self, confirmed: list[Confirmed], failed: list[Failed]) -> None:
        async with self.bridge.engine.begin() as conn:
            if confirmed:
                await self.ledger.confirm(conn, confirmed)
            if failed:
                await self.ledger.fail(conn, failed)
        self.result.sent += len(confirmed)
        for item in failed:
            context = {"stream": self.name, "key": item.key, "state": item.state.value}
            log.warning("record_not_sent", extra=context)

    # --- reporting

    async def _report(self) -> None:
        """What stands open in the ledger, whenever it came there: a push is green only if all is settled."""
        await self._drop_gone()
        async with self.bridge.engine.connect() as conn:
            states = await self.ledger.open_states(conn)
            self.result.problems = await self.ledger.problems(conn, SHOWN)
        self.result.refused += states.get(SentState.REFUSED, 0)
        self.result.unmapped += states.get(SentState.UNMAPPED, 0)
        self.result.pending += states.get(SentState.PENDING, 0)

    async def _drop_gone(self) -> None:
        """A row with a problem that somebody deleted in the CRM is no problem any more."""
        if self.result.stopped is not None:
            return
        async with self.bridge.engine.connect() as conn:
            problems = await self.ledger.problems(conn, _RECHECKED)
        if not problems:
            return
        gone = await asyncio.to_thread(lambda: [item.key for item in problems if self._is_gone(item.key)])
        if gone:
            async with self.bridge.engine.begin() as conn:
                await self.ledger.forget_gone(conn, gone)

    def _is_gone(self, key: str) -> bool:
        try:
            return self.bridge.crm.row(self.source, key) is None
        except CrmRefused:
            return False


def _source(bridge: Bridge, name: StreamName) -> Source:
    settings: StreamSettings | None = getattr(bridge.config.push, name)
    if settings is None:
        raise ConfigError(f"the file has no push.{name}")
    return Source(f"push.{name}", settings.key, query=settings.query, table=settings.table, cursor=settings.cursor)


def _version(source: Source, mapper: RowMapper) -> str:
    """Changes with the query as well as with the map: either may make another record of an old row."""
    parts = (mapper.version, source.query, source.table, source.key, source.cursor)
    return blake2b("\0".join(str(part) for part in parts).encode(), digest_size=8).hexdigest()


def _may_hold(entry: Entry | None) -> Payload | None:
    """What Siro may hold: what it has confirmed, and the children of what it may have got since."""
    if entry is None or entry.attempted is None:
        return entry.payload if entry is not None else None
    held = dict(entry.attempted)
    for name, children in (entry.payload or {}).items():
        if _is_children(children):
            attempted = {child["externalId"]: child for child in held.get(name) or []}
            held[name] = [*({child["externalId"]: child for child in children} | attempted).values()]
    return held


def _is_children(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) and "externalId" in item for item in value)


def _sentence(error: FieldnoteError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _now() -> datetime:
    return datetime.now(UTC)


async def _next(pages: Iterator[T]) -> T | None:
    return await asyncio.to_thread(next, pages, None)


async def _finished(task: asyncio.Task[T]) -> asyncio.Task[T]:
    """Wait for a thread's work to end, so that none outlives the reading; its own error comes later."""
    await asyncio.wait([task])
    return task
