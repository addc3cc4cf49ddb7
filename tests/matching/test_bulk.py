"""A history matched by groups, on several cores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fieldnote.matching import Group, Outcome, match, match_in_bulk
from tests.matching.test_match import HOUSE, appointment, recording

DAYS = range(12)


def read_day(day: int) -> Group:
    """Two visits of a day; on every third one a person decided about the second."""
    shift = day * 24 * 60
    visits = [appointment("a", shift, shift + 60, place=HOUSE), appointment("b", shift + 90, shift + 150)]
    made = [recording("r1", shift + 2, place=HOUSE), recording("r2", shift + 95)]
    return Group(made, visits, fixed={} if day % 3 else {"r2": None})


def read_nothing(day: int) -> Group:
    raise FileNotFoundError(f"day {day}")


@pytest.mark.parametrize("workers", [1, 2])
def test_every_group_is_answered_in_order_as_match_answers_it(workers: int) -> None:
    answered = list(match_in_bulk(DAYS, read_day, workers=workers))
    assert [day for day, _ in answered] == list(DAYS)
    for day, answers in answered:
        group = read_day(day)
        decisions = match(group.conversations, group.appointments, fixed=group.fixed)
        assert [(a.conversation_id, a.outcome, a.score) for a in answers] == [
            (d.conversation_id, d.outcome, d.score) for d in decisions
        ]
        assert answers[0].appointment_id == "a"
        assert answers[1].outcome is (Outcome.LINKED if day % 3 else Outcome.NONE)


def test_groups_are_read_only_as_their_turn_comes() -> None:
    asked: list[int] = []

    def keys() -> Iterator[int]:
        for day in range(1000):
            asked.append(day)
            yield day

    answers = match_in_bulk(keys(), read_day, workers=1)
    next(answers)
    assert asked == [0]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_group_that_cannot_be_read_is_an_error_of_its_turn(workers: int) -> None:
    with pytest.raises(FileNotFoundError, match="day 0"):
        list(match_in_bulk(DAYS, read_nothing, workers=workers))
