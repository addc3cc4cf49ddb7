"""Phone numbers as people read and dial them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.phones import dialed, phone_key, readable_phone


@pytest.mark.parametrize(("given_number", "read", "dial"), [
    ("+13035550142", "(303) 555-0142", "+13035550142"),
    ("303.555.0142", "(303) 555-0142", "3035550142"),
    ("1-303-555-0142", "(303) 555-0142", "13035550142"),
    ("+44 20 7946 0018", "+44 20 7946 0018", "+442079460018"),
    ("+3222255501", "+3222255501", "+3222255501"),
    ("555-0142", "555-0142", "5550142"),
    ("(303) 555-0142 ext. 7", "(303) 555-0142 ext. 7", "30355501427"),
    ("ask for Ann", "ask for Ann", ""),
])  # fmt: skip
def test_a_number_is_shown_and_dialed(given_number: str, read: str, dial: str) -> None:
    assert readable_phone(given_number) == read
    assert dialed(given_number) == dial


@given(st.text(alphabet="+-() .0123456789x\u0663", max_size=20))
def test_the_shown_number_is_the_same_number(number: str) -> None:
    assert phone_key(readable_phone(number)) == phone_key(number)
    assert set(dialed(number)) <= set("+0123456789")
