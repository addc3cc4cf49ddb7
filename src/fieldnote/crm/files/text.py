"""From a file's bytes to rows: encoding, delimiter, columns, and whether the file is whole.

A file is read twice, a piece at a time, so that its length does not matter: once to know it (`survey`), once to
land it (`rows`).
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any, Never, TextIO

from fieldnote.crm.files.folder import Export
from fieldnote.errors import CrmRefused

_PIECE = 1 << 20
_SAMPLE = 1 << 16
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# A field of more than this is a quote that nobody closed.
csv.field_size_limit(64 << 20)


class HalfWritten(Exception):
    """The file is not whole: somebody is still writing it, or stopped in the middle. It says why."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What the first reading of a file found."""

    digest: bytes
    encoding: str
    columns: dict[str, str]
    """PostgreSQL's type for each column, in their order."""
    delimiter: str = ","


def fingerprint(path: Path) -> bytes:
    """A hash of the file's bytes. Raises HalfWritten where its last line has no end."""
    digest, last, size = blake2b(digest_size=16), b"", 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            last = (last + piece)[-8:]
            size += len(piece)
    if not size:
        raise HalfWritten("it is empty")
    # In UTF-16 and UTF-32 the line break has zeros about it.
    if last.replace(b"\0", b"")[-1:] not in {b"\n", b"\r"}:
        raise HalfWritten("its last line has no line break at the end")
    return digest.digest()


def survey(export: Export, digest: bytes, known: dict[str, str]) -> Survey:
    """Look at the whole file. `known`: the columns that the table had before, with their types.

    Raises HalfWritten, or CrmRefused with the line that cannot be read.
    """
    encoding = _encoding(export)
    if export.kind == "csv":
        delimiter = _delimiter(export, encoding)
        with _opened(export, encoding) as file:
            header = _header(export, next(_records(export, file, delimiter), []))
        return Survey(digest, encoding, dict.fromkeys(header, "text"), delimiter)
    types = _Types()
    for _, record in _objects(export, encoding):
        types.add(record)
    columns = types.columns(known)
    # A field that no record has today is null in all of them, and no reason for a query to fail.
    return Survey(digest, encoding, columns | {name: kind for name, kind in known.items() if name not in columns})


def rows(export: Export, found: Survey) -> Iterator[tuple[object, ...]]:
    """Every row, in the order of the survey's columns. Raises as `survey` does."""
    yield from _csv_rows(export, found) if export.kind == "csv" else _json_rows(export, found)


# --- text -----------------------------------------------------------------------------------------------


def _encoding(export: Export) -> str:
    """UTF-8, UTF-16 or Windows-1252; the last only where no letter of the file is UTF-8."""
    with export.path.open("rb") as file:
        head = file.read(4096)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 4:
        return "utf-16-be"
    bad = _first_line_that_is_not_utf8(export.path)
    if bad is None:
        return "utf-8"
    if _has_utf8_letters(export.path):
        _refuse(export, bad, "is not UTF-8, while others are", "write the export in one encoding, best UTF-8")
    return "cp1252"


def _first_line_that_is_not_utf8(path: Path) -> int | None:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return None


def _has_utf8_letters(path: Path) -> bool:
    with path.open("rb") as file:
        for line in file:
            letters = line.decode("utf-8", "ignore")
            if not letters.isascii():
                return True
    return False


@contextmanager
def _opened(export: Export, encoding: str) -> Iterator[TextIO]:
    try:
        with export.path.open(encoding=encoding, newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        text = f"{export.name} is neither UTF-8 nor UTF-16 nor Windows-1252 (it was read as {encoding})"
        raise CrmRefused(text, hint="write the export as UTF-8") from error


def _refuse(export: Export, line: int, what: str, hint: str) -> Never:
    raise CrmRefused(f"{export.name}: line {line} {what}", hint=hint)


# --- CSV ------------------------------------------------------------------------------------------------


def _delimiter(export: Export, encoding: str) -> str:
    """What splits the first lines into the most columns, the same number in each."""
    with _opened(export, encoding) as file:
        sample = file.read(_SAMPLE)
        whole = not file.read(1)
    lines = sample.splitlines(keepends=True)
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        counts = _widths(lines if whole else lines[:-1], delimiter)
        if counts and counts[0] > most and all(count == counts[0] for count in counts):
            best, most = delimiter, counts[0]
    return best if most > 1 else max(_DELIMITERS, key=lines[0].count)


def _widths(lines: list[str], delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        widths += (len(record) for record in csv.reader(lines, delimiter=delimiter) if record)
    except csv.Error:
        return []
    # The last record may have been cut off in the middle of its quotes.
    return widths[:-1] if len(widths) > 1 else widths


def _records(export: Export, file: TextIO, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise HalfWritten("a quote that was opened is not closed") from error
        hint = "a quote inside a quoted value must be written twice"
        raise CrmRefused(f"{export.name}: line {reader.line_num} is not CSV: {error}", hint=hint) from error


def _header(export: Export, names: list[str]) -> list[str]:
    header = [name.strip() for name in names]
    twice = next((name for name in header if header.count(name) > 1), None)
    if not header or "" in header:
        _refuse(export, 1, "has a column without a name", "give every column a name in the first line")
    if twice is not None:
        _refuse(export, 1, f"has two columns called '{twice}'", "give every column a name of its own")
    if long := next((name for name in header if len(name.encode()) > 63), None):
        _refuse(export, 1, f"has a column called '{long[:20]}…'", "a column's name may have 63 letters")
    return header


def _csv_rows(export: Export, found: Survey) -> Iterator[tuple[object, ...]]:
    width = len(found.columns)
    short: int | None = None
    with _opened(export, found.encoding) as file:
        records = _records(export, file, found.delimiter)
        next(records)
        for number, record in enumerate(records, 2):
            if short is not None:
                text = f"has fewer columns than the first line, which has {width}"
                hint = "the delimiter inside a value needs quotes about it"
                raise CrmRefused(f"{export.name}: record {short} {text}", hint=hint)
            if len(record) == width:
                yield tuple([value or None for value in record])
            elif len(record) > width:
                text = f"{export.name}: record {number} has {len(record)} columns, the first line {width}"
                raise CrmRefused(text, hint="the delimiter inside a value needs quotes about it")
            elif record:
                short = number
    if short is not None:
        raise HalfWritten("its last line has fewer columns than the first")


# --- JSON Lines -----------------------------------------------------------------------------------------


def _objects(export: Export, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    broken: int | None = None
    with _opened(export, encoding) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            if broken is not None:
                _refuse(export, broken, "is not JSON", "each line must hold one whole JSON object")
            try:
                record = json.loads(line, parse_float=Decimal, parse_constant=_no_constant)
            except ValueError:
                broken = number
                continue
            if not isinstance(record, dict):
                _refuse(export, number, "is no JSON object", "each line must hold one whole JSON object")
            yield number, record
    if broken is not None:
        raise HalfWritten("its last line is not whole JSON")


def _no_constant(name: str) -> Never:
    raise ValueError(name)


def _json_rows(export: Export, found: Survey) -> Iterator[tuple[object, ...]]:
    columns = list(found.columns.items())
    for _, record in _objects(export, found.encoding):
        yield tuple([_as(record.get(name), kind) for name, kind in columns])


def _as(value: Any, kind: str) -> object:
    """A JSON value as a column of this type takes it."""
    if value is None:
        return None
    if kind == "jsonb":
        return json.dumps(value, ensure_ascii=False, default=_exact)
    if kind == "text" and not isinstance(value, str):
        return str(value) if isinstance(value, Decimal) else json.dumps(value)
    return value


def _exact(number: Decimal) -> float | int:
    whole = int(number)
    return whole if whole == number else float(number)


@dataclass(slots=True)
class _Types:
    """The kinds of JSON values that were seen in each field."""

    seen: dict[str, set[str]] = field(default_factory=dict)

    def add(self, record: dict[str, Any]) -> None:
        for name, value in record.items():
            kinds = self.seen.setdefault(name, set())
            kinds.add(_kind(value))

    def columns(self, known: dict[str, str]) -> dict[str, str]:
        """PostgreSQL's types; where no record has a value today, the one that the column had before."""
        return {name: _column(kinds - {""}) or known.get(name, "text") for name, kinds in self.seen.items()}


def _kind(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "boolean"
        case int():
            return "bigint" if -(2**63) <= value < 2**63 else "numeric"
        case Decimal():
            return "numeric"
        case str():
            return "text"
        case _:
            return "jsonb"


def _column(kinds: set[str]) -> str:
    """The type that holds all of these kinds of values; nothing for none."""
    if len(kinds) < 2:
        return "".join(kinds)
    if "jsonb" in kinds:
        return "jsonb"
    return "numeric" if kinds == {"bigint", "numeric"} else "text"
