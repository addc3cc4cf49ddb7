"""The audit: who read, changed, minted and deleted what, and from where.

A change and its event are committed together. Reads, refusals and the last use of tokens are collected, and written
every `WINDOW`: if the process is killed, the events of that time are lost, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.workspace.pool import Transaction
from fieldnote.workspace.tenancy import Caller

log = logging.getLogger(__name__)

WINDOW: Final = timedelta(seconds=5)
"""How long reads wait before they are written."""
_MOST: Final = 10_000
"""Targets that wait in memory; more are written at once."""
_LONGEST: Final = 200
"""Characters of a target: ids of a CRM may be longer."""

_CHANGED: Final = """
insert into audit_events (organization_id, action, targets, calls, outcome, user_id, token_id, address)
values (%(organization_id)s, %(action)s, %(targets)s, %(calls)s, %(outcome)s, %(user_id)s, %(token_id)s, %(address)s)
"""
_COLLECTED: Final = text("""
insert into audit_events (organization_id, at, action, targets, calls, outcome, user_id, token_id, address)
values (:organization_id, :at, :action, :targets, :calls, :outcome, :user_id, :token_id, :address)
""")
_COMMANDED: Final = text("""
insert into audit_events (organization_id, action, targets, operator, acting_as)
values (:organization_id, :action, :targets, :operator, :acting_as)
""")
_USED: Final = text("""
update tokens t set last_used_at = greatest(t.last_used_at, used.at)
  from unnest(cast(:ids as uuid[]), cast(:times as timestamptz[])) used (id, at)
 where t.id = used.id
""")
_PURGE: Final = text("""
delete from audit_events e using organizations o
 where o.id = e.organization_id and e.at < now() - make_interval(days => o.audit_days)
""")


@dataclass(frozen=True, slots=True)
class Operator:
    """The person who runs a command."""

    name: str
    """The user of the operating system."""
    acting_as: str | None = None
    """The name given by `--as`."""


PROGRAM: Final = Operator("a program")
"""A program that uses this package."""


@dataclass(frozen=True, slots=True)
class SignedBy:
    """The user who was given a signed address, and the network address that uses it."""

    organization_id: str
    user_id: str
    address: str | None


@dataclass(frozen=True, slots=True)
class _Kind:
    """Calls that are one event."""

    organization_id: str
    action: str
    outcome: str
    user_id: str | None
    token_id: str | None
    """None for a signed address."""
    address: str | None


@dataclass(slots=True)
class _Seen:
    calls: int = 0
    targets: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Audit:
    """The collected events of one server."""

    engine: AsyncEngine
    """As the tables' owner."""
    _seen: dict[_Kind, _Seen] = field(default_factory=dict)
    _used: dict[str, datetime] = field(default_factory=dict)
    _waiting: int = 0
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def used(self, caller: Caller) -> None:
        """Note that a token was used now."""
        self._used[caller.token_id] = datetime.now(UTC)

    def collect(
        self, caller: Caller, action: str, targets: Iterable[str], *, address: str | None, outcome: str = "done"
    ) -> None:
        """Keep a read, or a refused call, for the next writing."""
        self._collect(_Kind(caller.organization_id, action, outcome, caller.user_id, caller.token_id, address), targets)

    def collect_signed(self, by: SignedBy, action: str, targets: Iterable[str], *, outcome: str = "done") -> None:
        """Keep a read by a signed address for the next writing."""
        self._collect(_Kind(by.organization_id, action, outcome, by.user_id, None, by.address), targets)

    def _collect(self, kind: _Kind, targets: Iterable[str]) -> None:
        seen = self._seen.setdefault(kind, _Seen())
        seen.calls += 1
        before = len(seen.targets)
        seen.targets.update((_storable(target), None) for target in targets)
        self._waiting += len(seen.targets) - before

    @property
    def is_full(self) -> bool:
        return self._waiting > _MOST

    async def run(self) -> None:
        """Write what was collected, again and again."""
        while True:
            await asyncio.sleep(WINDOW.total_seconds() if not self.is_full else 0)
            await self.write()

    async def write(self) -> None:
        """Write what was collected. If the database is away, it stays collected."""
        async with self._writing:
            seen, self._seen = self._seen, {}
            used, self._used = self._used, {}
            waiting, self._waiting = self._waiting, 0
            if not seen and not used:
                return
            try:
                async with self.engine.begin() as conn:
                    await _write(conn, seen, used)
            except (DBAPIError, OSError) as error:
                log.warning("audit_not_written", extra={"error": type(error).__name__})
                self._put_back(seen, used, waiting)

    def _put_back(self, seen: dict[_Kind, _Seen], used: dict[str, datetime], waiting: int) -> None:
        for kind, later in self._seen.items():
            earlier = seen.setdefault(kind, _Seen())
            earlier.calls += later.calls
            earlier.targets.update(later.targets)
        self._seen, self._used, self._waiting = seen, used | self._used, waiting + self._waiting

    async def close(self) -> None:
        """Write what is left."""
        await self.write()


async def _write(conn: AsyncConnection, seen: dict[_Kind, _Seen], used: dict[str, datetime]) -> None:
    at = datetime.now(UTC)
    events = [_event(kind, one.targets, one.calls) | {"at": at} for kind, one in seen.items()]
    known = {str(one) for one in (await conn.execute(text("select id from organizations"))).scalars()}
    if events := [event for event in events if event["organization_id"] in known]:
        await conn.execute(_COLLECTED, events)
    if used:
        ids = sorted(used)  # one order, so that two servers never wait for each other
        await conn.execute(_USED, {"ids": ids, "times": [used[one] for one in ids]})


def _event(kind: _Kind, targets: Iterable[str], calls: int) -> dict[str, object]:
    return {
        "organization_id": kind.organization_id,
        "action": kind.action,
        "targets": list(targets),
        "calls": calls,
        "outcome": kind.outcome,
        "user_id": kind.user_id,
        "token_id": kind.token_id,
        "address": kind.address,
    }


async def changed(
    transaction: Transaction, caller: Caller, action: str, targets: Sequence[str], calls: int, address: str | None
) -> None:
    """Add the event of a change to its transaction."""
    kind = _Kind(caller.organization_id, action, "done", caller.user_id, caller.token_id, address)
    stored = [_storable(target) for target in targets]
    await transaction.driver.execute(_CHANGED, _event(kind, stored, calls), prepare=True)


async def sent(conn: AsyncConnection, by: SignedBy, action: str, target: str) -> None:
    """Add the event of an upload by a signed address to its transaction."""
    kind = _Kind(by.organization_id, action, "done", by.user_id, None, by.address)
    await conn.execute(_COLLECTED, _event(kind, [target], 1) | {"at": datetime.now(UTC)})


def _storable(target: str) -> str:
    """Without NUL and lone surrogates, which a path may carry and PostgreSQL refuses."""
    return target[:_LONGEST].encode("utf-8", "replace").decode().replace("\0", "?")


async def commanded(
    conn: AsyncConnection, organization_id: str, by: Operator, action: str, targets: Sequence[str] = ()
) -> None:
    """Add the event of a command to its transaction."""
    values = {
        "organization_id": organization_id,
        "action": action,
        "targets": [_storable(target) for target in targets],
        "operator": by.name,
        "acting_as": by.acting_as,
    }
    await conn.execute(_COMMANDED, values)


async def purge_events(engine: AsyncEngine) -> int:
    """Delete the events whose retention has ended; how many."""
    async with engine.begin() as conn:
        return int((await conn.execute(_PURGE)).rowcount)
