"""The refusals of Siro and the CRM, by cause; a person tries them again, or drops them with a reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull import readiness
from fieldnote.bridge.pull.apply import RecordWork
from fieldnote.bridge.pull.ledger import FieldKey, cause_of
from fieldnote.bridge.pull.recordings import Recordings
from fieldnote.bridge.pull.results import FieldState
from fieldnote.bridge.pull.three_way_merge import Value
from fieldnote.bridge.push import PushRequest, push_once, quarantine
from fieldnote.bridge.push.reasons import kind_of
from fieldnote.bridge.recording import Model
from fieldnote.bridge.review.retry_now import write_now
from fieldnote.bridge.review.undo import clear_decline
from fieldnote.bridge.session import Bridge
from fieldnote.errors import FieldnoteError
from fieldnote.mapping.records import StreamName

MOST: Final = 2_000
AT_ONCE: Final = 200
"""Records that are tried at once. The others are tried by the next push or pull."""
_PATIENCE: Final = 30.0
SIRO: Final = "siro"
CRM: Final = "crm"


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that did not reach Siro, or a value that the CRM did not take."""

    by: str
    """siro or crm"""
    place: str
    """The stream; or the kind of CRM record: opportunity."""
    key: str
    column: str | None
    """`table.column`; None for a record, or a note."""
    state: str
    reason: str
    hint: str | None
    since: datetime
    customer: str | None
    rep_id: str | None
    rep: str | None

    @property
    def cause(self) -> str:
        """The reason without what varies from record to record."""
        found = kind_of(self.reason, self.key) if self.by == SIRO else cause_of(self.reason, self.key)
        return f"{self.place}{f' {self.column}' if self.column else ''}: {found}"


@dataclass(frozen=True, slots=True)
class Group:
    """All that are refused for one cause, the oldest first."""

    cause: str
    by: str
    items: tuple[Refused, ...]

    @property
    def first(self) -> Refused:
        """Its words stand for the others."""
        return self.items[0]


async def refusals(
    conn: AsyncConnection, connection: str, *, visible: Collection[str] | None = None, dropped: bool = False
) -> list[Group]:
    """The causes, the most frequent first; `dropped`: what people dropped instead.

    `visible`: the CRM ids of the reps whose records may be seen; None: all.
    """
    values = {
        "connection": connection,
        "reps": None if visible is None else sorted(visible),
        "push": ["dropped"] if dropped else ["refused", "unmapped"],
        "pull": ["declined"] if dropped else ["refused", "record_missing"],
        "dropped": dropped,
        "limit": MOST,
    }
    rows = await conn.execute(_REFUSED, values)
    return group(Refused(*row) for row in rows)


def group(items: Iterable[Refused]) -> list[Group]:
    """By cause, the most frequent first. Pure."""
    causes: dict[tuple[str, str], list[Refused]] = {}
    for item in items:
        causes.setdefault((item.by, item.cause), []).append(item)
    groups = [Group(cause, by, tuple(found)) for (by, cause), found in causes.items()]
    return sorted(groups, key=lambda one: (-len(one.items), one.cause))


async def try_again(bridge: Bridge, items: Sequence[Refused]) -> str:
    """Try these now, at most `AT_ONCE`; the next push or pull tries the rest. Returns the outcome in words.

    Calls Siro for records. Raises as `push_once` does.
    """
    now, later = items[:AT_ONCE], items[AT_ONCE:]
    done = 0
    for stream in dict.fromkeys(item.place for item in items if item.by == SIRO):
        keys = [item.key for item in items if item.by == SIRO and item.place == stream]
        await quarantine.retry(bridge, _stream(stream), keys)
        some = tuple(item.key for item in now if item.by == SIRO and item.place == stream)
        if some:
            result = await push_once(bridge, request=PushRequest(streams=(stream,), keys=some), max_wait=_PATIENCE)
            done += result.streams[0].sent
    for item in now:
        if item.state == "declined" and item.column is not None:
            await _take_up(bridge, item)
    for place, key in dict.fromkeys((item.place, item.key) for item in now if item.by == CRM):
        try:
            await write_now(bridge, Model(place), key)
            done += 1
        except FieldnoteError:
            continue
    if later:
        async with bridge.engine.begin() as conn:
            pairs = [(Model(item.place), item.key) for item in later if item.by == CRM]
            await Recordings(bridge.name).mark_due(conn, pairs)
    rest = len(now) - done
    words = f"Tried {len(now)}: {done} went through" + (
        f", {rest} {'is' if rest == 1 else 'are'} refused as before." if rest > 0 else "."
    )
    return words + (f" {len(later)} more are tried by the next push or pull." if later else "")


async def _take_up(bridge: Bridge, item: Refused) -> None:
    """A dropped value may be written again."""
    table, _, column = (item.column or "").rpartition(".")
    key = FieldKey(bridge.name, item.place, item.key, table, column)
    lock = ("record", bridge.name, item.place, item.key)
    async with exclusive(bridge.engine, *lock, max_wait=_PATIENCE) as conn:
        await clear_decline(conn, key, FieldState.REFUSED)
        await conn.commit()


async def drop(bridge: Bridge, items: Sequence[Refused], *, reason: str, actor: str) -> int:
    """Leave these as they are, until the row or what was said changes. How many were dropped."""
    done = 0
    why = _words(reason, actor)
    for stream in dict.fromkeys(item.place for item in items if item.by == SIRO):
        keys = [item.key for item in items if item.by == SIRO and item.place == stream]
        done += await quarantine.drop(bridge, _stream(stream), keys)
        await keep_reason(bridge, _stream(stream), keys, reason=reason, actor=actor)
    for item in items:
        if item.by == CRM and item.column is not None:
            done += await _drop_value(bridge, Model(item.place), item.key, item.column, why)
    return done


async def keep_reason(bridge: Bridge, stream: StreamName, keys: Sequence[str], *, reason: str, actor: str) -> None:
    """Say why these records were dropped."""
    values = {"connection": bridge.name, "stream": stream, "keys": list(keys), "hint": _words(reason, actor)}
    async with bridge.engine.begin() as conn:
        await conn.execute(_KEEP_REASON, values)


def _words(reason: str, actor: str) -> str:
    return f"dropped by {actor}: {' '.join(reason.split())[:300]}"


async def drop_named(
    bridge: Bridge, place: str, keys: Sequence[str], column: str | None, *, reason: str, actor: str
) -> int:
    """The same for records of a stream, or for one `table.column` of CRM records, by their keys.

    Raises FieldnoteError where none of them is refused.
    """
    async with bridge.engine.connect() as conn:
        groups = await refusals(conn, bridge.name)
    wanted = [
        item
        for one in groups
        for item in one.items
        if (item.place, item.column) == (place, column) and item.key in keys
    ]
    if not wanted:
        named = f"{place} {', '.join(keys)}" + (f" {column}" if column else "")
        raise FieldnoteError(f"nothing is refused for {named}", hint="`fieldnote pull` and `fieldnote push` print it.")
    return await drop(bridge, wanted, reason=reason, actor=actor)


async def _drop_value(bridge: Bridge, model: Model, record: str, column: str, why: str) -> int:
    """A value that the CRM refuses is not tried again until something else is said."""
    targets = bridge.config.pull.targets() if bridge.config.pull else {}
    target = targets.get(model.value)
    if target is None:
        return 0
    lock = ("record", bridge.name, model.value, record)
    async with exclusive(bridge.engine, *lock, max_wait=_PATIENCE) as conn:
        work = RecordWork(bridge, conn, None, model, record)
        linked = await Recordings(bridge.name).linked(conn, model, record, datetime.now(UTC))
        usable = [held for held, ownership in linked if readiness.usable(held, ownership)]
        _, fields = await work.said_fields(target, usable, [held for held, _ in linked])
        for one in fields:
            if f"{target.table}.{one.column}" == column and one.said.desired.value is not None:
                await one.writer.decline(one.entry, Value(one.said.desired.value), reason=why)
                await Recordings(bridge.name).mark_due(conn, [(model, record)])
                await work.out.commit()
                return 1
    return 0


def _stream(name: str) -> StreamName:
    match name:
        case "accounts" | "opportunities" | "engagements":
            return name
        case _:
            raise FieldnoteError(f"unknown stream: {name}", hint="Reload the page.")


_KEEP_REASON: Final = text("""
    update sent set hint = :hint
    where connection = :connection and stream = :stream and key = any(cast(:keys as text[])) and state = 'dropped'
""")

_REFUSED: Final[Any] = text("""
    with pushed as (
        select 'siro' as by, s.stream as place, s.key, cast(null as text) as col, s.state,
               coalesce(s.reason, 'interrupted') as reason, s.hint, s.changed_at as since, s.stream as board_stream
        from sent s
        where s.connection = :connection and s.state not in ('sent', 'deleted')
          and s.state = any(cast(:push as text[]))
        order by s.changed_at limit :limit
    ),
    written as (
        select 'crm', f.model, f.record, f.table_name || '.' || f.column_name, f.state,
               coalesce(f.reason, 'interrupted'), null, f.changed_at,
               case f.model when 'engagement' then 'engagements' when 'opportunity' then 'opportunities'
                            else 'accounts' end
        from fields f
        where f.connection = :connection and f.state = any(cast(:pull as text[]))
          and (not :dropped or f.reason like 'dropped by %')
        union all
        select 'crm', n.model, n.record, null, n.state, coalesce(n.reason, 'interrupted'), null, n.changed_at,
               case n.model when 'engagement' then 'engagements' when 'opportunity' then 'opportunities'
                            else 'accounts' end
        from notes n where n.connection = :connection and n.state = 'refused' and not :dropped
        limit :limit
    ),
    found as (table pushed union all table written)
    select f.by, f.place, f.key, f.col, f.state, f.reason, f.hint, f.since, coalesce(b.customer, b.subject) as customer,
           b.rep_id, coalesce(b.rep_name, b.rep_email, b.rep_id) as rep
    from found f
    left join board_records b on b.connection = :connection and b.stream = f.board_stream and b.key = f.key
    where cast(:reps as text[]) is null or b.rep_id = any(cast(:reps as text[]))
    order by f.since, f.place, f.key
""")
