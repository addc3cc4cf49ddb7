"""The words for a value that a person typed and that its field does not take. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from fieldnote.config.schema import FieldSettings, Kind

_LONGEST: Final = 60
_THERE: Final = re.compile(r"there (?:is|are) (.+?)(?: in it)?")
_HINTS: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "Enter the words.",
    Kind.LIST: "Enter the words, with a semicolon between two.",
    Kind.INTEGER: "Enter a whole number, such as 12.",
    Kind.DECIMAL: "Enter a number, such as 12.5.",
    Kind.MONEY: "Enter an amount, such as 30,000.",
    Kind.MONEY_MIN: "Enter an amount, such as 30,000.",
    Kind.MONEY_MAX: "Enter an amount, such as 30,000.",
    Kind.MONEY_MIDDLE: "Enter an amount, such as 30,000.",
    Kind.DATE: "Enter a day, such as 2026-02-28.",
    Kind.DATE_FIRST: "Enter a day, such as 2026-02-28.",
    Kind.DATE_LAST: "Enter a day, such as 2026-02-28.",
    Kind.BOOLEAN: "Enter yes or no.",
    Kind.EMAIL: "Enter one email address, such as sam@example.com.",
    Kind.PHONE: "Enter one phone number, such as 303-555-0142.",
    Kind.PERSON: "Enter a first and a last name, such as Sam Lee.",
}


def problem_of(text: str, reason: str) -> str:
    """`'abc' has no amount`, from the reason why words cannot be converted."""
    value = repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\N{HORIZONTAL ELLIPSIS}")
    if (found := _THERE.fullmatch(reason)) is not None:
        return f"{value} has {found[1]}"
    return f"{value} {reason[3:]}" if reason.startswith("it ") else f"{value} is not clear: {reason}"


def hint_for(settings: FieldSettings) -> str:
    """How to write a value of the field, with an example."""
    if settings.kind is Kind.CHOICE:
        return f"Enter one of {', '.join(dict.fromkeys((settings.choices or {}).values()))}."
    return _HINTS[settings.kind]
