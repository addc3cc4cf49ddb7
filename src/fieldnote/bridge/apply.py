"""Brings one CRM record to the state that its recordings ask for: its fields, then its notes.

A record is worked on by one process at a time. Whatever it is woken for, it computes the same thing from the
same held state, so being woken twice, late or in another order changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge import field_ledger, readiness
from fieldnote.bridge.context import Bridge
from fieldnote.bridge.desired import Contribution, Desired, desired
from fieldnote.bridge.field_ledger import FieldKey
from fieldnote.bridge.fields import FieldOutcome, FieldWriter, Removal, Said, moved_away, stands
from fieldnote.bridge.held import Held, Link, Model, Ownership
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.note_text import Visit, note_body, visit_of
from fieldnote.bridge.notes import NoteKey, NoteOutcome, NoteWriter, known_notes
from fieldnote.bridge.outcomes import Change
from fieldnote.bridge.readiness import Readiness
from fieldnote.bridge.recordings import Recordings
from fieldnote.bridge.start_links import START_LINK, start_link
from fieldnote.bridge.values import contribution
from fieldnote.config import FieldSettings, NoteSettings, Policy, TargetSettings
from fieldnote.crm.types import NoteTarget, Record, Row
from fieldnote.db.bridge_tables import due, sent
from fieldnote.errors import CrmRefused

_PATIENCE = 30.0
_FIRST_RETRY = 120  # seconds; doubled with each attempt
_LAST_RETRY = 6 * 3600


@dataclass(slots=True)
class Applied:
    """What was done on one record."""

    changes: list[Change] = field(default_factory=list)
    again: bool = False
    """Whether something there needs another look."""


async def apply_record(bridge: Bridge, run_id: int, model: Model, key: str) -> Applied:
    """Compare one CRM record with its recordings and close the difference.

    Raises `CrmUnavailable` if the CRM cannot be reached; the record stays due then.
    """
    async with exclusive(bridge.engine, "record", bridge.name, model.value, key, patience=_PATIENCE) as conn:
        return await compare_record(bridge, conn, run_id, model, key)


async def compare_record(
    bridge: Bridge, conn: AsyncConnection, run_id: int | None, model: Model, key: str
) -> Applied:  # fmt: skip
    """The same on `conn`, for a caller who has made sure that nobody else is at the record."""
    return await _Work(bridge, conn, run_id, model, key).run()


class _Work:
    def __init__(self, bridge: Bridge, conn: AsyncConnection, run_id: int | None, model: Model, key: str) -> None:
        self.bridge = bridge
        self.conn = conn
        self.run_id = run_id
        self.model = model
        self.key = key
        self.done = Applied()

    async def run(self) -> Applied:
        causes = await self._causes()
        targets = self.bridge.config.pull.targets() if self.bridge.config.pull else {}
        target = targets.get(self.model.value)
        if target is not None:
            recordings = Recordings(self.bridge.name)
            linked = await recordings.linked(self.conn, self.model, self.key)
            await recordings.restage(self.conn, [held for held, _ in linked], _now())
            await self.conn.commit()
            usable = [held for held, ownership in linked if readiness.usable(held, ownership)]
            await self._fields(target, usable, [held for held, _ in linked])
            await self._notes(target, usable, linked)
        await self._settle(causes)
        return self.done

    # --- fields

    async def _fields(self, target: TargetSettings, usable: Sequence[Held], linked: Sequence[Held]) -> None:
        record = Record(target.table, target.key, self.key)
        work: list[tuple[FieldWriter, Said, field_ledger.FieldEntry | None]] = []
        for name, settings in target.fields.items():
            field_key = FieldKey(self.bridge.name, self.model.value, self.key, target.table, settings.to)
            entry = await field_ledger.load(self.conn, field_key)
            said = await self._said(name, settings, entry, usable, linked)
            if said is None:
                continue
            writer = FieldWriter(
                self.bridge.crm,
                self.conn,
                key=field_key,
                record=record,
                extraction=name,
                settings=settings,
                run_id=self.run_id,
            )
            work.append((writer, said, entry))
        if target.start_link is not None:
            work += await self._start_link(record, target.start_link)
        await self.conn.commit()
        if work:
            await self._write_fields(record, work)

    async def _said(
        self, name: str, settings: FieldSettings, entry: field_ledger.FieldEntry | None,
        usable: Sequence[Held], linked: Sequence[Held],
    ) -> Said | None:  # fmt: skip
        """What the recordings say about a field; None where nobody ever said or wrote anything."""
        given: list[tuple[Held, Contribution]] = []
        for held in usable:
            ready, item = readiness.field(held, name)
            if ready is Readiness.READY and item is not None:
                said = contribution(held, item, settings, self.bridge.zone)
                if not held.deleted or stands(entry, said, append=settings.policy is Policy.APPEND):
                    given.append((held, said))
        if not given and entry is None:
            return None
        append = settings.policy is Policy.APPEND
        wish = desired([said for _, said in given], append=append)
        rest = desired([said for held, said in given if not held.deleted], append=append)
        deleted = [held.id for held, _ in given if held.deleted]
        removal = Removal(deleted[-1], rest.value) if deleted and rest.value != wish.value else None
        source = None
        if entry is not None and entry.recording_id is not None:
            held_by_id = await Recordings(self.bridge.name).load(self.conn, [entry.recording_id])
            source = held_by_id.get(entry.recording_id)
        return Said(wish, moved_away(entry, linked, source, name), removal)

    async def _start_link(
        self, record: Record, column: str
    ) -> list[tuple[FieldWriter, Said, field_ledger.FieldEntry | None]]:
        """The link by which this appointment's recording is started: a field that no recording speaks of."""
        link = await start_link(self.conn, self.bridge.name, self.key) if self.model is Model.ENGAGEMENT else None
        if link is None:
            return []
        field_key = FieldKey(self.bridge.name, self.model.value, self.key, record.table, column)
        writer = FieldWriter(
            self.bridge.crm,
            self.conn,
            key=field_key,
            record=record,
            extraction=START_LINK,
            settings=FieldSettings(to=column, policy=Policy.FILL),
            run_id=self.run_id,
        )
        said = Said(Desired(link, None), moved=False)
        return [(writer, said, await field_ledger.load(self.conn, field_key))]

    async def _write_fields(
        self, record: Record, work: Sequence[tuple[FieldWriter, Said, field_ledger.FieldEntry | None]]
    ) -> None:
        row = await self._read(record, tuple(writer.settings.to for writer, _, _ in work))
        for writer, said, entry in work:
            self._count(await self._write_field(record, row, writer, said, entry))

    async def _write_field(
        self, record: Record, row: Row | CrmRefused | None, writer: FieldWriter, said: Said,
        entry: field_ledger.FieldEntry | None,
    ) -> FieldOutcome:  # fmt: skip
        column = writer.settings.to
        if isinstance(row, CrmRefused):  # one of the columns is the culprit: the others must not suffer for it
            row = await self._read(record, (column,))
        if isinstance(row, CrmRefused):
            return await writer.refused(row, entry)
        if row is None:
            return await writer.missing(entry)
        return await writer.apply(row[column], said, entry)

    async def _read(self, record: Record, columns: tuple[str, ...]) -> Row | CrmRefused | None:
        try:
            return await asyncio.to_thread(self.bridge.crm.read, record, columns)
        except CrmRefused as error:
            return error

    def _count(self, outcome: FieldOutcome | NoteOutcome | None) -> None:
        if outcome is not None:
            self.done.changes.extend(outcome.changes)
            self.done.again = self.done.again or outcome.again

    # --- notes

    async def _notes(
        self, target: TargetSettings, usable: Sequence[Held], linked: Sequence[tuple[Held, Ownership]]
    ) -> None:
        wanted = {note.name: note for note in target.all_notes()}
        if not wanted or not await self._record_is_there(target):
            return
        for held in sorted(usable, key=lambda item: (item.started_at, item.id)):
            if held.deleted:
                continue  # its notes stay as they are
            if readiness.summary(held) is Readiness.READY:
                visit = await self._visit(held)
                for note in wanted.values():
                    body = note_body(held, visit, self.bridge.zone, note.sections)
                    if body is not None:
                        self._count(await self._note(note, held.id).apply(body))
        for recording_id, name in await self._moved(linked):
            if name in wanted:
                self._count(await self._note(wanted[name], recording_id).withdraw())

    async def _record_is_there(self, target: TargetSettings) -> bool:
        """A note on a record that does not exist would belong to nobody."""
        row = await self._read(Record(target.table, target.key, self.key), (target.key,))
        if row is None:
            self.done.again = True
        return row is not None

    def _note(self, note: NoteSettings, recording_id: str) -> NoteWriter:
        target = NoteTarget(note.table, note.record, note.body, note.key)
        key = NoteKey(self.bridge.name, self.model.value, self.key, recording_id, note.name)
        return NoteWriter(self.bridge.crm, self.conn, target, key, self.run_id)

    async def _moved(self, linked: Sequence[tuple[Held, Ownership]]) -> list[tuple[str, str]]:
        """Recordings and notes that stand here although the recording is linked elsewhere now."""
        here = {held.id for held, _ in linked}
        known = await known_notes(self.conn, self.bridge.name, self.model.value, self.key)
        away = [(recording_id, name) for recording_id, name in known if recording_id not in here]
        held = await Recordings(self.bridge.name).load(self.conn, sorted({recording_id for recording_id, _ in away}))
        await self.conn.commit()
        return [item for item in away if item[0] in held and (held[item[0]].links or not held[item[0]].deleted)]

    async def _visit(self, held: Held) -> Visit:
        """Rep and customer, from what we pushed of the linked engagement, else of the linked opportunity."""
        visit = Visit()
        for link in sorted(held.links, key=_engagement_first):
            stream = {Model.ENGAGEMENT: "engagements", Model.OPPORTUNITY: "opportunities"}.get(link.model)
            if stream is None:
                continue
            statement = select(sent.c.payload).where(
                sent.c.connection == self.bridge.name, sent.c.stream == stream, sent.c.key == link.record
            )
            known = visit_of(await self.conn.scalar(statement))
            visit = Visit(visit.rep or known.rep, visit.customer or known.customer)
        await self.conn.commit()
        return visit

    # --- the work list

    async def _causes(self) -> int:
        statement = select(due.c.causes).where(*self._due())
        causes = await self.conn.scalar(statement)
        await self.conn.commit()
        return int(causes or 0)

    async def _settle(self, causes: int) -> None:
        """Take the record off the list, unless another cause came meanwhile or another look is needed."""
        if self.done.again:
            wait = func.least(_FIRST_RETRY * func.power(2, func.least(due.c.attempts, 16)), _LAST_RETRY)
            values = {
                "attempts": due.c.attempts + 1,
                "retry_at": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, wait),
            }
            await self.conn.execute(update(due).where(*self._due(), due.c.causes == causes).values(values))
        else:
            await self.conn.execute(delete(due).where(*self._due(), due.c.causes == causes))
        await self.conn.commit()

    def _due(self) -> list[ColumnElement[bool]]:
        return [
            due.c.connection == self.bridge.name,
            due.c.model == self.model.value,
            due.c.record == self.key,
        ]


def _engagement_first(link: Link) -> tuple[bool, str]:
    return link.model is not Model.ENGAGEMENT, link.record


def _now() -> datetime:
    return datetime.now(UTC)
