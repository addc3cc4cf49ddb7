"""Refused: what Siro or the CRM does not take is tried again or dropped, one, some, or all of a cause."""

from __future__ import annotations

import re
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.review.refusals import drop, drop_named, refusals, try_again
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.bridge.test_console_review import browsing

BY = "ops@example.com"
UPDATE = {"pull__opportunity__fields__Budget": {"to": "budget_max", "as": "money.max", "policy": "update"}}


def refusing(status: int) -> Any:
    """Siro answers so to every record."""

    def answer(method: str, path: str, body: Any) -> Response | None:
        del path, body
        return JSONResponse({"error": "the type is unknown"}, status) if method == "PUT" else None

    return answer


async def groups_of(bridge: Bridge, *, dropped: bool = False) -> list[tuple[str, int]]:
    async with bridge.engine.connect() as conn:
        return [(one.by, len(one.items)) for one in await refusals(conn, bridge.name, dropped=dropped)]


async def test_refused_records_are_dropped_with_a_reason_and_tried_again(
    crm: Crm, stub: StubSiro, opened: Opener, database_url: str
) -> None:
    async with opened() as bridge:
        for key in (1, 2):
            crm.add_appointment(key)
        stub.fault = refusing(422)
        await push_once(bridge)
        assert await groups_of(bridge) == [("siro", 2)]
        async with browsing(bridge, database_url) as browser:
            await browser.get("/refused")
            assert "the type is unknown" in browser.page
            cause = re.search(r'name="cause" value="(\w+)"', browser.page)
            assert cause is not None
            form = {"cause": cause[1], "count": "2"}
            for bad in ({"count": "7", "act": "retry"}, {"act": "drop", "reason": " "}, {"act": "drop", "cause": "x"}):
                assert (await browser.post("/refused", form | bad)).status_code == 409, bad
                await browser.get("/refused")
            fields = form | {"act": "drop", "reason": "a test\nappointment", "key": "engagements/1/"}
            await browser.post("/refused", fields)
            assert "1 of 1 dropped" in browser.page
            await browser.get("/refused?dropped=1")
            assert "a test appointment" in browser.page
            stub.fault = None
            await browser.get("/refused")
            await browser.post("/refused", form | {"count": "1", "act": "retry"})
            assert "1 went through" in browser.page
        assert (await groups_of(bridge), await groups_of(bridge, dropped=True)) == ([], [("siro", 1)])
        async with bridge.engine.connect() as conn:
            [left] = await refusals(conn, bridge.name, dropped=True)
        assert "1 went through" in await try_again(bridge, left.items)
        assert set(stub.records["engagements"]) == {"1", "2"}


async def test_a_value_that_the_crm_refuses_is_dropped_until_something_else_is_said(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened(**UPDATE) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        crm.execute(
            "create trigger no_budget before update of budget_max on deals for each row when new.budget_max > 100 "
            "begin select raise(abort, 'too much money'); end"
        )
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$40,000"})
        await pull_once(bridge)
        assert await groups_of(bridge) == [("crm", 1)]
        async with bridge.engine.connect() as conn:
            [group] = await refusals(conn, bridge.name)
        assert "too much money" in group.first.reason
        assert await drop(bridge, group.items, reason="the field is going away", actor=BY) == 1
        result = await pull_once(bridge)
        assert (result.writes, result.problems, result.pending) == (0, [], 0)
        assert (await groups_of(bridge), await groups_of(bridge, dropped=True)) == ([], [("crm", 1)])
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Budget": "$50"})
        await pull_once(bridge)
        assert crm.deal(1, "budget_max") == 50


async def test_a_dropped_value_is_taken_up_again(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(**UPDATE) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        crm.execute(
            "create trigger no_budget before update of budget_max on deals for each row "
            "begin select raise(abort, 'not now'); end"
        )
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$40,000"})
        await pull_once(bridge)
        assert await drop_named(bridge, "opportunity", ["1"], "deals.budget_max", reason="x", actor=BY) == 1
        crm.execute("drop trigger no_budget")
        assert (await pull_once(bridge)).writes == 0
        async with bridge.engine.connect() as conn:
            [group] = await refusals(conn, bridge.name, dropped=True)
        assert "1 went through" in await try_again(bridge, group.items)
        assert crm.deal(1, "budget_max") == 40000
