"""Reading from databases; the contract of all drivers is in test_contract.py."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldnote.crm.types import Cursor, Page, Source, key_text
from fieldnote.errors import CrmRefused
from tests.crm.conftest import Crm

NOW = datetime(2026, 2, 15, 14, 0)  # noqa: DTZ001 - a CRM's own time, without a zone


def _deals(crm: Crm) -> None:
    crm.run("create table deals (id integer primary key, name varchar(50), amount numeric(12,2), updated_at {time})")


def _insert(crm: Crm, *rows: tuple[int, str | None, datetime | None]) -> None:
    for key, name, moment in rows:
        crm.run(
            "insert into deals (id, name, updated_at) values (:id, :name, :at)",
            id=key,
            name=name,
            at=_at(crm, moment),
        )


def _at(crm: Crm, moment: datetime | None) -> Any:
    return str(moment) if moment is not None and crm.backend == "sqlite" else moment


def _read(crm: Crm, source: Source, since: Cursor | None = None, **options: Any) -> list[Page]:
    return list(crm.driver.pages(source, since, **options))


def _keys(pages: list[Page], column: str = "id") -> list[str]:
    return [key_text(row[column]) for page in pages for row in page.rows]


DEALS = Source("push.opportunities", key="id", table="deals", cursor="updated_at")


def test_a_time_of_a_far_day_does_not_hide_what_comes_after(crm: Crm) -> None:
    _deals(crm)
    _insert(crm, (1, "slip of the pen", datetime(2099, 1, 1)), (2, "deal", NOW))  # noqa: DTZ001
    cursor = _read(crm, DEALS)[-1].cursor
    _insert(crm, (3, "deal", NOW + timedelta(minutes=1)))
    pages = _read(crm, DEALS, cursor)
    assert _keys(pages) == ["2", "3", "1"]
    assert _keys(_read(crm, DEALS, pages[-1].cursor, overlap=timedelta(0))) == ["3", "1"]


def test_rows_of_one_key_and_different_times_are_one_problem(crm: Crm) -> None:
    _deals(crm)
    _insert(crm, (1, "deal", NOW), (2, "deal", NOW), (3, "deal", NOW))
    crm.run("create table visits (deal_id integer, at {time})")
    for minutes in range(5):
        crm.run("insert into visits values (1, :at)", at=_at(crm, NOW + timedelta(minutes=minutes)))
    crm.run("insert into visits values (2, :at), (3, :at)", at=_at(crm, NOW + timedelta(minutes=2)))
    query = "select d.id, v.at from deals d join visits v on v.deal_id = d.id"
    source = Source("push.opportunities", key="id", query=query, cursor="at")
    cursor = _read(crm, source)[-1].cursor
    pages = _read(crm, source, cursor, overlap=timedelta(hours=1), size=2)
    assert _keys(pages) == ["2", "3"]
    assert {problem.key for page in pages for problem in page.problems} == {"1"}


@pytest.mark.parametrize(
    "query",
    [
        "select id, name from deals order by name desc limit 100;",
        "select id, name from deals -- all of them",
        "select id, name from deals; -- done;\n/* really; */ ;",
        "with d as (select id, name from deals) select id, name from d",
        "select id, name, '50% :off' as label from deals where name like 'deal%' and '12:30' <> ':name'",
        "select id, name, '; -- no end' as label from deals",
        "select id as \n id, name from deals where id % 1 = 0",
    ],
)
def test_a_query_is_taken_as_people_write_it(crm: Crm, query: str) -> None:
    _deals(crm)
    _insert(crm, *[(n, f"deal {n}", NOW) for n in range(1, 6)])
    source = Source("push.opportunities", key="id", query=query)
    pages = _read(crm, source, size=2)
    assert _keys(pages) == ["1", "2", "3", "4", "5"]
    row = crm.driver.row(source, "3")
    assert row is not None
    assert row["name"] == "deal 3"
    if "label" in row:
        assert row["label"] in {"50% :off", "; -- no end"}


def test_two_statements_are_refused(crm: Crm) -> None:
    _deals(crm)
    source = Source("push.opportunities", key="id", query="select id from deals; delete from deals")
    with pytest.raises(CrmRefused, match=r"push\.opportunities: the query holds several statements"):
        _read(crm, source)


def test_a_reading_cannot_write(crm: Crm) -> None:
    if crm.backend != "postgresql":
        pytest.skip("only PostgreSQL can write inside a select")
    _deals(crm)
    _insert(crm, (1, "deal", NOW))
    crm.run(
        "create function wipe() returns integer language sql as 'delete from deals; select 1'",
    )
    with pytest.raises(CrmRefused):
        _read(crm, Source("push.opportunities", key="id", query="select id, wipe() from deals"))
    assert crm.run("select count(*) from deals")[0][0] == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Source("push.engagements", key="id", table="dealz"), "has no table 'dealz'; did you mean 'deals'"),
        (
            Source("push.engagements", key="idd", table="deals"),
            "key: it has no column 'idd'; did you mean 'id'",
        ),
        (
            Source("push.engagements", key="id", table="deals", cursor="updated"),
            "cursor: it has no column 'updated'; did you mean 'updated_at'",
        ),
        (Source("push.engagements", key="id", query="select id from nowhere"), "nowhere"),
        (Source("push.engagements", key="id", query="select id, nothing from deals"), "nothing"),
        (Source("push.engagements", key="id", query="selec id from deals"), "cannot read the query"),
        (Source("push.engagements", key="id", query=" -- nothing"), "the query is empty"),
    ],
)
def test_a_wrong_name_is_said_with_the_nearest_one(crm: Crm, source: Source, message: str) -> None:
    _deals(crm)
    with pytest.raises(CrmRefused) as caught:
        _read(crm, source)
    assert message in caught.value.message
    assert "push.engagements" in caught.value.message or "dealz" in message
    assert caught.value.hint or "empty" in message


@pytest.mark.parametrize("columns", ["d.*, e.*", "d.id, d.name, e.name", "d.id, d.name as title, e.id as title"])
def test_two_columns_of_one_name_are_an_error_that_names_them(crm: Crm, columns: str) -> None:
    """SQLite would read the first of them, and call the second `name:1`."""
    _deals(crm)
    _insert(crm, (1, "a", NOW), (2, "b", NOW))
    source = Source("push.opportunities", key="id", query=f"select {columns} from deals d join deals e on e.id <> d.id")
    with pytest.raises(CrmRefused, match=r"two columns are called|finds a column name twice"):
        _read(crm, source)


def test_names_of_any_kind_are_quoted(crm: Crm) -> None:
    mark = "`" if crm.backend == "mysql" else '"'
    crm.run(f"create table {mark}Order{mark} ({mark}Select{mark} integer primary key, {mark}50% of{mark} varchar(9))")
    crm.run(f"insert into {mark}Order{mark} values (1, 'x')")
    source = Source("push.opportunities", key="select", table="order")
    assert [dict(row) for row in _read(crm, source)[0].rows] == [{"Select": 1, "50% of": "x"}]
    assert crm.driver.columns(source) == ("Select", "50% of")


def test_a_table_of_another_schema(crm: Crm) -> None:
    if crm.backend != "postgresql":
        pytest.skip("schemas are PostgreSQL's")
    crm.run("create schema sales", "create table sales.deals (id uuid primary key, at timestamptz)")
    crm.run("insert into sales.deals select gen_random_uuid(), '2026-02-15 14:00:00+00' from generate_series(1, 20)")
    source = Source("push.opportunities", key="id", table="sales.deals", cursor="at")
    pages = _read(crm, source, size=6)
    assert len(set(_keys(pages))) == 20
    assert pages[-1].cursor == Cursor(datetime(2026, 2, 15, 14, 0, tzinfo=UTC))
    key = _keys(pages)[7]
    found = crm.driver.row(source, key)
    assert found is not None
    assert key_text(found["id"]) == key
    assert crm.driver.row(source, "not a uuid") is None


@pytest.mark.parametrize("since", [None, Cursor("0")])
def test_keys_that_differ_in_case_alone_are_all_read(crm: Crm, since: Cursor | None) -> None:
    """Where a collation holds 'a' and 'A' to be one, a page that ends between them must not lose any."""
    collation = {"sqlite": "collate nocase", "mysql": "collate utf8mb4_general_ci", "postgresql": ""}[crm.backend]
    crm.run(f"create table deals (id varchar(20) {collation}, at varchar(20))")
    keys = [f"{a}{b}{c}" for a in "aA" for b in "bB" for c in "cdCD"]
    for key in keys:
        crm.run("insert into deals values (:key, '1')", key=key)
    source = Source("push.opportunities", key="id", table="deals", cursor="at")
    for size in (1, 2, 3, 5, 100):
        assert sorted(_keys(_read(crm, source, since, size=size))) == sorted(keys)
    row = crm.driver.row(source, "aBc")
    assert row is not None
    assert row["id"] == "aBc"


@pytest.mark.parametrize(
    ("key", "kind"), [("7", "integer"), ("7", "numeric(10,0)"), ("7", "varchar(10)"), ("7", "bigint")]
)
def test_a_row_is_looked_up_by_its_key_whatever_the_type(crm: Crm, key: str, kind: str) -> None:
    crm.run(
        f"create table deals (id {kind} primary key, name varchar(9))",
        "insert into deals values (7, 'seven')",
    )
    for source in (
        Source("push.opportunities", key="id", table="deals"),
        Source("push.opportunities", key="id", query="select id, name from deals"),
    ):
        found = crm.driver.row(source, key)
        assert found is not None
        assert found["name"] == "seven"
        assert crm.driver.row(source, "8") is None
        assert crm.driver.row(source, "seven") is None
        assert crm.driver.row(source, "7 ") is None


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=25),
    size=st.integers(1, 6),
    start=st.integers(0, 3),
)
def test_pages_lose_and_double_nothing(crm_of_its_own: Crm, rows: list[int | None], size: int, start: int) -> None:
    """Whatever cursors coincide or are null, and wherever a page ends. A counter of 0 is as good as null."""
    crm = crm_of_its_own
    crm.run("drop table if exists deals", "create table deals (id integer primary key, at integer)")
    for key, at in enumerate(rows):
        crm.run("insert into deals values (:key, :at)", key=key, at=at)
    crm.driver.close()
    source = Source("push.opportunities", key="id", table="deals", cursor="at")
    assert Counter(_keys(_read(crm, source, size=size))) == Counter(str(n) for n in range(len(rows)))
    wanted = [str(key) for key, at in enumerate(rows) if not at or at >= start]
    pages = _read(crm, source, Cursor.parse(f"number:{start}"), size=size, overlap=timedelta())
    assert Counter(_keys(pages)) == Counter(wanted)
    assert [page.last for page in pages].count(True) == 1
    assert pages[-1].last


@pytest.fixture
def crm_of_its_own(crm: Crm) -> Crm:
    """The same database for every example: what an example needs, it makes itself."""
    return crm
