"""HubSpot's owners, pipelines, properties and tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import Request

from fieldnote.sandbox.clock import iso
from fieldnote.sandbox.hubspot.portal import Stage
from fieldnote.sandbox.hubspot.properties import Invalid, Json
from fieldnote.sandbox.hubspot.query_string import limit_of, truth_of
from fieldnote.sandbox.paging import from_offset
from fieldnote.sandbox.store import Missing, Version

if TYPE_CHECKING:
    from fieldnote.sandbox.hubspot import HubSpotStandIn

Add = Callable[..., None]


def add_settings(add: Add, crm: HubSpotStandIn) -> None:
    """The account's own set-up."""
    _add_owners(add, crm)
    _add_pipelines(add, crm)

    def properties(request: Request, body: Any) -> Json:
        del body
        kind = crm.objects.kind(request.path_params["type"])
        return {"results": [one.as_json() for one in kind.properties.values()]}

    def one_property(request: Request, body: Any) -> Json:
        del body
        kind = crm.objects.kind(request.path_params["type"])
        if request.path_params["name"] not in kind.properties:
            raise Missing("property")
        return kind.properties[request.path_params["name"]].as_json()

    add("GET", "/crm/v3/properties/{type}", properties)
    add("GET", "/crm/v3/properties/{type}/{name}", one_property)
    add("POST", "/oauth/v1/token", lambda request, body: _token(crm, body))
    add("GET", "/oauth/v1/access-tokens/{token}", lambda request, body: _token_info(crm, request))


def _add_owners(add: Add, crm: HubSpotStandIn) -> None:
    def owner(version: Version) -> Json:
        shown = {"id": version.id, **version.values, "archived": version.archived is not None}
        return {**shown, "createdAt": iso(version.created), "updatedAt": iso(version.modified)}

    def owners(request: Request, body: Any) -> Json:
        del body
        limit, archived = limit_of(request, 100, 500), truth_of(request, "archived")
        after, email = request.query_params.get("after") or "0", request.query_params.get("email")
        if not after.isdecimal():
            raise Invalid("after is not valid")
        found = crm.store.table("owners").select(
            ("owners", archived, email),
            lambda version: (version.archived is not None) is archived and email in {None, version.values["email"]},
            lambda version: int(version.id),
        )
        part = from_offset([version for version in found if int(version.id) > int(after)], 0, limit)
        answer: Json = {"results": [owner(version) for version in part.items]}
        if part.more:
            answer["paging"] = {"next": {"after": part.items[-1].id}}
        return answer

    def one_owner(request: Request, body: Any) -> Json:
        del body
        key = request.path_params["id"]
        if not key.lstrip("-").isdecimal():
            raise Invalid("ownerId is not valid")
        table = crm.store.table("owners")
        by_user = request.query_params.get("idProperty") == "userId"
        found = next(iter(table.by("userId", int(key))), None) if by_user else table.get(key)
        if found is None or (found.archived is not None) is not truth_of(request, "archived"):
            raise Missing(key)
        return owner(found)

    for slash in ("", "/"):
        add("GET", f"/crm/v3/owners{slash}", owners)
    add("GET", "/crm/v3/owners/{id}", one_owner)


def _add_pipelines(add: Add, crm: HubSpotStandIn) -> None:
    def pipeline(key: str) -> Json:
        stages = [stage for (of, _), stage in crm.stages.items() if of == key]
        shown = [_stage(stage, number) for number, stage in enumerate(stages)]
        return {**_setup(key, crm.pipelines[key], 0), "stages": shown}

    def pipelines(request: Request) -> dict[str, Json]:
        if request.path_params["type"] != "deals":
            raise Missing("pipelines")
        return {key: pipeline(key) for key in crm.pipelines}

    def one_pipeline(request: Request) -> Json:
        there = pipelines(request)
        if request.path_params["id"] not in there:
            raise Missing("pipeline")
        return there[request.path_params["id"]]

    def one_stage(request: Request, body: Any) -> Json:
        del body
        for stage in one_pipeline(request)["stages"]:
            if stage["id"] == request.path_params["stage"]:
                found: Json = stage
                return found
        raise Missing("stage")

    base = "/crm/v3/pipelines/{type}"
    add("GET", base, lambda request, body: {"results": list(pipelines(request).values())})
    add("GET", f"{base}/{{id}}", lambda request, body: one_pipeline(request))
    add("GET", f"{base}/{{id}}/stages", lambda request, body: {"results": one_pipeline(request)["stages"]})
    add("GET", f"{base}/{{id}}/stages/{{stage}}", one_stage)


def _setup(key: str, label: str, order: int) -> Json:
    made = "2024-01-01T00:00:00.000Z"
    return {"id": key, "label": label, "displayOrder": order, "archived": False, "createdAt": made, "updatedAt": made}


def _stage(stage: Stage, number: int) -> Json:
    metadata = {"isClosed": str(stage.closed).lower(), "probability": stage.probability}
    return {
        **_setup(stage.id, stage.label, number),
        "metadata": metadata,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def _token(crm: HubSpotStandIn, body: Any) -> Json:
    given = body if isinstance(body, dict) else {}
    token = crm.tokens.issue(str(given.get("client_id", "")), str(given.get("client_secret", "")))
    if token is None:
        raise Invalid("missing or invalid client id")
    # The refresh token stays the same.
    return {"access_token": token, "expires_in": 1800, "refresh_token": "refresh-sandbox", "token_type": "bearer"}


def _token_info(crm: HubSpotStandIn, request: Request) -> Json:
    token = request.path_params["token"]
    if not crm.tokens.good(token):
        raise Missing(token)
    return {
        "token": token, "app_id": 1, "hub_id": 1, "user_id": 1, "expires_in": 1800, "token_type": "access",
        "scopes": ["crm.objects.deals.read", "crm.objects.deals.write", "crm.objects.contacts.read"],
    }  # fmt: skip
