"""From what was said to what a CRM's column holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fieldnote.config import Kind
from fieldnote.mapping.values import Unconvertible, convert

ON = date(2026, 1, 28)  # a Wednesday

MONEY: list[tuple[object, int | None, int | None]] = [
    ("$40,000 - $50,000", 40000, 50000),
    ("$40,000\N{EN DASH}$50,000", 40000, 50000),
    ("40-50k", 40000, 50000),
    ("$40-50,000", 40000, 50000),
    ("forty to fifty thousand", 40000, 50000),
    ("between 40 and 50 thousand dollars", 40000, 50000),
    ("30 or 40 grand", 30000, 40000),
    ("$500 - 1k", 500, 1000),
    ("Somewhere around $30,000 to $35,000", 30000, 35000),
    ("up to 50k", None, 50000),
    ("no more than thirty thousand", None, 30000),
    ("can't go over 60k", None, 60000),
    ("50k tops", None, 50000),
    ("$25,000 max", None, 25000),
    ("under $20k", None, 20000),
    ("at least 15 grand", 15000, None),
    ("$20k+", 20000, None),
    ("around $45,000", 45000, 45000),
    ("about forty-five thousand dollars", 45000, 45000),
    ("$35,000-ish", 35000, 35000),
    ("half a million", 500000, 500000),
    ("twenty-five hundred", 2500, 2500),
    ("they have $45,000 saved for the kitchen", 45000, 45000),
    (45000, 45000, 45000),
    (850.0, 850, 850),
]


@pytest.mark.parametrize(("said", "least", "most"), MONEY)
def test_money_is_an_interval(said: object, least: int | None, most: int | None) -> None:
    found = convert(said, Kind.MONEY_MIN), convert(said, Kind.MONEY_MAX)
    for value, wanted in zip(found, (least, most), strict=True):
        assert isinstance(value, Unconvertible) if wanted is None else value == Decimal(wanted)


@pytest.mark.parametrize(
    "said",
    [
        "50", "no more than 50", "$500 per month", "$300/mo", "20% off $40,000", "not sure yet", "a lot",
        "$40,000 for one, $60,000 for the other, $80,000 for both", "$50,000 if we do the bath, too",
        "the competitor quoted $38,000", "they paid $20,000 last time", "a $5,000 deposit", "50k to 40k",
        True,
        ["$40,000", "$50,000"],
    ],
)  # fmt: skip
def test_money_that_is_not_certain_is_not_guessed(said: object) -> None:
    for kind in (Kind.MONEY, Kind.MONEY_MIN, Kind.MONEY_MAX, Kind.MONEY_MIDDLE):
        assert isinstance(convert(said, kind), Unconvertible)


def test_plain_money_takes_one_exact_amount() -> None:
    assert convert("$45,000.50", Kind.MONEY) == Decimal("45000.50")
    assert convert("45k", Kind.MONEY) == Decimal(45000)
    assert convert("$40,000 - $50,000", Kind.MONEY_MIDDLE) == Decimal(45000)
    for said in ("around $45,000", "$40,000 - $50,000", "up to 50k"):
        assert isinstance(convert(said, Kind.MONEY), Unconvertible)


DATES: list[tuple[str, str | None, str | None]] = [
    ("2026-05-01", "2026-05-01", "2026-05-01"),
    ("March 15", "2026-03-15", "2026-03-15"),
    ("the 15th of March, 2027", "2027-03-15", "2027-03-15"),
    ("3/15/2026", "2026-03-15", "2026-03-15"),
    ("Spring 2026", "2026-03-01", "2026-05-31"),
    ("this spring", "2026-03-01", "2026-05-31"),
    ("early spring 2026", "2026-03-01", "2026-03-31"),
    ("sometime in the fall", "2026-09-01", "2026-11-30"),
    ("June", "2026-06-01", "2026-06-30"),
    ("early June", "2026-06-01", "2026-06-10"),
    ("mid-April", "2026-04-11", "2026-04-20"),
    ("Mid-July 2026", "2026-07-11", "2026-07-20"),
    ("June or July", "2026-06-01", "2026-07-31"),
    ("between June and August", "2026-06-01", "2026-08-31"),
    ("March to May 2027", "2027-03-01", "2027-05-31"),
    ("March 10 to 15", "2026-03-10", "2026-03-15"),
    ("Q2 2026", "2026-04-01", "2026-06-30"),
    ("next month", "2026-02-01", "2026-02-28"),
    ("next week", "2026-02-02", "2026-02-08"),
    ("next year", "2027-01-01", "2027-12-31"),
    ("end of the year", "2026-12-01", "2026-12-31"),
    ("within 2 weeks", "2026-01-28", "2026-02-11"),
    ("in 2-3 weeks", "2026-02-11", "2026-02-18"),
    ("in three months", "2026-04-28", "2026-04-28"),
    ("Friday", "2026-01-30", "2026-01-30"),
    ("tomorrow", "2026-01-29", "2026-01-29"),
    ("before Thanksgiving", None, "2026-11-25"),
    ("by the end of March", None, "2026-03-31"),
    ("no later than June 30th", None, "2026-06-30"),
    ("after Easter", "2026-04-06", None),
    ("Start in April", "2026-04-01", "2026-04-30"),
]


@pytest.mark.parametrize(("said", "first", "last"), DATES)
def test_a_time_is_a_span_of_days(said: str, first: str | None, last: str | None) -> None:
    found = convert(said, Kind.DATE_FIRST, on=ON), convert(said, Kind.DATE_LAST, on=ON)
    for value, wanted in zip(found, (first, last), strict=True):
        assert isinstance(value, Unconvertible) if wanted is None else str(value) == wanted


@pytest.mark.parametrize(
    "said",
    [
        "ASAP", "3/4/2026", "next Friday", "next spring", "winter 2026", "Jan 15", "6 months", "February 30",
        "when the snow melts", "May to March 2026", "2026-13-01", "",
    ],
)  # fmt: skip
def test_a_time_that_is_not_certain_is_not_guessed(said: str) -> None:
    for kind in (Kind.DATE, Kind.DATE_FIRST, Kind.DATE_LAST):
        assert isinstance(convert(said, kind, on=ON), Unconvertible | None)


def test_a_plain_date_takes_one_exact_day() -> None:
    assert convert("March 15", Kind.DATE, on=ON) == date(2026, 3, 15)
    for said in ("Spring 2026", "around March 15", "by March 15", "in three weeks"):
        assert isinstance(convert(said, Kind.DATE, on=ON), Unconvertible)
    reason = convert("next month", Kind.DATE_FIRST)
    assert isinstance(reason, Unconvertible)
    assert "day of the conversation is not known" in reason.reason


@pytest.mark.parametrize(
    ("said", "kind", "value"),
    [
        ("  Wife is primary ", Kind.TEXT, "Wife is primary"),
        (["price", "timing"], Kind.TEXT, "price; timing"),
        (True, Kind.TEXT, "Yes"),
        (3.0, Kind.TEXT, "3"),
        ({"value": "x"}, Kind.TEXT, "x"),
        ({"a": 1, "b": None}, Kind.TEXT, "a: 1"),
        (["price", "timing; price"], Kind.LIST, ("price", "timing")),
        ("- price\n- timing", Kind.LIST, ("price", "timing")),
        ("12 windows", Kind.INTEGER, 12),
        ("Three", Kind.INTEGER, 3),
        (2, Kind.INTEGER, 2),
        ("1,250.5", Kind.DECIMAL, Decimal("1250.5")),
        ("Yes, both of them", Kind.BOOLEAN, True),
        ("no", Kind.BOOLEAN, False),
        (False, Kind.BOOLEAN, False),
        ("write to Ann.Lee@example.org, please", Kind.EMAIL, "Ann.Lee@example.org"),
        ("(303) 555-0142", Kind.PHONE, "303-555-0142"),
        ("+44 20 7946 0958", Kind.PHONE, "+442079460958"),
        ("Mrs. Karen Miller (wife)", Kind.PERSON, "Karen Miller"),
        ("Maria de la Cruz", Kind.PERSON, "Maria de la Cruz"),
    ],
)
def test_the_other_kinds(said: object, kind: Kind, value: Any) -> None:
    assert convert(said, kind, on=ON) == value


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("2 to 3", Kind.INTEGER), ("2.5", Kind.INTEGER), ("about 12", Kind.INTEGER), (True, Kind.INTEGER),
        ("maybe", Kind.BOOLEAN), ("yes and no", Kind.BOOLEAN), ("No more than two", Kind.BOOLEAN),
        ("Yes, but not now", Kind.BOOLEAN), ("a@x.org or b@x.org", Kind.EMAIL), ("none at all", Kind.EMAIL),
        ("555-0142", Kind.PHONE), ("303-555-0142 or 303-555-0143", Kind.PHONE),
        ("Both homeowners present, wife is primary", Kind.PERSON), ("Karen", Kind.PERSON),
        ("Karen and Tom Miller", Kind.PERSON), (["a", "b"], Kind.INTEGER),
    ],
)  # fmt: skip
def test_what_is_not_certain_is_left_to_a_person(said: object, kind: Kind) -> None:
    assert isinstance(convert(said, kind, on=ON), Unconvertible)


def test_a_choice_is_one_of_the_crms_words() -> None:
    choices = {"high": "A", "very high": "A", "low": "C"}
    assert convert(" Very  High.", Kind.CHOICE, choices=choices) == "A"
    assert convert("c", Kind.CHOICE, choices=choices) == "C"
    assert isinstance(convert("high or low", Kind.CHOICE, choices=choices), Unconvertible)


@pytest.mark.parametrize("said", [None, "", "  ", "N/A", "Not mentioned", "not discussed.", [], [None, ""], {}, "none"])
@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_said_is_nothing(said: object, kind: Kind) -> None:
    assert convert(said, kind, on=ON, choices={}) is None


def test_no_reason_quotes_the_words() -> None:
    for kind in Kind:
        result = convert("secret words 12345 of somebody", kind, on=ON, choices={})
        assert not isinstance(result, Unconvertible) or "secret" not in result.reason


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in {Kind.TEXT, Kind.LIST, Kind.CHOICE}])
@pytest.mark.parametrize("piece", ["30,000 ", "maybe ", "(", "5/5/", "between ", "x@y."])
def test_no_pattern_looks_at_a_value_that_is_too_long(kind: Kind, piece: str) -> None:
    found = convert(piece * 600, kind, on=ON)
    assert isinstance(found, Unconvertible)
    assert found.reason == "it is longer than 500 characters"


def test_runs_of_blanks_do_not_count_and_change_nothing() -> None:
    assert convert("$40,000" + " " * 1_000 + "to  $50,000", Kind.MONEY_MAX) == 50_000
    assert convert("word " * 600, Kind.TEXT) == ("word " * 600).strip()


@pytest.mark.parametrize("kind", list(Kind))
def test_a_number_of_thousands_of_digits_is_named_and_not_converted(kind: Kind) -> None:
    assert isinstance(convert(10**5_000, kind, choices={"a": "b"}), Unconvertible)
