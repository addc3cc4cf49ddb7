"""The meaning of a stage's words: won, lost, open or canceled. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

WON: Final = "WON"
LOST: Final = "LOST"

_WON: Final = re.compile(
    r"\b(?:won|win|sold|signed|accepted|closed ?won|converted|contracted|contract signed|sale made|purchased|bought|"
    r"gewonnen|verkauft|unterschrieben|beauftragt|auftrag erteilt|zuschlag|ganad[oa]|vendid[oa]|aceptad[oa]|"
    r"gagnee?|vendue?|acceptee?|verkocht|akkoord|ganho|vinto|vinta)\b",
    re.IGNORECASE,
)
_LOST: Final = re.compile(
    r"\b(?:lost|lose|dead|no ?sale|unsold|not (?:won|sold|signed|accepted|interested|qualified)|cancel+ed|cancel|"
    r"declined|rejected|refused|abandoned|disqualified|unqualified|expired|walked|no go|junk|churned|"
    r"verloren|abgelehnt|storniert|abgesagt|absage|kein interesse|geplatzt|perdid[oa]|rechazad[oa]|"
    r"perdue?|refusee?|annulee?|vervallen|afgewezen|perso|persa)\b",
    re.IGNORECASE,
)
_AGREED: Final = re.compile(r"approved|agreed|genehmigt|angenommen|freigegeben|aprobad[oa]|approuvee?", re.IGNORECASE)
_CANCELLED: Final = re.compile(
    r"\b(?:cancel+ed|cancelled by \w+|cancel|not held|deleted|void|voided|called off|withdrawn|"
    r"abgesagt|storniert|storno|ausgefallen|entfallen|geloescht|cancelad[oa]|anulad[oa]|annulee?|geannuleerd)\b",
    re.IGNORECASE,
)
_OPEN: Final = re.compile(
    r"\b(?:open|offen|new|neu|pending|in progress|active|abierto|nuevo|ouvert|nouveau)\b", re.IGNORECASE
)


def result_of(word: str) -> str | None:
    """WON or LOST, if a stage says so; `closed_won`, `ClosedWon` and `Closed - Won` are one."""
    spaced = _spaced(word)
    if _LOST.search(spaced):
        return LOST
    return WON if _WON.search(spaced) else None


def is_cancelled(word: str) -> bool:
    """Whether a status says that an appointment does not take place."""
    return bool(_CANCELLED.search(_spaced(word)))


def is_open(word: str) -> bool:
    """Whether a word just says that a deal is open."""
    return bool(_OPEN.fullmatch(_spaced(word)))


def _spaced(word: str) -> str:
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word)
    folded = split.replace("ö", "oe").replace("ä", "ae").replace("ü", "ue").replace("é", "e").replace("è", "e")
    return re.sub(r"[\W_]+", " ", folded).strip()


def results_of(listed: Iterable[str]) -> dict[str, str]:
    """Each word that says won or lost. Initials and beginnings of words count only if both are there."""
    listed = list(listed)
    found = {word: result for word in listed if (result := result_of(word)) is not None}
    if found and WON not in found.values():
        # "Approved" may be a step on the way, unless no other word says that the deal is won.
        found |= {word: WON for word in listed if _AGREED.fullmatch(_spaced(word))}
    if found:
        return found
    short = {word: result for word in listed if (result := _abbreviated(word)) is not None}
    return short if {WON, LOST} <= set(short.values()) else {}


def _abbreviated(word: str) -> str | None:
    folded = word.strip(" .").casefold()
    for result, full in (
        (WON, ("won", "sold", "gewonnen", "ganado", "gagne")),
        (LOST, ("lost", "verloren", "perdido", "perdu", "dead")),
    ):
        if any(item.startswith(folded) and (len(folded) >= 2 or folded in {"w", "l"}) for item in full) and folded:
            return result
    return None
