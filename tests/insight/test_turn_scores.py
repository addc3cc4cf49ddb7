"""Scores of turns: the subject of each, by words alone, whatever the transcript has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.insight.local.turn_scores import Subject, features, turn_scores, turn_weights
from fieldnote.insight.talk.turns import talk_of
from fieldnote.insight.utterances import Utterance
from fieldnote.insight.visit import Visit
from scripts.turn_weights import Turns, learn

SMALL_TALK = ["Did you see the game?", "I did, what a finish.", "My dog barked the whole time.", "Ha, mine too."]
SAID = {
    Subject.TIMELINE: ("When would you want it done?", "Before Thanksgiving, so by the middle of November."),
    Subject.DECISION: ("Who signs, both of you?", "We both decide, my husband and I sign together."),
    Subject.BUDGET: ("What were you hoping to spend?", "We saved twelve thousand, so twelve is what we've got."),
}


@pytest.mark.parametrize("subject", SAID)
def test_an_answer_that_states_a_field_is_likelier_than_small_talk(subject: Subject) -> None:
    lines = [*SMALL_TALK, *SAID[subject], *SMALL_TALK]
    said = [Utterance("Dana" if place % 2 == 0 else "Bob", text) for place, text in enumerate(lines)]
    scores = turn_scores(talk_of(said, Visit(rep_name="Dana")))
    assert scores.odds(subject, 5) > max(scores.odds(subject, place) for place in (0, 1, 2, 7, 8, 9)) + 0.5
    assert scores.near(subject, 7) >= scores.odds(subject, 5)
    assert 0 < scores.likelihood(Subject.ANYTHING, 1) < scores.likelihood(Subject.ANYTHING, 5) < 1


@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_text_has_finite_scores(lines: list[str]) -> None:
    scores = turn_scores(talk_of([Utterance("A", text) for text in lines], Visit()))
    for place in range(-2, len(lines) + 2):
        assert all(-100 < scores.odds(subject, place) < 100 for subject in Subject)
        assert all(0 <= scores.likelihood(subject, place) <= 1 for subject in Subject)


def test_each_word_has_a_weight_for_each_subject() -> None:
    assert {len(row) for row in turn_weights().values()} == {len(Subject)}
    assert len(turn_weights()) > 1000


def test_learning_finds_the_word_that_marks_a_subject() -> None:
    at = list(Subject).index(Subject.TIMELINE)
    turns = []
    for _ in range(40):
        wanted = [[0.0] * len(Subject) for _ in range(3)]
        wanted[1][at] = 1.0
        turns.append(Turns([frozenset({":dog"}), frozenset({":october", ":the"}), frozenset({":the"})], wanted))
    weights = learn(turns)
    assert weights[":october"][at] > 0.3
    assert weights[":dog"][at] < 0
    assert max(map(abs, (weights[":october"][place] for place in range(len(Subject)) if place != at))) < 0.3


@pytest.mark.parametrize("backward", [False, True])
def test_a_score_does_not_depend_on_the_order_of_a_set(backward: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It differs from process to process, and sums of floating-point numbers differ by their order."""
    talk = talk_of([Utterance("A", "We can spend up to eighteen thousand dollars on the roof before May.")], Visit())
    [words] = features(talk)
    expected = [turn_scores(talk).odds(subject, 0) for subject in Subject]
    monkeypatch.setattr("fieldnote.insight.local.turn_scores.features", lambda _: [sorted(words, reverse=backward)])
    assert [turn_scores(talk).odds(subject, 0) for subject in Subject] == expected
