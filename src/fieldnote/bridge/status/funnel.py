"""The funnel of a period: appointments, recorded, linked, processed, written. Pure.

Appointments of which no recording is expected count apart, and so do those that are not over yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Final, TypeVar

from fieldnote.bridge.status.states import State
from fieldnote.bridge.status.visit_counts import Count


class Stage(StrEnum):
    """A step that an appointment has come to."""

    EXPECTED = "expected"
    """It took place, as far as the CRM says."""
    RECORDED = "recorded"
    """A recording belongs to it, or lies near it."""
    LINKED = "linked"
    """The recording is linked to it."""
    PROCESSED = "processed"
    """Siro has given the recording's results."""
    WRITTEN = "written"
    """The CRM has the values."""


APART: Final[Mapping[State, str]] = {
    State.UPCOMING: "not over yet",
    State.IN_PROGRESS: "not over yet",
    State.AWAITING_RECORDING: "not over yet",
    State.CANCELLED: "cancelled",
    State.EXPLAINED: "explained",
    State.REP_IGNORED: "rep does not use Siro",
    State.DROPPED: "not sent, by choice",
}
"""The states that the funnel leaves out, and how each is called."""

REACHED: Final[Mapping[State, Stage]] = {
    State.UNLINKED: Stage.RECORDED,
    State.OWNERSHIP_UNKNOWN: Stage.RECORDED,
    State.OTHER_CONNECTION: Stage.RECORDED,
    State.SHARED_RECORD: Stage.RECORDED,
    State.PROCESSING: Stage.LINKED,
    State.STUCK: Stage.LINKED,
    State.WAITING: Stage.LINKED,
    State.EXTRACTION_FAILED: Stage.LINKED,
    State.REFUSED_BY_CRM: Stage.PROCESSED,
    State.RECORD_MISSING: Stage.PROCESSED,
    State.NEEDS_REVIEW: Stage.PROCESSED,
    State.NOT_WRITTEN: Stage.PROCESSED,
    State.REVERTED: Stage.PROCESSED,
    State.LEFT_UNCHANGED: Stage.PROCESSED,
    State.NOTHING_SAID: Stage.PROCESSED,
    State.PURGED: Stage.PROCESSED,
    State.WRITTEN: Stage.WRITTEN,
}
"""The last stage of each state; every other one that is not apart is only expected."""

_ORDER: Final = tuple(Stage)
_K = TypeVar("_K")


@dataclass(frozen=True, slots=True)
class Step:
    """A stage, how many came to it, and where those are that came no further."""

    stage: Stage
    number: int
    share: float | None
    """Of the expected ones; None without any."""
    left: tuple[tuple[State, int], ...]
    """Those that came no further, by state, the most first."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """A period's funnel."""

    steps: tuple[Step, ...]
    apart: tuple[tuple[str, int], ...]
    """The records that are left out, by name."""

    @property
    def expected(self) -> int:
        """The appointments that it is about."""
        return self.steps[0].number

    def share(self, stage: Stage) -> float | None:
        """The part of the expected ones that came to this stage."""
        return self.steps[_ORDER.index(stage)].share


def stage_of(state: State) -> Stage | None:
    """The last stage of a state; None for one that counts apart."""
    return None if state in APART else REACHED.get(state, Stage.EXPECTED)


@cache
def states_from(stage: Stage) -> tuple[State, ...]:
    """The states that came to this stage or further."""
    least = _ORDER.index(stage)
    return tuple(s for s in State if (reached := stage_of(s)) is not None and _ORDER.index(reached) >= least)


def funnel(counts: Iterable[tuple[State, int]]) -> Funnel:
    """The funnel of these numbers."""
    by_state: Counter[State] = Counter()
    for state, number in counts:
        by_state[state] += number
    apart: Counter[str] = Counter()
    for state, number in by_state.items():
        if state in APART:
            apart[APART[state]] += number
    expected = sum(number for state, number in by_state.items() if state not in APART)
    return Funnel(tuple(_step(stage, by_state, expected) for stage in _ORDER), tuple(apart.most_common()))


def _step(stage: Stage, by_state: Mapping[State, int], expected: int) -> Step:
    number = sum(by_state.get(state, 0) for state in states_from(stage))
    here = [(state, count) for state, count in by_state.items() if count and stage_of(state) is stage]
    left = () if stage is Stage.WRITTEN else tuple(sorted(here, key=lambda item: (-item[1], item[0])))
    return Step(stage, number, number / expected if expected else None, left)


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a week, and its funnel."""

    first: date
    last: date
    funnel: Funnel


@dataclass(frozen=True, slots=True)
class OfRep:
    """A rep, and their funnel."""

    rep_id: str | None
    rep: str | None
    funnel: Funnel


def by_day(counts: Iterable[Count], first: date, last: date) -> list[Period]:
    """A funnel for each day, also for days without appointments."""
    found = _grouped((item.day, item) for item in counts)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [Period(day, day, funnel(found.get(day, ()))) for day in days]


def by_week(counts: Iterable[Count], first: date, last: date) -> list[Period]:
    """A funnel for each week, which begins on Monday; the first and the last may be cut by the period."""
    found = _grouped((_monday(item.day), item) for item in counts)
    mondays = [_monday(first) + timedelta(days=7 * n) for n in range((_monday(last) - _monday(first)).days // 7 + 1)]
    return [
        Period(max(monday, first), min(monday + timedelta(days=6), last), funnel(found.get(monday, ())))
        for monday in mondays
    ]


def by_rep(counts: Iterable[Count]) -> list[OfRep]:
    """A funnel for each rep, those with the most appointments that are not recorded first."""
    counts = list(counts)
    names = {item.rep_id: item.rep for item in counts}
    found = _grouped((item.rep_id, item) for item in counts)
    reps = [OfRep(rep_id, names[rep_id], funnel(some)) for rep_id, some in found.items()]
    return sorted(reps, key=lambda one: (one.funnel.steps[1].number - one.funnel.expected, (one.rep or "").casefold()))


def _grouped(items: Iterable[tuple[_K, Count]]) -> dict[_K, list[tuple[State, int]]]:
    found: dict[_K, list[tuple[State, int]]] = {}
    for key, item in items:
        found.setdefault(key, []).append((item.state, item.number))
    return found


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
