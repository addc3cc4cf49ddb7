"""Which candidate is the likeliest, and whether it is likely enough: a softmax over all candidates and "not mentioned".

The weights come from `scripts/insight_weights.py`, which learns them on a folder of conversations with expected values.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from fieldnote.insight.local.custom.candidates import Candidate
from fieldnote.insight.local.custom.weights import BY_MEANING, BY_WORDS, Model

RELATIVE_FEATURES: Final = ("words against the best", "meaning against the best", "best by words", "best by meaning")


def choose(kind: str, candidates: Sequence[Candidate], *, by_meaning: bool) -> tuple[Candidate, float] | None:
    """The likeliest value's best candidate, with the value's probability; None where that is below the kind's floor."""
    model = (BY_MEANING if by_meaning else BY_WORDS).get(kind)
    if model is None or not candidates:
        return None
    shares = probabilities(model, candidates)
    by_value: dict[str, float] = defaultdict(float)
    for share, one in zip(shares, candidates, strict=True):
        by_value[one.value] += share
    value = max(by_value, key=lambda known: by_value[known])
    if by_value[value] < model.floor:
        return None
    best = max(zip(shares, candidates, strict=True), key=lambda pair: (pair[1].value == value, pair[0]))
    return best[1], by_value[value]


def probabilities(model: Model, candidates: Sequence[Candidate]) -> list[float]:
    """Of each candidate, where "not mentioned" has the rest."""
    scores = [
        sum(weight * feature for weight, feature in zip(model.weights, features, strict=True))
        for features in with_relative(candidates)
    ]
    top = max([*scores, model.not_mentioned])
    powers = [math.exp(score - top) for score in scores]
    whole = sum(powers) + math.exp(model.not_mentioned - top)
    return [power / whole for power in powers]


def with_relative(candidates: Sequence[Candidate]) -> list[tuple[float, ...]]:
    """The features of each candidate: of its passage, of its value, and against the best of all."""
    words = [one.hit.said for one in candidates]
    meaning = [one.hit.meaning for one in candidates]
    most, nearest = max(words), max(meaning)
    return [
        (
            *one.hit.features,
            *one.features,
            words[place] / max(most, 1e-6),
            meaning[place] - nearest,
            float(words[place] >= most > 0),
            float(meaning[place] >= nearest > 0),
        )
        for place, one in enumerate(candidates)
    ]
