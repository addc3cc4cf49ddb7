"""Databases for tests. Making one takes a quarter of a second, emptying one a hundredth of that."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
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

_TABLES = f"select schemaname, tablename from pg_tables where schemaname {_OURS}"
_SEQUENCES = f"select schemaname, sequencename, start_value from pg_sequences where schemaname {_OURS}"
_SCHEMAS = f"select nspname from pg_namespace where nspname {_OURS} and nspname not like 'pg_temp%'"
_PUBLIC = "create schema public authorization pg_database_owner; grant usage on schema public to public"
_SEND_AWAY = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()"


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
        drop(self._server, self._name)

    def _make(self) -> None:
        for application in self._applications:
            upgrade(application, self.url)
        with psycopg.connect(self.url, autocommit=True) as connection:
            # No test of this database takes the machine's power away.
            quick = sql.SQL("alter database {} set synchronous_commit = off")
            connection.execute(quick.format(sql.Identifier(self._name)))
            self._schemas = {"public"} | _schemas(connection)
            self._shape = connection.execute(_SHAPE).fetchone()
            self._emptying = _emptying(connection)

    def _empty(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(_SEND_AWAY, [self._name])
            strange = _schemas(connection) - self._schemas
            for schema in strange if self._applications else {"public"} | strange:
                connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
            if not self._applications:
                connection.execute(_PUBLIC)
            same = connection.execute(_SHAPE).fetchone() == self._shape
            if same:
                connection.execute(self._emptying)
        if not same:
            self.drop()
            self._server.url(self._name)
            self._make()


def _schemas(connection: psycopg.Connection) -> set[str]:
    return {name for (name,) in connection.execute(_SCHEMAS).fetchall()}


def _emptying(connection: psycopg.Connection) -> sql.Composed:
    """One transaction that takes out what the migrations did not put in; no trigger and no foreign key minds."""
    steps: list[sql.Composable] = [sql.SQL("set session_replication_role = replica")]
    for schema, table in connection.execute(_TABLES).fetchall():
        name = sql.Identifier(schema, table)
        found = connection.execute(sql.SQL("select exists (select from {})").format(name)).fetchone()
        if found == (False,):
            steps.append(sql.SQL("delete from {}").format(name))
    for schema, sequence, first in connection.execute(_SEQUENCES).fetchall():
        place = sql.Identifier(schema, sequence).as_string(connection)
        steps.append(sql.SQL("select setval({}, {}, false)").format(sql.Literal(place), sql.Literal(first)))
    return sql.SQL(";").join(steps)
