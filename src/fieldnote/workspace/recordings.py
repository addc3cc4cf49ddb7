"""How a recording enters: stored whole, matched at once, its processing deferred, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import (
    entity_definitions,
    extractions,
    mobile_events,
    recording_utterances,
    recordings,
)
from fieldnote.errors import WorkspaceError
from fieldnote.insight import Utterance, duration_of
from fieldnote.jobs import defer
from fieldnote.matching import Place
from fieldnote.matching.people import LONGEST_KEY
from fieldnote.siro.deeplinks import AppLink
from fieldnote.siro.models import EventCode, ExtractionStatus
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.linking import link_around
from fieldnote.workspace.organizations import find_user
from fieldnote.workspace.processing import UNTITLED, process
from fieldnote.workspace.tenancy import inside

_WORDS_PER_SECOND: Final = 2.5
"""How fast people talk with each other: what a length is guessed from where nothing tells it."""
_LONGEST: Final = timedelta(days=1)
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecording:
    """A conversation as it was recorded."""

    user_email: str
    """The workspace user who recorded it."""
    utterances: Sequence[Utterance]
    started_at: datetime
    duration: timedelta | None = None
    """None: the transcript's last time, else a guess from its words."""
    title: str | None = None
    place: Place | None = None
    appointment_id: str | None = None
    """The CRM's id of the appointment that the recorder was opened from."""
    opportunity_id: str | None = None
    """The CRM's id of the deal that the recorder was opened from."""
    key: str | None = None
    """The caller's own id. The same one twice is one recording: the first."""


async def add_recording(workspace: Workspace, organization_id: str, new: NewRecording) -> str:
    """Store a recording; its id. With a key that is known, the id of the recording that has it, unchanged.

    Raises WorkspaceError for an unknown user, a time without a zone, a length or place that cannot be.
    """
    _check(new)
    async with inside(workspace.engine, organization_id, alone=True) as conn:
        user = await find_user(conn, new.user_email)
        recording_id = await _insert(conn, organization_id, user.id, new)
        if recording_id is None:
            known = select(recordings.c.id).where(recordings.c.key == new.key)
            return str((await conn.execute(known)).scalar_one())
        ids = {"organization_id": organization_id, "recording_id": recording_id}
        said = [asdict(utterance) | {"text": utterance.text.replace("\0", "")} for utterance in new.utterances]
        await conn.execute(insert(recording_utterances).values(ids | {"utterances": said}))
        await _expect_extractions(conn, ids)
        await _log_recorder(conn, ids | {"user_id": user.id}, new)
        await link_around(conn, organization_id, user.id, [new.started_at])
        await defer(conn, process, organization_id=organization_id, recording_id=recording_id)
    return recording_id


def _check(new: NewRecording) -> None:
    if new.started_at.tzinfo is None:
        raise WorkspaceError(
            "the start of the recording has no time zone", hint="Write it as 2026-02-15T14:00:00Z or …-07:00."
        )
    if not _EARLIEST <= new.started_at < _LATEST:
        raise WorkspaceError(
            f"the recording starts in the year {new.started_at.year}", hint="Check the start; it is a date of our time."
        )
    if new.duration is not None and not timedelta(0) < new.duration <= _LONGEST:
        raise WorkspaceError("a recording lasts more than nothing and at most a day", hint="Seconds are meant.")
    place = new.place
    if place is not None and not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):
        raise WorkspaceError(
            "the place is not on the earth", hint="Latitude is -90 to 90, longitude -180 to 180, in degrees."
        )
    ids = (new.key, new.appointment_id, new.opportunity_id)
    if any("\0" in (text or "") for text in (new.title, *ids)):
        raise WorkspaceError("a title or id holds a NUL character", hint="Leave it out.")
    if any(text is not None and not 0 < len(text) <= LONGEST_KEY for text in ids):
        raise WorkspaceError(
            f"an id is empty or longer than {LONGEST_KEY} characters", hint="Leave it out, or shorten it."
        )


def length_of(new: NewRecording) -> timedelta:
    """How long it lasts: as given, else to the last time in the transcript, else guessed from its words."""
    if new.duration is not None:
        return new.duration
    seconds = duration_of(list(new.utterances))
    if not seconds:
        seconds = sum(len(utterance.text.split()) for utterance in new.utterances) / _WORDS_PER_SECOND
    return min(timedelta(seconds=max(seconds, 1.0)), _LONGEST)


async def _insert(conn: AsyncConnection, organization_id: str, user_id: str, new: NewRecording) -> str | None:
    values = {
        "organization_id": organization_id,
        "user_id": user_id,
        "key": new.key,
        "title": new.title or UNTITLED,
        "duration_ms": round(length_of(new).total_seconds() * 1000),
        "latitude": new.place and new.place.latitude,
        "longitude": new.place and new.place.longitude,
        "appointment_external_id": new.appointment_id,
        "opportunity_external_id": new.opportunity_id,
        "created_at": new.started_at,
    }
    statement = upsert(recordings).values(values)
    statement = statement.on_conflict_do_nothing(index_elements=["organization_id", "key"])
    found = (await conn.execute(statement.returning(recordings.c.id))).scalar_one_or_none()
    return None if found is None else str(found)


async def _expect_extractions(conn: AsyncConnection, ids: dict[str, Any]) -> None:
    """A row for each thing that the organization wants extracted, to be worked out."""
    wanted = select(entity_definitions.c.id).where(entity_definitions.c.deleted_at.is_(None))
    for definition_id in (await conn.execute(wanted)).scalars().all():
        row = ids | {"definition_id": definition_id, "status": ExtractionStatus.IN_PROGRESS.value}
        await conn.execute(insert(extractions).values(row))


async def _log_recorder(conn: AsyncConnection, ids: dict[str, Any], new: NewRecording) -> None:
    """What the recorder app did: opened by a link or a button, and stopped."""
    deep_link = new.appointment_id is not None or new.opportunity_id is not None
    trigger = "deeplink" if deep_link else "buttonPress"
    events: list[tuple[EventCode, dict[str, str], datetime]] = [
        (EventCode.RECORDER_STATE_CHANGE, {"trigger": trigger, "value": "start"}, new.started_at),
        (
            EventCode.RECORDER_STATE_CHANGE,
            {"trigger": "buttonPress", "value": "stop"},
            new.started_at + length_of(new),
        ),
    ]
    if deep_link:
        link = AppLink(appointment_id=new.appointment_id, title=new.title, opportunity_id=new.opportunity_id)
        events.insert(0, (EventCode.DEEPLINK_RECEIVED, {"fullUrl": link.url()}, new.started_at))
    for code, event, at in events:
        row = ids | {
            "event_code": code.value,
            "event": event,
            "external_opportunity_ids": [new.opportunity_id] if new.opportunity_id else None,
            "created_at": at,
        }
        await conn.execute(insert(mobile_events).values(row))
