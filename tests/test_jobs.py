"""Durable jobs: they exist with their cause, and none is lost with the worker that ran it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import procrastinate
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.db.engine import Application, open_engine
from fieldnote.errors import DatabaseError
from fieldnote.jobs import defer, delete_finished, make_app, run_worker, sweep
from tests.jobs_process import QUICK, append, blueprint, fail_once, hang_once
from tests.waiting import eventually


@pytest.fixture
def database_url(bridge_url: str) -> str:
    """The bridge's database, with nothing in it."""
    return bridge_url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = await open_engine(Application.BRIDGE, database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def app(database_url: str, engine: AsyncEngine) -> procrastinate.App:
    return make_app(Application.BRIDGE, database_url, blueprint)


@pytest.fixture
async def worker(app: procrastinate.App) -> AsyncIterator[list[str]]:
    """A running worker; what its jobs appended."""
    async with _working(app) as done:
        yield done


@contextlib.asynccontextmanager
async def _working(app: procrastinate.App) -> AsyncIterator[list[str]]:
    done: list[str] = []
    task = asyncio.create_task(run_worker(app, context={"done": done}, settings=QUICK))
    try:
        yield done
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _value(engine: AsyncEngine, query: str, **values: Any) -> Any:
    async with engine.connect() as connection:
        return await connection.scalar(text(query), values)


async def _execute(engine: AsyncEngine, statement: str, **values: Any) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)


async def _status(engine: AsyncEngine, number: int) -> str:
    return str(await _value(engine, "select status from procrastinate_jobs where id = :id", id=number))


async def _until_value(engine: AsyncEngine, query: str, wanted: Any) -> None:
    async def is_wanted() -> bool:
        return bool(await _value(engine, query) == wanted)

    await eventually(is_wanted)


async def _until_status(engine: AsyncEngine, number: int, status: str) -> None:
    await _until_value(engine, f"select status::text from procrastinate_jobs where id = {number:d}", status)


def _process(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.jobs_process", url])


async def test_a_job_exists_once_its_transaction_is_committed(engine: AsyncEngine, worker: list[str]) -> None:
    async with engine.connect() as connection:
        number = await defer(connection, append, text="a")
        assert number is not None
        await _look_at_the_queue(engine, worker)
        assert worker == ["look"]
        await connection.commit()
    await eventually(lambda: worker == ["look", "a"])
    await _until_status(engine, number, "succeeded")


async def _look_at_the_queue(engine: AsyncEngine, worker: list[str]) -> None:
    """Until the worker has run a job that was deferred last: it passed by all that it may not run yet."""
    async with engine.begin() as connection:
        await defer(connection, append, text="look")
    await eventually(lambda: "look" in worker)


@pytest.mark.parametrize("queueing_lock", [None, "one"])
async def test_a_job_of_a_transaction_that_is_rolled_back_does_not_exist(
    engine: AsyncEngine, queueing_lock: str | None
) -> None:
    async with engine.connect() as connection:
        assert await defer(connection, append, queueing_lock=queueing_lock, text="a") is not None
        await connection.rollback()
    assert await _value(engine, "select count(*) from procrastinate_jobs") == 0


async def test_of_jobs_with_one_queueing_lock_one_waits(engine: AsyncEngine, app: procrastinate.App) -> None:
    async with engine.begin() as connection:
        assert await defer(connection, append, queueing_lock="one", text="a") is not None
        assert await defer(connection, append, queueing_lock="one", text="b") is None
        await connection.execute(text("create table still_usable (n int)"))
    async with _working(app) as done:
        await eventually(lambda: bool(done))
    assert done == ["a"]


async def test_a_shared_job_starts_after_each_transaction_that_shares_it(
    engine: AsyncEngine, worker: list[str]
) -> None:
    """Else it could run before what the second caller stored is there to be seen, and none would follow."""
    later = datetime.now(UTC) + timedelta(hours=1)
    async with engine.begin() as first:
        await defer(first, append, queueing_lock="one", schedule_at=later, text="a")
    async with engine.begin() as second:
        assert await defer(second, append, queueing_lock="one", text="a") is None
        await _look_at_the_queue(engine, worker)
        assert worker == ["look"]
    await eventually(lambda: worker == ["look", "a"])


async def test_a_scheduled_job_waits_for_its_time(engine: AsyncEngine, worker: list[str]) -> None:
    async with engine.begin() as connection:
        await defer(connection, append, schedule_at=datetime.now(UTC) + timedelta(hours=1), text="late")
    await _look_at_the_queue(engine, worker)
    assert worker == ["look"]
    await _execute(engine, "update procrastinate_jobs set scheduled_at = now() where status = 'todo'")
    await eventually(lambda: worker == ["look", "late"])


async def test_the_higher_priority_goes_first_and_a_queue_has_its_own_worker(
    engine: AsyncEngine, app: procrastinate.App, database_url: str
) -> None:
    async with engine.begin() as connection:
        await defer(connection, append, queue="slow", text="other queue")
        await defer(connection, append, text="low")
        await defer(connection, append, priority=9, text="high")
    done: list[str] = []
    task = asyncio.create_task(run_worker(app, queues=["default"], context={"done": done}, settings=QUICK))
    await eventually(lambda: len(done) == 2)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert done == ["high", "low"]


async def test_the_job_of_a_killed_worker_is_run_by_another(
    engine: AsyncEngine, app: procrastinate.App, database_url: str, tmp_path: Path
) -> None:
    marker = tmp_path / "started"
    async with engine.begin() as connection:
        number = await defer(connection, hang_once, marker=str(marker))
    assert number is not None
    process = _process(database_url)
    try:
        await eventually(marker.exists)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert await _status(engine, number) == "doing"
    await _execute(engine, "update procrastinate_workers set last_heartbeat = now() - interval '1 hour'")
    async with _working(app) as done:
        await eventually(lambda: done == [str(marker)])
        await _until_status(engine, number, "succeeded")


async def test_a_stopped_worker_puts_its_jobs_back(
    engine: AsyncEngine, app: procrastinate.App, database_url: str, tmp_path: Path
) -> None:
    marker = tmp_path / "started"
    async with engine.begin() as connection:
        number = await defer(connection, hang_once, marker=str(marker))
    assert number is not None
    async with _working(app):
        await eventually(marker.exists)
    assert await _status(engine, number) == "todo"
    assert await _value(engine, "select count(*) from procrastinate_workers") == 0
    async with _working(make_app(Application.BRIDGE, database_url, blueprint)) as done:
        await eventually(lambda: done == [str(marker)])


@pytest.mark.parametrize("worker_id", ["null", "(select id from procrastinate_workers limit 1)"])
async def test_a_job_whose_worker_is_unknown_or_silent_is_taken_up(
    engine: AsyncEngine, app: procrastinate.App, worker_id: str
) -> None:
    await _execute(engine, "insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 hour')")
    async with engine.begin() as connection:
        number = await defer(connection, append, text="a")
    assert number is not None
    await _execute(
        engine,
        f"update procrastinate_jobs set status = 'doing', worker_id = {worker_id} where id = :id",
        id=number,
    )
    async with app.open_async():
        assert await sweep(app) == 1
        assert await sweep(app) == 0
    assert await _status(engine, number) == "todo"
    assert await _value(engine, "select count(*) from procrastinate_workers") == 0


async def test_a_job_of_a_living_worker_is_left_alone(engine: AsyncEngine, app: procrastinate.App) -> None:
    await _execute(engine, "insert into procrastinate_workers default values")
    async with engine.begin() as connection:
        number = await defer(connection, append, text="a")
    assert number is not None
    await _execute(
        engine,
        "update procrastinate_jobs set status = 'doing', worker_id = (select id from procrastinate_workers)",
    )
    async with app.open_async():
        assert await sweep(app) == 0
    assert await _status(engine, number) == "doing"


async def test_an_abandoned_job_gives_way_to_one_that_waits_with_its_queueing_lock(
    engine: AsyncEngine, app: procrastinate.App
) -> None:
    """Else the sweep would fail on it for ever, and on all others with it."""
    numbers = []
    for _ in range(3):
        async with engine.begin() as connection:
            numbers.append(await defer(connection, append, queueing_lock="one", text="a"))
            await connection.execute(
                text("update procrastinate_jobs set status = 'doing' where id <> 3 and id = :id"),
                {"id": numbers[-1]},
            )
    async with app.open_async():
        assert await sweep(app) == 2
    assert [await _status(engine, number) for number in numbers if number] == ["aborted", "aborted", "todo"]


async def test_a_job_that_kills_its_workers_waits_longer_each_time(engine: AsyncEngine, app: procrastinate.App) -> None:
    async with engine.begin() as connection:
        await defer(connection, append, text="a")
    await _execute(engine, "update procrastinate_jobs set status = 'doing', attempts = 5")
    async with app.open_async():
        before = await _value(engine, "select clock_timestamp()")
        await sweep(app)
        after = await _value(engine, "select clock_timestamp()")
    scheduled = await _value(engine, "select scheduled_at from procrastinate_jobs")
    assert before <= scheduled - timedelta(seconds=32) <= after


async def test_a_failed_job_gives_way_to_one_that_waits_with_its_queueing_lock(
    engine: AsyncEngine, worker: list[str], tmp_path: Path
) -> None:
    """Procrastinate by itself leaves it in `doing`, under a worker that lives."""
    marker = tmp_path / "go"
    async with engine.begin() as connection:
        first = await defer(connection, fail_once, marker=str(marker))
    assert first is not None
    await _until_status(engine, first, "doing")
    async with engine.begin() as connection:
        later = datetime.now(UTC) + timedelta(hours=1)
        assert await defer(connection, fail_once, schedule_at=later, marker="") is not None
    marker.touch()
    await _until_status(engine, first, "aborted")


async def test_a_worker_that_was_pruned_while_it_slept_works_on(engine: AsyncEngine, worker: list[str]) -> None:
    await _until_value(engine, "select count(*) from procrastinate_workers", 1)
    await _execute(engine, "delete from procrastinate_workers")
    await _until_value(engine, "select count(*) from procrastinate_workers", 1)
    async with engine.begin() as connection:
        await defer(connection, append, text="a")
    await eventually(lambda: worker == ["a"])


async def test_a_worker_outlives_the_loss_of_its_connections(
    engine: AsyncEngine, worker: list[str], database_url: str
) -> None:
    async with engine.begin() as connection:
        await defer(connection, append, text="a")
    await eventually(lambda: worker == ["a"])
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    async with engine.begin() as connection:
        await defer(connection, append, text="b")
    await eventually(lambda: worker == ["a", "b"])


async def test_finished_jobs_are_deleted_when_they_are_old(engine: AsyncEngine, app: procrastinate.App) -> None:
    async with engine.begin() as connection:
        for name in ("old", "fresh", "waiting"):
            await defer(connection, append, text=name)
    await _execute(engine, "update procrastinate_jobs set status = 'succeeded' where args->>'text' <> 'waiting'")
    await _execute(
        engine,
        "update procrastinate_events set at = at - interval '8 days'"
        " where job_id <> (select id from procrastinate_jobs where args->>'text' = 'fresh')",
    )
    async with app.open_async():
        await delete_finished(app)
    kept = "select string_agg(args->>'text', ' ' order by id) from procrastinate_jobs"
    assert await _value(engine, kept) == "fresh waiting"


async def test_the_two_applications_have_queues_of_their_own(engine: AsyncEngine, database_url: str) -> None:
    workspace = await open_engine(Application.WORKSPACE, database_url)
    async with workspace.begin() as connection:
        await defer(connection, append, text="workspace")
    async with engine.begin() as connection:
        await defer(connection, append, text="bridge")
    for application in (Application.BRIDGE, Application.WORKSPACE):
        async with _working(make_app(application, database_url, blueprint)) as done:
            await eventually(lambda done=done: bool(done))  # type: ignore[misc]
        assert done == [application.value]
    await workspace.dispose()


async def test_a_database_without_the_queue_is_one_of_our_errors(database_url: str) -> None:
    engine = await open_engine(Application.BRIDGE, database_url)
    await _execute(engine, "drop schema bridge cascade")
    async with engine.connect() as connection:
        with pytest.raises(DatabaseError, match="append"):
            await defer(connection, append, text="a")
    await engine.dispose()


async def test_a_periodic_task_runs(engine: AsyncEngine, database_url: str) -> None:
    own = procrastinate.Blueprint()
    ran: list[int] = []

    @own.periodic(cron="* * * * * *")
    @own.task(name="tick", queueing_lock="tick")
    async def tick(timestamp: int) -> None:
        ran.append(timestamp)

    for _ in range(2):  # of one blueprint any number of queues can be made
        before = len(ran)
        async with _working(make_app(Application.BRIDGE, database_url, own)):
            await eventually(lambda before=before: len(ran) > before)  # type: ignore[misc]
