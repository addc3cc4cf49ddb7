"""`fieldnote db`: look at, migrate, back up, restore and stop Fieldnote's own PostgreSQL."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldnote.cli.support.opened import act_of
from fieldnote.cli.support.operator import ActingAs
from fieldnote.cli.support.output import ask_yes_or_no, echo, echo_json

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Show where the embedded server's data is, whether it runs, its version and its size."""
    from fieldnote.db.embedded import server_status
    from fieldnote.db.engine import Application
    from fieldnote.db.home import home

    own = [name for name in ("FIELDNOTE_DATABASE_URL", *(a.variable for a in Application)) if os.environ.get(name)]
    found = server_status(home())
    if as_json:
        document: dict[str, Any] = {
            "data": str(found.data),
            "built": found.built,
            "running": found.running,
            "version": found.version,
            "bytes": found.size,
            "databaseUrlFrom": own,
        }
        echo_json(document)
        return
    state = "running" if found.running else "stopped" if found.built else "not made yet"
    echo(f"embedded PostgreSQL: {state}")
    echo(f"data:                {found.data}")
    if found.built:
        echo(f"version:             {found.version}")
        echo(f"size:                {found.size / 1_000_000:.1f} MB")
    for name in own:
        echo(f"not used where {name} is set, as it is now")


@app.command()
def stop() -> None:
    """Stop the embedded server. The next command that needs it starts it again."""
    from fieldnote.db.embedded import stop_server
    from fieldnote.db.home import home

    echo("stopped" if stop_server(home()) else "not running")


@app.command()
def url(
    *,
    application: Annotated[str, typer.Argument(help="bridge, workspace or console.")] = "bridge",
    show_password: Annotated[bool, typer.Option("--show-password", help="Print the password too.")] = False,
    acting_as: ActingAs = None,
) -> None:
    """Print the database's URL, for psql and other tools. Starts the embedded server if necessary."""
    from fieldnote.db.audit import audited_everywhere
    from fieldnote.db.engine import database_url, masked_url

    found = database_url(_application(application))
    if not show_password:
        echo(masked_url(found))
        return
    with audited_everywhere(act_of("db url --show-password", [application], acting_as)):
        echo(found)


@app.command()
def migrate() -> None:
    """Update the database schemas of the bridge, workspace and console. Each also does this when it starts."""
    from fieldnote.db.engine import Application, database_url
    from fieldnote.db.migrate import upgrade

    for application in Application:
        changed = upgrade(application, database_url(application))
        echo(f"{application.value}: {'migrated' if changed else 'up to date'}")


@app.command()
def rebuild(*, acting_as: ActingAs = None) -> None:
    """Rebuild the tables that the console and `fieldnote status` read, from the ledger.

    Push and pull keep them up to date. Nothing is sent, and nothing in the ledger changes.
    """
    from fieldnote.bridge.board.settings import rebuild_all
    from fieldnote.cli.support.loop import run_in_loop
    from fieldnote.db.audit import audited_everywhere
    from fieldnote.db.engine import Application, database_url

    with audited_everywhere(act_of("db rebuild", [], acting_as)):
        done = run_in_loop(rebuild_all(database_url(Application.BRIDGE)))
    for name, records, recordings in done:
        echo(f"{name}: {records:,} records and {recordings:,} recordings")
    if not done:
        echo("nothing to rebuild: no push or pull has run")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")], *, acting_as: ActingAs = None
) -> None:
    """Write the embedded server's database to a file: ledger, workspace and imported rows. The server can be in use."""
    from fieldnote.db.audit import audited_everywhere
    from fieldnote.db.backup import back_up
    from fieldnote.db.encryption import KEY_FILE
    from fieldnote.db.home import home

    _own_server_only("pg_dump")
    with audited_everywhere(act_of("db backup", [file], acting_as)):
        size = back_up(home(), file.expanduser())
    echo(f"{file}: {size / 1_000_000:.1f} MB. It has customers' data: keep it safe.")
    if (home() / KEY_FILE).exists():
        echo(f"The key of stored secrets is not in it: keep a copy of {home() / KEY_FILE} in another place.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file from `fieldnote db backup`.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    acting_as: ActingAs = None,
) -> None:
    """Restore the embedded server's database from FILE. Stop `fieldnote run` first."""
    from fieldnote.db.audit import audited_everywhere
    from fieldnote.db.backup import restore as put_back
    from fieldnote.db.home import home
    from fieldnote.errors import ConfigError

    _own_server_only("pg_restore")
    if not yes and not sys.stdin.isatty():
        raise ConfigError("a restore replaces the database, and nobody can be asked here", hint="Add `--yes`.")
    if not yes:
        ask_yes_or_no(f"Replace the database in {home()} with {file}?", abort=True)
    with audited_everywhere(act_of("db restore", [file], acting_as), replaces=True):
        done = put_back(home(), file.expanduser())
    echo(f"restored from {file}")
    if done.kept:
        echo(f"The previous database is kept as {done.kept}, until the next restore.")
    echo("Next: `fieldnote reconcile` for each connection. It shows changes that are newer than the backup.")


def _own_server_only(tool: str) -> None:
    from fieldnote.db.engine import Application
    from fieldnote.errors import ConfigError

    names = [name for name in ("FIELDNOTE_DATABASE_URL", *(a.variable for a in Application)) if os.environ.get(name)]
    if names:
        raise ConfigError(
            f"{names[0]} names a PostgreSQL of your own; this command is for the embedded server",
            hint=f"Use {tool} there, then `fieldnote reconcile`.",
        )


def _application(name: str) -> Any:
    from fieldnote.db.engine import Application
    from fieldnote.errors import ConfigError

    try:
        return Application(name)
    except ValueError:
        raise ConfigError(f"unknown application: {name!r}", hint="Choose bridge, workspace or console.") from None
