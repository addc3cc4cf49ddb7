"""The consumer: each event once, whatever is repeated, and nothing from strangers."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient

from fieldnote.siro import RecordingEvent, webhooks

sys.path.insert(0, str(Path(__file__).parent))
from app import create_app

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = {
    "eventType": "integrations.recordingLinked",
    "recordingId": "rec-1",
    "recordingProcessed": True,
    "recordingLinked": True,
}


def _consumer(tmp_path: Path, done: list[str], secrets: list[str]) -> FastAPI:
    def work(event: RecordingEvent) -> None:
        done.append(event.recording_id)

    return create_app(secrets, str(tmp_path / "seen.db"), work)


def _post(client: TestClient, message: str, event: object, secret: str = SECRET, age: int = 0) -> int:
    body = json.dumps(event).encode()
    headers = webhooks.sign(secret, message, datetime.now(UTC) - timedelta(seconds=age), body)
    return client.post("/hooks/siro", content=body, headers=headers).status_code


def test_a_repeated_message_is_worked_on_once(tmp_path: Path) -> None:
    done: list[str] = []
    with TestClient(_consumer(tmp_path, done, [SECRET])) as client:
        assert [_post(client, "msg_1", EVENT) for _ in range(3)] == [204, 204, 204]
        assert done == ["rec-1"]
        assert _post(client, "msg_2", {**EVENT, "recordingLinked": False}) == 204
        assert done == ["rec-1"], "not ready yet"


def test_strangers_old_and_oversized_messages_are_refused(tmp_path: Path) -> None:
    done: list[str] = []
    other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    with TestClient(_consumer(tmp_path, done, [SECRET])) as client:
        assert _post(client, "msg_1", EVENT, secret=other) == 401
        assert _post(client, "msg_1", EVENT, age=3600) == 401
        assert client.post("/hooks/siro", content=b"{}").status_code == 401
        assert client.post("/hooks/siro", content=b"x" * 2_000_000).status_code == 413
    assert done == []


def test_two_secrets_count_while_one_is_rotated(tmp_path: Path) -> None:
    done: list[str] = []
    other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    with TestClient(_consumer(tmp_path, done, [other, SECRET])) as client:
        assert _post(client, "msg_1", EVENT) == 204
        assert _post(client, "msg_2", EVENT, secret=other) == 204
    assert done == ["rec-1", "rec-1"]
