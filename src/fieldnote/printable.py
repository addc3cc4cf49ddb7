"""Foreign text made safe to print: names, notes and errors of a CRM or Siro cannot command a terminal."""

from __future__ import annotations

import json
import re
from typing import Any

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of text
    "\u2028\u2029\ufeff\ufff9-\ufffb"  # line and paragraph separators, byte order mark, annotations
    "\ud800-\udfff"  # half a surrogate pair, which no terminal's encoding has
    "\U000e0000-\U000e007f"  # tags, which are invisible
    "]"
)


def printable(text: object) -> str:
    """The text with each character that commands a terminal, or hides, as an escape: ESC is `\\x1b`."""
    return _UNSAFE.sub(_escape, str(text))


def printable_json(document: Any, **options: Any) -> str:
    """JSON with the same data, and with such characters as `\\uXXXX`. `options` are those of `json.dumps`."""
    return _UNSAFE.sub(_json_escape, json.dumps(document, ensure_ascii=False, **options))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def number_of(count: int, noun: str, plural: str | None = None) -> str:
    """`1 call`, `2 calls`: the noun as the number asks for it. `plural` is for a noun that does not only take an s."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
