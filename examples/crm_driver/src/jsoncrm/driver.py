"""The driver. Each table is a JSON file: a list of objects. A lock file makes "compare, then write" one step."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from fieldnote.crm.types import (
    Cursor,
    NoteResult,
    NoteTarget,
    Outcome,
    Page,
    Record,
    Row,
    Source,
    WriteResult,
    external_id,
    freeze,
)
from fieldnote.errors import CrmRefused, CrmUnavailable

Table = list[dict[str, Any]]


class JsonCrm:
    """Satisfies `fieldnote.crm.Driver`."""

    is_live = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def identity(self) -> str:
        """The folder: another one is another CRM."""
        return f"jsoncrm:{self._folder.resolve()}"

    def check(self) -> None:
        """Look whether the folder is there."""
        if not self._folder.is_dir():
            raise CrmUnavailable(f"the folder does not exist: {self._folder}", hint="Set crm.folder.")

    def refresh(self, sources: Sequence[Source], *, full: bool = False) -> tuple[str, ...]:
        """Nothing is kept, so nothing is brought up to date."""
        del sources, full
        return ()

    def close(self) -> None:
        """Nothing is open between two calls."""

    # --- reading --------------------------------------------------------------------------------------

    def columns(self, source: Source) -> tuple[str, ...]:
        """The columns of the table."""
        if source.table is None:
            raise CrmRefused(f"{source.name}: this CRM knows no queries", hint="Use table in place of query.")
        columns = self._columns(source.table)
        for column in (source.key, source.cursor):
            self._demand(source.table, columns, column)
        return columns

    def pages(
        self,
        source: Source,
        since: Cursor | None = None,
        *,
        overlap: timedelta = timedelta(minutes=5),
        size: int = 1000,
    ) -> Iterator[Page]:
        """Read the file once, so that a change meanwhile loses no row, and cut it into pages."""
        self.columns(source)
        rows = self._read(source.table or "")
        times = {id(row): _time(row.get(source.cursor or "")) for row in rows}
        known = [at for at in times.values() if at is not None]
        if since is not None and isinstance(since.value, datetime):
            start = since.value - overlap
            rows = [row for row in rows if (at := times[id(row)]) is None or at >= start]
        cursor = Cursor(max(known)) if known else None
        parts = [tuple(rows[begin : begin + size]) for begin in range(0, len(rows), size)] or [()]
        for number, part in enumerate(parts, 1):
            last = number == len(parts)
            yield Page(part, cursor if last else None, last)

    def row(self, source: Source, key: str) -> Row | None:
        """One row."""
        return self.rows(source, [key]).get(key)

    def rows(self, source: Source, keys: Sequence[str]) -> dict[str, Row]:
        """Rows by key."""
        wanted = set(keys)
        found = ((external_id(row[source.key]), row) for row in self._read(source.table or ""))
        return {key: row for key, row in found if key in wanted}

    # --- fields ---------------------------------------------------------------------------------------

    def read(self, record: Record, columns: tuple[str, ...]) -> Row | None:
        """Some columns of a record."""
        row = _find(self._read(record.table), record.key_column, record.key)
        return None if row is None else {column: row.get(column) for column in columns}

    def same(self, table: str, column: str, left: object, right: object) -> bool:
        """45000 and "45000.00" are one number to a column of numbers; texts must agree to the letter."""
        del table, column
        if isinstance(left, str) and isinstance(right, str):
            return left == right
        return freeze(left) == freeze(right) or _number(left) == _number(right) is not None

    def may_write(self, table: str, column: str) -> None:
        """Every column that exists may be written."""
        self._demand(table, self._columns(table), column)

    def write_if(self, record: Record, column: str, *, expected: object, new: object) -> WriteResult:
        """Compare and write under the lock."""
        self.may_write(record.table, column)
        with self._changing(record.table) as rows:
            row = _find(rows, record.key_column, record.key)
            if row is None:
                return WriteResult(Outcome.MISSING)
            before = row.get(column)
            if not self.same(record.table, column, before, expected):
                return WriteResult(Outcome.CHANGED, before, before)
            row[column] = freeze(new)
            return WriteResult(Outcome.APPLIED, before, row[column])

    # --- notes ----------------------------------------------------------------------------------------

    def find_note(self, note: NoteTarget, record: str, key: str) -> NoteResult:
        """The note with this key."""
        found = _find_note(self._read(note.table), note, record, key)
        return NoteResult(Outcome.MISSING) if found is None else NoteResult(Outcome.APPLIED, found[note.body])

    def insert_note(self, note: NoteTarget, record: str, key: str, body: str) -> NoteResult:
        """Add a note, unless it is there."""
        with self._changing(note.table) as rows:
            found = _find_note(rows, note, record, key)
            if found is not None:
                return NoteResult(Outcome.CHANGED, found[note.body])
            rows.append({note.record: record, note.body: body, _key_column(note): key})
            return NoteResult(Outcome.APPLIED, body)

    def update_note_if(self, note: NoteTarget, record: str, key: str, *, expected: str, body: str) -> NoteResult:
        """Replace a note's text, unless somebody edited it."""
        with self._changing(note.table) as rows:
            found = _find_note(rows, note, record, key)
            if found is None:
                return NoteResult(Outcome.MISSING)
            if found[note.body] != expected:
                return NoteResult(Outcome.CHANGED, found[note.body])
            found[note.body] = body
            return NoteResult(Outcome.APPLIED, body)

    # --- files ----------------------------------------------------------------------------------------

    def _read(self, table: str) -> Table:
        path = self._folder / f"{table}.json"
        try:
            rows: Table = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CrmRefused(f"the table does not exist: {table}", hint=f"It is read from {path}.") from None
        except (OSError, ValueError) as error:
            raise CrmUnavailable(f"the table cannot be read: {table}", hint="Look at the file.") from error
        return rows

    @contextmanager
    def _changing(self, table: str) -> Iterator[Table]:
        """The rows to change. They are written when the block ends well: whole, or not at all."""
        with (self._folder / f".{table}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            rows = self._read(table)
            yield rows
            beside = self._folder / f".{table}.new"
            beside.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
            os.replace(beside, self._folder / f"{table}.json")  # noqa: PTH105 - one step, as the docs of `os` promise

    def _columns(self, table: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(column for row in self._read(table) for column in row))

    def _demand(self, table: str, columns: tuple[str, ...], column: str | None) -> None:
        """An empty table has no columns that could be compared."""
        if column is not None and columns and column not in columns:
            raise CrmRefused(f"{table} has no column '{column}'", hint=f"It has {', '.join(columns)}.")


def _find(rows: Table, key_column: str, key: str) -> dict[str, Any] | None:
    return next((row for row in rows if external_id(row[key_column]) == key), None)


def _find_note(rows: Table, note: NoteTarget, record: str, key: str) -> dict[str, Any] | None:
    column = _key_column(note)
    return next((row for row in rows if str(row[note.record]) == record and row.get(column) == key), None)


def _key_column(note: NoteTarget) -> str:
    if note.key is None:
        raise CrmRefused(f"{note.table}: notes need a column for the key", hint="Set `key` of the note.")
    return note.key


def _time(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _number(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
