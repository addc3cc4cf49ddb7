"""How many appointments are in each state, by day and rep: a year of a large account in a few milliseconds.

The board keeps numbers by day for all that the clock does not change (`board_days`). Here only those appointments are
judged one by one that are not long over, have a reason, or lie near a recording that nothing is linked to.
"""
# ruff: noqa: S608

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.completeness_sql import IS_IGNORED, IS_UNKNOWN, appointments
from fieldnote.bridge.status.states import State
from fieldnote.bridge.status.visits import (
    WITHIN,
    MappedRep,
    Visit,
    VisitFilter,
    filter_values,
    latest_visits,
    state_named,
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many appointments of one day or week, or of one rep, are in one state."""

    day: date
    """The last one that is counted."""
    rep_id: str | None
    rep: str | None
    """None in counts of days, and for appointments without a rep."""
    state: State
    number: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The same appointments, counted twice. Those without a day are left out."""

    days: tuple[Count, ...]
    """By day or week, of all reps together."""
    reps: tuple[Count, ...]
    """By rep, of the days since `since`."""

    @property
    def states(self) -> dict[State, int]:
        """The number in each state, in all days."""
        found: dict[State, int] = {}
        for item in self.days:
            found[item.state] = found.get(item.state, 0) + item.number
        return found


async def count_visits(
    conn: AsyncConnection,
    bridge: Bridge,
    reps: Sequence[MappedRep],
    wanted: VisitFilter,
    *,
    since: date | None = None,
    weekly: bool = False,
) -> Counts:
    """Count the appointments that fit.

    `since`: reps are counted from this day on, and no week counts days before and after it together.
    `weekly`: count by week, which begins on Monday, in the place of days.
    """
    values = filter_values(bridge, reps, wanted)
    values |= {"since": since or wanted.first, "unit": "week" if weekly else "day"}
    days: list[Count] = []
    of_reps: list[Count] = []
    for r in await conn.execute(_COUNTS, values):
        count = Count(r.local_day, r.rep_id, None if r.of_days else r.rep, state_named(r.state), int(r.number))
        if r.of_days:
            days.append(count)
        elif r.is_since:
            of_reps.append(count)
    return Counts(tuple(days), tuple(of_reps))


async def list_latest(
    conn: AsyncConnection,
    bridge: Bridge,
    reps: Sequence[MappedRep],
    wanted: VisitFilter,
    counts: Counts,
    *,
    limit: int,
    offset: int = 0,
) -> list[Visit]:
    """The appointments that fit, latest first. `counts`, by day, say in which days they are: others are not read."""
    numbers: dict[date, int] = {}
    for item in counts.days:
        if not wanted.states or item.state in wanted.states:
            numbers[item.day] = numbers.get(item.day, 0) + item.number
    days = sorted(numbers, reverse=True)
    while days and numbers[days[0]] <= offset:
        offset -= numbers[days.pop(0)]
    ends = list(accumulate(numbers[day] for day in days))
    shown = days[: bisect_left(ends, offset + limit) + 1]
    if not shown:
        return []
    return await latest_visits(
        conn, bridge, reps, replace(wanted, first=shown[-1], last=shown[0]), limit=limit, offset=offset
    )


def windows(counts: Counts, most: int) -> list[tuple[date, date]]:
    """Periods of whole days, in order, each with at most `most` appointments, or of one day."""
    found: list[tuple[date, date]] = []
    total = 0
    for day in sorted({item.day for item in counts.days}):
        number = sum(item.number for item in counts.days if item.day == day)
        if found and total + number <= most:
            found[-1], total = (found[-1][0], day), total + number
        else:
            found.append((day, day))
            total = number
    return found


_OPEN: Final = f"""
    b.connection = :connection and b.stream = 'engagements' and b.state = 'expected' and b.recording_state is null
    and b.starts_at is not null and b.rep_id is not null {WITHIN}
"""
"""Appointments without a recording."""

_IF_LONG_OVER: Final = f"""
    case when {IS_IGNORED} then 'rep_ignored' when {IS_UNKNOWN} then 'rep_not_mapped' else 'not_recorded' end
"""

_COUNTS: Final = text(f"""
    with kept as (
        select b.local_day, nullif(b.rep_id, '') as rep_id, nullif(b.rep_email, '') as rep_email,
               nullif(b.rep_name, '') as rep_name, b.state, b.number
        from board_days b
        where b.connection = :connection and b.number > 0 {WITHIN}
    ),
    special as materialized (
        select b.key from board_records b where {_OPEN} and b.ends_at > now() - interval '4 hours'
        union
        select b.key from gaps g join board_records b on b.connection = g.connection and b.key = g.key where {_OPEN}
        union
        select b.key
        from recordings loose
        join unnest(cast(:known_reps as text[]), cast(:known_users as text[])) as own (rep_id, user_id)
            on own.user_id = loose.user_id
        cross join lateral (
            select b.key from board_records b
            where {_OPEN} and b.rep_id = own.rep_id
              and b.starts_at between loose.started_at - interval '49 hours' and loose.started_at + interval '1 hour'
            offset 0
        ) as b
        where loose.connection = :connection and loose.state = 'unlinked'
          and loose.started_at between cast(:first as date) - 3 and cast(:last as date) + 6
        union
        select b.key
        from (select distinct rep_id from kept where state = 'open' and rep_id <> all(cast(:known_reps as text[]))
              and rep_id <> all(cast(:unknown as text[]))) as new
        join board_records b on b.rep_id = new.rep_id
        where {_OPEN}
    ),
    {appointments("and b.key in (select key from special)")},
    counted as (
        select b.local_day, b.rep_id, b.rep_email, b.rep_name,
               case when b.state = 'open' then {_IF_LONG_OVER} else b.state end as state, b.number
        from kept b
        union all
        select b.local_day, b.rep_id, b.rep_email, b.rep_name, {_IF_LONG_OVER}, -1 from appointments b
        union all
        select b.local_day, b.rep_id, b.rep_email, b.rep_name, b.state, 1 from appointments b
    )
    select max(a.local_day) as local_day, a.rep_id, max(coalesce(a.rep_name, a.rep_email, a.rep_id)) as rep, a.state,
           sum(a.number) as number, a.local_day >= :since as is_since, grouping(a.rep_id) = 1 as of_days
    from counted a
    where cast(:wanted_states as text[]) is null or a.state = any(cast(:wanted_states as text[]))
    group by grouping sets (
        (date_trunc(:unit, cast(a.local_day as timestamp)), a.local_day >= :since, a.state),
        (a.rep_id, a.local_day >= :since, a.state)
    )
    having sum(a.number) <> 0
    order by 1, 3, 2, 4
""")
