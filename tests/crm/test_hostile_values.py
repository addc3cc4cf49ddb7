"""A value that Python or UTF-8 cannot hold is a problem of its row: every other row is read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from fieldnote.config import StreamSettings
from fieldnote.crm.types import Cursor, Source, Unreadable, external_id
from fieldnote.errors import MappingError
from fieldnote.mapping.records import compile_stream
from tests.crm.conftest import Crm

POSTGRESQL = {
    "timestamp": ["infinity", "-infinity", "0044-03-15 12:00:00 BC", "10000-01-01 00:00:00", "294276-12-31 23:59:59"],
    "timestamptz": [
        "infinity",
        "-infinity",
        "0044-03-15 12:00:00 BC",
        "10000-01-01 00:00:00+00",
        "9999-12-31 23:59:59-10",
    ],
    "date": ["infinity", "-infinity", "0044-03-15 BC", "10000-01-01", "5874897-12-31"],
    "time": ["24:00:00"],
    "timetz": ["24:00:00+00"],
    "interval": ["178000000 years", "-178000000 years"],
    "numeric": ["NaN", "Infinity"],
    "double precision": ["NaN", "Infinity", "-Infinity"],
    "json": ['"\\ud83d"', '"\\u0000"', "1e400"],
}
SQLITE: dict[str, list[Any]] = {
    "timestamp": ["infinity", "0000-00-00", 10**18, -1, b"\xff\xfe", "2026-02-30 25:61:00"],
    "real": [float("inf"), "NaN"],
    "text": [b"\xff\x00\xfe", "\x00", "half \ud83d".encode("utf-8", "surrogatepass"), "cast(x'ff00fe' as text)"],
}
MARIADB = {
    "datetime": ["0000-00-00 00:00:00", "9999-12-31 23:59:59", "2026-00-15 10:00:00", "2026-02-31 00:00:00"],
    "timestamp null": ["0000-00-00 00:00:00", "2038-01-19 03:14:07"],
    "date": ["0000-00-00", "0001-00-00", "2026-13-01"],
    "time": ["838:59:59", "-838:59:59", "-00:00:01"],
    "year": ["0", "2155"],
    "decimal(65,30)": ["99999999999999999999999999999999999.999999999999999999999999999999"],
    "double": ["1.7e308", "1e-320"],
    "bigint unsigned": ["18446744073709551615"],
    "bit(64)": ["b'1111'"],
    "blob": ["x'ff00fe'"],
    "varchar(20)": ["x'ff00fe'", "'\\0'"],
    "varchar(20) character set latin1": ["x'80ff81'"],
    "varchar(20) character set cp932": ["x'81'"],
    "varchar(20) character set ucs2": ["x'd83d'"],
    "varchar(20) character set utf32": ["x'0000d83d'"],
    "enum('a', 'b')": ["'c'"],
    "point": ["point(1, 2)"],
}
TABLES = {"postgresql": POSTGRESQL, "sqlite": SQLITE, "mysql": MARIADB}

STREAM = Source("push.engagements", key="id", table="visits", cursor="updated_at")


def _fill(crm: Crm, kind: str, value: object) -> None:
    """Three rows, the one in the middle hostile in its column `value`."""
    crm.run(
        f"create table visits (id integer primary key, value {kind}, updated_at timestamp)",
        "insert into visits values (1, null, '2026-02-01 10:00:00'), (2, null, '2026-02-02 10:00:00'), "
        "(3, null, '2026-02-03 10:00:00')",
    )
    if crm.backend == "mysql":
        crm.run("set sql_mode = ''", f"update visits set value = {_literal(value)} where id = 2")
    elif crm.backend == "postgresql":
        crm.run(f"update visits set value = cast(:value as {kind}) where id = 2", value=value)
    elif isinstance(value, str) and value.startswith("cast("):
        crm.run(f"update visits set value = {value} where id = 2")
    else:
        crm.run("update visits set value = :value where id = 2", value=value)


def _literal(value: object) -> str:
    """SQL as it is, other text in quotes."""
    text = str(value)
    return text if text[:2] in {"b'", "x'"} or text[0] in "'p" else repr(text)


def _hostile(backend: str) -> list[Any]:
    return [
        pytest.param(backend, kind, value, id=f"{backend}-{kind}-{str(value)[:24]}")
        for kind, values in TABLES[backend].items()
        for value in values
    ]


@pytest.mark.parametrize(("backend", "kind", "value"), [case for name in TABLES for case in _hostile(name)])
def test_one_hostile_value_stops_no_other_row(crm: Crm, backend: str, kind: str, value: object) -> None:
    if crm.backend != backend:
        return
    _fill(crm, kind, value)
    for since in (None, *[page.cursor for page in crm.driver.pages(STREAM) if page.cursor]):
        pages = list(crm.driver.pages(STREAM, since, overlap=timedelta(days=30)))
        assert sorted(external_id(row["id"]) for page in pages for row in page.rows) == ["1", "2", "3"]
    assert set(crm.driver.rows(STREAM, ["1", "2", "3"])) == {"1", "2", "3"}
    mapper = compile_stream("engagements", StreamSettings(table="visits", key="id", map={"startTime": "value"}))
    row = crm.driver.row(STREAM, "2")
    assert row is not None
    assert mapper.hash(row) == mapper.hash(row)
    if isinstance(row["value"], Unreadable):
        with pytest.raises(MappingError, match=r"record 2: startTime, from value = .*, is not a time"):
            mapper.map(row)


@pytest.mark.parametrize("value", ["infinity", "-infinity", "0044-03-15 12:00:00 BC", "294276-12-31 23:59:59"])
def test_a_hostile_cursor_hides_no_later_change(crm: Crm, value: str) -> None:
    if crm.backend != "postgresql":
        return
    crm.run(
        "create table visits (id integer primary key, updated_at timestamp)",
        "insert into visits values (1, '2026-02-01 10:00:00'), (3, '2026-02-03 10:00:00')",
    )
    crm.run("insert into visits values (2, cast(:value as timestamp))", value=value)
    cursor = list(crm.driver.pages(STREAM, size=1))[-1].cursor
    assert cursor is not None
    crm.run("insert into visits values (4, '2026-02-04 10:00:00')")
    found = {external_id(row["id"]) for page in crm.driver.pages(STREAM, cursor) for row in page.rows}
    assert found >= {"3", "4"}


BROKEN_KEYS = {
    "sqlite": ("text", "cast(x'39ff' as text)"),
    "mysql": ("varchar(20) character set utf32", "x'0000d83d'"),
    "postgresql": ("double precision", "'NaN'"),
}


def test_a_key_that_is_no_id_is_a_problem_of_its_row_and_stops_no_page(crm: Crm) -> None:
    kind, broken = BROKEN_KEYS[crm.backend]
    crm.run(f"create table visits (id {kind}, updated_at timestamp null)")
    for number in range(1, 8):
        crm.run(f"insert into visits values ('{number}', '2026-02-0{number} 10:00:00')")
    crm.run(f"insert into visits values ({broken}, '2026-02-04 10:00:00')")
    for size in (2, 3, 1000):
        for since in (None, Cursor(datetime(2026, 2, 1))):  # noqa: DTZ001 - a CRM's time without a zone
            pages = list(crm.driver.pages(STREAM, since, overlap=timedelta(days=9), size=size))
            found = {external_id(row["id"]) for page in pages for row in page.rows}
            assert found == {str(number) for number in range(1, 8)}
            assert any("is not an id" in problem.reason for page in pages for problem in page.problems)


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        ("text", "'2026-02-0{} 10:00:00'", "cast(x'ff' as text)"),
        ("text", "'2026-02-0{} 10:00:00'", "x'ff'"),
        ("text", "'2026-02-0{} 10:00:00'", "'9999-99-99'"),
        ("text", "'2026-02-0{} 10:00:00'", "'zzz'"),
        ("integer", "177000000{}", "'zzz'"),
        ("integer", "177000000{}", "x'ff'"),
        ("integer", "10{}", "'2026-02-01'"),
    ],
)
def test_one_odd_cursor_in_a_table_without_types_hides_no_change(crm: Crm, kind: str, good: str, wrong: str) -> None:
    if crm.backend != "sqlite":
        return
    crm.run(f"create table visits (id integer primary key, updated_at {kind})")
    for number in (1, 2, 3):
        crm.run(f"insert into visits values ({number}, {good.format(number)})".replace(":", "\\:"))
    crm.run(f"insert into visits values (9, {wrong})")
    cursor = list(crm.driver.pages(STREAM, size=2))[-1].cursor
    assert cursor is not None
    crm.run(f"insert into visits values (4, {good.format(4)})".replace(":", "\\:"))
    pages = list(crm.driver.pages(STREAM, cursor, overlap=timedelta(0), size=2))
    assert {external_id(row["id"]) for page in pages for row in page.rows} >= {"3", "4"}
    later = [page.cursor for page in pages if page.cursor is not None][-1]
    crm.run(f"insert into visits values (5, {good.format(5)})".replace(":", "\\:"))
    assert "5" in {external_id(row["id"]) for page in crm.driver.pages(STREAM, later) for row in page.rows}
