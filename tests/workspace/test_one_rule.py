"""Facts that two operations show, or two ways lead to, follow one rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from fieldnote.insight import Utterance
from tests.workspace.house import START, Api, House
from tests.workspace.test_user_recordings import token_of

RECORDINGS: Final = "/v1/core/recordings"
MEANS: Final = {"closed": "WON", "not closed": "LOST", "in progress": "OPEN"}
PROMISE: Final = (
    Utterance("John Sales", "What budget do you have in mind?", 0.0, 3.0),
    Utterance("Mary Smith", "About forty thousand dollars.", 4.0, 7.0),
    Utterance("John Sales", "I'll send you the quote on Friday.", 8.0, 9.0),
)


async def admin_of(house: House) -> Api:
    return await token_of(house, house.organization.admin_id)


@pytest.mark.parametrize("said", [None, *MEANS])
@pytest.mark.parametrize("deal", [None, "OPEN", "WON", "LOST"])
async def test_the_result_of_a_recording_is_the_same_on_both_hosts(
    house: House, said: str | None, deal: str | None
) -> None:
    """The outcome that a person set, else that of the deal."""
    admin = await admin_of(house)
    await house.api.visit(opportunity={"externalId": "o-1", **({"disposition": deal} if deal else {})})
    recording = await house.record()
    await house.settle()
    if said is not None:
        assert (await admin("PATCH", RECORDINGS, json={"id": recording, "result": said})).status_code == 200
    outcome = said or {"WON": "closed", "LOST": "not closed"}.get(deal or "", "in progress")
    assert [one["result"] for one in await house.api.recordings()] == [MEANS[outcome]]
    assert (await house.api.get(f"{RECORDINGS}/{recording}"))["result"] == MEANS[outcome]
    assert [one["result"] for one in (await admin.get(RECORDINGS))["data"]] == [outcome]
    for result in MEANS:
        found = (await admin.get(RECORDINGS, result=result))["data"]
        assert bool(found) is (result == outcome)


async def test_the_extractions_of_a_deleted_recording_are_gone_for_users(house: House) -> None:
    admin, recording = await admin_of(house), await house.record()
    await house.settle()
    path = f"/v1/core/entities/extractions/{recording}"
    assert (await admin.get(path))["data"]
    await admin("DELETE", f"{RECORDINGS}/{recording}")
    for gone in (path, *(f"{RECORDINGS}/{recording}{rest}" for rest in ("", "/summary", "/utterances", "/comments"))):
        assert (await admin("GET", gone)).status_code == 404


async def kinds_of(house: House, admin: Api) -> dict[str, str]:
    """The kinds of conversation, by name: the one that an organization begins with, and another."""
    own = house.organization.id
    body = {"organizationId": own, "displayName": "Phone Call", "bookmarkGroupIds": []}
    await admin("POST", "/v1/core/conversation-configurations", json=body)
    kinds = (await admin.get("/v1/core/conversation-configurations", organizationId=own))["data"]
    return {one["displayName"]: one["id"] for one in kinds}


async def test_a_filter_on_the_kind_of_conversation_takes_ids_names_and_the_default(house: House) -> None:
    admin = await admin_of(house)
    kinds = await kinds_of(house, admin)
    named = {
        None: "Sales visit",
        "Phone Call": "Phone Call",
        kinds["Phone Call"]: "Phone Call",
        "No such": "Sales visit",
    }
    recordings: dict[str, list[str]] = {"Sales visit": [], "Phone Call": []}
    for number, (name, kind) in enumerate(named.items()):
        details = {} if name is None else {"conversationType": name}
        recordings[kind].append(await house.record(at=START + timedelta(days=number), said=PROMISE, details=details))
    await house.settle()
    expected = {
        kinds["Sales visit"]: recordings["Sales visit"], "Sales visit": recordings["Sales visit"],
        "SALES VISIT": recordings["Sales visit"], "default": recordings["Sales visit"],
        kinds["Phone Call"]: recordings["Phone Call"], "phone call": recordings["Phone Call"], "nothing": [],
    }  # fmt: skip
    for given, wanted in expected.items():
        listed = (await admin.get(RECORDINGS, conversationType=given))["data"]
        assert {one["id"] for one in listed} == set(wanted), given
        for query in ({"conversationType": given}, {"conversationTypes": [given]}):
            found = (await admin("POST", f"{RECORDINGS}/search", json={"query": query})).json()["data"]["hits"]
            assert {one["recordingId"] for one in found} == set(wanted), query
        followups = (await admin.get("/v1/core/followups", conversationTypes=given, minimumScore="0"))["data"]
        assert {one["recordingId"] for one in followups["followups"]} == set(wanted), given


async def test_lists_show_a_follow_up_by_id_and_score_and_one_recording_shows_all_of_it(house: House) -> None:
    admin = await admin_of(house)
    recording = await house.record(said=PROMISE)
    await house.settle()
    [followup] = (await admin.get("/v1/core/followups", minimumScore="0"))["data"]["followups"]
    brief = [{"id": followup["followupId"], "score": followup["score"]}]
    for client in (house.api, admin):
        [listed] = (await client.get(RECORDINGS, showFollowups="true"))["data"]
        assert listed["followups"] == brief
        one = await client.get(f"{RECORDINGS}/{recording}", showFollowups="true")
        [whole] = one.get("data", one)["followups"]
        assert (whole["followupId"], whole["recordingId"]) == (followup["followupId"], recording)
    [read] = (await admin("POST", RECORDINGS, json={"ids": [recording]})).json()["data"]
    assert [one["followupId"] for one in read["followups"]] == [followup["followupId"]]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("mp3", "audio/mpeg"), (".mp3", "audio/mpeg"), ("MP3", "audio/mpeg"), ("aac", "audio/aac"),
        ("wav", "audio/wav"), ("audio/mpeg", "audio/mpeg"), ("audio/x-wav", "audio/x-wav"),
    ],
)  # fmt: skip
async def test_a_file_type_is_a_media_type_or_a_name(house: House, given: str, kept: str) -> None:
    admin = await admin_of(house)
    body = {"fileType": given, "fileSize": 5}
    answer = await admin("POST", f"{RECORDINGS}/signed-urls", json=body)
    assert answer.json()["data"]["uploadHeaders"]["Content-Type"] == kept
    assert (await admin("POST", f"{RECORDINGS}/signed-urls", json=body | {"fileType": "ogg"})).status_code == 422


async def is_there(house: House, account_id: str) -> bool:
    return (await house.api("GET", f"/v1/integrations/accounts/{account_id}")).status_code == 200


LINKED: Final[dict[str, dict[str, Any]]] = {
    "account": {"account": {"externalId": "c-1"}},
    "account of the contact": {"contact": {"externalId": "p-1", "account": {"externalId": "c-1"}}},
    "merged account": {"account": {"externalId": "c-0"}},
}


@pytest.mark.parametrize("way", LINKED)
@pytest.mark.parametrize("kind", ["engagement", "opportunity"])
async def test_a_sync_that_links_to_a_deleted_account_brings_it_back(house: House, kind: str, way: str) -> None:
    """As `POST accounts` does. Merged accounts mean the account that is left."""
    made = await house.api.visit(account={"externalId": "c-1", "name": "Smith", "mergedFromExternalIds": ["c-0"]})
    account = made["accountId"]
    assert (await house.api("DELETE", f"/v1/integrations/accounts/{account}")).json() is True
    await house.api.visit("a-other", account={"externalId": "c-2"})
    assert not await is_there(house, account)
    sync = house.api.engagement if kind == "engagement" else house.api.opportunity
    await sync("x-1", **LINKED[way])
    assert await is_there(house, account)
    assert (await house.api.get(f"/v1/integrations/accounts/{account}"))["name"] == "Smith"
    again = await sync("x-1", **LINKED[way])
    assert again == await sync("x-1", **LINKED[way])


async def test_a_sync_that_deletes_an_account_does_not_bring_it_back(house: House) -> None:
    gone = {"externalId": "c-1", "deletedAt": "2026-02-15T14:00:00Z"}
    account = (await house.api.visit(account=gone))["accountId"]
    assert not await is_there(house, account)
    assert (await house.api.visit(account=gone))["accountId"] == account
    assert not await is_there(house, account)
    path = "/v1/integrations/sync/batch/engagements"
    batch = [{"externalId": "a-1", "account": gone}, {"externalId": "a-2", "account": {"externalId": "c-1"}}]
    assert (await house.api("PUT", path, json=batch)).status_code == 200
    assert await is_there(house, account)
    assert (await house.api("PUT", path, json=batch[::-1])).status_code == 200
    assert not await is_there(house, account)


async def test_a_deal_cannot_name_a_deleted_account_by_its_id(house: House) -> None:
    account = (await house.api.visit(account={"externalId": "c-1"}))["accountId"]
    await house.api("DELETE", f"/v1/integrations/accounts/{account}")
    body = {"externalId": "o-1", "accountId": account}
    answer = await house.api("PUT", "/v1/integrations/sync/opportunities", json=body)
    assert [one["path"] for one in answer.json()["issues"]] == [["accountId"]]
    assert not await is_there(house, account)
