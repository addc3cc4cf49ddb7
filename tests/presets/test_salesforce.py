"""Salesforce's preset over its stand-in. Tests of lines that are second-hand say so: they pin our assumption."""

from __future__ import annotations

from datetime import timedelta

from fieldnote.crm.types import NoteTarget, Outcome, Record
from fieldnote.sandbox import Fault, FaultKind
from fieldnote.sandbox.salesforce import SalesforceStandIn
from fieldnote.sandbox.salesforce.records import make_id
from fieldnote.sandbox.salesforce.seeding import invite
from tests.presets.conftest import Shop

CRM = "salesforce"
VISIT, DEAL = make_id("00U", 300), make_id("006", 200)
NOTE = NoteTarget("notes", "ParentId", "Body")


def _org(shop: Shop) -> SalesforceStandIn:
    assert isinstance(shop.crm, SalesforceStandIn)
    return shop.crm


def test_events_with_invitees_merges_and_deletions(shop: Shop) -> None:
    """SF3, SF5, SF6, SF7, SF8. That a deletion or another owner moves SystemModstamp is second-hand."""
    crm = _org(shop)
    driver = shop.driver()
    first = shop.records("engagements", driver=driver)
    assert len(first) == 4  # an invited user's own event is left out
    assert [one["externalId"] for one in first[make_id("00U", 301)]["engagementUsers"]] == [
        make_id("005", 11), make_id("005", 12),
    ]  # fmt: skip
    assert first[VISIT]["opportunity"]["externalId"] == DEAL
    assert first[make_id("00U", 302)]["deletedAt"]
    crm.clock.advance(1)
    crm.records.delete(crm.objects["Event"], VISIT)
    invite(crm, make_id("00U", 303), make_id("005", 11))
    crm.records.merge(crm.objects["Account"], make_id("001", 101), make_id("001", 100))
    day = crm.records.create(crm.objects["Event"], {"IsAllDayEvent": True, "ActivityDate": "2026-05-04"})
    second = shop.records("engagements", driver=driver)
    assert second[VISIT]["deletedAt"]
    assert len(second[make_id("00U", 303)]["engagementUsers"]) == 2 - (
        len(first[make_id("00U", 303)]["engagementUsers"]) - 1
    )
    account = second[make_id("00U", 301)]["account"]
    assert (account["externalId"], account["mergedFromExternalIds"]) == (make_id("001", 101), [make_id("001", 100)])
    # The integration's user has the contractor's zone: midnight in Denver, not of UTC.
    assert second[day.id]["startTime"] == "2026-05-04T06:00:00Z"


def test_what_was_emptied_from_the_bin_is_gone_after_a_full_reading(shop: Shop) -> None:
    """SF3: neither `queryAll` nor a time of change shows it."""
    crm, driver = _org(shop), shop.driver()
    assert VISIT in shop.records("engagements", driver=driver)
    crm.empty_bin("Event", VISIT)
    assert VISIT in shop.records("engagements", driver=driver)
    assert VISIT not in shop.records("engagements", driver=driver, full=True)


def test_3001_events_of_one_time_through_a_session_that_ends(shop: Shop) -> None:
    """SF1, SF2, SF10, SF12: ties are kept apart by Id, no locator is needed, and a hidden field is left out.

    That a locator ends with its session is second-hand.
    """
    crm = _org(shop)
    crm.objects["Opportunity"].hide("Amount")
    for number in range(3001):
        values = {"Subject": "Bulk", "StartDateTime": "2026-05-01T15:00:00Z", "EndDateTime": "2026-05-01T16:00:00Z"}
        key = make_id("00U", 10_000 + number)
        crm.records.create(crm.objects["Event"], values, key=key, modified=crm.clock.now().replace(microsecond=0))
    crm.faults.arm(Fault(FaultKind.EXPIRED, "GET", "queryAll", skip=1))
    assert len(shop.records("engagements")) == 3005
    assert any("does not see Amount" in one for one in shop.warnings)
    assert crm.tokens.issued >= 2


def test_a_field_is_refused_if_a_person_saved_meanwhile(shop: Shop) -> None:
    """SF11."""
    crm = _org(shop)
    crm.clock.freeze(crm.clock.now() + timedelta(days=1))
    crm.store.table("Opportunity").change(DEAL, {"NextStep": "call"})
    shop.text = shop.text[:-1] + ", writing: {records: {opportunities: {columns: {Budget__c: {type: number}}}}}}"
    driver = shop.driver(shop.config("pull: {opportunity: {fields: {Budget: Budget__c}}}\n"))
    record = Record("opportunities", "Id", DEAL)
    assert driver.write_if(record, "Budget__c", expected=None, new=45000).outcome is Outcome.APPLIED
    assert driver.write_if(record, "Budget__c", expected=None, new=1).outcome is Outcome.CHANGED
    assert "If-Unmodified-Since" not in [call.query for call in crm.calls]
    assert driver.insert_note(NOTE, DEAL, "siro:r1", "Hello").outcome is Outcome.APPLIED
    assert driver.insert_note(NOTE, DEAL, "siro:r1", "Hello").outcome is Outcome.CHANGED
    assert len(crm.store.table("Note")) == 1
