"""After a restore from a backup, reconcile finds where Siro, the CRM and the ledger differ, and a push closes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, PushRequest, push_once
from fieldnote.bridge.status.reconcile import Finding, Reconciliation, reconcile
from fieldnote.json_form import to_json
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro

FULL = PushRequest(full=True)


async def back_up(bridge: Bridge) -> None:
    async with bridge.engine.begin() as conn:
        await conn.execute(text("create table saved as select * from sent"))


async def restore(bridge: Bridge) -> None:
    async with bridge.engine.begin() as conn:
        await conn.execute(text("delete from sent"))
        await conn.execute(text("insert into sent overriding system value select * from saved"))


def by_finding(found: Reconciliation, stream: str = "opportunities") -> dict[Finding, list[str]]:
    result: dict[Finding, list[str]] = {}
    for item in found.differences:
        if item.stream == stream:
            result.setdefault(item.finding, []).append(item.key)
    return {finding: sorted(keys) for finding, keys in result.items()}


@pytest.fixture
def live(crm: Crm) -> Crm:
    for key in range(1, 9):
        crm.add_deal(key)
        crm.add_appointment(key, deal=key)
    return crm


async def test_an_exact_ledger_has_no_differences(live: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await push_once(bridge)
        found = await reconcile(bridge)
    assert (found.listed, found.differences) == (16, [])


async def test_what_a_restored_ledger_does_not_know_is_found_and_sent_again(
    live: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await push_once(bridge)
        await back_up(bridge)
        live.add_deal(20)
        live.add_deal(21)
        live.execute("update deals set name = 'Bath', amount = 7 where id = 2")
        assert (await push_once(bridge, request=FULL)).settled
        live.execute("delete from deals where id = 21")
        live.execute("update deals set name = 'Kitchen', amount = 100 where id = 2")
        await restore(bridge)
        stub.records["opportunities"].pop("3")
        stub.records["opportunities"]["4"]["id"] = "another"
        before = json.dumps(stub.records)
        found = await reconcile(bridge)
        assert by_finding(found) == {
            Finding.UNKNOWN: ["20"], Finding.ORPHAN: ["21"], Finding.LOST: ["3"], Finding.CHANGED: ["2"],
            Finding.REPLACED: ["4"],
        }  # fmt: skip
        assert by_finding(found, "engagements") == {}
        assert next(item.fields for item in found.differences if item.key == "2") == ("name", "amount")
        assert json.dumps(stub.records) == before, "it sends nothing"
        json.dumps(to_json(found))
        assert (await reconcile(bridge, adopt=True)).adopted == 4
        assert (await push_once(bridge)).settled
        assert by_finding(await reconcile(bridge)) == {Finding.ORPHAN: ["21"]}
        deals = stub.records["opportunities"]
        assert deals.keys() == {*map(str, range(1, 9)), "20", "21"}
        assert (deals["2"]["name"], deals["2"]["amount"]) == ("Kitchen", 100)


async def test_records_of_another_connection_and_nested_ones_are_no_orphans(
    live: Crm, stub: StubSiro, opened: Opener
) -> None:
    visits: dict[str, Any] = {"push__opportunities": None, "pull": None}
    async with opened(**visits) as bridge:
        await push_once(bridge)
        other = "insert into sent (connection, stream, key, state) values ('other', 'engagements', 'E-1', 'sent')"
        async with bridge.engine.begin() as conn:
            await conn.execute(text(other))
        stub.sync("engagements", {"externalId": "E-1", "startTime": "2026-02-01T10:00:00Z"})
        assert (await reconcile(bridge)).differences == []
        stub.sync("engagements", {"externalId": "E-2", "startTime": "2026-02-01T10:00:00Z"})
        assert by_finding(await reconcile(bridge), "engagements") == {Finding.ORPHAN: ["E-2"]}
