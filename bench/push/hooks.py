"""The scenarios of what comes from outside to a running daemon: a hook of the CRM, and a burst of Siro's webhooks."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx2
import psycopg
import source
from contestants import FIELDNOTE, Place, environment, fieldnote
from daemon import until
from processes import running
from report import Report, median
from server import Server
from stage import Stage

from fieldnote.siro.webhooks import new_secret, sign

ARRIVAL = 1.0
"""Seconds from a hook to the call that sends its record."""
BURST = 10.0
"""Seconds in which the daemon takes so many webhooks at once."""
WEBHOOKS = 2000
_SECRET = "of-the-bench-and-long-enough"
_WEBHOOK_SECRET = new_secret()
_EVENTS = "select count(*) from bridge.events"


def hook(stage: Stage) -> Report:
    """One changed row after the other is named by a hook; the next push is an hour away."""
    rows = stage.fill(10_000)
    report = Report(f"a hook for one of {rows:,} rows, under a running daemon", ("", "hook to call s"))
    with stage.theatre(every="1 hour") as (server, place):
        stage.run(FIELDNOTE, place)
        with _daemon(place) as url:
            found = [_hooked(stage, server, url, number) for number in range(stage.rounds or 20)]
    report.add("the middle one", f"{median(found):.3f}")
    report.add("the slowest", f"{max(found):.3f}")
    report.asks(f"each within {ARRIVAL} s", f"{max(found):.3f} s", kept=max(found) < ARRIVAL)
    return report


def burst(stage: Stage) -> Report:
    """Siro's webhooks, all at once over 40 connections."""
    stage.fill(100)
    report = Report(f"{WEBHOOKS:,} webhooks at once, under a running daemon", ("", "seconds"))
    with stage.theatre(every="1 hour") as (_, place):
        stage.run(FIELDNOTE, place)
        with _daemon(place) as url:
            began = time.monotonic()
            statuses = asyncio.run(_all_at_once(url))
            seconds = time.monotonic() - began
        with psycopg.connect(place.ledger) as connection:
            (stored,) = connection.execute(_EVENTS).fetchone() or (0,)
    report.add("until the last answer", f"{seconds:.2f}")
    taken = statuses.count(204)
    report.asks(f"all answered with 204 in {BURST:g} s", f"{taken} in {seconds:.2f} s", kept=seconds < BURST)
    report.asks("none is lost", f"{stored} are stored", kept=stored == taken == WEBHOOKS)
    return report


@contextmanager
def _daemon(place: Place) -> Iterator[str]:
    """`fieldnote run` with a receiver that knows both secrets; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = fieldnote(place, "run", "--port", str(port))
    config = place.folder / "fieldnote.yaml"
    text = config.read_text(encoding="utf-8").replace("siro: {", f'siro: {{webhook_secret: "{_WEBHOOK_SECRET}", ', 1)
    config.write_text(f"{text}\nreceiver:\n  crm_secret: {_SECRET}\n", encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    with running(command, environment(place), place.folder):
        until(lambda: _answers(url))
        yield url


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health", trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def _hooked(stage: Stage, server: Server, url: str, number: int) -> float:
    """Seconds from the hook to the stub's receipt of its record."""
    (key,) = source.touch(stage.source, 1, word=f"hook {number}")
    before = server.counts().received
    headers = {"authorization": f"Bearer {_SECRET}"}
    began = time.monotonic()
    httpx2.post(f"{url}/hooks/crm/engagements", json={"id": key}, headers=headers, trust_env=False).raise_for_status()
    until(_received(server, before + 1))
    return server.counts().last - began


def _received(server: Server, count: int) -> Callable[[], bool]:
    return lambda: server.counts().received >= count


async def _all_at_once(url: str) -> list[int]:
    """The statuses of all answers."""
    limits = httpx2.Limits(max_connections=40)
    async with httpx2.AsyncClient(limits=limits, timeout=60, trust_env=False) as client:

        async def send(number: int) -> int:
            event = {"eventType": "integrations.recordingLinked", "recordingId": f"b{number}"}
            body = json.dumps(event | {"recordingProcessed": True, "recordingLinked": True}).encode()
            headers = sign(_WEBHOOK_SECRET, f"msg-{number}", datetime.now(UTC), body)
            return (await client.post(f"{url}/hooks/siro", content=body, headers=headers)).status_code

        return await asyncio.gather(*(send(number) for number in range(WEBHOOKS)))


SCENARIOS = {"hook": hook, "burst": burst}
