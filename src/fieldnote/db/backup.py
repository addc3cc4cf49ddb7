"""Backup and restore of the embedded server's database, by PostgreSQL's own `pg_dump` and `pg_restore`.

A backup is one file in `pg_dump`'s custom format, of one moment; the server may be in use meanwhile. A restore builds a
database beside the present one, and swaps the two in one transaction. Killed at any line, it leaves the present one.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from fieldnote.db.embedded import Server, ensure_server
from fieldnote.db.engine import DATABASE
from fieldnote.db.programs import find_programs
from fieldnote.errors import ConfigError, DatabaseError

BEFORE: Final = f"{DATABASE}_before_restore"
"""The database as it was before the latest restore."""
_FRESH: Final = f"{DATABASE}_restoring"
_SHOWN: Final = 5
_DUMP: Final = ("pg_dump", "--format=custom", "--no-owner", "--no-privileges")
_USERS: Final = """
    select distinct application_name from pg_stat_activity
    where datname = %s and backend_type = 'client backend'
"""


@dataclass(frozen=True, slots=True)
class Restored:
    """The results of a restore."""

    kept: str | None
    """The name under which the database from before is kept; None: there was nothing in it."""


def back_up(home: Path, file: Path) -> int:
    """Write a backup to `file`, whole or not at all. Returns its size in bytes.

    Raises ConfigError if the file exists or its folder does not, DatabaseError if PostgreSQL refuses.
    """
    if file.exists():
        raise ConfigError(f"the file exists: {file}", hint="Give another name.")
    if not file.parent.is_dir():
        raise ConfigError(f"the folder does not exist: {file.parent}", hint="Make it first.")
    server = ensure_server(home)
    server.url(DATABASE)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")  # mode 0600
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as output:
            _run(
                server,
                ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", DATABASE],
                output=output.fileno(),
            )
            output.flush()
            os.fsync(output.fileno())
        _publish(fresh, file)
        return file.stat().st_size
    except FileExistsError:
        raise ConfigError(f"the file exists: {file}", hint="Give another name.") from None
    except OSError as error:
        raise DatabaseError(f"the backup cannot be written: {file}: {error.strerror or error}") from error
    finally:
        fresh.unlink(missing_ok=True)


def _publish(fresh: Path, file: Path) -> None:
    """Unlike a rename, a link never replaces a file that somebody made meanwhile."""
    try:
        os.link(fresh, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        fresh.rename(file)


def restore(home: Path, file: Path) -> Restored:
    """Put the database back as it was when `file` was written. The database from before is kept under another name.

    Raises ConfigError for a file that is not a backup or while the database is in use, DatabaseError if PostgreSQL
    refuses. Then the present database is as it was.
    """
    server = ensure_server(home)
    _check(server, file)
    server.url(DATABASE)
    _check_unused(server)
    _build(server, file)
    return _swap(server)


def _check(server: Server, file: Path) -> None:
    if not file.is_file():
        raise ConfigError(f"the file does not exist: {file}", hint="Give the file that `fieldnote db backup` wrote.")
    hint = "Give a file that `fieldnote db backup` wrote."
    try:
        content = _run(server, ["pg_restore", "--list", str(file.resolve())])
    except DatabaseError as error:
        raise ConfigError(f"the file is not a whole backup: {file} ({error.message})", hint=hint) from None
    if not any(f" SCHEMA - {name} " in line for line in content.splitlines() for name in ("bridge", "workspace")):
        raise ConfigError(f"the file is not a backup of Fieldnote: {file}", hint=hint)


def _check_unused(server: Server) -> None:
    """A process that goes on with the old database would write what nobody reads."""
    with _connected(server) as connection:
        users = connection.execute(_USERS, [DATABASE]).fetchall()
    if users:
        names = ", ".join(sorted(str(name or "another program") for (name,) in users)[:_SHOWN])
        raise ConfigError(
            f"the database is in use: {names}",
            hint="Stop `fieldnote run` and `fieldnote workspace serve` first; close psql.",
        )


def _build(server: Server, file: Path) -> None:
    with _connected(server) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(_FRESH)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(_FRESH)))
    command = ["pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={_FRESH}"]
    try:
        _run(server, [*command, str(file.resolve())])
    except DatabaseError:
        with _connected(server) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(_FRESH)))
        raise


def _swap(server: Server) -> Restored:
    """Both renames in one transaction: there is a database of that name at every moment."""
    names = [sql.Identifier(name) for name in (DATABASE, BEFORE, _FRESH)]
    present, before, fresh = names
    try:
        with _connected(server) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(before))
            with connection.transaction():
                connection.execute(sql.SQL("alter database {} rename to {}").format(present, before))
                connection.execute(sql.SQL("alter database {} rename to {}").format(fresh, present))
            if _is_empty(server):
                connection.execute(sql.SQL("drop database {} with (force)").format(before))
                return Restored(None)
    except psycopg.errors.ObjectInUse as error:
        raise ConfigError("the database is in use again", hint="Stop what uses it, and try again.") from error
    return Restored(BEFORE)


def _is_empty(server: Server) -> bool:
    """Whether the database from before had no table of Fieldnote."""
    with _connected(server, BEFORE) as connection:
        found = connection.execute(
            "select count(*) from pg_namespace where nspname in ('bridge', 'workspace')"
        ).fetchone()
    return found == (0,)


def _connected(server: Server, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(server.url(database), autocommit=True)


def _run(server: Server, command: Sequence[str], *, output: int | None = None) -> str:
    """Run one of PostgreSQL's client programs. Returns its output, unless that goes to `output`."""
    programs = find_programs()
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "LC_ALL": "C",
        "PGHOST": str(server.address),
        "PGUSER": "fieldnote",
        "PGPASSWORD": server.password,
        **{name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ},
    }
    program, *arguments = command
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, with our arguments
        [str(programs.folder / program), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if output is None else output,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise DatabaseError(f"{program} failed: {said[-1] if said else f'status {done.returncode}'}")
    return done.stdout.decode(errors="replace") if output is None else ""
