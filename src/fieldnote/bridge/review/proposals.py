"""A person's decisions: proposals approved, edited or rejected, and how often people agreed.

An approval is good for the difference that was shown and no other: if the CRM holds something else by now, it
expires, and the next look at the record makes a new proposal of what is left of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull import ledger as field_ledger
from fieldnote.bridge.pull.apply import apply_record
from fieldnote.bridge.pull.fields import FieldWriter
from fieldnote.bridge.pull.ledger import FieldKey, ProposalKind, ProposalState
from fieldnote.bridge.pull.recordings import Recordings
from fieldnote.bridge.pull.results import FieldState
from fieldnote.bridge.pull.three_way_merge import Intent, Value, without_lines
from fieldnote.bridge.recording import Model
from fieldnote.bridge.review.typed_values import hint_for, problem_of
from fieldnote.bridge.run_log import begin, finish
from fieldnote.bridge.session import Bridge
from fieldnote.config import FieldSettings, Policy, TargetSettings
from fieldnote.crm.types import FrozenValue, Record, freeze
from fieldnote.db.bridge_tables import proposal_values, proposals
from fieldnote.errors import CrmRefused, FieldnoteError
from fieldnote.mapping.values import Unconvertible, convert

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal as a person sees it. All but its place is a customer's data."""

    id: int
    model: str
    record: str
    table: str
    column: str
    extraction: str
    recording_id: str
    kind: ProposalKind
    reason: str
    live: FrozenValue
    """The CRM's value when it was made."""
    proposed: FrozenValue
    """The value that would be written; None with `unclear`, and where the field is to be empty again."""
    said: FrozenValue
    """The extraction's own words."""
    quote: str | None
    """The words of the conversation. Empty: none were found; None: nobody has looked."""
    created_at: datetime

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The CRM field that it is about."""
        return self.model, self.record, self.table, self.column


class Verdict(StrEnum):
    """The outcome of a decision."""

    WRITTEN = "written"
    """The CRM holds it now."""
    REJECTED = "rejected"
    """It will not be proposed again."""
    EXPIRED = "expired"
    """The CRM holds something else than was shown. Nothing was written."""
    REFUSED = "refused"
    """The CRM refuses it. The proposal stays open."""
    CLOSED = "closed"
    """It had been decided already, or does not arise any more."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, carried out."""

    id: int
    verdict: Verdict
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often people agreed with what was proposed for one field of the file, or cast as its shadow."""

    model: str
    table: str
    column: str
    agreed: int
    """Approved as shown, or entered by a person just so."""
    changed: int
    """Edited, or entered otherwise."""
    rejected: int
    open: int

    json_properties: ClassVar = ("share",)

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where nobody has decided anything yet."""
        decided = self.agreed + self.changed + self.rejected
        return self.agreed / decided if decided else None


# --- reading --------------------------------------------------------------------------------------------


async def waiting(
    bridge: Bridge,
    *,
    ids: Sequence[int] = (),
    model: str | None = None,
    record: str | None = None,
    shadows: bool = False,
) -> list[Waiting]:
    """The proposals that wait for a person, oldest first; `shadows`: those that nobody is asked about instead."""
    state = ProposalState.SHADOW if shadows else ProposalState.OPEN
    wanted = [proposals.c.connection == bridge.name, proposals.c.state == state.value]
    if ids:
        wanted.append(proposals.c.id == func.any(list(ids)))
    if model is not None:
        wanted.append(proposals.c.model == model)
    if record is not None:
        wanted.append(proposals.c.record == record)
    async with bridge.engine.connect() as conn:
        return await _read(conn, wanted)


async def _read(conn: AsyncConnection, wanted: Sequence[ColumnElement[bool]], *, lock: bool = False) -> list[Waiting]:
    both = proposals.outerjoin(proposal_values)
    values = [proposal_values.c[name] for name in ("live", "proposed", "said", "quote")]
    statement = select(proposals, *values).select_from(both).where(*wanted).order_by(proposals.c.id)
    if lock:
        statement = statement.with_for_update(of=proposals)
    return [
        Waiting(
            row.id, row.model, row.record, row.table_name, row.column_name, row.extraction, row.recording_id,
            ProposalKind(row.kind), row.reason, _plain(row.live), _plain(row.proposed), _plain(row.said), row.quote,
            row.created_at,
        )
        for row in await conn.execute(statement)
    ]  # fmt: skip


def _plain(held: dict[str, Any] | None) -> FrozenValue:
    return None if held is None else held["value"]


async def agreement(bridge: Bridge) -> list[Agreement]:
    """By field of the file: the ground on which a person moves a field to its next stage."""
    groups = {
        "agreed": (ProposalState.APPROVED, ProposalState.MATCHED),
        "changed": (ProposalState.EDITED, ProposalState.DIFFERED),
        "rejected": (ProposalState.REJECTED,),
        "open": (ProposalState.OPEN, ProposalState.SHADOW),
    }
    counts = [
        func.count(case((proposals.c.state.in_([state.value for state in states]), 1))).label(name)
        for name, states in groups.items()
    ]
    place = (proposals.c.model, proposals.c.table_name, proposals.c.column_name)
    statement = select(*place, *counts).where(proposals.c.connection == bridge.name).group_by(*place).order_by(*place)
    async with bridge.engine.connect() as conn:
        return [Agreement(*row) for row in await conn.execute(statement)]


# --- deciding -------------------------------------------------------------------------------------------


async def approve(bridge: Bridge, ids: Sequence[int], *, actor: str) -> list[Decided]:
    """Write the proposed values, each only over the value that was shown.

    Raises FieldnoteError, before anything is written, for a number without a proposal, or one that names no value.
    """
    for found in await _known(bridge, ids):
        if found.kind is ProposalKind.UNCLEAR:
            raise FieldnoteError(
                f"proposal {found.id} has no certain value: {found.reason}",
                hint=f"Enter the value: `fieldnote review edit {found.id} VALUE`, or reject the proposal.",
            )
    return [await _Decision(bridge, number, actor).approve() for number in ids]


async def reject(bridge: Bridge, ids: Sequence[int], *, actor: str) -> list[Decided]:
    """Reject proposals: the same value is neither proposed nor written again.

    Raises FieldnoteError, before anything is rejected, for a number without a proposal.
    """
    await _known(bridge, ids)
    return [await _Decision(bridge, number, actor).reject() for number in ids]


async def edit(bridge: Bridge, number: int, text: str, *, actor: str) -> Decided:
    """Write another value in the place of the proposed one; blank text empties the field.

    It is a person's value from then on. Raises FieldnoteError if `text` is no value of the field's kind.
    """
    await _known(bridge, [number])
    return await _Decision(bridge, number, actor).edit(text)


async def _known(bridge: Bridge, ids: Sequence[int]) -> list[Waiting]:
    """The open ones of these proposals. Raises FieldnoteError, naming them, for numbers without a proposal."""
    mine = [proposals.c.connection == bridge.name, proposals.c.id.in_(ids)]
    async with bridge.engine.connect() as conn:
        known = set((await conn.execute(select(proposals.c.id).where(*mine))).scalars())
        if missing := sorted(set(ids) - known):
            text = f"there is no proposal {', '.join(map(str, missing))}; nothing was decided"
            raise FieldnoteError(text, hint="Run `fieldnote review list` to see the numbers.")
        return await _read(conn, [*mine, proposals.c.state == ProposalState.OPEN.value])


class _Decision:
    """One decision on one proposal."""

    def __init__(self, bridge: Bridge, number: int, actor: str) -> None:
        self.bridge = bridge
        self.number = number
        self.actor = actor

    async def approve(self) -> Decided:
        found = await self._found()
        if found is None:
            return Decided(self.number, Verdict.CLOSED)
        if found.kind is ProposalKind.TAKE_BACK:
            return await self._withdraw(found)
        return await self._write(found, found.proposed, "approved", ProposalState.APPROVED)

    async def edit(self, text: str) -> Decided:
        found = await self._found()
        if found is None:
            return Decided(self.number, Verdict.CLOSED)
        _, settings = self._settings(found)
        return await self._write(found, _value_of(text, settings), "edited", ProposalState.EDITED)

    async def reject(self) -> Decided:
        found = await self._found()
        if found is None:
            return Decided(self.number, Verdict.CLOSED)
        async with self._record(found) as conn:
            if not await self._close(conn, ProposalState.REJECTED):
                return Decided(self.number, Verdict.CLOSED)
            writer = self._writer(conn, found)
            await writer.decline(await field_ledger.load(conn, writer.key), Value(_no_to(found)))
            await conn.commit()
        return Decided(self.number, Verdict.REJECTED)

    # --- steps

    async def _found(self) -> Waiting | None:
        """The open proposal; None if it is not open any more."""
        async with self.bridge.engine.connect() as conn:
            mine = [proposals.c.connection == self.bridge.name, proposals.c.id == self.number]
            found = await _read(conn, [*mine, proposals.c.state == ProposalState.OPEN.value])
        return found[0] if found else None

    async def _write(self, found: Waiting, value: FrozenValue, action: str, state: ProposalState) -> Decided:
        async with self._record(found) as conn:
            if not await self._is_open(conn):
                return Decided(self.number, Verdict.CLOSED)
            writer = self._writer(conn, found)
            try:
                live = await asyncio.to_thread(self._live, writer)
            except CrmRefused as error:
                return Decided(self.number, Verdict.REFUSED, error.message)
            before = await field_ledger.load(conn, writer.key)
            entry = await writer.settle(live, before)
            if entry != before and await self._same(found, live, value):
                return await self._done(conn, state, value)  # we were stopped after the CRM had taken it
            if not await self._same(found, live, found.live):
                return await self._expire(conn, found)
            done = await writer.write(live, entry, self._intent(found, live, value, action))
            if done is None:
                return await self._expire(conn, found)
            if done.state in {FieldState.REFUSED, FieldState.RECORD_MISSING}:
                return Decided(self.number, Verdict.REFUSED, done.reason)
            return await self._done(conn, state, value)

    async def _withdraw(self, found: Waiting) -> Decided:
        """Remove the values of the deleted recording, here and elsewhere, as when it moves to another record."""
        async with self._record(found) as conn:
            if not await self._is_open(conn):
                return Decided(self.number, Verdict.CLOSED)
            live = await asyncio.to_thread(self._live, self._writer(conn, found))
            if not await self._same(found, live, found.live):
                return await self._expire(conn, found)
            await self._close(conn, ProposalState.APPROVED)
            await Recordings(self.bridge.name).withdraw(conn, found.recording_id)
            await conn.commit()
        run_id = await begin(self.bridge.engine, self.bridge.name, "review")
        done = await apply_record(self.bridge, run_id, Model(found.model), found.record)
        await finish(self.bridge.engine, run_id, {"writes": len(done.changes)})
        return Decided(self.number, Verdict.WRITTEN)

    async def _same(self, found: Waiting, left: object, right: object) -> bool:
        return await asyncio.to_thread(self.bridge.crm.same, found.table, found.column, left, right)

    async def _done(self, conn: AsyncConnection, state: ProposalState, value: FrozenValue) -> Decided:
        await self._close(conn, state, field_ledger.hold(value) if state is ProposalState.EDITED else None)
        await conn.commit()
        return Decided(self.number, Verdict.WRITTEN)

    def _intent(self, found: Waiting, live: object, value: FrozenValue, action: str) -> Intent:
        _, settings = self._settings(found)
        new = value
        if action == "approved" and settings.policy is Policy.APPEND and live is not None:
            new = f"{str(live).rstrip()}\n{without_lines(str(value), str(live))}".rstrip("\n")
        return Intent(
            value=new, wanted=_no_to(found), before=freeze(live), recording_id=found.recording_id,
            extraction=found.extraction, action=action, actor=self.actor, said=found.said,
        )  # fmt: skip

    async def _expire(self, conn: AsyncConnection, found: Waiting) -> Decided:
        """The proposal that was shown does not exist any more: look at the record again."""
        await self._close(conn, ProposalState.EXPIRED)
        await Recordings(self.bridge.name).mark_due(conn, [(Model(found.model), found.record)])
        await conn.commit()
        return Decided(self.number, Verdict.EXPIRED, "the CRM's value was changed meanwhile")

    async def _is_open(self, conn: AsyncConnection) -> bool:
        state = await conn.scalar(select(proposals.c.state).where(proposals.c.id == self.number))
        await conn.commit()
        return state == ProposalState.OPEN.value

    async def _close(
        self, conn: AsyncConnection, state: ProposalState, decided: dict[str, FrozenValue] | None = None
    ) -> bool:
        values = {"state": state.value, "closed_at": func.now(), "decided_by": self.actor}
        mine = proposals.c.id == self.number, proposals.c.state == ProposalState.OPEN.value
        closed = (await conn.execute(update(proposals).where(*mine).values(values))).rowcount
        if decided is not None:
            statement = update(proposal_values).where(proposal_values.c.proposal_id == self.number)
            await conn.execute(statement.values(decided=decided))
        return bool(closed)

    # --- the field

    def _record(self, found: Waiting) -> Any:
        return exclusive(self.bridge.engine, "record", self.bridge.name, found.model, found.record, max_wait=_PATIENCE)

    def _settings(self, found: Waiting) -> tuple[TargetSettings, FieldSettings]:
        """The file's settings for the field now."""
        targets = self.bridge.config.pull.targets() if self.bridge.config.pull else {}
        target = targets.get(found.model)
        if target is not None and target.table == found.table:
            for name, settings in target.extractions():
                if settings.to == found.column and name == found.extraction.rstrip():
                    return target, settings
        raise FieldnoteError(
            f"{self.bridge.config.path} no longer writes {found.extraction!r} to {found.table}.{found.column}",
            hint="Reject the proposal, or put the line back.",
        )

    def _writer(self, conn: AsyncConnection, found: Waiting) -> FieldWriter:
        target, settings = self._settings(found)
        return FieldWriter(
            self.bridge.crm,
            conn,
            key=FieldKey(self.bridge.name, found.model, found.record, found.table, found.column),
            record=Record(target.table, target.key, found.record),
            extraction=found.extraction,
            settings=settings,
            run_id=None,
        )

    @staticmethod
    def _live(writer: FieldWriter) -> object:
        row = writer.crm.read(writer.record, (writer.settings.to,))
        if row is None:
            raise CrmRefused(f"{writer.record.table} has no row with {writer.record.key_column} {writer.record.key}")
        return row[writer.settings.to]


def _no_to(found: Waiting) -> FrozenValue:
    """By what a later pass knows the same question again."""
    return found.said if found.kind is ProposalKind.UNCLEAR else found.proposed


def _value_of(text: str, settings: FieldSettings) -> FrozenValue:
    """The words that a person typed, as the field's kind."""
    if not text.strip():
        return None
    converted = convert(text, settings.kind, on=datetime.now().astimezone().date(), choices=settings.choices)
    if isinstance(converted, Unconvertible):
        raise FieldnoteError(problem_of(text, converted.reason), hint=hint_for(settings))
    return freeze(converted)
