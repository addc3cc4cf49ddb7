"""A server that keeps what it gets, and little else: `python bench/push/stub.py [options]`; it prints its port.

It answers the sync endpoints of Siro over bare asyncio, so that it costs the contestants as little as may be.
Bodies are kept as they came; what they say is read when somebody asks for it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from pydantic_core import from_json, to_json
from source import digest

IDENTITY: Final = {"organizationId": "org", "tokenId": "t", "tokenName": "bench", "createdAt": "2026-01-01T00:00:00Z"}
WINDOW: Final = 60.0
"""Seconds in which `limit` calls are answered."""
_PLACES: Final = 10_000
"""More than the records of any batch: a record's address is its body's number times this, plus its place there."""


@dataclass
class Stub:
    """Its records, the calls to it, and its faults."""

    delay: float = 0.0
    limit: int | None = None
    failing: float = 0.0
    bodies: list[bytes] = field(default_factory=list)
    places: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of each stream and externalId: the address of the record that came last."""
    received: int = 0
    calls: int = 0
    refused: int = 0
    failed: int = 0
    first: float = 0.0
    last: float = 0.0
    window: deque[float] = field(default_factory=deque)
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    async def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and JSON of one call."""
        if path == "/stats":
            return 200, to_json(self.stats())
        if path == "/state":
            return 200, to_json(self.state(from_json(body)))
        if self.limit is not None and not self._within(self.limit):
            self.refused += 1
            return 429, b""
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.calls += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        if path.endswith("/caller-identity"):
            return 200, to_json(IDENTITY)
        if path.endswith("/integrations/connections"):
            return 200, b"[]"
        if "/sync/" not in path:
            return 404, b'{"error": "Not found"}'
        return self._sync(path.rsplit("/", 1)[1], body)

    def _within(self, limit: int) -> bool:
        now = time.monotonic()
        while self.window and self.window[0] <= now - WINDOW:
            self.window.popleft()
        if len(self.window) >= limit:
            return False
        self.window.append(now)
        return True

    def _sync(self, stream: str, body: bytes) -> tuple[int, bytes]:
        fails = self.failing > 0 and self.dice.random() < self.failing
        self.failed += fails
        if fails and self.dice.random() < 0.5:
            return 500, b'{"error": "before it was applied"}'
        answer = self._keep(stream, body)
        return (500, b'{"error": "after it was applied"}') if fails else (200, answer)

    def _keep(self, stream: str, body: bytes) -> bytes:
        found = from_json(body)
        batch = found if isinstance(found, list) else [found]
        address = len(self.bodies) * _PLACES
        self.bodies.append(body)
        held = self.places.setdefault(stream, {})
        held.update((record["externalId"], address + place) for place, record in enumerate(batch))
        self.received += len(batch)
        answers = [_answer(record) for record in batch]
        return to_json({"data": answers if isinstance(found, list) else answers[0]})

    def stats(self) -> dict[str, Any]:
        """Counts, and the moments of the first and the last call on the machine's monotonic clock."""
        kept = sum(map(len, self.places.values()))
        names = ("received", "calls", "refused", "failed", "first", "last")
        return {"kept": kept, **{name: getattr(self, name) for name in names}}

    def state(self, only: Iterable[str] | None = None) -> dict[str, str | None]:
        """Each engagement (or each of the keys `only`) as a digest; None once it is deleted."""
        held = self.places.get("engagements", {})
        wanted = sorted((held[key], key) for key in (held if only is None else only) if key in held)
        found: dict[str, str | None] = {}
        for number, group in groupby(wanted, lambda item: item[0] // _PLACES):
            read = from_json(self.bodies[number])
            batch = read if isinstance(read, list) else [read]
            for address, key in group:
                record = batch[address % _PLACES]
                found[key] = None if record.get("deletedAt") else digest(record)
        return found


def _answer(record: dict[str, Any]) -> dict[str, Any]:
    key = record["externalId"]
    return {
        "id": f"00000000-0000-4000-8000-{key:0>12}", "externalId": key, "organizationId": "org",
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "engagementType": "visit",
        "accountId": f"a-{key}", "opportunityId": f"o-{key}", "subject": record.get("subject"),
        "startTime": record.get("startTime"), "endTime": record.get("endTime"),
    }  # fmt: skip


async def serve(stub: Stub) -> None:
    """Until it is stopped."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                path, body = await _request(reader)
                status, content = await stub.answer(path, body)
                head = b"HTTP/1.1 %d x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                writer.write(head % (status, len(content)) + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**24, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line[:15].lower() == b"content-length:"), 0)
    return first.split()[1].decode(), await reader.readexactly(length) if length else b""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--limit", type=int, help="calls in any 60 seconds; the others get a bare 429")
    parser.add_argument("--failing", type=float, default=0.0, help="share of sync calls that end in a 500")
    options = parser.parse_args()
    gc.disable()  # it holds millions of objects and makes no cycles
    stub = Stub(options.delay, options.limit, options.failing)
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(stub))
    else:
        uvloop.run(serve(stub))


if __name__ == "__main__":
    main()
