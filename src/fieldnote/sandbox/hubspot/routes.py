"""HubSpot's paths."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from fieldnote.sandbox.app import fault_of
from fieldnote.sandbox.faults import FaultKind
from fieldnote.sandbox.hubspot import batches
from fieldnote.sandbox.hubspot.objects import LINK_TYPES, default_link, properties_of
from fieldnote.sandbox.hubspot.portal import problem
from fieldnote.sandbox.hubspot.properties import Invalid, Json, ObjectType
from fieldnote.sandbox.hubspot.query_string import limit_of, names_of, truth_of
from fieldnote.sandbox.hubspot.search import search
from fieldnote.sandbox.hubspot.settings import add_settings
from fieldnote.sandbox.paging import from_offset
from fieldnote.sandbox.store import Missing, Version

if TYPE_CHECKING:
    from fieldnote.sandbox.hubspot import HubSpotStandIn

Work = Callable[[Request, Any], Response | Json]
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->", re.IGNORECASE | re.DOTALL)


def cleaned(html: str) -> str:
    """HTML as HubSpot keeps it. That it changes is second-hand; how it changes here is made up."""
    return _TAGS.sub("", html)


def add_routes(app: FastAPI, crm: HubSpotStandIn) -> None:
    """All of them. A fixed path comes before one with a name in its place."""

    def add(method: str, path: str, work: Work, status: int = 200) -> None:
        app.add_api_route(path, _handler(work, status), methods=[method])

    objects = "/crm/v3/objects/{type}"
    for name in ("companies", "contacts", "deals"):
        add("POST", f"/crm/v3/objects/{name}/merge", _merge(crm, name))
    add("POST", f"{objects}/search", lambda request, body: _search(crm, request, body))
    for verb, work in (
        ("read", batches.read),
        ("create", batches.create),
        ("update", batches.update),
        ("upsert", batches.upsert),
    ):
        add("POST", f"{objects}/batch/{verb}", _batch(crm, work))
    add("POST", f"{objects}/batch/archive", lambda request, body: batches.archive(crm, _kind(crm, request), body))
    add("GET", objects, lambda request, body: _list(crm, request))
    add("POST", objects, lambda request, body: _create(crm, request, body), 201)
    add("GET", f"{objects}/{{id}}", lambda request, body: _read(crm, request))
    add("PATCH", f"{objects}/{{id}}", lambda request, body: _change(crm, request, body))
    add("DELETE", f"{objects}/{{id}}", lambda request, body: _archive(crm, request))
    add_settings(add, crm)
    _add_links(add, crm)
    _add_webhooks(add, crm)


def _handler(work: Work, status: int) -> Callable[[Request], Any]:
    async def handle(request: Request) -> Response:
        try:
            body = await _body(request)
            answer = work(request, body)
        except Invalid as error:
            detail = [{"message": str(error), "code": error.code}] if error.code else []
            return problem(400, str(error), "VALIDATION_ERROR", **({"errors": detail} if detail else {}))
        except Missing:
            return problem(404, "resource not found", "OBJECT_NOT_FOUND")
        return answer if isinstance(answer, Response) else JSONResponse(answer, status_code=status)

    return handle


async def _body(request: Request) -> Any:
    raw = await request.body()
    if not raw:
        return None
    if request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode()))
    try:
        return json.loads(raw)
    except ValueError:
        raise Invalid("Invalid input JSON") from None


def _kind(crm: HubSpotStandIn, request: Request) -> ObjectType:
    return crm.objects.kind(request.path_params["type"])


# --- objects ----------------------------------------------------------------------------------------------


def _list(crm: HubSpotStandIn, request: Request) -> Json:
    """All records of a type in the order of their ids, from one on."""
    kind, limit, archived = _kind(crm, request), limit_of(request, 10, 100), truth_of(request, "archived")
    after = request.query_params.get("after") or "0"
    if not after.isdecimal():
        raise Invalid("after is not valid")
    horizon = crm.clock.now().timestamp() - 90 * 86400
    found = crm.store.table(kind.name).select(
        ("list", archived),
        lambda version: (
            version.archived is not None
            and version.archived.timestamp() > horizon
            and "merged_into" not in version.values
            if archived
            else version.archived is None
        ),
        lambda version: int(version.id),
    )
    rest = [version for version in found if int(version.id) > int(after)] if int(after) else found
    if fault_of(request) is FaultKind.EMPTY:
        rest = []
    part = from_offset(rest, 0, limit)
    answer: Json = {"results": [_with_links(crm, request, kind, version) for version in part.items]}
    if part.more:
        answer["paging"] = {"next": {"after": part.items[-1].id, "link": str(request.url)}}
    return answer


def _with_links(crm: HubSpotStandIn, request: Request, kind: ObjectType, version: Version) -> Json:
    shown = crm.objects.shown(
        kind, version, names_of(request, "properties"), names_of(request, "propertiesWithHistory")
    )
    links: Json = {}
    for other in names_of(request, "associations"):
        default_link(kind.name, other)
        if there := crm.objects.linked(kind.name, version.id, other):
            links[other] = {"results": [{"id": to, "type": f"{kind.name}_to_{other}"} for to in sorted(there, key=int)]}
    return {**shown, "associations": links} if links else shown


def _read(crm: HubSpotStandIn, request: Request) -> Json:
    kind, key = _kind(crm, request), request.path_params["id"]
    if truth_of(request, "archived"):
        version = crm.store.table(kind.name).get(key)
        if version is None or version.archived is None:
            raise Missing(key)
    else:
        version = crm.objects.find(kind, key, request.query_params.get("idProperty"))
    return _with_links(crm, request, kind, version)


def _create(crm: HubSpotStandIn, request: Request, body: Any) -> Json:
    kind, given = _kind(crm, request), properties_of(body)
    version = crm.objects.create(kind, {**body, "properties": _clean(given)})
    return crm.objects.shown(kind, version, given)


def _change(crm: HubSpotStandIn, request: Request, body: Any) -> Json:
    kind, given = _kind(crm, request), properties_of(body)
    found = crm.objects.find(kind, request.path_params["id"], request.query_params.get("idProperty"))
    return crm.objects.shown(kind, crm.objects.change(kind, found.id, _clean(given)), given)


def _clean(given: dict[str, Any]) -> dict[str, Any]:
    return {
        name: cleaned(value) if name == "hs_note_body" and isinstance(value, str) else value
        for name, value in given.items()
    }


def _archive(crm: HubSpotStandIn, request: Request) -> Response:
    crm.objects.archive(_kind(crm, request), request.path_params["id"])
    return Response(status_code=204)


def _merge(crm: HubSpotStandIn, name: str) -> Work:
    def work(request: Request, body: Any) -> Json:
        del request
        if not isinstance(body, dict):
            raise Invalid("Invalid input JSON")
        kind = crm.objects.kind(name)
        return crm.objects.shown(kind, crm.objects.merge(kind, body), ("hs_merged_object_ids",))

    return work


def _search(crm: HubSpotStandIn, request: Request, body: Any) -> Json:
    found = search(crm, _kind(crm, request), body)
    return {"total": 0, "results": []} if fault_of(request) is FaultKind.EMPTY else found


def _batch(crm: HubSpotStandIn, work: Callable[[HubSpotStandIn, Request, ObjectType, Any], Response]) -> Work:
    return lambda request, body: work(crm, request, _kind(crm, request), body)


# --- links ------------------------------------------------------------------------------------------------


def _add_links(add: Callable[..., None], crm: HubSpotStandIn) -> None:
    def pair(request: Request) -> tuple[str, str]:
        kinds = request.path_params["type"], request.path_params["other"]
        for kind in kinds:
            crm.objects.kind(kind)
        return kinds

    def ends(request: Request) -> tuple[str, str, str, str]:
        kind, other = pair(request)
        key, to = request.path_params["id"], request.path_params["to"]
        if crm.store.table(kind).get(key) is None or crm.store.table(other).get(to) is None:
            raise Missing("end")
        return kind, key, other, to

    def listed(request: Request, body: Any) -> Json:
        del body
        kind, other = pair(request)
        limit, after = limit_of(request, 500, 500), request.query_params.get("after") or "0"
        if not after.isdecimal():
            raise Invalid("after is not valid")
        if crm.store.table(kind).get(request.path_params["id"]) is None:
            raise Missing(kind)
        default_link(kind, other)
        part = from_offset(batches.links_of(crm, kind, request.path_params["id"], other), int(after), limit)
        answer: Json = {"results": list(part.items)}
        if part.more:
            answer["paging"] = {"next": {"after": str(int(after) + limit)}}
        return answer

    def put(request: Request, body: Any) -> Json:
        kind, key, other, to = ends(request)
        crm.objects.link(kind, key, other, to, batches.numbers_of(body))
        return batches.labels(crm, kind, key, other, to)

    def put_default(request: Request, body: Any) -> Response:
        del body
        kind, key, other, to = ends(request)
        inputs = {"inputs": [{"from": {"id": key}, "to": {"id": to}}]}
        return batches.default_links(crm, request, kind, other, inputs)

    def drop(request: Request, body: Any) -> Response:
        del body
        kind, key, other, to = ends(request)
        crm.objects.unlink(kind, key, other, to)
        return Response(status_code=204)

    def label(request: Request, body: Any) -> Json:
        del body
        kind, other = pair(request)
        numbers = [number for number, to in LINK_TYPES.get(kind, {}).items() if to == other]
        return {"results": [{"category": "HUBSPOT_DEFINED", "typeId": number, "label": ""} for number in numbers]}

    many, one = "/crm/v4/associations/{type}/{other}", "/crm/v4/objects/{type}/{id}/associations"
    for verb, work in (
        ("read", batches.read_links),
        ("create", batches.create_links),
        ("associate/default", batches.default_links),
    ):
        add("POST", f"{many}/batch/{verb}", _on_pair(crm, pair, work))
    add("POST", f"{many}/batch/archive", lambda request, body: batches.archive_links(crm, *pair(request), body))
    add("GET", f"{many}/labels", label)
    add("PUT", f"{one}/default/{{other}}/{{to}}", put_default)
    add("GET", f"{one}/{{other}}", listed)
    add("PUT", f"{one}/{{other}}/{{to}}", put, 201)
    add("DELETE", f"{one}/{{other}}/{{to}}", drop)


def _on_pair(
    crm: HubSpotStandIn,
    pair: Callable[[Request], tuple[str, str]],
    work: Callable[[HubSpotStandIn, Request, str, str, Any], Response],
) -> Work:
    return lambda request, body: work(crm, request, *pair(request), body)


# --- webhooks ---------------------------------------------------------------------------------------------


def _add_webhooks(add: Callable[..., None], crm: HubSpotStandIn) -> None:
    app, own = "/webhooks/v3/{app}", crm.subscriptions

    def settings(request: Request, body: Any) -> Json:
        del request, body
        if own.settings is None:
            raise Missing("settings")
        return own.settings

    def one(request: Request, body: Any) -> Json:
        del body
        if request.path_params["id"] not in own.all:
            raise Missing("subscription")
        return own.all[request.path_params["id"]]

    def gone(work: Callable[[], None]) -> Response:
        work()
        return Response(status_code=204)

    def each(request: Request, body: Any) -> Response:
        return batches.each(
            crm, request, batches.inputs_of(body), lambda given: own.change(str(given.get("id")), given)
        )

    add("GET", f"{app}/settings", settings)
    add("PUT", f"{app}/settings", lambda request, body: own.set_target(body))
    add("DELETE", f"{app}/settings", lambda request, body: gone(own.drop_target))
    add("GET", f"{app}/subscriptions", lambda request, body: {"results": list(own.all.values())})
    add("POST", f"{app}/subscriptions", lambda request, body: own.add(body), 201)
    add("POST", f"{app}/subscriptions/batch/update", each)
    add("GET", f"{app}/subscriptions/{{id}}", one)
    add("PATCH", f"{app}/subscriptions/{{id}}", lambda request, body: own.change(request.path_params["id"], body))
    add(
        "DELETE", f"{app}/subscriptions/{{id}}", lambda request, body: gone(lambda: own.drop(request.path_params["id"]))
    )
