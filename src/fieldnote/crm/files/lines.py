"""The lines of an export that hold rows: what the file declares to be skipped is left out, and counted."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from fieldnote.crm.broken_values import BrokenValues

_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Skip:
    """Lines of a file that are no rows. Blank lines around the rows are none in any case."""

    first: int = 0
    """Lines before the header."""
    last: int = 0
    """Lines at the end, counted from the last one that is not blank."""
    lines: str | None = None
    """A regular expression; a row whose text it is found in is skipped."""

    def matches(self, text: str) -> bool:
        """Whether the pattern is found in a row's text."""
        return self.lines is not None and re.search(self.lines, text) is not None

    def __str__(self) -> str:
        return f"{self.first}/{self.last}/{self.lines}" if self != Skip() else ""


class Lines:
    """An iterator over the lines of a file that counts them, and keeps those since `take` was called."""

    def __init__(self, file: TextIO, skip: Skip) -> None:
        self._lines = _without_ends(file, skip)
        self.number = skip.first
        """The number of the last line that was read, in the whole file."""
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.number += 1
            self._taken.append(line)
            yield line

    def take(self) -> tuple[int, str]:
        """The number of the first line since the last call, and the text of all of them."""
        first, text = self.number - len(self._taken) + 1, "".join(self._taken)
        self._taken.clear()
        return first, text


def _without_ends(file: TextIO, skip: Skip) -> Iterator[str]:
    for _ in range(skip.first):
        next(file, None)
    kept: deque[str] = deque()
    blank: list[str] = []
    for line in file:
        if not line.strip():
            blank.append(line)
            continue
        kept.extend(blank)
        blank.clear()
        kept.append(line)
        while len(kept) > skip.last:
            yield kept.popleft()


_COUNTED: Final = (
    r"(?:rows?|records?|entries|items?|results?|lines?|zeilen|datens\u00e4tze|eintr\u00e4ge"
    r"|rijen|lignes|filas|registros)"
)
_TOTAL: Final = re.compile(
    r"(?:grand|sub)?[ _-]?totals?|total g\u00e9n\u00e9ral|(?:sub|eind)?totaal|(?:gesamt|zwischen)?summe|gesamt"
    r"|insgesamt|anzahl|aantal|sum|count|average",
    re.IGNORECASE,
)
_FOOTER: Final = re.compile(
    rf"(?:{_TOTAL.pattern})\b[ :=#-]*(?:(?:of )?{_COUNTED})?[ :=#-]*[\d.,' $\u20ac\u00a3]*{_COUNTED}?[.:]?"
    rf"|\(?\d[\d.,' ]* {_COUNTED}(?: \w+)*[.)]*"
    r"|(?:end of (?:report|file|data|list)"
    r"|(?:report |data )?(?:generated|exported|printed|created|run) (?:on|at|by|from)"
    r"|page \d+ of \d+|applied filters|filtered by|confidential|copyright|(?:erstellt|exportiert) am)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_AMOUNT: Final = re.compile(rf"[-\d.,' $\u20ac\u00a3%]+(?:{_COUNTED}[.]?)?", re.IGNORECASE)
"""The other cells of a total: `12,500.00`, `4 records`."""
_RULES: Final = "-=*#~_<>[]\u2013\u2014 "
"""The marks that people draw around a footer: `-- end of list --`."""


def is_footer(cells: Sequence[str]) -> bool:
    """Whether a row at the end of a file is a footer for certain: a total with few other values, or one sentence."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled or not _FOOTER.fullmatch(filled[0].strip(_RULES)):
        return False
    if len(filled) == 1:
        # A single column may have a customer called Total, but none called "Total: 3 rows".
        return len(cells) > 1 or not _TOTAL.fullmatch(filled[0])
    numbers = all(_AMOUNT.fullmatch(cell) for cell in filled[1:])
    return numbers and 2 * len(filled) <= len(cells) + 1 and cells[0].strip() == filled[0]


_NO_DAY: Final = ("0001-01-01", "1899-12-30", "0000-00-00", "/0001", "/1899", ".0001", ".1899")
_NO_DATE: Final = re.compile(
    r"(?:0001-01-01|1899-12-30|0000-00-00|0?1/0?1/0001|0?1[.]0?1[.]0001|12/30/1899|30/12/1899|30[.]12[.]1899)"
    r"(?:[T ](?:00?:00(?::00(?:[.]0+)?)?|12:00(?::00)? ?AM))?(?:Z|[+-]00:?00)?",
    re.IGNORECASE,
)


def may_have_no_date(text: str) -> bool:
    """Whether a line may hold one of the dates that systems write for "none"; most lines do not."""
    return any(day in text for day in _NO_DAY)


def is_no_date(cell: str) -> bool:
    """Whether a cell holds a date that systems write for "none": the year 1, day 0 of spreadsheets, MySQL's zero."""
    return _NO_DATE.fullmatch(cell.strip()) is not None


def shown(text: str) -> str:
    """The beginning of a line, for a message."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"


class Findings:
    """The skipped, changed or replaced lines of one file, each kind reported once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._first: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._notes: list[str] = []
        self._no_dates: dict[str, str] = {}
        self.broken = BrokenValues(name)

    def skip(self, what: str, line: int) -> None:
        """A line that is left out, or not read as a whole. `what`: `empty row`."""
        self._first.setdefault(what, line)
        self._counts[what] += 1

    def note(self, text: str) -> None:
        """Something about the whole file."""
        self._notes.append(f"{self._name}: {text}")

    def no_date(self, column: str, cell: str) -> None:
        """A date that stands for "none"; each column is reported once."""
        self._no_dates.setdefault(column, cell.strip())

    def warnings(self) -> list[str]:
        """All of it, for people."""
        no_dates = [
            f"{self._name}: '{cell}' in the column {column} is read as no date"
            for column, cell in self._no_dates.items()
        ]
        skipped = [
            f"{self._name}: line {self._first[what]}, {_with_article(what)}, is skipped"
            if times == 1
            else f"{self._name}: {times} times, first in line {self._first[what]}: {_with_article(what)} is skipped"
            for what, times in self._counts.items()
        ]
        return [*self._notes, *skipped, *no_dates, *self.broken.warnings()]


def _with_article(what: str) -> str:
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"
