"""How a recording enters."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fieldnote.errors import WorkspaceError
from fieldnote.insight import Utterance
from fieldnote.matching import Place
from fieldnote.workspace import NewRecording, add_recording, open_workspace
from tests.workspace.house import JOHN, SAID, START, House

NEW = NewRecording(user_email=JOHN, utterances=SAID, started_at=START)


async def add(house: House, **options: Any) -> str:
    return await add_recording(house.workspace, house.organization.id, replace(NEW, **options))


async def length(house: House, recording_id: str) -> int:
    recording = await house.api.get(f"/v1/core/recordings/{recording_id}")
    return int(recording["durationInMilliseconds"])


async def test_the_same_key_twice_is_one_recording(house: House) -> None:
    first = await add(house, key="k-1", title="Kitchen")
    assert await add(house, key="k-1", title="Bath", started_at=START + timedelta(days=1)) == first
    assert (await house.api.get(f"/v1/core/recordings/{first}"))["title"] == "Kitchen"
    assert await add(house, key="k-2") != first
    assert len(await house.api.recordings()) == 2


async def test_the_same_key_at_once_from_everywhere_is_one_recording(house: House) -> None:
    async with open_workspace(database_url=house.workspace.database_url) as second:
        adding = [
            add_recording(workspace, house.organization.id, replace(NEW, key="k-1"))
            for workspace in (house.workspace, second) * 5
        ]
        assert len(set(await asyncio.gather(*adding))) == 1
    await house.settle()
    for table, count in (("recordings", 1), ("extractions", 1), ("recording_utterances", 1), ("mobile_events", 2)):
        assert (await house.rows(f"select count(*) from {table}"))[0][0] == count


async def test_a_key_belongs_to_its_organization(house: House) -> None:
    other, _ = await house.another()
    theirs = await add_recording(house.workspace, other.id, replace(NEW, user_email="boss@Other.test", key="k-1"))
    assert await add(house, key="k-1") != theirs


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"user_email": "nobody@acme.test"}, "no user 'nobody@acme.test'"),
        ({"started_at": datetime(2026, 2, 15, 14)}, "no time zone"),  # noqa: DTZ001 - that is the point
        ({"started_at": datetime(1, 1, 1, tzinfo=UTC)}, "in the year 1"),
        ({"started_at": datetime.max.replace(tzinfo=UTC)}, "in the year 9999"),
        ({"duration": timedelta(0)}, "more than 0"),
        ({"duration": timedelta(days=2)}, "at most 24 hours"),
        ({"place": Place(91, 0)}, "out of range"),
        ({"place": Place(float("nan"), 0)}, "out of range"),
        ({"title": "a\0b"}, "NUL"),
        ({"key": "x" * 501}, "longer than 500"),
        ({"appointment_id": ""}, "empty"),
    ],
)
async def test_what_cannot_be_is_refused_in_clear_words(house: House, options: dict[str, Any], message: str) -> None:
    with pytest.raises(WorkspaceError, match=message) as caught:
        await add(house, **options)
    assert caught.value.hint
    assert await house.rows("select 1 from recordings") == []


async def test_its_length_is_what_was_said_or_the_transcripts_or_a_guess(house: House) -> None:
    assert await length(house, await add(house, duration=timedelta(minutes=40))) == 2_400_000
    assert await length(house, await add(house)) == 7_000
    untimed = [Utterance("A", " ".join(["word"] * 150), None, None)]
    assert await length(house, await add(house, utterances=untimed)) == 60_000
    assert await length(house, await add(house, utterances=[Utterance("A", "Hi", None, None)])) >= 1_000


async def test_a_recording_is_processed_once_and_tells_so(house: House) -> None:
    recording_id = await add(house, place=Place(43.6, -116.2))
    await house.settle()
    recording = await house.api.get(
        f"/v1/core/recordings/{recording_id}", showSummary="true", showEntityExtractions="true"
    )
    assert recording["isProcessingDone"]
    assert recording["isSummaryDone"]
    assert recording["isEntityExtractionDone"]
    assert (recording["latitude"], recording["longitude"]) == (43.6, -116.2)
    [summary] = recording["summary"]
    assert summary["content"]
    assert "Budget" in {item["name"] for item in recording["entityExtractions"]}


async def test_what_was_said_is_read_in_pages(house: House) -> None:
    recording_id = await add(house, utterances=[*SAID, Utterance("Bob", "A\0B", None, None)])
    user = await house.user_client()
    path = f"/v1/core/recordings/{recording_id}/utterances"
    everything = await user.get(path)
    assert [said["utterance"] for said in everything["data"]["utterances"]] == [*(u.text for u in SAID), "A\ufffdB"]
    assert everything["cursor"] is None
    first = await user.get(path, pageSize="2")
    rest = await user.get(path, pageSize="2", cursor=str(first["cursor"]))
    assert first["data"]["utterances"] + rest["data"]["utterances"] == everything["data"]["utterances"]


async def test_the_recorder_is_seen_in_the_mobile_events(house: House) -> None:
    recording_id = await add(house, appointment_id="a-1", duration=timedelta(minutes=10))
    events = (await house.api.get("/v1/core/mobile-events", recordingId=recording_id))["data"]
    assert [event["eventCode"] for event in events].count("recorderStateChange") == 2
    only = await house.api.get("/v1/core/mobile-events", eventCode="deeplinkReceived")
    assert [event["recordingId"] for event in only["data"]] == [recording_id]
