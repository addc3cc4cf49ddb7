"""Numbers, money and times as people say them."""

from __future__ import annotations

from datetime import date

import pytest

from fieldnote.insight.readers.dates import words
from fieldnote.insight.readers.money import amounts, sized
from fieldnote.insight.readers.times import find_times
from fieldnote.insight.words import fold


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("forty to fifty thousand", "$40,000 - $50,000"),
        ("forty, fifty grand", "$40,000 - $50,000"),
        ("forty fifty grand", "$40,000 - $50,000"),
        ("$40-50k", "$40,000 - $50,000"),
        ("$40,000\u2013$50,000", "$40,000 - $50,000"),
        ("25k", "$25,000"),
        ("twelve five", "$12,500"),
        ("a hundred and twenty", "$120,000"),
        ("fifteen hundred", "$1,500"),
        ("between 8 and 10", "$8,000 - $10,000"),
        ("under ten thousand", "Up to $10,000"),
        ("no more than thirty", "Up to $30,000"),
        ("maybe thirty-five, forty at the most", "$35,000 - $40,000"),
        ("three fifty a month", "$350 per month"),
        ("between four hundred and four fifty a month", "$400 - $450 per month"),
        ("thirty-four nine ninety-five", "$34,995"),
        ("forty-two fifty for the back", "$4,250"),
        ("two and a half thousand", "$2,500"),
        ("twelve thousand five hundred", "$12,500"),
        ("nine thousand fifty", "$9,050"),
        ("thirty thousand ninety-five dollars", "$30,095"),
        ("forty thousand two weeks ago", "$40,000"),
        ("a couple thousand dollars", "$2,000"),
        ("mid forties", "Around $45,000"),
        ("low twenties", "$20,000 - $23,000"),
        ("about forty", "Around $40,000"),
        ("thirtyish", "Around $30,000"),
        ("20k or less", "Up to $20,000"),
        ("at least twenty thousand", "At least $20,000"),
        ("five or six hundred bucks", "$500 - $600"),
        ("three, four thousand", "$3,000 - $4,000"),
        ("$1,234.50", "$1,234.50"),
    ],
)
def test_money_as_it_is_said(said: str, meant: str) -> None:
    (money,) = amounts(fold(said))
    assert str(sized(money, thousands=money.high < 200)) == meant


@pytest.mark.parametrize(
    "said",
    [
        "twenty-five years old", "a 50 gallon tank", "eighteen hundred square feet", "in 2015", "nineteen ninety one",
        "call 303 555 0142", "at five thirty", "at two in the morning", "the 15th of May", "a CX-5",
        "ninety two degrees",
        "two of us", "ten by sixteen", "9.99 percent", "six year warranty", "May 8", "twenty twenty-two", "R22",
    ],
)  # fmt: skip
def test_numbers_that_are_no_money(said: str) -> None:
    assert amounts(fold(said)) == ()


DAY = date(2025, 11, 20)


@pytest.mark.parametrize(
    ("said", "unknown_day", "known_day"),
    [
        ("this spring", "This spring", "Spring 2026"),
        ("in the spring", "Spring", "Spring 2026"),
        ("next fall", "Next fall", "Fall 2026"),
        ("early summer", "Early summer", "Early summer 2026"),
        ("before winter", "Before winter", "Before winter"),
        ("next month", "Next month", "December 2025"),
        ("by the end of the month", "By the end of the month", "By the end of November 2025"),
        ("by the end of next month", "By the end of next month", "By the end of December 2025"),
        ("by year end", "By the end of the year", "By the end of 2025"),
        ("next year", "Next year", "2026"),
        ("in June", "June", "June 2026"),
        ("mid-July", "Mid July", "Mid July 2026"),
        ("by March 15th", "By March 15", "By March 15, 2026"),
        ("december thirty first", "December 31", "December 31, 2025"),
        ("Q2", "Q2", "Q2 2026"),
        ("before Thanksgiving", "Before Thanksgiving", "Before Thanksgiving"),
        ("after the holidays", "After the holidays", "After the holidays"),
        ("within two weeks", "Within 2 weeks", "Within 2 weeks"),
        ("in the next couple of months", "Within 2 months", "Within 2 months"),
        ("in about six weeks", "In about 6 weeks", "In about 6 weeks"),
        ("as soon as you can", "As soon as possible", "As soon as possible"),
        ("once school is out", "After school is out", "After school is out"),
        ("there's no rush", "No rush", "No rush"),
    ],
)
def test_times_as_they_are_said(said: str, unknown_day: str, known_day: str) -> None:
    (when,) = find_times(fold(said), said)
    assert (words(when, None), words(when, DAY)) == (unknown_day, known_day)


@pytest.mark.parametrize("said", ["we may do it", "march up there", "not right away"])
def test_words_that_are_no_times(said: str) -> None:
    assert find_times(fold(said), said) == []
