"""Databases for tests. Making one takes a quarter of a second, emptying one a hundredth of a second."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from fieldnote.db.embedded import Server
from fieldnote.db.engine import Application
from fieldnote.db.migrate import upgrade

_OURS = "not in ('information_schema', 'pg_catalog', 'pg_toast')"

# Everything but rows that a test may have changed.
_SHAPE = f"""
select coalesce(md5(string_agg(line, ',' order by line)), '') from (
    select concat_ws(' ', n.nspname, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
                     a.attname, a.atttypid, a.atttypmod, a.attnotnull) as line
      from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_attribute a on a.attrelid = c.oid
     where n.nspname {_OURS}
    union all select nspname from pg_namespace where nspname {_OURS} and nspname not like 'pg_temp%'
    union all select concat_ws(' ', tgrelid, tgname, tgenabled) from pg_trigger
    union all select concat_ws(' ', conrelid, conname) from pg_constraint
    union all select concat_ws(' ', polrelid, polname) from pg_policy
    union all select concat_ws(' ', p.oid, md5(p.prosrc)) from pg_proc p
                join pg_namespace n on n.oid = p.pronamespace where n.nspname {_OURS}
) as lines
"""

_CATALOGS = ("pg_class", "pg_attribute", "pg_namespace", "pg_trigger", "pg_constraint", "pg_policy", "pg_proc")
_LAST_DDL = "select " + ", ".join(
    f"(select row(count(*), max(xmin::text::bigint))::text from {catalog})" for catalog in _CATALOGS
)
_TABLES = f"select schemaname, tablename from pg_tables where schemaname {_OURS}"
_SEQUENCES = f"select schemaname, sequencename, start_value from pg_sequences where schemaname {_OURS}"
_SCHEMAS = f"select nspname from pg_namespace where nspname {_OURS} and nspname not like 'pg_temp%'"
_PUBLIC = "create schema public authorization pg_database_owner; grant usage on schema public to public"
_SEND_AWAY = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()"


# Numbers of advisory locks of the tests' own.
_HASTE = 0x68617374


def hasten(server: Server) -> None:
    """Make the run's server quick: no test of it turns the power off, and its password is not worth guessing."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_HASTE])
        if connection.execute("show fsync").fetchone() == ("off",):
            return  # another worker did it
        for name in ("synchronous_commit", "full_page_writes", "fsync"):
            connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(name)))
        connection.execute("set scram_iterations = 1")  # a client computes all of them for each of its connections
        user = sql.Identifier(connection.info.user)
        connection.execute(sql.SQL("alter role {} password {}").format(user, sql.Literal(server.password)))
        connection.execute("select pg_reload_conf()")


def drop(server: Server, name: str) -> None:
    """Drop a database, with all its connections."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@contextmanager
def fresh(server: Server) -> Iterator[str]:
    """The URL of a new database, which is dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    yield server.url(name)
    drop(server, name)


class Reused:
    """A database that each test finds as the migrations of `applications` left it, or empty without one."""

    def __init__(self, server: Server, *applications: Application) -> None:
        self._server = server
        self._applications = applications
        self._name = f"reused_{uuid.uuid4().hex}"
        self.url = server.url(self._name)
        self._make()

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL, for one test."""
        yield self.url
        self._empty()

    def drop(self) -> None:
        """At the end of all tests."""
        self._connection.close()
        drop(self._server, self._name)

    def _make(self) -> None:
        for application in self._applications:
            upgrade(application, self.url)
        # It stays open: a new connection reads the catalogs again, which takes as long as all that is asked of it.
        self._connection = psycopg.connect(self.url, autocommit=True)
        self._schemas = {"public"} | _schemas(self._connection)
        self._shape = _shape(self._connection)
        self._ddl = _last_ddl(self._connection)
        self._emptying = Emptying(self._connection)

    def _empty(self) -> None:
        try:
            same = self._emptied()
        except psycopg.OperationalError:  # the test ended all connections to the database
            self._connection.close()
            self._connection = psycopg.connect(self.url, autocommit=True)
            same = self._emptied()
        if not same:
            self.drop()
            self._server.url(self._name)
            self._make()

    def _emptied(self) -> bool:
        """Take out what the test put in. False where it changed more than rows."""
        connection = self._connection
        connection.execute(_SEND_AWAY, [self._name])
        strange = _schemas(connection) - self._schemas
        for schema in strange if self._applications else {"public"} | strange:
            connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
        if not self._applications:
            connection.execute(_PUBLIC)
        if (last := _last_ddl(connection)) != self._ddl:
            if _shape(connection) != self._shape:
                return False
            self._ddl = last
        self._emptying.run(connection)
        return True


class Emptying:
    """Takes out all rows but those in tables that the migrations filled; no trigger and no foreign key minds."""

    def __init__(self, connection: psycopg.Connection) -> None:
        tables = [sql.Identifier(*row).as_string(connection) for row in connection.execute(_TABLES).fetchall()]
        filled = set(self._used(connection, tables, {}))
        self._tables = [table for table in tables if table not in filled]
        self._sequences = {
            sql.Identifier(schema, name).as_string(connection): int(first)
            for schema, name, first in connection.execute(_SEQUENCES).fetchall()
        }

    def run(self, connection: psycopg.Connection) -> None:
        """In one transaction."""
        steps = [
            f"select setval('{one}', {self._sequences[one]}, false)" if one in self._sequences else f"delete from {one}"
            for one in self._used(connection, self._tables, self._sequences)
        ]
        if steps:
            quiet = "begin; set local session_replication_role = replica"
            connection.execute(";".join([quiet, *steps, "commit"]).encode())

    @staticmethod
    def _used(connection: psycopg.Connection, tables: Iterable[str], sequences: Iterable[str]) -> list[str]:
        """Those of the tables that have rows, and those of the sequences that gave a number."""
        asked = [f"select '{one}' where exists (select from {one})" for one in tables]
        asked += [f"select '{one}' from {one} where is_called" for one in sequences]
        found = connection.execute(" union all ".join(asked).encode(), prepare=True).fetchall() if asked else []
        return [name for (name,) in found]


def _schemas(connection: psycopg.Connection) -> set[str]:
    return {name for (name,) in connection.execute(_SCHEMAS).fetchall()}


def _shape(connection: psycopg.Connection) -> object:
    return connection.execute(_SHAPE).fetchone()


def _last_ddl(connection: psycopg.Connection) -> object:
    """It changes with each statement that changes the catalogs; far quicker to compute than the shape."""
    return connection.execute(_LAST_DDL, prepare=True).fetchone()
