"""The budget of calls within one process."""

from __future__ import annotations

import asyncio
import random
import threading
from bisect import bisect_left
from collections.abc import Callable
from concurrent.futures import CancelledError, Future

import pytest

from fieldnote.siro import AsyncSiro, AsyncSurroundings, Budget, Cause, Priority, Siro, Surroundings, Wait, bulk
from fieldnote.siro.limits import LocalLimiter, Permit, Turn, current_priority, local_limiter
from tests.clocks import Clock
from tests.siro.server import Reply, Request, as_json, serving
from tests.waiting import HANGS, eventually

LIVE, BULK = Priority.LIVE, Priority.BULK


def granted(turn: Turn) -> Permit:
    return turn.future.result(timeout=HANGS)


def most_in_a_window(times: list[float], seconds: float) -> int:
    """The largest number of moments within any window that is open at its end."""
    ordered = sorted(times)
    return max(bisect_left(ordered, moment + seconds) - index for index, moment in enumerate(ordered))


def test_no_window_of_the_server_has_more_calls_than_the_budget() -> None:
    """Threads and tasks together; the server counts at a random moment between a call's sending and its end."""
    budget, counted, dice, clock = Budget(calls=20, seconds=0.15), [], random.Random(7), Clock(runs=True)
    limiter = LocalLimiter(budget, clock)

    def call() -> None:
        permit = granted(limiter.request("token", dice.choice((LIVE, BULK))))
        clock.advance(dice.random() * 0.02)
        counted.append(clock.now())
        clock.advance(dice.random() * 0.02)
        permit.done()

    async def tasks() -> None:
        await asyncio.gather(*(asyncio.to_thread(call) for _ in range(60)))

    threads = [threading.Thread(target=call) for _ in range(60)]
    for thread in threads:
        thread.start()
    asyncio.run(tasks())
    for thread in threads:
        thread.join()
    assert len(counted) == 120
    assert most_in_a_window(counted, budget.seconds) <= 20


def test_the_whole_budget_can_be_used_at_once_before_a_wait_for_the_window() -> None:
    clock = Clock(runs=True)
    limiter, began = LocalLimiter(Budget(calls=5, seconds=0.25), clock), clock.now()
    for _ in range(5):
        turn = limiter.request("token", BULK)
        assert turn.expected == 0
        granted(turn).done()
    sixth = limiter.request("token", BULK)
    assert sixth.expected == 0.25
    granted(sixth)
    assert clock.now() - began == 0.25


def test_live_calls_overtake_bulk_ones_and_each_kind_keeps_its_order() -> None:
    limiter, order = LocalLimiter(Budget(calls=1, seconds=60), Clock(runs=True)), []

    def noted(name: str) -> Callable[[Future[Permit]], None]:
        def note(future: Future[Permit]) -> None:
            order.append(name)
            future.result().done()

        return note

    first = granted(limiter.request("token", BULK))
    for name, priority in (("b1", BULK), ("b2", BULK), ("l1", LIVE), ("b3", BULK), ("l2", LIVE)):
        limiter.request("token", priority).future.add_done_callback(noted(name))
    first.done()
    granted(limiter.request("token", BULK))
    assert order == ["l1", "l2", "b1", "b2", "b3"]


def test_bulk_calls_leave_the_reserved_share_free() -> None:
    limiter = LocalLimiter(Budget(calls=10, seconds=60, kept_for_live=0.25), Clock())
    turns = [limiter.request("token", BULK) for _ in range(10)]
    assert [turn.future.done() for turn in turns] == [True] * 7 + [False] * 3
    assert [limiter.request("token", LIVE).future.done() for _ in range(4)] == [True] * 3 + [False]


def test_each_token_has_a_budget_of_its_own() -> None:
    limiter = LocalLimiter(Budget(calls=1, seconds=60), Clock())
    assert [limiter.request(f"token-{n}", LIVE).future.done() for n in range(200)] == [True] * 200


def test_leaving_the_queue_uses_no_call() -> None:
    limiter = LocalLimiter(Budget(calls=1, seconds=60), Clock())
    holder = limiter.request("token", LIVE)
    granted(holder)
    waiting, next_one = limiter.request("token", LIVE), limiter.request("token", LIVE)
    waiting.leave()
    waiting.leave()
    holder.leave()
    granted(next_one)
    assert not waiting.future.done()


def test_a_canceled_future_gives_its_place_to_the_next_call() -> None:
    clock = Clock()
    limiter = LocalLimiter(Budget(calls=1, seconds=60), clock)
    granted(limiter.request("token", LIVE)).done()
    waiting, next_one = limiter.request("token", LIVE), limiter.request("token", LIVE)
    assert waiting.future.cancel()
    clock.advance(60)
    granted(next_one)
    with pytest.raises(CancelledError):
        waiting.future.result()


def test_a_429_pauses_all_calls() -> None:
    clock = Clock()
    limiter = LocalLimiter(Budget(calls=100, seconds=60), clock)
    granted(limiter.request("token", LIVE)).done()
    limiter.refused("token")
    turn, began = limiter.request("token", LIVE), clock.now()
    assert not turn.future.done()
    clock.runs = True
    granted(turn)
    assert clock.now() - began == limiter.budget.pause == 3


def test_a_call_that_ends_twice_ends_once() -> None:
    limiter = LocalLimiter(Budget(calls=2, seconds=60), Clock())
    permit = granted(limiter.request("token", LIVE))
    permit.done()
    permit.done()
    assert limiter.request("token", LIVE).future.done()
    assert not limiter.request("token", LIVE).future.done()


@pytest.mark.parametrize("wrong", [{"calls": 0}, {"seconds": 0}, {"kept_for_live": 1}, {"kept_for_live": -0.1}])
def test_an_impossible_budget_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="budget"):
        Budget(**wrong)  # type: ignore[arg-type]


def test_clients_with_one_budget_share_one_limiter() -> None:
    assert local_limiter(Budget(7, 7.5)) is local_limiter(Budget(7, 7.5))
    assert local_limiter(Budget(7, 7.5)) is not local_limiter(Budget(8, 7.5))


async def test_bulk_applies_to_the_tasks_started_in_it() -> None:
    async def priority() -> Priority:
        return current_priority()

    with bulk():
        task = asyncio.create_task(priority())
    assert current_priority() is LIVE
    assert await task is BULK


# --- the clients under it -------------------------------------------------------------------------------


class Counting:
    """A server with a limit in a rolling window, which answers 429 beyond it."""

    def __init__(self, calls: int, seconds: float, clock: Callable[[], float]) -> None:
        self.calls = calls
        self.seconds = seconds
        self.clock = clock
        self.times: list[float] = []
        self.refused = 0

    def __call__(self, _: Request) -> Reply:
        now = self.clock()
        if sum(moment > now - self.seconds for moment in self.times) >= self.calls:
            self.refused += 1
            return as_json({"error": "limit"}, 429)
        self.times.append(now)
        return as_json({"organizationId": "org-1"})


async def test_both_clients_of_a_process_share_the_budget_and_report_their_waits() -> None:
    clock = Clock(runs=True)
    counting = Counting(30, 0.5, clock)
    limiter = LocalLimiter(Budget(30, 0.5), clock)
    waits: list[Wait] = []
    async with serving(counting) as server:
        given = {"token": "t", "base_url": server.url, "limiter": limiter, "on_wait": waits.append}
        with Siro(**given, surroundings=Surroundings(clock=clock)) as siro:  # type: ignore[arg-type]
            async with AsyncSiro(**given, surroundings=AsyncSurroundings(clock=clock)) as asynchronous:  # type: ignore[arg-type]
                await asyncio.gather(
                    *(asyncio.to_thread(siro.auth.caller_identity) for _ in range(40)),
                    *(asynchronous.auth.caller_identity() for _ in range(40)),
                )
                totals = [siro.totals, asynchronous.totals]
    assert counting.refused == 0
    assert len(counting.times) == 80
    assert sum(total.calls for total in totals) == 80
    assert sum(total.waits for total in totals) == len(waits) > 0
    assert {wait.cause for wait in waits} == {Cause.BUDGET}
    assert sum(total.seconds_waited for total in totals) > 0.4
    assert max(counting.times) - min(counting.times) >= 1.0


async def test_a_bulk_run_does_not_delay_a_live_call() -> None:
    answers, waits = asyncio.Event(), list[Wait]()

    async def slowly(_: Request) -> Reply:
        await answers.wait()
        return as_json({"organizationId": "org-1"})

    limiter = LocalLimiter(Budget(10, 60), Clock(runs=True))
    async with (
        serving(slowly) as server,
        AsyncSiro(token="t", base_url=server.url, limiter=limiter, on_wait=waits.append) as siro,
    ):
        with bulk():
            run = asyncio.gather(*(siro.auth.caller_identity() for _ in range(60)))
        await eventually(lambda: len(server.seen) == 10)
        asked = asyncio.create_task(siro.recordings.get("r1"))
        await eventually(lambda: any(wait.path.endswith("/r1") for wait in waits))
        answers.set()
        await run
        await asyncio.gather(asked, return_exceptions=True)  # the answer is not a recording
    (place,) = [number for number, seen in enumerate(server.seen) if seen.path.endswith("/r1")]
    assert 10 <= place < 20  # in the first window that had room


async def test_a_task_that_is_cancelled_while_it_waits_leaves_the_queue() -> None:
    clock = Clock()
    limiter = LocalLimiter(Budget(1, 60), clock)
    async with (
        serving(lambda _: as_json({"organizationId": "o"})) as server,
        AsyncSiro(token="t", base_url=server.url, limiter=limiter) as siro,
    ):
        await siro.auth.caller_identity()
        waiting = asyncio.create_task(siro.auth.caller_identity())
        await eventually(lambda: clock.waits > 0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        clock.runs = True
        await siro.auth.caller_identity()
    assert len(server.seen) == 2
