"""`fieldnote run`: worker, schedules and webhook receiver in one process. Any number of processes share the work.

Schedules are rows in the database. The process that finds one due moves it on and defers its job in one transaction. So
each cycle runs once, and a restarted daemon continues with the schedule.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from fieldnote.bridge.connection import verify
from fieldnote.bridge.daemon.crm_registration import wanted_registration
from fieldnote.bridge.daemon.siro_webhooks import make_receiver, open_receiver
from fieldnote.bridge.daemon.tasks import BRIDGE, blueprint, pull, push, queue_of, register_webhooks, watch
from fieldnote.bridge.errors import StuckShutdown
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.alerts import WATCH, check_addresses
from fieldnote.db.bridge_tables import schedules
from fieldnote.db.engine import Application
from fieldnote.errors import ConfigError, DatabaseError, FieldnoteError, Transient
from fieldnote.http_deadlines import HEADERS, Deadlines
from fieldnote.jobs import AnyTask, WorkerSettings, defer, make_app, run_worker

log = logging.getLogger(__name__)

_LONGEST_SLEEP = 5.0
_SILENT_FOR = 5.0  # a start that takes longer says what it waits for
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_CONCURRENCY = 4
_WORKER_STARTS = 0.3
_STOP_AGAIN = 15.0  # more than a worker gives its jobs to end
_STOP_TRIES = 3
_MOST_REQUESTS = 4096
_BACKLOG = 2048


class Daemon:
    """The running bridge.

    ::

        async with open_bridge(config) as bridge, Daemon(bridge, port=0) as daemon:
            daemon.url                                  # where the receiver listens
            await daemon.wait()                         # until a part of it fails
    """

    def __init__(
        self,
        bridge: Bridge,
        *,
        host: str | None = None,
        port: int | None = None,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        """`host` and `port` of the receiver; None: as in the file. Port 0 takes a free one.

        `tls`: the receiver's certificate chain and its key, as PEM files.
        """
        self.bridge = bridge
        receiver = bridge.config.receiver
        self._host = receiver.host if host is None else host
        self._port = receiver.port if port is None else port
        self._tls = tls
        self._tasks: list[asyncio.Task[None]] = []
        self._server: _Server | None = None
        self._open = contextlib.AsyncExitStack()
        self._started = 0.0

    @property
    def url(self) -> str:
        """Where the receiver listens: `http://127.0.0.1:8787`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'http' if self._tls is None else 'https'}://{host}:{self._port}"

    @property
    def hears_webhooks(self) -> bool:
        """Whether a signing secret is known. Without one, only the poll finds changes."""
        return bool(self.bridge.config.siro.webhook_secret)

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(check_addresses, self.bridge.config)
        await self._wait_for_both_sides()
        await self._make_due()
        await self._start_receiver()
        app = make_app(Application.BRIDGE, self.bridge.database_url, blueprint)
        worker = run_worker(
            app,
            queues=[queue_of(self.bridge.name)],
            context={BRIDGE: self.bridge},
            settings=WorkerSettings(concurrency=_CONCURRENCY),
        )
        self._tasks += [
            asyncio.create_task(worker, name="fieldnote worker"),
            asyncio.create_task(self._keep_schedules(), name="fieldnote schedules"),
        ]
        self._started = asyncio.get_running_loop().time()
        log.info("daemon_started", extra={"connection": self.bridge.name, "webhooks": self.hears_webhooks})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take no more work, give running jobs time to end, and close. Raises `StuckShutdown` if one does not end."""
        if self._server is not None:
            self._server.should_exit = True
        # Procrastinate's worker overlooks a cancellation while it starts.
        await asyncio.sleep(max(0.0, self._started + _WORKER_STARTS - asyncio.get_running_loop().time()))
        left = set(self._tasks)
        for _ in range(_STOP_TRIES):
            if not left:
                break
            for task in left - set(self._tasks[:1]):
                task.cancel()
            _, left = await asyncio.wait(left, timeout=_STOP_AGAIN)
        await self._open.aclose()
        if left:
            log.error("daemon_stuck", extra={"connection": self.bridge.name, "tasks": len(left)})
            raise StuckShutdown(
                "a job did not end in time, and was abandoned",
                hint="The next start continues its work. A CRM connection that does not answer is the usual cause.",
            )
        log.info("daemon_stopped", extra={"connection": self.bridge.name})

    async def wait(self) -> None:
        """Wait until a part of the daemon fails, and raise its error."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _wait_for_both_sides(self) -> None:
        """Verify the connection as soon as Siro and the CRM answer: after a power cut, all of them start at once.

        Waiting does not fix a wrong token or another organization: that is an error.
        """
        pause, shown = _FIRST_PAUSE, ""
        first = asyncio.get_running_loop().call_later(_SILENT_FOR, self._say_waiting, "no answer yet")
        try:
            while (error := await self._unavailable()) is not None:
                first.cancel()
                if error.message != shown:
                    self._say_waiting(error.message)
                shown = error.message
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            first.cancel()
        if shown:
            log.warning("daemon_goes_on", extra={"connection": self.bridge.name})

    async def _unavailable(self) -> FieldnoteError | None:
        """Why the connection cannot be verified now; None: it is verified."""
        try:
            await verify(self.bridge)
        except FieldnoteError as error:
            if isinstance(error, Transient):
                return error
            raise
        return None

    def _say_waiting(self, reason: str) -> None:
        log.warning("waiting_for_siro_and_crm", extra={"connection": self.bridge.name, "reason": reason})

    # --- the receiver

    async def _start_receiver(self) -> None:
        receiver = await self._open.enter_async_context(open_receiver(self.bridge))
        application = make_receiver(receiver)
        listener = self._bind()
        self._port = int(listener.getsockname()[1])
        config = uvicorn.Config(
            application,
            http=Deadlines,
            ws="none",
            headers=HEADERS,
            ssl_certfile=None if self._tls is None else self._tls[0],
            ssl_keyfile=None if self._tls is None else self._tls[1],
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
            timeout_keep_alive=15,
            limit_concurrency=_MOST_REQUESTS,
            backlog=_BACKLOG,
        )
        self._server = _Server(config)
        # The socket listens already: a call that arrives before the server is up waits in the queue.
        serving = self._server.serve(sockets=[listener])
        self._tasks.append(asyncio.create_task(serving, name="fieldnote receiver"))

    def _bind(self) -> socket.socket:
        """Bind here: uvicorn ends the process if the port is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            return socket.create_server((self._host, self._port), family=family, backlog=_BACKLOG)
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"the webhook receiver cannot listen on {self._host}:{self._port}: {error}",
                hint="Another program may use that port. Choose another with --port or `receiver: {port: …}`.",
            ) from error

    # --- the schedules

    def _cycles(self) -> dict[str, tuple[AnyTask, timedelta]]:
        """The cycles of this file, and their periods."""
        config = self.bridge.config
        cycles: dict[str, tuple[AnyTask, timedelta]] = {}
        if config.push is not None and config.push.streams():
            cycles["push"] = push, config.push.every
        if config.pull is not None and config.pull.targets():
            cycles["pull"] = pull, config.pull.every
        if config.alerts.to:
            cycles[WATCH] = watch, config.alerts.every
        if (registration := wanted_registration(self.bridge)) is not None:
            cycles["webhooks"] = register_webhooks, registration.every
        return cycles

    async def _make_due(self) -> None:
        """After a start, a push and a pull are due at once. The status is checked once they had time to finish."""
        async with self.bridge.engine.begin() as conn:
            for name, (_, every) in self._cycles().items():
                first = func.now() + every if name == WATCH else func.now()
                row = {"connection": self.bridge.name, "task": name, "next_at": first}
                statement = insert(schedules).values(row)
                await conn.execute(
                    statement.on_conflict_do_update(index_elements=["connection", "task"], set_={"next_at": first})
                )

    async def _keep_schedules(self) -> None:
        while True:
            try:
                pause = await self._defer_due()
            except (DatabaseError, SQLAlchemyError) as error:
                log.warning("schedule_not_read", extra={"error": type(error).__name__})
                await self._restart_database()
                pause = _LONGEST_SLEEP
            await asyncio.sleep(pause)

    async def _restart_database(self) -> None:
        """Start the embedded server again, if that is the database and it was stopped or killed."""
        try:
            await asyncio.to_thread(self.bridge.restart_database)
        except DatabaseError as error:
            log.warning("database_not_started", extra={"error": type(error).__name__})

    async def _defer_due(self) -> float:
        """Defer the due jobs. Returns the seconds until the next look."""
        pause = _LONGEST_SLEEP
        for name, (task, every) in self._cycles().items():
            async with self.bridge.engine.begin() as conn:
                if await self._take(conn, name, every):
                    lock = f"{name}:{self.bridge.name}"
                    await defer(conn, task, queueing_lock=lock, queue=queue_of(self.bridge.name))
                pause = min(pause, await self._until(conn, name))
        return max(pause, 0.05)

    async def _take(self, conn: Any, name: str, every: timedelta) -> bool:
        """Move a due schedule to one period from now. True for the one process that moved it."""
        due = self._is(name), schedules.c.next_at <= func.now()
        moved = await conn.execute(update(schedules).where(*due).values(next_at=func.now() + every))
        return bool(moved.rowcount)

    async def _until(self, conn: Any, name: str) -> float:
        left = func.extract("epoch", schedules.c.next_at - func.clock_timestamp())
        seconds = (await conn.execute(select(left).where(self._is(name)))).scalar_one()
        return float(seconds)

    def _is(self, name: str) -> Any:
        return (schedules.c.connection == self.bridge.name) & (schedules.c.task == name)


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: the daemon's caller decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
