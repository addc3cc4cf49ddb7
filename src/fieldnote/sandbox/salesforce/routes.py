"""Salesforce's paths."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from fieldnote.sandbox.app import fault_of
from fieldnote.sandbox.faults import FaultKind
from fieldnote.sandbox.salesforce.records import Refused
from fieldnote.sandbox.salesforce.schema import Json, SObject
from fieldnote.sandbox.store import Missing, Version

if TYPE_CHECKING:
    from fieldnote.sandbox.salesforce import SalesforceStandIn

MOST_STEPS, MOST_RECORDS = 25, 200
Work = Callable[[Request, Any], Response | Json | list[Any]]
DATA = "/services/data/v{version}"


def add_routes(app: FastAPI, crm: SalesforceStandIn) -> None:
    """All of them. A fixed path comes before one with a name in its place."""

    def add(method: str, path: str, work: Work) -> None:
        app.add_api_route(f"{DATA}{path}", _handler(work), methods=[method])

    @app.post("/services/oauth2/token")
    async def token(request: Request) -> Response:
        return crm.token(dict(parse_qsl((await request.body()).decode())))

    @app.post("/services/oauth2/introspect")
    async def introspect(request: Request) -> Json:
        form = dict(parse_qsl((await request.body()).decode()))
        return {"active": crm.tokens.good(form.get("token")), "client_id": form.get("client_id", "")}

    add("GET", "/limits", lambda request, body: _limits(crm))
    for way in ("query", "queryAll"):
        add("GET", f"/{way}", lambda request, body, way=way: crm.queries.start(request, way))  # type: ignore[misc]
        add("GET", f"/{way}/{{locator}}", lambda request, body, way=way: crm.queries.go_on(request, way))  # type: ignore[misc]
    add("GET", "/sobjects", lambda request, body: _global(crm))
    one = "/sobjects/{sobject}"
    add("GET", f"{one}/describe", lambda request, body: _kind(crm, request).as_json())
    add("GET", f"{one}/deleted", lambda request, body: crm.queries.deleted(request))
    add("GET", f"{one}/updated", lambda request, body: crm.queries.updated(request))
    add("POST", one, lambda request, body: _create(crm, request, body))
    add("GET", f"{one}/{{id}}", lambda request, body: _read(crm, request))
    add("PATCH", f"{one}/{{id}}", lambda request, body: _change(crm, request, body))
    add("DELETE", f"{one}/{{id}}", lambda request, body: _delete(crm, request))
    add("GET", f"{one}/{{field}}/{{value}}", lambda request, body: _by_external(crm, request))
    add("PATCH", f"{one}/{{field}}/{{value}}", lambda request, body: _upsert(crm, request, body))
    add("POST", "/composite", lambda request, body: _composite(crm, request, body))
    add("POST", "/composite/sobjects", lambda request, body: _collection(crm, request, body, _created))
    add("PATCH", "/composite/sobjects", lambda request, body: _collection(crm, request, body, _changed))
    add("POST", "/composite/sobjects/{sobject}", lambda request, body: _retrieve(crm, request, body))


def _handler(work: Work) -> Callable[[Request], Any]:
    async def handle(request: Request) -> Response:
        try:
            raw = await request.body()
            body = json.loads(raw) if raw else None
            answer = work(request, body)
        except Refused as error:
            return JSONResponse([error.as_json()], status_code=error.status)
        except Missing:
            text = "The requested resource does not exist"
            return JSONResponse([{"message": text, "errorCode": "NOT_FOUND"}], status_code=404)
        except ValueError as error:
            return JSONResponse([{"message": str(error), "errorCode": "JSON_PARSER_ERROR"}], status_code=400)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return handle


def _kind(crm: SalesforceStandIn, request: Request) -> SObject:
    try:
        return crm.records.kind(request.path_params["sobject"])
    except Refused as error:
        raise Refused("NOT_FOUND", str(error), status=404) from None


def _limits(crm: SalesforceStandIn) -> Json:
    daily = crm.limits["daily"]
    return {"DailyApiRequests": {"Max": daily.calls, "Remaining": daily.left}}


def _global(crm: SalesforceStandIn) -> Json:
    shown = [{**known.as_json(), "fields": []} for known in crm.objects.values()]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shown}


# --- one record -------------------------------------------------------------------------------------------


def _read(crm: SalesforceStandIn, request: Request) -> Response | Json:
    kind = _kind(crm, request)
    version = crm.records.find(kind, request.path_params["id"])
    if _since(request, "If-Modified-Since", version) is False:
        return Response(status_code=304)
    _guard(request, version)
    return crm.records.shown(kind, version, _fields(kind, request))


def _fields(kind: SObject, request: Request) -> tuple[str, ...] | None:
    text = request.query_params.get("fields")
    if not text:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if unknown := [name for name in names if name not in kind.seen]:
        raise Refused("INVALID_FIELD", f"No such column '{unknown[0]}' on entity '{kind.name}'.", (unknown[0],))
    return names


def _since(request: Request, header: str, version: Version) -> bool | None:
    """Whether the record changed after the second that a header names; None where it names none."""
    text = request.headers.get(header)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return version.modified.replace(microsecond=0) > moment


def _guard(request: Request, version: Version) -> None:
    """Only whole seconds count: a save within the same second is not seen."""
    if _since(request, "If-Unmodified-Since", version):
        raise Refused("PRECONDITION_FAILED", "The record was modified", status=412)


def _create(crm: SalesforceStandIn, request: Request, body: Any) -> Response:
    return JSONResponse(_saved(crm.records.create(_kind(crm, request), body), created=True), status_code=201)


def _saved(version: Version, *, created: bool) -> Json:
    return {"id": version.id, "success": True, "errors": [], "created": created}


def _change(crm: SalesforceStandIn, request: Request, body: Any) -> Response:
    kind = _kind(crm, request)
    _guard(request, crm.records.find(kind, request.path_params["id"]))
    crm.records.change(kind, request.path_params["id"], body)
    return Response(status_code=204)


def _delete(crm: SalesforceStandIn, request: Request) -> Response:
    crm.records.delete(_kind(crm, request), request.path_params["id"])
    return Response(status_code=204)


def _by_external(crm: SalesforceStandIn, request: Request) -> Response | Json:
    kind = _kind(crm, request)
    found = crm.records.by_external_id(kind, request.path_params["field"], request.path_params["value"])
    if len(found) > 1:
        return _several(crm, kind, found)
    if not found:
        raise Missing("external id")
    return crm.records.shown(kind, found[0], _fields(kind, request))


def _several(crm: SalesforceStandIn, kind: SObject, found: list[Version]) -> Response:
    paths = [f"/services/data/v{crm.version}/sobjects/{kind.name}/{version.id}" for version in found]
    return JSONResponse(paths, status_code=300)


def _upsert(crm: SalesforceStandIn, request: Request, body: Any) -> Response:
    kind, field, value = _kind(crm, request), request.path_params["field"], request.path_params["value"]
    found = crm.records.by_external_id(kind, field, value)
    if len(found) > 1:
        return _several(crm, kind, found)
    if found:
        crm.records.change(kind, found[0].id, body)
        return JSONResponse(_saved(found[0], created=False))
    if not isinstance(body, dict) or request.query_params.get("updateOnly") == "true":
        raise Missing("external id")
    version = crm.records.create(kind, {**body, field: value})
    return JSONResponse(_saved(version, created=True), status_code=201)


# --- many records -----------------------------------------------------------------------------------------

OneOfMany = Callable[["SalesforceStandIn", SObject, Json], Version]


def _created(crm: SalesforceStandIn, kind: SObject, record: Json) -> Version:
    return crm.records.create(kind, record)


def _changed(crm: SalesforceStandIn, kind: SObject, record: Json) -> Version:
    key = record.get("Id") or record.get("id")
    if not isinstance(key, str):
        raise Refused("MISSING_ARGUMENT", "Id not specified in an update call")
    rest = {name: value for name, value in record.items() if name.lower() != "id"}
    try:
        return crm.records.change(kind, key, rest)
    except Missing:
        raise Refused("ENTITY_IS_DELETED", "entity is deleted") from None


def _collection(crm: SalesforceStandIn, request: Request, body: Any, work: OneOfMany) -> list[Json]:
    """Up to 200 records. Each has its own outcome under 200; with `allOrNone` one failure undoes all."""
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise Refused("JSON_PARSER_ERROR", "records is required")
    if len(records) > MOST_RECORDS:
        raise Refused("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {MOST_RECORDS} records")
    half = fault_of(request) is FaultKind.HALF
    if body.get("allOrNone"):
        _try_all(crm, records)
    return [_outcome(crm, record, work, fails=half and number % 2 == 1) for number, record in enumerate(records)]


def _try_all(crm: SalesforceStandIn, records: list[Json]) -> None:
    for record in records:
        attributes = record.get("attributes")
        if not isinstance(attributes, dict):
            raise Refused("INVALID_FIELD", "attributes.type is required")
        kind = crm.records.kind(str(attributes.get("type")))
        if key := record.get("Id") or record.get("id"):
            crm.records.find(kind, str(key))


def _outcome(crm: SalesforceStandIn, record: Json, work: OneOfMany, *, fails: bool) -> Json:
    def failed(error: Refused) -> Json:
        shown = {"statusCode": error.code, "message": str(error), "fields": list(error.fields)}
        return {"id": str(record.get("Id") or record.get("id") or ""), "success": False, "errors": [shown]}

    if fails:
        return failed(Refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"))
    try:
        attributes = record.get("attributes")
        kind = crm.records.kind(str(attributes.get("type") if isinstance(attributes, dict) else None))
        return {"id": work(crm, kind, record).id, "success": True, "errors": []}
    except Refused as error:
        return failed(error)


def _retrieve(crm: SalesforceStandIn, request: Request, body: Any) -> list[Json | None]:
    kind = _kind(crm, request)
    ids, fields = (body.get("ids"), body.get("fields")) if isinstance(body, dict) else (None, None)
    if not isinstance(ids, list) or not isinstance(fields, list) or not fields:
        raise Refused("JSON_PARSER_ERROR", "ids and fields are required")
    names = tuple(str(name) for name in fields)
    if unknown := [name for name in names if name not in kind.seen]:
        raise Refused("INVALID_FIELD", f"No such column '{unknown[0]}' on entity '{kind.name}'.", (unknown[0],))
    found = {version.id: version for version in crm.store.table(kind.name).many(map(str, ids))}
    there = [found.get(crm.records.long_id(str(key))) for key in ids]
    return [
        crm.records.shown(kind, version, names) if version is not None and version.archived is None else None
        for version in there
    ]


def _composite(crm: SalesforceStandIn, request: Request, body: Any) -> Json:
    """Up to 25 steps; a later one may name an earlier one's answer as `@{ref.id}`."""
    steps = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(steps, list) or len(steps) > MOST_STEPS:
        raise Refused("JSON_PARSER_ERROR", f"compositeRequest takes {MOST_STEPS} steps")
    del request
    answers: dict[str, Any] = {}
    return {"compositeResponse": [_step(crm, step, answers) for step in steps]}


def _step(crm: SalesforceStandIn, step: Any, answers: dict[str, Any]) -> Json:
    if not isinstance(step, dict) or not all(
        isinstance(step.get(name), str) for name in ("method", "url", "referenceId")
    ):
        raise Refused("JSON_PARSER_ERROR", "a step needs method, url and referenceId")
    text = json.dumps({"url": step["url"], "body": step.get("body")})
    for name, value in answers.items():
        text = text.replace(f"@{{{name}.id}}", str(value))
    asked = json.loads(text)
    parts = asked["url"].partition("?")[0].strip("/").split("/")
    status, answer = 404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    try:
        if len(parts) >= 5 and parts[3] == "sobjects":
            status, answer = _single(crm, step["method"], parts[4:], asked["body"], answers, step["referenceId"])
    except Refused as error:
        status, answer = error.status, [error.as_json()]
    except Missing:
        pass
    return {"body": answer, "httpHeaders": {}, "httpStatusCode": status, "referenceId": step["referenceId"]}


def _single(
    crm: SalesforceStandIn, method: str, parts: list[str], body: Any, answers: dict[str, Any], reference: str
) -> tuple[int, Any]:
    kind = crm.records.kind(parts[0])
    match method, parts[1:]:
        case "POST", []:
            version = crm.records.create(kind, body)
            answers[reference] = version.id
            return 201, _saved(version, created=True)
        case "PATCH", [key]:
            crm.records.change(kind, key, body)
            return 204, None
        case "DELETE", [key]:
            crm.records.delete(kind, key)
            return 204, None
        case "GET", [key]:
            return 200, crm.records.shown(kind, crm.records.find(kind, key))
        case _:
            raise Refused("METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed", status=405)
