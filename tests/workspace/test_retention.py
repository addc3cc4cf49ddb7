"""Words that come late, and words that go."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldnote.errors import WorkspaceError
from fieldnote.workspace import purge_due, set_retention
from tests.typed import typed
from tests.workspace.house import JOHN, START, House
from tests.workspace.test_link_evidence import lives, said
from tests.workspace.test_linking import FAR, NEAR, at, linked
from tests.workspace.test_uploads import RECORDINGS, admin, registered, sent

__all__ = ["admin"]

Command = Callable[..., Any]


@pytest.fixture
def command(house: House, tmp_path: Path) -> Command:
    """Run a command of the workspace: its status, and what it printed as JSON or complained of."""

    async def run(*words: str) -> tuple[int, Any]:
        environment = os.environ | {
            "FIELDNOTE_WORKSPACE_DATABASE_URL": house.workspace.database_url,
            "FIELDNOTE_HOME": str(tmp_path / "home"),
        }
        line = ["workspace", *words, "--json"]
        status, out, err = await asyncio.to_thread(typed, line, folder=tmp_path, environment=environment)
        return status, json.loads(out) if status == 0 else err

    return run


async def test_an_upload_is_worked_on_when_its_transcript_arrives(
    house: House, admin: Any, command: Command, tmp_path: Path
) -> None:
    recording_id = await registered(admin, await sent(admin), userEmail=JOHN, dateCreated=START.isoformat())
    await house.settle()
    path, shown = f"{RECORDINGS}/{recording_id}", {"showEntityExtractions": "true", "showSummary": "true"}
    assert not (await house.api.get(path))["isProcessingDone"]
    (tmp_path / "said.vtt").write_text(
        "WEBVTT\n\n00:00.000 --> 00:03.000\n<v John>What budget do you have in mind?\n\n"
        "00:04.000 --> 05:00.000\n<v Mary>Forty thousand dollars.\n"
    )
    assert await command("transcript", recording_id, "said.vtt") == (0, {"recordingId": recording_id})
    await house.settle()
    after = await house.api.get(path, **shown)
    assert (after["isProcessingDone"], after["isSummaryDone"]) == (True, True)
    assert "Budget" in {item["name"] for item in after["entityExtractions"]}
    assert after["durationInMilliseconds"] == 300_000
    data = (await admin("PATCH", RECORDINGS, json={"id": recording_id})).json()["data"]
    assert (data["transcriptionStatus"], data["processingStage"]) == ("COMPLETE", "done")


async def test_a_transcript_that_arrives_decides_again(house: House, command: Command, tmp_path: Path) -> None:
    for n, street in ((1, "12 Juniper Lane"), (2, "9 Harbor View")):
        account = {"externalId": f"c-{n}", "name": ("Mara Whitfield", "Ned Kowalski")[n - 1], **lives(street)}
        await house.api.visit(f"a-{n}", account=account)
    recording_id = await house.record(said=said("Good morning."), key="mine")
    assert await linked(house, recording_id) is None
    (tmp_path / "said.txt").write_text("John: Good morning, Mrs. Whitfield, so this is Juniper Lane.")
    assert (await command("transcript", "mine", "said.txt"))[0] == 0
    assert await linked(house, recording_id) == "a-1"
    status, complaint = await command("transcript", "another", "said.txt")
    assert (status, "there is no recording 'another'" in complaint) == (1, True)


async def test_another_transcript_replaces_all_that_was_drawn_from_the_first(
    house: House, command: Command, tmp_path: Path
) -> None:
    recording_id = await house.record()
    (tmp_path / "said.txt").write_text("John: When would you like to begin?\nMary: In March.")
    assert (await command("transcript", recording_id, "said.txt"))[0] == 0
    await house.settle()
    shown = {"showEntityExtractions": "true", "showSummary": "true"}
    after = await house.api.get(f"{RECORDINGS}/{recording_id}", **shown)
    names = {item["name"] for item in after["entityExtractions"]}
    assert ("Timeline" in names, "Budget" in names) == (True, False)
    assert all("fifty" not in one["content"] and "50" not in one["content"] for one in after["summary"])
    assert after["isProcessingDone"]


async def test_after_its_time_a_recording_loses_its_words_and_sound(
    house: House, admin: Any, command: Command, tmp_path: Path
) -> None:
    await house.api.visit()
    old = await house.record(place=(43.6, -116.2))
    call = (START + timedelta(hours=5)).isoformat()
    heard = await registered(admin, await sent(admin), userEmail=JOHN, dateCreated=call)
    kept = await house.record(at=START + timedelta(days=1))
    await admin("PATCH", RECORDINGS, json={"id": kept, "doNotDelete": True})
    young = await house.record(at=datetime.now(UTC) - timedelta(days=2))
    await house.settle()
    days = (datetime.now(UTC) - START).days - 1
    before = await house.api.get(f"{RECORDINGS}/{old}")
    assert await command("retention", "--days", str(days)) == (0, {"days": days, "purged": 2})
    asked = {"showSummary": "true", "showEvaluationScore": "true", "showCrmLinks": "true"}
    rows = {row["id"]: row for row in await house.api.recordings(**asked)}
    assert {key for key, row in rows.items() if row.get("rootDataPurgedAt")} == {old, heard}
    assert rows[old]["summary"] == []
    assert rows[old]["updatedAt"] > before["updatedAt"]
    assert rows[old]["crm"]["engagement"]["externalId"] == "a-1"
    assert rows[old]["evaluationScore"] == 25.0
    assert rows[young]["summary"]
    utterances = await admin.get(f"{RECORDINGS}/{old}/utterances")
    assert utterances["data"]["utterances"] == []
    assert (await admin("POST", f"{RECORDINGS}/{heard}/signedUrl")).json()["data"]["error"] is True
    assert [path for path in (tmp_path / "home/audio").rglob("*") if path.is_file()] == []
    (tmp_path / "said.txt").write_text("Mary: Hello.")
    assert "were purged" in (await command("transcript", old, "said.txt"))[1]


async def test_what_was_found_while_the_words_were_there_stays(house: House) -> None:
    """Without the name that was spoken, two appointments at one time would be alike."""
    for n, street in ((1, "12 Juniper Lane"), (2, "9 Harbor View")):
        account = {"externalId": f"c-{n}", "name": ("Mara Whitfield", "Ned Kowalski")[n - 1], **lives(street)}
        await house.api.visit(f"a-{n}", account=account)
    recording_id = await house.record(said=said("Good morning, Mrs. Whitfield, so this is Juniper Lane."))
    assert await linked(house, recording_id) == "a-1"
    await set_retention(house.workspace, house.organization.id, 1)
    assert await purge_due(house.workspace) == 1
    assert await purge_due(house.workspace) == 0
    await house.api.visit("a-2", at=START + timedelta(minutes=1))
    assert await linked(house, recording_id) == "a-1"
    await house.api.engagement("a-1", deletedAt="2026-02-15T13:00:00Z")
    assert await linked(house, recording_id) != "a-1"


async def test_each_organization_keeps_its_own_time(house: House, command: Command) -> None:
    await house.record()
    await house.settle()
    other, _ = await house.another()
    await set_retention(house.workspace, other.id, 1)
    assert await purge_due(house.workspace) == 0
    assert await command("retention", "--days", "off", "--org", "Acme") == (0, {"days": None, "purged": 0})
    for wrong in ("0", "-1", "soon"):
        assert (await command("retention", f"--days={wrong}", "--org", "Acme"))[0] == 1
    with pytest.raises(WorkspaceError, match="is not allowed"):
        await set_retention(house.workspace, other.id, 0)


async def test_why_a_recording_is_linked_is_explained_in_words(house: House, command: Command) -> None:
    await house.api.visit("a-1", account={"externalId": "c-1", **at(NEAR)})
    await house.api.visit("a-2", account={"externalId": "c-2", **at(FAR)})
    recording_id = await house.record(key="mine", place=NEAR)
    status, [shown] = await command("explain", "mine")
    assert (status, shown["recordingId"], shown["appointmentId"]) == (0, recording_id, "a-1")
    assert (shown["matchingSource"], shown["trigger"]) == ("FUZZY", "FUZZY_MATCH_ENGAGEMENTS_FOR_RECORDING")
    assert [lost["appointment"] for lost in shown["runnersUp"]] == ["a-2"]
    assert shown["reasons"]
    assert (await command("explain", "another"))[0] == 1
