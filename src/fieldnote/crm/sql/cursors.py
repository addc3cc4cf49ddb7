"""Cursor values: which are ahead of now, and where to start so that rows that were committed late are read. Pure.

A cursor column holds times, days, texts of either, epoch times in seconds to nanoseconds, numbers such as 20260215,
or a counter. One value far ahead must not hide the changes below it, so a cursor never moves above a limit: a day from
now, or, for a counter, below the gap in its highest values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import Any, Final

from fieldnote.crm.types import Cursor, Unreadable

AHEAD: Final = timedelta(days=1)
"""A cursor further ahead of our clock than time zones explain is a mistake."""
HIGHEST: Final = 101
"""Of the highest values of a counter, all but one may be mistakes."""
_GAP: Final = 1000
"""Steps that a counter is read again, and a gap that no counter makes unless a value is a mistake, or many count."""
_PLAUSIBLE: Final = datetime(2000, 1, 1, tzinfo=UTC), timedelta(days=400)
"""Most rows changed since then, and not later than this after now."""


class Scale(Enum):
    """The unit of a number in a cursor column."""

    SECONDS = 1
    MILLISECONDS = 1_000
    MICROSECONDS = 1_000_000
    NANOSECONDS = 1_000_000_000
    DAY = "%Y%m%d"
    """20260215."""
    MOMENT = "%Y%m%d%H%M%S"
    """20260215143000."""
    COUNTER = None
    """Changes, or anything else."""


def scale_of(sample: Sequence[object]) -> Scale:
    """The scale by which most of these numbers are times of these years."""
    numbers = [number for value in sample if (number := number_of(value)) is not None]
    now = datetime.now(UTC)
    for scale in Scale:
        if scale is Scale.COUNTER:
            break
        moments = [_moment(number, scale) for number in numbers]
        likely = [moment for moment in moments if moment and _PLAUSIBLE[0] <= moment <= now + _PLAUSIBLE[1]]
        if numbers and 2 * len(likely) > len(numbers):
            return scale
    return Scale.COUNTER


def number_of(value: object) -> Decimal | None:
    """The number in a cursor value: of a number type, or a text of digits."""
    match value:
        case bool():
            return None
        case int() | float() | Decimal():
            number = Decimal(str(value))
            return number if number.is_finite() else None
        case str() if value.isascii() and value.isdigit():
            return Decimal(value)
        case _:
            return None


def _moment(number: Decimal, scale: Scale) -> datetime | None:
    try:
        if isinstance(scale.value, int):
            return datetime.fromtimestamp(float(number / scale.value), UTC)
        whole = str(int(number))
        return datetime.strptime(whole, scale.value).replace(tzinfo=UTC) if scale.value else None
    except (ValueError, OverflowError, OSError):
        return None


def value_at(moment: datetime, scale: Scale, sample: object) -> Any:
    """A moment as the cursor column holds it."""
    if isinstance(scale.value, int):
        number = int(moment.timestamp() * scale.value)
    elif scale.value is not None:
        number = int(moment.astimezone(UTC).strftime(scale.value))
    else:
        raise ValueError("a counter counts no time")
    return str(number).rjust(len(sample), "0") if isinstance(sample, str) else Decimal(number)


@dataclass(frozen=True, slots=True)
class Guard:
    """The values that a cursor may take."""

    limit: Decimal | None = None
    """The highest number; None: the column holds times, or texts without a meaning."""
    time: str | None = None
    """A text of a time, where the column holds such."""

    def is_ahead(self, value: object) -> bool:
        """Whether a cursor must not move to this value. In a column of times or numbers, a text may sort anywhere."""
        number = number_of(value)
        if self.limit is not None and number is not None:
            return number > self.limit
        if self.limit is not None and isinstance(value, str | bytes):
            return True
        if self.time is not None and (isinstance(value, bytes) or (isinstance(value, str) and as_time(value) is None)):
            return True
        return is_ahead(value)


def guard_of(scale: Scale, highest: Sequence[object]) -> Guard:
    """The guard of a column of numbers. `highest`: the `HIGHEST` greatest values of a counter, in falling order."""
    if scale is not Scale.COUNTER:
        return Guard(number_of(value_at(datetime.now(UTC) + AHEAD, scale, 0)))
    numbers = [number for value in highest if (number := number_of(value)) is not None]
    gaps = [below for above, below in pairwise(numbers) if above - below > _GAP]
    return Guard(gaps[-1] if gaps else max(numbers, default=None))


def earlier(cursor: Cursor, overlap: timedelta, scale: Scale = Scale.COUNTER) -> Cursor:
    """The place to start from, so that rows that were committed late, or by a slow clock, are read."""
    value = cursor.value
    number = number_of(value)
    if number is not None and overlap:
        if scale is Scale.COUNTER:
            start = number - _GAP if isinstance(value, Decimal) else number
        else:
            moment = _moment(number, scale) or datetime.now(UTC)
            start = number_of(value_at(moment - overlap, scale, 0)) or number
        return Cursor(str(int(start)).rjust(len(value), "0") if isinstance(value, str) else start)
    match value:
        case date():
            return Cursor(value - overlap)
        case str() if (known := as_time(value)) is not None:
            return Cursor(like(value, known - overlap))
        case _:
            return cursor


def as_time(text: str) -> datetime | None:
    """The time or day in a text that sorts as it."""
    if len(text) < 10 or text[4] != "-":
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def like(sample: Any, moment: datetime) -> Any:
    """A moment written as the sample is: SQLite keeps times as text, and compares them as such."""
    if isinstance(sample, Unreadable):
        sample = _UNREADABLE_LIKE.get(sample.kind, moment)
    if isinstance(sample, datetime):
        return moment if sample.tzinfo else moment.replace(tzinfo=None)
    if isinstance(sample, date):
        return moment.date()
    if len(sample) == 10:
        return moment.date().isoformat()
    known = as_time(sample)
    zone = known.tzinfo if known else None
    moment = moment.astimezone(zone) if zone and moment.tzinfo else moment.replace(tzinfo=zone)
    text = moment.isoformat(sep=sample[10], timespec="seconds" if len(sample) <= 20 else "auto")
    return text.replace("+00:00", "Z") if sample.endswith("Z") else text


_UNREADABLE_LIKE: Final = {"timestamp": datetime.min, "date": date.min}  # noqa: DTZ901 - a time without a zone


def is_ahead(value: object) -> bool:
    """Whether a time, or a text of one, is further ahead of now than time zones explain."""
    now = datetime.now(UTC)
    match value:
        case Unreadable():
            return True
        case str():
            moment = as_time(value)
            return moment is not None and is_ahead(moment)
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=UTC)) > now + AHEAD
        case date():
            return value > (now + AHEAD).date()
        case _:
            return False
