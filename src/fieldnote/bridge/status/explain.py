"""Explain one appointment, deal or recording: its timeline, its state, and the next step.

The ledger has all of it. If Siro answers, the rep's user and the recording's present state are added.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.board.explained_gaps import Gap
from fieldnote.bridge.board.field_states import own_fields
from fieldnote.bridge.board.mobile_events import describe
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.ignored import ignored_in_file
from fieldnote.bridge.pull.ownership import judge_recordings
from fieldnote.bridge.pull.recordings import Recordings
from fieldnote.bridge.recording import Model, Ownership, RecordingSnapshot
from fieldnote.bridge.reps import Mapped, MappingMethod, Rep, match
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.completeness import Directory, state_of_appointment
from fieldnote.bridge.status.explain_reads import Outputs, Pushed, linked_recordings, load_outputs, load_pushed
from fieldnote.bridge.status.explain_words import FIELDS, LINKS, NOTES, OWNERSHIP, PROPOSALS, QUARANTINE
from fieldnote.bridge.status.states import Advice, State, of_appointment, of_recording
from fieldnote.errors import FieldnoteError
from fieldnote.siro.errors import NotFound, SiroError


@dataclass(frozen=True, slots=True)
class Moment:
    """One event."""

    at: datetime
    words: str


@dataclass(slots=True)
class Explanation:
    """The timeline of one thing. It may name a customer."""

    what: str
    """`appointment a-1`"""
    state: str
    """A `State`; for a deal, the state of its push; `not_pushed` without a row."""
    moments: list[Moment] = field(default_factory=list, metadata={"json": "story"})
    """The events, oldest first."""
    facts: list[str] = field(default_factory=list)
    """The present."""
    advice: list[str] = field(default_factory=list)
    """The next steps for a person; empty: nothing to do."""
    gap: Gap | None = field(default=None, metadata={"json": False})
    """Why an appointment has no recording, as a person said it; an event says so too."""

    def happened(self, at: datetime | None, words: str) -> None:
        """Add an event, or, without a time, a fact."""
        if at is None:
            self.facts.append(words)
        else:
            self.moments.append(Moment(at, words))

    def finish(self, meaning: Advice | None = None, key: str = "KEY") -> Explanation:
        """Sort the events, and add the meaning of the state. `key`: of the record, for commands of the advice."""
        self.moments.sort(key=lambda moment: moment.at)
        if meaning is not None:
            self.facts.append(meaning.meaning)
            self.advice += [meaning.do.replace("KEY", shlex.quote(key))] if meaning.do else []
        return self


class HasParts(Protocol):
    """A recording, as far as it is known which parts of it are there."""

    @property
    def processed(self) -> bool: ...
    @property
    def summary_done(self) -> bool: ...
    @property
    def extraction_done(self) -> bool: ...
    @property
    def deleted(self) -> bool: ...


async def explain_appointment(
    bridge: Bridge, key: str, directory: Directory | None, *, as_listed: bool = False, refreshed: bool = False
) -> Explanation:
    """Explain why an appointment has its recording or not, and what the recording gave.

    `as_listed`: with Siro's users as they were last listed. `refreshed`: the board was just refreshed.
    """
    if not refreshed:
        await refresh(bridge)
    async with bridge.engine.connect() as conn:
        pushed = await load_pushed(conn, bridge.name, "engagements", key)
        if pushed is None:
            return await _not_pushed(conn, bridge, Model.ENGAGEMENT, key.strip())
        if as_listed and pushed.users:
            directory = Directory(pushed.users, {})
        key, row = pushed.row.key, pushed.row
        ignored = pushed.declared | await ignored_in_file(bridge)
        state = await state_of_appointment(conn, bridge, key, _mapped(pushed, directory), ignored)
        found = Explanation(f"appointment {key}", state)
        _add_sent(found, row)
        _add_visit(found, row.payload or {}, directory)
        if (gap := pushed.gap) is not None:
            found.gap = gap
            found.happened(gap.at, f"{gap.actor} gave the reason for the missing recording: {gap.words}.")
        await _add_links(conn, bridge, Model.ENGAGEMENT, key, found)
        if state is State.UNLINKED:
            await _add_near(conn, bridge.name, row.payload or {}, found)
        await _add_outputs(conn, bridge.name, [(Model.ENGAGEMENT, key)], found)
    return found.finish(of_appointment(state), key)


async def explain_deal(bridge: Bridge, key: str, *, refreshed: bool = False) -> Explanation:
    """Explain which recordings a deal has, and what each gave."""
    if not refreshed:
        await refresh(bridge)
    async with bridge.engine.connect() as conn:
        pushed = await load_pushed(conn, bridge.name, "opportunities", key)
        if pushed is None:
            return await _not_pushed(conn, bridge, Model.OPPORTUNITY, key.strip())
        key = pushed.row.key
        found = Explanation(f"deal {key}", pushed.row.state)
        _add_sent(found, pushed.row)
        if not await _add_links(conn, bridge, Model.OPPORTUNITY, key, found):
            found.facts.append("No recording is linked to it.")
            found.advice.append(
                "A recording reaches a deal through its appointment: map `opportunity` under push.engagements."
            )
        await _add_outputs(conn, bridge.name, [(Model.OPPORTUNITY, key)], found)
    return found.finish()


_PART_OF_ANOTHER = "No stream of this file pushes it: it came inside another record, or from another program."


async def _not_pushed(conn: AsyncConnection, bridge: Bridge, model: Model, key: str) -> Explanation:
    """Explain a record that another program pushed, if recordings are linked to it."""
    found = Explanation(_name(model, key), "not_pushed", facts=[_PART_OF_ANOTHER])
    if not await _add_links(conn, bridge, model, key, found):
        raise _unknown(model, key)
    await _add_outputs(conn, bridge.name, [(model, key)], found)
    return found.finish()


async def explain_recording(
    bridge: Bridge, recording_id: str, *, fresh: bool = False, refreshed: bool = False
) -> Explanation:
    """Explain a recording's links and results. `fresh`: ask Siro for its present state too, and store nothing."""
    if not refreshed:
        await refresh(bridge)
    async with bridge.engine.connect() as conn:
        held = (await Recordings(bridge.name).load(conn, [recording_id])).get(recording_id)
        if held is None:
            raise FieldnoteError(
                f"recording {recording_id} is not in the ledger",
                hint="Check the id. A new connection reads two days back; `fieldnote pull --since DATE` reads more.",
            )
        row = (await conn.execute(_RECORDING, {"connection": bridge.name, "id": recording_id})).one()
        state = State(row.state)
        found = Explanation(f"recording {recording_id}", state)
        await _add_recording(conn, bridge.name, held, row, found)
        linked = [(link.model, link.record) for link in held.links]
        for one in await own_fields(conn, bridge.name, recording_id):
            what = f"{one.extraction} for {one.table}.{one.column} of {_name(one.model, one.record)}"
            found.happened(one.at, f"{what} {FIELDS.get(one.state, one.state)}{_why(one)}.")
        await _add_outputs(conn, bridge.name, linked, found, recording_id=recording_id)
        _add_match(bridge, row, found)
        _add_phone(row.phone or (), found)
    if fresh:
        await _add_fresh(bridge, held, found)
    return found.finish(of_recording(state))


# --- records that were sent -----------------------------------------------------------------------------


def _unknown(model: Model, key: str) -> FieldnoteError:
    stream = "engagements" if model is Model.ENGAGEMENT else "opportunities"
    return FieldnoteError(
        f"{_name(model, key)} is not in the ledger",
        hint=f"Check the id. `fieldnote plan --stream {stream} --id {key}` shows whether the query returns its row.",
    )


def _mapped(pushed: Pushed, directory: Directory | None) -> list[Mapped]:
    if directory is None or pushed.rep is None:
        return []
    return [match(pushed.rep, directory.users, directory.overrides)]


def _add_sent(found: Explanation, row: Any) -> None:
    if row.sent_at is not None:
        found.happened(row.sent_at, f"It was last sent to Siro. Siro's id is {row.siro_id or 'unknown'}.")
    if row.state in QUARANTINE:
        found.happened(row.changed_at, f"{QUARANTINE[row.state]}: {row.reason or 'a push was interrupted'}.")
        found.advice += [f"{row.hint[:1].upper()}{row.hint[1:].rstrip('.')}."] if row.hint else []
    if row.state == "deleted" or row.is_deleted:
        found.happened(row.changed_at, "It was deleted in Siro, as in the CRM.")
    if row.uncleared:
        found.facts.append(f"Siro still shows {', '.join(row.uncleared)}: its API cannot clear it.")


def _add_visit(found: Explanation, payload: dict[str, Any], directory: Directory | None) -> None:
    for name, words in (("startTime", "It starts, according to the CRM."), ("endTime", "It ends.")):
        if payload.get(name):
            found.happened(_moment(payload[name]), words)
    for child in payload.get("engagementUsers") or ():
        rep = Rep(child["externalId"], child.get("email"), child.get("name"))
        found.facts.append(_describe_rep(rep, directory, taken_off=bool(child.get("deletedAt"))))


def _describe_rep(rep: Rep, directory: Directory | None, *, taken_off: bool) -> str:
    name = rep.email or rep.name or rep.external_id
    if taken_off:
        return f"{name} was removed from it."
    if directory is None:
        return f"Its rep is {name}. Siro was not asked for the user."
    found = match(rep, directory.users, directory.overrides)
    if found.method is MappingMethod.NONE or found.user is None:
        return f"Its rep {name} has no Siro user: {found.why}."
    return f"Its rep is {name}; the Siro user is {found.user.email or found.user.full_name} ({found.why})."


# --- recordings -----------------------------------------------------------------------------------------


async def _add_links(conn: AsyncConnection, bridge: Bridge, model: Model, key: str, found: Explanation) -> int:
    """Add the recordings that are linked to a record, and return their number."""
    linked = await linked_recordings(conn, bridge.name, model, key)
    for row, ownership in linked:
        mine = "" if ownership is Ownership.OURS else f" The link {OWNERSHIP[ownership]}."
        about = f"{of_recording(State(row.state)).meaning} When last read: {_parts(row)}."
        found.happened(row.started_at, f"Recording {row.id}, linked to it, started. {about}{mine}")
    return len(linked)


async def _add_near(conn: AsyncConnection, connection: str, payload: dict[str, Any], found: Explanation) -> None:
    values = {"connection": connection, "first": payload.get("startTime"), "last": payload.get("endTime")}
    for row in await conn.execute(_NEAR, values):
        words = f"Recording {row.recording_id} of Siro's user {row.user_id} started near it, and has no link."
        found.happened(row.started_at, words)


async def _add_recording(
    conn: AsyncConnection, connection: str, held: RecordingSnapshot, row: Any, found: Explanation
) -> None:
    found.happened(held.started_at, f"Siro's user {held.user_id or '(unknown)'} started to record.")
    found.happened(row.first_seen_at, "It was first read.")
    found.happened(row.fetched_at, f"It was last read: {_parts(held)}.")
    if row.forgotten_at is not None:
        found.happened(row.forgotten_at, "Its words were erased here, on request.")
    if held.purged_at is not None:
        found.happened(held.purged_at, "Siro's retention deleted its contents.")
    ownership = (await judge_recordings(conn, connection, [held.id])).get(held.id, Ownership.OWNERSHIP_UNKNOWN)
    _add_links_of(held, row.link_history, found)
    found.facts += [f"The link {OWNERSHIP[ownership]}."] if held.links else []


def _add_links_of(held: RecordingSnapshot, history: Sequence[dict[str, Any]], found: Explanation) -> None:
    """Add the present links, and each step that led to them."""
    for step in history:
        names = ", ".join(_name(Model(model), record) for model, record in step["links"])
        words = f"It was seen linked to {names}." if names else "Siro showed no link of it any more."
        found.happened(datetime.fromisoformat(step["at"]), words)
    linked = "It was linked to" if held.detached else "It is linked to"
    found.facts += [f"{linked} {_name(link.model, link.record)}." for link in held.links]
    if held.detached and not held.withdrawn:
        found.facts.append("Siro removed the link and gave no reason. Its values stay until a person decides.")
        found.advice.append(
            "If the link was right, link it again in Siro, and the next pull continues. "
            "If not, approve the removal of its values in `fieldnote review list`."
        )


def _add_match(bridge: Bridge, row: Any, found: Explanation) -> None:
    """Add the appointment that was found for an unlinked recording."""
    if row.match_id is None:
        return
    by = f" by {row.decided_by}" if row.decided_by else ""
    candidate = f"appointment {row.engagement}" if row.engagement else "no appointment"
    why = f": {'; '.join(row.reasons)}" if row.reasons else ""
    found.happened(row.looked_at, f"The search for its appointment found {candidate}{why}.")
    if row.decided_at is not None:
        found.happened(row.decided_at, f"The link to {candidate} {LINKS.get(row.match_state, row.match_state)}{by}.")
    if row.problem:
        found.facts.append(f"It could not be linked: {row.problem}.")
    if row.match_state == "open":
        found.advice.append(_how_to_decide(row.match_id, can_link=bridge.remote.has_user_token))


def _add_phone(events: Sequence[Mapping[str, Any]], found: Explanation) -> None:
    """Add what happened on the rep's phone."""
    for one in events:
        if words := describe(one["code"], one["event"]):
            found.happened(datetime.fromisoformat(one["at"]), words)


def _how_to_decide(number: int, *, can_link: bool) -> str:
    decide = f"`fieldnote links approve {number}`, or `fieldnote links reject {number}`"
    if can_link:
        return f"Decide on the link: {decide}."
    command = "`fieldnote oauth setup --user EMAIL --scope write`"
    return f"Decide on the link: {decide}. To approve needs a user token: {command} gets one. Or link it in Siro."


async def _add_fresh(bridge: Bridge, held: RecordingSnapshot, found: Explanation) -> None:
    """Add Siro's present answer."""
    now = datetime.now(UTC)
    try:
        now_there = await bridge.remote.recording(held.id)
    except NotFound:
        found.happened(now, "Siro was asked for it, and does not have it.")
    except SiroError as error:
        found.happened(now, f"Siro was asked for it, and did not answer: {type(error).__name__}.")
    else:
        links = ", ".join(_name(link.model, link.record) for link in now_there.links) or "nothing"
        found.happened(now, f"Siro was asked for it: {_parts(now_there)}; linked to {links}.")
        if {link.record for link in now_there.links} != {link.record for link in held.links}:
            found.advice.append("Siro has another link than the ledger: run `fieldnote pull`.")


def _parts(held: HasParts) -> str:
    """Name the parts of a recording that are there, and those that are missing."""
    parts = {"processed": held.processed, "summary": held.summary_done, "extractions": held.extraction_done}
    there, missing = ([name for name, done in parts.items() if done is wanted] for wanted in (True, False))
    words = f"{', '.join(there) or 'nothing'} there"
    words += f", {' and '.join(missing)} missing" if missing else ""
    return f"{words}, deleted" if held.deleted else words


# --- what was made of them ------------------------------------------------------------------------------


async def _add_outputs(
    conn: AsyncConnection,
    connection: str,
    records: Sequence[tuple[Model, str]],
    found: Explanation,
    *,
    recording_id: str | None = None,
) -> None:
    """Add each field, note, proposal and write of the records; with `recording_id`, those of it, without fields."""
    for (model, key), outputs in (await load_outputs(conn, connection, records)).items():
        _add_outputs_of(model, key, outputs, found, recording_id)


def _add_outputs_of(model: Model, key: str, outputs: Outputs, found: Explanation, recording_id: str | None) -> None:
    for row in outputs.fields:
        if recording_id is None:
            what = f"{row.extraction} for {row.table_name}.{row.column_name} of {_name(model, key)}"
            found.happened(row.changed_at, f"{what} {FIELDS.get(row.state, row.state)}{_why(row)}.")
    for row in _of(recording_id, outputs.notes):
        what = f"The note of recording {row.recording_id} on {_name(model, key)}"
        found.happened(row.changed_at, f"{what} {NOTES.get(row.state, row.state)}{_why(row)}.")
    for row in _of(recording_id, outputs.proposals):
        _add_proposal(found, row)
    for row in _of(recording_id, outputs.writes):
        what = f"{row.table_name}.{row.column_name}" if row.kind == "field" else f"the note in {row.table_name}"
        found.happened(row.written_at, f"{row.actor} wrote {what} of {_name(model, key)} ({row.action}).")
        if row.reverted_at is not None:
            found.happened(row.reverted_at, f"A person reverted that write of {what}.")


def _add_proposal(found: Explanation, row: Any) -> None:
    what = f"{row.extraction} for {row.table_name}.{row.column_name}"
    if row.state != "shadow":
        found.happened(row.created_at, f"{what} was proposed from recording {row.recording_id}.")
    if row.closed_at is not None:
        by = f" by {row.decided_by}" if row.decided_by else ""
        found.happened(row.closed_at, f"The proposal of {what} {PROPOSALS.get(row.state, row.state)}{by}.")
    if row.state == "open":
        found.advice.append(f"Decide on proposal {row.id}: `fieldnote review approve {row.id}`, `edit` or `reject`.")


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

_RECORDING = text("""
    select r.first_seen_at, r.fetched_at, r.forgotten_at, r.link_history, coalesce(b.state, 'unknown') as state,
           m.id as match_id, m.state as match_state, m.engagement, m.reasons, m.looked_at, m.decided_at, m.decided_by,
           m.problem,
           (select jsonb_agg(jsonb_build_object('code', e.code, 'event', e.event, 'at', e.at) order by e.at)
              from (select * from mobile_events p
                     where p.connection = r.connection and p.recording_id = r.recording_id
                     order by p.at limit 50) e) as phone
      from recordings r
      left join board_recordings b using (connection, recording_id)
      left join matches m using (connection, recording_id)
     where r.connection = :connection and r.recording_id = :id
""")
