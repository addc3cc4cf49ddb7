"""Customers worth going back to: how follow-ups come about, and what people do with them."""

from __future__ import annotations

from datetime import timedelta

from fieldnote.insight import Utterance
from fieldnote.siro import AsyncSiro
from fieldnote.workspace.domain.recordings.retention import purge_due, set_retention
from fieldnote.workspace.domain.recordings.transcripts import set_transcript
from tests.workspace.house import JOHN, SAID, START, Api, House
from tests.workspace.test_user_recordings import CUSTOMER, UNKNOWN, as_admin, id_of, token_of

FOLLOWUPS = "/v1/core/followups"
PROMISED = (
    *SAID,
    Utterance("Mary Smith", "We want it done before June, my husband decides with me.", 8.0, 11.0),
    Utterance("John Sales", "I'll send you the quote on Friday.", 12.0, 15.0),
)


async def listed(client: Api, **params: str) -> list[str]:
    found = (await client.get(FOLLOWUPS, **params))["data"]["followups"]
    return [one["recordingId"] for one in found]


async def test_a_conversation_that_left_something_to_do_has_a_follow_up(house: House) -> None:
    await house.api.visit(account=CUSTOMER, opportunity={"externalId": "o-1", "amount": 20000, "disposition": "OPEN"})
    recording_id = await house.record(said=PROMISED)
    await house.settle()
    admin = await token_of(house, house.organization.admin_id)
    data = (await admin.get(FOLLOWUPS))["data"]
    [one] = data["followups"]
    assert (one["recordingId"], one["repName"], one["status"]) == (recording_id, "John Sales", "TO_DO")
    assert one["followupAction"] == "I'll send you the quote on Friday."
    assert {"header": "Budget", "value": "$40,000 - $50,000"} in one["context"]
    assert one["crmCustomer"]["name"] == "Mary Smith"
    assert (data["totalCount"], data["totalRevenue"]) == (1, 20000)
    own = await house.api.get(f"/v1/core/recordings/{recording_id}", showFollowups="true")
    users = (await admin.get(f"/v1/core/recordings/{recording_id}", showFollowups="true"))["data"]
    [listed_by_user] = (await admin.get("/v1/core/recordings", showFollowups="true"))["data"]
    assert own["followups"] == users["followups"] == [one]
    assert listed_by_user["followups"] == [{"id": one["followupId"], "score": one["score"]}]
    assert (await admin.get(FOLLOWUPS, excludeCrmCustomer="true"))["data"]["followups"][0]["crmCustomer"] is None


async def test_what_was_sold_or_left_nothing_open_needs_none(house: House) -> None:
    await house.api.visit(opportunity={"externalId": "o-1", "disposition": "WON"})
    await house.record(said=PROMISED)
    await house.record(at=START + timedelta(days=1), said=(Utterance("John Sales", "Nobody was home.", 0.0, 2.0),))
    await house.settle()
    assert await listed(await token_of(house, house.organization.admin_id), minimumScore="0") == []


async def test_a_person_completes_stars_and_annotates_one_and_working_again_leaves_that(house: House) -> None:
    recording_id = await house.record(said=PROMISED)
    await house.settle()
    async with as_admin(house) as siro:
        [one] = [task async for task in siro.followups.list()]
        changed = await siro.followups.update(one.followup_id, completed=True, note="Called them.", starred=True)
        assert (changed.status, changed.completed, changed.note, changed.starred) == (
            "COMPLETE", True, "Called them.", True,
        )  # fmt: skip
        assert changed.completed_by == house.organization.admin_id
        assert [(step.status, step.note, step.updated_by) for step in changed.history or ()] == [
            ("COMPLETE", "Called them.", "Ann")
        ]
    await set_transcript(house.workspace, house.organization.id, recording_id, PROMISED[:-1])
    await house.settle()
    admin = await token_of(house, house.organization.admin_id)
    [after] = (await admin.get(FOLLOWUPS, minimumScore="1"))["data"]["followups"]
    assert (after["status"], after["note"], after["starred"]) == ("COMPLETE", "Called them.", True)
    reopened = (await admin("PATCH", f"{FOLLOWUPS}/{after['followupId']}", json={"completed": False})).json()["data"]
    assert (reopened["status"], reopened["completedAt"]) == ("TO_DO", None)


async def test_follow_ups_are_listed_by_what_is_asked(house: House) -> None:
    mary = await house.user("mary@acme.test", "Mary Lee")
    teams = f"/v1/core/organizations/{house.organization.id}/teams"
    team = (await house.api("POST", teams, json={"name": "North", "memberUids": [mary]})).json()["id"]
    johns = await house.record(said=PROMISED, details={"conversationType": "visit"})
    marys = await house.record(said=PROMISED, user="mary@acme.test")
    await house.settle()
    admin = await token_of(house, house.organization.admin_id)
    [own] = (await admin.get(FOLLOWUPS, userIds=mary))["data"]["followups"]
    await admin("PATCH", f"{FOLLOWUPS}/{own['followupId']}", json={"starred": True, "status": "IN_PROGRESS"})
    assert sorted(await listed(admin)) == sorted([johns, marys])
    assert await listed(admin, starred="true") == [marys]
    assert await listed(admin, statuses="TO_DO") == [johns]
    assert await listed(admin, teamIds=team) == [marys]
    assert await listed(admin, conversationTypes="visit") == [johns]
    assert await listed(admin, minimumScore="9") == []
    assert sorted(await listed(admin, scores=str(own["score"]))) == sorted([johns, marys])
    assert await listed(admin, createdBefore="2020-01-01T00:00:00Z") == []
    page = await admin.get(FOLLOWUPS, limit="1")
    rest = await listed(admin, limit="1", cursor=page["cursor"])
    assert {page["data"]["followups"][0]["recordingId"], *rest} == {johns, marys}
    john = await token_of(house, await id_of(house, JOHN))
    assert await listed(john) == [johns]
    assert (await john("PATCH", f"{FOLLOWUPS}/{own['followupId']}", json={"starred": True})).status_code == 404
    for params in ({"statuses": "DONE"}, {"minimumScore": "many"}, {"limit": "0"}, {"starred": "maybe"}):
        assert (await admin("GET", FOLLOWUPS, params=params)).status_code == 422
    assert (await admin("GET", FOLLOWUPS, params={"organizationId": UNKNOWN})).status_code == 403


async def test_it_goes_with_the_words_that_it_was_made_of(house: House) -> None:
    await house.record(said=PROMISED)
    await house.settle()
    await set_retention(house.workspace, house.organization.id, 1)
    assert await purge_due(house.workspace) == 1
    assert await house.rows("select 1 from followups") == []


async def test_the_projects_own_client_reads_them(house: House) -> None:
    await house.record(said=PROMISED)
    await house.settle()
    siro: AsyncSiro
    async with as_admin(house) as siro:
        [task] = [task async for task in siro.followups.list(include_history=True)]
    assert (task.followup_type, task.history) == ("REHASH", ())
