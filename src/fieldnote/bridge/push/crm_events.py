"""Single records that the CRM has told of: sent within a second, beside any push that runs.

A hook is a hint. The row is looked up by its key, as what was posted may be older than what stands there; the
posted row counts only where none is there (it commits a moment later), or where the driver has copies alone, which
are older still. What cannot be done at once is pending, and the next push looks at it again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.push.change_detection import Comparison, Work
from fieldnote.bridge.push.deletions import FEW
from fieldnote.bridge.push.ledger import Origin, StreamLedger
from fieldnote.bridge.push.results import StreamResult
from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.sender import Sending, pack
from fieldnote.bridge.push.source import batch_of, source_of, stream_settings
from fieldnote.bridge.session import Bridge
from fieldnote.crm.types import Page, Row
from fieldnote.errors import MappingError
from fieldnote.mapping.records import StreamName

log = logging.getLogger(__name__)

_TAKEN: Final = 100
"""Hints that are dealt with together."""
_COMMITS_SOON: Final = (0.1, 0.3, 0.6)
"""Seconds between looks for a row that is not there yet: many CRMs call their hooks before they commit."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One record that something happened to."""

    key: str
    row: dict[str, Any] | None = None
    """The row, where the hook brought it whole."""


async def note(conn: AsyncConnection, connection: str, stream: str, hints: Sequence[Hint]) -> None:
    """Keep what a hook has told, in the transaction that defers the work on it."""
    for hint in hints:
        row = None if hint.row is None else json.dumps(hint.row)
        await conn.execute(_NOTE, {"connection": connection, "stream": stream, "key": hint.key, "row": row})


async def push_hooked(bridge: Bridge, stream: StreamName) -> StreamResult:
    """Send all records of a stream that hooks have told of."""
    work = _Hooked(bridge, stream)
    while hints := await work.take():
        await work.send({hint.key: hint for hint in hints})
    return work.result


class _Hooked:
    def __init__(self, bridge: Bridge, stream: StreamName) -> None:
        self.bridge = bridge
        self.ledger = StreamLedger(bridge.name, stream)
        settings = stream_settings(bridge, stream)
        self.source = source_of(stream, settings)
        self.mapper = mappers_of(bridge, (stream,))[stream]
        self.comparison = Comparison(self.ledger, self.mapper, settings.map)
        self.result = StreamResult(stream)

    async def take(self) -> list[Hint]:
        """The next hints. What is told twice of one record is one hint, the later row."""
        values = {"connection": self.bridge.name, "stream": self.ledger.stream, "limit": _TAKEN}
        async with self.bridge.engine.begin() as conn:
            rows = (await conn.execute(_TAKE, values)).all()
            hints = {row.key: Hint(row.key, row.row) for row in sorted(rows, key=lambda row: int(row.id))}
            if hints:  # should we be killed now, the next push looks at them
                await self.ledger.owe(conn, list(hints))
        return list(hints.values())

    async def send(self, hints: dict[str, Hint]) -> None:
        rows = await self._rows(hints)
        if not self.bridge.crm.is_live:
            rows = {key: row for key, row in rows.items() if hints[key].row is None}
        posted = {key for key in hints if key not in rows and hints[key].row is not None}
        rows |= {key: row for key in posted if (row := hints[key].row) is not None}
        async with self._sending() as sending:
            async with self.bridge.engine.connect() as conn:
                work = await self.comparison.page(conn, Page(tuple(rows.values()), None, last=False))
            await self._keep(work)
            # Many deletions at once are left to the push and its guards.
            few = len(work.deletes) <= FEW
            await sending.add(pack(record for record in work.send if few or not record.deletes))
        if posted:  # a posted row is a promise: the next push looks whether the CRM keeps it
            async with self.bridge.engine.begin() as conn:
                await self.ledger.owe(conn, sorted(posted))
        log.info("hooks_done", extra={"stream": self.ledger.stream, "sent": self.result.sent, "hints": len(hints)})

    async def _rows(self, hints: dict[str, Hint]) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for pause in (0.0, *_COMMITS_SOON):
            missing = [key for key, hint in hints.items() if key not in rows and (hint.row is None or not pause)]
            if not missing:
                break
            await asyncio.sleep(pause)
            rows |= await asyncio.to_thread(self.bridge.crm.rows, self.source, missing)
        return rows

    async def _keep(self, work: Work) -> None:
        async with self.bridge.engine.begin() as conn:
            if work.failed:
                await self.ledger.fail(conn, work.failed)
            if work.settled:
                await self.ledger.settle(conn, work.settled)

    def _sending(self) -> Sending:
        return Sending(
            self.bridge.engine,
            self.ledger,
            self.bridge.remote,
            self.result,
            batch=batch_of(self.bridge, self.ledger.stream),
            origin=Origin.HOOK,
            hooks=True,
        )


def hints_of(body: Any, key_column: str) -> list[Hint]:
    """What a hook's JSON tells: `{"id": …}`, `{"ids": […]}`, a whole row, or a list of such.

    Raises MappingError where it tells nothing.
    """
    items = body if isinstance(body, list) else [body]
    hints = [hint for item in items for hint in _hints(item, key_column)]
    if not hints:
        raise MappingError(
            "the hook names no record", hint=f'Send {{"id": …}}, or the row with its column {key_column}.'
        )
    return hints


def _hints(item: Any, key_column: str) -> list[Hint]:
    match item:
        case str() | int():
            return [Hint(str(item))] if str(item).strip() else []
        case {"ids": list(ids)}:
            return [hint for one in ids for hint in _hints(one, key_column) if not isinstance(one, dict)]
        case dict():
            named = item.get(key_column, item.get("id"))
            if isinstance(named, bool) or not isinstance(named, str | int) or not str(named).strip():
                return []
            whole = key_column in item and len(item) > 1
            return [Hint(str(named), dict(item) if whole else None)]
        case _:
            return []


_NOTE = text("""
    insert into hooks (connection, stream, key, row) values (:connection, :stream, :key, cast(:row as json))
""")

_TAKE = text("""
    delete from hooks
    where id in (select id from hooks where connection = :connection and stream = :stream
                 order by id limit :limit for update skip locked)
    returning id, key, row
""")
