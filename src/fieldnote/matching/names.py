"""What is said, in a title or aloud, against what the CRM knows: customer, street, subject and project."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache

_WORD = re.compile(r"[^\W_]{2,}")
_APOSTROPHES = str.maketrans("", "", "'\u2019")
# fmt: off
_NO_NAME = frozenset({
    "and", "co", "company", "corp", "dr", "family", "home", "house", "inc", "jr", "llc", "llp", "ltd", "miss", "mr",
    "mrs", "ms", "residence", "sr", "the", "trust",
})
"""Words that any customer may be called by."""
_DEFAULT = frozenset({
    "am", "appointment", "audio", "conversation", "file", "memo", "meeting", "new", "note", "pm", "recording",
    "session", "untitled", "unnamed", "visit", "voice", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep",
    "oct", "nov", "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun",
})
"""Words that a phone gives a recording by itself."""
_STREET = frozenset({
    "apt", "ave", "avenue", "blvd", "boulevard", "circle", "court", "ct", "dr", "drive", "east", "floor", "hwy", "lane",
    "ln", "north", "pkwy", "pl", "place", "rd", "road", "south", "st", "street", "suite", "terrace", "unit", "way",
    "west",
})
# fmt: on
_LONG_ENOUGH = 4
"""Letters of a name; in shorter ones a slip makes another name, and they are common words too."""


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """Words without case and accents, and without those that are no name."""
    return _split(text)


def words_said(transcript: str | None) -> frozenset[str]:
    """The same of a transcript, each word once; not kept, as it is long and somebody's own."""
    return frozenset(_split(transcript)) if transcript else frozenset()


def _split(text: str) -> tuple[str, ...]:
    plain = text
    if not text.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return tuple(word for word in _WORD.findall(plain.casefold().translate(_APOSTROPHES)) if word not in _NO_NAME)


def telling_words(title: str | None) -> frozenset[str]:
    """What a person put into a title: empty for a phone's default and for a date."""
    if not title:
        return frozenset()
    return frozenset(word for word in words_of(title) if word not in _DEFAULT and not word.isdigit())


def surname_of(customer: str | None) -> str:
    """The surname of `First Last` or `Last, First`, or a firm's last word; empty where there is none."""
    words = words_of(customer) if customer else ()
    if not words or customer is None:
        return ""
    surname = words[0] if "," in customer else words[-1]
    return surname if len(surname) > 2 or len(words) == 1 else ""


def names_customer(words: AbstractSet[str], customer: str | None) -> bool:
    """Whether these words have the customer's surname among them, or two words of a longer name."""
    surname = surname_of(customer)
    if not customer or not words:
        return False
    return (len(surname) > 2 and surname in words) or len(words & set(words_of(customer))) > 1


def nearly_names(words: AbstractSet[str], customer: str | None) -> bool:
    """Whether one of these words is the surname with one slip of the finger."""
    surname = surname_of(customer)
    if len(surname) < _LONG_ENOUGH:
        return False
    return any(len(word) >= _LONG_ENOUGH and one_slip_apart(word, surname) for word in words)


def one_slip_apart(a: str, b: str) -> bool:
    """One letter put in, left out, exchanged, or swapped with its neighbour."""
    if abs(len(a) - len(b)) > 1:
        return False
    head = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[head:], b[head:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def says_subject(words: AbstractSet[str], subject: str | None, customer: str | None) -> bool:
    """Whether a title repeats most of what the appointment is about, the customer's name aside."""
    if not words or not subject:
        return False
    about = telling_words(subject).difference(words_of(customer) if customer else ())
    return bool(about) and 2 * len(about & words) > len(about)


def spoken(said: AbstractSet[str], customer: str | None, street: str | None, project: str | None) -> tuple[str, ...]:
    """What of an appointment was said aloud: any of "customer", "street", "project"."""
    surname = surname_of(customer)
    found = ["customer"] if len(surname) >= _LONG_ENOUGH and surname in said else []
    if street and _all_said(said, (word for word in words_of(street) if word not in _STREET and word.isalpha())):
        found.append("street")
    if project and _all_said(said, telling_words(project)):
        found.append("project")
    return tuple(found)


def _all_said(said: AbstractSet[str], words: Iterable[str]) -> bool:
    wanted = frozenset(words)
    return bool(wanted) and wanted <= said
