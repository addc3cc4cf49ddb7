"""A contractor as an organization of Salesforce."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fieldnote.sandbox.clock import iso
from fieldnote.sandbox.contractor import Contractor, Customer
from fieldnote.sandbox.contractor import Stage as DealStage
from fieldnote.sandbox.salesforce.records import ADMIN, make_id
from fieldnote.sandbox.salesforce.schema import Field

if TYPE_CHECKING:
    from fieldnote.sandbox.salesforce import SalesforceStandIn


class Stage(NamedTuple):
    """A stage of opportunities."""

    name: str
    closed: bool
    won: bool


STAGES = (
    Stage("Prospecting", False, False),
    Stage("Proposal/Price Quote", False, False),
    Stage("Closed Won", True, True),
    Stage("Closed Lost", True, False),
)
_STAGE_OF = {
    DealStage.LEAD: "Prospecting",
    DealStage.QUOTED: "Proposal/Price Quote",
    DealStage.WON: "Closed Won",
    DealStage.LOST: "Closed Lost",
}
OWN = (
    Field("Budget__c", "currency"),
    Field("Timeline__c", "string", 255),
    Field("Objections__c", "textarea", 32_768),
    Field("Decision_Maker__c", "string", 255),
)


def seed(crm: SalesforceStandIn, contractor: Contractor) -> None:
    """Fill the organization."""
    crm.objects["Opportunity"].add(*OWN)
    for number, stage in enumerate(STAGES, start=1):
        crm.stages[stage.name] = stage
        values = {
            "MasterLabel": stage.name, "ApiName": stage.name, "IsActive": True, "SortOrder": number,
            "IsClosed": stage.closed, "IsWon": stage.won, "DefaultProbability": 100 if stage.won else 10,
        }  # fmt: skip
        crm.store.table("OpportunityStage").insert(make_id("01J", number), values)
    organization = {"Name": "Sandbox", "TimeZoneSidKey": contractor.zone, "DefaultLocaleSidKey": "en_US"}
    crm.store.table("Organization").insert(
        make_id("00D", 1), {**organization, "IsSandbox": True, "OrganizationType": "Developer Edition"}
    )
    _user(crm, ADMIN, "Integration", "integration@sandbox.example", contractor.zone)
    for rep in contractor.reps:
        _user(crm, make_id("005", rep.key + 10), rep.name, rep.email, contractor.zone)
    for customer in contractor.customers:
        _customer(crm, customer)
    _deals(crm, contractor)
    _visits(crm, contractor)


def _user(crm: SalesforceStandIn, key: str, name: str, email: str, zone: str) -> None:
    first, _, last = name.partition(" ")
    person = {"FirstName": first if last else None, "LastName": last or first, "Email": email, "Username": email}
    crm.records.create(crm.objects["User"], {**person, "TimeZoneSidKey": zone}, key=key)


def _customer(crm: SalesforceStandIn, customer: Customer) -> None:
    place = {
        "Street": customer.street, "City": customer.city, "State": customer.state,
        "PostalCode": customer.zip_code, "Latitude": customer.latitude, "Longitude": customer.longitude,
    }  # fmt: skip
    billing = {f"Billing{name}": value for name, value in place.items()}
    account = {"Name": customer.name, "Phone": customer.phone, **billing}
    crm.records.create(crm.objects["Account"], account, key=make_id("001", customer.key))
    first, _, last = customer.name.partition(" ")
    contact = {
        "FirstName": first, "LastName": last or first, "Email": customer.email, "MobilePhone": customer.phone,
        "AccountId": make_id("001", customer.key), **{f"Mailing{name}": value for name, value in place.items()},
    }  # fmt: skip
    crm.records.create(crm.objects["Contact"], contact, key=make_id("003", customer.key))


def _deals(crm: SalesforceStandIn, contractor: Contractor) -> None:
    today = crm.clock.now().date().isoformat()
    for deal in contractor.deals:
        values = {
            "Name": deal.name, "StageName": _STAGE_OF[deal.stage], "AccountId": make_id("001", deal.customer),
            "Amount": None if deal.amount is None else float(deal.amount), "OwnerId": make_id("005", deal.rep + 10),
            "CloseDate": today if deal.closed is None else deal.closed.date().isoformat(),
        }  # fmt: skip
        crm.records.create(crm.objects["Opportunity"], values, key=make_id("006", deal.key))


def _visits(crm: SalesforceStandIn, contractor: Contractor) -> None:
    for visit in contractor.visits:
        values = {
            "Subject": visit.title, "StartDateTime": iso(visit.start), "EndDateTime": iso(visit.end),
            "OwnerId": make_id("005", visit.reps[0] + 10), "WhoId": make_id("003", visit.customer),
            "WhatId": make_id("001", visit.customer) if visit.deal is None else make_id("006", visit.deal),
        }  # fmt: skip
        key = make_id("00U", visit.key)
        crm.records.create(crm.objects["Event"], values, key=key)
        crm.store.table("Event").change(key, {"AccountId": make_id("001", visit.customer)}, touch=False)
        for rep in visit.reps[1:]:
            invite(crm, key, make_id("005", rep + 10))
        if visit.cancelled:
            crm.store.table("Event").archive(key)


def invite(crm: SalesforceStandIn, event: str, user: str) -> None:
    """Invite a user to an event: a relation, and a child event of the user's own."""
    table = crm.store.table("Event")
    parent = table.change(event, {"IsGroupEvent": True})
    child = {**parent.values, "IsChild": True, "OwnerId": user}
    table.insert(crm.records.new_id(crm.objects["Event"]), child)
    relation = {"EventId": event, "RelationId": user, "Status": "New"}
    crm.records.create(crm.objects["EventRelation"], relation)
