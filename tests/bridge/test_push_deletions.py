"""Records that leave the CRM, each by another way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fieldnote.bridge import PushRequest, plan_once, push_once
from fieldnote.errors import CrmUnavailable
from tests.bridge.conftest import BOTH, ENGAGEMENTS, Crm, Opener
from tests.bridge.stub_siro import StubSiro

FULL = PushRequest(full=True)


def deleted(stub: StubSiro, stream: str = "opportunities") -> list[str]:
    return sorted(key for key, record in stub.records[stream].items() if record.get("deletedAt"))


def add_visit(crm: Crm, key: int, starts: datetime) -> None:
    crm.add_appointment(key)
    crm.execute(f"update appointments set starts_at = '{starts:%Y-%m-%d %H:%M:%S}' where id = {key}")


@BOTH
async def test_a_row_gone_from_a_table_is_deleted_and_comes_back(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in range(1, 6):
        crm.add_deal(key)
    async with opened() as bridge:
        await push_once(bridge)
        crm.execute("delete from deals where id in (2, 4)")
        assert deleted(stub) == []
        result = await push_once(bridge, request=FULL)
        assert (result.settled, result.streams[0].removed) == (True, 2)
        assert deleted(stub) == ["2", "4"]
        stub.forget_calls()
        assert (await push_once(bridge, request=FULL)).calls == 0
        crm.add_deal(2, "Back")
        assert (await push_once(bridge)).settled
        assert deleted(stub) == ["4"]
        assert stub.records["opportunities"]["2"]["name"] == "Back"


async def test_an_empty_source_deletes_nothing(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in range(1, 6):
        crm.add_deal(key)
    async with opened() as bridge:
        await push_once(bridge)
        crm.execute("delete from deals")
        result = await push_once(bridge, request=PushRequest(full=True, accept_deletes=1000))
    assert not result.settled
    assert "gave no row" in (result.streams[0].stopped or "")
    assert deleted(stub) == []


async def test_too_many_deletions_wait_for_a_person_who_agrees_to_just_so_many(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    for key in range(1, 101):
        crm.add_deal(key)
    async with opened() as bridge:
        await push_once(bridge)
        crm.execute("delete from deals where id > 70")
        result = await push_once(bridge, request=FULL)
        assert (result.settled, result.streams[0].pending_deletions, deleted(stub)) == (False, 30, [])
        assert "--accept-deletes 30" in result.warnings[0]
        assert not (await push_once(bridge)).settled  # still named, whatever is read
        await push_once(bridge, request=PushRequest(accept_deletes=29))
        assert deleted(stub) == []
        assert (await push_once(bridge, request=PushRequest(accept_deletes=30))).settled
    assert len(deleted(stub)) == 30


async def test_all_of_a_stream_does_not_go_without_a_person(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in range(1, 4):
        crm.add_deal(key)
    async with opened() as bridge:
        await push_once(bridge)
        crm.execute("delete from deals")
        crm.add_deal(77)  # as after a migration that gave everything new keys
        result = await push_once(bridge, request=FULL)
        assert (result.settled, result.streams[0].pending_deletions, deleted(stub)) == (False, 3, [])
        assert sorted(stub.records["opportunities"]) == ["1", "2", "3", "77"]


async def test_a_flood_of_cancellations_waits_as_well(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in range(1, 101):
        crm.add_deal(key)
    mapped = {"name": "name", "deletedAt": "start_by"}
    async with opened(push__opportunities__map=mapped) as bridge:
        await push_once(bridge)
        crm.execute("update deals set start_by = '2026-02-01', updated_at = '2026-02-01 10:01:00' where id > 50")
        result = await push_once(bridge)
        assert (result.streams[0].pending_deletions, deleted(stub)) == (50, [])
        crm.execute("update deals set start_by = null, updated_at = '2026-02-01 10:02:00' where id > 52")
        assert (await push_once(bridge)).settled
    assert deleted(stub) == ["51", "52"]


async def test_what_drifts_out_of_a_window_stays(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    add_visit(crm, 1, now - timedelta(days=40))
    add_visit(crm, 2, now - timedelta(days=10))
    add_visit(crm, 3, now - timedelta(days=10))
    add_visit(crm, 4, now - timedelta(days=29, hours=12))  # at the window's very edge
    window: dict[str, Any] = {"push__engagements__deletes": {"window": {"past": "30 days"}}}
    async with opened(**window) as bridge:
        await push_once(bridge)
        crm.execute("delete from appointments where id in (1, 2, 4)")
        assert (await push_once(bridge, request=FULL)).settled
    assert deleted(stub, "engagements") == ["2"]


async def test_a_row_that_only_left_the_query_stays(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in (1, 2, 3):
        crm.add_appointment(key)
    query = f"{ENGAGEMENTS} where a.title <> 'hidden'"
    changes: dict[str, Any] = {
        "push__engagements__query": query,
        "push__engagements__deletes": {"table": "appointments"},
    }
    async with opened(**changes) as bridge:
        await push_once(bridge)
        crm.execute("update appointments set title = 'hidden' where id = 1")
        crm.execute("delete from appointments where id = 2")
        assert (await push_once(bridge, request=FULL)).settled
    assert deleted(stub, "engagements") == ["2"]


async def test_a_query_deletes_nothing_that_the_file_does_not_ask_for(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in (1, 2, 3):
        crm.add_appointment(key)
    async with opened() as bridge:
        await push_once(bridge)
        crm.execute("delete from appointments where id = 2")
        result = await push_once(bridge, request=FULL)
    assert (result.settled, result.streams[1].left) == (True, 1)
    assert deleted(stub, "engagements") == []


async def test_a_reading_that_breaks_off_deletes_nothing(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in range(1, 30):
        crm.add_deal(key)
    async with opened() as bridge:
        await push_once(bridge)
        crm.execute("delete from deals where id > 25")
        whole = bridge.crm.pages

        def broken(*args: Any, **kwargs: Any) -> Any:
            yield from list(whole(*args, **{**kwargs, "size": 10}))[:2]
            raise CrmUnavailable("the connection broke")

        monkeypatch.setattr(bridge.crm, "pages", broken)
        with pytest.raises(CrmUnavailable):
            await push_once(bridge, request=FULL)
        monkeypatch.undo()
        assert deleted(stub) == []
        assert (await push_once(bridge, request=FULL)).settled
    assert deleted(stub) == ["26", "27", "28", "29"]


async def test_the_only_source_tells_siro_all_that_there_is(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    add_visit(crm, 1, now - timedelta(days=5))
    add_visit(crm, 2, now + timedelta(days=5))
    add_visit(crm, 3, now + timedelta(days=500))
    deletes = {"window": {"past": "30 days", "future": "90 days"}, "only_source": True}
    async with opened(push__engagements__deletes=deletes) as bridge:
        assert (await push_once(bridge)).settled
    assert [sorted(sweep["validExternalIds"]) for sweep in stub.sweeps] == [["1", "2"]]


async def test_a_record_that_siro_may_have_got_unseen_is_deleted_with_its_row(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.add_deal(1)
    crm.add_deal(2)

    def lose_answer(method: str, path: str, body: Any) -> Any:
        from fastapi.responses import JSONResponse

        if method != "PUT" or body["externalId"] != "2":
            return None
        stub.sync("opportunities", body)
        return JSONResponse({"error": "late"}, 500)

    stub.fault = lose_answer
    async with opened() as bridge:
        await push_once(bridge)
        assert "2" in stub.records["opportunities"]
        stub.fault = None
        crm.execute("delete from deals where id = 2")
        assert (await push_once(bridge, request=FULL)).settled
    assert deleted(stub) == ["2"]


def deleting(at_most: str | None = None) -> dict[str, Any]:
    """A map in which deals of the stage `dead` are deleted."""
    stream: dict[str, Any] = {
        "table": "deals",
        "key": "id",
        "cursor": "updated_at",
        "map": {"name": "name", "deletedAt": "stage == 'dead' && updated_at || `null`"},
    }
    return {"push": {"opportunities": stream | ({"deletes": {"at_most": at_most}} if at_most else {})}, "pull": None}


@pytest.mark.parametrize(
    ("rows", "dead", "at_most", "asks"),
    [
        (12, 12, None, True),
        (12, 7, None, True),
        (12, 6, None, False),
        (1, 1, None, True),
        (60, 31, None, True),
        (60, 30, None, False),
        (1500, 1200, None, True),  # the first page has few of them
        (60, 7, "10%", True),
        (60, 6, "10%", False),
        (60, 45, "80%", False),
    ],
)
async def test_a_first_push_asks_before_too_many_records_go_in_as_deleted(
    crm: Crm, stub: StubSiro, opened: Opener, rows: int, dead: int, at_most: str | None, asks: bool
) -> None:
    crm.execute(
        "insert into deals (id, name, stage, updated_at) "
        f"with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows}) "
        f"select i, 'Deal', case when i > {rows - dead} then 'dead' else 'open' end, '2026-02-01 10:00:00' from n"
    )
    async with opened(**deleting(at_most)) as bridge:
        result = await push_once(bridge)
        assert len(stub.records["opportunities"]) == (rows - dead if asks else rows)
        assert (result.settled, bool(deleted(stub))) == (not asks, not asks)
        if not asks:
            return
        assert f"{dead} of {rows} records would go to Siro as deleted" in result.warnings[-1]
        assert (await push_once(bridge, request=PushRequest(accept_deletes=dead - 1))).settled is False
        assert deleted(stub) == []
        assert (await push_once(bridge, request=PushRequest(accept_deletes=dead))).settled
        assert len(deleted(stub)) == dead
        stub.forget_calls()
        assert (await push_once(bridge, request=FULL)).calls == 0


async def test_a_mistake_in_the_map_that_deletes_all_is_fixed_without_a_trace(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    for key in range(1, 10):
        crm.add_deal(key)
    wrong = deleting()
    wrong["push"]["opportunities"]["map"]["deletedAt"] = "updated_at"
    async with opened(**wrong) as bridge:
        planned: list[Any] = []
        plan = await plan_once(bridge, planned.append)
        assert "9 of 9 new records would go to Siro as deleted" in plan.warnings[0]
        assert not (await push_once(bridge)).settled
        assert stub.records["opportunities"] == {}
    async with opened(**deleting()) as bridge:
        assert (await push_once(bridge)).settled
    assert (len(stub.records["opportunities"]), deleted(stub)) == (9, [])
