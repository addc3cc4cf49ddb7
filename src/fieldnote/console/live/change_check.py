"""One statement that shows whether anything changed: the last numbers that the tables have given out."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.console.context import Console
from fieldnote.console.live.watcher import Look

# Reads the sequences: no table is read, and nothing is locked. The job queue's move all the time.
_NUMBERS: Final = text("""
select coalesce(string_agg(sequencename || '=' || coalesce(last_value, 0), ',' order by sequencename), '')
  from pg_sequences where schemaname = current_schema() and sequencename not like 'procrastinate%'
""")


def look_at(console: Console) -> Look:
    """Look at the bridge's schema and the console's."""
    engines = [console.engine, *([] if console.bridge is None else [console.bridge.engine])]

    async def look() -> str:
        return " ".join([await _numbers(engine) for engine in engines])

    return look


async def _numbers(engine: AsyncEngine) -> str:
    async with engine.connect() as conn:
        return str(await conn.scalar(_NUMBERS))
