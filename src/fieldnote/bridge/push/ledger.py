"""The push ledger: what Siro is known to have of each record, and what else may have reached it.

Every statement takes a whole page or batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import from_json
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.push.entries import DeletionCounts, Entry, Failed, Mark, Problem, Progress, Settled
from fieldnote.bridge.push.payload_diff import Delivery, encode
from fieldnote.bridge.push.states import GONE, OPEN, SentState
from fieldnote.crm.types import Cursor
from fieldnote.db.bridge_tables import sent, streams
from fieldnote.mapping.records import StreamName

Window = tuple[datetime | None, datetime | None]
"""From one start time to another; None: without an end."""


@dataclass(frozen=True, slots=True)
class StreamLedger:
    """The rows of one stream of one connection."""

    connection: str
    stream: StreamName

    @property
    def _scope(self) -> dict[str, str]:
        return {"connection": self.connection, "stream": self.stream}

    @property
    def _own(self) -> ColumnElement[bool]:
        return (sent.c.connection == self.connection) & (sent.c.stream == self.stream)

    # --- reading

    async def marks(self, conn: AsyncConnection, keys: Sequence[str]) -> dict[str, Mark]:
        """Number, state and row hash of these keys: enough for most of a page, as most rows have not changed."""
        rows = await conn.execute(_MARKS, {**self._scope, "keys": list(keys)})
        return {row.key: Mark(row.number, SentState(row.state), row.row_hash) for row in rows}

    async def known(self, conn: AsyncConnection, keys: Sequence[str]) -> dict[str, Entry]:
        """The entries of these keys, whole."""
        rows = await conn.execute(select(sent).where(self._own, sent.c.key == func.any(list(keys))))
        return {
            row.key: Entry(
                SentState(row.state),
                row.row_hash,
                row.payload,
                row.attempted,
                row.siro_id,
                row.reason,
                row.hint,
                tuple(row.uncleared or ()),
                row.changed_at,
            )
            for row in rows
        }

    async def keys_in(self, conn: AsyncConnection, state: SentState, *, after: str, limit: int) -> list[str]:
        """Keys of records in a state, in their order, behind `after`."""
        statement = (
            select(sent.c.key)
            .where(self._own, sent.c.state == text(f"'{state.value}'"), sent.c.key > after)
            .order_by(sent.c.key)
            .limit(limit)
        )
        return list((await conn.scalars(statement)).all())

    async def last_number(self, conn: AsyncConnection) -> int:
        """The highest number given so far, to any stream."""
        return int((await conn.scalar(_LAST_NUMBER)) or 0)

    async def count_live(self, conn: AsyncConnection, upto: int | None = None) -> int:
        """How many records Siro may have that are not deleted; `upto`: of those with no higher number."""
        return int((await conn.scalar(_COUNT_LIVE, {**self._scope, "upto": upto})) or 0)

    async def problems(self, conn: AsyncConnection, limit: int, states: Sequence[SentState] = OPEN) -> list[Problem]:
        """Records in these states, oldest first."""
        statement = (
            select(sent.c.key, sent.c.state, sent.c.reason, sent.c.hint)
            .where(self._own, _OPEN_INDEX, sent.c.state.in_([state.value for state in states]))
            .order_by(sent.c.changed_at, sent.c.key)
            .limit(limit)
        )
        rows = await conn.execute(statement)
        return [Problem(row.key, SentState(row.state), row.reason or "interrupted", row.hint) for row in rows]

    async def count_states(self, conn: AsyncConnection) -> dict[SentState, int]:
        """How many records are in each state but `sent` and `deleted`."""
        statement = select(sent.c.state, func.count()).where(self._own, _OPEN_INDEX).group_by(sent.c.state)
        return {SentState(state): count for state, count in await conn.execute(statement)}

    async def count_uncleared(self, conn: AsyncConnection) -> int:
        """How many records show a value in Siro that the CRM does not have any more."""
        return int((await conn.scalar(_COUNT_UNCLEARED, self._scope)) or 0)

    async def keys_between(self, conn: AsyncConnection, first: datetime, last: datetime) -> list[str]:
        """Keys of all records that are not deleted and start between two times."""
        values = {**self._scope, "first": first, "last": last}
        return list((await conn.scalars(_KEYS_BETWEEN, values)).all())

    # --- answers

    async def confirm(self, conn: AsyncConnection, taken: Sequence[Delivery], *, ends: Sequence[int] = ()) -> None:
        """Siro took these. `ends`: the attempts that end with it, in the same statement."""
        values = {
            **self._scope,
            "keys": [item.key for item in taken],
            "hashes": [item.row_hash for item in taken],
            "payloads": [item.after.decode() for item in taken],
            # Few records have any of these.
            "deleted": [item.key for item in taken if item.deleted],
            "gone": [item.key for item in taken if item.gone],
            "uncleared": encode({item.key: item.uncleared for item in taken if item.uncleared}).decode(),
            "siro_ids": [item.siro_id for item in taken],
            "related": [encode(item.related).decode() for item in taken],
            "ends": list(ends),
        }
        driver: Any = (await conn.get_raw_connection()).driver_connection
        await driver.execute(_CONFIRM, values)

    async def settle(self, conn: AsyncConnection, rows: Sequence[Settled]) -> None:
        """Rows that changed without a change for Siro."""
        if not rows:
            return
        document = _document(
            {"key": item.key, "hash": _hex(item.row_hash), "uncleared": item.uncleared or None} for item in rows
        )
        await conn.execute(_SETTLE, {**self._scope, "rows": document})

    async def fail(self, conn: AsyncConnection, failures: Sequence[Failed]) -> None:
        """Records that did not arrive."""
        if not failures:
            return
        rows = _document(
            {
                "key": item.key,
                "state": item.state.value,
                "hash": _hex(item.row_hash),
                "reason": _storable(item.reason),
                "hint": item.hint,
                "attempted": None if item.attempted is None else from_json(item.attempted),
            }
            for item in failures
        )
        await conn.execute(_FAIL, {**self._scope, "rows": rows})

    # --- states

    async def move(
        self, conn: AsyncConnection, keys: Sequence[str] | None, to: SentState, *, out_of: Iterable[SentState]
    ) -> int:
        """Move those of these records (None: of all) that are `out_of` these states. How many there were.

        The next push compares the row of each again, but for those that a person dropped: they keep hash and reason.
        """
        values = {**self._scope, "to": to.value, "out_of": [state.value for state in out_of]}
        if keys is None:
            return (await conn.execute(_MOVE_ALL, values)).rowcount
        return (await conn.execute(_MOVE, {**values, "keys": list(keys)})).rowcount

    async def owe(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """The next push looks these up by their keys, whether or not they are known."""
        await conn.execute(_OWE, {**self._scope, "keys": list(keys)})

    async def forget_never_sent(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """Those of these, gone from the CRM, that never reached Siro."""
        await conn.execute(_FORGET_NEVER_SENT, {**self._scope, "keys": list(keys)})

    async def mark_deletions(self, conn: AsyncConnection, keys: Sequence[str], reason: str, window: Window) -> None:
        """Mark deletions as pending: of those of these that Siro may have and that start in the window."""
        first, last = window
        values = {**self._scope, "keys": list(keys), "reason": reason, "first": first, "last": last}
        await conn.execute(_MARK_DELETIONS, values)

    async def withhold(self, conn: AsyncConnection, keys: Sequence[str], reason: str) -> None:
        """Mark the deletions of these as pending, also of those that Siro never had."""
        await conn.execute(_WITHHOLD, {**self._scope, "keys": list(keys), "reason": reason})

    # --- records that a reading of all rows missed; `seen` has a bit for each number that it covers

    async def mark_unseen(self, conn: AsyncConnection, seen: bytes, window: Window) -> None:
        """As `mark_deletions`, for all whose bit is not set.

        Forgets those that never reached Siro, and settles those that are deleted there.
        """
        first, last = window
        values = {**self._scope, "seen": seen, "bits": 8 * len(seen)}
        await conn.execute(_FORGET_UNSEEN, values)
        await conn.execute(_MARK_UNSEEN, {**values, "reason": GONE, "first": first, "last": last})

    async def count_unseen(self, conn: AsyncConnection, seen: bytes) -> int:
        """How many records whose bit is not set Siro may have, not deleted."""
        values = {**self._scope, "seen": seen, "bits": 8 * len(seen)}
        return int((await conn.execute(_COUNT_UNSEEN, values)).scalar_one())

    async def unseen(self, conn: AsyncConnection, seen: bytes, window: Window, *, after: str, limit: int) -> list[str]:
        """The keys of those that start in the window, in their order, behind `after`."""
        first, last = window
        values = {**self._scope, "seen": seen, "bits": 8 * len(seen), "first": first, "last": last}
        return list((await conn.scalars(_LIST_UNSEEN, {**values, "after": after, "limit": limit})).all())

    async def count_deletions(self, conn: AsyncConnection) -> DeletionCounts:
        """The pending deletions."""
        row = (await conn.execute(_COUNT_DELETIONS, {**self._scope, "gone": GONE})).one()
        return DeletionCounts(row.gone, row.deleted, row.new)

    # --- progress

    async def progress(self, conn: AsyncConnection) -> Progress | None:
        """How far the stream has been read, if it ever was."""
        statement = select(streams).where(streams.c.connection == self.connection, streams.c.stream == self.stream)
        row = (await conn.execute(statement)).one_or_none()
        if row is None:
            return None
        return Progress(Cursor.parse(row.cursor) if row.cursor else None, row.version, row.complete_at)

    async def save(self, conn: AsyncConnection, cursor: Cursor | None, version: str, *, complete: bool) -> None:
        """Everything before `cursor` is settled or in the ledger; `complete`: all rows were read, to the end."""
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


def _document(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as one JSON text: psycopg escapes an array parameter character by character, and twice."""
    return encode(list(rows)).decode()


def _storable(text: str) -> str:
    """A reason may quote a value: without NUL and halves of surrogate pairs, which PostgreSQL does not take."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _hex(row_hash: bytes | None) -> str | None:
    return None if row_hash is None else row_hash.hex()


_OPEN_INDEX = text("sent.state not in ('sent', 'deleted')")
"""The condition of the index that has few rows, word by word, so that the planner uses it."""

_MARKS = text("""
    select key, number, state, row_hash from sent
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
""")

_LAST_NUMBER = text("select pg_sequence_last_value(pg_get_serial_sequence('sent', 'number')::regclass)")

_COUNT_LIVE = text("""
    select count(*) from sent
    where connection = :connection and stream = :stream and not is_deleted and state <> 'deleted'
      and (payload is not null or attempted is not null)
      and (cast(:upto as bigint) is null or number <= :upto)
""")

# Straight to the driver, as in `attempts`.
_CONFIRM = """
    with ended as (delete from attempts where id = any(%(ends)b::bigint[]))
    insert into sent (
        connection, stream, key, state, row_hash, payload, is_deleted, uncleared, siro_id, related, sent_at)
    select %(connection)s, %(stream)s, item.key,
           case when item.key = any(%(gone)b::text[]) then 'deleted' else 'sent' end, item.hash,
           item.payload::json, item.key = any(%(deleted)b::text[]),
           ((select %(uncleared)b::jsonb) -> item.key)::json, item.siro_id, item.related::jsonb, now()
    from unnest(%(keys)b::text[], %(hashes)b::bytea[], %(payloads)b::text[], %(siro_ids)b::text[], %(related)b::text[])
        as item (key, hash, payload, siro_id, related)
    on conflict (connection, stream, key) do update
    set state = excluded.state, row_hash = excluded.row_hash, payload = excluded.payload, attempted = null,
        is_deleted = excluded.is_deleted, uncleared = excluded.uncleared,
        siro_id = coalesce(excluded.siro_id, sent.siro_id),
        related = coalesce(sent.related, '{}') || excluded.related, reason = null, hint = null,
        sent_at = now(), changed_at = now()
"""

_SETTLE = text("""
    update sent
    set state = 'sent', row_hash = decode(item.hash, 'hex'), uncleared = item.uncleared, reason = null, hint = null,
        changed_at = now()
    from json_to_recordset(cast(:rows as json)) as item (key text, hash text, uncleared json)
    where sent.connection = :connection and sent.stream = :stream and sent.key = item.key
""")

_FAIL = text("""
    insert into sent (connection, stream, key, state, row_hash, reason, hint, attempted)
    select :connection, :stream, item.key, item.state, decode(item.hash, 'hex'), item.reason, item.hint,
           item.attempted
    from json_to_recordset(cast(:rows as json))
        as item (key text, state text, hash text, reason text, hint text, attempted json)
    on conflict (connection, stream, key) do update
    set state = excluded.state, row_hash = excluded.row_hash, reason = excluded.reason, hint = excluded.hint,
        attempted = case excluded.state when 'unmapped' then sent.attempted else excluded.attempted end,
        changed_at = now()
""")

_IN_WINDOW = """
    (cast(:first as timestamptz) is null and cast(:last as timestamptz) is null
     or (coalesce(attempted, payload) ->> 'startTime')::timestamptz
        between coalesce(:first, '-infinity') and coalesce(:last, 'infinity'))
"""

# Joined from constants; every value is bound.
_MARK_DELETIONS = text(f"""
    update sent
    set state = 'pending_deletion', row_hash = null, reason = :reason, hint = null,
        changed_at = case state when 'pending_deletion' then changed_at else now() end
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
      and (payload is not null or attempted is not null) and state <> 'deleted' and {_IN_WINDOW}
""")  # noqa: S608

_WITHHOLD = text("""
    insert into sent (connection, stream, key, state, reason)
    select :connection, :stream, key, 'pending_deletion', :reason from unnest(cast(:keys as text[])) as item (key)
    on conflict (connection, stream, key) do update
    set state = 'pending_deletion', row_hash = null, reason = excluded.reason, hint = null,
        changed_at = case sent.state when 'pending_deletion' then sent.changed_at else now() end
    where sent.state <> 'deleted'
""")

_UNSEEN = """
    connection = :connection and stream = :stream and number < :bits and get_bit(:seen, number) = 0
      and state not in ('deleted', 'dropped')
"""
"""PostgreSQL counts the bits of a byte from its lowest."""

_FORGET_UNSEEN = text(f"delete from sent where {_UNSEEN} and payload is null and attempted is null")  # noqa: S608

_MARK_UNSEEN = text(f"""
    update sent
    set state = case when is_deleted and attempted is null then 'deleted' else 'pending_deletion' end,
        row_hash = null, hint = null, changed_at = case state when 'pending_deletion' then changed_at else now() end,
        reason = case when is_deleted and attempted is null then null else :reason end
    where {_UNSEEN} and {_IN_WINDOW}
""")  # noqa: S608

_COUNT_UNSEEN = text(f"select count(*) from sent where {_UNSEEN} and not is_deleted and payload is not null")  # noqa: S608

_LIST_UNSEEN = text(f"""
    select key from sent where {_UNSEEN} and {_IN_WINDOW} and not is_deleted and key > :after
    order by key limit :limit
""")  # noqa: S608

_COUNT_DELETIONS = text("""
    select count(*) filter (where known and reason = :gone) as gone,
           count(*) filter (where known and reason is distinct from :gone) as deleted,
           count(*) filter (where not known) as new
    from (select *, payload is not null or attempted is not null as known from sent) as sent
    where connection = :connection and stream = :stream and state = 'pending_deletion'
      and state not in ('sent', 'deleted')
""")

_COUNT_UNCLEARED = text("""
    select count(*) from sent where connection = :connection and stream = :stream and uncleared is not null
""")

_KEYS_BETWEEN = text("""
    select key from sent
    where connection = :connection and stream = :stream and not is_deleted
      and (payload ->> 'startTime')::timestamptz between :first and :last
""")

_MOVING = """
    update sent
    set state = cast(:to as text), changed_at = now(),
        row_hash = case cast(:to as text) when 'dropped' then row_hash end,
        reason = case cast(:to as text) when 'dropped' then reason end,
        hint = case cast(:to as text) when 'dropped' then hint end
    where connection = :connection and stream = :stream and state = any(cast(:out_of as text[]))
"""

_MOVE_ALL = text(_MOVING)

_MOVE = text(f"{_MOVING} and key = any(cast(:keys as text[]))")

_OWE = text("""
    insert into sent (connection, stream, key, state)
    select :connection, :stream, key, 'pending' from unnest(cast(:keys as text[])) as item (key)
    on conflict (connection, stream, key) do update
    set state = 'pending', row_hash = null, reason = null, hint = null, changed_at = now()
""")

_FORGET_NEVER_SENT = text("""
    delete from sent
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
      and payload is null and attempted is null
""")
