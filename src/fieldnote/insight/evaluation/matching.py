"""Whether a value that was found is one of the right ones. Shares no reader with the methods but for parsing values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from fieldnote.insight.check import interval
from fieldnote.insight.definitions import Definition, FieldType
from fieldnote.insight.evaluation.book import Expected
from fieldnote.insight.readers.money import Bound, amounts
from fieldnote.insight.readers.numbers import numbers
from fieldnote.insight.stems import stems
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.words import fold

_ENOUGH = 0.5
_LONGEST = 30
"""Words of a value that may contain a right one; a longer text would contain anything."""


def matches(definition: Definition, found: str, expected: Expected, day: date | None) -> bool:
    """Whether the value of a field that is not a list is right."""
    return expected.value is not None and is_accepted(definition, found, expected, day)


def is_accepted(definition: Definition, found: str, expected: Expected, day: date | None) -> bool:
    """Whether the value is one that the book allows, also where the right answer is that nobody mentioned it."""
    match definition.type:
        case FieldType.MONEY:
            return any(_same_money(found, one) for one in expected.variants)
        case FieldType.DATE:
            return any(_same_date(found, one, day) for one in expected.variants)
        case FieldType.NUMBER:
            return any(_same_number(found, one) for one in expected.variants)
        case FieldType.BOOLEAN:
            return any(found.casefold() == ("yes" if one is True else "no") for one in expected.variants)
        case FieldType.CHOICE:
            return any(found.casefold() == str(one).casefold() for one in expected.variants)
        case FieldType.TEXT | FieldType.LIST:
            return any(same_text(found, str(one)) for one in expected.variants)


def matched_items(found: Sequence[str], expected: Expected, utterances: Sequence[Utterance]) -> int:
    """How many items of a list are right; each expected one counts once."""
    wanted = list(
        zip(_variants_of_items(expected), [*expected.item_evidence, *[()] * items_of(expected)], strict=False)
    )
    right = 0
    for item in found:
        place = next((at for at, one in enumerate(wanted) if _same_item(item, *one, utterances)), None)
        if place is not None:
            right += 1
            del wanted[place]
    return right


_QUOTED = re.compile(r'"([^"]+)"')


def _same_item(found: str, variants: Sequence[str], evidence: Sequence[int], utterances: Sequence[Utterance]) -> bool:
    """The same by its words, or a quote of the very utterance that states the expected item, with a word of it."""
    if any(same_text(found, one) for one in variants):
        return True
    quote = _QUOTED.search(found)
    if quote is None or not any(fold(quote[1]).strip(" .?!") in fold(utterances[index].text) for index in evidence):
        return False
    said = stems(fold(quote[1]))
    return any(said & stems(fold(one)) for one in variants)


def items_of(expected: Expected) -> int:
    return len(expected.value) if isinstance(expected.value, list) else 0


def _variants_of_items(expected: Expected) -> list[list[str]]:
    items = expected.value if isinstance(expected.value, list) else []
    found = [[str(item)] for item in items]
    for place, others in enumerate(expected.accepted):
        if place < len(found):
            found[place] += [str(one) for one in others] if isinstance(others, list) else [str(others)]
    return found


def same_text(found: str, wanted: str) -> bool:
    """Half of the words are shared, as F1, or all words of the right text occur in a short value."""
    own, right = stems(fold(found)), stems(fold(wanted))
    if not own or not right:
        return fold(found).strip() == fold(wanted).strip()
    shared = len(own & right)
    return 2 * shared / (len(own) + len(right)) >= _ENOUGH or (right <= own and len(own) <= _LONGEST)


def _same_money(found: str, wanted: object) -> bool:
    if not isinstance(wanted, Mapping):
        return False
    money = next(iter(amounts(fold(found))), None)
    if money is None or money.monthly != (wanted.get("per") == "month"):
        return False
    low, high = wanted.get("min"), wanted.get("max")
    if high is None:
        return money.bound is Bound.AT_LEAST and money.low == low
    if money.high != high:
        return False
    return low in {None, high} or low == money.low


def _same_number(found: str, wanted: object) -> bool:
    value = next((number.value for number in numbers(fold(found))), None)
    return value is not None and isinstance(wanted, int | float) and abs(value - wanted) < 1e-6


def _same_date(found: str, wanted: object, day: date | None) -> bool:
    if isinstance(wanted, str):
        wanted = {"words": wanted, "first": wanted, "last": wanted} if _iso(wanted) else {"words": wanted}
    if not isinstance(wanted, Mapping):
        return False
    first, last = _iso(wanted.get("first")), _iso(wanted.get("last"))
    own = interval(found, day)
    if first is None and last is None:
        return same_text(found, str(wanted.get("words") or ""))
    if own is None:
        return False
    if first is not None and last is not None and own.first is not None and own.last is not None:
        return _overlap(own.first, own.last, first, last) >= _ENOUGH
    if last is not None and own.last is not None:
        return abs((own.last - last).days) <= 1
    return first is not None and own.first is not None and own.last is None and abs((own.first - first).days) <= 1


def _overlap(first: date, last: date, other_first: date, other_last: date) -> float:
    """Shared days as a part of all days of both."""
    shared = (min(last, other_last) - max(first, other_first)) // timedelta(days=1) + 1
    whole = (max(last, other_last) - min(first, other_first)) // timedelta(days=1) + 1
    return max(0, shared) / max(1, whole)


def _iso(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
