"""HubSpot's calls for up to a hundred records at once. Each record counts for itself: 207 where some failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from fieldnote.sandbox.app import fault_of
from fieldnote.sandbox.clock import iso
from fieldnote.sandbox.faults import FaultKind
from fieldnote.sandbox.hubspot.objects import LINK_TYPES, default_link, properties_of
from fieldnote.sandbox.hubspot.properties import Invalid, Json, ObjectType
from fieldnote.sandbox.store import Missing

if TYPE_CHECKING:
    from fieldnote.sandbox.hubspot import HubSpotStandIn

MOST = 100
MOST_LINKS = 1000
One = Callable[[Json], Json | None]


def inputs_of(body: Any, most: int = MOST) -> list[Json]:
    """The inputs of a batch."""
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list) or not all(isinstance(one, dict) for one in inputs):
        raise Invalid("Invalid input JSON: inputs is required")
    if not inputs:
        raise Invalid("inputs is empty")
    if len(inputs) > most:
        raise Invalid(f"a batch takes {most} inputs")
    return inputs


def each(crm: HubSpotStandIn, request: Request, inputs: list[Json], work: One, *, good: int = 200) -> Response:
    """Do each input; those that fail are named beside the results of the others."""
    began = iso(crm.clock.now())
    results: list[Json] = []
    errors: list[Json] = []
    half = fault_of(request) is FaultKind.HALF
    for number, one in enumerate(inputs):
        if half and number % 2:
            errors.append(_error("an internal error happened for this input", "INTERNAL_ERROR", one))
            continue
        try:
            done = work(one)
        except Invalid as error:
            errors.append(_error(str(error), "VALIDATION_ERROR", one))
        except Missing as error:
            errors.append(_error(f"Could not get some objects: {error}", "OBJECT_NOT_FOUND", one))
        else:
            results += [] if done is None else [done]
    body: Json = {
        "status": "COMPLETE", "results": results, "startedAt": began, "completedAt": iso(crm.clock.now()),
    }  # fmt: skip
    if errors:
        body |= {"errors": errors, "numErrors": len(errors)}
    return JSONResponse(body, status_code=207 if errors else good)


def _error(message: str, category: str, one: Json) -> Json:
    ids = [str(one["id"])] if "id" in one else []
    return {
        "status": "error",
        "category": category,
        "message": message,
        "context": {"ids": ids},
        "errors": [],
        "links": {},
    }


def read(crm: HubSpotStandIn, request: Request, kind: ObjectType, body: Any) -> Response:
    """Records by their ids."""
    inputs = inputs_of(body)
    names = _names(body, "properties")
    histories = _names(body, "propertiesWithHistory")
    id_property = body.get("idProperty")
    archived = request.query_params.get("archived") == "true"
    table = crm.store.table(kind.name)

    def one(given: Json) -> Json:
        key = _id(given)
        if archived:
            version = table.get(key)
            if version is None or version.archived is None:
                raise Missing(key)
        else:
            version = crm.objects.find(kind, key, id_property)
        return crm.objects.shown(kind, version, names, histories)

    return each(crm, request, inputs, one)


def create(crm: HubSpotStandIn, request: Request, kind: ObjectType, body: Any) -> Response:
    """New records."""

    def one(given: Json) -> Json:
        return crm.objects.shown(kind, crm.objects.create(kind, given), given.get("properties") or ())

    return each(crm, request, inputs_of(body), one, good=201)


def update(crm: HubSpotStandIn, request: Request, kind: ObjectType, body: Any) -> Response:
    """Changes of records."""

    def one(given: Json) -> Json:
        version = crm.objects.find(kind, _id(given), given.get("idProperty"))
        properties = properties_of(given)
        return crm.objects.shown(kind, crm.objects.change(kind, version.id, properties), properties)

    return each(crm, request, inputs_of(body), one)


def upsert(crm: HubSpotStandIn, request: Request, kind: ObjectType, body: Any) -> Response:
    """Changes by a unique property, or new records where nobody has the value."""

    def one(given: Json) -> Json:
        properties, id_property = properties_of(given), given.get("idProperty")
        if not id_property:
            raise Invalid("idProperty is required")
        try:
            found = crm.objects.find(kind, _id(given), str(id_property))
        except Missing:
            version = crm.objects.create(kind, {"properties": {**properties, id_property: given["id"]}})
            return {**crm.objects.shown(kind, version, properties), "new": True}
        return {**crm.objects.shown(kind, crm.objects.change(kind, found.id, properties), properties), "new": False}

    return each(crm, request, inputs_of(body), one)


def archive(crm: HubSpotStandIn, kind: ObjectType, body: Any) -> Response:
    """Archive records; one that is not there is passed over."""
    for given in inputs_of(body):
        crm.objects.archive(kind, _id(given))
    return Response(status_code=204)


# --- links ------------------------------------------------------------------------------------------------


def links_of(crm: HubSpotStandIn, kind: str, key: str, other: str) -> list[Json]:
    """The associations of a record, as JSON."""
    return [
        {
            "toObjectId": to,
            "associationTypes": [
                {"category": "HUBSPOT_DEFINED", "typeId": number, "label": ""} for number in sorted(types)
            ],
        }
        for to, types in sorted(crm.objects.linked(kind, key, other).items(), key=lambda item: int(item[0]))
    ]


def read_links(crm: HubSpotStandIn, request: Request, kind: str, other: str, body: Any) -> Response:
    """The links of many records. One without links is left out, and named among the errors."""
    default_link(kind, other)

    def one(given: Json) -> Json:
        found = links_of(crm, kind, _id(given), other)
        if not found:
            raise Missing(f"no {other} is associated with {given['id']}")
        return {"from": {"id": str(given["id"])}, "to": found}

    return each(crm, request, inputs_of(body, MOST_LINKS), one)


def _pair(crm: HubSpotStandIn, kind: str, other: str, given: Json) -> tuple[str, str]:
    try:
        key, to = str(given["from"]["id"]), str(given["to"]["id"])
    except (KeyError, TypeError):
        raise Invalid("from.id and to.id are required") from None
    for name, one in ((kind, key), (other, to)):
        if crm.store.table(name).get(one) is None:
            raise Missing(f"{name} {one}")
    return key, to


def create_links(crm: HubSpotStandIn, request: Request, kind: str, other: str, body: Any) -> Response:
    """New links."""

    def one(given: Json) -> Json:
        key, to = _pair(crm, kind, other, given)
        numbers = numbers_of(given.get("types"))
        crm.objects.link(kind, key, other, to, numbers)
        return labels(crm, kind, key, other, to)

    return each(crm, request, inputs_of(body), one, good=201)


def default_links(crm: HubSpotStandIn, request: Request, kind: str, other: str, body: Any) -> Response:
    """New links of the plain kind."""
    number = default_link(kind, other)

    def one(given: Json) -> Json:
        key, to = _pair(crm, kind, other, given)
        crm.objects.link(kind, key, other, to, [number])
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}
        return {"from": {"id": key}, "to": {"id": to}, "associationSpec": spec}

    answer = each(crm, request, inputs_of(body), one)
    answer.status_code = 200
    return answer


def archive_links(crm: HubSpotStandIn, kind: str, other: str, body: Any) -> Response:
    """Links taken away."""
    for given in inputs_of(body):
        ends = given.get("to")
        if not isinstance(given.get("from"), dict) or not isinstance(ends, list):
            raise Invalid("from and to are required")
        for end in ends:
            if not isinstance(end, dict) or "id" not in end or "id" not in given["from"]:
                raise Invalid("from.id and to.id are required")
            crm.objects.unlink(kind, str(given["from"]["id"]), other, str(end["id"]))
    return Response(status_code=204)


def numbers_of(types: Any) -> list[int]:
    """The kinds of link that a body names."""
    known = {number for numbers in LINK_TYPES.values() for number in numbers}
    try:
        numbers = [int(one["associationTypeId"]) for one in types]
    except (KeyError, TypeError, ValueError):
        raise Invalid("types: associationTypeId is required") from None
    if not numbers or set(numbers) - known:
        raise Invalid("types: not a known kind of link")
    return numbers


def labels(crm: HubSpotStandIn, kind: str, key: str, other: str, to: str) -> Json:
    """A link as the calls that make one answer it."""
    return {
        "fromObjectTypeId": crm.types[kind].number, "fromObjectId": key,
        "toObjectTypeId": crm.types[other].number, "toObjectId": to, "labels": [],
    }  # fmt: skip


def _id(given: Json) -> str:
    if not isinstance(given.get("id"), str | int):
        raise Invalid("id is required")
    return str(given["id"])


def _names(body: Any, field: str) -> list[str]:
    names = body.get(field) if isinstance(body, dict) else None
    if names is None:
        return []
    if not isinstance(names, list):
        raise Invalid(f"{field} is not a list")
    return [str(name) for name in names]
