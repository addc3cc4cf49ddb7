"""Records that left the CRM: noticed, doubted, looked up once more, and only then deleted in Siro.

A row that does not come is not yet a deletion. A reading may have ended early, a query may end at "30 days
ago", a row may have moved while we read, and a broken export is empty. So a record is `doubtful` first; all of
them together must not be too many; and each is looked up once more by its key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from fieldnote.bridge.push.ledger import DELETED, GONE, StreamLedger, Window
from fieldnote.bridge.push.results import StreamResult
from fieldnote.bridge.session import Bridge
from fieldnote.config import DeletesSettings
from fieldnote.crm.types import Source

log = logging.getLogger(__name__)

FEW: Final = 20
"""So many deletions are never too many, unless they are all that there is."""
_MARGIN: Final = timedelta(days=1)
"""Around the ends of a declared window: "30 days ago" may mean that hour, that day, or that day elsewhere."""


class Seen:
    """Which records of the ledger came in a reading: a bit for each number, so that a million take 125 kB."""

    def __init__(self, last_number: int) -> None:
        """Of numbers that are given later it says nothing: those records came in this very reading."""
        self._bits = bytearray((last_number + 8) // 8)
        self.last = last_number
        self.rows = 0

    def add(self, numbers: Iterable[int], rows: int) -> None:
        """These came, in so many rows."""
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


class Vanished:
    """What left one stream."""

    def __init__(
        self,
        bridge: Bridge,
        ledger: StreamLedger,
        source: Source,
        deletes: DeletesSettings | None,
        result: StreamResult,
    ) -> None:
        """`deletes`: None where the file does not ask for deletions of what does not come any more."""
        self._bridge = bridge
        self._ledger = ledger
        self._source = source
        self._deletes = deletes
        self._result = result
        self._before: int | None = None
        """The last number that was given before the reading."""

    @property
    def _window(self) -> Window:
        """Start times of which the query is sure to give every record."""
        window = self._deletes.window if self._deletes is not None else None
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
            if self._deletes is not None:
                await self._ledger.doubt(conn, keys, GONE, self._window)
            await self._ledger.close_gone(conn, keys)

    async def note_deleted(self, keys: Sequence[str]) -> None:
        """The CRM itself says that these are deleted."""
        async with self._bridge.engine.begin() as conn:
            await self._ledger.doubt(conn, keys, DELETED, (None, None))

    async def note_unseen(self, seen: Seen) -> None:
        """A reading of all rows has come to its end: what did not come is not there."""
        self._before = seen.last
        async with self._bridge.engine.begin() as conn:
            if self._deletes is None:
                self._result.left = await self._ledger.count_unseen(conn, seen.as_bytes())
            elif seen.rows == 0:
                await self._refuse_emptiness(await self._ledger.live(conn))
            elif seen.last > 0:
                await self._ledger.doubt_unseen(conn, seen.as_bytes(), self._window)

    async def _refuse_emptiness(self, live: int) -> None:
        if live:
            self._result.stopped = (
                f"the CRM gave no row at all, while Siro holds {live} records of this stream: nothing is deleted"
            )

    # --- looking only

    @property
    def wanted(self) -> bool:
        """Whether what does not come any more is to be deleted in Siro."""
        return self._deletes is not None

    async def unseen(self, seen: Seen, *, after: str, limit: int) -> list[str]:
        """Keys that a reading of all rows has missed, in their order, behind `after`."""
        if self._deletes is None or seen.rows == 0:
            return []
        async with self._bridge.engine.connect() as conn:
            return await self._ledger.unseen(conn, seen.as_bytes(), self._window, after=after, limit=limit)

    async def standing_apart(self, keys: Sequence[str]) -> list[str]:
        """Those that do not stand in the table of `deletes` either."""
        standing = await self._standing(keys)
        return [key for key in keys if key not in standing]

    async def _standing(self, keys: Sequence[str]) -> list[str]:
        if self._deletes is None or self._deletes.table is None:
            return []
        source = Source(f"{self._source.name}.deletes", self._source.key, table=self._deletes.table)
        return list(await asyncio.to_thread(self._bridge.crm.rows, source, list(keys)))

    # --- deciding

    async def may_go(self, accepted: int) -> bool:
        """Whether what is doubtful may be deleted. `accepted`: so many deletions a person has agreed to."""
        async with self._bridge.engine.connect() as conn:
            gone, deleted = await self._ledger.count_doubtful(conn)
            live = await self._ledger.live(conn, self._before) if gone + deleted > 0 else 0
        many = gone + deleted
        share = self._deletes.at_most if self._deletes is not None else DeletesSettings().at_most
        whole = gone > 0 and many >= live
        if not many or accepted >= many or (many <= max(FEW, share * live) and not whole):
            return many > 0
        extent = "all" if whole else f"{many} of {live}"
        self._result.warn(
            f"push.{self._ledger.stream}: {extent} records would be deleted in Siro, which is more than the file "
            f"allows: `fieldnote plan` names them; if they are right, run `fieldnote push --accept-deletes {many}`"
        )
        return False

    async def confirmed(self, keys: Sequence[str]) -> list[str]:
        """Those that are really gone. One that still stands in the table of `deletes` only left the query."""
        standing = await self._standing(keys)
        if standing:
            async with self._bridge.engine.begin() as conn:
                await self._ledger.reopen(conn, standing)
        return [key for key in keys if key not in standing]

    # --- the organization's only source

    async def sweep(self) -> None:
        """Where nobody else syncs appointments: Siro deletes whatever of the window this ledger does not know.

        Only after a reading of all rows that left nothing open, as the list must be whole.
        """
        first, last = self._window
        if self._deletes is None or not self._deletes.only_source or first is None or last is None:
            return
        async with self._bridge.engine.connect() as conn:
            if await self._ledger.count_states(conn):
                return
            keys = await self._ledger.keys_between(conn, first, last)
        if keys:
            await self._bridge.remote.keep_only(first, last, keys)
            log.info("swept", extra={"stream": self._ledger.stream, "kept": len(keys)})
