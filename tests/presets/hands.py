"""A person at each stand-in, and what the stand-in's own store says: the other side of every comparison.

Nothing here reads what Fieldnote landed, mapped or sent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from fieldnote.sandbox import StandIn
from fieldnote.sandbox.clock import iso, parse_time
from fieldnote.sandbox.hubspot import HubSpotStandIn
from fieldnote.sandbox.hubspot.objects import MERGED
from fieldnote.sandbox.salesforce import SalesforceStandIn
from fieldnote.sandbox.salesforce.records import make_id
from fieldnote.sandbox.salesforce.seeding import invite
from fieldnote.sandbox.servicetitan import ServiceTitanStandIn
from fieldnote.sandbox.servicetitan import writes as st
from fieldnote.sandbox.servicetitan.seeding import SALES, SERVICE
from fieldnote.sandbox.store import Version


@dataclass(frozen=True)
class Visit:
    """An appointment as the store has it."""

    start: datetime
    reps: frozenset[str]
    deal: str | None
    customer: str | None
    alive: bool


@dataclass(frozen=True)
class Truth:
    """Everything that Siro should show."""

    visits: dict[str, Visit]
    deals: dict[str, tuple[str, bool]]
    """By key: WON, LOST or OPEN, and whether it is there."""


class Hands(ABC):
    """The acts of people. `rep` is 1 or 2; customers and deals are numbers of the contractor."""

    visits: ClassVar[tuple[str, ...]]
    """The argument of `init --visits`."""
    customer_model: ClassVar[str] = "account"
    budget: ClassVar[str]
    timeline: ClassVar[str]
    can_merge: ClassVar[bool] = True

    @abstractmethod
    def deal_key(self, number: int) -> str: ...

    @abstractmethod
    def visit_key(self, number: int) -> str: ...

    @abstractmethod
    def add(self, deal: int, rep: int, start: datetime) -> str: ...

    @abstractmethod
    def move(self, visit: str, start: datetime) -> None: ...

    @abstractmethod
    def assign(self, visit: str, reps: Iterable[int]) -> None: ...

    @abstractmethod
    def cancel(self, visit: str) -> None: ...

    @abstractmethod
    def delete(self, visit: str) -> None: ...

    @abstractmethod
    def retype(self, visit: str, *, sales: bool) -> None:
        """Make it a service call, or a sales visit again."""

    @abstractmethod
    def relink(self, visit: str, deal: int) -> None: ...

    @abstractmethod
    def merge(self, gone: int, kept: int) -> None: ...

    @abstractmethod
    def close(self, deal: int, *, won: bool) -> None: ...

    @abstractmethod
    def edit(self, deal: str, column: str, value: str) -> None: ...

    @abstractmethod
    def value(self, deal: str, column: str) -> str | None: ...

    @abstractmethod
    def notes(self, deal: str) -> list[str]: ...

    @abstractmethod
    def truth(self) -> Truth: ...


class HubSpotHands(Hands):
    """HubSpot. Meetings without the right type are nobody's business."""

    visits = ("Sales visit",)
    customer_model = "contact"
    budget, timeline = "budget", "timeline"

    def __init__(self, crm: HubSpotStandIn) -> None:
        self.crm, self.objects, self.types = crm, crm.objects, crm.types

    def deal_key(self, number: int) -> str:
        return str(2_000_000 + number)

    def visit_key(self, number: int) -> str:
        return str(3_000_000 + number)

    def _contact(self, number: int) -> str:
        return self.objects.find(self.types["contacts"], str(1_000_000 + number)).id

    def add(self, deal: int, rep: int, start: datetime) -> str:
        properties = {
            "hs_timestamp": iso(start), "hs_meeting_start_time": iso(start), "hs_meeting_title": "Visit",
            "hs_activity_type": "Sales visit", "hubspot_owner_id": str(rep), "hs_meeting_outcome": "SCHEDULED",
        }  # fmt: skip
        made = self.objects.create(self.types["meetings"], {"properties": properties})
        self.objects.link("meetings", made.id, "deals", self.deal_key(deal), [212])
        self.objects.link("meetings", made.id, "contacts", self._contact(deal - 100), [200])
        return made.id

    def _set(self, visit: str, **properties: str) -> None:
        self.objects.change(self.types["meetings"], visit, properties)

    def move(self, visit: str, start: datetime) -> None:
        self._set(visit, hs_meeting_start_time=iso(start), hs_meeting_outcome="RESCHEDULED")

    def assign(self, visit: str, reps: Iterable[int]) -> None:
        first, *others = reps
        self._set(visit, hubspot_owner_id=str(first), hs_attendee_owner_ids=";".join(map(str, others)))

    def cancel(self, visit: str) -> None:
        self._set(visit, hs_meeting_outcome="CANCELED")

    def delete(self, visit: str) -> None:
        self.objects.archive(self.types["meetings"], visit)

    def retype(self, visit: str, *, sales: bool) -> None:
        self._set(visit, hs_activity_type="Sales visit" if sales else "Service call")

    def relink(self, visit: str, deal: int) -> None:
        for one in list(self.objects.linked("meetings", visit, "deals")):
            self.objects.unlink("meetings", visit, "deals", one)
        self.objects.link("meetings", visit, "deals", self.deal_key(deal), [212])

    def merge(self, gone: int, kept: int) -> None:
        body = {"primaryObjectId": self._contact(kept), "objectIdToMerge": self._contact(gone)}
        if len(set(body.values())) == 2:
            self.objects.merge(self.types["contacts"], body)

    def close(self, deal: int, *, won: bool) -> None:
        stage = "closedwon" if won else "closedlost"
        self.objects.change(self.types["deals"], self.deal_key(deal), {"dealstage": stage})

    def edit(self, deal: str, column: str, value: str) -> None:
        self.objects.change(self.types["deals"], deal, {column: value})

    def value(self, deal: str, column: str) -> str | None:
        return self.objects.find(self.types["deals"], deal).values.get(column)

    def notes(self, deal: str) -> list[str]:
        table = self.crm.store.table("notes")
        ids = self.objects.linked("deals", deal, "notes")
        return [str(note.values.get("hs_note_body")) for note in table.many(ids)]

    def truth(self) -> Truth:
        visits = {v.id: self._visit(v) for v in self.crm.store.table("meetings").all()}
        deals = {}
        for version in self.crm.store.table("deals").all():
            shown = self.objects.properties(self.types["deals"], version)
            state = "WON" if shown.get("hs_is_closed_won") == "true" else "OPEN"
            state = "LOST" if state == "OPEN" and shown.get("hs_is_closed") == "true" else state
            deals[version.id] = (state, version.archived is None)
        return Truth(visits, deals)

    def _visit(self, version: Version) -> Visit:
        values = version.values
        reps = f"{values.get('hubspot_owner_id') or ''};{values.get('hs_attendee_owner_ids') or ''}".split(";")
        deals = sorted(self.objects.linked("meetings", version.id, "deals"), key=int)
        contacts = sorted(self.objects.linked("meetings", version.id, "contacts"), key=int)
        alive = version.archived is None and values.get("hs_meeting_outcome") != "CANCELED" and not values.get(MERGED)
        alive = alive and values.get("hs_activity_type") == "Sales visit"
        start = parse_time(values.get("hs_meeting_start_time") or values["hs_timestamp"])
        deal, contact = next(iter(deals), None), next(iter(contacts), None)
        return Visit(start, frozenset(filter(None, reps)), deal, contact, alive)


class SalesforceHands(Hands):
    """Salesforce."""

    visits = ("Event",)
    budget, timeline = "Budget__c", "Timeline__c"

    def __init__(self, crm: SalesforceStandIn) -> None:
        self.crm, self.records, self.objects = crm, crm.records, crm.objects

    def deal_key(self, number: int) -> str:
        return make_id("006", number)

    def visit_key(self, number: int) -> str:
        return make_id("00U", number)

    def _rep(self, rep: int) -> str:
        return make_id("005", rep + 10)

    def _set(self, visit: str, **values: object) -> None:
        self.records.change(self.objects["Event"], visit, values)

    def add(self, deal: int, rep: int, start: datetime) -> str:
        values = {
            "Subject": "Visit", "StartDateTime": iso(start), "EndDateTime": iso(start + timedelta(hours=1)),
            "OwnerId": self._rep(rep), "WhatId": self.deal_key(deal),
        }  # fmt: skip
        made = self.records.create(self.objects["Event"], values)
        account = self.crm.store.table("Opportunity").latest(self.deal_key(deal)).values["AccountId"]
        self.crm.store.table("Event").change(made.id, {"AccountId": account}, touch=False)
        return made.id

    def move(self, visit: str, start: datetime) -> None:
        self._set(visit, StartDateTime=iso(start), EndDateTime=iso(start + timedelta(hours=1)))

    def assign(self, visit: str, reps: Iterable[int]) -> None:
        first, *others = reps
        self._set(visit, OwnerId=self._rep(first))
        for relation in self.crm.store.table("EventRelation").by("EventId", visit):
            if relation.archived is None:
                self.crm.store.table("EventRelation").archive(relation.id)
        for rep in others:
            invite(self.crm, visit, self._rep(rep))

    def cancel(self, visit: str) -> None:
        self.delete(visit)  # an event has no status: who cancels it deletes it

    def delete(self, visit: str) -> None:
        self.records.delete(self.objects["Event"], visit)

    def retype(self, visit: str, *, sales: bool) -> None:
        self.crm.store.table("Event").change(visit, {"EventSubtype": "Event" if sales else "Call"})

    def relink(self, visit: str, deal: int) -> None:
        self._set(visit, WhatId=self.deal_key(deal))

    def merge(self, gone: int, kept: int) -> None:
        table = self.crm.store.table("Account")
        loser, winner = table.latest(make_id("001", gone)), table.latest(make_id("001", kept))
        if loser.archived is None and winner.archived is None:
            self.records.merge(self.objects["Account"], winner.id, loser.id)

    def close(self, deal: int, *, won: bool) -> None:
        stage = "Closed Won" if won else "Closed Lost"
        self.records.change(self.objects["Opportunity"], self.deal_key(deal), {"StageName": stage})

    def edit(self, deal: str, column: str, value: str) -> None:
        typed: object = float(value) if column == self.budget else value
        self.records.change(self.objects["Opportunity"], deal, {column: typed})

    def value(self, deal: str, column: str) -> str | None:
        found = self.crm.store.table("Opportunity").latest(deal).values.get(column)
        return None if found is None else f"{found:g}" if isinstance(found, int | float) else str(found)

    def notes(self, deal: str) -> list[str]:
        return [str(note.values["Body"]) for note in self.crm.store.table("Note").by("ParentId", deal)]

    def truth(self) -> Truth:
        found = {}
        relations = [r for r in self.crm.store.table("EventRelation").all() if r.archived is None]
        opportunities = self.crm.store.table("Opportunity")
        for version in self.crm.store.table("Event").all():
            values = version.values
            if values.get("IsChild"):
                continue
            reps = {
                values["OwnerId"],
                *(r.values["RelationId"] for r in relations if r.values["EventId"] == version.id),
            }
            deal = str(values.get("WhatId") or "")
            alive_deal = deal.startswith("006") and opportunities.latest(deal).archived is None
            found[version.id] = Visit(
                parse_time(str(values["StartDateTime"]).replace("+0000", "+00:00")), frozenset(map(str, reps)),
                deal if alive_deal else None, values.get("AccountId"),
                version.archived is None and values["EventSubtype"] == "Event",
            )  # fmt: skip
        deals = {}
        for version in opportunities.all():
            stage = self.crm.stages[version.values["StageName"]]
            state = "WON" if stage.won else "LOST" if stage.closed else "OPEN"
            deals[version.id] = (state, version.archived is None)
        return Truth(found, deals)


class ServiceTitanHands(Hands):
    """ServiceTitan. Deals are jobs, and a visit belongs to its job for good."""

    visits = ("Sales Estimate",)
    budget, timeline = "Budget", "Timeline"

    def __init__(self, crm: ServiceTitanStandIn) -> None:
        self.crm = crm

    def deal_key(self, number: int) -> str:
        return str(number)

    def visit_key(self, number: int) -> str:
        return str(number)

    def add(self, deal: int, rep: int, start: datetime) -> str:
        body = {"jobId": deal, "start": iso(start), "end": iso(start + timedelta(hours=1)), "technicianIds": [rep]}
        return st.add_appointment(self.crm, body).id

    def move(self, visit: str, start: datetime) -> None:
        end = iso(start + timedelta(hours=1))
        body = {"start": iso(start), "end": end, "arrivalWindowStart": iso(start), "arrivalWindowEnd": end}
        st.reschedule(self.crm, visit, body)

    def assign(self, visit: str, reps: Iterable[int]) -> None:
        wanted = list(reps)
        others = [rep for rep in (1, 2) if rep not in wanted]
        st.assign(self.crm, {"jobAppointmentId": int(visit), "technicianIds": others}, on=False)
        st.assign(self.crm, {"jobAppointmentId": int(visit), "technicianIds": wanted}, on=True)

    def cancel(self, visit: str) -> None:
        self.crm.store.table("appointments").change(visit, {"status": "Canceled"})

    def delete(self, visit: str) -> None:
        self.crm.store.table("appointments").archive(visit)

    def retype(self, visit: str, *, sales: bool) -> None:
        job = str(self.crm.store.table("appointments").latest(visit).values["jobId"])
        self.crm.store.table("jobs").change(job, {"jobTypeId": SALES if sales else SERVICE})

    def relink(self, visit: str, deal: int) -> None:
        """A visit cannot change its job: nothing happens."""

    def merge(self, gone: int, kept: int) -> None:
        table = self.crm.store.table("customers")
        if table.latest(str(gone)).archived is None and table.latest(str(kept)).archived is None:
            self.crm.merge_customers(gone, kept)

    def close(self, deal: int, *, won: bool) -> None:
        estimates = self.crm.store.table("estimates").by("jobId", deal)
        if won and estimates:
            st.set_estimate(self.crm, estimates[0].id, "Sold", 1)
        elif not won:
            st.cancel_job(self.crm, str(deal), {"reasonId": 1, "memo": "changed their mind"})

    def edit(self, deal: str, column: str, value: str) -> None:
        numbers = {"Budget": 301, "Timeline": 302}
        job = self.crm.store.table("jobs").latest(deal)
        kept = [one for one in job.values["customFields"] if one["typeId"] != numbers[column]]
        entry = {"typeId": numbers[column], "name": column, "value": value}
        self.crm.store.table("jobs").change(deal, {"customFields": [*kept, entry]})

    def value(self, deal: str, column: str) -> str | None:
        fields = self.crm.store.table("jobs").latest(deal).values["customFields"]
        return next((str(one["value"]) for one in fields if one["name"] == column), None)

    def notes(self, deal: str) -> list[str]:
        return [str(note.values["text"]) for note in self.crm.store.table("job_notes").by("jobId", int(deal))]

    def truth(self) -> Truth:
        assignments = [a for a in self.crm.store.table("assignments").all() if a.archived is None]
        visits = {}
        for version in self.crm.store.table("appointments").all():
            values = version.values
            job = self.crm.store.table("jobs").latest(str(values["jobId"]))
            reps = {str(a.values["technicianId"]) for a in assignments if a.values["appointmentId"] == int(version.id)}
            visits[version.id] = Visit(
                parse_time(values["arrivalWindowStart"] or values["start"]), frozenset(reps), job.id,
                str(job.values["customerId"]),
                version.archived is None and values["status"] != "Canceled" and job.values["jobTypeId"] == SALES,
            )  # fmt: skip
        jobs = self.crm.store.table("jobs").all()
        return Truth(visits, {job.id: (self._state(job), job.values["jobTypeId"] == SALES) for job in jobs})

    def _state(self, job: Version) -> str:
        names = [
            one.values["status"]["name"]
            for one in self.crm.store.table("estimates").by("jobId", int(job.id))
            if one.archived is None
        ]
        if "Sold" in names:
            return "WON"
        lost = job.values["jobStatus"] == "Canceled" or (names and set(names) == {"Dismissed"})
        return "LOST" if lost else "OPEN"


def hands_of(crm: StandIn) -> Hands:
    """A person at this stand-in."""
    match crm:
        case HubSpotStandIn():
            return HubSpotHands(crm)
        case SalesforceStandIn():
            return SalesforceHands(crm)
        case ServiceTitanStandIn():
            return ServiceTitanHands(crm)
        case _:
            raise AssertionError(crm.name)


def links_move_late(crm: HubSpotStandIn, patch: pytest.MonkeyPatch) -> None:
    """From now on links lead where they lead now, whatever is merged. That HubSpot may be late is our assumption."""
    links = deepcopy(crm.objects.links)
    patch.setattr(crm.objects, "linked", lambda one, key, other: links.get((one, other), {}).get(key, {}))


def tomorrow(hour: int) -> datetime:
    """A start time that no visit of the small contractor has."""
    day = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    return day.replace(hour=hour % 24)
