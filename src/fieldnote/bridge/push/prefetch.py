"""Prefetch: make the next item while one is processed; and long computations in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

T = TypeVar("T")

_CLOSING: Final = 5.0
"""Seconds that an item in the making may take after the last one was used."""
_PIECE: Final = 200
"""Items between two turns of the event loop: some milliseconds."""


async def one_ahead(items: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """The same items, which must not be None; each is made while the one before it is processed.

    Close it when you leave early: it waits some seconds for the item in the making, then cancels it.
    """
    async with aclosing(items):
        following = asyncio.create_task(anext(items, None))
        try:
            while (item := await following) is not None:
                following = asyncio.create_task(anext(items, None))
                yield item
        finally:
            if not following.done():
                await asyncio.wait([following], timeout=_CLOSING)
                following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def in_pieces(items: Iterable[T]) -> AsyncGenerator[tuple[T, ...]]:
    """The same items, some at a time, with a turn of the event loop between them.

    For work that only computes. In threads, rows and calls would take the interpreter from each other.
    """
    rest = iter(items)
    while piece := tuple(islice(rest, _PIECE)):
        yield piece
        await asyncio.sleep(0)


async def key_pages(
    engine: AsyncEngine, read: Callable[[AsyncConnection, str], Awaitable[list[str]]]
) -> AsyncGenerator[list[str]]:
    """Lists of keys, as `read` gives those behind a key, until there are no more."""
    after = ""
    while True:
        async with engine.connect() as conn:
            keys = await read(conn, after)
        if not keys:
            return
        yield keys
        after = keys[-1]
