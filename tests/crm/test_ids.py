"""One id from a CRM value, in every database and on every way: keys, pages, look-ups, and writes."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.crm.types import Outcome, Record, Source, external_id
from fieldnote.errors import CrmRefused
from fieldnote.mapping.scalars import to_id
from tests.crm.conftest import Crm

TEXT_DEALS = Source("push.opportunities", key="id", table="deals")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (17, "17"), (17.0, "17"), (Decimal("17.00"), "17"), ("17", "17"), ("17.0", "17.0"), (" D1 ", "D1"),
        ("D1\t", "D1"), ("\u00a0D1", "D1"), ("D 1", "D 1"), ("007", "007"), (2**60, str(2**60)),
        (Decimal(10) ** 20, "1" + "0" * 20), (17.5, "17.5"), (UUID(int=7), str(UUID(int=7))),
    ],
)  # fmt: skip
def test_a_value_has_one_id(value: object, expected: str) -> None:
    assert external_id(value) == to_id(value) == expected


_NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.decimals(allow_nan=False, allow_infinity=False)


@given(st.integers() | st.text() | _NUMBERS)
def test_an_id_is_its_own_id(value: object) -> None:
    once = external_id(value)
    assert external_id(once) == once


@pytest.mark.parametrize("value", [True, None, b"x", float("nan"), float("inf"), [1], {}], ids=repr)
def test_other_values_cannot_be_ids(value: object) -> None:
    with pytest.raises(CrmRefused, match="cannot be a key"):
        external_id(value)


@pytest.fixture(params=["varchar(9)", "char(9)"])
def padded(crm: Crm, request: pytest.FixtureRequest) -> Crm:
    """Deals with keys as they are, with blanks before and behind them."""
    crm.run(
        f"create table deals (id {request.param}, name varchar(9))",
        "insert into deals values ('D1', 'one'), ('D2 ', 'two'), (' D3', 'three')",
    )
    return crm


def test_padded_keys_are_found_by_their_ids(padded: Crm) -> None:
    rows = padded.driver.rows(TEXT_DEALS, ["D1", "D2", "D3", "D4"])
    assert {key: row["name"] for key, row in rows.items()} == {"D1": "one", "D2": "two", "D3": "three"}
    for key, name in (("D1", "one"), ("D2", "two"), ("D3", "three")):
        row = padded.driver.row(TEXT_DEALS, key)
        assert row is not None
        assert row["name"] == name
    assert padded.driver.row(TEXT_DEALS, "D4") is None


def test_every_padded_key_is_read_once(padded: Crm) -> None:
    pages = list(padded.driver.pages(TEXT_DEALS, size=1))
    assert sorted(external_id(row["id"]) for page in pages for row in page.rows) == ["D1", "D2", "D3"]
    assert not [problem for page in pages for problem in page.problems]


@pytest.mark.parametrize("key", ["D1", "D2", "D3"])
def test_a_record_with_a_padded_key_is_written(padded: Crm, key: str) -> None:
    record = Record("deals", "id", key)
    before = padded.driver.read(record, ("name",))
    assert before is not None
    result = padded.driver.write_if(record, "name", expected=before["name"], new="new")
    assert (result.outcome, result.after) == (Outcome.APPLIED, "new")
    assert padded.driver.read(record, ("name",)) == {"name": "new"}
    assert padded.run("select count(*) from deals where name = 'new'") == [(1,)]


@pytest.mark.parametrize("key", ["7", "7.0", "'7'"])
def test_a_record_whose_key_has_no_type_is_written_as_it_is_read(crm: Crm, key: str) -> None:
    if crm.backend != "sqlite":
        pytest.skip("only SQLite has columns without a type")
    crm.run("create table deals (id, name text)", f"insert into deals values ({key}, 'old')")
    assert crm.driver.rows(TEXT_DEALS, ["7"]).keys() == {"7"}
    record = Record("deals", "id", "7")
    assert crm.driver.write_if(record, "name", expected="old", new="new").outcome is Outcome.APPLIED
    assert crm.driver.read(record, ("name",)) == {"name": "new"}


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_two_keys_that_are_one_id_are_an_error_that_names_both(crm: Crm, size: int) -> None:
    if crm.backend == "mysql":
        pytest.skip("MariaDB's own comparison ignores trailing blanks: the second key is refused by the table")
    crm.run(
        "create table deals (id varchar(9) primary key, name varchar(9))",
        "insert into deals values ('D1', 'a'), ('D1 ', 'b'), ('D2', 'c'), (' D3', 'd'), ('D3', 'e')",
    )
    pages = list(crm.driver.pages(TEXT_DEALS, size=size))
    problems = {problem.reason for page in pages for problem in page.problems}
    assert problems == {"the keys 'D1' and 'D1 ' are one id, D1", "the keys ' D3' and 'D3' are one id, D3"}
    sent = [row["name"] for page in pages for row in page.rows]
    assert "c" in sent
    assert not {"b", "d"} & set(sent)
