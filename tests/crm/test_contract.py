"""The contract of reading, which every driver keeps: the databases, the files and the web API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldnote.crm.files.driver import FilesDriver
from fieldnote.crm.rest.driver import RestDriver
from fieldnote.crm.types import Cursor, Page, Place, Source, key_text
from fieldnote.errors import CrmRefused
from tests.crm.conftest import opened
from tests.crm.kinds import Kind, OfDatabase, OfFiles, OfWeb, Records
from tests.crm.rest_server import serving

NOW = datetime(2026, 2, 15, 14, 0)  # noqa: DTZ001 - a CRM's own time, without a zone
DEALS = Source("push.opportunities", key="id", table="deals", cursor="updated_at")
HEAD = {"id": 0, "name": "", "updated_at": None}
"""Every table begins with its columns."""


@pytest.fixture(params=["sqlite", "postgresql", "mysql", "files", pytest.param("rest", marks=pytest.mark.slow)])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    """A CRM of each kind, without a table."""
    match request.param:
        case "files":
            place: Place = request.getfixturevalue("place")
            driver = FilesDriver(place.folder, place)
            yield OfFiles(place.folder, driver)
            driver.close()
        case "rest":
            request.getfixturevalue("forked_loader")
            with serving() as server:
                resources = [{"name": name, "endpoint": {"path": name}} for name in ("deals", "reps")]
                config = server.numbered(*[{**item, "write_disposition": "replace"} for item in resources])
                server.records |= {"deals": [], "reps": []}
                api = RestDriver(config, request.getfixturevalue("place"))
                yield OfWeb(server, api)
                api.close()
        case backend:
            for crm in opened(request, backend, tmp_path):
                yield OfDatabase(crm)


_REP = {"id": 0, "deal_id": 0, "rep": ""}


def _deals(*rows: tuple[int | None, str | None, datetime | None]) -> Records:
    return [HEAD, *({"id": key, "name": name, "updated_at": at} for key, name, at in rows)]


def _read(kind: Kind, source: Source = DEALS, since: Cursor | None = None, **options: Any) -> list[Page]:
    return list(kind.driver.pages(source, since, **options))


def _keys(pages: list[Page]) -> list[str]:
    return [key_text(row["id"]) for page in pages for row in page.rows]


def _start(pages: list[Page]) -> Cursor:
    """The cursor as a ledger keeps it."""
    cursor = pages[-1].cursor
    assert cursor is not None
    return Cursor.parse(str(cursor))


def test_a_full_reading_gives_every_row_once_in_pages_and_ends_with_its_cursor(kind: Kind) -> None:
    kind.put([DEALS], deals=_deals(*[(n, f"deal {n}", NOW + timedelta(minutes=n % 3)) for n in range(1, 12)]))
    pages = _read(kind, size=4)
    assert sorted(_keys(pages), key=int) == [str(n) for n in range(1, 12)]
    assert [page.last for page in pages] == [False, False, True]
    assert [page.cursor for page in pages[:-1]] == [None, None]
    assert sorted(_keys(_read(kind, since=_start(pages), overlap=timedelta(0)))) == ["11", "2", "5", "8"]


def test_changes_are_read_from_before_the_cursor_on(kind: Kind) -> None:
    first = [(1, "old", NOW - timedelta(hours=1)), (2, "late", NOW - timedelta(minutes=3)), (3, "new", NOW)]
    kind.put([DEALS], deals=_deals(*first))
    start = _start(_read(kind))
    kind.put([DEALS], deals=_deals(*first, (4, "newer", NOW + timedelta(seconds=1))))
    pages = _read(kind, since=start, overlap=timedelta(minutes=5))
    assert _keys(pages) == ["2", "3", "4"]
    assert _keys(_read(kind, since=_start(pages), overlap=timedelta(0))) == ["4"]


def test_a_row_that_was_taken_away_is_gone_and_an_empty_table_is_a_complete_reading(kind: Kind) -> None:
    kind.put([DEALS], deals=_deals((1, "stays", NOW), (2, "goes", NOW)))
    kind.put([DEALS], deals=_deals((1, "stays", NOW)))
    assert kind.driver.row(DEALS, "2") is None
    assert _keys(_read(kind)) == ["1"]
    kind.put([DEALS], deals=_deals())
    assert _read(kind) == [Page((), None, last=True)]


def test_rows_without_a_cursor_come_every_time(kind: Kind) -> None:
    kind.put([DEALS], deals=_deals((1, "none", None), (2, "none", None), (3, "some", NOW), (4, "none", None)))
    assert _keys(_read(kind, since=_start(_read(kind)), size=2)) == ["1", "2", "4", "3"]


def test_rows_that_share_one_time_are_neither_lost_nor_doubled(kind: Kind) -> None:
    kind.put([DEALS], deals=_deals(*[(n, "same", NOW) for n in range(1, 30)]))
    found = _keys(_read(kind, since=_start(_read(kind)), size=7))
    assert sorted(found, key=int) == [str(n) for n in range(1, 30)]


def test_a_key_that_a_join_multiplies_is_named_and_left_out(kind: Kind) -> None:
    reps = [(1, "a"), (2, "a"), (3, "a"), (3, "b"), (3, "c"), (4, "a"), (5, "a")]
    query = "select d.id, d.updated_at, r.rep from deals d join reps r on r.deal_id = d.id"
    source = Source("push.opportunities", key="id", query=query, cursor="updated_at")
    kind.put(
        [source],
        deals=_deals(*[(n, "deal", NOW + timedelta(minutes=n)) for n in range(1, 6)]),
        reps=[_REP, *({"id": n, "deal_id": deal, "rep": rep} for n, (deal, rep) in enumerate(reps))],
    )
    full = _read(kind, source, size=2)
    for pages in (full, _read(kind, source, _start(full), overlap=timedelta(hours=1), size=2)):
        assert _keys(pages) == ["1", "2", "4", "5"]
        problems = [problem for page in pages for problem in page.problems]
        assert [(problem.key, problem.reason) for problem in problems] == [("3", "the key 3 comes with several rows")]


def test_rows_without_a_key_are_counted_and_columns_and_rows_are_found_by_name(kind: Kind) -> None:
    query = "select case when name = 'nobody' then null else id end as id, name, updated_at from deals"
    source = Source("push.opportunities", key="id", query=query)
    kind.put([source], deals=_deals((1, "nobody", NOW), (2, "deal", NOW)))
    pages = _read(kind, source)
    assert (_keys(pages), pages[0].problems[0].reason) == (["2"], "1 row has no id")
    assert kind.driver.columns(source) == ("id", "name", "updated_at")
    found = kind.driver.row(source, "2")
    assert found is not None
    assert found["name"] == "deal"
    assert kind.driver.row(source, "9") is None
    assert kind.driver.rows(DEALS, ["2", "9", "x"]) == {"2": kind.driver.row(DEALS, "2")}
    assert set(kind.driver.rows(DEALS, ["1", "2"])["1"]) == {"id", "name", "updated_at"}
    assert sorted(kind.driver.columns(DEALS)) == ["id", "name", "updated_at"]
    with pytest.raises(CrmRefused, match="cursor: it has no column 'updated'; did you mean 'updated_at'"):
        _read(kind, Source("push.opportunities", key="id", table="deals", cursor="updated"))


def test_a_reading_goes_on_while_the_table_changes_and_loses_no_row(kind: Kind) -> None:
    kind.put([DEALS], deals=_deals(*[(n, "before", NOW) for n in range(1, 7)]))
    pages = kind.driver.pages(DEALS, size=2)
    first = next(pages)
    kind.put([DEALS], deals=_deals(*[(n, "after", NOW) for n in range(1, 8)]))
    rest = list(pages)
    assert _keys([first, *rest]) == [str(n) for n in range(1, 8)]
    assert {row["name"] for page in rest for row in page.rows} == {"after"}
