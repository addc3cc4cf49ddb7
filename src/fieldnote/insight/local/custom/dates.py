"""Days for a custom field."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.custom.values import FoundValue, evidence_of, is_usable, near
from fieldnote.insight.local.exchanges import of_a_third_party
from fieldnote.insight.local.passages import Hit
from fieldnote.insight.readers import dates
from fieldnote.insight.readers.times import Kind
from fieldnote.insight.talk.turns import Talk
from fieldnote.insight.words import fold


def read_date(talk: Talk, definition: Definition, hits: Sequence[Hit]) -> FoundValue | None:
    past = re.search(
        r"\b(?:was|were|did|had|came|happened|stopped|failed|last|since|started|storm|installed|built|bought)\b",
        fold(definition.description),
    )
    for hit in near(hits, words=0.35, meaning=0.45, named=1.0):
        sentence = hit.passage.sentence
        if not sentence.times or not is_usable(hit) or of_a_third_party(sentence.folded):
            continue
        times = [one for one in sentence.times if not one.bare or hit.passage.question is not None]
        times = [one for one in times if one.kind not in {Kind.SOON, Kind.NO_RUSH, Kind.EVENT, Kind.SPAN}]
        if len({dates.words(one, talk.visit.day) for one in times}) != 1:
            continue
        day = talk.visit.day
        known = dates.on_day(times[0], day, past=past is not None) if day is not None else None
        value = known.isoformat() if known is not None else "" if past else dates.words(times[0], day)
        if value:
            steps = ("date from the visit's day",)
            return FoundValue(value, evidence_of(hit), 0.5 + 0.3 * min(1.0, hit.named), operations=steps)
    return None
