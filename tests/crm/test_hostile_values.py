"""A value that Python or UTF-8 cannot hold is a problem of its row: every other row is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fieldnote.config import StreamSettings
from fieldnote.crm.types import Source, Unreadable, external_id
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
    "text": [b"\xff\x00\xfe", "\x00", "half \ud83d".encode("utf-8", "surrogatepass")],
}
MARIADB = {
    "datetime": ["0000-00-00 00:00:00", "9999-12-31 23:59:59"],
    "date": ["0000-00-00", "0001-00-00"],
    "time": ["838:59:59", "-838:59:59"],
    "bit(64)": ["b'1111'"],
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
        crm.run(
            "set sql_mode = ''", f"update visits set value = {value if 'bit' in kind else repr(value)} where id = 2"
        )
    elif crm.backend == "postgresql":
        crm.run(f"update visits set value = cast(:value as {kind}) where id = 2", value=value)
    else:
        crm.run("update visits set value = :value where id = 2", value=value)


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
