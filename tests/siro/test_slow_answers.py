"""Every wait ends: servers that accept and never answer, and answers that come byte by byte."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fieldnote.siro import AsyncSiro, BadResponse, RateLimited, RetryPolicy, Siro, SiroUnavailable, limits
from fieldnote.siro.silence import Silence
from fieldnote.siro.wire import CONNECTIONS
from tests.siro.server import Reply, Request, as_json, serving
from tests.waiting import HANGS

pytestmark = pytest.mark.slow

Make = Callable[..., AsyncSiro]
ONCE = RetryPolicy(attempts=1)

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n"
SLOW: dict[str, tuple[bytes, bytes]] = {
    "no answer": (b"", b""),
    "a head that comes byte by byte": (b"HTTP/1.1 200 OK\r\n", b"x-filler: a\r\n"),
    "a head without an end": (HEAD, b""),
    "a body that comes byte by byte": (HEAD + b"\r\n", b" "),
    "a body without an end": (HEAD + b"\r\n[", b""),
}
"""The bytes that a server sends at once, and those that follow one by one."""


@asynccontextmanager
async def dripping(first: bytes, drops: bytes) -> AsyncIterator[str]:
    """A server that sends `first`, then one byte of `drops` after the other, without end."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(first)
            number = 0
            while True:
                await asyncio.sleep(0.02)
                if drops:
                    writer.write(drops[number % len(drops) :][:1])
                    await writer.drain()
                    number += 1
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("name", SLOW)
async def test_an_attempt_ends_however_slowly_the_answer_comes(client: Make, name: str) -> None:
    async with dripping(*SLOW[name]) as url, client(url, policy=ONCE, timeout=0.4) as siro:
        with pytest.raises(SiroUnavailable, match="in time"):
            await siro.auth.caller_identity()


@pytest.mark.parametrize("name", SLOW)
async def test_a_call_with_its_retries_ends_at_the_deadline(client: Make, name: str) -> None:
    for_ever = RetryPolicy(attempts=1_000_000, base=0.001, cap=0.001)
    async with dripping(*SLOW[name]) as url, client(url, policy=for_ever, timeout=0.3, deadline=1.0) as siro:
        with pytest.raises(SiroUnavailable):
            await siro.auth.caller_identity()


@pytest.mark.parametrize("name", SLOW)
async def test_after_a_long_silence_calls_fail_at_once(client: Make, name: str) -> None:
    """All calls of a client together: of a hundred, one must not wait behind the other."""
    for_ever = RetryPolicy(attempts=1_000_000, base=0.001, cap=0.001, silence=0.5)
    async with dripping(*SLOW[name]) as url, client(url, policy=for_ever, timeout=0.3) as siro:
        with pytest.raises(SiroUnavailable, match="in time"):
            await siro.auth.caller_identity()
        calls = siro.totals.calls
        for _ in range(100):
            with pytest.raises(SiroUnavailable, match="not sent, as no call got a whole answer"):
                await siro.auth.caller_identity()
        assert siro.totals.calls == calls


def test_a_silence_ends_with_an_answer_and_one_attempt_in_30_seconds_is_let_through() -> None:
    silence = Silence()
    silence.failed(0, 100)
    assert (silence.seconds(100), silence.refuses(100, 300)) == (100, False)
    silence.failed(150, 310)
    assert [silence.refuses(at, 300) for at in (311, 339, 341, 342, 372, 373)] == [True, True, False, True, False, True]
    silence.failed(372, 400)
    assert silence.refuses(401, 300)
    silence.ended()
    assert (silence.seconds(402), silence.refuses(402, 300)) == (0, False)
    silence.failed(500, 510)
    silence.failed(800, 900)
    assert silence.seconds(900) == 100, "ten quiet minutes between two faults are no silence"


async def test_a_connection_that_is_never_accepted_ends(client: Make) -> None:
    """The server's queue is full, so that the system answers no connection."""
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with client(url, policy=ONCE, timeout=0.4) as siro:
            with pytest.raises(SiroUnavailable):
                await siro.auth.caller_identity()
        for filler in fillers:
            filler.close()


async def test_a_wait_that_would_pass_the_deadline_is_not_begun(client: Make, world: Any) -> None:
    reply = as_json({"error": "slow down"}, 429, **{"retry-after": "100"})
    async with serving(lambda _: reply) as server, client(server.url, deadline=30) as siro:
        with pytest.raises(RateLimited) as caught:
            await siro.auth.caller_identity()
    assert (caught.value.status, len(server.seen), world.waits) == (429, 1, [])


class NeverLimiter:
    """A budget that never has room."""

    def __init__(self) -> None:
        self.left = 0

    def request(self, key: str, priority: limits.Priority) -> limits.Turn:
        del key, priority
        outer = self

        class Turn:
            expected = 5.0
            future: Future[limits.Permit] = Future()

            def leave(self) -> None:
                outer.left += 1

        return Turn()

    def refused(self, key: str) -> None:
        del key


async def test_a_wait_for_the_budget_ends_at_the_deadline_and_leaves_the_queue(client: Make) -> None:
    limiter = NeverLimiter()
    async with serving(lambda _: as_json({})) as server, client(server.url, limiter=limiter, deadline=0.3) as siro:
        with pytest.raises(SiroUnavailable, match=r"not done within the deadline of 0\.3 s"):
            await siro.auth.caller_identity()
    assert (server.seen, limiter.left) == ([], 1)


async def test_a_call_that_waits_for_a_place_ends_at_the_deadline(client: Make) -> None:
    async with serving(lambda _: as_json({})) as server, client(server.url, deadline=0.3) as siro:
        client_itself: Any = getattr(siro, "_siro", siro)
        places = client_itself._sender._places[limits.Priority.LIVE]
        for _ in range(CONNECTIONS):
            taken = places.acquire()
            if inspect.isawaitable(taken):
                await taken
        with pytest.raises(SiroUnavailable, match="deadline"):
            await siro.auth.caller_identity()
        for _ in range(CONNECTIONS):
            places.release()
        with pytest.raises(BadResponse):
            await siro.with_options(deadline=HANGS).auth.caller_identity()
        assert len(server.seen) == 1


async def test_a_call_that_waits_for_a_token_ends_at_the_deadline(client: Make) -> None:
    def handler(request: Request) -> Reply:
        return Reply(stall=60.0) if request.method == "POST" else as_json({"data": []})

    async with serving(handler) as server, client(server.url, policy=ONCE, deadline=0.3) as siro:
        with pytest.raises(SiroUnavailable):
            await siro.extractions.list("r")


async def test_the_connection_of_a_call_that_ended_is_not_used_again(client: Make) -> None:
    """A late answer must not be taken for the answer of the next call."""
    late = as_json({"organizationId": "late", "tokenId": "t"})
    replies = [Reply(200, late.body, late.headers, stall=0.6)]
    async with serving(lambda _: replies[-1]) as server, client(server.url, policy=ONCE) as siro:
        with pytest.raises(SiroUnavailable):
            await siro.with_options(timeout=0.2).auth.caller_identity()
        replies.append(as_json({"organizationId": "own", "tokenId": "t"}))
        assert (await siro.auth.caller_identity()).organization_id == "own"


async def test_an_upload_that_the_server_does_not_read_ends(client: Make, tmp_path: Path) -> None:
    file = tmp_path / "call.mp3"
    file.write_bytes(b"x" * 30_000_000)

    async with dripping(b"", b"") as stuck:

        def handler(request: Request) -> Reply:
            if request.path.endswith("access-token"):
                return as_json({"accessToken": "t", "accessTokenId": "i"}, 201)
            return as_json({"data": {"uploadUrl": f"{stuck}/put", "downloadUrl": "https://x.example/f"}})

        async with serving(handler) as server, client(server.url, policy=ONCE, timeout=0.5) as siro:
            given: dict[str, Any] = {"started_at": "2026-02-15T14:00:00Z", "user_id": "u"}
            with pytest.raises(SiroUnavailable):
                await siro.recordings.upload(file, **given)


def test_the_http_library_still_lets_its_waits_be_bounded() -> None:
    """The synchronous client replaces a private part of the library; a release without it must fail here."""
    from fieldnote.siro.concurrency import _Backend

    siro = Siro(token="t")
    assert isinstance(siro._sender._http._transport._pool._network_backend, _Backend)  # type: ignore[attr-defined]
