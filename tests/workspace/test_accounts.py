"""Customers by operations of their own."""

from __future__ import annotations

from fieldnote.siro import AsyncSiro
from tests.workspace.house import House

ADDRESS = {"street": "1 Main St", "city": "Boise", "state": "ID", "zip": "83702", "country": "US"}


async def test_a_customer_is_made_changed_and_deleted(house: House) -> None:
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        made = await siro.accounts.create(external_id="c-1", name="Smith", latitude=43.6, longitude=-116.2)
        assert await siro.accounts.get(made.id) == made
        changed = await siro.accounts.update(made.id, name="Smythe", phone_numbers=("+15555550100",))
        assert (changed.name, changed.latitude, changed.phone_numbers) == ("Smythe", 43.6, ("+15555550100",))
        assert [one.id for one in await siro.accounts.list()] == [made.id]
        assert await siro.accounts.delete(made.id)
        assert await siro.accounts.list() == ()
        again = await siro.accounts.create(external_id="c-1", latitude=43.6, longitude=-116.2)
    assert (again.id, again.name) == (made.id, "Smythe")


async def test_a_customer_and_the_one_inside_an_appointment_are_the_same(house: House) -> None:
    visit = await house.api.visit(account={"externalId": "c-1", "name": "Smith"})
    body = {"externalId": "c-1", "addresses": [ADDRESS]}
    made = (await house.api("POST", "/v1/integrations/accounts", json=body)).json()
    assert (made["id"], made["name"], made["addresses"]) == (visit["accountId"], "Smith", [ADDRESS])
    await house.api("PUT", f"/v1/integrations/accounts/{made['id']}", json={"name": "Smythe"})
    assert (await house.api.engagement("a-1"))["account"]["name"] == "Smythe"


async def test_a_customer_who_is_nowhere_is_refused(house: House) -> None:
    for body in (
        {"externalId": "c-1", "name": "Smith"},
        {"addresses": [ADDRESS]},
        {"externalId": "c", "addresses": [{}]},
    ):
        assert (await house.api("POST", "/v1/integrations/accounts", json=body)).status_code == 422
    assert await house.api.get("/v1/integrations/accounts") == []


async def test_another_organizations_customers_are_unknown(house: House) -> None:
    visit = await house.api.visit(account={"externalId": "c-1", "name": "Smith"})
    _, other = await house.another()
    path = f"/v1/integrations/accounts/{visit['accountId']}"
    assert await other.get("/v1/integrations/accounts") == []
    for method in ("GET", "PUT", "DELETE"):
        options = {"json": {"name": "x"}} if method == "PUT" else {}
        assert (await other(method, path, **options)).status_code == 404
    assert (await house.api.get(path))["name"] == "Smith"
