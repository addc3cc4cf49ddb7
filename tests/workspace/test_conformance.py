"""Every built operation, held against both contracts by generated requests."""

from __future__ import annotations

import random
from typing import Any
from uuid import uuid4

import pytest
from schemathesis.generation import GenerationMode

from tests.workspace.conformance import Findings, Operation, built, forbidden, furnished, judge, requests
from tests.workspace.house import Api, House
from tests.workspace.test_user_recordings import token_of

_UNREACHED = {
    "POST /v1/core/recordings/upload",  # takes the address of a file that was uploaded before
}
"""Operations that no generated request alone gets a good answer from; they have tests of their own."""


@pytest.mark.parametrize("contract", ["siro-org", "siro-user"])
async def test_every_operation_takes_and_answers_what_the_contract_says(
    house: House, contract: str, seed: int, request: pytest.FixtureRequest
) -> None:
    rounds = 150 if request.config.option.long else 3
    findings = Findings()
    dice = random.Random(seed)
    user_api = await token_of(house, house.organization.admin_id)
    api = house.api if contract == "siro-org" else user_api
    ids = await furnish(house, user_api)
    for operation in built(contract):
        destroys = operation.method == "DELETE" or "soft-delete" in operation.path
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            allowed = mode is GenerationMode.POSITIVE
            for number, case in enumerate(requests(operation, mode, _rounds(operation, rounds), seed)):
                sent = furnished(operation, case, ids | {"new": str(uuid4())}, dice, sure=allowed and number < 2)
                if not allowed and not forbidden(operation, sent):
                    continue
                answer = await sent.send(api, operation.method)
                findings.problems += judge(operation, sent, answer, allowed=allowed, findings=findings)
                if destroys and answer.status_code < 300:
                    ids = await furnish(house, user_api)
    assert not findings.problems, "\n".join(findings.problems)
    unreached = {str(one) for one in built(contract)} - {str(one) for one in findings.succeeded}
    assert unreached <= _UNREACHED


def _rounds(operation: Operation, rounds: int) -> int:
    """What destroys records has new ones made each time, and is tried less often."""
    destroys = operation.method == "DELETE" or "soft-delete" in operation.path
    return max(2, rounds // 6) if destroys else rounds


async def furnish(house: House, user_api: Api) -> dict[str, Any]:
    """One live record of each kind, by the names that the requests go by."""
    key = uuid4().hex[:12]
    visit = await house.api.visit(
        f"a-{key}", rep=f"r-{key}", account={"externalId": f"c-{key}"}, opportunity={"externalId": f"o-{key}"}
    )
    deal = await house.api.opportunity(f"o-{key}", opportunityUsers=[{"externalId": f"r-{key}"}])
    recording = await house.record(key=key)
    person = await house.api(
        "POST", "/v1/core/users", json={"organizationId": house.organization.id, "email": f"{key}@acme.test"}
    )
    admin, own = house.organization.admin_id, house.organization.id
    app = (await house.api(
        "POST", "/v1/core/oauth/apps", json={"appName": "x", "owner": admin, "organizationId": own}
    )).json()  # fmt: skip
    token = await house.api(
        "POST",
        f"/v1/core/oauth/apps/{app['clientID']}/access-token",
        json={"clientSecret": app["clientSecret"], "userId": admin, "scope": "read"},
    )
    spare = await house.api("POST", "/v1/core/auth/tokens", json={"organizationId": own, "tokenName": "x"})
    connection = await house.api(
        "POST",
        "/v1/core/integrations/connections",
        json={"name": "x", "externalAccountId": key, "integrationPlatform": "SPOTIO"},
    )
    team = await house.api("POST", f"/v1/core/organizations/{own}/teams", json={"name": "x"})
    types = await user_api.get("/v1/core/conversation-configurations", organizationId=own)
    heard = await user_api("PUT", f"/v1/core/recordings/{recording}/listen", json={"duration": 1})
    events = await house.api.get("/v1/core/mobile-events")
    members = "/v1/integrations/{}-users"
    return {
        "organization": own,
        "admin": admin,
        "spare_user": person.json()["id"],
        "spare_token": spare.json()["tokenId"],
        "spare_connection": connection.json()["id"],
        "client": app["clientID"],
        "client_secret": app["clientSecret"],
        "access_token": token.json()["accessTokenId"],
        "teams": team.json()["id"],
        "conversation_types": types["data"][0]["id"],
        "recordings": recording,
        "listening": heard.json()["data"]["recordingEngagement"]["id"],
        "mobile_events": events["data"][0]["id"] if events["data"] else None,
        "accounts": visit["accountId"],
        "engagements": visit["id"],
        "opportunities": visit["opportunityId"],
        "crm_users": visit["engagementUsers"][0]["id"],
        "engagement_users": (await house.api.get(members.format("engagement"), engagementId=visit["id"]))[0]["id"],
        "opportunity_users": (await house.api.get(members.format("opportunity"), opportunityId=deal["id"]))[0]["id"],
    }
