"""Texts for CRMs that show them as more than text: as HTML, or in a spreadsheet. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TypeVar

from fieldnote.config.values import Escape

_FORMULA = re.compile(r"[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]")
"""First characters that a spreadsheet may calculate."""
_NUMBER = re.compile(r"[+\-\N{MINUS SIGN}]?\s*[$€£]?[\d(][\d\s().,/:x%$€£-]*", re.IGNORECASE)
"""A number, an amount or a phone."""

T = TypeVar("T", str, tuple[str, ...], str | tuple[str, ...])


def escaped(value: T, ways: Sequence[Escape]) -> T:
    """The text, or each text of a list, escaped in these ways. Numbers and phones stay as they are."""
    if isinstance(value, tuple):
        return tuple(escaped(item, ways) for item in value)
    text = value
    if Escape.FORMULA in ways and _FORMULA.match(text) and not _NUMBER.fullmatch(text.strip()):
        text = f"'{text}"
    return html.escape(text, quote=False) if Escape.HTML in ways else text
