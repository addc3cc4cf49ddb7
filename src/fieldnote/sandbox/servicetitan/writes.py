"""The operations that change ServiceTitan's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fieldnote.sandbox.clock import iso, parse_time
from fieldnote.sandbox.servicetitan.lists import BadRequest
from fieldnote.sandbox.servicetitan.shapes import ADDRESS, ESTIMATE_STATUSES, Json
from fieldnote.sandbox.store import Version

if TYPE_CHECKING:
    from fieldnote.sandbox.servicetitan import ServiceTitanStandIn

_INT, _TEXT, _BOOL, _LIST = (int,), (str,), (bool,), (list,)
_NUMBER: Final = (int, float)
_EDITABLE: Final[dict[str, dict[str, tuple[type, ...]]]] = {
    "jobs": {
        "customerId": _INT, "locationId": _INT, "businessUnitId": _INT, "jobTypeId": _INT, "priority": _TEXT,
        "campaignId": _INT, "summary": _TEXT, "shouldUpdateInvoiceItems": _BOOL, "customFields": _LIST,
        "tagTypeIds": _LIST, "customerPo": _TEXT, "soldById": (int, type(None)), "externalData": (dict,),
        "jobGeneratedLeadSource": (dict, type(None)),
    },
    "customers": {
        "name": _TEXT, "type": _TEXT, "address": (dict,), "customFields": _LIST, "doNotMail": _BOOL,
        "doNotService": _BOOL, "nationalAccount": _BOOL, "active": _BOOL, "tagTypeIds": _LIST, "taxExempt": _BOOL,
        "paymentTermId": _INT, "creditLimit": _NUMBER, "creditLimitBalance": _NUMBER, "externalData": (dict,),
    },
    "locations": {
        "customerId": _INT, "name": _TEXT, "address": (dict,), "active": _BOOL, "taxZoneId": _INT,
        "customFields": _LIST, "tagTypeIds": _LIST, "externalData": (dict,),
    },
    "leads": {
        "campaignId": _INT, "priority": _TEXT, "businessUnitId": _INT, "jobTypeId": _INT, "summary": _TEXT,
        "leadCustomerName": _TEXT, "leadPhone": _TEXT, "leadEmail": _TEXT, "leadStreet": _TEXT, "leadUnit": _TEXT,
        "leadCity": _TEXT, "leadState": _TEXT, "leadZip": _TEXT, "leadCountry": _TEXT,
    },
}  # fmt: skip
_FIELD_TYPES: Final = {
    "jobs": "job_field_types", "customers": "customer_field_types", "locations": "location_field_types",
}  # fmt: skip
_PARTS: Final = ("street", "unit", "city", "state", "zip", "country", "latitude", "longitude")


def patch(crm: ServiceTitanStandIn, table: str, key: str, body: Any) -> Version:
    """Change a record. Custom fields are replaced as a whole: an entry that is not sent is removed."""
    allowed, given = _EDITABLE[table], as_object(body)
    values: Json = {}
    for name, value in given.items():
        if name not in allowed:
            raise BadRequest(f"{name} is not a field of this request")
        if not isinstance(value, allowed[name]) or (isinstance(value, bool) and bool not in allowed[name]):
            raise BadRequest(f"{name} is not valid")
        values[name] = value
    if "customFields" in values:
        values["customFields"] = custom_fields(crm, _FIELD_TYPES[table], values["customFields"])
    if "address" in values:
        values["address"] = _address(values["address"], table)
    if values.get("type", "Residential") not in {"Residential", "Commercial"}:
        raise BadRequest("type is not valid")
    for name in ("externalData", "nationalAccount", "shouldUpdateInvoiceItems", "paymentTermId", "creditLimit"):
        values.pop(name, None)
    active = values.pop("active", None)
    records = crm.store.table(table)
    before = records.latest(key)
    version = records.change(key, {name: value for name, value in values.items() if name in before.values})
    if active is not None and active != (version.archived is None):
        version = records.restore(key) if active else records.archive(key)
    return version


def custom_fields(crm: ServiceTitanStandIn, types: str, given: list[Any]) -> list[Json]:
    """The new list, with the names of the account's own set-up."""
    made: list[Json] = []
    for entry in given:
        if not isinstance(entry, dict) or not isinstance(entry.get("typeId"), int):
            raise BadRequest("customFields: typeId is required")
        kind = crm.store.table(types).get(str(entry["typeId"]))
        if kind is None:
            raise BadRequest(f"customFields: typeId {entry['typeId']} does not exist")
        value = entry.get("value")
        if value is None or value == "":
            continue
        _fit(kind.values, value)
        made.append({"typeId": entry["typeId"], "name": kind.values["name"], "value": value})
    if len({entry["typeId"] for entry in made}) < len(made):
        raise BadRequest("customFields: a typeId comes twice")
    return made


def _fit(kind: Mapping[str, Any], value: Any) -> None:
    if not isinstance(value, str):
        raise BadRequest(f"customFields: the value of '{kind['name']}' must be text")
    if kind["dataType"] == "Dropdown" and value not in (kind["dataTypeOptions"] or ()):
        raise BadRequest(f"customFields: '{kind['name']}' does not have this option")
    if kind["dataType"] == "Numeric":
        try:
            float(value)
        except ValueError:
            raise BadRequest(f"customFields: '{kind['name']}' takes numbers") from None


def _address(given: Json, table: str) -> Json:
    needed = _PARTS if table == "customers" else _PARTS[:6]
    if missing := [name for name in needed if name not in given]:
        raise BadRequest(f"address: {missing[0]} is required")
    for name in _PARTS:
        value = given.get(name)
        kinds = (int, float) if name in {"latitude", "longitude"} else (str,)
        if not isinstance(value, kinds) and not (value is None and name in {"unit", "latitude", "longitude"}):
            raise BadRequest(f"address: {name} is not valid")
    return {**ADDRESS, **{name: given[name] for name in _PARTS if name in given}}


def as_object(body: Any) -> Json:
    """The body as an object; anything else is refused."""
    if not isinstance(body, dict):
        raise BadRequest("the body must be an object")
    return body


def reschedule(crm: ServiceTitanStandIn, key: str, body: Any) -> Version:
    """Move an appointment."""
    given = as_object(body)
    values = {
        name: moment(given[name], name)
        for name in ("start", "end", "arrivalWindowStart", "arrivalWindowEnd")
        if given.get(name) is not None
    }
    return crm.store.table("appointments").change(key, values)


def moment(value: Any, name: str) -> str:
    """A time of a body, in the API's own form."""
    try:
        return iso(parse_time(value))
    except (TypeError, ValueError, OverflowError):
        raise BadRequest(f"{name} is not valid") from None


def cancel_job(crm: ServiceTitanStandIn, key: str, body: Any) -> None:
    """Cancel a job and its appointments."""
    given = as_object(body)
    if not isinstance(given.get("reasonId"), int) or not isinstance(given.get("memo"), str):
        raise BadRequest("reasonId and memo are required")
    crm.store.table("jobs").change(key, {"jobStatus": "Canceled"})
    log = {"jobId": int(key), "reasonId": given["reasonId"], "memo": given["memo"], "createdById": 1}
    crm.add("cancel_logs", log)
    for visit in crm.store.table("appointments").by("jobId", int(key)):
        # That this moves their modified time is second-hand.
        crm.store.table("appointments").change(visit.id, {"status": "Canceled"})


def remove_cancellation(crm: ServiceTitanStandIn, key: str) -> None:
    """Bring a cancelled job back."""
    if crm.store.table("jobs").latest(key).values["jobStatus"] != "Canceled":
        raise BadRequest("the job is not canceled")
    crm.store.table("jobs").change(key, {"jobStatus": "Scheduled"})
    for visit in crm.store.table("appointments").by("jobId", int(key)):
        crm.store.table("appointments").change(visit.id, {"status": "Scheduled"})


def assign(crm: ServiceTitanStandIn, body: Any, *, on: bool) -> Version:
    """Put technicians on an appointment, or take them off. The appointment's own time stays: an assumption."""
    given = as_object(body)
    visit, technicians = given.get("jobAppointmentId"), given.get("technicianIds")
    if not isinstance(visit, int) or not isinstance(technicians, list):
        raise BadRequest("jobAppointmentId and technicianIds are required")
    appointment = crm.store.table("appointments").get(str(visit))
    if appointment is None:
        raise BadRequest(f"appointment {visit} does not exist")
    assignments = crm.store.table("assignments")
    for technician in technicians:
        person = crm.store.table("technicians").get(str(technician))
        if person is None:
            raise BadRequest(f"technician {technician} does not exist")
        there = [
            version
            for version in assignments.by("appointmentId", visit)
            if version.values["technicianId"] == technician and version.archived is None
        ]
        if on and not there:
            values = {
                "technicianId": technician, "technicianName": person.values["name"], "appointmentId": visit,
                "jobId": appointment.values["jobId"], "assignedOn": iso(crm.clock.now()),
            }  # fmt: skip
            crm.add("assignments", values)
        for version in () if on else there:
            assignments.archive(version.id)
    return appointment


def add_appointment(crm: ServiceTitanStandIn, body: Any) -> Version:
    """A further appointment of a job."""
    given = as_object(body)
    job = crm.store.table("jobs").get(str(given.get("jobId")))
    if job is None:
        raise BadRequest("jobId does not exist")
    count = len(crm.store.table("appointments").by("jobId", int(job.id)))
    values = {
        "jobId": int(job.id), "customerId": job.values["customerId"], "start": moment(given.get("start"), "start"),
        "end": moment(given.get("end"), "end"), "specialInstructions": given.get("specialInstructions"),
        "appointmentNumber": f"{job.values['jobNumber']}-{count + 1}",
    }  # fmt: skip
    for name in ("arrivalWindowStart", "arrivalWindowEnd"):
        values[name] = None if given.get(name) is None else moment(given[name], name)
    technicians = given.get("technicianIds") or []
    if not isinstance(technicians, list):
        raise BadRequest("technicianIds is not valid")
    if unknown := [one for one in technicians if crm.store.table("technicians").get(str(one)) is None]:
        raise BadRequest(f"technician {unknown[0]} does not exist")
    version = crm.add("appointments", values)
    if technicians:
        assign(crm, {"jobAppointmentId": int(version.id), "technicianIds": technicians}, on=True)
    return version


def set_estimate(crm: ServiceTitanStandIn, key: str, name: str, sold_by: int | None = None) -> Version:
    """Sell an estimate, take that back, or dismiss it."""
    status = {"value": ESTIMATE_STATUSES[name], "name": name}
    sold = {"soldOn": iso(crm.clock.now()), "soldBy": sold_by} if name == "Sold" else {"soldOn": None, "soldBy": None}
    return crm.store.table("estimates").change(key, {"status": status, **sold})


def add_note(crm: ServiceTitanStandIn, table: str, owner: dict[str, int], body: Any) -> Version:
    """A note. There is no call that changes one."""
    given = as_object(body)
    if not isinstance(given.get("text"), str):
        raise BadRequest("text is required")
    values = {"text": given["text"], "isPinned": bool(given.get("pinToTop")), "createdById": 1, **owner}
    return crm.add(table, values, base="notes")
