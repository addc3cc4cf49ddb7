"""A server that keeps what it gets, and little else: `python bench/push/stub.py PORT [options]`.

It answers the sync endpoints of Siro over bare asyncio, so that it costs the contestants as little as may be.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json, to_json

IDENTITY = {"organizationId": "org", "tokenId": "t", "tokenName": "bench", "createdAt": "2026-01-01T00:00:00Z"}


@dataclass
class Stub:
    """What it holds, what it was asked, and how it misbehaves."""

    delay: float = 0.0
    limit: int | None = None
    failing: float = 0.0
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    received: int = 0
    calls: int = 0
    refused: int = 0
    times: deque[float] = field(default_factory=deque)
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    async def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and JSON of one call."""
        if path.endswith("/stats"):
            return 200, to_json(self.stats())
        if path.endswith("/state"):
            return 200, to_json(self.state())
        if path.endswith("/reset"):
            self.records, self.received, self.calls, self.refused = {}, 0, 0, 0
            self.times.clear()
            return 200, b"{}"
        if self.limit is not None and not self._within_limit():
            self.refused += 1
            return 429, b""
        self.calls += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        if path.endswith("/caller-identity"):
            return 200, to_json(IDENTITY)
        fails = self.failing and self.dice.random() < self.failing
        if fails and self.dice.random() < 0.5:
            return 500, b'{"error": "before"}'
        answer = self._keep(path.rsplit("/", 1)[1], body)
        return (500, b'{"error": "after"}') if fails else (200, answer)

    def _within_limit(self) -> bool:
        now = asyncio.get_running_loop().time()
        while self.times and self.times[0] <= now - 60:
            self.times.popleft()
        if len(self.times) >= (self.limit or 0):
            return False
        self.times.append(now)
        return True

    def _keep(self, stream: str, body: bytes) -> bytes:
        found = from_json(body)
        batch = found if isinstance(found, list) else [found]
        held = self.records.setdefault(stream, {})
        answers = []
        for record in batch:
            key = record["externalId"]
            held[key] = record
            answers.append({
                "id": f"00000000-0000-4000-8000-{key:0>12}", "externalId": key, "organizationId": "org",
                "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z", "engagementType": "visit",
                "accountId": f"a-{key}", "opportunityId": f"o-{key}", "subject": record.get("subject"),
                "startTime": record.get("startTime"), "endTime": record.get("endTime"),
            })  # fmt: skip
        self.received += len(batch)
        return to_json({"data": answers if isinstance(found, list) else answers[0]})

    def stats(self) -> dict[str, Any]:
        """Counts."""
        kept = {stream: len(held) for stream, held in self.records.items()}
        return {"kept": kept, "received": self.received, "calls": self.calls, "refused": self.refused}

    def state(self) -> dict[str, Any]:
        """Of each stream: how many live records it holds, and a hash over what they say."""
        found = {}
        for stream, held in self.records.items():
            live = {key: record for key, record in held.items() if not record.get("deletedAt")}
            digest = hashlib.blake2b(digest_size=8)
            for key in sorted(live):
                record = live[key]
                said = [key, record.get("subject"), record.get("startTime"), (record.get("account") or {}).get("name")]
                digest.update(to_json(said))
            found[stream] = {"live": len(live), "hash": digest.hexdigest()}
        return found


async def serve(stub: Stub, port: int) -> None:
    """Until it is stopped."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                first, *lines = head.split(b"\r\n")
                length = next((int(x[15:]) for x in lines if x[:15].lower() == b"content-length:"), 0)
                body = await reader.readexactly(length) if length else b""
                status, content = await stub.answer(first.split()[1].decode(), body)
                header = b"HTTP/1.1 %d x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                writer.write(header % (status, len(content)) + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port, limit=2**24)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--limit", type=int, help="calls in any 60 seconds")
    parser.add_argument("--failing", type=float, default=0.0, help="share of calls that end in a 500")
    options = parser.parse_args()
    stub = Stub(options.delay, options.limit, options.failing)
    asyncio.run(serve(stub, options.port))


if __name__ == "__main__":
    main()
