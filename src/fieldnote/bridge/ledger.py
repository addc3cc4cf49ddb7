"""The push ledger: what Siro is known to hold of each record, and what may have reached it besides.

Every statement takes a whole page. The order of writes makes a kill harmless: `attempting` is committed
before the calls, `confirm` after their answers; what stands between them is tried again, and what may have
reached Siro meanwhile is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.crm.types import Cursor
from fieldnote.db.bridge_tables import sent, streams

Payload = dict[str, Any]


class SentState(StrEnum):
    """Where a record stands on its way to Siro."""

    SENT = "sent"
    """Siro holds it as the CRM does."""
    PENDING = "pending"
    """Siro could not be reached, or we were stopped: the next push tries again."""
    REFUSED = "refused"
    """Siro will not take it as it is. Tried again when the row or the map changes."""
    UNMAPPED = "unmapped"
    """The row cannot become a Siro record. Tried again when the row or the map changes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger knows of one record."""

    state: SentState
    row_hash: bytes | None
    payload: Payload | None
    """What Siro has confirmed."""
    attempted: Payload | None
    """What may have reached it since."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Siro's answer to one record."""

    key: str
    row_hash: bytes
    siro_id: str | None
    related: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Failed:
    """A record that did not arrive."""

    key: str
    state: SentState
    row_hash: bytes | None
    """None: look at it again whether or not its row changes."""
    reason: str
    hint: str | None = None
    uncertain: Payload | None = None
    """For a refused one: what may have reached Siro before it, as the refused payload itself has not."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that is not settled, as it is reported."""

    stream: str
    key: str
    state: SentState
    reason: str
    hint: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stream has been read."""

    cursor: Cursor | None
    version: str
    complete_at: datetime | None


@dataclass(frozen=True, slots=True)
class StreamLedger:
    """The rows of one stream of one connection."""

    connection: str
    stream: str

    @property
    def _scope(self) -> dict[str, str]:
        return {"connection": self.connection, "stream": self.stream}

    async def known(self, conn: AsyncConnection, keys: Sequence[str]) -> dict[str, Entry]:
        """The entries of these keys, whole. For a page of rows ask `hashes` first: most have not changed."""
        statement = select(sent.c.key, sent.c.state, sent.c.row_hash, sent.c.payload, sent.c.attempted).where(
            sent.c.connection == self.connection,
            sent.c.stream == self.stream,
            sent.c.key == func.any(list(keys)),
        )
        rows = await conn.execute(statement)
        return {row.key: Entry(SentState(row.state), row.row_hash, row.payload, row.attempted) for row in rows}

    async def hashes(self, conn: AsyncConnection, keys: Sequence[str]) -> dict[str, tuple[SentState, bytes | None]]:
        """State and row hash of these keys."""
        statement = select(sent.c.key, sent.c.state, sent.c.row_hash).where(
            sent.c.connection == self.connection,
            sent.c.stream == self.stream,
            sent.c.key == func.any(list(keys)),
        )
        rows = await conn.execute(statement)
        return {row.key: (SentState(row.state), row.row_hash) for row in rows}

    async def attempting(self, conn: AsyncConnection, payloads: Mapping[str, Payload]) -> None:
        """Remember what is about to be sent, before it is."""
        values = {
            **self._scope,
            "keys": list(payloads),
            "payloads": [json.dumps(payload) for payload in payloads.values()],
        }
        await conn.execute(_ATTEMPTING, values)

    async def confirm(self, conn: AsyncConnection, answers: Sequence[Confirmed]) -> None:
        """What was attempted is now what Siro holds."""
        values = {
            **self._scope,
            "keys": [item.key for item in answers],
            "hashes": [item.row_hash for item in answers],
            "ids": [item.siro_id for item in answers],
            "related": [json.dumps(dict(item.related)) for item in answers],
        }
        await conn.execute(_CONFIRM, values)

    async def rehash(self, conn: AsyncConnection, hashes: Mapping[str, bytes]) -> None:
        """Rows that changed without changing what Siro holds."""
        await conn.execute(_REHASH, {**self._scope, "keys": list(hashes), "hashes": list(hashes.values())})

    async def fail(self, conn: AsyncConnection, failures: Sequence[Failed]) -> None:
        """Records that did not arrive. A refused one has not changed anything in Siro."""
        values = {
            **self._scope,
            "keys": [item.key for item in failures],
            "states": [item.state.value for item in failures],
            "hashes": [item.row_hash for item in failures],
            "reasons": [item.reason for item in failures],
            "hints": [item.hint for item in failures],
            "uncertain": [None if item.uncertain is None else json.dumps(item.uncertain) for item in failures],
        }
        await conn.execute(_FAIL, values)

    async def problems(self, conn: AsyncConnection, limit: int) -> list[Problem]:
        """Records that are not settled, oldest first."""
        statement = (
            select(sent.c.key, sent.c.state, sent.c.reason, sent.c.hint)
            .where(
                sent.c.connection == self.connection,
                sent.c.stream == self.stream,
                sent.c.state != text("'sent'"),
            )
            .order_by(sent.c.changed_at, sent.c.key)
            .limit(limit)
        )
        rows = await conn.execute(statement)
        return [
            Problem(self.stream, row.key, SentState(row.state), row.reason or "interrupted", row.hint) for row in rows
        ]

    async def open_states(self, conn: AsyncConnection) -> dict[SentState, int]:
        """How many records stand in each state but `sent`."""
        statement = (
            select(sent.c.state, func.count())
            .where(
                sent.c.connection == self.connection,
                sent.c.stream == self.stream,
                sent.c.state != text("'sent'"),
            )
            .group_by(sent.c.state)
        )
        return {SentState(state): count for state, count in await conn.execute(statement)}

    async def forget_gone(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """Rows that left the CRM with a problem: forget those that Siro never got, close the others."""
        await conn.execute(_FORGET_NEVER_SENT, {**self._scope, "keys": list(keys)})
        await conn.execute(_CLOSE_GONE, {**self._scope, "keys": list(keys)})

    async def progress(self, conn: AsyncConnection) -> Progress | None:
        """How far the stream has been read, if it ever was."""
        statement = select(streams).where(streams.c.connection == self.connection, streams.c.stream == self.stream)
        row = (await conn.execute(statement)).one_or_none()
        if row is None:
            return None
        return Progress(Cursor.parse(row.cursor) if row.cursor else None, row.version, row.complete_at)

    async def save(self, conn: AsyncConnection, cursor: Cursor | None, version: str, *, complete: bool) -> None:
        """Everything before `cursor` is settled; `complete`: a reading of all rows has ended well."""
        values: dict[str, Any] = {
            **self._scope,
            "cursor": None if cursor is None else str(cursor),
            "version": version,
        }
        if complete:
            values["complete_at"] = func.now()
        statement = insert(streams).values(values)
        changed = {name: statement.excluded[name] for name in values if name not in self._scope}
        await conn.execute(statement.on_conflict_do_update(index_elements=["connection", "stream"], set_=changed))


_ATTEMPTING = text("""
    insert into sent (connection, stream, key, state, attempted, row_hash)
    select :connection, :stream, item.key, 'pending', item.payload::jsonb, null
    from unnest(cast(:keys as text[]), cast(:payloads as text[])) as item (key, payload)
    on conflict (connection, stream, key) do update
    set state = 'pending', attempted = excluded.attempted, row_hash = null, reason = null, hint = null,
        changed_at = now()
""")

_CONFIRM = text("""
    update sent
    set state = 'sent', row_hash = item.row_hash, payload = coalesce(sent.attempted, sent.payload),
        attempted = null, siro_id = coalesce(item.siro_id, sent.siro_id),
        related = coalesce(sent.related, '{}') || item.related::jsonb, reason = null, hint = null,
        sent_at = now(), changed_at = now()
    from unnest(cast(:keys as text[]), cast(:hashes as bytea[]), cast(:ids as text[]),
                cast(:related as text[]))
        as item (key, row_hash, siro_id, related)
    where sent.connection = :connection and sent.stream = :stream and sent.key = item.key
""")

_REHASH = text("""
    update sent set state = 'sent', row_hash = item.row_hash, reason = null, hint = null, changed_at = now()
    from unnest(cast(:keys as text[]), cast(:hashes as bytea[])) as item (key, row_hash)
    where sent.connection = :connection and sent.stream = :stream and sent.key = item.key
""")

_FAIL = text("""
    insert into sent (connection, stream, key, state, row_hash, reason, hint, attempted)
    select :connection, :stream, item.key, item.state, item.row_hash, item.reason, item.hint,
           item.uncertain::jsonb
    from unnest(cast(:keys as text[]), cast(:states as text[]), cast(:hashes as bytea[]),
                cast(:reasons as text[]), cast(:hints as text[]), cast(:uncertain as text[]))
        as item (key, state, row_hash, reason, hint, uncertain)
    on conflict (connection, stream, key) do update
    set state = excluded.state, row_hash = excluded.row_hash, reason = excluded.reason, hint = excluded.hint,
        attempted = case excluded.state when 'refused' then excluded.attempted else sent.attempted end,
        changed_at = now()
""")

_FORGET_NEVER_SENT = text("""
    delete from sent
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
      and payload is null and attempted is null
""")

_CLOSE_GONE = text("""
    update sent set state = 'sent', reason = null, hint = null, row_hash = null, changed_at = now()
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
""")
