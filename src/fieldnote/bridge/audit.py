"""The audit of the bridge: which person decided, changed or read what by a command, and how it ended.

An event is written before the work begins, and gets its outcome after it: a process that is killed leaves an event
without one. Pages that users of the console open are here, too. The console's own schema has the record of their acts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.bridge.session import Bridge
from fieldnote.db.acts import EVERY, Act

KEPT_DAYS: Final = 365
"""Older events are deleted when the next one is written."""
_MOST_TARGETS: Final = 1000
_LONGEST: Final = 200
CONSOLE_READ: Final = "console read"
"""The action of a page that a user of the console opened."""

_BEGIN: Final = text("""
with expired as (
     delete from audit_events where connection in (:connection, :every) and at < now() - make_interval(days => :kept))
insert into audit_events (connection, action, targets, operator, acting_as)
values (:connection, :action, :targets, :operator, :acting_as) returning id
""")
_READ: Final = text("""
insert into audit_events (connection, action, targets, operator, acting_as, address, outcome)
values (:connection, :action, :targets, 'console', :user, :address, :outcome)
""")
_EXPIRE: Final = text(
    "delete from audit_events where connection = :connection and at < now() - make_interval(days => :kept)"
)
_END: Final = text("update audit_events set outcome = :outcome where id = :id")
_EVENTS: Final = text("""
select id, at, action, targets, operator, acting_as, outcome, address from audit_events
 where connection in (:connection, :every) and action <> all(cast(:without as text[]))
   and (cast(:since as timestamptz) is null or at >= :since)
   and (cast(:target as text) is null or :target = any(targets))
 order by id desc limit :limit
""")


@dataclass(frozen=True, slots=True)
class Event:
    """An act as the audit has it."""

    id: int
    at: datetime
    action: str
    targets: list[str]
    operator: str
    acting_as: str | None
    outcome: str | None
    """`done`, `refused`, `prefetched`, or the kind of error; None: at work, or killed."""
    address: str | None = None
    """Of a user of the console: from where."""


@dataclass(frozen=True, slots=True)
class ConsoleRead:
    """A page that a user of the console opened."""

    user: str
    address: str
    targets: tuple[str, ...]
    """The page, and the ids in its address."""
    outcome: str
    """`done`, `refused`, or `prefetched`: the browser asked ahead, and may have shown it."""


@asynccontextmanager
async def audited(bridge: Bridge, act: Act) -> AsyncIterator[None]:
    """Keep what is done inside, with its outcome."""
    engine = bridge.engine
    values: dict[str, Any] = {
        "connection": bridge.name,
        "every": EVERY,
        "action": act.action,
        "targets": [_storable(one) for one in act.targets[:_MOST_TARGETS]],
        "operator": act.operator,
        "acting_as": None if act.acting_as is None else _storable(act.acting_as),
        "kept": KEPT_DAYS,
    }
    async with engine.begin() as conn:
        event = int((await conn.execute(_BEGIN, values)).scalar_one())
    try:
        yield
    except BaseException as error:
        await _end(engine, event, f"failed: {type(error).__name__}")
        raise
    await _end(engine, event, "done")


async def keep_reads(bridge: Bridge, reads: Sequence[ConsoleRead]) -> None:
    """Keep what users of the console opened."""
    rows = [
        {
            "connection": bridge.name,
            "action": CONSOLE_READ,
            "targets": [_storable(target) for target in one.targets],
            "user": _storable(one.user),
            "address": one.address,
            "outcome": one.outcome,
        }
        for one in reads
    ]
    async with bridge.engine.begin() as conn:
        await conn.execute(_EXPIRE, {"connection": bridge.name, "kept": KEPT_DAYS})
        await conn.execute(_READ, rows)


async def _end(engine: AsyncEngine, event: int, outcome: str) -> None:
    async with engine.begin() as conn:
        await conn.execute(_END, {"id": event, "outcome": outcome})


async def list_events(
    bridge: Bridge,
    *,
    since: datetime | None = None,
    target: str | None = None,
    without: Sequence[str] = (),
    limit: int = 100,
) -> list[Event]:
    """The newest first. `target` is an id; `without`: leave these actions out."""
    values = {
        "connection": bridge.name,
        "every": EVERY,
        "since": since,
        "target": target,
        "without": list(without),
        "limit": limit,
    }
    async with bridge.engine.connect() as conn:
        return [Event(**row) for row in (await conn.execute(_EVENTS, values)).mappings()]


def _storable(target: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL refuses."""
    return target[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", "?")
