"""Values that a default field may have, and which one is the likeliest: a softmax over all and "not mentioned".

The weights come from `scripts/default_weights.py`, which learns them on folders of conversations with expected values.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldnote.insight.evidence import Quote
from fieldnote.insight.extraction import Extraction
from fieldnote.insight.local.default_weights import MODELS, Model
from fieldnote.insight.local.exchanges import is_short
from fieldnote.insight.local.turn_scores import Subject, TurnScores
from fieldnote.insight.talk.turns import Sentence, Talk


@dataclass(frozen=True, slots=True)
class Option:
    """A value, the sentences that state it, and its features by name."""

    value: str
    evidence: tuple[Sentence, ...]
    features: Mapping[str, float]
    operations: tuple[str, ...] = ()
    odds: float = 0.0
    """The log odds that a turn nearby states the field."""

    @property
    def quotes(self) -> tuple[Quote, ...]:
        turns = {one.turn.index: one.turn.text for one in self.evidence}
        return tuple(Quote(index, turns[index]) for index in sorted(turns))


LEAST_ODDS: Final = -3.0
"""A value is given only where a turn nearby is at least this likely to state the field: small talk has values too."""


def scored(talk: Talk, options: Sequence[Option], subject: Subject, scores: TurnScores) -> list[Option]:
    """The options, also with how likely the turns that they rest on state the field.

    A short talk has little beside the sale, and the scores were learned on long ones: its options stay as they are.
    """
    if is_short(talk):
        return list(options)
    return [
        replace(
            one,
            features={**one.features, **_of_turns(one, subject, scores)},
            odds=scores.near(subject, one.evidence[-1].turn.index),
        )
        for one in options
    ]


def _of_turns(option: Option, subject: Subject, scores: TurnScores) -> dict[str, float]:
    turns = [one.turn.index for one in option.evidence]
    last = turns[-1]
    return {
        "states it, odds": max(scores.odds(subject, turn) for turn in turns) / 3 + 1,
        "states it": max(scores.likelihood(subject, turn) for turn in turns),
        "states it nearby": scores.near(subject, last) / 3 + 1,
        "states it best": float(any(scores.is_best(subject, turn) for turn in turns)),
        "says something": scores.likelihood(Subject.ANYTHING, last),
    }


def likeliest(name: str, talk: Talk, options: Sequence[Option]) -> Extraction | None:
    """The value with the largest probability, cited from its best option; None below the field's floor."""
    model = MODELS[name]
    shares = probabilities(model, options)
    by_value: dict[str, float] = defaultdict(float)
    for share, one in zip(shares, options, strict=True):
        by_value[one.value] += share
    value = max(by_value, key=lambda known: by_value[known], default="")
    if not value or by_value[value] < (model.short_floor if is_short(talk) else model.floor):
        return None
    if max(one.odds for one in options if one.value == value) < LEAST_ODDS:
        return None
    share, best = max(zip(shares, options, strict=True), key=lambda pair: (pair[1].value == value, pair[0]))
    return Extraction(name, value, best.quotes, round(by_value[value], 2), operations=best.operations)


def probabilities(model: Model, options: Sequence[Option]) -> list[float]:
    """Of each option, where "not mentioned" has the rest."""
    scores = [sum(model.weights.get(name, 0.0) * one for name, one in option.features.items()) for option in options]
    top = max([*scores, model.not_mentioned])
    powers = [math.exp(score - top) for score in scores]
    whole = sum(powers) + math.exp(model.not_mentioned - top)
    return [power / whole for power in powers]


def recurring(values: Sequence[object], place: int) -> dict[str, float]:
    """How often a value is said, and whether this is its last mention."""
    count = sum(one == values[place] for one in values)
    return {
        "said twice": float(count == 2),
        "said more often": float(count > 2),
        "its last mention": float(values[place] not in values[place + 1 :]),
        "last of all": float(place == len(values) - 1),
    }
