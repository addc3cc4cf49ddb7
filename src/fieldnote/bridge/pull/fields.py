"""Writes one CRM field, or finds that it must not be written.

The order of steps makes a kill at any line harmless: what is about to be written is committed to the ledger;
then the CRM checks and writes in one statement; then the ledger keeps what the CRM gave back. A pass that
finds an intent still known_field asks the field itself what became of it (`merge.settle`).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.pull import ledger
from fieldnote.bridge.pull.desired import Desired, is_declined
from fieldnote.bridge.pull.ledger import FieldEntry, FieldKey, FieldUpdate, Proposal, ProposalKind, ProposalState
from fieldnote.bridge.pull.read_back import not_taken, was_refused
from fieldnote.bridge.pull.recordings import Recordings
from fieldnote.bridge.pull.results import Change, FieldState
from fieldnote.bridge.pull.three_way_merge import (
    Decision,
    Intent,
    KnownField,
    Value,
    Verdict,
    decide,
    is_empty,
    settle,
    take_back,
    why_asked,
    written,
)
from fieldnote.bridge.recording import Model
from fieldnote.config import FieldSettings, Policy
from fieldnote.crm.bulk import write_fields
from fieldnote.crm.types import Driver, FieldWrite, FrozenValue, Outcome, Record, WriteResult, freeze
from fieldnote.db.write_buffer import Writes
from fieldnote.errors import CrmRefused

log = logging.getLogger(__name__)

_TRIES = 3
"""How often a field that changes under our hands is looked at again within one pass."""


@dataclass(frozen=True, slots=True)
class FieldOutcome:
    """The result of one field."""

    state: FieldState | None
    """None: nothing was ever said about it."""
    reason: str | None = None
    changes: tuple[Change, ...] = ()
    again: bool = False
    """Whether the next pass has to look at it again."""


@dataclass(frozen=True, slots=True)
class Said:
    """The recordings' values for a field."""

    desired: Desired
    moved: bool
    """Whether the recording that the field was written from does not say so any more, or not of this record."""
    removal: Removal | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A recording that gave the field's value has left: a person is asked whether its words go."""

    recording_id: str
    value: FrozenValue
    """The value of the other recordings. None: they have none, and the value from before Fieldnote would come back."""
    why: str
    """`deleted in Siro`, or `Siro removed the link`."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A write that is due: the ledger says so, and the CRM has yet to be asked."""

    writer: FieldWriter
    live: object
    said: Said | None
    entry: FieldEntry | None
    intent: Intent

    @property
    def write(self) -> FieldWrite:
        """For the CRM."""
        return FieldWrite(self.writer.settings.to, self.live, self.intent.value)

    async def finish(self, result: WriteResult | CrmRefused) -> FieldOutcome | None:
        """Keep what became of it; None if the CRM held something else."""
        done = await self.writer.finish(self.entry, self.intent, result)
        if done is not None and done.state in _DONE and self.said is not None:
            await self.writer.question(self.said, self.live, self.entry)
        return done


class FieldWriter:
    """One field of one record, while the record's lock is held."""

    def __init__(
        self,
        crm: Driver,
        conn: AsyncConnection,
        *,
        key: FieldKey,
        record: Record,
        extraction: str,
        settings: FieldSettings,
        run_id: int | None,
        out: Writes | None = None,
    ) -> None:
        """`out`: where what is to be kept goes; without it, to `conn` at once."""
        self.crm = crm
        self.conn = conn
        self.out: Writes = conn if out is None else out
        self.key = key
        self.record = record
        self.extraction = extraction
        self.settings = settings
        self.run_id = run_id
        self.changes: list[Change] = []

    async def apply(self, live: object, said: Said, entry: FieldEntry | None) -> FieldOutcome:
        """Bring the field to what was said, as far as its policy and a person's work allow."""
        entry = await self.settle(live, entry)
        for _ in range(_TRIES):
            decision = await asyncio.to_thread(self.decide, live, said, entry)
            step = await self.plan(live, said, entry, decision)
            if isinstance(step, FieldOutcome):
                return step
            await self.out.commit()
            done = await step.finish(await asyncio.to_thread(self._write, step))
            if done is not None:
                return done
            live = await asyncio.to_thread(self._read)
        await self._save(entry, FieldState.INTERRUPTED, "it keeps changing", self._known_field(entry))
        return self._outcome(FieldState.INTERRUPTED, "it keeps changing", again=True)

    async def plan(
        self, live: object, said: Said, entry: FieldEntry | None, decision: Decision
    ) -> FieldOutcome | Planned:
        """Leave the field as it is, and say why; or note the write that is due, which counts once it is committed."""
        if decision.verdict is not Verdict.WRITE:
            return await self._leave(live, said, entry, decision)
        return await self._planned(live, entry, self._intent(live, said, decision), said)

    async def write(self, live: object, entry: FieldEntry | None, intent: Intent) -> FieldOutcome | None:
        """Carry out one write over `live`; None if the CRM holds something else by now.

        If it is stopped on the way, the next pull looks at the record.
        """
        place = {"connection": self.key.connection, "model": self.key.model, "record": self.key.record}
        was_due = await self.conn.scalar(_IS_DUE, place)
        await Recordings(self.key.connection).mark_due(self.conn, [(Model(self.key.model), self.key.record)])
        step = await self._planned(live, entry, intent)
        await self.out.commit()
        done = await step.finish(await asyncio.to_thread(self._write, step))
        if not was_due and done is not None and not done.again:
            await self.conn.execute(_NOT_DUE, place)
        return done

    async def finish(
        self, entry: FieldEntry | None, intent: Intent, result: WriteResult | CrmRefused
    ) -> FieldOutcome | None:
        """Keep what became of a write; None if the CRM held something else."""
        if isinstance(result, CrmRefused):
            return await self._refused(result, entry)
        if result.outcome is Outcome.APPLIED:
            if not await self._was_refused(entry, intent, result):
                return await self._written(entry, intent, result)
            result = replace(result, after=await asyncio.to_thread(self._read))
            if not await self._was_refused(entry, intent, result):
                return await self._written(entry, intent, result)
            return await self._ignored(entry, intent, result)
        return await self.missing(entry) if result.outcome is Outcome.MISSING else None

    async def _was_refused(self, entry: FieldEntry | None, intent: Intent, result: WriteResult) -> bool:
        """Whether the field is as it was before the write. It may ask the CRM what a column's type is."""

        def judge() -> bool:
            alters = self.settings.policy is not Policy.APPEND and self._known_field(entry).alters(self._same)
            return was_refused(result.before, result.after, intent.value, self._same, alters=alters)

        return await asyncio.to_thread(judge)

    async def _ignored(self, entry: FieldEntry | None, intent: Intent, result: WriteResult) -> FieldOutcome:
        """The CRM took the write and kept the old value, or none. The intent is kept: the value may still arrive."""
        known, did = replace(self._known_field(entry), intent=intent), "kept the old value"
        if not self._same(result.after, result.before):
            did = "emptied the field"
            original = known.original or Value(freeze(result.before))
            # The empty value is no person's: the next pass writes again.
            known = replace(known, original=original, base=Value(freeze(result.after)), wanted=None, intent=None)
        reason = f"{self.record.table}.{self.settings.to}: {not_taken(result.said, did)}"
        await self._save(entry, FieldState.REFUSED, reason, known)
        log.warning("field_refused", extra=self._context())
        return self._outcome(FieldState.REFUSED, reason, again=True)

    async def decline(self, entry: FieldEntry | None, no_to: Value, *, reason: str | None = None) -> None:
        """A person said no: it is neither written nor proposed again."""
        known_field = replace(self._known_field(entry), declined=no_to, intent=None)
        await self._save(entry, FieldState.DECLINED, reason, known_field)

    async def missing(self, entry: FieldEntry | None) -> FieldOutcome:
        """The CRM does not have the record."""
        reason = f"{self.record.table} has no row with {self.record.key_column} {self.record.key}"
        await self._save(entry, FieldState.RECORD_MISSING, reason, replace(self._known_field(entry), intent=None))
        return self._outcome(FieldState.RECORD_MISSING, reason, again=True)

    async def refused(self, error: CrmRefused, entry: FieldEntry | None) -> FieldOutcome:
        """The CRM cannot even show the field."""
        return await self._refused(error, entry)

    # --- steps

    async def _planned(
        self, live: object, entry: FieldEntry | None, intent: Intent, said: Said | None = None
    ) -> Planned:
        await self._save(entry, FieldState.INTERRUPTED, None, replace(self._known_field(entry), intent=intent))
        return Planned(self, live, said, entry, intent)

    def _write(self, step: Planned) -> WriteResult | CrmRefused:
        return write_fields(self.crm, self.record, [step.write])[0]

    async def settle(self, live: object, entry: FieldEntry | None) -> FieldEntry | None:
        """Learn what became of a write that we were stopped in, and give it its provenance."""
        if entry is None or entry.known_field.intent is None:
            return entry
        intent = entry.known_field.intent
        known_field, done = await asyncio.to_thread(settle, entry.known_field, live, self._same)
        entry = replace(
            entry, known_field=known_field, recording_id=intent.recording_id if done else entry.recording_id
        )
        if done:
            change = self._change(intent, intent.before, live)
            await ledger.record_write(self.out, self.key.connection, self.run_id, change)
            await self._save(entry, _ENDS.get(intent.action, FieldState.WRITTEN), None, known_field)
        return entry

    def _same(self, left: object, right: object) -> bool:
        return self.crm.same(self.record.table, self.settings.to, left, right)

    def decide(self, live: object, said: Said, entry: FieldEntry | None) -> Decision:
        """Decide the step. It may ask the CRM for a column's type, so run it in a thread."""
        known_field = self._known_field(entry)
        policy = self.settings.policy
        if said.desired.value is None and said.moved:
            return take_back(policy, known_field, live, self._same)
        return decide(policy, known_field, live, said.desired.value, self._same)

    def _intent(self, live: object, said: Said, decision: Decision) -> Intent:
        source = said.desired.source
        return Intent(
            value=decision.value,
            wanted=decision.wanted,
            before=freeze(live),
            recording_id=source.recording_id if source else None,
            extraction=self.extraction,
            action="taken_back" if decision.taken_back else "written",
            said=freeze(source.said) if source else None,
            definition_id=source.definition_id if source else None,
        )

    def _read(self) -> object:
        row = self.crm.read(self.record, (self.settings.to,))
        return None if row is None else row[self.settings.to]

    # --- ends

    async def _written(self, entry: FieldEntry | None, intent: Intent, result: WriteResult) -> FieldOutcome:
        change = self._change(intent, result.before, result.after)
        state = _ENDS.get(intent.action, FieldState.WRITTEN)
        known_field = written(
            self._known_field(entry), replace(intent, before=freeze(result.before)), freeze(result.after)
        )
        await ledger.record_write(self.out, self.key.connection, self.run_id, change)
        await self._save(FieldEntry(state, intent.recording_id, known_field), state, None, known_field)
        done = {"recording_id": intent.recording_id or "", "action": intent.action}
        log.info("field_written", extra=self._context() | done)
        return self._outcome(state)

    async def _leave(self, live: object, said: Said, entry: FieldEntry | None, decision: Decision) -> FieldOutcome:
        """Nothing is written; say why."""
        known_field = self._known_field(entry)
        if self.settings.policy is Policy.SHADOW:
            known_field = await self._compare_with_shadow(live, known_field)
        if decision.verdict is Verdict.HOLDS and (known_field.base or self.settings.policy is Policy.APPEND):
            known_field = replace(known_field, wanted=Value(decision.wanted))
        state = self._state(said, entry, decision)
        if state is None:
            return self._outcome(None)
        unclear = said.desired.unconverted
        reason = unclear.problem if unclear is not None else None
        if entry is None or entry.state is not state or entry.known_field != known_field:
            await self._save(entry, state, reason, known_field)
        differs = known_field.declined is None or known_field.declined.value != decision.value
        if decision.verdict is Verdict.PROPOSE or (decision.verdict is Verdict.SHADOW and differs):
            await self._propose(said, live, decision)
        elif decision.verdict is Verdict.HOLDS and said.removal is not None:
            await self._ask_for_removal(said.removal, live, known_field)
        else:
            await self.question(said, live, entry, known_field)
        return self._outcome(state, reason)

    async def _compare_with_shadow(self, live: object, known_field: KnownField) -> KnownField:
        """Whether a person has entered a value since the field's shadow was cast, and which."""
        cast = await ledger.shadow(self.conn, self.key)
        if cast is None or is_empty(live) or await asyncio.to_thread(self._same, live, cast[0]):
            return known_field
        if await asyncio.to_thread(self._same, live, cast[1]):
            await ledger.close_shadow(self.conn, self.key, ProposalState.MATCHED)
            return known_field
        await ledger.close_shadow(self.conn, self.key, ProposalState.DIFFERED)
        return replace(known_field, declined=Value(cast[1]))

    def _state(self, said: Said, entry: FieldEntry | None, decision: Decision) -> FieldState | None:
        unclear = said.desired.unconverted
        if (
            unclear is not None
            and decision.verdict is not Verdict.PROPOSE
            and self.settings.policy is not Policy.SHADOW
        ):
            return (
                FieldState.DECLINED if is_declined(self._known_field(entry), unclear.said) else FieldState.UNCONVERTED
            )
        if decision.verdict is Verdict.HOLDS:
            ours = entry is not None and entry.known_field.base is not None
            return FieldState.WRITTEN if ours else FieldState.HOLDS
        if decision.verdict is Verdict.SILENT and entry is not None:
            return FieldState.HOLDS if entry.state in _UNSETTLED else entry.state
        return _STATES.get(decision.verdict)

    async def _propose(self, said: Said, live: object, decision: Decision) -> None:
        source = said.desired.source
        if source is None:
            return
        state = ProposalState.SHADOW if decision.verdict is Verdict.SHADOW else ProposalState.OPEN
        kind = ProposalKind.VALUE
        why = why_asked(self.settings.policy, live)
        proposal = Proposal(self.extraction, source.recording_id, why, live, decision.value, source.said, kind, state)
        await ledger.propose(self.conn, self.key, proposal)

    async def _ask_for_removal(self, removal: Removal, live: object, known_field: KnownField) -> None:
        value = removal.value
        if value is None and known_field.original is not None:
            value = known_field.original.value
        if known_field.declined is not None and known_field.declined.value == value:
            await ledger.close_proposal(self.conn, self.key)
            return
        kind = ProposalKind.TAKE_BACK
        proposal = Proposal(self.extraction, removal.recording_id, removal.why, live, value, None, kind)
        await ledger.propose(self.conn, self.key, proposal)

    async def question(
        self, said: Said, live: object, entry: FieldEntry | None, known_field: KnownField | None = None
    ) -> None:
        """Propose a later recording's value to a person where the program cannot convert it with certainty."""
        unclear = said.desired.unconverted
        if self.settings.policy is Policy.SHADOW:
            return
        if unclear is None or is_declined(known_field or self._known_field(entry), unclear.said):
            if entry is not None and entry.asked:
                await ledger.close_proposal(self.conn, self.key)
            return
        reason = unclear.problem or "not convertible"
        kind = ProposalKind.UNCLEAR
        proposal = Proposal(self.extraction, unclear.recording_id, reason, live, None, unclear.said, kind)
        await ledger.propose(self.conn, self.key, proposal)

    async def _refused(self, error: CrmRefused, entry: FieldEntry | None) -> FieldOutcome:
        reason = f"{error.message}; {error.hint}" if error.hint else error.message
        await self._save(entry, FieldState.REFUSED, reason, replace(self._known_field(entry), intent=None))
        log.warning("field_refused", extra=self._context())
        return self._outcome(FieldState.REFUSED, reason, again=True)

    # --- small things

    def _context(self) -> dict[str, str]:
        return {"model": self.key.model, "record": self.key.record, "column": self.key.column_name}

    @staticmethod
    def _known_field(entry: FieldEntry | None) -> KnownField:
        return entry.known_field if entry is not None else KnownField()

    async def _save(
        self, entry: FieldEntry | None, state: FieldState, reason: str | None, known_field: KnownField
    ) -> None:
        recording_id = entry.recording_id if entry is not None else None
        new = FieldUpdate(self.extraction, self.settings.policy.value, state, reason, recording_id, known_field)
        await ledger.save(self.out, self.key, new)

    def _change(self, intent: Intent, before: object, after: object) -> Change:
        change = Change(
            kind="field",
            model=self.key.model,
            record=self.key.record,
            table=self.key.table_name,
            column=self.key.column_name,
            recording_id=intent.recording_id,
            extraction=self.extraction,
            policy=self.settings.policy.value,
            action=intent.action,
            before=before,
            after=after,
            actor=intent.actor,
            said=intent.said,
            definition_id=intent.definition_id,
        )
        self.changes.append(change)
        return change

    def _outcome(self, state: FieldState | None, reason: str | None = None, *, again: bool = False) -> FieldOutcome:
        return FieldOutcome(state, reason, tuple(self.changes), again)


_STATES = {
    Verdict.KEEP: FieldState.KEPT,
    Verdict.PROPOSE: FieldState.PROPOSED,
    Verdict.SHADOW: FieldState.SHADOWED,
    Verdict.DECLINED: FieldState.DECLINED,
}
_ENDS = {
    "taken_back": FieldState.TAKEN_BACK,
    "edited": FieldState.DECLINED,
    "reverted": FieldState.REVERTED,
}
"""The state of a field after a write; WRITTEN after the others."""
_DONE = frozenset({FieldState.WRITTEN, FieldState.TAKEN_BACK})
_UNSETTLED = frozenset({FieldState.REFUSED, FieldState.RECORD_MISSING, FieldState.INTERRUPTED})

_IS_DUE = text("""
    select exists (select from due where connection = :connection and model = :model and record = :record)
""")

_NOT_DUE = text("""
    delete from due where connection = :connection and model = :model and record = :record and causes = 1
""")
"""Unless there was another cause meanwhile."""
