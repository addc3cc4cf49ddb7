"""How likely each turn states a default field, belongs in a note, or answers anything at all.

A logistic regression over words: of the turn, of its pairs of words, and of the turns before and after it. The weights
in `turn_weights.json.gz` come from `scripts/turn_weights.py`, which learns them on folders of conversations with
expected values. Reading one hour of talk takes 0.1 s.
"""

from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

from fieldnote.insight.talk.turns import Talk

_WORD = re.compile(r"[a-z']+|\d+")
_SIZES: Final = (2, 5, 12, 25)
"""Most words of a turn of each size."""
_MOST_WORDS: Final = 200
"""Words of a turn that are read."""
WEIGHTS_FILE: Final = "turn_weights.json.gz"


class Subject(StrEnum):
    """A subject that a turn may be about. The values are the columns of the weights."""

    BUDGET = "Budget"
    TIMELINE = "Timeline"
    DECISION = "Decision Maker"
    OBJECTIONS = "Objections"
    NOTE = "note"
    """A fact that a good note states."""
    ANYTHING = "anything"
    """Any value or fact: what is no small talk."""


Weights = Mapping[str, Sequence[float]]
"""Of each word, in its place, the weight for each subject. The empty word has the constants."""


def features(talk: Talk) -> list[frozenset[str]]:
    """Of each turn its words, each with a mark for its place."""
    spoken = [_words(turn.folded) for turn in talk.turns]
    count = len(spoken)
    found: list[frozenset[str]] = []
    for place, (turn, own) in enumerate(zip(talk.turns, spoken, strict=True)):
        side = "r" if turn.by_rep else "c"
        size = sum(len(own) > most for most in _SIZES)
        known = {f":{word}" for word in own} | {f"{side}:{word}" for word in own}
        known |= {f"{one} {other}" for one, other in pairwise(own)}
        known |= {f"<{word}" for word in (spoken[place - 1] if place else ())}
        known |= {f">{word}" for word in (spoken[place + 1] if place + 1 < count else ())}
        known |= {side, f"size {size}", f"part {10 * place // count}"}
        if "?" in turn.text:
            known.add("?")
        found.append(frozenset(known))
    return found


def _words(folded: str) -> list[str]:
    return ["#" if word.isdigit() else word for word in _WORD.findall(folded)[:_MOST_WORDS]]


class TurnScores:
    """The scores of one conversation's turns."""

    def __init__(self, odds: Sequence[Sequence[float]]) -> None:
        self._odds = odds
        """Of each turn its log odds by subject."""
        self._best = [max((row[at] for row in odds), default=0.0) for at in range(len(Subject))]

    def odds(self, subject: Subject, turn: int) -> float:
        """The log odds that a turn is about the subject."""
        return self._odds[turn][_AT[subject]] if 0 <= turn < len(self._odds) else _LEAST

    def likelihood(self, subject: Subject, turn: int) -> float:
        """The same as a probability."""
        return 1 / (1 + math.exp(-max(-30.0, self.odds(subject, turn))))

    def near(self, subject: Subject, turn: int, distance: int = 2) -> float:
        """The largest log odds of the turns around."""
        return max(self.odds(subject, one) for one in range(turn - distance, turn + distance + 1))

    def is_best(self, subject: Subject, turn: int) -> bool:
        """Whether no other turn is likelier."""
        return self.odds(subject, turn) >= self._best[_AT[subject]]


_AT: Final = {subject: at for at, subject in enumerate(Subject)}
_LEAST: Final = -8.0
"""Log odds of a turn that does not exist."""


def turn_scores(talk: Talk, weights: Weights | None = None) -> TurnScores:
    """The scores of a conversation's turns, by the weights that come with the package or by others."""
    known = turn_weights() if weights is None else weights
    rows: list[list[float]] = []
    for row in features(talk):
        odds = list(known[""])
        for word in sorted(row):  # the order of a set differs from process to process, and so would the sum
            for at, weight in enumerate(known.get(word, ())):
                odds[at] += weight
        rows.append(odds)
    return TurnScores(rows)


@cache
def turn_weights() -> Weights:
    """The weights that come with the package."""
    packed = files("fieldnote.insight.local").joinpath(WEIGHTS_FILE).read_bytes()
    found: Weights = json.loads(gzip.decompress(packed))
    return found
