"""A stand-in as a server of this process: in a thread for a test or the demo, or until stopped for the command."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from fieldnote.errors import ConfigError
from fieldnote.http_connection import Breakable
from fieldnote.sandbox.app import StandIn

_START_SECONDS = 30


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers, which only the main thread may set."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Port 0 takes a free one."""
    try:
        listener = socket.create_server((host, port), backlog=2048)
    except (OSError, OverflowError) as error:
        text = f"the sandbox cannot listen on {host}:{port}: {error}"
        raise ConfigError(text, hint="another program may use that port: give another by --port") from error
    # On a socket that does not say TCP, asyncio leaves Nagle's algorithm on: 40 ms for each answer.
    return socket.socket(listener.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=listener.detach())


def make_server(crm: StandIn) -> uvicorn.Server:
    """A server for one stand-in."""
    config = uvicorn.Config(
        crm.app(),
        http=Breakable,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return _Server(config)


@contextmanager
def serving(crm: StandIn, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[StandIn]:
    """Serve it in a thread; `crm.url` says where."""
    listener = listen(host, port)
    crm.url = f"http://{host}:{listener.getsockname()[1]}"
    server = make_server(crm)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name=f"sandbox {crm.name}", daemon=True
    )
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.005)
    try:
        yield crm
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
