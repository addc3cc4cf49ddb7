"""The work list: CRM records that must be compared with their recordings, and why some of them wait.

One record never stops the others. A record that is locked, or that fails, is named and waits longer each time. Only a
CRM that does not answer stops the pass. Records that wait for the same cause, such as a revoked right, are tried as
one: each pass tries one of them, and when it succeeds, all of them are due.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.errors import Busy
from fieldnote.bridge.pull.apply import Applied, apply_record
from fieldnote.bridge.pull.ledger import cause_of, postpone
from fieldnote.bridge.pull.results import Stuck
from fieldnote.bridge.recording import Model
from fieldnote.bridge.session import Bridge
from fieldnote.errors import CrmError, CrmUnavailable, FieldnoteError

log = logging.getLogger(__name__)

IN_A_ROW: Final = 5
"""Records that fail one after the other before the pass stops. Each may have waited for a lock."""


class Halted(Exception):
    """The pass cannot go on: the CRM does not answer."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why several records wait."""

    cause: str
    records: int


def is_of_one_item(error: Exception) -> bool:
    """Whether an unexpected error concerns one recording or record only, and not the ledger's database."""
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout, FieldnoteError)):
        return False
    return not (isinstance(error, DBAPIError) and error.connection_invalidated)


class DueWork:
    """Brings due records up to date, one call each."""

    def __init__(self, bridge: Bridge, run_id: int) -> None:
        self.bridge = bridge
        self.run_id = run_id
        self._failed_in_a_row = 0
        self._last_cause: str | None = None

    async def apply(self, model: Model, record: str) -> Applied | None:
        """Bring one record up to date; None if it is left for later. Raises `Halted` if the CRM does not answer."""
        try:
            done = await apply_record(self.bridge, self.run_id, model, record)
        except Busy:
            return None  # the process that works on it sees that there is a new cause
        except CrmUnavailable as error:
            await self._check_crm(error.message)
            await self._postpone(model, record, error.message)
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= IN_A_ROW:
                raise Halted(f"{error.message}; {IN_A_ROW} records in a row could not be reached") from None
            return None
        except Exception as error:
            if not is_of_one_item(error):
                raise
            log.error("record_failed", extra=_context(model, record, error))  # noqa: TRY400 - it may quote a value
            await self._postpone(model, record, f"it could not be compared ({type(error).__name__})")
            return None
        await self._count_refusals(done)
        return done

    async def probe(self) -> list[Applied]:
        """Try one record of each cause that several records wait for; when it succeeds, all of them are due."""
        async with self.bridge.engine.connect() as conn:
            rows = list(await conn.execute(_PROBES, {"connection": self.bridge.name}))
        tried: list[Applied] = []
        for row in rows:
            done = await self.apply(Model(row.model), row.record)
            if done is None:
                continue
            tried.append(done)
            if row.cause not in done.causes:
                async with self.bridge.engine.begin() as conn:
                    await conn.execute(_LIFT, {"connection": self.bridge.name, "cause": row.cause})
        return tried

    async def _count_refusals(self, done: Applied) -> None:
        """Several refusals for one cause may mean that the CRM refuses the login."""
        cause = done.causes[0] if done.causes else None
        same = cause is not None and cause == self._last_cause
        self._failed_in_a_row = self._failed_in_a_row + 1 if same else 0
        self._last_cause = cause
        if same and self._failed_in_a_row % IN_A_ROW == 0:
            await self._check_crm(str(cause))

    async def _check_crm(self, message: str) -> None:
        try:
            await asyncio.to_thread(self.bridge.crm.check)
        except CrmError as error:
            raise Halted(error.message or message) from None

    async def _postpone(self, model: Model, record: str, cause: str) -> None:
        values = {"connection": self.bridge.name, "model": model.value, "record": record}
        async with self.bridge.engine.begin() as conn:
            await postpone(conn, values, cause_of(cause, record))


def _context(model: Model, record: str, error: Exception) -> dict[str, str]:
    return {"model": model.value, "record": record, "error": type(error).__name__}


async def waiting(conn: AsyncConnection, connection: str, problems: Sequence[Stuck]) -> list[Stuck]:
    """Records that wait for a cause that none of their fields or notes names, then the other problems."""
    rows = await conn.execute(_WAITING, {"connection": connection})
    waits = [Stuck(row.model, row.record, "record", "waiting", row.cause) for row in rows]
    named = {(item.model, item.record) for item in waits}
    return waits + [item for item in problems if item.state != "interrupted" or (item.model, item.record) not in named]


async def shared_causes(conn: AsyncConnection, connection: str, *, at_least: int = 3) -> list[Cause]:
    """The causes that several records wait for, the most frequent first."""
    values = {"connection": connection, "least": at_least}
    return [Cause(row.cause, row.records) for row in await conn.execute(_SHARED, values)]


_PROBES = text("""
    select distinct on (cause) cause, model, record from due
    where connection = :connection and cause in (
        select cause from due where connection = :connection and cause is not null group by cause having count(*) > 1)
    order by cause, random()
""")

_LIFT = text("update due set retry_at = now() where connection = :connection and cause = :cause")

_WAITING = text("""
    select model, record, cause from due d
    where connection = :connection and cause is not null
      and not exists (select from fields f where f.connection = d.connection and f.model = d.model
                      and f.record = d.record and f.state in ('refused', 'record_missing'))
      and not exists (select from notes n where n.connection = d.connection and n.model = d.model
                      and n.record = d.record and n.state = 'refused')
    order by retry_at
""")

_SHARED = text("""
    select cause, count(*) as records from due where connection = :connection and cause is not null
    group by cause having count(*) >= :least order by count(*) desc, cause limit 5
""")
