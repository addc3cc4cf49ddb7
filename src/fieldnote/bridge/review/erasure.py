"""Takes a person's words out of Fieldnote's own database. That something was written, when and where, stays."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.recording import Model
from fieldnote.bridge.session import Bridge
from fieldnote.errors import FieldnoteError

_MAX_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was taken out."""

    recordings: int
    """Whose title, summary and extracted values are gone, and are not fetched again."""
    fields: int
    """CRM fields of which the values known here are gone: the CRM's values count as a person's from now on."""
    writes: int
    """Writes whose value before, value after, words and quote are gone."""
    proposals: int
    """Proposals whose values, words and quote are gone; those that were open are closed."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


async def forget(
    bridge: Bridge, *, recording_id: str | None = None, model: Model | None = None, record: str | None = None
) -> Receipt:
    """Forget what was said in one recording, or in all that are linked to one CRM record, and what became of it.

    Neither Siro nor the CRM is changed, nor what was pushed of the record. Raises FieldnoteError if nothing of
    it is known here.
    """
    which = {"recording": recording_id, "model": model and model.value, "record": record}
    values: dict[str, Any] = {"connection": bridge.name, **which}
    async with AsyncExitStack() as locks:
        await _lock_records(bridge, locks, values)
        return await _erase(bridge, values)


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


async def _erase(bridge: Bridge, values: dict[str, Any]) -> Receipt:
    async with bridge.engine.begin() as conn:
        ids = values["ids"]
        receipt = Receipt(
            recordings=await _count(conn, _FORGET_RECORDINGS, values),
            fields=await _count(conn, _FORGET_FIELDS, values),
            writes=await _count(conn, _FORGET_WRITES, values),
            proposals=await _count(conn, _FORGET_PROPOSALS, values),
        )
        await conn.execute(_CLOSE_PROPOSALS, values)
        if not ids and receipt == Receipt(0, 0, 0, 0):
            what = (
                f"recording {values['recording']}" if values["recording"] else f"{values['model']} {values['record']}"
            )
            raise FieldnoteError(f"nothing is known here of {what}", hint="Check the id; it is case-sensitive.")
        await conn.execute(_FORGET_CONTENTS, values)
    return receipt


async def _count(conn: AsyncConnection, statement: Any, values: dict[str, Any]) -> int:
    return int((await conn.execute(statement, values)).rowcount)


_RECORDINGS = text("""
    select distinct r.recording_id from recordings r
    left join recording_links l using (connection, recording_id)
    where r.connection = :connection
      and (r.recording_id = cast(:recording as text)
           or l.model = cast(:model as text) and l.record = cast(:record as text))
""")

_RECORDS = text("""
    select model, record from recording_links
    where connection = :connection and recording_id = any(cast(:ids as text[]))
    union
    select model, record from fields
    where connection = :connection and recording_id = any(cast(:ids as text[]))
    union
    select cast(:model as text), cast(:record as text) where cast(:record as text) is not null
""")

_FORGET_RECORDINGS = text("""
    update recordings set forgotten_at = now()
    where connection = :connection and recording_id = any(cast(:ids as text[])) and forgotten_at is null
""")

_FORGET_CONTENTS = text("""
    delete from recording_contents where connection = :connection and recording_id = any(cast(:ids as text[]))
""")

# Of a recording: what came from it. Of a record: all that was written there.
_CONCERNED = """
    connection = :connection
    and (recording_id = any(cast(:ids as text[])) or model = cast(:model as text) and record = cast(:record as text))
"""

_FORGET_FIELDS = text(f"""
    delete from field_values where (connection, model, record, table_name, column_name) in (
        select connection, model, record, table_name, column_name from fields where {_CONCERNED})
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
