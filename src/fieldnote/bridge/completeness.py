"""Where every appointment and every recording stands: in exactly one named state, with its age.

The states follow from what the ledger holds, in the database itself, so that a million of them are counted where
they are. Whatever falls into none of them is `unaccounted`, and a defect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.context import Bridge
from fieldnote.bridge.people import Rep, Way, match
from fieldnote.siro.models import User


class AppointmentState(StrEnum):
    """Where an appointment stands."""

    NOT_SENT = "not_sent"
    """Siro does not have it as the CRM does; the next push tries."""
    QUARANTINED = "quarantined"
    """Siro does not take it, or its row cannot be mapped: see `fieldnote quarantine`."""
    DROPPED = "dropped"
    """A person said that it need not go to Siro."""
    CANCELLED = "cancelled"
    """Deleted or cancelled."""
    WITHOUT_TIME = "without_time"
    """It has no start time, so that no recording can be told to be its own."""
    UPCOMING = "upcoming"
    """It has not begun."""
    WITHOUT_REP = "without_rep"
    """It names no rep, so that no recording can be told to be its own."""
    REP_UNKNOWN = "rep_unknown"
    """Its rep is no user of Siro's: nothing that they record is ever linked."""
    UNDER_WAY = "under_way"
    """It is being held, or has just been: its recording may still come."""
    UNLINKED = "unlinked"
    """A recording of its rep at that time is linked to nothing."""
    NO_RECORDING = "no_recording"
    """Nothing was recorded at that time."""
    PROCESSING = "processing"
    """Siro is at work on its recording."""
    STUCK = "stuck"
    """Siro has been at work on it for more than three hours."""
    WAITING = "waiting"
    """Its recording's summary or extractions are not there yet."""
    EXTRACTION_FAILED = "extraction_failed"
    """Its recording's summary or extractions did not come within 48 hours."""
    REJECTED = "rejected"
    """The CRM does not take something that was said."""
    REVIEW = "review"
    """Something that was said waits for a person's decision."""
    WRITTEN = "written"
    """What was said stands in the CRM."""
    SILENT = "silent"
    """Recorded, and nothing was said that the file wants in the CRM, or nothing is wanted."""
    NOT_OURS = "not_ours"
    """Its recording's link is another connection's, or nothing shows yet whose it is."""
    UNACCOUNTED = "unaccounted"
    """None of these: a defect of Fieldnote's."""


class RecordingState(StrEnum):
    """Where a recording stands."""

    PROCESSING = "processing"
    """Siro is at work on it."""
    STUCK = "stuck"
    """Siro has been at work on it for more than three hours: the upload may have failed."""
    UNLINKED = "unlinked"
    """Linked to nothing in the CRM."""
    UNPROVEN = "unproven"
    """Linked; nothing shows yet that the link is this connection's."""
    FOREIGN = "foreign"
    """Another connection's."""
    COLLIDING = "colliding"
    """Linked to a record that two connections have pushed."""
    WAITING = "waiting"
    """Its summary or extractions are not there yet."""
    EXTRACTION_FAILED = "extraction_failed"
    """They did not come within 48 hours."""
    DELETED = "deleted"
    """Deleted in Siro."""
    PURGED = "purged"
    """Siro keeps it no longer; what it gave stays in the CRM."""
    REJECTED = "rejected"
    """The CRM does not take something of it."""
    REVIEW = "review"
    """Something of it waits for a person's decision."""
    WRITTEN = "written"
    """What was said stands in the CRM."""
    SILENT = "silent"
    """Nothing was said that the file wants in the CRM."""
    UNACCOUNTED = "unaccounted"
    """None of these: a defect of Fieldnote's."""


PATIENCE: Mapping[str, timedelta] = {
    AppointmentState.NOT_SENT: timedelta(hours=1),
    AppointmentState.QUARANTINED: timedelta(0),
    AppointmentState.REP_UNKNOWN: timedelta(0),
    AppointmentState.WITHOUT_REP: timedelta(0),
    AppointmentState.UNLINKED: timedelta(hours=4),
    AppointmentState.PROCESSING: timedelta(hours=3),
    AppointmentState.STUCK: timedelta(0),
    AppointmentState.WAITING: timedelta(hours=12),
    AppointmentState.REJECTED: timedelta(0),
    AppointmentState.REVIEW: timedelta(days=7),
    AppointmentState.UNACCOUNTED: timedelta(0),
    RecordingState.UNPROVEN: timedelta(hours=4),
    RecordingState.COLLIDING: timedelta(0),
}
"""How long something may stand so, counted from its start, before it is named as late. Others may for ever."""
LATE_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Late:
    """An appointment or recording that has stood somewhere for longer than it should."""

    kind: str
    """appointment or recording"""
    id: str
    """The CRM's key, or Siro's id."""
    rep: str | None
    state: str
    since: datetime
    """When the appointment or recording began; for what has no time, when it was last looked at."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        names = ("kind", "id", "rep", "state")
        return {name: getattr(self, name) for name in names} | {"since": self.since.isoformat()}


@dataclass(slots=True)
class Completeness:
    """All appointments and recordings, counted."""

    appointments: dict[str, int] = field(default_factory=dict)
    recordings: dict[str, int] = field(default_factory=dict)
    reps: dict[str, dict[str, int]] = field(default_factory=dict)
    """Appointments by rep (email, else name, else the CRM's id) and state."""
    late: list[Late] = field(default_factory=list)
    """The latest first, at most `LATE_SHOWN`."""
    late_count: int = 0

    @property
    def unaccounted(self) -> int:
        """How many fall into no state."""
        return self.appointments.get(AppointmentState.UNACCOUNTED, 0) + self.recordings.get(
            RecordingState.UNACCOUNTED, 0
        )


async def completeness(bridge: Bridge, users: list[User] | None, *, rep: str | None = None) -> Completeness:
    """Count all of them; `rep` (an email, name or id of the CRM) takes this rep's appointments alone.

    `users`: Siro's users; None where they cannot be had, and then no rep counts as unknown.
    """
    result = Completeness()
    async with bridge.engine.connect() as conn:
        unknown = await _unknown_reps(conn, bridge.name, users)
        values = {"connection": bridge.name, "unknown": unknown, "rep": rep}
        await _count_appointments(conn, values, result)
        if rep is None:
            for state, count in await conn.execute(_COUNT_RECORDINGS, values):
                result.recordings[state] = count
        patience = {str(state): limit.total_seconds() for state, limit in PATIENCE.items()}
        limits = {"states": list(patience), "seconds": list(patience.values()), "shown": LATE_SHOWN}
        rows = (await conn.execute(_LATE, {**values, **limits, "recordings": rep is None})).all()
        result.late = [Late(row.kind, row.id, row.rep, row.state, row.since) for row in rows]
        result.late_count = rows[0].total if rows else 0
    return result


async def state_of_appointment(
    conn: AsyncConnection, connection: str, key: str, users: list[User] | None
) -> AppointmentState:
    """Where one appointment stands that was sent, or should have been."""
    values = {"connection": connection, "unknown": await _unknown_reps(conn, connection, users), "rep": None}
    found = await conn.scalar(_ONE_APPOINTMENT, {**values, "key": key})
    return AppointmentState(found or AppointmentState.UNACCOUNTED)


async def state_of_recording(conn: AsyncConnection, connection: str, recording_id: str) -> RecordingState:
    """Where one recording stands."""
    found = await conn.scalar(_ONE_RECORDING, {"connection": connection, "id": recording_id})
    return RecordingState(found or RecordingState.UNACCOUNTED)


async def _count_appointments(conn: AsyncConnection, values: dict[str, Any], result: Completeness) -> None:
    for row in await conn.execute(_COUNT_APPOINTMENTS, values):
        result.appointments[row.state] = result.appointments.get(row.state, 0) + row.number
        states = result.reps.setdefault(row.rep or "(no rep)", {})
        states[row.state] = states.get(row.state, 0) + row.number


async def _unknown_reps(conn: AsyncConnection, connection: str, users: list[User] | None) -> list[str]:
    """The CRM's ids of the reps on sent appointments whom no Siro user is taken for."""
    if users is None:
        return []
    rows = await conn.execute(_REPS, {"connection": connection})
    reps = [Rep(row.id, row.email, row.name) for row in rows]
    return [rep.external_id for rep in reps if match(rep, users, {}).way is Way.NONE]


# --- SQL ------------------------------------------------------------------------------------------------
# One row for each appointment and recording with its state. Joined from our own words; every value is bound.

# What stands open about a CRM record or a recording.
_OPEN_AT = """
    exists (select from fields f where f.connection = {on}.connection and {field}
                and f.state in ('refused', 'record_missing', 'interrupted'))
    or exists (select from notes n where n.connection = {on}.connection and {note}
                and n.state in ('refused', 'interrupted'))
"""

_RECORDING_STATES = f"""
    select r.connection, r.recording_id, r.user_id, r.started_at,
           case
               when r.state = 'deleted' then 'deleted'
               when r.state in ('processing', 'stuck', 'unlinked', 'unproven', 'foreign', 'colliding') then r.state
               when {
    _OPEN_AT.format(on="r", field="f.recording_id = r.recording_id", note="n.recording_id = r.recording_id")
}
                   then 'rejected'
               when exists (select from recording_links l join fields f
                                on f.connection = l.connection and f.model = l.model and f.record = l.record
                            where l.connection = r.connection and l.recording_id = r.recording_id
                              and f.recording_id is null and f.state in ('refused', 'record_missing', 'interrupted'))
                   then 'rejected'
               when r.state = 'waiting' then 'waiting'
               when r.state = 'incomplete' then 'extraction_failed'
               when exists (select from proposals p where p.connection = r.connection
                                and p.recording_id = r.recording_id and p.state = 'open') then 'review'
               when r.purged_at is not null then 'purged'
               when exists (select from writes w where w.connection = r.connection
                                and w.recording_id = r.recording_id) then 'written'
               when r.state = 'complete' then 'silent'
               else 'unaccounted'
           end as state
    from recordings r where r.connection = :connection
"""  # noqa: S608

# The rep of an appointment is the first of its reps who was not taken off.
_APPOINTMENT_STATES = """
    select s.connection, s.key, s.changed_at, s.state as sent_state, s.removed, s.payload is not null as held,
           (s.payload ->> 'deletedAt') is not null as deleted,
           (s.payload ->> 'startTime')::timestamptz as starts_at,
           coalesce((s.payload ->> 'endTime')::timestamptz,
                    (s.payload ->> 'startTime')::timestamptz + interval '1 hour') as ends_at,
           rep.id as rep_id, coalesce(rep.email, rep.name, rep.id) as rep
    from sent s left join lateral (
        select child ->> 'externalId' as id, child ->> 'email' as email, child ->> 'name' as name
        from json_array_elements(s.payload -> 'engagementUsers') with ordinality as children (child, place)
        where child ->> 'deletedAt' is null order by place limit 1
    ) as rep on true
    where s.connection = :connection and s.stream = 'engagements'
      and (cast(:rep as text) is null
           or lower(cast(:rep as text)) in (lower(rep.id), lower(rep.email), lower(rep.name)))
"""

# Of several recordings of one appointment, the state that asks most for somebody to look counts.
_WORST = """
    (array_agg(rs.state order by array_position(
        array['rejected', 'stuck', 'extraction_failed', 'review', 'processing', 'waiting', 'unproven', 'colliding',
              'foreign', 'unlinked', 'written', 'purged', 'silent', 'deleted'], rs.state) nulls first))[1]
"""

_STATES = f"""
    with recording_states as materialized ({_RECORDING_STATES}),
    sent_appointments as materialized ({_APPOINTMENT_STATES}),
    recorded as (
        select l.record as key, {_WORST} as state
        from recording_links l join recording_states rs using (connection, recording_id)
        where l.connection = :connection and l.model = 'engagement' and rs.state <> 'deleted'
        group by l.record
    ),
    users_of_reps as (
        select a.rep_id, rs.user_id
        from sent_appointments a
        join recording_links l on l.connection = a.connection and l.model = 'engagement' and l.record = a.key
        join recording_states rs on rs.connection = l.connection and rs.recording_id = l.recording_id
        where rs.user_id is not null group by a.rep_id, rs.user_id
    ),
    loose as materialized (select user_id, started_at from recording_states where state = 'unlinked'),
    appointments as (
        select a.key, a.rep, a.starts_at, a.changed_at,
               case
                   when a.sent_state in ('refused', 'unmapped') then 'quarantined'
                   when a.sent_state = 'dropped' then 'dropped'
                   when a.sent_state in ('pending', 'doubtful') then 'not_sent'
                   when a.removed or a.deleted or a.sent_state = 'removed' then 'cancelled'
                   when not a.held then 'unaccounted'
                   when r.state in ('unproven', 'foreign', 'colliding') then 'not_ours'
                   when r.state = 'purged' then 'written'
                   when r.state is not null then r.state
                   when a.starts_at is null then 'without_time'
                   when a.starts_at > now() then 'upcoming'
                   when a.rep_id is null then 'without_rep'
                   when a.rep_id = any(cast(:unknown as text[])) then 'rep_unknown'
                   when exists (
                       select from loose
                       where loose.started_at between a.starts_at - interval '1 hour' and a.ends_at + interval '1 hour'
                         and (not exists (select from users_of_reps u where u.rep_id = a.rep_id)
                              or exists (select from users_of_reps u
                                         where u.rep_id = a.rep_id and u.user_id = loose.user_id)))
                       then 'unlinked'
                   when a.ends_at > now() - interval '4 hours' then 'under_way'
                   else 'no_recording'
               end as state
        from sent_appointments a left join recorded r using (key)
    )
"""  # noqa: S608

_COUNT_APPOINTMENTS = text(f"{_STATES} select rep, state, count(*) as number from appointments group by rep, state")  # noqa: S608

_COUNT_RECORDINGS = text(
    f"with states as ({_RECORDING_STATES}) select state, count(*) from states group by state"  # noqa: S608
)

_ONE_APPOINTMENT = text(f"{_STATES} select state from appointments where key = :key")  # noqa: S608

_ONE_RECORDING = text(f"with states as ({_RECORDING_STATES}) select state from states where recording_id = :id")  # noqa: S608

_LATE = text(f"""
    {_STATES},
    limits as (
        select state, seconds from unnest(cast(:states as text[]), cast(:seconds as float8[])) as given (state, seconds)
    ),
    late as (
        select 'appointment' as kind, a.key as id, a.rep, a.state, coalesce(a.starts_at, a.changed_at) as since
        from appointments a
        union all
        select 'recording', rs.recording_id, null, rs.state, rs.started_at from recording_states rs
        where cast(:recordings as boolean)
          and not exists (select from recording_links l join appointments a on a.key = l.record
                          where l.connection = rs.connection and l.recording_id = rs.recording_id
                            and l.model = 'engagement')
    )
    select late.*, count(*) over () as total from late join limits using (state)
    where late.since < now() - make_interval(secs => limits.seconds)
       or late.state in ('quarantined', 'rejected', 'unaccounted')
    order by late.since desc, late.id limit :shown
""")  # noqa: S608

_REPS = text("""
    select child ->> 'externalId' as id, max(child ->> 'email') as email, max(child ->> 'name') as name
    from sent s, json_array_elements(s.payload -> 'engagementUsers') as child
    where s.connection = :connection and s.stream = 'engagements' and not s.removed
      and child ->> 'deletedAt' is null
    group by 1 order by 1
""")
