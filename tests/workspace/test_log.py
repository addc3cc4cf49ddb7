"""The workspace's log at its most talkative: no secret, and nothing that was said."""

from __future__ import annotations

import logging

import httpx2
import pytest

from fieldnote.workspace import add_webhook
from tests.siro.server import Reply, serving
from tests.waiting import HANGS
from tests.workspace.house import SAID, Api, House


async def test_no_secret_and_no_word_of_a_conversation_gets_into_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(lambda _: Reply(500)) as receiver:
        url = f"{receiver.url}/hook?key=webhook-key"
        endpoint = await add_webhook(house.workspace.engine, house.workspace.box, house.organization.id, url=url)
        await house.api.visit(account={"externalId": "c-1", "name": "Planted Customer"})
        app = {"appName": "x", "owner": house.organization.admin_id, "organizationId": house.organization.id}
        made = (await house.api("POST", "/v1/core/oauth/apps", json=app)).json()
        minting = {"clientSecret": made["clientSecret"], "userId": house.organization.admin_id, "scope": "write"}
        path = f"/v1/core/oauth/apps/{made['clientID']}/access-token"
        token = (await house.api("POST", path, json=minting)).json()["accessToken"]
        user = Api(house.server.url, token, header="x-siro-auth-token")
        house.clients.append(user)
        file = {"fileType": "audio/mpeg", "fileSize": 5}
        urls = (await user("POST", "/v1/core/recordings/signed-urls", json=file)).json()["data"]
        async with httpx2.AsyncClient(trust_env=False, timeout=HANGS) as http:
            put = await http.put(urls["uploadUrl"], content=b"12345", headers=urls["uploadHeaders"])
            assert put.status_code == 200
        recording_id = await house.record(title="Planted title")
        await house.settle()
        await user("GET", f"/v1/core/recordings/{recording_id}/utterances")
        wrong = minting | {"clientSecret": "planted-wrong-secret"}
        assert (await house.api("POST", path, json=wrong)).status_code == 401
        assert (await house.client("org_planted_wrong").client.get("/v1/core/users")).status_code == 401
        assert (
            await house.api("PUT", "/v1/integrations/sync/engagements", json={"subject": "planted"})
        ).status_code == 422
    secrets = [
        house.api.token or "", token, made["clientSecret"], urls["uploadUrl"].partition("signature=")[2],
        urls["downloadUrl"].partition("signature=")[2], endpoint.secret, "webhook-key", "planted", "Planted",
        *(utterance.text for utterance in SAID),
    ]  # fmt: skip
    assert all(secrets)
    # Not of the test's own clients, nor of a logger that the server keeps off, to which pytest has put a handler.
    others = ("httpx2", "httpcore2", "uvicorn.access")
    ours = [record for record in caplog.records if not record.name.startswith(others)]
    logged = "\n".join(f"{record.getMessage()} {vars(record)} {record.exc_text}" for record in ours)
    assert ours
    assert [secret for secret in secrets if secret in logged] == []
