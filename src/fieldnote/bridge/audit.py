"""The audit of the bridge: which person decided what by a command, and how it ended.

An event is written before the work begins, and gets its outcome after it: a process that is killed leaves an event
without one. The console has a record of its own users, in its own schema.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from fieldnote.bridge.session import Bridge

KEPT_DAYS: Final = 365
"""Older events are deleted when the next one is written."""
_MOST_TARGETS: Final = 1000
_LONGEST: Final = 200

_BEGIN: Final = text("""
with expired as (
     delete from audit_events where connection = :connection and at < now() - make_interval(days => :kept))
insert into audit_events (connection, action, targets, operator, acting_as)
values (:connection, :action, :targets, :operator, :acting_as) returning id
""")
_END: Final = text("update audit_events set outcome = :outcome where id = :id")
_EVENTS: Final = text("""
select id, at, action, targets, operator, acting_as, outcome from audit_events
 where connection = :connection and (cast(:since as timestamptz) is null or at >= :since)
   and (cast(:target as text) is null or :target = any(targets))
 order by id desc limit :limit
""")


@dataclass(frozen=True, slots=True)
class Act:
    """A decision of a person."""

    action: str
    """As `review approve`."""
    targets: Sequence[str]
    """Ids of proposals, records or recordings; never a customer's name, email or phone."""
    operator: str
    """The user of the operating system."""
    acting_as: str | None = None
    """The name given by `--as`."""


@dataclass(frozen=True, slots=True)
class Event:
    """A decision as the audit has it."""

    id: int
    at: datetime
    action: str
    targets: list[str]
    operator: str
    acting_as: str | None
    outcome: str | None
    """`done`, or the kind of error; None: at work, or killed."""


@asynccontextmanager
async def audited(bridge: Bridge, act: Act) -> AsyncIterator[None]:
    """Keep what is done inside, with its outcome."""
    values: dict[str, Any] = {
        "connection": bridge.name,
        "action": act.action,
        "targets": [_storable(one) for one in act.targets[:_MOST_TARGETS]],
        "operator": act.operator,
        "acting_as": None if act.acting_as is None else _storable(act.acting_as),
        "kept": KEPT_DAYS,
    }
    async with bridge.engine.begin() as conn:
        event = int((await conn.execute(_BEGIN, values)).scalar_one())
    try:
        yield
    except BaseException as error:
        await _end(bridge, event, f"failed: {type(error).__name__}")
        raise
    await _end(bridge, event, "done")


async def _end(bridge: Bridge, event: int, outcome: str) -> None:
    async with bridge.engine.begin() as conn:
        await conn.execute(_END, {"id": event, "outcome": outcome})


async def list_events(
    bridge: Bridge, *, since: datetime | None = None, target: str | None = None, limit: int = 100
) -> list[Event]:
    """The newest first. `target` is an id."""
    values = {"connection": bridge.name, "since": since, "target": target, "limit": limit}
    async with bridge.engine.connect() as conn:
        return [Event(**row) for row in (await conn.execute(_EVENTS, values)).mappings()]


def _storable(target: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL refuses."""
    return target[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", "?")
