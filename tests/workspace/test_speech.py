"""Audio in the workspace: from a file to a CRM field, redaction before storage, muting, and what may be played."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from fieldnote.bridge import open_bridge, pull_once, push_once
from fieldnote.config import load
from fieldnote.insight import Utterance
from fieldnote.insight.speech.settings import Engine, SpeechSettings
from fieldnote.json_form import to_json
from fieldnote.workspace import NewRecording, open_workspace
from fieldnote.workspace.domain.recordings.jobs import list_jobs, retry
from fieldnote.workspace.domain.recordings.transcription import add_audio
from fieldnote.workspace.insight_pool import InsightPool, Processes
from fieldnote.workspace.tenancy import inside
from tests.insight.speech import conversation, needs_speech, needs_voices
from tests.workspace.house import JOHN, START, House, opened_house
from tests.workspace.test_user_recordings import token_of

SAID: Final = (
    (
        0,
        "Hi Mary, I am John with Acme Roofing. Thanks for having me. What budget do you have in mind for the new roof?",
    ),
    (1, "Our budget is fifteen thousand dollars."),
    (0, "And how do I get in?"),
    (1, "The gate code is four seven two nine."),
    (0, "Great. When should the work be done?"),
)
CONFIG: Final = """
version: 1
siro: {token: "${SIRO_TOKEN}"}
crm: {driver: sql, url: "${CRM_URL}", timezone: UTC}
push:
  engagements:
    table: visits
    key: id
    map:
      startTime: starts_at
      endTime: ends_at
      engagementType: {activityType: {from: kind, choices: {visit: APPOINTMENT}}, name: kind}
      engagementUsers: [{externalId: rep_id, email: email, name: rep}]
      opportunity: {externalId: deal_id}
  opportunities:
    table: deals
    key: id
    map: {name: name}
pull:
  opportunity:
    table: deals
    key: id
    fields:
      Budget: {to: budget, as: money.max, policy: fill}
"""


@pytest.fixture
async def hearing(workspace_url: str, processes: Processes, tmp_path: Path) -> AsyncIterator[House]:
    """A served workspace that transcribes, with its own home."""
    async with (
        open_workspace(
            database_url=workspace_url,
            home=tmp_path / "home",
            insight=InsightPool(processes=processes),
            retry_after=(timedelta(seconds=0.1),),
            speech=SpeechSettings(Engine.MOONSHINE),
        ) as workspace,
        opened_house(workspace) as made,
    ):
        yield made


def make_crm(path: Path) -> None:
    with sqlite3.connect(path) as crm:
        crm.executescript(f"""
create table visits (id, starts_at, ends_at, kind, rep_id, email, rep, deal_id);
create table deals (id integer primary key, name text, budget numeric);
insert into deals values (7, 'Smith roof', null);
insert into visits values (1, '{START:%Y-%m-%d %H:%M:%S}', '{START + timedelta(hours=1):%Y-%m-%d %H:%M:%S}', 'visit',
                           'r-1', '{JOHN}', 'John Sales', 7);
""")
    crm.close()


def command(house: House, home: Path, *arguments: str) -> str:
    environment = os.environ | {
        "FIELDNOTE_WORKSPACE_DATABASE_URL": house.workspace.database_url,
        "FIELDNOTE_HOME": str(home),
    }
    ran = subprocess.run(
        [sys.executable, "-m", "fieldnote", "workspace", *arguments],
        env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@needs_speech
@needs_voices
@pytest.mark.slow
async def test_a_file_of_audio_becomes_a_field_of_the_crm_and_its_secret_is_neither_stored_nor_heard(
    hearing: House, tmp_path: Path, bridge_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    # A command that ran in this process may have set their levels.
    for name in ("", "fieldnote", "procrastinate", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    house, home = hearing, tmp_path / "home"
    make_crm(tmp_path / "crm.sqlite")
    (tmp_path / "fieldnote.yaml").write_text(CONFIG, encoding="utf-8")
    environment = {
        "CRM_URL": f"sqlite:///{tmp_path / 'crm.sqlite'}",
        "SIRO_TOKEN": house.api.token or "",
        "SIRO_BASE_URL": f"{house.server.url}/api-externalApi/v1",
        "SIRO_API_URL": house.server.url,
    }
    sound = conversation(SAID, tmp_path / "visit.wav")
    config = load(tmp_path / "fieldnote.yaml", environment)
    async with open_bridge(config, home=tmp_path / "bridge", database_url=bridge_url) as bridge:
        assert (await push_once(bridge)).settled
        await _thread(
            command, house, home, "record", "--audio", str(sound), "--user", JOHN, "--started-at", START.isoformat(),
            "--id", "visit-1", "--appointment-id", "1",
        )  # fmt: skip
        await house.settle()
        assert (await pull_once(bridge)).settled
    with sqlite3.connect(tmp_path / "crm.sqlite") as crm:
        assert crm.execute("select budget from deals").fetchall() == [(15000,)]
    crm.close()
    [row] = await house.rows(
        "select r.id::text, r.duration_ms, s.utterances, s.redacted, f.muted, f.pending_key, f.stored_key"
        " from recordings r join recording_utterances s on s.recording_id = r.id"
        " join audio_files f on f.recording_id = r.id"
    )
    words = " ".join(one["text"] for one in row.utterances)
    assert "[code]" in words
    assert row.redacted == row.muted != []
    assert row.pending_key is None
    assert len(list((home / "audio" / house.organization.id).iterdir())) == 1
    user = await token_of(house, house.organization.admin_id)
    answer = await user("POST", f"/v1/core/recordings/{row.id}/signedUrl")
    assert answer.json()["data"]["error"] is False
    shown = await _thread(command, house, home, "roles", "visit-1")
    assert "Channel 1: rep" in shown
    # No word of the conversation is in any log.
    logged = " ".join(f"{one.getMessage()} {vars(one)}" for one in caplog.records).casefold()
    assert len(caplog.records) > 20
    for phrase in ("fifteen thousand", "budget is", "acme roofing", "gate code", "hi mary"):
        assert phrase not in logged


async def _thread(do: Any, *arguments: Any) -> Any:
    return await asyncio.to_thread(do, *arguments)


async def test_audio_with_redacted_words_is_played_only_once_it_is_muted(house: House, tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    import numpy as np

    from tests.insight.speech import write

    path = tmp_path / "talk.wav"
    write(path, np.full((16_000 * 8, 1), 9000, dtype="<i2"))
    said = (
        Utterance("Mary", "Come in.", 0.0, 2.0),
        Utterance("Mary", "The gate code is four seven two nine.", 3.0, 5.0),
        Utterance("Mary", "See you then.", 6.0, 8.0),
    )
    new = NewRecording(user_email=JOHN, utterances=said, started_at=START)
    recording_id = await add_audio(house.workspace, house.organization.id, new, path, media_type="audio/wav")
    await house.settle()
    user = await token_of(house, house.organization.admin_id)
    answer = (await user("POST", f"/v1/core/recordings/{recording_id}/signedUrl")).json()["data"]
    heard = (await user.client.get(answer["url"])).content
    assert len(heard) == path.stat().st_size
    samples = np.frombuffer(heard[44:], dtype="<i2")
    assert not samples[16_000 * 3 : 16_000 * 5].any()
    assert samples[: 16_000 * 2].all()
    assert samples[16_000 * 6 :].all()

    async with house.workspace.engine.begin() as conn:
        await conn.exec_driver_sql("update audio_files set muted = '[]'")
    assert (await user.client.get(answer["url"])).status_code == 409
    blocked = (await user("POST", f"/v1/core/recordings/{recording_id}/signedUrl")).json()["data"]
    assert blocked["error"] is True
    assert "not muted yet" in blocked["errorMessage"]
    untimed = NewRecording(
        user_email=JOHN,
        utterances=[Utterance("Mary", "The gate code is four seven two nine.")],
        started_at=START + timedelta(days=1),
    )
    other = await add_audio(house.workspace, house.organization.id, untimed, path, media_type="audio/wav")
    await house.settle()
    blocked = (await user("POST", f"/v1/core/recordings/{other}/signedUrl")).json()["data"]
    assert "no times" in blocked["errorMessage"]


@needs_speech
async def test_audio_that_cannot_be_transcribed_is_a_failed_step_with_a_reason_that_can_be_retried(
    hearing: House, tmp_path: Path
) -> None:
    house = hearing
    path = tmp_path / "talk.mp3"
    path.write_bytes(b"this is no sound at all" * 50)
    new = NewRecording(user_email=JOHN, utterances=None, started_at=START, key="bad")
    recording_id = await add_audio(house.workspace, house.organization.id, new, path, media_type="audio/mpeg")
    await _failed(house)
    async with inside(house.workspace.engine, house.organization.id) as conn:
        [job] = await list_jobs(conn, only_failed=True)
    assert to_json(job)["steps"] == {"transcribe": "failed", "extract": "waiting", "summarize": "waiting"}
    assert "cannot be decoded" in (job.failure or "")
    assert "in 3 attempts" in (job.failure or "")
    [recording] = await house.api.recordings()
    assert recording["isProcessingDone"] is False or recording["id"] == recording_id

    async with inside(house.workspace.engine, house.organization.id) as conn:
        assert await retry(conn, house.organization.id, ["bad"]) == [recording_id]
        [job] = await list_jobs(conn)
    assert job.failure is None
    await _failed(house)


async def _failed(house: House) -> None:
    for _ in range(4):
        await house.settle()
        await house.hurry()
    await house.settle()


@needs_speech
@needs_voices
@pytest.mark.slow
async def test_an_upload_by_the_api_is_transcribed(hearing: House, tmp_path: Path) -> None:
    house = hearing
    sound = conversation([(0, "Our budget is fifteen thousand dollars.")], tmp_path / "one.wav", channels=1)
    user = await token_of(house, house.organization.admin_id)
    wanted = {"fileType": "wav", "fileSize": sound.stat().st_size}
    signed = (await user("POST", "/v1/core/recordings/signed-urls", json=wanted)).json()["data"]
    put = await user.client.put(signed["uploadUrl"], headers=signed["uploadHeaders"], content=sound.read_bytes())
    assert put.status_code == 200
    register = {"fileUrl": signed["downloadUrl"], "fileType": "audio/wav", "dateCreated": START.isoformat()}
    answer = await user("POST", "/v1/core/recordings/upload", json=register)
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]["recordingId"]
    await house.settle()
    [row] = await house.rows(
        "select s.utterances, r.status, r.transcription_status from recording_utterances s"
        " join recordings r on r.id = s.recording_id where r.id::text = :id",
        id=made,
    )
    assert "fifteen thousand" in row.utterances[0]["text"]
    assert (row.status, row.transcription_status) == ("complete", "COMPLETE")
