"""The reps on appointments and deals, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from fieldnote.siro import AsyncSiro
from tests.workspace.house import JOHN, START, House

REPS = "/v1/integrations/engagement-users"
DEALS = "/v1/integrations/opportunity-users"
UNKNOWN = "6f1e3f0e-7a8d-4d1c-9a37-9b7ddc1e4b11"


async def external_user(house: House, external_id: str, **fields: Any) -> str:
    """One of the CRM's users, on an appointment of another day."""
    await house.api.engagement("elsewhere", engagementUsers=[{"externalId": external_id, **fields}])
    found = (await house.api.get("/v1/integrations/users"))["data"]
    return str(next(one["id"] for one in found if one["externalId"] == external_id))


async def test_who_a_sync_put_on_an_appointment_is_listed_changed_and_taken_off(house: House) -> None:
    visit = await house.api.visit()
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        [rep] = [one async for one in siro.engagement_users.list(engagement_id=visit["id"])]
        assert (rep.user_id, rep.name) == (visit["engagementUsers"][0]["id"], "John Sales")
        assert await siro.engagement_users.get(rep.id) == rep
        renamed = await siro.engagement_users.update(rep.id, name="John B. Sales")
        assert (renamed.id, renamed.name) == (rep.id, "John B. Sales")
        assert await siro.engagement_users.delete(rep.id)
        assert not await siro.engagement_users.delete(rep.id)
        assert [one async for one in siro.engagement_users.list(engagement_id=visit["id"])] == []
    assert (await house.api.get(f"/v1/integrations/engagements/{visit['id']}"))["engagementUsers"] == []


async def test_a_rep_who_is_put_on_an_appointment_has_their_recording_linked_to_it(house: House) -> None:
    visit = await house.api.visit(rep=None)
    john = await external_user(house, "r-1", email=JOHN)
    recording_id = await house.record()
    await house.settle()
    assert (await house.explain(recording_id)).appointment is None
    made = await house.api("POST", REPS, json={"engagementId": visit["id"], "userId": john})
    assert made.status_code == 200
    await house.settle()
    assert (await house.explain(recording_id)).appointment == "a-1"
    again = await house.api("POST", REPS, json={"engagementId": visit["id"], "userId": john})
    assert again.json() == made.json()
    assert (await house.api("DELETE", f"{REPS}/{made.json()['id']}")).json() is True
    await house.settle()
    assert (await house.explain(recording_id)).appointment == "a-1"  # a certain link stays


async def test_a_row_that_moves_keeps_its_id_and_takes_no_place_that_is_taken(house: House) -> None:
    first, second = await house.api.visit("a-1"), await house.api.visit("a-2", at=START.replace(day=20), rep="r-2")
    [rep] = await house.api.get(REPS, engagementId=first["id"])
    moved = await house.api("PUT", f"{REPS}/{rep['id']}", json={"engagementId": second["id"]})
    assert (moved.status_code, moved.json()["id"], moved.json()["engagementId"]) == (200, rep["id"], second["id"])
    assert await house.api.get(REPS, engagementId=first["id"]) == []
    listed = await house.api.get(REPS, engagementId=second["id"])
    assert {one["userId"] for one in listed} == {rep["userId"], second["engagementUsers"][0]["id"]}
    taken = {"userId": second["engagementUsers"][0]["id"]}
    assert (await house.api("PUT", f"{REPS}/{rep['id']}", json=taken)).status_code == 409
    await house.api.engagement("a-1", engagementUsers=[{"externalId": "r-1"}])
    assert len(await house.api.get(REPS, userId=rep["userId"])) == 2


async def test_a_share_of_a_deal_is_what_a_sync_gave_and_what_is_given_here(house: House) -> None:
    deal = await house.api.opportunity("o-1", opportunityUsers=[{"externalId": "r-1", "shareOfSale": 60}])
    [rep] = await house.api.get(DEALS, opportunityId=deal["id"])
    assert rep["amountPercentage"] == 60
    changed = await house.api("PUT", f"{DEALS}/{rep['id']}", json={"amountPercentage": 40})
    assert changed.json()["amountPercentage"] == 40
    assert changed.json()["updatedAt"] > rep["updatedAt"]


async def test_the_cursor_is_the_last_id_that_was_seen(house: House) -> None:
    people = [{"externalId": f"r-{n}", "name": f"Rep N{n}"} for n in range(3)]
    await house.api.engagement("a-1", engagementUsers=people)
    every = await house.api.get(REPS)
    assert len(every) == 3
    assert await house.api.get(REPS, cursor=every[0]["id"]) == every[1:]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"engagementId": "OWN"}, 422),
        ({"engagementId": UNKNOWN, "userId": "OWN"}, 404),
        ({"engagementId": "OWN", "userId": UNKNOWN}, 404),
        ({"engagementId": "OWN", "userId": "x"}, 404),
        ({"engagementId": 1, "userId": "OWN"}, 422),
    ],
)
async def test_what_is_missing_or_unknown_is_named(house: House, body: dict[str, Any], status: int) -> None:
    visit = await house.api.visit()
    own = {"engagementId": visit["id"], "userId": visit["engagementUsers"][0]["id"]}
    sent = {name: own[name] if value == "OWN" else value for name, value in body.items()}
    assert (await house.api("POST", REPS, json=sent)).status_code == status
    assert (await house.api("GET", f"{REPS}/{UNKNOWN}")).status_code == 404
    assert (await house.api("PUT", f"{REPS}/{UNKNOWN}", json={})).status_code == 404
