"""Streams of live updates: they end with the page, the session and the process, and leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from fieldnote.console.live.answer import LiveAnswer
from fieldnote.console.live.watcher import Watcher


@dataclass
class Source:
    """Something that changes, or fails."""

    state: str = "a"
    looks: int = 0
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> str:
        self.looks += 1
        self.looked.set()
        if self.state == "broken":
            raise OperationalError("select", {}, Exception("gone"))
        return self.state

    async def look_again(self) -> None:
        """Wait until it was looked at twice more: the first may have begun before a change."""
        for _ in range(2):
            self.looked.clear()
            await self.looked.wait()


@dataclass
class Page:
    """A page with a stream."""

    watcher: Watcher
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    good: bool = True
    beat: float = 60.0
    received: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def is_good(self) -> bool:
        return self.good

    def open(self, session: str = "s") -> asyncio.Task[None]:
        """The stream, running."""
        assert self.watcher.begin(session)
        answer = LiveAnswer(self.watcher, session, is_good=self.is_good, stopping=self.stopping, beat=self.beat)
        return asyncio.create_task(answer({"type": "http"}, self._receive, self._send))

    async def until(self, words: bytes, count: int = 1) -> None:
        """Wait until this has arrived so often."""
        while b"".join(self.received).count(words) < count:
            self.arrived.clear()
            await self.arrived.wait()

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.received.append(message.get("body", b""))
        self.arrived.set()


async def test_a_change_reaches_every_page_once_and_says_nothing_about_it() -> None:
    source = Source()
    watcher = Watcher(source, every=0.01)
    pages = [Page(watcher) for _ in range(3)]
    tasks = [page.open(f"session {number}") for number, page in enumerate(pages)]
    await source.look_again()
    source.state = "b"
    for page in pages:
        await page.until(b"event: changed")
    await source.look_again()
    for page in pages:
        assert b"".join(page.received).split(b"\n\n") == [b"retry: 5000", b"event: changed\ndata: 1", b""]
        page.gone.set()
    await asyncio.gather(*tasks)
    assert watcher.streams == 0


@pytest.mark.parametrize("end", ["page", "session", "process"])
async def test_a_stream_ends_with_its_page_its_session_and_the_process(end: str) -> None:
    watcher = Watcher(Source(), every=0.01)
    page = Page(watcher, beat=0.02)
    task = page.open()
    await page.until(b": still here")
    if end == "page":
        page.gone.set()
    elif end == "session":
        page.good = False
    else:
        page.stopping.set()
    await task
    assert watcher.streams == 0


async def test_nothing_is_looked_at_while_no_page_is_open_and_a_failing_database_ends_no_stream() -> None:
    source = Source()
    watcher = Watcher(source, every=0.01)
    assert source.looks == 0
    page = Page(watcher)
    task = page.open()
    await source.look_again()
    source.state = "broken"
    await source.look_again()
    source.state = "b"
    await page.until(b"event: changed")
    page.gone.set()
    await task
    looks = source.looks
    for _ in range(50):
        await asyncio.sleep(0)
    assert source.looks == looks
    again = Page(watcher)
    task = again.open()
    await source.look_again()
    assert b"changed" not in b"".join(again.received)
    again.gone.set()
    await task


async def test_streams_are_limited_by_session_and_in_all() -> None:
    watcher = Watcher(Source(), every=60)
    assert [watcher.begin("one") for _ in range(5)] == [True] * 4 + [False]
    granted = sum(watcher.begin(f"session {number}") for number in range(300))
    assert granted == 196
    await watcher.end("one")
    assert watcher.begin("one")
    for number in range(granted):
        await watcher.end(f"session {number}")
    for _ in range(4):
        await watcher.end("one")
    assert watcher.streams == 0
    assert not watcher._streams


async def test_a_thousand_streams_that_opened_and_closed_leave_memory_flat() -> None:
    watcher = Watcher(Source(), every=0.01)

    async def rounds(count: int) -> None:
        for _ in range(count):
            pages = [Page(watcher) for _ in range(20)]
            tasks = [page.open(f"session {number}") for number, page in enumerate(pages)]
            await asyncio.gather(*(page.until(b"retry") for page in pages))
            for page in pages:
                page.gone.set()
            await asyncio.gather(*tasks)

    await rounds(5)
    kept: list[int] = []
    while not kept or (kept[-1] >= 60_000 and len(kept) < 12):  # other threads of the process allocate, too
        kept.append(await _memory(lambda: rounds(50)))
    assert kept[-1] < 60_000, f"{kept} bytes"
    assert watcher.streams == 0


async def _memory(act: Callable[[], Awaitable[None]]) -> int:
    """Bytes that are left by an act."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        await act()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
