"""All recordings of one rep solved together.

An appointment happens once: a recording that takes it leaves it to the others only as a further part. So
the recordings are followed in time, with every sensible history ("who took which appointment so far") kept
beside its weight; forward and backward sums over these histories give, for each recording, the probability
of each appointment, all others considered (the forward-backward algorithm). Visits are seldom held in another
order than the calendar's, so a history also knows how far it has come. It remembers either only as long as a later
recording may ask, so the histories of a day stay few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple

from fieldnote.matching import weights as w
from fieldnote.matching.places import place_distance_m
from fieldnote.matching.records import Place
from fieldnote.matching.scoring import gap_density

Taken = tuple[tuple[str, int], ...]
"""Appointments that are taken and may be wanted again, each with the recording of it that ends last."""

_NEVER = float("-inf")
_CLASH = 1e-9
"""Weight of a fixed recording over a free one that overlaps it: not zero, as fixed ones always hold."""


class History(NamedTuple):
    """What of the recordings so far still matters to those that follow."""

    reached: float = _NEVER
    """Appointed time of the latest appointment that was taken, if a later recording may take an earlier one."""
    taken: Taken = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One appointment that a recording may take."""

    appointment_id: str
    starts: float
    """Its appointed time, in minutes."""
    first: float
    """Weight against "none", which weighs 1, if it is the appointment's first recording."""
    part: float
    """The same for a further part, but for the gap."""
    placed: bool = True
    """The phone was near the appointment's address, which has counted already."""


@dataclass(frozen=True, slots=True)
class Task:
    """One recording with its options; times in minutes."""

    start: float
    end: float
    options: tuple[Option, ...] = ()
    place: Place | None = None
    fixed: bool = False
    """Exactly its one option holds, or with no option, none."""


@dataclass(frozen=True, slots=True)
class _Step:
    before: History
    after: History
    choice: str | None
    weight: float


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What the recordings after each one may still ask for."""

    last_wanted: dict[str, int]
    """The last recording that may take an appointment."""
    earliest: list[float]
    """For each recording the earliest appointed time among the options of those after it."""


def marginals(tasks: Sequence[Task]) -> list[dict[str | None, float]]:
    """For each task the probability of each option and of none (None). `tasks` are in order of start."""
    ahead = _look_ahead(tasks)
    layers: list[list[_Step]] = []
    forward: list[dict[History, float]] = [{History(): 1.0}]
    for index in range(len(tasks)):
        steps = [step for history in forward[-1] for step in _steps(tasks, index, history, ahead)]
        layers.append(steps)
        forward.append(_advance(forward[-1], steps))
    return _backward(layers, forward)


def _look_ahead(tasks: Sequence[Task]) -> _Ahead:
    last_wanted = {option.appointment_id: i for i, task in enumerate(tasks) for option in task.options}
    earliest, least = [], float("inf")
    for task in reversed(tasks):
        earliest.append(least)
        least = min([least, *(option.starts for option in task.options)])
    return _Ahead(last_wanted, earliest[::-1])


def _steps(tasks: Sequence[Task], index: int, history: History, ahead: _Ahead) -> Iterator[_Step]:
    """Everything that this recording may do after that history."""
    task, taken = tasks[index], dict(history.taken)
    if not (task.fixed and task.options):
        yield _Step(history, _remember(history.reached, taken, index, ahead), None, 1.0)
    for option in task.options:
        weight = _weight(tasks, task, option, history.reached, taken.get(option.appointment_id))
        if weight > 0:
            reached, now = max(history.reached, option.starts), _took(tasks, taken, option, index)
            yield _Step(history, _remember(reached, now, index, ahead), option.appointment_id, weight)


def _weight(tasks: Sequence[Task], task: Task, option: Option, reached: float, previous: int | None) -> float:
    if previous is None:
        return option.first if task.fixed or option.starts >= reached else option.first * w.SWAPPED
    gap = task.start - tasks[previous].end
    clash = gap < -w.OVERLAP_TOLERANCE
    if task.fixed:
        return _CLASH if clash and not tasks[previous].fixed else 1.0
    return 0.0 if clash else option.part * gap_density(gap) * _same_place_ratio(task, tasks[previous], option)


def _same_place_ratio(task: Task, previous: Task, option: Option) -> float:
    """Parts of a visit are recorded at one place, also where the CRM does not know it."""
    metres = place_distance_m(task.place, previous.place)
    if metres is None:
        return 1.0
    if metres > w.PART_REACH:
        return w.PART_ELSEWHERE
    return 1.0 if option.placed else w.PART_AT_PLACE


def _took(tasks: Sequence[Task], taken: dict[str, int], option: Option, index: int) -> dict[str, int]:
    """`taken` after this recording took its option."""
    previous = taken.get(option.appointment_id, index)
    return taken | {option.appointment_id: max(previous, index, key=lambda i: (tasks[i].end, i))}


def _remember(reached: float, taken: dict[str, int], index: int, ahead: _Ahead) -> History:
    """What of it later recordings still have to know."""
    wanted = tuple(sorted(item for item in taken.items() if ahead.last_wanted[item[0]] > index))
    return History(reached if reached > ahead.earliest[index] else _NEVER, wanted)


def _advance(before: dict[History, float], steps: Sequence[_Step]) -> dict[History, float]:
    """Sum over the steps, scaled to a sum of 1 so that long days do not overflow."""
    sums: dict[History, float] = {}
    for step in steps:
        sums[step.after] = sums.get(step.after, 0.0) + before[step.before] * step.weight
    if len(sums) > w.MAX_STATES:
        sums = dict(nlargest(w.MAX_STATES, sums.items(), key=lambda item: (item[1], item[0])))
    total = sum(sums.values())
    return {history: weight / total for history, weight in sums.items()}


def _backward(
    layers: Sequence[Sequence[_Step]], forward: Sequence[dict[History, float]]
) -> list[dict[str | None, float]]:
    results: list[dict[str | None, float]] = []
    after = dict.fromkeys(forward[-1], 1.0)
    for steps, before in zip(reversed(layers), reversed(forward[:-1]), strict=True):
        shares: dict[str | None, float] = {None: 0.0}
        sums: dict[History, float] = {}
        for step in steps:
            ahead = step.weight * after.get(step.after, 0.0)
            shares[step.choice] = shares.get(step.choice, 0.0) + before[step.before] * ahead
            sums[step.before] = sums.get(step.before, 0.0) + ahead
        total, largest = sum(shares.values()), max(sums.values())
        results.append({choice: share / total for choice, share in shares.items()})
        after = {history: weight / largest for history, weight in sums.items()}
    return results[::-1]
