"""ServiceTitan's paths."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from fieldnote.sandbox.servicetitan import writes
from fieldnote.sandbox.servicetitan.lists import (
    BadRequest,
    export_part,
    list_page,
    problem,
    required_contacts_filter,
)
from fieldnote.sandbox.servicetitan.shapes import (
    EXPORTS,
    LISTS,
    Json,
    Listing,
    Show,
    contact_in_list,
    job_note,
    shown,
    without,
)
from fieldnote.sandbox.store import Missing, Version

if TYPE_CHECKING:
    from fieldnote.sandbox.servicetitan import ServiceTitanStandIn

Work = Callable[[Request, Any], Json | None]
_ONES: dict[str, tuple[str, Show]] = {
    "jpm/appointments": ("appointments", shown),
    "jpm/jobs": ("jobs", without("active")),
    "crm/customers": ("customers", shown),
    "crm/locations": ("locations", shown),
    "crm/leads": ("leads", without("active")),
    "settings/technicians": ("technicians", shown),
    "settings/employees": ("employees", shown),
    "sales/estimates": ("estimates", shown),
}
_NOTES = {"jobs": "job_notes", "customers": "customer_notes", "locations": "location_notes", "leads": "lead_notes"}
_OWNERS = {"jobs": "jobId", "customers": "customerId", "locations": "locationId", "leads": "leadId"}


def add_routes(app: FastAPI, crm: ServiceTitanStandIn) -> None:
    """All of them. A longer path comes before the one with an id in its place."""

    @app.post("/connect/token")
    async def token(request: Request) -> Response:
        return crm.token(dict(parse_qsl((await request.body()).decode())))

    def add(method: str, path: str, work: Work) -> None:
        app.add_api_route(_full(path), _handler(crm, work, reads=method == "GET"), methods=[method])

    for path in EXPORTS:
        add("GET", path, partial(_export, crm, path))
    for path, listing in LISTS.items():
        add("GET", path, partial(_list, crm, path, listing))
    _add_children(add, crm)
    for path, (table, show) in _ONES.items():
        add("GET", f"{path}/{{id}}", partial(_one, crm, table, show))
    _add_writes(add, crm)


def _full(path: str) -> str:
    module, _, rest = path.partition("/")
    return f"/{module}/v2/tenant/{{tenant}}/{rest}"


def _handler(crm: ServiceTitanStandIn, work: Work, *, reads: bool) -> Callable[[Request], Any]:
    async def handle(request: Request) -> Response:
        if not request.path_params["tenant"].isdecimal():
            return problem("tenant is not valid")
        key = request.path_params.get("id", "1")
        if not key.lstrip("-").isdecimal():
            return problem("id is not valid")
        try:
            body = None if reads else await _body(request)
            answer = work(request, body)
        except BadRequest as error:
            return problem(str(error))
        except Missing:
            return problem("Not Found", 404)
        return Response(status_code=200) if answer is None else JSONResponse(answer)

    return handle


async def _body(request: Request) -> Any:
    raw = await request.body()
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        raise BadRequest("the body is not JSON") from None


def _list(crm: ServiceTitanStandIn, path: str, listing: Listing, request: Request, body: Any) -> Json:
    del body
    if path == "crm/customers/contacts":
        required_contacts_filter(request.query_params)
    return list_page(crm, request, path, listing, None)


def _export(crm: ServiceTitanStandIn, path: str, request: Request, body: Any) -> Json:
    del body
    return export_part(crm, request, path)


def _one(crm: ServiceTitanStandIn, table: str, show: Show, request: Request, body: Any) -> Json:
    del body
    if table == "estimates" and request.path_params["id"] not in crm.store.table(table):
        raise BadRequest("the estimate does not exist")  # the contract lists no 404 for this one
    return show(_found(crm, table, request))


def _found(crm: ServiceTitanStandIn, table: str, request: Request) -> Version:
    version = crm.store.table(table).get(request.path_params["id"])
    if version is None:
        raise Missing(table)
    return version


def _add_children(add: Callable[[str, str, Work], None], crm: ServiceTitanStandIn) -> None:
    """Lists below one record."""
    plain = {"has_active": False, "has_sort": False, "has_ids": False}
    for owner, table in _NOTES.items():
        show = job_note if owner == "jobs" else without("active", _OWNERS[owner])
        listing = Listing(table, show, **plain, has_times=owner != "jobs")  # type: ignore[arg-type]
        module = "jpm" if owner == "jobs" else "crm"
        add("GET", f"{module}/{owner}/{{id}}/notes", partial(_children, crm, owner, listing))
        add("POST", f"{module}/{owner}/{{id}}/notes", partial(_note, crm, owner, table, show))
        if owner in {"customers", "locations"}:
            add("DELETE", f"crm/{owner}/{{id}}/notes/{{note}}", partial(_drop_note, crm, owner, table))
    contacts = Listing("customer_contacts", contact_in_list("customerId"), **plain, has_times=False)  # type: ignore[arg-type]
    add("GET", "crm/customers/{id}/contacts", partial(_children, crm, "customers", contacts))
    logs = Listing("cancel_logs", without("modifiedOn"), **plain, has_times=False)  # type: ignore[arg-type]
    add("GET", "jpm/jobs/{id}/canceled-log", partial(_children, crm, "jobs", logs))


def _children(crm: ServiceTitanStandIn, owner: str, listing: Listing, request: Request, body: Any) -> Json:
    del body
    key, field = int(_found(crm, owner, request).id), _OWNERS[owner]
    return list_page(crm, request, f"{owner}/{listing.table}", listing, lambda version: version.values[field] == key)


def _note(crm: ServiceTitanStandIn, owner: str, table: str, show: Show, request: Request, body: Any) -> Json:
    key = int(_found(crm, owner, request).id)
    return show(writes.add_note(crm, table, {_OWNERS[owner]: key}, body))


def _drop_note(crm: ServiceTitanStandIn, owner: str, table: str, request: Request, body: Any) -> None:
    del body
    _found(crm, owner, request)
    crm.store.table(table).purge(request.path_params["note"])


def _add_writes(add: Callable[[str, str, Work], None], crm: ServiceTitanStandIn) -> None:
    for path, table in (
        ("jpm/jobs", "jobs"), ("crm/customers", "customers"), ("crm/locations", "locations"), ("crm/leads", "leads"),
    ):  # fmt: skip
        add("PATCH", f"{path}/{{id}}", partial(_patch, crm, table, _ONES[path][1]))

    def on_appointment(change: Callable[[str, Any], Version | None]) -> Work:
        def work(request: Request, body: Any) -> Json | None:
            version = change(_found(crm, "appointments", request).id, body)
            return None if version is None else shown(version)

        return work

    visits = crm.store.table("appointments")
    add("POST", "jpm/appointments", lambda request, body: shown(writes.add_appointment(crm, body)))
    add(
        "PATCH", "jpm/appointments/{id}/reschedule", on_appointment(lambda key, body: writes.reschedule(crm, key, body))
    )
    add("DELETE", "jpm/appointments/{id}", on_appointment(lambda key, body: _done(visits.archive(key))))
    for method, confirmed in (("PUT", True), ("DELETE", False)):
        change = partial(_confirm, crm, confirmed=confirmed)
        add(method, "jpm/appointments/{id}/confirmation", on_appointment(change))
    add(
        "PUT",
        "jpm/jobs/{id}/cancel",
        lambda request, body: writes.cancel_job(crm, _found(crm, "jobs", request).id, body),
    )
    add(
        "PUT", "jpm/jobs/{id}/remove-cancellation",
        lambda request, body: writes.remove_cancellation(crm, _job_or_bad(crm, request)),
    )  # fmt: skip
    dispatched = without("customerId", "unused", "createdById", "isConfirmed", "active")
    for verb, on in (("assign", True), ("unassign", False)):
        add(
            "POST", f"dispatch/appointment-assignments/{verb}-technicians",
            partial(_assigned, crm, dispatched, on=on),
        )  # fmt: skip
    for verb, name in (("sell", "Sold"), ("unsell", "Open"), ("dismiss", "Dismissed")):
        add("PUT", f"sales/estimates/{{id}}/{verb}", partial(_estimate, crm, name))
    add("POST", "crm/leads/{id}/dismiss", partial(_dismiss_lead, crm))


def _done(version: Version) -> None:
    """The answer is empty."""
    del version


def _patch(crm: ServiceTitanStandIn, table: str, show: Show, request: Request, body: Any) -> Json:
    if table == "leads" and request.path_params["id"] not in crm.store.table(table):
        raise BadRequest("the lead does not exist")  # the contract lists no 404 for this one
    return show(writes.patch(crm, table, _found(crm, table, request).id, body))


def _confirm(crm: ServiceTitanStandIn, key: str, body: Any, *, confirmed: bool) -> None:
    del body
    crm.store.table("appointments").change(key, {"isConfirmed": confirmed})


def _job_or_bad(crm: ServiceTitanStandIn, request: Request) -> str:
    """This one path does not list 404."""
    if request.path_params["id"] not in crm.store.table("jobs"):
        raise BadRequest("the job does not exist")
    return str(request.path_params["id"])


def _assigned(crm: ServiceTitanStandIn, show: Show, request: Request, body: Any, *, on: bool) -> Json:
    del request
    return show(writes.assign(crm, body, on=on))


def _estimate(crm: ServiceTitanStandIn, name: str, request: Request, body: Any) -> Json | None:
    if request.path_params["id"] not in crm.store.table("estimates"):
        raise BadRequest("the estimate does not exist")
    sold_by = None
    if name == "Sold":
        sold_by = writes.as_object(body).get("soldBy")
        if not isinstance(sold_by, int):
            raise BadRequest("soldBy is required")
    version = writes.set_estimate(crm, request.path_params["id"], name, sold_by)
    return shown(version) if name == "Sold" else None


def _dismiss_lead(crm: ServiceTitanStandIn, request: Request, body: Any) -> None:
    reason = writes.as_object(body).get("dismissingReasonId")
    if not isinstance(reason, int):
        raise BadRequest("dismissingReasonId is required")
    key = _found(crm, "leads", request).id
    crm.store.table("leads").change(key, {"status": "Dismissed", "dismissingReasonId": reason})
