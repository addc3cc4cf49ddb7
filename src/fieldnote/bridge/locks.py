"""Advisory locks: which process may push a stream, run the poll, or write a record."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.bridge.errors import Busy

_LOOK_AGAIN = 0.1  # seconds
_TRY = text("select pg_try_advisory_lock(:number)")
_UNLOCK = text("select pg_advisory_unlock(:number)")


@asynccontextmanager
async def exclusive(engine: AsyncEngine, *name: str, max_wait: float) -> AsyncIterator[AsyncConnection]:
    """Take the lock with this name on a connection of its own, which the caller may use as well.

    Commits at the end what the caller wrote on it, if no error is raised. The lock ends with the connection, so a
    killed process leaves none. Raises `Busy` after `max_wait` seconds.
    """
    number = _number(name)
    async with engine.connect() as connection:
        await _acquire(connection, number, name, max_wait)
        try:
            yield connection
            await connection.commit()
        finally:
            await _release(connection, number)


def _number(name: tuple[str, ...]) -> int:
    digest = hashlib.blake2b("\0".join(name).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


async def _acquire(connection: AsyncConnection, number: int, name: tuple[str, ...], max_wait: float) -> None:
    """Ask again and again: a wait in the database would end with its lock timeout."""
    give_up = time.monotonic() + max_wait
    while True:
        granted = await connection.scalar(_TRY, {"number": number})
        await connection.commit()  # a lock may last for hours, and the database ends a transaction that idles
        if granted:
            return
        if time.monotonic() >= give_up:
            raise Busy(
                f"another process is already running {' '.join(name[:3])}",
                hint="Wait until it ends, and try again. A daemon does so on its schedule.",
            )
        await asyncio.sleep(_LOOK_AGAIN)


async def _release(connection: AsyncConnection, number: int) -> None:
    """A pooled connection is used again, so the lock must go; a broken one has lost it anyway."""
    if connection.closed or connection.invalidated:
        return
    await connection.rollback()
    await connection.execute(_UNLOCK, {"number": number})
    await connection.commit()
