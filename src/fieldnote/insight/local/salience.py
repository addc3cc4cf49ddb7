"""How likely a sentence belongs in a note: its facts, its role in the sale, and how much else speaks of its words."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

from fieldnote.insight.local.exchanges import answers, is_hypothetical, of_a_third_party, reply_to
from fieldnote.insight.local.salience_weights import CONSTANT, WEIGHTS, WORDS
from fieldnote.insight.local.topics import asks_about
from fieldnote.insight.readers.numbers import numbers
from fieldnote.insight.readers.times import Kind
from fieldnote.insight.stems import stems
from fieldnote.insight.talk.patterns import (
    AGREES,
    COMPETES,
    DECIDES,
    DECLINES,
    FEARS,
    PAYS,
    SMALL_TALK,
    STEP,
    TROUBLE,
    WANTS,
    WORK,
)
from fieldnote.insight.talk.turns import Sentence, Talk
from fieldnote.insight.words import fold

FEATURES: Final = (
    "amount of money",
    "amount of the size of the sale",
    "number",
    "day or month",
    "other time",
    "by rep",
    "asks",
    "very short",
    "short",
    "long",
    "word of the project",
    "wants",
    "trouble",
    "step",
    "step with a day",
    "competitor",
    "agrees",
    "declines",
    "decides",
    "fears",
    "payment",
    "work",
    "small talk",
    "of others",
    "hypothetical",
    "answers a sale's question",
    "answers any question",
    "is agreed to",
    "words that recur",
    "words of the other side's turn before",
    "early",
    "last tenth",
    "capital name",
    "value of a field",
    "rep explains the work with a number",
    "negation",
)
_NAME = re.compile(r"(?<![.?!] )(?<!^)\b[A-Z][a-z]{2,}")
_NEGATION = re.compile(r"\b(?:no|not|don't|won't|can't|never|without|nothing|isn't|doesn't)\b")
_YES = re.compile(r"^(?:yes|yeah|ok|okay|fine|deal|sure|great|perfect|good|that works|do it|let's)\b")


class Salience:
    """The features of the sentences of one conversation."""

    def __init__(self, talk: Talk, cited: frozenset[int]) -> None:
        self._talk = talk
        self._cited = cited
        """Turns that support a field's value."""
        self._answers = {one.sentence.place: one for one in answers(talk)}
        self._project = stems(fold(talk.visit.project or ""))
        self._usual = talk.usual_price or 0.0
        turns = Counter(word for turn in talk.turns for word in stems(turn.folded))
        self._weight = {word: min(1.0, (count - 1) / 4) for word, count in turns.items()}
        self._last = max(1, len(talk.sentences) - 1)

    def score(self, sentence: Sentence) -> float:
        """The log odds that a note needs the sentence."""
        return CONSTANT + self.of_features(sentence) + sum(WORDS.get(word, 0.0) for word in sentence.stems)

    def of_features(self, sentence: Sentence) -> float:
        """The part of the score that rests on what the sentence does in the talk, not on its words."""
        features = zip(FEATURES, self.features(sentence), strict=True)
        return sum(WEIGHTS[name] * value for name, value in features if value)

    def features(self, sentence: Sentence) -> tuple[float, ...]:
        folded, count = sentence.folded, len(sentence.folded.split())
        certain = [one for one in sentence.amounts if one.certain or one.sized]
        sized = [one for one in certain if one.monthly or (self._usual and one.high >= self._usual / 4)]
        has_number = bool(numbers(folded))
        dated = any(one.kind in {Kind.DAY, Kind.MONTH, Kind.HOLIDAY} for one in sentence.times)
        answer = self._answers.get(sentence.place)
        asked = answer is not None and answer.distance <= 1
        on_sale = answer is not None and answer.distance <= 1 and asks_about(answer.question) is not None
        reply = reply_to(self._talk, sentence) if sentence.by_rep and certain else None
        index = sentence.turn.index
        before = self._talk.turns[index - 1] if index else None
        shared = sentence.stems & stems(before.folded) if before is not None else frozenset()
        step, work = STEP.search(folded) is not None, WORK.search(folded) is not None
        return tuple(
            float(one)
            for one in (
                bool(certain),
                bool(sized),
                has_number,
                dated,
                bool(sentence.times) and not dated,
                sentence.by_rep,
                sentence.asks,
                count <= 3,
                count <= 6,
                count > 25,
                bool(self._project & sentence.stems),
                WANTS.search(folded) is not None,
                TROUBLE.search(folded) is not None,
                step,
                step and bool(sentence.times),
                COMPETES.search(folded) is not None,
                not sentence.by_rep and AGREES.search(folded) is not None,
                not sentence.by_rep and DECLINES.search(folded) is not None,
                DECIDES.search(folded) is not None,
                FEARS.search(folded) is not None,
                PAYS.search(folded) is not None,
                work,
                SMALL_TALK.search(sentence.turn.folded) is not None,
                of_a_third_party(folded),
                is_hypothetical(sentence),
                on_sale,
                asked,
                reply is not None and _YES.match(reply.folded) is not None,
                self._recurring(sentence),
                min(2, len(shared)) / 2,
                sentence.place < self._last * 0.15,
                sentence.place > self._last * 0.9,
                _NAME.search(sentence.text) is not None,
                index in self._cited,
                sentence.by_rep and work and has_number,
                _NEGATION.search(folded) is not None,
            )
        )

    def _recurring(self, sentence: Sentence) -> float:
        """How much the talk returns to the sentence's words."""
        if not sentence.stems:
            return 0.0
        return sum(self._weight[word] for word in sentence.stems if word in self._weight) / math.sqrt(
            max(4, len(sentence.stems))
        )
