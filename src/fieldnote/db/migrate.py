"""Bring an application's schema to the state that this code needs: its tables, and its job queue.

Everything happens in one transaction under an advisory lock. Processes that start at once wait for the
first; one that is killed leaves nothing; a database that is ahead of this code is refused.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import logging
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from fieldnote.db.engine import Application, connection_options, conninfo, plain_url
from fieldnote.errors import DatabaseError, DatabaseUnavailable

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, MetaData

log = logging.getLogger(__name__)

SCRIPTS: Final = Path(__file__).parent / "migrations"
QUEUE_TABLE: Final = "job_queue_version"
_PASSING: Final = ("starting up", "shutting down", "recovery mode", "not yet accepting", "too many clients", "slots")
"""Words of PostgreSQL for a refusal that ends by itself."""
# The two parts of the advisory lock's number: "fieldnote migrates", then the application.
_LOCK_SPACE: Final = 0x666E6D67


@dataclass(frozen=True, slots=True)
class Versions:
    """How far a schema, or this code, is."""

    tables: str | None
    """The number of the application's last migration, as `0001`; none before the first."""
    queue: str | None
    """The name of Procrastinate's last migration file; none where the application has no queue."""


def upgrade(application: Application, url: str) -> bool:
    """Migrate the application's schema in the database at `url`; whether there was anything to do. Blocking.

    Where nothing is to do it costs one connection and one query, and Alembic is not even imported.
    Raises `DatabaseError` if the database cannot be reached, or is ahead of this code.
    """
    wanted = code_versions(application)
    with _connect(application, url) as connection:
        if _current(connection) == wanted:
            return False
    return _upgrade(application, wanted, url)


def database_versions(application: Application, url: str) -> Versions:
    """How far the application's schema in the database at `url` is. Blocking."""
    with _connect(application, url) as connection:
        return _current(connection)


def code_versions(application: Application) -> Versions:
    """How far this code is."""
    tables = _table_migrations(application)
    queue = _queue_migrations()[-1].name if application.has_queue else None
    return Versions(tables=max(tables, default=None), queue=queue)


def _table_migrations(application: Application) -> list[str]:
    names = (path.stem for path in (SCRIPTS / application.value / "versions").glob("*.py"))
    return [name[:4] for name in names if re.match(r"\d{4}_", name)]


def _queue_folder() -> Path:
    spec = importlib.util.find_spec("procrastinate")  # found, not imported: that takes a third of a second
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseError("the package procrastinate is not installed", hint="Install fieldnote[bridge].")
    return Path(spec.submodule_search_locations[0]) / "sql"


def _queue_migrations() -> list[Path]:
    return sorted((_queue_folder() / "migrations").glob("*.sql"))


@contextmanager
def _connect(application: Application, url: str) -> Iterator[psycopg.Connection]:
    """One transaction in the application's schema."""
    try:
        with psycopg.connect(conninfo(application, url)) as connection:
            yield connection
    except psycopg.Error as error:
        raise failure(error, url) from error


def failure(error: psycopg.Error, url: str) -> DatabaseError:
    """A person's next step after an error of the database at `url`."""
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return DatabaseError(
            f"the database does not let us make what we need: {error.diag.message_primary}",
            hint="Give its user the right to create schemas: grant create on database … to …",
        )
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        text = _without_secrets(error, url)
        # The server refuses with FATAL: a password, a name. Without it, nobody answered.
        passing = "FATAL" not in text or any(words in text for words in _PASSING)
        return (DatabaseUnavailable if passing else DatabaseError)(
            f"the database cannot be reached: {text}",
            hint="See that it runs and that the address in FIELDNOTE_DATABASE_URL is right. "
            "Without that variable, Fieldnote runs a PostgreSQL of its own.",
        )
    return DatabaseError(f"the database refused: {error.diag.message_primary or type(error).__name__}")


def _without_secrets(error: psycopg.Error, url: str) -> str:
    said = " ".join(str(error).split())
    password = make_url(url).password
    return said.replace(str(password), "***") if password else said


def _current(connection: psycopg.Connection) -> Versions:
    return Versions(
        tables=_latest(connection, "alembic_version", "version_num"),
        queue=_latest(connection, QUEUE_TABLE, "version"),
    )


def _latest(connection: psycopg.Connection, table: str, column: str) -> str | None:
    """The highest version in a table of the application's schema; none without that table."""
    known = connection.execute("select to_regclass(%s)", [table]).fetchone()
    if known is None or known[0] is None:
        return None
    query = sql.SQL("select max({}) from {}").format(sql.Identifier(column), sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _upgrade(application: Application, wanted: Versions, url: str) -> bool:
    """The slow path, which only the first start of a new version takes."""
    engine = create_engine(
        make_url(plain_url(url)).set(drivername="postgresql+psycopg"),
        connect_args=connection_options(application, url),
        poolclass=NullPool,
    )
    try:
        with engine.begin() as connection:
            return _upgrade_in(connection, application, wanted)
    except psycopg.Error as error:
        raise failure(error, url) from error
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise failure(error.orig, url) from error
        raise
    finally:
        engine.dispose()


def _upgrade_in(connection: Connection, application: Application, wanted: Versions) -> bool:
    _lock(connection, application)
    driver = _driver(connection)
    _ensure_schema(driver, application.value)
    current = _current(driver)
    if current == wanted:  # another process was quicker
        return False
    _refuse_older(application, current)
    _refuse_newer(application, current)
    if current.tables != wanted.tables:
        _upgrade_tables(connection, application)
    if current.queue != wanted.queue:
        _upgrade_queue(driver, current.queue)
    context = {"application": application.value, "tables": wanted.tables, "queue": wanted.queue}
    log.info("schema_migrated", extra=context)
    return True


def _lock(connection: Connection, application: Application) -> None:
    """Wait until no other process migrates this application; the end of the transaction lets the next in."""
    number = list(Application).index(application)
    connection.execute(text("set local lock_timeout = 0"))
    connection.execute(text("select pg_advisory_xact_lock(:space, :number)"), {"space": _LOCK_SPACE, "number": number})


def _driver(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"psycopg's connection expected, got {type(driver).__name__}")
    return driver


def _ensure_schema(driver: psycopg.Connection, schema: str) -> None:
    """Looked up first: `create schema if not exists` asks for the right to create even where it exists."""
    known = driver.execute("select 1 from pg_namespace where nspname = %s", [schema]).fetchone()
    if known is None:
        driver.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))


def _refuse_older(application: Application, current: Versions) -> None:
    """The first migrations of a schema may be squashed into one, which only a new database runs."""
    oldest = min(_table_migrations(application), default=None)
    if current.tables is None or oldest is None or current.tables >= oldest:
        return
    raise DatabaseError(
        f"the schema {application.value!r} is from an older Fieldnote than this one migrates: "
        f"its tables are {current.tables}, and the first migration here is {oldest}",
        hint="Start an earlier release once, which brings the tables to that number. Then start this one.",
    )


def _refuse_newer(application: Application, current: Versions) -> None:
    known_queue = [path.name for path in _queue_migrations()]
    tables_known = current.tables is None or current.tables in _table_migrations(application)
    if tables_known and (current.queue is None or current.queue in known_queue):
        return
    raise DatabaseError(
        f"the schema {application.value!r} was migrated by a newer Fieldnote "
        f"(tables {current.tables}, job queue {current.queue})",
        hint="Run the newer Fieldnote, or point this one at another database or FIELDNOTE_HOME.",
    )


def _upgrade_tables(connection: Connection, application: Application) -> None:
    from alembic import command  # noqa: PLC0415 - its import takes most of a second, and is rarely needed

    config = _alembic(application)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _alembic(application: Application) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config(stdout=io.StringIO())  # what it has to say, we say ourselves
    versions = SCRIPTS / application.value / "versions"
    for name, path in (("script_location", SCRIPTS), ("version_locations", versions)):
        config.set_main_option(name, str(path).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["schema"] = application.value
    return config


def _metadata(application: Application) -> MetaData:
    metadata: MetaData = importlib.import_module(f"fieldnote.db.{application.value}_tables").metadata
    return metadata


def _upgrade_queue(driver: psycopg.Connection, current: str | None) -> None:
    """Procrastinate's whole schema at first, later only its migrations that came since."""
    migrations = _queue_migrations()
    if current is None:
        pending = [_queue_folder() / "schema.sql"]
        table = sql.SQL("create table {} (version text primary key, at timestamptz not null default now())")
        driver.execute(table.format(sql.Identifier(QUEUE_TABLE)))
    else:
        pending = [path for path in migrations if path.name > current]
    for path in pending:
        driver.execute(path.read_bytes())  # without parameters: several statements, and `%` is only itself
    record = sql.SQL("insert into {} (version) values (%s)").format(sql.Identifier(QUEUE_TABLE))
    driver.execute(record, [migrations[-1].name])


def draft(application: Application, message: str) -> Path:
    """Draft the next migration: the difference between the tables in code and the migrated ones."""
    from alembic import command  # noqa: PLC0415 - as above

    from fieldnote.db.embedded import ensure_server, stop_server  # noqa: PLC0415 - a developer's tool alone

    number = f"{int(code_versions(application).tables or '0') + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            url = ensure_server(Path(folder)).url("draft")
            upgrade(application, url)
            engine = create_engine(
                make_url(url).set(drivername="postgresql+psycopg"),
                connect_args=connection_options(application, url),
                poolclass=NullPool,
            )
            with engine.begin() as connection:
                config = _alembic(application)
                config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
                config.attributes.update(connection=connection, metadata=_metadata(application))
                command.revision(config, message, autogenerate=True, rev_id=number)
        finally:
            stop_server(Path(folder))
    return next((SCRIPTS / application.value / "versions").glob(f"{number}_*.py"))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["revision", name, message] if name in list(Application):
            sys.stdout.write(f"{draft(Application(name), message)}\n")
        case _:
            sys.exit('usage: python -m fieldnote.db.migrate revision bridge|workspace|console "what it does"')
