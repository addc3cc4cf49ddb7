"""The evidence of a link, and the changes that have it decided again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fieldnote.insight import Utterance
from fieldnote.workspace import map_user
from tests.workspace.house import START, House
from tests.workspace.test_linking import FAR, NEAR, at, linked

TALK = "We went over the budget and when the work could begin and who else would decide about all of it. " * 5


def said(words: str) -> list[Utterance]:
    return [Utterance("John Sales", f"{words} {TALK}", None, None)]


def lives(street: str) -> dict[str, Any]:
    address = {"country": "US", "city": "Boise", "state": "ID", "zip": "83702", "street": street}
    return {"addresses": [address]}


async def test_the_customer_whose_name_is_spoken_is_the_likely_one(house: House) -> None:
    await house.api.visit("a-1", account={"externalId": "c-1", "name": "Mara Whitfield"})
    await house.api.visit("a-2", account={"externalId": "c-2", "name": "Ned Kowalski"})
    recording_id = await house.record(said=said("Good morning, Mrs. Whitfield, nice to meet you."))
    await house.settle()
    reasons = (await house.explain(recording_id)).reasons
    assert reasons[0].startswith("likely appointment a-1")  # a name may be called in passing
    assert "the customer was named in the recording" in reasons


async def test_the_street_and_the_deal_that_are_spoken_tell_too(house: House) -> None:
    for n, street, deal in ((1, "12 Juniper Lane", "Sunroom"), (2, "9 Harbor View", "Gutters")):
        account = {"externalId": f"c-{n}", **lives(street)}
        await house.api.visit(f"a-{n}", account=account, opportunity={"externalId": f"o-{n}", "name": deal})
    recording_id = await house.record(said=said("So this is Juniper Lane, and here the sunroom would be."))
    assert await linked(house, recording_id) == "a-1"
    assert (await house.explain(recording_id)).opportunity == "o-1"


async def test_a_renamed_deal_is_looked_at_again(house: House) -> None:
    await house.api.visit("a-1", opportunity={"externalId": "o-1", "name": "Roof"})
    recording_id = await house.record(said=said("The sunroom is what we are here for."))
    before = (await house.explain(recording_id)).reasons
    await house.api.opportunity("o-1", name="Sunroom")
    await house.settle()
    after = (await house.explain(recording_id)).reasons
    assert after != before
    assert any("the project was named" in reason for reason in after)


async def test_a_lead_that_gets_another_address_is_looked_at_again(house: House) -> None:
    await house.api.visit("a-1", lead={"externalId": "l-1", **at(NEAR)})
    await house.api.visit("a-2", lead={"externalId": "l-2", **at(FAR)})
    recording_id = await house.record(place=NEAR)
    assert await linked(house, recording_id) == "a-1"
    elsewhere = START + timedelta(days=9)
    await house.api.visit("a-3", at=elsewhere, lead={"externalId": "l-1", **at(FAR)})
    await house.api.visit("a-4", at=elsewhere, lead={"externalId": "l-2", **at(NEAR)})
    assert await linked(house, recording_id) == "a-2"


async def test_a_colleague_who_was_at_the_house_took_the_visit_over(house: House) -> None:
    """Also where the appointment arrives later, or gets its address later."""
    ann = [{"externalId": "r-2", "email": "ann@acme.test"}]
    recording_id = await house.record(place=NEAR, title="Whitfield roof")
    assert await linked(house, recording_id) is None
    account: dict[str, Any] = {"externalId": "c-1", "name": "Mara Whitfield"}
    await house.api.visit("a-1", engagementUsers=ann, account=account)
    assert await linked(house, recording_id) is None
    await house.api.visit("a-1", engagementUsers=ann, account=account | at(NEAR))
    assert await linked(house, recording_id) == "a-1"
    assert any("a colleague's calendar" in reason for reason in (await house.explain(recording_id)).reasons)


async def test_a_colleagues_appointment_elsewhere_is_nobodys_business(house: House) -> None:
    ann = [{"externalId": "r-2", "email": "ann@acme.test"}]
    await house.api.visit("a-1", engagementUsers=ann, account={"externalId": "c-1", **at(FAR)})
    recording_id = await house.record(place=NEAR)
    assert await linked(house, recording_id) is None
    assert "a-1" not in str(await house.rows("select runners_up from recording_links"))


async def test_a_recording_robs_another_of_its_visit_across_midnight_in_london(house: House) -> None:
    """A rep's afternoon in the west has two days of UTC in it."""
    await house.api.visit(at=datetime(2026, 2, 15, 23, 58, tzinfo=UTC))
    later = await house.record(at=datetime(2026, 2, 16, 0, 3, tzinfo=UTC), minutes=50)
    assert await linked(house, later) == "a-1"
    before = (await house.explain(later)).score
    await house.record(at=datetime(2026, 2, 15, 23, 50, tzinfo=UTC), minutes=12)
    await house.settle()
    assert (await house.explain(later)).score != before


async def test_what_a_person_took_away_stays_away_whatever_changes(house: House) -> None:
    await house.api.visit(account={"externalId": "c-1", "name": "Mara Whitfield", **at(NEAR)})
    recording_id = await house.record(place=NEAR, title="Whitfield")
    assert await linked(house, recording_id) == "a-1"
    user = await house.user_client()
    engagement = (await house.api.get("/v1/integrations/engagements"))["data"][0]
    body = {"dataType": "ENGAGEMENT", "id": engagement["id"]}
    await _may_write(house)
    assert (await user("DELETE", f"/v1/core/recordings/{recording_id}/link", json=body)).json() == {"data": True}
    await house.api.visit(at=START + timedelta(minutes=5), subject="Whitfield", account={"externalId": "c-1"})
    await house.user("ann2@acme.test", "Ann Other")
    await map_user(house.workspace.engine, house.organization, external_id="r-1", email="john@acme.test")
    await house.record(at=START + timedelta(hours=2))
    assert await linked(house, recording_id) is None
    assert (await house.explain(recording_id)).trigger == "USER_UNLINK"


async def _may_write(house: House) -> None:
    async with house.workspace.engine.begin() as conn:
        await conn.exec_driver_sql("update tokens set scope = 'write' where scope is not null")


async def test_the_trigger_says_which_side_came_last(house: House) -> None:
    early = await house.record()
    await house.api.visit("a-1")
    await house.api.visit("a-2", at=START + timedelta(days=1))
    late = await house.record(at=START + timedelta(days=1))
    assert (await linked(house, early), await linked(house, late)) == ("a-1", "a-2")
    triggers = [(await house.explain(one)).trigger for one in (early, late)]
    assert triggers == ["FUZZY_MATCH_RECORDINGS_FOR_ENGAGEMENT", "FUZZY_MATCH_ENGAGEMENTS_FOR_RECORDING"]
