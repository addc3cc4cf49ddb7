"""The synchronous client behind the asynchronous one's surface, so that one suite runs on both.

Each call runs in a thread of its own, and so the server, which lives in the test's event loop, can answer.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

from fieldnote.siro import Listing, Siro

_END = object()


class Threaded:
    """A `Siro` that can be awaited."""

    def __init__(self, siro: Siro) -> None:
        self._siro = siro

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._siro.close()

    def with_options(self, **options: Any) -> Threaded:
        return Threaded(self._siro.with_options(**options))

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._siro, name)
        return _Group(member) if type(member).__module__.startswith("fieldnote.siro._sync") else member

    def __repr__(self) -> str:
        return repr(self._siro)


class _Group:
    def __init__(self, group: object) -> None:
        self._group = group

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._group, name)
        if str(inspect.signature(method).return_annotation).startswith("Listing"):
            return lambda *args, **more: _Pages(method(*args, **more))
        return lambda *args, **more: asyncio.to_thread(method, *args, **more)


class _Pages:
    def __init__(self, listing: Listing[Any]) -> None:
        self._listing = listing

    def __aiter__(self) -> AsyncIterator[Any]:
        return _threaded(iter(self._listing))

    def pages(self) -> AsyncIterator[Any]:
        return _threaded(self._listing.pages())


async def _threaded(items: Iterator[Any]) -> AsyncIterator[Any]:
    while (item := await asyncio.to_thread(next, items, _END)) is not _END:
        yield item
