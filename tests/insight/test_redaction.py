"""Redaction: secrets go, in whatever way they are said; prices, measures, addresses and phones stay."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldnote.insight.redaction.redact import RedactionSettings, Secret, redact
from fieldnote.insight.utterances import Utterance
from tests.insight.redaction_cases import Case, other, secret


def _said(*lines: str) -> list[Utterance]:
    return [Utterance("A" if place % 2 else "B", line, float(place), place + 0.5) for place, line in enumerate(lines)]


def _left(case: Case, text: str) -> bool:
    """Whether any secret word is still readable."""
    return any(word in text for word in case.words)


def test_nearly_all_of_500_spoken_secrets_go() -> None:
    chance = random.Random(20)
    cases = [secret(chance) for _ in range(500)]
    missed = [
        case for case in cases if _left(case, "\n".join(one.text for one in redact(_said(*case.lines)).utterances))
    ]
    assert len(missed) <= 5, Counter(case.kind for case in missed).most_common(3) + [case.lines for case in missed[:5]]


def test_nearly_all_of_2000_other_numbers_stay() -> None:
    chance = random.Random(21)
    cases = [other(chance) for _ in range(2000)]
    lost = [case for case in cases if redact(_said(*case.lines)).counts]
    assert len(lost) <= 40, Counter(case.kind for case in lost).most_common(5) + [case.lines for case in lost[:5]]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["My card is 4111 1111 1111 1111."], ["My card is [card]."]),
        (["4111111111111111"], ["[card]"]),
        (["Social is 123-45-6789, okay?"], ["Social is [social security number], okay?"]),
        (["The gate code is 4471, come in."], ["The gate code is [code], come in."]),
        (["The budget is 18,000 for 2,100 square feet."], ["The budget is 18,000 for 2,100 square feet."]),
        (["Call me at 555-123-4567."], ["Call me at 555-123-4567."]),
    ],
)
def test_the_mark_replaces_the_secret_alone(lines: list[str], wanted: list[str]) -> None:
    assert [one.text for one in redact(_said(*lines)).utterances] == wanted


def test_names_streets_and_phones_go_where_they_are_asked_for() -> None:
    lines = _said("Hi, Ruth Thackeray at 12 Maple Street?", "Ruth, yes.", "Call me at 555-123-4567.")
    found = redact(lines, RedactionSettings(("Ruth Thackeray",), ("12 Maple Street",), phones=True))
    assert [one.text for one in found.utterances[:2]] == ["Hi, [name] at [street]?", "[name], yes."]
    assert redact(lines).counts == {}
    assert found.places[:2] == (0, 1)


def test_times_and_speakers_stay() -> None:
    lines = _said("The alarm code is nine nine one two.")
    [one] = redact(lines).utterances
    assert (one.speaker, one.start, one.end) == ("B", 0.0, 0.5)
    assert redact(lines).counts == {Secret.CODE: 1}


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_can_be_redacted_and_once_is_enough(lines: list[str]) -> None:
    once = redact(_said(*lines))
    assert len(once.utterances) == len(lines)
    assert all(line == one.text for line, one in zip(lines, once.utterances, strict=True) if not once.counts)


def test_hostile_lengths_are_read_in_one_pass() -> None:
    for text in (
        "one " * 40_000,
        "4" * 100_000,
        "password is " * 9_000,
        "my card is five " * 6_000,
        "january " * 9_000,
    ):
        assert len(redact(_said(text)).utterances) == 1
