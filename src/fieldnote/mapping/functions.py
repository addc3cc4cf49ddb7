"""The functions that an expression may call beside JMESPath's own. Pure; docs/mapping.md has their table.

What is null or blank gives null, and other arguments are looked at only after that. Each raises ValueError,
without the value; UnclearError where a value is no mistake of the file, but is better left out than guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from fieldnote.mapping.addresses import address_parts
from fieldnote.mapping.scalars import (
    is_blank,
    is_no_date,
    read_time,
    to_instant,
    to_local_text,
    to_number,
    to_text,
    unpacked,
)
from fieldnote.mapping.unclear import UnclearError


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what it does, how many arguments it takes, and which constant ones it refuses."""

    call: Callable[..., object]
    least: int = 1
    most: int | None = 1
    """None: any number."""
    check: Callable[[object], object] | None = None
    """Raises ValueError for an argument after the first that it cannot take, before there is any row."""


# --- times ----------------------------------------------------------------------------------------------


def _time(value: object, *how: object) -> str | None:
    """An instant in UTC; without any zone the local time, which the stream's zone is still to make one of."""
    zone, form = _zone_and_form(how)
    moment = read_time(value, form)
    if is_no_date(moment):
        return None
    if moment.tzinfo is None and zone is None:
        return moment.isoformat()
    return to_instant(moment, zone)


def _local_time(value: object, *how: object) -> str | None:
    """The time on the clock of that zone, without a zone."""
    zone, form = _zone_and_form(how)
    moment = read_time(value, form)
    return None if is_no_date(moment) else to_local_text(moment, zone)


def _zone_and_form(how: tuple[object, ...]) -> tuple[tzinfo | None, str | None]:
    """Of the arguments behind the value that with a percent sign is the format, the other the zone."""
    zone, form = None, None
    for argument in how:
        if argument is None or argument == "":
            continue
        if isinstance(argument, str) and "%" in argument:
            form = argument
        else:
            zone = _zone_named(str(argument))
    return zone, form


@cache
def _zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"is read in {name:.60}, which is not the name of a time zone") from None


_SAMPLE = datetime(2001, 12, 13, 14, 15)  # noqa: DTZ001 - any local time, whose parts differ from the defaults
_DIRECTIVES = re.compile(r"%(.)")
_YEARS = frozenset("YyGcxDF")
"""The directives that write a year."""


def _check_time(argument: object) -> None:
    """A format must say the whole day, and morning or afternoon where it counts to twelve."""
    _, form = _zone_and_form((argument,))
    if form is None:
        return
    has_year = not _YEARS.isdisjoint(_DIRECTIVES.findall(form))
    checked = form if has_year else f"{form} %Y"  # from Python 3.13 on, `strptime` warns of a day without a year
    try:
        read = read_time(_SAMPLE.strftime(checked), checked)
    except ValueError:
        raise ValueError(f"has '{form}', which is not a time format (such as '%m/%d/%Y %I:%M %p')") from None
    if not has_year or read.date() != _SAMPLE.date() or read.hour not in {0, _SAMPLE.hour}:
        raise ValueError(f"has the format '{form}', which leaves out year, month, day or %p")


# --- numbers --------------------------------------------------------------------------------------------

_CURRENCY = r"(?:(?:USD?|CAD?|AUD?|NZD?|[CA])? ?\$|USD|CAD|AUD|NZD|EUR|GBP|€|£)"
_AMOUNT = re.compile(rf"(-?) ?(?:{_CURRENCY})? ?(-?)([\d., ]*\d)(?: ?{_CURRENCY})?")
_SPACES = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})


def _number(value: object, sign: object = ".") -> int | float:
    """A number; text has the decimal sign that is given."""
    if not isinstance(value, str):
        return to_number(value)
    if "$" in value:
        raise ValueError("is not a number; money(…) reads an amount with its currency")
    return _read_number(value, sign)


def _money(value: object, sign: object = ".") -> int | float:
    """An amount, with or without its currency; in brackets it is negative."""
    if not isinstance(value, str):
        return to_number(value)
    text = value.translate(_SPACES).strip()
    bracketed = text.startswith("(") and text.endswith(")")
    match = _AMOUNT.fullmatch(text[1:-1].strip() if bracketed else text)
    if match is None or sum(map(bool, (bracketed, match[1], match[2]))) > 1:
        raise ValueError("is not an amount of money")
    amount = _read_number(match[3], sign)
    return -amount if bracketed or match[1] or match[2] else amount


def _read_number(text: str, sign: object) -> int | float:
    _check_sign(sign)
    plain = text.translate(_SPACES).strip()
    return to_number(_pointed(plain) if sign == "," else plain)


_WITH_POINTS = re.compile(r"-?(?:\d{1,3}(?:[. ]\d{3})+|\d*)(?:,\d+)?")


def _pointed(text: str) -> str:
    """`12.500,00` as `12500.00`."""
    if not _WITH_POINTS.fullmatch(text):
        raise ValueError("is not a number with a decimal comma")
    return text.replace(".", "").replace(" ", "").replace(",", ".")


def _check_sign(sign: object) -> None:
    if sign not in {".", ","}:
        raise ValueError("has a decimal sign that is neither '.' nor ','")


# --- texts ----------------------------------------------------------------------------------------------


def _default(*values: object) -> object:
    """The first that is neither null nor blank."""
    return next((value for value in values if not (value is None or value == [] or _is_blank_text(value))), None)


def _concat(*values: object) -> str | None:
    """All that are there, one behind the other, trimmed at both ends; null where nothing is left."""
    return "".join(to_text(value) for value in values if value is not None).strip() or None


def _concat_ws(separator: object, *values: object) -> str | None:
    """All that are there, with the separator between them; null where none is."""
    texts = (to_text(value).strip() for value in values if value is not None)
    return to_text(separator).join(text for text in texts if text) or None


def _is_blank_text(value: object) -> bool:
    return isinstance(value, str) and is_blank(value)


def _trim(value: object) -> str:
    return " ".join(to_text(value).split())


def _split(value: object, separator: object) -> list[str]:
    """The parts, trimmed, without empty ones."""
    return [part.strip() for part in to_text(value).split(to_text(separator)) if part.strip()]


def _check_separator(separator: object) -> None:
    if not isinstance(separator, str) or not separator:
        raise ValueError("has an empty separator")


def _replace(value: object, old: object, new: object) -> str:
    return to_text(value).replace(to_text(old), "" if new is None else to_text(new))


# --- telephone numbers and addresses --------------------------------------------------------------------


def _phone(value: object, region: object = None) -> str:
    """`+13035550142`. A number without its country needs the region, such as US; an extension is dropped."""
    import phonenumbers as library  # noqa: PLC0415 - 50 ms, which only who calls this should pay

    try:
        number = library.parse(to_text(value), None if region is None else str(region).upper())
    except library.NumberParseException as error:
        raise UnclearError("is not a telephone number, or lacks its country") from error
    if not library.is_valid_number(number):
        raise UnclearError("is not a telephone number that can be dialled")
    return library.format_number(number, library.PhoneNumberFormat.E164)


def _check_region(region: object) -> None:
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - as above

    if str(region).upper() not in SUPPORTED_REGIONS:
        raise ValueError(f"has the region '{region}', which is not a country's code (such as US)")


def _address(value: object) -> dict[str, str]:
    return address_parts(to_text(value))


# --- the table ------------------------------------------------------------------------------------------


def _unless_blank(call: Callable[..., object]) -> Callable[..., object]:
    def given(value: Any, *rest: object) -> object:
        if value is None or _is_blank_text(value):
            return None
        return call(value, *rest)

    return given


FUNCTIONS: Final[dict[str, Function]] = {
    "time": Function(_unless_blank(_time), most=3, check=_check_time),
    "local_time": Function(_unless_blank(_local_time), least=2, most=3, check=_check_time),
    "number": Function(_unless_blank(_number), most=2, check=_check_sign),
    "money": Function(_unless_blank(_money), most=2, check=_check_sign),
    "default": Function(_default, least=2, most=None),
    "concat": Function(_concat, least=2, most=None),
    "concat_ws": Function(_concat_ws, least=2, most=None),
    "trim": Function(_unless_blank(_trim)),
    "lower": Function(_unless_blank(lambda value: to_text(value).lower())),
    "upper": Function(_unless_blank(lambda value: to_text(value).upper())),
    "split": Function(_unless_blank(_split), least=2, most=2, check=_check_separator),
    "replace": Function(_unless_blank(_replace), least=3, most=3),
    "phone": Function(_unless_blank(_phone), most=2, check=_check_region),
    "address": Function(_unless_blank(_address)),
    "json": Function(_unless_blank(unpacked)),
}
"""By the name that an expression calls them by."""
