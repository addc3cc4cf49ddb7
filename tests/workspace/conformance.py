"""The published contracts against the workspace, by generated requests: what they allow, and what they forbid.

Schemathesis makes the requests from the contract; records that exist take the place of some of the ids, so that calls
reach what they are about.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given
from hypothesis import seed as seeded
from hypothesis import settings as hypothesis_settings
from jsonschema import Draft4Validator

from fieldnote.insight import Utterance
from fieldnote.workspace.http import routes_organization as organization
from fieldnote.workspace.http import routes_user as user
from tests.siro.contract import without_nullable
from tests.workspace.contract import contract_of, problems_of
from tests.workspace.house import SAID, Api, House

ROUTERS: Final[dict[str, Any]] = {"siro-org": organization.router, "siro-user": user.router}
Call = Callable[[str, str, dict[str, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One that is built."""

    contract: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Findings:
    """The observations of a run."""

    problems: list[str] = field(default_factory=list)
    succeeded: set[Operation] = field(default_factory=set)
    calls: int = 0
    used: set[str] = field(default_factory=set)
    """The exceptions that were met."""


def built(contract: str) -> list[Operation]:
    """The operations of a router that the contract has."""
    known = {(method.upper(), _bare(path)): path for path, found in contract_of(contract)["paths"].items()
             for method in found}  # fmt: skip
    operations = []
    for route in ROUTERS[contract].routes:
        assert isinstance(route, APIRoute)
        path = route.path.removeprefix("/api-externalApi")
        operations += [
            Operation(contract, method, known[method, _bare(path)]) for method in sorted(route.methods or ())
        ]
    return operations


def _bare(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


# --- requests


@cache
def _schema(contract: str, *, exact: bool) -> Any:
    """`exact`: bodies have no fields but those that the contract names, so that what is made says something."""
    document = contract_of(contract)
    if exact:
        document = json.loads(json.dumps(document))
        for found in document["paths"].values():
            for facts in found.values():
                if isinstance(facts, dict) and "requestBody" in facts:
                    _close(facts["requestBody"])
    import schemathesis  # half a second, in each of the test processes

    return schemathesis.openapi.from_dict(document)


def _close(schema: Any) -> None:
    if isinstance(schema, list):
        for item in schema:
            _close(item)
    elif isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for item in schema.values():
            _close(item)


def requests(operation: Operation, count: int, seed: int, *, allowed: bool) -> list[Any]:
    """Generated cases of an operation: those that the contract allows, or those that it forbids."""
    from schemathesis.generation import GenerationMode

    found: list[Any] = []
    mode = GenerationMode.POSITIVE if allowed else GenerationMode.NEGATIVE
    described = _schema(operation.contract, exact=allowed)[operation.path][operation.method]

    @seeded(seed)
    @hypothesis_settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        found.append(case)

    collect()
    return found


@dataclass(frozen=True, slots=True)
class Request:
    """A case with ids in it that exist."""

    path: str
    query: dict[str, Any]
    body: Any

    async def send(self, api: Api, method: str) -> Any:
        options: dict[str, Any] = {"params": _pairs(self.query)}
        if self.body is not None:
            options |= {
                "content": self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode("ascii"),
                "headers": {"content-type": "application/json"},
            }
        return await api.client.request(method, self.path, **options)


def _pairs(query: dict[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        for item in value if isinstance(value, list) else [value]:
            text = json.dumps(item) if isinstance(item, bool | dict) else str(item)
            pairs.append((name, text.encode("utf-8", "replace").decode()))
    return pairs


def furnished(operation: Operation, case: Any, ids: dict[str, Any], dice: random.Random, *, sure: bool) -> Request:
    """The case, with ids that exist in place of most of what was made up; `sure`: of all of it.

    Where that is not enough for a good answer, `sure` takes one of our own bodies as well.
    """
    share = 1.0 if sure else 0.9
    path, kinds = operation.path, PATHS.get(operation.path.removeprefix("/v1"), {})
    made_up = dict.fromkeys(re.findall(r"\{(\w+)\}", path), "x")  # the contract leaves some out of its parameters
    for name, value in (made_up | (case.path_parameters or {})).items():
        kind = kinds.get(name)
        known = ids.get(kind) if kind and dice.random() < share else None
        text = str(known or value).encode("utf-8", "replace").decode()
        path = path.replace(f"{{{name}}}", quote(text if text not in {"", ".", ".."} else "x", safe=""))
    body = case.body if type(case.body).__name__ != "NotSet" else None
    query = {name: value for name, value in dict(case.query or {}).items() if value is not None}
    names = FIELDS | OF_OPERATION.get(str(operation), {})
    if sure and str(operation) in BODIES:
        body = {
            name: ids.get(value, value) if isinstance(value, str) else value
            for name, value in BODIES[str(operation)].items()
        }
    if sure and str(operation) in QUERIES:
        query = {name: ids.get(value, value) for name, value in QUERIES[str(operation)].items()}
    known_ids = {name: ids[kind] for name, kind in names.items() if kind in ids}
    return Request(path, _with_ids(query, known_ids, share, dice), _with_ids(body, known_ids, share, dice))


def _with_ids(value: Any, known_ids: dict[str, Any], share: float, dice: random.Random) -> Any:
    if isinstance(value, list):
        return [_with_ids(item, known_ids, share, dice) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, item in value.items():
        replaceable = isinstance(item, str | list) and name in known_ids and dice.random() < share
        if replaceable:
            found[name] = [known_ids[name]] if isinstance(item, list) else known_ids[name]
        else:
            found[name] = _with_ids(item, known_ids, share, dice)
    return found


# --- what is known


_RECORDING: Final = {"id": "recordings", "recordingId": "recordings"}
PATHS: Final[dict[str, dict[str, str]]] = {
    "/core/auth/tokens/{id}": {"id": "spare_token"},
    "/core/integrations/connections/{id}": {"id": "spare_connection"},
    "/core/mobile-events/{id}": {"id": "mobile_events"},
    "/core/oauth/apps/{clientId}": {"clientId": "client"},
    "/core/oauth/apps/{clientId}/access-token": {"clientId": "client"},
    "/core/oauth/apps/{clientId}/access-token/{tokenId}": {"clientId": "client", "tokenId": "access_token"},
    "/core/organizations/{id}": {"id": "organization"},
    "/core/organizations/{id}/users": {"id": "organization"},
    "/core/organizations/{orgId}/teams": {"orgId": "organization"},
    "/core/organizations/{orgId}/teams/{teamId}": {"orgId": "organization", "teamId": "teams"},
    "/core/users/{id}": {"id": "spare_user"},
    "/core/entities/extractions/{recordingId}": _RECORDING,
    "/core/recordings/{id}": _RECORDING,
    **{f"/core/recordings/{{id}}/{rest}": _RECORDING for rest in (
        "summaries", "summary", "utterances", "link", "signedUrl", "deep-link/{tenant}", "listen", "viewed", "views",
        "transcription-language", "comments", "threads",
    )},
    **{f"/core/recordings/{{id}}/comments/{{commentId}}{rest}": {**_RECORDING, "commentId": "comments"}
       for rest in ("", "/rating")},
    "/core/recordings/{recording_id}/threads/{thread_id}": {"recording_id": "recordings", "thread_id": "threads"},
    "/core/followups/{id}": {"id": "followups"},
    "/core/folders/{id}": {"id": "folders"},
    "/core/scorecards/evaluated-instances/{id}": {"id": "scorecards"},
    "/core/scorecards/evaluated-instances/{id}/populations": {"id": "scorecards"},
    "/core/scorecards/instances/{id}": {"id": "scorecards"},
    "/core/scorecards/scorecard-metrics/{id}": {"id": "metrics"},
    "/core/scorecards/teams/{teamId}/weighted-score-history": {"teamId": "teams"},
    "/core/scorecards/users/{userId}/weighted-score-history": {"userId": "spare_user"},
    "/core/folders/{id}/items": {"id": "folders"},
    "/core/outcomes/outcome-definitions/{conversationConfigId}": {"conversationConfigId": "conversation_types"},
    "/core/outcomes/set-multiple/{conversationConfigId}": {"conversationConfigId": "conversation_types"},
    "/core/recordings/{recordingId}/outcomes": _RECORDING,
    "/core/conversation-configurations/{id}": {"id": "conversation_types"},
    "/core/conversation-configurations/{conversationTypeId}/summary-prompts": {
        "conversationTypeId": "conversation_types",
    },
    "/integrations/accounts/{id}": {"id": "accounts"},
    "/integrations/engagements/{id}": {"id": "engagements"},
    "/integrations/opportunities/{id}": {"id": "opportunities"},
    "/integrations/engagement-users/{id}": {"id": "engagement_users"},
    "/integrations/opportunity-users/{id}": {"id": "opportunity_users"},
    "/integrations/users/{id}": {"id": "crm_users"},
    "/integrations/users/{id}/engagements": {"id": "crm_users"},
}  # fmt: skip
"""By path, below `/v1`: of which kind of record its ids are."""
FIELDS: Final = {
    "organizationId": "organization",
    "owner": "spare_user",
    "ownerUid": "spare_user",
    "userId": "spare_user",
    "adminUids": "admin",
    "coachUids": "spare_user",
    "memberUids": "spare_user",
    "memberTeamId": "teams",
    "coachTeamIds": "teams",
    "clientSecret": "client_secret",
    "engagementId": "engagements",
    "opportunityId": "opportunities",
    "accountId": "accounts",
    "teamId": "teams",
    "ids": "recordings",
    "recordingId": "recordings",
    "folderId": "folders",
    "requestedOrganizationId": "organization",
    "conversationTypeId": "conversation_types",
    "scorecardMetricId": "metrics",
    "folderItemId": "folder_items",
}
"""By the name of a field or parameter."""
OF_OPERATION: Final[dict[str, dict[str, str]]] = {
    "POST /v1/integrations/engagement-users": {"userId": "crm_users"},
    "PUT /v1/integrations/engagement-users/{id}": {"userId": "crm_users"},
    "POST /v1/integrations/opportunity-users": {"userId": "crm_users"},
    "PUT /v1/integrations/opportunity-users/{id}": {"userId": "crm_users"},
    "GET /v1/integrations/engagement-users": {"userId": "crm_users"},
    "GET /v1/integrations/opportunity-users": {"userId": "crm_users"},
    "PATCH /v1/core/recordings": {"id": "recordings"},
    "PUT /v1/core/recordings": {"id": "new"},
    "PUT /v1/core/recordings/{id}/link": {"id": "engagements"},
    "DELETE /v1/core/recordings/{id}/link": {"id": "engagements"},
    "PUT /v1/core/scorecards/instances": {"conversationType": "conversation_types"},
    "PUT /v1/core/recordings/{id}/listen": {"recordingEngagementId": "listening"},
    "POST /v1/core/oauth/apps/{clientId}/access-token": {"userId": "spare_user"},
    "DELETE /v1/core/oauth/apps/{clientId}/access-token/{tokenId}": {"userId": "admin"},
}


BODIES: Final[dict[str, dict[str, Any]]] = {
    "POST /v1/integrations/engagement-users": {"engagementId": "engagements", "userId": "crm_users"},
    "POST /v1/integrations/opportunity-users": {"opportunityId": "opportunities", "userId": "crm_users"},
    "PUT /v1/core/recordings/{id}/link": {"dataType": "ENGAGEMENT", "id": "engagements"},
    "DELETE /v1/core/recordings/{id}/link": {"dataType": "ENGAGEMENT", "id": "engagements"},
    "POST /v1/core/recordings/signed-urls": {"fileType": "audio/mpeg", "fileSize": 5},
    "POST /v1/integrations/accounts": {"externalId": "new", "name": "x", "latitude": 1, "longitude": 2},
    "PUT /v1/integrations/accounts/{id}": {"name": "x"},
    "POST /v1/core/users": {"organizationId": "organization", "email": "new"},
    "PUT /v1/core/users/{id}": {"firstName": "x"},
    "PATCH /v1/core/organizations/{id}": {"ownerUid": "admin"},
    "PATCH /v1/core/recordings": {"id": "recordings", "title": "x"},
    "POST /v1/core/recordings/search": {"query": {"searchText": "x"}},
    "PATCH /v1/core/followups/{id}": {"starred": True},
    "PUT /v1/integrations/sync/engagements": {"externalId": "new"},
    "PUT /v1/integrations/sync/opportunities": {"externalId": "new"},
    "POST /v1/core/recordings/{id}/comments": {
        "highlightRange": {"start": 0, "end": 1},
        "text": "x",
        "recipients": [],
    },
    "DELETE /v1/core/folders/{id}/items": {"folderItemId": "folder_items", "organizationId": "organization"},
    "PUT /v1/core/scorecards/instances": {
        "organizationId": "organization",
        "conversationType": "conversation_types",
        "name": "x",
        "isActive": True,
        "nodes": [{"id": "a", "name": "x", "nodeType": "ROOT", "parentId": "a", "indexNumber": 0}],
        "metricRubrics": [],
        "sectionWeights": [],
    },
    "PATCH /v1/core/scorecards/instances/{id}": {"name": "x"},
    "PATCH /v1/core/recordings/{recordingId}/outcomes": {"selectedCustomLabels": []},
    "POST /v1/core/outcomes/outcome-definitions/{conversationConfigId}": {
        "customOutcomeLabel": "new",
        "universalOutcomeLabel": "POSITIVE",
        "prompt": None,
    },
    "PUT /v1/integrations/multimedia-events": {
        "externalId": "new",
        "externalEventId": "x",
        "externalUserId": "x",
        "externalEmailAddress": "john@acme.test",
        "organizationId": "organization",
        "downloadUrl": "https://files.example/a.mp3",
        "mimeType": "audio/mpeg",
        "remoteCreatedAt": "2026-02-15T14:00:00Z",
    },
    "PUT /v1/core/recordings": {"id": "new", "dateCreated": "2026-02-15T14:00:00Z"},
}
"""Bodies that get a good answer, by operation; the words are kinds of records."""
_POPULATION: Final = {
    "startAt": "2026-01-01T00:00:00Z",
    "endAt": "2027-01-01T00:00:00Z",
    "filterByIds": "organization",
    "filterBy": "ORGANIZATION",
}
_HISTORY: Final = {"organizationId": "organization", "horizon": "7"}
QUERIES: Final[dict[str, dict[str, str]]] = {
    "GET /v1/core/scorecards/scorecard-metrics/values": {
        "requestedOrganizationId": "organization",
        "conversationTypeId": "conversation_types",
        **_POPULATION,
    },
    "GET /v1/core/scorecards/evaluated-instances/{id}": _POPULATION,
    "GET /v1/core/scorecards/evaluated-instances/{id}/populations": _POPULATION,
    "GET /v1/core/scorecards/teams/{teamId}/weighted-score-history": _HISTORY,
    "GET /v1/core/scorecards/users/{userId}/weighted-score-history": _HISTORY,
}
"""Parameters that get a good answer, in the same words."""


# --- judging


def forbidden(operation: Operation, request: Request) -> bool:
    """Whether the contract forbids the body: what was made to be wrong may be right with the ids that were put in."""
    facts = contract_of(operation.contract)["paths"][operation.path][operation.method.lower()]
    schema = facts.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema is None or isinstance(request.body, bytes):
        return schema is not None
    return request.body is None or not _validator(json.dumps(schema)).is_valid(request.body)


@cache
def _validator(schema: str) -> Draft4Validator:
    return Draft4Validator(without_nullable(json.loads(schema)))


def judge(operation: Operation, request: Request, answer: Any, *, allowed: bool, findings: Findings) -> Iterator[str]:
    """The problems of an answer."""
    findings.calls += 1
    where = f"{operation} -> {answer.status_code} to {_brief(request)}"
    if problems := problems_of(answer, operation.path):
        yield f"{where}: {problems}"
        return
    if answer.status_code < 300:
        if allowed:
            findings.succeeded.add(operation)
        elif not _is_tolerated(operation, request, findings):
            yield f"{where}: the contract forbids it"
    elif answer.status_code == 400 and request.body is None:
        findings.used.add(NO_BODY)
    elif answer.status_code not in {401, 403, 404, 409, 422} and (allowed or answer.status_code != 400):
        yield f"{where}: {answer.text[:200]}"
    elif allowed and answer.status_code == 422:
        for one in answer.json()["issues"]:
            if not _is_excepted(operation, request, one, findings):
                yield f"{where}: {one}"


def _brief(request: Request) -> str:
    return f"{request.path} {request.query} {json.dumps(request.body, default=repr)[:300]}"


Applies = Callable[[Operation, Request, dict[str, Any]], bool]
_TIMES: Final = re.compile(r"(At|Time|Created|Localized|Date|After|Before)$")
_MEMBERS: Final = ("/v1/integrations/engagement-users", "/v1/integrations/opportunity-users")


def _field(issue: dict[str, Any]) -> str:
    return next((str(part) for part in reversed(issue["path"]) if isinstance(part, str)), "")


def _says(*words: str, path: str = "") -> Applies:
    return lambda operation, request, issue: path in operation.path and any(word in issue["message"] for word in words)


EXCEPTIONS: Final[dict[str, Applies]] = {
    "a parameter that is a time, number, flag, id or cursor, and a text by the contract": lambda _, request, issue: (
        not request.body and bool(issue["path"]) and issue["path"][0] in request.query
    ),
    "a time that is a text by the contract": lambda _, request, issue: bool(_TIMES.search(_field(issue))),
    "an id that is empty or too long for an index, a NUL, a number beyond all bounds": _says(
        "NUL character", "at most 500 character", "at least 1 character", "Number must be finite", "Is too long"
    ),
    "nobody, or nothing, to put together": lambda operation, _, issue: (
        operation.path in _MEMBERS and issue["message"] == "Required"
    ),
    "a link to no record, or to two": _says("Either id or externalId", path="/link"),
    "audio that nobody can play, or that was never uploaded": _says(
        "Is not the media type", "Is not a downloadUrl", path="/recordings/"
    ),
    "an event of nobody, of no audio, or without an address": _says(
        "No user has this", "Is not the media type", "not an http or https", "lies inside", path="/multimedia-events"
    ),
    "an outcome that nobody defined, or one too many": _says(
        "Is not an outcome", "Array must contain at most", path="/outcomes"
    ),
    "a scorecard whose nodes are no tree": _says(
        "Is not a node",
        "Must have one ROOT",
        "Is not a METRIC",
        "Is not a SECTION",
        "Is not a known metric",
        path="/scorecards",
    ),
    "a stretch that ends before it begins": _says("The stretch ends", path="/folders"),
    "a length below zero": _says("Number must be greater than or equal to 0", path="/recordings/{id}/"),
    "a page of a half, of none, or of too many": _says("Number must be whole", "Is not a cursor", path="/recordings"),
    "a comment that says nothing, or on no stretch": _says(
        "Either text or audio", "The stretch ends", path="/comments"
    ),
    "an organization without a name or an administrator": _says(
        "String must contain", "Array must", path="/organizations"
    ),
    "an email that nobody can have": _says("Invalid email", path="/users"),
    "an id for a recording that is no UUID": _says("Invalid uuid", path="/recordings"),
}
"""Values that the contract allows and the workspace refuses, by the reason. One that is never met is not needed."""
TOLERATED: Final[dict[str, Callable[[Operation, Request], bool]]] = {}
"""Values that the contract forbids and the workspace takes."""
NO_BODY: Final = "no body, which the contract does not ask for"


def _is_excepted(operation: Operation, request: Request, issue: dict[str, Any], findings: Findings) -> bool:
    met = [reason for reason, applies in EXCEPTIONS.items() if applies(operation, request, issue)]
    findings.used.update(met)
    return bool(met)


def _is_tolerated(operation: Operation, request: Request, findings: Findings) -> bool:
    met = [reason for reason, applies in TOLERATED.items() if applies(operation, request)]
    findings.used.update(met)
    return bool(met)


# --- something to ask for


async def furnish(house: House, user_api: Api, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """One live record of each kind, by the names that the requests go by; a follow-up, once made, is kept."""
    key = uuid4().hex[:12]
    visit = await house.api.visit(
        f"a-{key}", rep=f"r-{key}", account={"externalId": f"c-{key}"}, opportunity={"externalId": f"o-{key}"}
    )
    deal = await house.api.opportunity(f"o-{key}", opportunityUsers=[{"externalId": f"r-{key}"}])
    recording = await house.record(
        key=key, said=(*SAID, Utterance("John Sales", "I'll send you the quote on Friday.", 8.0, 9.0))
    )
    followup = (known or {}).get("followups") or await _followup(house, recording)
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
    said = {"highlightRange": {"start": 0, "end": 1}, "text": "x", "recipients": []}
    comment = (await user_api("POST", f"/v1/core/recordings/{recording}/comments", json=said)).json()["data"]
    folder = (await user_api("POST", "/v1/core/folders", json={"title": "x"})).json()["data"]["id"]
    added = await user_api("POST", f"/v1/core/folders/{folder}/items", json={"recordingId": recording})
    metric, scorecard = await scorecard_of(user_api, own, types["data"][0]["id"])
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
        "folders": folder,
        "metrics": metric,
        "scorecards": scorecard,
        "folder_items": added.json()["data"]["id"],
        "followups": followup,
        "comments": comment["id"],
        "threads": comment["threadId"],
        "listening": heard.json()["data"]["recordingEngagement"]["id"],
        "mobile_events": events["data"][0]["id"] if events["data"] else None,
        "accounts": visit["accountId"],
        "engagements": visit["id"],
        "opportunities": visit["opportunityId"],
        "crm_users": visit["engagementUsers"][0]["id"],
        "engagement_users": (await house.api.get(members.format("engagement"), engagementId=visit["id"]))[0]["id"],
        "opportunity_users": (await house.api.get(members.format("opportunity"), opportunityId=deal["id"]))[0]["id"],
    }


async def scorecard_of(user_api: Api, own: str, kind: str) -> tuple[str, str]:
    """A metric, and a scorecard that uses it."""
    body: dict[str, Any] = {
        "organizationId": own, "name": "x", "metricType": "REP_QUESTIONS_COUNT", "llmPrompt": "", "unit": "x",
        "unitAbbreviated": "x",
    }  # fmt: skip
    made = await user_api("PUT", "/v1/core/scorecards/scorecard-metrics", json=body)
    metric = str(made.json()["data"]["scorecardMetricId"])
    root = {"id": "a", "name": "x", "nodeType": "ROOT", "parentId": "a", "indexNumber": 0}
    body = {
        "organizationId": own, "conversationType": kind, "name": "x", "isActive": True, "sectionWeights": [],
        "nodes": [root, root | {"id": "b", "nodeType": "METRIC"}],
        "metricRubrics": [{"scorecardNodeId": "b", "scorecardMetricId": metric}],
    }  # fmt: skip
    made = await user_api("PUT", "/v1/core/scorecards/instances", json=body)
    return metric, str(made.json()["data"]["scorecardInstanceId"])


async def _followup(house: House, recording: str) -> str:
    await house.settle()
    [[followup]] = await house.rows("select id::text from followups where recording_id::text = :id", id=recording)
    return str(followup)
