"""The stream of customers, whose endpoints go by Siro's ids and know no batch."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse

from fieldnote.bridge import push_once
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro

CUSTOMERS: dict[str, Any] = {
    "push": {
        "accounts": {
            "table": "customers",
            "key": "id",
            "map": {"name": "name", "latitude": "latitude", "longitude": "longitude"},
        }
    }
}


def set_up(crm: Crm, *keys: int) -> None:
    crm.execute("create table customers (id integer primary key, name varchar(80), latitude float, longitude float)")
    for key in keys:
        crm.execute(f"insert into customers values ({key}, 'Customer {key}', 39.7, -104.9)")


def names(stub: StubSiro) -> list[str]:
    return sorted(account["name"] for account in stub.accounts.values())


async def test_customers_are_created_once_changed_and_deleted(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    set_up(crm, 1, 2, 3)
    async with opened(**CUSTOMERS) as bridge:
        assert (await push_once(bridge)).settled
        assert names(stub) == ["Customer 1", "Customer 2", "Customer 3"]
        crm.execute("update customers set name = 'Renamed' where id = 2")
        crm.execute("delete from customers where id = 3")
        assert (await push_once(bridge)).settled
        assert names(stub) == ["Customer 1", "Renamed"]
        crm.execute("insert into customers values (3, 'Back', 39.7, -104.9)")
        assert (await push_once(bridge)).settled
        assert names(stub) == ["Back", "Customer 1", "Renamed"]
        stub.forget_calls()
        assert (await push_once(bridge)).calls == 0


async def test_a_customer_whose_creation_was_not_heard_of_is_not_created_again(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    set_up(crm, 1)

    def lose_answer(method: str, path: str, body: Any) -> Response | None:
        if method != "POST":
            return None
        stub.accounts["a-1"] = {**body, "id": "a-1"}
        return JSONResponse({"error": "late"}, 500)

    stub.fault = lose_answer
    async with opened(**CUSTOMERS) as bridge:
        assert not (await push_once(bridge)).settled
        stub.fault = None
        assert (await push_once(bridge)).settled
    assert names(stub) == ["Customer 1"]


async def test_a_customer_that_is_nowhere_waits_in_quarantine(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    set_up(crm, 1)
    crm.execute("insert into customers values (2, 'Nowhere', null, null)")
    async with opened(**CUSTOMERS) as bridge:
        result = (await push_once(bridge)).streams[0]
        assert (result.sent, result.refused, result.problems[0].key) == (1, 1, "2")
        crm.execute("update customers set latitude = 39.7, longitude = -104.9 where id = 2")
        assert (await push_once(bridge)).settled
    assert names(stub) == ["Customer 1", "Nowhere"]
