"""Events on the reps' phones: when the recorder was started or stopped, and what a customer said about consent."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.board.explained_gaps import GapReason
from fieldnote.bridge.remote import clean
from fieldnote.bridge.session import Bridge
from fieldnote.db.bridge_tables import mobile_events
from fieldnote.siro.errors import SiroError
from fieldnote.siro.models import EventCode, MobileEvent

log = logging.getLogger(__name__)

KEPT_FOR: Final = timedelta(days=30)
_OVERLAP: Final = timedelta(minutes=5)
_FIRST: Final = timedelta(days=1)
_MOST: Final = 5_000
_CODES: Final = (EventCode.RECORDER_STATE_CHANGE, EventCode.CONSENT_STATUS_CHANGED, EventCode.DEEPLINK_CONSUMED)


async def keep_mobile_events(bridge: Bridge) -> int:
    """Read the events since the last time; how many are new. Whatever Siro answers, nothing else waits for it."""
    now = datetime.now(UTC)
    async with bridge.engine.connect() as conn:
        latest = await conn.scalar(
            select(func.max(mobile_events.c.at)).where(mobile_events.c.connection == bridge.name)
        )
    since = now - _FIRST if latest is None else latest - _OVERLAP
    found: list[dict[str, Any]] = []
    try:
        async for event in bridge.remote.client.mobile_events.list(
            created_after=since, event_codes=_CODES, page_size=1000
        ):
            found.append(_row(event, now))
            if len(found) >= _MOST:
                break
    except SiroError as error:
        log.info("mobile_events_left", extra={"connection": bridge.name, "error": type(error).__name__})
    async with bridge.engine.begin() as conn:
        values = {"connection": bridge.name, "rows": json.dumps(found), "before": now - KEPT_FOR}
        await conn.execute(_CLEAR, values)
        return int((await conn.execute(_KEEP, values)).rowcount)


def _row(event: MobileEvent, now: datetime) -> dict[str, Any]:
    return {
        "event_id": clean(event.id),
        "code": str(event.event_code),
        "event": {name: value for name, value in event.event.items() if name in {"value", "status", "trigger"}},
        "at": (event.created_at or now).isoformat(),
        "user_id": clean(event.user_id),
        "recording_id": clean(event.recording_id),
    }


@dataclass(frozen=True, slots=True)
class PhoneEvent:
    """An event on the phone of a user of Siro."""

    at: datetime
    user_id: str
    code: str
    event: dict[str, Any]
    has_arrived: bool = False
    """Whether it is of a recording that Siro has listed: it says nothing about a visit without one."""


async def events_of(
    conn: AsyncConnection, connection: str, user_ids: Iterable[str], first: datetime, last: datetime
) -> list[PhoneEvent]:
    """The events on the phones of these users between two times, in order."""
    values = {"connection": connection, "users": sorted(set(user_ids)), "first": first, "last": last, "most": _MOST}
    return [
        PhoneEvent(row.at, row.user_id, row.code, row.event, row.has_arrived)
        for row in await conn.execute(_OF_USERS, values)
    ]


def what_the_phone_says(events: Iterable[PhoneEvent]) -> PhoneHint | None:
    """Why a visit may have no recording, from the events around it: the last consent, or how far the recorder came."""
    declined = started = opened = None
    for one in events:
        if one.has_arrived:
            opened = None  # for this recording
            continue
        value = str(one.event.get("value") or one.event.get("status") or "")
        match one.code, value:
            case EventCode.CONSENT_STATUS_CHANGED.value, "declined":
                declined = one.at
            case EventCode.CONSENT_STATUS_CHANGED.value, "granted":
                declined = None
            case EventCode.RECORDER_STATE_CHANGE.value, "start" | "resume":
                started = one.at
            case EventCode.DEEPLINK_CONSUMED.value, _:
                opened = one.at
    if declined is not None:
        return PhoneHint(declined, "Consent was declined on the phone", GapReason.CONSENT_DECLINED)
    if started is not None:
        return PhoneHint(started, "The recorder was started: the recording may still be on the phone", None)
    if opened is not None:
        return PhoneHint(opened, "The recorder was opened from the CRM and never started", None)
    return None


@dataclass(frozen=True, slots=True)
class PhoneHint:
    """The phone's events about a visit without a recording."""

    at: datetime
    words: str
    reason: GapReason | None
    """The reason that fits, if any."""


def describe(code: str, event: dict[str, Any]) -> str | None:
    """An event in words; None for one that says nothing to a person. Pure."""
    match code, str(event.get("value") or event.get("status") or ""):
        case EventCode.RECORDER_STATE_CHANGE.value, "start" | "resume" | "pause" | "stop" | "cancelled" as value:
            words = {"start": "started", "resume": "resumed", "pause": "paused", "stop": "stopped"}
            return f"The recorder on the phone was {words.get(value, 'cancelled')}."
        case EventCode.CONSENT_STATUS_CHANGED.value, "requested" | "granted" | "declined" as status:
            return f"Consent to the recording was {status}."
        case EventCode.DEEPLINK_CONSUMED.value, _:
            return "The recorder was opened from the CRM's link."
        case _:
            return None


_OF_USERS: Final = text("""
    select e.at, e.user_id, e.code, e.event, exists (
               select from recordings r where r.connection = e.connection and r.recording_id = e.recording_id
           ) as has_arrived
    from mobile_events e
    where e.connection = :connection and e.user_id = any(cast(:users as text[])) and e.at between :first and :last
    order by e.at limit :most
""")

_CLEAR: Final = text("delete from mobile_events where connection = :connection and at < :before")

_KEEP: Final = text("""
    insert into mobile_events (connection, event_id, code, event, at, user_id, recording_id)
    select :connection, event_id, code, event, at, user_id, recording_id
    from jsonb_to_recordset(cast(:rows as jsonb))
        as given (event_id text, code text, event jsonb, at timestamptz, user_id text, recording_id text)
    on conflict (connection, event_id) do nothing
""")
