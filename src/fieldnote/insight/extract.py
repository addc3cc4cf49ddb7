"""The four fields of the quickstart, from what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fieldnote.insight.budget import find_budget
from fieldnote.insight.decision import find_decision_maker
from fieldnote.insight.evidence import Quote
from fieldnote.insight.objections import find_objections
from fieldnote.insight.roles import talk_of
from fieldnote.insight.timeline import find_timeline
from fieldnote.insight.utterances import Utterance

FIELDS = ("Budget", "Timeline", "Decision Maker", "Objections")


@dataclass(frozen=True, slots=True)
class Extraction:
    """One field's value, and what it stands on."""

    name: str
    value: str
    quotes: tuple[Quote, ...]


def extract(
    utterances: Sequence[Utterance], *, rep_name: str | None = None, started_at: datetime | None = None
) -> list[Extraction]:
    """What was said of the four fields, in their order; a field that nobody spoke of is left out."""
    talk = talk_of(utterances, rep_name)
    found = (
        find_budget(talk),
        find_timeline(talk, started_at.date() if started_at else None),
        find_decision_maker(talk),
        find_objections(talk),
    )
    return [Extraction(name, *answer) for name, answer in zip(FIELDS, found, strict=True) if answer]
