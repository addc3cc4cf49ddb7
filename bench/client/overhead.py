"""The cost of the client: its import, and a call beside the same call through the bare HTTP client.

Run it by hand, on an idle machine: `uv run python bench/client/overhead.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

ENGAGEMENT = {
    "id": "0d9e6f1c-9f6b-4c52-8b59-4d5a3a4c0c9e", "externalId": "appt-456", "organizationId": "org-1",
    "recordingId": "rec-1", "engagementType": "meeting", "startTime": "2026-02-15T14:00:00Z",
    "endTime": "2026-02-15T15:00:00Z", "subject": "Smith Kitchen Remodel", "createdAt": "2026-02-01T00:00:00Z",
    "updatedAt": "2026-02-01T00:00:00Z",
}  # fmt: skip
RECORDING = {
    "id": "5a0fd6c2-2d1f-4e0b-9a30-1f5c2b7b9d11", "organizationId": "org-1", "userId": "user-1",
    "title": "Smith kitchen", "createdAt": "2026-02-15T14:00:00.123Z", "updatedAt": "2026-02-15T15:00:00Z",
    "durationInMilliseconds": 3_600_000, "latitude": 39.1, "longitude": -104.2, "result": "WON",
    "isProcessingDone": True, "isSummaryDone": True, "isEntityExtractionDone": True, "deleted": False,
    "links": {"web": {"self": "https://app.siro.ai/recordings/x"}},
}  # fmt: skip
SYNC = {"external_id": "appt-456", "start_time": "2026-02-15T14:00:00Z", "subject": "Smith Kitchen Remodel"}
SENT = {"externalId": "appt-456", "startTime": "2026-02-15T14:00:00Z", "subject": "Smith Kitchen Remodel"}
ANSWERS = {
    "engagement": json.dumps({"data": ENGAGEMENT}).encode(),
    "page": json.dumps({"data": [{**RECORDING, "id": f"rec-{n}"} for n in range(25)], "cursor": None}).encode(),
}


async def serve() -> None:
    """A server that answers at once, in a process of its own; it prints its port."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0
                )
                await reader.readexactly(length)
                body = ANSWERS[
                    "page" if b"/core/recordings?" in head or b"/core/recordings HTTP" in head else "engagement"
                ]
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
                    + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def measure(url: str, rounds: int) -> dict[str, tuple[float, float]]:
    """Seconds a call, of the bare client and of this one: medians of rounds taken in turn."""
    import httpx2
    from pydantic_core import from_json

    from fieldnote import AsyncSiro

    async with (
        httpx2.AsyncClient(headers={"authorization": "Bearer t", "user-agent": "bench"}) as http,
        AsyncSiro(token="t", base_url=url, api_url=url, rate_limit=1_000_000) as siro,
    ):

        async def bare(method: str, path: str, **more: Any) -> object:
            answer = await http.request(method, url + path, **more)
            answer.raise_for_status()
            return from_json(answer.content)

        async def page() -> object:
            return [recording async for recording in siro.recordings.list()]

        pairs: dict[str, tuple[Callable[[], Awaitable[object]], Callable[[], Awaitable[object]]]] = {
            "GET engagement": (
                lambda: bare("GET", "/v1/integrations/engagements/e"),
                lambda: siro.engagements.get("e"),
            ),
            "PUT engagement": (
                lambda: bare("PUT", "/v1/integrations/sync/engagements", json=SENT),
                lambda: siro.engagements.sync(**SYNC),  # type: ignore[arg-type]
            ),
            "GET 25 recordings": (lambda: bare("GET", "/v1/core/recordings?pageSize=25"), page),
        }
        found = {}
        for name, (theirs, ours) in pairs.items():
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(rounds):
                for kept, call in zip(times, (theirs, ours), strict=True):
                    kept.append(await timed(call, 100))
            found[name] = (statistics.median(times[0]), statistics.median(times[1]))
        return found


async def timed(call: Callable[[], Awaitable[object]], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        await call()
    return (time.perf_counter() - began) / count


def imports(rounds: int) -> tuple[float, float]:
    """Seconds of `import httpx2, pydantic` and of `from fieldnote import Siro`, whole processes less an empty one."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    codes = ("pass", "import httpx2, pydantic", "from fieldnote import Siro")
    times: list[list[float]] = [[], [], []]
    for _ in range(rounds + 1):
        for kept, code in zip(times, codes, strict=True):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, env=env)
            kept.append(time.perf_counter() - began)
    empty, base, ours = (statistics.median(kept[1:]) for kept in times)
    return base - empty, ours - empty


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    base, ours = imports(options.rounds)
    print(f"import: httpx2 and pydantic {base * 1e3:.0f} ms, ours {ours * 1e3:.0f} ms: {ours / base:.2f} times")
    with subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            url = f"http://127.0.0.1:{int(server.stdout.readline())}"
            for name, (theirs, mine) in asyncio.run(measure(url, options.rounds)).items():
                print(f"{name}: bare {theirs * 1e6:.0f} µs, ours {mine * 1e6:.0f} µs: {mine / theirs:.2f} times")
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
