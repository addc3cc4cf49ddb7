"""One note for each record and recording: made once, found again by its key, kept up to date, never doubled.

Only hashes of its text are kept. A note that a person edited or deleted is left alone, and named.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.field_ledger import record_write
from fieldnote.bridge.note_text import WITHDRAWN, digest
from fieldnote.bridge.outcomes import Change, NoteState
from fieldnote.crm.types import Driver, NoteResult, NoteTarget, Outcome
from fieldnote.db.bridge_tables import notes
from fieldnote.errors import CrmRefused

log = logging.getLogger(__name__)

SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class NoteKey:
    """One note."""

    connection: str
    model: str
    record: str
    recording_id: str
    note_key: str = SUMMARY

    @property
    def text(self) -> str:
        """The key as it stands in the CRM."""
        return f"siro:{self.recording_id}"


@dataclass(frozen=True, slots=True)
class NoteEntry:
    """What the ledger knows of a note."""

    state: NoteState | None = None
    base: bytes | None = None
    """Hash of the note as the CRM gave it back after our last write."""
    wanted: bytes | None = None
    """Hash of what we had asked for."""
    intended: bytes | None = None
    """Hash of what we were about to write when we were stopped."""


@dataclass(frozen=True, slots=True)
class NoteOutcome:
    """What was done about a note."""

    state: NoteState
    reason: str | None = None
    changes: tuple[Change, ...] = ()
    again: bool = False


class NoteWriter:
    """One note of one record, while the record's lock is held."""

    def __init__(
        self,
        crm: Driver,
        conn: AsyncConnection,
        target: NoteTarget,
        key: NoteKey,
        run_id: int | None,
        *,
        actor: str = "fieldnote",
    ) -> None:
        self.actor = actor
        self.crm = crm
        self.conn = conn
        self.target = target
        self.key = key
        self.run_id = run_id

    async def apply(self, body: str) -> NoteOutcome | None:
        """Let the note say `body`, unless a person changed it. None: it was never made, and need not be."""
        entry = await self._load()
        try:
            return await self._apply(entry, body)
        except CrmRefused as error:
            reason = f"{error.message}; {error.hint}" if error.hint else error.message
            await self._save(replace(entry, intended=None), NoteState.REFUSED, reason)
            log.warning("note_refused", extra={"recording_id": self.key.recording_id, "record": self.key.record})
            return NoteOutcome(NoteState.REFUSED, reason, again=True)

    async def withdraw(self) -> NoteOutcome | None:
        """The recording belongs to another record now: its summary goes, unless a person edited the note."""
        entry = await self._load()
        if entry.state is None:
            return None
        return await self.apply(WITHDRAWN)

    async def revert(self) -> NoteState:
        """A person undoes the note: it says that it is withdrawn, for good, unless a person edited it."""
        entry = await self._load()
        found = await self._ask(lambda: self.crm.find_note(self.target, self.key.record, self.key.text))
        live = found.body or ""
        if found.outcome is Outcome.MISSING or digest(live) not in {entry.base, entry.intended}:
            return NoteState.EDITED
        await self._intend(entry, WITHDRAWN)
        done = await self._ask(
            lambda: self.crm.update_note_if(self.target, self.key.record, self.key.text, expected=live, body=WITHDRAWN)
        )
        if done.outcome is not Outcome.APPLIED:
            await self._save(replace(entry, intended=None), NoteState.EDITED)
            return NoteState.EDITED
        after = done.body if done.body is not None else WITHDRAWN
        await self._record(live, after, action=NoteState.REVERTED.value)
        await self._save(NoteEntry(NoteState.REVERTED, digest(after), digest(WITHDRAWN)), NoteState.REVERTED)
        return NoteState.REVERTED

    async def _apply(self, entry: NoteEntry, body: str) -> NoteOutcome:
        if entry.state is NoteState.REVERTED:
            return NoteOutcome(NoteState.REVERTED)
        found = await self._ask(lambda: self.crm.find_note(self.target, self.key.record, self.key.text))
        if found.outcome is Outcome.MISSING:
            return await self._make(entry, body)
        return await self._update(entry, body, found.body or "")

    async def _make(self, entry: NoteEntry, body: str) -> NoteOutcome:
        if entry.base is not None:
            await self._save(replace(entry, intended=None), NoteState.REMOVED)
            return NoteOutcome(NoteState.REMOVED)
        if body == WITHDRAWN:
            await self._save(replace(entry, intended=None), NoteState.WITHDRAWN)
            return NoteOutcome(NoteState.WITHDRAWN)
        await self._intend(entry, body)
        made = await self._ask(lambda: self.crm.insert_note(self.target, self.key.record, self.key.text, body))
        if made.outcome is Outcome.APPLIED:
            return await self._written(body, None, made)
        return await self._update(replace(entry, intended=digest(body)), body, made.body or "")

    async def _update(self, entry: NoteEntry, body: str, live: str) -> NoteOutcome:
        held, wanted = digest(live), digest(body)
        if held == entry.intended and held != entry.base:
            # We were stopped between the CRM and the ledger: it is our own note, and gets its provenance now.
            await self._record(None, live)
            entry = NoteEntry(entry.state, held, held)
        ours = held in {entry.base, entry.intended}
        if held == wanted or (held == entry.base and entry.wanted == wanted):
            entry = NoteEntry(entry.state, held if ours else entry.base, wanted)
            return await self._settled(entry, NoteState.WRITTEN if ours else NoteState.EDITED, body)
        if not ours:
            return await self._settled(replace(entry, intended=None), NoteState.EDITED, body)
        await self._intend(entry, body)
        done = await self._ask(
            lambda: self.crm.update_note_if(self.target, self.key.record, self.key.text, expected=live, body=body)
        )
        if done.outcome is Outcome.APPLIED:
            return await self._written(body, live, done)
        await self._save(replace(entry, intended=None), NoteState.EDITED)
        return NoteOutcome(NoteState.EDITED, again=True)

    async def _settled(self, entry: NoteEntry, state: NoteState, body: str) -> NoteOutcome:
        if state is NoteState.WRITTEN and body == WITHDRAWN:
            state = NoteState.WITHDRAWN
        await self._save(replace(entry, intended=None), state)
        return NoteOutcome(state)

    async def _written(self, body: str, before: str | None, done: NoteResult) -> NoteOutcome:
        after = done.body if done.body is not None else body
        state = NoteState.WITHDRAWN if body == WITHDRAWN else NoteState.WRITTEN
        change = await self._record(before, after, action=state.value)
        await self._save(NoteEntry(state, digest(after), digest(body)), state)
        context = {"record": self.key.record, "recording_id": self.key.recording_id, "action": state.value}
        log.info("note_written", extra=context)
        return NoteOutcome(state, changes=(change,))

    async def _intend(self, entry: NoteEntry, body: str) -> None:
        await self._save(replace(entry, intended=digest(body)), NoteState.INTERRUPTED)

    @staticmethod
    async def _ask(call: Callable[[], NoteResult]) -> NoteResult:
        return await asyncio.to_thread(call)

    async def _record(self, before: str | None, after: str, *, action: str = "written") -> Change:
        change = Change(
            kind="note",
            model=self.key.model,
            record=self.key.record,
            table=self.target.table,
            column=self.key.note_key,
            recording_id=self.key.recording_id,
            extraction=None,
            policy=None,
            action=action,
            before=before,
            after=after,
            actor=self.actor,
        )
        await record_write(self.conn, self.key.connection, self.run_id, change)
        return change

    async def _load(self) -> NoteEntry:
        row = (await self.conn.execute(select(notes).where(*self._is()))).one_or_none()
        await self.conn.commit()
        if row is None:
            return NoteEntry()
        return NoteEntry(NoteState(row.state), row.base_hash, row.wanted_hash, row.intended_hash)

    async def _save(self, entry: NoteEntry, state: NoteState, reason: str | None = None) -> None:
        key = {
            "connection": self.key.connection,
            "model": self.key.model,
            "record": self.key.record,
            "recording_id": self.key.recording_id,
            "note_key": self.key.note_key,
        }
        row = key | {
            "table_name": self.target.table,
            "state": state.value,
            "reason": reason,
            "base_hash": entry.base,
            "wanted_hash": entry.wanted,
            "intended_hash": entry.intended,
            "changed_at": func.now(),
        }
        statement = upsert(notes).values(row)
        changed = {name: statement.excluded[name] for name in row if name not in key}
        await self.conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed))
        await self.conn.commit()

    def _is(self) -> list[ColumnElement[bool]]:
        names = ("connection", "model", "record", "recording_id", "note_key")
        return [notes.c[name] == getattr(self.key, name) for name in names]


async def note_recordings(conn: AsyncConnection, connection: str, model: str, record: str) -> list[str]:
    """Recordings whose note stands on this record."""
    statement = select(notes.c.recording_id).where(
        notes.c.connection == connection,
        notes.c.model == model,
        notes.c.record == record,
        notes.c.note_key == SUMMARY,
        notes.c.state.not_in([NoteState.WITHDRAWN.value, NoteState.REMOVED.value]),
    )
    return list((await conn.scalars(statement)).all())
