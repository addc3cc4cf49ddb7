"""Contestants without a ledger: `python bench/push/loop.py requests|httpx URL PORT STATE [SINCE]`.

`requests` is the loop that a quickstart leads to; `httpx` has 32 calls in flight and tries each five times. Both send
batches of 100 in the order of the update time, and keep the last one in the file STATE; SINCE replaces a missing
file.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from source import QUERY, payload, rows_of

BATCH = 100
HEADERS = {"authorization": "Bearer bench"}


def batches(url: str, since: str) -> Iterator[tuple[list[dict[str, Any]], str]]:
    """Payloads and the last update time among them."""
    statement = f"select * from ({QUERY}) q where updated_at > %(since)s order by updated_at"
    batch: list[dict[str, Any]] = []
    last = since
    for row in rows_of(url, statement, since=since):
        batch.append(payload(row))
        last = row["updated_at"].isoformat()
        if len(batch) == BATCH:
            yield batch, last
            batch = []
    if batch:
        yield batch, last


def by_requests(url: str, endpoint: str, state: Path, since: str) -> None:
    """One call after the other."""
    import requests  # type: ignore[import-untyped, unused-ignore]

    session = requests.Session()
    for batch, last in batches(url, since):
        session.put(endpoint, json=batch, headers=HEADERS).raise_for_status()
        keep(state, last)


async def by_httpx(url: str, endpoint: str, since: str) -> str:
    """32 calls in flight; the last update time, once all have arrived."""
    import httpx2

    async with httpx2.AsyncClient(headers=HEADERS, timeout=60) as http:
        free = asyncio.Semaphore(32)

        async def send(batch: list[dict[str, Any]]) -> None:
            try:
                for attempt in range(5):
                    answer = await http.put(endpoint, json=batch)
                    if answer.status_code < 500 and answer.status_code != 429:
                        break
                    await asyncio.sleep(0.1 * 2**attempt)
                answer.raise_for_status()
            finally:
                free.release()

        last = since
        async with asyncio.TaskGroup() as group:
            for batch, moment in batches(url, since):
                await free.acquire()
                group.create_task(send(batch))
                last = moment
    return last


def keep(state: Path, last: str) -> None:
    """Renamed into place, so that a kill leaves one or the other."""
    fresh = state.with_suffix(".new")
    fresh.write_text(last)
    fresh.replace(state)


def main() -> None:
    kind, url, port, path, *start = sys.argv[1:]
    state = Path(path)
    since = state.read_text() if state.exists() else (start or ["-infinity"])[0]
    endpoint = f"http://127.0.0.1:{port}/api-externalApi/v1/integrations/sync/batch/engagements"
    if kind == "requests":
        by_requests(url, endpoint, state, since)
    else:
        keep(state, asyncio.run(by_httpx(url, endpoint, since)))


if __name__ == "__main__":
    main()
