"""Statements that are run together: of many small ones it is the way to the database that costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncConnection


class Writes(Protocol):
    """Where statements without an answer go: a connection, or `Batched`."""

    async def execute(self, statement: Executable, parameters: Any, /) -> Any:
        """Run it now, or at the next commit."""
        ...

    async def commit(self) -> None:
        """All that was given counts."""
        ...


class Batched:
    """Keeps statements back until the commit; each kind is run at once then, in the order of its rows."""

    def __init__(self, conn: AsyncConnection) -> None:
        self._conn = conn
        self._waiting: dict[Executable, list[Mapping[str, Any]]] = {}

    async def execute(self, statement: Executable, parameters: Mapping[str, Any], /) -> None:
        """Keep it for the commit. Of two kinds, neither may need the other to have been run."""
        self._waiting.setdefault(statement, []).append(parameters)

    async def commit(self) -> None:
        """Run what waits, and commit."""
        waiting, self._waiting = self._waiting, {}
        for statement, rows in waiting.items():
            await self._conn.execute(statement, rows)
        await self._conn.commit()
