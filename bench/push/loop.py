"""Contestants without a ledger: `python bench/push/loop.py requests|httpx URL PORT STATE`.

`requests` is the loop that a quickstart leads to; `httpx` has 32 calls in flight and retries. Both send batches of
100 and keep the last update time in the file STATE.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

sys.path.insert(0, str(Path(__file__).parent))
from source import QUERY, payload

BATCH = 100


def batches(url: str, since: str | None) -> Iterator[tuple[list[dict[str, Any]], str]]:
    """Payloads and the last update time among them, in its order."""
    statement = f"select * from ({QUERY}) q where updated_at > %(since)s order by updated_at"
    with psycopg.connect(url) as connection, connection.cursor("c", row_factory=dict_row) as cursor:
        cursor.itersize = 2000
        cursor.execute(statement, {"since": since or "-infinity"})  # type: ignore[arg-type]
        batch: list[dict[str, Any]] = []
        last = since or ""
        for row in cursor:
            batch.append(payload(row))
            last = row["updated_at"].isoformat()
            if len(batch) == BATCH:
                yield batch, last
                batch = []
        if batch:
            yield batch, last


def by_requests(url: str, endpoint: str, state: Path, since: str | None) -> None:
    """One call after the other."""
    import requests

    session = requests.Session()
    for batch, last in batches(url, since):
        session.put(endpoint, json=batch, headers={"authorization": "Bearer bench"}).raise_for_status()
        state.write_text(last)


async def by_httpx(url: str, endpoint: str, state: Path, since: str | None) -> None:
    """32 calls in flight, each tried five times."""
    import httpx2

    async with httpx2.AsyncClient(headers={"authorization": "Bearer bench"}) as http:
        places = asyncio.Semaphore(32)

        async def send(batch: list[dict[str, Any]]) -> None:
            try:
                for attempt in range(5):
                    answer = await http.put(endpoint, json=batch)
                    if answer.status_code < 500 and answer.status_code != 429:
                        answer.raise_for_status()
                        return
                    await asyncio.sleep(0.1 * 2**attempt)
                answer.raise_for_status()
            finally:
                places.release()

        last = since
        async with asyncio.TaskGroup() as group:
            for batch, moment in batches(url, since):
                await places.acquire()
                group.create_task(send(batch))
                last = moment
    if last:
        await asyncio.to_thread(state.write_text, last)


def main() -> None:
    kind, url, port, path = sys.argv[1:5]
    state = Path(path)
    since = state.read_text() if state.exists() else None
    endpoint = f"http://127.0.0.1:{port}/api-externalApi/v1/integrations/sync/batch/engagements"
    if kind == "requests":
        by_requests(url, endpoint, state, since)
    else:
        asyncio.run(by_httpx(url, endpoint, state, since))
    print(json.dumps({"done": True}))


if __name__ == "__main__":
    main()
