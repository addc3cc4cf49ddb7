"""Tokens that may call, and the answers to those that may not."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from fieldnote.workspace import add_token
from tests.workspace.house import Api, House

CALLS = [
    ("GET", "/v1/core/auth/caller-identity"),
    ("GET", "/v1/core/mobile-events"),
    ("GET", "/v1/core/recordings"),
    ("GET", f"/v1/core/recordings/{uuid4()}"),
    ("GET", f"/v1/core/recordings/{uuid4()}/summaries"),
    ("GET", f"/v1/integrations/engagements/{uuid4()}"),
    ("PUT", "/v1/integrations/sync/engagements"),
    ("PUT", "/v1/integrations/sync/opportunities"),
    ("POST", "/v1/core/oauth/apps"),
    ("POST", "/v1/core/oauth/apps/app-1/access-token"),
]
USER_CALLS = [f"/v1/core/entities/extractions/{uuid4()}", f"/v1/core/recordings/{uuid4()}/utterances"]


@pytest.mark.parametrize("value", [None, "Bearer", "Bearer wrong", "Bearer org_" + "x" * 43, "Basic x"])
async def test_no_call_answers_without_a_good_token(house: House, value: str | None) -> None:
    stranger = house.client(None)
    for method, path in CALLS:
        headers = {} if value is None else {"authorization": value}
        response = await stranger(method, path, headers=headers, json={})
        assert response.status_code == 401, (method, path)
    async with Api(house.server.url, None).client as client:
        for path in USER_CALLS:
            headers = {} if value is None else {"x-siro-auth-token": value}
            assert (await client.get(path, headers=headers)).status_code == 401


async def test_a_token_under_another_scheme_is_none(house: House) -> None:
    for value in (f"Basic {house.api.token}", f"{house.api.token}", f"Bearer{house.api.token}"):
        response = await house.client(None)("GET", "/v1/core/auth/caller-identity", headers={"authorization": value})
        assert response.status_code == 401
    value = f"bearer   {house.api.token}"
    response = await house.client(None)("GET", "/v1/core/auth/caller-identity", headers={"authorization": value})
    assert response.status_code == 200


async def test_a_token_is_good_for_its_own_kind_of_call_alone(house: House) -> None:
    user = await house.user_client()
    assert (await house.client(user.token)("GET", "/v1/core/auth/caller-identity")).status_code == 401
    stranger = Api(house.server.url, house.api.token, header="x-siro-auth-token")
    async with stranger.client:
        assert (await stranger("GET", USER_CALLS[0])).status_code == 401


@pytest.mark.parametrize("header", ["x-siro-auth-token", "authorization"])
async def test_a_user_token_is_read_from_either_header(house: House, header: str) -> None:
    user = await house.user_client(header=header)
    assert (await user("GET", USER_CALLS[0])).status_code == 404


async def test_a_user_token_lasts_sixteen_hours(house: House) -> None:
    user = await house.user_client()
    [(expires_at, created_at)] = await house.rows("select expires_at, created_at from tokens where kind = 'user'")
    assert isinstance(expires_at, datetime)
    assert abs(expires_at - created_at - timedelta(hours=16)) < timedelta(minutes=1)
    async with house.workspace.engine.begin() as conn:
        await conn.execute(text("update tokens set expires_at = now() - interval '1 second' where kind = 'user'"))
    assert (await user("GET", USER_CALLS[0])).status_code == 401


async def test_a_wrong_client_secret_and_an_unknown_app_get_no_token(house: House) -> None:
    body = {"clientSecret": "wrong", "userId": house.organization.admin_id, "scope": "read"}
    assert (await house.api("POST", "/v1/core/oauth/apps/app-1/access-token", json=body)).status_code == 401
    assert (await house.api("POST", "/v1/core/oauth/apps/app-2/access-token", json=body)).status_code == 404
    assert (await house.api("POST", "/v1/core/oauth/apps/app-1%00/access-token", json=body)).status_code == 404
    unknown = {"clientSecret": "app-secret", "userId": str(uuid4()), "scope": "read"}
    assert (await house.api("POST", "/v1/core/oauth/apps/app-1/access-token", json=unknown)).status_code == 404
    scope = {"clientSecret": "app-secret", "userId": house.organization.admin_id, "scope": "admin"}
    assert (await house.api("POST", "/v1/core/oauth/apps/app-1/access-token", json=scope)).status_code == 422


async def test_an_app_of_another_organization_or_owner_is_refused(house: House) -> None:
    body = {"appName": "x", "owner": house.organization.admin_id, "organizationId": str(uuid4())}
    assert (await house.api("POST", "/v1/core/oauth/apps", json=body)).status_code == 403
    body = {"appName": "x", "owner": str(uuid4()), "organizationId": house.organization.id}
    assert (await house.api("POST", "/v1/core/oauth/apps", json=body)).status_code == 404


async def test_caller_identity_tells_whose_token_it_is(house: House) -> None:
    token = await add_token(house.workspace.engine, house.organization, name="bridge")
    identity = await house.client(token).get("/v1/core/auth/caller-identity")
    assert identity["organizationId"] == house.organization.id
    assert identity["tokenName"] == "bridge"
    assert identity["createdBy"] == house.organization.admin_id


async def test_no_secret_is_kept_as_it_is(house: House) -> None:
    user = await house.user_client()
    kept = str(await house.rows("select t, a from tokens t full join oauth_apps a using (client_id)"))
    for secret in (house.api.token, user.token, "app-secret"):
        assert secret
        assert secret not in kept
        assert secret.encode().hex() not in kept


async def test_ids_that_nobody_has_are_not_found(house: House) -> None:
    for path in ("/v1/core/recordings/{}", "/v1/core/recordings/{}/summaries", "/v1/integrations/engagements/{}"):
        for wanted in (uuid4(), "no-uuid", "%00", "a" * 5000):
            response = await house.api("GET", path.format(wanted))
            assert (response.status_code, list(response.json())) == (404, ["error"])


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/core/nothing"), ("GET", "/"), ("GET", "/v1/core/recordings/"), ("POST", "/v2/core/recordings")],
)
async def test_an_unknown_path_is_answered_as_the_gateway_does(house: House, method: str, path: str) -> None:
    for client in (house.api, house.client(None)):
        response = await client(method, path)
        assert response.status_code == 404
        assert response.json()["code"] == 404


async def test_a_method_that_a_path_does_not_have_is_answered_as_the_gateway_does(house: House) -> None:
    response = await house.api("PATCH", "/v1/core/recordings")
    assert response.status_code == 405
    assert response.json()["code"] == 405
