"""The story of one appointment, deal or recording in plain words: what was tried, what came of it, what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.completeness import AppointmentState, RecordingState, state_of_appointment, state_of_recording
from fieldnote.bridge.context import Bridge
from fieldnote.bridge.held import Held, Model, Ownership
from fieldnote.bridge.history import Selection, history
from fieldnote.bridge.ownership import judge_recordings
from fieldnote.bridge.people import Rep, Way, match
from fieldnote.bridge.recordings import Recordings
from fieldnote.db.bridge_tables import fields, notes, proposals, recordings, sent
from fieldnote.errors import FieldnoteError
from fieldnote.siro.models import User


@dataclass(slots=True)
class Story:
    """What is known of one thing."""

    what: str
    """`appointment a-1`."""
    state: str
    lines: list[str] = field(default_factory=list)
    """What happened, in order. A customer's data may be among it."""
    advice: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"what": self.what, "state": self.state, "story": self.lines, "advice": self.advice}


async def explain_appointment(bridge: Bridge, key: str, users: list[User] | None) -> Story:
    """Why an appointment has, or has not, its recording, and what became of that."""
    async with bridge.engine.connect() as conn:
        row = await _sent(conn, bridge.name, "engagements", key)
        if row is None:
            raise _unknown("appointment", key, "engagements")
        state = await state_of_appointment(conn, bridge.name, key, users)
        story = Story(f"appointment {key}", state)
        story.lines += _of_sent(row)
        story.lines += _of_visit(row.payload or {}, users)
        await _of_links(conn, bridge, Model.ENGAGEMENT, key, story)
        if state == AppointmentState.UNLINKED:
            story.lines += await _nearby(conn, bridge.name, row.payload or {})
        await _of_outputs(conn, bridge.name, Model.ENGAGEMENT, key, story)
    story.lines.append(_APPOINTMENTS[AppointmentState(state)][0])
    story.advice += _APPOINTMENTS[AppointmentState(state)][1:]
    return story


async def explain_deal(bridge: Bridge, key: str) -> Story:
    """What a deal got from which recordings."""
    async with bridge.engine.connect() as conn:
        row = await _sent(conn, bridge.name, "opportunities", key)
        linked = await Recordings(bridge.name).linked(conn, Model.OPPORTUNITY, key)
        if row is None and not linked:
            raise _unknown("deal", key, "opportunities")
        story = Story(f"deal {key}", row.state if row is not None else "not_pushed")
        story.lines += (
            _of_sent(row) if row is not None else ["This file has not pushed it; Siro knows it from elsewhere."]
        )
        await _of_links(conn, bridge, Model.OPPORTUNITY, key, story)
        await _of_outputs(conn, bridge.name, Model.OPPORTUNITY, key, story)
    if not linked:
        story.lines.append("No recording is linked to it.")
        story.advice.append(
            "A recording is linked to a deal through its appointment: map `opportunity` under push.engagements."
        )
    return story


async def explain_recording(bridge: Bridge, recording_id: str) -> Story:
    """What a recording is linked to, and what was made of it."""
    async with bridge.engine.connect() as conn:
        held = (await Recordings(bridge.name).load(conn, [recording_id])).get(recording_id)
        if held is None:
            raise FieldnoteError(
                f"recording {recording_id} is not known here",
                hint="A new connection looks two days back: `fieldnote pull --since DATE` reads further. Check the id.",
            )
        state = await state_of_recording(conn, bridge.name, recording_id)
        story = Story(f"recording {recording_id}", state)
        story.lines += await _of_recording(conn, bridge.name, held)
        for link in held.links:
            await _of_outputs(conn, bridge.name, link.model, link.record, story, recording_id=recording_id)
    for write in await history(bridge, Selection(recording_id=recording_id)):
        undone = ", and undone" if write.reverted_at else ""
        story.lines.append(
            f"{_at(write.written_at)}: {write.model} {write.record}, {write.table}.{write.column} was {write.action} "
            f"by {write.actor}{undone}."
        )
    story.lines.append(_RECORDINGS[RecordingState(state)][0])
    story.advice += _RECORDINGS[RecordingState(state)][1:]
    return story


# --- what is known --------------------------------------------------------------------------------------


def _unknown(what: str, key: str, stream: str) -> FieldnoteError:
    return FieldnoteError(
        f"{what} {key} is not known here",
        hint=f"Its row never came: see whether the query of push.{stream} gives it (fieldnote plan --stream {stream} "
        f"--id {key}), and push.",
    )


async def _sent(conn: AsyncConnection, connection: str, stream: str, key: str) -> Any:
    mine = sent.c.connection == connection, sent.c.stream == stream, sent.c.key == key
    return (await conn.execute(select(sent).where(*mine))).one_or_none()


def _of_sent(row: Any) -> list[str]:
    lines = []
    if row.sent_at is not None:
        lines.append(f"{_at(row.sent_at)}: sent to Siro, which calls it {row.siro_id or '(no id)'}.")
    if row.state in {"refused", "unmapped", "pending", "doubtful", "dropped"}:
        lines.append(f"{_at(row.changed_at)}: {row.state}: {row.reason or 'interrupted'}.")
        lines += [f"To mend it: {row.hint}."] if row.hint else []
    if row.standing:
        lines.append(f"Siro still shows {', '.join(row.standing)}, which its API cannot clear.")
    return lines


def _of_visit(payload: dict[str, Any], users: list[User] | None) -> list[str]:
    lines = []
    if payload.get("startTime"):
        lines.append(f"It is from {payload['startTime']} to {payload.get('endTime') or '(no end)'}.")
    for child in payload.get("engagementUsers") or ():
        rep = Rep(child["externalId"], child.get("email"), child.get("name"))
        name = rep.email or rep.name or rep.external_id
        if child.get("deletedAt"):
            lines.append(f"{name} was taken off it.")
        elif users is not None:
            found = match(rep, users, {})
            whom = f"{found.user.email or found.user.full_name} in Siro ({found.why})" if found.user else found.why
            lines.append(f"Its rep {name} is {whom}." if found.way is not Way.NONE else f"Its rep is {name}: {whom}.")
        else:
            lines.append(f"Its rep is {name}.")
    return lines


async def _of_links(conn: AsyncConnection, bridge: Bridge, model: Model, key: str, story: Story) -> None:
    for held, ownership in await Recordings(bridge.name).linked(conn, model, key):
        stage = await conn.scalar(
            select(recordings.c.state).where(
                recordings.c.connection == bridge.name, recordings.c.recording_id == held.id
            )
        )
        mine = "" if ownership is Ownership.OURS else f", and whose it is: {ownership.value}"
        story.lines.append(f"{_at(held.started_at)}: recording {held.id} is linked to it, and is {stage}{mine}.")


async def _of_recording(conn: AsyncConnection, connection: str, held: Held) -> list[str]:
    lines = [f"{_at(held.started_at)}: recorded by Siro's user {held.user_id or '(unknown)'}."]
    row = (
        await conn.execute(
            select(recordings.c.first_seen_at, recordings.c.fetched_at, recordings.c.forgotten_at).where(
                recordings.c.connection == connection, recordings.c.recording_id == held.id
            )
        )
    ).one()
    lines.append(f"{_at(row.first_seen_at)}: first seen here; last read {_at(row.fetched_at)}.")
    ownership = (await judge_recordings(conn, connection, [held.id])).get(held.id, Ownership.UNPROVEN)
    whose = _OWNERSHIP[ownership]
    lines += [f"It is linked to {link.model} {link.record}; the link is {whose}." for link in held.links]
    parts = {"processed": held.processed, "summary": held.summary_done, "extractions": held.extraction_done}
    lines.append("There: " + (", ".join(name for name, done in parts.items() if done) or "nothing yet") + ".")
    missing = ", ".join(name for name, done in parts.items() if not done)
    lines += [f"Missing: {missing}."] if missing else []
    if row.forgotten_at is not None:
        lines.append(f"{_at(row.forgotten_at)}: what was said in it was forgotten on request.")
    return lines


async def _of_outputs(
    conn: AsyncConnection, connection: str, model: Model, key: str, story: Story, *, recording_id: str | None = None
) -> None:
    """Each field and note of a record, and what waits for a person."""
    mine = fields.c.connection == connection, fields.c.model == model.value, fields.c.record == key
    for row in await conn.execute(select(fields).where(*mine).order_by(fields.c.table_name, fields.c.column_name)):
        if recording_id is None or row.recording_id in {recording_id, None}:
            why = f": {row.reason}" if row.reason else ""
            story.lines.append(
                f"{_at(row.changed_at)}: {row.extraction} for {row.table_name}.{row.column_name} of {model} {key} "
                f"is {_FIELDS.get(row.state, row.state)}{why}."
            )
    found = select(notes).where(notes.c.connection == connection, notes.c.model == model.value, notes.c.record == key)
    for row in await conn.execute(found.order_by(notes.c.changed_at)):
        if recording_id in {None, row.recording_id}:
            why = f": {row.reason}" if row.reason else ""
            story.lines.append(
                f"{_at(row.changed_at)}: the note of recording {row.recording_id} on {model} {key} "
                f"is {_NOTES.get(row.state, row.state)}{why}."
            )
    asked = select(proposals).where(
        proposals.c.connection == connection,
        proposals.c.model == model.value,
        proposals.c.record == key,
        proposals.c.state == "open",
    )
    for row in await conn.execute(asked.order_by(proposals.c.id)):
        if recording_id in {None, row.recording_id}:
            story.advice.append(
                f"Decide on proposal {row.id} ({row.extraction} for {row.table_name}.{row.column_name}): "
                "fieldnote review list."
            )


async def _nearby(conn: AsyncConnection, connection: str, payload: dict[str, Any]) -> list[str]:
    values = {"connection": connection, "first": payload.get("startTime"), "last": payload.get("endTime")}
    rows = await conn.execute(_NEARBY, values)
    return [
        f"{_at(row.started_at)}: recording {row.recording_id} of user {row.user_id} began near it; it is unlinked."
        for row in rows
    ]


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


_NEARBY = text("""
    select recording_id, user_id, started_at from recordings
    where connection = :connection and state = 'unlinked'
      and started_at between cast(cast(:first as text) as timestamptz) - interval '1 hour'
          and coalesce(cast(cast(:last as text) as timestamptz),
                       cast(cast(:first as text) as timestamptz) + interval '1 hour') + interval '1 hour'
    order by started_at limit 5
""")

_OWNERSHIP = {
    Ownership.OURS: "this connection's",
    Ownership.UNPROVEN: "not proven to be this connection's yet",
    Ownership.FOREIGN: "another connection's, and never acted upon",
    Ownership.COLLIDING: "to a record that two connections have pushed, and is not acted upon",
}

_FIELDS = {
    "written": "written",
    "holds": "held already",
    "kept": "left alone, as a person's value stands there",
    "proposed": "proposed",
    "shadowed": "kept in the shadow",
    "declined": "left alone, as a person said no to it",
    "unconverted": "no certain value",
    "refused": "refused by the CRM",
    "record_missing": "without a record in the CRM",
    "taken_back": "taken back, as its recording belongs to another record",
    "reverted": "undone by a person",
    "interrupted": "interrupted; the next pass finds out what became of it",
}
_NOTES = {
    "written": "written",
    "edited": "left alone, as a person edited it",
    "removed": "not made again, as a person deleted it",
    "refused": "refused by the CRM",
    "withdrawn": "withdrawn, as its recording belongs to another record",
    "reverted": "withdrawn by a person",
    "interrupted": "interrupted; the next pass finds out what became of it",
}

_RECHECK = "See `fieldnote check` and `fieldnote users`."
_APPOINTMENTS: dict[AppointmentState, tuple[str, ...]] = {
    AppointmentState.NOT_SENT: (
        "Siro does not have it as the CRM does yet.",
        "Run `fieldnote push`; if it stays so, see what the push says.",
    ),
    AppointmentState.QUARANTINED: (
        "It waits in quarantine.",
        "Mend the row or the map; `fieldnote quarantine show engagements KEY` shows both sides.",
    ),
    AppointmentState.DROPPED: ("A person said that it need not go to Siro.",),
    AppointmentState.CANCELLED: ("It is deleted or cancelled, and no recording is looked for.",),
    AppointmentState.WITHOUT_TIME: ("It has no start time.", "Map `startTime`: recordings are found by rep and time."),
    AppointmentState.UPCOMING: ("It has not begun.",),
    AppointmentState.WITHOUT_REP: (
        "It names no rep.",
        "Map `engagementUsers`: recordings are found by rep and time.",
    ),
    AppointmentState.REP_UNKNOWN: (
        "Its rep is no user of Siro's, so nothing that they record is linked.",
        "Give the rep their Siro email in the CRM, or map them in Siro. `fieldnote users` lists all.",
    ),
    AppointmentState.UNDER_WAY: ("It is being held, or was just now: its recording may still come.",),
    AppointmentState.UNLINKED: (
        "A recording was made near its time, and Siro has linked it to nothing.",
        "Link it in Siro's application, if it is the one.",
    ),
    AppointmentState.NO_RECORDING: (
        "Nothing was recorded by its rep at that time.",
        "Ask the rep; a recording made by somebody else, or hours off, is linked in Siro's application.",
    ),
    AppointmentState.PROCESSING: ("Siro is at work on its recording.",),
    AppointmentState.STUCK: (
        "Siro has been at work on its recording for more than three hours.",
        "The upload may have failed: look at the rep's telephone.",
    ),
    AppointmentState.WAITING: ("Its recording's summary or extractions are not there yet; it is read again for 48 h.",),
    AppointmentState.EXTRACTION_FAILED: (
        "Its recording's summary or extractions did not come within 48 hours.",
        "Ask Siro's support about the recording.",
    ),
    AppointmentState.REJECTED: ("The CRM does not take something that was said.", "Mend what the reason names."),
    AppointmentState.REVIEW: ("Something that was said waits for a person's decision.",),
    AppointmentState.WRITTEN: ("What was said stands in the CRM.",),
    AppointmentState.SILENT: ("It was recorded, and nothing was said that the file wants in the CRM.",),
    AppointmentState.NOT_OURS: (
        "Its recording's link is not known to be this connection's.",
        "Push first; a file that only pulls says `siro.integration_connection_id`.",
    ),
    AppointmentState.UNACCOUNTED: ("It is in no known state: that is a defect of Fieldnote's.", "Please report it."),
}
_RECORDINGS: dict[RecordingState, tuple[str, ...]] = {
    RecordingState.PROCESSING: ("Siro is at work on it.",),
    RecordingState.STUCK: (
        "Siro has been at work on it for more than three hours.",
        "The upload may have failed: look at the rep's telephone.",
    ),
    RecordingState.UNLINKED: (
        "It is linked to nothing in the CRM.",
        "Either its user has no appointment near that time, or the rep is not known to Siro. " + _RECHECK,
    ),
    RecordingState.UNPROVEN: (
        "Nothing shows yet that its link is this connection's.",
        "Run `fieldnote push`; a file that only pulls says `siro.integration_connection_id`.",
    ),
    RecordingState.FOREIGN: ("Its link is another connection's; it is left alone.",),
    RecordingState.COLLIDING: (
        "It is linked to a record that two connections have pushed.",
        "Give their keys a prefix in one of the files.",
    ),
    RecordingState.WAITING: ("Its summary or extractions are not there yet; it is read again for 48 hours.",),
    RecordingState.EXTRACTION_FAILED: (
        "Its summary or extractions did not come within 48 hours.",
        "Ask Siro's support about it.",
    ),
    RecordingState.DELETED: ("It was deleted in Siro. What it gave before stays unless a person takes it back.",),
    RecordingState.PURGED: ("Siro keeps it no longer. What it gave stays in the CRM.",),
    RecordingState.REJECTED: ("The CRM does not take something of it.", "Mend what the reason names."),
    RecordingState.REVIEW: ("Something of it waits for a person's decision.",),
    RecordingState.WRITTEN: ("What was said stands in the CRM.",),
    RecordingState.SILENT: ("Nothing was said in it that the file wants in the CRM.",),
    RecordingState.UNACCOUNTED: ("It is in no known state: that is a defect of Fieldnote's.", "Please report it."),
}
