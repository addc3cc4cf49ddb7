"""Comments on a recording, their readers, and the rights to change them."""

from __future__ import annotations

from typing import Any

from tests.workspace.house import JOHN, Api, House
from tests.workspace.test_user_recordings import UNKNOWN, as_admin, id_of, token_of


def about(text: str | None = "Well asked.", **fields: Any) -> dict[str, Any]:
    return {"highlightRange": {"start": 1000, "end": 2000}, "recipients": [], "text": text, **fields}


async def comment(client: Api, recording_id: str, **fields: Any) -> Any:
    answer = await client("POST", f"/v1/core/recordings/{recording_id}/comments", json=about(**fields))
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def test_a_comment_is_made_read_answered_changed_and_taken_back(house: House) -> None:
    recording_id = await house.record(title="Roof talk")
    john = await token_of(house, await id_of(house, JOHN))
    path = f"/v1/core/recordings/{recording_id}"
    first = await comment(john, recording_id)
    assert (first["commenterFirstName"], first["recordingTitle"]) == ("John", "Roof talk")
    assert (first["timestampStartInMilliseconds"], first["timestampEndInMilliseconds"]) == (1000, 2000)
    second = await comment(john, recording_id, text="Indeed.", selectedThreadId=first["threadId"])
    [thread] = (await john.get(f"{path}/threads"))["data"]
    assert (thread["id"], thread["countComments"], thread["latestComment"]["id"]) == (
        first["threadId"], 2, second["id"],
    )  # fmt: skip
    changed = (await john("PATCH", f"{path}/comments/{first['id']}", json={"text": "Very well asked."})).json()["data"]
    assert (changed["text"], changed["dateUpdated"] > first["dateUpdated"]) == ("Very well asked.", True)
    assert (await john.get(f"{path}/comments/{first['id']}"))["data"] == changed
    rated = await john("POST", f"{path}/comments/{first['id']}/rating", json={"rating": 1})
    assert rated.json()["data"] == {"commentId": first["id"], "rating": 1}
    assert (await john("DELETE", f"{path}/comments/{first['id']}")).json()["data"] == changed
    await john("DELETE", f"{path}/comments/{second['id']}")
    assert (await john.get(f"{path}/threads"))["data"] == (await john.get(f"{path}/comments"))["data"] == []


async def test_a_team_that_is_addressed_is_all_who_are_in_it_and_reads_it_one_by_one(house: House) -> None:
    mary, sue = await house.user("mary@acme.test", "Mary Lee"), await house.user("sue@acme.test", "Sue Fox")
    teams = f"/v1/core/organizations/{house.organization.id}/teams"
    body = {"name": "North", "memberUids": [mary], "coachUids": [sue]}
    team = (await house.api("POST", teams, json=body)).json()["id"]
    recording_id = await house.record()
    admin = await token_of(house, house.organization.admin_id)
    made = await comment(admin, recording_id, recipients=[{"type": "team", "key": team}])
    assert sorted(made["unreadUids"]) == sorted([mary, sue])
    path = f"/v1/core/recordings/{recording_id}/comments/{made['id']}"
    coach = await token_of(house, sue)
    read = (await coach("PATCH", path, json={"unreadUids": {"remove": [sue]}})).json()["data"]
    assert (read["unreadUids"], read["seenByUids"]) == ([mary], [sue])
    for recipients, status in (
        ([{"type": "user", "key": UNKNOWN}], 404),
        ([{"type": "team", "key": UNKNOWN}], 404),
        ([{"type": "robot", "key": mary}], 422),
    ):
        answer = await admin("POST", f"/v1/core/recordings/{recording_id}/comments", json=about(recipients=recipients))
        assert answer.status_code == status


async def test_a_private_thread_is_its_authors_and_its_recipients(house: House) -> None:
    sue = await house.user("sue@acme.test", "Sue Fox")
    teams = f"/v1/core/organizations/{house.organization.id}/teams"
    await house.api("POST", teams, json={"name": "North", "coachUids": [sue]})
    recording_id = await house.record()
    path = f"/v1/core/recordings/{recording_id}"
    john, coach = await token_of(house, await id_of(house, JOHN)), await token_of(house, sue)
    admin = await token_of(house, house.organization.admin_id)
    secret = await comment(coach, recording_id, isPrivate=True, recipients=[
        {"type": "user", "key": house.organization.admin_id}
    ])  # fmt: skip
    assert [one["id"] for one in (await admin.get(f"{path}/comments"))["data"]] == [secret["id"]]
    assert (await admin.get(f"{path}/comments", excludePrivate="true"))["data"] == []
    assert (await john.get(f"{path}/comments"))["data"] == (await john.get(f"{path}/threads"))["data"] == []
    for method, body in (("GET", None), ("PATCH", {"text": "x"}), ("DELETE", None)):
        options = {} if body is None else {"json": body}
        assert (await john(method, f"{path}/comments/{secret['id']}", **options)).status_code == 404
    thread = f"{path}/threads/{secret['threadId']}"
    assert (await john("PATCH", thread, json={"isPrivate": False})).status_code == 404
    opened = (await coach("PATCH", thread, json={"isPrivate": False})).json()["data"]
    assert opened["privacy"]["isPrivate"] is False
    assert (await john.get(f"{path}/comments/{secret['id']}"))["data"]["text"] == "Well asked."
    assert (await john("PATCH", thread, json={"isPrivate": True})).status_code == 403


async def test_a_comment_is_changed_by_its_author_or_an_administrator(house: House) -> None:
    recording_id = await house.record()
    admin, john = await token_of(house, house.organization.admin_id), await token_of(house, await id_of(house, JOHN))
    path = f"/v1/core/recordings/{recording_id}/comments"
    anns, johns = await comment(admin, recording_id), await comment(john, recording_id)
    assert (await john("PATCH", f"{path}/{anns['id']}", json={"text": "x"})).status_code == 403
    assert (await john("DELETE", f"{path}/{anns['id']}")).status_code == 403
    assert (await admin("PATCH", f"{path}/{johns['id']}", json={"text": "x"})).status_code == 200
    listed = await admin.get(path, commenterUid=await id_of(house, JOHN))
    assert [one["id"] for one in listed["data"]] == [johns["id"]]
    listed = await admin.get(path, threadIds=f"{anns['threadId']},{UNKNOWN}")
    assert [one["id"] for one in listed["data"]] == [anns["id"]]
    for body in (about(text=None), {}, about(highlightRange={"start": 5, "end": 1}), about(highlightRange={})):
        sent = {name: value for name, value in body.items() if value is not None}
        assert (await admin("POST", path, json=sent)).status_code == 422
    assert (await admin("POST", path, json=about(selectedThreadId=UNKNOWN))).status_code == 404


async def test_recordings_are_found_by_their_comments_and_tell_how_many(house: House) -> None:
    recording_id = await house.record()
    async with as_admin(house) as siro:
        await siro.comments.create(recording_id, highlight_range={"start": 0, "end": 1}, recipients=(), text="Good.")
        hits = [hit.recording_id async for hit in siro.recordings.search(query={"has_comments": True})]
        [thread] = await siro.threads.list(recording_id)
        [one] = [one async for one in siro.recordings.get_many(ids=[recording_id])]
    assert hits == [recording_id]
    assert (thread.count_comments, (one.model_extra or {}).get("numberOfComments")) in {(1, 1), (1, None)}


async def test_a_recipient_cannot_open_a_private_thread_by_a_comment_of_their_own(house: House) -> None:
    sue, mary = await house.user("sue@acme.test", "Sue Fox"), await house.user("mary@acme.test", "Mary Lee")
    teams = f"/v1/core/organizations/{house.organization.id}/teams"
    await house.api("POST", teams, json={"name": "North", "coachUids": [sue, mary]})
    recording_id = await house.record()
    path = f"/v1/core/recordings/{recording_id}/comments"
    admin, coach, other = [await token_of(house, one) for one in (house.organization.admin_id, sue, mary)]
    secret = await comment(admin, recording_id, isPrivate=True, recipients=[{"type": "user", "key": sue}])
    own = await comment(coach, recording_id, selectedThreadId=secret["threadId"])
    opening = {"recipients": [{"type": "user", "key": sue}, {"type": "user", "key": mary}]}
    assert (await coach("PATCH", f"{path}/{own['id']}", json=opening)).status_code == 403
    assert (await other.get(path))["data"] == []
    assert (await coach("PATCH", f"{path}/{own['id']}", json={"text": "Agreed."})).status_code == 200
    assert (await admin("PATCH", f"{path}/{secret['id']}", json=opening)).status_code == 200
    assert [one["id"] for one in (await other.get(path))["data"]] == [secret["id"], own["id"]]
