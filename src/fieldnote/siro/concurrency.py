"""The few operations that differ between tasks and threads, in pairs: the names with `Async` are for tasks.

The synchronous client is generated from the asynchronous one, and uses the other half of each pair.

A task can be cancelled, so asyncio ends its waits. A thread cannot: in the synchronous client each single wait (a read
from the socket, a place, a permit) looks at the deadline of the call and takes no longer than it leaves.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


# --- deadlines ------------------------------------------------------------------------------------------

_ends_at: ContextVar[float | None] = ContextVar("fieldnote_siro_deadline", default=None)


def async_deadline(seconds: float) -> AbstractAsyncContextManager[object]:
    """Raise TimeoutError where the block takes longer."""
    return asyncio.timeout(seconds)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise TimeoutError from the first wait in the block that passes its end. The earlier of nested ends counts."""
    end, outer = time.monotonic() + seconds, _ends_at.get()
    token = _ends_at.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _ends_at.reset(token)


def left(timeout: float | None = None) -> float | None:
    """Seconds that a wait may take, at most `timeout`; None: any. Raises TimeoutError after the deadline."""
    end = _ends_at.get()
    if end is None:
        return timeout
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds if timeout is None else min(timeout, seconds)


# --- locks and waits ------------------------------------------------------------------------------------

AsyncLock = asyncio.Lock
AsyncSemaphore = asyncio.Semaphore


class Semaphore(threading.Semaphore):
    """A semaphore whose waits respect the deadline."""

    def __enter__(self) -> bool:  # type: ignore[override]
        if not self.acquire(timeout=left()):
            raise TimeoutError
        return True


class Lock(Semaphore):
    """A lock whose waits respect the deadline."""

    def __init__(self) -> None:
        super().__init__(1)


AsyncSleep = Callable[[float], Awaitable[None]]
Sleep = Callable[[float], None]

async_sleep: AsyncSleep = asyncio.sleep
sleep: Sleep = time.sleep


async def async_result(future: Future[T]) -> T:
    """Wait for a future that a thread may set."""
    return await asyncio.wrap_future(future)


def result(future: Future[T]) -> T:
    """Wait for a future that another thread sets. Raise TimeoutError after the deadline."""
    return future.result(left())


# --- the network ----------------------------------------------------------------------------------------


def async_bound_network(http: Any) -> None:
    """Do nothing: `async_deadline` ends the waits of a task."""
    del http


def bound_network(http: Any) -> None:
    """Make each network wait of an HTTP client respect the deadline.

    The HTTP library bounds each read alone, so an answer whose head comes byte by byte would never time out.
    """
    for transport in (getattr(http, "_transport", None), *getattr(http, "_mounts", {}).values()):
        pool = getattr(transport, "_pool", None)
        backend = getattr(pool, "_network_backend", None)
        if backend is not None:
            pool._network_backend = _Backend(backend)  # type: ignore[union-attr]  # noqa: SLF001 - there is no setting


class _Backend:
    """A network backend of the HTTP library whose connections respect the deadline."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **more: Any) -> _Stream:
        return _Stream(self._inner.connect_tcp(host, port, timeout=left(timeout), **more))

    def connect_unix_socket(self, path: str, timeout: float | None = None, **more: Any) -> _Stream:
        return _Stream(self._inner.connect_unix_socket(path, timeout=left(timeout), **more))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream:
    """A connection whose waits respect the deadline."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        found: bytes = self._inner.read(max_bytes, timeout=left(timeout))
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout=left(timeout))

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout=left(timeout)))

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


# --- files ----------------------------------------------------------------------------------------------

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
