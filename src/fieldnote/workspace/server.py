"""`fieldnote workspace serve`: the API and the job worker in one process; any number of them share the work."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import uvicorn
from starlette.types import ASGIApp

from fieldnote.db.engine import Application
from fieldnote.errors import ConfigError
from fieldnote.http_deadlines import HEADERS, MOST_CONNECTIONS, Deadlines
from fieldnote.jobs import WorkerSettings, make_app, run_worker
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.matching import history, linking
from fieldnote.workspace.domain.recordings import multimedia, muting, processing, retention, transcription
from fieldnote.workspace.domain.webhooks import deliveries
from fieldnote.workspace.http.app import create_app
from fieldnote.workspace.http.failed_logins import FailedLogins
from fieldnote.workspace.http.fault_injection import BreakableDeadlines, FaultInjection
from fieldnote.workspace.http.rate_limit import CALLS, RateLimit

log = logging.getLogger(__name__)

SETTINGS: Final = WorkerSettings(concurrency=8)
_PATIENCE: Final = timedelta(seconds=1)


class WorkspaceServer:
    """The running workspace.

    ::

        async with open_workspace(database_url=url) as workspace, WorkspaceServer(workspace) as server:
            server.url                                  # http://127.0.0.1:40123
            await server.wait()                         # until a part of it fails
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        settings: WorkerSettings = SETTINGS,
        rate_limit: int | None = CALLS,
        slow_logins: bool = True,
        clock: Callable[[], float] = time.monotonic,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        """Port 0 takes a free one. `rate_limit` is in calls of a token in any 60 seconds of `clock`; None: no limit.

        `slow_logins`: answer failed logins of an address later and later.
        """
        self.workspace = workspace
        self._host = host
        self._port = port
        self._tls = tls
        self._settings = settings
        self._rate_limit = None if rate_limit is None else RateLimit(rate_limit, clock)
        self._failed_logins = FailedLogins(clock) if slow_logins else None
        self._tasks: list[asyncio.Task[None]] = []
        self._queue = contextlib.AsyncExitStack()
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Where it listens; the API's base URLs are this with and without `/api-externalApi`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'http' if self._tls is None else 'https'}://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        listener = self._bind()
        self._port = int(listener.getsockname()[1])
        config = uvicorn.Config(
            self._app(),
            http=Deadlines if self.workspace.faults is None else BreakableDeadlines,
            ws="none",
            limit_concurrency=MOST_CONNECTIONS,
            headers=HEADERS,
            ssl_certfile=None if self._tls is None else self._tls[0],
            ssl_keyfile=None if self._tls is None else self._tls[1],
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        self._server = _Server(config)
        blueprints = (
            linking.blueprint,
            history.blueprint,
            processing.blueprint,
            multimedia.blueprint,
            transcription.blueprint,
            muting.blueprint,
            retention.blueprint,
            deliveries.blueprint,
        )
        queue = make_app(Application.WORKSPACE, self.workspace.database_url, *blueprints)
        # Both workers share its connections, so neither of them opens or closes it.
        with contextlib.ExitStack() as unless_open:
            unless_open.callback(listener.close)
            await self._queue.enter_async_context(queue.open_async())
            unless_open.pop_all()
        context = {"workspace": self.workspace}
        # A job waits in its worker until a process is free: more jobs than processes, so that organizations take turns.
        of_insight = replace(self._settings, concurrency=4 * self.workspace.insight.size)
        worker = run_worker(queue, queues=["default"], context=context, settings=self._settings)
        insight = run_worker(queue, queues=[processing.QUEUE], context=context, settings=of_insight, housekeeping=False)
        of_speech = replace(self._settings, concurrency=2 * self.workspace.speech_pool.size)
        speech = run_worker(queue, queues=[muting.QUEUE], context=context, settings=of_speech, housekeeping=False)
        self._tasks = [
            asyncio.create_task(self._server.serve(sockets=[listener]), name="workspace server"),
            asyncio.create_task(worker, name="workspace worker"),
            asyncio.create_task(self.workspace.audit.run(), name="workspace audit"),
            asyncio.create_task(insight, name="workspace insight worker"),
            asyncio.create_task(speech, name="workspace speech worker"),
        ]
        while not self._server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        log.info("workspace_started", extra={"port": self._port})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take no more calls and jobs, let running ones finish, and close."""
        if self._server is not None:
            self._server.should_exit = True
        await asyncio.gather(*(self._end(task) for task in self._tasks[1:]))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._queue.aclose()
        log.info("workspace_stopped", extra={"port": self._port})

    async def wait(self) -> None:
        """Until a part of the server ends, which none does by itself; its error is raised."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def _app(self) -> ASGIApp:
        app = create_app(self.workspace, rate_limit=self._rate_limit, failed_logins=self._failed_logins)
        return app if self.workspace.faults is None else FaultInjection(app, self.workspace.faults)

    async def _end(self, worker: asyncio.Task[None]) -> None:
        """Asked again where it does not end in its time: a cancellation can be lost in the driver's hands."""
        patience = self._settings.stop_after + _PATIENCE
        while not worker.done():
            worker.cancel()
            await asyncio.wait([worker], timeout=patience.total_seconds())

    def _bind(self) -> socket.socket:
        """Ourselves, as uvicorn ends the process where the port is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            listener = socket.create_server((self._host, self._port), family=family, backlog=2048)
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"the workspace cannot listen on {self._host}:{self._port}: {error}",
                hint="Another program may use that port. Choose another with --port.",
            ) from error
        # asyncio sends at once only on a socket that says it is TCP's: on others each answer's second half waits
        # 40 ms for the client's acknowledgement of the first.
        return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=listener.detach())


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: the caller decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
