"""Folders: whose they are, who reads them, and what is in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from tests.workspace.house import JOHN, START, Api, House
from tests.workspace.test_choices import token_of as token_of_email
from tests.workspace.test_user_recordings import token_of

FOLDERS: Final = "/v1/core/folders"


async def created(client: Api, title: str = "Good openings", **fields: Any) -> str:
    answer = await client("POST", FOLDERS, json={"title": title, **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


async def titles(client: Api) -> list[str]:
    return [one["title"] for one in (await client.get(FOLDERS))["data"]["folders"]]


async def test_a_folder_holds_recordings_and_stretches_of_them(house: House) -> None:
    john = await token_of_email(house, JOHN)
    recording = await house.record()
    folder = await created(john, description="For the new ones")
    items = f"{FOLDERS}/{folder}/items"
    whole = (await john("POST", items, json={"recordingId": recording})).json()["data"]["id"]
    stretch = {"recordingId": recording, "startTimeInMilliseconds": 1500, "endTimeInMilliseconds": 4000}
    part = (await john("POST", items, json=stretch)).json()["data"]["id"]
    data = (await john.get(items))["data"]
    assert (data["folder"]["title"], data["folder"]["isPublic"]) == ("Good openings", False)
    assert [(one["id"], one["startTimeInMilliseconds"]) for one in data["folderItems"]] == [(whole, None), (part, 1500)]
    assert (await john.get(FOLDERS))["data"]["folderItems"] == data["folderItems"]
    gone = {"folderItemId": whole, "organizationId": house.organization.id}
    assert (await john("DELETE", items, json=gone)).json() == {"data": {"success": True}}
    assert (await john("DELETE", items, json=gone)).status_code == 404
    assert [one["id"] for one in (await john.get(items))["data"]["folderItems"]] == [part]
    backwards = stretch | {"startTimeInMilliseconds": 9000}
    assert (await john("POST", items, json=backwards)).status_code == 422
    assert (await john("POST", items, json={"recordingId": "x"})).status_code == 404
    assert (await john("DELETE", FOLDERS, json={"folderId": folder})).json() == {"data": {"success": True}}
    assert (await john("DELETE", FOLDERS, json={"folderId": folder})).status_code == 404
    assert (await john("GET", f"/v1/core/recordings/{recording}")).status_code == 200


async def test_a_folder_is_its_owners_until_it_is_public(house: House) -> None:
    await house.user("mary@acme.test", "Mary Lee")
    john, mary = await token_of_email(house, JOHN), await token_of_email(house, "mary@acme.test")
    admin = await token_of(house, house.organization.admin_id)
    own, hers = await house.record(), await house.record(user="mary@acme.test", at=START + timedelta(days=1))
    folder = await created(john)
    path = f"{FOLDERS}/{folder}"
    await john("POST", f"{path}/items", json={"recordingId": own})
    await admin("POST", f"{path}/items", json={"recordingId": hers})
    assert (await titles(john), await titles(mary), await titles(admin)) == (["Good openings"], [], ["Good openings"])
    assert (await mary("GET", f"{path}/items")).status_code == 404
    assert (await mary("PATCH", path, json={"isPublic": True})).status_code == 404
    assert (await john("PATCH", path, json={"isPublic": True})).status_code == 200
    assert await titles(mary) == ["Good openings"]
    seen = {client: await client.get(f"{path}/items") for client in (john, mary, admin)}
    ids = {client: [one["recordingId"] for one in page["data"]["folderItems"]] for client, page in seen.items()}
    assert (ids[john], ids[mary], ids[admin]) == ([own], [hers], [own, hers])
    for method, body in (("PATCH", {"isPublic": False}), ("DELETE", {"folderId": folder})):
        address = path if method == "PATCH" else FOLDERS
        assert (await mary(method, address, json=body)).status_code == 403
    assert (await mary("POST", f"{path}/items", json={"recordingId": hers})).status_code == 403
    other = (await house.another())[0].id
    assert (await john("GET", FOLDERS, params={"organizationId": other})).status_code == 403


async def test_a_deleted_recording_leaves_the_folders(house: House) -> None:
    john, recording = await token_of_email(house, JOHN), await house.record()
    folder = await created(john)
    await john("POST", f"{FOLDERS}/{folder}/items", json={"recordingId": recording})
    await john("DELETE", f"/v1/core/recordings/{recording}")
    assert (await john.get(f"{FOLDERS}/{folder}/items"))["data"]["folderItems"] == []
