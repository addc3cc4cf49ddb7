"""Expressions: JMESPath with functions for what CRMs hold. docs/mapping.md is their reference, and is run here."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldnote.errors import ConfigError, MappingError
from fieldnote.mapping.expressions import CallError, ExpressionError, compile_expression
from fieldnote.mapping.functions import FUNCTIONS
from tests.mapping import examples
from tests.mapping.examples import Example
from tests.mapping.mappers import mapped, mapper
from tests.mapping.values_of_databases import VALUES


def test_the_map_of_the_page_makes_the_record_of_the_page() -> None:
    section, row, record = examples.whole_map()
    assert mapper(section).map(row).wire == record


@pytest.mark.parametrize("example", examples.expressions(), ids=str)
def test_the_page_says_what_an_expression_gives(example: Example) -> None:
    expression = compile_expression(example.expression)
    if not example.outcome:
        assert expression.apply(example.row) == example.value
        return
    with pytest.raises(CallError) as caught:
        expression.apply(example.row)
    assert example.value in str(caught.value)
    assert caught.value.unclear is (example.outcome == "left out")


def test_the_page_shows_every_function() -> None:
    shown = {example.expression.partition("(")[0] for example in examples.expressions()}
    assert shown >= FUNCTIONS.keys()


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("tme(at)", "calls tme(), which is not a function; did you mean 'time'?"),
        ("time(at, 'America/Denvr')", "in time(): is read in America/Denvr, which is not the name of a time zone"),
        ("time(at, '%Q')", "in time(): has '%Q', which is not a time format"),
        ("time(at, '%m/%d %H:%M')", "leaves out year, month, day or %p"),
        ("time(at, '%d')", "leaves out year, month, day or %p"),
        ("time(at, '%H:%M')", "leaves out year, month, day or %p"),
        ("time(at, '%d %%Y')", "leaves out year, month, day or %p"),
        ("time(at, '%m/%Y')", "leaves out year, month, day or %p"),
        ("time(at, '%m/%Q')", "in time(): has '%m/%Q', which is not a time format"),
        ("time(at, '%m/%d/%Y %I:%M')", "leaves out year, month, day or %p"),
        ("time(at, 'UTC', '%Y', 'x')", "gives time() 4 values, and it takes 1 to 3"),
        ("money(x, ';')", "in money(): has a decimal sign that is neither '.' nor ','"),
        ("phone(x, 'XX')", "in phone(): has the region 'XX', which is not a country's code"),
        ("split(x, '')", "in split(): has an empty separator"),
        ("concat(x)", "gives concat() 1 values, and it takes 2 or more"),
        ("length(x, y)", "gives length() 2 values, and it takes 1"),
        ("names[].tim(@)", "calls tim()"),
        ("a ||", "is not a JMESPath expression"),
    ],
)
def test_a_mistake_in_an_expression_is_found_before_there_is_any_row(expression: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        mapper({"subject": expression})
    assert f"push.engagements.map.subject ({expression}) " in caught.value.message
    assert complaint in caught.value.message


@pytest.mark.parametrize(
    ("expression", "row", "message"),
    [
        ("time(at, zone)", {"at": "2026-03-07", "zone": "Mars"}, "= '2026-03-07', is read in Mars, which is not"),
        ("time(at, '%d.%m.%Y')", {"at": "7/3/2026"}, "= '7/3/2026', is not a time as '%d.%m.%Y' writes it"),
        ("join(' ', [a, b])", {"a": "x", "b": None}, "= None, is no list of string, which join() takes"),
        ("a > `5`", {"a": "6"}, "= \"{'a': '6'}\", compares a text with a number; number(…) converts it"),
        ("names[].money(@)", {"names": ["$5", "many"]}, "= 'many', is not an amount of money"),
    ],
)
def test_a_problem_names_the_value_that_a_function_was_given(
    expression: str, row: dict[str, Any], message: str
) -> None:
    with pytest.raises(MappingError) as caught:
        mapped({"subject": expression}, row)
    assert (
        caught.value.message
        == f"push.engagements, record 1: subject, from {expression} "
        + (caught.value.message.partition(f"{expression} ")[2])
    )
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("expression", "row", "value"),
    [
        ("time(concat(day, ' ', clock))", {"day": date(2026, 3, 7), "clock": time(14, 30)}, "2026-03-07T14:30:00"),
        (
            "time(concat(day, ' ', clock))",
            {"day": date(2026, 3, 7), "clock": timedelta(hours=9)},
            "2026-03-07T09:00:00",
        ),
        ("concat(a, b)", {"a": Decimal("17.00"), "b": 1.5}, "171.5"),
        ("amount > `1000`", {"amount": Decimal("1000.01")}, True),
        ("starts_with(at, '2026-03')", {"at": date(2026, 3, 7)}, True),
        ("to_string(id)", {"id": UUID(int=1)}, "00000000-0000-0000-0000-000000000001"),
        ("length(keys(@))", {"a": 1, "b": 2}, 2),
        ("number(x)", {"x": Decimal("1.50")}, 1.5),
        ("phone(x, 'US')", {"x": Decimal(3035550142)}, "+13035550142"),
        ("local_time(at, 'Europe/London')", {"at": 1772368200}, "2026-03-01T12:30:00"),
    ],
)
def test_functions_take_what_a_database_gives(expression: str, row: dict[str, Any], value: object) -> None:
    assert compile_expression(expression).apply(row) == value


def test_a_column_of_several_words_is_written_as_it_is_and_one_with_signs_in_quotes() -> None:
    row = {"Rep Name": "Ann", "Rep #": 7, "Größe m": 3}
    assert mapped({"subject": "Rep Name", "content": '"Rep #"'}, row) == {
        "externalId": "1",
        "subject": "Ann",
        "content": "7",
    }
    assert mapped({"subject": 'concat("Rep Name", "Größe m")'}, row)["subject"] == "Ann3"


def test_the_case_of_a_column_does_not_matter_where_only_one_fits() -> None:
    assert mapped({"subject": "repName"}, {"repname": "Ann"})["subject"] == "Ann"
    assert mapped({"subject": "repName"}, {"repname": "Ann", "repName": "Bob"})["subject"] == "Bob"
    with pytest.raises(ConfigError, match="needs the column 'repName', and the rows have REPNAME and repname"):
        mapped({"subject": "repName"}, {"repname": "Ann", "REPNAME": "Bob"})


def test_what_is_unclear_is_left_out_with_a_warning_that_does_not_quote_it() -> None:
    fields = {
        "account": {"externalId": "id", "phoneNumbers": ["phone(tel, 'US')"], "addresses": "address(full)"},
        "subject": "title",
    }
    result = mapper(fields).map({"id": 1, "tel": "ask wife", "full": "somewhere in Denver", "title": "Kitchen"})
    assert result.wire == {"externalId": "1", "account": {"externalId": "1"}, "subject": "Kitchen"}
    assert [warning.split(",")[:2] for warning in result.warnings] == [
        ["push.engagements", " record 1: account.phoneNumbers[0]"],
        ["push.engagements", " record 1: account.addresses"],
    ]
    assert not any("wife" in warning or "somewhere" in warning for warning in result.warnings)


def test_one_invalid_number_does_not_cost_the_others() -> None:
    fields = {"account": {"externalId": "id", "phoneNumbers": ["phone(a, 'US')", "phone(b, 'US')"]}}
    assert mapped(fields, {"a": "none", "b": "3035550142"})["account"]["phoneNumbers"] == ["+13035550142"]
    assert mapped(fields, {"a": None, "b": ""})["account"]["phoneNumbers"] == []


def test_a_time_of_an_expression_may_still_take_the_zone_of_the_stream() -> None:
    fields = {"startTime": "time(at, '%m/%d/%Y %H:%M')"}
    row = {"at": "07/01/2026 09:00"}
    assert mapped(fields, row, zone="Europe/London")["startTime"] == "2026-07-01T08:00:00Z"
    at = datetime(2026, 7, 1, 9)  # noqa: DTZ001 - a CRM's own time, without a zone
    assert mapped({"startTime": "time(at, 'Asia/Tokyo')"}, {"at": at})["startTime"] == "2026-07-01T00:00:00Z"


CALLS = [
    "time(a, 'America/Denver')", "time(a, b)", "time(a, '%m/%d/%Y')", "local_time(a, 'Europe/London')", "number(a)",
    "number(a, ',')", "money(a, b)", "default(a, b)", "concat(a, b)", "concat_ws(b, a, a)", "trim(a)", "lower(a)",
    "upper(a)", "split(a, b)", "replace(a, b, 'x')", "phone(a, 'US')", "phone(a, b)", "address(a)", "json(a)",
    "json(a).b[0]", "[a, b][?@ > `1`]", "to_string([a, b])", "length(@)",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(text=st.sampled_from(CALLS), a=VALUES, b=VALUES)
def test_whatever_a_row_holds_an_expression_gives_a_value_or_a_problem(text: str, a: object, b: object) -> None:
    try:
        compile_expression(text).apply({"a": a, "b": b})
    except ExpressionError as error:
        assert str(error)  # noqa: PT017 - either is right, and nothing else
