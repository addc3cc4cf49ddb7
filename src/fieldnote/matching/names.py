"""Compare the words of a title or transcript with a CRM's customer, street, subject and project."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

_WORD = re.compile(r"[^\W_]{2,}")
_NUMBER = re.compile(r"\b\d{1,5}\b")
_STRAY = re.compile(
    r"\b(walk[ -]?ins?|neighbou?rs?|next[ -]door|across the street|door[ -]?knock\w*|knock\w*|cold (?:knock|call)"
    r"|canvas\w*|driving|drive (?:home|to|back|time)|^drive$|in the car|windshield|commut\w*|call(?:s|ed|back)?|phone"
    r"|voice ?mail|vm|practi[cs]e\w*|role ?-?play\w*|training|coaching|ride ?-?along|debrief|recap|notes?|ideas?"
    r"|to[ -]?do|reminder|memo|test(?:ing)?|mic check|lunch|coffee|podcast|accident\w*|pocket|ignore|delete|huddle"
    r"|stand ?by|on[ -]call|(?:sales|team) meeting)\b"  # words: said
)
_FOLLOW_UP = re.compile(
    r"\b(follow(?:ing)?[ -]?ups?|second visit|2nd visit|return(?: visit)?|revisit|call ?back|drop[ -]?(?:by|in))\b"
)
_INTERNAL = re.compile(
    r"\b(sales meeting|meeting|huddle|1[:x-]1|one[ -]on[ -]one|training|on[ -]?call|standby|open slot|hold"
    r"|block(?:ed)?|lunch|break|pto|vacation|day off|out of office|ooo|office|dentist|doctor|holiday|sick|travel"
    r"|admin)\b"
)
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
_JOB = frozenset({
    "addition", "appt", "attic", "basement", "bath", "bathroom", "blinds", "cabinets", "carpet", "closing",
    "concrete", "consult", "consultation", "deck", "demo", "design", "door", "doors", "driveway", "electrical",
    "estimate", "fence", "fencing", "floor", "flooring", "floors", "free", "furnace", "garage", "garden",
    "gutter", "gutters", "heating", "hvac", "in", "insulation", "inspection", "install", "kitchen", "landscape",
    "landscaping", "lead", "measure", "measurement", "new", "paint", "painting", "patio", "pest", "pitch",
    "plumbing", "pool", "presentation", "proposal", "quote", "remodel", "repair", "replacement", "roof",
    "roofing", "run", "sale", "sales", "shower", "shutters", "siding", "sit", "sold", "solar", "sunroom",
    "tile", "tree", "water", "window", "windows",
})
"""Words about the work, which say nothing of the customer."""
# fmt: on


_FOLLOW_WORDS = frozenset(
    {"follow", "up", "followup", "following", "second", "2nd", "return", "back", "drop", "by", "in"}
)
"""Words of a title that says that somebody comes back."""


class Title(StrEnum):
    """The evidence of a recording's title for an appointment."""

    DEFAULT = "default"
    """Nothing: it is empty, or the phone gave it."""
    NAME = "name"
    """The customer's name."""
    SLIP = "slip"
    """The customer's surname with one slip of the finger."""
    FIRST = "first"
    """A first name alone."""
    STREET = "street"
    """The street of the customer's address."""
    SUBJECT = "subject"
    """Most words of the appointment's subject."""
    JOB = "job"
    """Only words about the work."""
    OTHER = "other"
    """Something else, such as another name."""
    FOLLOW_UP = "follow up"
    """A return to somebody, unlike the appointment."""
    STRAY = "stray"
    """A walk-in, a neighbor, a drive, a call, a practice."""


MATCHED = frozenset({Title.NAME, Title.SLIP, Title.FIRST, Title.STREET, Title.SUBJECT})
"""Titles that speak for one appointment."""


WAYS: Mapping[Title, str] = MappingProxyType({
    Title.DEFAULT: "none", Title.NAME: "customer", Title.SLIP: "customer", Title.FIRST: "customer",
    Title.STREET: "customer", Title.SUBJECT: "work", Title.JOB: "work", Title.OTHER: "other",
    Title.FOLLOW_UP: "other", Title.STRAY: "other",
})  # fmt: skip
"""The ways to title the recordings of a visit: a rep who names the customer once often does so again."""


@dataclass(frozen=True, slots=True)
class TitleWords:
    """A recording's title, read once."""

    words: frozenset[str] = frozenset()
    """Those that a person put there."""
    numbers: frozenset[str] = frozenset()
    kind: Title = Title.DEFAULT
    """DEFAULT, STRAY, FOLLOW_UP, JOB or OTHER: what it says by itself."""

    def names_somebody(self, beside: AbstractSet[str] = frozenset()) -> bool:
        """Whether a word is left that is probably a name: "Baker" of "Baker roof follow up"."""
        return any(word.isalpha() for word in self.words - _JOB - _STREET - _FOLLOW_WORDS - beside)


_NO_TITLE = TitleWords()
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
    """The words that a person put into a title: empty for a phone's default and for a date."""
    if not title:
        return frozenset()
    return frozenset(word for word in words_of(title) if word not in _DEFAULT and not word.isdigit())


@lru_cache(maxsize=4096)
def title_words(title: str | None) -> TitleWords:
    """The evidence of a title by itself."""
    words = telling_words(title)
    if not title:
        return _NO_TITLE
    plain = " ".join(title.casefold().split())
    if _FOLLOW_UP.search(plain):
        kind = Title.FOLLOW_UP
    elif _STRAY.search(plain) and words:
        kind = Title.STRAY
    elif not words:
        return _NO_TITLE
    else:
        kind = Title.JOB if words <= _JOB else Title.OTHER
    return TitleWords(words, frozenset(_NUMBER.findall(plain)), kind)


def naming_words(title: str | None) -> list[str]:
    """The words of a title that a customer's name or street may have: longer ones, and none about the work."""
    words = title_words(title).words - _JOB - _STREET
    return sorted(word for word in words if len(word) >= _LONG_ENOUGH and word.isalpha())


@dataclass(frozen=True, slots=True)
class CustomerWords:
    """The words of an appointment that a title may have, read once."""

    names: frozenset[str] = frozenset()
    surname: str = ""
    first: str = ""
    street: frozenset[str] = frozenset()
    number: str = ""
    about: frozenset[str] = frozenset()
    """Words of the subject, the customer's name aside."""
    follows_up: bool = False
    """The subject says that it is a return."""
    internal: bool = False
    """The subject says that it is no visit: a meeting, a break, being on call."""


def customer_words(customer: str | None, street: str | None, subject: str | None) -> CustomerWords:
    names = words_of(customer) if customer else ()
    about = telling_words(subject).difference(names)
    plain = subject.casefold() if subject else ""
    found = _NUMBER.match(street.strip()) if street else None
    first = names[-1] if customer and "," in customer else names[0] if names else ""
    return CustomerWords(
        frozenset(names),
        surname_of(customer),
        first if len(names) > 1 and len(first) > 2 else "",
        frozenset(word for word in words_of(street) if word not in _STREET and word.isalpha())
        if street
        else frozenset(),
        found[0] if found else "",
        about,
        bool(plain and _FOLLOW_UP.search(plain)),
        bool(plain and _INTERNAL.search(plain)),
    )


def title_says(title: TitleWords, of: CustomerWords) -> Title | None:
    """The evidence of a title for an appointment, the strongest first. None if there is none."""
    words = title.words
    if title.kind is Title.FOLLOW_UP and of.follows_up and not (words - of.about - _FOLLOW_WORDS):
        return Title.SUBJECT
    if not words:
        return None
    surname = of.surname
    if len(surname) > 2 and (surname in words or surname + "s" in words):
        return Title.NAME
    if len(words & of.names) > 1:
        return Title.NAME
    if of.street and of.street <= words and not (title.numbers and of.number and of.number not in title.numbers):
        return Title.STREET
    if len(surname) >= _LONG_ENOUGH and any(len(w) >= _LONG_ENOUGH and one_slip_apart(w, surname) for w in words):
        return Title.SLIP
    if of.first and of.first in words:
        return Title.FIRST
    returns_to_another = title.kind is Title.FOLLOW_UP and title.names_somebody(of.about)
    if of.about and 2 * len(of.about & words) > len(of.about) and not returns_to_another:
        return Title.SUBJECT
    return None


def surname_of(customer: str | None) -> str:
    """The surname of `First Last` or `Last, First`, or a firm's last word; empty if it has no words."""
    words = words_of(customer) if customer else ()
    if not words or customer is None:
        return ""
    surname = words[0] if "," in customer else words[-1]
    return surname if len(surname) > 2 or len(words) == 1 else ""


def one_slip_apart(a: str, b: str) -> bool:
    """One letter added, left out, exchanged, or swapped with its neighbor."""
    if abs(len(a) - len(b)) > 1:
        return False
    head = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[head:], b[head:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def spoken(said: AbstractSet[str], customer: str | None, street: str | None, project: str | None) -> tuple[str, ...]:
    """The parts of an appointment that were said aloud: any of "customer", "street", "project"."""
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
