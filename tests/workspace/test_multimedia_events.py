"""Recordings that another system made, and that the workspace fetches."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from tests.workspace.house import JOHN, START, House
from tests.workspace.test_user_recordings import token_of

EVENTS: Final = "/v1/integrations/multimedia-events"


def sound(seconds: int = 3) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 8000 * seconds)
    return made.getvalue()


@asynccontextmanager
async def files(*answers: bytes) -> AsyncIterator[str]:
    """A server that gives these answers one after the other, the last for ever."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = left.pop(0) if len(left) > 1 else left[0]
        status = b"200 OK" if body else b"503 Busy"
        writer.write(b"HTTP/1.1 %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (status, len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/call.wav"


def event(house: House, url: str, **fields: Any) -> dict[str, Any]:
    return {
        "externalId": "m-1", "externalEventId": "a-1", "externalUserId": "r-1", "externalEmailAddress": JOHN,
        "organizationId": house.organization.id, "downloadUrl": url, "mimeType": "audio/wav",
        "remoteCreatedAt": START.isoformat(),
    } | fields  # fmt: skip


async def test_an_event_becomes_a_recording_of_its_rep_and_appointment(house: House) -> None:
    await house.api.visit()
    async with files(b"", sound()) as url:  # the first answer is a failure
        answer = await house.api("PUT", EVENTS, json=event(house, url))
        assert (answer.status_code, answer.json()) == (201, {"data": None})
        assert (await house.api("PUT", EVENTS, json=event(house, url))).status_code == 201
        await house.settle()
    [recording] = await house.api.recordings(showCrmLinks="true")
    assert recording["crm"]["engagement"]["externalId"] == "a-1"
    assert (recording["durationInMilliseconds"], recording["createdAt"]) == (3000, "2026-02-15T14:00:00.000Z")
    admin = await token_of(house, house.organization.admin_id)
    address = (await admin("POST", f"/v1/core/recordings/{recording['id']}/signedUrl")).json()["data"]
    assert (await admin.client.get(address["url"])).content == sound()
    assert (
        await house.rows("select 1 from multimedia_events where download_url is not null or failure is not null") == []
    )


async def test_audio_that_cannot_be_fetched_is_a_failed_recording(house: House) -> None:
    async with files(b"") as url:
        await house.api("PUT", EVENTS, json=event(house, url))
        await house.settle()
    [[failure]] = await house.rows("select failure from recordings")
    assert failure == "the audio cannot be fetched: the address answers 503"


async def test_a_batch_of_events_is_taken_whole_or_not_at_all(house: House) -> None:
    path = "/v1/integrations/batch/multimedia-events"
    async with files(sound()) as url:
        good, bad = event(house, url), event(house, url, externalId="m-2", externalUserId="x", externalEmailAddress="x")
        answer = await house.api("PUT", path, json=[good, bad])
        assert [one["path"] for one in answer.json()["issues"]] == [[1, "externalUserId"]]
        assert await house.api.recordings() == []
        assert (await house.api("PUT", path, json=[good, good | {"externalId": "m-3"}])).status_code == 201
        await house.settle()
    assert len(await house.api.recordings()) == 2


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"mimeType": "image/png"}, "mimeType"), ({"downloadUrl": "ftp://files.example/x"}, "downloadUrl"),
        ({"downloadUrl": "http://10.0.0.8/x.wav"}, "downloadUrl"), ({"remoteCreatedAt": "x"}, "remoteCreatedAt"),
    ],
)  # fmt: skip
async def test_what_cannot_be_fetched_or_played_is_refused(house: House, fields: dict[str, str], path: str) -> None:
    answer = await house.api("PUT", EVENTS, json=event(house, "https://files.example/x.wav", **fields))
    assert [one["path"] for one in answer.json()["issues"]] == [[path]]
    other = event(house, "https://files.example/x.wav", organizationId="x")
    assert (await house.api("PUT", EVENTS, json=other)).status_code == 403
