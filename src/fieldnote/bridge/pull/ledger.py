"""The pull ledger: what is known of each CRM field, its proposals, and the provenance of every write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic_core import to_json
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.pull.results import Change, FieldState
from fieldnote.bridge.pull.three_way_merge import Intent, KnownField, Value
from fieldnote.crm.types import FrozenValue, freeze
from fieldnote.db.bridge_tables import proposal_values, proposals
from fieldnote.db.write_buffer import Writes

_UNDECIDED = ("open", "shadow")


@dataclass(frozen=True, slots=True)
class FieldKey:
    """One field of one CRM record."""

    connection: str
    model: str
    record: str
    table_name: str
    column_name: str


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """The ledger's facts about it."""

    state: FieldState
    recording_id: str | None
    """Where the value that we last wrote came from."""
    known_field: KnownField
    asked: bool = True
    """Whether there may be a proposal about it, open or in the shadow."""


async def load(conn: AsyncConnection, key: FieldKey) -> FieldEntry | None:
    """The entry of a field, if something was ever said about it."""
    entries = await load_all(conn, key.connection, key.model, key.record)
    return entries.get((key.table_name, key.column_name))


async def load_all(
    conn: AsyncConnection, connection: str, model: str, record: str
) -> dict[tuple[str, str], FieldEntry]:
    """The entries of a record's fields, by table and column."""
    values = {"connection": connection, "model": model, "record": record}
    return {(row.table_name, row.column_name): _entry(row) for row in await conn.execute(_LOAD, values)}


def _entry(row: Any) -> FieldEntry:
    known_field = KnownField(
        original=_value(row.original),
        base=_value(row.base),
        wanted=_value(row.wanted),
        intent=Intent(**row.intent) if row.intent else None,
        declined=_value(row.declined),
    )
    return FieldEntry(FieldState(row.state), row.recording_id, known_field, row.asked)


@dataclass(frozen=True, slots=True)
class FieldUpdate:
    """The facts to keep about a field."""

    extraction: str
    policy: str
    state: FieldState
    reason: str | None
    recording_id: str | None
    known_field: KnownField


async def save(conn: Writes, key: FieldKey, new: FieldUpdate) -> None:
    """Keep a field's state and values."""
    known_field = new.known_field
    values = {
        "connection": key.connection,
        "model": key.model,
        "record": key.record,
        "table_name": key.table_name,
        "column_name": key.column_name,
        "extraction": new.extraction,
        "policy": new.policy,
        "state": new.state.value,
        "reason": new.reason,
        "recording_id": new.recording_id,
        "original": _json(known_field.original),
        "base": _json(known_field.base),
        "wanted": _json(known_field.wanted),
        "intent": None if known_field.intent is None else to_json(asdict(known_field.intent)).decode(),
        "declined": _json(known_field.declined),
    }
    await conn.execute(_SAVE, values)


async def record_write(conn: Writes, connection: str, run_id: int | None, change: Change) -> None:
    """Provenance of one write."""
    row = {
        "connection": connection,
        "run_id": run_id,
        "kind": change.kind,
        "model": change.model,
        "record": change.record,
        "table_name": change.table,
        "column_name": change.column,
        "recording_id": change.recording_id,
        "extraction": change.extraction,
        "policy": change.policy,
        "action": change.action,
        "actor": change.actor,
        "definition_id": change.definition_id,
    }
    values = {"before": change.before, "after": change.after, "said": change.said}
    await conn.execute(_WRITE, row | {name: to_json(hold(value)).decode() for name, value in values.items()})


class ProposalKind(StrEnum):
    """The question of a proposal."""

    VALUE = "value"
    """Should Fieldnote write this value?"""
    UNCLEAR = "unclear"
    """The words give no certain value. Which value is right?"""
    TAKE_BACK = "take_back"
    """The recording was deleted in Siro, or its link was removed. Should the earlier value come back?"""


class ProposalState(StrEnum):
    """The outcome of a proposal."""

    OPEN = "open"
    """It waits for a person."""
    SHADOW = "shadow"
    """Nobody is asked. Fieldnote compares it with the value that a person enters."""
    APPROVED = "approved"
    """A person approved it, and Fieldnote wrote it."""
    EDITED = "edited"
    """A person chose another value, and Fieldnote wrote that."""
    REJECTED = "rejected"
    """A person rejected the value."""
    MATCHED = "matched"
    """A person entered the same value."""
    DIFFERED = "differed"
    """A person entered a different value."""
    EXPIRED = "expired"
    """The CRM's value changed before the decision, so the proposal no longer applies."""
    SUPERSEDED = "superseded"
    """A newer proposal replaced it, or none is needed now."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal that a person decides."""

    extraction: str
    recording_id: str
    reason: str
    live: object
    proposed: FrozenValue
    said: object
    kind: ProposalKind = ProposalKind.VALUE
    state: ProposalState = ProposalState.OPEN
    """Open, or in the shadow."""


async def propose(conn: AsyncConnection, key: FieldKey, new: Proposal) -> None:
    """Keep the one open proposal of a field; one with another content takes the place of the old one."""
    values = {"live": hold(new.live), "proposed": hold(new.proposed), "said": hold(new.said)}
    statement = (
        select(proposals.c.id, proposals.c.recording_id, proposals.c.state, proposal_values)
        .select_from(proposals.outerjoin(proposal_values))
        .where(*_is(proposals, key), proposals.c.state.in_(_UNDECIDED))
        .with_for_update(of=proposals)
    )
    for old in (await conn.execute(statement)).all():
        held = {name: getattr(old, name) for name in values}
        if held == values and old.recording_id == new.recording_id and old.state == new.state.value:
            return
    await close_proposal(conn, key)
    row = asdict(key) | {
        "extraction": new.extraction,
        "recording_id": new.recording_id,
        "reason": new.reason,
        "kind": new.kind.value,
        "state": new.state.value,
    }
    proposal_id = (await conn.execute(insert(proposals).values(row).returning(proposals.c.id))).scalar_one()
    await conn.execute(insert(proposal_values).values(proposal_id=proposal_id, **values))


async def close_proposal(conn: AsyncConnection, key: FieldKey) -> None:
    """The question does not arise any more."""
    await conn.execute(
        update(proposals)
        .where(*_is(proposals, key), proposals.c.state.in_(_UNDECIDED))
        .values(state=ProposalState.SUPERSEDED.value, closed_at=func.now())
    )


async def shadow(conn: AsyncConnection, key: FieldKey) -> tuple[FrozenValue, FrozenValue] | None:
    """The CRM's value when the field's shadow was cast, and what it would have written."""
    statement = (
        select(proposal_values.c.live, proposal_values.c.proposed)
        .select_from(proposals.join(proposal_values))
        .where(*_is(proposals, key), proposals.c.state == ProposalState.SHADOW.value)
    )
    row = (await conn.execute(statement)).one_or_none()
    return None if row is None else (row.live["value"], row.proposed["value"])


async def close_shadow(conn: AsyncConnection, key: FieldKey, outcome: ProposalState) -> None:
    """A person has entered a value."""
    await conn.execute(
        update(proposals)
        .where(*_is(proposals, key), proposals.c.state == ProposalState.SHADOW.value)
        .values(state=outcome.value, closed_at=func.now())
    )


async def open_proposals(conn: AsyncConnection, connection: str) -> int:
    """How many wait for a person."""
    statement = select(func.count()).where(proposals.c.connection == connection, proposals.c.state == "open")
    return int((await conn.execute(statement)).scalar_one())


def hold(value: object) -> dict[str, FrozenValue]:
    """A value as a JSON column keeps it, so that null in it is a value, too."""
    return {"value": freeze(value)}


def _json(value: Value | None) -> str | None:
    return None if value is None else to_json({"value": value.value}).decode()


def _value(row: dict[str, Any] | None) -> Value | None:
    return None if row is None else Value(row["value"])


def _is(table: Any, key: FieldKey) -> list[Any]:
    return [table.c[name] == value for name, value in asdict(key).items()]


# Each of these is run for every field of every record: two tables in one statement, and nothing built again.
_LOAD = text("""
    select f.table_name, f.column_name, f.state, f.recording_id, v.original, v.base, v.wanted, v.intent, v.declined,
           exists (select from proposals p
                   where p.connection = f.connection and p.model = f.model and p.record = f.record
                     and p.table_name = f.table_name and p.column_name = f.column_name
                     and p.state in ('open', 'shadow')) as asked
    from fields f left join field_values v using (connection, model, record, table_name, column_name)
    where f.connection = :connection and f.model = :model and f.record = :record
""")

_SAVE = text("""
    with kept as (
        insert into fields (connection, model, record, table_name, column_name, extraction, policy, state, reason,
                            recording_id)
        values (:connection, :model, :record, :table_name, :column_name, :extraction, :policy, :state, :reason,
                :recording_id)
        on conflict (connection, model, record, table_name, column_name) do update
        set extraction = excluded.extraction, policy = excluded.policy, state = excluded.state,
            reason = excluded.reason, recording_id = excluded.recording_id, changed_at = now()
    )
    insert into field_values (connection, model, record, table_name, column_name, original, base, wanted, intent,
                              declined)
    values (:connection, :model, :record, :table_name, :column_name, cast(:original as jsonb), cast(:base as jsonb),
            cast(:wanted as jsonb), cast(:intent as jsonb), cast(:declined as jsonb))
    on conflict (connection, model, record, table_name, column_name) do update
    set original = excluded.original, base = excluded.base, wanted = excluded.wanted, intent = excluded.intent,
        declined = excluded.declined
""")

_WRITE = text("""
    with written as (
        insert into writes (connection, run_id, kind, model, record, table_name, column_name, recording_id, extraction,
                            policy, action, actor, definition_id)
        values (:connection, :run_id, :kind, :model, :record, :table_name, :column_name, :recording_id, :extraction,
                :policy, :action, :actor, :definition_id)
        returning id
    )
    insert into write_values (write_id, before, after, said)
    select id, cast(:before as jsonb), cast(:after as jsonb), cast(:said as jsonb) from written
""")


# --- records that wait

_FIRST_RETRY: Final = 120  # seconds; doubled with each attempt
_LAST_RETRY: Final = 6 * 3600


async def postpone(conn: AsyncConnection, due: Mapping[str, object], cause: str | None) -> None:
    """Try a record again later, and later with each attempt. `due`: its key, and the `causes` that were seen."""
    values = {"causes": None, **due, "cause": cause, "first": _FIRST_RETRY, "last": _LAST_RETRY}
    await conn.execute(_LATER, values)


def cause_of(reason: str, record: str) -> str:
    """A reason without the record's id, so that records with the same cause can be found."""
    return re.sub(rf"(?<!\w){re.escape(record)}(?!\w)", "…", reason) if record else reason


_LATER = text("""
    update due
    set attempts = attempts + 1,
        retry_at = now() + make_interval(secs => least(:first * power(2, least(attempts, 16)), :last)),
        cause = :cause
    where connection = :connection and model = :model and record = :record
      and (cast(:causes as integer) is null or causes = cast(:causes as integer))
""")
