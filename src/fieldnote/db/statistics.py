"""Fresh statistics for tables that one run fills.

PostgreSQL analyzes a table once a minute at best. Until then it plans as if the table were empty, and reads all of
a connection's rows where an index would give one: the more rows a run has written, the slower each statement gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncEngine

_FIRST: Final = 500
_GROWTH: Final = 4


class Statistics:
    """Of some tables: renewed whenever a run has written four times as many rows as when they last were."""

    def __init__(self, engine: AsyncEngine, tables: Sequence[Table]) -> None:
        self._engine = engine
        self._names = ", ".join(table.name for table in tables)
        self._written = 0
        self._next = _FIRST

    async def written(self, rows: int) -> None:
        """So many more have been written."""
        self._written += rows
        if self._written >= self._next:
            self._next = self._written * _GROWTH
            await self.renew()

    async def renew(self) -> None:
        """Look at the tables now."""
        async with self._engine.begin() as conn:
            await conn.execute(text(f"analyze {self._names}"))
