"""The demo's contractor, served: made once in a run of all tests, copied for each worker that asks."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
from psycopg import sql

from fieldnote.bridge import Bridge, open_bridge
from fieldnote.console import Console, ConsoleServer, ConsoleSettings, open_console
from fieldnote.console.access.roles import Role
from fieldnote.console.access.users import add_user
from fieldnote.db.embedded import Server
from fieldnote.db.encryption import SecretBox
from fieldnote.db.home import ensure_home
from fieldnote.db.locks import file_lock
from fieldnote.demo.loop import ADMIN, ORGANIZATION, Stage, play
from fieldnote.demo.sides import DatabaseSide
from fieldnote.demo.state import DEFAULT_SEED, Secrets, remember
from fieldnote.workspace import Workspace, WorkspaceServer, ensure_organization, open_workspace
from tests.databases import drop
from tests.waiting import HANGS

T = TypeVar("T")
_DATABASES: Final = ("contractor", "bridge", "workspace")
_HOLDS: Final = "template_demo"


@dataclass(frozen=True, slots=True)
class Template:
    """The demo's data after its loop: a home, and databases that are copied in a fraction of a second."""

    server: Server
    home: Path

    @classmethod
    def made(cls, server: Server, folder: Path) -> Template:
        """Made by the first who asks; others wait."""
        folder.mkdir(exist_ok=True)
        with file_lock(folder / "lock"):
            if not (folder / "ready").exists():
                asyncio.run(_play(server, folder / "home"))
                (folder / "ready").touch()
        return cls(server, folder / "home")

    @contextmanager
    def copied(self, name: str, folder: Path) -> Iterator[Stage]:
        """A stage of its own, with the same data."""
        home = folder / "home"
        shutil.copytree(self.home, home)
        memory = json.loads((home / "demo.json").read_text(encoding="utf-8"))
        old = memory["port"]
        memory["port"], memory["hook_port"] = _free_port(), _free_port()
        (home / "demo.json").write_text(json.dumps(memory), encoding="utf-8")
        databases = {one: f"demo_{one}_{name}" for one in _DATABASES}
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            for one, copy in databases.items():
                statement = sql.SQL("create database {} template {}")
                connection.execute(statement.format(sql.Identifier(copy), sql.Identifier(f"{_HOLDS}_{one}")))
        with psycopg.connect(self.server.url(databases["bridge"]), autocommit=True) as connection:
            moved = "update bridge.connections set base_url = replace(base_url, %s, %s)"
            connection.execute(moved, [f":{old}", f":{memory['port']}"])
        try:
            yield _stage(self.server, home, databases)
        finally:
            for copy in databases.values():
                drop(self.server, copy)


def _stage(server: Server, home: Path, databases: dict[str, str]) -> Stage:
    return Stage(
        home=home,
        memory=remember(home, seed=DEFAULT_SEED),
        secrets=Secrets.of(SecretBox.open(home)),
        side=DatabaseSide(server.url(databases["contractor"])),
        bridge_url=server.url(databases["bridge"]),
        workspace_url=server.url(databases["workspace"]),
        resumed=False,
    )


async def _play(server: Server, home: Path) -> None:
    databases = {one: f"{_HOLDS}_{one}" for one in _DATABASES}
    for name in databases.values():
        drop(server, name)
    shutil.rmtree(home, ignore_errors=True)
    stage = _stage(server, ensure_home(home), databases)
    async with play(stage, progress=lambda words: None):
        pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Loop:
    """An event loop in a thread: the tests drive a browser, which must not run in one."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="the shop", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which runs there."""
        return self.start(work).result(timeout=HANGS)

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin `work` there."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End the loop and its thread."""
        self.run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(frozen=True, slots=True)
class Shop:
    """A served workspace, an open bridge, and the console over both."""

    stage: Stage
    workspace: Workspace
    bridge: Bridge
    console: Console
    server: ConsoleServer
    loop: Loop

    @property
    def url(self) -> str:
        """The console's."""
        return self.server.url

    def sign_in_address(self, role: Role = Role.ADMIN, *reps: str, name: str = "Ada Stone") -> str:
        """An address that signs a new user in, once."""
        number = len(_rows(self.stage.bridge_url, "select from console.users"))
        user = add_user(
            self.console.engine,
            email=f"user{number}@example.com",
            role=role,
            name=name,
            connection=self.console.connection,
            reps=reps,
        )
        return self.loop.run(self.server.one_time_url(self.loop.run(user)))

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the bridge's database."""
        return _rows(self.stage.bridge_url, statement, *values)


def _rows(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True, options="-c search_path=bridge,public") as connection:
        found = connection.execute(statement, values)
        return list(found.fetchall()) if found.description is not None else []


@contextmanager
def served(stage: Stage, *, prepare: Callable[[Bridge], Coroutine[Any, Any, None]] | None = None) -> Iterator[Shop]:
    """The shop, in a thread of its own. `prepare` is run before the console opens."""
    loop = Loop()
    context = _opened(stage, loop, prepare)
    shop = loop.run(_entered(context))
    try:
        yield shop
    finally:
        loop.run(_left(context))
        loop.close()


async def _entered(context: Any) -> Shop:
    shop: Shop = await context.__aenter__()
    return shop


async def _left(context: Any) -> None:
    await context.__aexit__(None, None, None)


@asynccontextmanager
async def _opened(
    stage: Stage, loop: Loop, prepare: Callable[[Bridge], Coroutine[Any, Any, None]] | None
) -> AsyncIterator[Shop]:
    async with AsyncExitStack() as stack:
        workspace = await stack.enter_async_context(open_workspace(database_url=stage.workspace_url, home=stage.home))
        token = stage.secrets.token
        organization = await ensure_organization(workspace.engine, name=ORGANIZATION, admin=ADMIN, token=token)
        await stack.enter_async_context(WorkspaceServer(workspace, port=stage.memory.port))
        config = await asyncio.to_thread(stage.config, organization.admin_id)
        bridge = await stack.enter_async_context(open_bridge(config, home=stage.home, database_url=stage.bridge_url))
        bridge = replace(bridge, home=None)  # the server is the tests'
        if prepare is not None:
            await prepare(bridge)
        console = await stack.enter_async_context(
            open_console(
                database_url=stage.bridge_url,
                bridge=bridge,
                workspace=workspace,
                settings=ConsoleSettings(port=0),
            )
        )
        server = await stack.enter_async_context(ConsoleServer(console))
        yield Shop(stage, workspace, bridge, console, server, loop)
