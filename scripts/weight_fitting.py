"""Code of the scripts that learn weights of `fieldnote.insight`: the fit, the choice of a value, its floor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 0.05

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
Judged = tuple[float, bool, bool]
"""A chosen value's probability, whether it is right, and whether it counts for nothing."""


def fit(
    weights: Vector,
    rows: Sequence[tuple[Vector, Flags, Flags]],
    *,
    drawn: Vector,
    prior: Vector | float,
    steps: int,
) -> Vector:
    """The weights by Adam on the likelihood of the right options, from `weights` on, drawn to `prior`.

    `rows`: of each choice the lines of its options, the last one "not mentioned" (shape: options + 1, weights), and
    which options are right and ignored (shape: options). `drawn`: how strongly, for each weight.
    """
    lines = np.vstack([row for row, _, _ in rows])
    sizes = [len(row) for row, _, _ in rows]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    of_row = np.repeat(np.arange(len(rows)), sizes)
    dropped = np.concatenate([np.append(ignored, False) for _, _, ignored in rows])
    right = np.concatenate([np.append(one, not one.any()) for _, one, _ in rows]) & ~dropped
    found = weights.copy()
    first, second = np.zeros_like(found), np.zeros_like(found)
    for step in range(1, steps + 1):
        scores = np.where(dropped, -1e9, lines @ found)
        powers = np.exp(scores - np.maximum.reduceat(scores, starts)[of_row])
        shares = powers / np.add.reduceat(powers, starts)[of_row]
        aim = np.where(right, shares, 0.0)
        aim /= np.maximum(np.add.reduceat(aim, starts), 1e-12)[of_row]
        slope = lines.T @ (shares - aim) + drawn * (found - prior)
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope * slope
        rate = RATE * (1 - step / (steps + 1))
        found -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return found


def softmax(scores: Vector) -> Vector:
    """The probability of each score."""
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def choose(values: Sequence[str], shares: Vector, right: Flags, ignored: Flags) -> Judged:
    """The likeliest value. Options of one value add up, and its likeliest one says whether it is right."""
    by_value: dict[str, float] = defaultdict(float)
    for value, share in zip(values, shares[:-1], strict=True):
        by_value[value] += share
    best_value = max(by_value, key=lambda known: by_value[known])
    places = (place for place, value in enumerate(values) if value == best_value)
    best = max(places, key=lambda place: shares[place])
    return by_value[best_value], bool(right[best]), bool(ignored[best])


def counts_of(found: Sequence[Judged], floor: float) -> tuple[int, int]:
    """The right and the wrong values at or above a floor."""
    given = [(right, ignored) for share, right, ignored in found if share >= floor]
    return sum(right for right, _ in given), sum(not right and not ignored for right, ignored in given)


def joint_floors(found: Mapping[str, Sequence[Judged]], *, percents: Iterable[int], precise: float) -> dict[str, float]:
    """A floor for each kind: all kinds together are precise and give the most right values.

    A kind whose values are surer pays for one whose values are less sure. Half a wrong value is added to each kind
    that gives any, and of equal floors the highest counts, so that few values make no floor look precise.
    """
    tried = sorted((percent / 100 for percent in percents), reverse=True)
    options = {kind: [(floor, *counts_of(judged, floor)) for floor in tried] for kind, judged in found.items()}
    chosen = dict.fromkeys(options, (1.01, 0, 0))

    def worth(kind: str, option: tuple[float, int, int]) -> tuple[int, float]:
        every = [*(one for other, one in chosen.items() if other != kind), option]
        right = sum(one[1] for one in every)
        wrong = sum(one[2] + 0.5 * (one[1] + one[2] > 0) for one in every)
        return (right, -wrong) if right >= precise * (right + wrong) else (-1, 0.0)

    for penalty in (4.0, 3.0, 2.5, 2.0, 1.75, 1.5, 1.25, 1.0):
        known = {
            kind: max(every, key=lambda one: (one[1] - penalty * (one[2] + 0.5 * (one[1] + one[2] > 0)), one[0]))
            for kind, every in options.items()
        }
        right, wrong = (sum(one[at] for one in known.values()) for at in (1, 2))
        if right >= precise * (right + wrong + 0.5 * len(known)):
            chosen = known
    while True:
        before = dict(chosen)
        for kind, every in options.items():
            chosen[kind] = max([chosen[kind], *every], key=lambda one: worth(kind, one))
        if chosen == before:
            return {kind: floor for kind, (floor, _, _) in chosen.items()}


def best_floor(
    found: Sequence[Judged], wanted: int, *, percents: Iterable[int], precise: float, cautious: float, fewest: int = 1
) -> tuple[float, str]:
    """The floor with the best F1 among the precise ones, and its counts; `cautious` where none is precise.

    Half a wrong value is added, so that few values make no floor look precise. `fewest`: right values below it do not.
    """
    best, floor, note = 0.0, cautious, "no floor is precise enough"
    for tried in (percent / 100 for percent in percents):
        given = [(right, ignored) for share, right, ignored in found if share >= tried]
        right = sum(one for one, _ in given)
        wrong = sum(not one and not ignored for one, ignored in given)
        score = 2 * right / max(1, right + wrong + wanted)
        if right >= fewest and right / (right + wrong + 0.5) >= precise and score > best:
            best, floor, note = score, tried, f"{right} right, {wrong} wrong of {wanted}"
    return floor, note
