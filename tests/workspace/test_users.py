"""Users of the workspace and of the CRM, and who is who, through the API."""

from __future__ import annotations

from typing import Any

from fieldnote.siro import AsyncSiro
from tests.workspace.house import JOHN, House

USERS = "/v1/core/users"
UNKNOWN = "6f1e3f0e-7a8d-4d1c-9a37-9b7ddc1e4b11"


async def create(house: House, **fields: Any) -> Any:
    """A user; the answer."""
    body = {"organizationId": house.organization.id, "email": "mary@acme.test", **fields}
    response = await house.api("POST", USERS, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_user_is_made_read_and_changed(house: House) -> None:
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        made = await siro.users.create(
            organization_id=house.organization.id, email="mary@acme.test", first_name="Mary Ann", last_name="van Dyke"
        )
        assert (made.full_name, made.billable, made.disabled) == ("Mary Ann van Dyke", True, False)
        assert await siro.users.get(made.id) == made
        changed = await siro.users.update(made.id, last_name="Lee", phone_number="+15555550100", disabled=True)
        assert (changed.full_name, changed.phone_number, changed.email) == ("Mary Ann Lee", "+15555550100", made.email)
        assert [user.email for user in await siro.users.list()] == ["ann@acme.test", JOHN, "mary@acme.test"]
        assert [user.id for user in await siro.users.list(disabled=True)] == [made.id]


async def test_a_user_who_was_added_by_full_name_has_a_first_and_a_last_name(house: House) -> None:
    [john] = [user for user in (await house.api.get(USERS))["data"] if user["email"] == JOHN]
    assert (john["firstName"], john["lastName"]) == ("John", "Sales")


async def test_what_a_user_cannot_be_is_refused(house: House) -> None:
    own = {"organizationId": house.organization.id, "email": "mary@acme.test"}
    for body, status in (
        ({"email": "mary@acme.test"}, 422),
        (own | {"email": ""}, 422),
        (own | {"firstName": "x" * 501}, 422),
        (own | {"organizationId": UNKNOWN}, 403),
        (own | {"memberTeamId": UNKNOWN}, 404),
        (own | {"email": JOHN.upper()}, 409),
    ):
        assert (await house.api("POST", USERS, json=body)).status_code == status
    made = await create(house)
    assert (await house.api("PUT", f"{USERS}/{made['id']}", json={"email": JOHN})).status_code == 409
    assert (await house.api("PUT", f"{USERS}/{UNKNOWN}", json={})).status_code == 404
    assert len((await house.api.get(USERS))["data"]) == 3


async def test_the_crms_user_is_the_user_who_was_made_with_their_id(house: House) -> None:
    """Also where their email says otherwise, and where they come later."""
    await house.api.visit()
    made = await create(house, externalId="r-1")
    await create(house, email="sue@acme.test", externalId="r-2")
    await house.api.engagement("a-1", engagementUsers=[{"externalId": "r-2", "email": JOHN}])
    found = {one["externalId"]: one for one in (await house.api.get("/v1/integrations/users"))["data"]}
    assert (found["r-1"]["userId"], found["r-1"]["matchedBy"]) == (made["id"], "override")
    assert found["r-2"]["matchedBy"] == "override"
    listed = await house.api.get(USERS, externalId="r-1")
    assert [one["id"] for one in listed["data"]] == [made["id"]]


async def test_a_users_new_email_or_name_maps_the_crms_users_again(house: House) -> None:
    await house.api.engagement("a-1", engagementUsers=[{"externalId": "r-1", "email": "mary@new.test"}])
    [rep] = (await house.api.get("/v1/integrations/users"))["data"]
    assert (rep["userId"], rep["matchedBy"]) == (None, None)
    made = await create(house)
    recording_id = await house.record(user="mary@acme.test")
    await house.api.visit("a-1", rep=None)
    assert (await house.explain(recording_id)).appointment is None
    await house.api("PUT", f"{USERS}/{made['id']}", json={"email": "Mary@new.test"})
    rep = (await house.api.get(f"/v1/integrations/users/{rep['id']}"))["data"]
    assert (rep["userId"], rep["matchedBy"]) == (made["id"], "email")
    await house.settle()
    assert (await house.explain(recording_id)).appointment == "a-1"


async def test_the_crms_users_come_by_page(house: House) -> None:
    people = [{"externalId": f"r-{n}", "name": f"Rep N{n}"} for n in range(5)]
    await house.api.engagement("a-1", engagementUsers=people)
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        found = [one.external_id async for one in siro.external_users.list(page_size=2)]
    assert found == [f"r-{n}" for n in range(5)]


async def test_another_organizations_users_are_unknown(house: House) -> None:
    visit = await house.api.visit()
    [john] = [user for user in (await house.api.get(USERS))["data"] if user["email"] == JOHN]
    organization, other = await house.another()
    assert [user["id"] for user in (await other.get(USERS))["data"]] == [organization.admin_id]
    assert (await other.get("/v1/integrations/users"))["data"] == []
    rep = visit["engagementUsers"][0]["id"]
    assert (await other("GET", f"/v1/integrations/users/{rep}")).status_code == 404
    assert (await other("GET", f"{USERS}/{john['id']}")).status_code == 404
    assert (await other("PUT", f"{USERS}/{john['id']}", json={"disabled": True})).status_code == 404
    same = {"organizationId": organization.id, "email": JOHN, "externalId": "r-1"}
    assert (await other("POST", USERS, json=same)).status_code == 200
    assert (await house.api.get(f"/v1/integrations/users/{rep}"))["data"]["userId"] == john["id"]
