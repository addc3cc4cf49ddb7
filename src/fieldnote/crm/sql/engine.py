"""One database address: its connections, short transactions, and what its tables look like."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection

from fieldnote.crm.sql.columns import Table
from fieldnote.crm.sql.errors import is_about_a_value, is_about_the_connection, translated
from fieldnote.crm.sql.text import Dialect, identity_of
from fieldnote.crm.types import Unreadable
from fieldnote.errors import ConfigError, CrmRefused, CrmUnavailable

CONNECT_SECONDS = 10
_TRUSTED_SECONDS = 5.0
"""For how long after its last use a connection is taken to be alive."""
LOCK_SECONDS = 5
"""How long a write waits for somebody else's lock before it is left to a later cycle."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The longest waits for a CRM, in seconds. After each of them the driver raises `CrmUnavailable`."""

    connect: float = CONNECT_SECONDS
    statement: float = 300
    """For one statement of the database to end."""
    silence: float = 330
    """For the next bytes of a connection, so that one that goes silent ends, too."""
    lock: float = field(default_factory=lambda: LOCK_SECONDS)
    """For somebody else's lock on what is written."""
    read_lock: float = 30
    """For a lock that keeps a reader out, such as `LOCK TABLE`."""


def _whole(seconds: float) -> int:
    return max(1, round(seconds))


class Database:
    """An address that is read, or written, in short transactions. May be shared between threads."""

    def __init__(
        self,
        url: URL,
        *,
        writes: bool,
        zone: tzinfo,
        setting: str,
        opening: tuple[str, ...] = (),
        timeouts: Timeouts | None = None,
    ) -> None:
        """`opening`: what a transaction begins with, beside what this kind of database asks for."""
        self.timeouts = timeouts or Timeouts()
        self.dialect = Dialect(url.get_backend_name())
        self.identity = identity_of(url)
        self._url = url
        self._writes = writes
        self._zone = zone
        self._setting = setting
        self._more_opening = opening
        self._engine = self._create()
        self._tables: dict[str, Table] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    def forget_tables(self) -> None:
        """Look at the tables again when they are next needed: one of them is not as it was."""
        with self._lock:
            self._tables.clear()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A short transaction. Reading ones see one state of the database, and cannot write."""
        with translated(f"connecting by {self._setting}", connecting=True):
            connection = self._engine.connect()
        with connection:
            try:
                for statement in (*self._opening(), *self._more_opening):
                    connection.exec_driver_sql(statement)
                yield connection
                connection.commit()
            except DBAPIError as error:
                if is_about_the_connection(error):
                    connection.invalidate()
                raise

    def select(self, connection: Connection, statement: str, parameters: dict[str, Any]) -> Rows:
        """The rows of a statement that was spelled by `dialect`."""
        bound = {k: self.bindable(v) for k, v in parameters.items()}
        try:
            names, found = self._read(connection, statement, bound)
        except Exception as error:
            if not is_about_a_value(error):
                raise
            names, found = self._read_leniently(connection, statement, bound, error)
        return [dict(zip(names, row, strict=False)) for row in found]  # as many values as names, always

    @contextmanager
    def computed_once(self, statement: str) -> Iterator[Callable[[int], Rows]]:
        """The rows of a query, fetched some at a time: PostgreSQL keeps them, and no transaction stays open.

        `statement` was spelled by `dialect`, and binds nothing.
        """
        with self.transaction() as connection:
            connection.exec_driver_sql(f"declare fieldnote_rows scroll cursor with hold for {statement}")
            connection.commit()
            fetched = 0

            def fetch(count: int) -> Rows:
                nonlocal fetched
                take = f"fetch {count} from fieldnote_rows"
                try:
                    names, found = self._read(connection, take, {})
                except Exception as error:
                    if not is_about_a_value(error):
                        raise
                    connection.exec_driver_sql(f"move absolute {fetched} in fieldnote_rows")
                    names, found = self._read_leniently(connection, take, {}, error)
                connection.commit()
                fetched += len(found)
                return [dict(zip(names, row, strict=False)) for row in found]

            try:
                yield fetch
            finally:
                connection.detach()  # it is closed, and the rows with it

    @staticmethod
    def _read(connection: Connection, statement: str, bound: dict[str, Any]) -> tuple[Sequence[str], Sequence[Any]]:
        result = connection.exec_driver_sql(statement, bound)
        try:
            # Straight from the driver: a million rows need no further object around each.
            return tuple(result.keys()), result.cursor.fetchall()
        finally:
            result.close()

    def _read_leniently(
        self, connection: Connection, statement: str, bound: dict[str, Any], error: Exception
    ) -> tuple[Sequence[str], Sequence[Any]]:
        """Read again, with each value that Python cannot hold as `Unreadable`."""
        match self.dialect.backend:
            case "postgresql":
                from fieldnote.crm.sql.lenient import lenient_rows  # noqa: PLC0415 - needed only for such a value

                return lenient_rows(connection, statement, bound)
            case "mysql":
                from fieldnote.crm.sql.lenient_mysql import lenient_rows as mysql_rows  # noqa: PLC0415 - as above

                return mysql_rows(connection, self._opening(), statement, bound)
            case _:
                raise CrmRefused(
                    f"the database driver cannot read a value ({type(error).__name__})",
                    hint="find the row with the database's own client, and correct it",
                ) from error

    def bindable(self, value: object) -> object:
        """A value as it was read, as it can be bound again. SQLite knows four types."""
        if isinstance(value, Unreadable):
            return value.text
        if self.dialect.backend != "sqlite":
            return value
        match value:
            case Decimal():
                return int(value) if value == value.to_integral_value() else float(value)
            case datetime():
                return value.isoformat(sep=" ")
            case date() | UUID():
                return str(value)
            case _:
                return value

    def known_table(self, name: str) -> Table | None:
        """A table that was looked at before."""
        return self._tables.get(name)

    def table(self, connection: Connection, name: str) -> Table:
        """Look at a table once. Raises CrmRefused where there is none, with the nearest name."""
        from fieldnote.crm.sql.introspection import reflect  # noqa: PLC0415 - it loads what reading rows does without

        with self._lock:
            if name not in self._tables:
                self._tables[name] = reflect(connection, name, self.dialect.backend, self._zone)
            return self._tables[name]

    # --- connections --------------------------------------------------------------------------------

    def _create(self) -> Engine:
        match self.dialect.backend:
            case "sqlite":
                return create_engine("sqlite://", creator=self._open_file, poolclass=NullPool)
            case "mysql":
                arguments: dict[str, Any] = self._mysql_arguments()
                url = self._url.update_query_dict({"charset": self._url.query.get("charset", "utf8mb4")})
            case "mssql":
                silence = _whole(self.timeouts.silence)
                arguments = {"login_timeout": _whole(self.timeouts.connect), "timeout": silence}
                url = self._url
            case _:
                arguments = self._postgresql_arguments()
                url = self._url
        try:
            engine = create_engine(url, connect_args=arguments, pool_size=4, pool_recycle=1800)
            if self.dialect.backend == "postgresql":
                event.listen(engine, "do_connect", self._connect_postgresql)
        except (ImportError, TypeError, ValueError) as error:
            hint = "pip install pymssql" if self.dialect.backend == "mssql" else "check what is behind its '?'"
            raise ConfigError(f"{self._setting} cannot be used ({type(error).__name__})", hint=hint) from error
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _ask_after_a_while)
        if self.dialect.backend == "postgresql":
            event.listen(engine, "connect", _begin_as_writer if self._writes else _begin_as_reader)
        elif self.dialect.backend == "mysql" and self._writes:
            event.listen(engine, "connect", _soften_serializable)
        return engine

    def _postgresql_arguments(self) -> dict[str, Any]:
        # No prepared statements: a pooler between us and the database may not know them.
        waits = self.timeouts
        probe = _whole(waits.silence / 4)
        given = {
            "connect_timeout": _whole(waits.connect), "prepare_threshold": None, "keepalives_idle": probe,
            "keepalives_interval": probe, "keepalives_count": 3, "tcp_user_timeout": int(waits.silence * 1000),
        }  # fmt: skip
        return {name: value for name, value in given.items() if name not in self._url.query}

    def _mysql_arguments(self) -> dict[str, Any]:
        waits = self.timeouts
        settings = [f"lock_wait_timeout = {_whole(waits.lock if self._writes else waits.read_lock)}"]
        if self._writes:
            # Without the strict mode MySQL cuts what does not fit, and says nothing.
            settings += ["sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES')"]
            settings += [f"innodb_lock_wait_timeout = {_whole(waits.lock)}"]
        given = {
            "connect_timeout": _whole(waits.connect), "read_timeout": _whole(waits.silence),
            "write_timeout": _whole(waits.silence), "init_command": f"set session {', '.join(settings)}",
        }  # fmt: skip
        return {name: value for name, value in given.items() if name not in self._url.query}

    def _connect_postgresql(self, _dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]) -> Any:
        from fieldnote.crm.sql.silence import connect  # noqa: PLC0415 - only where PostgreSQL is the CRM

        return connect(self.timeouts.silence, tuple(arguments), options)

    def _open_file(self) -> sqlite3.Connection:
        path = Path(self._url.database or "")
        if not path.is_file():
            # SQLite itself would make an empty file of that name.
            raise CrmUnavailable(f"{self._setting}: there is no file {path}", hint="check the path")
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=rw",
            uri=True,
            timeout=self.timeouts.lock if self._writes else self.timeouts.read_lock,
            isolation_level=None,
            check_same_thread=False,
        )
        if not self._writes:
            connection.execute("pragma query_only = on")
            connection.text_factory = _readable_text
        return connection

    def _opening(self) -> tuple[str, ...]:
        match self.dialect.backend, self._writes:
            case "sqlite", writes:
                return ("begin immediate" if writes else "begin",)
            case "mssql", writes:
                # No snapshot while reading: a database allows that only where somebody has turned it on.
                wait = self.timeouts.lock if writes else self.timeouts.read_lock
                return (f"set lock_timeout {int(wait * 1000)}",)
            case "postgresql", writes:
                # `set local` ends with the transaction, as a pooler needs it. Unlike one `select set_config(…)`, it
                # takes no snapshot: a reader of landed tables locks their gate first. Both go in one round trip.
                wait = self.timeouts.lock if writes else self.timeouts.read_lock
                lock, statement = int(wait * 1000), int(self.timeouts.statement * 1000)
                return (f"set local lock_timeout = {lock}; set local statement_timeout = {statement}",)
            case _, True:
                return ()
            case _:
                return ("set transaction isolation level repeatable read, read only",)

    # --- tables -------------------------------------------------------------------------------------


def _begin_as_reader(connection: Any, _record: ConnectionPoolEntry) -> None:
    """Each transaction says so as it begins, which saves asking for it."""
    from psycopg import IsolationLevel  # noqa: PLC0415 - only where PostgreSQL is the CRM

    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True


def _begin_as_writer(connection: Any, _record: ConnectionPoolEntry) -> None:
    """Whatever the database's default is: a snapshot from before a lock would hide the note that it was taken for."""
    from psycopg import IsolationLevel  # noqa: PLC0415 - only where PostgreSQL is the CRM

    connection.isolation_level = IsolationLevel.READ_COMMITTED


_LEVEL = "show session variables where variable_name in ('transaction_isolation', 'tx_isolation')"
"""MySQL has the first name, MariaDB before 11.1 the second."""


def _soften_serializable(connection: Any, _record: ConnectionPoolEntry) -> None:
    """Under `serializable` each read of MySQL and MariaDB locks, so that two who add notes to one record deadlock.

    Not `read committed`: a server that logs statements takes no write there.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEVEL)
        if any(str(value).upper() == "SERIALIZABLE" for _, value in cursor.fetchall()):
            cursor.execute("set session transaction isolation level repeatable read")


def _readable_text(data: bytes) -> str | Unreadable:
    """One badly encoded name must not stop a whole stream."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return Unreadable("text", data.decode(errors="replace"))


def _note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _ask_after_a_while(connection: Any, record: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
    """The database may have been restarted since the connection was last used; a moment ago it was there."""
    if time.monotonic() - record.info.get("used_at", 0.0) < _TRUSTED_SECONDS:
        return
    del proxy
    cursor = connection.cursor()
    try:
        cursor.execute("select 1")
        cursor.fetchall()
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error
    finally:
        cursor.close()
