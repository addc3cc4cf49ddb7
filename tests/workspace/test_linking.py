"""Which recording belongs to which appointment, and what happens when either side changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from fieldnote.workspace import map_user
from tests.workspace.house import START, House

NEAR, FAR = (43.61, -116.20), (43.90, -116.60)


def at(place: tuple[float, float]) -> dict[str, float]:
    return {"latitude": place[0], "longitude": place[1]}


async def linked(house: House, recording_id: str) -> Any:
    """The external id of the linked appointment, once all jobs are done."""
    await house.settle()
    recording = await house.api.get(f"/v1/core/recordings/{recording_id}", showCrmLinks="true")
    return recording.get("crm", {}).get("engagement", {}).get("externalId")


async def test_rep_and_time_link(house: House) -> None:
    await house.api.visit(account={"externalId": "c-1"}, opportunity={"externalId": "o-1"})
    await house.api.visit("a-2", at=START + timedelta(hours=5))
    recording_id = await house.record(at=START + timedelta(minutes=3))
    assert await linked(house, recording_id) == "a-1"
    explained = await house.explain(recording_id)
    assert (explained.opportunity, explained.source, explained.trigger) == (
        "o-1",
        "FUZZY",
        "FUZZY_MATCH_ENGAGEMENTS_FOR_RECORDING",
    )
    assert any("3 minutes after" in reason for reason in explained.reasons)


async def test_another_reps_appointment_or_a_call_does_not_link(house: House) -> None:
    await house.api.engagement(
        "a-1",
        startTime=START.isoformat(),
        engagementType={"activityType": "MEETING", "name": "visit"},
        engagementUsers=[{"externalId": "r-2", "email": "ann@acme.test"}],
    )
    await house.api.visit("a-2", engagementType={"activityType": "CALL", "name": "call"})
    recording_id = await house.record()
    assert await linked(house, recording_id) is None
    assert (await house.explain(recording_id)).source == "NOT_FOUND"


async def test_place_decides_between_two(house: House) -> None:
    await house.api.visit("a-1", account={"externalId": "c-1", **at(FAR)})
    await house.api.visit("a-2", account={"externalId": "c-2", **at(NEAR)})
    assert await linked(house, await house.record(place=NEAR)) == "a-2"


async def test_an_appointment_that_arrives_later_is_linked(house: House) -> None:
    recording_id = await house.record()
    assert await linked(house, recording_id) is None
    await house.api.visit()
    assert await linked(house, recording_id) == "a-1"


async def test_a_moved_appointment_keeps_its_recording_and_wins_another(house: House) -> None:
    await house.api.visit()
    first = await house.record()
    second = await house.record(at=START + timedelta(days=3))
    assert (await linked(house, first), await linked(house, second)) == ("a-1", None)
    await house.api.visit(at=START + timedelta(days=3))
    assert (await linked(house, first), await linked(house, second)) == ("a-1", "a-1")


async def test_a_cancelled_appointment_loses_its_recording_and_gets_it_back(house: House) -> None:
    await house.api.visit()
    recording_id = await house.record()
    assert await linked(house, recording_id) == "a-1"
    await house.api.engagement("a-1", deletedAt="2026-02-15T13:00:00Z")
    assert await linked(house, recording_id) is None
    await house.api.engagement("a-1", deletedAt=None)
    assert await linked(house, recording_id) == "a-1"


async def test_a_rep_who_is_mapped_to_somebody_else_loses_the_link(house: House) -> None:
    await house.api.visit()
    recording_id = await house.record()
    assert await linked(house, recording_id) == "a-1"
    await map_user(house.workspace.engine, house.organization, external_id="r-1", email="ann@acme.test")
    assert await linked(house, recording_id) is None
    await map_user(house.workspace.engine, house.organization, external_id="r-1", email="john@acme.test")
    assert await linked(house, recording_id) == "a-1"


async def test_a_link_follows_the_deal_and_the_customer_of_its_appointment(house: House) -> None:
    await house.api.visit(account={"externalId": "c-1"}, opportunity={"externalId": "o-1"})
    recording_id = await house.record()
    await linked(house, recording_id)
    before = await house.api.get(f"/v1/core/recordings/{recording_id}")
    await house.api.engagement("a-1", opportunity={"externalId": "o-2"}, account={"externalId": "c-2"})
    await house.settle()
    after = await house.api.get(f"/v1/core/recordings/{recording_id}", showCrmLinks="true")
    assert (after["crm"]["opportunity"]["externalId"], after["crm"]["account"]["externalId"]) == ("o-2", "c-2")
    assert after["updatedAt"] > before["updatedAt"]


async def test_an_edited_address_decides_again(house: House) -> None:
    await house.api.visit("a-1", account={"externalId": "c-1", **at(NEAR)})
    await house.api.visit("a-2", account={"externalId": "c-2", **at(FAR)})
    recording_id = await house.record(place=NEAR)
    assert await linked(house, recording_id) == "a-1"
    await house.api.visit("a-3", at=START + timedelta(days=9), account={"externalId": "c-2", **at(NEAR)})
    await house.api.visit("a-4", at=START + timedelta(days=9), account={"externalId": "c-1", **at(FAR)})
    assert await linked(house, recording_id) == "a-2"


async def test_a_deep_link_wins_over_time_and_place(house: House) -> None:
    await house.api.visit("a-1")
    await house.api.visit("a-2", at=START + timedelta(days=30), rep=None)
    recording_id = await house.record(appointment_id="a-2")
    assert await linked(house, recording_id) == "a-2"
    explained = await house.explain(recording_id)
    assert (explained.source, explained.trigger) == ("DIRECT", "CRM_DEEPLINK")
    assert "deep link" in explained.reasons[0]


async def test_a_deep_link_waits_for_its_appointment(house: House) -> None:
    recording_id = await house.record(appointment_id="a-7", opportunity_id="o-7")
    assert await linked(house, recording_id) is None
    await house.api.visit("a-7", at=START + timedelta(days=30), rep=None)
    assert await linked(house, recording_id) == "a-7"
    await house.api.opportunity("o-7", name="Kitchen")
    await house.settle()
    assert (await house.explain(recording_id)).opportunity == "o-7"


async def test_a_deep_link_of_the_deal_alone_links_it(house: House) -> None:
    await house.api.opportunity("o-1", account={"externalId": "c-1"})
    recording_id = await house.record(opportunity_id="o-1")
    crm = (await house.api.get(f"/v1/core/recordings/{recording_id}", showCrmLinks="true"))["crm"]
    assert (crm["opportunity"]["externalId"], crm["account"]["externalId"]) == ("o-1", "c-1")
    assert (await house.explain(recording_id)).trigger == "OPPORTUNITY_DEEPLINK"


async def test_an_appointment_names_the_longest_of_its_recordings(house: House) -> None:
    visit = await house.api.visit()
    short = await house.record(minutes=10)
    path = f"/v1/integrations/engagements/{visit['id']}"
    assert (await house.api.get(path))["recordingId"] == short
    longer = await house.record(at=START + timedelta(minutes=10, seconds=20), minutes=40)
    await house.settle()
    assert await linked(house, longer) == "a-1"
    assert (await house.api.get(path))["recordingId"] == longer


async def test_deciding_again_with_the_same_outcome_moves_nothing(house: House) -> None:
    await house.api.visit(subject="Kitchen")
    recording_id = await house.record()
    await house.settle()
    before = await house.api.get(f"/v1/core/recordings/{recording_id}")
    await house.api.visit(subject="Kitchen again")
    await house.settle()
    assert await house.api.get(f"/v1/core/recordings/{recording_id}") == before


async def test_a_deleted_recording_stays_listed_and_takes_no_part(house: House) -> None:
    visit = await house.api.visit()
    recording_id = await house.record()
    async with house.workspace.engine.begin() as conn:
        await conn.execute(text("update recordings set deleted_at = now()"))
    assert [row["deleted"] for row in await house.api.recordings()] == [True]
    assert "recordingId" not in await house.api.get(f"/v1/integrations/engagements/{visit['id']}")
    assert recording_id
