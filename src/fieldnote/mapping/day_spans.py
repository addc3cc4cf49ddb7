"""Spans of days, and arithmetic with days and months."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from fieldnote.mapping.unclear import UnclearError


@dataclass(frozen=True, slots=True)
class Days:
    """A span of days; None is an open end."""

    first: date | None
    last: date | None
    exact: bool = True
    """Said as such: no "around", no bound."""


def one_day(year: int, month: int, day: int) -> Days:
    """A span of one day. Raises UnclearError if there is no such day."""
    try:
        return Days(date(year, month, day), date(year, month, day))
    except ValueError:
        raise UnclearError("there is no such day") from None


def month_span(year: int, month: int, count: int = 1) -> Days:
    """A span of `count` months. Raises UnclearError if there is no such month."""
    if not 1 <= month <= 12:
        raise UnclearError("there is no such month")
    last_year, last_month = month_later(year, month, count - 1)
    return Days(date(year, month, 1), date(last_year, last_month, monthrange(last_year, last_month)[1]), exact=False)


def month_later(year: int, month: int, months: int) -> tuple[int, int]:
    """The year and month that is `months` later."""
    years, index = divmod(month - 1 + months, 12)
    return year + years, index + 1


def day_moved(day: date, unit: str, count: int) -> date:
    """The day `count` days, weeks, months or years later. Raises UnclearError above 1000."""
    if count > 1000:
        raise UnclearError("it is too far ahead")
    if unit in {"day", "week"}:
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    year, month = month_later(day.year, day.month, count * (12 if unit == "year" else 1))
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def part_of(word: str | None, whole: Days) -> Days:
    """A third of a span: days of a month or week, months of anything longer."""
    if word is None or whole.first is None or whole.last is None:
        return whole
    third = {"early": 0, "beginning of": 0, "start of": 0, "mid": 1, "middle of": 1}.get(word, 2)
    length = (whole.last - whole.first).days + 1
    if length > 31:
        months = round(length / 30.4) // 3
        if word.endswith("end of"):
            return month_span(whole.last.year, whole.last.month)
        if word in {"beginning of", "start of"}:
            return month_span(whole.first.year, whole.first.month)
        return month_span(*month_later(whole.first.year, whole.first.month, months * third), months)
    step = length // 3
    first = whole.first + timedelta(days=step * third)
    return Days(first, whole.last if third == 2 else first + timedelta(days=step - 1), exact=False)
