"""Whether the CRM took a write, by the value that it gives back. Pure.

A CRM may change a value on its way in: it rounds, trims, cuts, or changes case. Such a write counts. If the field
still has its old value, and nothing of that kind leads from the value sent to the value read, the write was refused,
whatever the CRM answered: a trigger kept the old value, a view ignores the column, an API reports its error with 200.
So it was if the field is empty now. A note is more than a value: it also has to have kept its words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

Same = Callable[[object, object], bool]

_ROUNDINGS = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_FLOOR, ROUND_CEILING)
_FLOAT_ERROR = Decimal("1e-6")
_WORDS_KEPT = 0.9
"""Share of a note's words that a CRM must keep: it may correct some, or put its own text around them."""
_EMPTY = (None, "")


def was_refused(before: object, after: object, sent: object, same: Same, *, alters: bool = False) -> bool:
    """Whether a write left the field as it was, and no rounding, trimming or cutting explains that.

    `alters`: the CRM has changed an earlier value of this field in its own way. Then wide rounding (45,123 to 45,000)
    and cutting explain an unchanged value, too; without that proof they would hide a refusal.
    """
    if same(after, sent):
        return False
    if was_emptied(after, sent):
        return True
    if not same(after, before):
        return False
    return not _may_come_of(after, sent, alters=alters)


def was_emptied(after: object, sent: object) -> bool:
    """Whether nothing is left of a value."""
    return _is_blank(after) and not _is_blank(sent)


def not_taken(said: str | None, did: str = "kept the old value") -> str:
    """The reason of a refusal that shows only in the value read back. `said`: the CRM's own words."""
    words = f" It answered: {said}" if said else ""
    return f"the CRM accepted the write but {did}.{words} Check triggers, locks and rights; it is retried"


def loss_of_note(after: str, sent: str) -> str | None:
    """How the CRM lost words of a note; None: it has them, but for case, blanks and a few words."""
    short, long = plain_text(after), plain_text(sent)
    if not long or short == long:
        return None
    if not short:
        return "emptied the note"
    if long.startswith(short.rstrip(".\u2026 ")) and len(short) < len(long):
        return f"kept {len(after)} of {len(sent)} characters of the note"
    words = Counter(long.split())
    kept = (words & Counter(short.split())).total()
    if kept < _WORDS_KEPT * words.total():
        return f"kept {kept} of {words.total()} words of the note"
    return None


def _may_come_of(after: object, sent: object, *, alters: bool) -> bool:
    """Whether a column may make `after` of `sent`."""
    if _is_blank(after) or _is_blank(sent):
        return _is_blank(after) and _is_blank(sent)
    left, right = number_of(after), number_of(sent)
    if left is not None and right is not None and not isinstance(after, str):
        return _is_rounded(left, right, wide=alters)
    if isinstance(after, datetime | date) or isinstance(sent, datetime | date):
        return _is_cut_time(after, sent)
    short, long = plain_text(after), plain_text(sent)
    return short == long or (alters and long.startswith(short))


def _is_blank(value: object) -> bool:
    return value in _EMPTY or (isinstance(value, str) and not value.strip())


def _is_rounded(after: Decimal, sent: Decimal, *, wide: bool) -> bool:
    """Whether `after` is `sent` with fewer decimals; `wide`: or rounded to tens, hundreds and so on."""
    if abs(after - sent) <= _FLOAT_ERROR * max(abs(sent), abs(after)):
        return True
    exponent = after.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - `number_of` gives finite numbers only
    places = [Decimal(1).scaleb(min(exponent, 0))]
    if wide and after:
        places += [Decimal(1).scaleb(n) for n in range(1, 10) if after % Decimal(1).scaleb(n) == 0]
    return any(_rounded_to(sent, place, way) == after for place in places for way in _ROUNDINGS)


def _rounded_to(number: Decimal, place: Decimal, way: str) -> Decimal | None:
    try:
        return (number / place).to_integral_value(rounding=way) * place
    except InvalidOperation:
        return None


def _is_cut_time(after: object, sent: object) -> bool:
    """Whether a time lost its fraction, its seconds, or its time of day."""
    left, right = _time_of(after), _time_of(sent)
    if left is None or right is None:
        return False
    if (left.hour, left.minute, left.second, left.microsecond) == (0, 0, 0, 0):
        return left.date() == right.date()
    if left.tzinfo is not None and right.tzinfo is not None:
        apart = abs(left - right)
    else:
        apart = abs(left.replace(tzinfo=None) - right.replace(tzinfo=None))
    return apart < (timedelta(minutes=1) if left.second == 0 else timedelta(seconds=1))


def _time_of(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None


def was_cut(after: str, sent: str) -> bool:
    """Whether a column may have cut a text off at its length."""
    short, long = plain_text(after), plain_text(sent)
    return bool(short) and short != long and long.startswith(short)


def plain_text(value: object) -> str:
    """Text without differences of case and blanks."""
    return " ".join(str("" if value is None else value).split()).casefold()


def number_of(value: object) -> Decimal | None:
    """The number that a value is, or that its text reads as."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
