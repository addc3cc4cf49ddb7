"""Comparing phone numbers, however they are written."""

from __future__ import annotations

import re
from typing import Final

_SHORTEST: Final = 7
COMPARED_DIGITS: Final = 10
"""Digits that are compared, from the end, as the country's code may be left out."""
_NUMBER: Final = re.compile(r"[-+0-9 ().]+")


def phone_key(number: str) -> str | None:
    """The digits of a number that are compared; None for fewer than a number has."""
    digits = re.sub(r"[^0-9]", "", number)
    return digits[-COMPARED_DIGITS:] if len(digits) >= _SHORTEST else None


def dialed(number: str) -> str:
    """A number as an address of the scheme `tel` has it: digits, with a plus before a country's code."""
    digits = re.sub(r"[^0-9]", "", number)
    return f"+{digits}" if number.strip().startswith("+") else digits


def readable_phone(number: str) -> str:
    """`(303) 555-0142` for a number of North America; others as they are."""
    digits = re.sub(r"[^0-9]", "", number)
    national = digits[1:] if len(digits) == COMPARED_DIGITS + 1 and digits[0] == "1" else digits
    if len(national) != COMPARED_DIGITS or not _NUMBER.fullmatch(number) or national[0] in "01":
        return number
    if number.strip().startswith("+") and len(digits) == COMPARED_DIGITS:
        return number  # another country's
    return f"({national[:3]}) {national[3:6]}-{national[6:]}"


def whole_phone_key(text: str) -> str | None:
    """As `phone_key`; None also for a text that is more than a number."""
    return phone_key(text) if _NUMBER.fullmatch(text) else None
