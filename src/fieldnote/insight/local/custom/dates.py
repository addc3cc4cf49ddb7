"""Days for a custom field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.candidates import Candidate
from fieldnote.insight.local.passages import Hit
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.times import Kind
from fieldnote.insight.talk.turns import Talk
from fieldnote.insight.words import fold

DATE_FEATURES: Final = (
    "is one day",
    "is the only time",
    "is bare",
    "the tense fits",
    "the tense differs",
    "is a deadline",
)
_PAST = re.compile(
    r"\b(?:was|were|did|had|came|happened|stopped|failed|last|since|started|storm|installed|built|bought|broke)\b"
)
_COMING = re.compile(
    r"\b(?:will|going to|gonna|'ll|is|are|has to|have to|need|want|come|comes|start|starts|begin|by)\b"
)
_VAGUE = {Kind.SOON, Kind.NO_RUSH, Kind.EVENT, Kind.SPAN}


def date_candidates(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> Iterator[Candidate]:
    wants_past = _PAST.search(fold(definition.description)) is not None
    day = talk.visit.day
    for hit in hits:
        sentence = hit.passage.sentence
        times = [one for one in sentence.times if one.kind not in _VAGUE]
        for when in times:
            known = dates.on_day(when, day, past=wants_past) if day is not None else None
            value = known.isoformat() if known is not None else "" if wants_past else dates.words(when, day)
            if not value:
                continue
            is_past = _PAST.search(sentence.folded) is not None and not _COMING.search(sentence.folded)
            features = (
                float(known is not None),
                float(len(times) == 1),
                float(when.bare),
                float(is_past == wants_past),
                float(is_past != wants_past),
                float(when.side in {"before", "by", "within"}),
            )
            yield Candidate(value, hit, features, operations=("date from the visit's day",))
