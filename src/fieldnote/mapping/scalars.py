"""One value of the CRM as the type that a Siro field has. All raise ValueError, without the value.

Times: a time with a zone keeps it; one without is local to the zone given. A local time that
happens twice, when clocks go back, is the first of the two. One that never happens, when clocks go
forward, is moved on by the gap: 02:30 becomes 03:30. A date alone is the midnight that begins it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from math import isfinite
from typing import Final

from msgspec import to_builtins

from fieldnote.crm.types import external_id, key_text
from fieldnote.errors import CrmRefused

_EPOCH = re.compile(r"\d{10}|\d{13}")
_DIGITS = r"(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+)(?:\.\d+)?|\.\d+"
_NO_DIGITS = str.maketrans("", "", "$, ")
_NUMBER = re.compile(rf"(?:-? ?\$?|\$ ?-) ?(?:{_DIGITS}) ?\$?")


def is_blank(text: str) -> bool:
    """Whether a text says nothing."""
    # MySQL's zero date stands for "none" wherever it is allowed at all.
    return not text or text.isspace() or text.startswith("0000-00-00")


def to_time(value: object, zone: tzinfo | None) -> datetime:
    """An instant in UTC, from a time, a date, their ISO text, or seconds or milliseconds since 1970."""
    moment = value if type(value) is datetime else read_time(value)
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError("is a time without a zone; set crm.timezone to the zone that the CRM's times are in")
        moment = moment.replace(tzinfo=zone, fold=0)
    return _in_zone(moment, UTC)


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:
        raise ValueError("is a time too near the ends of the calendar") from None


def to_instant(value: object, zone: tzinfo | None) -> str:
    """As `to_time`, as it goes over the wire: `2026-02-15T14:00:00Z`."""
    if type(value) is datetime and value.tzinfo is None and zone is not None and not value.fold:
        # The usual case, and a push does it twice a row: by subtraction it costs a third.
        offset = zone.utcoffset(value)
        if offset is not None and value.year > 1 and value.year < 9999:
            return f"{written(value - offset)}Z"
    return to_time(value, zone).isoformat()[:-6] + "Z"


def to_date_or_none(value: object, zone: tzinfo | None) -> str | None:
    """As `to_instant`; None for a date that another system writes for "none"."""
    if type(value) is datetime and value.year > _NONE_BEFORE:
        return to_instant(value, zone)
    moment = read_time(value)
    return None if is_no_date(moment) else to_instant(moment, zone)


_NONE_BEFORE: Final = 1899
_ZERO_DAY: Final = date(1899, 12, 30)
"""The day 0 of spreadsheets and of OLE."""


def is_no_date(moment: datetime) -> bool:
    """Whether a system writes this for "none": a time in the year 1 (.NET), or the day 0 of spreadsheets."""
    if moment.year > _NONE_BEFORE:
        return False
    if moment.year == 1 or moment.date() == _ZERO_DAY:
        return True
    return moment.tzinfo is not None and moment.astimezone(UTC).date() == _ZERO_DAY


written: Final[Callable[[datetime], str]] = to_builtins
"""A time as ISO 8601 writes it, with Z for UTC. A tenth of the cost of `isoformat`, which subclasses of it need."""


def to_local_text(value: object, zone: tzinfo | None) -> str:
    """The time on the clock in the customer's home, `2026-02-15T14:00:00`; one that this clock leaves out, moved on."""
    moment = read_time(value)
    if zone is not None:
        moment = _in_zone(to_time(moment, zone), zone)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def to_deletion(value: object, zone: tzinfo | None, moment: Callable[[], str]) -> str | None:
    """The time of a deletion, from a time or a flag. A flag of "yes" takes `moment`; "no" is None."""
    if is_false(value):
        return None
    try:
        return moment() if to_boolean(value) else None
    except ValueError:
        pass
    try:
        return to_date_or_none(value, zone)
    except ValueError as error:
        if "zone" in str(error):
            raise
        raise ValueError("is neither a flag (1, 0, -1, true, false, yes, no) nor a time") from error


def read_time(value: object, form: str | None = None) -> datetime:
    """A time with the zone that it carries, if any. `form`: how text is written, as `strptime` has it."""
    match value:
        case datetime():
            return value
        case date():
            return datetime.combine(value, time())
        case bool():
            pass
        case int() | float() | Decimal():
            return _since_1970(value)
        case str() if form:
            return _formed(value.strip(), form)
        case str():
            return _written(value.strip())
        case _:
            pass
    raise ValueError("is not a time")


def _formed(text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the stream's, or the format's
    except ValueError:
        raise ValueError(f"is not a time as '{form}' writes it") from None


_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def _since_1970(value: float | Decimal) -> datetime:
    number = value if isinstance(value, int) else float(value)
    if 1e8 <= number < 1e10:
        return _1970 + timedelta(seconds=number)
    if 1e11 <= number < 1e13:
        return _1970 + timedelta(milliseconds=number)
    raise ValueError("is not a time: as a number it must be seconds or milliseconds since 1970")


def _written(text: str) -> datetime:
    if _EPOCH.fullmatch(text):
        return _since_1970(int(text))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            "is not a time as ISO 8601 writes it (2026-02-15 14:00:00); time(…) takes another format"
        ) from None


def to_number(value: object) -> int | float:
    """A number from a number or its text; `$45,000.00` and `45 000` are. A whole one is spelled without a point."""
    match value:
        case bool():
            pass
        case int():
            return value
        case float() | Decimal() if isfinite(value):
            return plainly(value)
        case str():
            text = value.strip()
            if _NUMBER.fullmatch(text):
                return plainly(Decimal(text.translate(_NO_DIGITS)))
        case _:
            pass
    raise ValueError("is not a number")


def plainly(value: float | Decimal) -> int | float:
    """A finite number; a whole one without a point."""
    whole = int(value)
    return whole if value == whole and abs(whole) < 2**53 else float(value)


_TRUE = {"true", "t", "yes", "y", "on", "1"}
_FALSE = {"false", "f", "no", "n", "off", "0"}
_ZERO = re.compile(r"[-+]?0+(?:\.0*)?")
_ONE = re.compile(r"[-+]?0*1(?:\.0*)?")


def is_false(value: object) -> bool:
    """Whether a CRM's value means "no": null, false, zero, a zero byte or date, blank text, or a no-word in any case.

    The no-words are `0`, `0.0`, `false`, `f`, `no`, `n` and `off`. Any other text means "yes".
    """
    match value:
        case str():
            word = value.strip().casefold()
            return is_blank(word) or word in _FALSE or _ZERO.fullmatch(word) is not None
        case bytes() | bytearray() | memoryview():
            return not any(bytes(value))
        case None | list() | tuple() | dict():
            return not value
        case int() | float() | Decimal():
            return not value  # unlike `== 0`, this can be asked of a signaling NaN
        case _:
            return False


def to_boolean(value: object) -> bool:
    """True or false from a boolean, 1 or 0, a bit, or one of their usual words. Access writes -1 for yes."""
    match value:
        case str():
            word = value.strip().casefold()
            if word in _TRUE or word in _FALSE or _ONE.fullmatch(word) or _ZERO.fullmatch(word):
                return word in _TRUE or _ONE.fullmatch(word) is not None
        case bytes() | bytearray() | memoryview() if int.from_bytes(bytes(value)) in {0, 1} and bytes(value):
            return any(bytes(value))
        case int() if value in {-1, 0, 1}:
            return value != 0
        case float() | Decimal() if isfinite(value) and value in {-1, 0, 1}:
            return value != 0
        case _:
            pass
    raise ValueError("is neither true nor false")


_MIDNIGHT = datetime(2000, 1, 1)  # noqa: DTZ001 - of any day


def to_text(value: object) -> str:
    """Text as it is, and a number without a tail of zeros: 17, 17.0 and "17" are all "17".

    A time of day is `14:30:00`, also where a driver gives it as the time since midnight.
    """
    match value:
        case str():
            return value if value.isascii() else _whole(value)
        case bool():
            return "true" if value else "false"
        case bytes() | bytearray() | memoryview() if bytes(value) in {b"\0", b"\1"}:
            return "1" if bytes(value) == b"\1" else "0"
        case float() if isfinite(value):
            return key_text(Decimal(str(value)))
        case time():
            return value.isoformat()
        case timedelta() if timedelta(0) <= value < timedelta(days=1):
            return (_MIDNIGHT + value).time().isoformat()
        case _:
            pass
    try:
        return key_text(value)
    except CrmRefused as error:
        raise ValueError("is neither text nor a number") from error


def to_id(value: object) -> str:
    """An `externalId`: see `fieldnote.crm.types.external_id`."""
    try:
        return _whole(external_id(value))
    except CrmRefused as error:
        raise ValueError("cannot be an id; use text, whole numbers or UUIDs") from error


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("contains half a character") from None
    return text


def unpacked(value: object) -> object:
    """An object or a list out of its JSON text, which is how some databases give such columns; others as they are."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("is not JSON") from None
