"""Cursors of every kind: one value far ahead hides nothing, late commits are read, and ties are not lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.crm.sql.cursors import Scale, earlier, guard_of, scale_of, value_at
from fieldnote.crm.types import Cursor, Source, external_id
from fieldnote.errors import CrmRefused
from tests.crm.conftest import Crm

DEALS = Source("push.opportunities", key="id", table="deals", cursor="at")
NOW = datetime.now(UTC).replace(microsecond=0)
Write = Callable[[datetime], Any]

KINDS: dict[str, tuple[str, Write, Any]] = {
    "seconds": ("bigint", lambda at: int(at.timestamp()), 253402300799),
    "seconds soon": ("bigint", lambda at: int(at.timestamp()), int((NOW + timedelta(days=3)).timestamp())),
    "fractions": ("{double}", lambda at: at.timestamp() + 0.25, 4102444800.5),
    "milliseconds": ("bigint", lambda at: int(at.timestamp() * 1000), 253402300799000),
    "microseconds": ("bigint", lambda at: int(at.timestamp() * 1_000_000), 253402300799000000),
    "decimal": ("numeric(20, 3)", lambda at: Decimal(str(at.timestamp())), Decimal(9999999999)),
    "compact": ("bigint", lambda at: int(at.strftime("%Y%m%d%H%M%S")), 99991231000000),
    "text": ("varchar(40)", lambda at: at.strftime("%Y-%m-%d %H:%M:%S"), "9999-12-31 00:00:00"),
    "text with a zone": ("varchar(40)", lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"), "2099-12-31T00:00:00Z"),
    "text of seconds": ("varchar(40)", lambda at: str(int(at.timestamp())), "4102444800"),
}


def keys(crm: Crm, since: Cursor | None, **options: Any) -> set[str]:
    return {external_id(row["id"]) for page in crm.driver.pages(DEALS, since, **options) for row in page.rows}


def reached(crm: Crm, since: Cursor | None = None, **options: Any) -> Cursor:
    cursors = [page.cursor for page in crm.driver.pages(DEALS, since, **options) if page.cursor is not None]
    return Cursor.parse(str(cursors[-1]))


def fill(crm: Crm, kind: str, *values: Any) -> None:
    crm.run(f"create table deals (id integer primary key, at {kind})")
    add(crm, 1, *values)


def add(crm: Crm, first: int, *values: Any) -> None:
    crm.insert("insert into deals values (:key, :at)", [_row(crm, *row) for row in enumerate(values, first)])


def _row(crm: Crm, key: int, value: Any) -> dict[str, object]:
    return {"key": key, "at": float(value) if isinstance(value, Decimal) and crm.backend == "sqlite" else value}


@pytest.mark.parametrize("kind", KINDS)
def test_one_value_far_ahead_hides_no_later_change(crm: Crm, kind: str) -> None:
    column, write, far = KINDS[kind]
    late = [write(NOW - timedelta(hours=hours)) for hours in range(40, 0, -1)]
    fill(crm, column, *late, far)
    cursor = reached(crm, size=7)
    assert cursor.value != far
    add(crm, 100, write(NOW))
    assert "100" in keys(crm, cursor)
    after = reached(crm, cursor, size=3)
    assert str(after) != str(Cursor(far) if isinstance(far, str) else Cursor(Decimal(str(far))))
    add(crm, 101, write(NOW + timedelta(minutes=1)))
    assert {"101"} <= keys(crm, after) <= {"40", "41", "100", "101"}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_were_committed_late_are_read_and_ties_are_not_lost(crm: Crm, kind: str) -> None:
    column, write, _ = KINDS[kind]
    fill(crm, column, *(write(NOW - timedelta(days=days)) for days in range(30, 0, -1)), write(NOW), write(NOW))
    cursor = reached(crm)
    add(crm, 100, write(NOW), write(NOW - timedelta(minutes=4)), write(NOW - timedelta(minutes=30)))
    for size in (1, 2, 1000):
        assert keys(crm, cursor, size=size) == {"31", "32", "100", "101"}
    assert "102" not in keys(crm, cursor, overlap=timedelta(minutes=10))
    assert "102" in keys(crm, cursor, overlap=timedelta(hours=1))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_since_a_time_are_found_by_any_cursor_that_counts_time(crm: Crm, kind: str) -> None:
    column, write, _ = KINDS[kind]
    fill(crm, column, *(write(NOW - timedelta(days=days)) for days in range(30, 0, -1)))
    assert keys(crm, Cursor(NOW - timedelta(days=2, hours=1)), overlap=timedelta()) == {"29", "30"}


@pytest.mark.parametrize("far", [999_999_999, 2**62, 60_000])
@pytest.mark.parametrize("count", [3, 300])
def test_a_counter_far_ahead_hides_no_later_change(crm: Crm, far: int, count: int) -> None:
    fill(crm, "bigint", far, far + 5000)
    crm.run(
        f"insert into deals with recursive n(i) as (select 1 union all select i + 1 from n where i < {count}) "
        "select i + 10, i * 7 from n"
        if crm.backend == "sqlite"
        else f"insert into deals select i + 10, i * 7 from generate_series(1, {count}) as n(i)"
        if crm.backend == "postgresql"
        else f"insert into deals select seq + 10, seq * 7 from seq_1_to_{count}"
    )
    cursor = reached(crm)
    assert cursor.value == count * 7
    add(crm, 5000, count * 7 + 1)
    assert "5000" in keys(crm, cursor)
    cursor = reached(crm, cursor, size=2)
    assert cursor.value == count * 7 + 1
    add(crm, 5001, count * 7 + 2, count * 7 - 1)
    assert {"5001", "5002"} <= keys(crm, cursor), "a lower number may be committed later"


def test_a_counter_knows_no_time(crm: Crm) -> None:
    fill(crm, "bigint", 1, 2, 3)
    with pytest.raises(CrmRefused, match="holds no times"):
        keys(crm, Cursor(NOW))


@given(st.datetimes(datetime(2003, 1, 1), datetime(2026, 1, 1)), st.sampled_from([*Scale]))  # noqa: DTZ001
def test_a_scale_is_known_by_its_values(moment: datetime, scale: Scale) -> None:
    if scale is Scale.COUNTER:
        return
    value = value_at(moment.replace(microsecond=0, tzinfo=UTC), scale, 0)
    assert scale_of([value] * 5 + [0, 2**62]) is scale
    start = earlier(Cursor(value), timedelta(minutes=5), scale).value
    assert isinstance(start, Decimal)
    assert start <= value


@given(st.lists(st.integers(0, 10**6), max_size=50), st.integers(10**7, 2**62))
def test_no_counter_moves_above_a_gap(values: list[int], far: int) -> None:
    guard = guard_of(Scale.COUNTER, sorted([*values, far], reverse=True))
    assert guard.is_ahead(far) == bool(values)
    assert not values or not guard.is_ahead(min(values))
