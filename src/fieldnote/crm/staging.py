"""Where drivers without a database of their own land their rows: a PostgreSQL schema for each connection.

The schema lies in the bridge's database. The process that lands rows has the schema's lock, which PostgreSQL releases
when that process ends, however it ends; so two workers never land one connection at the same time.
"""

# ruff: noqa: S608 - the one name that is put into statements is a constant

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldnote.crm.types import Place
from fieldnote.errors import CrmRefused, CrmUnavailable
from fieldnote.phones import COMPARED_DIGITS, whole_phone_key

OURS = "_fieldnote_"
"""How the names of the tables begin that are a driver's own notes, and no rows of the CRM."""

GATE = f"{OURS}landed"
"""The table that readers and landers lock, each in their own way; it also keeps what has landed."""

PASSING = f"lock table {GATE} in access share mode"
"""A reader's first line."""

NEW = "_landing_"
"""How the names of tables begin that are about to take another one's place."""

_LOCK_MINUTES = 30
"""How long one waits for another worker that is landing the same connection."""
_NAMED = """
select exists (select from {} t where t::text ilike %(words)s or t::text ~ %(phone)s)
"""
_PLAIN = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_TAKEN = re.compile(r".*_(?:[0-9a-f]{8}|staging)")


def schema_name(connection: str) -> str:
    """The schema of a connection: `crm_default`. Other connections never get the same one.

    A name that is more than small letters and digits, that is long, or that could be the outcome of this very
    rule, gets a short hash of itself. `_staging` is what `dlt` adds to a schema's name for one of its own.
    """
    if _PLAIN.fullmatch(connection) and len(connection) <= 40 and not _TAKEN.fullmatch(connection):
        return f"crm_{connection}"
    words = "_".join(re.findall(r"[a-z0-9]+", connection.lower()))[:40].strip("_")
    return f"crm_{words}_{blake2b(connection.encode(), digest_size=4).hexdigest()}"


def _phone_pattern(words: str) -> str | None:
    """For PostgreSQL: the digits of a phone number, with what is written between them. None for other words."""
    digits = whole_phone_key(words)
    if digits is None:
        return None
    between = "[-+() ./]{0,3}"
    # The country's code may come before ten digits; fewer digits are never the end of a longer number.
    start = "" if len(digits) == COMPARED_DIGITS else f"(?<![0-9]{between})"
    return f"{start}{between.join(digits)}(?![0-9])"


class Landing:
    """One connection's schema, for those who land rows in it."""

    def __init__(self, place: Place) -> None:
        self.schema = schema_name(place.connection)
        self.database_url = place.database_url

    @contextmanager
    def landing(self) -> Iterator[psycopg.Connection]:
        """A connection that holds the schema's lock, outside of any transaction; the schema exists.

        Raises CrmUnavailable if the database cannot be reached or another worker holds the lock for too long.
        """
        with self._connected() as connection:
            self._lock(connection)
            connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(self.schema)))
            connection.execute(f"create table if not exists {GATE} (name text primary key, version text not null)")
            yield connection

    def noted(self, name: str, version: str) -> bool:
        """Whether `note` was called with these, by anybody."""
        with self.looking() as connection:
            if connection is None:
                return False
            row = connection.execute(f"select version from {GATE} where name = %s", (name,)).fetchone()
            return row == (version,)

    @contextmanager
    def looking(self) -> Iterator[psycopg.Connection | None]:
        """A connection to look at the schema without its lock; None where there is no schema yet."""
        with self._connected() as connection:
            there = connection.execute("select to_regclass(%s) is not null", (GATE,)).fetchone() == (True,)
            yield connection if there else None

    def naming(self, words: str) -> bool:
        """Whether a row of the CRM's tables names `words`, whatever the column and the case of letters.

        A phone number is found however it is written, with or without the country's code.
        """
        with self.looking() as connection:
            if connection is None:
                return False
            phone = _phone_pattern(words)
            pattern = "%" + re.sub(r"([\\%_])", r"\\\1", words) + "%" if phone is None else None
            for table in _tables(connection, self.schema):
                statement = sql.SQL(_NAMED).format(sql.Identifier(self.schema, table))
                named = connection.execute(statement, {"words": pattern, "phone": phone}).fetchone()
                if named == (True,):
                    return True
        return False

    def drop(self) -> int:
        """Drop the schema with all its rows; how many tables of the CRM it had. The next reading lands them again.

        A reader fails until then: it must not take an empty table for a CRM that has lost its records.
        """
        with self.landing() as connection, gate(connection):
            count = len(_tables(connection, self.schema))
            for schema in (self.schema, f"{self.schema}_staging"):
                connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))
        return count

    def conninfo(self) -> dict[str, str]:
        """The database as libpq takes it, with the schema as its search path and UTC as its zone."""
        given = {name: str(value) for name, value in conninfo_to_dict(self.database_url).items() if value is not None}
        settings = f"-c search_path={self.schema} -c timezone=UTC -c idle_in_transaction_session_timeout=0"
        options = f"{given.pop('options', '')} {settings}".strip()
        return {"connect_timeout": "10", "application_name": "fieldnote-crm", **given, "options": options}

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        try:
            with psycopg.connect(make_conninfo(**self.conninfo()), autocommit=True) as connection:
                yield connection
        except psycopg.OperationalError as error:
            hint = "see that the database of Fieldnote's ledger runs; Fieldnote tries again automatically"
            raise CrmUnavailable(f"{self.schema}: its database is busy or does not answer", hint=hint) from error
        except psycopg.Error as error:
            what = error.diag.message_primary or type(error).__name__
            hint = "let the user of the ledger's database create schemas and tables"
            raise CrmRefused(f"{self.schema}: its database refuses the landing ({what})", hint=hint) from error

    def _lock(self, connection: psycopg.Connection) -> None:
        try:
            connection.execute(f"set lock_timeout = '{_LOCK_MINUTES}min'")
            connection.execute("select pg_advisory_lock(%s)", (_number(self.schema),))
            connection.execute("set lock_timeout = '1min'")
        except psycopg.errors.LockNotAvailable as error:
            text = f"another worker has been landing {self.schema} for {_LOCK_MINUTES} minutes"
            raise CrmUnavailable(text, hint="Fieldnote tries again automatically") from error


def _tables(connection: psycopg.Connection, schema: str) -> list[str]:
    """The tables of the CRM, without a driver's own notes."""
    statement = "select tablename from pg_tables where schemaname = %s order by tablename"
    names = [str(name) for (name,) in connection.execute(statement, (schema,)).fetchall()]
    return [name for name in names if not name.startswith((OURS, "_dlt_", NEW))]


def _number(schema: str) -> int:
    """The number of the schema's advisory lock."""
    return int.from_bytes(blake2b(b"landing " + schema.encode(), digest_size=8).digest(), signed=True)


@contextmanager
def gate(connection: psycopg.Connection) -> Iterator[None]:
    """A transaction that waits until nobody reads the schema, and that readers wait for.

    A reader passes the gate (`PASSING`) before it takes its snapshot, so that it sees all of what happens
    in here or nothing. Without that, one that waits for a table to be replaced would find the new one empty: its
    snapshot would be older than the rows.
    """
    with connection.transaction():
        connection.execute(f"lock table {GATE} in access exclusive mode")
        yield


def note(connection: psycopg.Connection, name: str, version: str) -> None:
    """Keep that something of this version has landed; see `Landing.noted`."""
    statement = f"insert into {GATE} values (%s, %s) on conflict (name) do update set version = excluded.version"
    connection.execute(statement, (name, version))


def ensure_indexes(connection: psycopg.Connection, schema: str, wanted: Iterable[tuple[str, str]]) -> None:
    """Index tables of the schema by a column each, given as (table, column), where no index begins with it.

    Names count whatever the case of their letters; names that the schema does not have are passed over.
    """
    names = {(table.casefold(), column.casefold()) for table, column in wanted}
    missing = connection.execute(
        """select c.relname, a.attname
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
             join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where n.nspname = %s and c.relkind = 'r'
              and not exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum)""",
        (schema,),
    ).fetchall()
    for table, column in missing:
        if (table.casefold(), column.casefold()) in names:
            _index(connection, schema, table, column)


def _index(connection: psycopg.Connection, schema: str, table: str, column: str) -> None:
    statement = sql.SQL("create index on {} ({})").format(sql.Identifier(schema, table), sql.Identifier(column))
    try:
        with connection.transaction():
            connection.execute(statement)
    except (psycopg.errors.ProgramLimitExceeded, psycopg.errors.UndefinedFunction):
        # A text too long for an index, or a type without an order: the table is read without one.
        return


def analyze_new(connection: psycopg.Connection, schema: str) -> None:
    """Count what is in tables that are new: until then PostgreSQL's plans for joins are guesses."""
    statement = """select relname from pg_stat_user_tables
        where schemaname = %s and last_analyze is null and last_autoanalyze is null"""
    for (table,) in connection.execute(statement, (schema,)).fetchall():
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, table)))
