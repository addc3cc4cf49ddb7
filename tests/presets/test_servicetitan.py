"""ServiceTitan's preset over its stand-in. Tests of lines that are second-hand say so: they pin our assumption."""

from __future__ import annotations

import pytest

from fieldnote.crm.types import NoteTarget, Outcome, Record
from fieldnote.errors import CrmUnavailable
from fieldnote.sandbox import Fault, FaultKind
from fieldnote.sandbox.servicetitan import ServiceTitanStandIn
from fieldnote.sandbox.servicetitan.writes import assign, cancel_job, reschedule
from tests.presets.conftest import Shop

CRM = "servicetitan"
COLUMNS = """, writing: {records: {jobs: {columns: {
  Budget: {type: number, as_text: true,
           entry: {list: customFields, key: typeId, is: 301, keep: [typeId, value]}}}}}}}"""
NOTE = NoteTarget("job_notes", "jobId", "text")


def _tenant(shop: Shop) -> ServiceTitanStandIn:
    assert isinstance(shop.crm, ServiceTitanStandIn)
    return shop.crm


def test_moves_cancellations_deletions_technicians_and_merges(shop: Shop) -> None:
    """ST4, ST5, ST6, ST7, ST8, ST10.

    What canceling moves is second-hand. That another technician need not move it, and what a merge leaves, is our
    assumption.
    """
    crm, driver = _tenant(shop), shop.driver()
    first = shop.records("engagements", driver=driver)
    assert sorted(first) == ["300", "301", "302", "303"]
    assert [one["externalId"] for one in first["301"]["engagementUsers"]] == ["1", "2"]
    assert first["300"]["account"]["addresses"][0]["street"] == "1 Alder Rd"
    before = len(crm.calls)
    reschedule(crm, "300", {"start": "2026-05-01T15:00:00Z", "arrivalWindowStart": "2026-05-01T16:00:00Z"})
    assign(crm, {"jobAppointmentId": 300, "technicianIds": [1]}, on=False)
    assign(crm, {"jobAppointmentId": 300, "technicianIds": [2]}, on=True)
    crm.store.table("appointments").archive("301")
    cancel_job(crm, "202", {"reasonId": 1, "memo": "ill"})
    crm.merge_customers(100, 101)
    second = shop.records("engagements", driver=driver)
    assert (second["300"]["startTime"], [one["externalId"] for one in second["300"]["engagementUsers"]]) == (
        "2026-05-01T16:00:00Z", ["2"],
    )  # fmt: skip
    assert second["301"]["deletedAt"]
    account = second["300"]["account"]
    assert (account["externalId"], account["mergedFromExternalIds"]) == ("101", ["100"])
    assert len(crm.calls) - before <= 8  # one call a feed, and a token
    deals = shop.records("opportunities", driver=driver)
    assert (deals["202"]["disposition"], deals["201"]["disposition"], deals["201"]["amount"]) == ("WON", "OPEN", 18500)


def test_a_token_that_ends_between_two_pages_and_a_feed_that_has_many(shop: Shop) -> None:
    """ST1, ST3, ST14: a feed goes on behind its token, and one that is refused begins again.

    That a token is good for 900 seconds is second-hand.
    """
    crm, driver = _tenant(shop), shop.driver()
    crm.export_rows = 2
    crm.faults.arm(Fault(FaultKind.EXPIRED, path="export/appointments", skip=1))
    assert len(shop.records("engagements", driver=driver)) == 4
    assert crm.tokens.issued == 2
    crm.add("appointments", {"jobId": 200, "customerId": 100, "start": "2026-05-01T15:00:00Z"}, key=900)
    crm.faults.arm(Fault(FaultKind.STATUS, path="export/appointments", status=400))
    assert len(shop.records("engagements", driver=driver)) == 5


def test_an_empty_answer_and_too_many_calls(shop: Shop) -> None:
    """A4, ST2. That the 61st call of a second gets a 429 is second-hand."""
    driver = shop.driver()
    first = shop.records("engagements", driver=driver)
    shop.crm.faults.arm(Fault(FaultKind.EMPTY, path="export/appointments"))
    with pytest.raises(CrmUnavailable, match="lists no record, where there were 4"):
        shop.records("engagements", driver=driver, full=True)
    shop.crm.faults.arm(Fault(FaultKind.BUSY, path="export/jobs"))
    assert shop.records("engagements", driver=driver, full=True) == first


def test_one_custom_field_is_changed_and_the_others_stay(shop: Shop) -> None:
    """ST11, ST12."""
    crm = _tenant(shop)
    others = [{"typeId": 302, "name": "Timeline", "value": "spring"}]
    crm.store.table("jobs").change("200", {"customFields": others})
    shop.text = shop.text[:-1] + COLUMNS
    driver = shop.driver(shop.config("pull: {opportunity: {fields: {Budget: Budget}}}\n"))
    record = Record("jobs", "id", "200")
    assert driver.write_if(record, "Budget", expected=None, new=45000).outcome is Outcome.APPLIED
    assert driver.write_if(record, "Budget", expected=None, new=1).outcome is Outcome.CHANGED
    kept = crm.store.table("jobs").latest("200").values["customFields"]
    assert kept == [*others, {"typeId": 301, "name": "Budget", "value": "45000"}]
    assert driver.write_if(record, "Budget", expected=45000, new=None).after is None
    assert crm.store.table("jobs").latest("200").values["customFields"] == others
    crm.faults.arm(Fault(FaultKind.LOST, "POST", "notes"))
    with pytest.raises(CrmUnavailable):
        driver.insert_note(NOTE, "200", "siro:r1", "Hello")
    assert driver.insert_note(NOTE, "200", "siro:r1", "Hello").outcome is Outcome.CHANGED
    fixed = driver.update_note_if(NOTE, "200", "siro:r1", expected="Hello", body="New")
    assert (fixed.outcome, len(crm.store.table("job_notes"))) == (Outcome.FIXED, 1)
