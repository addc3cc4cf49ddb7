"""Learn the weights of the default fields: `uv run python -m scripts.default_weights SEEN FRESH ...`.

Writes `local/default_weights.py`. The readers' patterns were written on the talks of the first folder, so only the
others set the floors: by cross-validation, the lowest at which a field's values are precise enough. The short
conversations of `tests/insight/data` and of the demo are learned from too.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fieldnote.demo.conversations import load
from fieldnote.insight import read_transcript
from fieldnote.insight.check import check
from fieldnote.insight.definitions import DEFAULTS, FieldType
from fieldnote.insight.evaluation.book import Case, Expected, read_book
from fieldnote.insight.evaluation.matching import is_accepted, items_of, matched_items, matches
from fieldnote.insight.local.budget import budget_options
from fieldnote.insight.local.decision import decision_options
from fieldnote.insight.local.objections import objection_options
from fieldnote.insight.local.options import LEAST_ODDS, Option
from fieldnote.insight.local.timeline import timeline_options
from fieldnote.insight.local.turn_scores import TurnScores, turn_scores
from fieldnote.insight.talk.turns import Talk, talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit
from scripts.turn_weights import unseen_scores
from scripts.weight_fitting import Judged, Vector, best_floor, choose, fit, softmax
from tests.insight.gold import fits, gold

OUT: Final = Path(__file__).parents[1] / "src/fieldnote/insight/local/default_weights.py"
READERS: Final[Mapping[str, Callable[[Talk, TurnScores], list[Option]]]] = {
    "Budget": budget_options,
    "Timeline": timeline_options,
    "Decision Maker": decision_options,
    "Objections": lambda talk, _: [option for _, option in objection_options(talk)],
}
REP: Final = "Dana Whitlock"
DEMO_DAY: Final = datetime(2026, 7, 4, 16, tzinfo=UTC)
SHORT: Final = ("dev", "fresh", "held_out")
STRENGTH: Final = 1.5
"""How strongly weights are drawn to zero."""
STEPS: Final = 300
PRECISE: Final = 0.84
MARGIN: Final = 0.15
"""Added to a floor: of talks that nobody looked at, less was right than cross-validation says."""
CAUTIOUS: Final = 0.98
LEAST: Final = 0.65
"""The lowest floor in a short talk."""
FOLDS: Final = 10
FEWEST: Final = 3
"""Conversations that have a feature; one with fewer gets no weight."""
NEAR: Final = 4
"""Utterances between a value and the cited ones; farther away it is right by chance."""


@dataclass(frozen=True)
class Row:
    """Options that exclude each other: all of a conversation, or one item of a list."""

    case: int
    """Below zero for a short conversation."""
    options: Sequence[Option]
    right: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    """Right by chance, or acceptable where nothing is expected."""


def wanted_of(book: Sequence[Case], name: str) -> int:
    """How many values of a field are expected."""
    expected = [case.expected[name] for case in book if name in case.expected]
    return sum(items_of(one) if isinstance(one.value, list) else int(one.value is not None) for one in expected)


def read_rows(book: Sequence[Case], name: str, scores: Sequence[TurnScores]) -> list[Row]:
    """The rows of one field. `scores` are those of the conversations, by weights that did not see them."""
    rows: list[Row] = []
    for place, case in enumerate(book):
        expected = case.expected.get(name)
        if expected is None:
            continue
        options = READERS[name](talk_of(case.utterances, case.visit), scores[place])
        options = [one for one in options if _is_supported(case, name, one)]
        judged = [_judge(case, name, one, expected) for one in options]
        rows += _split(name, place, options, judged)
    return rows


def read_short(name: str) -> Iterator[Row]:
    """The rows of the short conversations and of the demo's."""
    cases = [one for folder in SHORT for one in gold(folder)]
    for place, case in enumerate(cases):
        talk = talk_of(case.utterances, Visit(case.started_at, rep_name=case.rep))
        options = READERS[name](talk, turn_scores(talk))
        wanted = case.answers[name]
        judged = [(wanted != "none" and _fits(name, wanted, one.value), False) for one in options]
        yield from _split(name, -1 - place, options, judged)
    for place, demo in enumerate(load()):
        said = read_transcript(demo.read(REP), name=demo.file)
        talk = talk_of(said, Visit(DEMO_DAY, rep_name=REP))
        options = READERS[name](talk, turn_scores(talk))
        right = demo.expected_at(DEMO_DAY).get(name, "").split("; " if name == "Objections" else "\n")
        yield from _split(name, -1 - len(cases) - place, options, [(one.value in right, False) for one in options])


def _fits(name: str, wanted: str, value: str) -> bool:
    if name != "Objections":
        return fits(name, wanted, value)
    groups = [[word.strip(" ?") for word in group.split("/")] for group in wanted.split(";")]
    return any(word and word in value.casefold() for group in groups for word in group)


def _split(name: str, place: int, options: Sequence[Option], judged: Sequence[tuple[bool, bool]]) -> Iterator[Row]:
    pairs = list(zip(options, judged, strict=True))
    for group in [[one] for one in pairs] if name == "Objections" else [pairs]:
        right, ignored = [one for _, (one, _) in group], [one for _, (_, one) in group]
        yield Row(place, [one for one, _ in group], np.array(right, bool), np.array(ignored, bool))


def _is_supported(case: Case, name: str, one: Option) -> bool:
    definition = next(known for known in DEFAULTS if known.name == name)
    evidence = [Utterance(said.turn.speaker, said.turn.text) for said in one.evidence]
    return check(definition, one.value, evidence, visit=case.visit).supported


def _judge(case: Case, name: str, one: Option, expected: Expected) -> tuple[bool, bool]:
    definition = next(known for known in DEFAULTS if known.name == name)
    if definition.type is FieldType.LIST:
        return matched_items([one.value], expected, case.utterances) > 0, False
    if expected.value is None:
        return False, is_accepted(definition, one.value, expected, case.visit.day)
    right = matches(definition, one.value, expected, case.visit.day)
    cited = [abs(said.turn.index - index) for said in one.evidence for index in expected.evidence]
    near = name == "Decision Maker" or min(cited, default=0) <= NEAR
    return right and near, right and not near


class Learned:
    """The weights of one field."""

    def __init__(self, rows: Sequence[Row]) -> None:
        seen: dict[str, set[int]] = defaultdict(set)
        for row in rows:
            for one in row.options:
                for name in one.features:
                    seen[name].add(row.case)
        self.names = sorted(name for name, cases in seen.items() if len(cases) >= FEWEST)
        self.at = {name: place for place, name in enumerate(self.names)}
        self.weights = np.zeros(len(self.names) + 1)
        """The last one is "not mentioned"."""
        self._learn([row for row in rows if row.options])

    def lines(self, row: Row) -> Vector:
        """A line for each option, and for "not mentioned" at the end."""
        found = np.zeros((len(row.options) + 1, len(self.weights)))
        for place, one in enumerate(row.options):
            for name, value in one.features.items():
                if name in self.at:
                    found[place, self.at[name]] = value
        found[-1, -1] = 1.0
        return found

    def shares(self, row: Row) -> Vector:
        """The probability of each option, and of "not mentioned" at the end."""
        return softmax(self.lines(row) @ self.weights)

    def _learn(self, rows: Sequence[Row]) -> None:
        drawn = np.full(len(self.weights), STRENGTH)
        drawn[-1] = 0.05
        learned = [(self.lines(row), row.right, row.ignored) for row in rows]
        self.weights = fit(self.weights, learned, drawn=drawn, prior=0.0, steps=STEPS)


def judge_unseen(rows: Sequence[Row], known: Sequence[Row]) -> list[Judged]:
    """Of each row the likeliest value's probability, and whether it is right, by a model that did not see the talk."""
    found: list[Judged] = []
    for fold in range(FOLDS):
        model = Learned([*(row for row in rows if row.case % FOLDS != fold), *known])
        found += [_decide(row, model.shares(row)) for row in rows if row.case % FOLDS == fold and row.options]
    return found


def _decide(row: Row, shares: Vector) -> Judged:
    values = [one.value for one in row.options]
    share, right, ignored = choose(values, shares, row.right, row.ignored)
    value = max(set(values), key=lambda known: sum(shares[at] for at, one in enumerate(values) if one == known))
    odds = max(one.odds for one in row.options if one.value == value)
    return (share if odds >= LEAST_ODDS else 0.0), right, ignored


def floor_of(found: Sequence[Judged], wanted: int) -> tuple[float, str]:
    """The floor with the best F1 among the precise ones, and its counts."""
    return best_floor(found, wanted, percents=range(40, 99), precise=PRECISE, cautious=CAUTIOUS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("books", type=Path, nargs="+")
    books = [read_book(folder) for folder in parser.parse_args().books]
    book, seen = [case for one in books for case in one], len(books[0])
    scores = unseen_scores(book)
    text = OUT.read_text(encoding="utf-8").partition("MODELS: Final")[0] + "MODELS: Final = {\n"
    for name in READERS:
        rows = read_rows(book, name, scores)
        old, fresh, short = (
            [one for one in rows if one.case < seen],
            [one for one in rows if one.case >= seen],
            list(read_short(name)),
        )
        floor, note = floor_of(judge_unseen(fresh, [*old, *short]), wanted_of(book[seen:], name))
        floor = min(CAUTIOUS, floor + MARGIN)
        short_floor, short_note = floor_of(judge_unseen(short, rows), sum(bool(row.right.any()) for row in short))
        print(f"{name}: floor {floor:.2f}, {note}; in a short talk {short_floor:.2f}, {short_note}")
        model = Learned([*rows, *short])
        weights = ", ".join(
            f'"{feature}": {weight:.3f}' for feature, weight in zip(model.names, model.weights[:-1], strict=True)
        )
        given = f"{floor:.2f}, {max(short_floor, LEAST):.2f}"
        text += f'    "{name}": Model({{{weights}}}, {model.weights[-1]:.3f}, {given}),\n'
    OUT.write_text(text + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
