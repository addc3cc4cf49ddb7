"""The pull ledger: what is known of each CRM field, its proposals, and the provenance of every write."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.merge import Intent, Standing, Value
from fieldnote.bridge.outcomes import Change, FieldState
from fieldnote.crm.types import FrozenValue, freeze
from fieldnote.db.bridge_tables import field_values, fields, proposal_values, proposals, write_values, writes
from fieldnote.db.upserts import upsert

_STANDING = ("open", "shadow")
_KEY = {"connection", "model", "record", "table_name", "column_name"}
_NEW_WRITE = insert(writes).returning(writes.c.id)
_NEW_VALUES = insert(write_values)


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
    """What the ledger knows of it."""

    state: FieldState
    recording_id: str | None
    """Where the value that we last wrote came from."""
    standing: Standing


async def load(conn: AsyncConnection, key: FieldKey) -> FieldEntry | None:
    """The entry of a field, if something was ever said about it."""
    joined = fields.outerjoin(field_values)
    values = [field_values.c[name] for name in ("original", "base", "wanted", "intent", "declined")]
    statement = select(fields.c.state, fields.c.recording_id, *values).select_from(joined).where(*_is(fields, key))
    row = (await conn.execute(statement)).one_or_none()
    if row is None:
        return None
    standing = Standing(
        original=_value(row.original),
        base=_value(row.base),
        wanted=_value(row.wanted),
        intent=Intent(**row.intent) if row.intent else None,
        declined=_value(row.declined),
    )
    return FieldEntry(FieldState(row.state), row.recording_id, standing)


@dataclass(frozen=True, slots=True)
class FieldUpdate:
    """What to keep of a field."""

    extraction: str
    policy: str
    state: FieldState
    reason: str | None
    recording_id: str | None
    standing: Standing


async def save(conn: AsyncConnection, key: FieldKey, new: FieldUpdate) -> None:
    """Keep a field's state and values."""
    facts = asdict(key) | {
        "extraction": new.extraction,
        "policy": new.policy,
        "state": new.state.value,
        "reason": new.reason,
        "recording_id": new.recording_id,
    }
    standing = new.standing
    values = asdict(key) | {
        "original": _json(standing.original),
        "base": _json(standing.base),
        "wanted": _json(standing.wanted),
        "intent": asdict(standing.intent) if standing.intent is not None else None,
        "declined": _json(standing.declined),
    }
    await conn.execute(upsert(fields, tuple(sorted(facts.keys() - _KEY)), now=("changed_at",)), facts)
    await conn.execute(upsert(field_values, tuple(sorted(values.keys() - _KEY))), values)


async def record_write(conn: AsyncConnection, connection: str, run_id: int | None, change: Change) -> None:
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
    write_id = (await conn.execute(_NEW_WRITE, row)).scalar_one()
    values = {
        "write_id": write_id,
        "before": hold(change.before),
        "after": hold(change.after),
        "said": hold(change.said),
    }
    await conn.execute(_NEW_VALUES, values)


class ProposalKind(StrEnum):
    """What a proposal asks."""

    VALUE = "value"
    """Shall this value be written?"""
    UNCLEAR = "unclear"
    """These words are no certain value: which one is meant?"""
    TAKE_BACK = "take_back"
    """The recording was deleted in Siro: shall the value from before stand again?"""


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    """It waits for a person."""
    SHADOW = "shadow"
    """Nobody is asked; what people enter is compared with it."""
    APPROVED = "approved"
    """A person agreed, and it was written."""
    EDITED = "edited"
    """A person had another value written."""
    REJECTED = "rejected"
    """A person said no."""
    MATCHED = "matched"
    """A person entered just what the shadow would have written."""
    DIFFERED = "differed"
    """A person entered something else than the shadow would have written."""
    EXPIRED = "expired"
    """The CRM's value was changed meanwhile; the difference that was shown does not exist any more."""
    SUPERSEDED = "superseded"
    """Something else is proposed now, or nothing any more."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a person may decide on."""

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
        .where(*_is(proposals, key), proposals.c.state.in_(_STANDING))
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
        .where(*_is(proposals, key), proposals.c.state.in_(_STANDING))
        .values(state=ProposalState.SUPERSEDED.value, closed_at=func.now())
    )


async def shadow(conn: AsyncConnection, key: FieldKey) -> tuple[FrozenValue, FrozenValue] | None:
    """What stood in the CRM when the field's shadow was cast, and what it would have written."""
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


def _json(value: Value | None) -> dict[str, FrozenValue] | None:
    return None if value is None else {"value": value.value}


def _value(row: dict[str, Any] | None) -> Value | None:
    return None if row is None else Value(row["value"])


def _is(table: Any, key: FieldKey) -> list[Any]:
    return [table.c[name] == value for name, value in asdict(key).items()]
