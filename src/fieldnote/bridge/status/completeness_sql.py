"""The queries of `completeness`: each appointment and recording with its state.

Every value is bound: the connection; the reps without a Siro user (`unknown`), and the pairs of the others
(`known_reps`, `known_users`); the ids and emails of reps who do not use Siro (`ignored`); the targets of the file
(`targets`, and `models`, `tables`, `columns`); and one rep (`rep`, `rep_users`), or null. For one appointment (`key`)
or one recording (`id`), no other row is read.
"""
# ruff: noqa: S608

from __future__ import annotations

from typing import Final

from fieldnote.bridge.status.states import BY_RANK

_SAID = """
    exists (
        select from jsonb_array_elements(c.extractions) as item
        where lower(btrim(item ->> 'name')) = lower(btrim(f.extraction))
          and coalesce(btrim(item ->> 'value'), '') not in ('', '[]'))
"""
"""Whether a recording mentions a field. A field's row names only the recording that it was written from."""


def _recording_states(which: str) -> str:
    """The recordings that match `which`: a condition that begins with `and`, with `{id}` for the id."""
    return _RECORDING_STATES.replace("<which l>", which.format(id="l.recording_id")).replace(
        "<which>", which.format(id="recording_id")
    )


_RECORDING_STATES = f"""
    targets as (
        select model, table_name, column_name
        from unnest(cast(:models as text[]), cast(:tables as text[]), cast(:columns as text[]))
            as given (model, table_name, column_name)
    ),
    in_fields as (
        select l.recording_id,
               bool_or(f.state = 'refused') as refused, bool_or(f.state = 'record_missing') as missing,
               bool_or(f.state = 'interrupted') as interrupted, bool_or(f.state in ('written', 'holds')) as written,
               bool_or(f.state = 'reverted') as reverted, true as said
        from recording_links l
        join fields f using (connection, model, record)
        join targets using (model, table_name, column_name)
        left join recording_contents c on c.connection = l.connection and c.recording_id = l.recording_id
        where l.connection = :connection <which l> and (f.recording_id = l.recording_id or {_SAID})
        group by l.recording_id
    ),
    in_notes as (
        select recording_id, bool_or(state = 'refused') as refused, bool_or(state = 'interrupted') as interrupted,
               bool_or(state in ('written', 'edited')) as written, bool_or(state = 'reverted') as reverted,
               bool_or(state = 'removed') as removed
        from notes where connection = :connection <which> and model = any(cast(:targets as text[]))
        group by recording_id
    ),
    wrote as (
        select recording_id,
               bool_or(w.reverted_at is null and w.action not in ('taken_back', 'withdrawn', 'reverted')) as written,
               bool_or(w.reverted_at is not null) as reverted
        from writes w join recording_links using (connection, recording_id, model, record)
        where w.connection = :connection <which> group by recording_id
    ),
    asked as (
        select distinct recording_id from proposals where connection = :connection <which> and state = 'open'
    ),
    owed as (
        select distinct l.recording_id from due d join recording_links l using (connection, model, record)
        where d.connection = :connection <which l> and d.model = any(cast(:targets as text[]))
    ),
    recording_states as materialized (
        select r.connection, r.recording_id, r.user_id, r.started_at,
               case
                   when r.state in ('deleted', 'unlinked') and asked.recording_id is not null then 'needs_review'
                   when r.state in ('deleted', 'processing', 'stuck', 'unlinked', 'ownership_unknown',
                                    'other_connection', 'shared_record') then r.state
                   when r.state not in ('waiting', 'incomplete', 'complete') then 'unknown'
                   when in_fields.refused or in_notes.refused then 'refused_by_crm'
                   when in_fields.missing then 'record_missing'
                   when r.state = 'waiting' then 'waiting'
                   when r.state = 'incomplete' then 'extraction_failed'
                   when asked.recording_id is not null then 'needs_review'
                   when in_fields.interrupted or in_notes.interrupted or owed.recording_id is not null
                       then 'not_written'
                   when wrote.written or in_fields.written or in_notes.written then 'written'
                   when wrote.reverted or in_fields.reverted or in_notes.reverted then 'reverted'
                   when in_fields.said or in_notes.removed then 'left_unchanged'
                   when r.purged_at is not null then 'purged'
                   else 'nothing_said'
               end as state
        from recordings r
        left join in_fields using (recording_id)
        left join in_notes using (recording_id)
        left join wrote using (recording_id)
        left join asked using (recording_id)
        left join owed using (recording_id)
        where r.connection = :connection <which>
    )
"""

_WORST = f"""
    (array_agg(rs.state order by array_position(array[{", ".join(f"'{state}'" for state in BY_RANK)}], rs.state)))[1]
"""
"""Of several recordings of one appointment, the state that needs a person most."""

_STATES = f"""
    rows_sent as materialized (
        select s.connection, s.key, s.changed_at, s.state as sent_state, s.is_deleted, s.payload is not null as held,
               p."deletedAt" is not null as deleted, p."startTime" as starts_at,
               coalesce(p.account ->> 'name', p.subject) as customer,
               coalesce(p."endTime", p."startTime" + interval '1 hour') as ends_at,
               rep.id as rep_id, coalesce(rep.email, rep.name, rep.id) as rep,
               array[lower(rep.id), lower(rep.email)] && cast(:ignored as text[]) as ignored
        from sent s
        left join lateral json_to_record(s.payload) as p (
            "startTime" timestamptz, "endTime" timestamptz, "deletedAt" text, subject text, account json,
            "engagementUsers" json) on true
        left join lateral (
            select child ->> 'externalId' as id, child ->> 'email' as email, child ->> 'name' as name
            from json_array_elements(p."engagementUsers") with ordinality as children (child, place)
            where child ->> 'deletedAt' is null order by place limit 1
        ) as rep on true
        where s.connection = :connection and s.stream = 'engagements' <one>
          and (cast(:rep as text) is null
               or lower(cast(:rep as text)) in (lower(rep.id), lower(rep.email), lower(rep.name)))
    ),
    recorded as (
        select l.record as key, {_WORST} as state
        from recording_links l join recording_states rs using (connection, recording_id)
        where l.connection = :connection and l.model = 'engagement' and rs.state not in ('deleted', 'unlinked')
        group by l.record
    ),
    known as materialized (
        select rep_id, user_id
        from unnest(cast(:known_reps as text[]), cast(:known_users as text[])) as given (rep_id, user_id)
    ),
    loose as materialized (
        select user_id, started_at, floor(extract(epoch from started_at) / 86400)::int as day
        from recordings where connection = :connection and state = 'unlinked'
    ),
    days as materialized (
        select key, rep_id, starts_at, ends_at,
               generate_series(
                   floor(extract(epoch from starts_at - interval '1 hour') / 86400)::int,
                   floor(extract(epoch from least(ends_at, starts_at + interval '2 days') + interval '1 hour')
                         / 86400)::int) as day
        from rows_sent where sent_state = 'sent' and not is_deleted and starts_at <= now()
    ),
    near_loose as (
        select distinct key
        from days join loose using (day)
        where loose.started_at between days.starts_at - interval '1 hour' and days.ends_at + interval '1 hour'
          and (coalesce(rep_id, '') not in (select rep_id from known)
               or (rep_id, user_id) in (select rep_id, user_id from known))
    ),
    appointments as materialized (
        select a.key, a.rep, a.customer,
               case
                   when a.sent_state in ('refused', 'unmapped') then 'quarantined'
                   when a.sent_state = 'dropped' then 'dropped'
                   when a.sent_state = 'pending_deletion' then 'pending_deletion'
                   when a.sent_state = 'pending' then 'not_sent'
                   when a.sent_state = 'deleted' then 'cancelled'
                   when a.sent_state <> 'sent' or not a.held then 'unknown'
                   when a.is_deleted or a.deleted then 'cancelled'
                   when r.state in ('ownership_unknown', 'other_connection', 'shared_record') then 'other_connection'
                   when r.state is not null then r.state
                   when a.starts_at is null then 'no_start_time'
                   when a.rep_id is null then 'no_rep'
                   when a.ignored then 'rep_ignored'
                   when a.rep_id = any(cast(:unknown as text[])) then 'rep_not_mapped'
                   when a.starts_at > now() then 'upcoming'
                   when near_loose.key is not null then 'unlinked'
                   when a.ends_at > now() then 'in_progress'
                   when a.ends_at > now() - interval '4 hours' then 'awaiting_recording'
                   else 'not_recorded'
               end as state,
               case when a.sent_state = 'sent' then coalesce(a.starts_at, a.changed_at) else a.changed_at end as since
        from rows_sent a left join recorded r using (key) left join near_loose using (key)
    )
"""


def _appointments(which: str, one: str) -> str:
    """The recordings that match `which` and the appointments that match `one`, each with its state."""
    return f"with {_recording_states(which)}, {_STATES.replace('<one>', one)}"


ALL: Final = f"""
    {_appointments("", "")},
    limits as (
        select state, seconds from unnest(cast(:states as text[]), cast(:seconds as float8[])) as given (state, seconds)
    ),
    late as (
        select kind, id, rep, state, since, customer, count(*) over () as number
        from (
            select 'appointment' as kind, key as id, rep, state, since, customer from appointments
            union all
            select 'recording', rs.recording_id, rs.user_id, rs.state, rs.started_at, null from recording_states rs
            where (cast(:rep_users as text[]) is null or rs.user_id = any(cast(:rep_users as text[])))
              and not exists (select from recording_links l join appointments a on a.key = l.record
                              where l.connection = rs.connection and l.recording_id = rs.recording_id
                                and l.model = 'engagement')
        ) as all_of_them join limits using (state)
        where since < now() - make_interval(secs => limits.seconds)
        order by since desc, kind, id limit :shown
    )
    select 'appointment' as kind, cast(null as text) as id, rep, state, cast(null as timestamptz) as since,
           cast(null as text) as customer, count(*) as number
    from appointments group by rep, state
    union all
    select 'recording', null, user_id, state, null, null, count(*)
    from recording_states
    where cast(:rep_users as text[]) is null or user_id = any(cast(:rep_users as text[]))
    group by user_id, state
    union all
    select kind, id, rep, state, since,
           coalesce(customer, (select c.title from recording_contents c where kind = 'recording'
                               and c.connection = :connection and c.recording_id = late.id)) as customer, number
    from late
    order by since desc nulls first, kind, id, rep, state
"""
"""The number of each kind, rep and state; then the latest of the late ones: appointments, and recordings without an
appointment. In those rows `number` is the count of all late ones."""

_OF_IT = "and {id} in (select recording_id from recording_links where connection = :connection "
_OF_IT += "and model = 'engagement' and record = :key)"

ONE_APPOINTMENT: Final = f"{_appointments(_OF_IT, 'and s.key = :key')} select state from appointments"

ONE_RECORDING: Final = f"with {_recording_states('and {id} = :id')} select state from recording_states"

REPS: Final = """
    select child ->> 'externalId' as id, max(child ->> 'email') as email, max(child ->> 'name') as name
    from sent s
    cross join lateral json_to_record(s.payload) as p ("engagementUsers" json)
    cross join lateral json_array_elements(p."engagementUsers") as child
    where s.connection = :connection and s.stream = 'engagements' and not s.is_deleted
      and (cast(:key as text) is null or s.key = :key) and child ->> 'deletedAt' is null
    group by 1 order by 1
"""
"""The reps named by all appointments, or by one (`key`)."""
