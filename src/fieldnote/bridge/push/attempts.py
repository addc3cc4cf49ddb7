"""Attempts: the batches whose answers have not come. A batch is written here before its call, and goes with its answer.

So a kill is harmless: what a dead process left here may have reached Siro or not, and the next push finds out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.push.payload_diff import encode
from fieldnote.mapping.records import StreamName


class Origin(StrEnum):
    """The process that makes an attempt."""

    PUSH = "push"
    """A push, which has the lock of the whole stream. There is one at a time."""
    HOOK = "hook"
    """A hook of the CRM, for single records, beside any push."""
    HOOKED = "hooked"
    """A hook's attempt that has ended, kept so that a push with older rows notices it."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts at one stream of one connection."""

    connection: str
    stream: StreamName

    @property
    def _scope(self) -> dict[str, str]:
        return {"connection": self.connection, "stream": self.stream}

    async def add(self, conn: AsyncConnection, origin: Origin, *batches: Mapping[str, bytes]) -> list[int]:
        """Note batches before they are sent; the number of each. A batch: what Siro may have then, by key."""
        driver: Any = (await conn.get_raw_connection()).driver_connection
        found = await driver.execute(
            _ADD, {**self._scope, "origin": origin.value, "records": [*map(_batch_json, batches)]}
        )
        return sorted(number for (number,) in await found.fetchall())

    async def end(self, conn: AsyncConnection, number: int, origin: Origin) -> None:
        """The attempt has ended, and its answer is kept."""
        await conn.execute(_REMOVE if origin is Origin.PUSH else _KEEP_HOOKED, {"id": number})

    async def last(self, conn: AsyncConnection) -> int:
        """The number of the latest attempt."""
        return int((await conn.scalar(_LAST, self._scope)) or 0)

    async def busy(self, conn: AsyncConnection, keys: Sequence[str], origin: Origin, horizon: int) -> set[str]:
        """Those of these keys that another process is sending, or, for a push, has sent since `horizon`.

        Until the transaction ends no other process can claim a record of the stream.
        """
        values = {**self._scope, "keys": list(keys), "is_push": origin is Origin.PUSH, "horizon": horizon}
        await conn.execute(_LOCK, self._scope)
        return set((await conn.scalars(_BUSY, values)).all())

    async def take_up(self, conn: AsyncConnection) -> int:
        """Make the keys pending that dead processes left here. How many they are.

        For a push, which has the stream's lock: another push that left something is dead. A hook may be at work.
        """
        await conn.execute(_FORGET_HOOKED, self._scope)
        return (await conn.execute(_TAKE_UP, self._scope)).rowcount


def _batch_json(payloads: Mapping[str, bytes]) -> str:
    items = [b'{"key":%b,"payload":%b}' % (encode(key), payload) for key, payload in payloads.items()]
    return (b"[%b]" % b",".join(items)).decode()


# Straight to the driver, with its arrays as bytes: as JSON it would cost the server half as much again.
_ADD = """
    insert into attempts (connection, stream, origin, records)
    select %(connection)s, %(stream)s, %(origin)s, item.records
    from unnest(%(records)b::text[]) with ordinality as item (records, place) order by place
    returning id
"""

_REMOVE = text("delete from attempts where id = :id")

_KEEP_HOOKED = text("update attempts set origin = 'hooked' where id = :id")

_FORGET_HOOKED = text("""
    delete from attempts where connection = :connection and stream = :stream and origin = 'hooked'
""")

_LAST = text("select max(id) from attempts where connection = :connection and stream = :stream")

_LOCK = text("select pg_advisory_xact_lock(hashtextextended('attempts' || :connection || '/' || :stream, 0))")

_BUSY = text("""
    select distinct item.key
    from attempts cross join lateral json_to_recordset(attempts.records::json) as item (key text)
    where attempts.connection = :connection and attempts.stream = :stream
      and (attempts.origin = 'hook' or attempts.origin = 'push' and not :is_push
           or attempts.origin = 'hooked' and :is_push and attempts.id > :horizon)
      and item.key = any(cast(:keys as text[]))
""")

_TAKE_UP = text("""
    with left_over as (
        delete from attempts
        where connection = :connection and stream = :stream
          and (origin = 'push' or started_at < now() - interval '30 minutes')
        returning id, records
    ), latest as (
        select distinct on (item.key) item.key, item.payload
        from left_over cross join lateral json_to_recordset(left_over.records::json) as item (key text, payload json)
        order by item.key, left_over.id desc
    )
    insert into sent (connection, stream, key, state, attempted)
    select :connection, :stream, key, 'pending', payload from latest
    on conflict (connection, stream, key) do update
    set state = 'pending', attempted = excluded.attempted, row_hash = null, reason = null, hint = null,
        changed_at = now()
""")
