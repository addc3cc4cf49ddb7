"""A contractor as a portal of HubSpot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldnote.sandbox.clock import iso
from fieldnote.sandbox.contractor import Contractor, Stage
from fieldnote.sandbox.hubspot.objects import default_link
from fieldnote.sandbox.hubspot.portal import Stage as PortalStage
from fieldnote.sandbox.hubspot.properties import Property

if TYPE_CHECKING:
    from fieldnote.sandbox.hubspot import HubSpotStandIn

OWN = (
    Property("budget", "number", "number", "Budget", own=True),
    Property("timeline", "string", "text", "Timeline", own=True),
    Property("objections", "string", "textarea", "Objections", own=True),
    Property("decision_maker", "string", "text", "Decision maker", own=True),
)
_STAGES = (
    ("appointmentscheduled", "Appointment scheduled", False, "0.2"),
    ("contractsent", "Contract sent", False, "0.9"),
    ("closedwon", "Closed won", True, "1.0"),
    ("closedlost", "Closed lost", True, "0.0"),
)
_STAGE_OF = {
    Stage.LEAD: "appointmentscheduled", Stage.QUOTED: "contractsent", Stage.WON: "closedwon", Stage.LOST: "closedlost",
}  # fmt: skip
_CONTACTS, _DEALS, _MEETINGS = 1_000_000, 2_000_000, 3_000_000
"""Added to a record's key for its id: a portal's ids are of one sequence."""


def seed(crm: HubSpotStandIn, contractor: Contractor) -> None:
    """Fill the portal."""
    crm.types["deals"].add(*OWN)
    crm.pipelines["default"] = "Sales pipeline"
    for key, label, closed, probability in _STAGES:
        crm.stages["default", key] = PortalStage(key, label, closed, probability)
    for rep in contractor.reps:
        first, _, last = rep.name.partition(" ")
        owner = {"email": rep.email, "firstName": first, "lastName": last, "userId": rep.key + 900, "type": "PERSON"}
        crm.store.table("owners").insert(str(rep.key), owner)
    types, objects = crm.types, crm.objects
    for customer in contractor.customers:
        first, _, last = customer.name.partition(" ")
        person = {
            "firstname": first, "lastname": last, "email": customer.email, "phone": customer.phone,
            "address": customer.street, "city": customer.city, "state": customer.state, "zip": customer.zip_code,
        }  # fmt: skip
        objects.create(types["contacts"], {"properties": person}, key=str(customer.key + _CONTACTS))
    for deal in contractor.deals:
        values = {
            "dealname": deal.name, "amount": None if deal.amount is None else str(deal.amount), "pipeline": "default",
            "dealstage": _STAGE_OF[deal.stage], "closedate": None if deal.closed is None else iso(deal.closed),
            "hubspot_owner_id": str(deal.rep),
        }  # fmt: skip
        key, contact = str(deal.key + _DEALS), str(deal.customer + _CONTACTS)
        objects.create(types["deals"], {"properties": values}, key=key)
        objects.link("deals", key, "contacts", contact, [default_link("deals", "contacts")])
    for visit in contractor.visits:
        meeting = {
            "hs_timestamp": iso(visit.start), "hs_meeting_title": visit.title,
            "hs_meeting_start_time": iso(visit.start), "hs_meeting_end_time": iso(visit.end),
            "hs_meeting_outcome": "CANCELED" if visit.cancelled else "SCHEDULED", "hs_activity_type": "Sales visit",
            "hubspot_owner_id": str(visit.reps[0]) if visit.reps else None,
            "hs_attendee_owner_ids": ";".join(str(rep) for rep in visit.reps[1:]) or None,
        }  # fmt: skip
        key = str(visit.key + _MEETINGS)
        objects.create(types["meetings"], {"properties": meeting}, key=key)
        objects.link("meetings", key, "contacts", str(visit.customer + _CONTACTS), [200])
        if visit.deal is not None:
            objects.link("meetings", key, "deals", str(visit.deal + _DEALS), [212])
