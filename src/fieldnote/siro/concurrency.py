"""The few things that tasks and threads do differently, in pairs: the names with `Async` are for tasks.

The synchronous client is generated from the asynchronous one, and takes the other half of each pair.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

AsyncLock = asyncio.Lock
Lock = threading.Lock

AsyncSemaphore = asyncio.Semaphore
Semaphore = threading.Semaphore

AsyncSleep = Callable[[float], Awaitable[None]]
Sleep = Callable[[float], None]

async_sleep: AsyncSleep = asyncio.sleep
sleep: Sleep = time.sleep


def async_deadline(seconds: float) -> AbstractAsyncContextManager[object]:
    """Raises TimeoutError where what is inside takes longer."""
    return asyncio.timeout(seconds)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Nothing: a thread cannot be interrupted. Whoever reads in it looks at the clock after each part."""
    del seconds
    yield


async def async_result(future: Future[T]) -> T:
    """Wait for a future that a thread may fulfil."""
    return await asyncio.wrap_future(future)


def result(future: Future[T]) -> T:
    """Wait for a future that another thread fulfils."""
    return future.result()


_CHUNK = 256 * 1024


async def async_chunks(file: Path) -> AsyncIterator[bytes]:
    """A file's bytes, part by part."""
    with await asyncio.to_thread(file.open, "rb") as opened:
        while part := await asyncio.to_thread(opened.read, _CHUNK):
            yield part


def chunks(file: Path) -> Iterator[bytes]:
    """A file's bytes, part by part."""
    with file.open("rb") as opened:
        while part := opened.read(_CHUNK):
            yield part
