"""The database connections that requests work on: kept open from one request to the next.

A request needs a connection for a few milliseconds, and most of what it does is decided in less. So that the
handing over does not cost more than the work, nothing is asked of a connection beforehand: one that died while
it waited shows it at the transaction's first statement, which is then tried on another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.workspace.rows import row_factory

Driver = psycopg.AsyncConnection[Any]
R = TypeVar("R")

COUNT: Final = 8
"""How many requests are in the database at once; the others wait here, where it is cheaper."""

# Every question of a request finds its rows by an index. A plan for that is made once a connection, as making it
# takes longer than the work, and must not depend on how small the tables were then.
_SETTINGS: Final = """
select set_config(name, value, false)
  from (values ('plan_cache_mode', 'force_generic_plan'), ('enable_seqscan', 'off')) setting (name, value)
"""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A connection inside a transaction, by both of its names."""

    conn: AsyncConnection
    """For statements of SQLAlchemy."""
    driver: Driver
    """The same for psycopg itself, which is quicker: for what every second request does."""
    when_committed: list[Callable[[], None]] = field(default_factory=list)
    """The acts for after the commit."""

    async def exists(self, statement: LiteralString, values: Mapping[str, object]) -> bool:
        """Whether a statement gives a row."""
        return await (await self.driver.execute(statement, values)).fetchone() is not None

    async def read(self, kind: type[R], statement: LiteralString, values: Mapping[str, object]) -> list[R]:
        """The rows of a statement, each as a `kind`: a named tuple or dataclass with a field for every column.

        A connection prepares the statement when it runs it for the second time.
        """
        cursor = self.driver.cursor(row_factory=row_factory(kind))
        await cursor.execute(statement, values)
        return await cursor.fetchall()


@dataclass(slots=True)
class Connections:
    """Up to `COUNT` connections of an engine."""

    engine: AsyncEngine
    _waiting: list[tuple[AsyncConnection, Driver]] = field(default_factory=list)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(COUNT))

    @asynccontextmanager
    async def transaction(
        self, kind: type[R], statement: LiteralString, values: Mapping[str, object]
    ) -> AsyncIterator[tuple[Transaction, R | None]]:
        """A transaction that begins with this statement, and the statement's row as a `kind`.

        It is committed unless an error leaves it.
        """
        async with self._places:
            transaction, first = await self._begin(kind, statement, values)
            try:
                yield transaction, first
                await _commit(transaction)
                for act in transaction.when_committed:
                    act()
            finally:
                await asyncio.shield(self._give_back(transaction))

    async def close(self) -> None:
        """Close those that wait."""
        while self._waiting:
            await self._waiting.pop()[0].close()

    async def _begin(
        self, kind: type[R], statement: LiteralString, values: Mapping[str, object]
    ) -> tuple[Transaction, R | None]:
        while self._waiting:
            conn, driver = self._waiting.pop()
            try:
                return Transaction(conn, driver), await _first(driver, kind, statement, values)
            except psycopg.OperationalError:
                await _forget(conn)  # it died while it waited, and the others may have as well
            except BaseException:
                await asyncio.shield(_forget(conn))
                raise
        conn, driver = await self._open()
        try:
            return Transaction(conn, driver), await _first(driver, kind, statement, values)
        except BaseException:
            await asyncio.shield(_forget(conn))
            raise

    async def _open(self) -> tuple[AsyncConnection, Driver]:
        conn = await self.engine.connect()
        driver = (await conn.get_raw_connection()).driver_connection
        if not isinstance(driver, psycopg.AsyncConnection):
            raise TypeError(f"psycopg's connection expected, got {type(driver).__name__}")
        driver.prepare_threshold = 0  # a plan made for one use would cost the most
        await driver.execute(_SETTINGS)
        await driver.commit()
        return conn, driver

    async def _give_back(self, transaction: Transaction) -> None:
        """Back among those that wait; one in a state that is not known is closed."""
        conn, driver = transaction.conn, transaction.driver
        try:
            if conn.in_transaction():
                await conn.rollback()
            if driver.info.transaction_status is not TransactionStatus.IDLE:
                await driver.rollback()
        except Exception:  # noqa: BLE001 - whatever is the matter with it, the next request gets another
            await _forget(conn)
            return
        self._waiting.append((conn, driver))


async def _first(driver: Driver, kind: type[R], statement: LiteralString, values: Mapping[str, object]) -> R | None:
    cursor = driver.cursor(row_factory=row_factory(kind))
    await cursor.execute(statement, values)
    return await cursor.fetchone()


async def _commit(transaction: Transaction) -> None:
    if transaction.conn.in_transaction():  # a statement of SQLAlchemy's was among it
        await transaction.conn.commit()
    else:
        await transaction.driver.commit()


async def _forget(conn: AsyncConnection) -> None:
    await conn.invalidate()
    await conn.close()
