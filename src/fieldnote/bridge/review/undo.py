"""Takes back what a person decided on a proposal: the earlier value is back, and the proposal waits again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull import ledger as field_ledger
from fieldnote.bridge.pull.ledger import FieldKey, FieldUpdate, ProposalKind, ProposalState
from fieldnote.bridge.pull.recordings import Recordings
from fieldnote.bridge.pull.results import FieldState
from fieldnote.bridge.pull.three_way_merge import KnownField, Value, without_lines
from fieldnote.bridge.recording import Model
from fieldnote.bridge.review.history import Selection, Undo, Undone, revert
from fieldnote.bridge.session import Bridge
from fieldnote.config import Policy
from fieldnote.db.bridge_tables import proposal_values, proposals
from fieldnote.errors import FieldnoteError

_PATIENCE: Final = 30.0


async def undo(bridge: Bridge, number: int, *, actor: str) -> str:
    """Undo a decision. Returns the outcome in words.

    Raises FieldnoteError where nothing was decided, or where the CRM's value was changed since.
    """
    async with bridge.engine.connect() as conn:
        mine = proposals.c.connection == bridge.name, proposals.c.id == number
        row = (await conn.execute(select(proposals).where(*mine))).one_or_none()
    if row is None:
        raise FieldnoteError(f"there is no proposal {number}", hint="Run `fieldnote review list` to see the numbers.")
    match row.state:
        case ProposalState.REJECTED.value:
            key = FieldKey(bridge.name, row.model, row.record, row.table_name, row.column_name)
            await _reopen(bridge, key, row, None)
            return "The rejection is undone. The proposal waits for a decision again."
        case ProposalState.APPROVED.value | ProposalState.EDITED.value:
            key = FieldKey(bridge.name, row.model, row.record, row.table_name, row.column_name)
            if row.kind == ProposalKind.TAKE_BACK.value:
                raise FieldnoteError("a removal cannot be undone here", hint="Enter the value in the CRM.")
            return await _revert(bridge, key, row, actor)
        case _:
            raise FieldnoteError(
                f"proposal {number} was not decided by a person: {row.state}", hint="There is nothing to undo."
            )


async def _revert(bridge: Bridge, key: FieldKey, row: Any, actor: str) -> str:
    """Give the field its value from before, and ask again. A write that is reverted already is left so."""
    async with bridge.engine.connect() as conn:
        write = (await conn.execute(_DECIDED, vars_of(key) | {"decided_at": row.closed_at})).one_or_none()
        entry = await field_ledger.load(conn, key)
    if write is None:
        raise FieldnoteError("nothing was written that could be undone", hint="Look at the field in the CRM.")
    if write.reverted_at is None:
        _check(await revert(bridge, Selection(write_id=write.id), actor=actor))
    rejected = entry.known_field.declined if entry is not None and row.state == ProposalState.APPROVED.value else None
    await _reopen(bridge, key, row, write.id, rejected)
    return "The earlier value is back in the CRM. The proposal waits for a decision again."


def _check(done: Sequence[Undone]) -> None:
    """Raise FieldnoteError unless all was reverted."""
    worst = next((item for item in done if item.outcome is not Undo.REVERTED), None)
    if worst is not None:
        words = {
            Undo.CHANGED: "the CRM's value was changed since, so nothing was undone",
            Undo.LATER: "a later value was written, so nothing was undone",
            Undo.FORGOTTEN: "the earlier value is no longer stored",
        }
        raise FieldnoteError(
            words.get(worst.outcome, worst.reason or "the CRM refused the earlier value"),
            hint="Look at the field in the CRM.",
        )


async def _reopen(bridge: Bridge, key: FieldKey, row: Any, write_id: int | None, rejected: Value | None = None) -> None:
    """The field is compared again. A newer question about it takes the place of this one.

    `write_id`: the write that is undone. `rejected`: the value that a person rejected before that write.
    """
    lock = ("record", bridge.name, key.model, key.record)
    async with exclusive(bridge.engine, *lock, max_wait=_PATIENCE) as conn:
        await field_ledger.close_proposal(conn, key)
        opened = update(proposals).where(proposals.c.id == row.id, proposals.c.state == row.state)
        changed = {"state": ProposalState.OPEN.value, "closed_at": None, "decided_by": None, "created_at": func.now()}
        if not (await conn.execute(opened.values(changed))).rowcount:
            raise FieldnoteError(f"proposal {row.id} is not {row.state} any more", hint="Reload the page.")
        decided = update(proposal_values).where(proposal_values.c.proposal_id == row.id)
        await conn.execute(decided.values(decided=None))
        if write_id is not None:
            await _restore(conn, key, write_id, rejected)
        else:
            await clear_decline(conn, key, FieldState.PROPOSED)
        await conn.commit()


async def _restore(conn: AsyncConnection, key: FieldKey, write_id: int, rejected: Value | None) -> None:
    """The field is known as before this write: else an empty field would be filled without a question."""
    settings = (await conn.execute(_FIELD, vars_of(key))).one()
    before = await _known_before(conn, key, write_id, settings.policy)
    recording_id = await conn.scalar(_SOURCE, vars_of(key) | {"write_id": write_id}) if before.base else None
    known_field = replace(before, declined=rejected)
    new = FieldUpdate(settings.extraction, settings.policy, FieldState.PROPOSED, None, recording_id, known_field)
    await field_ledger.save(conn, key, new)
    await Recordings(key.connection).mark_due(conn, [(Model(key.model), key.record)])


async def _known_before(conn: AsyncConnection, key: FieldKey, write_id: int, policy: str) -> KnownField:
    """The values of the earlier writes: those that were Fieldnote's, back to a person's."""
    known = KnownField()
    for row in await conn.execute(_EARLIER, vars_of(key) | {"write_id": write_id}):
        if row.action not in {"written", "approved"} or row.reverted_at is not None or row.after is None:
            break
        before, after = (row.before or {}).get("value"), row.after["value"]
        if known.base is None:
            lines = without_lines(str(after or ""), str(before or "")) if policy == Policy.APPEND else None
            known = KnownField(base=Value(after), wanted=None if lines is None else Value(lines))
        known = replace(known, original=Value(before))
    return known


async def clear_decline(conn: AsyncConnection, key: FieldKey, state: FieldState) -> None:
    """A person's no does not count any more: the next pass compares the field again. Needs the record's lock."""
    entry = await field_ledger.load(conn, key)
    settings = (await conn.execute(_FIELD, vars_of(key))).one_or_none()
    if entry is not None and settings is not None:
        known_field = replace(entry.known_field, declined=None)
        new = FieldUpdate(settings.extraction, settings.policy, state, None, entry.recording_id, known_field)
        await field_ledger.save(conn, key, new)
    await Recordings(key.connection).mark_due(conn, [(Model(key.model), key.record)])


def vars_of(key: FieldKey) -> dict[str, str]:
    """The key as a query binds it."""
    return {name: getattr(key, name) for name in ("connection", "model", "record", "table_name", "column_name")}


_FIELD: Final = text("""
    select extraction, policy from fields
    where connection = :connection and model = :model and record = :record and table_name = :table_name
      and column_name = :column_name
""")

_OF_FIELD: Final = """
    w.connection = :connection and w.model = :model and w.record = :record and w.table_name = :table_name
    and w.column_name = :column_name and w.kind = 'field'
"""

_DECIDED: Final = text(f"""
    select w.id, w.reverted_at from writes w
    where {_OF_FIELD} and w.action in ('approved', 'edited') and w.written_at <= :decided_at
    order by w.id desc limit 1
""")  # noqa: S608 - our own words; every value is bound
"""The write of a decision: the last one before the proposal was closed."""

_EARLIER: Final = text(f"""
    select w.action, w.reverted_at, v.before, v.after
    from writes w left join write_values v on v.write_id = w.id
    where {_OF_FIELD} and w.id < :write_id order by w.id desc
""")  # noqa: S608

_SOURCE: Final = text(f"""
    select w.recording_id from writes w where {_OF_FIELD} and w.id < :write_id order by w.id desc limit 1
""")  # noqa: S608
