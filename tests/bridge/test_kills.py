"""Real processes, killed: the next pass ends whole, and nothing is doubled."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from fieldnote.bridge import pull_once, push_once
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.waiting import HANGS

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(write_config: Callable[..., Path], database_url: str, tmp_path: Path) -> Start:
    """Begin a pass in a process of its own."""

    def begin(command: str, *point: str) -> subprocess.Popen[bytes]:
        arguments = [command, str(write_config()), str(tmp_path / "home"), database_url, *point]
        return subprocess.Popen([sys.executable, "-m", "tests.bridge.process", *arguments])

    return begin


def kill_at_work(process: subprocess.Popen[bytes], stub: StubSiro, after: float) -> None:
    """Some seconds after its first call."""
    already = len(stub.calls)
    while process.poll() is None and len(stub.calls) == already:
        time.sleep(0.01)
    time.sleep(after)
    process.kill()
    process.wait()


@pytest.mark.chaos
async def test_a_push_killed_at_any_moment_is_ended_by_the_next(
    crm: Crm, stub: StubSiro, opened: Opener, start: Start, seed: int, long: bool
) -> None:
    dice = random.Random(seed)
    for key in range(1, 301):
        crm.add_deal(key)
        crm.add_appointment(key, deal=key)
    stub.delay = 0.02
    for _ in range(20 if long else 1):
        await asyncio.to_thread(kill_at_work, start("push"), stub, dice.uniform(0, 0.4))
    stub.delay = 0
    async with opened() as bridge:
        assert (await push_once(bridge)).settled
        stub.forget_calls()
        assert (await push_once(bridge)).calls == 0
    assert {name: len(found) for name, found in stub.records.items()} == {"engagements": 300, "opportunities": 300}


POINTS = [
    "fieldnote.bridge.pull.ledger:save:1",  # nothing was done
    "fieldnote.bridge.pull.ledger:save:2",  # the first intent is kept, and the CRM written
    "fieldnote.bridge.pull.ledger:record_write:1",  # the CRM is written, the ledger not
    "fieldnote.bridge.pull.ledger:record_write:2",
    "fieldnote.bridge.pull.notes:record_write:1",  # the CRM has the note, and the ledger does not know
    "fieldnote.bridge.pull.notes:digest:3",
    "fieldnote.bridge.pull.run:finish:1",
]


@pytest.mark.parametrize("point", POINTS)
async def test_a_pull_killed_between_crm_and_ledger_knows_its_own_work(
    crm: Crm, stub: StubSiro, opened: Opener, start: Start, point: str
) -> None:
    crm.add_deal(1)
    async with opened() as bridge:
        await push_once(bridge)
        said = {"Budget": "$100", "Objections": "price", "Log": "one"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="first")
        process = start("pull", point)
        assert await asyncio.to_thread(process.wait, HANGS) == -9
        assert (await pull_once(bridge)).settled
        assert (await pull_once(bridge)).writes == 0
        assert [crm.deal(1, name) for name in ("budget_max", "objections", "log")] == [100, "price", "one"]
        assert len(crm.notes()) == 1
        assert await provenance(bridge) == ["budget_max", "log", "objections", "summary"]
        # It is ours: it is kept current.
        said = {"Budget": "$200", "Objections": "time", "Log": "one more"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="second")
        assert (await pull_once(bridge)).writes == 4
        assert [crm.deal(1, name) for name in ("budget_max", "objections", "log")] == [200, "time", "one more"]
        assert ["second" in body for _, body, _ in crm.notes()] == [True]


async def provenance(bridge: Any) -> list[str]:
    async with bridge.engine.connect() as conn:
        return list((await conn.scalars(text("select column_name from writes order by column_name"))).all())


@pytest.mark.chaos
async def test_a_pull_killed_at_any_moment_is_ended_by_the_next(
    crm: Crm, stub: StubSiro, opened: Opener, start: Start, seed: int, long: bool
) -> None:
    dice = random.Random(seed)
    for key in range(1, 41):
        crm.add_deal(key)
    async with opened() as bridge:
        await push_once(bridge)
        for key in range(1, 41):
            said = {"Budget": f"${key}00", "Log": "one"}
            stub.record(f"r{key}", started_at=ago(hours=2), opportunity=str(key), said=said, summary="s")
        for _ in range(20 if long else 1):
            await asyncio.to_thread(kill_at_work, start("pull"), stub, dice.uniform(0, 0.5))
        assert (await pull_once(bridge)).settled
        assert (await pull_once(bridge)).writes == 0
        written = await provenance(bridge)
    assert [crm.deal(key, "budget_max") for key in range(1, 41)] == [key * 100 for key in range(1, 41)]
    assert sorted(deal for deal, _, _ in crm.notes()) == list(range(1, 41))
    assert {name: written.count(name) for name in set(written)} == {"budget_max": 40, "log": 40, "summary": 40}
