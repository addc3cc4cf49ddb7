"""ServiceTitan's records as JSON: what a new one begins with, and what a list shows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fieldnote.sandbox.clock import iso
from fieldnote.sandbox.store import Version

Json = dict[str, Any]

APPOINTMENT_STATUSES: Final = ("Scheduled", "Dispatched", "Working", "Hold", "Done", "Canceled")
JOB_STATUSES: Final = ("Scheduled", "Dispatched", "InProgress", "Hold", "Completed", "Canceled")
ESTIMATE_STATUSES: Final = {"Open": 0, "Sold": 1, "Dismissed": 2}
CONTACT_TYPES: Final = ("Phone", "Email", "Fax", "MobilePhone")

BASE: Final[dict[str, Json]] = {
    "appointments": {
        "jobId": 0, "appointmentNumber": None, "start": "", "end": "", "arrivalWindowStart": None,
        "arrivalWindowEnd": None, "status": "Scheduled", "specialInstructions": None, "customerId": 0, "unused": False,
        "createdById": 1, "isConfirmed": False,
    },
    "jobs": {
        "jobNumber": "", "projectId": None, "customerId": 0, "locationId": 0, "jobStatus": "Scheduled",
        "completedOn": None, "businessUnitId": 1, "jobTypeId": 1, "priority": "Normal", "campaignId": 1,
        "appointmentCount": 0, "firstAppointmentId": 0, "lastAppointmentId": 0, "recallForId": None,
        "warrantyId": None, "jobGeneratedLeadSource": None, "noCharge": False, "notificationsEnabled": True,
        "createdById": 1, "tagTypeIds": [], "leadCallId": None, "partnerLeadCallId": None, "bookingId": None,
        "soldById": None, "customerPo": "", "invoiceId": 0, "membershipId": None, "total": None,
        "createdFromEstimateId": None, "estimateIds": [], "summary": None, "customFields": [], "externalData": [],
    },
    "assignments": {
        "technicianId": 0, "technicianName": "", "assignedById": 1, "assignedOn": "", "status": "Scheduled",
        "isPaused": False, "jobId": 0, "appointmentId": 0,
    },
    "customers": {
        "name": "", "type": "Residential", "address": {}, "customFields": [], "tagTypeIds": [], "doNotMail": False,
        "doNotService": False, "createdById": 1, "mergedToId": None, "externalData": [],
    },
    "locations": {
        "customerId": 0, "name": "", "address": {}, "customFields": [], "createdById": 1, "mergedToId": None,
        "zoneId": None, "taxExempt": False, "tagTypeIds": [], "externalData": [], "taxZoneId": None,
    },
    "customer_contacts": {"type": "Phone", "value": "", "memo": None, "preferences": None, "customerId": 0},
    "location_contacts": {"type": "Phone", "value": "", "memo": None, "preferences": None, "locationId": 0},
    "technicians": {
        "userId": 0, "name": "", "roleIds": [], "businessUnitId": 1, "mainZoneId": None, "zoneIds": [], "email": None,
        "phoneNumber": None, "home": None, "customFields": [], "team": None, "firstName": None, "lastName": None,
        "jobId": None, "mobilePhone": None, "appoitmentId": None, "status": "Idle", "positions": ["Sales"],
        "location": None,
    },
    "employees": {
        "userId": 0, "name": "", "firstName": None, "lastName": None, "managerId": None, "role": "CSR", "roleIds": [],
        "businessUnitId": 1, "email": None, "phoneNumber": None, "home": None, "customFields": [],
    },
    "estimates": {
        "jobId": None, "projectId": None, "locationId": None, "customerId": None, "name": "", "jobNumber": None,
        "status": {"value": 0, "name": "Open"}, "reviewStatus": "None", "summary": None, "soldOn": None,
        "soldBy": None, "items": [], "externalLinks": [], "subtotal": 0, "tax": 0, "businessUnitId": 1,
        "businessUnitName": None, "isRecommended": False, "budgetCodeId": None, "isChangeOrder": False,
        "proposalTagName": None,
    },
    "job_types": {
        "name": "", "businessUnitIds": [1], "skills": [], "tagTypeIds": [], "priority": "Normal", "duration": 7200,
        "soldThreshold": None, "class": "Sales", "summary": "", "noCharge": False,
        "enforceRecurringServiceEventSelection": None, "invoiceSignaturesRequired": False, "externalData": [],
        "isSmartDispatched": False,
    },
    "leads": {
        "status": "Open", "priority": "Normal", "customerId": None, "locationId": None, "businessUnitId": None,
        "jobTypeId": None, "campaignId": 1, "followUpDate": None, "createdById": 1, "tagTypeIds": [],
        "dismissingReasonId": None, "summary": None, "callReasonId": None, "callId": None, "bookingId": None,
        "manualCallId": None, "leadUrl": None, "leadCustomerName": None, "leadPhone": None, "leadEmail": None,
        "leadStreet": None, "leadUnit": None, "leadCity": None, "leadState": None, "leadZip": None,
        "leadCountry": None, "captureSource": None,
    },
    "notes": {"text": "", "isPinned": False, "createdById": 1},
    "cancel_logs": {"jobId": 0, "reasonId": 1, "memo": None, "createdById": 1},
    "cancel_reasons": {"name": ""},
    "field_types": {"name": "", "dataType": "Text", "dataTypeOptions": None},
    "non_job_appointments": {
        "technicianId": 0, "start": "", "name": "", "duration": "01:00:00", "timesheetCodeId": 0, "summary": "",
        "clearDispatchBoard": False, "clearTechnicianView": False, "removeTechnicianFromCapacityPlanning": False,
        "allDay": False, "showOnTechnicianSchedule": True, "createdById": 1,
    },
}  # fmt: skip

ADDRESS: Final[Json] = {
    "street": "", "unit": None, "city": "", "state": "", "zip": "", "country": "USA", "latitude": None,
    "longitude": None,
}  # fmt: skip


def shown(version: Version) -> Json:
    """A record with its id, its times and whether it is active."""
    return {
        "id": int(version.id),
        **version.values,
        "active": version.archived is None,
        "createdOn": iso(version.created),
        "modifiedOn": iso(version.modified),
    }


def without(*names: str) -> Callable[[Version], Json]:
    """The record without some of its fields."""

    def show(version: Version) -> Json:
        return {name: value for name, value in shown(version).items() if name not in names}

    return show


def contact(version: Version) -> Json:
    """A phone or mail of a customer or location."""
    return {**shown(version), "phoneSettings": {"phoneNumber": version.values["value"], "doNotText": False}}


def contact_in_list(*names: str) -> Callable[[Version], Json]:
    """A contact in a list, which does not say whether it is active."""

    def show(version: Version) -> Json:
        return {name: value for name, value in contact(version).items() if name not in {"active", *names}}

    return show


def job_note(version: Version) -> Json:
    """A note of a job: it has no id."""
    return without("id", "active", "jobId")(version)


Show = Callable[[Version], Json]
Field = Callable[[Version], Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of the API: its table, what it shows, and what it filters by."""

    table: str
    show: Show = shown
    equals: Mapping[str, str] | tuple[str, ...] = ()
    """Parameters that a field must equal: the name of both, or parameter to field."""
    begins: Mapping[str, str] | None = None
    """Parameters whose time a field must have reached, beside those of created and modified."""
    ends: Mapping[str, str] | None = None
    """Parameters whose time a field must be before."""
    has_active: bool = True
    has_sort: bool = True
    has_ids: bool = True
    has_times: bool = True

    def field_of(self, parameter: str) -> str | None:
        """The field that this parameter compares."""
        if isinstance(self.equals, tuple):
            return parameter if parameter in self.equals else None
        return self.equals.get(parameter)


LISTS: Final[dict[str, Listing]] = {
    "jpm/appointments": Listing(
        "appointments",
        equals={"jobId": "jobId", "number": "appointmentNumber", "status": "status", "customerId": "customerId",
                "unused": "unused"},
        begins={"startsOnOrAfter": "start"}, ends={"startsBefore": "start"},
    ),
    "jpm/jobs": Listing(
        "jobs", without("active"),
        equals={"number": "jobNumber", "projectId": "projectId", "bookingId": "bookingId", "jobStatus": "jobStatus",
                "priority": "priority", "customerId": "customerId", "locationId": "locationId",
                "soldById": "soldById", "jobTypeId": "jobTypeId", "campaignId": "campaignId",
                "businessUnitId": "businessUnitId", "invoiceId": "invoiceId",
                "createdFromEstimateId": "createdFromEstimateId"},
        begins={"completedOnOrAfter": "completedOn"}, ends={"completedBefore": "completedOn"}, has_active=False,
    ),
    "jpm/job-types": Listing("job_types", equals=("name", "priority"), has_sort=False),
    "jpm/job-cancel-reasons": Listing("cancel_reasons", has_ids=False),
    "jpm/jobs/custom-fields": Listing(
        "job_field_types", without("active"), has_active=False, has_ids=False),
    "crm/customers": Listing("customers", equals=("name",)),
    "crm/customers/contacts": Listing(
        "customer_contacts", contact_in_list(), equals=(), has_active=False, has_sort=False, has_ids=False),
    "crm/customers/custom-fields": Listing(
        "customer_field_types", without("active"), has_active=False, has_ids=False),
    "crm/locations": Listing("locations", equals=("name", "customerId")),
    "crm/locations/contacts": Listing(
        "location_contacts", contact_in_list(), has_active=False, has_sort=False, has_ids=False),
    "crm/locations/custom-fields": Listing(
        "location_field_types", without("active"), has_active=False, has_ids=False),
    "crm/leads": Listing("leads", without("active"), equals=("customerId", "status"), has_active=False),
    "dispatch/appointment-assignments": Listing("assignments", equals=("jobId",)),
    "dispatch/non-job-appointments": Listing(
        "non_job_appointments", equals=("technicianId", "timesheetCodeId", "showOnTechnicianSchedule"),
        begins={"startsOnOrAfter": "start"}, has_active=False),
    "settings/technicians": Listing("technicians", equals=("name",), has_sort=False),
    "settings/employees": Listing("employees", equals=("name", "email"), has_sort=False),
    "sales/estimates": Listing(
        "estimates", equals=("jobId", "projectId", "jobNumber", "locationId"),
        begins={"soldAfter": "soldOn"}, ends={"soldBefore": "soldOn"}),
}  # fmt: skip

EXPORTS: Final[dict[str, tuple[str, Show, bool]]] = {
    "jpm/export/jobs": ("jobs", shown, False),
    "jpm/export/appointments": ("appointments", shown, True),
    "jpm/export/job-canceled-logs": ("cancel_logs", without("modifiedOn"), False),
    "jpm/export/job-notes": ("job_notes", shown, False),
    "crm/export/customers": ("customers", shown, False),
    "crm/export/customers/contacts": ("customer_contacts", contact, False),
    "crm/export/locations": ("locations", shown, False),
    "crm/export/leads": ("leads", shown, False),
    "dispatch/export/appointment-assignments": ("assignments", shown, True),
    "settings/export/employees": ("employees", shown, False),
    "settings/export/technicians": ("technicians", shown, False),
    "sales/export/estimates": ("estimates", shown, False),
}
"""By path: the table, the shape, and whether `active` is a parameter."""
