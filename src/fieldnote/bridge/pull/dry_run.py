"""A backfill that is only tried: what it would write, by field and policy, with nothing kept and nothing written.

It goes the way of a real one, on tables that live as long as its database connection and hide the ledger's by
their names, and with a CRM that is read and takes every write without doing it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import ClassVar, Final, cast

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.pull.apply import compare_record
from fieldnote.bridge.pull.backfill import Kind, due_records, kind_of, pages_ahead
from fieldnote.bridge.pull.ownership import declare
from fieldnote.bridge.pull.recordings import Fetched, Recordings
from fieldnote.bridge.pull.run import must_write_back
from fieldnote.bridge.pull.user_token import ExtractionRows
from fieldnote.bridge.session import Bridge
from fieldnote.crm.types import Driver, NoteResult, NoteTarget, Outcome, Record, WriteResult
from fieldnote.db.bridge_tables import connections, fields, proposals
from fieldnote.db.engine import Application
from fieldnote.json_form import COUNTS
from fieldnote.siro import bulk

_TAKEN: Final = 200
_COPIED: Final = (
    "connections", "recordings", "recording_links", "recording_contents", "due", "fields", "field_values", "notes",
    "proposals", "proposal_values",
)  # fmt: skip
"""Tables that a comparison reads, and changes."""
_EMPTY: Final = ("writes", "write_values")
"""Tables that it only adds to."""


@dataclass(slots=True)
class BackfillPlan:
    """The results that a backfill would have."""

    connection: str
    since: datetime
    read: int = 0
    """Recordings there are from that time on."""
    changed: int = 0
    """Of those, the ones that are new here or have changed."""
    records: int = 0
    """CRM records to be compared with their recordings."""
    writes: Counter[Kind] = field(default_factory=Counter, metadata=COUNTS)
    proposals: Counter[Kind] = field(default_factory=Counter, metadata=COUNTS)
    """To be put to a person, or kept in the shadow."""
    problems: Counter[Kind] = field(default_factory=Counter, metadata=COUNTS)
    """The values that the CRM would refuse."""
    warnings: list[str] = field(default_factory=list)
    calls: int = 0

    json_properties: ClassVar = ("empty",)

    @property
    def empty(self) -> bool:
        """Whether nothing would be written or proposed."""
        return not (self.writes or self.proposals)


async def plan_backfill(bridge: Bridge, since: datetime) -> BackfillPlan:
    """Count what `backfill_once` would do now. Raises SiroError and CrmUnavailable where one cannot be read."""
    must_write_back(bridge)
    calls = bridge.remote.calls
    plan = BackfillPlan(bridge.name, since)
    async with _stage(bridge) as conn:
        with bulk():
            await _Rehearsal(bridge, conn, plan).run()
    plan.calls = bridge.remote.calls - calls
    return plan


class _Rehearsal:
    def __init__(self, bridge: Bridge, conn: AsyncConnection, plan: BackfillPlan) -> None:
        self.conn = conn
        self.plan = plan
        self.bridge = replace(bridge, crm=cast("Driver", _Pretended(bridge.crm)))
        self.recordings = Recordings(bridge.name)
        self.rows = ExtractionRows(bridge.remote, plan.warnings)

    async def run(self) -> None:
        known = await self.conn.scalar(select(func.coalesce(func.max(proposals.c.id), 0)))
        await self._read()
        for name in _COPIED:  # nobody else does it for tables of one connection
            await self.conn.execute(text(f"analyze pg_temp.{name}"))
        await self.conn.commit()
        await self._compare()
        await self._count(int(known or 0))

    async def _read(self) -> None:
        async with aclosing(pages_ahead(self.bridge, self.plan.since, None)) as pages:
            async for ticket, page in pages:
                whole = await asyncio.gather(*(self.rows.add(held) for held in page.recordings))
                fetched = [Fetched(held, ticket, alone=False) for held in whole]
                stored = await self.recordings.store(self.conn, fetched, datetime.now(UTC))
                await self.conn.commit()
                self.plan.read += len(whole)
                self.plan.changed += len(stored.changed)

    async def _compare(self) -> None:
        after = ("", "")
        while records := await due_records(self.conn, self.bridge.name, after, _TAKEN):
            for model, record in records:
                done = await compare_record(self.bridge, self.conn, None, model, record)
                self.plan.writes.update(kind_of(change) for change in done.changes)
                self.plan.records += 1
            after = records[-1][0].value, records[-1][1]

    async def _count(self, known: int) -> None:
        """New proposals, and fields that the CRM would not take."""
        asked = (
            select(proposals.c.model, proposals.c.column_name, proposals.c.kind, proposals.c.state, func.count())
            .where(proposals.c.id > known, proposals.c.state.in_(["open", "shadow"]))
            .group_by(proposals.c.model, proposals.c.column_name, proposals.c.kind, proposals.c.state)
        )
        for model, column, kind, state, count in await self.conn.execute(asked):
            self.plan.proposals[Kind(model, column, "shadow" if state == "shadow" else "propose", kind)] = count
        refused = (
            select(fields.c.model, fields.c.column_name, fields.c.policy, fields.c.state, func.count())
            .where(fields.c.connection == self.bridge.name, fields.c.state.in_(["refused", "record_missing"]))
            .group_by(fields.c.model, fields.c.column_name, fields.c.policy, fields.c.state)
        )
        for model, column, policy, state, count in await self.conn.execute(refused):
            self.plan.problems[Kind(model, column, policy, state)] = count


class _Pretended:
    """The CRM, read as it is; a write is taken for done as soon as the CRM would allow it. Lent to one rehearsal."""

    def __init__(self, crm: Driver) -> None:
        self.read = crm.read
        self.same = crm.same
        self.may_write = crm.may_write
        self.find_note = crm.find_note

    def write_if(self, record: Record, column: str, *, expected: object, new: object) -> WriteResult:
        """As if it had been written as it is."""
        self.may_write(record.table, column)
        return WriteResult(Outcome.APPLIED, expected, new)

    def insert_row(self, record: Record, values: object) -> None:
        """As if it had been added; the row is not there, so its fields count as missing."""

    def insert_note(self, note: NoteTarget, record: str, key: str, body: str) -> NoteResult:
        """As if there were one now, unless there is one."""
        found = self.find_note(note, record, key)
        if found.outcome is Outcome.APPLIED:
            return NoteResult(Outcome.CHANGED, found.body)
        return NoteResult(Outcome.APPLIED, body)

    def update_note_if(self, note: NoteTarget, record: str, key: str, *, expected: str, body: str) -> NoteResult:
        """As if it said so now, if it says what is expected."""
        found = self.find_note(note, record, key)
        if found.outcome is not Outcome.APPLIED:
            return found
        same = found.body == expected
        return NoteResult(Outcome.APPLIED, body) if same else NoteResult(Outcome.CHANGED, found.body)


@asynccontextmanager
async def _stage(bridge: Bridge) -> AsyncIterator[AsyncConnection]:
    """A database connection on which the ledger's tables are copies, which go with it."""
    async with bridge.engine.connect() as conn:
        try:
            for name in (*_COPIED, *_EMPTY):
                await conn.execute(text(f"create temporary table {name} (like {name} including all)"))
            for name in _COPIED:
                await conn.execute(text(_copy(name)), {"connection": bridge.name})
            await conn.execute(_NUMBER_ON)
            await _be_known(conn, bridge)
            await conn.commit()
            yield conn
        finally:
            await conn.invalidate()  # and the tables go


def _copy(name: str) -> str:
    """This connection's rows; of the connections themselves all, as one may push what another does."""
    which = {
        "connections": "",
        "proposal_values": "join proposals on proposals.id = t.proposal_id",
    }.get(name, "where t.connection = :connection")
    schema = Application.BRIDGE.value
    return f"insert into pg_temp.{name} overriding system value select t.* from {schema}.{name} t {which}"  # noqa: S608


async def _be_known(conn: AsyncConnection, bridge: Bridge) -> None:
    """A connection that was never used has no row; and the file may say how Siro names it."""
    row = {
        "name": bridge.name,
        "organization_id": "",
        "base_url": bridge.remote.base_url,
        "credential": "",
        "crm_identity": "",
    }
    await conn.execute(insert(connections).values(row).on_conflict_do_nothing())
    if (named := bridge.config.siro.integration_connection_id) is not None:
        await declare(conn, bridge.name, named)


_NUMBER_ON = text("""
    select setval(pg_get_serial_sequence('pg_temp.proposals', 'id'), (select coalesce(max(id), 0) + 1 from proposals))
""")
