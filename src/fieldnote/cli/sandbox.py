"""`fieldnote sandbox`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.support.output import echo

if TYPE_CHECKING:
    from socket import socket

    from fieldnote.sandbox import StandIn


def sandbox(
    *,
    crm: Annotated[str, typer.Argument(metavar="CRM", help="servicetitan, salesforce or hubspot.")],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 picks a free one.")] = 8750,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    seed: Annotated[int, typer.Option("--seed", help="The seed of the made-up contractor.")] = 1,
    empty: Annotated[bool, typer.Option("--empty", help="Start without records.")] = False,
) -> None:
    """Serve a stand-in for a CRM, filled with a made-up contractor, until stopped (Ctrl-C or SIGTERM).

    It is made from published API specifications and is not the vendor's system. Its records are only in memory.
    """
    from datetime import UTC, datetime

    from fieldnote.demo.standin import contractor_on
    from fieldnote.sandbox import open_sandbox
    from fieldnote.sandbox.contractor import Contractor
    from fieldnote.sandbox.server import listen

    opened = open_sandbox(crm)
    if empty:
        opened.fill(Contractor("America/Denver", (), (), (), ()))
    else:
        opened.fill(contractor_on(datetime.now(UTC).date(), seed))
    listener = listen(host, port)
    opened.url = f"http://{host}:{listener.getsockname()[1]}"
    _describe(opened)
    _serve(opened, listener)


def _describe(opened: StandIn) -> None:
    from fieldnote.sandbox.app import CONTROL, NOTICE

    echo(f"The {opened.title} stand-in listens on {opened.url}")
    echo(f"  {NOTICE}")
    for name, value in opened.environment().items():
        echo(f"  {name}={value}")
    echo(f"  {opened.url}{CONTROL} shows its tables and takes faults: docs/sandbox.md")


def _serve(opened: StandIn, listener: socket) -> None:
    import asyncio

    from fieldnote.cli.support.signals import until_stopped
    from fieldnote.sandbox.server import make_server

    server = make_server(opened)
    asyncio.run(until_stopped(server.serve(sockets=[listener])))
