"""Quarantine: records that wait for somebody to mend the row or the map, and what a person can do with them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldnote.bridge.push.ledger import DROPPED_OR_QUARANTINED, SentState, StreamLedger
from fieldnote.bridge.push.payload_diff import Payload
from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.source import source_of, stream_settings
from fieldnote.bridge.session import Bridge
from fieldnote.crm.types import Row, freeze
from fieldnote.errors import FieldnoteError, MappingError
from fieldnote.mapping.records import StreamName


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One record that waits."""

    stream: str
    key: str
    state: SentState
    reason: str
    hint: str | None
    since: datetime | None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        since = self.since.isoformat() if self.since else None
        return {
            "stream": self.stream,
            "key": self.key,
            "state": self.state.value,
            "reason": self.reason,
            "hint": self.hint,
            "since": since,
        }


@dataclass(frozen=True, slots=True)
class Shown:
    """One record with all that is known of it."""

    record: Quarantined
    row: Row | None
    """As the CRM has it now; None: it is not there any more."""
    mapped: Payload | None
    """What would be sent now, if the row can be mapped."""
    held: Payload | None
    """What Siro is known to hold."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        row = None if self.row is None else {name: freeze(value) for name, value in self.row.items()}
        return {**self.record.as_json(), "row": row, "mapped": self.mapped, "held": self.held}


async def waiting(bridge: Bridge, streams: tuple[str, ...] = (), *, limit: int = 1000) -> list[Quarantined]:
    """Records in quarantine, oldest first, dropped ones among them."""
    found = []
    async with bridge.engine.connect() as conn:
        for name in mappers_of(bridge, streams):
            ledger = StreamLedger(bridge.name, name)
            problems = await ledger.problems(conn, limit, DROPPED_OR_QUARANTINED)
            known = await ledger.known(conn, [problem.key for problem in problems])
            found += [
                Quarantined(name, item.key, item.state, item.reason, item.hint, known[item.key].changed_at)
                for item in problems
                if item.key in known
            ]
    return found


async def show(bridge: Bridge, stream: StreamName, key: str) -> Shown:
    """One record of a stream. Raises FieldnoteError where it is not in quarantine."""
    mapper = mappers_of(bridge, (stream,))[stream]
    async with bridge.engine.connect() as conn:
        entry = (await StreamLedger(bridge.name, stream).known(conn, [key])).get(key)
    if entry is None or entry.state not in DROPPED_OR_QUARANTINED:
        raise _not_there(stream, key)
    source = source_of(stream, stream_settings(bridge, stream))
    rows = await asyncio.to_thread(bridge.crm.rows, source, [key])
    row = rows.get(key)
    mapped = None
    if row is not None:
        try:
            mapped = mapper.map(row).wire
        except MappingError:
            mapped = None
    record = Quarantined(stream, key, entry.state, entry.reason or "", entry.hint, entry.changed_at)
    return Shown(record, row, mapped, entry.payload)


async def retry(bridge: Bridge, stream: StreamName, keys: Sequence[str]) -> int:
    """The next push looks at these again, whether or not they changed; without keys, at all. How many."""
    async with bridge.engine.begin() as conn:
        return await StreamLedger(bridge.name, stream).release(conn, list(keys))


async def drop(bridge: Bridge, stream: StreamName, keys: Sequence[str]) -> int:
    """These need not go to Siro as they are; a later change releases them all the same. How many."""
    async with bridge.engine.begin() as conn:
        return await StreamLedger(bridge.name, stream).drop(conn, list(keys))


def _not_there(stream: str, key: str) -> FieldnoteError:
    return FieldnoteError(f"{stream} {key} is not in quarantine", hint="`fieldnote quarantine list` shows what is.")
