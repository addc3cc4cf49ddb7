"""PostgreSQL's picture of the tables, kept near the truth while they grow.

Plans are kept, and one that was made for ten rows reads a hundred thousand to find one. PostgreSQL looks again at
a table by itself, but not before a minute has passed, and a CRM's first push takes less.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.db.workspace_tables import (
    accounts,
    contacts,
    crm_users,
    engagement_users,
    engagements,
    leads,
    opportunities,
    opportunity_users,
)

log = logging.getLogger(__name__)

FIRST: Final = 250
"""After so many records the tables are looked at for the first time; then after twice as many, and so on."""
_TABLES: Final = (
    accounts, leads, contacts, opportunities, engagements, crm_users, engagement_users, opportunity_users
)  # fmt: skip
_ANALYZE: Final = text(f"analyze {', '.join(table.name for table in _TABLES)}")


@dataclass(slots=True)
class Statistics:
    """Those of a workspace's tables, as one process keeps them."""

    engine: AsyncEngine
    """As the tables' owner."""
    _taken: int = 0
    _next: int = FIRST
    _looking: asyncio.Task[None] | None = None

    def grew(self, by: int) -> None:
        """So many records were taken; the tables are looked at, in the background, when it is time."""
        self._taken += by
        if self._taken >= self._next and (self._looking is None or self._looking.done()):
            self._next = 2 * self._taken
            self._looking = asyncio.create_task(self._look(), name="workspace statistics")

    async def close(self) -> None:
        """Wait until the tables have been looked at."""
        if self._looking is not None:
            await self._looking

    async def _look(self) -> None:
        try:
            async with self.engine.connect() as conn:
                await (await conn.execution_options(isolation_level="AUTOCOMMIT")).execute(_ANALYZE)
        except DBAPIError as error:  # PostgreSQL does it later by itself
            log.warning("workspace_statistics_failed", extra={"error": type(error.orig).__name__})
