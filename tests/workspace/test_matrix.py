"""Every operation, called by another organization with every id that this one has: nothing is shown or changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from typing import Any, Final
from uuid import UUID

import pytest
from fastapi.routing import APIRoute

from fieldnote.db.workspace_tables import SECURED
from fieldnote.workspace import add_user
from fieldnote.workspace.http import routes_organization as organization
from fieldnote.workspace.http import routes_user as user
from tests.workspace import conformance
from tests.workspace.contract import check
from tests.workspace.house import JOHN, START, Api, House

pytestmark = pytest.mark.slow

NEW: Final = "11111111-1111-4111-8111-111111111111"
WINDOW: Final = {"fromTime": "2000-01-01T00:00:00Z", "toTime": "2100-01-01T00:00:00Z", "validExternalIds": []}
VISIT: Final[dict[str, Any]] = {
    "externalId": "a-1",
    "startTime": START.isoformat(),
    "account": {"externalId": "c-1", "mergedFromExternalIds": ["c-2"]},
    "contact": {"externalId": "p-1"},
    "opportunity": {"externalId": "o-1", "copyEngagementRelationships": True},
    "engagementUsers": [{"externalId": "r-1", "email": JOHN, "name": "John Sales"}],
}
PLACE: Final = {"latitude": 1, "longitude": 2}
EVENT: Final = {
    "externalId": "m-1", "externalEventId": "a-1", "externalUserId": "r-1", "externalEmailAddress": JOHN,
    "organizationId": "THEIRS", "downloadUrl": "https://files.example/a.mp3", "mimeType": "audio/mpeg",
    "remoteCreatedAt": START.isoformat(),
}  # fmt: skip
# The body of each operation that takes one; "THEIRS" is an id of the other organization's.
BODIES: Final[dict[tuple[str, str], Any]] = {
    ("POST", "/core/oauth/apps"): {"appName": "x", "owner": "THEIRS", "organizationId": "OWN"},
    ("POST", "/core/oauth/apps/{clientId}/access-token"): {
        "clientSecret": "app-secret", "userId": "THEIRS", "scope": "read",
    },
    ("PUT", "/integrations/sync/engagements"): VISIT,
    ("PUT", "/integrations/sync/opportunities"): {"externalId": "o-1", "accountId": "THEIRS"},
    ("PUT", "/integrations/sync/batch/engagements"): [VISIT],
    ("PUT", "/integrations/sync/batch/opportunities"): [{"externalId": "o-1", "account": VISIT["account"]}],
    ("POST", "/integrations/sync/engagements/soft-delete-removed"): WINDOW,
    ("POST", "/integrations/accounts"): {"externalId": "c-1", **PLACE},
    ("PUT", "/integrations/accounts/{id}"): {"name": "x"},
    ("POST", "/core/users"): {"organizationId": "THEIRS", "email": "x@x.test", "externalId": "r-1"},
    ("PUT", "/core/users/{id}"): {"organizationId": "OWN", "disabled": True},
    ("POST", "/core/integrations/connections"): {
        "name": "x", "externalAccountId": "x", "integrationPlatform": "SPOTIO",
    },
    ("PATCH", "/core/integrations/connections/{id}"): {"isActive": False},
    ("POST", "/core/auth/tokens"): {"organizationId": "THEIRS", "tokenName": "x"},
    ("PUT", "/core/recordings/{id}/link"): {"dataType": "ENGAGEMENT", "id": "THEIRS"},
    ("DELETE", "/core/recordings/{id}/link"): {"dataType": "ENGAGEMENT", "id": "THEIRS"},
    ("PUT", "/core/recordings"): {
        "id": NEW, "dateCreated": START.isoformat(), "engagementId": "THEIRS", "title": "x",
    },
    ("PATCH", "/core/recordings"): {"id": "THEIRS", "title": "x"},
    ("POST", "/core/recordings/signed-urls"): {"fileType": "audio/mpeg", "fileSize": 5},
    ("POST", "/core/recordings/upload"): {
        "fileUrl": "http://127.0.0.1/audio/THEIRS/THEIRS?method=GET&expires=1&signature=1", "fileType": "audio/mpeg",
        "userId": "THEIRS",
    },
    ("POST", "/core/recordings/{id}/signedUrl"): {},
    ("POST", "/core/recordings/{id}/comments"): {
        "highlightRange": {"start": 0, "end": 1}, "text": "x", "recipients": [{"type": "user", "key": "THEIRS"}],
    },
    ("PATCH", "/core/recordings/{id}/comments/{commentId}"): {"text": "x"},
    ("POST", "/core/recordings/{id}/comments/{commentId}/rating"): {"rating": 1},
    ("PATCH", "/core/recordings/{recording_id}/threads/{thread_id}"): {"isPrivate": True},
    ("PATCH", "/core/followups/{id}"): {"note": "x", "completed": True},
    ("POST", "/core/conversation-configurations"): {
        "organizationId": "OWN", "displayName": "x", "bookmarkGroupIds": ["x"],
    },
    ("PATCH", "/core/conversation-configurations/{id}"): {"organizationId": "OWN", "displayName": "x"},
    ("POST", "/core/conversation-configurations/{conversationTypeId}/summary-prompts"): {"prompts": [{"prompt": "x"}]},
    ("PUT", "/core/conversation-configurations/{conversationTypeId}/summary-prompts"): {"prompts": [{"prompt": "x"}]},
    ("POST", "/core/recordings"): {"ids": ["THEIRS"]},
    ("POST", "/core/recordings/search"): {"query": {"repUids": ["THEIRS"], "crmCustomerIds": ["THEIRS"]}},
    ("PATCH", "/core/recordings/{id}/transcription-language"): {"transcriptionLanguage": "French"},
    ("PUT", "/core/recordings/{id}/listen"): {"duration": 1, "recordingEngagementId": "THEIRS"},
    ("PUT", "/core/recordings/{id}/viewed"): {},
    ("POST", "/core/recordings/{id}/views"): {"duration": 1},
    ("DELETE", "/core/oauth/apps/{clientId}/access-token/{tokenId}"): {
        "clientSecret": "app-secret", "userId": "THEIRS",
    },
    ("PATCH", "/core/organizations/{id}"): {"name": "x", "ownerUid": "THEIRS"},
    ("POST", "/core/organizations/{orgId}/teams"): {"name": "x", "memberUids": ["THEIRS"]},
    ("PATCH", "/core/organizations/{orgId}/teams/{teamId}"): {"name": "x", "coachUids": ["THEIRS"]},
    ("POST", "/integrations/engagement-users"): {"engagementId": "THEIRS", "userId": "THEIRS"},
    ("PUT", "/integrations/engagement-users/{id}"): {"engagementId": "THEIRS", "name": "x"},
    ("POST", "/integrations/opportunity-users"): {"opportunityId": "THEIRS", "userId": "THEIRS"},
    ("PUT", "/integrations/opportunity-users/{id}"): {"userId": "THEIRS"},
    ("PUT", "/core/integrations/salesforce"): {"namespace": "x", "org_id": "THEIRS", "instance_url": "x"},
    ("POST", "/core/organizations"): {"name": "x", "orgGroupIds": ["THEIRS"]},
    ("POST", "/core/folders"): {"title": "x"},
    ("DELETE", "/core/folders"): {"folderId": "THEIRS"},
    ("PATCH", "/core/folders/{id}"): {"isPublic": True},
    ("POST", "/core/folders/{id}/items"): {"recordingId": "THEIRS"},
    ("DELETE", "/core/folders/{id}/items"): {"folderItemId": "THEIRS", "organizationId": "OWN"},
    ("POST", "/core/outcomes/outcome-definitions/{conversationConfigId}"): {
        "customOutcomeLabel": "x", "universalOutcomeLabel": "POSITIVE", "prompt": None,
    },
    ("POST", "/core/outcomes/set-multiple/{conversationConfigId}"): {"multiple": 2},
    ("PATCH", "/core/recordings/{recordingId}/outcomes"): {"selectedCustomLabels": []},
    ("PUT", "/core/scorecards/instances"): {
        "organizationId": "OWN", "conversationType": "THEIRS", "name": "x", "isActive": True, "nodes": [],
        "metricRubrics": [], "sectionWeights": [],
    },
    ("PATCH", "/core/scorecards/instances/{id}"): {"name": "x"},
    ("PUT", "/core/scorecards/scorecard-metrics"): {
        "organizationId": "THEIRS", "name": "x", "metricType": "EXCHANGES_COUNT", "llmPrompt": "", "unit": "x",
        "unitAbbreviated": "x",
    },
    ("PATCH", "/core/scorecards/scorecard-metrics/{id}"): {"prompt": "x"},
    ("PUT", "/integrations/multimedia-events"): EVENT,
    ("PUT", "/integrations/batch/multimedia-events"): [EVENT],
    ("PUT", "/integrations/briefs"): {
        "externalId": "b-1", "jobId": "THEIRS", "appointmentId": "THEIRS", "tenantId": "x", "technicianId": "THEIRS",
        "audioUrl": "x", "message": "x",
    },
}  # fmt: skip
WRITING: Final = {"POST", "PUT", "PATCH"}
FILTERS: Final = {"recordingId": "THEIRS", "userId": "THEIRS", "idType": "internal", "showCrmLinks": "true"}


def operations(router: Any) -> Iterator[tuple[str, str]]:
    """Method and path of each operation that is built."""
    for route in router.routes:
        assert isinstance(route, APIRoute)
        for method in sorted(route.methods or ()):
            yield method, route.path.removeprefix(router.prefix)


async def ids_of(house: House) -> dict[str, str]:
    """An id of each table's: of a row that belongs to the house's organization."""
    found: dict[str, str] = {}
    for table in SECURED:
        if "id" in table.c:
            statement = f"select id::text from {table.name} where organization_id = :own limit 1"
            rows = await house.rows(statement, own=house.organization.id)
            if rows:
                found[table.name] = rows[0][0]
    return found


async def contents(house: House) -> dict[str, Any]:
    """All rows of the house's organization."""
    return {
        table.name: await house.rows(
            f"select (to_jsonb(t) - 'last_used_at')::text from {table.name} t where organization_id = :own order by 1",
            own=house.organization.id,
        )
        for table in SECURED
        if table.name != "audit_events"  # an organization's own calls are added to it late
    }


def filled(value: Any, **words: str) -> Any:
    """A body with the ids in the place of the words."""
    if isinstance(value, dict):
        return {name: filled(item, **words) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, **words) for item in value]
    if not isinstance(value, str):
        return value
    return words.get(value) or value.replace("/THEIRS", f"/{words.get('THEIRS', 'THEIRS')}")


async def furnish(house: House) -> str:
    """Something in every room. A token of a user."""
    await house.api.visit(
        **{name: VISIT[name] for name in ("account", "contact", "opportunity")}, lead={"externalId": "l"}
    )
    await house.api.visit("a-2", at=START + timedelta(days=1))
    await house.record()
    await house.settle()
    return (await house.user_client()).token or ""


async def test_of_three_organizations_none_reaches_another_by_any_operation(house: House) -> None:
    """With the ids of the very records that each operation is about."""
    houses = [house, *[await _other_house(house, name) for name in ("Second", "Third")]]
    users = [await _user_of(one, one.api, one.organization) for one in houses]
    theirs = [await conformance.furnish(one, user_api) for one, user_api in zip(houses, users, strict=True)]
    for one in houses:
        await one.settle()
    before = [await contents(one) for one in houses]
    for owner, caller in permutations(range(3), 2):
        ids = {kind: str(one) for kind, one in theirs[owner].items() if kind != "client_secret"}
        for contract, client in (("siro-org", houses[caller].api), ("siro-user", users[caller])):
            for operation in conformance.built(contract):
                method, path = operation.method, operation.path.removeprefix("/v1")
                kinds = conformance.PATHS.get(path, {})
                url = re.sub(r"\{(\w+)\}", lambda found: ids[kinds.get(found[1], "recordings")], operation.path)  # noqa: B023
                words = {"THEIRS": ids[next(iter(kinds.values()), "recordings")], "OWN": ids["organization"]}
                body = {"json": filled(BODIES[method, path], **words)} if (method, path) in BODIES else {}
                response = await client.client.request(method, url, params=filled(FILTERS, **words), **body)
                check(response)
                shown = {*_ids_in(response.text)} & {one for one in ids.values() if "-" in one}
                assert not shown, f"{operation} tells {shown}"
                assert not kinds or response.status_code >= 400 or response.json() in ([], False), str(operation)
        for one in houses:
            await one.settle()
        assert await contents(houses[owner]) == before[owner]
        before = [await contents(one) for one in houses]


async def _other_house(house: House, name: str) -> House:
    made, api = await house.another(name)
    await add_user(house.workspace.engine, made, email=JOHN, name="John Sales")
    return House(house.workspace, house.server, made, api, house.clients)


def _ids_in(text: str) -> Iterator[str]:
    for word in re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", text):
        yield str(UUID(word))


async def _user_of(house: House, client: Api, owner: Any) -> Api:
    app = {"appName": "x", "owner": owner.admin_id, "organizationId": owner.id}
    made = (await client("POST", "/v1/core/oauth/apps", json=app)).json()
    body = {"clientSecret": made["clientSecret"], "userId": owner.admin_id, "scope": "write"}
    path = f"/v1/core/oauth/apps/{made['clientID']}/access-token"
    token = (await client("POST", path, json=body)).json()["accessToken"]
    api = Api(house.server.url, token, header="x-siro-auth-token")
    house.clients.append(api)
    return api


async def test_a_token_of_one_kind_opens_no_operation_of_the_other(house: House) -> None:
    user_token = await furnish(house)
    before = await contents(house)
    wrong_user = house.client(user_token)
    wrong_organization = Api(house.server.url, house.api.token, header="x-siro-auth-token")
    house.clients.append(wrong_organization)
    nobody = house.client(None)
    for client, router in (
        (wrong_user, organization.router),
        (nobody, organization.router),
        (wrong_organization, user.router),
    ):
        for method, path in operations(router):
            body = {"json": BODIES[method, path]} if method in WRITING else {}
            response = await client(method, re.sub(r"\{\w+\}", NEW, f"/v1{path}"), **body)
            assert response.status_code == 401, f"{method} {path}"
    assert await contents(house) == before
