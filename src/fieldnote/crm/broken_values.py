"""Values that no database can keep: replaced or left out, and named once as a problem of their row."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Final

SHOWN: Final = 20
"""Rows of one file or resource that are named; more are counted."""

HALF: Final = "half a surrogate pair"
NUL: Final = "a NUL character"
BYTE: Final = "a byte that is no letter of the file's encoding"
BEYOND: Final = "a number beyond range"

_BROKEN: Final = re.compile("[\0\ud800-\udfff]")
_LENIENT: Final = "fieldnote_lenient"


class Beyond:
    """A number that no column can hold. It is read as null."""


BEYOND_RANGE: Final = Beyond()


def is_broken(text: str) -> bool:
    """Whether a text holds a character that PostgreSQL or UTF-8 cannot."""
    return "\0" in text or (not text.isascii() and _BROKEN.search(text) is not None)


def repair_text(text: str) -> tuple[str, str | None]:
    """The text with U+FFFD for each broken character, and the kind of its first one; None where none was broken.

    The two halves of a pair are joined, as some writers encode each by itself.
    """
    if not is_broken(text):
        return text, None
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    first = _BROKEN.search(whole)
    if first is None:
        return whole, None
    kind = NUL if first[0] == "\0" else BYTE if "\udc80" <= first[0] <= "\udcff" else HALF
    return _BROKEN.sub("\ufffd", whole), kind


def repair(value: object, report: Callable[[str, str], None], path: str = "") -> object:
    """A JSON value without what no database can keep. `report` gets the path and kind of each broken value."""
    match value:
        case str():
            text, kind = repair_text(value)
            if kind:
                report(path, kind)
            return text
        case dict():
            fixed: dict[str, object] = {}
            for name, item in value.items():
                whole, _ = repair_text(str(name))
                fixed[whole] = repair(item, report, f"{path}.{whole}" if path else whole)
            return fixed
        case list():
            return [repair(item, report, path) for item in value]
        case Beyond():
            report(path, BEYOND)
            return None
        case _:
            return value


class BrokenValues:
    """The broken values of one file or resource, for its warnings."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shown: list[str] = []
        self._more = 0

    def add(self, row: str, column: str, kind: str) -> None:
        """One broken value. `row`: `line 7`, `record 1042`."""
        done = "is read as null" if kind == BEYOND else "is replaced by U+FFFD"
        text = f"{self._name}: {row}, column {column}: {kind} {done}"
        if text in self._shown:
            return
        if len(self._shown) < SHOWN:
            self._shown.append(text)
        else:
            self._more += 1

    def warnings(self) -> list[str]:
        """The values by name, and how many more there are."""
        more = [f"{self._name}: {self._more} more values like these"] if self._more else []
        return self._shown + more


def _decode_leniently(error: UnicodeError) -> tuple[str, int]:
    """A broken byte as a lone surrogate, which `repair_text` finds; half of a pair in UTF-8 as that half."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    three = error.object[error.start : error.start + 3]
    if error.encoding.replace("-", "").replace("_", "").startswith(("utf16", "utf32")):
        return "\ud800", error.end
    if len(three) == 3 and three[0] == 0xED and 0xA0 <= three[1] <= 0xBF and 0x80 <= three[2] <= 0xBF:
        return chr(0xD000 + ((three[1] & 0x3F) << 6) + (three[2] & 0x3F)), error.start + 3
    return chr(0xDC00 + max(three[0], 0x80)), error.start + 1


codecs.register_error(_LENIENT, _decode_leniently)
LENIENT: Final = _LENIENT
"""The error handler with which a file is opened or an answer is decoded."""
