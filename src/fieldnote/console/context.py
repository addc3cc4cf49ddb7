"""The tools of the pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.bridge import Bridge
from fieldnote.db.engine import Application, open_engine
from fieldnote.workspace import Workspace

PORT: Final = 8788
_CONNECTIONS: Final = 5


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Where the console listens, and whom it trusts."""

    host: str = "127.0.0.1"
    port: int = PORT
    """0 takes a free one."""
    move: bool = False
    """Whether another port is taken where this one is in use."""
    public_url: str | None = None
    """How people reach it, behind a proxy."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose X-Forwarded headers count."""
    tls: tuple[Path, Path] | None = None
    """Certificate chain and key."""


@dataclass(frozen=True, slots=True)
class Console:
    """An open console. `open_console` makes it."""

    engine: AsyncEngine
    """On the console's own schema."""
    bridge: Bridge | None = None
    """The connection whose visits the pages show; None beside a workspace alone."""
    workspace: Workspace | None = None
    """The workspace in the same process, if any."""
    settings: ConsoleSettings = ConsoleSettings()
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server stops: streams end."""

    @property
    def connection(self) -> str:
        """The name of the connection; empty without one."""
        return "" if self.bridge is None else self.bridge.name

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which a time is shown that has none of its own."""
        name = None if self.bridge is None else self.bridge.zone
        return ZoneInfo(name or "UTC")


@asynccontextmanager
async def open_console(
    *,
    database_url: str,
    bridge: Bridge | None = None,
    workspace: Workspace | None = None,
    settings: ConsoleSettings | None = None,
) -> AsyncIterator[Console]:
    """The console over this database, migrated. Raises `DatabaseError`."""
    engine = await open_engine(Application.CONSOLE, database_url, pool_size=_CONNECTIONS)
    try:
        yield Console(engine, bridge, workspace, settings or ConsoleSettings())
    finally:
        await engine.dispose()


def console_of(request: Request) -> Console:
    """The console that answers this request."""
    console = request.app.state.console
    if not isinstance(console, Console):
        raise TypeError("the application has no console")
    return console
