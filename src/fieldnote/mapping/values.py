"""Extraction -> CRM value. A value that cannot be converted with certainty is `Unconvertible`, never a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from fieldnote.config import Kind
from fieldnote.mapping.dates import days
from fieldnote.mapping.day_spans import Days
from fieldnote.mapping.money import Amounts, amounts
from fieldnote.mapping.number_words import with_digits
from fieldnote.mapping.unclear import UnclearError


@dataclass(frozen=True, slots=True)
class Unconvertible:
    """Why words cannot be converted. A person decides; the words are kept beside it."""

    reason: str


Converted = str | Decimal | int | date | bool | tuple[str, ...] | Unconvertible | None
"""A value for the CRM; None where nothing was said."""


def convert(
    value: object, kind: Kind, *, on: date | None = None, choices: Mapping[str, str] | None = None
) -> Converted:
    """Convert an extraction's value to the kind that the file asks for.

    `value` is text, a number, a boolean, a list or an object, as Siro gives it. `on` is the local day of the
    conversation, from which "next month" counts. `choices` is what `as: choice` may become.
    """
    try:
        plain = _plain(value)
        if plain is None:
            return None
        bounded = _within_bounds(plain, kind)
        return _choice(_words(bounded), choices or {}) if kind is Kind.CHOICE else _CONVERSIONS[kind](bounded, on)
    except UnclearError as error:
        return Unconvertible(str(error))
    except (ArithmeticError, ValueError, RecursionError):  # "hundred" ten times, or a list in a thousand lists
        return Unconvertible("it is too large or too deep")


LONGEST: Final = 500
"""Characters of a value that is read as a number, a date, an address or a name; words may be longer."""
_AS_THEY_ARE = frozenset({Kind.TEXT, Kind.LIST, Kind.CHOICE})
_BLANKS = re.compile(r"[^\S\n]{2,}|\n{2,}")


def _within_bounds(value: object, kind: Kind) -> object:
    """The value with runs of blanks collapsed. Raises UnclearError if it is too long for patterns to look at."""
    if isinstance(value, int) and value.bit_length() > 4 * LONGEST:
        raise UnclearError("it has too many digits")
    if isinstance(value, float) and not isfinite(value):
        raise UnclearError("it is not a finite number")
    if kind in _AS_THEY_ARE or not isinstance(value, str):
        return value
    text = value if len(value) > 4 * LONGEST else _BLANKS.sub(lambda match: match[0][0], value)
    if len(text) > LONGEST:
        raise UnclearError(f"it is longer than {LONGEST} characters")
    return text


_NOTHING = re.compile(
    r"(?:n/?a|none|null|nil|unknown|unclear|undetermined|-+|\?+|tbd|no information|"
    r"(?:was |were )?not? (?:yet )?(?:mentioned|discussed|specified|stated|provided|given|available|known|"
    r"applicable|said|determined|disclosed)|"
    r"no(?:ne|thing)? (?:was |were )?(?:mentioned|discussed|specified|stated|given|provided))[.!]?",
    re.IGNORECASE,
)


def _plain(value: object) -> object:
    """The value without its wrapping; None for what says nothing."""
    match value:
        case str():
            text = value.strip()
            return None if not text or _NOTHING.fullmatch(text) else text
        case list() | tuple():
            items = [item for item in map(_plain, value) if item is not None]
            return items[0] if len(items) == 1 else items or None
        case dict():
            # Some fields come as {"value": …}.
            return _plain(value["value"]) if "value" in value else value or None
        case _:
            return value


def _words(value: object) -> str:
    """The value as one text, as a person would write it down."""
    match value:
        case bool():
            return "Yes" if value else "No"
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return "; ".join(map(_words, value))
        case dict():
            return "; ".join(f"{name}: {_words(item)}" for name, item in value.items() if item is not None)
        case _:
            return str(value)


def _one(value: object) -> str:
    if isinstance(value, list | dict):
        raise UnclearError("there are several values")
    return _words(value)


def _list(value: object, _on: date | None) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    texts = [part.strip(" \t-•*") for item in items for part in re.split(r"[;\n]", _words(item))]
    return tuple(dict.fromkeys(text for text in texts if text))


# --- numbers --------------------------------------------------------------------------------------------

_COUNT = re.compile(r"(-?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+))(?: [a-z]+(?: [a-z]+)?)?")


def _decimal(value: object, _on: date | None = None) -> Decimal:
    if isinstance(value, bool):
        raise UnclearError("it is yes or no, not a number")
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value))
    match = _COUNT.fullmatch(with_digits(_one(value)).strip().rstrip(" ."))
    if not match or re.search(r"\b(?:or|to|hundred|thousand|k|million|percent|half)\b", match.group()):
        raise UnclearError("it is not one exact number")
    if re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", match[1]):
        raise UnclearError("its point may divide thousands or decimals")
    return Decimal(match[1].replace(",", ""))


def _integer(value: object, _on: date | None) -> int:
    number = _decimal(value)
    if number != number.to_integral_value():
        raise UnclearError("it is not a whole number")
    return int(number)


def _amounts(value: object) -> Amounts:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = Decimal(str(value))
        return Amounts(number, number, exact=True)
    return amounts(_one(value))


def _money(value: object, _on: date | None) -> Decimal:
    found = _amounts(value)
    if not found.exact or found.least is None:
        raise UnclearError("it is not one exact amount")
    return found.least


def _least(value: object, _on: date | None) -> Decimal:
    found = _amounts(value).least
    if found is None:
        raise UnclearError("it has no lower bound")
    return found


def _most(value: object, _on: date | None) -> Decimal:
    found = _amounts(value).most
    if found is None:
        raise UnclearError("it has no upper bound")
    return found


def _middle(value: object, _on: date | None) -> Decimal:
    found = _amounts(value)
    if found.least is None or found.most is None:
        raise UnclearError("it is open at one end")
    return (found.least + found.most) / 2


# --- dates ----------------------------------------------------------------------------------------------


def _days(value: object, on: date | None) -> Days:
    if isinstance(value, bool | float):
        raise UnclearError("it is not a date")
    return days(_one(value), on)


def _date(value: object, on: date | None) -> date:
    found = _days(value, on)
    if not found.exact or found.first is None or found.first != found.last:
        raise UnclearError("it is not one exact day")
    return found.first


def _first(value: object, on: date | None) -> date:
    found = _days(value, on).first
    if found is None:
        raise UnclearError("it has no first day")
    return found


def _last(value: object, on: date | None) -> date:
    found = _days(value, on).last
    if found is None:
        raise UnclearError("it has no last day")
    return found


# --- words ----------------------------------------------------------------------------------------------

_THEY = r"(?: (?:sir|ma'am)| (?:i|we|you|he|she|it|they|there) (?:do|does|did|are|is|was|were|have|has|can|will))?"
_YES = re.compile(
    rf"(?:yes|yeah|yep|yup|y|true|correct|definitely|absolutely|certainly|of course|sure){_THEY}\b", re.IGNORECASE
)
_NO = re.compile(
    r"(?:no|nope|nah|n|false|never|not at all|(?:absolutely|definitely|certainly|of course) not)"
    r"(?: (?:sir|ma'am)| (?:i|we|you|he|she|it|they|there) (?:(?:do|does|did|are|is|was|were|have|has|can|wo)n'?t|"
    r"(?:do|does|did|are|is|was|were|have|has|can|will) ?not))?\b",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"\b(?:but|maybe|unless|if|except|however|depend(?:s|ing)|and no|or no|not sure|might|may|probably|possibly|"
    r"perhaps|likely|think|guess|believe|suppose|hope(?:fully)?|as long as|once|when|after|until|pending|assuming|"
    r"provided|subject to|eventually|later|someday|in principle|would|could|should|for the|for now|not yet|"
    r"some(?:what|times)?|partly|partially|mostly|kind of|sort of|why not)\b|\?",
    re.IGNORECASE,
)


def _boolean(value: object, _on: date | None) -> bool:
    if isinstance(value, bool):
        return value
    text = _one(value)
    for pattern, answer in ((_YES, True), (_NO, False)):
        match = pattern.match(text)
        # "No more than two" is no answer: what follows must be set off from the word.
        if match and re.match(r"\s*(?:$|[,.;:!(-])", text[match.end() :]) and not _HEDGED.search(text):
            return answer
    raise UnclearError("it is neither a plain yes nor a plain no")


def _choice(text: str, choices: Mapping[str, str]) -> str | Unconvertible:
    word = _folded(text)
    known = {_folded(value): value for value in choices.values()} | {_folded(k): v for k, v in choices.items()}
    if word not in known:
        return Unconvertible("it is not one of the choices")
    return known[word]


def _folded(text: str) -> str:
    return " ".join(text.split()).strip(" .!").casefold()


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_EMAIL = re.compile(
    rf"(?<![\w.@/+'-])[A-Za-z0-9_%+'-]+(?:\.[A-Za-z0-9_%+'-]+)*@{_LABEL}(?:\.{_LABEL})*\.[A-Za-z]{{2,}}(?![\w@-])"
)


_RETRACTED = re.compile(
    r"\b(?:x|ext\.?|extension) ?\d|\b(?:wrong|incorrect|old|former|not|no longer|instead|isn't|don't)\b", re.IGNORECASE
)


def _email(value: object, _on: date | None) -> str:
    text = _one(value)
    found: dict[str, str] = {address.casefold(): address for address in _EMAIL.findall(text.strip("'"))}
    if len(found) != 1 or _RETRACTED.search(_EMAIL.sub("", text)):
        raise UnclearError("it is not one email address")
    return next(iter(found.values()))


_PHONE = re.compile(r"(?<![\d.])\+?\(?\d[\d ().-]{5,18}\d(?!\d)")


def _phone(value: object, _on: date | None) -> str:
    said = _one(value)
    found = {number for text in _PHONE.findall(said) if (number := _dialled(text))}
    if len(found) != 1 or _RETRACTED.search(said):
        raise UnclearError("it is not one telephone number")
    return found.pop()


def _dialled(text: str) -> str | None:
    """`+13035550142` where the country is said, `303-555-0142` for ten digits without it."""
    digits = re.sub(r"\D", "", text)
    if text.startswith("+"):
        return f"+{digits}" if 8 <= len(digits) <= 15 else None
    if len(digits) == 11 and digits.startswith("1"):
        return f"+{digits}"
    # In North America neither an area nor an exchange begins with 0 or 1.
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if re.fullmatch(r"[2-9]\d\d[2-9]\d{6}", digits) else None


_PART = r"[^\W\d_][\w'.-]*"
_NAME = re.compile(rf"{_PART}(?: (?:(?:de|da|di|del|van|von|der|la|le|bin|al) )*{_PART}){{1,3}}")
_ROLES = {
    "and", "or", "both", "husband", "wife", "homeowner", "homeowners", "owner", "owners", "customer",
    "couple", "parents", "mother", "father", "mom", "dad", "son", "daughter", "spouse", "partner", "she",
    "he", "they", "everyone", "family", "the", "decision", "maker", "primary", "is", "not", "client",
    "brother", "sister", "grandmother", "grandfather", "uncle", "aunt", "neighbor", "friend", "boss", "landlord",
    "tenant", "property", "manager", "management", "insurance", "adjuster", "company", "contractor", "realtor", "agent",
    "board", "association", "hoa", "committee", "trustee", "executor", "attorney", "inc", "llc", "to", "be",
    "corp", "co", "ltd", "group", "holdings", "president",
}  # fmt: skip


def _person(value: object, _on: date | None) -> str:
    text = re.sub(r"\s*\([^)]*\)|, (?!and\b|or\b)[a-z].*$", "", _one(value)).strip()
    text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    text = re.sub(r"^(?:mr|mrs|ms|dr)\.? ", "", text, flags=re.IGNORECASE)
    words = text.split()
    if (
        not _NAME.fullmatch(text)
        or _ROLES & {word.casefold() for word in words}
        or not (words[0][0].isupper() and words[-1][0].isupper())
    ):
        raise UnclearError("it is not the full name of one person")
    return text


_CONVERSIONS: dict[Kind, Callable[[Any, date | None], Converted]] = {
    Kind.TEXT: lambda value, _on: _words(value),
    Kind.LIST: _list,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.MONEY: _money,
    Kind.MONEY_MIN: _least,
    Kind.MONEY_MAX: _most,
    Kind.MONEY_MIDDLE: _middle,
    Kind.DATE: _date,
    Kind.DATE_FIRST: _first,
    Kind.DATE_LAST: _last,
    Kind.BOOLEAN: _boolean,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.PERSON: _person,
}
