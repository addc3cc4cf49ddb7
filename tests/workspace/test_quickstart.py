"""The quickstart's calls, as it prints them, with only host, token and ids replaced."""

from __future__ import annotations

import json
from typing import Any, Final

import httpx2

from fieldnote.insight import Utterance
from tests.workspace.contract import DATA, ORGANIZATION_BASE, check
from tests.workspace.house import House

ORGANIZATION_HOST: Final = "https://functions.siro.ai"
USER_HOST: Final = "https://siro-gateway-867voja4.uc.gateway.dev"
SAID: Final = (
    Utterance("John Sales", "What budget do you have in mind for the kitchen?", 0.0, 4.0),
    Utterance("Mary Smith", "We were thinking between forty and fifty thousand dollars.", 5.0, 9.0),
    Utterance("John Sales", "When would you like to start?", 10.0, 12.0),
    Utterance("Mary Smith", "In spring 2026, if that works.", 13.0, 16.0),
)


async def send(house: House, name: str, **known: str) -> httpx2.Response:
    """One of the printed calls. `known` replaces the text in braces."""
    text = (DATA / f"quickstart/{name}.txt").read_text()
    head, _, body = text.partition("\n\n")
    for word, value in known.items():
        head, body = head.replace(f"{{{word}}}", value), body.replace(f"{{{word}}}", value)
    (method, url), *lines = (line.split(" ", 1) for line in head.strip().splitlines())
    url = url.replace(ORGANIZATION_HOST, house.server.url).replace(USER_HOST, house.server.url)
    headers = {name.rstrip(":"): value for name, value in lines}
    if "Authorization" in headers:
        headers["Authorization"] = f"Bearer {house.api.token}"
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        response = await client.request(method, url, headers=headers, content=body or None)
    check(response)
    return response


async def answer(house: House, name: str, **known: str) -> Any:
    response = await send(house, name, **known)
    assert response.is_success, response.text
    return response.json()


async def test_the_quickstart_runs_from_its_first_call_to_its_last(house: House) -> None:
    assert (await answer(house, "1-mobile-events"))["data"] == []
    engagement = (await answer(house, "2-sync-engagement"))["data"]
    opportunity = (await answer(house, "3-sync-opportunity"))["data"]
    recording_id = await house.record(said=SAID)
    await house.settle()

    got = await answer(house, "6-get-engagement", id=engagement["id"])
    shown = {
        "id": engagement["id"],
        "externalId": "appt-456",
        "recordingId": recording_id,
        "engagementType": "meeting",
        "opportunityId": opportunity["id"],
        "accountId": opportunity["accountId"],
    }
    assert {name: got[name] for name in shown} == shown

    app = await answer(
        house,
        "4-create-oauth-app",
        userId=house.organization.admin_id,
        organizationId=house.organization.id,
    )
    token = await answer(
        house,
        "5-create-access-token",
        clientId=app["clientID"],
        clientSecret=app["clientSecret"],
        userId=house.organization.admin_id,
    )
    extractions = await answer(house, "7-get-extractions", recordingId=recording_id, accessToken=token["accessToken"])
    [row] = extractions["data"]
    assert row["recordingId"] == recording_id
    assert row["status"] == "SUCCESS"
    found = {item["name"]: item["value"] for item in row["extraction"]}
    assert {"Budget", "Timeline"} <= set(found)
    assert set(found) <= {"Budget", "Timeline", "Decision Maker", "Objections"}
    assert all(value and isinstance(value, str) for value in found.values())

    [summary] = (await answer(house, "8-get-summaries", recordingId=recording_id))["data"]
    assert set(summary) == {"id", "name", "content"}
    assert summary["name"] == "AI Summary"
    assert summary["content"]


async def test_the_opportunity_brings_its_context_to_the_recording(house: House) -> None:
    await answer(house, "2-sync-engagement")
    recording_id = await house.record(said=SAID)
    await answer(house, "3-sync-opportunity")
    recording = await house.api.get(f"/v1/core/recordings/{recording_id}", showCrmLinks="true")
    assert recording["result"] == "WON"
    assert recording["crm"]["opportunity"]["externalId"] == "opp-101"
    assert recording["crm"]["account"]["externalId"] == "account-789"


async def test_a_nested_account_keeps_its_optional_fields(house: House) -> None:
    text = (DATA / "quickstart/2-sync-engagement.txt").read_text().partition("\n\n")[2]
    account = {
        "externalId": "account-789",
        "name": "Smith",
        "emailAddresses": ["mary@smith.test"],
        "phoneNumbers": ["+15555550100"],
        "addresses": [{"street": "1 Elm St", "city": "Boise", "state": "ID", "zip": "83702", "country": "US"}],
    }
    response = await house.api("PUT", "/v1/integrations/sync/engagements", json=json.loads(text) | {"account": account})
    assert response.json()["data"]["account"]["name"] == "Smith"
    [(fields,)] = await house.rows("select fields from accounts")
    assert fields == {name: value for name, value in account.items() if name != "externalId"}


async def test_the_deep_link_of_the_quickstart_links_at_once(house: House) -> None:
    engagement = (await answer(house, "2-sync-engagement"))["data"]
    recording_id = await house.record(
        appointment_id="appt-456", opportunity_id="opp-101", title="Smith Kitchen Remodel"
    )
    assert (await answer(house, "6-get-engagement", id=engagement["id"]))["recordingId"] == recording_id
    events = (await answer(house, "1-mobile-events"))["data"]
    [opened] = [event for event in events if event["eventCode"] == "deeplinkReceived"]
    assert opened["event"]["fullUrl"] == (
        "siro://record?appointmentId=appt-456&title=Smith%20Kitchen%20Remodel&opportunityId=opp-101"
    )


async def test_both_hosts_are_one_port(house: House) -> None:
    assert house.api.client.base_url.path.rstrip("/") == ORGANIZATION_BASE
    response = await (await house.user_client())("GET", "/v1/core/entities/extractions/none")
    assert response.status_code == 404
