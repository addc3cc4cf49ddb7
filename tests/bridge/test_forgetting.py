"""A customer is forgotten by account, email or phone: in the push ledger, the pull, and what a webhook brought."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.review.erasure import forget
from fieldnote.errors import FieldnoteError
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago

ACCOUNT = {
    "externalId": "customer_id",
    "name": "customer_name",
    "emailAddresses": ["'Smith@home.test'"],
    "phoneNumbers": ["'+1 (303) 555-0177'"],
}


async def traces(bridge: Bridge) -> list[str]:
    """The tables of the bridge that hold the customer's name, email or phone."""
    async with bridge.engine.connect() as conn:
        names = (await conn.scalars(text("select tablename from pg_tables where schemaname = current_schema()"))).all()
        found = []
        for name in names:
            rows = str((await conn.scalars(text(f"select t::text from {name} t"))).all())
            if any(secret in rows for secret in ("Smith", "home.test", "555-0177")):
                found.append(name)
        return found


@pytest.mark.parametrize("whom", [
    {"account": "7"}, {"person": "smith@HOME.test"}, {"person": "303.555.0177"},
])  # fmt: skip
async def test_nothing_of_a_customer_is_left_and_a_push_sends_nothing_again(
    crm: Crm, stub: StubSiro, opened: Opener, whom: dict[str, Any]
) -> None:
    crm.add_deal(1)
    crm.add_appointment(1, deal=1)
    async with opened(push__engagements__map__account=ACCOUNT) as bridge:
        await push_once(bridge)
        said = {"Objections": "Smith dislikes ladders", "Budget": "$5,000"}
        stub.record("r1", started_at=ago(hours=2), engagement="1", opportunity="1", said=said, summary="Smith talks.")
        await pull_once(bridge)
        async with bridge.engine.begin() as conn:
            hook = "insert into hooks (connection, stream, key, row) values (:name, 'engagements', '1', :row)"
            await conn.execute(text(hook), {"name": bridge.name, "row": '{"n": "Smith"}'})
        crm.execute("update appointments set title = 'Smith again' where id = 1")
        await push_once(bridge)
        assert {"sent", "hooks", "recording_contents", "sends", "board_records"} <= set(await traces(bridge))
        receipt = await forget(bridge, **whom)
        assert await traces(bridge) == []
        assert (receipt.recordings, receipt.pushed, receipt.hooks) == (1, 1, 1)
        assert {"the CRM", "Siro", "backups"} == {one.where for one in receipt.remains}
        before = stub.puts.copy()
        await push_once(bridge)
        assert stub.puts == before


async def test_after_an_erasure_a_changed_row_is_sent_whole_and_a_deleted_one_is_deleted(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.add_deal(1)
    crm.add_appointment(1, deal=1)
    async with opened(push__engagements__map__account=ACCOUNT) as bridge:
        await push_once(bridge)
        await forget(bridge, account="7")
        crm.execute("update appointments set title = 'Second visit', updated_at = '2026-02-03 10:00:00' where id = 1")
        await push_once(bridge)
        assert stub.records["engagements"]["1"]["subject"] == "Second visit"
        assert stub.records["engagements"]["1"]["account"]["name"] == "Smith"


@pytest.mark.parametrize("whom", [{"account": "8"}, {"person": "nobody@home.test"}, {"person": "Smith"}])
async def test_nobody_known_is_an_error(crm: Crm, opened: Opener, whom: dict[str, Any]) -> None:
    crm.add_appointment(1)
    async with opened(push__engagements__map__account=ACCOUNT) as bridge:
        await push_once(bridge)
        with pytest.raises(FieldnoteError, match="no data stored for"):
            await forget(bridge, **whom)
