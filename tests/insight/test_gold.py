"""Whole conversations: what a person would write down is found, and nothing else.

`dev` was used to write the rules. `held_out` and `fresh` were measured before they were looked at, and then became
part of the rules' tests like the others.
"""

from __future__ import annotations

import pytest

from tests.insight.gold import Gold, gold

ALL = [
    pytest.param(case, id=f"{folder}/{case.name}") for folder in ("dev", "fresh", "held_out") for case in gold(folder)
]


@pytest.mark.parametrize("case", ALL)
def test_the_answers_of_a_person_are_found_and_no_others(case: Gold) -> None:
    assert case.misses() == {}


def test_there_are_conversations_with_nothing_to_find() -> None:
    assert (
        sum(set(case.answers.values()) == {"none"} for folder in ("dev", "held_out", "fresh") for case in gold(folder))
        >= 3
    )
