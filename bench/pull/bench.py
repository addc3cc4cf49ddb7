"""Fieldnote's pull: `uv run python bench/pull/bench.py [backfill] [live] [both]`.

Run it by hand, with nothing else at work on the machine. README.md in this folder says what each scenario does.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import psutil
import psycopg
import yaml

from fieldnote.db.embedded import ensure_server, stop_server
from fieldnote.siro.webhooks import sign

DEALS = 100_000
"""Rows of the CRM: the history's deals from 0, the live ones' from the end."""
RATE = 20
"""Webhooks a second."""
WARM_UP = 40
"""The first webhooks, which do not count."""
SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()

CRM = """
create table deals (id integer primary key, name text, budget_max integer, objections text);
create table deal_notes (id serial primary key, deal_id integer, body text, external_key text);
create index on deal_notes (deal_id);
insert into deals select n, 'deal ' || n from generate_series(0, %(deals)s) n;
create function tell() returns trigger language plpgsql as $$
begin perform pg_notify('written', new.id::text); return new; end $$;
create trigger notify_of_write after update of budget_max on deals for each row
    when (new.id > %(history)s) execute function tell();
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one measurement happens."""

    folder: Path
    crm: str
    ledger: str
    siro: int
    """The stub's port."""

    @property
    def environment(self) -> dict[str, str]:
        """Of Fieldnote's processes."""
        return {**os.environ, "FIELDNOTE_BRIDGE_DATABASE_URL": self.ledger, "FIELDNOTE_HOME": str(self.folder / "home")}

    def command(self, *arguments: str) -> list[str]:
        """Of Fieldnote."""
        return [sys.executable, "-m", "fieldnote", *arguments, "--config", str(self.folder / "fieldnote.yaml")]

    def write_file(self) -> None:
        """One target with two fields and a note; no limit of calls."""
        url = f"http://127.0.0.1:{self.siro}"
        document: dict[str, Any] = {
            "version": 1,
            "siro": {
                "token": "bench", "base_url": f"{url}/api-externalApi", "api_url": url, "rate_limit": "off",
                "webhook_secret": SECRET, "integration_connection_id": "11111111-1111-4111-8111-111111111111",
            },
            "crm": {"driver": "sql", "url": self.crm},
            "pull": {
                "linking": "off",
                "opportunity": {
                    "table": "deals",
                    "key": "id",
                    "fields": {
                        "Budget": {"to": "budget_max", "as": "money.max", "policy": "fill"},
                        "Objections": {"to": "objections", "as": "text", "policy": "update"},
                    },
                    "note": {"table": "deal_notes", "record": "deal_id", "body": "body", "key": "external_key"},
                },
            },
        }  # fmt: skip
        (self.folder / "fieldnote.yaml").write_text(yaml.safe_dump(document))


@contextmanager
def staged(recordings: int, deals: int) -> Iterator[Place]:
    """A fresh PostgreSQL with CRM and ledger, and a stub."""
    with tempfile.TemporaryDirectory(prefix="fn") as name:
        folder = Path(name)
        server = ensure_server(folder / "home")
        crm, ledger = server.url("crm"), server.url("ledger")
        try:
            with psycopg.connect(crm, autocommit=True) as connection:
                for statement in CRM.split(";\n"):
                    if statement.strip():
                        filled = statement.replace("%(deals)s", str(DEALS)).replace("%(history)s", str(deals))
                        connection.execute(filled)
            with _stub(recordings, deals) as port:
                place = Place(folder, crm, ledger, port)
                place.write_file()
                yield place
        finally:
            stop_server(folder / "home")


@contextmanager
def _stub(recordings: int, deals: int) -> Iterator[int]:
    options = ["--recordings", str(recordings), "--deals", str(deals)]
    command = [sys.executable, str(Path(__file__).with_name("stub.py")), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


# --- history --------------------------------------------------------------------------------------------


def backfill(recordings: int, deals: int) -> bool:
    """Seconds and memory of a whole `fieldnote pull --since`."""
    with staged(recordings, deals) as place:
        began = time.perf_counter()
        command = place.command("pull", "--since", "2020-01-01", "--json")
        process = subprocess.Popen(command, env=place.environment, stdout=subprocess.PIPE, cwd=place.folder)
        memory = _memory_of(process)
        assert process.stdout is not None
        said = json.loads(process.stdout.read())
        process.wait()
        seconds = time.perf_counter() - began
        held = _held(place)
    peaks = ", ".join(f"{part / 1e6:.0f}" for part in memory())
    rate = recordings / seconds
    print(
        f"backfill: {recordings} recordings of {deals} deals in {seconds:.1f} s: {rate:.0f}/s, {said['writes']} writes"
    )
    print(f"  memory by tenths of the time: {peaks} MB; in the CRM: {held[0]} fields, {held[1]} notes")
    kept = rate >= 100 and held == (2 * min(deals, recordings), recordings) and said["settled"]
    print(f"  asked: 100/s, all there: {'kept' if kept else 'MISSED'}", flush=True)
    return kept


def _memory_of(process: subprocess.Popen[bytes]) -> Callable[[], list[int]]:
    """Watch it; what it held at most, in each tenth of its time."""
    seen: list[int] = []

    def watch() -> None:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                seen.append(watched.memory_info().rss)
            except psutil.Error:
                return
            time.sleep(0.1)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()

    def peaks() -> list[int]:
        thread.join()
        size = max(1, -(-len(seen) // 10))
        return [max(seen[at : at + size]) for at in range(0, len(seen), size)]

    return peaks


def _held(place: Place) -> tuple[int, int]:
    with psycopg.connect(place.crm) as connection:
        fields = connection.execute("select count(budget_max) + count(objections) from deals").fetchone()
        notes = connection.execute("select count(distinct external_key) from deal_notes").fetchone()
    assert fields is not None
    assert notes is not None
    return int(fields[0]), int(notes[0])


# --- live -----------------------------------------------------------------------------------------------


def live(webhooks: int) -> list[float]:
    """Seconds from each webhook to its committed CRM write, sorted; nothing else is at work."""
    with staged(0, 1) as place, _daemon(place) as url:
        return report("live alone", asyncio.run(_events(place, url, webhooks)), 0.060, 0.200)


def both(recordings: int, deals: int, webhooks: int) -> None:
    """The same alone, and while a backfill runs."""
    alone = live(webhooks)
    with staged(recordings, deals) as place, _daemon(place) as url:
        command = place.command("pull", "--since", "2020-01-01", "--json")
        history = subprocess.Popen(command, env=place.environment, stdout=subprocess.DEVNULL, cwd=place.folder)
        try:
            found = asyncio.run(_events(place, url, webhooks))
            print(f"the backfill was {'at work all the time' if history.poll() is None else 'done before the end'}")
        finally:
            history.terminate()
            history.wait()
    report("live beside a backfill", found, 3 * _at(alone, 0.5), 3 * _at(alone, 0.99))


@contextmanager
def _daemon(place: Place) -> Iterator[str]:
    process = subprocess.Popen(
        place.command("run", "--port", "0"), env=place.environment, stderr=subprocess.PIPE, text=True, cwd=place.folder
    )
    assert process.stderr is not None
    try:
        line = next(line for line in process.stderr if "webhooks at" in line)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield line.split("at ")[1].strip()
    finally:
        process.terminate()
        process.wait()


async def _events(place: Place, url: str, webhooks: int) -> list[float]:
    """Send them at their rate, each when its time has come, whatever became of those before."""
    sent: dict[str, float] = {}
    done: dict[str, float] = {}
    enough = asyncio.Event()
    async with await psycopg.AsyncConnection.connect(place.crm, autocommit=True) as crm, httpx2.AsyncClient() as http:
        await crm.execute("listen written")
        listener = asyncio.create_task(_listen(crm, done, webhooks, enough))
        async with asyncio.TaskGroup() as group:
            began = time.perf_counter()
            for number in range(webhooks):
                await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
                group.create_task(_event(place, http, url, str(DEALS - number), sent))
        try:
            await asyncio.wait_for(enough.wait(), 60)
        finally:
            listener.cancel()
    return sorted(done[deal] - sent[deal] for deal in list(sent)[WARM_UP:])


async def _listen(
    crm: psycopg.AsyncConnection[Any], done: dict[str, float], webhooks: int, enough: asyncio.Event
) -> None:
    async for notice in crm.notifies():
        done[notice.payload] = time.perf_counter()
        if len(done) == webhooks:
            enough.set()


async def _event(place: Place, http: httpx2.AsyncClient, url: str, deal: str, sent: dict[str, float]) -> None:
    await http.post(f"http://127.0.0.1:{place.siro}/live/{deal}")
    ids = {"eventType": "integrations.recordingLinked", "recordingId": f"live-{deal}"}
    body = json.dumps(ids | {"recordingProcessed": True, "recordingLinked": True}).encode()
    headers = sign(SECRET, f"msg_{deal}", datetime.now(UTC), body)
    sent[deal] = time.perf_counter()
    answer = await http.post(url, content=body, headers=headers)
    answer.raise_for_status()


def report(name: str, found: list[float], median: float, last: float) -> list[float]:
    """Print what was seen beside what is asked."""
    middle, late = _at(found, 0.5), _at(found, 0.99)
    kept = middle < median and late < last
    print(f"{name}: {len(found)} webhooks at {RATE}/s: median {middle * 1e3:.0f} ms, 99th {late * 1e3:.0f} ms")
    asked = f"{median * 1e3:.0f} and {last * 1e3:.0f} ms"
    print(f"  asked: {asked}: {'kept' if kept else 'MISSED'}", flush=True)
    return found


def _at(found: list[float], share: float) -> float:
    return found[min(len(found) - 1, int(share * len(found)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*", help="of backfill, live, both; none: backfill and both")
    parser.add_argument("--recordings", type=int, default=50_000)
    parser.add_argument("--deals", type=int, default=25_000)
    parser.add_argument("--webhooks", type=int, default=1200)
    options = parser.parse_args()
    asked = options.scenario or ["backfill", "both"]
    if "backfill" in asked:
        backfill(options.recordings, options.deals)
    if "live" in asked:
        live(options.webhooks)
    if "both" in asked:
        both(options.recordings, options.deals, options.webhooks)


if __name__ == "__main__":
    main()
