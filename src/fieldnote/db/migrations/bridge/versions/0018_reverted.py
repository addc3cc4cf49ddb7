"""A recording whose writes were all reverted is `reverted`, although another field had its value before."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_RECORDINGS_NOW = """
create or replace view board_recordings_now as
select r.connection, r.recording_id,
       case
           when r.state in ('deleted', 'unlinked') and asked.is_so then 'needs_review'
           when r.state in ('deleted', 'processing', 'stuck', 'unlinked', 'ownership_unknown', 'other_connection',
                            'shared_record') then r.state
           when r.state not in ('waiting', 'incomplete', 'complete') then 'unknown'
           when in_fields.refused or in_notes.refused then 'refused_by_crm'
           when in_fields.missing then 'record_missing'
           when r.state = 'waiting' then 'waiting'
           when r.state = 'incomplete' then 'extraction_failed'
           when asked.is_so then 'needs_review'
           when in_fields.interrupted or in_notes.interrupted or owed.is_so then 'not_written'
           when wrote.written or in_fields.written or in_notes.written then 'written'
           when wrote.reverted or in_fields.reverted or in_notes.reverted then 'reverted'
           when in_fields.there then 'written'
           when in_fields.said or in_notes.removed then 'left_unchanged'
           when r.purged_at is not null then 'purged'
           else 'nothing_said'
       end as state,
       r.started_at,
       case when r.started_at between '0002-01-01' and '9998-12-31'
            then (r.started_at at time zone coalesce(b.zone, 'UTC'))::date end as local_day,
       r.user_id, r.duration_ms,
       array_to_tsvector(board_words(concat_ws(' ', r.recording_id, c.title))) as words
from recordings r
left join board_settings b using (connection)
left join recording_contents c using (connection, recording_id)
left join lateral (
    select bool_or(f.state = 'refused') as refused, bool_or(f.state = 'record_missing') as missing,
           bool_or(f.state = 'interrupted') as interrupted, bool_or(f.state = 'written') as written,
           bool_or(f.state = 'holds') as there,
           bool_or(f.state = 'reverted') as reverted, count(*) > 0 as said
    from recording_links l
    join fields f on f.connection = l.connection and f.model = l.model and f.record = l.record
    where l.connection = r.connection and l.recording_id = r.recording_id
      and (b.columns is null or concat_ws(chr(31), f.model, f.table_name, f.column_name) = any(b.columns))
      and (f.recording_id = r.recording_id or exists (
            select from jsonb_array_elements(case jsonb_typeof(c.extractions) when 'array' then c.extractions end)
                as item
            where lower(btrim(item ->> 'name')) = lower(btrim(f.extraction))
              and coalesce(btrim(item ->> 'value'), '') not in ('', '[]')))
) as in_fields on r.state in ('waiting', 'incomplete', 'complete')
left join lateral (
    select bool_or(n.state = 'refused') as refused, bool_or(n.state = 'interrupted') as interrupted,
           bool_or(n.state in ('written', 'edited')) as written, bool_or(n.state = 'reverted') as reverted,
           bool_or(n.state = 'removed') as removed
    from notes n
    where n.connection = r.connection and n.recording_id = r.recording_id
      and (b.models is null or n.model = any(b.models))
) as in_notes on r.state in ('waiting', 'incomplete', 'complete')
left join lateral (
    select bool_or(w.reverted_at is null and w.action not in ('taken_back', 'withdrawn', 'reverted')) as written,
           bool_or(w.reverted_at is not null) as reverted
    from writes w join recording_links l
        on l.connection = w.connection and l.recording_id = w.recording_id and l.model = w.model and l.record = w.record
    where w.connection = r.connection and w.recording_id = r.recording_id
) as wrote on r.state = 'complete'
left join lateral (
    select exists (select from proposals p where p.connection = r.connection and p.recording_id = r.recording_id
                   and p.state = 'open') as is_so
) as asked on true
left join lateral (
    select exists (
        select from recording_links l join due d using (connection, model, record)
        where l.connection = r.connection and l.recording_id = r.recording_id
          and (b.models is null or d.model = any(b.models))) as is_so
) as owed on r.state = 'complete'
"""


def upgrade() -> None:
    op.execute(sa.text(_RECORDINGS_NOW.replace(":", r"\:")))
    op.execute("select board_rebuild(name) from connections")
