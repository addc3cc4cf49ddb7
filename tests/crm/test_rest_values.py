"""Records of a web API that cannot land as they are: broken values, and fields that would meet in one column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fieldnote.crm.rest.driver import RestDriver
from fieldnote.crm.types import Place, Source
from fieldnote.errors import CrmRefused
from tests.crm.rest_server import Answer, RestCrm, serving

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_loader")]

DEALS = Source("push.opportunities", key="id", table="deals")
RESOURCE: dict[str, Any] = {"name": "deals", "endpoint": {"path": "deals"}}
Open = Callable[..., RestDriver]


@pytest.fixture
def api() -> Iterator[RestCrm]:
    with serving() as running:
        yield running


@pytest.fixture
def opened(api: RestCrm, place: Place) -> Iterator[Open]:
    drivers: list[RestDriver] = []

    def open_it(*resources: dict[str, Any]) -> RestDriver:
        drivers.append(RestDriver(api.numbered(*(resources or (RESOURCE,))), place))
        return drivers[-1]

    yield open_it
    for driver in drivers:
        driver.close()


def _rows(driver: RestDriver) -> dict[Any, dict[str, Any]]:
    return {row["id"]: dict(row) for page in driver.pages(DEALS) for row in page.rows}


def test_broken_values_are_problems_of_their_rows_and_the_others_land(api: RestCrm, opened: Open) -> None:
    values: list[object] = ["ok", "a\0b", "\ud83d", "\ud83d\ude00", "z"]
    numbers: list[object] = [1.5, float("inf"), float("nan"), 10**60, 7]
    api.records["deals"] = [
        {"id": n, "name": value, "amount": number, "geo": {"city": value}, "tags": [{"tag": value}]}
        for n, (value, number) in enumerate(zip(values, numbers, strict=True), 1)
    ]
    driver = opened()
    warnings = driver.refresh([DEALS])
    rows = _rows(driver)
    assert [rows[n]["name"] for n in range(1, 6)] == ["ok", "a\ufffdb", "\ufffd", "😀", "z"]
    assert [rows[n]["geo__city"] for n in range(1, 6)] == ["ok", "a\ufffdb", "\ufffd", "😀", "z"]
    assert [rows[n]["amount"] for n in range(1, 6)] == [1.5, None, None, None, 7]
    assert sorted(warnings) == sorted(
        [
            f"deals: record {n}, column {column}: {kind} is replaced by U+FFFD"
            for n, kind in ((2, "a NUL character"), (3, "half a surrogate pair"))
            for column in ("name", "geo.city", "tags.tag")
        ]
        + [f"deals: record {n}, column amount: a number beyond range is read as null" for n in (2, 3, 4)]
    )


def test_whole_numbers_beyond_64_bits_are_kept(api: RestCrm, opened: Open) -> None:
    api.records["deals"] = [{"id": 1, "big": 2**63}, {"id": 2, "big": 10**28}, {"id": 3, "big": 5}]
    driver = opened()
    assert driver.refresh([DEALS]) == ()
    assert [int(row["big"]) for row in _rows(driver).values()] == [2**63, 10**28, 5]


def test_a_byte_that_is_no_utf8_is_a_problem_of_its_row(api: RestCrm, opened: Open) -> None:
    api.records["deals"] = []
    api.faults = {1: Answer(body=b'{"items": [{"id": 1, "name": "Zo\xeb"}, {"id": 2, "name": "caf\xc3\xa9"}]}')}
    driver = opened()
    (warning,) = driver.refresh([DEALS])
    assert warning.startswith("deals: record 1, column name: a byte that is no letter")
    assert {key: row["name"] for key, row in _rows(driver).items()} == {1: "Zo\ufffd", 2: "café"}


@pytest.mark.parametrize(
    ("records", "names"),
    [
        ([{"id": 1, "ownerId": "a", "owner_id": "b"}], ("ownerId", "owner_id")),
        ([{"id": 1, "Amount": 1}, {"id": 2}, {"id": 3, "amount": 2}], ("Amount", "amount")),
        ([{"id": 1, "geo": {"lat": 1}, "geo__lat": 2}], ("geo.lat", "geo__lat")),
        ([{"id": 1, "geo": {"zipCode": 1, "zip_code": 2}}], ("geo.zipCode", "geo.zip_code")),
        ([{"id": 1, "reps": [{"repId": 1}, {"rep_id": 2}]}], ("reps.repId", "reps.rep_id")),
        ([{"id": 1, "e-mail": "a"}, {"id": 2, "e mail": "b"}], ("e-mail", "e mail")),
    ],
)
def test_fields_that_would_be_one_column_are_an_error_that_names_both(
    api: RestCrm, opened: Open, records: list[dict[str, Any]], names: tuple[str, str]
) -> None:
    api.records["deals"] = records
    with pytest.raises(CrmRefused) as caught:
        opened().refresh([DEALS])
    assert f"deals: the fields '{names[0]}' and '{names[1]}' would be one column" in caught.value.message
    assert caught.value.hint


def test_fields_of_one_name_in_several_tables_do_not_meet(api: RestCrm, opened: Open) -> None:
    api.records["deals"] = [{"id": 1, "name": "a", "reps": [{"id": 2, "name": "b", "Id_": 3}], "owner": {"name": "c"}}]
    driver = opened()
    assert driver.refresh([DEALS]) == ()
    assert _rows(driver)[1]["owner__name"] == "c"


def test_resources_that_would_be_one_table_are_refused(opened: Open) -> None:
    resources = ({"name": "dealItems", "endpoint": {"path": "deals"}}, {"name": "deal_items", "endpoint": "deals"})
    with pytest.raises(CrmRefused, match="the resources 'dealItems' and 'deal_items' would be one table, deal_items"):
        opened(*resources).refresh([DEALS])
