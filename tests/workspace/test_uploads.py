"""Recordings that come as a file, or from a recorder, by the user token."""

from __future__ import annotations

import asyncio
import io
import random
import stat
import wave
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text

from fieldnote.errors import WorkspaceError
from fieldnote.siro import AsyncSiro
from fieldnote.workspace import (
    Operator,
    Workspace,
    WorkspaceServer,
    attach_audio,
    open_workspace,
)
from fieldnote.workspace.audio_store import VARIABLE, Signed, Signer
from fieldnote.workspace.domain import access
from fieldnote.workspace.domain.recordings.audio_files import erase_audio_key, purge_unregistered
from tests.waiting import HANGS
from tests.workspace.contract import ORGANIZATION_BASE
from tests.workspace.house import JOHN, START, Api, House
from tests.workspace.test_policies import give_role

URLS = "/v1/core/recordings/signed-urls"
UPLOAD = "/v1/core/recordings/upload"
RECORDINGS = "/v1/core/recordings"
OPERATOR = Operator("root", "Ann")
SOUND = b"ID3" + bytes(range(200))


@pytest.fixture
async def admin(house: House) -> Api:
    """A client of the administrator, who may write."""
    return await writer(house, house.organization.admin_id)


async def writer(house: House, user_id: str) -> Api:
    body = {"clientSecret": "app-secret", "userId": user_id, "scope": "write"}
    made = await house.api("POST", "/v1/core/oauth/apps/app-1/access-token", json=body)
    client = Api(house.server.url, made.json()["accessToken"], header="x-siro-auth-token")
    house.clients.append(client)
    return client


async def john(house: House) -> str:
    rows = await house.rows("select id::text from users where email = :email", email=JOHN)
    return str(rows[0][0])


async def urls(admin: Api, sound: bytes = SOUND, kind: str = "audio/mpeg") -> Any:
    response = await admin("POST", URLS, json={"fileType": kind, "fileSize": len(sound)})
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def send(given: Any, sound: bytes = SOUND, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False, timeout=HANGS) as client:
        return await client.put(given["uploadUrl"], content=sound, headers=given["uploadHeaders"] | headers)


async def sent(admin: Api, sound: bytes = SOUND, kind: str = "audio/mpeg") -> str:
    """The address by which an uploaded file is registered."""
    given = await urls(admin, sound, kind)
    response = await send(given, sound)
    assert response.status_code == 200, response.text
    return str(given["downloadUrl"])


async def register(admin: Api, url: str, **fields: Any) -> httpx2.Response:
    return await admin("POST", UPLOAD, json={"fileUrl": url, "fileType": "audio/mpeg", **fields})


async def registered(admin: Api, url: str, **fields: Any) -> str:
    response = await register(admin, url, **fields)
    assert response.status_code == 201, response.text
    return str(response.json()["data"]["recordingId"])


# --- files


async def test_a_file_becomes_a_recording_and_can_be_heard(house: House, admin: Api) -> None:
    url = await sent(admin)
    recording_id = await registered(admin, url, userEmail=JOHN, dateCreated=START.isoformat(), title="Call")
    recording = await house.api.get(f"{RECORDINGS}/{recording_id}")
    assert (recording["title"], recording["userId"]) == ("Call", await john(house))
    assert recording["createdAt"].startswith("2026-02-15T14:00:00")
    assert not recording["isProcessingDone"]
    heard = (await admin("POST", f"{RECORDINGS}/{recording_id}/signedUrl")).json()["data"]
    assert heard["error"] is False
    async with httpx2.AsyncClient(trust_env=False, timeout=HANGS) as client:
        for address in (heard["url"], url):
            answer = await client.get(address)
            assert (answer.status_code, answer.content) == (200, SOUND)
            assert answer.headers["content-type"] == "audio/mpeg"
    assert await registered(admin, url) == recording_id  # a repetition does no harm
    assert len(await house.api.recordings()) == 1


async def test_signed_addresses_end_with_the_user_and_the_organization(house: House, admin: Api) -> None:
    own, engine = house.organization, house.workspace.engine
    rep = await writer(house, await john(house))
    given, heard = await urls(rep), await sent(admin)
    await access.disable_user(engine, own, JOHN, by=OPERATOR)
    assert (await send(given)).status_code == 403
    async with httpx2.AsyncClient(trust_env=False, timeout=HANGS) as client:
        assert (await client.get(heard)).status_code == 200
        await access.set_organization(engine, own, disabled=True, by=OPERATOR)
        assert (await client.get(heard)).status_code == 403
    assert (await send(given)).status_code == 403


async def test_the_siro_client_uploads(house: House, tmp_path: Path) -> None:
    file = tmp_path / "call.mp3"
    file.write_bytes(SOUND)
    async with AsyncSiro(
        token=house.api.token,
        base_url=house.server.url + ORGANIZATION_BASE,
        api_url=house.server.url,
        client_id="app-1",
        client_secret="app-secret",
        user_id=house.organization.admin_id,
    ) as siro:
        made = await siro.recordings.upload(file, started_at=START, user_email=JOHN)
    assert [row["id"] for row in await house.api.recordings()] == [made.recording_id]


async def test_a_wave_file_tells_how_long_it_is(house: House, admin: Api) -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(1000)
        sound.writeframes(bytes(2500))
    recording_id = await registered(admin, await sent(admin, buffer.getvalue(), "audio/wav"))
    recording = await house.api.get(f"{RECORDINGS}/{recording_id}")
    assert recording["durationInMilliseconds"] == 2500


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda given: given["uploadHeaders"].pop("x-goog-content-length-range"), 403),
        (lambda given: given["uploadHeaders"].update({"Content-Type": "audio/wav"}), 403),
        (lambda given: given.update(uploadUrl=given["uploadUrl"].replace("signature=", "signature=0")), 403),
        (lambda given: given.update(uploadUrl=given["uploadUrl"].replace("expires=", "expires=9")), 403),
        (lambda given: given.update(uploadUrl=given["downloadUrl"]), 403),
    ],
)
async def test_what_was_not_signed_is_refused(admin: Api, change: Callable[[Any], object], status: int) -> None:
    given = await urls(admin)
    change(given)
    assert (await send(given)).status_code == status
    assert (await register(admin, given["downloadUrl"])).status_code == 422


async def test_an_address_expires(house: House, admin: Api) -> None:
    given = await urls(admin)
    file_id = given["uploadUrl"].partition("?")[0].rpartition("/")[2]
    file = Signed(house.organization.id, file_id)
    late = START - timedelta(days=1)
    given["uploadUrl"] = Signer(house.workspace.box).address(
        house.server.url, file, "PUT", late, user=await john(house)
    )
    assert (await send(given)).status_code == 403


async def test_a_file_of_another_size_is_refused(admin: Api) -> None:
    given = await urls(admin)
    for sound in (b"", SOUND + b"x"):
        response = await send(given, sound)
        assert response.status_code == 400
        assert f"1 to {len(SOUND)} bytes" in response.json()["error"]
    assert (await send(given, SOUND[:-1])).status_code == 200
    await registered(admin, given["downloadUrl"])
    assert (await send(given)).status_code == 403  # it can no longer be exchanged


async def test_only_mp3_aac_and_wav_are_taken(admin: Api) -> None:
    for kind, status in (("audio/mpeg", 200), ("audio/aac", 200), ("audio/x-wav", 200), ("video/mp4", 422)):
        assert (await admin("POST", URLS, json={"fileType": kind, "fileSize": 5})).status_code == status
    for size in (0, 3 * 1024**3, 1.5):
        assert (await admin("POST", URLS, json={"fileType": "audio/mpeg", "fileSize": size})).status_code == 422


async def test_what_is_wrong_with_a_registration_is_said(house: House, admin: Api) -> None:
    url = await sent(admin)
    for fields, status in (
        ({"fileUrl": "https://example.test/a.mp3"}, 422),
        ({"fileUrl": url.replace("signature=", "signature=0")}, 422),
        ({"userEmail": "nobody@acme.test"}, 404),
        ({"userId": str(uuid4())}, 404),
        ({"userPhone": "5"}, 404),
        ({"organizationId": str(uuid4())}, 404),
        ({"dateCreated": "0001-01-01T00:00:00Z"}, 422),
        ({"crmObjects": [{"objectType": "Opportunity", "objectId": "none"}]}, 422),
        ({"unknown": 1}, 422),
    ):
        body = {"fileUrl": url, "fileType": "audio/mpeg"} | fields
        assert (await admin("POST", UPLOAD, json=body)).status_code == status, fields
    assert await house.api.recordings() == []


async def test_a_reader_uploads_nothing_and_a_rep_only_their_own(house: House) -> None:
    reader = await house.user_client()
    assert (await reader("POST", URLS, json={"fileType": "audio/mpeg", "fileSize": 5})).status_code == 403
    rep = await writer(house, await john(house))
    assert (await register(rep, await sent(rep), userId=house.organization.admin_id)).status_code == 403
    recording_id = await registered(rep, await sent(rep))
    assert (await house.api.get(f"{RECORDINGS}/{recording_id}"))["userId"] == await john(house)


async def test_the_records_that_an_upload_names_win_over_time(house: House, admin: Api) -> None:
    await house.api.visit("a-1")
    await house.api.visit("a-2", at=START + timedelta(days=9), opportunity={"externalId": "o-2"})
    objects = [{"objectType": "Engagement", "objectId": "a-2"}, {"objectType": "Opportunity", "objectId": "o-2"}]
    fields = {"userEmail": JOHN, "dateCreated": START.isoformat(), "crmObjects": objects}
    recording_id = await registered(admin, await sent(admin), **fields)
    explained = await house.explain(recording_id)
    assert (explained.appointment, explained.opportunity) == ("a-2", "o-2")
    assert (explained.trigger, explained.source) == ("AUDIO_UPLOAD_DEEPLINK", "DIRECT")


async def test_the_customers_number_finds_the_contact_unless_two_have_it(house: House, admin: Api) -> None:
    numbers = {"phoneNumbers": ["+1 (208) 555-0100"]}
    await house.api.visit("a-1", at=START + timedelta(days=30), contact={"externalId": "p-1", **numbers})
    first = await registered(admin, await sent(admin), contactPhone="208 555 0100")
    assert (await house.explain(first)).trigger == "CONTACT_MATCH_AUDIO_UPLOAD"
    crm = (await house.api.get(f"{RECORDINGS}/{first}", showCrmLinks="true"))["crm"]
    assert [one["externalId"] for one in crm["contacts"]] == ["p-1"]
    await house.api.visit("a-2", at=START + timedelta(days=31), contact={"externalId": "p-2", **numbers})
    second = await registered(admin, await sent(admin), contactPhone="208 555 0100")
    assert (await house.explain(second)).source == "NOT_FOUND"


async def test_an_upload_without_such_a_word_is_matched_by_time(house: House, admin: Api) -> None:
    await house.api.visit()
    recording_id = await registered(admin, await sent(admin), userEmail=JOHN, dateCreated=START.isoformat())
    assert (await house.explain(recording_id)).appointment == "a-1"


async def test_audio_lies_where_the_environment_says(
    house: House, admin: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await sent(admin)
    [stored] = stored_files(tmp_path)
    assert SOUND not in stored.read_bytes(), "it is encrypted"
    assert stat.S_IMODE((tmp_path / "home/audio").stat().st_mode) == 0o700
    monkeypatch.setenv(VARIABLE, "memory://audio")
    async with open_workspace(database_url=house.workspace.database_url) as workspace:
        (tmp_path / "file").write_bytes(b"x")
        await workspace.audio.put("o/f", tmp_path / "file")
        assert [piece async for piece in workspace.audio.read("o/f", size=1)] == [b"x"]
        await workspace.audio.delete("o/f")
        await workspace.audio.delete("o/f")
        with pytest.raises(FileNotFoundError):
            assert [piece async for piece in workspace.audio.read("o/f", size=1)] == []


def stored_files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "home/audio").rglob("*") if path.is_file()]


async def heard_at(url: str, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False, timeout=HANGS) as client:
        return await client.get(url, headers=headers)


async def test_audio_cannot_be_exchanged_once_a_recording_has_it(admin: Api, tmp_path: Path) -> None:
    """Also by an upload that began before the registration, and ends after it."""
    given = await urls(admin)
    assert (await send(given)).status_code == 200
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"ID3 another"
        await gate.wait()
        yield b" voice"

    async with httpx2.AsyncClient(trust_env=False, timeout=HANGS) as client:
        late = asyncio.create_task(client.put(given["uploadUrl"], content=slowly(), headers=given["uploadHeaders"]))
        await registered(admin, given["downloadUrl"])
        gate.set()
        assert (await late).status_code == 403
    assert (await send(given, b"ID3 a third one")).status_code == 403
    assert (await heard_at(given["downloadUrl"])).content == SOUND
    assert len(stored_files(tmp_path)) == 1


async def test_audio_may_be_sent_again_until_then_and_only_the_last_one_is_kept(admin: Api, tmp_path: Path) -> None:
    given = await urls(admin)
    for sound in (b"ID3 first", b"ID3 second"):
        assert (await send(given, sound)).status_code == 200
    await registered(admin, given["downloadUrl"])
    assert (await heard_at(given["downloadUrl"])).content == b"ID3 second"
    assert len(stored_files(tmp_path)) == 1


async def test_only_who_uploaded_a_file_registers_it(house: House, admin: Api) -> None:
    url = await sent(admin)
    other = await writer(house, await john(house))
    answer = await register(other, url)
    assert answer.status_code == 422
    recording_id = await registered(admin, url)
    assert (await register(other, url)).status_code == 422
    assert await registered(admin, url) == recording_id


RANGES = (
    ("bytes=0-0", 206, 0, 1),
    ("bytes=65530-65545", 206, 65_530, 65_546),
    ("bytes=65536-131071", 206, 65_536, 131_072),
    ("bytes=150000-", 206, 150_000, 200_000),
    ("bytes=-7", 206, 199_993, 200_000),
    ("bytes=-999999", 206, 0, 200_000),
    ("bytes=0-999999", 206, 0, 200_000),
    ("bytes=200000-", 416, 0, 0),
    ("bytes=-0", 416, 0, 0),
    ("bytes=5-4", 200, 0, 200_000),
    ("lines=1-2", 200, 0, 200_000),
    ("bytes=0-1,3-4", 200, 0, 200_000),
)


async def test_any_range_of_encrypted_audio_is_served(admin: Api) -> None:
    sound = b"ID3" + random.Random(5).randbytes(199_997)
    url = await sent(admin, sound)
    for asked, status, begin, end in RANGES:
        answer = await heard_at(url, Range=asked)
        assert answer.status_code == status, asked
        if status != 416:
            assert answer.content == sound[begin:end], asked
        named = {206: f"bytes {begin}-{end - 1}/200000", 416: "bytes */200000"}.get(status)
        assert answer.headers.get("content-range") == named, asked


async def test_erasing_the_key_erases_the_audio(house: House, admin: Api, tmp_path: Path) -> None:
    url = await sent(admin)
    [stored] = stored_files(tmp_path)
    await erase_audio_key(house.workspace.engine, house.organization.id)
    assert (await heard_at(url)).status_code == 404
    assert SOUND not in stored.read_bytes()
    with pytest.raises(WorkspaceError, match="no audio key"):
        await erase_audio_key(house.workspace.engine, (await house.another())[0].id)


async def test_a_signed_address_ends_with_its_recording(house: House, admin: Api) -> None:
    url = await sent(admin)
    recording_id = await registered(admin, url)
    assert (await heard_at(url)).status_code == 200
    async with house.workspace.engine.begin() as conn:
        await conn.execute(text("update recordings set deleted_at = now() where id = :id"), {"id": recording_id})
    assert (await heard_at(url)).status_code == 404


async def test_a_signed_address_ends_when_its_user_may_no_longer_see_the_recording(house: House, admin: Api) -> None:
    """The matrix: whose address, what changes, and whether the address works after it."""
    coach_id = await house.user("sue@acme.test", "Sue Lee")
    await give_role(house, coach_id, "coach")
    rep, coach = await writer(house, await john(house)), await writer(house, coach_id)
    recording_id = await registered(rep, await sent(rep))

    async def address(client: Api) -> str:
        answer = await client("POST", f"{RECORDINGS}/{recording_id}/signedUrl")
        return str(answer.json()["data"]["url"])

    async def private(on: bool) -> None:
        assert (await rep("PATCH", RECORDINGS, json={"id": recording_id, "isPrivate": on})).status_code == 200

    open_to = {client.token: await address(client) for client in (rep, coach, admin)}
    assert [(await heard_at(url)).status_code for url in open_to.values()] == [200, 200, 200]
    await private(True)
    assert [(await heard_at(url)).status_code for url in open_to.values()] == [403, 403, 403]
    closed = [await address(rep), await address(admin)]
    assert [(await heard_at(url)).status_code for url in closed] == [200, 200]
    await private(False)
    assert [(await heard_at(url)).status_code for url in closed] == [403, 403]
    async with house.workspace.engine.begin() as conn:
        await conn.execute(text("update users set role = 'rep' where id = :id"), {"id": coach_id})
    assert [(await heard_at(url)).status_code for url in open_to.values()] == [200, 404, 200]
    await access.disable_user(house.workspace.engine, house.organization, JOHN, by=OPERATOR)
    assert (await heard_at(open_to[rep.token])).status_code == 403


@pytest.mark.parametrize("change", [("user", ""), ("user", "ADMIN"), ("method", "PUT"), ("expires", "99999999999999")])
async def test_no_part_of_a_signed_address_can_be_exchanged(house: House, admin: Api, change: tuple[str, str]) -> None:
    rep = await writer(house, await john(house))
    url = await sent(rep)
    assert (await heard_at(url)).status_code == 200
    name, value = change
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | {name: value.replace("ADMIN", house.organization.admin_id)}
    assert (await heard_at(parts._replace(query=urlencode(query)).geturl())).status_code == 403


async def test_audio_that_is_heard_or_sent_by_an_address_is_in_the_audit(house: House, admin: Api) -> None:
    rep = await writer(house, await john(house))
    url = await sent(rep)
    recording_id = await registered(rep, url)
    for _ in range(3):
        await heard_at(url)
    await admin("PATCH", RECORDINGS, json={"id": recording_id, "isPrivate": True})
    assert (await heard_at(url)).status_code == 403
    await house.workspace.audit.write()
    found = await house.rows(
        "select action, outcome, calls, targets, user_id::text, address from audit_events"
        " where action like '%/audio/%' order by action, outcome"
    )
    file = urlsplit(url).path.split("/")[-1]
    who = (await john(house), "127.0.0.1")
    assert [tuple(row) for row in found] == [
        ("GET /audio/{organization}/{file}", "done", 3, [recording_id], *who),
        ("GET /audio/{organization}/{file}", "refused", 1, [file], *who),
        ("PUT /audio/{organization}/{file}", "done", 1, [file], *who),
    ]


async def test_addresses_do_not_follow_the_host_header(house: House, admin: Api, workspace_url: str) -> None:
    async def address(workspace: Workspace, client: Api) -> str:
        del workspace
        body = {"fileType": "mp3", "fileSize": 9}
        answer = await client("POST", URLS, json=body, headers={"Host": "evil.example"})
        return str(answer.json()["data"]["uploadUrl"])

    assert (await address(house.workspace, admin)).startswith(f"{house.server.url}/audio/")
    async with (
        open_workspace(database_url=workspace_url, public_url="https://siro.example.com/") as workspace,
        WorkspaceServer(workspace, rate_limit=None) as server,
    ):
        client = Api(server.url, admin.token, header="x-siro-auth-token")
        house.clients.append(client)
        assert (await address(workspace, client)).startswith("https://siro.example.com/audio/")


async def test_audio_that_no_recording_was_made_of_is_purged(house: House, admin: Api, tmp_path: Path) -> None:
    kept, waiting = await sent(admin), await sent(admin)
    await registered(admin, kept)
    assert await purge_unregistered(house.workspace) == 0
    async with house.workspace.engine.begin() as conn:
        await conn.execute(text("update audio_files set expires_at = now() - interval '25 hours'"))
    assert await purge_unregistered(house.workspace) == 1
    assert len(stored_files(tmp_path)) == 1
    assert (await register(admin, waiting)).status_code == 422


# --- recorders


async def test_a_recorder_begins_a_recording_under_an_id_of_its_own(house: House, admin: Api) -> None:
    await house.api.visit("a-1", at=START + timedelta(days=9))
    recording_id = str(uuid4())
    body = {"id": recording_id, "dateCreated": START.isoformat(), "title": "Visit", "engagementId": "a-1"}
    for _ in range(2):
        assert (await admin("PUT", RECORDINGS, json=body)).status_code == 201
    assert [row["id"] for row in await house.api.recordings()] == [recording_id]
    assert (await house.explain(recording_id)).appointment == "a-1"
    events = (await house.api.get("/v1/core/mobile-events", recordingId=recording_id))["data"]
    assert {event["eventCode"] for event in events} == {"deeplinkReceived", "deeplinkConsumed", "recorderStateChange"}
    assert (await admin("PUT", RECORDINGS, json=body | {"id": "mine"})).status_code == 422


async def test_a_recording_goes_through_its_stages(house: House, admin: Api) -> None:
    recording_id = str(uuid4())
    await admin("PUT", RECORDINGS, json={"id": recording_id, "dateCreated": START.isoformat()})
    seen = []
    for status in (None, "UPLOADING", "UPLOADED", "ERROR"):
        changes = {} if status is None else {"transcriptionStatus": status}
        data = (await admin("PATCH", RECORDINGS, json={"id": recording_id, **changes})).json()["data"]
        seen.append((data["transcriptionStatus"], data["processingStage"], data["processingStatus"]))
    assert seen == [
        ("RECORDING", "recording", "in-progress"),
        ("UPLOADING", "uploading", "in-progress"),
        ("UPLOADED", "processing", "in-progress"),
        ("ERROR", "processing", "error"),
    ]
    done = await house.record(at=START + timedelta(days=1))
    await house.settle()
    data = (await admin("PATCH", RECORDINGS, json={"id": done, "transcriptionStatus": "RECORDING"})).json()["data"]
    assert (data["transcriptionStatus"], data["processingStage"], data["processingStatus"]) == (
        "COMPLETE",
        "done",
        "complete",
    )


async def test_what_a_person_says_of_a_recording_is_kept(house: House, admin: Api) -> None:
    await house.api.visit(at=START + timedelta(days=9))
    recording_id = await house.record()
    changes = {"title": "Kitchen", "notes": "Call back", "dateCreated": (START + timedelta(days=9)).isoformat()}
    data = (await admin("PATCH", RECORDINGS, json={"id": recording_id, **changes})).json()["data"]
    assert (data["title"], data["notes"]) == ("Kitchen", "Call back")
    assert (await house.explain(recording_id)).appointment == "a-1"
    rep = await writer(house, await house.user("sue@acme.test", "Sue Rep"))
    assert (await rep("PATCH", RECORDINGS, json={"id": recording_id, "title": "x"})).status_code == 404
    assert (await admin("PATCH", RECORDINGS, json={"id": str(uuid4()), "title": "x"})).status_code == 404


async def test_a_file_and_a_recording_of_another_organization_are_not_there(house: House, admin: Api) -> None:
    url, recording_id = await sent(admin), await house.record()
    organization, other = await house.another()
    app = {"appName": "x", "owner": organization.admin_id, "organizationId": organization.id}
    made = (await other("POST", "/v1/core/oauth/apps", json=app)).json()
    body = {"clientSecret": made["clientSecret"], "userId": organization.admin_id, "scope": "write"}
    path = f"/v1/core/oauth/apps/{made['clientID']}/access-token"
    token = (await other("POST", path, json=body)).json()["accessToken"]
    theirs = Api(house.server.url, token, header="x-siro-auth-token")
    house.clients.append(theirs)
    assert (await register(theirs, url)).status_code == 422
    assert (await theirs("POST", f"{RECORDINGS}/{recording_id}/signedUrl")).status_code == 404
    assert (await theirs("PATCH", RECORDINGS, json={"id": recording_id, "title": "x"})).status_code == 404
    taken = {"id": recording_id, "dateCreated": START.isoformat()}
    assert (await theirs("PUT", RECORDINGS, json=taken)).status_code == 404


async def test_the_workspace_attaches_a_file_to_a_recording_once(house: House, admin: Api, tmp_path: Path) -> None:
    recording = await house.record()
    source = tmp_path / "sound.webm"
    source.write_bytes(SOUND)
    attach = partial(
        attach_audio, house.workspace, house.organization.id, media_type="audio/webm", length=timedelta(seconds=9)
    )

    assert await attach(recording, source)
    assert not await attach(recording, source)
    assert not await attach(str(uuid4()), source)

    response = await admin("POST", f"{RECORDINGS}/{recording}/signedUrl")
    async with httpx2.AsyncClient(trust_env=False, timeout=HANGS) as client:
        answer = await client.get(response.json()["data"]["url"])
    assert answer.content == SOUND
    assert answer.headers["content-type"] == "audio/webm"
