"""The words behind a value are found, also where people say numbers as words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.insight.evidence import Spoken, Utterance, find_quote

SAID = [
    Utterance("Dana", "Are we still at twenty-four to twenty-eight?"),
    Utterance("Dale", "No, we can go up to thirty thousand."),
    Utterance("Dana", "Thirty thousand, got it. How many kids are there?"),
    Utterance("Dale", "Three, and two seventy-five a month would be fine too."),
    Utterance("Dana", "We could be done within three weeks, in 2027."),
    Utterance("Dale", "We're both here. We decide together."),
    Utterance("Dale", "The other one wanted 12,500 dollars."),
]


@pytest.mark.parametrize(
    ("value", "index"),
    [
        ("Up to $30,000", 1), ("$30,000", 1), ("30000", 1), ("$24,000 - $28,000", 0), ("$275 per month", 3),
        ("Within 3 weeks", 4), ("Both decide together: Dale and Ruth", 5), ("12500", 6), ("$12,500.00", 6),
        ("decide together", 5), ("$31,000", None), ("3", None), ("Within 9 weeks", None), ("", None), (":", None),
        ("$", None), ("30 windows", None), ("x" * 3000, None),
    ],
)  # fmt: skip
def test_the_utterance_that_says_a_value(value: str, index: int | None) -> None:
    found = find_quote(SAID, value)
    assert (None if found is None else found.index) == index


@given(st.lists(st.text(max_size=60), max_size=8), st.text(max_size=60))
def test_any_text_is_looked_for_in_any_talk(said: list[str], value: str) -> None:
    spoken = Spoken([Utterance("", one) for one in said])
    first, second = spoken.find(value), spoken.find(value)
    assert first == second
    assert first is None or said[first.index] == first.text
