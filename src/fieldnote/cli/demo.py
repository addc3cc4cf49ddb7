"""`fieldnote demo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fieldnote.cli.console.beside import ConsolePort, NoConsole, Wanted, console_beside, demo_link
from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.output import echo_json

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from fieldnote.demo.loop import Stage
    from fieldnote.demo.report import Report


def demo(
    *,
    crm: Annotated[
        str | None,
        typer.Option("--crm", metavar="NAME", help="Use a stand-in as the CRM: servicetitan, salesforce or hubspot."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, and nothing else, on stdout.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep everything running until Ctrl-C.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete the data of an earlier demo first.")] = False,
    seed: Annotated[int | None, typer.Option("--seed", help="The seed of the made-up data.")] = None,
    console_port: ConsolePort = None,
    no_console: NoConsole = False,
) -> None:
    """Run the whole loop on this machine, with a made-up contractor. It needs no account and no setup.

    With --crm the contractor's records are in a stand-in made from published API specifications, not the vendor's
    system. They are only in memory, so this demo starts from the beginning each time.

    Exit status: 0 if every check passes, else 1.
    """

    from fieldnote.db.embedded import stop_server
    from fieldnote.demo.state import demo_home, one_at_a_time

    home = demo_home(_known(crm))
    pages = Wanted(console_port, serve=not no_console) if keep else None
    with one_at_a_time(home):
        try:
            report = run_in_loop(_demo(home, crm, as_json=as_json, keep=pages, fresh=fresh, seed=seed))
        finally:
            stop_server(home)
    if not report.holds:
        raise typer.Exit(1)


def _known(crm: str | None) -> str | None:
    from fieldnote.errors import ConfigError
    from fieldnote.sandbox import SANDBOXES

    if crm is not None and crm not in SANDBOXES:
        raise ConfigError(f"unknown sandbox: '{crm}'", hint=f"Choose one of {', '.join(SANDBOXES)}.")
    return crm


async def _demo(
    home: Path, crm: str | None, *, as_json: bool, keep: Wanted | None, fresh: bool, seed: int | None
) -> Report:
    import asyncio

    from rich.console import Console
    from rich.text import Text

    from fieldnote.cli.support.signals import until_stopped
    from fieldnote.demo.checks import report_on
    from fieldnote.demo.loop import leave_a_question, play, set_stage
    from fieldnote.demo.report import render
    from fieldnote.printable import printable

    errors = Console(stderr=True)
    with errors.status("beginning") as status:

        def progress(words: str) -> None:
            status.update(words)
            if not errors.is_terminal:
                errors.print(Text(printable(words)), style="dim")

        stage = await asyncio.to_thread(set_stage, home, seed=seed, fresh=fresh, progress=progress, crm_name=crm)
        async with play(stage, progress) as story:
            status.stop()
            report = report_on(story)
            if as_json:
                echo_json(report)
            else:
                render(report, _console())
            if keep is not None:
                is_left = await leave_a_question(story)
                async with console_beside(
                    keep, bridge=story.bridge, workspace=story.workspace, url=stage.bridge_url
                ) as console:
                    _say_what_to_open(stage, errors, await demo_link(console), is_left=is_left)
                    await until_stopped(asyncio.Event().wait())
    return report


def _console() -> Console:
    """The terminal as wide as it is; a file or pipe wide enough for the tables."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=120)


def _say_what_to_open(stage: Stage, console: Console, pages: str | None, *, is_left: bool) -> None:
    console.print("\nIt keeps running until you press Ctrl-C.")
    if is_left:
        words = "One visit was changed later, and Siro refuses it. The console's page Refused shows the reason."
        console.print(words, soft_wrap=True)
    for what, where in {
        **({"the console (once)": pages} if pages else {}),
        "the workspace's API": f"{stage.workspace_base}/docs",
        "an organization token": stage.secrets.token,
        "the contractor's CRM": stage.side.open_at,
    }.items():
        console.print(f"  {what:22}{where}", soft_wrap=True, highlight=False)
    if pages:
        console.print(
            f"To add a user of its console:\n  {add_user_command(stage.bridge_url)}", soft_wrap=True, highlight=False
        )


def add_user_command(url: str) -> str:
    """The shell's command that adds a user to the console over this database."""
    import shlex

    from fieldnote.db.engine import Application

    user = "fieldnote console user add --email you@example.com --role admin"
    return f"{Application.CONSOLE.variable}={shlex.quote(url)} {user}"
