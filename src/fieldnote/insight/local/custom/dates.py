"""Days for a custom field."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.candidates import Candidate
from fieldnote.insight.local.passages import Hit
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.times import Kind, When
from fieldnote.insight.talk.turns import Talk
from fieldnote.insight.words import fold

DATE_FEATURES: Final = (
    "is one day",
    "is the only time",
    "is bare",
    "the tense fits",
    "the tense differs",
    "is a deadline",
    "answers when",
    "both sides say it",
    "begins, as wanted",
    "ends, as wanted",
)
_PAST = re.compile(
    r"\b(?:was|were|did|had|came|went|froze|quit|happened|stopped|failed|last (?!day|chance|date)|since|started|storm"
    r"|installed|built|bought|broke|signed|called|died|moved|fell|leaked|hit|took|got)\b"
)
_COMING = re.compile(
    r"\b(?:will|going to|gonna|'ll|is|are|has to|have to|need|want|come|comes|start|starts|begin|by)\b"
)
_WHEN = re.compile(r"\b(?:when|what (?:day|date|time)|which day|how (?:soon|long ago|about)|what's your|work for)\b")
_BEGINS = re.compile(r"\b(?:starts?|begins?|starting|install|come|crew|there)\b")  # words: said
_ENDS = re.compile(
    r"\b(?:by|due|deadline|before|until|last day|cancel|expires?|ends?|done|finish\w*|close[sd]?|closing)\b"
)
_VAGUE = {Kind.SOON, Kind.NO_RUSH, Kind.EVENT, Kind.SPAN}


def date_candidates(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> Iterator[Candidate]:
    asked = fold(f"{definition.name} {definition.description}")
    wants_past = _PAST.search(fold(definition.description)) is not None
    day = talk.visit.day
    found = [(hit, when, value) for hit in hits for when, value in _days(hit, day, wants_past=wants_past)]
    sides: dict[str, set[bool]] = defaultdict(set)
    for hit, _, value in found:
        sides[value].add(hit.passage.sentence.by_rep)
    for hit, when, value in found:
        sentence, question = hit.passage.sentence, hit.passage.question
        is_past = _PAST.search(sentence.folded) is not None and not _COMING.search(sentence.folded)
        features = (
            float(value[:4].isdigit()),
            float(sum(one is hit for one, _, _ in found) == 1),
            float(when.bare),
            float(is_past == wants_past),
            float(is_past != wants_past),
            float(when.side in {"before", "by", "within"}),
            float(question is not None and hit.passage.distance == 0 and _WHEN.search(question.folded) is not None),
            float(len(sides[value]) == 2),
            float(_BEGINS.search(asked) is not None and _BEGINS.search(sentence.folded) is not None),
            float(_ENDS.search(asked) is not None and _ENDS.search(sentence.folded) is not None),
        )
        yield Candidate(value, hit, features, operations=("date from the visit's day",))


def _days(hit: Hit, day: date | None, *, wants_past: bool) -> Iterator[tuple[When, str]]:
    """The days of a sentence, as dates where they are clear, else in words."""
    for when in hit.passage.sentence.times:
        if when.kind in _VAGUE:
            continue
        known = dates.on_day(when, day, past=wants_past) if day is not None else None
        value = known.isoformat() if known is not None else "" if wants_past else dates.words(when, day)
        if value:
            yield when, value
