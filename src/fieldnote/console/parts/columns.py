"""Columns of a period: how many are in a state of each tone. Places in percent, heights in pixels. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldnote.bridge.status.funnel import Funnel
from fieldnote.console.state_words import tone

HEIGHT: Final = 120
"""Pixels."""
TONES: Final[Mapping[str, str]] = {
    "good": "written",
    "move": "in progress",
    "warn": "needs a person",
    "bad": "missing or refused",
    "calm": "needs nothing",
}
"""The tones of a column from below, and their meaning."""


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
    """The expected ones by the tones of their states, which are those of the words beside each state."""
    tones: Counter[str] = Counter({"good": funnel.steps[-1].number})
    for step in funnel.steps:
        for state, number in step.left:
            tones[tone(state)] += number
    return [(name, tones[name]) for name in TONES]


def columns(funnels: Sequence[Funnel]) -> tuple[Column, ...]:
    """A column for each, as high as its appointments."""
    most = max((one.expected for one in funnels), default=0) or 1
    step = 100 / max(len(funnels), 1)
    made = []
    for place, one in enumerate(funnels):
        parts, bottom = [], float(HEIGHT)
        for name, number in split(one):
            size = HEIGHT * number / most
            bottom -= size
            parts.append(Part(name, number, round(bottom, 2), round(size, 2)))
        made.append(Column(round(place * step + step * 0.12, 3), round(step * 0.76, 3), tuple(parts)))
    return tuple(made)


def bar(funnel: Funnel) -> tuple[Part, ...]:
    """One bar over the whole width, in percent."""
    whole, left, parts = funnel.expected or 1, 0.0, []
    for name, number in split(funnel):
        size = 100 * number / whole
        parts.append(Part(name, number, round(left, 2), round(size, 2)))
        left += size
    return tuple(parts)
