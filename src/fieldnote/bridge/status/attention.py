"""Open tasks of people, counted; refusals and their causes; whether each schedule ran. From the ledger alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.session import Bridge

LATE_PERIODS: Final = 3
"""The periods after which a schedule without a successful run is late."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A cause for which records or values are refused."""

    by: str
    """Siro or the CRM."""
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class Ran:
    """A schedule, as its runs show it."""

    task: str
    every: timedelta
    last_good: datetime | None
    """The end of the last run without an error."""
    error: str | None
    """The type of error of the latest run."""
    running: bool
    next_at: datetime | None
    on_time: bool


@dataclass(frozen=True, slots=True)
class Attention:
    """The open tasks of people."""

    proposals: int
    matches: int
    unlinked: int
    quarantined: int
    refused: int
    unmapped_reps: int
    refusals: tuple[Refusal, ...]
    """The causes with the most records first."""
    schedules: tuple[Ran, ...]

    @property
    def late(self) -> tuple[Ran, ...]:
        """The schedules that are late."""
        return tuple(item for item in self.schedules if not item.on_time)


async def attention(conn: AsyncConnection, bridge: Bridge) -> Attention:
    """Count what needs a person, in three statements."""
    key = {"connection": bridge.name}
    numbers = (await conn.execute(_NUMBERS, key)).one()
    refusals = tuple(Refusal(r.by, r.reason, r.number) for r in await conn.execute(_REFUSALS, key))
    return Attention(
        proposals=numbers.proposals,
        matches=numbers.matches,
        unlinked=numbers.unlinked,
        quarantined=numbers.quarantined,
        refused=numbers.refused,
        unmapped_reps=numbers.unmapped_reps,
        refusals=refusals,
        schedules=await schedules(conn, bridge),
    )


async def schedules(conn: AsyncConnection, bridge: Bridge) -> tuple[Ran, ...]:
    """The schedules of the file, each with its last run."""
    config = bridge.config
    wanted: dict[str, timedelta] = {}
    if config.push is not None and config.push.streams():
        wanted["push"] = config.push.every
    if config.pull is not None and config.pull.targets():
        wanted["pull"] = config.pull.every
    rows = await conn.execute(_SCHEDULES, {"connection": bridge.name, "tasks": list(wanted)})
    now = datetime.now(UTC)
    found = []
    for row in rows:
        every = wanted[row.task]
        since = row.last_good or row.created_at
        moving = row.moved_at is not None and now - row.moved_at <= LATE_PERIODS * every
        on_time = moving or (since is not None and now - since <= LATE_PERIODS * every)
        found.append(Ran(row.task, every, row.last_good, row.error, moving, row.next_at, on_time))
    return tuple(found)


_NUMBERS: Final = text("""
    select (select count(*) from proposals where connection = :connection and state = 'open') as proposals,
           (select count(*) from matches where connection = :connection and state = 'open') as matches,
           (select count(*) from recordings where connection = :connection and state = 'unlinked') as unlinked,
           (select count(*) from sent where connection = :connection and state in ('refused', 'unmapped'))
               as quarantined,
           (select count(*) from fields where connection = :connection and state in ('refused', 'record_missing'))
               + (select count(*) from notes where connection = :connection and state = 'refused') as refused,
           (select count(*) from board_reps
             where connection = :connection and method = 'none' and not ignored) as unmapped_reps
""")

_REFUSALS: Final = text("""
    select "by", reason, sum(number)::bigint as number from (
        select 'Siro' as "by", coalesce(reason, 'no reason was given') as reason, count(*) as number from sent
         where connection = :connection and state in ('refused', 'unmapped') group by 2
        union all
        select 'the CRM', coalesce(reason, 'no reason was given'), count(*) from fields
         where connection = :connection and state in ('refused', 'record_missing') group by 2
        union all
        select 'the CRM', coalesce(reason, 'no reason was given'), count(*) from notes
         where connection = :connection and state = 'refused' group by 2
    ) as found group by "by", reason order by number desc, reason limit 5
""")

_SCHEDULES: Final = text("""
    select wanted.task, s.next_at, c.created_at, good.finished_at as last_good, latest.outcome ->> 'error' as error,
           running.moved_at
      from unnest(cast(:tasks as text[])) with ordinality as wanted (task, place)
      left join connections c on c.name = :connection
      left join schedules s on s.connection = :connection and s.task = wanted.task
      left join lateral (
          select finished_at from runs r
           where r.connection = :connection and r.kind = wanted.task and finished_at is not null
             and outcome ->> 'error' is null
           order by started_at desc limit 1) as good on true
      left join lateral (
          select outcome from runs r
           where r.connection = :connection and r.kind = wanted.task and finished_at is not null
           order by started_at desc limit 1) as latest on true
      left join lateral (
          select max(greatest(r.started_at, coalesce(r.moved_at, r.started_at))) as moved_at from runs r
           where r.connection = :connection and r.kind = wanted.task and finished_at is null
             and started_at > now() - interval '2 days') as running on true
     order by place
""")
