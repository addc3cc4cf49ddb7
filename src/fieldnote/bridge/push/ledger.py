"""The push ledger: what Siro is known to hold of each record, and what may have reached it besides.

Every statement takes a whole page or batch. The order of writes makes a kill harmless: a batch stands in
`attempts` before it is sent, and goes from there in the transaction that keeps its answer. What a dead
process left there may or may not have reached Siro, and is taken up as that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic_core import from_json
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.push.payload_diff import OnItsWay, Payload, as_json
from fieldnote.crm.types import Cursor
from fieldnote.db.bridge_tables import sent, streams
from fieldnote.mapping.records import StreamName


class Origin(StrEnum):
    """Who makes an attempt."""

    PUSH = "push"
    """A push, which holds the whole stream. There is one at a time."""
    HOOK = "hook"
    """A hook of the CRM, for single records, beside any push."""
    HOOKED = "hooked"
    """A hook's attempt that has come to its end, kept so that a push with older rows notices it."""


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
    DOUBTFUL = "doubtful"
    """Gone from the CRM, or deleted there, and not yet deleted in Siro: too many are, so that a person decides."""
    REMOVED = "removed"
    """Gone from the CRM, and deleted in Siro."""
    DROPPED = "dropped"
    """A person has said that it need not go to Siro as it is. Tried again when the row or the map changes."""


GONE = "it is not in the CRM any more"
DELETED = "the CRM says that it is deleted"
"""Why a record is doubtful."""

Window = tuple[datetime | None, datetime | None]
"""From one start time to another; None: without an end."""

QUARANTINED = (SentState.REFUSED, SentState.UNMAPPED)
"""Waits for the row or the map to be mended."""
DROPPED_OR_QUARANTINED = (*QUARANTINED, SentState.DROPPED)
OPEN = (SentState.PENDING, *QUARANTINED, SentState.DOUBTFUL)
"""Siro does not hold it as the CRM does."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Enough of an entry to tell whether its row changed."""

    number: int
    state: SentState
    row_hash: bytes | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger knows of one record."""

    state: SentState
    row_hash: bytes | None
    payload: Payload | None
    """What Siro is known to hold."""
    attempted: Payload | None
    """What it may hold since."""
    siro_id: str | None = None
    reason: str | None = None
    hint: str | None = None
    standing: tuple[str, ...] = ()
    changed_at: datetime | None = None


class Confirmed(OnItsWay, gc=False, eq=False):
    """A record that Siro took."""

    key: str
    row_hash: bytes | None
    holds: bytes
    """What it holds now, as JSON."""
    removed: bool
    gone: bool
    """Whether the CRM has no such row any more."""
    standing: tuple[str, ...]
    siro_id: str | None
    related: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Settled:
    """A row that changed without changing what Siro should hold."""

    key: str
    row_hash: bytes
    standing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A record that did not arrive."""

    key: str
    state: SentState
    row_hash: bytes | None
    """None: look at it again whether or not its row changes."""
    reason: str
    hint: str | None = None
    attempted: bytes | None = None
    """What may have reached Siro, as JSON: this call's payload where its answer never came, or an earlier one's."""


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
                tuple(row.standing or ()),
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

    async def live(self, conn: AsyncConnection, upto: int | None = None) -> int:
        """How many records Siro may hold that are not deleted; `upto`: of those with no higher number."""
        return int((await conn.scalar(_LIVE, {**self._scope, "upto": upto})) or 0)

    async def problems(self, conn: AsyncConnection, limit: int, states: Sequence[SentState] = OPEN) -> list[Problem]:
        """Records in these states, oldest first."""
        statement = (
            select(sent.c.key, sent.c.state, sent.c.reason, sent.c.hint)
            .where(self._own, _OPEN_INDEX, sent.c.state.in_([state.value for state in states]))
            .order_by(sent.c.changed_at, sent.c.key)
            .limit(limit)
        )
        rows = await conn.execute(statement)
        return [
            Problem(self.stream, row.key, SentState(row.state), row.reason or "interrupted", row.hint) for row in rows
        ]

    async def count_states(self, conn: AsyncConnection) -> dict[SentState, int]:
        """How many records stand in each state but `sent` and `removed`."""
        statement = select(sent.c.state, func.count()).where(self._own, _OPEN_INDEX).group_by(sent.c.state)
        return {SentState(state): count for state, count in await conn.execute(statement)}

    # --- calls

    async def last_attempt(self, conn: AsyncConnection) -> int:
        """The number of the latest attempt at this stream."""
        return int((await conn.scalar(_LAST_ATTEMPT, self._scope)) or 0)

    async def busy(self, conn: AsyncConnection, keys: Sequence[str], origin: Origin, horizon: int) -> set[str]:
        """Those of these keys that somebody else has on their way, or, for a push, had since `horizon`.

        Until the transaction ends nobody else can claim a record of the stream.
        """
        values = {**self._scope, "keys": list(keys), "is_push": origin is Origin.PUSH, "horizon": horizon}
        await conn.execute(_LOCK, self._scope)
        return set((await conn.scalars(_BUSY, values)).all())

    async def attempt(self, conn: AsyncConnection, origin: Origin, *batches: Mapping[str, bytes]) -> list[int]:
        """Remember what is about to be sent, before it is; the number of each. A batch: what Siro will hold then."""
        driver: Any = (await conn.get_raw_connection()).driver_connection
        found = await driver.execute(
            _ATTEMPT, {**self._scope, "origin": origin.value, "records": [*map(_batch, batches)]}
        )
        return sorted(number for (number,) in await found.fetchall())

    async def withdraw(self, conn: AsyncConnection, attempt: int, origin: Origin) -> None:
        """The attempt has come to its end, and its answer is kept."""
        await conn.execute(_WITHDRAW if origin is Origin.PUSH else _KEEP_HOOKED, {"id": attempt})

    async def take_up(self, conn: AsyncConnection) -> int:
        """What dead processes left in `attempts` may have reached Siro: its keys are pending. How many they are.

        For a push, which holds the stream: another push that left something is dead. A hook may be at work.
        """
        await conn.execute(_FORGET_HOOKED, self._scope)
        return (await conn.execute(_TAKE_UP, self._scope)).rowcount

    async def confirm(self, conn: AsyncConnection, answers: Sequence[Confirmed], *, ends: Sequence[int] = ()) -> None:
        """This is what Siro holds now. `ends`: the attempts that it ends, in the same statement."""
        values = {
            **self._scope,
            "keys": [item.key for item in answers],
            "hashes": [item.row_hash for item in answers],
            "payloads": [item.holds.decode() for item in answers],
            # Few records have any of these.
            "removed": [item.key for item in answers if item.removed],
            "gone": [item.key for item in answers if item.gone],
            "standing": as_json({item.key: item.standing for item in answers if item.standing}).decode(),
            "siro_ids": [item.siro_id for item in answers],
            "related": [as_json(item.related).decode() for item in answers],
            "ends": list(ends),
        }
        driver: Any = (await conn.get_raw_connection()).driver_connection
        await driver.execute(_CONFIRM, values)

    async def settle(self, conn: AsyncConnection, rows: Sequence[Settled]) -> None:
        """Rows that changed without changing what Siro should hold."""
        document = _document(
            {"key": item.key, "hash": _hex(item.row_hash), "standing": item.standing or None} for item in rows
        )
        await conn.execute(_SETTLE, {**self._scope, "rows": document})

    async def fail(self, conn: AsyncConnection, failures: Sequence[Failed]) -> None:
        """Records that did not arrive."""
        rows = _document(
            {
                "key": item.key,
                "state": item.state.value,
                "hash": _hex(item.row_hash),
                "reason": item.reason,
                "hint": item.hint,
                "attempted": None if item.attempted is None else from_json(item.attempted),
            }
            for item in failures
        )
        await conn.execute(_FAIL, {**self._scope, "rows": rows})

    # --- states

    async def doubt(self, conn: AsyncConnection, keys: Sequence[str], reason: str, window: Window) -> None:
        """These are to be deleted in Siro, if they are not too many: those that it may hold, and in the window."""
        first, last = window
        values = {**self._scope, "keys": list(keys), "reason": reason, "first": first, "last": last}
        await conn.execute(_DOUBT, values)

    async def doubt_unseen(self, conn: AsyncConnection, seen: bytes, window: Window) -> None:
        """As `doubt`, for all whose bit is not set; `seen` has a bit for each number that it speaks of.

        What Siro never got is forgotten, and what it holds as deleted is done with.
        """
        first, last = window
        values = {**self._scope, "seen": seen, "bits": 8 * len(seen)}
        await conn.execute(_FORGET_UNSEEN, values)
        await conn.execute(_DOUBT_UNSEEN, {**values, "reason": GONE, "first": first, "last": last})

    async def count_unseen(self, conn: AsyncConnection, seen: bytes) -> int:
        """How many records Siro may hold as live whose bit is not set."""
        values = {**self._scope, "seen": seen, "bits": 8 * len(seen)}
        return int((await conn.execute(_COUNT_UNSEEN, values)).scalar_one())

    async def unseen(self, conn: AsyncConnection, seen: bytes, window: Window, *, after: str, limit: int) -> list[str]:
        """Keys whose bit is not set, that Siro may hold as live, in their order, behind `after`."""
        first, last = window
        values = {**self._scope, "seen": seen, "bits": 8 * len(seen), "first": first, "last": last}
        return list((await conn.scalars(_LIST_UNSEEN, {**values, "after": after, "limit": limit})).all())

    async def reopen(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """These are no deletions after all."""
        await conn.execute(_REOPEN, {**self._scope, "keys": list(keys)})

    async def count_doubtful(self, conn: AsyncConnection) -> tuple[int, int]:
        """How many records are gone, and how many the CRM says are deleted."""
        row = (await conn.execute(_COUNT_DOUBTFUL, {**self._scope, "gone": GONE})).one()
        return int(row.gone), int(row.deleted)

    async def count_standing(self, conn: AsyncConnection) -> int:
        """Of how many records Siro shows a value that the CRM has not any more."""
        return int((await conn.scalar(_COUNT_STANDING, self._scope)) or 0)

    async def keys_between(self, conn: AsyncConnection, first: datetime, last: datetime) -> list[str]:
        """Keys of all records that are not deleted and start between two times."""
        values = {**self._scope, "first": first, "last": last}
        return list((await conn.scalars(_KEYS_BETWEEN, values)).all())

    async def close_doubt(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """Records that are gone from the CRM, and that Siro holds as deleted or never got."""
        await conn.execute(_FORGET_NEVER_SENT, {**self._scope, "keys": list(keys)})
        await conn.execute(_CLOSE_DOUBT, {**self._scope, "keys": list(keys)})

    async def owe(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """The next push looks these up by their keys, whether or not they are known."""
        await conn.execute(_OWE, {**self._scope, "keys": list(keys)})

    async def release(self, conn: AsyncConnection, keys: Sequence[str]) -> int:
        """Quarantined and dropped records that are to be tried again; without keys, all that are quarantined."""
        statement = _RELEASE if keys else _RELEASE_ALL
        return (await conn.execute(statement, {**self._scope, "keys": list(keys)} if keys else self._scope)).rowcount

    async def drop(self, conn: AsyncConnection, keys: Sequence[str]) -> int:
        """Quarantined records that need not go to Siro as they are. How many there were."""
        return (await conn.execute(_DROP, {**self._scope, "keys": list(keys)})).rowcount

    async def close_gone(self, conn: AsyncConnection, keys: Sequence[str]) -> None:
        """Rows that are not there, and not doubtful: forget those that Siro never got, close the others."""
        await conn.execute(_FORGET_NEVER_SENT, {**self._scope, "keys": list(keys)})
        await conn.execute(_CLOSE_GONE, {**self._scope, "keys": list(keys)})

    # --- progress

    async def progress(self, conn: AsyncConnection) -> Progress | None:
        """How far the stream has been read, if it ever was."""
        statement = select(streams).where(streams.c.connection == self.connection, streams.c.stream == self.stream)
        row = (await conn.execute(statement)).one_or_none()
        if row is None:
            return None
        return Progress(Cursor.parse(row.cursor) if row.cursor else None, row.version, row.complete_at)

    async def save(self, conn: AsyncConnection, cursor: Cursor | None, version: str, *, complete: bool) -> None:
        """Everything before `cursor` is settled or in the ledger; `complete`: a reading of all rows has ended well."""
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


def _batch(payloads: Mapping[str, bytes]) -> str:
    """What Siro will hold of each record of a batch, as `attempts` keeps it."""
    items = [b'{"key":%b,"payload":%b}' % (as_json(key), payload) for key, payload in payloads.items()]
    return (b"[%b]" % b",".join(items)).decode()


def _document(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as one JSON text: an array parameter would be escaped sign by sign, and twice."""
    return as_json(list(rows)).decode()


def _hex(row_hash: bytes | None) -> str | None:
    return None if row_hash is None else row_hash.hex()


_OPEN_INDEX = text("sent.state not in ('sent', 'removed')")
"""In the words of the index that has few rows, so that the planner finds it."""

_MARKS = text("""
    select key, number, state, row_hash from sent
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
""")

_LAST_NUMBER = text("select pg_sequence_last_value(pg_get_serial_sequence('sent', 'number')::regclass)")

_LIVE = text("""
    select count(*) from sent
    where connection = :connection and stream = :stream and not removed and state <> 'removed'
      and (payload is not null or attempted is not null)
      and (cast(:upto as bigint) is null or number <= :upto)
""")


# These two straight to the driver, with their arrays as bytes: as JSON they would cost the server half as much again.
_ATTEMPT = """
    insert into attempts (connection, stream, origin, records)
    select %(connection)s, %(stream)s, %(origin)s, item.records
    from unnest(%(records)b::text[]) with ordinality as item (records, place) order by place
    returning id
"""

_WITHDRAW = text("delete from attempts where id = :id")

_KEEP_HOOKED = text("update attempts set origin = 'hooked' where id = :id")

_FORGET_HOOKED = text("""
    delete from attempts where connection = :connection and stream = :stream and origin = 'hooked'
""")

_LAST_ATTEMPT = text("select max(id) from attempts where connection = :connection and stream = :stream")

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

_CONFIRM = """
    with ended as (delete from attempts where id = any(%(ends)b::bigint[]))
    insert into sent (connection, stream, key, state, row_hash, payload, removed, standing, siro_id, related, sent_at)
    select %(connection)s, %(stream)s, item.key,
           case when item.key = any(%(gone)b::text[]) then 'removed' else 'sent' end, item.hash,
           item.payload::json, item.key = any(%(removed)b::text[]),
           ((select %(standing)b::jsonb) -> item.key)::json, item.siro_id, item.related::jsonb, now()
    from unnest(%(keys)b::text[], %(hashes)b::bytea[], %(payloads)b::text[], %(siro_ids)b::text[], %(related)b::text[])
        as item (key, hash, payload, siro_id, related)
    on conflict (connection, stream, key) do update
    set state = excluded.state, row_hash = excluded.row_hash, payload = excluded.payload, attempted = null,
        removed = excluded.removed, standing = excluded.standing, siro_id = coalesce(excluded.siro_id, sent.siro_id),
        related = coalesce(sent.related, '{}') || excluded.related, reason = null, hint = null,
        sent_at = now(), changed_at = now()
"""

_SETTLE = text("""
    update sent
    set state = 'sent', row_hash = decode(item.hash, 'hex'), standing = item.standing, reason = null, hint = null,
        changed_at = now()
    from json_to_recordset(cast(:rows as json)) as item (key text, hash text, standing json)
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

# Joined from our own words; every value is bound.
_DOUBT = text(f"""
    update sent
    set state = 'doubtful', row_hash = null, reason = :reason, hint = null,
        changed_at = case state when 'doubtful' then changed_at else now() end
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
      and (payload is not null or attempted is not null) and state <> 'removed' and {_IN_WINDOW}
""")  # noqa: S608

_UNSEEN = """
    connection = :connection and stream = :stream and number < :bits and get_bit(:seen, number) = 0
      and state not in ('removed', 'dropped')
"""
"""PostgreSQL counts the bits of a byte from its lowest."""

_FORGET_UNSEEN = text(f"delete from sent where {_UNSEEN} and payload is null and attempted is null")  # noqa: S608

_DOUBT_UNSEEN = text(f"""
    update sent
    set state = case when removed and attempted is null then 'removed' else 'doubtful' end,
        row_hash = null, hint = null, changed_at = case state when 'doubtful' then changed_at else now() end,
        reason = case when removed and attempted is null then null else :reason end
    where {_UNSEEN} and {_IN_WINDOW}
""")  # noqa: S608

_COUNT_UNSEEN = text(f"select count(*) from sent where {_UNSEEN} and not removed and payload is not null")  # noqa: S608

_LIST_UNSEEN = text(f"""
    select key from sent where {_UNSEEN} and {_IN_WINDOW} and not removed and key > :after
    order by key limit :limit
""")  # noqa: S608

_REOPEN = text("""
    update sent set state = 'sent', reason = null, hint = null, row_hash = null, changed_at = now()
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[])) and state = 'doubtful'
""")

_COUNT_DOUBTFUL = text("""
    select count(*) filter (where reason = :gone) as gone,
           count(*) filter (where reason is distinct from :gone) as deleted
    from sent
    where connection = :connection and stream = :stream and state = 'doubtful' and state not in ('sent', 'removed')
""")

_COUNT_STANDING = text("""
    select count(*) from sent where connection = :connection and stream = :stream and standing is not null
""")

_KEYS_BETWEEN = text("""
    select key from sent
    where connection = :connection and stream = :stream and not removed
      and (payload ->> 'startTime')::timestamptz between :first and :last
""")

_CLOSE_DOUBT = text("""
    update sent set state = 'removed', reason = null, hint = null, row_hash = null, changed_at = now()
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
""")

_OWE = text("""
    insert into sent (connection, stream, key, state)
    select :connection, :stream, key, 'pending' from unnest(cast(:keys as text[])) as item (key)
    on conflict (connection, stream, key) do update
    set state = 'pending', row_hash = null, reason = null, hint = null, changed_at = now()
""")

_RELEASE = text("""
    update sent set state = 'pending', row_hash = null, changed_at = now()
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
      and state in ('refused', 'unmapped', 'dropped')
""")

_RELEASE_ALL = text("""
    update sent set state = 'pending', row_hash = null, changed_at = now()
    where connection = :connection and stream = :stream and state in ('refused', 'unmapped')
""")

_DROP = text("""
    update sent set state = 'dropped', changed_at = now()
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
      and state in ('refused', 'unmapped')
""")

_FORGET_NEVER_SENT = text("""
    delete from sent
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
      and payload is null and attempted is null
""")

_CLOSE_GONE = text("""
    update sent set state = 'sent', reason = null, hint = null, row_hash = null, changed_at = now()
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[]))
      and state not in ('doubtful', 'removed')
""")
