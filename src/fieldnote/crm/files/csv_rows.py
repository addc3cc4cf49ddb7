"""CSV as people export it: delimiters, headers, empty columns and rows, footers. An uncertain line is refused."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final, Never, TextIO

from fieldnote.crm.broken_values import is_broken, repair_text
from fieldnote.crm.files.folder import Export
from fieldnote.crm.files.lines import Findings, Lines, Skip, is_footer, is_no_date, may_have_no_date, shown
from fieldnote.crm.files.whole_numbers import WholeNumbers
from fieldnote.errors import CrmRefused

_DELIMITERS: Final = (",", ";", "\t", "|")
_SEP: Final = re.compile(r'"?sep=(.)"?\1*', re.IGNORECASE)
"""The line by which Excel knows the delimiter."""
_FOOTER: Final = "if it is a footer, set crm.skip: "
_QUOTES: Final = "the delimiter inside a value needs quotes around it"

# A field of more than this is a quote that nobody closed.
csv.field_size_limit(64 << 20)


class HalfWritten(Exception):
    """The file is not whole: somebody is still writing it, or stopped in the middle. It says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a CSV file."""

    names: tuple[str, ...]
    """As the first line has them; empty for a column without a name."""
    delimiter: str
    line: int
    """The number of its line."""
    sep: int | None = None
    """The number of a line `sep=;` before it."""

    @property
    def columns(self) -> list[str]:
        """The columns that have a name."""
        return [name for name in self.names if name]


def read_header(export: Export, sample: str, *, whole: bool, skip: Skip) -> Header:
    """The header and the delimiter from the beginning of a file. `whole`: the sample is all of it."""
    numbered = list(enumerate(StringIO(sample, newline=""), 1))[skip.first :]
    while numbered and not numbered[0][1].strip():
        del numbered[0]
    sep, delimiter = None, None
    if numbered and (match := _SEP.fullmatch(numbered[0][1].rstrip("\r\n"))):
        sep, delimiter = numbered.pop(0)[0], match[1]
    lines = [line for _, line in numbered]
    chosen = delimiter or _delimiter(lines if whole else lines[:-1] or lines)
    records = zip(numbered, csv.reader(lines, delimiter=chosen), strict=False)
    found = next(((number, record) for (number, _), record in records if any(map(str.strip, record))), None)
    if found is None:
        refuse(export, 1, "has no header", "give every column a name in the first line")
    number, record = found
    _check_sep(export, sep, delimiter, record, number)
    return Header(_names(export, record, number), chosen, number, sep)


def _check_sep(export: Export, sep: int | None, delimiter: str | None, record: Sequence[str], number: int) -> None:
    if sep is None or len(record) > 1 or not any(other in record[0] for other in _DELIMITERS):
        return
    text = f"says that '{delimiter}' separates the columns, and line {number} is not separated by it: "
    refuse(export, sep, f"{text}{shown(record[0])}", "correct or remove the line 'sep='")


def _delimiter(lines: list[str]) -> str:
    """The character that splits the first lines into the most columns, the same number in each."""
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        counts = _widths(lines, delimiter)
        if counts and counts[0] > most and all(count == counts[0] for count in counts):
            best, most = delimiter, counts[0]
    return best if most > 1 or not lines else max(_DELIMITERS, key=lines[0].count)


def _widths(lines: list[str], delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        widths += (len(record) for record in csv.reader(lines, delimiter=delimiter) if record)
    except csv.Error:
        return []
    # The last record may have been cut off in the middle of its quotes.
    return widths[:-1] if len(widths) > 1 else widths


def _names(export: Export, record: Sequence[str], line: int) -> tuple[str, ...]:
    names = tuple(name.strip() for name in record)
    if broken := next((name for name in names if is_broken(name)), None):
        refuse(export, line, f"has a column whose name cannot be read: {shown(repair_text(broken)[0])}", "rename it")
    if long := next((name for name in names if len(name.encode()) > 63), None):
        refuse(export, line, f"has a column called '{long[:20]}…'", "a column's name may have 63 letters")
    refuse_twin_names(export, [name for name in names if name], line)
    return names


def refuse_twin_names(export: Export, names: Sequence[str], line: int | None = None) -> None:
    """Refuse two columns whose names differ in the case of their letters only, or not at all."""
    place = f"line {line} has" if line else "the lines have"
    known: dict[str, str] = {}
    for name in names:
        other = known.setdefault(name.casefold(), name)
        if other is name:
            continue
        if other == name:
            text = f"two columns called '{name}'"
        else:
            text = f"the columns '{other}' and '{name}', which only the case of their letters tells apart"
        raise CrmRefused(f"{export.name}: {place} {text}", hint="give each column its own name")


def refuse(export: Export, line: int, problem: str, hint: str) -> Never:
    """Raise with the line's number."""
    raise CrmRefused(f"{export.name}: line {line} {problem}", hint=hint)


# --- rows -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Short:
    """The first of the rows at the end that have too few columns."""

    line: int
    text: str
    width: int
    after_blank: bool


class CsvRows:
    """The rows of one file, in the order of the columns that have a name."""

    def __init__(self, export: Export, header: Header, skip: Skip, findings: Findings, whole: WholeNumbers) -> None:
        self._export, self._header, self._skip = export, header, skip
        self._findings, self._numbers = findings, whole
        self._width = len(header.names)
        self._kept = [place for place, name in enumerate(header.names) if name]
        self._nameless = [place for place, name in enumerate(header.names) if not name]
        self._columns = header.columns

    def read(self, file: TextIO) -> Iterator[tuple[object, ...]]:
        """All rows. Raises HalfWritten, or CrmRefused with the line that cannot be read."""
        short: _Short | None = None
        blank = False
        footers: list[tuple[int, str, list[str]]] = []
        if self._nameless:
            self._findings.note(f"{_columns(len(self._nameless))} without a name and without values are left out")
        for line, text, record in self._records(file):
            if not any(record) or not any(cell.strip() for cell in record):
                blank = True
                if record:
                    self._findings.skip("empty row", line)
                continue
            if self._is_left_out(line, text, record):
                pass
            elif (len(record) < self._width or "" in record or self._width == 1) and is_footer(record):
                footers.append((line, text, record))
            elif len(record) <= self._kept[-1]:
                short = short or _Short(line, text, len(record), blank)
                continue
            elif short is not None:
                self._refuse_short(short, _QUOTES)
            else:
                for held in footers:  # rows follow, so they are rows, too
                    yield self._whole_row(*held)
                footers.clear()
                yield self._row(line, text, record)
            blank = False
        for line, _, _ in footers:
            self._findings.skip("footer", line)
        if short is not None:
            self._end_short(short)

    def _records(self, file: TextIO) -> Iterator[tuple[int, str, list[str]]]:
        lines = Lines(file, self._skip)
        reader = csv.reader(lines, delimiter=self._header.delimiter, strict=True)
        self._lines = lines
        try:
            for record in reader:
                line, text = lines.take()
                if line > self._header.line:
                    yield line, text, record
                elif line == self._header.sep:
                    self._findings.note(f"line {line}, '{text.strip()}', is skipped")
        except csv.Error as error:
            if "unexpected end" in str(error):
                raise HalfWritten("a quote that was opened is not closed") from error
            line, text = lines.take()
            hint = "a quote inside a quoted value must be written twice"
            refuse(self._export, lines.number, f"is not CSV ({error}): {shown(text)}", hint)

    def _is_left_out(self, line: int, text: str, record: list[str]) -> bool:
        if self._skip.matches(text):
            self._findings.skip("row that crm.skip names", line)
            return True
        if record == list(self._header.names):
            self._findings.skip("repeated header", line)
            return True
        return False

    def _whole_row(self, line: int, text: str, record: list[str]) -> tuple[object, ...]:
        """A row that looks like a footer, in the middle of a file."""
        if len(record) <= self._kept[-1]:
            self._refuse_short(_Short(line, text, len(record), after_blank=False), _QUOTES)
        return self._row(line, text, record)

    def _row(self, line: int, text: str, record: list[str]) -> tuple[object, ...]:
        if len(record) > self._width:
            if any(cell.strip() for cell in record[self._width :]):
                hint = _QUOTES
                if self._width == 1:
                    hint = f"if the lines before it are a title, set crm.skip: {{first: {line - 1}}}"
                problem = f"has {_columns(len(record))}, the header {self._width}: {shown(text)}"
                refuse(self._export, line, problem, hint)
            self._findings.skip("empty cell after the last column", line)
        for place in self._nameless:
            if place < len(record) and record[place].strip():
                problem = f"has a value in column {place + 1}, which has no name in the header: {shown(text)}"
                refuse(self._export, line, problem, "give every column a name in the first line")
        if self._nameless:
            record = [record[place] for place in self._kept]
        elif len(record) > self._width:
            record = record[: self._width]
        if is_broken(text):
            record = [self._repair(line, name, cell) for name, cell in zip(self._columns, record, strict=True)]
        if may_have_no_date(text):
            record = [self._dated(name, cell) for name, cell in zip(self._columns, record, strict=True)]
        if self._numbers.candidates:
            self._numbers.see(record)
        return tuple([value or None for value in record])

    def _dated(self, column: str, cell: str) -> str:
        if not is_no_date(cell):
            return cell
        self._findings.no_date(column, cell)
        return ""

    def _repair(self, line: int, column: str, cell: str) -> str:
        text, kind = repair_text(cell)
        if kind:
            self._findings.broken.add(f"line {line}", column, kind)
        return text

    def _refuse_short(self, short: _Short, hint: str) -> Never:
        problem = f"has {_columns(short.width)}, the header {self._width}: {shown(short.text)}"
        refuse(self._export, short.line, problem, hint)

    def _end_short(self, short: _Short) -> Never:
        """Rows at the end are too short: a file that is cut off, or a footer."""
        last = self._lines.number - short.line + 1
        if last == len(short.text.splitlines()) and not short.after_blank:
            raise HalfWritten(f"its last line has fewer columns than the first ({_FOOTER}{{last: {last}}})")
        self._refuse_short(short, f"if the last {last} lines are a footer, set crm.skip: {{last: {last}}}")


def _columns(count: int) -> str:
    return f"{count} column{'' if count == 1 else 's'}"
