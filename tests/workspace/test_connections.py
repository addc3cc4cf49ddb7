"""Integration connections, and the organization's own tokens."""

from __future__ import annotations

from fieldnote.siro import AsyncSiro
from tests.workspace.house import House

CONNECTIONS = "/v1/core/integrations/connections"
TOKENS = "/v1/core/auth/tokens"
TITAN = {"name": "Titan", "externalAccountId": "t-1", "integrationPlatform": "SERVICE_TITAN"}


async def test_an_organization_begins_with_one_connection_which_its_records_belong_to(house: House) -> None:
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        [first] = await siro.connections.list()
    assert (first.id, first.integration_platform) == (house.organization.connection_id, "SIRO_CUSTOM_INPUT")
    assert first.is_active
    await house.api("POST", CONNECTIONS, json=TITAN)
    await house.api.visit()
    recording_id = await house.record()
    await house.settle()
    got = await house.api.get(f"/v1/core/recordings/{recording_id}", showCrmLinks="true")
    assert got["crm"]["integrationConnectionId"] == first.id


async def test_a_connection_is_made_changed_and_let_go(house: House) -> None:
    made = (await house.api("POST", CONNECTIONS, json=TITAN)).json()
    path = f"{CONNECTIONS}/{made['id']}"
    assert await house.api.get(path) == made
    assert (await house.api("POST", CONNECTIONS, json=TITAN)).status_code == 409
    changed = (await house.api("PATCH", path, json={"isActive": False, "syncTranscript": True})).json()
    assert (changed["name"], changed["isActive"], changed["syncTranscript"]) == ("Titan", False, True)
    listed = await house.api.get(CONNECTIONS, integrationPlatform="SERVICE_TITAN")
    assert listed["data"] == [changed]
    assert (await house.api("GET", CONNECTIONS, params={"integrationPlatform": "PAPER"})).status_code == 422
    assert (await house.api("DELETE", path)).status_code == 200
    for method in ("GET", "DELETE"):
        assert (await house.api(method, path)).status_code == 404
    assert (await house.api("PATCH", path, json={})).status_code == 404
    assert len((await house.api.get(CONNECTIONS))["data"]) == 1
    body = TITAN | {"integrationPlatform": "SALESFORCE"}
    assert (await house.api("POST", CONNECTIONS, json=body)).status_code == 422


async def test_another_organizations_connections_are_unknown(house: House) -> None:
    _, other = await house.another()
    path = f"{CONNECTIONS}/{house.organization.connection_id}"
    for method in ("GET", "PATCH", "DELETE"):
        options = {"json": {"name": "x"}} if method == "PATCH" else {}
        assert (await other(method, path, **options)).status_code == 404
    assert [one["name"] for one in (await house.api.get(CONNECTIONS))["data"]] == ["CRM"]
    assert (await other("POST", CONNECTIONS, json=TITAN)).status_code == 201


async def test_a_token_is_made_and_revoked_at_once(house: House) -> None:
    body = {"organizationId": house.organization.id, "tokenName": "second"}
    made = (await house.api("POST", TOKENS, json=body)).json()
    client = house.client(made["token"])
    assert (await client.get("/v1/core/auth/caller-identity"))["tokenId"] == made["tokenId"]
    listed = (await house.api.get(TOKENS))["data"]
    assert [token["tokenName"] for token in listed] == ["first token", "second"]
    assert made["token"] not in str(listed)
    assert (await house.api.get(f"{TOKENS}/{made['tokenId']}"))["tokenName"] == "second"
    assert (await client("DELETE", f"{TOKENS}/{made['tokenId']}")).status_code == 200
    assert (await client("GET", TOKENS)).status_code == 401
    assert (await house.api("DELETE", f"{TOKENS}/{made['tokenId']}")).status_code == 404


async def test_another_organizations_tokens_are_unknown(house: House) -> None:
    _, other = await house.another()
    own = (await house.api.get("/v1/core/auth/caller-identity"))["tokenId"]
    assert len((await other.get(TOKENS))["data"]) == 1
    assert (await other("GET", f"{TOKENS}/{own}")).status_code == 404
    assert (await other("DELETE", f"{TOKENS}/{own}")).status_code == 404
    body = {"organizationId": house.organization.id, "tokenName": "theirs"}
    assert (await other("POST", TOKENS, json=body)).status_code == 403
    assert (await house.api("GET", TOKENS)).status_code == 200
