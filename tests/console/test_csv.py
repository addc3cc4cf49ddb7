"""A download holds no formula, whatever a customer is called."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.console.csv_table import cell, lines


@pytest.mark.parametrize(
    "hostile", ["=1+1", "+1 303 555 0100", "-2", "@SUM(A1)", "\t=1", "\r=1", " =cmd|' /C calc'!A0", "\uff1d1", "\xa0=1"]
)
def test_a_cell_that_would_begin_a_formula_gets_an_apostrophe(hostile: str) -> None:
    assert cell(hostile) == f"'{hostile}"


@pytest.mark.parametrize(("value", "shown"), [(None, ""), ("Ann", "Ann"), (7, "7"), ("a=b", "a=b")])
def test_other_values_stay_as_they_are(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2))
def test_every_value_comes_back(row: list[str]) -> None:
    read = list(csv.reader(io.StringIO(lines([row]), newline="")))
    assert read == [[cell(value) for value in row]]
    assert all(value.endswith(given_value) for value, given_value in zip(read[0], row, strict=True))
