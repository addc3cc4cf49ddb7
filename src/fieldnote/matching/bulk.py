"""Match a whole history in bounded memory: read, decide and return it by groups, on several cores.

::

    def read(week: int) -> Group:  # runs in a worker process, so it is a function of a module
        return Group(recordings_of(week), appointments_of(week))

    for week, answers in match_in_bulk(range(52), read, workers=2):
        store(week, answers)

A group has to be solved together: a rep's day with some hours around it, or better a team's, since a colleague may
have taken a visit over. Only keys go into the workers and only short answers come out, so memory does not grow with
the history. Learn the rates first (`learn`), from a part of the history.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple, TypeVar

from fieldnote.matching.matcher import brief_match
from fieldnote.matching.rates import USUAL, Rates
from fieldnote.matching.records import Appointment, Conversation, Outcome

Key = TypeVar("Key")
_WAITING = 4
"""Groups that wait for a worker, at most."""


@dataclass(frozen=True, slots=True)
class Group:
    """Recordings and appointments that are solved together."""

    conversations: Sequence[Conversation]
    appointments: Sequence[Appointment]
    fixed: Mapping[str, str | None] = field(default_factory=dict)
    """As in `match`: the decisions of people and deep links."""


class Answer(NamedTuple):
    """A decision without its evidence. `match` gives the evidence for a group."""

    conversation_id: str
    outcome: Outcome
    appointment_id: str | None
    """The link or the proposal, as `outcome` says."""
    score: float


def match_in_bulk(
    keys: Iterable[Key], read: Callable[[Key], Group], *, workers: int = 2, rates: Rates = USUAL
) -> Iterator[tuple[Key, list[Answer]]]:
    """The answers of each group, in the order of the keys.

    `read` and the keys have to be picklable. With one worker nothing leaves this process. An error of `read`
    or `match` is raised here when its group's turn comes.
    """
    if workers < 2:
        yield from ((key, _answers(read, key, rates)) for key in keys)
        return
    rest = iter(keys)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = deque((key, pool.submit(_answers, read, key, rates)) for key in islice(rest, workers * _WAITING))
        try:
            while waiting:
                key, future = waiting.popleft()
                yield key, future.result()
                waiting.extend((key, pool.submit(_answers, read, key, rates)) for key in islice(rest, 1))
        finally:
            _cancel(future for _, future in waiting)


def _cancel(futures: Iterable[Future[list[Answer]]]) -> None:
    for future in futures:
        future.cancel()


def _answers(read: Callable[[Key], Group], key: Key, rates: Rates) -> list[Answer]:
    group = read(key)
    verdicts = brief_match(group.conversations, group.appointments, fixed=group.fixed, rates=rates)
    found = ((one.id, verdicts[one.id]) for one in group.conversations)
    return [Answer(key, verdict.outcome, verdict.appointment_id, verdict.score) for key, verdict in found]
