"""A contractor as a tenant of ServiceTitan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldnote.sandbox.clock import iso
from fieldnote.sandbox.contractor import Contractor, Deal, Stage, Visit
from fieldnote.sandbox.servicetitan.shapes import ADDRESS, ESTIMATE_STATUSES, Json

if TYPE_CHECKING:
    from fieldnote.sandbox.servicetitan import ServiceTitanStandIn

SALES, SERVICE = 1, 2
JOB_TYPES = {SALES: "Sales Estimate", SERVICE: "Service Call"}
JOB_FIELDS: tuple[Json, ...] = (
    {"name": "Budget", "dataType": "Numeric"},
    {"name": "Timeline", "dataType": "Text"},
    {"name": "Objections", "dataType": "Text"},
    {"name": "Lead Source", "dataType": "Dropdown", "dataTypeOptions": ["Referral", "Web", "Radio"]},
    {"name": "Decision Maker", "dataType": "Text"},
)
_LOCATIONS = 1_000_000
"""Added to a customer's key for the key of its location."""
_LATER_JOBS = 2_000_000
"""Added to a visit's key for the job of a visit without a deal."""


def seed(crm: ServiceTitanStandIn, contractor: Contractor) -> None:
    """Fill the tables."""
    for number, name in JOB_TYPES.items():
        crm.add("job_types", {"name": name, "class": "Sales" if number == SALES else "Service"}, key=number)
    for number, field in enumerate(JOB_FIELDS, start=301):
        crm.add("job_field_types", field, base="field_types", key=number)
    crm.add("cancel_reasons", {"name": "Customer changed their mind"}, key=1)
    for rep in contractor.reps:
        first, _, last = rep.name.partition(" ")
        person = {"userId": rep.key + 500, "name": rep.name, "firstName": first, "lastName": last, "email": rep.email}
        crm.add("technicians", {**person, "phoneNumber": rep.phone or None}, key=rep.key)
    _customers(crm, contractor)
    for deal in contractor.deals:
        _job(crm, deal)
    for visit in contractor.visits:
        _visit(crm, visit)


def _customers(crm: ServiceTitanStandIn, contractor: Contractor) -> None:
    for customer in contractor.customers:
        address = {
            **ADDRESS, "street": customer.street, "city": customer.city, "state": customer.state,
            "zip": customer.zip_code, "latitude": customer.latitude, "longitude": customer.longitude,
        }  # fmt: skip
        crm.add("customers", {"name": customer.name, "address": address}, key=customer.key)
        place = {"customerId": customer.key, "name": customer.name, "address": address}
        crm.add("locations", place, key=customer.key + _LOCATIONS)
        for kind, value in (("MobilePhone", customer.phone), ("Email", customer.email)):
            if value:
                crm.add("customer_contacts", {"type": kind, "value": value, "customerId": customer.key})


def _job(crm: ServiceTitanStandIn, deal: Deal) -> None:
    closed = None if deal.closed is None else iso(deal.closed)
    status = {Stage.WON: "Completed", Stage.LOST: "Canceled"}.get(deal.stage, "Scheduled")
    job = {
        "jobNumber": str(deal.key), "customerId": deal.customer, "locationId": deal.customer + _LOCATIONS,
        "jobStatus": status, "completedOn": closed, "soldById": deal.rep if deal.stage is Stage.WON else None,
        "jobTypeId": SALES, "summary": f"<p>{deal.name}</p>",
    }  # fmt: skip
    estimate = {
        "jobId": deal.key, "jobNumber": str(deal.key), "customerId": deal.customer, "name": deal.name,
        "locationId": deal.customer + _LOCATIONS, "subtotal": 0 if deal.amount is None else float(deal.amount),
        "isRecommended": True,
    }  # fmt: skip
    name = {Stage.WON: "Sold", Stage.LOST: "Dismissed"}.get(deal.stage, "Open")
    estimate["status"] = {"value": ESTIMATE_STATUSES[name], "name": name}
    if name == "Sold":
        estimate |= {"soldOn": closed, "soldBy": deal.rep}
    if deal.stage is not Stage.LEAD:
        job["estimateIds"] = [int(crm.add("estimates", estimate).id)]
    crm.add("jobs", job, key=deal.key)


def _visit(crm: ServiceTitanStandIn, visit: Visit) -> None:
    job = visit.deal
    if job is None:
        job = visit.key + _LATER_JOBS
        place = {"customerId": visit.customer, "locationId": visit.customer + _LOCATIONS}
        crm.add("jobs", {"jobNumber": str(job), "jobTypeId": SALES, **place}, key=job)
    window = {"arrivalWindowStart": iso(visit.start), "arrivalWindowEnd": iso(visit.end)}
    values = {
        "jobId": job, "customerId": visit.customer, "start": iso(visit.start), "end": iso(visit.end),
        "appointmentNumber": f"{job}-1", "status": "Canceled" if visit.cancelled else "Scheduled", **window,
    }  # fmt: skip
    crm.add("appointments", values, key=visit.key)
    names = {version.id: version.values["name"] for version in crm.store.table("technicians").all()}
    for rep in visit.reps:
        assignment = {"technicianId": rep, "technicianName": names[str(rep)], "appointmentId": visit.key, "jobId": job}
        crm.add("assignments", {**assignment, "assignedOn": iso(visit.start)})
