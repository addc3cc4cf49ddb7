"""The console's own server, beside the daemon, a workspace or the demo, or alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

import uvicorn

from fieldnote.console.access.reads import Reads
from fieldnote.console.access.sessions import make_link
from fieldnote.console.app import create_app
from fieldnote.console.context import Console
from fieldnote.errors import ConfigError
from fieldnote.http_deadlines import MOST_CONNECTIONS, Deadlines

log = logging.getLogger(__name__)

_NEXT_PORTS: Final = 20


class ConsoleServer:
    """The running console.

    ::

        async with open_console(database_url=url) as console, ConsoleServer(console) as server:
            server.url                                  # http://127.0.0.1:8788
            await server.wait()                         # until it fails
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._port = console.settings.port
        self._server: _Server | None = None
        self._reads: Reads | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def url(self) -> str:
        """The address that a person opens: the public one, if there is one."""
        return self.console.settings.public_url or self.local_url

    @property
    def local_url(self) -> str:
        """Where it listens."""
        settings = self.console.settings
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return f"{'http' if settings.tls is None else 'https'}://{host}:{self._port}"

    async def __aenter__(self) -> Self:
        listener = self._bind()
        self._port = int(listener.getsockname()[1])
        settings = self.console.settings
        app = create_app(self.console, port=self._port)
        self._reads = app.state.reads
        config = uvicorn.Config(
            app,
            http=Deadlines,
            ws="none",
            limit_concurrency=MOST_CONNECTIONS,
            ssl_certfile=None if settings.tls is None else settings.tls[0],
            ssl_keyfile=None if settings.tls is None else settings.tls[1],
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=3,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="fieldnote console")
        while not self._server.started and not self._task.done():  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        log.info("console_started", extra={"port": self._port})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the streams, let requests finish, and close."""
        self.console.stopping.set()
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.gather(self._task, return_exceptions=True)
        await self.write_reads()
        log.info("console_stopped", extra={"port": self._port})

    async def wait(self) -> None:
        """Until the server ends, which it does not by itself; its error is raised."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def one_time_url(self, user_id: int) -> str:
        """An address that signs this user in, once. From this machine alone."""
        return f"{self.local_url}/once/{await make_link(self.console.engine, user_id)}"

    async def write_reads(self) -> None:
        """Write the reads of pages into the audit now, and not within some seconds."""
        if self._reads is not None:
            await self._reads.close()

    def _bind(self) -> socket.socket:
        """Bind here: uvicorn ends the process if the port is taken."""
        settings = self.console.settings
        ports = range(settings.port, min(settings.port + _NEXT_PORTS, 65536)) if settings.move else [settings.port]
        problem: OSError | OverflowError | None = None
        for port in ports:
            try:
                return self._listen(settings.host, port)
            except (OSError, OverflowError) as error:
                problem = error
        raise ConfigError(
            f"the console cannot listen on {settings.host}:{settings.port}: {problem}",
            hint="Another program may use that port. Choose another with --port, or --console-port beside a server.",
        ) from problem

    @staticmethod
    def _listen(host: str, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
        # With the protocol in it, asyncio turns Nagle's algorithm off.
        return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=listener.detach())


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: the caller decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
