"""Whether the bridge keeps up: its runs, what waits, calls left, storage and versions. From its own database alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.session import Bridge


@dataclass(frozen=True, slots=True)
class Run:
    """A push, a pull or another pass."""

    kind: str
    started_at: datetime
    took: timedelta | None
    """None: it is at work, or was stopped."""
    error: str | None
    counts: tuple[tuple[str, int], ...]
    """Its counts, without zeros."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The records that wait, and since when the oldest does."""

    to_send: int
    to_write: int
    webhooks: int
    oldest_webhook: datetime | None
    jobs: int
    failed_jobs: int
    read_until: datetime | None
    """Changes in Siro until then were read, by Siro's clock."""
    calls_used: int
    """Of the last 60 seconds, of the token that is used most."""
    calls_of: int
    """The budget; 0: no call was made yet."""


@dataclass(frozen=True, slots=True)
class Storage:
    """The database."""

    size: int
    """Bytes, with everything else in it."""
    tables: tuple[tuple[str, int], ...]
    """The largest tables of the bridge, in bytes."""
    server_version: str
    schema_version: str


async def latest_runs(conn: AsyncConnection, bridge: Bridge, *, limit: int = 15) -> list[Run]:
    """The newest first."""
    rows = await conn.execute(_RUNS, {"connection": bridge.name, "limit": limit})
    return [_run(row) for row in rows]


async def waiting(conn: AsyncConnection, bridge: Bridge) -> Waiting:
    """The records that wait now."""
    row = (await conn.execute(_WAITING, {"connection": bridge.name})).one()
    return Waiting(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


async def storage(conn: AsyncConnection) -> Storage:
    """How much the database has."""
    rows = list(await conn.execute(_STORAGE))
    first = rows[0]
    return Storage(first.size, tuple((row.name, row.bytes) for row in rows), first.server, first.tables)


def _run(row: Any) -> Run:
    outcome: Mapping[str, Any] = row.outcome or {}
    took = None if row.finished_at is None else row.finished_at - row.started_at
    error = outcome.get("error")
    return Run(row.kind, row.started_at, took, None if error is None else str(error), _counts(outcome))


def _counts(outcome: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """The numbers that are not zero; those of streams added up."""
    found: dict[str, int] = {}

    def add(part: Mapping[str, Any]) -> None:
        for name, value in part.items():
            if isinstance(value, int) and not isinstance(value, bool):
                found[name] = found.get(name, 0) + value
            elif isinstance(value, Mapping):
                add(value)
            elif isinstance(value, list):
                for one in value:
                    if isinstance(one, Mapping):
                        add(one)

    add(outcome)
    return tuple((name.replace("_", " "), number) for name, number in found.items() if number)


_RUNS: Final = text("""
    select kind, started_at, finished_at, outcome from runs where connection = :connection
    order by started_at desc, id desc limit :limit
""")

_WAITING: Final = text("""
    select (select count(*) from sent where connection = :connection and state = 'pending') as to_send,
           (select count(*) from due where connection = :connection) as to_write,
           (select count(*) from events where connection = :connection and handled_at is null) as webhooks,
           (select min(received_at) from events where connection = :connection and handled_at is null)
               as oldest_webhook,
           (select count(*) from procrastinate_jobs where status in ('todo', 'doing')) as jobs,
           (select count(*) from procrastinate_jobs where status = 'failed') as failed_jobs,
           (select high_water from pulls where connection = :connection) as read_until,
           coalesce(most.used, 0) as calls_used, coalesce(most.places, 0) as calls_of
      from (select 1) as one
      left join (
          select count(*) filter (where free_at > now()) as used, count(*) as places from call_places
           group by key order by 1 desc limit 1) as most on true
""")

_STORAGE: Final = text("""
    select c.relname as name, pg_total_relation_size(c.oid) as bytes,
           pg_database_size(current_database()) as size, current_setting('server_version') as server,
           (select max(version_num) from alembic_version) as tables
      from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
     order by bytes desc limit 6
""")
