"""The state of each field as one recording left it. The ledger keeps one state a field, of all its recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field of a record that a recording is linked to."""

    model: str
    record: str
    extraction: str
    table: str
    column: str
    state: str
    """A key of `explain_words.FIELDS`."""
    at: datetime
    reason: str | None


async def own_fields(conn: AsyncConnection, connection: str, recording_id: str) -> Sequence[OwnField]:
    """The fields of the records that a recording is linked to, each as this recording left it."""
    values = {"connection": connection, "recording": recording_id}
    return [OwnField(*row) for row in await conn.execute(_OWN, values)]


_OWN: Final = text("""
with own as (
    select f.model, f.record, f.extraction, f.table_name, f.column_name, f.reason, f.changed_at, f.state as field_state,
           case
               when p.state = 'open' then case p.kind when 'unclear' then 'unconverted' else 'proposed' end
               when w.reverted_at is not null then 'reverted'
               when w.id is not null and f.state in ('taken_back', 'refused', 'record_missing', 'interrupted')
                   then f.state
               when w.action = 'edited' then 'edited'
               when later.id is not null then 'replaced'
               when w.id is not null then 'written'
               when p.state = 'rejected' then 'declined'
               when f.state in ('proposed', 'unconverted', 'declined', 'reverted', 'taken_back')
                    or coalesce(f.recording_id, :recording) <> :recording
                   then 'passed_over'
               else f.state
           end as state,
           coalesce(case p.state when 'open' then p.created_at end, w.reverted_at, w.written_at, p.closed_at) as at
      from recording_links l
      join fields f using (connection, model, record)
      left join lateral (
           select * from proposals p
            where p.connection = f.connection and p.model = f.model and p.record = f.record
              and p.table_name = f.table_name and p.column_name = f.column_name and p.recording_id = :recording
              and p.state in ('open', 'rejected', 'approved', 'edited')
            order by p.state = 'open' desc, p.id desc limit 1) as p on true
      left join lateral (
           select * from writes w
            where w.connection = f.connection and w.model = f.model and w.record = f.record and w.kind = 'field'
              and w.table_name = f.table_name and w.column_name = f.column_name and w.recording_id = :recording
              and w.action in ('written', 'approved', 'edited')
            order by w.id desc limit 1) as w on true
      left join lateral (
           select x.id from writes x
            where x.connection = f.connection and x.model = f.model and x.record = f.record and x.kind = 'field'
              and x.table_name = f.table_name and x.column_name = f.column_name and x.id > w.id
              and x.reverted_at is null and x.action in ('written', 'approved', 'edited')
            order by x.id limit 1) as later on true
     where l.connection = :connection and l.recording_id = :recording and f.extraction is not null
)
select model, record, extraction, table_name, column_name, state, coalesce(at, changed_at) as at,
       case when state = field_state then reason end as reason
  from own order by table_name, column_name
""")
