"""The forms of a text in a cursor column. Only texts of one form sort as what they mean. Pure.

SQLite has no types for times, and other CRMs keep times as text, too. There `2026-02-15T10:00` sorts behind
`2026-02-15 23:00`, an empty text before both, and an integer before every text. So a reading goes in the order of one
form, and a row in any other form is read each time, as a row without a cursor is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fieldnote.crm.sql.cursors import Scale, as_time, number_of, scale_of

FLOOR: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A cursor before this is a default, such as 0 or 1970-01-01. It says nothing, as a null does."""
DIGIT, ANY = "0", "?"
"""Signs of a pattern. Each other character has `=` before it, and means itself."""
_MOST: Final = 6
"""Forms of one column that are counted."""
_CLOCK: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(\D)(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}(?::?\d{2})?)?")
_FRACTIONS: Final = range(1, 10)
_DAY: Final = 10
_WRITTEN_DATE: Final = re.compile(
    r"(?<!\d)\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}(?!\d)|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b",
    re.IGNORECASE,
)
"""15/02/2026 and Feb 15 2026 sort by the day of the month, or by the month's name."""

Pattern = tuple[str, ...]
"""One sign for each character of a text."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One form of text."""

    patterns: tuple[Pattern, ...]
    example: str
    sorts: bool = True
    """Whether texts of this form sort as what they mean."""

    def matches(self, value: object) -> bool:
        """Whether a value is a text of this form."""
        return isinstance(value, str) and any(
            len(pattern) == len(value) and all(map(_fits, pattern, value)) for pattern in self.patterns
        )


def _fits(sign: str, given: str) -> bool:
    if sign == DIGIT:
        return given in "0123456789"
    return sign in {ANY, f"={given}"}


def shape_of(text: str) -> Shape:
    """The form of a text: a time with its separator and offset, a day, digits, or anything of the same length."""
    moment = as_time(text)
    if moment is not None and (match := _CLOCK.fullmatch(text)) is not None:
        return Shape(tuple(_clocks(match[2], match[4] or "")), text)
    if (moment is not None and len(text) == _DAY) or (text.isascii() and text.isdigit()):
        return Shape((_signs(text),), text)
    opaque = tuple(ANY if char.isalnum() else f"={char}" for char in text)
    return Shape((opaque,), text, sorts=bool(text.strip()) and _WRITTEN_DATE.search(text) is None)


def _clocks(separator: str, offset: str) -> Iterator[Pattern]:
    """The fraction of a second, and the seconds, may be left out. An offset may not differ: it moves the time."""
    for clock in ("00:00", "00:00:00", *(f"00:00:00.{'0' * digits}" for digits in _FRACTIONS)):
        yield (*_signs(f"0000-00-00{separator}{clock}"), *(f"={char}" for char in offset))


def _signs(text: str) -> Pattern:
    return tuple(DIGIT if char in "0123456789" else f"={char}" for char in text)


def shapes_in(sample: Iterable[object], known: object = None) -> list[Shape]:
    """The forms of the texts in a sample, the commonest first, and that of a value which is in the column."""
    shapes = [shape_of(value) for value in sample if isinstance(value, str) and value]
    counts = Counter(shape.patterns for shape in shapes)
    by_patterns = {shape.patterns: shape for shape in shapes}
    found = [by_patterns[patterns] for patterns, _ in counts.most_common(_MOST)]
    if isinstance(known, str) and known and not any(shape.matches(known) for shape in found):
        found.append(shape_of(known))
    return found


def is_default(text: str) -> bool:
    """Whether a text says that there is no time: empty, zeros, or long ago."""
    moment = as_time(text)
    return not text.strip("0 -:.T") or (moment is not None and moment.replace(tzinfo=UTC) < FLOOR)


def kinds_in(values: Iterable[object]) -> set[object]:
    """The kinds of these values, without defaults such as 0 and 1970-01-01, which are less than any other."""
    known = [value for value in values if value is not None]
    texts = [value for value in known if isinstance(value, str) and not is_default(value)]
    numbers = [value for value in known if not isinstance(value, str) and number_of(value)]
    return {shape.patterns for shape in shapes_in(texts)} | ({scale_of(numbers)} if numbers else set())


def is_counter(values: Iterable[object]) -> bool:
    """Whether most of these are numbers, or texts of digits, that count no time."""
    known = [value for value in values if value not in {None, 0, ""}]
    numbers = [value for value in known if number_of(value) is not None]
    return 2 * len(numbers) > len(known) and scale_of(numbers) is Scale.COUNTER
