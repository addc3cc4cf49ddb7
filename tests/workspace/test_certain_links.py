"""A certain link stays when later evidence is weaker, and `explain` shows the whole story."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from fieldnote.workspace import map_user
from tests.workspace.house import START, House
from tests.workspace.test_linking import FAR, NEAR, at, linked
from tests.workspace.test_user_recordings import token_of

Change = Callable[[House], Awaitable[Any]]
CUSTOMER: Final[dict[str, Any]] = {"externalId": "c-1", "name": "Mara Whitfield", **at(NEAR)}


async def moved_away(house: House) -> None:
    await house.api.visit(account=CUSTOMER | at(FAR))


async def rescheduled(house: House) -> None:
    await house.api.visit(at=START + timedelta(days=3), account=CUSTOMER)


async def renamed(house: House) -> None:
    await house.api.visit(subject="Kowalski gutters", account=CUSTOMER | {"name": "Ned Kowalski"} | at(FAR))


async def reassigned(house: House) -> None:
    ann = {"externalId": "r-2", "email": "ann@acme.test"}
    john = {"externalId": "r-1", "deletedAt": "2026-02-15T13:00:00Z"}
    await house.api.visit(account=CUSTOMER, engagementUsers=[ann, john])


async def became_a_call(house: House) -> None:
    await house.api.visit(account=CUSTOMER, engagementType={"activityType": "CALL", "name": "call"})


async def met_a_rival(house: House) -> None:
    await house.api.visit("a-2", account={"externalId": "c-2", "name": "Ned Kowalski", **at(NEAR)})


async def met_another_recording(house: House) -> None:
    await house.record(at=START - timedelta(minutes=1), place=NEAR)


WEAKER: Final[dict[str, Change]] = {
    "the customer moved away": moved_away,
    "the appointment was rescheduled": rescheduled,
    "the customer has another name and address": renamed,
    "the appointment has another rep": reassigned,
    "the appointment became a call": became_a_call,
    "another appointment fits as well": met_a_rival,
    "another recording fits better": met_another_recording,
}


@pytest.mark.parametrize("change", WEAKER)
async def test_weaker_evidence_leaves_a_certain_link_alone(house: House, change: str) -> None:
    await house.user("ann@acme.test", "Ann Other")
    await house.api.visit(account=CUSTOMER)
    recording_id = await house.record(place=NEAR)
    assert await linked(house, recording_id) == "a-1"
    before = await house.explain(recording_id)
    await WEAKER[change](house)
    assert await linked(house, recording_id) == "a-1"
    after = await house.explain(recording_id)
    assert after.source == "FUZZY"
    assert after.history[: len(before.history)] == before.history
    await house.settle()
    assert await house.explain(recording_id) == after


async def test_the_reason_and_the_story_say_that_later_evidence_is_weaker(house: House) -> None:
    await house.api.visit(account=CUSTOMER)
    recording_id = await house.record(place=NEAR)
    await house.settle()
    first = await house.explain(recording_id)
    listed = await house.api.get(f"/v1/core/recordings/{recording_id}")
    await rescheduled(house)
    await house.settle()
    after = await house.explain(recording_id)
    assert after.reasons[: len(first.reasons)] == first.reasons
    assert after.reasons[-1].startswith("kept, although later evidence is weaker: ")
    assert after.score == first.score
    assert [one["appointment"] for one in after.history] == ["a-1", "a-1"]
    assert after.history[-1]["reasons"] == [after.reasons[-1]]
    assert await house.api.get(f"/v1/core/recordings/{recording_id}") == listed  # nothing moved: no webhook, no time
    await house.api.visit(account=CUSTOMER)
    await house.settle()
    assert (await house.explain(recording_id)).reasons == first.reasons


async def test_certainty_about_another_appointment_moves_the_link(house: House) -> None:
    await house.api.visit(account=CUSTOMER)
    recording_id = await house.record(place=NEAR)
    assert await linked(house, recording_id) == "a-1"
    await house.api.visit(account=CUSTOMER | at(FAR))
    await house.api.visit("a-2", account={"externalId": "c-2", "name": "Ned Kowalski", **at(NEAR)})
    assert await linked(house, recording_id) == "a-2"
    assert (await house.explain(recording_id)).history[-1]["appointment"] == "a-2"


async def test_a_deleted_appointment_and_a_person_are_direct_causes(house: House) -> None:
    await house.api.visit(account=CUSTOMER)
    recording_id = await house.record(place=NEAR)
    assert await linked(house, recording_id) == "a-1"
    await rescheduled(house)
    assert await linked(house, recording_id) == "a-1"
    await house.api.engagement("a-1", deletedAt="2026-02-15T13:00:00Z")
    assert await linked(house, recording_id) is None
    await house.api.visit(account=CUSTOMER, deletedAt=None)
    assert await linked(house, recording_id) == "a-1"
    admin = await token_of(house, house.organization.admin_id)
    [visit] = (await house.api.get("/v1/integrations/engagements"))["data"]
    body = {"dataType": "ENGAGEMENT", "id": visit["id"]}
    assert (await admin("DELETE", f"/v1/core/recordings/{recording_id}/link", json=body)).json() == {"data": True}
    assert await linked(house, recording_id) is None
    steps = [(one["appointment"], one["source"]) for one in (await house.explain(recording_id)).history]
    assert [one for n, one in enumerate(steps) if n == 0 or one != steps[n - 1]] == [
        ("a-1", "FUZZY"), (None, "NOT_FOUND"), ("a-1", "FUZZY"), (None, "NOT_FOUND"),
    ]  # fmt: skip


async def test_a_recording_whose_start_a_person_corrects_is_matched_again(house: House) -> None:
    await house.api.visit(account=CUSTOMER)
    recording_id = await house.record()
    assert await linked(house, recording_id) == "a-1"
    admin = await token_of(house, house.organization.admin_id)
    body = {"id": recording_id, "dateCreated": (START + timedelta(days=4)).isoformat()}
    assert (await admin("PATCH", "/v1/core/recordings", json=body)).status_code == 200
    assert await linked(house, recording_id) is None


async def test_another_mapping_of_a_rep_decides_again(house: House) -> None:
    await house.user("ann@acme.test", "Ann Other")
    await house.api.visit(account=CUSTOMER)
    recording_id = await house.record()
    assert await linked(house, recording_id) == "a-1"
    await map_user(house.workspace.engine, house.organization, external_id="r-1", email="ann@acme.test")
    assert await linked(house, recording_id) is None
