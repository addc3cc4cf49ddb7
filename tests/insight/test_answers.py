"""Answers of a conversation to a question that an organization asks of each."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fieldnote.insight import Utterance, answers, extract
from fieldnote.insight.summary.answers import NOTHING

TALK = (
    Utterance("John", "What do you think about the warranty? Does the color matter to you?", 0.0, 4.0),
    Utterance("Mary", "We care about the warranty, the last roof had none. Sure.", 4.0, 8.0),
    Utterance("Mary", "And the color should match the garage doors. Our budget is forty thousand dollars.", 8.0, 12.0),
)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("What did the customer say about warranties?", '"We care about the warranty, the last roof had none."'),
        ("Which COLORS do they like?", '"And the color should match the garage doors."'),
        ("Who else gave quotes?", NOTHING),
        ("Summarize what the customer said.", NOTHING),
        ("", NOTHING),
    ],
)
def test_an_answer_is_what_a_customer_said_of_it(prompt: str, said: str) -> None:
    assert answers([prompt], TALK, (), rep_name="John") == [said]


def test_what_was_drawn_comes_first_where_the_prompt_asks_for_it() -> None:
    found = extract(TALK, rep_name="John", started_at=datetime(2026, 2, 15, tzinfo=UTC))
    told, dogs = answers(["What can they spend?", "Which dogs?"], TALK, found, rep_name="John")  # words: said
    assert told.startswith("Budget: $40,000.")  # words: said
    assert "Budget: " not in dogs


def test_what_only_the_rep_said_is_told_as_the_reps() -> None:  # words: said
    talk = (*TALK, Utterance("John", "We promise to clean up the yard every evening.", 12.0, 16.0))
    told = answers(["What was promised about cleaning?"], talk, (), rep_name="John")  # words: said
    assert told == ['The rep: "We promise to clean up the yard every evening."']  # words: said
