"""A value as a reader of one type found it, and the passages that it may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldnote.insight.local.exchanges import is_hypothetical
from fieldnote.insight.local.passages import Hit
from fieldnote.insight.talk.turns import Sentence

_TOP = 12
"""Passages of which a reader is tried."""


@dataclass(frozen=True, slots=True)
class FoundValue:
    text: str
    evidence: tuple[Sentence, ...]
    certainty: float
    rests_on: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()


def near(hits: Sequence[Hit], *, words: float, meaning: float, named: float = 2.0) -> list[Hit]:
    """The passages that speak of the definition: by its name's words, by enough of all its words, or by meaning."""
    return [hit for hit in hits[: _TOP * 4] if hit.named >= named or hit.words >= words or hit.meaning >= meaning][
        :_TOP
    ]


def is_usable(hit: Hit) -> bool:
    sentence = hit.passage.sentence
    return not is_hypothetical(sentence)


def evidence_of(hit: Hit) -> tuple[Sentence, ...]:
    question = hit.passage.question
    return (question, hit.passage.sentence) if question is not None else (hit.passage.sentence,)
