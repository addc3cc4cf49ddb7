"""Guarded writes and notes. How it works is in `fieldnote.crm.sql.driver`."""

# ruff: noqa: S608 - every name in a statement is quoted by `Dialect`, and every value is bound

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection

from fieldnote.crm.note_marks import has_marker, marked, unmarked
from fieldnote.crm.sql.columns import Family, Table
from fieldnote.crm.sql.engine import Database
from fieldnote.crm.sql.errors import translated
from fieldnote.crm.types import (
    ColumnValue,
    FieldWrite,
    NoteResult,
    NoteTarget,
    Outcome,
    Record,
    Row,
    WriteResult,
    external_id,
    note_marker,
)
from fieldnote.errors import CrmRefused, CrmUnavailable


class Writer:
    """Reads and writes single records of one database."""

    def __init__(self, reading: Database, writing: Database) -> None:
        self._reading = reading
        self._writing = writing
        self._quote = writing.dialect.quote
        self._bind = writing.dialect.bind

    # --- fields -------------------------------------------------------------------------------------

    def read(self, record: Record, columns: tuple[str, ...]) -> Row | None:
        """Some columns of a record."""
        with self._at_work(self._reading, f"reading {record.table}") as connection:
            table = self._reading.table(connection, record.table)
            return self._row(self._reading, connection, table, record, columns)

    def same(self, table: str, column: str, left: object, right: object) -> bool:
        """Whether two values are one to this column."""
        if (known := self._reading.known_table(table)) is not None:
            return known.column(column).same(left, right)
        with self._at_work(self._reading, f"reading {table}") as connection:
            return self._reading.table(connection, table).column(column).same(left, right)

    def may_write(self, table: str, column: str) -> None:
        """Let the database judge an update of no row; nothing is changed."""
        with self._at_work(self._writing, f"writing {table}.{column}", writes=True) as connection:
            known = self._writing.table(connection, table)
            found = known.column(column)
            found.check_writable()
            name = self._quote(found.name)
            path = self._writing.dialect.path(known.path)
            statement = f"update {path} set {name} = {name} where 1 = {self._bind('never')}"
            connection.exec_driver_sql(statement, {"never": 0}).close()

    def write_if(self, record: Record, column: str, expected: object, new: object) -> WriteResult:
        """Lock, compare, write and read back."""
        doing = f"writing {record.table}.{column}"
        return self._write(record, [FieldWrite(column, expected, new)], doing)[0]

    def write_all(self, record: Record, writes: Sequence[FieldWrite]) -> list[WriteResult]:
        """The same with several columns of a record, in one transaction."""
        return self._write(record, writes, f"writing {record.table}")

    def _write(self, record: Record, writes: Sequence[FieldWrite], doing: str) -> list[WriteResult]:
        columns = tuple(dict.fromkeys(write.column for write in writes))
        with self._at_work(self._writing, doing, writes=True) as connection:
            table = self._writing.table(connection, record.table)
            values = [table.column(write.column).fit(write.new) for write in writes]
            found = self._find(self._writing, connection, table, record, columns, lock=True)
            if found is None:
                return [WriteResult(Outcome.MISSING) for _ in writes]
            key, row = found
            changes: dict[str, Any] = {}
            outcomes = []
            for write, value in zip(writes, values, strict=True):
                kind, before = table.column(write.column), row[write.column]
                held = kind.same(before, write.expected)
                outcomes.append(Outcome.APPLIED if held else Outcome.CHANGED)
                if held and not kind.same(before, write.new):
                    changes[kind.name] = value
            after: Row | None = row
            if changes:
                self._update(connection, table, record, key, changes)
                after = self._row(self._writing, connection, table, record, columns)
            return [
                WriteResult(outcome, row[write.column], after[write.column] if after else None)
                for write, outcome in zip(writes, outcomes, strict=True)
            ]

    def _row(
        self, database: Database, connection: Connection, table: Table, record: Record, columns: tuple[str, ...]
    ) -> Row | None:
        found = self._find(database, connection, table, record, columns)
        return None if found is None else found[1]

    def _find(
        self,
        database: Database,
        connection: Connection,
        table: Table,
        record: Record,
        columns: tuple[str, ...],
        *,
        lock: bool = False,
    ) -> tuple[object, Row] | None:
        """The record's raw key, and some of its columns. A key with blanks around it is found too."""
        key = table.column(record.key_column)
        try:
            value = key.fit_key(record.key)
        except CrmRefused:
            # No record of this table can have such a key: it is another system's.
            return None
        names = [table.column(column).name for column in columns]
        listed = ", ".join(map(self._quote, (key.name, *names)))
        dialect, quoted = database.dialect, self._quote(key.name)
        values: dict[str, Any] = {"key": value}
        if key.family is Family.UNTYPED and record.key.isdecimal() and len(record.key) < _DIGITS:
            values["number"] = int(record.key)  # to a column of SQLite's without a type, '7' and 7 are two things
        among = ", ".join(map(self._bind, values))
        for left in (quoted, dialect.trimmed(quoted)) if key.family is Family.TEXT else (quoted,):
            statement = (
                f"select {listed} from {dialect.path(table.path)}{dialect.updated_soon if lock else ''}"
                f" where {left} in ({among}){dialect.first(2)}{dialect.for_update if lock else ''}"
            )
            rows = [tuple(row) for row in connection.exec_driver_sql(statement, values)]
            if len(rows) > 1:
                text = f"{record.table}.{record.key_column} is not a key: {record.key} occurs more than once"
                raise CrmRefused(text, hint="name the column that identifies a record")
            if rows and external_id(rows[0][0]) == record.key.strip():
                return rows[0][0], dict(zip(columns, rows[0][1:], strict=True))
        return None

    def _update(
        self, connection: Connection, table: Table, record: Record, raw_key: object, values: dict[str, Any]
    ) -> None:
        key = table.column(record.key_column)
        parameters = {f"value{n}": value for n, value in enumerate(values.values())}
        settings = ", ".join(
            f"{self._quote(name)} = {self._bind(bound)}" for name, bound in zip(values, parameters, strict=True)
        )
        statement = (
            f"update {self._writing.dialect.path(table.path)} set {settings}"
            f" where {self._quote(key.name)} = {self._bind('key')}"
        )
        result = connection.exec_driver_sql(statement, {**parameters, "key": raw_key})
        if result.rowcount == 0:
            text = f"{record.table}: the database let record {record.key} be seen but not changed"
            raise CrmRefused(text, hint="grant the user of crm.url (or crm.write_url) the right to update it")

    def insert_row(self, record: Record, values: Sequence[tuple[str, ColumnValue]]) -> None:
        """Add the record's row unless it is there: of two processes, one does."""
        with (
            self._at_work(self._writing, f"adding to {record.table}", writes=True) as connection,
            self._alone(connection, [f"{record.table} {record.key}"]),
        ):
            table = self._writing.table(connection, record.table)
            if self._find(self._writing, connection, table, record, (record.key_column,)) is None:
                row = {record.key_column: table.column(record.key_column).fit_key(record.key)}
                row |= {name: value.make(record.key) for name, value in values}
                self._insert(connection, table, [row])
            connection.commit()

    # --- notes --------------------------------------------------------------------------------------

    def find_note(self, note: NoteTarget, record: str, key: str) -> NoteResult:
        """The note with this key on this record."""
        return self.find_notes(note, record, [key])[0]

    def find_notes(self, note: NoteTarget, record: str, keys: Sequence[str]) -> list[NoteResult]:
        """The notes with these keys on this record."""
        with self._at_work(self._reading, f"reading {note.table}") as connection:
            found = self._notes(self._reading, connection, note, record, keys)
        return [_result(Outcome.APPLIED, note, key, found[key]) for key in keys]

    def insert_note(self, note: NoteTarget, record: str, key: str, body: str) -> NoteResult:
        """Add a note unless it is there."""
        return self.insert_notes(note, record, {key: body})[0]

    def insert_notes(self, note: NoteTarget, record: str, bodies: Mapping[str, str]) -> list[NoteResult]:
        """Add those that are not there."""
        keys = sorted(bodies)  # of two processes neither waits for what the other one has
        with (
            self._at_work(self._writing, f"adding to {note.table}", writes=True) as connection,
            self._alone(connection, [f"{note.table} {record} {key}" for key in keys]),
        ):
            before = self._notes(self._writing, connection, note, record, keys)
            table = self._writing.table(connection, note.table)
            rows = [
                {note.record: record, note.body: marked(bodies[key], note, key)}
                | ({note.key: key} if note.key else {})
                | {name: value.make(record) for name, value in note.values}
                | ({note.title: _title(table, note, note.title)} if note.title else {})
                for key in bodies
                if not before[key]
            ]
            if rows:
                self._insert(connection, table, rows)
            after = self._notes(self._writing, connection, note, record, keys)
            if any(not before[key] and not after[key] for key in keys):
                self._undo(connection, note, len(keys))
            # Committed before the lock is let go, or the next one would not see it.
            connection.commit()
        return [
            _result(Outcome.CHANGED, note, key, before[key])
            if before[key]
            else _result(Outcome.APPLIED, note, key, after[key])
            for key in bodies
        ]

    @staticmethod
    def _undo(connection: Connection, note: NoteTarget, count: int) -> None:
        """Leave nothing behind that cannot be found again: the next try would double it."""
        connection.rollback()
        if count > 1:  # the caller adds them one by one then
            raise CrmRefused(f"{note.table}: one of {count} notes cannot be read back", hint="check its triggers")

    def update_note_if(self, note: NoteTarget, record: str, key: str, expected: str, body: str) -> NoteResult:
        """Replace a note's body if it is as expected."""
        with self._at_work(self._writing, f"writing {note.table}", writes=True) as connection:
            found = self._notes(self._writing, connection, note, record, [key], lock=True)[key]
            if not found:
                return NoteResult(Outcome.MISSING)
            before = unmarked(found[0], note, key)
            if before != expected:
                return NoteResult(Outcome.CHANGED, before)
            table = self._writing.table(connection, note.table)
            where, parameters = self._where(table, note, record, [key])
            if not note.key:
                # Without a key column the body itself is what tells one note from another.
                where = f"{where} and {self._quote(table.column(note.body).name)} = {self._bind('before')}"
                parameters["before"] = found[0]
            column = table.column(note.body)
            parameters["body"] = column.fit(marked(body, note, key))
            change = f"{self._quote(column.name)} = {self._bind('body')}"
            if note.title and note.retitle:
                change += f", {self._quote(table.column(note.title).name)} = {self._bind('title')}"
                parameters["title"] = table.column(note.title).fit(_title(table, note, note.title))
            connection.exec_driver_sql(
                f"update {self._writing.dialect.path(table.path)} set {change} where {where}",
                parameters,
            )
            found = self._notes(self._writing, connection, note, record, [key])[key]
            if not found:
                text = f"{note.table}: the note cannot be read back after the update, which was undone"
                raise CrmRefused(text, hint="check triggers and views that change its text, key or record")
        return _result(Outcome.APPLIED, note, key, found)

    def _notes(
        self,
        database: Database,
        connection: Connection,
        note: NoteTarget,
        record: str,
        keys: Sequence[str],
        *,
        lock: bool = False,
    ) -> dict[str, list[str]]:
        """The bodies of the notes with each key, which may be in a column or in a line of the body."""
        table = database.table(connection, note.table)
        where, parameters = self._where(table, note, record, keys)
        if where is None:
            return {key: [] for key in keys}
        body = self._quote(table.column(note.body).name)
        columns = ", ".join([body, self._quote(table.column(note.key).name)] if note.key else [body])
        path, dialect = database.dialect.path(table.path), database.dialect
        statement = f"select {columns} from {path}{dialect.updated_soon if lock else ''} where {where}"
        statement += dialect.for_update if lock else ""
        rows = [tuple(row) for row in connection.exec_driver_sql(statement, parameters)]
        if note.key:
            return {key: [str(row[0] or "") for row in rows if str(row[1]).rstrip() == key] for key in keys}
        return {key: [str(row[0]) for row in rows if has_marker(str(row[0]), key)] for key in keys}

    def _where(
        self, table: Table, note: NoteTarget, record: str, keys: Sequence[str]
    ) -> tuple[str | None, dict[str, Any]]:
        owner = table.column(note.record)
        try:
            parameters: dict[str, Any] = {"record": owner.fit_key(record)}
        except CrmRefused:
            return None, {}
        where = f"{self._quote(owner.name)} = {self._bind('record')}"
        column = table.column(note.key or note.body)
        if note.key:
            named = {f"key{n}": column.fit(key) for n, key in enumerate(keys)}
            listed = f"{self._quote(column.name)} in ({', '.join(map(self._bind, named))})"
        else:
            # '_' and '%' in the key would only find more; each row that is found is compared once more.
            named = {f"marker{n}": f"%{note_marker(key)}%" for n, key in enumerate(keys)}
            listed = " or ".join(f"{self._quote(column.name)} like {self._bind(name)}" for name in named)
        return f"{where} and ({listed})", {**parameters, **named}

    def _insert(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        columns = {name: table.column(name) for name in rows[0]}
        parameters = {
            f"value{place}_{n}": column.fit(row[name])
            for place, row in enumerate(rows)
            for n, (name, column) in enumerate(columns.items())
        }
        values = ", ".join(
            f"({', '.join(self._bind(f'value{place}_{n}') for n in range(len(columns)))})" for place in range(len(rows))
        )
        connection.exec_driver_sql(
            f"insert into {self._writing.dialect.path(table.path)}"
            f" ({', '.join(self._quote(column.name) for column in columns.values())}) values {values}",
            parameters,
        )

    @contextmanager
    def _alone(self, connection: Connection, names: Sequence[str]) -> Iterator[None]:
        """Keep out anyone who would insert the same notes now; SQLite has one writer at a time anyhow."""
        digests = [blake2b(name.encode(), digest_size=8).digest() for name in names]
        match self._writing.dialect.backend:
            case "postgresql":
                numbers = {f"n{place}": int.from_bytes(digest, signed=True) for place, digest in enumerate(digests)}
                locks = ", ".join(f"pg_advisory_xact_lock(%({name})s)" for name in numbers)
                connection.exec_driver_sql(f"select {locks}", numbers)
                yield
            case "mysql":
                with ExitStack() as held:
                    for digest in digests:
                        held.enter_context(
                            _mysql_lock(connection, f"fieldnote {digest.hex()}", self._writing.timeouts.lock)
                        )
                    yield
            case "mssql":
                for digest in digests:
                    lock = {
                        "name": f"fieldnote {digest.hex()}",
                        "milliseconds": int(self._writing.timeouts.lock * 1000),
                    }
                    statement = """declare @got int; exec @got = sp_getapplock @Resource = %(name)s,
                        @LockMode = 'Exclusive', @LockTimeout = %(milliseconds)s; select @got"""
                    got = connection.exec_driver_sql(statement, lock).scalar()
                    if got is None or got < 0:
                        raise CrmUnavailable(_SAME_NOTE)
                yield  # let go with the transaction
            case _:
                yield

    @contextmanager
    def _at_work(self, database: Database, doing: str, *, writes: bool = False) -> Iterator[Connection]:
        try:
            with translated(doing, reading=not writes), database.transaction() as connection:
                yield connection
        except CrmRefused:
            # The table may have been altered since it was looked at.
            database.forget_tables()
            raise


_DIGITS = 19
"""From so many digits on, a number may be too large for SQLite."""
_SAME_NOTE = "another process is adding the same note to the CRM"


@contextmanager
def _mysql_lock(connection: Connection, name: str, seconds: float) -> Iterator[None]:
    lock = {"name": name, "seconds": seconds}
    if connection.exec_driver_sql("select get_lock(%(name)s, %(seconds)s)", lock).scalar() != 1:
        raise CrmUnavailable(_SAME_NOTE)
    try:
        yield
    finally:
        connection.exec_driver_sql("select release_lock(%(name)s)", lock)


def _result(outcome: Outcome, note: NoteTarget, key: str, found: Sequence[str]) -> NoteResult:
    return NoteResult(outcome, unmarked(found[0], note, key)) if found else NoteResult(Outcome.MISSING)


def _title(table: Table, note: NoteTarget, name: str) -> str:
    """The title, as far as its column can hold it."""
    column = table.column(name)
    longest = min(one for one in (column.length, column.octets, len(note.title_text)) if one is not None)
    cut = note.title_text[:longest]
    while column.octets is not None and len(cut.encode()) > column.octets:
        cut = cut[:-1]
    return cut
