"""Uploading a call: three requests, one of them to an address that is a secret."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from fieldnote.siro import AsyncSiro, BadResponse, NotFound, SiroError
from fieldnote.siro.models import CrmObject
from tests.siro.server import Reply, Request, Server, as_json, serving

Make = Callable[..., AsyncSiro]
STARTED = datetime(2026, 2, 15, 14, tzinfo=UTC)
AUDIO = bytes(range(256)) * 4096


class Storage:
    """Siro and the storage behind its signed addresses."""

    def __init__(self) -> None:
        self.server: Server | None = None
        self.kept: bytes | None = None
        self.faults: list[Reply] = []

    def __call__(self, request: Request) -> Reply:
        assert self.server is not None
        match request.path.rsplit("/", 1)[-1]:
            case "access-token":
                return as_json({"accessToken": "user-token", "accessTokenId": "i"}, 201)
            case "signed-urls":
                size = str(request.json["fileSize"])
                headers = {"Content-Type": request.json["fileType"], "x-goog-content-length-range": f"0,{size}"}
                address = f"{self.server.url}/planted-bucket/call"
                urls = {"uploadUrl": f"{address}?signature=planted", "downloadUrl": address, "uploadHeaders": headers}
                return as_json({"data": {**urls, "expiresAt": "2026-02-15T15:00:00Z"}})
            case "upload":
                return as_json({"data": {"recordingId": "rec-9"}}, 201)
            case _:
                if self.faults:
                    return self.faults.pop(0)
                self.kept = request.body
                return Reply(200)


@pytest.fixture
def call(tmp_path: Path) -> Path:
    path = tmp_path / "Anruf Müller.mp3"
    path.write_bytes(AUDIO)
    return path


async def test_a_file_is_sent_to_the_signed_address_and_registered(client: Make, call: Path) -> None:
    storage = Storage()
    async with serving(storage) as server, client(server.url) as siro:
        storage.server = server
        uploaded = await siro.recordings.upload(
            call, user_email="rep@example.com", started_at=STARTED, title="Call",
            crm_objects=[CrmObject(object_id="opp-1", object_type="Opportunity")], integration_connection_id="c",
        )  # fmt: skip
    assert uploaded.recording_id == "rec-9"
    assert storage.kept == AUDIO
    mint, ask, put, register = server.seen
    assert mint.json["scope"] == "write"
    assert ask.json == {"fileSize": len(AUDIO), "fileType": "audio/mpeg"}
    assert put.method == "PUT"
    assert put.query == (("signature", "planted"),)
    assert put.headers["content-type"] == "audio/mpeg"
    assert put.headers["x-goog-content-length-range"] == f"0,{len(AUDIO)}"
    assert put.headers["content-length"] == str(len(AUDIO))
    assert not {"authorization", "x-siro-auth-token"} & put.headers.keys()
    assert register.json == {
        "fileUrl": f"{server.url}/planted-bucket/call", "fileType": "audio/mpeg", "userEmail": "rep@example.com",
        "dateCreated": "2026-02-15T14:00:00Z", "title": "Call", "integrationConnectionId": "c",
        "crmObjects": [{"objectId": "opp-1", "objectType": "Opportunity"}],
    }  # fmt: skip


async def test_the_file_is_sent_again_after_a_fault_of_the_storage(client: Make, call: Path) -> None:
    storage = Storage()
    storage.faults = [Reply(503), Reply(reset=True)]
    async with serving(storage) as server, client(server.url) as siro:
        storage.server = server
        await siro.recordings.upload(call, user_id="u", started_at=STARTED)
    assert storage.kept == AUDIO
    assert len([seen for seen in server.seen if seen.path.endswith("/upload")]) == 1


async def test_a_signed_address_is_never_shown(client: Make, call: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    storage = Storage()
    storage.faults = [Reply(404, b"<Error><Code>planted</Code></Error>")]
    async with serving(storage) as server, client(server.url) as siro:
        storage.server = server
        urls = await siro.recordings.create_upload_urls(file_size=1, file_type="audio/mpeg")
        with pytest.raises(NotFound) as caught:
            await siro.recordings.upload(call, user_id="u", started_at=STARTED)
    shown = [repr(urls), str(caught.value), repr(caught.value.call), caught.value.report()]
    shown += traceback.format_exception(caught.value)
    shown += [record.getMessage() + repr(record.__dict__) for record in caplog.records]
    assert [text for text in shown if "planted" in text] == []


@pytest.mark.parametrize("address", ["", "planted", "ftp://planted/x", "http://", "http://planted:port/"])
async def test_an_invalid_upload_address_is_a_bad_response_and_not_shown(
    client: Make, call: Path, address: str
) -> None:
    def handler(request: Request) -> Reply:
        if request.path.endswith("access-token"):
            return as_json({"accessToken": "t", "accessTokenId": "i"}, 201)
        return as_json({"uploadUrl": address, "downloadUrl": "https://x/y", "uploadHeaders": {"a": "b\nc", "d": 1}})

    async with serving(handler) as server, client(server.url) as siro:
        with pytest.raises(BadResponse, match="address for the upload") as caught:
            await siro.recordings.upload(call, user_id="u", started_at=STARTED)
    assert "planted" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("name", "content", "given", "words"),
    [
        ("call.mp3", b"", {"user_id": "u"}, "is empty"),
        ("call.mystery", b"x", {"user_id": "u"}, "give file_type"),
        ("call.pdf", b"x", {"user_id": "u"}, "give file_type"),
        ("call.wav", b"x", {}, "give one of"),
        ("call.wav", b"x", {"user_id": "u", "user_email": "e"}, "give one of"),
    ],
)
async def test_invalid_requests_are_refused_before_sending(
    client: Make, tmp_path: Path, name: str, content: bytes, given: dict[str, Any], words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    async with serving(Storage()) as server, client(server.url) as siro:
        with pytest.raises(ValueError, match=words):
            await siro.recordings.upload(tmp_path / name, started_at=STARTED, **given)
        with pytest.raises(FileNotFoundError):
            await siro.recordings.upload(tmp_path / "nowhere.mp3", started_at=STARTED, user_id="u")
        naive = datetime(2026, 2, 15)  # noqa: DTZ001
        with pytest.raises(ValidationError, match="zone"):
            await siro.recordings.upload(_wav(tmp_path), started_at=naive, user_id="u")
    assert server.seen == []


def _wav(folder: Path) -> Path:
    path = folder / "other.wav"
    path.write_bytes(b"RIFF")
    return path


async def test_a_link_that_siro_answers_with_an_error_raises_it(client: Make) -> None:
    def handler(request: Request) -> Reply:
        if request.path.endswith("access-token"):
            return as_json({"accessToken": "t", "accessTokenId": "i"}, 201)
        return as_json({"error": "no such engagement", "details": {}})

    async with serving(handler) as server, client(server.url) as siro:
        with pytest.raises(SiroError, match="not done: no such engagement"):
            await siro.recordings.link("rec-1", data_type="ENGAGEMENT", id="e")
        with pytest.raises(ValidationError, match="not both"):
            await siro.recordings.link("rec-1", data_type="ENGAGEMENT", id="e", external_id="x")
        with pytest.raises(ValidationError, match="integration_connection_id"):
            await siro.recordings.unlink("rec-1", data_type="ENGAGEMENT", external_id="x")
    assert [seen.method for seen in server.seen] == ["POST", "PUT"]


async def test_a_list_without_cursors_goes_on_by_number(client: Make) -> None:
    def handler(request: Request) -> Reply:
        number = int(dict(request.query).get("page", "1"))
        return as_json({"data": [{"clientId": f"app-{number}"}], "cursor": None, "hasNextPage": number < 3})

    async with serving(handler) as server, client(server.url) as siro:
        listing = siro.oauth.list_apps(organization_id="o", owner="u")
        assert [app.client_id async for app in listing] == ["app-1", "app-2", "app-3"]
        pages = [page async for page in siro.oauth.list_apps(organization_id="o", owner="u", page_number=2).pages()]
        assert [page.cursor for page in pages] == ["page:3", None]
        resumed = siro.oauth.list_apps(organization_id="o", owner="u", cursor="page:3")
        assert [app.client_id async for app in resumed] == ["app-3"]


async def test_a_search_and_a_reading_by_ids_go_on_in_their_bodies(client: Make) -> None:
    def handler(request: Request) -> Reply:
        if request.path.endswith("access-token"):
            return as_json({"accessToken": "t", "accessTokenId": "i"}, 201)
        if request.path.endswith("search"):
            page = request.json.get("page", 1)
            hits = [{"recordingId": f"hit-{page}"}]
            return as_json({"data": {"hits": hits, "estimatedTotalHits": 2}, "hasNextPage": page < 2})
        cursor = request.json.get("cursor")
        return as_json({"data": [{"id": f"rec-{cursor or 0}"}], "cursor": None if cursor else "1"})

    async with serving(handler) as server, client(server.url) as siro:
        found = [hit.recording_id async for hit in siro.recordings.search(query={"search_text": "metal roof"})]
        read = [recording.id async for recording in siro.recordings.get_many(ids=["rec-0", "rec-1"])]
    assert found == ["hit-1", "hit-2"]
    assert read == ["rec-0", "rec-1"]
    assert server.seen[-1].json == {"ids": ["rec-0", "rec-1"], "cursor": "1", "pageSize": 25}
