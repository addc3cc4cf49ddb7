"""The budget of calls within one process."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from concurrent.futures import CancelledError, Future

import pytest

from fieldnote.siro import AsyncSiro, Budget, Cause, Priority, Siro, Wait, bulk
from fieldnote.siro.limits import LocalLimiter, Permit, Turn, current_priority, local_limiter
from tests.siro.server import Reply, Request, as_json, serving

LIVE, BULK = Priority.LIVE, Priority.BULK


def granted(turn: Turn) -> Permit:
    return turn.future.result(timeout=5)


def most_in_a_window(times: list[float], seconds: float) -> int:
    """The largest number of moments within any window that is open at its end."""
    ordered = sorted(times)
    return max(bisect_left(ordered, moment + seconds) - index for index, moment in enumerate(ordered))


def test_no_window_of_the_server_ever_holds_more_calls_than_the_budget_has() -> None:
    """Threads and tasks together; the server counts at a random moment between a call's sending and its end."""
    budget, counted, dice = Budget(calls=20, seconds=0.15), [], random.Random(7)
    limiter = LocalLimiter(budget)

    def call() -> None:
        permit = granted(limiter.request("token", dice.choice((LIVE, BULK))))
        time.sleep(dice.random() * 0.02)
        counted.append(time.monotonic())
        time.sleep(dice.random() * 0.02)
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


def test_the_whole_budget_may_be_used_at_once_and_then_the_window_is_waited_for() -> None:
    limiter = LocalLimiter(Budget(calls=5, seconds=0.2))
    began = time.monotonic()
    for _ in range(5):
        turn = limiter.request("token", BULK)
        assert turn.expected == 0
        granted(turn).done()
    sixth = limiter.request("token", BULK)
    assert 0.1 < sixth.expected <= 0.2
    granted(sixth)
    assert 0.2 <= time.monotonic() - began < 0.4


def test_live_calls_overtake_bulk_ones_and_each_kind_keeps_its_order() -> None:
    limiter, order = LocalLimiter(Budget(calls=1, seconds=0.02)), []

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


def test_bulk_calls_leave_the_share_that_is_kept() -> None:
    limiter = LocalLimiter(Budget(calls=10, seconds=60, kept_for_live=0.25))
    turns = [limiter.request("token", BULK) for _ in range(10)]
    assert [turn.future.done() for turn in turns] == [True] * 7 + [False] * 3
    assert [limiter.request("token", LIVE).future.done() for _ in range(4)] == [True] * 3 + [False]


def test_each_token_has_a_budget_of_its_own() -> None:
    limiter = LocalLimiter(Budget(calls=1, seconds=60))
    assert [limiter.request(f"token-{n}", LIVE).future.done() for n in range(200)] == [True] * 200


def test_who_leaves_takes_nothing_along() -> None:
    limiter = LocalLimiter(Budget(calls=1, seconds=60))
    holder = limiter.request("token", LIVE)
    granted(holder)
    waiting, next_one = limiter.request("token", LIVE), limiter.request("token", LIVE)
    waiting.leave()
    waiting.leave()
    holder.leave()
    granted(next_one)
    assert not waiting.future.done()


def test_a_future_that_was_cancelled_hands_its_place_to_the_next() -> None:
    limiter = LocalLimiter(Budget(calls=1, seconds=0.05))
    granted(limiter.request("token", LIVE)).done()
    waiting, next_one = limiter.request("token", LIVE), limiter.request("token", LIVE)
    assert waiting.future.cancel()
    granted(next_one)
    with pytest.raises(CancelledError):
        waiting.future.result()


def test_a_429_all_the_same_stops_everybody_for_a_moment() -> None:
    limiter = LocalLimiter(Budget(calls=100, seconds=2.0))
    granted(limiter.request("token", LIVE)).done()
    limiter.refused("token")
    began = time.monotonic()
    turn = limiter.request("token", LIVE)
    assert not turn.future.done()
    granted(turn)
    assert 0.09 <= time.monotonic() - began < 0.3


def test_a_call_that_ends_twice_ends_once() -> None:
    limiter = LocalLimiter(Budget(calls=2, seconds=60))
    permit = granted(limiter.request("token", LIVE))
    permit.done()
    permit.done()
    assert limiter.request("token", LIVE).future.done()
    assert not limiter.request("token", LIVE).future.done()


@pytest.mark.parametrize("wrong", [{"calls": 0}, {"seconds": 0}, {"kept_for_live": 1}, {"kept_for_live": -0.1}])
def test_a_budget_that_cannot_be_kept_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="budget"):
        Budget(**wrong)  # type: ignore[arg-type]


def test_clients_with_one_budget_share_one_limiter() -> None:
    assert local_limiter(Budget(7, 7.5)) is local_limiter(Budget(7, 7.5))
    assert local_limiter(Budget(7, 7.5)) is not local_limiter(Budget(8, 7.5))


async def test_bulk_counts_for_the_tasks_that_are_begun_in_it() -> None:
    async def priority() -> Priority:
        return current_priority()

    with bulk():
        task = asyncio.create_task(priority())
    assert current_priority() is LIVE
    assert await task is BULK


# --- the clients under it -------------------------------------------------------------------------------


class Counting:
    """A server with a limit in a rolling window, which answers 429 beyond it."""

    def __init__(self, calls: int, seconds: float) -> None:
        self.calls = calls
        self.seconds = seconds
        self.times: list[float] = []
        self.refused = 0

    def __call__(self, _: Request) -> Reply:
        now = time.monotonic()
        if sum(moment > now - self.seconds for moment in self.times) >= self.calls:
            self.refused += 1
            return as_json({"error": "limit"}, 429)
        self.times.append(now)
        return as_json({"organizationId": "org-1"})


async def test_both_clients_of_one_process_keep_to_the_budget_together_and_tell_of_their_waits() -> None:
    counting = Counting(30, 0.5)
    limiter = LocalLimiter(Budget(30, 0.5))
    waits: list[Wait] = []
    async with serving(counting) as server:
        given = {"token": "t", "base_url": server.url, "limiter": limiter, "on_wait": waits.append}
        with Siro(**given) as siro:  # type: ignore[arg-type]
            async with AsyncSiro(**given) as asynchronous:  # type: ignore[arg-type]
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
    assert 1.0 <= max(counting.times) - min(counting.times) < 2.0


async def test_a_live_call_is_not_kept_waiting_by_a_bulk_run() -> None:
    async def slowly(_: Request) -> Reply:
        await asyncio.sleep(0.005)
        return as_json({"organizationId": "org-1"})

    limiter = LocalLimiter(Budget(60, 0.5))
    async with serving(slowly) as server, AsyncSiro(token="t", base_url=server.url, limiter=limiter) as siro:
        with bulk():
            run = asyncio.gather(*(siro.auth.caller_identity() for _ in range(240)))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        await siro.auth.caller_identity()
        assert time.monotonic() - began < 0.6
        assert not run.done()
        await run


async def test_a_task_that_is_cancelled_while_it_waits_leaves_the_queue() -> None:
    limiter = LocalLimiter(Budget(1, 0.3))
    async with (
        serving(lambda _: as_json({"organizationId": "o"})) as server,
        AsyncSiro(token="t", base_url=server.url, limiter=limiter) as siro,
    ):
        await siro.auth.caller_identity()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(siro.auth.caller_identity(), 0.05)
        await siro.auth.caller_identity()
    assert len(server.seen) == 2
