"""Learn what turns are about: `uv run python -m scripts.turn_weights BOOK ...`.

Writes `local/turn_weights.json.gz`: a logistic regression for each subject on the turns that the expected values and
key facts of the books cite. Other scripts learn from scores of turns too; `unseen_scores` gives them scores by weights
that did not see the conversation.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldnote.insight.evaluation.book import Case, Expected, read_book
from fieldnote.insight.local.turn_scores import WEIGHTS_FILE, Subject, TurnScores, Weights, features, turn_scores
from fieldnote.insight.talk.turns import talk_of

OUT: Final = Path(__file__).parents[1] / "src/fieldnote/insight/local" / WEIGHTS_FILE
FEWEST: Final = 5
"""Conversations that say a word; one that fewer say gets no weight."""
STRENGTH: Final = 30.0
"""How strongly weights are drawn to zero."""
LEAST: Final = 0.02
"""A word whose weights are all smaller is left out."""
STEPS: Final = 150
RATE: Final = 0.05
FOLDS: Final = 5

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Turns:
    """The turns of one conversation: their words, and which subjects each is about."""

    words: Sequence[frozenset[str]]
    wanted: Matrix | Sequence[Sequence[float]]
    """A row for each turn, a column for each subject."""


def read_turns(case: Case) -> Turns:
    """The turns of a conversation with what its expected values and key facts cite."""
    talk = talk_of(case.utterances, case.visit)
    wanted = np.zeros((len(talk.turns), len(Subject)))
    at = {subject.value: place for place, subject in enumerate(Subject)}
    cited = {name: _cited(one) for name, one in case.expected.items() if one.value is not None}
    cited[Subject.NOTE.value] = {index for fact in case.facts for index in fact.evidence}
    for name, indexes in cited.items():
        for index in indexes:
            wanted[index, at[Subject.ANYTHING.value]] = 1.0
            if name in at:
                wanted[index, at[name]] = 1.0
    return Turns(features(talk), wanted)


def _cited(expected: Expected) -> set[int]:
    return {index for item in expected.item_evidence for index in item} or set(expected.evidence)


def learn(turns: Sequence[Turns]) -> Weights:
    """The weights by Adam on the likelihood of all subjects at once, drawn to zero."""
    counts = Counter(word for one in turns for word in frozenset[str]().union(*one.words))
    words = sorted(word for word, conversations in counts.items() if conversations >= FEWEST)
    at = {word: place for place, word in enumerate(words)}
    rows = [[at[word] for word in sorted(row) if word in at] for one in turns for row in one.words]
    wanted = np.vstack([np.asarray(one.wanted, float) for one in turns])
    columns = np.array([place for row in rows for place in row])
    of_row = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    constants = np.full(len(Subject), -4.0)
    weights, first, second = (np.zeros((len(words), len(Subject))) for _ in range(3))
    for step in range(1, STEPS + 1):
        scores = _sums(weights[columns], of_row, len(rows)) + constants
        error = 1 / (1 + np.exp(-scores)) - wanted
        constants -= error.mean(axis=0) * 4
        slope = _sums(error[of_row], columns, len(words)) + STRENGTH * weights
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope * slope
        weights -= (
            RATE * (1 - step / (STEPS + 1)) * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        )
    found = {word: [round(float(one), 3) for one in row] for word, row in zip(words, weights, strict=True)}
    return {"": [round(float(one), 3) for one in constants]} | {
        word: row for word, row in found.items() if max(map(abs, row)) >= LEAST
    }


def _sums(values: Matrix, groups: NDArray[np.intp], count: int) -> Matrix:
    """The sum of the rows of each group."""
    return np.stack([np.bincount(groups, values[:, at], count) for at in range(values.shape[1])], axis=1)


def unseen_scores(book: Sequence[Case]) -> list[TurnScores]:
    """The scores of each conversation by weights that were learned on the others."""
    turns = [read_turns(case) for case in book]
    found: list[TurnScores] = []
    models = [learn([one for place, one in enumerate(turns) if place % FOLDS != fold]) for fold in range(FOLDS)]
    for place, case in enumerate(book):
        found.append(turn_scores(talk_of(case.utterances, case.visit), models[place % FOLDS]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("books", type=Path, nargs="+")
    book = [case for folder in parser.parse_args().books for case in read_book(folder)]
    weights = learn([read_turns(case) for case in book])
    packed = gzip.compress(json.dumps(weights, separators=(",", ":"), sort_keys=True).encode(), mtime=0)
    OUT.write_bytes(packed)
    print(f"{len(weights)} words, {len(packed)} bytes")


if __name__ == "__main__":
    main()
