"""Find writes into the CRM that the ledger does not know, as after a restore from a backup. The CRM is only read.

A write counts as lost where the CRM has what the recordings say, and the ledger does not say that Fieldnote wrote it.
Adopted, it is Fieldnote's own again. Any other value counts as a person's: nothing shows that it is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.pull import ledger as field_ledger
from fieldnote.bridge.pull import readiness
from fieldnote.bridge.pull.apply import RecordField, RecordWork
from fieldnote.bridge.pull.ledger import FieldUpdate
from fieldnote.bridge.pull.notes import NoteWriter
from fieldnote.bridge.pull.recordings import Recordings
from fieldnote.bridge.pull.results import Change, FieldState
from fieldnote.bridge.pull.three_way_merge import KnownField, Value, is_empty, without_lines
from fieldnote.bridge.recording import Model, RecordingSnapshot
from fieldnote.bridge.session import Bridge
from fieldnote.config import Policy, TargetSettings
from fieldnote.crm.bulk import find_notes
from fieldnote.crm.types import NoteResult, NoteTarget, Outcome, Row, freeze

_OWN: Final = (Policy.FILL, Policy.UPDATE, Policy.APPEND)
"""The policies under which a field that Fieldnote wrote stays its own."""


class Doubt(StrEnum):
    """How a field or note differs from the ledger."""

    LOST_WRITE = "lost_write"
    """The CRM has the recordings' value, but the ledger has no such write."""
    OTHER_VALUE = "other_value"
    """The CRM's value differs from Fieldnote's last write: a person's change, or a write that the ledger lost."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """One field or note."""

    place: str
    """The column, or `note` and the note's name."""
    doubt: Doubt


async def examine_record(
    bridge: Bridge, conn: AsyncConnection, model: Model, key: str, *, adopt: bool
) -> list[Doubtful]:
    """Compare one CRM record with its recordings and the ledger. The caller has the record's lock.

    `adopt`: keep lost writes in the ledger as Fieldnote's own.
    """
    return await _Examination(bridge, conn, None, model, key).examine(adopt=adopt)


class _Examination(RecordWork):
    async def examine(self, *, adopt: bool) -> list[Doubtful]:
        targets = self.bridge.config.pull.targets() if self.bridge.config.pull else {}
        target = targets.get(self.model.value)
        if target is None:
            return []
        linked = await Recordings(self.bridge.name).linked(self.conn, self.model, self.key)
        usable = [held for held, ownership in linked if readiness.usable(held, ownership)]
        found = await self._examine_fields(target, usable, [held for held, _ in linked], adopt=adopt)
        if usable:
            found += await self._examine_notes(target, usable, adopt=adopt)
        await self.out.commit()
        return found

    async def _examine_fields(
        self, target: TargetSettings, usable: Sequence[RecordingSnapshot], linked: Sequence[RecordingSnapshot], *,
        adopt: bool,
    ) -> list[Doubtful]:  # fmt: skip
        record, work = await self.said_fields(target, usable, linked)
        own = [one for one in work if one.writer.settings.policy in _OWN]
        row = await self.read(record, tuple(one.column for one in own)) if own else None
        if not isinstance(row, Mapping):
            return []
        found: list[Doubtful] = []
        for one in own:
            doubt = await asyncio.to_thread(_doubt_about, self.bridge, one, row)
            if doubt is not None:
                found.append(Doubtful(one.column, doubt))
            if doubt is Doubt.LOST_WRITE and adopt:
                await self._adopt(one, row[one.column])
        return found

    async def _adopt(self, one: RecordField, live: object) -> None:
        """Under these policies, Fieldnote wrote first where the field was empty, or added lines to it."""
        writer, desired = one.writer, one.said.desired
        old = one.entry.known_field if one.entry is not None else KnownField()
        known = KnownField(old.original or Value(None), Value(freeze(live)), Value(desired.value), None, old.declined)
        source = desired.source.recording_id if desired.source is not None else None
        state, policy = FieldState.WRITTEN, writer.settings.policy.value
        await field_ledger.save(
            self.out, writer.key, FieldUpdate(writer.extraction, policy, state, None, source, known)
        )
        change = Change(
            kind="field", model=self.model.value, record=self.key, table=writer.key.table_name, column=one.column,
            recording_id=source, extraction=writer.extraction, policy=policy, action="adopted", before=None, after=live,
            actor="fieldnote", said=freeze(desired.source.said) if desired.source is not None else None,
        )  # fmt: skip
        await field_ledger.record_write(self.out, self.bridge.name, None, change)

    async def _examine_notes(
        self, target: TargetSettings, usable: Sequence[RecordingSnapshot], *, adopt: bool
    ) -> list[Doubtful]:
        found: list[Doubtful] = []
        await self.load_notes()
        for note_target, notes in _by_target(await self.wanted_notes(target, usable)):
            keys = [writer.key.text for writer, _ in notes]
            there = await asyncio.to_thread(find_notes, self.bridge.crm, note_target, self.key, keys)
            for writer, body in notes:
                live = there.get(writer.key.text)
                if not isinstance(live, NoteResult) or live.outcome is Outcome.MISSING:
                    continue
                lost = await writer.is_lost(live.body or "", body, adopt=adopt)
                if lost is not None:
                    doubt = Doubt.LOST_WRITE if lost else Doubt.OTHER_VALUE
                    found.append(Doubtful(f"note {writer.key.text}", doubt))
        return found


def _doubt_about(bridge: Bridge, one: RecordField, row: Row) -> Doubt | None:
    """It may ask the CRM what a column's type is: to be run in a thread."""
    live, desired, entry = row[one.column], one.said.desired.value, one.entry
    known = entry.known_field if entry is not None else KnownField()
    if is_empty(live):
        return None
    if one.writer.settings.policy is Policy.APPEND:
        known_lines = str(known.wanted.value or "") if known.wanted is not None else ""
        lost = desired is not None and known_lines != desired and not without_lines(str(desired), str(live))
        return Doubt.LOST_WRITE if lost else None
    table = one.writer.key.table_name

    def same(value: object) -> bool:
        return bridge.crm.same(table, one.column, live, value)

    if known.base is not None and same(known.base.value):
        return None
    if desired is not None and same(desired):
        return None if entry is not None and entry.state is FieldState.HOLDS else Doubt.LOST_WRITE
    return Doubt.OTHER_VALUE if entry is not None and entry.state is FieldState.WRITTEN else None


def _by_target(
    notes: Mapping[str, Sequence[tuple[NoteWriter, str]]],
) -> Iterator[tuple[NoteTarget, list[tuple[NoteWriter, str]]]]:
    """Notes of one table are looked for together."""
    found: dict[NoteTarget, list[tuple[NoteWriter, str]]] = {}
    for some in notes.values():
        for writer, body in some:
            found.setdefault(writer.target, []).append((writer, body))
    yield from found.items()
