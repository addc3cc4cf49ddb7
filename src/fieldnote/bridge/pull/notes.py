"""The notes of a recording on a record: made once, found again by their key, kept up to date, never doubled.

Only hashes of a note's text are kept. One that a person edited or deleted is left alone, and named. Where the summary
changes after a person edited the note, the new one goes into an addendum: a note of its own, with a key of its own.
"""

from __future__ import annotations

import asyncio
import logging
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.pull.ledger import record_write
from fieldnote.bridge.pull.note_text import REVERTED, UNTITLED, WITHDRAWN, addendum, digest, has_summary
from fieldnote.bridge.pull.read_back import loss_of_note, not_taken, was_cut, was_refused
from fieldnote.bridge.pull.results import Change, NoteState
from fieldnote.config import NoteSettings
from fieldnote.config.schema import SetValue
from fieldnote.crm.types import ColumnValue, Driver, NoteResult, NoteTarget, Outcome
from fieldnote.db.bridge_tables import notes
from fieldnote.db.upserts import upsert
from fieldnote.db.write_buffer import Writes
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
    """The note's name in the file, and for an addendum its number: `summary`, `summary:2`."""

    @property
    def text(self) -> str:
        """The key as it is in the CRM: `siro:<id>`, `siro:<id>:2`, `siro:<id>:<name>`, `siro:<id>:<name>:2`."""
        parts = [part for part in self.note_key.split(":") if part != SUMMARY]
        return ":".join(["siro", self.recording_id, *parts])

    @property
    def name(self) -> str:
        """The note's name in the file."""
        return self.note_key.partition(":")[0]

    @property
    def following(self) -> NoteKey:
        """The addendum to this note."""
        name, _, number = self.note_key.partition(":")
        return replace(self, note_key=f"{name}:{int(number or 1) + 1}")


@dataclass(frozen=True, slots=True)
class NoteEntry:
    """The ledger's facts about a note."""

    state: NoteState | None = None
    base: bytes | None = None
    """Hash of the note as the CRM gave it back after our last write."""
    wanted: bytes | None = None
    """Hash of what we had asked for."""
    intended: bytes | None = None
    """Hash of what we were about to write when we were stopped."""
    left: str | None = None
    """The CRM's id of a note that we made, but that the CRM changed so that our key is lost."""


@dataclass(frozen=True, slots=True)
class NoteOutcome:
    """The result of one note."""

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
        known: Mapping[tuple[str, str], NoteEntry] | None = None,
        out: Writes | None = None,
    ) -> None:
        """`known`: the entries of all notes of the record, as `load_all` gives them; without them each is looked up.

        `out`: where what is to be kept goes; without it, to `conn` at once.
        """
        self.out: Writes = conn if out is None else out
        self.actor = actor
        self.known = known
        self.crm = crm
        self.conn = conn
        self.target = target
        self.key = key
        self.emptied = replace(target, title_text=UNTITLED if target.title else "", retitle=True)
        self.run_id = run_id

    @property
    def is_new(self) -> bool:
        """Whether the ledger knows nothing of it."""
        return self.known is not None and (self.key.recording_id, self.key.note_key) not in self.known

    async def plan(self, body: str, found: NoteResult | CrmRefused | None) -> bool:
        """Note that it is to be made, which counts once it is committed; whether that is all there is to do.

        `found`: what the CRM said of it, where it is new.
        """
        if not self.is_new or not isinstance(found, NoteResult) or found.outcome is not Outcome.MISSING:
            return False
        await self._intend(NoteEntry(), body)
        return True

    async def made(self, body: str, result: NoteResult | CrmRefused) -> NoteOutcome:
        """Keep what became of a note that was to be made."""
        if isinstance(result, CrmRefused):
            return await self._refused(NoteEntry(), result)
        if result.outcome is Outcome.APPLIED:
            return await self._written(body, None, result)
        if result.outcome is Outcome.MISSING:
            return await self._not_there(NoteEntry(intended=digest(body), left=result.left), result)
        return await self._guarded(NoteEntry(intended=digest(body)), body)

    async def apply(self, body: str) -> NoteOutcome:
        """Let the note say `body`; if a person changed it, an addendum says it, if it is new."""
        entry = await self._load()
        done = await self._guarded(entry, body)
        following = self._following()
        said = body == WITHDRAWN or entry.wanted in {None, digest(body)}
        new = done.state is NoteState.EDITED and not done.again and not said
        if not new and (await following._load()).state is None:  # noqa: SLF001 - of this very class
            return done
        more = await following.apply(addendum(body))
        return NoteOutcome(more.state, more.reason, (*done.changes, *more.changes), done.again or more.again)

    def _following(self) -> NoteWriter:
        return NoteWriter(
            self.crm,
            self.conn,
            self.target,
            self.key.following,
            self.run_id,
            actor=self.actor,
            known=self.known,
            out=self.out,
        )

    async def _guarded(self, entry: NoteEntry, body: str) -> NoteOutcome:
        try:
            return await self._apply(entry, body)
        except CrmRefused as error:
            return await self._refused(entry, error)

    async def _refused(self, entry: NoteEntry, error: CrmRefused) -> NoteOutcome:
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

    async def is_lost(self, live: str, body: str, *, adopt: bool) -> bool | None:
        """Whether the note is our own without the ledger's knowledge; None if the ledger knows it as it is.

        `adopt`: then the ledger keeps it as ours.
        """
        entry = await self._load()
        if digest(live) == entry.base:
            return None
        if not self._is_lost_write(entry, live, body):
            return False if entry.state in {None, NoteState.WRITTEN, NoteState.INTERRUPTED} else None
        if adopt:
            await self._record(None, live, action="adopted")
            await self._save(NoteEntry(NoteState.WRITTEN, digest(live), digest(body)), NoteState.WRITTEN)
        return True

    async def revert(self) -> NoteState:
        """A person undoes the note: it says that it is withdrawn, for good, unless a person edited it."""
        entry = await self._load()
        found = await self._ask(lambda: self.crm.find_note(self.target, self.key.record, self.key.text))
        live = found.body or ""
        if found.outcome is Outcome.MISSING or digest(live) not in {entry.base, entry.intended}:
            return NoteState.EDITED
        await self._intend(entry, REVERTED)
        await self.out.commit()
        done = await self._ask(
            lambda: self.crm.update_note_if(self.emptied, self.key.record, self.key.text, expected=live, body=REVERTED)
        )
        if done.outcome is not Outcome.APPLIED:
            await self._save(replace(entry, intended=None), NoteState.EDITED)
            return NoteState.EDITED
        if self._was_refused(entry, live, done, REVERTED):
            await self._not_taken(entry, not_taken(done.said))
            return NoteState.REFUSED
        after = done.body if done.body is not None else REVERTED
        await self._record(live, after, action=NoteState.REVERTED.value)
        await self._save(NoteEntry(NoteState.REVERTED, digest(after), digest(REVERTED)), NoteState.REVERTED)
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
        await self.out.commit()
        target = replace(self.target, left=entry.left or "")
        made = await self._ask(lambda: self.crm.insert_note(target, self.key.record, self.key.text, body))
        if made.outcome is Outcome.APPLIED:
            return await self._written(body, None, made)
        if made.outcome is Outcome.MISSING:
            return await self._not_there(replace(entry, intended=digest(body), left=made.left), made)
        return await self._update(replace(entry, intended=digest(body)), body, made.body or "")

    async def _update(self, entry: NoteEntry, body: str, live: str) -> NoteOutcome:
        held, wanted = digest(live), digest(body)
        if held == entry.intended and held != entry.base:
            # We were stopped between the CRM and the ledger: it is our own note, and gets its provenance now.
            await self._record(None, live)
            entry = NoteEntry(entry.state, held, held)
        if self._is_lost_write(entry, live, body):
            entry = replace(entry, base=held, wanted=wanted)
        if held == entry.base and entry.wanted == wanted:
            return await self._settled(NoteEntry(entry.state, held, wanted), NoteState.WRITTEN, body)
        if held not in {entry.base, entry.intended}:
            # The note exists, so the text that an earlier run was about to write was written.
            entry = replace(entry, wanted=entry.wanted or entry.intended)
            return await self._settled(entry, NoteState.EDITED, body)
        await self._intend(entry, body)
        await self.out.commit()
        target = self.emptied if body == WITHDRAWN else self.target
        done = await self._ask(
            lambda: self.crm.update_note_if(target, self.key.record, self.key.text, expected=live, body=body)
        )
        if done.outcome is Outcome.APPLIED and self._was_refused(entry, live, done, body):
            # Without a text that was taken, the old one is the rest of a note that lost its words.
            loss = loss_of_note(done.body or "", body) if entry.wanted is None else None
            reason = not_taken(done.said, loss or "kept the old value")
            return await self._not_taken(replace(entry, intended=wanted), reason)
        if done.outcome is Outcome.APPLIED:
            return await self._written(body, live, done)
        if done.outcome is Outcome.FIXED and has_summary(live, body):
            # A renamed rep or customer is no reason for an addendum.
            return await self._settled(NoteEntry(entry.state, held, wanted), NoteState.WRITTEN, body)
        await self._save(replace(entry, intended=None), NoteState.EDITED)
        # A CRM that cannot change a note gets an addendum at once; else a person was quicker, and the next pass looks.
        return NoteOutcome(NoteState.EDITED, again=done.outcome is not Outcome.FIXED)

    @staticmethod
    def _is_lost_write(entry: NoteEntry, live: str, body: str) -> bool:
        """Whether the note is our own although the ledger does not know it, as after a restore from a backup.

        It has our key, and says what it should. A CRM may have cut it, if the ledger knows nothing else of it.
        """
        if digest(live) == digest(body):
            return True
        return entry.base is None and entry.intended is None and was_cut(live, body)

    @staticmethod
    def _was_refused(entry: NoteEntry, live: str, done: NoteResult, body: str) -> bool:
        """Whether the note says what it said before, and the CRM's own cutting does not explain that."""
        after = done.body if done.body is not None else body
        if digest(after) == digest(body) or digest(after) != digest(live):
            return False
        alters = entry.base is not None and entry.base != entry.wanted
        return was_refused(live, after, body, operator.eq, alters=alters)

    async def _not_there(self, entry: NoteEntry, result: NoteResult) -> NoteOutcome:
        words = f" It answered: {result.said}" if result.said else ""
        if result.left is not None:
            reason = (
                f"the CRM changed the note {result.left}, and Fieldnote's key in it is lost.{words} Check rules and "
                "the key's field, and delete that note: then it is written again"
            )
            return await self._not_taken(entry, reason)
        reason = (
            f"the CRM accepted the note, but it cannot be read back.{words} Check triggers and rights; it is retried"
        )
        return await self._not_taken(entry, reason)

    async def _not_taken(self, entry: NoteEntry, reason: str) -> NoteOutcome:
        """The intent is kept: the text may still arrive, and is ours then."""
        reason = f"{self.target.table}: {reason}"
        await self._save(entry, NoteState.REFUSED, reason)
        log.warning("note_refused", extra={"recording_id": self.key.recording_id, "record": self.key.record})
        return NoteOutcome(NoteState.REFUSED, reason, again=True)

    async def _settled(self, entry: NoteEntry, state: NoteState, body: str) -> NoteOutcome:
        if state is NoteState.WRITTEN and body == WITHDRAWN:
            state = NoteState.WITHDRAWN
        await self._save(replace(entry, intended=None), state)
        return NoteOutcome(state)

    async def _written(self, body: str, before: str | None, done: NoteResult) -> NoteOutcome:
        after = done.body if done.body is not None else body
        if body != WITHDRAWN and (loss := loss_of_note(after, body)) is not None:
            # The rest is ours all the same: the next pass writes it again.
            return await self._not_taken(NoteEntry(base=digest(after)), not_taken(done.said, loss))
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
        await record_write(self.out, self.key.connection, self.run_id, change)
        return change

    async def _load(self) -> NoteEntry:
        known = self.known
        if known is None:
            known = await load_all(self.conn, self.key.connection, self.key.model, self.key.record)
        return known.get((self.key.recording_id, self.key.note_key), NoteEntry())

    async def _save(self, entry: NoteEntry, state: NoteState, reason: str | None = None) -> None:
        values = {
            "connection": self.key.connection,
            "model": self.key.model,
            "record": self.key.record,
            "recording_id": self.key.recording_id,
            "note_key": self.key.note_key,
            "table_name": self.target.table,
            "state": state.value,
            "reason": reason,
            "base_hash": entry.base,
            "wanted_hash": entry.wanted,
            "intended_hash": entry.intended,
            "left_id": entry.left,
        }
        await self.out.execute(upsert(notes, _CHANGED, now=("changed_at",)), values)


_CHANGED = ("table_name", "state", "reason", "base_hash", "wanted_hash", "intended_hash", "left_id")


async def load_all(conn: AsyncConnection, connection: str, model: str, record: str) -> dict[tuple[str, str], NoteEntry]:
    """The ledger's facts about the notes of a record, by recording and name."""
    values = {"connection": connection, "model": model, "record": record}
    return {
        (row.recording_id, row.note_key): NoteEntry(
            NoteState(row.state), row.base_hash, row.wanted_hash, row.intended_hash, row.left_id
        )
        for row in await conn.execute(_LOAD, values)
    }


def written_notes(known: Mapping[tuple[str, str], NoteEntry]) -> list[tuple[str, str]]:
    """Recordings with notes on a record, each with the name of the note; addenda go with their note."""
    gone = {NoteState.WITHDRAWN, NoteState.REMOVED}
    return sorted(
        {(recording_id, key.partition(":")[0]) for (recording_id, key), e in known.items() if e.state not in gone}
    )


_LOAD = text("""
    select recording_id, note_key, state, base_hash, wanted_hash, intended_hash, left_id from notes
    where connection = :connection and model = :model and record = :record
""")


def note_target(note: NoteSettings, rep: str | None = None, title: str = UNTITLED) -> NoteTarget:
    """The table of a note, with the values of its other columns."""
    values = column_values(note.set, rep)
    text = "" if note.title is None else title
    return NoteTarget(note.table, note.record, note.body, note.key, values, note.title, text)


def column_values(given: Mapping[str, SetValue], rep: str | None) -> tuple[tuple[str, ColumnValue], ...]:
    """The file's values of other columns, for a driver."""
    return tuple(
        (name, ColumnValue(rep if value.rep else value.constant, value.uuid, value.now, value.record))
        for name, value in given.items()
    )
