"""The story of one appointment, deal or recording in plain words: what was tried, what came of it, what to do.

It is told from the ledger alone. Where Siro answers, the rep's user and the recording as it is now are told beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.pull.ownership import judge_recordings
from fieldnote.bridge.pull.recordings import Recordings
from fieldnote.bridge.recording import Model, Ownership, RecordingSnapshot
from fieldnote.bridge.reps import MappingMethod, Rep, match
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.completeness import Directory, state_of_appointment, state_of_recording
from fieldnote.bridge.status.explain_words import FIELDS, LINKS, NOTES, OWNERSHIP, PROPOSALS, QUARANTINE
from fieldnote.bridge.status.states import APPOINTMENTS, RECORDINGS, AppointmentState, Meaning
from fieldnote.db.bridge_tables import fields, matches, notes, proposals, recordings, sent, writes
from fieldnote.errors import FieldnoteError
from fieldnote.siro.errors import NotFound, SiroError


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    words: str


@dataclass(slots=True)
class Story:
    """What is known of one thing. A customer's data may be among it."""

    what: str
    """`appointment a-1`"""
    state: str
    """Of `AppointmentState` or `RecordingState`; of a deal, where its own row stands; `not_pushed` without a row."""
    moments: list[Moment] = field(default_factory=list)
    """What happened, oldest first."""
    facts: list[str] = field(default_factory=list)
    """What is so now."""
    advice: list[str] = field(default_factory=list)
    """What a person should do; nothing, if empty."""

    def happened(self, at: datetime | None, words: str) -> None:
        """Add what happened, or, without a time, what is so."""
        if at is None:
            self.facts.append(words)
        else:
            self.moments.append(Moment(at, words))

    def end(self, meaning: Meaning | None = None) -> Story:
        """In its order, with what the state means."""
        self.moments.sort(key=lambda moment: moment.at)
        if meaning is not None:
            self.facts.append(meaning.is_so)
            self.advice += [meaning.do] if meaning.do else []
        return self

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        told = [{"at": moment.at.isoformat(), "words": moment.words} for moment in self.moments]
        return {"what": self.what, "state": self.state, "story": told, "facts": self.facts, "advice": self.advice}


async def explain_appointment(bridge: Bridge, key: str, directory: Directory | None) -> Story:
    """Why an appointment has, or has not, its recording, and what became of that."""
    async with bridge.engine.connect() as conn:
        row = await _sent(conn, bridge.name, "engagements", key)
        if row is None:
            return await _not_pushed(conn, bridge, Model.ENGAGEMENT, key)
        state = await state_of_appointment(bridge, key, directory)
        story = Story(f"appointment {key}", state)
        _tell_sent(story, row)
        _tell_visit(story, row.payload or {}, directory)
        await _tell_links(conn, bridge, Model.ENGAGEMENT, key, story)
        if state is AppointmentState.UNLINKED:
            await _tell_near(conn, bridge.name, row.payload or {}, story)
        await _tell_outputs(conn, bridge.name, Model.ENGAGEMENT, key, story)
    return story.end(APPOINTMENTS[state])


async def explain_deal(bridge: Bridge, key: str) -> Story:
    """What a deal got from which recordings."""
    async with bridge.engine.connect() as conn:
        row = await _sent(conn, bridge.name, "opportunities", key)
        if row is None:
            return await _not_pushed(conn, bridge, Model.OPPORTUNITY, key)
        story = Story(f"deal {key}", row.state)
        _tell_sent(story, row)
        if not await _tell_links(conn, bridge, Model.OPPORTUNITY, key, story):
            story.facts.append("No recording is linked to it.")
            story.advice.append(
                "A recording comes to a deal by its appointment: map `opportunity` under push.engagements."
            )
        await _tell_outputs(conn, bridge.name, Model.OPPORTUNITY, key, story)
    return story.end()


async def _not_pushed(conn: AsyncConnection, bridge: Bridge, model: Model, key: str) -> Story:
    """A record that Siro knows from elsewhere, as far as recordings are linked to it."""
    story = Story(_name(model, key), "not_pushed", facts=["This file has not pushed it; Siro knows it from elsewhere."])
    if not await _tell_links(conn, bridge, model, key, story):
        raise _unknown(model, key)
    await _tell_outputs(conn, bridge.name, model, key, story)
    return story.end()


async def explain_recording(bridge: Bridge, recording_id: str, *, fresh: bool = False) -> Story:
    """What a recording is linked to, and what was made of it. `fresh`: ask Siro for it, too, and keep nothing."""
    async with bridge.engine.connect() as conn:
        held = (await Recordings(bridge.name).load(conn, [recording_id])).get(recording_id)
        if held is None:
            raise FieldnoteError(
                f"recording {recording_id} is not known here",
                hint="A new connection looks two days back; `fieldnote pull --since DATE` reads further. Check the id.",
            )
        state = await state_of_recording(bridge, recording_id)
        story = Story(f"recording {recording_id}", state)
        await _tell_recording(conn, bridge.name, held, story)
        for link in held.links:
            await _tell_outputs(conn, bridge.name, link.model, link.record, story, recording_id=recording_id)
        await _tell_match(conn, bridge.name, held, story)
    if fresh:
        await _tell_fresh(bridge, held, story)
    return story.end(RECORDINGS[state])


# --- records that were sent -----------------------------------------------------------------------------


def _unknown(model: Model, key: str) -> FieldnoteError:
    stream = "engagements" if model is Model.ENGAGEMENT else "opportunities"
    return FieldnoteError(
        f"{_name(model, key)} is not known here",
        hint=f"Its row never came, and no recording is linked to it: `fieldnote plan --stream {stream} --id {key}` "
        "tells whether the file's query gives it.",
    )


async def _sent(conn: AsyncConnection, connection: str, stream: str, key: str) -> Any:
    mine = sent.c.connection == connection, sent.c.stream == stream, sent.c.key == key
    return (await conn.execute(select(sent).where(*mine))).one_or_none()


def _tell_sent(story: Story, row: Any) -> None:
    if row.sent_at is not None:
        story.happened(row.sent_at, f"It was last sent to Siro, which calls it {row.siro_id or '(no id)'}.")
    if row.state in QUARANTINE:
        story.happened(row.changed_at, f"{QUARANTINE[row.state]}: {row.reason or 'a push was interrupted'}.")
        story.advice += [f"{row.hint[:1].upper()}{row.hint[1:].rstrip('.')}."] if row.hint else []
    if row.state == "deleted" or row.is_deleted:
        story.happened(row.changed_at, "It is deleted in Siro, as it is in the CRM.")
    if row.uncleared:
        story.facts.append(f"Siro still shows {', '.join(row.uncleared)}, which its API cannot clear.")


def _tell_visit(story: Story, payload: dict[str, Any], directory: Directory | None) -> None:
    for name, words in (("startTime", "It begins, as the CRM has it."), ("endTime", "It ends.")):
        if payload.get(name):
            story.happened(_moment(payload[name]), words)
    for child in payload.get("engagementUsers") or ():
        rep = Rep(child["externalId"], child.get("email"), child.get("name"))
        story.facts.append(_of_rep(rep, directory, taken_off=bool(child.get("deletedAt"))))


def _of_rep(rep: Rep, directory: Directory | None, *, taken_off: bool) -> str:
    name = rep.email or rep.name or rep.external_id
    if taken_off:
        return f"{name} was taken off it."
    if directory is None:
        return f"Its rep is {name}; Siro was not asked who that is."
    found = match(rep, directory.users, directory.overrides)
    if found.method is MappingMethod.NONE or found.user is None:
        return f"Its rep is {name}, whom no Siro user is taken for: {found.why}."
    return f"Its rep is {name}, in Siro {found.user.email or found.user.full_name} ({found.why})."


# --- recordings -----------------------------------------------------------------------------------------


async def _tell_links(conn: AsyncConnection, bridge: Bridge, model: Model, key: str, story: Story) -> int:
    """The recordings that are linked to a record; how many."""
    linked = await Recordings(bridge.name).linked(conn, model, key)
    for held, ownership in linked:
        state = await state_of_recording(bridge, held.id)
        mine = "" if ownership is Ownership.OURS else f" The link is {OWNERSHIP[ownership]}."
        about = f"{RECORDINGS[state].is_so} When last read: {_parts(held)}."
        story.happened(held.started_at, f"Recording {held.id}, which is linked to it, began. {about}{mine}")
    return len(linked)


async def _tell_near(conn: AsyncConnection, connection: str, payload: dict[str, Any], story: Story) -> None:
    values = {"connection": connection, "first": payload.get("startTime"), "last": payload.get("endTime")}
    for row in await conn.execute(_NEAR, values):
        words = f"Recording {row.recording_id} of Siro's user {row.user_id} began near it, and is linked to nothing."
        story.happened(row.started_at, words)


async def _tell_recording(conn: AsyncConnection, connection: str, held: RecordingSnapshot, story: Story) -> None:
    story.happened(held.started_at, f"Siro's user {held.user_id or '(unknown)'} began to record.")
    columns = recordings.c.first_seen_at, recordings.c.fetched_at, recordings.c.forgotten_at
    mine = recordings.c.connection == connection, recordings.c.recording_id == held.id
    row = (await conn.execute(select(*columns).where(*mine))).one()
    story.happened(row.first_seen_at, "It was first read here.")
    story.happened(row.fetched_at, f"It was last read: {_parts(held)}.")
    if row.forgotten_at is not None:
        story.happened(row.forgotten_at, "What was said in it was forgotten here, on request.")
    if held.purged_at is not None:
        story.happened(held.purged_at, "Siro deleted its contents, as its retention asks.")
    ownership = (await judge_recordings(conn, connection, [held.id])).get(held.id, Ownership.UNPROVEN)
    story.facts += [f"It is linked to {_name(link.model, link.record)}." for link in held.links]
    story.facts += [f"The link is {OWNERSHIP[ownership]}."] if held.links else []


async def _tell_match(conn: AsyncConnection, connection: str, held: RecordingSnapshot, story: Story) -> None:
    """The appointment that was found for a recording which Siro left unlinked."""
    mine = matches.c.connection == connection, matches.c.recording_id == held.id
    row = (await conn.execute(select(matches).where(*mine))).one_or_none()
    if row is None:
        return
    by = f" by {row.decided_by}" if row.decided_by else ""
    found = f"appointment {row.engagement}" if row.engagement else "no appointment"
    why = f": {'; '.join(row.reasons)}" if row.reasons else ""
    story.happened(row.looked_at, f"An appointment was looked for, and {found} fits{why}.")
    if row.decided_at is not None:
        story.happened(row.decided_at, f"The link to {found} {LINKS.get(row.state, row.state)}{by}.")
    if row.problem:
        story.facts.append(f"It could not be linked: {row.problem}.")
    if row.state == "open":
        story.advice.append(f"Decide on the link: `fieldnote links approve {row.id}`, or `reject`.")


async def _tell_fresh(bridge: Bridge, held: RecordingSnapshot, story: Story) -> None:
    """Siro's answer now, beside what is held here."""
    now = datetime.now(UTC)
    try:
        found = await bridge.remote.recording(held.id)
    except NotFound:
        story.happened(now, "Siro was asked for it, and does not know it.")
    except SiroError as error:
        story.happened(now, f"Siro was asked for it, and did not answer: {type(error).__name__}.")
    else:
        links = ", ".join(_name(link.model, link.record) for link in found.links) or "nothing"
        story.happened(now, f"Siro was asked for it: {_parts(found)}; linked to {links}.")
        if {link.record for link in found.links} != {link.record for link in held.links}:
            story.advice.append("Siro has another link than is held here: run `fieldnote pull`.")


def _parts(held: RecordingSnapshot) -> str:
    """What of a recording is there, and what is not."""
    parts = {"processed": held.processed, "summary": held.summary_done, "extractions": held.extraction_done}
    there, missing = ([name for name, done in parts.items() if done is wanted] for wanted in (True, False))
    words = f"{', '.join(there) or 'nothing'} there"
    words += f", {' and '.join(missing)} missing" if missing else ""
    return f"{words}, deleted" if held.deleted else words


# --- what was made of them ------------------------------------------------------------------------------


async def _tell_outputs(
    conn: AsyncConnection, connection: str, model: Model, key: str, story: Story, *, recording_id: str | None = None
) -> None:
    """Each field, note, proposal and write of a record; with `recording_id`, as far as they may come from that one."""
    said = await _of_record(conn, fields, connection, model, key)
    for row in said:
        if recording_id is None or row.recording_id in {recording_id, None}:
            what = f"{row.extraction} for {row.table_name}.{row.column_name} of {_name(model, key)}"
            story.happened(row.changed_at, f"{what} {FIELDS.get(row.state, row.state)}{_why(row)}.")
    for row in _of(recording_id, await _of_record(conn, notes, connection, model, key)):
        what = f"The note of recording {row.recording_id} on {_name(model, key)}"
        story.happened(row.changed_at, f"{what} {NOTES.get(row.state, row.state)}{_why(row)}.")
    for row in _of(recording_id, await _of_record(conn, proposals, connection, model, key)):
        _tell_proposal(story, row)
    for row in _of(recording_id, await _of_record(conn, writes, connection, model, key)):
        what = f"{row.table_name}.{row.column_name}" if row.kind == "field" else f"the note in {row.table_name}"
        story.happened(row.written_at, f"{row.actor} wrote {what} of {_name(model, key)} ({row.action}).")
        if row.reverted_at is not None:
            story.happened(row.reverted_at, f"A person undid that write of {what}.")


def _tell_proposal(story: Story, row: Any) -> None:
    what = f"{row.extraction} for {row.table_name}.{row.column_name}"
    if row.state != "shadow":
        story.happened(row.created_at, f"{what} was proposed from recording {row.recording_id}.")
    if row.closed_at is not None:
        by = f" by {row.decided_by}" if row.decided_by else ""
        story.happened(row.closed_at, f"The proposal of {what} {PROPOSALS.get(row.state, row.state)}{by}.")
    if row.state == "open":
        story.advice.append(f"Decide on proposal {row.id}: `fieldnote review approve {row.id}`, `edit` or `reject`.")


async def _of_record(conn: AsyncConnection, table: Any, connection: str, model: Model, key: str) -> list[Any]:
    mine = table.c.connection == connection, table.c.model == model.value, table.c.record == key
    return list(await conn.execute(select(table).where(*mine)))


def _of(recording_id: str | None, rows: Iterable[Any]) -> list[Any]:
    return [row for row in rows if recording_id in {None, row.recording_id}]


def _why(row: Any) -> str:
    return f": {row.reason}" if row.reason else ""


def _name(model: str, key: str) -> str:
    return f"{ {'engagement': 'appointment', 'opportunity': 'deal'}.get(model, model) } {key}"


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


_NEAR = text("""
    select recording_id, user_id, started_at from recordings
    where connection = :connection and state = 'unlinked'
      and started_at between cast(cast(:first as text) as timestamptz) - interval '1 hour'
          and coalesce(cast(cast(:last as text) as timestamptz),
                       cast(cast(:first as text) as timestamptz) + interval '1 hour') + interval '1 hour'
    order by started_at limit 5
""")
