"""How a recording enters: stored whole, matched at once, its processing deferred, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

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
from fieldnote.insight.redaction.redact import redact
from fieldnote.insight.transcripts import UNSTORABLE
from fieldnote.matching import Place
from fieldnote.matching.people import LONGEST_KEY
from fieldnote.siro.deeplinks import WEB
from fieldnote.siro.models import ExtractionStatus, ProcessingStage, TranscriptionStatus
from fieldnote.workspace.audit import PROGRAM, Operator, commanded
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.insight.redaction import redact_known, spans_of
from fieldnote.workspace.domain.matching.linking import link_around
from fieldnote.workspace.domain.organizations import find_user
from fieldnote.workspace.domain.recordings.mobile_events import events_of
from fieldnote.workspace.domain.recordings.processing import UNTITLED, defer_processing
from fieldnote.workspace.tenancy import inside

_WORDS_PER_SECOND: Final = 2.5
"""How fast people talk with each other: what a length is guessed from where nothing tells it."""
_LONGEST: Final = timedelta(days=1)
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecording:
    """A conversation as it was recorded."""

    user_email: str
    """The workspace user who recorded it."""
    utterances: Sequence[Utterance] | None
    """The words. None: not known yet; nothing is drawn from the recording before they are."""
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
    id: str | None = None
    """The recording's id, a UUID; None: a new one."""
    link: str | None = None
    """The deep link that the recorder was opened by; None where there was none, or where the ids above tell it."""
    uploaded: bool = False
    """It came as a file: no recorder app had a part in it."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further facts about it, by the contract's names."""

    @property
    def length(self) -> timedelta:
        """How long it lasts: as given, else to the last time in the transcript, else guessed from its words.

        0: nothing tells yet.
        """
        if self.duration is not None:
            return self.duration
        if self.utterances is None:
            return timedelta(0)
        said = self.utterances or ()
        seconds = duration_of(list(said))
        if not seconds:
            seconds = sum(len(utterance.text.split()) for utterance in said) / _WORDS_PER_SECOND
        return min(timedelta(seconds=max(seconds, 1.0)), _LONGEST)

    @property
    def begun_by(self) -> str | None:
        """In the contract's words; None for an upload."""
        if self.uploaded:
            return None
        if self.link is not None and self.link.startswith(WEB):
            return "modern-deeplink"
        return "button-press" if self.link is None and not (self.appointment_id or self.opportunity_id) else "deeplink"

    @property
    def stage(self) -> ProcessingStage:
        """Where it begins its way."""
        begins = self.utterances is None and not self.uploaded
        return ProcessingStage.RECORDING if begins else ProcessingStage.PROCESSING

    @property
    def transcription_status(self) -> TranscriptionStatus:
        """The state of its words."""
        if self.utterances is not None:
            return TranscriptionStatus.COMPLETE
        return TranscriptionStatus.UPLOADED if self.uploaded else TranscriptionStatus.RECORDING


async def add_recording(
    workspace: Workspace, organization_id: str, new: NewRecording, *, by: Operator = PROGRAM
) -> str:
    """Store a recording; its id. With a key that is known, the id of the recording that has it, unchanged.

    Raises WorkspaceError for an unknown user, a time without a zone, a length or place that cannot be.
    """
    [recording_id] = await add_recordings(workspace, organization_id, [new], by=by)
    return recording_id


async def add_recordings(
    workspace: Workspace, organization_id: str, news: Sequence[NewRecording], *, by: Operator = PROGRAM
) -> list[str]:
    """Store recordings, all or none; their ids, in order. Else as `add_recording`."""
    for new in news:
        check(new)
    async with inside(workspace.engine, organization_id, alone=True) as conn:
        users = {email: (await find_user(conn, email)).id for email in {new.user_email for new in news}}
        ids = await insert_recordings(conn, organization_id, [(users[new.user_email], new) for new in news])
        await commanded(conn, organization_id, by, "record", [one for one in ids if one is not None])
    if None in ids:
        raise WorkspaceError("the id of a new recording is another one's", hint="Leave it out, or use a new UUID.")
    return [one for one in ids if one is not None]


async def insert_recordings(
    conn: AsyncConnection, organization_id: str, news: Sequence[tuple[str, NewRecording]]
) -> list[str | None]:
    """Store recordings of users, each beside the id of its user, inside a transaction that is alone; their ids.

    None where the id that was wanted is another recording's.
    """
    rows = [_row(organization_id, user_id, new) for user_id, new in news]
    statement = upsert(recordings).values(rows)
    statement = statement.on_conflict_do_nothing()
    made = {str(one) for one in (await conn.execute(statement.returning(recordings.c.id))).scalars()}
    added = [
        ({"organization_id": organization_id, "recording_id": row["id"]}, row["user_id"], new)
        for row, (_, new) in zip(rows, news, strict=True)
        if row["id"] in made
    ]
    if added:
        await _add_rest(conn, organization_id, added)
    keys = await _ids_by_key(conn, [row["key"] for row in rows if row["id"] not in made])
    return [row["id"] if row["id"] in made else keys.get(row["key"]) for row in rows]


async def _add_rest(
    conn: AsyncConnection, organization_id: str, added: Sequence[tuple[dict[str, Any], str, NewRecording]]
) -> None:
    """Insert the rows that belong to recordings beside their own, and have them linked and processed."""
    said = [ids | stored(new.utterances) for ids, _, new in added if new.utterances is not None]
    if said:
        await conn.execute(insert(recording_utterances), said)
    await _expect_extractions(conn, [ids for ids, _, _ in added])
    events = [event for ids, user_id, new in added for event in events_of(ids | {"user_id": user_id}, new)]
    if events:
        await conn.execute(insert(mobile_events), events)
    for user_id in sorted({user_id for _, user_id, _ in added}):
        moments = [new.started_at for _, own, new in added if own == user_id]
        await link_around(conn, organization_id, user_id, moments)
    if said:
        await redact_known(conn, said[0]["organization_id"], [one["recording_id"] for one in said])
        await defer_processing(conn, organization_id, [one["recording_id"] for one in said])


async def _ids_by_key(conn: AsyncConnection, keys: Sequence[str]) -> dict[str, str]:
    if not keys:
        return {}
    known = select(recordings.c.key, recordings.c.id).where(recordings.c.key.in_(keys))
    return {row.key: str(row.id) for row in await conn.execute(known)}


def stored(utterances: Sequence[Utterance]) -> dict[str, Any]:
    """The columns of the utterances without secrets, as JSON that PostgreSQL can store."""
    found = redact(utterances)
    return {
        "utterances": [
            asdict(one) | {"text": UNSTORABLE.sub("\ufffd", one.text), "speaker": UNSTORABLE.sub("\ufffd", one.speaker)}
            for one in found.utterances
        ],
        "redacted": spans_of(found),
    }


def check(new: NewRecording) -> None:
    """Raises WorkspaceError for what cannot be."""
    if new.started_at.tzinfo is None:
        raise WorkspaceError(
            "the start of the recording has no time zone", hint="Write it as 2026-02-15T14:00:00Z or …-07:00."
        )
    if not EARLIEST <= new.started_at < LATEST:
        raise WorkspaceError(f"the recording starts in the year {new.started_at.year}", hint="Check the start.")
    if new.duration is not None and not timedelta(0) < new.duration <= _LONGEST:
        raise WorkspaceError("the duration must be more than 0 and at most 24 hours", hint="Seconds are meant.")
    place = new.place
    if place is not None and not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):
        raise WorkspaceError(
            "the coordinates are out of range", hint="Latitude is -90 to 90, longitude -180 to 180, in degrees."
        )
    ids = (new.key, new.appointment_id, new.opportunity_id)
    if any(UNSTORABLE.search(text or "") for text in (new.title, new.user_email, *ids)):
        raise WorkspaceError(
            "a title, user or id has a NUL character or half of a surrogate pair, which cannot be stored",
            hint="Remove it.",
        )
    if any(text is not None and not 0 < len(text) <= LONGEST_KEY for text in ids):
        raise WorkspaceError(
            f"an id is empty or longer than {LONGEST_KEY} characters", hint="Leave it out, or shorten it."
        )


def _row(organization_id: str, user_id: str, new: NewRecording) -> dict[str, Any]:
    return {
        "id": new.id or str(uuid4()),
        "organization_id": organization_id,
        "user_id": user_id,
        "key": new.key,
        "title": new.title or UNTITLED,
        "duration_ms": round(new.length.total_seconds() * 1000),
        "latitude": new.place and new.place.latitude,
        "longitude": new.place and new.place.longitude,
        "appointment_external_id": new.appointment_id,
        "opportunity_external_id": new.opportunity_id,
        "created_at": new.started_at,
        "trigger": new.begun_by,
        "stage": new.stage.value,
        "transcription_status": new.transcription_status.value,
        "do_not_delete": bool(new.details.get("doNotDelete")),
        "details": dict(new.details),
    }


async def _expect_extractions(conn: AsyncConnection, recording_ids: Sequence[dict[str, Any]]) -> None:
    """A row for each thing that the organization wants extracted, to be worked out."""
    wanted = select(entity_definitions.c.id).where(entity_definitions.c.deleted_at.is_(None))
    definitions = (await conn.execute(wanted)).scalars().all()
    rows = [
        ids | {"definition_id": definition_id, "status": ExtractionStatus.IN_PROGRESS.value}
        for ids in recording_ids
        for definition_id in definitions
    ]
    if rows:
        await conn.execute(insert(extractions), rows)
