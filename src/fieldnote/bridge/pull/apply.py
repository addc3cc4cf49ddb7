"""Brings one CRM record to the state that its recordings ask for: its fields, then its notes.

A record is worked on by one process at a time. Whatever it is woken for, it computes the same thing from the
same held state, so being woken twice, late or in another order changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull import ledger as field_ledger
from fieldnote.bridge.pull import readiness
from fieldnote.bridge.pull.desired import Contribution, Desired, contribution, desired, is_ours, moved_away, unsaid
from fieldnote.bridge.pull.fields import FieldOutcome, FieldWriter, Planned, Removal, Said
from fieldnote.bridge.pull.ledger import FieldKey, cause_of, postpone
from fieldnote.bridge.pull.note_text import UNTITLED, note_body, note_title
from fieldnote.bridge.pull.notes import (
    NoteEntry,
    NoteKey,
    NoteOutcome,
    NoteWriter,
    column_values,
    load_all,
    note_target,
    written_notes,
)
from fieldnote.bridge.pull.readiness import Readiness
from fieldnote.bridge.pull.recordings import Recordings
from fieldnote.bridge.pull.results import Change
from fieldnote.bridge.pull.start_links import START_LINK, start_link
from fieldnote.bridge.recording import STREAMS, Model, Ownership, RecordingSnapshot
from fieldnote.bridge.sent_visits import SentVisits, engagement_first
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.zones import local_zone
from fieldnote.config import FieldSettings, NoteSettings, Policy, TargetSettings
from fieldnote.crm.bulk import find_notes, insert_notes, write_fields
from fieldnote.crm.types import InsertsRows, NoteTarget, Record, Row
from fieldnote.db.write_buffer import Batched
from fieldnote.errors import CrmRefused

_PATIENCE = 30.0


@dataclass(slots=True)
class Applied:
    """The results of one record."""

    changes: list[Change] = field(default_factory=list)
    again: bool = False
    """Whether something there needs another look."""
    causes: list[str] = field(default_factory=list)
    """Why, as the CRM says it, without the record's id."""


async def apply_record(bridge: Bridge, run_id: int, model: Model, key: str) -> Applied:
    """Compare one CRM record with its recordings and close the difference.

    Raises `CrmUnavailable` if the CRM cannot be reached; the record stays due then.
    """
    async with exclusive(bridge.engine, "record", bridge.name, model.value, key, max_wait=_PATIENCE) as conn:
        return await compare_record(bridge, conn, run_id, model, key)


async def compare_record(
    bridge: Bridge, conn: AsyncConnection, run_id: int | None, model: Model, key: str
) -> Applied:  # fmt: skip
    """The same on `conn`, for a caller who has made sure that nobody else is at the record."""
    return await RecordWork(bridge, conn, run_id, model, key).run()


class RecordWork:
    """The work on one record, while its lock is held."""

    def __init__(self, bridge: Bridge, conn: AsyncConnection, run_id: int | None, model: Model, key: str) -> None:
        self.bridge = bridge
        self.conn = conn
        self.out = Batched(conn)
        self.run_id = run_id
        self.model = model
        self.key = key
        self.done = Applied()
        self._is_there: bool | None = None
        """Whether the CRM has the record; None: nobody has looked."""
        self._known_notes: dict[tuple[str, str], NoteEntry] = {}
        self._visits = SentVisits(conn, bridge.name)
        self._zones: dict[tuple[Model, str], str | None] = {}

    async def run(self) -> Applied:
        """Bring the record up to date."""
        causes = await self._causes()
        targets = self.bridge.config.pull.targets() if self.bridge.config.pull else {}
        target = targets.get(self.model.value)
        if target is not None:
            linked = await Recordings(self.bridge.name).linked(self.conn, self.model, self.key, _now())
            usable = [held for held, ownership in linked if readiness.usable(held, ownership)]
            await self._fields(target, usable, [held for held, _ in linked])
            await self._notes(target, usable, linked)
        await self._settle(causes)
        return self.done

    # --- fields

    async def _fields(
        self, target: TargetSettings, usable: Sequence[RecordingSnapshot], linked: Sequence[RecordingSnapshot]
    ) -> None:
        record, work = await self.said_fields(target, usable, linked)
        await self.out.commit()
        if work:
            await self._write_fields(record, target, work, usable)

    async def said_fields(
        self, target: TargetSettings, usable: Sequence[RecordingSnapshot], linked: Sequence[RecordingSnapshot]
    ) -> tuple[Record, list[RecordField]]:
        """The fields that something was said about, or that were written."""
        record = Record(target.table, target.key, self.key)
        entries = await field_ledger.load_all(self.conn, self.bridge.name, self.model.value, self.key)
        work: list[RecordField] = []
        for name, settings in target.extractions():
            entry = entries.get((target.table, settings.to))
            said = await self._said(name, settings, entry, usable, linked)
            if said is not None:
                work.append(RecordField(self._writer(record, name, settings), said, entry))
        if target.start_link is not None:
            work += await self._start_link(record, target.start_link, entries.get((target.table, target.start_link)))
        return record, work

    def _writer(self, record: Record, extraction: str, settings: FieldSettings) -> FieldWriter:
        return FieldWriter(
            self.bridge.crm,
            self.conn,
            key=FieldKey(self.bridge.name, self.model.value, self.key, record.table, settings.to),
            record=record,
            extraction=extraction,
            settings=settings,
            run_id=self.run_id,
            out=self.out,
        )

    async def _said(
        self, name: str, settings: FieldSettings, entry: field_ledger.FieldEntry | None,
        usable: Sequence[RecordingSnapshot], linked: Sequence[RecordingSnapshot],
    ) -> Said | None:  # fmt: skip
        """The values that the recordings give a field; None where nothing was ever said or written."""
        given: list[tuple[RecordingSnapshot, Contribution]] = []
        for held in usable:
            ready, item = readiness.field(held, name)
            if ready is Readiness.READY and item is not None:
                said = contribution(held, item, settings, await self._zone_of(held))
                if not held.left or is_ours(entry, said, append=settings.policy is Policy.APPEND):
                    given.append((held, said))
        if not given and entry is None:
            return None
        append = settings.policy is Policy.APPEND
        wanted = desired([said for _, said in given], append=append)
        rest = desired([said for held, said in given if not held.left], append=append)
        left = [held for held, _ in given if held.left]
        removal = None
        if left and rest.value != wanted.value:
            why = "deleted in Siro" if left[-1].deleted else "Siro removed the link"
            removal = Removal(left[-1].id, rest.value, why)
        source = None
        if entry is not None and entry.recording_id is not None:
            source = next((held for held in linked if held.id == entry.recording_id), None)
            if source is None:
                held_by_id = await Recordings(self.bridge.name).load(self.conn, [entry.recording_id])
                source = held_by_id.get(entry.recording_id)
        moved = moved_away(entry, linked, source, name) or unsaid(entry, [said for _, said in given])
        return Said(wanted, moved, removal)

    async def _start_link(
        self, record: Record, column: str, entry: field_ledger.FieldEntry | None
    ) -> list[RecordField]:
        """The link by which this appointment's recording is started: a field that no recording speaks of."""
        link = await start_link(self.conn, self.bridge.name, self.key) if self.model is Model.ENGAGEMENT else None
        if link is None:
            return []
        settings = FieldSettings(to=column, policy=Policy.FILL)
        return [RecordField(self._writer(record, START_LINK, settings), Said(Desired(link, None), moved=False), entry)]

    async def _write_fields(
        self, record: Record, target: TargetSettings, work: Sequence[RecordField], usable: Sequence[RecordingSnapshot]
    ) -> None:
        columns = tuple(one.column for one in work)
        row = await self.read(record, columns)
        if row is None and target.missing == "insert":
            refusal = await self._insert_row(record, target, usable)
            row = await self.read(record, columns)
            if row is None and refusal is not None:
                self._is_there = False
                for one in work:
                    self._count(await one.writer.refused(refusal, one.entry))
                return
        self._is_there = None if isinstance(row, CrmRefused) else row is not None
        if row is None:
            for one in work:
                self._count(await one.writer.missing(one.entry))
        elif isinstance(row, CrmRefused):  # one of the columns is the culprit: the others must not suffer for it
            for one in work:
                self._count(await self._write_alone(record, one))
        else:
            await self._write_together(record, row, work)

    async def _insert_row(
        self, record: Record, target: TargetSettings, usable: Sequence[RecordingSnapshot]
    ) -> CrmRefused | None:
        """Add the missing row of an extension table. Returns the CRM's refusal.

        Only for a record that this connection has pushed and not deleted: an orphan would belong to nothing.
        """
        values = {"connection": self.bridge.name, "stream": STREAMS.get(self.model), "key": self.key}
        if not isinstance(self.bridge.crm, InsertsRows) or not await self.conn.scalar(_IS_PUSHED, values):
            return None
        try:
            rep = await self._rep(usable) if any(value.rep for value in target.set.values()) else None
            await asyncio.to_thread(self.bridge.crm.insert_row, record, column_values(target.set, rep))
        except CrmRefused as error:
            return CrmRefused(f"no row could be added to {record.table}: {error.message}", hint=error.hint)
        return None

    async def _rep(self, usable: Sequence[RecordingSnapshot]) -> str | None:
        """The CRM id of the record's own rep, else of the rep of its latest visit: a deal need not name one."""
        if (own := await self._visits.rep_id(self.model, self.key)) is not None:
            return own
        for held in sorted(usable, key=lambda held: (held.started_at, held.id), reverse=True):
            if rep_id := (await self._visits.visit(held)).rep_id:
                return rep_id
        return None

    async def _write_alone(self, record: Record, one: RecordField) -> FieldOutcome:
        row = await self.read(record, (one.column,))
        if isinstance(row, CrmRefused):
            return await one.writer.refused(row, one.entry)
        if row is None:
            return await one.writer.missing(one.entry)
        return await one.writer.apply(row[one.column], one.said, one.entry)

    async def _write_together(self, record: Record, row: Row, work: Sequence[RecordField]) -> None:
        """Commit the due writes to the ledger, then ask the CRM once."""
        lives = [row[one.column] for one in work]
        entries = [await one.writer.settle(live, one.entry) for one, live in zip(work, lives, strict=True)]
        whole = list(zip(work, lives, entries, strict=True))
        decisions = await asyncio.to_thread(
            lambda: [one.writer.decide(live, one.said, entry) for one, live, entry in whole]
        )
        due_now: list[tuple[RecordField, Planned]] = []
        for (one, live, entry), decision in zip(whole, decisions, strict=True):
            step = await one.writer.plan(live, one.said, entry, decision)
            if isinstance(step, Planned):
                due_now.append((one, step))
            else:
                self._count(step)
        if not due_now:
            return
        await self.out.commit()
        writes = [step.write for _, step in due_now]
        results = await asyncio.to_thread(write_fields, self.bridge.crm, record, writes)
        for (one, step), result in zip(due_now, results, strict=True):
            done = await step.finish(result)
            self._count(done if done is not None else await self._write_alone(record, replace(one, entry=step.entry)))

    async def read(self, record: Record, columns: tuple[str, ...]) -> Row | CrmRefused | None:
        """The record's columns; None if it does not exist."""
        try:
            return await asyncio.to_thread(self.bridge.crm.read, record, columns)
        except CrmRefused as error:
            return error

    def _count(self, outcome: FieldOutcome | NoteOutcome | None) -> None:
        if outcome is not None:
            self.done.changes.extend(outcome.changes)
            self.done.again = self.done.again or outcome.again
            if outcome.again and outcome.reason is not None:
                self.done.causes.append(cause_of(outcome.reason, self.key))

    # --- notes

    async def _notes(
        self,
        target: TargetSettings,
        usable: Sequence[RecordingSnapshot],
        linked: Sequence[tuple[RecordingSnapshot, Ownership]],
    ) -> None:
        wanted = {note.name: note for note in target.all_notes()}
        if not wanted:
            return
        await self.load_notes()
        if not (usable or self._known_notes) or not await self._record_is_there(target):
            return  # recordings of another connection are no reason to look for its record in this CRM
        for notes in (await self.wanted_notes(target, usable)).values():
            by_target: dict[NoteTarget, list[tuple[NoteWriter, str]]] = {}
            for writer, body in notes:
                by_target.setdefault(writer.target, []).append((writer, body))
            for where, some in by_target.items():
                await self._write_notes(where, some)
        for recording_id, name in await self._moved(linked):
            if name in wanted:
                self._count(await self._note(wanted[name], recording_id).withdraw())

    async def load_notes(self) -> None:
        """Read what the ledger knows of the record's notes."""
        self._known_notes = await load_all(self.conn, self.bridge.name, self.model.value, self.key)

    async def wanted_notes(
        self, target: TargetSettings, usable: Sequence[RecordingSnapshot]
    ) -> dict[str, list[tuple[NoteWriter, str]]]:
        """The text of each note, by the notes' names in the file."""
        bodies: dict[str, list[tuple[NoteWriter, str]]] = {}
        for held in sorted(usable, key=lambda item: (item.started_at, item.id)):
            if held.left or readiness.summary(held) is not Readiness.READY:
                continue  # the notes of one that left stay as they are
            visit, zone = await self._visits.visit(held), await self._zone_of(held)
            for note in target.all_notes():
                if (body := note_body(held, visit, zone, note)) is not None:
                    title = note_title(held, visit, zone, note, [name for name, _ in target.extractions()])
                    bodies.setdefault(note.name, []).append((self._note(note, held.id, visit.rep_id, title), body))
        return bodies

    async def _write_notes(self, target: NoteTarget, notes: Sequence[tuple[NoteWriter, str]]) -> None:
        """Those that are to be made are made together; the others one after the other."""
        fresh = [writer.key.text for writer, _ in notes if writer.is_new]
        found = await asyncio.to_thread(find_notes, self.bridge.crm, target, self.key, fresh) if fresh else {}
        due_now: list[tuple[NoteWriter, str]] = []
        for writer, body in notes:
            if await writer.plan(body, found.get(writer.key.text)):
                due_now.append((writer, body))
            else:
                self._count(await writer.apply(body))
        if not due_now:
            return
        await self.out.commit()
        asked = {writer.key.text: body for writer, body in due_now}
        results = await asyncio.to_thread(insert_notes, self.bridge.crm, target, self.key, asked)
        for writer, body in due_now:
            self._count(await writer.made(body, results[writer.key.text]))

    async def _record_is_there(self, target: TargetSettings) -> bool:
        """A note on a record that does not exist would belong to nobody."""
        if self._is_there is None:
            row = await self.read(Record(target.table, target.key, self.key), (target.key,))
            self._is_there = row is not None
        if not self._is_there:
            self.done.again = True
        return self._is_there

    def _note(self, note: NoteSettings, recording_id: str, rep: str | None = None, title: str = UNTITLED) -> NoteWriter:
        key = NoteKey(self.bridge.name, self.model.value, self.key, recording_id, note.name)
        return NoteWriter(
            self.bridge.crm,
            self.conn,
            note_target(note, rep, title),
            key,
            self.run_id,
            known=self._known_notes,
            out=self.out,
        )

    async def _moved(self, linked: Sequence[tuple[RecordingSnapshot, Ownership]]) -> list[tuple[str, str]]:
        """Recordings and notes that are here although the recording is linked elsewhere now."""
        here = {held.id for held, _ in linked}
        away = [
            (recording_id, name) for recording_id, name in written_notes(self._known_notes) if recording_id not in here
        ]
        if not away:
            return []
        held = await Recordings(self.bridge.name).load(self.conn, sorted({recording_id for recording_id, _ in away}))
        return [item for item in away if item[0] in held and (held[item[0]].links or not held[item[0]].left)]

    async def _zone_of(self, held: RecordingSnapshot) -> str | None:
        """The zone of the visit's day: its appointment's, else its deal's or customer's, else the CRM's."""
        for link in sorted(held.links, key=engagement_first):
            place = link.model, link.record
            if place not in self._zones:
                self._zones[place] = await asyncio.to_thread(local_zone, self.bridge, *place)
            if (zone := self._zones[place]) is not None:
                return zone
        return self.bridge.zone

    # --- the work list

    async def _causes(self) -> int:
        return int(await self.conn.scalar(_CAUSES, self._due()) or 0)

    async def _settle(self, causes: int) -> None:
        """Take the record off the list, unless another cause came meanwhile or another look is needed."""
        values = {**self._due(), "causes": causes}
        if self.done.again:
            await postpone(self.conn, values, self.done.causes[0] if self.done.causes else None)
        else:
            await self.conn.execute(_DONE, values)
        await self.out.commit()

    def _due(self) -> dict[str, str]:
        return {"connection": self.bridge.name, "model": self.model.value, "record": self.key}


@dataclass(frozen=True, slots=True)
class RecordField:
    """A field of the record, what was said about it, and what the ledger knows of it."""

    writer: FieldWriter
    said: Said
    entry: field_ledger.FieldEntry | None

    @property
    def column(self) -> str:
        return self.writer.settings.to


def _now() -> datetime:
    return datetime.now(UTC)


_IS_PUSHED = text("""
    select exists (select from sent where connection = :connection and stream = :stream and key = :key
                   and state = 'sent' and not is_deleted)
""")

_CAUSES = text("select causes from due where connection = :connection and model = :model and record = :record")

_DONE = text("""
    delete from due where connection = :connection and model = :model and record = :record and causes = :causes
""")
