"""HubSpot's preset over its stand-in. Tests of lines that are second-hand say so: they pin our assumption."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from fieldnote.crm.types import NoteTarget, Outcome, Record
from fieldnote.errors import CrmUnavailable
from fieldnote.sandbox import Fault, FaultKind
from fieldnote.sandbox.hubspot import HubSpotStandIn
from tests.presets.conftest import Shop
from tests.presets.hands import links_move_late

CRM = "hubspot"
MEETING, DEAL = "3000300", "2000200"
WRITING = """pull:
  opportunity:
    fields: {Budget: {to: budget, as: money.max}, Timeline: timeline}
"""
COLUMNS = ", writing: {records: {deals: {columns: {budget: {type: number}, timeline: {type: text, empty: ''}}}}}}"
NOTE = NoteTarget("deal_notes", "record", "properties.hs_note_body")


def _portal(shop: Shop) -> HubSpotStandIn:
    assert isinstance(shop.crm, HubSpotStandIn)
    return shop.crm


def test_changes_archives_links_and_owners_arrive_with_the_next_reading(shop: Shop) -> None:
    """HS4, HS7, HS8, HS14. That archiving and linking move no cursor, and who is a former owner, is second-hand."""
    crm = _portal(shop)
    driver = shop.driver()
    first = shop.records("engagements", driver=driver)
    assert sorted(first) == ["3000300", "3000301", "3000302", "3000303"]
    assert [one["externalId"] for one in first["3000301"]["engagementUsers"]] == ["1", "2"]
    assert (first[MEETING]["opportunity"]["externalId"], first["3000303"].get("opportunity")) == (DEAL, None)
    assert (first[MEETING]["deletedAt"], bool(first["3000302"]["deletedAt"])) == (None, True)
    before = len(crm.calls)
    crm.objects.archive(crm.types["meetings"], MEETING)
    crm.objects.change(crm.types["meetings"], "3000301", {"hs_attendee_owner_ids": "", "hubspot_owner_id": "2"})
    crm.objects.unlink("meetings", "3000303", "contacts", "1000100")
    second = shop.records("engagements", driver=driver)
    assert second[MEETING]["deletedAt"]
    assert [one["externalId"] for one in second["3000301"]["engagementUsers"]] == ["2"]
    assert len(crm.calls) - before <= 8  # owners and pipelines are read hourly
    crm.store.table("meetings").restore(MEETING, touch=False)
    third = shop.records("engagements", driver=driver, full=True)
    assert third[MEETING]["deletedAt"] is None
    assert "contact" not in third["3000303"] or third["3000303"]["contact"] is None


def test_a_chain_of_merges_leads_to_its_end_where_each_contact_lists_the_last_merge_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a list may lack earlier merges is our assumption."""
    crm, driver = _portal(shop), shop.driver()
    kind = crm.types["contacts"]
    links_move_late(crm, monkeypatch)
    shop.records("engagements", driver=driver)
    end = "1000100"
    for other in ("1000101", "1000102"):
        listed = f"{end};{other}"
        crm.clock.advance(60)
        end = crm.objects.merge(kind, {"primaryObjectId": other, "objectIdToMerge": end}).id
        crm.store.table("contacts").change(end, {"hs_merged_object_ids": listed})
        found = shop.records("engagements", driver=driver)[MEETING]["contact"]
        assert found["externalId"] == end
        assert sorted(found["mergedFromExternalIds"]) == sorted(listed.split(";"))
    assert shop.records("opportunities", driver=driver)[DEAL]["contact"]["externalId"] == end


def test_10050_meetings_of_one_millisecond_are_all_read_and_not_again(shop: Shop) -> None:
    """HS1, HS2: the search ends at 10,000, and no window of time parts those that changed together.

    That an import gives thousands of records one time is second-hand.
    """
    crm = _portal(shop)
    imported = crm.clock.now() - timedelta(hours=1)
    crm.limits.set("SECONDLY", 100_000, timedelta(seconds=1))
    crm.limits.set("TEN_SECONDLY_ROLLING", 100_000, timedelta(seconds=10))
    for number in range(10_050):
        properties = {"hs_timestamp": "2026-05-01T15:00:00Z", "hs_activity_type": "Sales visit"}
        crm.objects.create(
            crm.types["meetings"], {"properties": properties}, key=str(70_000_000 + number), modified=imported
        )
    for table in (crm.store.table(name) for name in ("meetings", "deals", "contacts")):
        for version in table.all():
            table.change(version.id, {}, modified=imported)
    shop.text = shop.text.replace("}}", "}, limits: {windows: []}}")
    assert len(shop.records("engagements")) == 10_054
    paths = Counter(call.path.rpartition("objects/")[2] or call.path for call in crm.calls)
    assert paths["meetings/search"] == 51
    assert paths["/crm/v4/associations/meetings/deals/batch/read"] == 11  # 1,000 of them in a call
    before = len(crm.calls)
    crm.objects.change(crm.types["meetings"], MEETING, {"hs_meeting_title": "Moved"})
    assert shop.records("engagements")[MEETING]["subject"] == "Moved"
    assert len(crm.calls) - before == 7  # three searches, two lists of archived records, links of the one


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.HTML, FaultKind.EMPTY])
def test_a_broken_answer_changes_nothing(shop: Shop, kind: FaultKind) -> None:
    """A3, A4."""
    driver = shop.driver()
    first = shop.records("engagements", driver=driver)
    shop.crm.faults.arm(Fault(kind, path="meetings/search", times=50))
    with pytest.raises(CrmUnavailable):
        shop.records("engagements", driver=driver, full=True)
    shop.crm.faults.clear()
    assert shop.records("engagements", driver=driver) == first


def test_a_spent_day_stops_the_reading_and_ten_seconds_do_not(shop: Shop) -> None:
    """HS9."""
    driver = shop.driver()
    shop.crm.faults.arm(Fault(FaultKind.BUSY, path="meetings/search", limit="DAILY"))
    with pytest.raises(CrmUnavailable, match="takes no more calls for now"):
        shop.records("engagements", driver=driver)
    shop.crm.faults.arm(Fault(FaultKind.BUSY, path="meetings/search", limit="SECONDLY"))
    assert len(shop.records("engagements", driver=driver)) == 4


def test_merged_contacts_are_named_by_the_one_that_is_left(shop: Shop) -> None:
    """HS6."""
    crm = _portal(shop)
    crm.objects.merge(crm.types["contacts"], {"primaryObjectId": "1000100", "objectIdToMerge": "1000101"})
    found = shop.records("engagements")
    contact = found[MEETING]["contact"]
    assert contact["externalId"] not in {"1000100", "1000101"}
    assert contact["mergedFromExternalIds"] == ["1000100", "1000101"]


def test_fields_are_written_over_what_was_read_and_notes_are_found_again(shop: Shop) -> None:
    """HS10, HS11. How HubSpot cleans HTML is second-hand."""
    shop.text = shop.text[:-1] + COLUMNS
    driver = shop.driver(shop.config(WRITING))
    record = Record("deals", "hs_object_id", DEAL)
    assert dict(driver.read(record, ("budget", "timeline")) or {}) == {"budget": None, "timeline": None}
    assert driver.write_if(record, "budget", expected=None, new=45000).outcome is Outcome.APPLIED
    assert driver.write_if(record, "budget", expected=None, new=1).outcome is Outcome.CHANGED
    assert driver.write_if(record, "timeline", expected=None, new="spring").after == "spring"
    assert driver.write_if(record, "timeline", expected="spring", new=None).after is None
    shop.crm.faults.arm(Fault(FaultKind.LOST, "POST", "objects/notes$", status=502))
    with pytest.raises(CrmUnavailable):
        driver.insert_note(NOTE, DEAL, "siro:r1", "They said:\n <b> & more")
    again = driver.insert_note(NOTE, DEAL, "siro:r1", "They said:\n <b> & more")
    assert (again.outcome, again.body) == (Outcome.CHANGED, "They said:\n<b> & more")
    assert again.body is not None
    done = driver.update_note_if(NOTE, DEAL, "siro:r1", expected=again.body, body="New")
    assert (done.outcome, done.body) == (Outcome.APPLIED, "New")
    assert len(shop.crm.store.table("notes")) == 1
