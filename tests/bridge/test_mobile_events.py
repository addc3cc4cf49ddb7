"""Events on the reps' phones are kept once, and shown in words."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import Response
from fastapi.responses import JSONResponse

from fieldnote.bridge import pull_once, push_once
from fieldnote.bridge.board.mobile_events import describe, keep_mobile_events
from fieldnote.bridge.status.explain import explain_recording
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago, iso


def event(number: int, code: str, what: dict[str, str], recording: str = "r1") -> dict[str, Any]:
    return {
        "id": f"e{number}", "eventCode": code, "event": what, "createdAt": iso(ago(minutes=120 - number)),
        "userId": "user-1", "organizationId": "org-1", "recordingId": recording,
    }  # fmt: skip


async def test_events_are_kept_once_and_shown(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    events = [
        event(1, "recorderStateChange", {"value": "start", "trigger": "deeplink"}),
        event(2, "consentStatusChanged", {"status": "granted"}),
        event(3, "recorderStateChange", {"value": "stop", "trigger": "buttonPress"}, recording="r2"),
    ]

    def answer(method: str, path: str, body: Any) -> Response | None:
        del method, body
        return JSONResponse({"data": events, "cursor": None}) if "mobile-events" in path else None

    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={})
        await pull_once(bridge)
        stub.fault = answer
        assert await keep_mobile_events(bridge) == 3
        assert await keep_mobile_events(bridge) == 0
        words = [moment.words for moment in (await explain_recording(bridge, "r1")).moments]
        assert "The recorder on the phone was started." in words
        assert "Consent to the recording was granted." in words
        assert "The recorder on the phone was stopped." not in words


@pytest.mark.parametrize("what", [{}, {"value": "exploded"}, {"value": None}, {"status": ""}])
def test_an_event_of_an_unknown_kind_says_nothing(what: dict[str, Any]) -> None:
    assert describe("recorderStateChange", what) is None
    assert describe("networkStatusChange", {"value": "online"}) is None
