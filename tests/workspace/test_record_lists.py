"""Engagements and opportunities read, listed and deleted by operations of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fieldnote.siro import AsyncSiro
from tests.workspace.house import START, Api, House

REMOVED = "/v1/integrations/sync/engagements/soft-delete-removed"
UNKNOWN = "6f1e3f0e-7a8d-4d1c-9a37-9b7ddc1e4b11"


async def keys_of(api: Api, kind: str = "engagements", **params: Any) -> list[str]:
    """The external ids of one page."""
    page = await api.get(f"/v1/integrations/{kind}", **params)
    return [one["externalId"] for one in page["data"]]


async def undeleted(api: Api) -> list[str]:
    page = await api.get("/v1/integrations/engagements")
    return [one["externalId"] for one in page["data"] if "deletedAt" not in one]


async def test_all_pages_hold_every_appointment_once(house: House) -> None:
    records = [{"externalId": f"a-{n:03}"} for n in range(230)]
    await house.api("PUT", "/v1/integrations/sync/batch/engagements", json=records)
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        found = [one.external_id async for one in siro.engagements.list()]
    assert found == [record["externalId"] for record in records]


async def test_a_list_can_be_of_one_external_id_or_of_one_recording(house: House) -> None:
    await house.api.visit(opportunity={"externalId": "o-1"})
    await house.api.visit("a-2", at=START + timedelta(days=9), opportunity={"externalId": "o-2"})
    recording_id = await house.record()
    await house.settle()
    for kind, one, two in (("engagements", "a-1", "a-2"), ("opportunities", "o-1", "o-2")):
        assert await keys_of(house.api, kind) == [one, two]
        assert await keys_of(house.api, kind, externalId=two) == [two]
        assert await keys_of(house.api, kind, recordingId=recording_id) == [one]
        assert await keys_of(house.api, kind, recordingId=UNKNOWN) == []
        assert (await house.api("GET", f"/v1/integrations/{kind}", params={"cursor": "x"})).status_code == 422


async def test_an_opportunity_is_read_with_its_customer_and_recording(house: House) -> None:
    deal = await house.api.opportunity("o-1", name="Kitchen", account={"externalId": "c-1", "name": "Smith"})
    await house.api.visit(opportunity={"externalId": "o-1"})
    recording_id = await house.record()
    await house.settle()
    got = await house.api.get(f"/v1/integrations/opportunities/{deal['id']}")
    assert (got["name"], got["account"]["name"], got["recordingId"]) == ("Kitchen", "Smith", recording_id)


async def test_a_deleted_record_stays_listed_and_is_deleted_once(house: House) -> None:
    visit, deal = await house.api.visit(), await house.api.opportunity("o-1")
    for kind, record in (("engagements", visit), ("opportunities", deal)):
        path = f"/v1/integrations/{kind}/{record['id']}"
        assert (await house.api("DELETE", path)).json() is True
        assert (await house.api("DELETE", path)).json() is False
        assert (await house.api.get(path))["deletedAt"]
        assert len(await keys_of(house.api, kind)) == 1
    assert "deletedAt" not in await house.api.engagement("a-1", deletedAt=None)


async def test_an_appointment_can_be_deleted_by_the_crms_id(house: House) -> None:
    await house.api.visit("a-1")
    await house.api.visit("a-2")
    path = "/v1/integrations/engagements/a-1"
    other = {"idType": "external", "integrationPlatform": "SALESFORCE"}
    assert (await house.api("DELETE", path)).status_code == 404
    assert (await house.api("DELETE", path, params=other)).json() is False
    assert (await house.api("DELETE", path, params={"idType": "external"})).json() is True
    assert (await house.api("DELETE", path, params={"idType": "crm"})).status_code == 422
    assert await undeleted(house.api) == ["a-2"]


async def test_appointments_that_are_not_named_are_deleted_within_the_window_alone(house: House) -> None:
    for day in range(5):
        await house.api.visit(f"a-{day}", at=START + timedelta(days=day))
    await house.api.engagement("a-timeless")
    window = {"fromTime": (START + timedelta(days=1)).isoformat(), "toTime": (START + timedelta(days=3)).isoformat()}
    for _ in range(2):
        response = await house.api("POST", REMOVED, json=window | {"validExternalIds": ["a-2", "a-unknown"]})
        assert (response.status_code, response.json()) == (200, {"data": {"success": True}})
    assert await undeleted(house.api) == ["a-0", "a-2", "a-4", "a-timeless"]
    response = await house.api("POST", REMOVED, json=window | {"validExternalIds": "a-2"})
    assert response.json()["issues"][0]["path"] == ["validExternalIds"]


async def test_a_recording_leaves_an_appointment_that_was_removed(house: House) -> None:
    await house.api.visit()
    recording_id = await house.record()
    await house.settle()
    assert (await house.explain(recording_id)).appointment == "a-1"
    window = {"fromTime": START.isoformat(), "toTime": START.isoformat(), "validExternalIds": []}
    await house.api("POST", REMOVED, json=window)
    await house.settle()
    assert (await house.explain(recording_id)).appointment is None


async def test_a_reps_list_has_their_appointments_in_person_by_time(house: House) -> None:
    for day in (3, 1, 2):
        await house.api.visit(f"a-{day}", at=START + timedelta(days=day), startTimeLocalized="2026-02-16T07:00:00")
    await house.api.visit("a-call", engagementType={"activityType": "CALL", "name": "call"})
    await house.api.visit("a-gone", deletedAt="2026-02-14T00:00:00Z")
    await house.api.visit("a-others", rep=None)
    address = {"street": "1 Main St", "city": "Boise", "state": "ID", "zip": "83702", "country": "US"}
    account = {"externalId": "c-1", "name": "Smith", "addresses": [address]}
    visit = await house.api.visit("a-2", at=START + timedelta(days=2), account=account)
    path = f"/v1/integrations/users/{visit['engagementUsers'][0]['id']}/engagements"
    listed = await house.api.get(path)
    assert [one["externalId"] for one in listed] == ["a-1", "a-2", "a-3"]
    assert listed[1]["account"] == {"id": visit["accountId"], **account}
    assert listed[0]["startTimeLocalized"] == "2026-02-16T07:00:00"
    after = await house.api.get(path, startingAfter=listed[0]["startTime"], limit=1)
    rest = await house.api.get(path, cursor=after[0]["id"], startingBefore="2027-01-01T00:00:00Z")
    assert [one["externalId"] for one in (*after, *rest)] == ["a-2", "a-3"]
    assert (await house.api("GET", f"/v1/integrations/users/{UNKNOWN}/engagements")).status_code == 404


async def test_another_organizations_records_are_neither_seen_nor_deleted(house: House) -> None:
    visit = await house.api.visit(opportunity={"externalId": "o-1"}, account={"externalId": "c-1"})
    _, other = await house.another()
    assert await keys_of(other) == await keys_of(other, "opportunities") == []
    window = {"fromTime": START.isoformat(), "toTime": START.isoformat(), "validExternalIds": []}
    assert (await other("POST", REMOVED, json=window)).status_code == 200
    assert (await other("DELETE", f"/v1/integrations/engagements/{visit['id']}")).json() is False
    by_crm = {"idType": "external"}
    assert (await other("DELETE", "/v1/integrations/engagements/a-1", params=by_crm)).json() is False
    assert (await other("DELETE", f"/v1/integrations/opportunities/{visit['opportunityId']}")).json() is False
    assert (await other("GET", f"/v1/integrations/opportunities/{visit['opportunityId']}")).status_code == 404
    rep = visit["engagementUsers"][0]["id"]
    assert (await other("GET", f"/v1/integrations/users/{rep}/engagements")).status_code == 404
    assert await undeleted(house.api) == ["a-1"]
