"""Error reports for Siro's support."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fieldnote.siro import AsyncSiro, Invalid, MissingCredential, SiroError, Unreachable, WebhookRejected
from tests.siro.server import Reply, Request, as_json, serving

Make = Callable[..., AsyncSiro]
ZOD = {"name": "ZodError", "issues": [{"code": "custom", "path": ["account", "zip"], "message": "Required"}]}


async def test_a_report_has_method_endpoint_payload_and_organization(client: Make) -> None:
    def handler(request: Request) -> Reply:
        if request.path.endswith("caller-identity"):
            return as_json({"organizationId": "org-77", "tokenId": "t"})
        return as_json(ZOD, 422, **{"x-request-id": "req-9"})

    async with serving(handler) as server, client(server.url) as siro:
        await siro.auth.caller_identity()
        with pytest.raises(Invalid) as caught:
            await siro.engagements.sync(external_id="appt-456", subject="Kitchen für Müller")
    report = caught.value.report()
    assert "Method: PUT\n" in report
    assert f"Endpoint: {server.url}/api-externalApi/v1/integrations/sync/engagements\n" in report
    assert "Organization id: org-77\n" in report
    assert "Sent: 2026-02-13 16:26:40 UTC\n" in report
    assert "Status: 422\nRequest id: req-9\n" in report
    assert "  account.zip: Required\n" in report
    assert '"externalId": "appt-456",\n  "subject": "Kitchen für Müller"' in report
    assert "org-token-1" not in report


async def test_a_report_masks_secrets_and_shows_the_query(client: Make) -> None:
    async with serving(lambda _: as_json({"error": "no"}, 403)) as server, client(server.url) as siro:
        with pytest.raises(SiroError) as minted:
            await siro.oauth.create_access_token("c", client_secret="planted", user_id="u", scope="read")
        with pytest.raises(SiroError) as listed:
            _ = [user async for user in siro.engagements.list(external_id="appt-1")]
    assert '"clientSecret": "***"' in minted.value.report()
    assert "planted" not in minted.value.report()
    assert "Organization id: unknown here" in minted.value.report()
    assert '[["externalId", "appt-1"]]' in listed.value.report()
    assert "Payload: none" in listed.value.report()


async def test_the_report_of_an_unanswered_call_says_so(client: Make) -> None:
    async with serving(lambda _: as_json({})) as server:
        url = server.url
    async with client(url) as siro:
        with pytest.raises(Unreachable) as caught:
            await siro.engagements.sync(external_id="a")
    assert "Status: no answer\n" in caught.value.report()


async def test_errors_without_a_call_have_a_report() -> None:
    assert WebhookRejected("the webhook is not signed").report() == "Error: the webhook is not signed"
    async with AsyncSiro() as siro:
        with pytest.raises(MissingCredential) as caught:
            await siro.auth.caller_identity()
    assert "Endpoint: https://functions.siro.ai/api-externalApi/v1/core/auth/caller-identity" in caught.value.report()
