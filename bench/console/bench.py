"""The console's pages over a large account: `uv run python bench/console/bench.py`.

For each page: the statements, the bytes, and the time to the first byte beside a bare FastAPI page in the same run.
README.md in this folder says how to read the numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import uvicorn
import yaml
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from sqlalchemy import event

from fieldnote.bridge import Bridge, open_bridge
from fieldnote.bridge.board.settings import refresh
from fieldnote.config import load
from fieldnote.console import Console, ConsoleServer, ConsoleSettings, open_console
from fieldnote.console.access.roles import Role
from fieldnote.console.access.users import add_user
from fieldnote.db.embedded import ensure_server, stop_server

sys.path.insert(0, str(Path(__file__).parents[2]))
from bench.console.data import analyze, fill, is_filled
from tests.console.addresses import crawl

MOST_STATEMENTS: Final = 10
MOST_MS: Final = 200.0
_MORE: Final = (
    "/recordings?q=customer", "/recordings?q=customer%20a8", "/recordings?q=3035550042", "/recordings?rep=7",
    "/recordings?state=processing", "/recordings?state=needs_review&rep=7", "/recordings/r1001", "/journey?q=customer",
    "/journey?q=a8", "/journey/deal/500", "/journey/recording/r1001", "/journey/appointment/500",
    # A year: 200,000 appointments with the year before.
    "/completeness?from={year_ago}&to={today}", "/completeness/list?from={year_ago}&to={today}",
    "/completeness/list?from={year_ago}&to={today}&page=300",
    "/completeness/list?from={year_ago}&to={today}&state=not_recorded",
    "/completeness/list?from={year_ago}&to={today}&state=quarantined",
    "/completeness?from={year_ago}&to={today}&rep=7",
)  # fmt: skip
_OWN: Final = (
    "/", "/completeness", "/completeness/list", "/journey?q=a8", "/journey/deal/7", "/journey/recording/r7",
    "/journey/appointment/7", "/review", "/refused", "/people", "/recordings", "/recordings?q=a8", "/recordings/r7",
)  # fmt: skip
"""The recordings of a rep, and of a coach of reps 7 and 8."""


@dataclass
class Statements:
    """Counts what the pages ask the database."""

    count: int = 0
    texts: list[str] = field(default_factory=list)

    def watch(self, console: Console, bridge: Bridge) -> None:
        for engine in (console.engine, bridge.engine):
            event.listen(engine.sync_engine, "before_cursor_execute", self._add)

    def _add(self, conn: Any, cursor: Any, statement: str, *more: Any) -> None:
        self.count += 1
        self.texts.append(statement)


@dataclass(frozen=True)
class Row:
    """One page's numbers."""

    address: str
    status: int
    statements: int
    kilobytes: float
    median: float
    p95: float
    cpu: float
    """Milliseconds of this process for one request: server and client together, without the database."""


def _write_file(folder: Path) -> Path:
    document: dict[str, Any] = {
        "version": 1,
        "siro": {"token": "bench", "base_url": "http://127.0.0.1:9", "api_url": "http://127.0.0.1:9"},
        "crm": {"driver": "sql", "url": f"sqlite:///{folder}/crm.db", "timezone": "America/Denver"},
        "pull": {
            "opportunity": {
                "table": "deals", "key": "id",
                "fields": {"Budget": {"to": "budget_max", "as": "money.max", "policy": "fill"}},
            }
        },
    }  # fmt: skip
    path = folder / "fieldnote.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@asynccontextmanager
async def _bare() -> AsyncIterator[str]:
    """A page that needs nothing."""
    app = FastAPI(openapi_url=None)

    @app.get("/", response_class=HTMLResponse)
    async def bare() -> str:
        return "<!doctype html><title>Bare</title><h1>Bare</h1>"

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


async def _first_bytes(client: httpx2.AsyncClient, address: str, times: int) -> tuple[int, int, list[float], float]:
    """Status, bytes, the milliseconds to the first byte of each of `times` requests, and those of the processor."""
    found: list[float] = []
    status = size = 0
    cpu = time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        async with client.stream("GET", address) as response:
            status, size = response.status_code, 0
            async for piece in response.aiter_raw():
                if not size:
                    found.append(1000 * (time.perf_counter() - began))
                size += len(piece)
    return status, size, found, 1000 * (time.process_time() - cpu) / times


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def measure(folder: Path, recordings: int, appointments: int, times: int) -> bool:
    """Fill, serve, ask, print. Whether all bounds are kept."""
    server = ensure_server(folder / "home")
    url = server.url("ledger")
    (folder / "crm.db").touch()
    async with AsyncExitStack() as stack:
        bridge = await stack.enter_async_context(
            open_bridge(load(_write_file(folder), {}), home=folder / "home", database_url=url)
        )
        console = await stack.enter_async_context(
            open_console(database_url=url, bridge=bridge, settings=ConsoleSettings(port=0))
        )
        began = time.perf_counter()
        if not await asyncio.to_thread(is_filled, url):
            await asyncio.to_thread(fill, url, recordings=recordings, appointments=appointments)
        await refresh(bridge)  # the first one computes the whole board
        await asyncio.to_thread(analyze, url)
        print(f"filled in {time.perf_counter() - began:.0f} s")
        served = await stack.enter_async_context(ConsoleServer(console))
        bare = await stack.enter_async_context(_bare())
        counted = Statements()
        counted.watch(console, bridge)
        for role in (Role.REP, Role.COACH):
            await _count_as(role, served, console, counted)
        user = await add_user(console.engine, email=f"{secrets.token_hex(4)}@example.com", role=Role.ADMIN)
        client = await stack.enter_async_context(
            httpx2.AsyncClient(base_url=served.url, timeout=120, trust_env=False, headers={"accept": "text/html"})
        )
        link = await served.one_time_url(user)
        await client.get(link)
        cookies = {cookie.name: cookie.value or "" for cookie in client.cookies.jar}
        today = datetime.now(UTC).date()
        more = [one.format(today=today, year_ago=today - timedelta(days=364)) for one in _MORE]
        addresses = [*(await asyncio.to_thread(_crawl, served.url, cookies)).values(), *more]
        _, _, plain, _ = await _first_bytes(client, bare, times)
        rows: list[Row] = []
        for address in dict.fromkeys(addresses):
            counted.count = 0
            await client.get(address)
            statements = counted.count
            status, size, found, cpu = await _first_bytes(client, address, times)
            rows.append(Row(address, status, statements, size / 1000, statistics.median(found), _p95(found), cpu))
    return _report(rows, plain)


async def _count_as(role: Role, served: ConsoleServer, console: Console, counted: Statements) -> None:
    """Print the most statements that a page takes for this role. Raises AssertionError if there are too many."""
    email = f"{secrets.token_hex(4)}@example.com"
    user = await add_user(console.engine, email=email, role=role, connection=console.connection, reps=["7", "8"])
    async with httpx2.AsyncClient(
        base_url=served.url, timeout=120, trust_env=False, headers={"accept": "text/html"}
    ) as client:
        await client.get(await served.one_time_url(user))
        numbers: dict[str, int] = {}
        for address in _OWN:
            counted.count = 0
            assert (await client.get(address)).status_code == 200, address
            numbers[address] = counted.count
    worst = max(numbers, key=lambda one: numbers[one])
    print(f"{role.value}: at most {numbers[worst]} statements a page ({worst})")
    assert numbers[worst] <= MOST_STATEMENTS, numbers


def _crawl(url: str, cookies: dict[str, str]) -> dict[str, str]:
    headers = {"accept": "text/html"}
    with httpx2.Client(base_url=url, timeout=120, trust_env=False, headers=headers, cookies=cookies) as client:
        return crawl(client)


def _report(rows: list[Row], plain: list[float]) -> bool:
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"\n{'page':44}{'status':>7}{'statements':>12}{'kB':>8}{'CPU ms':>9}{'median ms':>11}{'p95 ms':>9}")
    ends = f"{statistics.median(plain):>11.1f}{_p95(plain):>9.1f}"
    print(f"{'a bare FastAPI page':44}{200:>7}{0:>12}{0.1:>8.1f}{'':9}{ends}")
    good = True
    for row in sorted(rows, key=lambda row: -row.p95):
        kept = row.statements <= MOST_STATEMENTS and row.p95 <= MOST_MS and row.status == 200
        good &= kept
        print(
            f"{row.address:44}{row.status:>7}{row.statements:>12}{row.kilobytes:>8.1f}{row.cpu:>9.1f}{row.median:>11.1f}{row.p95:>9.1f}"
            + ("" if kept else "  over")
        )
    return good


def main() -> int:
    """Exit status: 0 if every page keeps its bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--appointments", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the database here, and fill it only once")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fn") as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            good = asyncio.run(measure(folder, options.recordings, options.appointments, options.times))
        finally:
            stop_server(folder / "home")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
