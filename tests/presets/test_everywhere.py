"""Scenarios that each preset must survive: A1 and A3 to A6. A2 is in test_scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fieldnote.errors import CrmUnavailable
from fieldnote.sandbox import Fault, FaultKind, StandIn
from fieldnote.sandbox.hubspot import HubSpotStandIn
from fieldnote.sandbox.salesforce import SalesforceStandIn
from fieldnote.sandbox.salesforce.records import make_id
from fieldnote.sandbox.servicetitan import ServiceTitanStandIn
from tests.presets.conftest import Shop, open_shop
from tests.presets.hands import hands_of, links_move_late
from tests.sandbox.contractors import small

pytestmark = pytest.mark.slow

PATHS = {"hubspot": "meetings/search", "salesforce": "queryAll", "servicetitan": "export/appointments"}
"""By CRM, the call that lists appointments."""


@pytest.fixture(params=sorted(PATHS))
def opened(request: pytest.FixtureRequest, tmp_path: Path, bridge_url: str) -> Iterator[Callable[[int], Shop]]:
    shops: list[Shop] = []

    def begin(visits: int = 4) -> Shop:
        shops.append(open_shop(request.param, tmp_path, bridge_url, small(visits)))
        return shops[-1]

    yield begin
    for shop in shops:
        shop.close()


def _calls(crm: StandIn, words: str = "") -> int:
    return sum(PATHS[crm.name] in call.path and words in call.query for call in crm.calls)


def test_a_last_page_that_is_full_is_followed_by_one_that_is_empty(opened: Callable[[int], Shop]) -> None:
    """A1."""
    shop = opened(400)
    match shop.crm:
        case HubSpotStandIn():  # two pages of 200
            wanted, words = 3, ""
        case SalesforceStandIn():  # 400 events and the child of the one with two reps
            shop.text = f"{shop.text[:-1]}, reading: {{resources: {{events: {{keyset: {{size: 401}}}}}}}}}}"
            wanted, words = 2, "from+Event+where"
        case ServiceTitanStandIn() as crm:  # its feed says whether there is more
            crm.export_rows, wanted, words = 200, 2, ""
        case _:
            raise AssertionError(shop.crm.name)
    found = shop.records("engagements")
    assert len(found) == 400
    assert _calls(shop.crm, words) == wanted


def test_an_answer_that_is_broken_or_empty_deletes_nothing_and_keeps_the_position(
    opened: Callable[..., Shop],
) -> None:
    """A3, A4: an error, the position stays, and what changed meanwhile comes with the next reading."""
    shop = opened()
    crm, hands, driver = shop.crm, hands_of(shop.crm), shop.driver()
    first = shop.records("engagements", driver=driver)
    crm.clock.advance(1)
    hands.assign(hands.visit_key(300), [2])
    for kind in (FaultKind.CUT, FaultKind.HTML):
        crm.faults.arm(Fault(kind, path=PATHS[crm.name], times=50))
        with pytest.raises(CrmUnavailable, match=r"127\.0\.0\.1.*(events|meetings|appointments)|describe"):
            shop.records("engagements", driver=driver)
        crm.faults.clear()
    crm.faults.arm(Fault(FaultKind.EMPTY, path=PATHS[crm.name], times=50))
    with pytest.raises(CrmUnavailable, match="lists no record, where there were"):
        shop.records("engagements", driver=driver, full=True)
    crm.faults.clear()
    after = shop.records("engagements", driver=driver)
    assert after.keys() == first.keys()
    assert len(after[hands.visit_key(300)]["engagementUsers"]) == 1
    assert after[hands.visit_key(300)]["engagementUsers"] != first[hands.visit_key(300)]["engagementUsers"]


def test_a_reps_new_mail_and_lost_links_arrive(opened: Callable[..., Shop]) -> None:
    """A5, A6. Whether a link moves the appointment's time of change is second-hand: the daily reading is asked here."""
    shop = opened()
    crm, hands, driver = shop.crm, hands_of(shop.crm), shop.driver()
    visit, both = hands.visit_key(300), hands.visit_key(301)
    first = shop.records("engagements", driver=driver)
    assert (len(first[both]["engagementUsers"]), first[visit]["opportunity"] is None) == (2, False)
    crm.clock.advance(1)
    customer = hands.customer_model
    match crm:
        case HubSpotStandIn():
            crm.store.table("owners").change("1", {"email": "new@roofs.example"})
            crm.objects.unlink("meetings", visit, "deals", "2000200")
            crm.objects.unlink("meetings", visit, "contacts", "1000100")
        case SalesforceStandIn():
            crm.store.table("User").change(make_id("005", 11), {"Email": "new@roofs.example"})
            crm.store.table("Event").change(visit, {"WhatId": None, "AccountId": None, "WhoId": None})
        case ServiceTitanStandIn():  # a job keeps its customer; a visit without one has no name to show
            crm.store.table("technicians").change("1", {"email": "new@roofs.example"})
            crm.store.table("appointments").change(visit, {"jobId": 999_999, "customerId": None})
        case _:
            raise AssertionError(crm.name)
    hands.assign(both, [1])
    found = shop.records("engagements", driver=driver, full=True)
    assert [one["email"] for one in found[both]["engagementUsers"]] == ["new@roofs.example"]
    if visit in found:
        assert (found[visit].get("opportunity"), found[visit].get(customer)) == (None, None)
    else:
        assert crm.name == "servicetitan"  # without its job nobody knows that it is a sales visit


def test_a_merged_customer_is_the_one_that_is_left_at_once(
    opened: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A into B, then B into C. No appointment's or deal's own time of change moves, which is our assumption."""
    shop = opened()
    crm, hands, driver = shop.crm, hands_of(shop.crm), shop.driver()
    customer, visit, deal = hands.customer_model, hands.visit_key(300), hands.deal_key(200)
    first = shop.records("engagements", driver=driver)[visit][customer]["externalId"]
    crm.clock.advance(3600)
    shop.records("engagements", driver=driver)  # from here on, only what changes is read
    last, gone = _merge_twice(crm, monkeypatch)
    found = shop.records("engagements", driver=driver)[visit][customer]
    assert (found["externalId"], sorted(found["mergedFromExternalIds"])) == (last, sorted(gone))
    assert first in gone
    assert shop.records("opportunities", driver=driver)[deal][customer]["externalId"] == last


def _merge_twice(crm: StandIn, patch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """The customer that is left, and those that went into it."""
    match crm:
        case HubSpotStandIn():
            kind = crm.types["contacts"]
            links_move_late(crm, patch)
            middle = crm.objects.merge(kind, {"primaryObjectId": "1000101", "objectIdToMerge": "1000100"}).id
            last = crm.objects.merge(kind, {"primaryObjectId": "1000102", "objectIdToMerge": middle}).id
            return last, ["1000100", "1000101", "1000102", middle]
        case SalesforceStandIn():
            a, b, c = (make_id("001", number) for number in (100, 101, 102))
            crm.store.table("Account").archive(a, {"MasterRecordId": b})
            crm.store.table("Account").archive(b, {"MasterRecordId": c})
            return c, [a, b]
        case ServiceTitanStandIn():
            crm.store.table("customers").archive("100", {"mergedToId": 101})
            crm.store.table("customers").archive("101", {"mergedToId": 102})
            return "102", ["100", "101"]
        case _:
            raise AssertionError(crm.name)
