"""A person.s decision about a recording is final: no machine undoes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from tests.workspace.house import JOHN, START, Api, House


async def token_of(house: House, email: str, scope: str = "write") -> Api:
    """A client with a user token."""
    [user] = [one for one in (await house.api.get("/v1/core/users"))["data"] if one["email"] == email]
    body = {"clientSecret": "app-secret", "userId": user["id"], "scope": scope}
    made = (await house.api("POST", "/v1/core/oauth/apps/app-1/access-token", json=body)).json()
    client = Api(house.server.url, made["accessToken"], header="x-siro-auth-token")
    house.clients.append(client)
    return client


async def crm_of(house: House, recording_id: str) -> dict[str, Any]:
    """The external ids that a recording is linked to, once all jobs are done."""
    await house.settle()
    shown = await house.api.get(f"/v1/core/recordings/{recording_id}", showCrmLinks="true")
    crm = shown.get("crm", {})
    return {name: crm[name]["externalId"] for name in ("engagement", "opportunity", "account", "lead") if name in crm}


async def say(client: Api, method: str, recording_id: str, kind: str, record: Any, **more: Any) -> Any:
    """Link or unlink; the answer's data."""
    aim = record if isinstance(record, dict) else {"id": record}
    body = {"dataType": kind, **aim, **more}
    response = await client(method, f"/v1/core/recordings/{recording_id}/link", json=body)
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def test_a_link_by_a_person_wins_and_stays_when_a_better_appointment_comes(house: House) -> None:
    far = await house.api.visit(
        "a-far", at=START + timedelta(days=9), subject="Roof", opportunity={"externalId": "o-9"}
    )
    recording_id = await house.record()
    john = await token_of(house, JOHN)
    data = await say(john, "PUT", recording_id, "ENGAGEMENT", far["id"], trigger="USER_LINK_WEB")
    assert (data["id"], data["externalId"], data["name"]) == (far["id"], "a-far", "Roof")
    await house.api.visit("a-1")
    assert await crm_of(house, recording_id) == {"engagement": "a-far", "opportunity": "o-9"}
    explained = await house.explain(recording_id)
    assert (explained.source, explained.trigger) == ("DIRECT", "USER_LINK_WEB")


async def test_a_link_that_a_person_took_away_does_not_come_back(house: House) -> None:
    visit = await house.api.visit(opportunity={"externalId": "o-1"})
    recording_id = await house.record()
    assert await crm_of(house, recording_id) == {"engagement": "a-1", "opportunity": "o-1"}
    john = await token_of(house, JOHN)
    other = await house.api.visit("a-2", at=START + timedelta(days=1))
    assert await say(john, "DELETE", recording_id, "ENGAGEMENT", other["id"]) is False
    assert await say(john, "DELETE", recording_id, "OPPORTUNITY", visit["opportunityId"]) is True
    await house.api.visit(subject="Changed", at=START + timedelta(minutes=1))
    assert await crm_of(house, recording_id) == {}
    assert (await house.explain(recording_id)).trigger == "USER_UNLINK"
    await say(john, "PUT", recording_id, "ENGAGEMENT", visit["id"])
    assert await crm_of(house, recording_id) == {"engagement": "a-1", "opportunity": "o-1"}


async def test_a_recording_can_be_linked_to_a_deal_a_customer_or_a_lead(house: House) -> None:
    deal = await house.api.opportunity("o-1", account={"externalId": "c-1"})
    await house.api.visit(
        "a-far", at=START + timedelta(days=9), account={"externalId": "c-2"}, lead={"externalId": "l-1"}
    )
    recording_id = await house.record()
    john = await token_of(house, JOHN)
    own = {"integrationConnectionId": house.organization.connection_id}
    await say(john, "PUT", recording_id, "OPPORTUNITY", deal["id"])
    assert await crm_of(house, recording_id) == {"opportunity": "o-1", "account": "c-1"}
    await say(john, "PUT", recording_id, "ACCOUNT", {"externalId": "c-2", **own})
    assert await crm_of(house, recording_id) == {"account": "c-2"}
    await house.api.visit("a-far", account={"externalId": "c-2", "mergedToExternalId": "c-3"})
    assert await crm_of(house, recording_id) == {"account": "c-3"}
    await say(john, "PUT", recording_id, "LEAD", {"externalId": "l-1", **own})
    assert await crm_of(house, recording_id) == {"lead": "l-1"}


async def test_the_deal_of_the_linked_appointment_is_confirmed_with_the_appointment(house: House) -> None:
    visit = await house.api.visit(opportunity={"externalId": "o-1"})
    recording_id = await house.record()
    await house.settle()
    await say(await token_of(house, JOHN), "PUT", recording_id, "OPPORTUNITY", visit["opportunityId"])
    assert await crm_of(house, recording_id) == {"engagement": "a-1", "opportunity": "o-1"}


async def test_a_rep_has_a_say_in_their_own_recordings_and_an_administrator_in_all(house: House) -> None:
    visit = await house.api.visit(rep=None)
    recording_id = await house.record()
    await house.user("mary@acme.test", "Mary Lee")
    body = {"dataType": "ENGAGEMENT", "id": visit["id"]}
    path = f"/v1/core/recordings/{recording_id}/link"
    for email, scope, status in (
        ("mary@acme.test", "write", 404),  # a colleague does not see it
        (JOHN, "read", 403),
        ("ann@acme.test", "write", 200),
    ):
        client = await token_of(house, email, scope)
        assert (await client("PUT", path, json=body)).status_code == status, (email, scope)
    assert (await crm_of(house, recording_id))["engagement"] == "a-1"


async def test_a_link_to_what_is_not_there_is_refused(house: House) -> None:
    gone = await house.api.visit("a-gone", deletedAt="2026-02-14T00:00:00Z")
    recording_id = await house.record()
    john = await token_of(house, JOHN)
    path = f"/v1/core/recordings/{recording_id}/link"
    own = {"integrationConnectionId": house.organization.connection_id}
    for aim, status in (
        ({"id": gone["id"]}, 404),
        ({"id": "x"}, 404),
        ({"externalId": "a-unknown", **own}, 404),
        ({"externalId": "a-gone"}, 404),
        ({}, 422),
        ({"id": gone["id"], "externalId": "a-gone", **own}, 422),
    ):
        for method in ("PUT", "DELETE"):
            response = await john(method, path, json={"dataType": "ENGAGEMENT", **aim})
            assert response.status_code == status, (method, aim)


async def test_an_external_id_that_two_connections_have_is_not_guessed(house: House) -> None:
    visit = await house.api.visit()
    recording_id = await house.record()
    john = await token_of(house, JOHN)
    path, body = f"/v1/core/recordings/{recording_id}/link", {"dataType": "ENGAGEMENT", "externalId": "a-1"}
    assert (await john("PUT", path, json=body)).json()["data"]["id"] == visit["id"]
    titan = {"name": "Titan", "externalAccountId": "t", "integrationPlatform": "SERVICE_TITAN"}
    second = (await house.api("POST", "/v1/core/integrations/connections", json=titan)).json()["id"]
    async with house.workspace.engine.begin() as conn:
        values = {"own": house.organization.id, "connection": second}
        await conn.execute(text(_SAME_ID), values)
    refused = await john("PUT", path, json=body)
    assert (refused.status_code, refused.json()["issues"][0]["path"]) == (422, ["integrationConnectionId"])
    named = body | {"integrationConnectionId": house.organization.connection_id}
    assert (await john("PUT", path, json=named)).status_code == 200


_SAME_ID = """
insert into engagements (organization_id, connection_id, external_id, fields) values (:own, :connection, 'a-1', '{}')
"""
