"""Phrases about money, days, numbers and people, and their values."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.config import Kind
from fieldnote.mapping.values import Unconvertible, convert
from tests.mapping.phrase_book import CHOICES, ON, Outcome, Phrase, phrases

DOCS = Path(__file__).parents[2] / "docs/values.md"
PHRASES = phrases()
BOUNDS = ((Kind.MONEY_MIN, Kind.MONEY_MAX), (Kind.DATE_FIRST, Kind.DATE_LAST))
WORDS = sorted({word for phrase in PHRASES for word in phrase.said.split()})


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.said)
def test_a_phrase_becomes_its_value_or_is_left_to_a_person(phrase: Phrase) -> None:
    assert phrase.outcome() is Outcome.RIGHT


def test_the_book_is_as_large_as_the_docs_say() -> None:
    held_out = sum(phrase.held_out for phrase in PHRASES)
    sentences = (f"The tests have {len(PHRASES)} phrases", f"chose {held_out} as held out")
    lacking = [sentence for sentence in sentences if sentence not in DOCS.read_text()]
    assert not lacking, f"docs/values.md must say: {'; '.join(lacking)}"


def _rows(columns: int) -> Iterator[list[str]]:
    for line in DOCS.read_text().splitlines():
        cells = [html.unescape(cell.strip().strip("`")) for cell in line.strip("|").split("|")]
        if line.startswith("| ") and not line.startswith("| Said") and len(cells) == columns:
            yield cells


def _shown(said: str, kind: Kind) -> str:
    value = convert(said, kind, on=ON, choices=CHOICES)
    return "" if isinstance(value, Unconvertible) else str(value)


def test_every_example_of_the_docs_is_what_happens() -> None:
    spans = list(_rows(4))
    days = next(place for place, row in enumerate(spans) if row[0] == "May 12")
    for place, (said, *wanted) in enumerate(spans):
        kinds = (
            (Kind.MONEY, Kind.MONEY_MIN, Kind.MONEY_MAX)
            if place < days
            else (Kind.DATE, Kind.DATE_FIRST, Kind.DATE_LAST)
        )
        assert [_shown(said, kind) for kind in kinds] == wanted, said
    others = list(_rows(3))
    assert [_shown(said, Kind(kind)) for said, kind, _ in others] == [wanted for _, _, wanted in others]
    assert (len(spans), len(others)) == (26, 11)


@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)), st.sampled_from(Kind)
)
def test_whatever_is_said_converting_it_ends_well(said: str, kind: Kind) -> None:
    convert(said, kind, on=ON, choices=CHOICES)
    for first, last in BOUNDS:
        least, most = convert(said, first, on=ON), convert(said, last, on=ON)
        if isinstance(least, Decimal | date) and isinstance(most, Decimal | date):
            assert least <= most  # type: ignore[operator]


@given(st.integers(0, 10**7), st.dates(date(2026, 1, 29), date(2099, 12, 31)))
def test_a_value_as_it_is_printed_is_that_value(number: int, day: date) -> None:
    assert convert(f"${number:,}", Kind.MONEY) == number
    assert convert(f"{number:,}", Kind.INTEGER) == number
    assert convert(day.isoformat(), Kind.DATE, on=ON) == day
    assert convert(f"{day:%B} {day.day}, {day.year}", Kind.DATE, on=ON) == day
