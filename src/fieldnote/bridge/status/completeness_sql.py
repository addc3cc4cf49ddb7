"""The queries of `completeness`: each appointment and recording of the board with its state.

Every value is bound: the connection; the reps without a Siro user (`unknown`), and the pairs of the others
(`known_reps`, `known_users`); the ids and emails of reps who do not use Siro (`ignored`); and one rep (`rep`,
`rep_users`), or null. For one appointment (`key`) or one recording (`id`), no other row is read.
"""
# ruff: noqa: S608

from __future__ import annotations

from typing import Final

KNOWN: Final = """
    known as materialized (
        select rep_id, user_id
        from unnest(cast(:known_reps as text[]), cast(:known_users as text[])) as given (rep_id, user_id)
    )"""
"""The reps with a Siro user."""

IS_IGNORED: Final = "array[lower(b.rep_id), lower(b.rep_email)] && cast(:ignored as text[])"
IS_UNKNOWN: Final = "b.rep_id = any(cast(:unknown as text[]))"
_NEAR: Final = """
    exists (
        select from recordings loose
        where loose.connection = b.connection and loose.state = 'unlinked'
          and loose.started_at between b.starts_at - interval '1 hour'
              and least(b.ends_at, b.starts_at + interval '2 days') + interval '1 hour'
          and (coalesce(b.rep_id, '') not in (select rep_id from known)
               or (b.rep_id, loose.user_id) in (select rep_id, user_id from known)))
"""
"""Whether a recording that nothing is linked to may be the appointment's."""


def appointments(which: str) -> str:
    """Common table expressions that end with `appointments`: those of the board that match `which`, each in its state.

    `which` is a condition that begins with `and`, over the columns of `board_records` as `b`.
    """
    return _APPOINTMENTS.replace("<which>", which)


_APPOINTMENTS: Final = f"""
    {KNOWN},
    appointments as (
        select b.connection, b.key, b.state as sent_state, b.since, b.starts_at, b.ends_at, b.local_day, b.rep_id,
               b.rep_email, b.rep_name, coalesce(b.rep_email, b.rep_name, b.rep_id) as rep, b.subject, b.customer,
               b.account_id, b.deal_id, b.recordings, g.reason as gap_reason, g.note as gap_note,
               g.actor as gap_actor, g.at as gap_at, judged.state
        from board_records b
        left join gaps g on g.connection = b.connection and g.key = b.key
        cross join lateral (
            select board_settled(b.state, b.recording_state, b.starts_at, b.rep_id) as state
        ) as settled
        cross join lateral (
            select case
                when settled.state <> 'open' then settled.state
                when {IS_IGNORED} then 'rep_ignored'
                when {IS_UNKNOWN} then 'rep_not_mapped'
                when b.starts_at > now() then 'upcoming'
                when g.reason is not null then 'explained'
                when {_NEAR} then 'unlinked'
                when b.ends_at > now() then 'in_progress'
                when b.ends_at > now() - interval '4 hours' then 'awaiting_recording'
                else 'not_recorded'
            end as state
        ) as judged
        where b.connection = :connection and b.stream = 'engagements' <which>
    )
"""

_OF_REP: Final = """
    and (cast(:rep as text) is null
         or lower(cast(:rep as text)) in (lower(b.rep_id), lower(b.rep_email), lower(b.rep_name)))
"""

ALL: Final = f"""
    with {appointments(_OF_REP)},
    of_reps as (
        select recording_id, user_id, state, started_at from board_recordings
        where connection = :connection
          and (cast(:rep_users as text[]) is null or user_id = any(cast(:rep_users as text[])))
    ),
    limits as (
        select state, seconds from unnest(cast(:states as text[]), cast(:seconds as float8[])) as given (state, seconds)
    ),
    late as (
        select kind, id, rep, state, since, customer, count(*) over () as number
        from (
            select 'appointment' as kind, key as id, rep, state, since, coalesce(customer, subject) as customer
            from appointments
            union all
            select 'recording', rs.recording_id, rs.user_id, rs.state, rs.started_at, null from of_reps rs
            where not exists (
                select from recording_links l join appointments a on a.key = l.record
                where l.connection = :connection and l.recording_id = rs.recording_id and l.model = 'engagement')
        ) as found join limits using (state)
        where now() - since > make_interval(secs => seconds)
        order by since desc, kind, id limit :shown
    )
    select 'appointment' as kind, cast(null as text) as id, rep, state, cast(null as timestamptz) as since,
           cast(null as text) as customer, count(*) as number
    from appointments group by rep, state
    union all
    select 'recording', null, user_id, state, null, null, count(*) from of_reps group by user_id, state
    union all
    select kind, id, rep, state, since,
           coalesce(customer, (select c.title from recording_contents c where kind = 'recording'
                               and c.connection = :connection and c.recording_id = late.id)) as customer, number
    from late
    order by since desc nulls first, kind, id, rep, state
"""
"""The number of each kind, rep and state; then the latest of the late ones: appointments, and recordings without an
appointment. In those rows `number` is the count of all late ones."""

ONE_APPOINTMENT: Final = f"with {appointments('and b.key = :key')} select state from appointments"
