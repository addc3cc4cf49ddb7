"""The writes into the CRM, their reasons, and how they are undone.

Undoing gives a field its value from before, and never replaces a person's: where the CRM has another value than we
wrote, or we wrote again later, it is refused and named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.errors import Busy
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull import ledger as field_ledger
from fieldnote.bridge.pull.fields import FieldWriter
from fieldnote.bridge.pull.ledger import FieldKey
from fieldnote.bridge.pull.notes import NoteKey, NoteWriter, note_target
from fieldnote.bridge.pull.results import FieldState, NoteState, Written
from fieldnote.bridge.pull.three_way_merge import Intent
from fieldnote.bridge.session import Bridge
from fieldnote.config import FieldSettings, TargetSettings
from fieldnote.crm.types import FrozenValue, Record, freeze
from fieldnote.db.bridge_tables import write_values, writes
from fieldnote.errors import CrmRefused, CrmUnavailable, FieldnoteError

_PATIENCE = 30.0
_IN_A_ROW = 3
"""Records that cannot be reached, one after the other, before the others are not tried."""
UNDOABLE = ("written", "approved", "edited")


@dataclass(frozen=True, slots=True)
class Write(Written):
    """A write that is on record. Its values are a customer's data; they go when a person is forgotten."""

    id: int
    actor: str
    run_id: int | None
    written_at: datetime
    reverted_at: datetime | None
    definition_id: str | None
    before: FrozenValue
    after: FrozenValue
    said: FrozenValue
    """The extraction's own words."""
    quote: str | None
    """The words of the conversation. Empty: none were found; None: nobody has looked."""

    @property
    def field(self) -> tuple[str, str, str, str]:
        """The CRM field or note that was written."""
        return self.model, self.record, self.table, self.column


@dataclass(frozen=True, slots=True)
class Selection:
    """Which writes: all that fit what is given."""

    model: str | None = None
    record: str | None = None
    column: str | None = None
    recording_id: str | None = None
    run_id: int | None = None
    write_id: int | None = None
    recordings: tuple[str, ...] = ()
    """Beside the writes to `record`, those of these recordings to any record."""

    @property
    def empty(self) -> bool:
        """Whether it would be all of them."""
        return self == Selection()

    def wanted(self, connection: str) -> list[ColumnElement[bool]]:
        """As conditions."""
        record = {writes.c.model: self.model, writes.c.record: self.record}
        place = [column == value for column, value in record.items() if value is not None]
        if self.recordings and place:
            place = [or_(and_(*place), writes.c.recording_id.in_(self.recordings))]
        given = {
            writes.c.column_name: self.column,
            writes.c.recording_id: self.recording_id,
            writes.c.run_id: self.run_id,
            writes.c.id: self.write_id,
        }
        conditions = [column == value for column, value in given.items() if value is not None]
        return [writes.c.connection == connection, *place, *conditions]


async def history(bridge: Bridge, selection: Selection, *, limit: int = 200) -> list[Write]:
    """The latest writes, in the order in which they were made."""
    async with bridge.engine.connect() as conn:
        found = await _read(conn, selection.wanted(bridge.name), limit)
    return found[::-1]


async def _read(conn: AsyncConnection, wanted: Sequence[ColumnElement[bool]], limit: int | None) -> list[Write]:
    values = [write_values.c[name] for name in ("before", "after", "said", "quote")]
    statement = select(writes, *values).select_from(writes.outerjoin(write_values)).where(*wanted)
    rows = await conn.execute(statement.order_by(writes.c.id.desc()).limit(limit))
    return [
        Write(
            row.kind, row.model, row.record, row.table_name, row.column_name, row.recording_id, row.extraction,
            row.policy, row.action, row.id, row.actor, row.run_id, row.written_at, row.reverted_at, row.definition_id,
            _plain(row.before), _plain(row.after), _plain(row.said), row.quote,
        )
        for row in rows
    ]  # fmt: skip


def _plain(held: dict[str, Any] | None) -> FrozenValue:
    return None if held is None else held["value"]


# --- undoing --------------------------------------------------------------------------------------------


class Undo(StrEnum):
    """The outcome of an attempt to undo."""

    REVERTED = "reverted"
    """The earlier value is back; a note says that it is withdrawn."""
    CHANGED = "changed"
    """A person changed the value since. Nothing was done."""
    LATER = "later"
    """We wrote it again later: undo that write with it. Nothing was done."""
    FORGOTTEN = "forgotten"
    """The earlier value is no longer stored. Nothing was done."""
    UNREACHED = "unreached"
    """The CRM did not answer, or the record is locked. Nothing was done; try again."""
    REFUSED = "refused"
    """The CRM does not take the value from before, or the file does not name the field any more."""


@dataclass(frozen=True, slots=True)
class Undone:
    """One field or note, and what became of it."""

    model: str
    record: str
    column: str
    outcome: Undo
    reason: str | None = None
    kind: str = "field"
    """field or note"""


async def revert(bridge: Bridge, selection: Selection, *, actor: str) -> list[Undone]:
    """Undo all writes of a selection: what they left in each field goes, down to the value before them.

    What was undone is not written again until something else is said.
    """
    if selection.empty:
        raise FieldnoteError("say what to undo", hint="Give a record, a recording or a run.")
    undoable = (writes.c.action.in_(UNDOABLE), writes.c.reverted_at.is_(None))
    async with bridge.engine.connect() as conn:
        found = await _read(conn, [*selection.wanted(bridge.name), *undoable], None)
    by_field: dict[tuple[Any, ...], list[Write]] = {}
    for write in found:
        place = (*write.field, write.recording_id if write.kind == "note" else None)
        by_field.setdefault(place, []).append(write)
    return await _undo_all(bridge, actor, list(by_field.values()))


async def _undo_all(bridge: Bridge, actor: str, by_field: Sequence[list[Write]]) -> list[Undone]:
    """One after the other. A locked record keeps no other from its turn; a CRM that is down ends the attempt."""
    done: list[Undone] = []
    in_a_row = 0
    for chosen in by_field:
        undoing = _Undoing(bridge, actor, chosen)
        if in_a_row == _IN_A_ROW:
            done.append(undoing.outcome(Undo.UNREACHED, done[-1].reason))
            continue
        try:
            done.append(await undoing.run())
            in_a_row = 0
        except (CrmUnavailable, Busy) as error:
            done.append(undoing.outcome(Undo.UNREACHED, error.message))
            in_a_row += 1
    return done


class _Undoing:
    """The writes of one field or note that are to be undone, the latest first."""

    def __init__(self, bridge: Bridge, actor: str, chosen: list[Write]) -> None:
        self.bridge = bridge
        self.actor = actor
        self.chosen = chosen
        self.latest = chosen[0]

    async def run(self) -> Undone:
        latest = self.latest
        lock = ("record", self.bridge.name, latest.model, latest.record)
        try:
            async with exclusive(self.bridge.engine, *lock, max_wait=_PATIENCE) as conn:
                return await (self._note(conn) if latest.kind == "note" else self._field(conn))
        except CrmRefused as error:
            return self.outcome(Undo.REFUSED, error.message)

    async def _field(self, conn: AsyncConnection) -> Undone:
        target, settings = self._settings()
        writer = self._writer(conn, target, settings)
        row = await asyncio.to_thread(self.bridge.crm.read, writer.record, (settings.to,))
        if row is None:
            return self.outcome(Undo.REFUSED, f"{target.table} has no such row any more")
        live = row[settings.to]
        entry = await writer.settle(live, await field_ledger.load(conn, writer.key))
        if await self._has_later(conn):
            return self.outcome(Undo.LATER)
        first = await self._first(conn)
        if first is None or entry is None:
            return self.outcome(Undo.FORGOTTEN)
        if await self._was_undone(conn) and await self._same(target, live, first.before):
            await self._mark(conn)  # an earlier `revert` was stopped after it had written
            return self.outcome(Undo.REVERTED)
        if not await self._same(target, live, self.latest.after):
            return self.outcome(Undo.CHANGED)
        wanted = entry.known_field.wanted or entry.known_field.declined
        intent = Intent(
            value=first.before, wanted=wanted.value if wanted else None, before=freeze(live),
            recording_id=self.latest.recording_id, extraction=self.latest.extraction or "", action="reverted",
            actor=self.actor,
        )  # fmt: skip
        done = await writer.write(live, entry, intent)
        if done is None:
            return self.outcome(Undo.CHANGED)
        if done.state is not FieldState.REVERTED:
            return self.outcome(Undo.REFUSED, done.reason)
        await self._mark(conn)
        return self.outcome(Undo.REVERTED)

    async def _note(self, conn: AsyncConnection) -> Undone:
        target, _ = self._target()
        name = self.latest.column.partition(":")[0]
        settings = next((note for note in target.all_notes() if note.name == name), None)
        if settings is None or settings.table != self.latest.table or self.latest.recording_id is None:
            return self.outcome(Undo.REFUSED, "the file does not name this note any more")
        note = note_target(settings)
        key = NoteKey(
            self.bridge.name, self.latest.model, self.latest.record, self.latest.recording_id, self.latest.column
        )
        state = await NoteWriter(self.bridge.crm, conn, note, key, None, actor=self.actor).revert()
        if state is NoteState.REFUSED:
            return self.outcome(Undo.REFUSED, "the CRM kept the note as it was")
        if state is not NoteState.REVERTED:
            return self.outcome(Undo.CHANGED)
        await self._mark(conn)
        return self.outcome(Undo.REVERTED)

    # --- steps

    async def _same(self, target: TargetSettings, left: object, right: object) -> bool:
        return await asyncio.to_thread(self.bridge.crm.same, target.table, self.latest.column, left, right)

    async def _has_later(self, conn: AsyncConnection) -> bool:
        """Whether we wrote the field again after the latest of the chosen ones."""
        where = [*self._same_field(), writes.c.id > self.latest.id, writes.c.reverted_at.is_(None)]
        later = await conn.scalar(select(func.count()).where(*where, writes.c.action != "reverted"))
        await conn.commit()
        return bool(later)

    async def _was_undone(self, conn: AsyncConnection) -> bool:
        """Whether an undo was written after the latest of the chosen ones."""
        where = [*self._same_field(), writes.c.id > self.latest.id, writes.c.action == "reverted"]
        undone = await conn.scalar(select(func.count()).where(*where))
        await conn.commit()
        return bool(undone)

    async def _first(self, conn: AsyncConnection) -> Write | None:
        """The earliest of the chosen writes without another write between them: its `before` comes back."""
        known_field = [*self._same_field(), writes.c.id <= self.latest.id, writes.c.reverted_at.is_(None)]
        chosen = {write.id for write in self.chosen}
        first: Write | None = None
        for write in await _read(conn, [*known_field, writes.c.action.in_(UNDOABLE)], None):
            if write.id not in chosen:
                break
            first = write
        kept = first is not None and await self._kept(conn, first)
        await conn.commit()
        return first if kept else None

    @staticmethod
    async def _kept(conn: AsyncConnection, write: Write) -> bool:
        statement = select(func.count()).where(write_values.c.write_id == write.id, write_values.c.before.is_not(None))
        return bool(await conn.scalar(statement))

    def _same_field(self) -> list[ColumnElement[bool]]:
        model, record, table, column = self.latest.field
        place = {
            writes.c.connection: self.bridge.name,
            writes.c.model: model,
            writes.c.record: record,
            writes.c.table_name: table,
            writes.c.column_name: column,
        }
        return [found == value for found, value in place.items()]

    async def _mark(self, conn: AsyncConnection) -> None:
        numbers = [write.id for write in self.chosen]
        await conn.execute(update(writes).where(writes.c.id.in_(numbers)).values(reverted_at=func.now()))
        await conn.commit()

    def _target(self) -> tuple[TargetSettings, str]:
        targets = self.bridge.config.pull.targets() if self.bridge.config.pull else {}
        target = targets.get(self.latest.model)
        if target is None:
            raise CrmRefused(f"{self.bridge.config.path} writes to no {self.latest.model} any more")
        return target, self.latest.column

    def _settings(self) -> tuple[TargetSettings, FieldSettings]:
        target, column = self._target()
        for name, settings in target.extractions():
            if (
                target.table == self.latest.table
                and settings.to == column
                and name == (self.latest.extraction or "").rstrip()
            ):
                return target, settings
        raise CrmRefused(f"{self.bridge.config.path} does not name {self.latest.table}.{column} any more")

    def _writer(self, conn: AsyncConnection, target: TargetSettings, settings: FieldSettings) -> FieldWriter:
        latest = self.latest
        return FieldWriter(
            self.bridge.crm,
            conn,
            key=FieldKey(self.bridge.name, latest.model, latest.record, latest.table, latest.column),
            record=Record(target.table, target.key, latest.record),
            extraction=(latest.extraction or "").rstrip(),
            settings=settings,
            run_id=None,
        )

    def outcome(self, outcome: Undo, reason: str | None = None) -> Undone:
        """The outcome, by its place."""
        latest = self.latest
        return Undone(latest.model, latest.record, latest.column, outcome, reason, latest.kind)
