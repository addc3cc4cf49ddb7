"""A load generator for the workspace, in a process of its own: so many requests in flight, for so long.

It writes and reads HTTP on bare sockets, as a client library would cost more than the server that is measured.
The result is one JSON document on standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from urllib.parse import urlsplit

FIRST_VISIT = datetime(2026, 1, 5, 15, tzinfo=UTC)
REPS = 50


def visit(number: int) -> dict[str, object]:
    """An appointment as a CRM sends it: customer, deal and rep inside. Two visits a customer."""
    start = FIRST_VISIT + timedelta(minutes=30 * (number // REPS))
    deal, rep = number // 2, number % REPS
    return {
        "externalId": f"visit-{number}",
        "startTime": start.isoformat(),
        "endTime": (start + timedelta(hours=1)).isoformat(),
        "subject": f"Kitchen of customer {deal}",
        "engagementType": {"activityType": "APPOINTMENT", "name": "visit"},
        "engagementUsers": [{"externalId": f"rep-{rep}", "email": f"rep{rep}@acme.test", "name": f"Rep Number{rep}"}],
        "account": {
            "externalId": f"customer-{deal}",
            "name": f"Customer {deal}",
            "latitude": 39.0 + deal % 1000 / 1000,
            "longitude": -105.0 + deal % 777 / 777,
            "phoneNumbers": ["+13035550100"],
            "addresses": [
                {"street": f"{deal} Main St", "city": "Denver", "state": "CO", "zip": "80202", "country": "US"}
            ],
        },
        "opportunity": {"externalId": f"deal-{deal}", "name": f"Kitchen {deal}", "amount": 45000 + deal},
    }


@dataclass(slots=True)
class Load:
    """The calls, and the observations."""

    host: str
    port: int
    next_request: Callable[[], bytes | None]
    ends_at: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: list[bytes] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One request in flight: the next is sent when the answer is whole."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._seen = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, found, body = self._seen.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self.load.latencies.append(time.perf_counter() - self._sent_at)
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            self.load.failures.append(self._seen[:500])
        self._seen = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.load.failures.append(f"the connection was lost: {exc}".encode())
            self.ended.set_result(None)

    def _send(self) -> None:
        request = self.load.next_request() if time.perf_counter() < self.load.ends_at else None
        if request is None:
            if not self.ended.done():
                self.ended.set_result(None)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)


def requests(options: argparse.Namespace) -> Iterator[bytes]:
    """Requests without end (of recordings), or to `--until`."""
    base = urlsplit(options.url)
    common = f"host: {base.netloc}\r\nauthorization: Bearer {options.token}\r\n"
    root = f"{base.path.rstrip('/')}/api-externalApi/v1"
    if options.kind == "recording":
        ids = options.recordings.split(",")
        while True:
            for recording_id in ids:
                yield f"GET {root}/core/recordings/{recording_id}?showCrmLinks=true HTTP/1.1\r\n{common}\r\n".encode()
    path = f"{root}/integrations/sync/{'batch/' if options.kind == 'batch' else ''}engagements"
    size = options.size if options.kind == "batch" else 1
    for first in count(options.start, size):
        if options.until and first >= options.until:
            return
        records = [visit(number) for number in range(first, first + size)]
        body = json.dumps(records if options.kind == "batch" else records[0]).encode()
        head = f"PUT {path} HTTP/1.1\r\n{common}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        yield head.encode() + body


async def run(options: argparse.Namespace) -> dict[str, object]:
    """Keep `--flight` requests on their way for `--seconds`, and tell what came of them."""
    base = urlsplit(options.url)
    stream = requests(options)
    load = Load(base.hostname or "", base.port or 80, lambda: next(stream, None))
    began = time.perf_counter()
    load.ends_at = began + options.seconds
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Connection(load), load.host, load.port) for _ in range(options.flight)]
    await asyncio.gather(*(connection.ended for _, connection in made))
    took = time.perf_counter() - began
    times = sorted(load.latencies)
    size = options.size if options.kind == "batch" else 1
    return {
        "requests": len(times),
        "records": len(times) * size,
        "rate": len(times) * size / took,
        "p50": times[len(times) // 2] * 1000 if times else None,
        "p99": times[len(times) * 99 // 100] * 1000 if times else None,
        "failures": len(load.failures),
        "failure": load.failures[0].decode(errors="replace") if load.failures else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["single", "batch", "recording"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--flight", type=int, default=16)
    parser.add_argument("--size", type=int, default=100, help="records a batch")
    parser.add_argument("--start", type=int, default=0, help="the first visit's number")
    parser.add_argument("--until", type=int, default=0, help="the number to stop before")
    parser.add_argument("--recordings", default="", help="ids, with commas between them")
    json.dump(asyncio.run(run(parser.parse_args())), sys.stdout)


if __name__ == "__main__":
    main()
