"""Takes a person's words out of Fieldnote's own database. That something was written, when and where, stays."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.push.attempts import Attempts
from fieldnote.bridge.recording import Model
from fieldnote.bridge.session import Bridge
from fieldnote.crm.copies import KeepsCopies
from fieldnote.erasure_receipt import Remaining
from fieldnote.errors import FieldnoteError
from fieldnote.mapping.records import StreamName
from fieldnote.phones import whole_phone_key

_MAX_WAIT = 60.0
_STREAMS: Final[tuple[StreamName, ...]] = get_args(StreamName)
_NESTED: Final = ("opportunity", "account", "contact", "lead")
_IMPERSONAL: Final = frozenset({
    "externalId", "startTime", "endTime", "deletedAt", "engagementType", "activityType", "disposition", "amount",
    "closedAt", "integrationConnectionId", "engagementUsers", "opportunityUsers", "shareOfSale", "isPrimary",
})  # fmt: skip
"""The part of a pushed payload that is kept: without it, a deletion in the CRM would not reach Siro."""


_REMAINS: Final = (
    Remaining("the CRM", "its records, and the fields and notes that were written", "you erase them there"),
    Remaining("Siro", "the recording, its transcript and what was pushed", "you erase it there"),
    Remaining("backups", "everything, as of their time", "the backups' retention ends"),
)


_READ_AGAIN: Final = Remaining(
    "copies of the CRM's tables",
    "nothing now, but the next push copies the CRM's rows again",
    "you erase them in the CRM",
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The erased data, and the remaining data."""

    recordings: int
    """The recordings whose title, summary and extracted values are gone, and are not fetched again."""
    fields: int
    """CRM fields of which the values known here are gone: the CRM's values count as a person's from now on."""
    writes: int
    """Writes whose value before, value after, words and quote are gone."""
    proposals: int
    """Proposals whose values, words and quote are gone; those that were open are closed."""
    matches: int = 0
    """Recordings whose reasons for a match are gone."""
    pushed: int = 0
    """Pushed records of which only ids and times are kept."""
    hooks: int = 0
    """Rows that a CRM's webhook brought and no push has read yet."""
    landed: int = 0
    """Tables with copies of the CRM's rows (driver rest or files) that were dropped. The next push reads them again."""
    remains: tuple[Remaining, ...] = _REMAINS

    @property
    def is_empty(self) -> bool:
        return not any(
            (self.recordings, self.fields, self.writes, self.proposals, self.matches, self.pushed, self.hooks)
        )


async def forget(
    bridge: Bridge,
    *,
    recording_id: str | None = None,
    model: Model | None = None,
    record: str | None = None,
    account: str | None = None,
    person: str | None = None,
) -> Receipt:
    """Forget what was said in one recording, or in all that are linked to one CRM record, and what became of it.

    `account` is the CRM's id of a customer, `person` a customer's email or phone: then all pushed records that name
    them are forgotten too. Neither Siro nor the CRM is changed. Raises FieldnoteError if nothing of it is known here.
    """
    values: dict[str, Any] = {"connection": bridge.name, "recording": recording_id, "models": [], "records": []}
    values |= _search(account, person)
    async with AsyncExitStack() as locks:
        named = f"recording {recording_id}"
        pushed: list[tuple[str, str]] = []
        if account is not None or person is not None:
            named = f"account {account}" if account is not None else f"person {person}"
            for stream in _STREAMS:
                await locks.enter_async_context(
                    exclusive(bridge.engine, "push", bridge.name, stream, max_wait=_MAX_WAIT)
                )
                async with bridge.engine.begin() as conn:  # what killed pushes left is searched and reduced, too
                    await Attempts(bridge.name, stream).take_up(conn)
            pushed, records = await _pushed(bridge, account, person)
            values["models"], values["records"] = [one for one, _ in records], [one for _, one in records]
        elif model is not None:
            named = f"{model.value} {record}"
            values["models"], values["records"] = [model.value], [record]
        await _lock_records(bridge, locks, values)
        return await _erase(bridge, values, pushed, named, copies=recording_id is None)


async def _pushed(
    bridge: Bridge, account: str | None, person: str | None
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The pushed records that name a customer, by stream and key; and the CRM records that they and it are."""
    found: set[tuple[str, str]] = {("account", account)} if account is not None else set()
    keys: list[tuple[str, str]] = []
    async with bridge.engine.connect() as conn:
        rows = await conn.execute(_NAMING, _search(account, person) | {"connection": bridge.name})
        for row in rows:
            keys.append((row.stream, row.key))
            found.add((row.stream.removesuffix("s").replace("opportunitie", "opportunity"), row.key))
            for payload in (row.payload or {}, row.attempted or {}):
                for kind in _NESTED:
                    nested = payload.get(kind)
                    if isinstance(nested, dict) and nested.get("externalId"):
                        found.add((kind, str(nested["externalId"])))
    return keys, sorted(found)


def _search(account: str | None, person: str | None) -> dict[str, Any]:
    named = (person or "").strip()
    return {
        "account": account,
        "email": named.lower() if "@" in named else None,
        "phone": whole_phone_key(named),
    }


def _impersonal(payload: Any) -> Any:
    """A pushed payload without names, addresses, numbers and texts."""
    if isinstance(payload, list):
        return [_impersonal(item) for item in payload]
    if not isinstance(payload, dict):
        return payload
    return {
        name: _impersonal(value)
        for name, value in payload.items()
        if name in _IMPERSONAL or (name in _NESTED and isinstance(value, dict))
    }


async def _lock_records(bridge: Bridge, locks: AsyncExitStack, values: dict[str, Any]) -> None:
    """Lock the records concerned: a pull that has read the words must not write them after they were erased.

    Looks again after locking, as a pull may have added a record meanwhile. Raises `Busy`.
    """
    locked: set[tuple[str, str]] = set()
    while True:
        async with bridge.engine.connect() as conn:
            values["ids"] = list((await conn.scalars(_RECORDINGS, values)).all())
            concerned = {(row.model, row.record) for row in await conn.execute(_RECORDS, values)}
        if concerned <= locked:
            return
        for name in sorted(concerned - locked):
            await locks.enter_async_context(exclusive(bridge.engine, "record", bridge.name, *name, max_wait=_MAX_WAIT))
            locked.add(name)


async def _erase(
    bridge: Bridge, values: dict[str, Any], pushed: list[tuple[str, str]], named: str, *, copies: bool
) -> Receipt:
    """`copies`: also the driver's copies of the CRM's rows, as it is a customer or a record that is forgotten."""
    crm = bridge.crm if copies and isinstance(bridge.crm, KeepsCopies) else None
    async with bridge.engine.begin() as conn:
        receipt = Receipt(
            recordings=await _count(conn, _FORGET_RECORDINGS, values),
            fields=await _count(conn, _FORGET_FIELDS, values),
            writes=await _count(conn, _FORGET_WRITES, values),
            proposals=await _count(conn, _FORGET_PROPOSALS, values),
            matches=await _count(conn, _FORGET_MATCHES, values),
            pushed=await _reduce(conn, bridge.name, pushed),
            hooks=await _count(conn, _FORGET_HOOKS, values | _keys(pushed)),
        )
        await conn.execute(_CLOSE_PROPOSALS, values)
        for statement in _FORGET_REASONS:
            await conn.execute(statement, values | _keys(pushed))
        whom = values["email"] or values["phone"]
        in_copies = crm is not None and whom is not None and await asyncio.to_thread(crm.copies_name, whom)
        if not values["ids"] and receipt.is_empty and not in_copies:
            raise FieldnoteError(f"no data stored for {named}", hint="Check the id; its case matters.")
        await _reduce_attempts(conn, bridge.name, pushed)
        await conn.execute(_FORGET_CONTENTS, values)
        await conn.execute(_FORGET_SENDS, values | _keys(pushed))
        await conn.execute(_FORGET_GAPS, _keys(pushed) | {"connection": bridge.name})
        await conn.execute(_REFRESH_BOARD, {"connection": bridge.name})
        await conn.execute(_FORGET_TRANSCRIPTS, values)
        if crm is not None:
            dropped = await asyncio.to_thread(crm.drop_copies)
            receipt = replace(receipt, landed=dropped, remains=(*receipt.remains, _READ_AGAIN))
    return receipt


async def _reduce(conn: AsyncConnection, connection: str, pushed: list[tuple[str, str]]) -> int:
    """Keep only what is not personal of pushed records. How many were changed."""
    rows = (await conn.execute(_READ_SENT, _keys(pushed) | {"connection": connection})).all()
    count = 0
    for row in rows:
        reduced = [_impersonal(part) for part in (row.payload, row.attempted, row.uncleared)]
        if reduced != [row.payload, row.attempted, row.uncleared]:
            texts = [None if part is None else json.dumps(part) for part in reduced]
            values = dict(zip(("payload", "attempted", "uncleared"), texts, strict=True))
            await conn.execute(_WRITE_SENT, values | {"connection": connection, "stream": row.stream, "key": row.key})
            count += 1
    return count


async def _reduce_attempts(conn: AsyncConnection, connection: str, pushed: list[tuple[str, str]]) -> None:
    """The same for calls of a hook that are in flight, or whose process was killed a moment ago."""
    for row in (await conn.execute(_READ_ATTEMPTS, _keys(pushed) | {"connection": connection})).all():
        items = [
            item | {"payload": _impersonal(item["payload"])} if (row.stream, item["key"]) in pushed else item
            for item in json.loads(row.records)
        ]
        await conn.execute(_WRITE_ATTEMPT, {"id": row.id, "records": json.dumps(items)})


def _keys(pushed: list[tuple[str, str]]) -> dict[str, Any]:
    return {"streams": [stream for stream, _ in pushed], "keys": [key for _, key in pushed]}


async def _count(conn: AsyncConnection, statement: Any, values: dict[str, Any]) -> int:
    return int((await conn.execute(statement, values)).rowcount)


_RECORDINGS = text("""
    select distinct r.recording_id from recordings r
    left join recording_links l using (connection, recording_id)
    where r.connection = :connection
      and (r.recording_id = cast(:recording as text)
           or (l.model, l.record) in (select * from unnest(cast(:models as text[]), cast(:records as text[]))))
""")

_RECORDS = text("""
    select model, record from recording_links
    where connection = :connection and recording_id = any(cast(:ids as text[]))
    union
    select model, record from fields
    where connection = :connection and recording_id = any(cast(:ids as text[]))
    union
    select * from unnest(cast(:models as text[]), cast(:records as text[]))
""")

_FORGET_RECORDINGS = text("""
    update recordings set forgotten_at = coalesce(forgotten_at, now()), latitude = null, longitude = null
    where connection = :connection and recording_id = any(cast(:ids as text[]))
      and (forgotten_at is null or latitude is not null or longitude is not null)
""")

_FORGET_TRANSCRIPTS = text("""
    delete from recording_transcripts where connection = :connection and recording_id = any(cast(:ids as text[]))
""")

_FORGET_CONTENTS = text("""
    delete from recording_contents where connection = :connection and recording_id = any(cast(:ids as text[]))
""")

# Of a recording: what came from it. Of a record: all that was written there.
_CONCERNED = """
    connection = :connection
    and (recording_id = any(cast(:ids as text[]))
         or (model, record) in (select * from unnest(cast(:models as text[]), cast(:records as text[]))))
"""

# A field that was not written names no recording: it is about all that are linked to its record.
_FIELDS = f"""
    ({_CONCERNED} or connection = :connection and recording_id is null and (model, record) in (
        select model, record from recording_links
         where connection = :connection and recording_id = any(cast(:ids as text[]))))
"""  # noqa: S608

_FORGET_FIELDS = text(f"""
    delete from field_values where (connection, model, record, table_name, column_name) in (
        select connection, model, record, table_name, column_name from fields where {_FIELDS})
""")  # noqa: S608 - from our own words; every value is bound

_FORGET_WRITES = text(f"""
    delete from write_values where write_id in (select id from writes where {_CONCERNED})
""")  # noqa: S608

_FORGET_PROPOSALS = text(f"""
    delete from proposal_values where proposal_id in (select id from proposals where {_CONCERNED})
""")  # noqa: S608

_CLOSE_PROPOSALS = text(f"""
    update proposals set state = 'superseded', closed_at = now()
    where state in ('open', 'shadow') and {_CONCERNED}
""")  # noqa: S608

_FORGET_MATCHES = text("""
    update matches set reasons = '[]', others = '[]'
    where connection = :connection and recording_id = any(cast(:ids as text[]))
      and (reasons <> '[]' or others <> '[]')
""")


def _names(payload: str) -> str:
    """Whether the payload in this column names the customer."""
    return f"""
    (cast(:account as text) is not null
     and ({payload} -> 'account' ->> 'externalId' = :account or stream = 'accounts' and key = :account)
     or cast(:email as text) is not null and exists (
            select from jsonb_path_query(cast({payload} as jsonb), '$.**.emailAddresses[*]') as given (value)
             where lower(trim(given.value #>> '{{}}')) = :email)
     or cast(:phone as text) is not null and exists (
            select from jsonb_path_query(cast({payload} as jsonb), '$.**.phoneNumbers[*]') as given (value)
             where right(regexp_replace(given.value #>> '{{}}', '[^0-9]', '', 'g'), 10) = :phone))
"""  # noqa: S608 - our own column


# A call without an answer may have brought what the last confirmed one did not have.
_NAMING = text(f"""
    select stream, key, payload, attempted from sent
    where connection = :connection and ({_names("payload")} or {_names("attempted")})
    order by stream, key
""")  # noqa: S608

_PAIRS = "(stream, key) in (select * from unnest(cast(:streams as text[]), cast(:keys as text[])))"

_READ_SENT = text(f"""
    select stream, key, payload, attempted, uncleared from sent where connection = :connection and {_PAIRS} for update
""")  # noqa: S608

_WRITE_SENT = text("""
    update sent set payload = cast(:payload as json), attempted = cast(:attempted as json),
                    uncleared = cast(:uncleared as json)
    where connection = :connection and stream = :stream and key = :key
""")

_READ_ATTEMPTS = text("""
    select id, stream, records from attempts
    where connection = :connection and stream = any(cast(:streams as text[])) for update
""")

_WRITE_ATTEMPT = text("update attempts set records = :records where id = :id")

# Also a row that was never pushed. One too many does no harm: its record is looked up in the CRM.
_FORGET_HOOKS = text(f"""
    update hooks set row = null
    where connection = :connection and row is not null
      and ({_PAIRS} or exists (
            select from jsonb_path_query(cast(row as jsonb), '$.**') as given (value)
             where given.value #>> '{{}}' = cast(:account as text)
                or lower(trim(given.value #>> '{{}}')) = cast(:email as text)
                or right(regexp_replace(given.value #>> '{{}}', '[^0-9]', '', 'g'), 10) = cast(:phone as text)))
""")  # noqa: S608

_FORGET_SENDS = text(f"""
    delete from sends where connection = :connection and ({_PAIRS} or {_names("payload")})
""")  # noqa: S608

# Reasons may quote the value that was refused.
_FORGET_REASONS = (
    *(
        text(f"update {table} set reason = 'erased' where {concerned} and reason is not null")  # noqa: S608 - our own
        for table, concerned in (("fields", _FIELDS), ("notes", _CONCERNED), ("proposals", _CONCERNED))
    ),
    text("""
        update due set cause = null
        where connection = :connection and cause is not null and ((model, record) in (
            select * from unnest(cast(:models as text[]), cast(:records as text[])) union
            select model, record from recording_links
             where connection = :connection and recording_id = any(cast(:ids as text[]))))
    """),
    text("""
        update matches set problem = null
        where connection = :connection and recording_id = any(cast(:ids as text[])) and problem is not null
    """),
    text(f"""
        update sent set reason = 'erased', hint = null
        where connection = :connection and {_PAIRS} and (reason is not null or hint is not null)
    """),  # noqa: S608
)

_FORGET_GAPS = text("""
    update gaps set note = null where connection = :connection and ('engagements', key) in (
        select * from unnest(cast(:streams as text[]), cast(:keys as text[])))
""")

_REFRESH_BOARD = text("select board_refresh(:connection)")
