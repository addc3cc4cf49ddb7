"""Kinds of conversation, what their summaries are asked, and who works in the organization, as users read them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fieldnote.insight import Utterance
from tests.workspace.house import JOHN, SAID, START, Api, House
from tests.workspace.test_user_recordings import UNKNOWN, id_of, token_of

TYPES = "/v1/core/conversation-configurations"
WARRANTY = Utterance("Mary Smith", "We really care about the warranty, the last roof had none.", 8.0, 12.0)


async def first_type(house: House, client: Api) -> Any:
    return (await client.get(TYPES, organizationId=house.organization.id))["data"][0]


async def test_an_organization_begins_with_one_kind_and_may_have_more(house: House) -> None:
    admin = await token_of(house, house.organization.admin_id)
    first = await first_type(house, admin)
    assert (first["displayName"], first["summaryPrompts"]) == ("Sales visit", [])
    body = {"organizationId": house.organization.id, "displayName": "Service call", "bookmarkGroupIds": []}
    made = (await admin("POST", TYPES, json=body)).json()["data"]
    change = {"organizationId": house.organization.id, "displayName": "Service", "halftimeModeEnabled": True}
    changed = (await admin("PATCH", f"{TYPES}/{made['id']}", json=change)).json()["data"]
    assert (changed["id"], changed["displayName"], changed["halftimeModeEnabled"]) == (made["id"], "Service", True)
    listed = (await admin.get(TYPES, organizationId=house.organization.id))["data"]
    assert [one["displayName"] for one in listed] == ["Sales visit", "Service"]


async def test_what_the_summaries_of_a_kind_are_asked_is_answered_in_the_customers_words(house: House) -> None:
    admin = await token_of(house, house.organization.admin_id)
    path = f"{TYPES}/{(await first_type(house, admin))['id']}/summary-prompts"
    prompts = [
        {"promptHeader": "Warranty", "prompt": "What did the customer say about warranties?"},
        {"promptHeader": "Money", "prompt": "What is their budget?"},
        {"prompt": "Which dogs do they have?"},
    ]
    saved = (await admin("POST", path, json={"prompts": prompts})).json()["data"]
    assert [one["promptIndex"] for one in saved] == [0, 1, 2]
    recording_id = await house.record(said=(*SAID, WARRANTY))
    await house.settle()
    parts = (await admin.get(f"/v1/core/recordings/{recording_id}/summary"))["data"]
    assert [part["promptHeader"] for part in parts] == [
        "AI Summary", "Warranty", "Money", "Which dogs do they have?",
    ]  # fmt: skip
    assert parts[1]["promptResponse"] == f'"{WARRANTY.text}"'
    assert parts[2]["promptResponse"].startswith("Budget: ")
    assert parts[3]["promptResponse"] == "Nothing was found about it."
    own = (await house.api.get(f"/v1/core/recordings/{recording_id}/summaries"))["data"]
    assert [part["content"] for part in own] == [part["promptResponse"] for part in parts]


async def test_a_recording_is_asked_what_its_own_kind_is_asked(house: House) -> None:
    admin = await token_of(house, house.organization.admin_id)
    body = {"organizationId": house.organization.id, "displayName": "Service", "bookmarkGroupIds": []}
    other = (await admin("POST", TYPES, json=body)).json()["data"]["id"]
    await admin("PUT", f"{TYPES}/{other}/summary-prompts", json={"prompts": [{"prompt": "warranty"}]})
    named = [
        await house.record(at=START + timedelta(days=day), said=(*SAID, WARRANTY), details={"conversationType": kind})
        for day, kind in enumerate((other, "Service", "Sales visit"))
    ]
    named.append(await house.record(at=START + timedelta(days=5), said=(*SAID, WARRANTY)))
    await house.settle()
    counts = [len((await admin.get(f"/v1/core/recordings/{one}/summary"))["data"]) for one in named]
    assert counts == [2, 2, 1, 1]


async def test_a_recording_of_an_unknown_kind_is_of_the_first_one(house: House) -> None:
    admin = await token_of(house, house.organization.admin_id)
    path = f"{TYPES}/{(await first_type(house, admin))['id']}/summary-prompts"
    await admin("POST", path, json={"prompts": [{"prompt": "warranty"}]})
    recording_id = await house.record(said=(*SAID, WARRANTY), details={"conversationType": "Unheard of"})
    await house.settle()
    parts = (await admin.get(f"/v1/core/recordings/{recording_id}/summary"))["data"]
    assert [part["promptHeader"] for part in parts] == ["AI Summary", "warranty"]


async def test_each_prompt_has_a_part_of_its_own_whatever_its_header(house: House) -> None:
    admin = await token_of(house, house.organization.admin_id)
    path = f"{TYPES}/{(await first_type(house, admin))['id']}/summary-prompts"
    long = "".join(chr(0x4E00 + place) for place in range(9000))
    headers = ("Roof", "Roof", "AI Summary", " ", long)
    prompts = [{"promptHeader": header, "prompt": "warranty"} for header in headers]
    await admin("POST", path, json={"prompts": [*prompts, {"prompt": ""}]})
    recording_id = await house.record(said=(*SAID, WARRANTY))
    await house.settle()
    parts = (await admin.get(f"/v1/core/recordings/{recording_id}/summary"))["data"]
    found = [part["promptHeader"] for part in parts]
    assert found == ["AI Summary", "Roof", "Roof (2)", "AI Summary (2)", "warranty", long[:200], "Question"]


async def test_prompts_are_added_replaced_and_read(house: House) -> None:
    admin = await token_of(house, house.organization.admin_id)
    path = f"{TYPES}/{(await first_type(house, admin))['id']}/summary-prompts"
    await admin("POST", path, json={"prompts": [{"prompt": "one"}, {"prompt": "two"}]})
    await admin("POST", path, json={"prompts": [{"prompt": "first", "promptIndex": -1}]})
    assert [one["prompt"] for one in (await admin.get(path))["data"]] == ["first", "one", "two"]
    await admin("PUT", path, json={"prompts": [{"prompt": "far", "promptIndex": 7.5}]})
    await admin("POST", path, json={"prompts": [{"prompt": "behind"}]})
    assert [one["prompt"] for one in (await admin.get(path))["data"]] == ["far", "behind"]
    await admin("PUT", path, json={"prompts": [{"prompt": "alone"}]})
    assert [one["prompt"] for one in (await first_type(house, admin))["summaryPrompts"]] == ["alone"]
    assert len((await admin.get("/v1/core/summary-prompts/industry"))["data"]) > 2
    for method, body, status in (
        ("POST", {"prompts": [{}]}, 422),
        ("PUT", {"prompts": [{"prompt": "x", "more": 1}]}, 422),
        ("PUT", {"prompts": [{"prompt": "x"}] * 101}, 422),
    ):
        assert (await admin(method, path, json=body)).status_code == status
    assert (await admin("GET", f"{TYPES}/{UNKNOWN}/summary-prompts")).status_code == 404


async def test_a_rep_reads_these_settings_and_changes_none(house: House) -> None:
    john = await token_of(house, await id_of(house, JOHN))
    own = (await first_type(house, john))["id"]
    change = {"organizationId": house.organization.id, "displayName": "Mine"}
    for method, path, body in (
        ("POST", TYPES, change | {"bookmarkGroupIds": []}),
        ("PATCH", f"{TYPES}/{own}", change),
        ("POST", f"{TYPES}/{own}/summary-prompts", {"prompts": [{"prompt": "x"}]}),
        ("PUT", f"{TYPES}/{own}/summary-prompts", {"prompts": []}),
    ):
        assert (await john(method, path, json=body)).status_code == 403
    assert (await first_type(house, john))["displayName"] == "Sales visit"
    assert (await john("GET", TYPES)).status_code == 422
    assert (await john("GET", TYPES, params={"organizationId": UNKNOWN})).status_code == 403


async def test_the_users_of_an_organization_with_what_they_recorded(house: House) -> None:
    await house.record()
    last = START + timedelta(days=1)
    await house.record(at=last)
    john = await token_of(house, await id_of(house, JOHN), scope="read")
    path = f"/v1/core/organizations/{house.organization.id}/users"
    found = {one["email"]: one for one in (await john.get(path))["data"]}
    assert [found[email]["countRecordings"] for email in ("ann@acme.test", JOHN)] == [0, 2]
    assert found[JOHN]["lastRecordingDate"].startswith(last.isoformat()[:19])
    assert (await john("GET", f"/v1/core/organizations/{UNKNOWN}/users")).status_code == 404
