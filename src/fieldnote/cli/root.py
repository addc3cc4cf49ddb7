"""The root command: what is common to all, and how an error looks."""

from __future__ import annotations

import errno
import logging
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Annotated, Any, Final

import typer
from typer.main import get_command_name
from typer.models import CommandInfo

from fieldnote import __version__
from fieldnote.cli import (
    bridge,
    config,
    db,
    init,
    insight,
    links,
    match,
    oauth,
    quarantine,
    reconcile,
    review,
    setup,
    status,
)
from fieldnote.cli.console import commands as console
from fieldnote.cli.demo import demo
from fieldnote.cli.sandbox import sandbox
from fieldnote.cli.support.commands import name_commands
from fieldnote.cli.support.logs import configure_logging
from fieldnote.cli.support.output import echo, secho
from fieldnote.cli.workspace import commands as workspace
from fieldnote.cli.workspace import keys, recordings
from fieldnote.db.home import close_process
from fieldnote.errors import FieldnoteError
from fieldnote.printable import printable

_SETTINGS: Final[dict[str, Any]] = {
    "name": "fieldnote",
    "help": "Connect a CRM and Siro, both ways.",
    "no_args_is_help": True,
    "pretty_exceptions_enable": False,  # its traceback would print local variables, a customer's words among them
    "add_completion": False,
}
app = typer.Typer(**_SETTINGS)
app.command()(demo)
app.command()(sandbox)
app.command()(init.init)
app.command()(setup.check)
app.command()(setup.users)
app.command("try")(setup.try_it)
app.command()(bridge.push)
app.command()(bridge.plan)
app.command()(bridge.pull)
app.command()(bridge.run)
app.command()(status.status)
app.command()(status.explain)
app.command()(reconcile.reconcile)
app.command()(review.history)
app.command()(review.revert)
app.command()(review.forget)
app.command()(status.audit)
app.add_typer(review.app, name="review", help="Decide on proposed values.")
app.add_typer(links.app, name="links", help="Decide on the likely appointments of unlinked recordings.")
app.add_typer(match.app, name="match", help="Measure the matching of recordings with appointments.")
app.add_typer(insight.app, name="insight", help="Measure the values that are extracted from conversations.")
app.add_typer(
    quarantine.app, name="quarantine", help="List, retry and drop records that Siro refuses or that cannot be mapped."
)
app.add_typer(oauth.app, name="oauth", help="Create an OAuth app and a user token, or move to client credentials.")
app.add_typer(config.app, name="config", help="Show the settings in fieldnote.yaml, or their schema.")
workspace.app.command()(recordings.record)
workspace.app.command()(recordings.explain)
workspace.app.command()(recordings.transcript)
workspace.app.command()(recordings.retention)
workspace.app.command()(keys.rotate_key)
workspace.app.command()(keys.erase_audio_key)
app.add_typer(workspace.app, name="workspace", help="Run a Siro-compatible server on this machine.")
app.add_typer(console.app, name="console", help="Serve the web pages, and manage the people who can sign in.")
app.add_typer(db.app, name="db", help="Manage Fieldnote's own PostgreSQL.")
name_commands(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        echo(f"fieldnote {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Log to stderr; repeat for more.")] = 0,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Connect a CRM and Siro, both ways."""
    del version
    configure_logging({0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG))


def app_for(arguments: Sequence[str]) -> typer.Typer:
    """The app with no command but the named one: to build all of them takes a twentieth of a second.

    The whole app where the first word names no command, for its help and its error.
    """
    word = next((one for one in arguments if not one.startswith("-")), None)
    commands = [one for one in app.registered_commands if word == _name(one)]
    groups = [one for one in app.registered_groups if word == one.name]
    if not commands and not groups:
        return app
    small = typer.Typer(**_SETTINGS)
    small.registered_callback = app.registered_callback
    small.registered_commands, small.registered_groups = commands, groups
    return small


def _name(command: CommandInfo) -> str | None:
    return command.name or (get_command_name(command.callback.__name__) if command.callback else None)


def run() -> None:
    """Run the command line. An error that a person can fix is printed without a traceback."""
    sys.excepthook = _print_traceback
    close_process()
    try:
        app_for(sys.argv[1:])()
    except FieldnoteError as error:
        _print_error(error.message, error.hint)
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _print_error("the disk or output is full", "Free some space, and run the command again.")
        with suppress(OSError):
            sys.stdout.close()
        sys.exit(1)


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A traceback's last line may quote a CRM or Siro."""
    sys.stderr.write(printable("".join(traceback.format_exception(kind, error, trace))))


def _print_error(message: str, hint: str | None) -> None:
    secho("error: ", fg="red", bold=True, nl=False, err=True)
    echo(message, err=True)
    if hint:
        secho("hint: ", fg="cyan", nl=False, err=True)
        echo(hint, err=True)
