"""History, through the front door: planned first, read once, gone on with after a kill, overtaken by what is live."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi import Response
from fastapi.responses import JSONResponse
from sqlalchemy import text
from typer.testing import CliRunner

from fieldnote.bridge import BackfillResult, Bridge, backfill_once, plan_backfill, pull_once, push_once
from fieldnote.bridge.pull.run import look_at
from fieldnote.cli import bridge as commands
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.waiting import HANGS

pytestmark = pytest.mark.slow

SINCE = ago(days=400).replace(microsecond=0)


def history(stub: StubSiro, deals: Sequence[int], *, visits: int = 2) -> None:
    """Each deal was talked about some times, long ago; the last talk names a budget of hundreds of its number."""
    for deal in deals:
        for visit in range(visits):
            at = ago(days=300 - visit)
            said = {"Budget": f"${deal * 100 - (visits - 1 - visit)}", "Decision Maker": "both"}
            name = f"r{deal:04}-{visit}"
            stub.record(name, started_at=at, moved=at, opportunity=str(deal), said=said, summary=f"Talk {visit}.")


async def pushed(bridge: Bridge, crm: Crm, deals: Sequence[int]) -> None:
    for deal in deals:
        crm.add_deal(deal)
    assert (await push_once(bridge)).settled


async def backfilled(bridge: Bridge) -> BackfillResult:
    result = await backfill_once(bridge, SINCE)
    assert result.settled, result
    return result


async def tables(bridge: Bridge) -> dict[str, int]:
    names = ("recordings", "recording_links", "due", "fields", "notes", "proposals", "writes", "runs", "backfills")
    async with bridge.engine.connect() as conn:
        return {name: int(await conn.scalar(text(f"select count(*) from {name}")) or 0) for name in names}


@BOTH
async def test_history_ends_in_the_crm_and_no_older_value_is_written_on_the_way(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    deals = range(1, 31)
    async with opened() as bridge:
        await pushed(bridge, crm, deals)
        history(stub, deals)
        assert (await pull_once(bridge)).read == 0
        result = await backfilled(bridge)
        assert (result.read, result.records, result.proposals) == (60, 30, 30)
        assert {kind.column: count for kind, count in result.counted.items()} == {"budget_max": 30, "note": 60}
        assert [crm.deal(deal, "budget_max") for deal in deals] == [deal * 100 for deal in deals]
        assert len(crm.notes()) == 60
        again = await backfilled(bridge)
        assert (again.read, again.changed, again.records, again.writes) == (60, 0, 0, 0)


@BOTH
async def test_a_plan_says_what_will_be_written_and_writes_nothing(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    deals = range(1, 16)
    async with opened() as bridge:
        await pushed(bridge, crm, deals)
        history(stub, deals)
        crm.set_deal(1, "budget_max", "5")
        before = await tables(bridge)
        plan = await plan_backfill(bridge, SINCE)
        assert await tables(bridge) == before
        assert (crm.notes(), crm.deal(2, "budget_max")) == ([], None)
        assert (plan.read, plan.changed, plan.records, plan.empty) == (30, 30, 15, False)
        assert {(k.column, k.policy): n for k, n in plan.writes.items()} == {
            ("budget_max", "fill"): 14,
            ("note", ""): 30,
        }
        assert {(k.column, k.policy): n for k, n in plan.proposals.items()} == {("decision", "propose"): 15}
        done = await backfilled(bridge)
        assert (done.counted, done.proposals) == (plan.writes, 15)
        assert (await plan_backfill(bridge, SINCE)).empty


async def test_a_plan_names_what_the_crm_would_not_take(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(pull__opportunity__fields__Timeline={"to": "gone", "as": "text"}) as bridge:
        await pushed(bridge, crm, [1])
        stub.record("r1", started_at=ago(days=9), opportunity="1", said={"Timeline": "spring"})
        plan = await plan_backfill(bridge, SINCE)
        assert (plan.empty, {(k.column, k.action) for k in plan.problems}) == (True, {("gone", "refused")})


def test_the_command_plans_with_status_three_then_does_it(
    crm: Crm, stub: StubSiro, write_config: Callable[..., Path], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDNOTE_BRIDGE_DATABASE_URL", database_url)
    config = str(write_config())
    app = typer.Typer()
    app.command()(commands.push)
    app.command()(commands.pull)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*arguments, "--config", config])
        return result.exit_code, result.stdout

    crm.add_deal(1)
    assert run("push")[0] == 0
    history(stub, [1], visits=1)
    status, said = run("pull", "--since", "2020-01-01", "--plan")
    assert (status, "opportunity budget_max (fill): 1 written" in said) == (3, True), said
    status, said = run("pull", "--since", "2020-01-01", "--plan", "--json")
    assert (status, json.loads(said)["writes"][0]["column"]) == (3, "budget_max")
    status, said = run("pull", "--since", "2020-01-01", "--json")
    assert (status, json.loads(said)["writes"]) == (0, 2)
    assert run("pull", "--since", "2020-01-01", "--plan")[0] == 0
    assert run("pull", "--plan")[0] != 0


@pytest.mark.parametrize(
    ("point", "pages"),
    [
        ("fieldnote.bridge.pull.recordings:Recordings.store:3", 2),
        ("fieldnote.bridge.pull.due:apply_record:5", 4),
        ("fieldnote.bridge.pull.ledger:record_write:7", 4),
    ],
)
async def test_a_backfill_that_is_killed_goes_on_where_it_was(
    crm: Crm,
    stub: StubSiro,
    opened: Opener,
    write_config: Callable[..., Path],
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    pages: int,
) -> None:
    deals = range(1, 51)
    async with opened() as bridge:
        await pushed(bridge, crm, deals)
    history(stub, deals)
    monkeypatch.setenv("SINCE", SINCE.isoformat())
    command = ["backfill", str(write_config()), str(tmp_path / "home"), database_url, point]
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-m", "tests.bridge.process", *command])
    assert killed.returncode == -signal.SIGKILL
    stub.forget_calls()
    async with opened() as bridge:
        result = await backfilled(bridge)
    assert (result.resumed, result.earlier, result.read) == (True, 25 * pages, 100 - 25 * pages)
    assert [crm.deal(deal, "budget_max") for deal in deals] == [deal * 100 for deal in deals]
    assert len({key for _, _, key in crm.notes()}) == len(crm.notes()) == 100


async def test_a_webhook_that_stays_open_holds_no_history_up(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldnote.bridge.pull.backfill._PATIENCE", 10 * HANGS)
    deals = range(1, 4)
    async with opened() as bridge:
        await pushed(bridge, crm, deals)
        history(stub, deals)
        async with bridge.engine.begin() as conn:
            await conn.execute(
                text(
                    "insert into events (connection, svix_id, recording_id, event_type, received_at) "
                    "values ('default', 'm', 'nobody', 'x', now() - interval '1 minute')"
                )
            )
        result = await asyncio.wait_for(backfilled(bridge), HANGS)
        assert result.records == len(deals)


async def test_what_siro_cannot_give_now_is_read_by_the_next_call(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    deals = range(1, 31)
    async with opened() as bridge:
        await pushed(bridge, crm, deals)
        history(stub, deals)
        lists = 0

        def fault(method: str, path: str, body: Any) -> Response | None:
            nonlocal lists
            del method, body
            lists += path.endswith("/core/recordings")
            return JSONResponse({"error": "away"}, 503) if lists == 2 else None

        stub.chaos = fault
        stopped = await backfill_once(bridge, SINCE)
        assert (stopped.settled, stopped.read, stopped.writes) == (False, 25, 0)
        assert stopped.stopped is not None
        assert (await pull_once(bridge)).writes > 0  # what was read is nobody's secret
        result = await backfilled(bridge)
        assert (result.resumed, result.earlier, result.read) == (True, 25, 35)
        assert [crm.deal(deal, "budget_max") for deal in deals] == [deal * 100 for deal in deals]


async def test_a_place_that_siro_has_forgotten_is_read_from_the_beginning(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    deals = range(1, 31)
    async with opened() as bridge:
        await pushed(bridge, crm, deals)
        history(stub, deals)
        lists = 0

        def fault(method: str, path: str, body: Any) -> Response | None:
            nonlocal lists
            del method, body
            lists += path.endswith("/core/recordings")
            status = {2: 503, 3: 400}.get(lists) if path.endswith("/core/recordings") else None
            return JSONResponse({"error": "no such cursor"}, status) if status else None

        stub.chaos = fault
        assert (await backfill_once(bridge, SINCE)).stopped is not None
        result = await backfilled(bridge)
        assert (result.read, len(crm.notes())) == (60, 60)


async def test_another_date_starts_over(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, [1])
        history(stub, [1], visits=1)
        stub.chaos = lambda _method, path, _body: (
            JSONResponse({"error": "away"}, 503) if path.endswith("/core/recordings") else None
        )
        assert (await backfill_once(bridge, SINCE)).stopped is not None
        stub.chaos = None
        result = await backfill_once(bridge, ago(days=500))
        assert (result.resumed, result.read, crm.deal(1, "budget_max")) == (False, 1, 100)


async def test_what_comes_while_history_is_read_does_not_wait_for_it(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    deals = range(1, 61)
    async with opened() as bridge:
        await pushed(bridge, crm, [*deals, 99])
        history(stub, deals)
        read = asyncio.Event()
        running = asyncio.create_task(backfill_once(bridge, SINCE, watch=lambda _done: read.set()))
        await read.wait()
        stub.record("live", started_at=ago(hours=1), opportunity="99", said={"Budget": "$7"}, moved=ago(days=390))
        live = await look_at(bridge, "live")
        assert (live.writes, crm.deal(99, "budget_max")) == (1, 7)
        assert (await pull_once(bridge, max_wait=0)).stopped is None  # a pull is not kept out either
        assert (await running).stopped is None
        assert [crm.deal(deal, "budget_max") for deal in deals] == [deal * 100 for deal in deals]
        assert len(crm.notes()) == 120
