"""The run log: when each pass ran, its last progress, and its outcome."""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.db.bridge_tables import runs

log = logging.getLogger(__name__)

_EVERY: Final = 30.0
"""Seconds between two notes of progress."""


@dataclass(slots=True)
class _Run:
    """The run of the present task."""

    engine: AsyncEngine
    run_id: int
    noted_at: float


_current: ContextVar[_Run | None] = ContextVar("fieldnote run", default=None)


async def begin(engine: AsyncEngine, name: str, kind: str) -> int:
    """Note the start of a pass. Returns its number."""
    async with engine.begin() as conn:
        statement = insert(runs).values(connection=name, kind=kind).returning(runs.c.id)
        run_id = int((await conn.execute(statement)).scalar_one())
    _current.set(_Run(engine, run_id, time.monotonic()))
    return run_id


async def note_progress(words: str | None = None) -> None:
    """Note that the present run moves: a page, a record or a recording is done. At most twice a minute.

    `words`: how far it is, without customers' data.
    """
    run = _current.get()
    if run is None or time.monotonic() - run.noted_at < _EVERY:
        return
    run.noted_at = time.monotonic()
    async with run.engine.begin() as conn:
        values = {"moved_at": func.now()} | ({"outcome": {"progress": words}} if words is not None else {})
        await conn.execute(update(runs).where(runs.c.id == run.run_id).values(values))
    if words is not None:
        log.info("run_moves", extra={"progress": words})


async def finish(engine: AsyncEngine, run_id: int, outcome: dict[str, Any]) -> None:
    """Note the end of a pass: counts and states, no personal data."""
    async with engine.begin() as conn:
        values = {"finished_at": func.now(), "outcome": outcome}
        await conn.execute(update(runs).where(runs.c.id == run_id).values(values))
