"""The shared kit: versions, late commits, limits, faults, pages, webhooks, control."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.errors import ConfigError
from fieldnote.sandbox import SANDBOXES, Fault, FaultKind, open_sandbox, serving
from fieldnote.sandbox.clock import Clock
from fieldnote.sandbox.hubspot import HubSpotStandIn
from fieldnote.sandbox.limits import Limits
from fieldnote.sandbox.paging import numbered, sealed, unsealed
from fieldnote.sandbox.store import Missing, Store
from tests.sandbox.conftest import client_of
from tests.sandbox.contractors import small
from tests.waiting import HANGS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _store() -> tuple[Clock, Store]:
    clock = Clock()
    clock.freeze(NOON)
    return clock, Store(clock)


def test_a_late_commit_lies_under_what_was_read_before() -> None:
    clock, store = _store()
    rows = store.table("rows")
    store.commit_delay = timedelta(seconds=30)
    rows.insert("1", {"name": "late"})
    store.commit_delay = timedelta(0)
    clock.advance(1)
    rows.insert("2", {"name": "younger"})

    def seen() -> list[str]:
        return [one.id for one in rows.select("all", lambda row: True, lambda row: (row.modified, row.id))]

    assert seen() == ["2"]
    clock.advance(30)
    assert seen() == ["1", "2"]


def test_a_reader_sees_the_version_before_until_the_next_one_is_committed() -> None:
    clock, store = _store()
    rows = store.table("rows")
    rows.insert("1", {"name": "old"})
    store.commit_delay = timedelta(seconds=5)
    rows.change("1", {"name": "new"})
    there = rows.get("1")
    assert there is not None
    assert there.values["name"] == "old"
    clock.advance(5)
    there = rows.get("1")
    assert there is not None
    assert there.values["name"] == "new"


def test_a_purged_record_is_gone_and_an_archived_one_comes_back() -> None:
    _, store = _store()
    rows = store.table("rows")
    rows.insert("1", {"owner": 7})
    rows.archive("1")
    assert rows.latest("1").archived == NOON
    assert rows.restore("1").archived is None
    assert [one.id for one in rows.by("owner", 7)] == ["1"]
    rows.purge("1")
    assert rows.by("owner", 7) == []
    with pytest.raises(Missing):
        rows.latest("1")


@given(st.lists(st.floats(0, 3), max_size=80), st.integers(1, 9))
def test_no_window_takes_more_calls_than_its_limit(waits: list[float], calls: int) -> None:
    clock = Clock()
    clock.freeze(NOON)
    limits = Limits(clock)
    limits.set("window", calls, timedelta(seconds=2))
    taken: list[datetime] = []
    for wait in waits:
        clock.advance(wait)
        refusal = limits.take(("window",))
        if refusal is None:
            taken.append(clock.now())
        else:
            clock.advance(refusal.wait + 0.001)
            assert limits.take(("window",)) is None
            taken.append(clock.now())
    for end in taken:
        assert sum(end - timedelta(seconds=2) < one <= end for one in taken) <= calls


@given(st.integers(0, 40), st.integers(1, 12))
def test_pages_by_number_give_each_item_once(count: int, size: int) -> None:
    items, got, page = list(range(count)), list[int](), 1
    while True:
        part = numbered(items, page, size)
        got += part.items
        if not part.more:
            break
        page += 1
    assert got == items


def test_a_token_of_a_position_can_be_read_and_other_text_cannot() -> None:
    assert unsealed(sealed(["st", 12])) == ["st", 12]
    with pytest.raises(ValueError, match="not a token"):
        unsealed("2026-01-01T00:00:00Z")


@pytest.mark.parametrize("name", sorted(SANDBOXES))
def test_every_sandbox_says_that_it_is_not_the_vendors_system(name: str) -> None:
    crm = open_sandbox(name)
    crm.fill(small())
    with serving(crm), httpx2.Client(base_url=crm.url, timeout=HANGS) as client:
        about = client.get("/_sandbox").json()
        assert "not the vendor's system" in about["notice"]
        assert sum(about["tables"].values()) > 10
        assert client.get("/_sandbox/tables/none").status_code == 404
        assert client.post("/_sandbox/clock", json={"at": "2030-01-01T00:00:00Z"}).json()["now"].startswith("2030")
        assert client.post("/_sandbox/faults", json={"kind": "nothing"}).status_code == 400
        assert client.post("/_sandbox/faults", json={"kind": "html", "times": 9}).status_code == 204
        assert client.delete("/_sandbox/faults").status_code == 204
        assert crm.faults.take("GET", "/") is None


def test_an_unknown_sandbox_is_an_error_with_the_names_that_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        open_sandbox("zendesk")
    assert "servicetitan" in (caught.value.hint or "")


def test_each_fault_spoils_its_calls_and_no_others(hubspot: HubSpotStandIn, caplog: pytest.LogCaptureFixture) -> None:
    deal = {"properties": {"dealname": "Deck"}}
    with client_of(hubspot) as client:
        hubspot.faults.arm(Fault(FaultKind.STATUS, path="deals", skip=1, times=2, status=503))
        assert [client.get("/crm/v3/objects/deals").status_code for _ in range(4)] == [200, 503, 503, 200]
        hubspot.faults.arm(Fault(FaultKind.HTML))
        assert "<!doctype html>" in client.get("/crm/v3/objects/deals").text
        hubspot.faults.arm(Fault(FaultKind.EMPTY))
        assert client.get("/crm/v3/objects/deals").json() == {"results": []}
        before = len(hubspot.store.table("deals"))
        hubspot.faults.arm(Fault(FaultKind.LOST, "POST", status=502))
        assert client.post("/crm/v3/objects/deals", json=deal).status_code == 502
        assert len(hubspot.store.table("deals")) == before + 1
        hubspot.faults.arm(Fault(FaultKind.CUT))
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get("/crm/v3/objects/deals")
    assert [kind for kind, _ in hubspot.faults.taken] == ["status", "status", "html", "empty", "lost", "cut"]
    assert not [one for one in caplog.records if one.levelname == "ERROR"]  # an injected fault is no crash


def test_events_wait_until_they_are_delivered_and_may_come_twice(hubspot: HubSpotStandIn) -> None:
    hubspot.webhooks.address = "http://127.0.0.1:1/nobody"
    hubspot.webhooks.add({"eventId": 1})
    assert hubspot.webhooks.deliver() == 0
    assert hubspot.webhooks.statuses == [0]
    assert hubspot.webhooks.waiting == [{"eventId": 1}]
