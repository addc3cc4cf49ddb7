"""The run log: when each pass ran, and its outcome."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.db.bridge_tables import runs


async def begin(engine: AsyncEngine, name: str, kind: str) -> int:
    """Note that a pass begins. Its number."""
    async with engine.begin() as conn:
        statement = insert(runs).values(connection=name, kind=kind).returning(runs.c.id)
        return int((await conn.execute(statement)).scalar_one())


async def finish(engine: AsyncEngine, run_id: int, outcome: dict[str, Any]) -> None:
    """Note how it ended: counts and states, no personal data."""
    async with engine.begin() as conn:
        values = {"finished_at": func.now(), "outcome": outcome}
        await conn.execute(update(runs).where(runs.c.id == run_id).values(values))
