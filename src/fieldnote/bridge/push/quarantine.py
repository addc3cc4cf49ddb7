"""Quarantine: records that wait for a person to fix the row or the map, and what a person can do with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fieldnote.bridge.driver_calls import call_driver
from fieldnote.bridge.push.ledger import StreamLedger
from fieldnote.bridge.push.payload_diff import Payload
from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.source import source_of, stream_settings
from fieldnote.bridge.push.states import DROPPED_OR_QUARANTINED, QUARANTINED, SentState
from fieldnote.bridge.session import Bridge
from fieldnote.crm.types import Row, freeze
from fieldnote.errors import FieldnoteError, MappingError
from fieldnote.json_form import to_json
from fieldnote.mapping.records import StreamName


@dataclass(frozen=True, slots=True)
class QuarantinedRecord:
    """One record that waits."""

    stream: str
    key: str
    state: SentState
    reason: str
    hint: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Details:
    """One record with all that is known of it."""

    record: QuarantinedRecord
    row: Row | None
    """The CRM's row now; None: it is gone."""
    mapped: Payload | None
    """The payload that a push would send now, if the row can be mapped."""
    known: Payload | None
    """The payload that Siro is known to have."""

    def as_json(self) -> dict[str, Any]:
        """For `quarantine show`."""
        row = None if self.row is None else {name: freeze(value) for name, value in self.row.items()}
        return {**to_json(self.record), "row": row, "mapped": self.mapped, "held": self.known}


async def waiting(bridge: Bridge, streams: tuple[str, ...] = (), *, limit: int = 1000) -> list[QuarantinedRecord]:
    """Records in quarantine, oldest first, dropped ones among them."""
    found = []
    async with bridge.engine.connect() as conn:
        for name in mappers_of(bridge, streams):
            ledger = StreamLedger(bridge.name, name)
            problems = await ledger.problems(conn, limit, DROPPED_OR_QUARANTINED)
            known = await ledger.known(conn, [problem.key for problem in problems])
            found += [
                QuarantinedRecord(name, item.key, item.state, item.reason, item.hint, known[item.key].changed_at)
                for item in problems
                if item.key in known
            ]
    return found


async def show(bridge: Bridge, stream: StreamName, key: str) -> Details:
    """One record of a stream. Raises FieldnoteError where it is not in quarantine."""
    mapper = mappers_of(bridge, (stream,))[stream]
    async with bridge.engine.connect() as conn:
        entry = (await StreamLedger(bridge.name, stream).known(conn, [key])).get(key)
    if entry is None or entry.state not in DROPPED_OR_QUARANTINED:
        raise FieldnoteError(f"{stream} {key} is not in quarantine", hint="`fieldnote quarantine list` lists them.")
    source = source_of(stream, stream_settings(bridge, stream))
    row = (await call_driver(bridge.crm.rows, source, [key], doing=f"reading {source.name}")).get(key)
    mapped = None
    if row is not None:
        try:
            mapped = mapper.map(row).wire
        except MappingError:
            mapped = None
    record = QuarantinedRecord(stream, key, entry.state, entry.reason or "", entry.hint, entry.changed_at)
    return Details(record, row, mapped, entry.payload)


async def retry(bridge: Bridge, stream: StreamName, keys: Sequence[str]) -> int:
    """The next push looks at these again, changed or not; without keys, at all in quarantine. How many."""
    states = DROPPED_OR_QUARANTINED if keys else QUARANTINED
    async with bridge.engine.begin() as conn:
        return await StreamLedger(bridge.name, stream).move(conn, keys or None, SentState.PENDING, out_of=states)


async def drop(bridge: Bridge, stream: StreamName, keys: Sequence[str]) -> int:
    """Do not send these as they are; a later change releases them all the same. How many."""
    async with bridge.engine.begin() as conn:
        return await StreamLedger(bridge.name, stream).move(conn, keys, SentState.DROPPED, out_of=QUARANTINED)
