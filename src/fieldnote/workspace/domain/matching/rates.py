"""Read and keep the rates that an organization's links are decided by."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import matching_rates
from fieldnote.matching import MODEL_VERSION, USUAL, Rates

_RATES: Final = text("select rates from matching_rates where version = :version")


async def read_rates(conn: AsyncConnection) -> Rates:
    """The organization's own rates, or the usual ones while it has none for this version of the model."""
    kept: Any = await conn.scalar(_RATES, {"version": MODEL_VERSION})
    return (Rates.from_json(kept) if kept is not None else None) or USUAL


async def keep_rates(conn: AsyncConnection, organization_id: str, rates: Rates) -> None:
    """Replace the organization's rates."""
    values = {"version": MODEL_VERSION, "learned_from": rates.learned_from, "rates": rates.as_json()}
    statement = insert(matching_rates).values(organization_id=organization_id, **values)
    changed = values | {"learned_at": func.now()}
    await conn.execute(statement.on_conflict_do_update(index_elements=["organization_id"], set_=changed))
