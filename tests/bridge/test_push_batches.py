"""Batches: one bad record costs a few calls, and none of the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from fastapi import Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from fieldnote.bridge import PushRequest, StreamResult, push_once
from fieldnote.bridge.connection import verify
from fieldnote.bridge.native import active_integrations
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro
from tests.waiting import eventually


def refusing(*keys: str) -> Any:
    def refuse(method: str, path: str, body: Any) -> Response | None:
        if method != "PUT" or body["externalId"] not in keys:
            return None
        issue = {"code": "custom", "path": ["name"], "message": "is bad"}
        return JSONResponse({"name": "ZodError", "issues": [issue]}, 422)

    return refuse


async def pushed(crm: Crm, opened: Opener, count: int = 100, **changes: Any) -> StreamResult:
    for key in range(1, count + 1):
        crm.add_deal(key)
    async with opened(**changes) as bridge:
        return (await push_once(bridge)).streams[0]


@pytest.mark.parametrize(("named", "calls"), [(True, 3), (False, 15)])
async def test_one_bad_record_is_found_and_the_others_go(
    crm: Crm, stub: StubSiro, opened: Opener, named: bool, calls: int
) -> None:
    stub.fault, stub.names_records = refusing("41"), named
    result = await pushed(crm, opened)
    assert (result.sent, result.refused, result.problems[0].key) == (99, 1, "41")
    assert "is bad" in result.problems[0].reason
    assert stub.count("PUT") <= calls
    assert max(stub.puts.values()) == 1


async def test_ten_bad_records_in_a_batch_are_found_each(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    bad = [str(key) for key in range(5, 100, 10)]
    stub.fault, stub.names_records = refusing(*bad), False
    result = await pushed(crm, opened)
    assert (result.sent, result.refused) == (90, 10)
    assert stub.count("PUT") <= 2 * 10 * 7  # as deep as a hundred can be halved, for each
    assert max(stub.puts.values()) == 1


async def test_a_server_that_takes_less_at_a_time_gets_less(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    def too_large(method: str, path: str, body: Any) -> Response | None:
        return JSONResponse({"error": "too large"}, 413) if isinstance(body, list) and len(body) > 20 else None

    stub.chaos = too_large
    result = await pushed(crm, opened)
    assert (result.sent, result.settled) == (100, True)


async def test_a_record_at_which_siro_stumbles_does_not_keep_the_others_back(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    def stumble(method: str, path: str, body: Any) -> Response | None:
        records = body if isinstance(body, list) else [body] if method == "PUT" else []
        poisoned = any(record["externalId"] == "33" for record in records)
        return JSONResponse({"error": "oops"}, 500) if poisoned else None

    stub.chaos = stumble
    result = await pushed(crm, opened)
    assert (result.sent, result.pending, result.problems[0].key) == (99, 1, "33")


async def test_a_record_that_an_answer_leaves_out_is_sent_by_itself(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    def forgetful(method: str, path: str, body: Any) -> Response | None:
        if not isinstance(body, list):
            return None
        answers = [stub.sync("opportunities", record) for record in reversed(body)]  # in another order, too
        return JSONResponse({"data": [item for item in answers if item["externalId"] != "7"]})

    stub.chaos = forgetful
    result = await pushed(crm, opened, 10)
    assert (result.sent, result.settled, stub.puts["opportunities", "7"]) == (10, True, 2)


@pytest.mark.parametrize(
    "odd",
    [
        lambda answers: [{**item, "externalId": int(item["externalId"])} for item in answers],
        lambda answers: [answers[:4], answers[4:]],
        lambda answers: [None, *answers],
        lambda answers: [{**item, "opportunityId": None, "accountId": 7, "more": {"a": [1]}} for item in answers],
    ],
    ids=["numbers for keys", "lists in the list", "a null among them", "values of other types"],
)
async def test_an_answer_of_an_odd_shape_is_an_answer_all_the_same(
    crm: Crm, stub: StubSiro, opened: Opener, odd: Callable[[list[dict[str, Any]]], list[Any]]
) -> None:
    def answering(method: str, path: str, body: Any) -> Response | None:
        if not isinstance(body, list):
            return None
        return JSONResponse({"data": odd([stub.sync("opportunities", record) for record in body])})

    stub.chaos = answering
    result = await pushed(crm, opened, 10)
    assert (result.sent, result.settled, max(stub.puts.values())) == (10, True, 1)
    async with opened() as bridge, bridge.engine.connect() as conn:
        kept = await conn.execute(text("select key, siro_id from sent"))
        assert {key: stub.records["opportunities"][key]["id"] for key in map(str, range(1, 11))} == dict(kept.all())


async def test_after_an_answer_without_ids_the_records_are_pending_and_say_why(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    def nameless(method: str, path: str, body: Any) -> Response | None:
        return JSONResponse({"data": [{"externalId": "1"}]}) if isinstance(body, list) else None

    stub.chaos = nameless
    result = await pushed(crm, opened, 10)
    assert (result.sent, result.pending) == (0, 10)
    assert "has no id" in result.problems[0].reason


async def test_batches_are_as_long_as_the_file_says(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    result = await pushed(crm, opened, 10, push__batch=4)
    assert (result.sent, stub.count("PUT")) == (10, 3)


SUNDAYS = [
    ("America/Denver", "2026-03-08 02:30:00", "2026-03-08T09:30:00+00:00"),
    ("America/Denver", "2026-11-01 01:30:00", "2026-11-01T07:30:00+00:00"),
    ("Europe/London", "2026-03-29 01:30:00", "2026-03-29T01:30:00+00:00"),
    ("Europe/London", "2026-10-25 01:30:00", "2026-10-25T00:30:00+00:00"),
    ("Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-03T15:45:00+00:00"),
    ("Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-04T14:45:00+00:00"),
]
"""Local times that are missing, or come twice: moved on by the gap, and the first of the two."""


@pytest.mark.parametrize(("zone", "local", "instant"), SUNDAYS)
async def test_an_appointment_of_a_sunday_when_clocks_change_arrives_at_its_decided_time(
    crm: Crm, stub: StubSiro, opened: Opener, zone: str, local: str, instant: str
) -> None:
    crm.add_appointment(1)
    crm.execute(f"update appointments set starts_at = '{local}' where id = 1")
    async with opened(crm__timezone=zone) as bridge:
        await push_once(bridge)
    assert datetime.fromisoformat(stub.records["engagements"]["1"]["startTime"]) == datetime.fromisoformat(instant)


def answering(rename: Callable[[str], str | None]) -> Any:
    """Takes everything, and answers with other names; None: without a name."""

    def answer(method: str, path: str, body: Any) -> Response | None:
        if method not in {"PUT", "POST"} or "/v1/integrations/" not in path:
            return None
        records = body if isinstance(body, list) else [body]
        names = [(record, rename(record["externalId"])) for record in records]
        named = [{"id": f"s-{record['externalId']}"} | ({"externalId": name} if name else {}) for record, name in names]
        return JSONResponse({"data": named if isinstance(body, list) else named[0]})

    return answer


@pytest.mark.parametrize("rename", [lambda key: f"{key}0", lambda key: f" {key}", lambda _: "7", lambda key: key[::-1]])
@pytest.mark.parametrize("count", [1, 2, 12])
async def test_an_answer_that_names_another_record_confirms_nothing(
    crm: Crm, stub: StubSiro, opened: Opener, rename: Callable[[str], str], count: int
) -> None:
    stub.chaos = answering(rename)
    result = await pushed(crm, opened, count)
    right = sum(rename(str(key)) == str(key) for key in range(1, count + 1))
    assert (result.sent, result.pending, result.settled) == (right, count - right, right == count)
    assert all("names another one" in problem.reason for problem in result.problems)


async def test_an_account_whose_answer_names_another_one_is_not_taken_for_sent(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    stub.chaos = answering(lambda key: f"{key}-x")
    stream = {
        "table": "deals",
        "key": "id",
        "map": {"name": "name", "latitude": "`40.5`", "longitude": "`-105.5`"},
    }
    crm.add_deal(1)
    async with opened(push={"accounts": stream}, pull=None) as bridge:
        result = await push_once(bridge)
    assert (result.streams[0].sent, result.streams[0].pending) == (0, 1)


async def test_an_answer_without_a_name_or_in_another_order_confirms_what_was_sent(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    stub.chaos = answering(lambda _: None)
    assert (await pushed(crm, opened, 3)).settled

    def turned(method: str, path: str, body: Any) -> Response | None:
        if not isinstance(body, list):
            return None
        return JSONResponse(
            [{"id": f"s-{item['externalId']}", "externalId": item["externalId"]} for item in body[::-1]]
        )

    stub.chaos = turned
    crm.execute("update deals set name = 'Bath'")
    async with opened() as bridge:
        result = await push_once(bridge, request=PushRequest(full=True))
    assert (result.settled, result.streams[0].sent) == (True, 3)


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_records_refused_for_a_cause_that_concerns_all_go_on_when_it_is_over(
    crm: Crm, stub: StubSiro, opened: Opener, status: int
) -> None:
    def closed(method: str, path: str, body: Any) -> Response | None:
        return JSONResponse({"error": "the integration is off"}, status) if method == "PUT" else None

    stub.fault = closed
    result = await pushed(crm, opened, 12)
    assert (result.sent, result.refused, result.pending) == (0, 0, 12)
    stub.fault = None
    async with opened() as bridge:
        result = (await push_once(bridge)).streams[0]
    assert (result.sent, result.settled) == (12, True)


async def test_records_refused_each_for_a_fault_of_its_own_are_not_tried_again(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    words = ["too long", "too short", "a bad day", "no good"]

    def picky(method: str, path: str, body: Any) -> Response | None:
        return JSONResponse({"error": words[int(body["externalId"]) % 4]}, 422) if method == "PUT" else None

    stub.fault = picky
    result = await pushed(crm, opened, 12)
    assert (result.refused, result.pending) == (12, 0)


@pytest.mark.parametrize("applied", [False, True])
async def test_a_siro_that_takes_calls_and_never_answers_leaves_pending_records(
    crm: Crm, stub: StubSiro, opened: Opener, applied: bool
) -> None:
    """The connection is open on one side alone: nobody knows whether a call arrived."""
    for key in range(1, 4):
        crm.add_deal(key)
    never = threading.Event()

    def silent(method: str, path: str, body: Any) -> Response | None:
        if method == "PUT":
            if applied:
                for record in body if isinstance(body, list) else [body]:
                    stub.sync("opportunities", record)
            never.wait()
            return JSONResponse({"error": "too late"}, 503)  # else Siro would apply it after the test has counted
        return None

    async with opened() as bridge:
        stub.fault = lambda method, path, record: None
        stub.judge = silent  # type: ignore[method-assign]
        await verify(bridge)
        await active_integrations(bridge)  # now a push makes no other call
        client = bridge.remote.client
        bridge.remote.client = client.with_options(timeout=0.3)
        try:
            result = (await push_once(bridge)).streams[0]
        finally:
            never.set()
        assert (result.sent, result.pending, result.settled) == (0, 3, False)
        await eventually(lambda: len(stub.records["opportunities"]) == (3 if applied else 0))
        del stub.judge
        stub.fault = None
        bridge.remote.client = client
        result = (await push_once(bridge)).streams[0]
        assert (result.sent, result.settled) == (3, True)
    assert stub.records["opportunities"].keys() == {"1", "2", "3"}
