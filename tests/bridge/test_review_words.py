"""The words that a reviewer reads: why a value waits, and each quote behind it."""

from __future__ import annotations

import pytest

from fieldnote.bridge.pull.three_way_merge import why_asked
from fieldnote.bridge.pull.user_token import quote
from fieldnote.bridge.review.queue import find_passages
from fieldnote.bridge.transcript_lines import times_of
from fieldnote.config import Policy
from fieldnote.crm.types import FrozenValue
from fieldnote.insight.evidence import Spoken, Utterance

SAID = [
    "The financing is at eleven point nine.",
    "I don't want to finance at that.",
    "Let me see.",
    "Sure.",
    "Fine.",
    "Well.",
    "The dog's got soft feet, I am worried about nails.",
]
TWO = 'Interest rate: "I don\'t want to finance at that."; Mess: "The dog\'s got soft feet, I am worried about nails."'


@pytest.mark.parametrize("value", [TWO, TWO.split("; "), TWO.replace('"', "\u201c", 1).replace('"', "\u201d", 1)])
def test_each_quote_of_a_value_is_shown(value: FrozenValue) -> None:
    passages = find_passages([{"speaker": "A", "text": text, "start_ms": 0, "end_ms": 0} for text in SAID], value)
    assert [line.text for one in passages for line in one.lines if line.is_quote] == [SAID[1], SAID[6]]
    assert quote(Spoken([Utterance("A", text) for text in SAID]), value) == f"{SAID[1]} … {SAID[6]}"
    assert {line.start_ms for one in passages for line in one.lines} == {None}


def test_a_quote_that_nobody_said_leaves_the_words_around_it() -> None:
    spoken = Spoken([Utterance("A", "We cannot start before the spring.")])
    assert quote(spoken, 'cannot start before the spring: "later, please"') == "We cannot start before the spring."


@pytest.mark.parametrize(("policy", "live", "says"), [
    (Policy.UPDATE, "mine", "a person's value"), (Policy.UPDATE, 0, "a person's value"),
    (Policy.UPDATE, None, "emptied"), (Policy.UPDATE, "  ", "emptied"), (Policy.PROPOSE, "mine", "`propose`"),
    (Policy.PROPOSE, None, "`propose`"), (Policy.APPEND, "lines", "lines"),
])  # fmt: skip
def test_the_reason_is_the_one_that_applies(policy: Policy, live: object, says: str) -> None:
    assert says in why_asked(policy, live)


@pytest.mark.parametrize(("line", "times"), [
    ({"start_ms": 0, "end_ms": 0}, (None, None)), ({"start_ms": 0, "end_ms": 900}, (0, 900)),
    ({"start_ms": 5, "end_ms": 5}, (5, 5)), ({"start_ms": None, "end_ms": None}, (None, None)),
    ({}, (None, None)), ({"start_ms": "1", "end_ms": []}, (None, None)),
])  # fmt: skip
def test_a_line_without_times_shows_none(line: dict[str, object], times: tuple[int | None, int | None]) -> None:
    assert times_of(line) == times
