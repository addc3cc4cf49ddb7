"""The keys by which two people are compared: an email, or a full name. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST_KEY: Final = 500
"""Characters; an index takes no more than 2,700 bytes, and nobody's name or address is as long."""
_APOSTROPHES: Final = "'\N{RIGHT SINGLE QUOTATION MARK}."


def email_key(email: str | None) -> str:
    """The key of an email. Any text of a bearable length counts as one; empty matches nobody."""
    return _bounded((email or "").strip().casefold())


def name_key(name: str | None) -> str:
    """The key of a full name: no case, accents, punctuation or spacing, `Last, First` turned round.

    Empty for a single word: a first name alone is nobody in particular.
    """
    last, comma, first = (name or "").partition(",")
    ordered = f"{first} {last}" if comma and first.strip() else (name or "").replace(",", " ")
    plain = unicodedata.normalize("NFKD", ordered)
    letters = "".join(
        c if c.isalnum() else " " for c in plain if not unicodedata.combining(c) and c not in _APOSTROPHES
    )
    words = letters.casefold().split()
    return _bounded(" ".join(words)) if len(words) > 1 else ""


def _bounded(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else ""
