"""Where a conversation speaks of a definition: by its words and, with a model folder, by meaning."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from fieldnote.insight.definitions import Definition
from fieldnote.insight.local.embeddings import Embedder
from fieldnote.insight.local.exchanges import answers, is_hypothetical, of_a_third_party
from fieldnote.insight.local.senses import Senses, best_of, content_words
from fieldnote.insight.local.turn_scores import Subject, TurnScores
from fieldnote.insight.stems import stem, stems
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Words of definitions that say nothing about the subject.
_EMPTY = frozenset(
    stem(word)
    for word in """
    customer customers homeowner homeowners client person people they them rep name kind type sort amount number
    value day date whether which who mentioned asked said say know knows want wants wanted need needs have has
    had get gets present current existing new other another part thing things home house call called use used using
    possible main reason best describe much many long able going come comes pay paid pays yes somebody anybody
    anyone someone work job project visit first last go end agree finally still already final full
    year years month months week weeks foot feet inch inches square percent gallons tons pounds number many
    """.split()
) | {stem("told")}  # words: said

_RELATED = tuple(
    frozenset(stem(word) for word in group.split())
    for group in (
        "competitor competing competition contractor roofer painter company bidder bid quote estimate guy outfit",
        "deposit down upfront signing front",
        "rebate incentive utility credit",
        "heat heating furnace boiler gas oil winter",
        "electric electricity power utility bill",
        "insurance insurer insured claim adjuster carrier policy",
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
        "age old year installed built",
        "size big large square feet capacity",
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
    """A sentence with the question that it answers, and the words around it."""

    sentence: Sentence
    question: Sentence | None
    distance: int
    """Customer's sentences between the question and this one."""
    near: frozenset[str]
    """Stems of the two sentences before and of the one after."""

    @cached_property
    def asked(self) -> frozenset[str]:
        return self.question.stems if self.question is not None else frozenset()

    @property
    def evidence(self) -> tuple[Sentence, ...]:
        return (self.question, self.sentence) if self.question is not None else (self.sentence,)


PASSAGE_FEATURES: Final = (
    "name said",
    "name asked",
    "name near",
    "words said",
    "words asked",
    "words near",
    "related said",
    "related near",
    "meaning",
    "meaning of question",
    "meaning above usual",
    "place by meaning",
    "nearest by meaning",
    "place by words",
    "most words",
    "answers",
    "follows a question",
    "by rep",
    "asks",
    "third party",
    "short",
    "late",
    "late, as wanted",
    "says something",
    "says something new",
    "meaning of the sentence",
    "senses said",
    "senses said or asked",
    "senses near",
    "sense of the name",
    "says something nearby",
)
"""The facts about a passage that say how likely it speaks of a definition."""
_AT = {name: place for place, name in enumerate(PASSAGE_FEATURES)}


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its features for a definition, in the order of `PASSAGE_FEATURES`."""

    passage: Passage
    features: tuple[float, ...]

    @property
    def said(self) -> float:
        """How much the passage, its question and its surroundings say the definition's words."""
        own = self.features[_AT["name said"]] + self.features[_AT["words said"]]
        asked = self.features[_AT["name asked"]] + self.features[_AT["words asked"]]
        return own + 0.7 * asked + 0.3 * (self.features[_AT["name near"]] + self.features[_AT["words near"]])

    @property
    def meaning(self) -> float:
        return max(self.features[_AT["meaning"]], self.features[_AT["meaning of question"]])


_NEAREST = 25
"""Turns nearest to a definition, by meaning and again by words, that are read."""
_TELLING = 2
"""Content words from which a turn has a meaning of its own; `okay, nineteen` is found by its question."""
_READ = 300
"""Characters of a turn that are embedded."""
_LONG = 200
"""Characters of a turn from which its sentences have a meaning of their own; each costs time."""
_SHORT = 4
FINAL = re.compile(
    r"\b(?:final|finally|agreed?|chosen|chose|picked|settled|ordered|bought|sold|accepted|in the end"
    r"|at the end|take|deal)\b"
)
"""A definition of something that may be said in several ways before it is decided."""


class Index:
    """The passages of one conversation."""

    def __init__(self, talk: Talk, embedder: Embedder | None, scores: TurnScores) -> None:
        asked = {one.sentence.place: one for one in answers(talk)}
        said = [one.stems for one in talk.sentences]
        self.passages = [
            Passage(
                one,
                answer.question if answer else None,
                answer.distance if answer else 0,
                frozenset().union(*said[max(0, place - 2) : place], *said[place + 1 : place + 2]),
            )
            for place, one in enumerate(talk.sentences)
            if not is_hypothetical(one)
            for answer in [asked.get(one.place)]
        ]
        self._turns = [turn.text for turn in talk.turns]
        self._embedder = embedder
        self._count = max(1, len(said))
        self._scores = scores
        self._senses: Senses | None = None
        self._parts: dict[int, NDArray[np.float32]] = {}
        self._frequency = Counter(word for own in said for word in own)

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        """A row for each turn: embedded once, whatever number of sentences it has; zeros where it says too little."""
        import numpy as np  # noqa: PLC0415 - optional

        if self._embedder is None:
            raise RuntimeError("there is no embedder")
        places = [place for place, text in enumerate(self._turns) if len(stems(fold(text))) >= _TELLING]
        found = np.zeros((len(self._turns), self._embedder.size), np.float32)
        found[places] = self._embedder.embed([self._turns[place][:_READ] for place in places])
        return found

    @cached_property
    def _pairs(self) -> NDArray[np.float32]:
        """A row for each turn together with the turn before it: a question with its answer."""
        import numpy as np  # noqa: PLC0415 - optional

        pairs = self._vectors.copy()
        pairs[1:] += self._vectors[:-1]
        return np.asarray(pairs / np.maximum(np.linalg.norm(pairs, axis=1, keepdims=True), 0.5), np.float32)

    def _senses_of(self, definition: Definition, query: Query, nearest: Sequence[Passage]) -> _SensesOf | None:
        if self._embedder is None:
            return None
        if self._senses is None:
            self._senses = Senses(self._embedder)
        asked = [one.question for one in nearest if one.question is not None]
        self._senses.learn([said.folded for said in (*(one.sentence for one in nearest), *asked)])
        return _SensesOf(self._senses, definition, query)

    def _own_meanings(self, hits: Sequence[Passage], vector: NDArray[np.float32]) -> dict[int, float]:
        """The cosine of each sentence that is a part of a long turn with the definition, by its place."""
        parts = [
            one.sentence
            for one in hits
            if len(one.sentence.turn.sentences) > 1
            and len(one.sentence.turn.text) > _LONG
            and len(one.sentence.stems) > 1
        ]
        missing = [one for one in parts if one.place not in self._parts]
        if missing and self._embedder is not None:
            vectors = self._embedder.embed([one.text[:_READ] for one in missing])
            self._parts.update((one.place, row) for one, row in zip(missing, vectors, strict=True))
        return {one.place: float(self._parts[one.place] @ vector) for one in parts}

    def idf(self, word: str) -> float:
        frequency = self._frequency.get(word, 0)
        return math.log(1 + (self._count - frequency + 0.5) / (frequency + 0.5))

    def search(self, definition: Definition) -> list[Hit]:
        """The passages of the nearest turns with their features, in the order in which they were spoken."""
        query = query_of(definition)
        weights = {word: self.idf(word) for word in query.all}
        vector, meaning, by_meaning = self._meaning(definition)
        usual = sorted(meaning)[len(meaning) * 9 // 10] if meaning else 0.0
        by_words = self._by_words(query, weights)
        is_final = FINAL.search(fold(f"{definition.name} {definition.description}")) is not None
        places = [
            (one, by_meaning.get(one.sentence.turn.index, _NEAREST), by_words.get(one.sentence.turn.index, _NEAREST))
            for one in self.passages
        ]
        nearest = [(one, near, said) for one, near, said in places if min(near, said) < _NEAREST]
        own = self._own_meanings([one for one, _, _ in nearest], vector) if vector is not None else {}
        senses = self._senses_of(definition, query, [one for one, _, _ in nearest])
        found: list[Hit] = []
        for one, near, said in nearest:
            late = one.sentence.place / self._count
            ranks = (1 / (1 + near), float(near == 0), 1 / (1 + said), float(said == 0))
            features = _features(one, query, weights, meaning, usual, ranks)
            more = (
                self._scores.likelihood(Subject.ANYTHING, one.sentence.turn.index),
                min(3, len(one.sentence.stems - query.all - one.asked)) / 3,
                own.get(one.sentence.place, meaning[one.sentence.turn.index]),
                *(senses.of(one) if senses is not None else (0.0,) * 4),
                self._scores.near(Subject.ANYTHING, one.sentence.turn.index, 1) / 3 + 1,
            )
            found.append(Hit(one, (*features, late, late * is_final, *more)))
        return found

    def _meaning(self, definition: Definition) -> tuple[NDArray[np.float32] | None, Sequence[float], dict[int, int]]:
        """The definition's vector, the cosine of each turn with it, and the places of the nearest; without a model,
        zeros.
        """
        if self._embedder is None or not self._turns:
            return None, [0.0] * len(self._turns), {}
        asked = f"{definition.name}: {definition.description}"
        asked += f" ({definition.unit})" if definition.unit else ""
        asked += f" {', '.join(definition.choices)}" if definition.choices else ""
        vector = self._embedder.embed([asked])[0]
        own = self._vectors @ vector
        order = (-(own + self._pairs @ vector)).argsort(kind="stable")[:_NEAREST].tolist()
        return vector, [float(one) for one in own.tolist()], {int(index): place for place, index in enumerate(order)}

    def _by_words(self, query: Query, weights: dict[str, float]) -> dict[int, int]:
        """The places of the turns whose sentences say or answer most of the definition's words."""
        best: dict[int, float] = {}
        for one in self.passages:
            said = one.sentence.stems | one.asked
            score = sum(weight for word, weight in weights.items() if word in said)
            score += len(query.name & said) + 0.2 * len(query.related & said)
            score += 0.3 * sum(weight for word, weight in weights.items() if word in one.near)
            if score > best.get(one.sentence.turn.index, 0.0):
                best[one.sentence.turn.index] = score
        order = sorted(best, key=lambda index: (-best[index], index))[:_NEAREST]
        return {index: place for place, index in enumerate(order)}


class _SensesOf:
    """How near the words of passages are to those of one definition."""

    def __init__(self, senses: Senses, definition: Definition, query: Query) -> None:
        import numpy as np  # noqa: PLC0415 - optional

        self._senses = senses
        folded = fold(f"{definition.name} {definition.description}")
        wanted = list(dict.fromkeys(one for one in content_words(folded) if stem(one) in query.all))
        is_name = np.array([stem(one) in query.name for one in wanted], np.float32)
        self._all = np.full(len(wanted), 1 / max(1, len(wanted)), np.float32)
        self._name = np.asarray(is_name / max(1.0, float(is_name.sum())), np.float32)
        self._nearness = senses.nearness(wanted) if wanted else np.zeros((0, 0), np.float32)

    def of(self, passage: Passage) -> tuple[float, ...]:
        said = self._senses.places(passage.sentence.stems)
        with_question = self._senses.places(passage.sentence.stems | passage.asked)
        near = self._senses.places(passage.near)
        return (
            best_of(self._nearness, self._all, said),
            best_of(self._nearness, self._all, with_question),
            best_of(self._nearness, self._all, near),
            best_of(self._nearness, self._name, with_question),
        )


def _features(
    passage: Passage,
    query: Query,
    weights: dict[str, float],
    meaning: Sequence[float],
    usual: float,
    ranks: tuple[float, ...],
) -> tuple[float, ...]:
    sentence, question = passage.sentence, passage.question
    own = meaning[sentence.turn.index]
    of_question = meaning[question.turn.index] if question is not None else 0.0
    return (
        _share(query.name, sentence.stems),
        _share(query.name, passage.asked),
        _share(query.name, passage.near),
        _weighed(weights, sentence.stems),
        _weighed(weights, passage.asked),
        _weighed(weights, passage.near),
        min(2, len(query.related & sentence.stems)) / 2,
        min(2, len(query.related & passage.near)) / 2,
        own,
        of_question,
        max(0.0, max(own, of_question) - usual),
        *ranks,
        float(question is not None and passage.distance == 0),
        float(question is not None and passage.distance > 0),
        float(sentence.by_rep),
        float(sentence.asks),
        float(of_a_third_party(sentence.folded)),
        float(len(sentence.folded.split()) <= _SHORT),
    )


def _share(wanted: frozenset[str], found: frozenset[str]) -> float:
    return len(wanted & found) / len(wanted) if wanted else 0.0


def _weighed(weights: dict[str, float], found: frozenset[str]) -> float:
    """The share of the definition's words that are said, each by its rarity in this talk."""
    whole = sum(weights.values())
    return sum(weight for word, weight in weights.items() if word in found) / whole if whole else 0.0
