"""One push of one stream: the trip of its rows from the CRM to Siro.

Every push asks the same question: which rows differ from what Siro is known to hold? The cursor only saves
reading; it never decides. So a push that is lost, doubled or killed at any line is made good by the next:

1. what dead processes left behind, and what is pending, is looked up by its keys;
2. rows are read, all of them or those behind the cursor, compared, mapped and sent;
3. records that left the CRM are deleted in Siro, if they are not too many.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from fieldnote.bridge.push.change_detection import Comparison, Send, Work
from fieldnote.bridge.push.deletions import Seen, Vanished
from fieldnote.bridge.push.ledger import QUARANTINED, SentState, StreamLedger
from fieldnote.bridge.push.prefetch import in_pieces, one_ahead
from fieldnote.bridge.push.results import SHOWN, StreamResult
from fieldnote.bridge.push.sender import Parcel, Sending, pack
from fieldnote.bridge.push.source import Reading, Wish, batch_of
from fieldnote.bridge.session import Bridge
from fieldnote.crm.types import Cursor, Page
from fieldnote.errors import CrmRefused
from fieldnote.mapping.records import RowMapper, StreamName

log = logging.getLogger(__name__)

_CHECKPOINT: Final = 5.0
"""Seconds after which a long reading notes how far it has come."""
_RECHECKED: Final = 200
_LOOKED_UP: Final = 200
"""Rows that are looked up by their keys together."""

Watch = Callable[[StreamResult], None]
"""Is told of a stream's progress, page by page."""


@dataclass(slots=True)
class _Prepared:
    """A page, ready to be sent."""

    page: Page
    work: Work
    parcels: list[Parcel]
    beside: AbstractSet[str]
    """Records that were on their way when it was compared."""


class StreamPush:
    """One reading of one stream."""

    def __init__(
        self, bridge: Bridge, name: StreamName, mapper: RowMapper, wish: Wish, watch: Watch | None = None
    ) -> None:
        self.bridge = bridge
        self.name = name
        self.wish = wish
        self.ledger = StreamLedger(bridge.name, name)
        self.reading = Reading(bridge, self.ledger, mapper, wish)
        settings = self.reading.settings
        self.comparison = Comparison(self.ledger, mapper, settings.map)
        self.result = StreamResult(name)
        self.vanished = Vanished(bridge, self.ledger, self.reading.source, settings.deletions, self.result)
        self.hooks = bool(bridge.config.receiver.crm_secret)
        self._watch = watch or (lambda _: None)
        self._before: AbstractSet[str] = frozenset()
        """The keys of the page before."""
        self._saved_at = time.monotonic()

    async def run(self) -> StreamResult:
        """Push the stream. Whoever calls holds it."""
        self.bridge.remote.forget_accounts()
        async with self._sending() as sending:
            await self._take_up_what_was_left()
            if self.wish.keys:
                await self._deal_with_keys(sending, self.wish.keys)
                complete = False
            else:
                await self._deal_with_owed(sending)
                complete = await self._deal_with_rows(sending)
                if self.hooks:
                    await self._deal_with_owed(sending)
            await self._deal_with_vanished(sending)
        if complete:
            await self.vanished.sweep()
        await self._report()
        return self.result

    def _sending(self) -> Sending:
        bridge = self.bridge
        return Sending(
            bridge.engine, self.ledger, bridge.remote, self.result, batch=batch_of(bridge, self.name), hooks=self.hooks
        )

    async def _look_from_here(self, sending: Sending) -> None:
        """What is read from now on is newer than any hook's work so far."""
        if self.hooks:
            async with self.bridge.engine.connect() as conn:
                sending.horizon = await self.ledger.last_attempt(conn)

    # --- what is left over

    async def _take_up_what_was_left(self) -> None:
        """We hold the stream: a push that has attempts in it is dead."""
        async with self.bridge.engine.begin() as conn:
            found = await self.ledger.take_up(conn)
        if found:
            log.info("attempts_taken_up", extra={"stream": self.name, "records": found})

    async def _deal_with_owed(self, sending: Sending) -> None:
        """Pending records are not left to the cursor, which may have passed them."""
        await self._look_from_here(sending)
        after = ""
        while self.result.stopped is None:
            async with self.bridge.engine.connect() as conn:
                keys = await self.ledger.keys_in(conn, SentState.PENDING, after=after, limit=_LOOKED_UP)
            if not keys:
                break
            await self._deal_with_keys(sending, keys)
            after = keys[-1]
        await sending.drained()

    async def _deal_with_keys(self, sending: Sending, keys: Sequence[str]) -> None:
        """Look these rows up and send them; one that is not there is treated as gone."""
        rows = await self.reading.rows(list(keys))
        page = Page(tuple(rows.values()), None, last=False)
        self.result.read += len(rows)
        await self._deal_with(page, sending, anew=bool(self.wish.keys))
        gone = [key for key in keys if key not in rows]
        if gone:
            await self.vanished.note(gone)
            if self.wish.keys:
                async with self.bridge.engine.connect() as conn:
                    unknown = set(gone) - set(await self.ledger.marks(conn, gone))
                self.result.warn(*(f"push.{self.name}: neither the CRM nor Siro has {key}" for key in sorted(unknown)))

    # --- reading

    async def _deal_with_rows(self, sending: Sending) -> bool:
        """Read, compare and send what is due. Whether all rows were read, to the end."""
        await self._look_from_here(sending)
        await self.reading.begin()
        async with self.bridge.engine.connect() as conn:
            seen = Seen(await self.ledger.last_number(conn))
        async with aclosing(one_ahead(self._prepared(sending))) as prepared:
            async for item in prepared:
                rows, cursor = len(item.page.rows), item.page.cursor
                self.result.read += rows
                work = await self._carry_out(item, sending)
                seen.add(work.seen, rows)
                self._watch(self.result)
                if cursor is not None and self.wish.since is None:
                    await self._reached(cursor, sending)
                if self.result.stopped is not None:
                    return False
        await sending.drained()
        if self.result.stopped is not None:
            return False
        if self.reading.complete:
            await self.vanished.note_unseen(seen)
        if self.wish.since is None:
            await self._save(complete=self.reading.complete)
        return self.reading.complete

    async def _reached(self, cursor: Cursor, sending: Sending) -> None:
        """A cursor may be kept once everything before it is in the ledger, as sent or as open."""
        self.reading.cursor = cursor
        if time.monotonic() - self._saved_at > _CHECKPOINT:
            await sending.drained()
            if self.result.stopped is None:
                await self._save(complete=False)

    async def _save(self, *, complete: bool) -> None:
        async with self.bridge.engine.begin() as conn:
            await self.ledger.save(conn, self.reading.cursor, self.reading.version, complete=complete)
        self._saved_at = time.monotonic()

    # --- one page

    async def _prepared(self, sending: Sending) -> AsyncGenerator[_Prepared]:
        """The pages of the reading, each ready to be sent."""
        async with aclosing(self.reading.pages()) as pages:
            async for page in pages:
                yield await self._prepare(page, sending)

    async def _prepare(self, page: Page, sending: Sending, *, anew: bool = False) -> _Prepared:
        beside = frozenset(sending.keys)
        async with self.bridge.engine.connect() as conn:
            work = await self.comparison.page(conn, page, anew=anew)
        parcels = [parcel async for piece in in_pieces(work.send) for parcel in pack(piece)]
        return _Prepared(page, work, parcels, beside)

    async def _deal_with(self, page: Page, sending: Sending, *, anew: bool = False, decided: bool = False) -> None:
        """Prepare and carry out one page."""
        await self._carry_out(await self._prepare(page, sending, anew=anew), sending, anew=anew, decided=decided)

    async def _carry_out(self, item: _Prepared, sending: Sending, *, anew: bool = False, decided: bool = False) -> Work:
        """Keep what need not or cannot be sent, send the rest. `decided`: deletions are meant."""
        if not all(item.work.keys.isdisjoint(others) for others in (item.beside, self._before, sending.keys)):
            # A row that came twice must not overtake itself, nor be compared with what was known before.
            await sending.drained()
            item = await self._prepare(item.page, sending, anew=anew)
        work, parcels = item.work, item.parcels
        self._before = work.keys
        self.result.unchanged += work.unchanged + len(work.settled)
        self.result.unmapped += work.keyless
        self.result.warn(*work.warnings)
        if work.failed or work.settled:
            await self._keep(work)
        if work.deletes and not decided and not anew:
            await self.vanished.note_deleted(work.deletes)
            doubtful = set(work.deletes)
            parcels = [parcel for parcel in parcels if parcel.key not in doubtful]
        await sending.add(parcels)
        return work

    async def _keep(self, work: Work) -> None:
        async with self.bridge.engine.begin() as conn:
            if work.failed:
                await self.ledger.fail(conn, work.failed)
            if work.settled:
                await self.ledger.settle(conn, work.settled)

    # --- what left the CRM

    async def _deal_with_vanished(self, sending: Sending) -> None:
        """Each is looked up once more: it may only have moved while we read. Then Siro is told."""
        if self.result.stopped is not None or not await self.vanished.may_go(self.wish.accept_deletes):
            return
        after = ""
        while self.result.stopped is None:
            async with self.bridge.engine.connect() as conn:
                keys = await self.ledger.keys_in(conn, SentState.DOUBTFUL, after=after, limit=_LOOKED_UP)
            if not keys:
                break
            rows = await self.reading.rows(keys)
            await self._deal_with(Page(tuple(rows.values()), None, last=False), sending, decided=True)
            await sending.add(pack(await self._gone([key for key in keys if key not in rows])))
            after = keys[-1]
        await sending.drained()

    async def _gone(self, keys: Sequence[str]) -> list[Send]:
        if not keys:
            return []
        really = await self.vanished.confirmed(keys)
        async with self.bridge.engine.connect() as conn:
            sends = await self.comparison.gone(conn, really)
        rest = set(really) - {record.key for record in sends}
        if rest:
            async with self.bridge.engine.begin() as conn:
                await self.ledger.close_doubt(conn, sorted(rest))
        return sends

    # --- reporting

    async def _report(self) -> None:
        """What stands open in the ledger, whenever it came there: a push is green only if all is settled."""
        await self._drop_gone()
        async with self.bridge.engine.connect() as conn:
            states = await self.ledger.count_states(conn)
            self.result.standing = await self.ledger.count_standing(conn)
            self.result.problems = await self.ledger.problems(conn, SHOWN, (SentState.PENDING, *QUARANTINED))
        self.result.refused += states.get(SentState.REFUSED, 0)
        self.result.unmapped += states.get(SentState.UNMAPPED, 0)
        self.result.pending += states.get(SentState.PENDING, 0)
        self.result.doubtful += states.get(SentState.DOUBTFUL, 0)
        self.result.dropped += states.get(SentState.DROPPED, 0)

    async def _drop_gone(self) -> None:
        """A row with a problem that somebody deleted in the CRM is no problem any more."""
        if self.result.stopped is not None:
            return
        async with self.bridge.engine.connect() as conn:
            problems = await self.ledger.problems(conn, _RECHECKED, QUARANTINED)
        if not problems:
            return
        gone = await asyncio.to_thread(lambda: [item.key for item in problems if self._is_gone(item.key)])
        if gone:
            await self.vanished.note(gone)

    def _is_gone(self, key: str) -> bool:
        try:
            return self.bridge.crm.row(self.reading.source, key) is None
        except CrmRefused:
            return False
