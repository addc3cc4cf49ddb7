"""Comparing phone numbers, however they are written."""

from __future__ import annotations

import re
from typing import Final

_SHORTEST: Final = 7
_COMPARED: Final = 10
"""Digits that are compared, from the end, as the country's code may be left out."""
_NUMBER: Final = re.compile(r"[-+0-9 ().]+")


def phone_key(number: str) -> str | None:
    """The digits of a number that are compared; None for fewer than a number has."""
    digits = re.sub(r"[^0-9]", "", number)
    return digits[-_COMPARED:] if len(digits) >= _SHORTEST else None


def whole_phone_key(text: str) -> str | None:
    """As `phone_key`; None also for a text that is more than a number."""
    return phone_key(text) if _NUMBER.fullmatch(text) else None
