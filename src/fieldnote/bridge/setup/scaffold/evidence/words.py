"""The words in names of tables and columns: how a name splits, and what its words mean. Pure.

Names are one kind of evidence of several.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from fieldnote.bridge.setup.scaffold.evidence.vocabulary import TABLES, word_set

BESIDE: Final = word_set(
    "type types kind category categories status statuses stage stages reason reasons source sources line lines "
    "item items template templates setting settings config preference preferences map maps rel link links audit "
    "archive archived old tmp temp bak backup history log logs role roles group groups permission permissions "
    "token tokens session sessions tag tags attachment attachments file files document documents reminder "
    "reminders invite invitee invitees rule rules field fields queue import export feed cstm cf custom product "
    "products invoice invoices payment payments campaign campaigns report reports dashboard view views filter "
    "filters scheduler schedulers tax currency region address addresses email emails phone phones note notes "
    "comment comments photo photos signature signatures relation relations relationship team teams stufe stufen "
    "typ typen art arten verlauf archiv alt positionen grund gruende vorlage vorlagen score scoring forecast "
    "target targets goal goals alarm reschedule recurrence hours location locations update updates stats summary "
    "password"
)
"""Words of tables that are beside the one that is meant: its types, lines, logs and links."""

ID_WORDS: Final = word_set("id ids key no nr num number code ref fk pk uuid guid nummer sid oid idx c")

_VOCABULARY: Final = word_set(
    "start begin end finish stop date time day datum zeit uhrzeit beginn anfang ende created modified updated "
    "changed deleted closed closing close closes opened sent scheduled planned actual estimated expected due last "
    "first name number owner assigned by user id activity sales sale stage status type kind value amount price "
    "total account contact title subject address street city state zip code email mail phone rep sales man person "
    "people person customer deal won lost at on is has full display tech lat lng lon longitude latitude post "
    "postal plz ort stadt strasse termin kunde kunden nr nummer von bis dauer betreff betrag summe wert stufe "
    "aktiv angebot auftrag vertreter mitarbeiter berater geaendert erstellt angelegt duration minutes hours "
    "cancel cancelled canceled creator editor event modifier parent related appt appointment visit meeting potential "
    "lead est emp opp cust pay revenue budget note notes text body"
)


@cache
def words(name: str) -> tuple[str, ...]:
    """`tblApptTypes`: appt, types. `Termindatum`: termin, datum. `änderung`: aenderung."""
    plain = name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    plain = plain.replace("Ä", "Ae").replace("Ö", "Oe").replace("Ü", "Ue")
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", plain)
    found: list[str] = []
    for part in re.split(r"[^a-z]+", spaced.lower()):
        if part and part not in _EMPTY:
            found += _segments(part)
    return tuple(found)


_EMPTY: Final = frozenset({"tbl", "tab", "dbo", "crm", "t", "vw", "vtiger", "app", "dim", "fact"})


@cache
def _segments(word: str) -> tuple[str, ...]:
    """A word that is written together, apart: `apptstart`, `createdtime`, `kundennr`."""
    if word in _VOCABULARY or len(word) < 5 or singular(word) in _VOCABULARY:
        return (word,)
    if word.endswith("id") and any(len(known) > 3 and word[:-2].endswith(known) for known in _VOCABULARY):
        return (word[:-2], "id")
    for cut in range(len(word) - 2, 1, -1):
        head, tail = word[:cut], word[cut:]
        if head in _VOCABULARY and len(head) > 2:
            rest = _segments(tail)
            if all(part in _VOCABULARY for part in rest):
                return (head, *rest)
    return (word,)


@cache
def singular(word: str) -> str:
    """A word without its plural's ending: `opportunities` and `opportunity` are one."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def plain(name: str) -> str:
    """A name without case, signs and plural."""
    return singular("".join(words(name)))


@cache
def meaning_of(word: str, role: str) -> float:
    """How much a word of a table's name, or of a column that refers to a table, says for a role."""
    stems = TABLES[role]
    for form in (word, singular(word)):
        if form in stems:
            return stems[form]
    long = [
        weight for stem, weight in stems.items() if len(stem) >= 5 and (word.startswith(stem) or word.endswith(stem))
    ]
    return max(long, default=0) * 0.8


def table_score(name: str, role: str) -> float:
    """How much a table's name says for a role, from -8 to 10."""
    found = words(name)
    if not found:
        return 0
    scores = [meaning_of(word, role) for word in found]
    joined = meaning_of("".join(found), role)
    best = max(joined, *(score if place == len(found) - 1 else score * 0.7 for place, score in enumerate(scores)))
    beside = sum(word in BESIDE and not meaning_of(word, role) for word in found)
    return best - 6 * min(beside, 2) - 0.4 * max(0, len(found) - 2)


def without_id(name: str) -> tuple[str, ...]:
    """The words of a column that refers to something, without `id` and the like: `assigned_user_id`: assigned, user."""
    found = list(words(name))
    while found and found[-1] in ID_WORDS:
        found.pop()
    while found and found[0] in {"id", "fk", "ref"}:
        found.pop(0)
    return tuple(found)
