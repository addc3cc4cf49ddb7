"""The console beside another server: `fieldnote run`, `fieldnote workspace serve` and `fieldnote demo --keep`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from fieldnote.cli.support.output import echo
from fieldnote.cli.support.tls import tls_files, warn_of_plain_http

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge
    from fieldnote.config import ConsoleSection
    from fieldnote.console import ConsoleServer, ConsoleSettings
    from fieldnote.workspace import Workspace

SWITCH: Final = "FIELDNOTE_CONSOLE"
"""`off`: no server serves the console too."""

ConsolePort = Annotated[
    int | None,
    typer.Option("--console-port", min=0, max=65535, help="The console's port; 0 picks a free one. [default: 8788]"),
]
NoConsole = Annotated[bool, typer.Option("--no-console", help="Do not serve the console.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command line's options for the console."""

    port: int | None = None
    serve: bool = True

    def settings(self, section: ConsoleSection) -> ConsoleSettings:
        """Those of the file, with the port of the command line. Only the default port may move."""
        from fieldnote.console import ConsoleSettings

        chosen = self.port is not None or "port" in section.model_fields_set
        return ConsoleSettings(
            host=section.host,
            port=section.port if self.port is None else self.port,
            move=not chosen,
            public_url=section.public_url,
            trusted_proxies=section.trusted_proxies,
            tls=tls_files(section.cert, section.key),
        )


@asynccontextmanager
async def console_beside(
    wanted: Wanted,
    *,
    bridge: Bridge | None = None,
    workspace: Workspace | None = None,
    url: str | None = None,
) -> AsyncIterator[ConsoleServer | None]:
    """The console of this process; None if it is switched off or not installed.

    `url` of the database: without it, the one that every command of the console uses.
    """
    from fieldnote.config import ConsoleSection

    section = ConsoleSection() if bridge is None else bridge.config.console
    if not _is_wanted(wanted, section):
        yield None
        return
    from fieldnote.console import ConsoleServer, open_console
    from fieldnote.db.engine import Application, database_url

    settings = wanted.settings(section)
    if settings.tls is None:
        warn_of_plain_http(settings.host, settings.public_url)
    if url is None:
        url = await asyncio.to_thread(database_url, Application.CONSOLE)
    async with AsyncExitStack() as stack:
        opened = open_console(database_url=url, bridge=bridge, workspace=workspace, settings=settings)
        console = await stack.enter_async_context(opened)
        server = await stack.enter_async_context(ConsoleServer(console))
        if workspace is not None:
            workspace.pages.url = (settings.public_url or server.local_url).rstrip("/")
        yield server


def _is_wanted(wanted: Wanted, section: ConsoleSection) -> bool:
    if not wanted.serve or not section.serve or os.environ.get(SWITCH, "").strip().lower() == "off":
        return False
    try:
        import argon2
        import jinja2
    except ImportError:
        echo('  no console: pip install "fieldnote[console]"', err=True)
        return False
    del argon2, jinja2
    return True


def announce_console(server: ConsoleServer | None) -> None:
    """Print where the console listens."""
    if server is None:
        return
    settings = server.console.settings
    moved = f" (port {settings.port} is in use)" if settings.move and server.port != settings.port else ""
    echo(f"  console at {server.local_url}{moved}", err=True)


async def demo_link(server: ConsoleServer | None) -> str | None:
    """The address that opens the demo's console without a password, once, on this machine."""
    from fieldnote.console.access.roles import Role
    from fieldnote.console.access.users import ensure_user

    if server is None:
        return None
    user_id = await ensure_user(server.console.engine, email="you@demo.example", role=Role.ADMIN, name="You")
    return await server.one_time_url(user_id)
