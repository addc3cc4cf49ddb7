"""Solve all recordings of one rep together.

An appointment happens once. A recording that takes it leaves it to the others only as a further part. So the solver
follows the recordings in time and keeps every sensible history ("which recording took which appointment so far")
with its weight. Forward and backward sums over the histories give each recording the probability of each
appointment, all others considered (the forward-backward algorithm). Visits rarely happen in another order than the
calendar's, so a history also knows how far it has come. It remembers only what a later recording may ask for, so
the histories of a day stay few.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple

from fieldnote.matching import rates as r
from fieldnote.matching.names import Title
from fieldnote.matching.places import distance_m
from fieldnote.matching.records import Place
from fieldnote.matching.scoring import Scorer, Take, part_density

Choice = tuple[str | None, int | None]
"""A recording's choice: an option's key, or None; and the recording that it is a further part after, or None."""
Taken = tuple[tuple[str, int], ...]
"""Appointments that are taken and may be wanted again, each with the recording of it that ends last."""

_NO_APPOINTMENT: Choice = (None, None)
_MISSED = -1
"""Instead of a recording: the appointment was not recorded, and a stray of it shows that."""
_NEVER = float("-inf")
_CLASH = 1e-9
"""Weight of a fixed recording over a free one that overlaps it: not zero, since a fixed one is always kept."""


_LEAST = 1e-6
"""Weight of "none", at least."""
_NEGLIGIBLE = 1e-7
"""Share of a history that is not followed any further."""


class History(NamedTuple):
    """The facts about the recordings so far that matter to those that follow."""

    reached: float = _NEVER
    """Appointed time of the latest appointment that was taken, if a later recording may take an earlier one."""
    taken: Taken = ()
    after_note: bool = False
    """The last recording was a note in the car or a knock before this one, so nothing follows a visit there."""


_START = History()


@dataclass(frozen=True, slots=True)
class Option:
    """One appointment that a recording may take."""

    key: str
    """The appointment, or the one that speaks for several rows of one visit."""
    starts: float
    """Its appointed time, in minutes."""
    first: float
    """Weight against "none", which weighs 1, if it is the appointment's first recording."""
    part: float
    """The same for a further part, without its gap and place."""
    place: float = 1.0
    """Density of the phone's place at this appointment, where the part before has no place."""
    says: Title | None = None
    """The evidence of the recording's title about it; None if nobody asked."""
    is_own: bool = True
    """It is in the rep's own calendar, which visits follow in order."""


@dataclass(frozen=True, slots=True)
class Task:
    """One recording with its options; times in minutes."""

    start: float
    end: float
    options: tuple[Option, ...] = ()
    place: Place | None = None
    fixed: bool = False
    """Exactly its one option counts, or with no option, none."""
    take: Take | None = None
    missed: tuple[tuple[str, float], ...] = ()
    """Shares of the weight of "none" by appointment: strays of visits that were not recorded."""
    before_next: float = 0.0
    """Share of the weight of "none" that is a note in the car, or a knock, before the next recording."""
    after_last: float = 0.0
    """Share of the weight of "none" that follows a visit in the recording before."""

    def says(self, key: str) -> Title | None:
        """The evidence of its title about an appointment."""
        return next((option.says for option in self.options if option.key == key), None)


_Step = tuple[History, History, Choice, float]
"""From a history to the next one, by a choice, with its weight."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """The facts that the recordings after each one may still ask for."""

    last_wanted: dict[str, int]
    """The last recording that may take an appointment."""
    earliest: list[float]
    """For each recording the earliest appointed time among the options of those after it."""


def marginals(choices: Sequence[dict[Choice, float]]) -> list[dict[str | None, float]]:
    """For each recording the probability of each option and of none (None), whichever part it is."""
    results: list[dict[str | None, float]] = []
    for of_one in choices:
        shares: dict[str | None, float] = {None: 0.0}
        for (key, _), share in of_one.items():
            shares[key] = shares.get(key, 0.0) + share
        results.append(shares)
    return results


class Joint:
    """One rep's recordings, in order of start."""

    def __init__(self, tasks: Sequence[Task], scorer: Scorer) -> None:
        self._tasks = tasks
        self._scorer = scorer
        self._ahead = _look_ahead(tasks)
        self._links: dict[tuple[int, int], tuple[float, bool]] = {}

    def choices(self) -> list[dict[Choice, float]]:
        """For each recording the probability of each choice."""
        layers: list[list[_Step]] = []
        forward: list[dict[History, float]] = [{_START: 1.0}]
        for index in range(len(self._tasks)):
            steps = self._steps(index, forward[-1])
            layers.append(steps)
            forward.append(_advance(forward[-1], steps))
        return _backward(layers, forward)

    def _steps(self, index: int, histories: Iterable[History]) -> list[_Step]:
        """Everything that this recording may do after each of the histories."""
        task, steps = self._tasks[index], list[_Step]()
        may_be_none = not (task.fixed and task.options)
        for history in histories:
            reached, taken, _ = history
            if may_be_none:
                self._add_none_steps(steps, index, history)
            latest = dict(taken)
            for option in task.options:
                key = option.key
                previous = latest.get(key)
                weight = 0.0 if previous == _MISSED else self._weight(index, option, reached, previous)
                if weight > 0:
                    so_far = max(reached, option.starts) if option.is_own else reached
                    after = self._remember(so_far, self._took(taken, key, index, previous), index)
                    steps.append((history, after, (key, previous), weight))
        return steps

    def _add_none_steps(self, steps: list[_Step], index: int, history: History) -> None:
        """It belongs to no appointment. As a stray of one that was not recorded, no later recording takes that one."""
        reached, taken, after_note = history
        task = self._tasks[index]
        weight = 1.0 - task.after_last if after_note else 1.0
        for key, share in task.missed:
            at = next((at for one, at in taken if one == key), None)
            if at is not None and at != _MISSED:
                weight -= share
            elif at is None and self._ahead.last_wanted.get(key, -1) > index:
                weight -= share
                after = self._remember(reached, (*taken, (key, _MISSED)), index)
                steps.append((history, after, _NO_APPOINTMENT, share))
        if task.before_next and index + 1 < len(self._tasks) and self._tasks[index + 1].after_last:
            weight -= task.before_next
            note = self._remember(reached, taken, index)._replace(after_note=True)
            steps.append((history, note, _NO_APPOINTMENT, task.before_next))
        steps.append((history, self._remember(reached, taken, index), _NO_APPOINTMENT, max(_LEAST, weight)))

    def _weight(self, index: int, option: Option, reached: float, previous: int | None) -> float:
        task = self._tasks[index]
        if previous is None:
            in_order = task.fixed or option.starts >= reached or not option.is_own
            return option.first if in_order else option.first * self._scorer.rates.swapped
        if task.fixed:
            clash = task.start - self._tasks[previous].end < -r.OVERLAP_TOLERANCE
            return _CLASH if clash and not self._tasks[previous].fixed else 1.0
        density, placed = self._link(previous, index)
        return option.part * density * (1.0 if placed else option.place) * self._titled_again(previous, task, option)

    def _titled_again(self, previous: int, task: Task, option: Option) -> float:
        before = self._tasks[previous].says(option.key)
        if task.take is None or option.says is None or before is None:
            return 1.0
        return self._scorer.again(task.take, option.says, before)[0]

    def _link(self, previous: int, index: int) -> tuple[float, bool]:
        """How likely one recording is a further part after another, and whether that includes its place."""
        found = self._links.get((previous, index))
        if found is None:
            found = self._links[previous, index] = self._fresh_link(self._tasks[previous], self._tasks[index])
        return found

    def _fresh_link(self, previous: Task, task: Task) -> tuple[float, bool]:
        rates, gap = self._scorer.rates, task.start - previous.end
        if gap < -r.OVERLAP_TOLERANCE or gap > r.PART_LIMIT:
            return 0.0, True
        density = part_density(rates, previous.end - previous.start, gap)
        meters = distance_m(task.place, previous.place)
        if meters is None:
            return density, False
        return density * self._scorer.part_place(meters), True

    def _took(self, taken: Taken, key: str, index: int, previous: int | None) -> Taken:
        """`taken` after this recording took an option: of its recordings the one that ends last is kept."""
        if previous is None:
            return (*taken, (key, index))
        if self._tasks[previous].end > self._tasks[index].end:
            return taken
        return tuple((one, index if one == key else at) for one, at in taken)

    def _remember(self, reached: float, taken: Taken, index: int) -> History:
        """The part of it that later recordings still have to know."""
        if reached <= self._ahead.earliest[index]:
            reached = _NEVER
        if not taken:
            return _START if reached == _NEVER else History(reached)
        last_wanted = self._ahead.last_wanted
        return History(reached, tuple(sorted([item for item in taken if last_wanted[item[0]] > index])))


def _look_ahead(tasks: Sequence[Task]) -> _Ahead:
    last_wanted = {option.key: i for i, task in enumerate(tasks) for option in task.options}
    earliest, least = [], float("inf")
    for task in reversed(tasks):
        earliest.append(least)
        least = min([least, *(option.starts for option in task.options if option.is_own)])
    return _Ahead(last_wanted, earliest[::-1])


def _advance(before: dict[History, float], steps: Sequence[_Step]) -> dict[History, float]:
    """Sum over the steps, scaled to a sum of 1 so that long days do not overflow."""
    if len(steps) == 1:
        return {steps[0][1]: 1.0}
    sums: dict[History, float] = {}
    for came_from, after, _, weight in steps:
        sums[after] = sums.get(after, 0.0) + before[came_from] * weight
    if len(sums) > r.MAX_STATES:
        sums = dict(nlargest(r.MAX_STATES, sums.items(), key=lambda item: (item[1], item[0])))
    total = sum(sums.values())
    least = total * _NEGLIGIBLE
    return {history: weight / total for history, weight in sums.items() if weight >= least}


def _backward(layers: Sequence[Sequence[_Step]], forward: Sequence[dict[History, float]]) -> list[dict[Choice, float]]:
    results: list[dict[Choice, float]] = []
    after = dict.fromkeys(forward[-1], 1.0)
    for steps, before in zip(reversed(layers), reversed(forward[:-1]), strict=True):
        shares: dict[Choice, float] = {}
        sums: dict[History, float] = {}
        for came_from, to, choice, weight in steps:
            ahead = weight * after.get(to, 0.0)
            shares[choice] = shares.get(choice, 0.0) + before[came_from] * ahead
            sums[came_from] = sums.get(came_from, 0.0) + ahead
        total, largest = sum(shares.values()), max(sums.values())
        results.append({choice: share / total for choice, share in shares.items()})
        after = {history: weight / largest for history, weight in sums.items()}
    return results[::-1]
