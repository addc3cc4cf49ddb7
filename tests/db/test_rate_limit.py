"""The budget of calls that processes share."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest

from fieldnote.db.rate_limit import BudgetUnavailable, SharedLimiter
from fieldnote.errors import Transient
from fieldnote.siro import AsyncSiro, Budget, Priority
from fieldnote.siro.limits import Permit, Turn
from tests.siro.server import Server, as_json, serving
from tests.siro.test_limits import Counting, most_in_a_window

LIVE, BULK = Priority.LIVE, Priority.BULK
Make = Callable[..., SharedLimiter]


@pytest.fixture
def limiter(database_url: str) -> Iterator[Make]:
    """Makes limiters on one database: to it, they are as many processes."""
    made: list[SharedLimiter] = []

    def make(*budget: float, **more: Any) -> SharedLimiter:
        made.append(SharedLimiter(database_url, Budget(*budget), **more))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


def granted(turn: Turn) -> Permit:
    return turn.future.result(timeout=10)


def test_no_window_holds_more_calls_than_the_budget_has_however_many_call(limiter: Make) -> None:
    counted: list[float] = []

    def call(own: SharedLimiter, priority: Priority) -> None:
        permit = granted(own.request("token", priority))
        counted.append(time.monotonic())
        permit.done()

    limiters = [limiter(20, 0.3) for _ in range(3)]
    threads = [
        threading.Thread(target=call, args=(each, priority))
        for each in limiters for priority in (LIVE, BULK) for _ in range(15)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counted) == 90
    assert most_in_a_window(counted, 0.3) <= 20
    assert max(counted) - min(counted) < 3


def test_live_calls_of_one_process_overtake_bulk_ones_of_another(limiter: Make, database_url: str) -> None:
    one, other = limiter(1, 0.3), limiter(1, 0.3)
    order: list[str] = []
    holder = granted(one.request("token", LIVE))
    bulk_turns = [one.request("token", BULK) for _ in range(3)]
    live_turn = other.request("token", LIVE)
    for name, turn in [*((f"bulk {n}", turn) for n, turn in enumerate(bulk_turns)), ("live", live_turn)]:
        turn.future.add_done_callback(_noting(order, name))
    _await_live_waiting(database_url)
    holder.done()
    granted(bulk_turns[-1])
    assert order == ["live", "bulk 0", "bulk 1", "bulk 2"]


def _await_live_waiting(database_url: str) -> None:
    """Until the database says that somebody has live calls to make."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up:
            found = connection.execute("select bool_or(live_until > now()) from bridge.call_budgets").fetchone()
            if found is not None and found[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody has said so")


def _noting(order: list[str], name: str) -> Callable[[Future[Permit]], None]:
    def note(future: Future[Permit]) -> None:
        order.append(name)
        future.result().done()

    return note


def test_bulk_calls_of_all_processes_leave_the_share_that_is_kept(limiter: Make) -> None:
    one, other = limiter(10, 60, 0.3), limiter(10, 60, 0.3)
    for turn in [one.request("token", BULK) for _ in range(6)]:
        granted(turn)
    turns = [other.request("token", BULK) for _ in range(3)]
    granted(turns[0])
    granted(other.request("token", LIVE))
    assert [turn.future.done() for turn in turns] == [True, False, False]


def test_a_permit_that_was_not_used_is_free_at_once(limiter: Make) -> None:
    one, other = limiter(1, 60), limiter(1, 60)
    first = one.request("token", LIVE)
    granted(first)
    waiting = other.request("token", LIVE)
    time.sleep(0.1)
    assert not waiting.future.done()
    first.leave()
    granted(waiting)


def test_a_429_all_the_same_stops_all_processes_for_a_moment(limiter: Make) -> None:
    one, other = limiter(100, 4.0), limiter(100, 4.0)
    granted(one.request("token", LIVE)).done()
    granted(other.request("token", LIVE)).done()
    one.refused("token")
    time.sleep(0.05)
    began = time.monotonic()
    granted(other.request("token", LIVE))
    assert 0.1 < time.monotonic() - began < 1.0


def test_without_the_database_calls_wait_and_then_fail_by_name(server: object, database_url: str) -> None:
    nobody = database_url.rsplit("/", 1)[0] + "/no_such_database"
    with SharedLimiter(nobody, Budget(5, 1.0), patience=0.3) as limiter:
        turn = limiter.request("token", LIVE)
        with pytest.raises(BudgetUnavailable, match="cannot be kept") as caught:
            turn.future.result(timeout=10)
    assert isinstance(caught.value, Transient)


def test_a_connection_that_breaks_is_made_anew_and_nothing_is_granted_twice(limiter: Make, database_url: str) -> None:
    one = limiter(2, 60)
    granted(one.request("token", LIVE))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    granted(one.request("token", LIVE))
    third = one.request("token", LIVE)
    time.sleep(0.3)
    assert not third.future.done()


def test_who_closes_it_lets_nobody_wait(limiter: Make) -> None:
    one = limiter(1, 60)
    granted(one.request("token", LIVE))
    waiting = one.request("token", LIVE)
    one.close()
    with pytest.raises(BudgetUnavailable):
        waiting.future.result(timeout=1)


async def test_a_client_fails_by_name_where_its_budget_cannot_be_kept(database_url: str) -> None:
    nobody = database_url.rsplit("/", 1)[0] + "/no_such_database"
    async with serving(lambda _: as_json({"organizationId": "o"})) as server:
        with SharedLimiter(nobody, Budget(5, 1.0), patience=0.2) as limiter:
            async with AsyncSiro(token="t", base_url=server.url, limiter=limiter) as siro:
                with pytest.raises(BudgetUnavailable):
                    await siro.auth.caller_identity()
    assert server.seen == []


async def _process(server: Server, database_url: str, calls: int, *more: str) -> asyncio.subprocess.Process:
    given = ("--server", server.url, "--database", database_url, "--calls", str(calls), *more)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.db.calling", *given, stdout=asyncio.subprocess.PIPE
    )


async def test_four_processes_use_the_whole_budget_and_never_exceed_it(database_url: str) -> None:
    """As the full size in `bench/rate_limit`: five budgets of calls need four windows, and 5 % more is allowed.

    Whether the budget is kept is asked of every run, whether it is used only of the better of two: the machine may
    be busy with other tests.
    """
    allowed = 12.0 * 252 / 240
    took = await _four_processes(database_url)
    if took > allowed:
        took = await _four_processes(database_url)
    assert 12.0 <= took <= allowed


async def _four_processes(database_url: str) -> float:
    """Seconds from the first of 200 calls to the last."""
    counting = Counting(40, 3.0)
    more = ("--budget", "40", "--window", "3.0", "--bulk")
    async with serving(counting) as server:
        processes = [await _process(server, database_url, 50, *more) for _ in range(4)]
        outputs = [(await process.communicate())[0].decode() for process in processes]
    assert outputs == ["50 calls, 0 retries\n"] * 4
    assert counting.refused == 0
    assert len(counting.times) == 200
    return max(counting.times) - min(counting.times)


async def test_places_of_a_killed_process_come_back_by_themselves(database_url: str) -> None:
    counting = Counting(10, 0.5)
    held = asyncio.Event()

    async def silent(request: Any) -> Any:
        if len(server.seen) >= 10:
            held.set()
        await asyncio.sleep(60)

    more = ("--budget", "10", "--window", "0.5", "--longest", "1.0")
    async with serving(silent) as server:
        victim = await _process(server, database_url, 10, *more)
        await asyncio.wait_for(held.wait(), 30)
        killed = time.monotonic()
        os.kill(victim.pid, signal.SIGKILL)
        await victim.wait()
    async with serving(counting) as server:
        successor = await _process(server, database_url, 20, *more)
        output = (await asyncio.wait_for(successor.communicate(), 30))[0].decode()
    assert output == "20 calls, 0 retries\n"
    assert counting.refused == 0
    assert counting.times[0] > killed
