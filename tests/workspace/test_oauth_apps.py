"""OAuth apps and the user tokens that they mint."""

from __future__ import annotations

from typing import Any

from tests.workspace.house import Api, House

APPS = "/v1/core/oauth/apps"
EXTRACTIONS = "/v1/core/entities/extractions/6f1e3f0e-7a8d-4d1c-9a37-9b7ddc1e4b11"


async def app_of(house: House, name: str = "first") -> Any:
    """An app of the administrator's."""
    body = {"appName": name, "owner": house.organization.admin_id, "organizationId": house.organization.id}
    return (await house.api("POST", APPS, json=body)).json()


async def token_of(house: House, app: Any) -> tuple[str, Api]:
    """A user token of an app: its id, and a client with it."""
    body = {"clientSecret": app["clientSecret"], "userId": house.organization.admin_id, "scope": "write"}
    made = (await house.api("POST", f"{APPS}/{app['clientID']}/access-token", json=body)).json()
    client = Api(house.server.url, made["accessToken"], header="x-siro-auth-token")
    house.clients.append(client)
    return made["accessTokenId"], client


async def listed(house: House, **more: Any) -> Any:
    return await house.api.get(APPS, organizationId=house.organization.id, owner=house.organization.admin_id, **more)


async def test_apps_are_listed_the_latest_first_and_page_by_page(house: House) -> None:
    made = [(await app_of(house, name))["clientID"] for name in ("one", "two", "three")]
    found = await listed(house)
    assert [one["appName"] for one in found["data"]] == ["three", "two", "one", "app"]
    assert "secret" not in str(found).casefold()
    first = await listed(house, limit=3)
    assert (len(first["data"]), first["hasNextPage"], first["total"]) == (3, True, 4)
    second = await listed(house, limit=3, cursor=first["cursor"])
    assert ([one["appName"] for one in second["data"]], second["cursor"]) == (["app"], None)
    assert await listed(house, limit=3, page=2) == second
    upwards = await listed(house, sortDirection="asc", fromDate=found["data"][1]["createdAt"])
    assert [one["clientId"] for one in upwards["data"]][-2:] == made[1:]


async def test_an_app_that_is_deleted_takes_its_tokens_with_it_and_stays_readable(house: House) -> None:
    app, other = await app_of(house), await app_of(house, "other")
    _, client = await token_of(house, app)
    _, untouched = await token_of(house, other)
    path = f"{APPS}/{app['clientID']}"
    assert (await client("GET", EXTRACTIONS)).status_code == 404
    assert (await house.api("DELETE", path)).json() == {"clientId": app["clientID"]}
    assert (await client("GET", EXTRACTIONS)).status_code == 401
    assert (await untouched("GET", EXTRACTIONS)).status_code == 404
    assert (await house.api.get(path))["data"]["deleted"] is True
    body = {"clientSecret": app["clientSecret"], "userId": house.organization.admin_id, "scope": "read"}
    assert (await house.api("POST", f"{path}/access-token", json=body)).status_code == 404
    assert (await house.api("DELETE", path)).status_code == 404


async def test_a_token_is_revoked_by_the_secret_of_its_app(house: House) -> None:
    app = await app_of(house)
    token_id, client = await token_of(house, app)
    path = f"{APPS}/{app['clientID']}/access-token"
    [shown] = (await house.api.get(path, owner=house.organization.admin_id))["data"]
    assert (shown["accessTokenId"], shown["scope"], shown["revokedAt"]) == (token_id, "write", None)
    assert (await house.api.get(f"{path}/{token_id}"))["data"] == shown
    right = {"clientSecret": app["clientSecret"], "userId": house.organization.admin_id}
    for body, status in (
        ({}, 422),
        (right | {"clientSecret": "wrong"}, 401),
        (right | {"userId": house.organization.id}, 404),
    ):
        assert (await house.api("DELETE", f"{path}/{token_id}", json=body)).status_code == status
    assert (await client("GET", EXTRACTIONS)).status_code == 404
    assert (await house.api("DELETE", f"{path}/{token_id}", json=right)).json() == {"tokenId": token_id}
    assert (await client("GET", EXTRACTIONS)).status_code == 401
    assert (await house.api.get(f"{path}/{token_id}"))["data"]["revokedAt"] is not None
    assert (await house.api("DELETE", f"{path}/{token_id}", json=right)).status_code == 404


async def test_a_missing_parameter_of_the_list_of_apps_is_named(house: House) -> None:
    for params, status in (
        ({}, 422),
        ({"organizationId": house.organization.id}, 422),
        ({"organizationId": house.organization.admin_id, "owner": "x"}, 403),
        ({"organizationId": house.organization.id, "owner": "x", "limit": "101"}, 422),
        ({"organizationId": house.organization.id, "owner": "x", "sortField": "name"}, 422),
    ):
        assert (await house.api("GET", APPS, params=params)).status_code == status
    assert (await house.api("GET", f"{APPS}/unknown")).status_code == 404
    assert (await house.api.get(APPS, organizationId=house.organization.id, owner="x"))["data"] == []
