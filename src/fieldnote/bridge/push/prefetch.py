"""Long work beside other work: the next one made while one is dealt with, and many made in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")

_PIECE: Final = 200
"""Items that are dealt with before others have their turn: some milliseconds."""


async def one_ahead(items: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """The same items, none of which is None; each is made while the one before it is dealt with.

    Close it when it is left early: it waits for what is being made, so that no thread outlives it.
    """
    async with aclosing(items):
        following = asyncio.create_task(anext(items, None))
        try:
            while (item := await following) is not None:
                following = asyncio.create_task(anext(items, None))
                yield item
        finally:
            await asyncio.gather(following, return_exceptions=True)


async def in_pieces(items: Iterable[T]) -> AsyncGenerator[tuple[T, ...]]:
    """The same items, some at a time; between them all else that waits in the event loop has its turn.

    For work that only computes. In threads of their own, rows and calls would take the interpreter from each other.
    """
    rest = iter(items)
    while piece := tuple(islice(rest, _PIECE)):
        yield piece
        await asyncio.sleep(0)
