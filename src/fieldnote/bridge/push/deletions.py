"""Deletions: records that left the CRM are noticed, looked up once more, and only then deleted in Siro.

A row that does not come is not yet a deletion. A reading may have ended early, a query may end at "30 days ago", a row
may have moved during the reading, and a broken export is empty. So a deletion is pending first; all of them together
must not be too many; and each row is looked up once more by its key.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.errors import Halted
from fieldnote.bridge.push.ledger import StreamLedger, Window
from fieldnote.bridge.push.results import StreamResult
from fieldnote.bridge.push.source import SourceReader
from fieldnote.bridge.push.states import DELETED_IN_CRM, GONE, SentState
from fieldnote.bridge.session import Bridge
from fieldnote.config import DeletesSettings
from fieldnote.crm.types import Source

log = logging.getLogger(__name__)

FEW: Final = 20
"""This many deletions are never too many, unless they are all records of the stream."""
_MOST_NEW: Final = 0.5
"""A larger share of a stream that goes to Siro as deleted is more likely a mistake in the map."""
_MARGIN: Final = timedelta(days=1)
"""Around the ends of a declared window: "30 days ago" may mean that hour, that day, or that day elsewhere."""
_LIVE_OR_OPEN: Final = frozenset(SentState) - {SentState.PENDING_DELETION, SentState.DELETED}


class SeenKeys:
    """Which records of the ledger came in a reading: a bit for each number, so that a million take 125 kB."""

    def __init__(self, last_number: int) -> None:
        """Later numbers are not covered: those records came in this very reading."""
        self._bits = bytearray((last_number + 8) // 8)
        self.last = last_number
        self.rows = 0

    def add(self, numbers: Iterable[int], rows: int) -> None:
        """These came, in this many rows."""
        self.rows += rows
        for number in numbers:
            if number <= self.last:
                self._bits[number >> 3] |= 1 << (number & 7)

    def as_bytes(self) -> bytes:
        """Bit n is in byte n // 8, the lowest first. Bits behind the last number are set."""
        bits = bytearray(self._bits)
        for number in range(self.last + 1, 8 * len(bits)):
            bits[number >> 3] |= 1 << (number & 7)
        return bytes(bits)


class Deletions:
    """The deletions of one stream."""

    def __init__(
        self,
        bridge: Bridge,
        ledger: StreamLedger,
        reader: SourceReader,
        result: StreamResult,
    ) -> None:
        self._bridge = bridge
        self._ledger = ledger
        self._reader = reader
        self._settings = reader.settings.deletions
        """None where the file does not ask to delete what does not come any more."""
        deletes = reader.settings.deletes
        self._at_most = deletes.at_most if deletes is not None and "at_most" in deletes.model_fields_set else None
        """The file's own limit."""
        self._result = result
        self._last_before: int | None = None
        """The last number that was given before the reading."""

    @property
    def wanted(self) -> bool:
        """Whether what does not come any more is to be deleted in Siro."""
        return self._settings is not None

    @property
    def _window(self) -> Window:
        """Start times for which the query gives every record."""
        window = self._settings.window if self._settings is not None else None
        if window is None:
            return None, None
        now = datetime.now(UTC)
        first = now - window.past + _MARGIN if window.past is not None else None
        last = now + window.future - _MARGIN if window.future is not None else None
        return first, last

    # --- noticing

    async def note(self, keys: Sequence[str]) -> None:
        """These were looked up by their keys, and are not there."""
        async with self._bridge.engine.begin() as conn:
            if self._settings is not None:
                await self._ledger.mark_deletions(conn, keys, GONE, self._window)
            await self._ledger.forget_never_sent(conn, keys)
            await self._ledger.move(conn, keys, SentState.SENT, out_of=_LIVE_OR_OPEN)

    async def note_deleted(self, keys: Sequence[str]) -> None:
        """The CRM itself says that these are deleted."""
        async with self._bridge.engine.begin() as conn:
            await self._ledger.withhold(conn, keys, DELETED_IN_CRM)

    async def note_unseen(self, seen: SeenKeys) -> None:
        """All rows were read, to the end: a record that did not come is not there.

        Raises `Halted` if no row came, although Siro has records of this stream.
        """
        self._last_before = seen.last
        async with self._bridge.engine.begin() as conn:
            if self._settings is None:
                self._result.left = await self._ledger.count_unseen(conn, seen.as_bytes())
            elif seen.rows > 0:
                if seen.last > 0:
                    await self._ledger.mark_unseen(conn, seen.as_bytes(), self._window)
            elif live := await self._ledger.count_live(conn):
                raise Halted(f"the CRM gave no row, but Siro has {live} records of this stream: nothing is deleted")

    async def unseen(self, conn: AsyncConnection, seen: SeenKeys, *, after: str, limit: int) -> list[str]:
        """Keys of records to be deleted that a reading of all rows missed, in their order, behind `after`."""
        if self._settings is None or seen.rows == 0:
            return []
        return await self._ledger.unseen(conn, seen.as_bytes(), self._window, after=after, limit=limit)

    # --- deciding

    async def allowed(self, accepted: int) -> bool:
        """Whether there are pending deletions and they may go. `accepted`: a person allowed this many."""
        async with self._bridge.engine.connect() as conn:
            pending = await self._ledger.count_deletions(conn)
            if not pending.total or accepted >= pending.total:
                return pending.total > 0
            before = await self._ledger.count_live(conn, self._last_before) if pending.known else 0
            live = await self._ledger.count_live(conn) if pending.new else 0
        texts = []
        all_gone = pending.gone > 0 and pending.known >= before
        if (
            pending.known > max(FEW, (DeletesSettings().at_most if self._at_most is None else self._at_most) * before)
            or all_gone
        ):
            extent = "all" if all_gone else f"{pending.known} of {before}"
            texts.append(f"{extent} records would be deleted in Siro")
        if pending.new > (_MOST_NEW if self._at_most is None else self._at_most) * (live + pending.new):
            texts.append(f"{pending.new} of {live + pending.new} records would go to Siro as deleted the first time")
        if texts:
            self._result.warn(
                f"push.{self._ledger.stream}: {' and '.join(texts)}, more than the limit: `fieldnote plan` lists them; "
                f"if they are right, run `fieldnote push --accept-deletes {pending.total}`"
            )
        return not texts

    async def confirm(self, keys: Sequence[str]) -> list[str]:
        """Those of these that are gone. One that is still in the table of `deletes` has only left the query."""
        rest = await self.without_remaining(keys)
        remaining = sorted(set(keys) - set(rest))
        if remaining:
            async with self._bridge.engine.begin() as conn:
                await self._ledger.move(conn, remaining, SentState.SENT, out_of=(SentState.PENDING_DELETION,))
        return rest

    async def without_remaining(self, keys: Sequence[str]) -> list[str]:
        """Those of these that are not in the table of `deletes` either."""
        if not keys or self._settings is None or self._settings.table is None:
            return list(keys)
        source = Source(f"{self._reader.source.name}.deletes", self._reader.source.key, table=self._settings.table)
        return (await self._reader.look_up(list(keys), source)).missing(keys)

    # --- the organization's only source

    async def sweep(self) -> None:
        """Where no other system syncs appointments, Siro deletes those in the window that this ledger does not know.

        Only after a reading of all rows that left nothing open, as the list must be complete.
        """
        first, last = self._window
        if self._settings is None or not self._settings.only_source or first is None or last is None:
            return
        async with self._bridge.engine.connect() as conn:
            if await self._ledger.count_states(conn):
                return
            keys = await self._ledger.keys_between(conn, first, last)
        if keys:
            await self._bridge.remote.keep_only(first, last, keys)
            log.info("swept", extra={"stream": self._ledger.stream, "kept": len(keys)})
