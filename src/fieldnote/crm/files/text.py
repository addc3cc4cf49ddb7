"""From a file's bytes to rows: encoding, columns, and whether the file is whole.

A file is read twice, a piece at a time, so that its length does not matter: once to know it (`survey`), once to
land it (`rows`).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final, TextIO

from fieldnote.crm.broken_values import LENIENT
from fieldnote.crm.files.csv_rows import CsvRows, HalfWritten, Header, read_header
from fieldnote.crm.files.folder import Export
from fieldnote.crm.files.json_lines import FieldTypes, json_objects, json_rows
from fieldnote.crm.files.lines import Findings, Skip
from fieldnote.crm.files.whole_numbers import WholeNumbers

_PIECE: Final = 1 << 20
_SAMPLE: Final = 1 << 16
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Survey:
    """The findings of the first reading of a file."""

    digest: bytes
    encoding: str
    columns: dict[str, str]
    """PostgreSQL's type for each column, in their order."""
    header: Header | None = None
    """Of a CSV file."""


def fingerprint(path: Path, skip: Skip) -> bytes:
    """A hash of the file's bytes and of what is skipped. Raises HalfWritten where its last line has no end."""
    digest, last, size = blake2b(str(skip).encode(), digest_size=16), b"", 0
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


def survey(export: Export, digest: bytes, known: dict[str, str], skip: Skip) -> Survey:
    """Look at the whole file. `known`: the columns that the table had before, with their types.

    Raises HalfWritten, or CrmRefused with the line that cannot be read.
    """
    encoding = _encoding(export)
    with _opened(export, encoding) as file:
        if export.kind == "csv":
            sample = file.read(_SAMPLE)
            header = read_header(export, sample, whole=not file.read(1), skip=skip)
            return Survey(digest, encoding, dict.fromkeys(header.columns, "text"), header)
        types = FieldTypes()
        for line, record in json_objects(export, file, skip):
            types.add(export, line, record)
    columns = types.columns(export, known)
    # A field that no record has today is null in all of them, and no reason for a query to fail.
    return Survey(digest, encoding, columns | {name: kind for name, kind in known.items() if name not in columns})


def rows(
    export: Export, found: Survey, skip: Skip, findings: Findings, numbers: WholeNumbers
) -> Iterator[tuple[object, ...]]:
    """Every row, in the order of the survey's columns. Raises as `survey` does."""
    with _opened(export, found.encoding) as file:
        if found.header is not None:
            yield from CsvRows(export, found.header, skip, findings, numbers).read(file)
            return
        for row in json_rows(export, file, found.columns, skip, findings):
            if numbers.candidates:
                numbers.see(row)
            yield tuple(row)


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
    return "utf-8" if _is_utf8(export.path) else "cp1252"


def _is_utf8(path: Path) -> bool:
    """Whether a file is UTF-8, but for some broken letters."""
    broken = False
    with path.open("rb") as file:
        for line in file:
            try:
                if not line.decode("utf-8", "surrogatepass").isascii():
                    return True
            except UnicodeDecodeError:
                broken = True
                if not line.decode("utf-8", "ignore").isascii():
                    return True
    return not broken


@contextmanager
def _opened(export: Export, encoding: str) -> Iterator[TextIO]:
    with export.path.open(encoding=encoding, newline="", errors=LENIENT) as file:
        yield file
