"""5,000 calls of four processes that share one token, against a server that allows 1000 in any 60 seconds.

Run by hand: `uv run python -m bench.rate_limit.run`. It takes a little over four minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import deque
from pathlib import Path

from fieldnote.db.embedded import ensure_server, stop_server
from fieldnote.db.rate_limit import SharedLimiter
from fieldnote.siro import AsyncSiro, Budget, bulk


class Counting:
    """A server that counts in a rolling window and answers 429 beyond its limit."""

    def __init__(self, calls: int, seconds: float) -> None:
        self.calls = calls
        self.seconds = seconds
        self.first = 0.0
        self.last = 0.0
        self.served = 0
        self.refused = 0
        self._window: deque[float] = deque()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: every request is answered at once."""
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self) -> bytes:
        now = time.monotonic()
        while self._window and self._window[0] <= now - self.seconds:
            self._window.popleft()
        if len(self._window) >= self.calls:
            self.refused += 1
            return b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n"
        self._window.append(now)
        self.first = self.first or now
        self.last = now
        self.served += 1
        body = b'{"organizationId": "org-1"}'
        return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


async def call(url: str, database: str, calls: int, budget: Budget) -> None:
    """The work of one of the processes."""
    with SharedLimiter(database, budget) as limiter:
        async with AsyncSiro(token="shared", base_url=url, limiter=limiter) as siro:
            with bulk():
                await asyncio.gather(*(siro.auth.caller_identity() for _ in range(calls)))


async def run(options: argparse.Namespace, database: str) -> bool:
    """Whether the budget was kept, and used."""
    counting = Counting(options.budget, options.window)
    server = await asyncio.start_server(counting.connected, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    each = options.calls // options.processes
    given = ["--call", url, database, "--calls", str(each), "--budget", str(options.budget)]
    command = [sys.executable, "-m", "bench.rate_limit.run", *given, "--window", str(options.window)]
    processes = [await asyncio.create_subprocess_exec(*command) for _ in range(options.processes)]
    for process in processes:
        await process.wait()
    windows = -(-counting.served // options.budget) - 1
    ideal, took = windows * options.window, counting.last - counting.first
    print(f"{counting.served} calls by {options.processes} processes, {options.budget} in any {options.window:g} s")
    ratio = took / ideal
    print(
        f"took {took:.2f} s, the ideal is {ideal:g} s: {ratio:.3f} times, allowed 1.050; {counting.refused} times 429"
    )
    return counting.served == each * options.processes and not counting.refused and ratio <= 252 / 240


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5000)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--budget", type=int, default=1000)
    parser.add_argument("--window", type=float, default=60.0)
    parser.add_argument("--call", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.call:
        asyncio.run(call(*options.call, options.calls, Budget(options.budget, options.window)))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            kept = asyncio.run(run(options, ensure_server(home).url("bench")))
        finally:
            stop_server(home)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
