"""Scenarios that a preset must survive, line by line. A second-hand line, or our assumption, says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import Request

from fieldnote.crm.types import NoteTarget, Outcome, Record
from fieldnote.errors import CrmUnavailable
from fieldnote.sandbox import Fault, FaultKind, StandIn
from fieldnote.sandbox.clock import iso
from fieldnote.sandbox.hubspot import CLIENT, SECRET, HubSpotStandIn
from fieldnote.sandbox.salesforce import SalesforceStandIn
from fieldnote.sandbox.salesforce.records import make_id
from fieldnote.sandbox.servicetitan import ServiceTitanStandIn
from fieldnote.sandbox.servicetitan.writes import assign, cancel_job, remove_cancellation
from tests.presets.conftest import FILES, Shop, open_shop
from tests.presets.hands import hands_of, tomorrow
from tests.sandbox.contractors import small

pytestmark = pytest.mark.slow


@pytest.fixture
def opened(tmp_path: Path, bridge_url: str) -> Iterator[Callable[..., Shop]]:
    shops: list[Shop] = []

    def begin(name: str, visits: int = 4) -> Shop:
        shops.append(open_shop(name, tmp_path, bridge_url, small(visits)))
        return shops[-1]

    yield begin
    for shop in shops:
        shop.close()


def on_call(crm: StandIn, path: str, number: int, act: Callable[[], None]) -> None:
    """Do something when the call of this number comes in."""
    known, seen = crm.limits_of, [0]

    def counting(request: Request) -> tuple[str, ...]:
        if path in request.url.path:
            seen[0] += 1
            if seen[0] == number:
                act()
        return known(request)

    crm.limits_of = counting  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("name", "path"),
    [("hubspot", "meetings/search"), ("salesforce", "queryAll"), ("servicetitan", "export/appointments")],
)
def test_a_record_that_is_saved_while_pages_are_walked_is_there_after_the_next_reading(
    opened: Callable[..., Shop], name: str, path: str
) -> None:
    """A2, HS3: also one on a page that was passed, and one that shares its time with others.

    That HubSpot loses neighbors of one millisecond behind `GT` is second-hand.
    """
    shop = opened(name, 230)
    hands, driver = hands_of(shop.crm), shop.driver()
    if isinstance(shop.crm, ServiceTitanStandIn):
        shop.crm.export_rows = 100
    early, late = hands.visit_key(301), hands.visit_key(520)

    def save() -> None:
        for visit in (early, late):
            hands.move(visit, tomorrow(7))

    on_call(shop.crm, path, 2, save)
    assert len(shop.records("engagements", driver=driver)) == 230
    wanted = iso(tomorrow(7)).replace(".000Z", "Z")
    for found in (shop.records("engagements", driver=driver),):
        assert [found[visit]["startTime"] for visit in (early, late)] == [wanted, wanted]


def test_servicetitan_cancellations_return_and_an_older_server_gives_the_same(opened: Callable[..., Shop]) -> None:
    """ST9, ST13. That an older feed has only active assignments is our assumption."""
    shop = opened("servicetitan")
    crm, driver = shop.crm, shop.driver()
    assert isinstance(crm, ServiceTitanStandIn)
    first = shop.records("engagements", driver=driver)
    cancel_job(crm, "200", {"reasonId": 1, "memo": "ill"})
    gone = shop.records("engagements", driver=driver)
    assert gone["300"]["deletedAt"]
    remove_cancellation(crm, "200")
    again = shop.records("engagements", driver=driver)
    assert again["300"]["deletedAt"] is None
    crm.older = True
    assign(crm, {"jobAppointmentId": 300, "technicianIds": [1]}, on=False)
    assign(crm, {"jobAppointmentId": 300, "technicianIds": [2]}, on=True)
    older = shop.records("engagements", driver=driver, full=True)
    assert [one["externalId"] for one in older["300"]["engagementUsers"]] == ["2"]
    assert older["301"]["engagementUsers"] == first["301"]["engagementUsers"]


def test_salesforce_archives_limits_late_commits_and_locks(opened: Callable[..., Shop]) -> None:
    """SF4, SF9, SF13, SF14. Late commits and what locks a row are second-hand."""
    shop = opened("salesforce")
    crm = shop.crm
    assert isinstance(crm, SalesforceStandIn)
    shop.text = (
        FILES["salesforce"][:-1] + ", writing: {records: {opportunities: {columns: {Budget__c: {type: number}}}}}}"
    )
    driver = shop.driver()
    old = crm.clock.now() - timedelta(days=500)
    crm.records.change(
        crm.objects["Event"],
        make_id("00U", 301),
        {"StartDateTime": iso(old), "EndDateTime": iso(old + timedelta(hours=1))},
    )
    first = shop.records("engagements", driver=driver)
    assert first[make_id("00U", 301)]["deletedAt"] is None
    crm.store.commit_delay = timedelta(minutes=2)
    values = {"Subject": "Late", "StartDateTime": iso(tomorrow(9)), "EndDateTime": iso(tomorrow(10))}
    late = crm.records.create(crm.objects["Event"], values)
    crm.store.commit_delay = timedelta(0)
    young = crm.records.create(crm.objects["Event"], {**values, "Subject": "Young"})
    assert {young.id} == set(shop.records("engagements", driver=driver)) - set(first)
    crm.clock.advance(150)
    assert late.id in shop.records("engagements", driver=driver)
    crm.faults.arm(Fault(FaultKind.BUSY, "GET", "queryAll", limit="daily"))
    with pytest.raises(CrmUnavailable, match="takes no more calls for now"):
        shop.records("engagements", driver=driver)
    crm.faults.clear()
    record = Record("opportunities", "Id", make_id("006", 200))
    crm.locked.add(record.key)
    with pytest.raises(CrmUnavailable):
        driver.write_if(record, "Budget__c", expected=None, new=1000)
    crm.locked.clear()
    assert driver.write_if(record, "Budget__c", expected=None, new=1000).outcome is Outcome.APPLIED


def test_hubspot_cursors_late_indexes_and_empty_values(opened: Callable[..., Shop]) -> None:
    """HS5, HS13, HS17. The name of the contacts' cursor is second-hand; how late the index is, our assumption."""
    shop = opened("hubspot")
    crm, hands = shop.crm, hands_of(shop.crm)
    assert isinstance(crm, HubSpotStandIn)
    crm.computes_closed = False
    shop.text = FILES["hubspot"].replace(", stages: {closedwon: WON, closedlost: LOST}", "")
    driver = shop.driver()
    first = shop.records("opportunities", driver=driver)
    assert [first[hands.deal_key(n)]["disposition"] for n in (200, 201, 202)] == ["OPEN", "OPEN", "WON"]
    assert first[hands.deal_key(200)].get("amount") is None
    crm.clock.advance(1)
    crm.objects.change(crm.types["contacts"], "1000100", {"email": "new@home.example"})
    found = shop.records("engagements", driver=driver)
    assert found[hands.visit_key(300)]["contact"]["emailAddresses"] == ["new@home.example"]
    crm.search_delay = timedelta(minutes=10)
    added = hands.add(200, 1, tomorrow(9))
    assert added not in shop.records("engagements", driver=driver)
    crm.clock.advance(601)
    assert added in shop.records("engagements", driver=driver)


def test_salesforce_ids_tell_what_an_event_is_about_and_a_cleaned_note_is_nobodys_edit(
    opened: Callable[..., Shop],
) -> None:
    """SF15, SF16. ContentNote is not supported: that a Note comes back cleaned is our assumption."""
    shop = opened("salesforce")
    crm = shop.crm
    assert isinstance(crm, SalesforceStandIn)
    lead = crm.records.create(crm.objects["Lead"], {"FirstName": "Ada", "LastName": "Moss", "Company": "Moss"})
    crm.store.table("Event").change(
        make_id("00U", 300), {"WhatId": make_id("001", 101), "AccountId": None, "WhoId": lead.id}
    )
    driver = shop.driver()
    found = shop.records("engagements", driver=driver)[make_id("00U", 300)]
    assert (found["account"]["externalId"], found["lead"]["externalId"]) == (make_id("001", 101), lead.id)
    assert (found.get("opportunity"), found.get("contact")) == (None, None)
    note = NoteTarget("notes", "ParentId", "Body")
    deal = make_id("006", 200)
    assert driver.insert_note(note, deal, "siro:r1", "Said: <b>yes</b>").outcome is Outcome.APPLIED
    [kept] = crm.store.table("Note").all()
    crm.store.table("Note").change(kept.id, {"Body": str(kept.values["Body"]).replace("<b>yes</b>", "yes")})
    again = driver.find_note(note, deal, "siro:r1")
    assert again.body == "Said: yes"
    assert driver.update_note_if(note, deal, "siro:r1", expected="Said: yes", body="New").body == "New"
    assert len(crm.store.table("Note")) == 1


def test_hubspot_bulk_answers_that_are_half_done_and_tokens_that_end(opened: Callable[..., Shop]) -> None:
    """HS15, HS16: a half answer cuts no link and doubles no note, and a walk goes on with a new token."""
    shop = opened("hubspot", 230)
    crm = shop.crm
    assert isinstance(crm, HubSpotStandIn)
    auth = (
        (
            "{client: {auth: {type: oauth2_client_credentials, token: null, access_token_url: $URL/oauth/v1/token, "
            "client_id: $ID, client_secret: $SECRET, "
            "access_token_request_data: {grant_type: refresh_token, refresh_token: refresh-sandbox}}}}"
        )
        .replace("$ID", CLIENT)
        .replace("$SECRET", SECRET)
    )
    shop.text = f"{FILES['hubspot'][:-1]}, rest: {auth}}}"
    driver = shop.driver()
    crm.faults.arm(Fault(FaultKind.EXPIRED, path="meetings/search", skip=1))
    first = shop.records("engagements", driver=driver)
    assert (len(first), crm.tokens.issued) == (230, 2)
    crm.faults.arm(Fault(FaultKind.HALF, path="meetings/deals/batch/read"))
    with pytest.raises(CrmUnavailable, match="could not read deals of some records"):
        shop.records("engagements", driver=driver, full=True)
    assert shop.records("engagements", driver=driver, full=True) == first
    note = NoteTarget("deal_notes", "record", "properties.hs_note_body")
    for key in ("siro:r1", "siro:r2"):
        assert driver.insert_note(note, "2000200", key, f"Hello {key}").outcome is Outcome.APPLIED
    crm.faults.arm(Fault(FaultKind.HALF, path="notes/batch/read"))
    with pytest.raises(CrmUnavailable, match="could not read all notes"):
        driver.insert_note(note, "2000200", "siro:r2", "Hello siro:r2")
    assert driver.insert_note(note, "2000200", "siro:r2", "Hello siro:r2").outcome is Outcome.CHANGED
    assert len(crm.store.table("notes")) == 2
