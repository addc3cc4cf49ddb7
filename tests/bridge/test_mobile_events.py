"""Events on the reps' phones are kept once, and shown in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fastapi import Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from fieldnote.bridge import pull_once, push_once
from fieldnote.bridge.board.explained_gaps import GapReason
from fieldnote.bridge.board.mobile_events import PhoneEvent, describe, keep_mobile_events, what_the_phone_says
from fieldnote.bridge.board.people import keep_people
from fieldnote.bridge.status.explain import explain_recording
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago, iso
from tests.bridge.test_console_review import browsing


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


def _phone(*events: tuple[str, dict[str, Any]]) -> list[PhoneEvent]:
    return [PhoneEvent(ago(minutes=60 - number), "u", code, what) for number, (code, what) in enumerate(events)]


OPENED: tuple[str, dict[str, Any]] = ("deeplinkConsumed", {})
STARTED = ("recorderStateChange", {"value": "start"})
STOPPED = ("recorderStateChange", {"value": "stop"})
DECLINED = ("consentStatusChanged", {"status": "declined"})
GRANTED = ("consentStatusChanged", {"status": "granted"})


@pytest.mark.parametrize(("events", "says", "reason"), [
    ([], None, None),
    ([("networkStatusChange", {"value": "online"})], None, None),
    ([OPENED], "opened from the CRM and never started", None),
    ([OPENED, STARTED, STOPPED], "may still be on the phone", None),
    ([OPENED, DECLINED], "Consent was declined", GapReason.CONSENT_DECLINED),
    ([STARTED, DECLINED], "Consent was declined", GapReason.CONSENT_DECLINED),
    ([DECLINED, GRANTED, STARTED], "may still be on the phone", None),
    ([GRANTED], None, None),
    ([("consentStatusChanged", {"status": None}), ("recorderStateChange", {})], None, None),
])  # fmt: skip
def test_the_phone_says_why_nothing_was_recorded(
    events: list[tuple[str, dict[str, Any]]], says: str | None, reason: GapReason | None
) -> None:
    found = what_the_phone_says(_phone(*events))
    assert (None if found is None else found.reason) is reason
    assert found is None if says is None else found is not None and says in found.words


def test_the_phone_of_another_visits_recording_says_nothing() -> None:
    opened, started = _phone(OPENED, STARTED)
    assert what_the_phone_says([opened, replace(started, has_arrived=True)]) is None
    declined, arrived = _phone(DECLINED, STARTED)
    found = what_the_phone_says([declined, replace(arrived, has_arrived=True)])
    assert found is not None
    assert found.reason is GapReason.CONSENT_DECLINED


async def test_tonight_says_what_the_phone_says(crm: Crm, stub: StubSiro, opened: Opener, database_url: str) -> None:
    stub.users = [{"id": "user-1", "email": "ann@example.com"}]
    async with opened() as bridge:
        crm.add_deal(1)
        crm.add_appointment(1, deal=1)
        await push_once(bridge)
        await pull_once(bridge)
        assert await keep_people(bridge)
        async with bridge.engine.begin() as conn:
            await conn.execute(
                text(
                    "insert into mobile_events (connection, event_id, code, event, at, user_id) "
                    "select connection, 'e', 'consentStatusChanged', '{\"status\": \"declined\"}', "
                    "starts_at, 'user-1' from board_records where stream = 'engagements'"
                )
            )
        async with browsing(bridge, database_url) as browser:
            await browser.get("/?day=2026-02-15")
            calls = browser.page.split('id="calls"')[1].split("</section>")[0]
    assert "Consent was declined on the phone" in calls
    assert 'value="consent_declined" selected' in calls
