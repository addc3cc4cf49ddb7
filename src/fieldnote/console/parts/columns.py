"""Columns of a period: how many were written, recorded, or not recorded. Places in percent, heights in pixels. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fieldnote.bridge.status.funnel import Funnel, Stage

HEIGHT: Final = 120
"""Pixels."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a column or bar."""

    tone: str
    number: int
    start: float
    size: float


@dataclass(frozen=True, slots=True)
class Column:
    """A day or a week."""

    x: float
    width: float
    parts: tuple[Part, ...]


def split(funnel: Funnel) -> list[tuple[str, int]]:
    """The expected ones in three tones: written, recorded but not written, not recorded."""
    recorded = funnel.steps[tuple(Stage).index(Stage.RECORDED)].number
    written = funnel.steps[tuple(Stage).index(Stage.WRITTEN)].number
    return [("good", written), ("move", recorded - written), ("bad", funnel.expected - recorded)]


def columns(funnels: Sequence[Funnel]) -> tuple[Column, ...]:
    """A column for each, as high as its appointments."""
    most = max((one.expected for one in funnels), default=0) or 1
    step = 100 / max(len(funnels), 1)
    made = []
    for place, one in enumerate(funnels):
        parts, bottom = [], float(HEIGHT)
        for tone, number in split(one):
            size = HEIGHT * number / most
            bottom -= size
            parts.append(Part(tone, number, round(bottom, 2), round(size, 2)))
        made.append(Column(round(place * step + step * 0.12, 3), round(step * 0.76, 3), tuple(parts)))
    return tuple(made)


def bar(funnel: Funnel) -> tuple[Part, ...]:
    """One bar over the whole width, in percent."""
    whole, left, parts = funnel.expected or 1, 0.0, []
    for tone, number in split(funnel):
        size = 100 * number / whole
        parts.append(Part(tone, number, round(left, 2), round(size, 2)))
        left += size
    return tuple(parts)
