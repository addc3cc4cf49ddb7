"""Reasons of one kind are one, and others are not."""

from __future__ import annotations

import pytest

from fieldnote.bridge.push.reasons import kind_of

ALIKE = [
    ("accountId: no account has the id 'A 1'", "7", "accountId: no account has the id 'B 2'", "8"),
    ("amount: 12.50 is negative (request r-1)", "a", "amount: 1,200 is negative (request r-2)", "b"),
    ("push.deals, record east: name is missing", "east", "push.deals, record west: name is missing", "west"),
    ("PUT /v1/sync answered 422: 3.name: is bad", "x", "PUT /v1/sync answered 422: 17.name: is bad", "y"),
    ('"limbo" is not a choice', "1", '"nowhere" is not a choice', "2"),
]
APART = [
    ("name: is missing", "1", "amount: is missing", "1"),
    ("closedAt: 'x' is not a time", "1", "startTime: 'x' is not a time", "1"),
    ("Siro did not answer", "1", "another process was sending it", "1"),
]


@pytest.mark.parametrize(("left", "left_key", "right", "right_key"), ALIKE)
def test_values_and_keys_make_no_kind_of_their_own(left: str, left_key: str, right: str, right_key: str) -> None:
    assert kind_of(left, left_key) == kind_of(right, right_key)


@pytest.mark.parametrize(("left", "left_key", "right", "right_key"), APART)
def test_another_field_or_cause_is_another_kind(left: str, left_key: str, right: str, right_key: str) -> None:
    assert kind_of(left, left_key) != kind_of(right, right_key)
