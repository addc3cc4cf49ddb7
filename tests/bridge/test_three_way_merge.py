"""Whether a field may be written: each case in a sentence, and what must hold for all of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.bridge.pull.three_way_merge import Intent, KnownField, Value, Verdict, about, decide, settle, take_back
from fieldnote.config import Policy

WRITING = [Policy.FILL, Policy.UPDATE]


def same(left: Any, right: Any) -> bool:
    if isinstance(left, Decimal | int | float) and right is not None:
        return Decimal(str(left)) == Decimal(str(right))
    return bool(left == right)


def wrote(base: Any, wanted: Any, original: Any = None) -> KnownField:
    return KnownField(original=Value(original), base=Value(base), wanted=Value(wanted))


@pytest.mark.parametrize("policy", WRITING)
@pytest.mark.parametrize("live", [None, "", "  "])
def test_an_empty_field_is_filled(policy: Policy, live: object) -> None:
    assert decide(policy, KnownField(), live, "new", same).verdict is Verdict.WRITE


@pytest.mark.parametrize(("policy", "verdict"), [(Policy.FILL, Verdict.KEEP), (Policy.UPDATE, Verdict.PROPOSE)])
def test_a_persons_value_is_left_alone(policy: Policy, verdict: Verdict) -> None:
    assert decide(policy, KnownField(), "typed", "new", same).verdict is verdict


@pytest.mark.parametrize(("policy", "verdict"), [(Policy.FILL, Verdict.KEEP), (Policy.UPDATE, Verdict.PROPOSE)])
def test_our_value_that_a_person_changed_is_theirs(policy: Policy, verdict: Verdict) -> None:
    assert decide(policy, wrote("old", "old"), "typed", "new", same).verdict is verdict


@pytest.mark.parametrize(("policy", "verdict"), [(Policy.FILL, Verdict.KEEP), (Policy.UPDATE, Verdict.PROPOSE)])
def test_our_value_that_a_person_emptied_stays_empty(policy: Policy, verdict: Verdict) -> None:
    assert decide(policy, wrote("old", "old"), None, "new", same).verdict is verdict


@pytest.mark.parametrize("policy", WRITING)
def test_our_own_value_is_kept_current(policy: Policy) -> None:
    assert decide(policy, wrote("old", "old"), "old", "new", same).verdict is Verdict.WRITE


@pytest.mark.parametrize("policy", [*WRITING, Policy.OVERWRITE])
def test_a_crm_that_rounds_is_not_written_again(policy: Policy) -> None:
    known_field = wrote(45000, "45000.4")
    assert decide(policy, known_field, Decimal("45000.00"), "45000.4", same).verdict is Verdict.HOLDS


def test_overwrite_writes_over_a_person() -> None:
    assert decide(Policy.OVERWRITE, wrote("old", "old"), "typed", "new", same).verdict is Verdict.WRITE


def test_propose_never_writes() -> None:
    assert decide(Policy.PROPOSE, KnownField(), None, "new", same).verdict is Verdict.PROPOSE
    assert decide(Policy.PROPOSE, KnownField(), "new", "new", same).verdict is Verdict.HOLDS


def test_append_goes_beside_a_persons_text_and_grows_in_place() -> None:
    first = decide(Policy.APPEND, KnownField(), "hers", "a", same)
    assert first.value == "hers\na"
    edited = "hers\na\nand more of hers"
    second = decide(Policy.APPEND, wrote("hers\na", "a"), edited, "a\nb", same)
    assert second.value == "hers\na\nb\nand more of hers"
    third = decide(Policy.APPEND, wrote(second.value, "a\nb"), second.value, "a\nb", same)
    assert third.verdict is Verdict.HOLDS


def test_append_shrinks_when_a_recording_moves_away() -> None:
    assert decide(Policy.APPEND, wrote("a\nb", "a\nb"), "a\nb", "b", same).value == "b"
    gone = take_back(Policy.APPEND, wrote("hers\na", "a"), "hers\na", same)
    assert (gone.verdict, gone.value) == (Verdict.WRITE, "hers")


def test_append_does_not_write_into_our_lines_that_a_person_edited() -> None:
    assert decide(Policy.APPEND, wrote("a", "a"), "A!", "a\nb", same).verdict is Verdict.PROPOSE


def intent(value: Any, before: Any = None) -> KnownField:
    return KnownField(intent=Intent(value, value, before, "rec", "Budget"))


def test_a_write_that_was_done_before_the_kill_is_ours() -> None:
    known_field, done = settle(intent("50000"), 50000, same)
    assert done
    assert decide(Policy.FILL, known_field, 50000, "60000", same).verdict is Verdict.WRITE


def test_a_write_that_was_done_and_rounded_before_the_kill_is_ours() -> None:
    known_field, done = settle(intent("45000.4"), 45000, same)
    assert done
    assert known_field.base == Value(45000)


def test_a_write_that_was_not_done_leaves_things_as_they_were() -> None:
    known_field, done = settle(intent("new"), None, same)
    assert (known_field, done) == (KnownField(), False)


def test_a_persons_value_after_the_kill_is_a_persons() -> None:
    known_field, done = settle(intent("new"), "typed", same)
    assert not done
    assert decide(Policy.FILL, known_field, "typed", "new", same).verdict is Verdict.KEEP


@pytest.mark.parametrize(
    ("live", "value"),
    [
        ("SUMMER", "summer"),
        ("a b", " a  b "),
        ("long te", "long text"),
        (45000, "45000.4"),
        (12.35, "12.346"),
    ],
)
def test_what_crms_do_to_values_is_recognized(live: object, value: object) -> None:
    assert about(live, value)


@pytest.mark.parametrize(("live", "value"), [("", "x"), (None, "x"), ("other", "x"), (45010, 45000), (46000, 45000)])
def test_another_value_is_another_value(live: object, value: object) -> None:
    assert not about(live, value)


def test_what_came_from_a_recording_that_moved_is_taken_back_if_untouched() -> None:
    back = take_back(Policy.FILL, wrote("ours", "ours", original="before"), "ours", same)
    assert (back.verdict, back.value, back.taken_back) == (Verdict.WRITE, "before", True)
    assert take_back(Policy.FILL, wrote("ours", "ours"), "typed", same).verdict is Verdict.KEEP


values = st.one_of(st.none(), st.sampled_from(["", "a", "b", "c"]))


@given(
    policy=st.sampled_from([Policy.FILL, Policy.UPDATE]),
    base=values,
    wanted=values,
    live=st.sampled_from(["a", "b", "c", "typed"]),
    wish=st.sampled_from(["a", "b", "c"]),
)
def test_no_writing_policy_but_overwrite_ever_writes_over_what_is_not_ours(
    policy: Policy, base: Any, wanted: Any, live: Any, wish: Any
) -> None:
    known_field = KnownField(original=Value(None), base=Value(base), wanted=Value(wanted))
    decision = decide(policy, known_field, live, wish, same)
    if live != base:
        assert decision.verdict is not Verdict.WRITE


@given(policy=st.sampled_from(list(Policy)), live=values, wish=st.sampled_from(["a", "b", "a\nb"]))
def test_what_was_written_is_not_written_again(policy: Policy, live: Any, wish: str) -> None:
    first = decide(policy, KnownField(), live, wish, same)
    if first.verdict is Verdict.WRITE:
        known_field = KnownField(Value(live), Value(first.value), Value(first.wanted))
        assert decide(policy, known_field, first.value, wish, same).verdict is Verdict.HOLDS
