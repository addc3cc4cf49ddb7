"""A CRM's web API: the calls to it, its faults, and its records."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from fieldnote.config import load
from fieldnote.crm.rest.driver import LOADER, RestDriver
from fieldnote.crm.types import Place, Source
from fieldnote.errors import ConfigError, CrmRefused, CrmUnavailable, FieldnoteError
from tests.crm import guide
from tests.crm.rest_server import SECRET, TOKEN, Answer, RestCrm, serving
from tests.waiting import HANGS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_loader")]

DEALS = Source("push.opportunities", key="id", table="deals", cursor="updated_at")
PLAIN: dict[str, Any] = {"name": "deals", "endpoint": {"path": "deals"}}
CHANGES: dict[str, Any] = {
    "name": "deals",
    "endpoint": {
        "path": "deals",
        "params": {"since": "{incremental.start_value}"},
        "incremental": {"cursor_path": "updated_at", "initial_value": "2026-01-01T00:00:00"},
    },
}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[RestCrm]:
    # dlt waits for this many seconds, and twice as long each time, where the CRM does not say how long.
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")
    with serving() as running:
        running.records["deals"] = [_deal(n) for n in range(1, 8)]
        yield running


@pytest.fixture
def opened(place: Place) -> Iterator[Callable[..., RestDriver]]:
    drivers: list[RestDriver] = []

    def open_it(config: dict[str, Any], home: str = "home") -> RestDriver:
        drivers.append(RestDriver(config, replace(place, home=place.folder.parent / home)))
        return drivers[-1]

    yield open_it
    for driver in drivers:
        driver.close()


def _deal(key: int, name: str = "deal", minute: int | None = None) -> dict[str, Any]:
    return {"id": key, "name": name, "updated_at": f"2026-02-15T14:{key if minute is None else minute:02}:00"}


def _rows(driver: RestDriver, source: Source = DEALS) -> dict[Any, dict[str, Any]]:
    return {row["id"]: dict(row) for page in driver.pages(source) for row in page.rows}


def _refused(driver: RestDriver, kind: type[FieldnoteError]) -> FieldnoteError:
    with pytest.raises(kind) as caught:
        driver.refresh([DEALS])
    assert TOKEN not in str(caught.value)
    assert SECRET not in str(caught.value)
    return caught.value


def test_only_changes_are_asked_for_and_any_worker_goes_on_where_the_last_one_ended(
    api: RestCrm, opened: Callable[..., RestDriver], place: Place, tmp_path: Path
) -> None:
    (tmp_path / "fieldnote.yaml").write_text(guide.CURSORED)
    config = load(tmp_path / "fieldnote.yaml", {"CRM_API": api.url, "CRM_SECRET": SECRET}).crm.rest or {}
    opened(config).check()
    assert api.asked.pop() == "/v2/deals?since=2026-01-01T00%3A00%3A00"
    opened(config).refresh([DEALS])
    assert api.asked == [f"/v2/deals?since=2026-01-01T00%3A00%3A00{after}" for after in ("", "&after=3", "&after=6")]
    api.records["deals"][1] = _deal(2, "changed", minute=30)
    api.records["deals"][4] |= {"name": "committed late"}
    api.records["deals"][0] |= {"name": "changed, and its time is not"}
    api.asked.clear()
    other = opened(config, home="another")
    other.refresh([DEALS])
    assert api.asked[0] == "/v2/deals?since=2026-02-15T14%3A02%3A00"  # five minutes before the last one
    assert {key: row["name"] for key, row in _rows(other).items() if row["name"] != "deal"} == {
        2: "changed",
        5: "committed late",
    }
    assert other.row(DEALS, "2") == _deal(2, "changed", minute=30)
    other.refresh([DEALS], full=True)
    assert (_rows(other)[1]["name"], len(_rows(other))) == ("changed, and its time is not", 7)
    assert not list(place.folder.parent.glob("*/dlt/*"))


def test_calls_that_fail_are_repeated_and_a_retry_after_is_waited_for(
    api: RestCrm, opened: Callable[..., RestDriver]
) -> None:
    """The CRM refuses a call that comes before the time it named, which would be one call more."""
    api.faults = {
        1: Answer(500),
        2: Answer(503),
        4: Answer(429, {"Retry-After": "2"}),
        6: Answer(body=b'{"items": [', cut=True),
    }
    driver = opened(api.numbered(PLAIN))
    driver.refresh([DEALS])
    pages = [int(path.rpartition("=")[2]) for path in api.asked]
    assert pages == [1, 1, 1, 2, 2, 3, 3, 4]
    assert sorted(_rows(driver)) == [1, 2, 3, 4, 5, 6, 7]


FAULTS: tuple[tuple[Answer, type[FieldnoteError], str], ...] = (
    (Answer(500), CrmUnavailable, "GET 127.0.0.1/v1/deals: the CRM fails (500)"),
    (Answer(429), CrmUnavailable, "GET 127.0.0.1/v1/deals: the CRM is busy (429)"),
    (Answer(403), CrmRefused, "GET 127.0.0.1/v1/deals: the CRM refuses the login (403)"),
    (Answer(body=b'{"items": [{"id": 1'), CrmUnavailable, "not JSON"),
)


def test_an_api_that_fails_half_way_changes_nothing(api: RestCrm, opened: Callable[..., RestDriver]) -> None:
    driver = opened(api.numbered({**PLAIN, "write_disposition": "replace"}))
    driver.refresh([DEALS])
    before = _rows(driver)
    api.records["deals"] = [_deal(n, "new") for n in range(1, 8)]
    for fault, kind, message in FAULTS:
        calls = len(api.asked)
        api.faults = dict.fromkeys(range(calls + 3, calls + 20), fault)
        assert message in _refused(driver, kind).message
        assert len(api.asked) > calls + 2
        assert _rows(driver) == before


def test_a_reader_sees_all_resources_as_they_were_before_or_as_they_are_after(
    api: RestCrm, opened: Callable[..., RestDriver], place: Place
) -> None:
    """Replaced, emptied, a column of another type: whatever a load does to tables, nobody sees its middle."""
    resources = [{"name": name, "endpoint": {"path": name}} for name in ("deals", "reps")]
    config = api.numbered(*[{**resource, "write_disposition": "replace"} for resource in resources])
    api.page = 500
    query = """select 1 as id, (select count(*) from deals) as deals, (select count(*) from reps) as reps,
                      (select sum(amount) from reps) as sum"""
    source = Source("push.x", key="id", query=query)
    driver = opened(config)
    seen: set[tuple[int, int, float]] = set()
    done = threading.Event()

    def read() -> None:
        reader = opened(config)
        while not done.wait(0.002):
            row = _rows(reader, source)[1]
            seen.add((row["deals"], row["reps"], float(row["sum"] or 0)))

    thread = threading.Thread(target=read)
    for count, amount in ((400, 1), (500, 0.5), (0, 0)):
        api.records["deals"] = [{"id": n} for n in range(count)]
        api.records["reps"] = [{"id": n, "amount": amount} for n in range(count)]
        driver.refresh([source])
        if count == 400:
            thread.start()
    done.set()
    thread.join()
    assert seen <= {(400, 400, 400), (500, 500, 250), (0, 0, 0)}
    assert len(seen) > 1


def test_pages_that_never_end_are_an_error(api: RestCrm, opened: Callable[..., RestDriver]) -> None:
    api.circle = api.deaf = True
    error = _refused(opened(api.cursored(PLAIN)), CrmRefused)
    assert "GET 127.0.0.1/v2/deals was asked 20 times" in error.message
    assert "its pages repeat" in str(error.hint)
    error = _refused(opened(api.numbered(PLAIN)), CrmRefused)
    assert "GET 127.0.0.1/v1/deals gave the same records 5 times in a row" in error.message
    assert "does not know the parameter that counts pages" in str(error.hint)


def test_a_token_that_expires_between_pages_and_pages_that_shift_lose_and_double_nothing(
    api: RestCrm, opened: Callable[..., RestDriver]
) -> None:
    api.lives, api.shifts = 0, True
    driver = opened(api.cursored(PLAIN))
    driver.refresh([DEALS])
    assert api.tokens == len(api.asked) == 3
    pages = list(driver.pages(DEALS))
    assert ([row["id"] for row in pages[0].rows], pages[0].problems) == ([1, 2, 3, 4, 5, 6, 7], ())


def test_a_table_that_no_resource_feeds_any_more_is_named(api: RestCrm, opened: Callable[..., RestDriver]) -> None:
    opened(api.numbered(PLAIN)).refresh([DEALS])
    driver = opened(api.numbered({"name": "bargains", "endpoint": {"path": "deals"}}))
    both = Source("push.x", key="id", query="select d.id from deals d join bargains b on b.id = d.id")
    assert driver.refresh([both]) == (
        "no resource of crm.rest brings the table deals up to date any more: it is as it was",
    )


@pytest.mark.parametrize(
    ("config", "kind", "message"),
    [
        (lambda api: {**api.numbered(PLAIN), "clent": {}}, ConfigError, "clent"),
        (lambda api: api.numbered({"name": "deals", "endpoint": {"pth": "deals"}}), ConfigError, "pth"),
        (lambda api: api.numbered({**CHANGES, "primary_key": None}), ConfigError, "has no primary_key"),
        (
            lambda api: {**api.numbered(PLAIN), "client": {"base_url": "http://127.0.0.1:9/"}},
            CrmUnavailable,
            "GET 127.0.0.1/deals: the CRM cannot be reached",
        ),
        (lambda api: api.numbered({"name": "gone", "endpoint": {"path": "x"}}), CrmRefused, "request (404)"),
    ],
)
def test_a_configuration_that_does_not_work_is_explained(
    api: RestCrm,
    opened: Callable[..., RestDriver],
    config: Callable[[RestCrm], dict[str, Any]],
    kind: type[FieldnoteError],
    message: str,
) -> None:
    error = _refused(opened(config(api)), kind)
    assert message in error.message
    assert error.hint


def test_names_become_snake_case_lists_tables_and_no_value_changes_its_meaning(
    api: RestCrm, opened: Callable[..., RestDriver]
) -> None:
    api.records["deals"] = [
        {"id": 1, "startsAt": "2026-02-15T14:00:00", "amount": 100, "code": 5, "assignedReps": [{"email": "a@x"}]},
        {
            "id": 2,
            "startsAt": None,
            "amount": 12500.1,
            "code": "5b",
            "assignedReps": [{"email": "b@x"}, {"email": "c@x"}],
        },
        {"id": 3, "startsAt": "tomorrow", "amount": None, "code": None, "geo": {"lat": 39.5}},
    ]
    driver = opened(api.numbered(PLAIN))
    query = """select d.id, d.starts_at, d.amount, d.code, d.geo__lat, string_agg(r.email, ' ' order by r.email) as reps
                 from deals d left join deals__assigned_reps r on r._dlt_parent_id = d._dlt_id group by 1, 2, 3, 4, 5"""
    rows = _rows(driver, Source("push.x", key="id", query=query))
    assert [list(row.values()) for row in rows.values()] == [
        [1, "2026-02-15T14:00:00", 100, "5", None, "a@x"],
        [2, None, Decimal("12500.1"), "5b", None, "b@x c@x"],
        [3, "tomorrow", None, None, 39.5, None],
    ]
    api.records["deals"][0] |= {"amount": 99.5, "assignedReps": [{"email": "d@x"}]}
    driver.refresh([DEALS])
    changed = _rows(driver, Source("push.x", key="id", query=query))[1]
    assert (float(changed["amount"]), changed["reps"]) == (99.5, "d@x")
    assert not [name for name in driver.columns(Source("x", key="id", table="deals")) if name.startswith("_dlt")]


WATCHING = """
import os, sys
def heard(event, arguments):
    if event == "socket.connect":
        with open(os.environ["WATCH__HEARD"], "a") as file:
            file.write(f"{arguments[1]!r}\\n")
sys.addaudithook(heard)
"""


def test_nobody_but_the_crm_is_called_and_check_asks_for_one_page(
    api: RestCrm, opened: Callable[..., RestDriver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(WATCHING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("WATCH__HEARD", str(tmp_path / "heard"))
    monkeypatch.setattr("fieldnote.crm.rest.driver.LOADER", LOADER)  # a fork would not be watched from its start
    driver = opened(api.numbered(PLAIN))
    driver.check()
    assert api.asked == ["/v1/deals?page=1"]
    driver.refresh([DEALS])
    assert set((tmp_path / "heard").read_text().splitlines()) == {f"('127.0.0.1', {api.port})"}


REFRESHING = """
import json, sys
from pathlib import Path
from fieldnote.config import load
from fieldnote.crm.rest.driver import RestDriver
from fieldnote.crm.types import Place
config, connection, url, home = json.loads(sys.argv[1])
RestDriver(config, Place(connection, Path(home), url, Path(home))).refresh([])
"""


def test_the_loader_ends_with_the_worker_that_started_it_and_another_one_takes_over(
    api: RestCrm, opened: Callable[..., RestDriver], place: Place
) -> None:
    api.faults = {2: Answer(after=threading.Event())}
    config = api.numbered(PLAIN)
    job = json.dumps([config, place.connection, place.database_url, str(place.home)])
    with subprocess.Popen([sys.executable, "-c", REFRESHING, job]) as worker:
        assert api.arrived.wait(HANGS)
        worker.kill()
    driver = opened(config)
    driver.refresh([DEALS])
    assert len(_rows(driver)) == 7


def test_without_dlt_the_error_says_what_to_install(
    api: RestCrm, opened: Callable[..., RestDriver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _: None)
    error = _refused(opened(api.numbered(PLAIN)), ConfigError)
    assert error.hint == 'pip install "fieldnote[bridge,rest]"'


def test_copies_are_dropped_and_the_next_refresh_reads_everything_again(
    api: RestCrm, opened: Callable[..., RestDriver], tmp_path: Path
) -> None:
    (tmp_path / "fieldnote.yaml").write_text(guide.CURSORED)
    config = load(tmp_path / "fieldnote.yaml", {"CRM_API": api.url, "CRM_SECRET": SECRET}).crm.rest or {}
    api.records["deals"][1] = _deal(2, "Ann Smith")
    driver = opened(config)
    driver.refresh([DEALS])
    assert driver.copies_name("ann SMITH")
    assert driver.drop_copies() == 1
    assert not driver.copies_name("ann SMITH")
    api.records["deals"][1] = _deal(2, "deal")
    api.asked.clear()
    driver.refresh([DEALS])
    assert api.asked[0] == "/v2/deals?since=2026-01-01T00%3A00%3A00"
    assert len(_rows(driver)) == 7
    assert not driver.copies_name("ann SMITH")
