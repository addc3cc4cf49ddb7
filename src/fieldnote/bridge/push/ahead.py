"""Making the next one while one is dealt with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


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
