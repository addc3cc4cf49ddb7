"""The funnel of a period: appointments, recorded, linked, processed, written. Pure.

Appointments of which no recording is expected count apart, and so do those that are not over yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldnote.bridge.status.states import State


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
    """What is left out, by name."""

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
