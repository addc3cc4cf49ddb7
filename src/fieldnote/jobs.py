"""Durable jobs in the application's own PostgreSQL, by Procrastinate, with its sharp edges filed off.

A worker that is killed leaves its jobs in `doing`; here any other worker takes them up again, a few seconds
after the last heartbeat. So a job may run twice, or half and then whole: write tasks that end in the same
state.

::

    blueprint = procrastinate.Blueprint()

    @blueprint.task(name="deliver", retry=5)
    async def deliver(message_id: str) -> None: ...

    async with engine.begin() as connection:
        ...                                                  # what causes the job
        await defer(connection, deliver, message_id="…")     # exists if, and only if, that is committed

    app = make_app(Application.WORKSPACE, url, blueprint)
    await run_worker(app, context={"engine": engine})        # until cancelled
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import procrastinate
import psycopg
from procrastinate import exceptions
from procrastinate.jobs import Job, JobDeferrer, Status
from procrastinate.manager import QUEUEING_LOCK_CONSTRAINT, JobManager
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.tasks import Task, configure_task
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.engine import Application, conninfo
from fieldnote.errors import DatabaseError

log = logging.getLogger(__name__)

AnyTask = Task[Any, Any, Any]
Driver = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How a worker works."""

    concurrency: int = 8
    """Jobs at once. They share one event loop: what computes for long belongs in a thread."""
    heartbeat: timedelta = timedelta(seconds=2)
    """How often the worker says that it lives."""
    stalled_after: timedelta = timedelta(seconds=10)
    """How long any worker may be silent before this one takes up its jobs."""
    poll: timedelta = timedelta(seconds=2)
    """How late a job whose time has come may start; a job deferred for now starts at once."""
    stop_after: timedelta = timedelta(seconds=10)
    """How long a cancelled worker lets its jobs run on, before it stops them and puts them back."""
    keep_finished: timedelta = timedelta(days=7)
    """How long a finished job stays to be looked at."""


DEFAULT_SETTINGS: Final = WorkerSettings()
_HOUSEKEEPING: Final = timedelta(hours=1)
_LONGEST_PAUSE: Final = 30.0
_DELETED_AT_ONCE: Final = 5000

# Jobs that nobody works on: their worker is silent, or has no row any more (another worker pruned it). The
# second kind is invisible to Procrastinate's own query where the row went without its foreign key's help.
_ABANDONED: Final = """
select job.id, job.task_name, job.attempts
  from procrastinate_jobs job
  left join procrastinate_workers worker on worker.id = job.worker_id
 where job.status = 'doing'
   and (worker.id is null or worker.last_heartbeat < now() - %(stalled_after)s)
   for update of job skip locked
"""
# Workers that are silent and have nothing left to be taken up.
_FORGET_WORKERS: Final = """
delete from procrastinate_workers worker
 where worker.last_heartbeat < now() - %(stalled_after)s
   and not exists (
       select from procrastinate_jobs job where job.worker_id = worker.id and job.status = 'doing')
"""
# Tell the workers of a job's queue that it waits: Procrastinate does so for new jobs only.
_WAKE: Final = """
select pg_notify(channel, json_build_object('type', 'job_inserted', 'job_id', job.id)::text)
  from procrastinate_jobs job,
       unnest(array['procrastinate_any_queue_v1', 'procrastinate_queue_v1#' || job.queue_name]) channel
 where job.id = any(%(ids)s)
"""
_DELETE_FINISHED: Final = """
delete from procrastinate_jobs
 where id in (
       select job.id
         from procrastinate_jobs job
        where job.status in ('succeeded', 'failed', 'cancelled', 'aborted')
          and not exists (
              select from procrastinate_events event
               where event.job_id = job.id and event.at > now() - %(keep)s)
        limit %(limit)s)
"""
# The heartbeat of a worker whose row is gone (the computer slept, and another worker pruned it) brings the
# row back: without it every later job of this worker would violate the foreign key.
_HEARTBEAT: Final = """
insert into procrastinate_workers (id, last_heartbeat) overriding system value
values (%(worker_id)s, now())
    on conflict (id) do update set last_heartbeat = now()
"""


def make_app(application: Application, url: str, *blueprints: procrastinate.Blueprint) -> procrastinate.App:
    """The application's job queue in the database at `url`, with the blueprints' tasks under their own names.

    The schema must be migrated (`fieldnote.db.engine.open_engine` does it). The blueprints stay as they are,
    so that any number of queues can be made of them. To defer outside of a transaction, open it:
    `async with app.open_async(): await app.configure_task("name").defer_async(…)`.
    """
    connector = procrastinate.PsycopgConnector(conninfo=conninfo(application, url), min_size=1, max_size=8)
    app = procrastinate.App(connector=connector)
    app.job_manager = _Manager(connector)
    for blueprint in blueprints:
        _add_tasks(app, blueprint)
    return app


def _add_tasks(app: procrastinate.App, blueprint: procrastinate.Blueprint) -> None:
    """Like `App.add_tasks_from`, which renames the blueprint's tasks, and again for each further app."""
    register: Any = app.task  # its overloads want to know `pass_context` when they are read, not when run
    for task in {id(task): task for task in blueprint.tasks.values()}.values():
        register(
            name=task.name,
            aliases=task.aliases,
            retry=_PutBack(task.retry_strategy),
            pass_context=task.pass_context,
            queue=task.queue,
            priority=task.priority,
            lock=task.lock,
            queueing_lock=task.queueing_lock,
            task_middleware=task.task_middleware,
        )(task.func)
    for periodic in blueprint.periodic_registry.periodic_tasks.values():
        app.periodic_registry.register_task(
            task=app.tasks[periodic.task.name],
            cron=periodic.cron,
            periodic_id=periodic.periodic_id,
            configure_kwargs=periodic.configure_kwargs.copy(),
        )


async def defer(
    connection: AsyncConnection,
    task: AnyTask,
    /,
    *,
    queueing_lock: str | None = None,
    lock: str | None = None,
    schedule_at: datetime | None = None,
    priority: int | None = None,
    queue: str | None = None,
    **arguments: Any,
) -> int | None:
    """Defer a job in the connection's transaction: it exists if, and only if, that is committed.

    `arguments` are identifiers, never content. Of jobs with one `queueing_lock` at most one waits: if there
    is one already, it is the caller's as well (it starts after this transaction's end, so it sees what was
    stored; it is brought forward if it was scheduled later), and `None` is returned. Of jobs with one `lock`
    at most one runs. `schedule_at` is aware. Else the new job's number.
    """
    if not connection.in_transaction():
        await connection.begin()  # SQLAlchemy does not see what is executed below, and would commit nothing
    driver = await _driver(connection)
    queueing_lock = queueing_lock if queueing_lock is not None else task.queueing_lock
    deferrer = configure_task(
        name=task.name,
        job_manager=JobManager(procrastinate.PsycopgConnector()),  # which is given the connection to use
        lock=lock if lock is not None else task.lock,
        queueing_lock=queueing_lock,
        schedule_at=schedule_at,
        priority=task.priority if priority is None else priority,
        queue=queue or task.queue,
        connection=driver,
    )
    try:
        if queueing_lock is None:
            return await deferrer.defer_async(**arguments)
        return await _defer_once(connection, driver, deferrer, arguments, queueing_lock)
    except (exceptions.ConnectorException, psycopg.Error) as error:
        raise DatabaseError(f"a job of {task.name!r} cannot be stored: {error.__cause__ or error}") from error


async def _driver(connection: AsyncConnection) -> Driver:
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, psycopg.AsyncConnection):
        raise TypeError(f"psycopg's connection expected, got {type(driver).__name__}")
    return driver


async def _defer_once(
    connection: AsyncConnection,
    driver: Driver,
    deferrer: JobDeferrer,
    arguments: Mapping[str, Any],
    queueing_lock: str,
) -> int | None:
    while True:
        try:
            async with connection.begin_nested():  # a refused job must not undo the caller's work
                return await deferrer.defer_async(**arguments)
        except exceptions.AlreadyEnqueued:
            if await _share_waiting(driver, queueing_lock, deferrer.job.scheduled_at):
                return None
            # It started between the two statements; its data may be older than our transaction.


# The row lock keeps workers, which skip locked jobs, from starting the job before this transaction's end.
_HOLD_WAITING: Final = """
select id, scheduled_at
  from procrastinate_jobs
 where queueing_lock = %s and status = 'todo'
   for share
"""
_BRING_FORWARD: Final = "update procrastinate_jobs set scheduled_at = %s where id = %s"


async def _share_waiting(driver: Driver, queueing_lock: str, wanted: datetime | None) -> bool:
    """Make the waiting job with that lock the caller's too; false if none waits any more."""
    row = await (await driver.execute(_HOLD_WAITING, [queueing_lock])).fetchone()
    if row is None:
        return False
    number, scheduled_at = row
    if scheduled_at is not None and (wanted is None or wanted < scheduled_at):
        await driver.execute(_BRING_FORWARD, [wanted, number])
    await driver.execute(_WAKE, {"ids": [number]})
    return True


async def run_worker(
    app: procrastinate.App,
    *,
    queues: Iterable[str] | None = None,
    context: Mapping[str, Any] | None = None,
    settings: WorkerSettings = DEFAULT_SETTINGS,
    housekeeping: bool = True,
) -> None:
    """Run the app's jobs until cancelled, and take up those of workers that died.

    `housekeeping`: false for a further worker of a process, as one of them sweeps and deletes for all.
    `context` is what tasks with `pass_context=True` find in `context.additional_context`. The app is opened,
    and closed at the end, if it is not open yet. A database that goes away is waited for. When cancelled, the
    worker starts no more jobs, waits `stop_after` for those that run, and puts the rest back.
    """
    async with _opened(app):
        tasks = [asyncio.create_task(_keep_house(app, settings), name="fieldnote housekeeping")] if housekeeping else []
        try:
            await _work(app, queues=queues, context=context, settings=settings)
        finally:
            # A cancellation that meets a driver in the middle of a call can be lost there: ask until it is heard.
            while not all(task.done() for task in tasks):
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks, timeout=0.2)


async def sweep(app: procrastinate.App, *, stalled_after: timedelta = DEFAULT_SETTINGS.stalled_after) -> int:
    """Put back the jobs of workers that were silent for `stalled_after`, or are unknown. How many there were.

    Any number of processes may do so at once. It is no job itself, as a sweep that is killed as a job would
    wait to be swept. A job that died often waits longer each time, as it may be what kills the worker.
    """
    async with _connector(app).pool.connection() as connection:
        abandoned = await (await connection.execute(_ABANDONED, {"stalled_after": stalled_after})).fetchall()
        for number, task_name, attempts in abandoned:
            await _put_back(connection, number, attempts)
            log.warning("job_of_dead_worker_taken_up", extra={"job_id": number, "task": task_name})
        if abandoned:
            await connection.execute(_WAKE, {"ids": [row[0] for row in abandoned]})
        await connection.execute(_FORGET_WORKERS, {"stalled_after": stalled_after})
    return len(abandoned)


async def _put_back(connection: Driver, number: int, attempts: int) -> None:
    pause = timedelta(seconds=0 if attempts < 3 else 2 ** min(attempts, 8))
    try:
        async with connection.transaction():
            await connection.execute(
                "select procrastinate_retry_job_v2(%s, now() + %s, null, null, null)", [number, pause]
            )
    except psycopg.errors.UniqueViolation:
        # Another job with its queueing lock waits already, and will do its work.
        await connection.execute("select procrastinate_finish_job_v1(%s, 'aborted', false)", [number])


async def delete_finished(app: procrastinate.App, *, keep: timedelta = DEFAULT_SETTINGS.keep_finished) -> None:
    """Delete the jobs that ended more than `keep` ago, with their events."""
    arguments = {"keep": keep, "limit": _DELETED_AT_ONCE}
    deleted = _DELETED_AT_ONCE
    while deleted == _DELETED_AT_ONCE:
        async with _connector(app).pool.connection() as connection:
            deleted = (await connection.execute(_DELETE_FINISHED, arguments)).rowcount


async def _keep_house(app: procrastinate.App, settings: WorkerSettings) -> None:
    """Sweep as often as the heart beats, and delete what is old now and then."""
    last = delete_next = datetime.now(UTC)
    while True:
        now = datetime.now(UTC)
        try:
            # When the computer has slept, every worker on it looks dead, this one too: one beat to recover.
            if now - last < settings.stalled_after / 2:
                await sweep(app, stalled_after=settings.stalled_after)
            if now >= delete_next:
                delete_next = now + _HOUSEKEEPING
                await delete_finished(app, keep=settings.keep_finished)
        except psycopg.Error as error:
            log.warning("job_sweep_failed", extra={"error": type(error).__name__})
        last = datetime.now(UTC)
        await asyncio.sleep(settings.heartbeat.total_seconds())


async def _work(
    app: procrastinate.App,
    *,
    queues: Iterable[str] | None,
    context: Mapping[str, Any] | None,
    settings: WorkerSettings,
) -> None:
    """Run workers, one after the other: one ends when it loses the database. Each has a number of its own."""
    options: dict[str, Any] = {
        "queues": None if queues is None else list(queues),
        "concurrency": settings.concurrency,
        "fetch_job_polling_interval": settings.poll.total_seconds(),
        "shutdown_graceful_timeout": settings.stop_after.total_seconds(),
        "update_heartbeat_interval": settings.heartbeat.total_seconds(),
        "stalled_worker_timeout": settings.stalled_after.total_seconds(),
        "additional_context": None if context is None else dict(context),
        "install_signal_handlers": False,  # the caller cancels the worker
    }
    pause = 1.0
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await app.run_worker_async(**options)
        except (exceptions.ConnectorException, psycopg.Error) as error:
            log.warning("worker_lost_database", extra={"error": type(error.__cause__ or error).__name__})
        if (task := asyncio.current_task()) is not None and task.cancelling():  # words: said
            raise asyncio.CancelledError  # cancelled in its first moments, a worker ends as if it had been asked to
        if asyncio.get_running_loop().time() - started > _LONGEST_PAUSE:
            pause = 1.0
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


@contextlib.asynccontextmanager
async def _opened(app: procrastinate.App) -> AsyncIterator[None]:
    try:
        _ = _connector(app).pool
    except exceptions.AppNotOpen:
        async with app.open_async():
            yield
    else:
        yield


def _connector(app: procrastinate.App) -> procrastinate.PsycopgConnector:
    if not isinstance(app.connector, procrastinate.PsycopgConnector):
        raise TypeError("an app of `make_app` expected")
    return app.connector


class _Manager(JobManager):
    """Procrastinate's, except where a job or a worker would be lost for good."""

    async def update_heartbeat(self, worker_id: int) -> None:
        await self.connector.execute_query_async(_HEARTBEAT, worker_id=worker_id)

    async def retry_job_by_id_async(
        self,
        job_id: int,
        retry_at: datetime,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Put a failed job back. If another one with its queueing lock waits, that one does the work."""
        put_back = super().retry_job_by_id_async
        try:
            await _record(job_id, lambda: put_back(job_id, retry_at, priority, queue, lock))
        except exceptions.UniqueViolation as error:
            if error.constraint_name != QUEUEING_LOCK_CONSTRAINT:
                raise
            await self.finish_job_by_id_async(job_id, Status.ABORTED, delete_job=False)

    async def finish_job_by_id_async(self, job_id: int, status: Status, delete_job: bool) -> None:
        finish = super().finish_job_by_id_async
        await _record(job_id, lambda: finish(job_id, status, delete_job))


async def _record(job_id: int, attempt: Callable[[], Awaitable[None]]) -> None:
    """Record a job's end, again if the database was away: under a worker that lives nobody else would.

    A worker that was silent for long and wakes may find that another has done its job meanwhile.
    """
    for pause in (0.2, 1.0, 3.0, 6.0, None):
        try:
            await attempt()
        except exceptions.ConnectorException as error:
            if isinstance(error.__cause__, psycopg.errors.RaiseException):
                log.info("job_was_taken_over", extra={"job_id": job_id})
            elif pause is not None and isinstance(error.__cause__, psycopg.OperationalError):
                await asyncio.sleep(pause)
                continue
            else:
                raise
        return


class _PutBack(BaseRetryStrategy):
    """A task's own retries, and one at once for a job that was stopped because its worker was."""

    def __init__(self, own: BaseRetryStrategy | None) -> None:
        self._own = own

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError | exceptions.JobAborted):
            return RetryDecision(retry_at=datetime.now(UTC))
        return None if self._own is None else self._own.get_retry_decision(exception=exception, job=job)
