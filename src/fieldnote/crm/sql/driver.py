"""The SQL driver: PostgreSQL, MySQL, MariaDB and SQLite; SQL Server by its dialect, which no test here runs on.

Rows are read in pages, each in a short read-only transaction of its own, by a keyset and not by an offset:

- a full reading goes in the order of the key, which an index usually has. Its cursor is the greatest one
  that was in the table when the reading began, so what changes meanwhile is read again next time;
- a reading of changes goes in the order of cursor and key, from a little before where the last one ended.
  Rows without a cursor come first, and every time. So do rows whose cursor is of another kind than most, such as an
  empty text or an integer among texts, as only values of one kind sort as what they mean.

A page never ends inside a group of rows whose keys the database holds to be equal: where a collation takes
'a' and 'A' for one, the next page, which begins after that key, would miss the rest of them.

A guarded write locks the record, compares in Python by the column's own type, writes and reads back, in one
transaction. A comparison in SQL would be at the mercy of collations and of binary fractions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from fieldnote.crm.sql.columns import Table
from fieldnote.crm.sql.engine import Database, Timeouts
from fieldnote.crm.sql.errors import translated
from fieldnote.crm.sql.reading import Reader
from fieldnote.crm.sql.text import parse_url
from fieldnote.crm.sql.writing import Writer
from fieldnote.crm.types import (
    ColumnValue,
    Cursor,
    CursorMix,
    FieldWrite,
    NoteResult,
    NoteTarget,
    Page,
    Record,
    Row,
    Source,
    WriteResult,
)
from fieldnote.errors import ConfigError


class SqlDriver:
    """A `Driver` over one database. `timezone` is the zone of its times that carry none."""

    def __init__(
        self,
        url: str,
        *,
        write_url: str | None = None,
        timezone: str | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        zone = ZoneInfo(timezone) if timezone else UTC
        address = parse_url(url, "crm.url")
        setting = "crm.write_url" if write_url else "crm.url"
        write_address = parse_url(write_url, setting) if write_url else address
        if write_address.get_backend_name() != address.get_backend_name():
            raise ConfigError("crm.url and crm.write_url name databases of two kinds")
        self._reading = Database(address, writes=False, zone=zone, setting="crm.url", timeouts=timeouts)
        self._writing = Database(write_address, writes=True, zone=zone, setting=setting, timeouts=timeouts)
        self._reader = Reader(self._reading)
        self._writer = Writer(self._reading, self._writing)

    @property
    def identity(self) -> str:
        """`postgresql://host:5432/name`, or the file's path."""
        return self._reading.identity

    @property
    def is_live(self) -> bool:
        """See `Driver.is_live`."""
        return True

    def check(self) -> None:
        """Connect to both addresses once."""
        for database in (self._reading, self._writing):
            with database.transaction() as connection:
                connection.exec_driver_sql("select 1")

    def describe(self, table: str) -> Table:
        """A table: its columns, and what a new row must satisfy. Raises `CrmRefused` where there is no such table."""
        database = self._reading
        with translated(f"reading {table}"), database.transaction() as connection:
            return database.table(connection, table)

    def refresh(self, sources: Sequence[Source], *, full: bool = False) -> tuple[str, ...]:
        """The database itself is read; there is nothing to bring up to date."""
        del sources, full
        return ()

    def columns(self, source: Source) -> tuple[str, ...]:
        """See `Driver.columns`."""
        return self._reader.columns(source)

    def cursor_mix(self, source: Source) -> CursorMix | None:
        """See `DescribesCursors.cursor_mix`."""
        return self._reader.cursor_mix(source)

    def pages(
        self,
        source: Source,
        since: Cursor | None = None,
        *,
        overlap: timedelta = timedelta(minutes=5),
        size: int = 1000,
    ) -> Iterator[Page]:
        """See `Driver.pages`."""
        return self._reader.pages(source, since, overlap, size)

    def row(self, source: Source, key: str) -> Row | None:
        """See `Driver.row`."""
        return self._reader.row(source, key)

    def rows(self, source: Source, keys: Sequence[str]) -> dict[str, Row]:
        """See `Driver.rows`."""
        return self._reader.rows(source, keys)

    def look_up(self, source: Source, keys: Sequence[str]) -> Page:
        """See `LooksUp.look_up`."""
        return self._reader.look_up(source, keys)

    def read(self, record: Record, columns: tuple[str, ...]) -> Row | None:
        """See `Driver.read`."""
        return self._writer.read(record, columns)

    def same(self, table: str, column: str, left: object, right: object) -> bool:
        """See `Driver.same`."""
        return self._writer.same(table, column, left, right)

    def may_write(self, table: str, column: str) -> None:
        """See `Driver.may_write`."""
        self._writer.may_write(table, column)

    def write_if(self, record: Record, column: str, *, expected: object, new: object) -> WriteResult:
        """See `Driver.write_if`."""
        return self._writer.write_if(record, column, expected, new)

    def write_all(self, record: Record, writes: Sequence[FieldWrite]) -> list[WriteResult]:
        """See `WritesTogether.write_all`."""
        return self._writer.write_all(record, writes)

    def find_notes(self, note: NoteTarget, record: str, keys: Sequence[str]) -> list[NoteResult]:
        """See `WritesTogether.find_notes`."""
        return self._writer.find_notes(note, record, keys)

    def insert_notes(self, note: NoteTarget, record: str, bodies: Mapping[str, str]) -> list[NoteResult]:
        """See `WritesTogether.insert_notes`."""
        return self._writer.insert_notes(note, record, bodies)

    def insert_row(self, record: Record, values: Sequence[tuple[str, ColumnValue]]) -> None:
        """See `InsertsRows.insert_row`."""
        self._writer.insert_row(record, values)

    def find_note(self, note: NoteTarget, record: str, key: str) -> NoteResult:
        """See `Driver.find_note`."""
        return self._writer.find_note(note, record, key)

    def insert_note(self, note: NoteTarget, record: str, key: str, body: str) -> NoteResult:
        """See `Driver.insert_note`."""
        return self._writer.insert_note(note, record, key, body)

    def update_note_if(self, note: NoteTarget, record: str, key: str, *, expected: str, body: str) -> NoteResult:
        """See `Driver.update_note_if`."""
        return self._writer.update_note_if(note, record, key, expected, body)

    def close(self) -> None:
        """See `Driver.close`."""
        self._reading.close()
        self._writing.close()
