"""Where a conversation speaks of a definition: by its words (BM25) and, with a model folder, by meaning."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.embeddings import Embedder
from fieldnote.insight.local.exchanges import answers
from fieldnote.insight.stems import stem, stems
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_K1, _B = 1.2, 0.5
# Words of definitions that say nothing about the subject.
_EMPTY = frozenset(
    stem(word)
    for word in """
    customer customers homeowner homeowners client person people they them rep name kind type sort amount number
    value day date whether which who mentioned asked said say know knows want wants wanted need needs have has
    had get gets present current existing new other another part thing things home house call called use used using
    possible main reason best describe much many long able going come comes pay paid pays yes somebody anybody
    anyone someone work job project visit first last go end agree finally still already final full
    """.split()
) | {stem("told")}  # words: said


_RELATED = tuple(
    frozenset(stem(word) for word in group.split())
    for group in (
        "competitor competing competition contractor roofer painter company bidder bid quote estimate guy fella outfit",
        "deposit down upfront signing front",
        "rebate incentive utility credit",
        "heat heating furnace boiler gas oil winter",
        "electric electricity power utility bill",
        "insurance insurer insured claim adjuster carrier policy",
        "deductible",
        "financing finance loan payments installments interest borrow credit",
        "warranty guarantee guaranteed",
        "pets pet dog dogs cat cats animal animals",
        "child children baby newborn infant toddler",
        "color colour white gray grey black red blue green brown beige tan almond cream",  # words: said
        "material made copper cedar wood vinyl aluminum steel oak pine plastic composite",
        "leak leaking water drip stain wet",
        "repair fix patch patched replace",
        "permit city county inspector",
        "hoa association board",
        "referral referred heard recommended neighbor sign online google",
        "allergy allergic asthma migraine health medical oxygen",
        "noise loud noisy quiet",
        "damage damaged rotten rot cracked broken",
        "solar panel panels array",
        "monthly month payment",
        "roof shingle shingles",
        "pay paid paying cash check card",
    )
)


@dataclass(frozen=True, slots=True)
class Query:
    """A definition's words, as stems."""

    name: frozenset[str]
    description: frozenset[str]
    related: frozenset[str] = frozenset()
    """Words that speak of the same; they only help to find a passage."""

    @property
    def all(self) -> frozenset[str]:
        return self.name | self.description


def query_of(definition: Definition) -> Query:
    name = stems(fold(definition.name))
    description = stems(fold(definition.description)) - _EMPTY
    own = (name - _EMPTY) | description
    related = frozenset().union(*(group for group in _RELATED if group & own)) - own
    return Query(name - _EMPTY or name, description, related)


@dataclass(eq=False)
class Passage:
    """A sentence with the question that it answers."""

    sentence: Sentence
    question: Sentence | None
    distance: int = 0

    @cached_property
    def stems(self) -> frozenset[str]:
        return self.sentence.stems | (self.question.stems if self.question is not None else frozenset())

    @property
    def text(self) -> str:
        question = f"{self.question.text} " if self.question is not None else ""
        return question + self.sentence.text


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its scores for a definition."""

    passage: Passage
    words: float
    """BM25, as a part of the score that all words of the definition would give."""
    meaning: float
    """Cosine of the embeddings; 0 without a model."""
    named: float
    """The share of the name's words that the passage says."""

    @property
    def score(self) -> float:
        return self.words + self.meaning


class Index:
    """The passages of one conversation."""

    def __init__(self, talk: Talk, embedder: Embedder | None) -> None:
        asked = {one.sentence.place: one for one in answers(talk)}
        self.passages = [
            Passage(one, answer.question if answer else None, answer.distance if answer else 0)
            for one in talk.sentences
            for answer in [asked.get(one.place)]
        ]
        self._embedder = embedder
        self._frequency = Counter(word for passage in self.passages for word in passage.stems)
        self._average = sum(len(one.stems) for one in self.passages) / max(1, len(self.passages))

    @cached_property
    def _turns(self) -> dict[int, int]:
        """Each turn's row among the vectors: a turn is embedded once, whatever number of sentences it has."""
        return {index: row for row, index in enumerate(dict.fromkeys(one.sentence.turn.index for one in self.passages))}

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        if self._embedder is None:
            raise RuntimeError("no embedder")
        texts = {one.sentence.turn.index: one.sentence.turn.text for one in self.passages}
        return self._embedder.embed([texts[index][:300] for index in self._turns])

    def idf(self, word: str) -> float:
        frequency = self._frequency.get(word, 0)
        return math.log(1 + (len(self.passages) - frequency + 0.5) / (frequency + 0.5))

    def search(self, definition: Definition) -> list[Hit]:
        """All passages, the best first."""
        query = query_of(definition)
        weights = {word: self.idf(word) * (2.0 if word in query.name else 1.0) for word in query.all}
        whole = sum(weights.values()) or 1.0
        weights |= {word: 0.5 * self.idf(word) for word in query.related}
        meaning = self._meaning(definition)
        hits = [
            Hit(
                one,
                self._bm25(weights, one.stems) / whole,
                meaning[place],
                len(query.name & one.stems) / max(1, len(query.name)),
            )
            for place, one in enumerate(self.passages)
        ]
        return sorted(hits, key=lambda hit: -hit.score)

    def _bm25(self, weights: dict[str, float], found: frozenset[str]) -> float:
        length = 1 - _B + _B * len(found) / max(1.0, self._average)
        return sum(weight * (_K1 + 1) / (1 + _K1 * length) for word, weight in weights.items() if word in found)

    def _meaning(self, definition: Definition) -> Sequence[float]:
        if self._embedder is None or not self.passages:
            return [0.0] * len(self.passages)
        vector = self._embedder.embed([f"{definition.name}: {definition.description}"])[0]
        scores = (self._vectors @ vector).tolist()
        return [float(scores[self._turns[one.sentence.turn.index]]) for one in self.passages]
