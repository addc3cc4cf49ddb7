"""Conversations are worked on in processes of their own: with a deadline, a share for each organization, and an end."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from fieldnote.insight import Utterance
from fieldnote.workspace import open_workspace
from fieldnote.workspace.insight_pool import InsightFailed, InsightPool, Processes
from tests.waiting import eventually
from tests.workspace.house import START, House, opened_house

FAKE_WORKER = """
import json, os, sys, time
for line in sys.stdin:
    request = json.loads(line)
    text = request["utterances"][0]["text"]
    if "hang" in text:
        time.sleep(3600)
    if "die" in text:
        os._exit(9)
    print(json.dumps({"values": {}, "summary": text, "answers": [], "steps": [], "pid": os.getpid()}), flush=True)
"""
"""It hangs, dies or answers as the conversation says."""
IN_ORDER = """
select organization_id::text from procrastinate_jobs job, recordings
 where recordings.id::text = job.args ->> 'recording_id' and job.queue_name = 'insight'
 order by job.priority desc, job.id
"""


def conversation(text: str) -> dict[str, Any]:
    utterances = [{"speaker": "Ann", "text": text, "start": None, "end": None}]
    given: dict[str, Any] = {
        "rep_name": None,
        "started_at": START.isoformat(),
        "title": None,
        "customer": None,
        "prompts": [],
    }
    return {"utterances": utterances, **given}


def fake_workers(**options: Any) -> InsightPool:
    return InsightPool(processes=Processes([sys.executable, "-c", FAKE_WORKER]), **options)


@pytest.fixture
async def pool() -> AsyncIterator[InsightPool]:
    made = fake_workers(size=2, deadline=0.5)
    yield made
    made.close()
    made._processes.close()


async def test_a_conversation_past_its_deadline_is_killed_and_the_next_one_is_answered(pool: InsightPool) -> None:
    with pytest.raises(InsightFailed, match=r"more than 0\.5 s"):
        await pool.look_into("a", conversation("hang"))
    patient = fake_workers(size=1)
    assert (await patient.look_into("a", conversation("hello")))["summary"] == "hello"
    patient._processes.close()
    patient.close()


async def test_a_process_that_dies_is_a_failure_with_a_reason_and_is_replaced() -> None:
    pool = fake_workers(size=1)
    first = await pool.look_into("a", conversation("hello"))
    with pytest.raises(InsightFailed, match="died"):
        await pool.look_into("a", conversation("die"))
    assert (await pool.look_into("a", conversation("hello")))["pid"] != first["pid"]
    os.kill((await pool.look_into("a", conversation("hello")))["pid"], signal.SIGKILL)  # while idle
    await eventually(lambda: _is_served(pool))
    pool._processes.close()
    pool.close()


async def _is_served(pool: InsightPool) -> bool:
    try:
        return bool(await pool.look_into("a", conversation("hello")))
    except InsightFailed:
        return False


async def test_one_organization_never_has_all_processes() -> None:
    pool = fake_workers(size=2)
    greedy = [asyncio.create_task(pool.look_into("greedy", conversation("hang"))) for _ in range(6)]
    await asyncio.sleep(0)
    assert (await pool.look_into("modest", conversation("hello")))["summary"] == "hello"
    assert not any(task.done() for task in greedy)
    for task in greedy:
        task.cancel()
    await asyncio.gather(*greedy, return_exceptions=True)
    assert (await pool.look_into("greedy", conversation("hello")))["summary"] == "hello"
    pool._processes.close()
    pool.close()


async def test_a_worker_ends_with_its_input_and_answers_errors_by_name() -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fieldnote.insight.worker", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await worker.communicate(b"not json\n")
    assert (said, worker.returncode) == (b'{"error": "JSONDecodeError"}\n', 0)


async def test_the_worker_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDNOTE_SECRET_KEY", "s3cret")
    script = 'import json, os; input(); print(json.dumps({"names": sorted(os.environ)}))'
    pool = InsightPool(size=1, processes=Processes([sys.executable, "-c", script]))
    names = (await pool.look_into("a", conversation("hello")))["names"]
    assert not [name for name in names if "SECRET" in name or "TOKEN" in name or "URL" in name]
    pool._processes.close()
    pool.close()


async def test_a_recording_that_failed_three_times_has_failed_with_its_reason(workspace_url: str) -> None:
    pool = fake_workers(size=2, deadline=0.3)
    async with open_workspace(database_url=workspace_url, insight=pool) as workspace, opened_house(workspace) as house:
        stuck = await house.record(said=[Utterance("Ann", "hang")])
        other = await house.record(said=[Utterance("Ann", "die")])

        async def is_done() -> bool:
            await house.hurry()
            return not await house.rows("select 1 from recordings where processed_at is null")

        await eventually(is_done)
        user = await house.user_client()
        for recording_id, reason in ((stuck, "it took more than 0.3 s, in 3"), (other, "worked on it died, in 3")):
            data = (await user.get(f"/v1/core/recordings/{recording_id}"))["data"]
            assert data["processingStatus"] == "error"
            assert reason in ((await house.explain(recording_id)).failure or "")
    pool._processes.close()


async def test_an_organization_that_comes_later_does_not_wait_for_the_first_ones_backlog(
    house: House, workspace_url: str
) -> None:
    other, _ = await house.another()
    server = house.server
    await server.__aexit__(None, None, None)
    for minute in range(40):
        await house.record(at=START + timedelta(minutes=minute), key=f"k-{minute}")
    house_of_other = House(house.workspace, server, other, house.api)
    await house_of_other.record(user="boss@Other.test")
    order = await house.rows(IN_ORDER)
    assert [row[0] for row in order].index(other.id) == 1


@pytest.mark.slow
async def test_hostile_conversations_all_end(processes: Processes, long: bool, seed: int) -> None:
    """Loops of speech recognition, and transcripts with parts repeated, dropped and mixed.

    A deadline may end one, an error may not; and no process that missed the deadline is left.
    """
    chance = random.Random(seed)
    pool = InsightPool(deadline=60 if long else 3, processes=processes)
    outcomes: Counter[str] = Counter()
    for _ in range(1000 if long else 6):
        text = (mutated if chance.random() < 0.5 else partial(mutated_talk, most=60_000 if long else 4000))(chance)
        outcomes[await _outcome(pool, conversation(text))] += 1
    late = f"it took more than {pool.deadline:g} s"
    assert outcomes.keys() <= {"answered", late}, outcomes
    print(f"seed {seed}: {dict(outcomes)}")  # for `--long -s`
    assert len(processes._idle) <= pool.size
    assert await _outcome(InsightPool(processes=processes), conversation("We have 40,000 dollars.")) == "answered"


async def _outcome(pool: InsightPool, request: dict[str, Any]) -> str:
    try:
        await pool.look_into("a", request)
    except InsightFailed as failure:
        return str(failure)
    return "answered"


PIECES = (
    "30,000 ", "1 ", "$1.5k to ", "30-", "5/5/", "between ", "and ", "next ", "twenty ", "my wife ", "? ", ".", " ",
    "\t", "(", "a'", "x@y.", "or so ", "I ", "maybe ", "not ", "we'll think about it. ", "What is your budget? ",
)  # fmt: skip


def mutated(chance: random.Random) -> str:
    parts = [chance.choice(PIECES) * chance.choice((1, 1, 2, 50, 300)) for _ in range(chance.randint(1, 8))]
    return "".join(parts)[:3000]


TALKS: Final = sorted((Path(__file__).parents[1] / "insight/data").rglob("*.txt"))


def mutated_talk(chance: random.Random, most: int) -> str:
    """A conversation with parts repeated, dropped, moved, joined without blanks, and mixed with another one's."""
    text = chance.choice(TALKS).read_text()
    for _ in range(chance.randint(1, 6)):
        begin = chance.randrange(len(text) + 1)
        part = text[begin : begin + chance.choice((1, 7, 40, 400, 4000))]
        place = chance.randrange(len(text) + 1)
        other = chance.choice(TALKS).read_text()
        change = chance.choice((
            part * chance.choice((2, 30, 900)),
            part.replace(" ", ""),
            part.replace(".", "").replace("\n", " "),
            other[chance.randrange(len(other)) :][: len(part)],
            chance.choice(PIECES) * chance.choice((1, 50)),
            "",
        ))  # fmt: skip
        text = (
            (text[:begin] + text[begin + len(part) :] if chance.random() < 0.5 else text)[:place]
            + change
            + text[place:]
        )
    return text[:most]
