"""Push, through the front door: a real CRM, a real ledger, a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from fieldnote.bridge import ConnectionChanged, PushRequest, StreamResult, push_once
from fieldnote.crm.types import Page, Source
from fieldnote.siro import Unauthorized
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import Fault, StubSiro


def stream(result: Any, name: str) -> StreamResult:
    found: StreamResult = next(item for item in result.streams if item.stream == name)
    return found


def losing_answers(stub: StubSiro, stream: str, *, arrived: bool = True) -> Fault:
    """Every PUT ends in an error, once it was applied or without that."""

    def lose(method: str, path: str, body: Any) -> Response | None:
        if method != "PUT":
            return None
        if arrived:
            stub.sync(stream, body)
        return JSONResponse({"error": "late"}, 500)

    return lose


@BOTH
async def test_a_second_push_makes_no_call_and_one_changed_row_makes_one(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    for key in range(1, 40):
        crm.add_deal(key)
        crm.add_appointment(key, deal=key)
    async with opened() as bridge:
        first = await push_once(bridge)
    assert first.settled
    assert [item.sent for item in first.streams] == [39, 39]
    assert first.calls == 4  # a batch for each stream, the identity, and the native integrations
    sent = stub.records["engagements"]["3"]
    assert sent["startTime"] == "2026-02-15T21:00:00Z"
    assert sent["engagementUsers"] == [{"externalId": "1", "email": "ann@example.com", "name": "Ann Lee"}]
    stub.forget_calls()
    async with opened() as bridge:
        second = await push_once(bridge)
    assert second.settled
    assert (second.calls, stub.calls) == (0, [])
    crm.execute("update appointments set title = 'Moved', updated_at = '2026-02-02 09:00:00' where id = 7")
    async with opened() as bridge:
        third = await push_once(bridge)
    assert (third.calls, len(stub.calls)) == (1, 1)
    assert stub.records["engagements"]["7"]["subject"] == "Moved"


async def test_opportunities_go_before_engagements(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    crm.add_appointment(1, deal=1)
    async with opened() as bridge:
        await push_once(bridge)
    paths = [path.rsplit("/", 1)[1] for method, path in stub.calls if method == "PUT"]
    assert paths == ["opportunities", "engagements"]


async def test_a_row_that_comes_on_several_pages_of_a_reading_arrives_as_it_came_last(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that changes while it is read: it is compared with what was sent of it, not with what was known."""
    for key in range(1, 151):  # so many that one has come and gone while the next page is ready
        crm.add_appointment(key)
    async with opened(push__batch=1) as bridge:
        read = bridge.crm.pages

        def pages(source: Source, *arguments: Any, **named: Any) -> Iterator[Page]:
            (page,) = read(source, *arguments, **named)
            again = {**page.rows[70], "rep_id": "2", "title": "Moved"} if page.rows else {}
            yield Page(page.rows, page.cursor, not again)
            if again:
                yield Page((again,), page.cursor, last=True)

        monkeypatch.setattr(bridge.crm, "pages", pages)
        result = await push_once(bridge)
    assert (stream(result, "engagements").sent, result.settled) == (151, True)
    sent = stub.records["engagements"]["71"]
    assert sent["subject"] == "Moved"
    assert {user["externalId"]: "deletedAt" in user for user in sent["engagementUsers"]} == {"1": True, "2": False}


async def test_a_refused_record_does_not_stop_the_others_and_is_named(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in range(1, 6):
        crm.add_deal(key, "bad" if key == 3 else "good")

    def refuse(method: str, path: str, body: Any) -> Response | None:
        if method == "PUT" and body.get("name") == "bad":
            issue = {"code": "custom", "path": ["name"], "message": "is bad"}
            return JSONResponse({"name": "ZodError", "issues": [issue]}, 422)
        return None

    stub.fault = refuse
    async with opened() as bridge:
        result = await push_once(bridge)
        deals = stream(result, "opportunities")
        assert (deals.sent, deals.refused, result.settled) == (4, 1, False)
        assert (deals.problems[0].key, "name: is bad" in deals.problems[0].reason) == ("3", True)
        calls = len(stub.calls)
        again = await push_once(bridge)
        assert (again.settled, len(stub.calls)) == (False, calls)  # still named, and not tried in vain
        crm.execute("update deals set name = 'fixed', updated_at = '2026-02-01 11:00:00' where id = 3")
        assert (await push_once(bridge)).settled
    assert stub.records["opportunities"]["3"]["name"] == "fixed"


async def test_a_row_that_cannot_be_mapped_is_named_and_fixed_by_the_map(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.add_deal(1)
    crm.execute("update deals set stage = 'limbo' where id = 1")
    crm.add_deal(2)
    async with opened() as bridge:
        result = await push_once(bridge)
    deals = stream(result, "opportunities")
    assert (deals.sent, deals.unmapped) == (1, 1)
    assert "limbo" in deals.problems[0].reason
    async with opened(
        push__opportunities__map__disposition={"from": "stage", "choices": {"sold": "WON"}, "default": "OPEN"}
    ) as bridge:
        stub.forget_calls()
        result = await push_once(bridge)
    assert result.settled
    assert len(stub.calls) == 1  # the record that did not change is not sent again


async def test_a_change_of_the_map_sends_only_what_it_changes(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1, "x")
    crm.add_deal(2, "y")
    crm.execute("update deals set stage = 'sold' where id = 2")
    async with opened() as bridge:
        await push_once(bridge)
    stub.forget_calls()
    choices = {"sold": "LOST", "open": "OPEN"}
    async with opened(push__opportunities__map__disposition={"from": "stage", "choices": choices}) as bridge:
        result = await push_once(bridge)
    assert result.calls == 1
    assert stub.records["opportunities"]["2"]["disposition"] == "LOST"


@BOTH
async def test_a_row_that_commits_late_under_the_cursor_is_caught(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1, updated="2026-02-01 10:00:00")
    async with opened() as bridge:
        await push_once(bridge)
        crm.add_deal(2, updated="2026-02-01 09:57:00")
        stub.forget_calls()
        result = await push_once(bridge)
    assert result.calls == 1
    assert "2" in stub.records["opportunities"]


async def test_what_siro_did_not_take_for_a_fault_of_its_own_is_sent_by_the_next_push(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    for key in range(1, 6):
        crm.add_deal(key, updated=f"2026-02-01 1{key}:00:00")

    def fail(method: str, path: str, body: Any) -> Response | None:
        return JSONResponse({"error": "oops"}, 500) if method == "PUT" and body["externalId"] == "2" else None

    stub.fault = fail
    async with opened() as bridge:
        result = await push_once(bridge)
        assert (stream(result, "opportunities").pending, result.settled) == (1, False)
        stub.fault = None
        stub.forget_calls()
        result = await push_once(bridge)
    assert result.settled
    assert result.calls == 1


async def test_a_server_that_is_down_is_not_hammered(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in range(1, 200):
        crm.add_deal(key)
    async with opened() as bridge:
        stub.fault = lambda method, *_: JSONResponse({"error": "down"}, 503) if method == "PUT" else None
        result = await push_once(bridge)
        deals = stream(result, "opportunities")
        assert deals.stopped is not None
        assert stub.count("PUT") < 60
        stub.fault = None
        assert (await push_once(bridge)).settled
    assert len(stub.records["opportunities"]) == 199


async def test_a_token_that_is_refused_stops_the_run(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    async with opened() as bridge:
        stub.fault = lambda method, *_: JSONResponse({"error": "no"}, 401) if method == "PUT" else None
        with pytest.raises(Unauthorized):
            await push_once(bridge)
        stub.fault = None
        assert (await push_once(bridge)).settled


@BOTH
async def test_a_rep_who_was_taken_off_goes_once_more_with_deleted_at(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_appointment(1)
    async with opened() as bridge:
        await push_once(bridge)
        crm.execute("update appointments set rep_id = 2, updated_at = '2026-02-01 10:01:00' where id = 1")
        stub.forget_calls()
        assert (await push_once(bridge)).calls == 1
        users = {user["externalId"]: user for user in stub.records["engagements"]["1"]["engagementUsers"]}
        assert users["1"]["deletedAt"] is not None
        assert users["2"].get("deletedAt") is None
        assert (await push_once(bridge)).calls == 0


async def test_a_rep_who_may_have_reached_siro_unseen_is_taken_off_too(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.execute("insert into reps values (3, 'Cy Fox', 'cy@example.com')")
    crm.add_appointment(1)

    async with opened() as bridge:
        await push_once(bridge)
        stub.fault = losing_answers(stub, "engagements")
        crm.execute("update appointments set rep_id = 2, updated_at = '2026-02-01 10:01:00' where id = 1")
        assert not (await push_once(bridge)).settled
        stub.fault = None
        crm.execute("update appointments set rep_id = 3, updated_at = '2026-02-01 10:02:00' where id = 1")
        assert (await push_once(bridge)).settled
    users = {user["externalId"]: user for user in stub.records["engagements"]["1"]["engagementUsers"]}
    assert [key for key, user in users.items() if not user.get("deletedAt")] == ["3"]
    assert sorted(users) == ["1", "2", "3"]


@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize("deleted", [False, True])
async def test_a_value_that_may_have_reached_siro_unseen_is_not_taken_for_sent(
    crm: Crm, stub: StubSiro, opened: Opener, arrived: bool, deleted: bool
) -> None:
    """The amount of a deal cannot be cleared: when the CRM has none any more, Siro keeps the last, whichever it is."""
    crm.add_deal(1)
    crm.add_deal(2)

    moments = iter(range(1, 9))
    async with opened(push__opportunities__deletes=True) as bridge:

        async def become(amount: str) -> None:
            moment = f"2026-02-01 10:0{next(moments)}:00"
            crm.execute(f"update deals set amount = {amount}, updated_at = '{moment}' where id = 1")
            await push_once(bridge, request=PushRequest(full=True, accept_deletes=1))

        await push_once(bridge)
        stub.fault = losing_answers(stub, "opportunities", arrived=arrived)
        await become("600")
        stub.fault = None
        if deleted:
            crm.execute("delete from deals where id = 1")
            await push_once(bridge, request=PushRequest(full=True, accept_deletes=1))
            assert stub.records["opportunities"]["1"]["deletedAt"] is not None
            crm.add_deal(1)
        await become("null")
        assert stub.records["opportunities"]["1"]["amount"] in {100, 600}
        await become("600")
    assert stub.records["opportunities"]["1"]["amount"] == 600
    assert stub.records["opportunities"]["1"].get("deletedAt") is None


@pytest.mark.parametrize("arrived", [False, True])
async def test_a_value_that_siro_may_never_have_had_is_not_sent_once_the_crm_has_none(
    crm: Crm, stub: StubSiro, opened: Opener, arrived: bool
) -> None:
    crm.add_deal(1)

    async with opened() as bridge:
        stub.fault = losing_answers(stub, "opportunities", arrived=arrived)
        await push_once(bridge)
        stub.fault = None
        crm.execute("update deals set amount = null, updated_at = '2026-02-01 10:01:00'")
        await push_once(bridge)
        assert stub.records["opportunities"]["1"].get("amount") == (100 if arrived else None)
        crm.execute("update deals set amount = 100, updated_at = '2026-02-01 10:02:00'")
        assert (await push_once(bridge)).settled
    assert stub.records["opportunities"]["1"]["amount"] == 100


@BOTH
async def test_a_stream_without_cursor_is_compared_by_hash(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    changes: dict[str, Any] = {"push__opportunities__cursor": None}
    for key in range(1, 10):
        crm.add_deal(key)
    async with opened(**changes) as bridge:
        await push_once(bridge)
        crm.execute("update deals set name = 'silent change' where id = 4")
        stub.forget_calls()
        assert (await push_once(bridge)).calls == 1
        assert (await push_once(bridge)).calls == 0


async def test_two_rows_with_one_key_are_named_and_not_sent(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    columns = "stage, updated_at, amount from deals"
    query = f"select id, name, {columns} union all select id, 'twin', {columns}"
    async with opened(push__opportunities__table=None, push__opportunities__query=query) as bridge:
        result = await push_once(bridge)
    deals = stream(result, "opportunities")
    assert (deals.sent, deals.unmapped) == (0, 1)


async def test_a_problem_row_that_was_deleted_is_no_problem_any_more(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    crm.execute("update deals set stage = 'limbo' where id = 1")
    async with opened() as bridge:
        assert not (await push_once(bridge)).settled
        crm.execute("delete from deals where id = 1")
        assert (await push_once(bridge)).settled


async def test_another_organization_stops_push_until_it_is_accepted(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    async with opened() as bridge:
        await push_once(bridge)
    stub.organization_id = "org-2"
    stub.token = "another-token"
    stub.records["opportunities"].clear()
    async with opened() as bridge:
        with pytest.raises(ConnectionChanged, match="org-1 and is org-2"):
            await push_once(bridge)
        assert stub.records["opportunities"] == {}
        assert (await push_once(bridge, accept_change=True)).settled
    assert list(stub.records["opportunities"]) == ["1"]


async def test_a_new_token_of_the_same_organization_costs_one_call(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    async with opened() as bridge:
        await push_once(bridge)
    stub.token = "rotated"
    async with opened() as bridge:
        assert (await push_once(bridge)).calls == 1
        assert (await push_once(bridge)).calls == 0


async def test_another_crm_stops_push(crm: Crm, stub: StubSiro, opened: Opener, tmp_path: Any) -> None:
    async with opened() as bridge:
        await push_once(bridge)
    async with opened(crm__url=f"sqlite:///{tmp_path / 'other.sqlite'}") as bridge:
        with pytest.raises(ConnectionChanged, match="the CRM was"):
            await push_once(bridge)


async def test_a_connection_that_is_deleted_takes_its_ledger_with_it(crm: Crm, opened: Opener) -> None:
    crm.add_deal(1)
    async with opened() as bridge:
        await push_once(bridge)
        async with bridge.engine.begin() as conn:
            assert await conn.scalar(text("select count(*) from sent")) == 1
            await conn.execute(text("delete from connections"))
            assert await conn.scalar(text("select count(*) from sent")) == 0
