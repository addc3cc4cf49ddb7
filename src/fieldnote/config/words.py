"""Key paths, line numbers, and suggestions for messages about the file."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

Keys = tuple[str | int, ...]
"""Where in the file: the keys and list positions that lead there."""


def dotted(keys: Keys) -> str:
    """`push.engagements.map.engagementUsers[0].email`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def near(word: str, known: list[str]) -> str:
    """`; did you mean 'x'?` where one of the known words is near, else nothing."""
    close = get_close_matches(word.casefold(), [k.casefold() for k in known], n=1, cutoff=0.6)
    return f"; did you mean '{next(k for k in known if k.casefold() == close[0])}'?" if close else ""


def nearest(word: str, known: list[str]) -> str:
    """`; did you mean 'x'?` where one of the known words is near, else a list of them, else nothing."""
    return near(word, known) or (f"; known are {', '.join(known)}" if 0 < len(known) <= 40 else "")


def line_of(lines: Mapping[Keys, int], keys: Keys) -> int:
    """The line of the value, or of the nearest section around it that the file does have."""
    while keys and keys not in lines:
        keys = keys[:-1]
    return lines.get(keys, 1)
