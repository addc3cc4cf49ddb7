"""The budget of calls that processes share."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest

from fieldnote.db.rate_limit import BudgetUnavailable, SharedLimiter
from fieldnote.errors import Transient
from fieldnote.siro import AsyncSiro, Budget, Priority
from fieldnote.siro.limits import Permit, Turn
from tests.siro.server import Reply, Request, Server, as_json, serving
from tests.siro.test_limits import Counting, most_in_a_window
from tests.waiting import HANGS, until

pytestmark = pytest.mark.slow

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


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database that the limiters share, and its clock."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield Database(connection)


class Database:
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def value(self, expression: str) -> Any:
        (value,) = self._connection.execute(f"select {expression}").fetchone() or (None,)
        return value

    def now(self) -> float:
        """Seconds, by the clock that the budget is kept by. Usable from all threads."""
        return float(self.value("extract(epoch from clock_timestamp())"))

    def await_live_waiting(self) -> None:
        """Until a process has looked for a place for a live call, and has found none."""
        until(lambda: self.value("bool_or(live_until > clock_timestamp()) from bridge.call_budgets"))


def granted(turn: Turn) -> Permit:
    return turn.future.result(timeout=HANGS)


def test_no_window_holds_more_calls_than_the_budget_has_however_many_call(limiter: Make, database: Database) -> None:
    counted: list[float] = []

    def call(own: SharedLimiter, priority: Priority) -> None:
        permit = granted(own.request("token", priority))
        counted.append(database.now())
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


def test_live_calls_of_one_process_overtake_bulk_ones_of_another(limiter: Make, database: Database) -> None:
    one, other = limiter(1, 3600), limiter(1, 3600)
    order: list[str] = []
    first = one.request("token", LIVE)
    granted(first)
    bulk_turns = [one.request("token", BULK) for _ in range(3)]
    live_turn = other.request("token", LIVE)
    for name, turn in [*((f"bulk {n}", turn) for n, turn in enumerate(bulk_turns)), ("live", live_turn)]:
        turn.future.add_done_callback(_noting(order, name, turn))
    database.await_live_waiting()
    first.leave()
    granted(bulk_turns[-1])
    assert order == ["live", "bulk 0", "bulk 1", "bulk 2"]


def _noting(order: list[str], name: str, turn: Turn) -> Callable[[Future[Permit]], None]:
    """Notes who is served, and hands the place back unused, so that no window is waited for."""

    def note(_: Future[Permit]) -> None:
        order.append(name)
        turn.leave()

    return note


def test_bulk_calls_of_all_processes_leave_the_share_that_is_kept(limiter: Make) -> None:
    one, other = limiter(10, 3600, 0.3), limiter(10, 3600, 0.3)
    for turn in [one.request("token", BULK) for _ in range(6)]:
        granted(turn)
    turns = [other.request("token", BULK) for _ in range(3)]
    granted(turns[0])
    granted(other.request("token", LIVE))
    assert [turn.future.done() for turn in turns] == [True, False, False]


def test_a_permit_that_was_not_used_is_free_at_once(limiter: Make, database: Database) -> None:
    one, other = limiter(1, 3600), limiter(1, 3600)
    first = one.request("token", LIVE)
    granted(first)
    waiting = other.request("token", LIVE)
    database.await_live_waiting()
    assert not waiting.future.done()
    first.leave()
    granted(waiting)


def test_a_429_all_the_same_stops_all_processes_for_a_moment(limiter: Make, database: Database) -> None:
    one, other = limiter(100, 4.0), limiter(100, 4.0)
    granted(one.request("token", LIVE)).done()
    granted(other.request("token", LIVE)).done()
    one.refused("token")
    until(lambda: database.value("closed_until > '-infinity' from bridge.call_budgets"))
    granted(other.request("token", LIVE))
    assert database.value("clock_timestamp() >= closed_until from bridge.call_budgets")


def test_without_the_database_calls_wait_and_then_fail_by_name(server: object, database_url: str) -> None:
    nobody = database_url.rsplit("/", 1)[0] + "/no_such_database"
    with SharedLimiter(nobody, Budget(5, 1.0), patience=0.3) as limiter:
        turn = limiter.request("token", LIVE)
        with pytest.raises(BudgetUnavailable, match="cannot be kept") as caught:
            turn.future.result(timeout=HANGS)
    assert isinstance(caught.value, Transient)


def test_a_connection_that_breaks_is_opened_again_and_nothing_is_granted_twice(
    limiter: Make, database: Database, database_url: str
) -> None:
    one = limiter(2, 3600)
    granted(one.request("token", LIVE))
    database.value(
        "count(pg_terminate_backend(pid)) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    granted(one.request("token", LIVE))
    third = one.request("token", LIVE)
    database.await_live_waiting()
    assert not third.future.done()


def test_who_closes_it_lets_nobody_wait(limiter: Make) -> None:
    one = limiter(1, 3600)
    granted(one.request("token", LIVE))
    waiting = one.request("token", LIVE)
    one.close()
    with pytest.raises(BudgetUnavailable):
        waiting.future.result(timeout=HANGS)


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


async def test_four_processes_never_exceed_the_budget(database_url: str, database: Database) -> None:
    """Three budgets of calls. Whether they use the whole budget is measured in `bench/rate_limit`."""
    counting = Counting(20, 1.0, database.now)
    more = ("--budget", "20", "--window", "1.0", "--bulk")
    async with serving(counting) as server:
        processes = [await _process(server, database_url, 15, *more) for _ in range(4)]
        outputs = [(await process.communicate())[0].decode() for process in processes]
    assert outputs == ["15 calls, 0 retries\n"] * 4
    assert counting.refused == 0
    assert len(counting.times) == 60
    assert most_in_a_window(counting.times, 1.0) <= 20


async def test_places_of_a_killed_process_come_back_by_themselves(database_url: str, database: Database) -> None:
    counting = Counting(10, 0.5, database.now)
    all_sent, killed = asyncio.Event(), asyncio.Event()

    async def answer(request: Request) -> Reply:
        if killed.is_set():
            return counting(request)
        if len(server.seen) == 10:
            all_sent.set()
        await killed.wait()
        return Reply(reset=True)

    more = ("--budget", "10", "--window", "0.5")
    async with serving(answer) as server:  # one address: the budget is counted for a token of one Siro
        victim = await _process(server, database_url, 10, *more, "--longest", "1.5")
        await asyncio.wait_for(all_sent.wait(), HANGS)
        os.kill(victim.pid, signal.SIGKILL)
        await victim.wait()
        killed.set()
        leases_end = database.value("extract(epoch from min(free_at)) from bridge.call_places")
        successor = await _process(server, database_url, 20, *more)
        output = (await asyncio.wait_for(successor.communicate(), HANGS))[0].decode()
    assert output == "20 calls, 0 retries\n"
    assert counting.refused == 0
    assert counting.times[0] >= leases_end
