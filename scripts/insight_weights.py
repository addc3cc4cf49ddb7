"""Learn the weights of custom fields: `uv run python -m scripts.insight_weights MODEL_FOLDER BOOK ...`.

Writes `local/custom/weights.py`. The weights stay near hand-set ones, because a book has few values of each type.
Floors come from cross-validation by conversation: of all types together, those that give the most right values and
are precise enough.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldnote.insight.check import check
from fieldnote.insight.definitions import Definition, FieldType
from fieldnote.insight.evaluation.book import Case, Expected, read_book
from fieldnote.insight.evaluation.matching import is_accepted, matched_items, matches
from fieldnote.insight.local.custom.candidates import Candidate
from fieldnote.insight.local.custom.closed import BOOLEAN_FEATURES, CHOICE_FEATURES
from fieldnote.insight.local.custom.dates import DATE_FEATURES
from fieldnote.insight.local.custom.finder import Finder, kind_of
from fieldnote.insight.local.custom.money import MONEY_FEATURES
from fieldnote.insight.local.custom.numbers import NUMBER_FEATURES, YEAR_FEATURES
from fieldnote.insight.local.custom.ranking import RELATIVE_FEATURES, with_relative
from fieldnote.insight.local.custom.texts import NAME_FEATURES, TEXT_FEATURES
from fieldnote.insight.local.embeddings import Embedder
from fieldnote.insight.local.passages import PASSAGE_FEATURES
from fieldnote.insight.local.turn_scores import TurnScores
from fieldnote.insight.talk.turns import talk_of
from fieldnote.insight.utterances import Utterance
from scripts.turn_weights import unseen_scores
from scripts.weight_fitting import Judged, Vector, choose, counts_of, fit, joint_floors, softmax

OUT: Final = Path(__file__).parents[1] / "src/fieldnote/insight/local/custom/weights.py"
FEATURES: Final[Mapping[str, Sequence[str]]] = {
    "boolean": BOOLEAN_FEATURES,
    "choice": CHOICE_FEATURES,
    "date": DATE_FEATURES,
    "money": MONEY_FEATURES,
    "name": NAME_FEATURES,
    "number": NUMBER_FEATURES,
    "text": TEXT_FEATURES,
    "year": YEAR_FEATURES,
}
PRIOR_PASSAGE: Final = (
    1.2,
    1.0,
    0.3,
    1.5,
    1.2,
    0.3,
    0.4,
    0.2,
    3,
    2,
    5,
    1,
    0.5,
    0.5,
    0.3,
    0.3,
    0,
    0,
    -0.5,
    -1,
    0,
    0.3,
    1.5,
    1.0,
    0.5,
    2.0,
    1.5,
    1.5,
    0.5,
    0.5,
    0.3,
)
PRIOR: Final[Mapping[str, Sequence[float]]] = {
    "boolean": (1.5, 1.5, 1, 0, 0, 1.5, 1.5, 0.2, -1, 0.2),
    "choice": (0.5, 1, 0.7, -1, 1.5, 0.5, 0.5, 0.8, -1, 1, 1, 0.7, 0.5, 0.7),
    "date": (1, 0.5, -1, 0.3, -0.7, 0, 1, 0.5, 0.5, 0.5),
    "money": (2, -3, -2.5, 1.5, -2, -1, 1, 0.5, -1.5, 1, -0.5, 0.3, 2, -1, -1.5, -1),
    "name": (0.7, 0.3, 0.5, 0.3),
    "number": (2, -2.5, -3, -3, 1.5, 1, 1, 1.5, 0.3, -2, 0, 0.5, -2, 0.5),
    "text": (-0.5, 0, 1.5, -2, 1, 0.7, -0.7, 1, 1, -3, -0.2, -1.5, 0.5),
    "year": (0.2, 0.5),
}
PRIOR_RELATIVE: Final = (1.0, 2.0, 0.5, 0.5)
NOT_MENTIONED: Final = 5.0
STRENGTH: Final = 1.5
"""How strongly weights are drawn to the hand-set ones."""
DEVIATION: Final = 5.0
"""How strongly a type's weights of passages are drawn to those of all types."""
STEPS: Final = 250
PRECISE: Final = {"BY_MEANING": 0.8, "BY_WORDS": 0.88}
"""The share of right values that all types together must have. By words alone, values of talks that nobody looked at
were right less often than cross-validation says.
"""
LOWEST: Final = 50
"""Percent below which no floor is tried."""
CAUTIOUS: Final = 0.95
FOLDS: Final = 6


@dataclass(frozen=True)
class Row:
    """A definition of one conversation, with its candidates."""

    case: int
    kind: str
    values: Sequence[str]
    features: Vector
    right: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    """Right by chance, far from the evidence, or acceptable where nothing is expected."""
    wanted: int
    """Values that are expected: 0 or 1, more for a list."""


def read_rows(book: Sequence[Case], embedder: Embedder | None, scores: Sequence[TurnScores]) -> list[Row]:
    """A row for each definition. `scores` are those of the conversations, by weights that did not see them."""
    rows: list[Row] = []
    for place, case in enumerate(book):
        finder = Finder(talk_of(case.utterances, case.visit), embedder, scores[place])
        for definition in case.definitions:
            expected = case.expected.get(definition.name)
            if expected is None:
                continue
            found = [one for one in finder.candidates(definition) if _is_supported(case, definition, one)]
            judged = [_judge(case, definition, one, expected) for one in found]
            size = len(PASSAGE_FEATURES) + len(FEATURES[kind_of(definition)]) + len(RELATIVE_FEATURES)
            wanted = len(expected.value) if isinstance(expected.value, list) else int(expected.value is not None)
            rows.append(
                Row(
                    place,
                    kind_of(definition),
                    [one.value for one in found],
                    np.array(with_relative(found)) if found else np.zeros((0, size)),
                    np.array([right for right, _ in judged], bool),
                    np.array([ignored for _, ignored in judged], bool),
                    wanted,
                )
            )
    return rows


def _is_supported(case: Case, definition: Definition, one: Candidate) -> bool:
    evidence = [Utterance(said.turn.speaker, said.turn.text) for said in one.hit.passage.evidence]
    verdict = check(definition, one.value, evidence, visit=case.visit, rests_on=one.rests_on)
    return verdict.supported and not verdict.proposed


def _judge(case: Case, definition: Definition, one: Candidate, expected: Expected) -> tuple[bool, bool]:
    day, index = case.visit.day, one.hit.passage.sentence.turn.index
    if definition.type is FieldType.LIST:
        return matched_items([one.value], expected, case.utterances) > 0, False
    if expected.value is None:
        return False, is_accepted(definition, one.value, expected, day)
    right = matches(definition, one.value, expected, day)
    near = min((abs(index - cited) for cited in expected.evidence), default=99) <= 3
    return right and near, right and not near


class Model:
    """Weights of all types: what they share about passages, each type's deviation from it, and its own."""

    def __init__(self) -> None:
        self.width = len(PRIOR_PASSAGE) + len(PRIOR_RELATIVE)
        prior, drawn = [*PRIOR_PASSAGE, *PRIOR_RELATIVE], [STRENGTH] * self.width
        self.own: dict[str, slice] = {}
        self.deviation: dict[str, slice] = {}
        self.empty: dict[str, int] = {}
        for kind in FEATURES:
            for places, values, strength in (
                (self.own, PRIOR[kind], STRENGTH),
                (self.deviation, (0.0,) * self.width, DEVIATION),
            ):
                places[kind] = slice(len(prior), len(prior) + len(values))
                prior += values
                drawn += [strength] * len(values)
            self.empty[kind] = len(prior)
            prior.append(NOT_MENTIONED)
            drawn.append(0.1)
        self.prior, self.drawn = np.array(prior), np.array(drawn)
        self.weights = self.prior.copy()

    def spread(self, row: Row) -> Vector:
        """A line for each candidate, and for "not mentioned" at the end, over the weights of all types."""
        lines = np.zeros((len(row.features) + 1, len(self.prior)))
        shared = len(PRIOR_PASSAGE)
        passage = np.hstack([row.features[:, :shared], row.features[:, -len(PRIOR_RELATIVE) :]])
        lines[:-1, : self.width] = lines[:-1, self.deviation[row.kind]] = passage
        lines[:-1, self.own[row.kind]] = row.features[:, shared : -len(PRIOR_RELATIVE)]
        lines[-1, self.empty[row.kind]] = 1.0
        return lines

    def of_kind(self, kind: str) -> Vector:
        """The weights of one type in the order of a candidate's features."""
        passage = self.weights[: self.width] + self.weights[self.deviation[kind]]
        shared = len(PRIOR_PASSAGE)
        return np.concatenate([passage[:shared], self.weights[self.own[kind]], passage[shared:]])

    def shares(self, row: Row) -> Vector:
        """The probability of each candidate, and of "not mentioned" at the end."""
        scores = np.append(row.features @ self.of_kind(row.kind), self.weights[self.empty[row.kind]])
        return softmax(scores)

    def learn(self, rows: Sequence[Row]) -> None:
        """Fit the weights, drawn to the hand-set ones."""
        rows = [row for row in rows if len(row.features)]
        learned = [(self.spread(row), row.right, row.ignored) for row in rows]
        self.weights = fit(self.weights, learned, drawn=self.drawn, prior=self.prior, steps=STEPS)


def floors_of(rows: Sequence[Row], precise: float) -> tuple[dict[str, float], str]:
    """For each type its floor, so that all types together give the most right values and stay precise; the counts."""
    judged: dict[str, list[Judged]] = defaultdict(list)
    for fold in range(FOLDS):
        model = Model()
        model.learn([row for row in rows if row.case % FOLDS != fold])
        for row in (one for one in rows if one.case % FOLDS == fold and len(one.features)):
            judged[row.kind].append(choose(row.values, model.shares(row), row.right, row.ignored))
    floors = joint_floors(judged, percents=range(LOWEST, 99), precise=precise)
    counts = {kind: counts_of(found, floors[kind]) for kind, found in judged.items()}
    wanted = sum(row.wanted for row in rows)
    right, wrong = (sum(one[at] for one in counts.values()) for at in (0, 1))
    return floors, f"{right} right, {wrong} wrong of {wanted}; by type {counts}"


def write(models: Mapping[str, tuple[Model, Mapping[str, float]]]) -> None:
    lines = [
        '"""Generated by `scripts/insight_weights.py`; do not edit."""',
        "",
        "from __future__ import annotations",
        "",
        "from dataclasses import dataclass",
        "from typing import Final",
        "",
        "",
        "@dataclass(frozen=True, slots=True)",
        "class Model:",
        '    """The weights of one type, in the order of its features."""',
        "",
        "    weights: tuple[float, ...]",
        "    not_mentioned: float",
        "    floor: float",
        '    """The probability below which nothing is given."""',
        "",
        "",
    ]
    for name, (model, floors) in models.items():
        lines.append(f"{name}: Final = {{")
        for kind in FEATURES:
            own = ", ".join(f"{one:.3f}" for one in model.of_kind(kind))
            lines.append(f'    "{kind}": Model(({own}), {model.weights[model.empty[kind]]:.3f}, {floors[kind]:.2f}),')
        lines.append("}")
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model_folder", type=Path)
    parser.add_argument("books", type=Path, nargs="+")
    options = parser.parse_args()
    book = [case for folder in options.books for case in read_book(folder)]
    scores = unseen_scores(book)
    models: dict[str, tuple[Model, Mapping[str, float]]] = {}
    for name, embedder in (("BY_MEANING", Embedder(options.model_folder)), ("BY_WORDS", None)):
        rows = read_rows(book, embedder, scores)
        floors, note = floors_of(rows, PRECISE[name])
        print(f"{name}: {note}")
        model = Model()
        model.learn(rows)
        models[name] = model, {kind: floors.get(kind, CAUTIOUS) for kind in FEATURES}
    write(models)


if __name__ == "__main__":
    main()
