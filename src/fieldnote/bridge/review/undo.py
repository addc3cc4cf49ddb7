"""Takes back what a person decided on a proposal: an approval is reverted, a rejection is a question again."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull import ledger as field_ledger
from fieldnote.bridge.pull.ledger import FieldKey, FieldUpdate, ProposalState
from fieldnote.bridge.pull.recordings import Recordings
from fieldnote.bridge.pull.results import FieldState
from fieldnote.bridge.recording import Model
from fieldnote.bridge.review.history import Selection, Undo, revert
from fieldnote.bridge.session import Bridge
from fieldnote.db.bridge_tables import proposals
from fieldnote.errors import FieldnoteError

_PATIENCE: Final = 30.0


async def undo(bridge: Bridge, number: int, *, actor: str) -> str:
    """Undo a decision. What came of it, in words.

    Raises FieldnoteError where nothing was decided, or where the CRM's value was changed since.
    """
    async with bridge.engine.connect() as conn:
        mine = proposals.c.connection == bridge.name, proposals.c.id == number
        row = (await conn.execute(select(proposals).where(*mine))).one_or_none()
    if row is None:
        raise FieldnoteError(
            f"there is no proposal {number}", hint="Run `fieldnote review list` to see which there are."
        )
    match row.state:
        case ProposalState.REJECTED.value:
            key = FieldKey(bridge.name, row.model, row.record, row.table_name, row.column_name)
            await _reopen(bridge, key, number)
            return "The rejection is undone. The proposal waits for a decision again."
        case ProposalState.APPROVED.value | ProposalState.EDITED.value:
            key = FieldKey(bridge.name, row.model, row.record, row.table_name, row.column_name)
            return await _revert(bridge, key, actor)
        case _:
            raise FieldnoteError(
                f"proposal {number} was not decided by a person: {row.state}", hint="There is nothing to undo."
            )


async def _revert(bridge: Bridge, key: FieldKey, actor: str) -> str:
    async with bridge.engine.connect() as conn:
        write_id = await conn.scalar(_LATEST, vars_of(key))
    done = [] if write_id is None else await revert(bridge, Selection(write_id=write_id), actor=actor)
    if not done:
        raise FieldnoteError("nothing was written that could be undone", hint="Look at the field in the CRM.")
    if any(item.outcome is not Undo.REVERTED for item in done):
        words = {
            Undo.CHANGED: "the CRM's value was changed since, so nothing was undone",
            Undo.LATER: "a later value was written, so nothing was undone",
            Undo.FORGOTTEN: "the value from before is not kept any more",
        }
        worst = next(item for item in done if item.outcome is not Undo.REVERTED)
        raise FieldnoteError(
            words.get(worst.outcome, worst.reason or "the CRM did not take the value from before"),
            hint="Look at the field in the CRM.",
        )
    return "The value from before is back in the CRM."


async def _reopen(bridge: Bridge, key: FieldKey, number: int) -> None:
    """The field is compared again. A newer question about it takes the place of this one."""
    lock = ("record", bridge.name, key.model, key.record)
    async with exclusive(bridge.engine, *lock, max_wait=_PATIENCE) as conn:
        await field_ledger.close_proposal(conn, key)
        opened = update(proposals).where(proposals.c.id == number, proposals.c.state == ProposalState.REJECTED.value)
        changed = {"state": ProposalState.OPEN.value, "closed_at": None, "decided_by": None, "created_at": func.now()}
        if not (await conn.execute(opened.values(changed))).rowcount:
            raise FieldnoteError(f"proposal {number} is not rejected any more", hint="Reload the page.")
        await clear_decline(conn, key, FieldState.PROPOSED)
        await conn.commit()


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

_LATEST: Final = text("""
    select max(id) from writes
    where connection = :connection and model = :model and record = :record and table_name = :table_name
      and column_name = :column_name and kind = 'field' and action in ('approved', 'edited') and reverted_at is null
""")
