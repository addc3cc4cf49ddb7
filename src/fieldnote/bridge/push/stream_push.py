"""One push of one stream: the way of its rows from the CRM to Siro.

Every push asks the same question: which rows differ from what Siro is known to have? The cursor only saves reading; it
never decides. So the next push completes one that was lost, doubled or killed at any line:

1. look up by their keys the records that dead processes left, and those that are pending;
2. read rows, all of them or those behind the cursor; compare, map and send them;
3. delete in Siro the records that left the CRM, if they are not too many.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from fieldnote.bridge.driver_calls import call_driver
from fieldnote.bridge.push.change_detection import Upsert, Work, pack, sentence
from fieldnote.bridge.push.deletions import SeenKeys
from fieldnote.bridge.push.payload_diff import Delivery
from fieldnote.bridge.push.prefetch import in_pieces, one_ahead
from fieldnote.bridge.push.results import StreamResult
from fieldnote.bridge.push.sender import Sender
from fieldnote.bridge.push.states import QUARANTINED, SentState
from fieldnote.bridge.push.stream import Stream
from fieldnote.bridge.run_log import note_progress
from fieldnote.crm.types import Cursor, Page
from fieldnote.errors import CrmError, CrmRefused

log = logging.getLogger(__name__)

_CHECKPOINT: Final = 5.0
"""Seconds after which a long reading saves its cursor."""
_RECHECKED: Final = 200
_GROUPED: Final = 10_000
"""Problems that are read to count those of one kind."""

Watch = Callable[[StreamResult], None]
"""Called with a stream's progress, page by page."""


@dataclass(slots=True)
class _Prepared:
    """A page, ready to be sent."""

    page: Page
    work: Work
    deliveries: list[Delivery]
    beside: AbstractSet[str]
    """Records that were in flight when it was compared."""


class StreamPush:
    """One push of one stream. The caller has the stream's lock."""

    def __init__(self, stream: Stream, watch: Watch | None = None) -> None:
        self.stream = stream
        self.bridge = stream.bridge
        self.request = stream.request
        self.ledger = stream.ledger
        self.reader = stream.reader
        self.deletions = stream.deletions
        self.result = stream.result
        self._watch = watch or (lambda _: None)
        self._previous: AbstractSet[str] = frozenset()
        """The keys of the page before."""
        self._saved_at = time.monotonic()

    async def run(self) -> CrmError | None:
        """Push the stream. Returns the error that stopped it, if the CRM could not be read."""
        error: CrmError | None = None
        try:
            await self._push()
        except CrmError as failure:
            error = failure
            self.result.stopped, self.result.error = sentence(failure), type(failure).__name__
        await self._report()
        return error

    async def _push(self) -> None:
        self.bridge.remote.forget_accounts()
        async with self.stream.sending() as sender:
            await self._take_up_attempts()
            complete = False
            if self.request.keys:
                await self._push_keys(sender, self.request.keys)
            else:
                await self._push_pending(sender)
                complete = await self._push_rows(sender)
                if self.stream.hooks:
                    await self._push_pending(sender)
            await self._delete_gone(sender)
            await sender.drained()
            if complete:
                await self.deletions.sweep()
            await self._settle_gone_problems()

    # --- left by earlier pushes

    async def _take_up_attempts(self) -> None:
        """This push has the stream's lock: another push with open attempts is dead."""
        async with self.bridge.engine.begin() as conn:
            found = await self.stream.attempts.take_up(conn)
        if found:
            log.info("attempts_taken_up", extra={"stream": self.stream.name, "records": found})

    async def _push_pending(self, sender: Sender) -> None:
        """The cursor may have passed pending records, so look them up."""
        await sender.start_reading()
        async for keys in self.stream.keys_in(SentState.PENDING):
            await self._push_keys(sender, keys)
        await sender.drained()

    async def _push_keys(self, sender: Sender, keys: Sequence[str]) -> None:
        """Look up these rows and send them. One that is not there counts as deleted."""
        found = await self.reader.look_up(list(keys))
        self.result.read += len(found.rows)
        await self._push_page(found.page, sender, force=bool(self.request.keys))
        gone = found.missing(keys)
        if not gone:
            return
        await self.deletions.note(gone)
        if self.request.keys:
            async with self.bridge.engine.connect() as conn:
                unknown = set(gone) - set(await self.ledger.marks(conn, gone))
            texts = (f"push.{self.stream.name}: neither the CRM nor Siro has {key}" for key in sorted(unknown))
            self.result.warn(*texts)

    # --- reading

    async def _push_rows(self, sender: Sender) -> bool:
        """Read, compare and send the rows that are due. Whether all rows were read, to the end."""
        await sender.start_reading()
        await self.reader.begin()
        async with self.bridge.engine.connect() as conn:
            seen = SeenKeys(await self.ledger.last_number(conn))
        async with aclosing(one_ahead(self._prepare_pages(sender))) as prepared:
            async for item in prepared:
                rows, cursor = len(item.page.rows), item.page.cursor
                self.result.read += rows
                work = await self._carry_out(item, sender)
                seen.add(work.seen, rows)
                self._watch(self.result)
                await note_progress(
                    f"{self.result.stream}: {self.result.read} rows read, {self.result.sent} records sent"
                )
                if cursor is not None and self.request.since is None:
                    await self._advance(cursor, sender)
        await sender.drained()
        if self.reader.complete:
            await self.deletions.note_unseen(seen)
        if self.request.since is None:
            await self._save(complete=self.reader.complete)
        return self.reader.complete

    async def _advance(self, cursor: Cursor, sender: Sender) -> None:
        """Save a cursor only once everything before it is in the ledger, as sent or as open."""
        self.reader.cursor = cursor
        if time.monotonic() - self._saved_at > _CHECKPOINT:
            await sender.drained()
            await self._save(complete=False)

    async def _save(self, *, complete: bool) -> None:
        async with self.bridge.engine.begin() as conn:
            await self.ledger.save(conn, self.reader.cursor, self.reader.version, complete=complete)
        self._saved_at = time.monotonic()

    # --- one page

    async def _prepare_pages(self, sender: Sender) -> AsyncGenerator[_Prepared]:
        async with aclosing(self.reader.pages()) as pages:
            async for page in pages:
                yield await self._prepare(page, sender)

    async def _prepare(self, page: Page, sender: Sender, *, force: bool = False) -> _Prepared:
        beside = frozenset(sender.keys)
        work = await self.stream.compare(page, force=force)
        deliveries = [delivery async for piece in in_pieces(work.send) for delivery in pack(piece)]
        return _Prepared(page, work, deliveries, beside)

    async def _push_page(self, page: Page, sender: Sender, *, force: bool = False, decided: bool = False) -> None:
        prepared = await self._prepare(page, sender, force=force)
        await self._carry_out(prepared, sender, force=force, decided=decided)

    async def _carry_out(self, item: _Prepared, sender: Sender, *, force: bool = False, decided: bool = False) -> Work:
        """Keep what cannot or need not be sent, and send the rest. `decided`: its deletions are allowed."""
        if not all(item.work.keys.isdisjoint(others) for others in (item.beside, self._previous, sender.keys)):
            # A row that came twice must not overtake itself, nor be compared with an outdated ledger.
            await sender.drained()
            item = await self._prepare(item.page, sender, force=force)
        work, deliveries = item.work, item.deliveries
        self._previous = work.keys
        self.result.unchanged += work.unchanged + len(work.settled)
        self.result.unmapped += work.keyless
        self.result.warn(*work.warnings)
        await self.stream.keep(work)
        if work.deletes and not decided and not force:
            await self.deletions.note_deleted(work.deletes)
            pending = set(work.deletes)
            deliveries = [delivery for delivery in deliveries if delivery.key not in pending]
        await sender.add(deliveries)
        return work

    # --- deletions

    async def _delete_gone(self, sender: Sender) -> None:
        """Look up each once more, as it may have moved during the reading. Then delete it in Siro."""
        if not await self.deletions.allowed(self.request.accept_deletes):
            return
        async for keys in self.stream.keys_in(SentState.PENDING_DELETION):
            found = await self.reader.look_up(keys)
            await self._push_page(found.page, sender, decided=True)
            await sender.add(pack(await self._deletions(found.missing(keys))))

    async def _deletions(self, keys: Sequence[str]) -> list[Upsert]:
        gone = await self.deletions.confirm(keys)
        async with self.bridge.engine.begin() as conn:
            records = await self.stream.comparison.delete(conn, gone)
            deleted = sorted(set(gone) - {record.key for record in records})
            await self.ledger.forget_never_sent(conn, deleted)
            await self.ledger.move(conn, deleted, SentState.DELETED, out_of=(SentState.PENDING_DELETION,))
        return records

    # --- reporting

    async def _report(self) -> None:
        """Count what is open in the ledger, from this and earlier pushes: a push is settled only if nothing is."""
        async with self.bridge.engine.connect() as conn:
            states = await self.ledger.count_states(conn)
            self.result.uncleared = await self.ledger.count_uncleared(conn)
            self.result.add_problems(await self.ledger.problems(conn, _GROUPED, (SentState.PENDING, *QUARANTINED)))
        for group in self.result.groups:
            context = {"stream": self.stream.name, "state": group.state.value, "records": group.count}
            log.warning("records_not_sent", extra=context)
        self.result.refused += states.get(SentState.REFUSED, 0)
        self.result.unmapped += states.get(SentState.UNMAPPED, 0)
        self.result.pending += states.get(SentState.PENDING, 0)
        self.result.pending_deletions += states.get(SentState.PENDING_DELETION, 0)
        self.result.dropped += states.get(SentState.DROPPED, 0)

    async def _settle_gone_problems(self) -> None:
        """A row with a problem that is deleted in the CRM is no problem any more."""
        async with self.bridge.engine.connect() as conn:
            problems = await self.ledger.problems(conn, _RECHECKED, QUARANTINED)
        gone = [item.key for item in problems if await self._is_gone(item.key)]
        if gone:
            await self.deletions.note(gone)

    async def _is_gone(self, key: str) -> bool:
        doing = f"reading {self.reader.source.name}"
        try:
            return await call_driver(self.bridge.crm.row, self.reader.source, key.strip(), doing=doing) is None
        except CrmRefused:
            return False
