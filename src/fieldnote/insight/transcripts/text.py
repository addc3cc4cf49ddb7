"""Text as the rest of Fieldnote can store it, and the warnings that a reader collects."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""PostgreSQL stores neither U+0000 nor half of a surrogate pair."""
_LISTED = 5
"""Keys that one warning lists."""


@dataclass(slots=True)
class Warnings:
    """The parts that a reader saw and did not read. Repeats are counted and reported once."""

    name: str
    """The file's name, for messages."""
    messages: list[str] = field(default_factory=list)
    unread_keys: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(what the key looks like, the key) and the number of utterances that have it."""
    replaced: int = 0
    """Characters replaced because they cannot be stored."""

    def add(self, message: str) -> None:
        """Report a message once."""
        text = f"{self.name}: {message}"
        if text not in self.messages:
            self.messages.append(text)

    def all(self) -> tuple[str, ...]:
        """Every warning, as sentences."""
        found = list(self.messages)
        for kind in ("time", "speaker"):
            keys = [key for (what, key), _ in self.unread_keys.most_common() if what == kind]
            if keys:
                listed = ", ".join(f'"{shown(key)}"' for key in keys[:_LISTED]) + (", …" if len(keys) > _LISTED else "")
                looks, read = ("looks", "is") if len(keys) == 1 else ("look", "are")
                found.append(f"{self.name}: {listed} {looks} like a {kind} and {read} not read")
        if self.replaced:
            found.append(
                f"{self.name}: replaced {self.replaced} characters that cannot be stored"
                " (U+0000 or half of a surrogate pair) with U+FFFD"
            )
        return tuple(found)

    def clean(self, text: str) -> str:
        """The text on one line, with single spaces and without characters that cannot be stored."""
        if UNSTORABLE.search(text):
            text, count = UNSTORABLE.subn("\ufffd", text)
            self.replaced += count
        return " ".join(text.split())


def shown(key: str) -> str:
    """A key of a file as it can be printed: short, and without control characters."""
    return "".join(one if one.isprintable() else "\ufffd" for one in key[:60])


def letters(text: str) -> int:
    """The number of letters and digits, to compare texts whatever their punctuation."""
    return sum(map(str.isalnum, text))
