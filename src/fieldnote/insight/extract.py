"""The four fields of the quickstart, from what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fieldnote.insight.evidence import Quote
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
    raise NotImplementedError
