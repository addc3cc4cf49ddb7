"""The shape of a column, judged by its type and its values: a time, a flag, an email address. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from fieldnote.bridge.setup.scaffold.evidence.vocabulary import word_set
from fieldnote.bridge.setup.scaffold.evidence.words import words
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.cursor_shapes import kinds_in
from fieldnote.crm.sql.survey import SurveyColumn

_WRITTEN_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
_WRITTEN_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}$")
_WRITTEN_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+$")
_PHONE: Final = re.compile(r"[+(\d][\d\s().+/x-]{6,24}$", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\W\d_][\w'\u2019.&-]*(?:,? (?:[^\W\d_]|&)[\w'\u2019.&-]*)+(?: \d+)?$")
_MONEY: Final = re.compile(r"\s*(?:[$€£]|USD|EUR)?\s*-?\d[\d.,']*\s*(?:[$€£]|USD|EUR)?\s*$")
_YEARS: Final = range(1990, 2090)
NO_WORDS: Final = word_set("0 n no f false off nein falsch nee non faux falso nao não") | {""}
"""How a flag says no, in small letters."""
_YES_WORDS: Final = word_set("1 -1 y yes t true on x j ja wahr oui o vrai s si sí sim")
"""How a flag says yes. Access writes -1."""
_YES_AND_NO: Final = NO_WORDS | _YES_WORDS
_ENOUGH: Final = 0.9


@lru_cache(maxsize=20_000)
def moment(value: object) -> datetime | None:
    """A value as a time, if it is one: a time, its text, or seconds or milliseconds since 1970."""
    match value:
        case datetime():
            return value
        case str() if _WRITTEN_TIME.match(value):
            try:
                return datetime.fromisoformat(value).replace(tzinfo=None)
            except ValueError:
                return None
        case bool():
            return None
        case int() | Decimal() | float():
            return _epoch(float(value))
        case _:
            return None


def _epoch(number: float) -> datetime | None:
    seconds = number / 1000 if number > 10**11 else number
    if not 6e8 < seconds < 4e9:
        return None
    return datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001 - only compared with others like it


def _most(column: SurveyColumn, fits: Callable[[object], object]) -> bool:
    values = column.values
    return bool(values) and sum(bool(fits(value)) for value in values) >= _ENOUGH * len(values)


def _is_real(value: object) -> bool:
    at = moment(value)
    return at is not None and at.year in _YEARS


def is_time(column: SurveyColumn) -> bool:
    """Whether it holds times: by its type, as text, or as seconds since 1970."""
    if column.family is Family.MOMENT:
        return True
    if column.family in {Family.TEXT, Family.UNTYPED}:
        return _most(column, lambda value: isinstance(value, str) and moment(value) is not None)
    if column.family in {Family.INTEGER, Family.NUMBER}:
        return len(column.values) > 0 and _most(column, _is_real) and not is_reference_name(column.name)
    return False


def time_kinds(column: SurveyColumn) -> frozenset[object]:
    """How a column writes times: by its type, by the forms of its texts, or by what its numbers count."""
    if any(isinstance(value, date) for value in column.values):
        return frozenset({"time"})
    return frozenset(kinds_in(column.values)) or frozenset(
        {"time" if column.family is Family.MOMENT else column.family}
    )


def is_reference_name(name: str) -> bool:
    """Whether a name ends in a word such as `id`."""
    found = words(name)
    return bool(found) and found[-1] in {"id", "ids", "no", "nr", "num", "number", "phone", "key"}


def is_day(column: SurveyColumn) -> bool:
    """Whether it holds days without a time."""
    if column.family is Family.DATE:
        return True
    return column.family in {Family.TEXT, Family.UNTYPED} and _most(
        column, lambda value: isinstance(value, date) or (isinstance(value, str) and _WRITTEN_DAY.match(value))
    )


def is_clock(column: SurveyColumn) -> bool:
    """Whether it holds the time of a day without the day."""
    return _most(
        column,
        lambda value: (
            isinstance(value, time)
            or (isinstance(value, timedelta) and timedelta() <= value < timedelta(days=1))
            or (isinstance(value, str) and _WRITTEN_CLOCK.match(value))
        ),
    )


def is_flag(column: SurveyColumn) -> bool:
    """Whether it holds yes and no."""
    if column.family is Family.BOOLEAN:
        return True
    if column.refers_to is not None or column.family in {Family.MOMENT, Family.DATE}:
        return False
    texts = {str(value).strip().casefold() for value in column.distinct}
    return bool(texts) and len(texts) <= 2 and texts <= _YES_AND_NO


def is_email(column: SurveyColumn) -> bool:
    """Whether it holds email addresses, or is called so and has no value."""
    if column.family not in {Family.TEXT, Family.UNTYPED}:
        return False
    if column.values:
        return _most(column, lambda value: isinstance(value, str) and _EMAIL.match(value.strip()))
    return not column.hidden and bool({"email", "mail"} & set(words(column.name))) and not _is_beside_email(column.name)


def _is_beside_email(name: str) -> bool:
    return bool(
        {"id", "opt", "sent", "valid", "invalid", "template", "body", "subject", "out", "status"} & set(words(name))
    )


def is_phone(column: SurveyColumn) -> bool:
    """Whether it holds telephone numbers, by name and values."""
    found = set(words(column.name))
    if column.family is Family.TEXT and column.values and look_like_phones(column) and not {"fax"} & found:
        return True
    if (
        column.family is not Family.TEXT
        or not {"phone", "tel", "telephone", "telefon", "mobile", "cell", "handy"} & found
    ):
        return False
    if {"fax", "extension", "ext", "type", "id"} & found:
        return False
    return not column.values or _most(column, lambda value: isinstance(value, str) and _PHONE.match(value.strip()))


def look_like_phones(column: SurveyColumn) -> bool:
    """Whether the values are telephone numbers, by their digits and signs."""
    return column.family is Family.TEXT and _most(
        column,
        lambda value: (
            isinstance(value, str)
            and _PHONE.match(value)
            and sum(map(str.isdigit, value)) >= 7
            and moment(value) is None
        ),
    )


def look_like_names(column: SurveyColumn) -> bool:
    """Whether the values are names of people or companies, and mostly different ones."""
    different = len(column.distinct) >= 0.7 * len(column.values)
    return is_text(column) and different and _most(column, lambda value: isinstance(value, str) and _NAME.match(value))


def look_like_titles(column: SurveyColumn) -> bool:
    """Whether the values are short texts, mostly different ones."""
    if not is_text(column) or is_time(column) or is_day(column) or is_email(column) or look_like_phones(column):
        return False
    different = len(column.distinct) >= 0.6 * len(column.values)
    return different and _most(column, lambda value: isinstance(value, str) and 3 < len(value) < 90 and " " in value)


def look_like_amounts(column: SurveyColumn) -> bool:
    """Whether the values are amounts of money: numbers with decimals, mostly large and different."""
    if column.family is not Family.NUMBER and not is_written_money(column):
        return False
    numbers = sorted(number for value in column.values if (number := _amount(value)) is not None)
    return len(numbers) > 2 and numbers[0] >= 0 and numbers[len(numbers) // 2] >= 100 and len(set(numbers)) > 2


def _amount(value: object) -> float | None:
    try:
        return float(re.sub(r"[^\d.-]", "", str(value)))
    except ValueError:
        return None


def is_number(column: SurveyColumn) -> bool:
    """Whether it holds numbers, as numbers or as text such as `$12,500.00`."""
    if column.family in {Family.INTEGER, Family.NUMBER}:
        return not is_time(column)
    return is_written_money(column)


def is_written_money(column: SurveyColumn) -> bool:
    """Whether it holds amounts as text."""
    return column.family in {Family.TEXT, Family.UNTYPED} and _most(
        column, lambda value: not isinstance(value, bool) and _MONEY.match(str(value))
    )


def is_text(column: SurveyColumn) -> bool:
    """Whether it holds words."""
    return column.family is Family.TEXT and not column.hidden and column.refers_to is None


def is_category(column: SurveyColumn) -> bool:
    """Whether it holds few different words or numbers, as a stage or kind does."""
    if column.family is Family.CHOICE:
        return True
    if column.hidden or column.family not in {Family.TEXT, Family.INTEGER, Family.UNTYPED}:
        return False
    if column.length is not None and column.length > 600:
        return False
    count, different = len(column.values), len(column.distinct)
    return different <= max(8, count // 4) and not is_time(column) and not is_day(column) and not is_email(column)


def round_share(column: SurveyColumn) -> float:
    """The share of times at a whole five minutes. People plan such times; programs write others."""
    times = [at for value in column.values if (at := moment(value)) is not None]
    if not times:
        return 0
    return sum(at.second == 0 and at.microsecond == 0 and at.minute % 5 == 0 for at in times) / len(times)


def filled(column: SurveyColumn) -> float:
    """The share of sampled rows with a value."""
    return len(column.values) / len(column.row_values) if column.row_values else 0


def gaps(first: SurveyColumn, second: SurveyColumn) -> list[timedelta]:
    """How long after the first time the second one is, in each row that has both."""
    pairs = zip(first.row_values, second.row_values, strict=False)
    found = ((moment(a), moment(b)) for a, b in pairs)
    return [b - a for a, b in found if a is not None and b is not None]
