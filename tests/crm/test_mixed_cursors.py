"""A cursor column whose values have several forms hides no row: rows in another form than most are read each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.crm.query_tables import greatest_of
from fieldnote.crm.sql.cursor_shapes import is_default, shape_of
from fieldnote.crm.types import Cursor, Source, external_id
from tests.crm.conftest import Crm

DEALS = Source("push.opportunities", key="id", table="deals", cursor="at")
NOW = datetime.now(UTC).replace(microsecond=0)
Write = Callable[[datetime], Any]

FORMS: dict[str, Write] = {
    "blank": lambda at: at.strftime("%Y-%m-%d %H:%M:%S"),
    "T": lambda at: at.strftime("%Y-%m-%dT%H:%M:%S"),
    "T and Z": lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "minutes and offset": lambda at: at.strftime("%Y-%m-%d %H:%M+00:00"),
    "fraction": lambda at: at.strftime("%Y-%m-%d %H:%M:%S.123"),
    "other offset": lambda at: (at - timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M:%S-07:00"),
    "day": lambda at: at.strftime("%Y-%m-%d"),
    "day first": lambda at: at.strftime("%d/%m/%Y %H:%M"),
    "month's name": lambda at: at.strftime("%b %d %Y"),
    "not padded": lambda at: f"{at.year}-{at.month}-{at.day} {at.hour}:{at.minute}",
    "text of seconds": lambda at: str(int(at.timestamp())),
    "text of milliseconds": lambda at: str(int(at.timestamp() * 1000)),
    "compact": lambda at: at.strftime("%Y%m%dT%H%M%SZ"),
    "slashes": lambda at: at.strftime("%Y/%m/%d %H:%M"),
    "empty": lambda _: "",
    "zeros": lambda _: "0000-00-00 00:00:00",
    "long ago": lambda _: "1970-01-01 00:00:00",
    "words": lambda _: "never",
}
ONLY_SQLITE: dict[str, Write] = {
    "seconds": lambda at: int(at.timestamp()),
    "milliseconds": lambda at: int(at.timestamp() * 1000),
    "zero": lambda _: 0,
    "a fraction of a day": lambda at: at.timestamp() / 86400 + 2440587.5,
    "bytes": lambda at: at.isoformat().encode(),
}


def read(crm: Crm, since: Cursor | None, source: Source = DEALS) -> tuple[Counter[str], Cursor | None]:
    found: Counter[str] = Counter()
    reached = since
    for page in crm.driver.pages(source, since, size=7):
        found.update(external_id(row["id"]) for row in page.rows)
        reached = page.cursor or reached
    return found, reached and Cursor.parse(str(reached))


def forms_of(crm: Crm) -> dict[str, Write]:
    return {**FORMS, **(ONLY_SQLITE if crm.backend == "sqlite" else {})}


def untyped(crm: Crm, form: str, some: set[str]) -> None:
    """The forms differ in Python; the other databases only have another way to ask for them."""
    if crm.backend != "sqlite" and form not in some:
        pytest.skip("the same form in SQLite is enough")


@pytest.mark.parametrize("most", FORMS)
def test_a_change_in_any_form_is_read_whatever_form_most_rows_have(crm: Crm, most: str) -> None:
    untyped(crm, most, {"T and Z", "day first"})
    forms = forms_of(crm)
    crm.run(f"create table deals (id integer primary key, at {'blob' if crm.backend == 'sqlite' else 'varchar(40)'})")
    rows = [(key, FORMS[most](NOW - timedelta(hours=key))) for key in range(1, 31)]
    rows += [(100 + key, write(NOW - timedelta(days=3))) for key, write in enumerate(forms.values())]
    put(crm, rows)
    everything, cursor = read(crm, None)
    assert everything == Counter(str(key) for key, _ in rows)
    for key, (name, write) in enumerate(forms.items(), 200):
        put(crm, [(key, write(NOW + timedelta(seconds=key)))])
        found, cursor = read(crm, cursor)
        assert found[str(key)] == 1, f"{name} among {most}, the cursor is {cursor}"
        assert max(found.values()) == 1


def put(crm: Crm, rows: list[tuple[int, Any]]) -> None:
    for key, at in rows:
        crm.run("insert into deals values (:key, :at)", key=key, at=at)


def test_a_default_in_a_typed_cursor_hides_no_row(crm: Crm) -> None:
    crm.run("create table deals (id integer primary key, at {time})")
    put(crm, [(key, NOW.replace(tzinfo=None) - timedelta(hours=key)) for key in range(1, 9)])
    _, cursor = read(crm, None)
    put(crm, [(10, datetime(1970, 1, 2)), (11, datetime(1999, 12, 31)), (12, NOW.replace(tzinfo=None))])  # noqa: DTZ001
    found, _ = read(crm, cursor)
    assert set(found) == {"1", "10", "11", "12"} - ({"1"} if "1" not in found else set())


@pytest.mark.parametrize(("usual", "late"), [("milliseconds", "seconds"), ("seconds", "zero")])
def test_numbers_of_two_scales_hide_no_row(crm: Crm, usual: str, late: str) -> None:
    crm.run("create table deals (id integer primary key, at bigint)")
    put(crm, [(key, ONLY_SQLITE[usual](NOW - timedelta(hours=key))) for key in range(1, 9)])
    _, cursor = read(crm, None)
    put(crm, [(10, ONLY_SQLITE[late](NOW)), (11, ONLY_SQLITE[usual](NOW))])
    found, cursor = read(crm, cursor)
    assert {"10", "11"} <= set(found) <= {"1", "10", "11"}


@pytest.mark.parametrize("other", sorted({**FORMS, **ONLY_SQLITE}.keys() - {"blank", "fraction", "bytes"}))
def test_the_greatest_of_two_forms_hides_no_change(crm: Crm, other: str) -> None:
    """`max(integer, text)` is always the text, so a change of the other one moves nothing."""
    untyped(crm, other, {"T", "empty"})
    write = forms_of(crm)[other]
    kind = "blob" if crm.backend == "sqlite" else "varchar(40)"
    greatest = "max" if crm.backend == "sqlite" else "greatest"
    crm.run(
        f"create table deals (id integer primary key, at {kind}, rep integer)",
        f"create table reps (id integer primary key, name varchar(20), at {kind})",
    )
    for key in range(1, 6):
        crm.run("insert into reps values (:key, 'x', :at)", key=key, at=write(NOW - timedelta(days=9)))
        crm.run("insert into deals values (:k, :at, :k)", k=key, at=FORMS["blank"](NOW - timedelta(days=2 + key)))
    query = (
        f"select a.id, r.name, {greatest}(a.at, coalesce(r.at, a.at)) as moved "
        "from deals a left join reps r on r.id = a.rep"
    )
    source = Source("push.opportunities", key="id", query=query, cursor="moved")
    _, cursor = read(crm, None, source)
    crm.run("update reps set name = 'y', at = :at where id = 5", at=write(NOW))
    found, _ = read(crm, cursor, source)
    assert found["5"] == 1 or other in {"empty", "zeros", "long ago", "zero"}, f"the cursor is {cursor}"
    assert max(found.values(), default=1) == 1


COUNTERS: dict[str, tuple[str, str]] = {
    "greatest": ("bigint", "{greatest}(a.at, coalesce(r.at, a.at))"),
    "case": ("bigint", "case when a.at > coalesce(r.at, 0) then a.at else r.at end"),
    "with a constant": ("bigint", "{greatest}(a.at, {greatest}(coalesce(r.at, 0), 1))"),
    "texts": ("varchar(12)", "{greatest}(a.at, coalesce(r.at, a.at))"),
}


@pytest.mark.parametrize("how", COUNTERS)
def test_the_greatest_of_two_counters_hides_no_change(crm: Crm, how: str) -> None:
    """The appointments are at 90,000 changes, the reps at 7: the eighth moves no greatest."""
    kind, expression = COUNTERS[how]
    crm.run(
        f"create table deals (id integer primary key, at {kind}, rep integer)",
        f"create table reps (id integer primary key, name varchar(20), at {kind})",
    )
    count = str if kind != "bigint" else int
    for key in range(1, 9):
        crm.run("insert into reps values (:key, 'x', :at)", key=key, at=count(10_000 + key))
        crm.run("insert into deals values (:k, :at, :k)", k=key, at=count(90_000 + key))
    moved = expression.format(greatest="max" if crm.backend == "sqlite" else "greatest")
    query = f"select a.id, r.name, {moved} as moved from deals a left join reps r on r.id = a.rep"
    source = Source("push.opportunities", key="id", query=query, cursor="moved")
    _, cursor = read(crm, None, source)
    crm.run("update deals set at = :at where id = 8", at=count(99_000))
    _, cursor = read(crm, cursor, source)
    crm.run("update reps set name = 'y', at = :at where id = 5", at=count(10_009))
    found, _ = read(crm, cursor, source)
    assert found["5"] == 1, f"the cursor is {cursor}"
    assert max(found.values()) == 1


def test_the_sum_of_two_counters_is_read_by_its_order(crm: Crm) -> None:
    crm.run(
        "create table deals (id integer primary key, at bigint, rep integer)",
        "create table reps (id integer primary key, name varchar(20), at bigint)",
    )
    for key in range(1, 9):
        crm.run("insert into reps values (:key, 'x', :at)", key=key, at=200 * key)
        crm.run("insert into deals values (:k, :at, :k)", k=key, at=90_000 + 300 * key)
    query = "select a.id, r.name, a.at + coalesce(r.at, 0) as moved from deals a left join reps r on r.id = a.rep"
    source = Source("push.opportunities", key="id", query=query, cursor="moved")
    _, cursor = read(crm, None, source)
    assert len(read(crm, cursor, source)[0]) < 8


def test_one_form_is_still_read_by_its_order(crm: Crm) -> None:
    crm.run("create table deals (id integer primary key, at varchar(40))")
    put(crm, [(key, FORMS["blank"](NOW - timedelta(hours=key))) for key in range(1, 31)])
    _, cursor = read(crm, None)
    put(crm, [(50, FORMS["fraction"](NOW + timedelta(minutes=6))), (51, "")])
    assert set(read(crm, cursor)[0]) == {"1", "50", "51"}


@given(st.text(max_size=40))
def test_a_text_has_its_own_form(text: str) -> None:
    assert shape_of(text).matches(text)
    assert isinstance(is_default(text), bool)


def test_only_the_greatest_of_several_has_parts() -> None:
    def parts(query: str, backend: str) -> int:
        return len(greatest_of(Source("s", key="id", query=query, cursor="c"), backend))

    assert parts("select a.id, max(a.u, coalesce(r.u, a.u)) as c from a join r on r.id = a.r", "sqlite") == 2
    assert parts("select a.id, greatest(a.u, greatest(b.u, c.u)) as c from a, b, c", "mysql") == 3
    assert parts("select id, max(u) as c from a group by id", "sqlite") == 0
    assert parts("select id, u as c from a", "sqlite") == 0
    assert parts("select nonsense from", "sqlite") == 0
    assert parts("select a.id, case when a.u > b.u then a.u else b.u end as c from a, b", "mssql") == 2
    assert parts("select a.id, case when a.kind = 1 then a.u else b.u end as c from a, b", "mssql") == 0
    assert parts("select a.id, greatest(a.u, 0) as c from a", "postgresql") == 1
