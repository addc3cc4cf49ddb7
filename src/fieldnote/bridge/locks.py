"""Advisory locks: who may push a stream, run the poll, or write a record, among all processes."""

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
async def exclusive(engine: AsyncEngine, *what: str, patience: float) -> AsyncIterator[AsyncConnection]:
    """Hold the lock named by `what` on a connection of its own, which the holder may use as well.

    What the holder has written is committed at the end, if it ended well. The lock ends with the connection, so a
    process that is killed leaves none. Raises `Busy` after `patience` seconds.
    """
    number = _number(what)
    async with engine.connect() as connection:
        await _acquire(connection, number, what, patience)
        try:
            yield connection
            await connection.commit()
        finally:
            await _release(connection, number)


def _number(what: tuple[str, ...]) -> int:
    digest = hashlib.blake2b("\0".join(what).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


async def _acquire(connection: AsyncConnection, number: int, what: tuple[str, ...], patience: float) -> None:
    """Asked again and again rather than waited for: a wait would end with the database's lock time-out."""
    give_up = time.monotonic() + patience
    while True:
        granted = await connection.scalar(_TRY, {"number": number})
        await connection.commit()  # some hold it for hours, and a transaction that idles is ended by the database
        if granted:
            return
        if time.monotonic() >= give_up:
            raise Busy(
                f"{' '.join(what[:3])}: another process is at it",
                hint="Wait until it is done. A daemon does this by itself on its schedule.",
            )
        await asyncio.sleep(_LOOK_AGAIN)


async def _release(connection: AsyncConnection, number: int) -> None:
    """A pooled connection outlives its use here, so the lock must go; a broken one has lost it anyway."""
    if connection.closed or connection.invalidated:
        return
    await connection.rollback()
    await connection.execute(_UNLOCK, {"number": number})
    await connection.commit()
