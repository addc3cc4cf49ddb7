"""The types of a CRM driver: rows, pages, a cursor, guarded writes, notes.

A driver is one small class that satisfies `Driver`. All of it is synchronous; callers run it in a thread.
Values pass through as the CRM gives them: a time without a zone stays without one, money may be a
`Decimal`, a `float` or text. `fieldnote.mapping` gives them meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Protocol, Self, runtime_checkable
from uuid import UUID, uuid4

from fieldnote.errors import CrmRefused

Row = Mapping[str, object]
"""One row of a stream: column name, as the CRM spells it, to value."""

FrozenValue = str | int | float | bool | None | list["FrozenValue"]
"""A CRM value as JSON can hold it. A driver takes it back wherever it takes a value."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A value of the CRM that Python cannot hold, such as the time `infinity`. Using it is a problem of its row."""

    kind: str
    """The CRM's type: `timestamp`, `date`."""
    text: str
    """The value as the CRM writes it."""

    def __str__(self) -> str:
        return self.text

    @property
    def is_text(self) -> bool:
        """Whether it is text of which some bytes are lost, so that it cannot be looked up again."""
        return self.kind == "text"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of one stream come from. Exactly one of `query` and `table` is set."""

    name: str
    """The stream's name in the file, for messages: `push.engagements`."""
    key: str
    """The column that identifies a row. Its values are unique and not null."""
    query: str | None = None
    table: str | None = None
    """May carry a schema: `crm.deals`."""
    cursor: str | None = None
    """The column that grows with every change of a row: a time or a number."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A value of the cursor column, kept between two readings. `parse` reads what `str` wrote."""

    value: datetime | date | Decimal | str

    def __str__(self) -> str:
        match self.value:
            case datetime() as moment:
                return f"time:{moment.isoformat()}"
            case date() as day:
                return f"date:{day.isoformat()}"
            case Decimal() as number:
                return f"number:{number}"
            case text:
                return f"text:{text}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str()` wrote; ValueError for anything else."""
        kind, _, rest = text.partition(":")
        match kind:
            case "time":
                return cls(datetime.fromisoformat(rest))
            case "date":
                return cls(date.fromisoformat(rest))
            case "number":
                return cls(Decimal(rest))
            case "text":
                return cls(rest)
            case _:
                raise ValueError("not a cursor")


@dataclass(frozen=True, slots=True)
class CursorMix:
    """A cursor column with values of several kinds, which do not sort as what they mean."""

    rows: int
    """Rows that have a cursor."""
    others: int
    """Rows of another kind than most: they are read each time."""
    usual: object
    """A value as most rows have it."""
    other: object = None
    """A value of another kind."""
    sorts: bool = True
    """If not, each reading reads all rows."""
    hides: bool = False
    """Where it does not sort: whether that is because it is the greatest of counters or values of different kinds."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Rows that were left out of a page. They are reported by name, never dropped in silence."""

    key: str | None
    """The key that they share, or None where they have none."""
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a stream, read in one short transaction."""

    rows: tuple[Row, ...]
    cursor: Cursor | None
    """Where the next reading may start once this page and those before it are dealt with.

    None means: keep the one you have. A full reading knows it only on its last page.
    """
    last: bool
    """Whether the reading is complete with this page. Every reading that ends well ends with such a page."""
    problems: tuple[RowProblem, ...] = ()


class Outcome(StrEnum):
    """The outcome of a guarded write."""

    APPLIED = "applied"
    """The CRM held what was expected, and now holds the new value."""
    CHANGED = "changed"
    """The CRM held something else; nothing was written."""
    MISSING = "missing"
    """There is no such record or note; nothing was written."""
    FIXED = "fixed"
    """The CRM keeps notes of this kind as they were made; nothing was written."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the CRM that something is written to."""

    table: str
    """May carry a schema: `crm.deals`."""
    key_column: str
    key: str
    """The record's id as Siro's `externalId` holds it; a driver turns it into the column's type."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """A field before and after a guarded write, as the CRM gives them back."""

    outcome: Outcome
    before: object = None
    after: object = None
    """The CRM's value now: after its rounding, trimming and triggers. The base of the next comparison."""
    said: str | None = None
    """The CRM's own complaint in an answer that reported success, without the value."""


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """The value of another column of a new row, made when it is inserted."""

    constant: object = None
    uuid: bool | int = False
    """A new UUID; a number: so many of its hexadecimal digits."""
    now: bool = False
    record: bool = False

    def make(self, record: str) -> object:
        """The value for a row that belongs to `record`."""
        if self.uuid:
            made = uuid4()
            return str(made) if self.uuid is True else made.hex[: self.uuid]
        if self.now:
            return datetime.now(UTC)
        return record if self.record else self.constant


@dataclass(frozen=True, slots=True)
class NoteTarget:
    """The table that notes live in."""

    table: str
    record: str
    """The column that holds the id of the record which the note belongs to."""
    body: str
    key: str | None = None
    """The column for Fieldnote's key; without one the key is in a line of the body."""
    values: tuple[tuple[str, ColumnValue], ...] = ()
    """Other columns of a new note."""
    title: str | None = None
    """The column that gets the title of a new note."""
    title_text: str = ""
    retitle: bool = False
    """Whether an update of the body sets the title too: the note's words are taken out."""
    left: str = ""
    """`NoteResult.left` of an earlier try. While that note is there, no other is added."""


@dataclass(frozen=True, slots=True)
class NoteResult:
    """A note after a guarded write. `body` is what the CRM holds now, without the line of our key."""

    outcome: Outcome
    body: str | None = None
    said: str | None = None
    """The CRM's own complaint in an answer that reported success, without the note's text."""
    left: str | None = None
    """Of an outcome `MISSING`: the note that was made, but that the CRM changed so that our key is lost."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a driver works: what it is given beside its own part of the file."""

    connection: str
    """The connection's name: two connections of one database never share what a driver keeps."""
    folder: Path
    """The folder that the file is in; a relative path in the file starts here."""
    database_url: str
    """The bridge's PostgreSQL, password included: for a driver that lands rows there before they are read."""
    home: Path
    """Fieldnote's own folder on this machine; it may not be there yet."""


class Driver(Protocol):
    """Reads a CRM's changes and writes its fields and notes.

    Every method raises `CrmUnavailable` where repeating may help and `CrmRefused` where it cannot.
    A table, column or record is named in both; values, passwords and bodies never are.
    """

    @property
    def identity(self) -> str:
        """Which CRM this is, without secrets: what a connection remembers to notice that it changed."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether rows are as they are in the CRM now; if not, they are as the last refresh left them."""
        ...

    def check(self) -> None:
        """Connect once."""
        ...

    def refresh(self, sources: Sequence[Source], *, full: bool = False) -> tuple[str, ...]:
        """Update the driver's own copy of the CRM, before these sources are read.

        `full`: as far as the CRM allows, read it again and not only what it says has changed. Returns
        warnings: what could not be brought up to date, and is read as it was. Where rows could be missing
        it raises. A driver that keeps nothing does nothing.
        """
        ...

    def columns(self, source: Source) -> tuple[str, ...]:
        """The columns that a stream's rows have, as the CRM spells them. Checks key and cursor, too."""
        ...

    def pages(
        self,
        source: Source,
        since: Cursor | None = None,
        *,
        overlap: timedelta = timedelta(minutes=5),
        size: int = 1000,
    ) -> Iterator[Page]:
        """Yield rows changed since `since`, less the overlap; or all rows.

        Rows whose cursor is null come every time. No transaction is open between two pages, so a row
        that changes meanwhile may come twice, and none is left out.
        """
        ...

    def row(self, source: Source, key: str) -> Row | None:
        """The one row with this key as it is now."""
        ...

    def rows(self, source: Source, keys: Sequence[str]) -> dict[str, Row]:
        """The rows with these keys as they are now, by key. A key with several rows is left out."""
        ...

    def read(self, record: Record, columns: tuple[str, ...]) -> Row | None:
        """Some columns of a record, under the names asked for; None where there is no such record."""
        ...

    def same(self, table: str, column: str, left: object, right: object) -> bool:
        """Whether two values are one value to this column: 45000 and "45000.00" to a numeric one."""
        ...

    def may_write(self, table: str, column: str) -> None:
        """Raise `CrmRefused` where this column must not be written, as far as can be known without writing."""
        ...

    def write_if(self, record: Record, column: str, *, expected: object, new: object) -> WriteResult:
        """Set a field to `new` if it holds `expected`, as one atomic step. None stands for null."""
        ...

    def find_note(self, note: NoteTarget, record: str, key: str) -> NoteResult:
        """The note with this key on this record: APPLIED with its body, or MISSING."""
        ...

    def insert_note(self, note: NoteTarget, record: str, key: str, body: str) -> NoteResult:
        """Add a note once: APPLIED, or CHANGED with the body of the one that is already there.

        MISSING: the CRM took the call, and the note cannot be read back.
        """
        ...

    def update_note_if(self, note: NoteTarget, record: str, key: str, *, expected: str, body: str) -> NoteResult:
        """Replace a note's body if it still is `expected`, as one atomic step."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """One field of a record, to be set to `new` if it holds `expected`."""

    column: str
    expected: object
    new: object


@runtime_checkable
class DescribesCursors(Protocol):
    """An optional part of a driver: says what a stream's cursor holds, for `check`."""

    def cursor_mix(self, source: Source) -> CursorMix | None:
        """The kinds of values in the cursor; None if there is one kind."""
        ...


@runtime_checkable
class LooksUp(Protocol):
    """An optional part of a driver: tells keys that several rows have from keys that no row has."""

    def look_up(self, source: Source, keys: Sequence[str]) -> Page:
        """As `Driver.rows`, with a problem for each key that comes with several rows."""
        ...


@runtime_checkable
class InsertsRows(Protocol):
    """An optional part of a driver: adds a row that is missing, for `missing: insert`."""

    def insert_row(self, record: Record, values: Sequence[tuple[str, ColumnValue]]) -> None:
        """Add the record's row unless it is there. Raises `CrmRefused`."""
        ...


@runtime_checkable
class WritesTogether(Protocol):
    """An option of a driver: several writes of one record in one step, for speed. Each is guarded as alone."""

    def write_all(self, record: Record, writes: Sequence[FieldWrite]) -> list[WriteResult]:
        """As `write_if`, for several columns. Raises `CrmRefused` if one of them is refused; none is written then."""
        ...

    def find_notes(self, note: NoteTarget, record: str, keys: Sequence[str]) -> list[NoteResult]:
        """As `find_note`, for several keys."""
        ...

    def insert_notes(self, note: NoteTarget, record: str, bodies: Mapping[str, str]) -> list[NoteResult]:
        """As `insert_note`, for several keys; all or none where one is refused."""
        ...


def key_text(value: object) -> str:
    """A key of the CRM as text, with its blanks: 17, 17.0 and "17" are all "17". For ids, see `external_id`.

    Raises `CrmRefused` for a value that cannot be a key.
    """
    match value:
        case str():
            return value
        case bool():
            pass
        case int():
            return str(value)
        case UUID():
            return str(value)
        case float() if value.is_integer():
            return str(int(value))
        case Decimal() if value.is_finite() and value == value.to_integral_value():
            return str(int(value))
        case Decimal() if value.is_finite():
            return format(value.normalize(), "f")
        case datetime() | date():
            return value.isoformat()
        case _:
            pass
    raise CrmRefused(f"a {type(value).__name__} cannot be a key", hint="use a column of text, whole numbers or UUIDs")


def external_id(value: object) -> str:
    """The one id of a CRM value, everywhere: for keys, references, `--id`, and look-ups on the way back.

    Blanks at both ends do not count, so a padded `char(n)` and a trailing blank in a CSV make no second record. Number
    types lose a zero fraction; text stays as it is. The raw key is kept for paging and look-ups.

    Raises `CrmRefused` for a value that cannot be an id.
    """
    # A push reads the id of each row, so the two common types come first.
    if type(value) is str:
        return value.strip()
    if type(value) is int:
        return str(value)
    return key_text(Decimal(str(value)) if isinstance(value, float) and isfinite(value) else value).strip()


def freeze(value: object) -> FrozenValue:
    """A CRM value as JSON can hold it, for a ledger; a driver takes the result back as `expected`."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return format(value, "f")
        case datetime() | date() | time():
            return value.isoformat()
        case list() | tuple():
            return [freeze(item) for item in value]
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return str(value)


def note_marker(key: str) -> str:
    """The line that marks a note as ours where the table has no column for the key."""
    return f"[fieldnote {key}]"
