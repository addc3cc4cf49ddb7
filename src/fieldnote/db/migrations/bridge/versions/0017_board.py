"""The board: indexed copies of what status and console count and search.

`board_records` has a row for each pushed record, `board_recordings` one for each recording. The views
`board_records_now` and `board_recordings_now` compute both from the ledger. Triggers mark what changed, in the
transaction of the cause; `board_refresh` copies what is marked, and every reader calls it first. To copy in the
triggers would double the database's share of a first push.
"""
# ruff: noqa: S608

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

revision = "0017"
down_revision = "0016"

_NAME = sa.String(63)


def _connection(**more: object) -> sa.Column[str]:
    return sa.Column("connection", _NAME, nullable=False, **more)  # type: ignore[arg-type]


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _words() -> sa.Column[object]:
    return sa.Column("words", TSVECTOR, nullable=False, server_default="")


def _tables() -> None:
    op.create_table(
        "board_settings",
        _connection(primary_key=True),
        sa.Column("models", ARRAY(sa.Text), nullable=False),
        sa.Column("columns", ARRAY(sa.Text), nullable=False),
        sa.Column("zone", sa.Text),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], ondelete="CASCADE", name="fk_board_settings_connections"
        ),
    )
    op.create_table(
        "board_records",
        _connection(primary_key=True),
        sa.Column("stream", _NAME, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("state", _NAME, nullable=False),
        _moment("since", nullable=False),
        _moment("starts_at"),
        _moment("ends_at"),
        sa.Column("local_day", sa.Date),
        sa.Column("rep_id", sa.Text),
        sa.Column("rep_email", sa.Text),
        sa.Column("rep_name", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("customer", sa.Text),
        sa.Column("account_id", sa.Text),
        sa.Column("deal_id", sa.Text),
        sa.Column("amount", sa.Numeric),
        sa.Column("phones", ARRAY(sa.Text)),
        _words(),
    )
    op.create_index("ix_board_records_day", "board_records", ["connection", "stream", "local_day"])
    op.create_index("ix_board_records_words", "board_records", ["words"], postgresql_using="gin")
    op.create_index(
        "ix_board_records_open",
        "board_records",
        ["connection", "stream", "state"],
        postgresql_where=sa.text("state not in ('expected', 'cancelled')"),
    )
    op.create_table(
        "board_recordings",
        _connection(primary_key=True),
        sa.Column("recording_id", sa.Text, primary_key=True),
        sa.Column("state", _NAME, nullable=False),
        _moment("started_at", nullable=False),
        sa.Column("local_day", sa.Date),
        sa.Column("user_id", sa.Text),
        sa.Column("duration_ms", sa.BigInteger),
        _words(),
    )
    op.create_index("ix_board_recordings_started", "board_recordings", ["connection", "started_at"])
    op.create_index("ix_board_recordings_state", "board_recordings", ["connection", "state", "started_at"])
    op.create_index("ix_board_recordings_words", "board_recordings", ["words"], postgresql_using="gin")
    op.create_table(
        "board_stale",
        _connection(),
        sa.Column("stream", _NAME, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
    )
    op.create_table(
        "sends",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        _connection(),
        sa.Column("stream", _NAME, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        _moment("at", nullable=False),
        sa.Column("state", _NAME, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("payload", sa.JSON(none_as_null=True)),
    )
    op.create_index("ix_sends_record", "sends", ["connection", "stream", "key", "at"])
    op.create_index("ix_sends_age", "sends", ["connection", "at"])
    op.create_table(
        "gaps",
        _connection(primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("reason", _NAME, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.ForeignKeyConstraint(["connection"], ["connections.name"], ondelete="CASCADE", name="fk_gaps_connections"),
    )
    op.create_table(
        "siro_users",
        _connection(primary_key=True),
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("email", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("team", sa.Text),
        sa.Column("coaches", ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], ondelete="CASCADE", name="fk_siro_users_connections"
        ),
    )
    op.create_table(
        "board_reps",
        _connection(primary_key=True),
        sa.Column("rep_id", sa.Text, primary_key=True),
        sa.Column("email", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("user_id", sa.Text),
        sa.Column("method", _NAME, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("ignored", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], ondelete="CASCADE", name="fk_board_reps_connections"
        ),
    )
    op.create_table(
        "mobile_events",
        _connection(primary_key=True),
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("event", JSONB, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("recording_id", sa.Text),
        sa.ForeignKeyConstraint(
            ["connection"], ["connections.name"], ondelete="CASCADE", name="fk_mobile_events_connections"
        ),
    )
    op.create_index("ix_mobile_events_at", "mobile_events", ["connection", "at"])
    op.create_index("ix_mobile_events_recording", "mobile_events", ["connection", "recording_id"])
    op.add_column("recordings", sa.Column("is_private", sa.Boolean))


# Words as they are searched for: without accents, case and signs. Both sides use it.
_FOLD = r"""
create function board_words(given text) returns text[] language sql immutable strict parallel safe as $$
    select array_remove(string_to_array(translate(left(lower(
        case when given ~ '[^\u0001-\u007f]' then regexp_replace(normalize(given, nfkd), '[\u0300-\u036f]', '', 'g')
             else given end), 2000),
        E'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~\t\r\n\u00a0', repeat(' ', 36)), ' '), '')
$$
"""

# Ten digits a number, as `fieldnote.phones` compares them.
_PHONES = r"""
create function board_phones(given json) returns text[] language sql immutable strict parallel safe as $$
    select array_agg(right(digits, 10)) from (
        select regexp_replace(value, '[^0-9]', '', 'g') as digits
        from json_array_elements_text(case json_typeof(given) when 'array' then given else '[]' end)
    ) as numbers where length(digits) >= 7
$$
"""

# The names of the keys are no words.
_ADDRESSES = r"""
create function board_texts(given json) returns text language sql immutable strict parallel safe as $$
    select regexp_replace(given::text, '"[A-Za-z0-9]+"\s*:', ' ', 'g')
$$
"""

_RECORDS_NOW = """
create view board_records_now as
select s.connection, s.stream, s.key,
       case
           when s.state in ('refused', 'unmapped') then 'quarantined'
           when s.state in ('dropped', 'pending_deletion') then s.state
           when s.state = 'pending' then 'not_sent'
           when s.state = 'deleted' then 'cancelled'
           when s.state <> 'sent' or s.payload is null then 'unknown'
           when s.is_deleted or p."deletedAt" is not null then 'cancelled'
           else 'expected'
       end as state,
       case when s.state = 'sent' then coalesce(p."startTime", s.changed_at) else s.changed_at end as since,
       p."startTime" as starts_at, coalesce(p."endTime", p."startTime" + interval '1 hour') as ends_at,
       case when p."startTime" between '0002-01-01' and '9998-12-31'
            then (p."startTime" at time zone coalesce(b.zone, 'UTC'))::date end as local_day,
       rep.id as rep_id, rep.email as rep_email, rep.name as rep_name,
       coalesce(p.subject, p.name) as subject,
       coalesce(p.account ->> 'name', p.contact ->> 'name', p.lead ->> 'name',
                case s.stream when 'accounts' then p.name end) as customer,
       case s.stream when 'accounts' then s.key else p.account ->> 'externalId' end as account_id,
       case s.stream when 'opportunities' then s.key else p.opportunity ->> 'externalId' end as deal_id,
       p.amount, nullif(found.phones, '{}') as phones,
       array_to_tsvector(board_words(concat_ws(' ', s.key, p.subject, p.name, p.account ->> 'name',
           p.contact ->> 'name', p.lead ->> 'name',
           p.account ->> 'externalId', p.opportunity ->> 'externalId', p.opportunity ->> 'name',
           rep.id, rep.email, rep.name, board_texts(p.addresses), board_texts(p.account -> 'addresses'),
           board_texts(p.contact -> 'addresses'), board_texts(p.lead -> 'addresses'))) || found.phones) as words
from sent s
left join board_settings b using (connection)
left join lateral json_to_record(s.payload) as p (
    "startTime" timestamptz, "endTime" timestamptz, "deletedAt" text, subject text, name text, amount numeric,
    account json, contact json, lead json, opportunity json, addresses json, "phoneNumbers" json,
    "engagementUsers" json, "opportunityUsers" json) on true
left join lateral (
    select child ->> 'externalId' as id, child ->> 'email' as email, child ->> 'name' as name
    from json_array_elements(coalesce(p."engagementUsers", p."opportunityUsers"))
        with ordinality as children (child, place)
    where child ->> 'deletedAt' is null order by place limit 1
) as rep on true
cross join lateral (
    select coalesce(board_phones(p."phoneNumbers"), '{}') || coalesce(board_phones(p.account -> 'phoneNumbers'), '{}')
           || coalesce(board_phones(p.contact -> 'phoneNumbers'), '{}')
           || coalesce(board_phones(p.lead -> 'phoneNumbers'), '{}') as phones offset 0
) as found
"""

_RECORDINGS_NOW = """
create view board_recordings_now as
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
           bool_or(f.state = 'interrupted') as interrupted, bool_or(f.state in ('written', 'holds')) as written,
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

_COPY_RECORDS = """
with gone as (
    delete from board_stale where connection = which and stream <> 'recordings' returning stream, key
), marked as materialized (
    select distinct stream, key from gone
)
insert into board_records
select one.* from marked m cross join lateral (
    select v.* from board_records_now v where v.connection = which and v.stream = m.stream and v.key = m.key limit 1
) as one
on conflict (connection, stream, key) do update
set state = excluded.state, since = excluded.since, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
    local_day = excluded.local_day, rep_id = excluded.rep_id, rep_email = excluded.rep_email,
    rep_name = excluded.rep_name, subject = excluded.subject, customer = excluded.customer,
    account_id = excluded.account_id, deal_id = excluded.deal_id, amount = excluded.amount, phones = excluded.phones,
    words = excluded.words
where board_records is distinct from excluded
"""

_COPY_RECORD = """
insert into board_records
select v.* from board_records_now v where v.connection = which and v.stream = item.stream and v.key = item.key
"""

_COPY_RECORDINGS = """
with gone as (
    delete from board_stale where connection = which and stream = 'recordings' returning key
), marked as materialized (
    select distinct key from gone
)
insert into board_recordings
select one.* from marked m cross join lateral (
    select v.* from board_recordings_now v where v.connection = which and v.recording_id = m.key limit 1
) as one
on conflict (connection, recording_id) do update
set state = excluded.state, started_at = excluded.started_at, local_day = excluded.local_day,
    user_id = excluded.user_id, duration_ms = excluded.duration_ms, words = excluded.words
where board_recordings is distinct from excluded
"""

# An earlier send is kept when the next one is confirmed, and a failed one at once.
_ON_SENT = """
create function board_on_sent() returns trigger language plpgsql set search_path from current as $$
begin
    if tg_op = 'DELETE' then
        insert into board_stale select connection, stream, key from old_rows;
        return null;
    end if;
    insert into board_stale select connection, stream, key from new_rows;
    if tg_op = 'UPDATE' then
        insert into sends (connection, stream, key, at, state, payload)
        select o.connection, o.stream, o.key, o.sent_at, 'sent', o.payload
        from old_rows o join new_rows n using (connection, stream, key)
        where o.sent_at is not null and n.sent_at is distinct from o.sent_at;
        insert into sends (connection, stream, key, at, state, reason, payload)
        select n.connection, n.stream, n.key, now(), n.state, n.reason, n.attempted
        from old_rows o join new_rows n using (connection, stream, key)
        where n.state in ('refused', 'unmapped', 'pending') and n.reason is not null
          and (o.state, o.reason) is distinct from (n.state, n.reason);
    end if;
    return null;
end $$
"""

# A value that cannot be read costs its own row its facts, and no other row anything. `limit 1` keeps each look-up a
# look-up by key, whatever the planner knows of tables that are new.
_REFRESH = f"""
create function board_refresh(which text) returns void language plpgsql
set search_path from current set enable_seqscan = off set plan_cache_mode = force_custom_plan as $$
declare
    item record;
begin
    if not exists (select from board_stale where connection = which) then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('board/' || which, 8));
    delete from board_records b using board_stale m
    where m.connection = which and b.connection = which and b.stream = m.stream and b.key = m.key
      and not exists (select from sent s where s.connection = which and s.stream = m.stream and s.key = m.key);
    delete from board_recordings b using board_stale m
    where m.connection = which and m.stream = 'recordings' and b.connection = which and b.recording_id = m.key
      and not exists (select from recordings r where r.connection = which and r.recording_id = m.key);
    {_COPY_RECORDINGS};
    begin
        {_COPY_RECORDS};
    exception when data_exception or program_limit_exceeded then
        for item in
            with gone as (
                delete from board_stale where connection = which and stream <> 'recordings' returning stream, key)
            select distinct s.stream, s.key, s.changed_at
            from gone join sent s on s.connection = which and s.stream = gone.stream and s.key = gone.key
        loop
            delete from board_records where connection = which and stream = item.stream and key = item.key;
            begin
                {_COPY_RECORD};
            exception when data_exception or program_limit_exceeded then
                insert into board_records (connection, stream, key, state, since)
                values (which, item.stream, item.key, 'unknown', item.changed_at);
            end;
        end loop;
    end;
end $$
"""

_MARK_RECORDING = """
create function board_mark_recording() returns trigger language plpgsql set search_path from current as $$
declare
    changed record;
begin
    if tg_op = 'DELETE' then changed := old; else changed := new; end if;
    if changed.recording_id is not null then
        insert into board_stale values (changed.connection, 'recordings', changed.recording_id);
    end if;
    return null;
end $$
"""

_MARK_LINKED = """
create function board_mark_linked() returns trigger language plpgsql set search_path from current as $$
declare
    changed record;
begin
    if tg_op = 'DELETE' then changed := old; else changed := new; end if;
    insert into board_stale
    select l.connection, 'recordings', l.recording_id from recording_links l
    where l.connection = changed.connection and l.model = changed.model and l.record = changed.record;
    return null;
end $$
"""

_REBUILD = """
create function board_rebuild(which text) returns void language plpgsql set search_path from current as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('board/' || which, 8));
    delete from board_stale where connection = which;
    delete from board_records where connection = which;
    delete from board_recordings where connection = which;
    insert into board_stale select connection, stream, key from sent where connection = which;
    insert into board_stale select connection, 'recordings', recording_id from recordings where connection = which;
    perform board_refresh(which);
end $$
"""

_FORGET = """
create function board_forget() returns trigger language plpgsql set search_path from current as $$
begin
    delete from board_records where connection = old.name;
    delete from board_recordings where connection = old.name;
    delete from board_stale where connection = old.name;
    delete from sends where connection = old.name;
    return null;
end $$
"""

# Columns of which only some count: an intent or a try more changes no state.
_MARKS = {
    "recordings": ("recording", "state, purged_at, started_at, user_id, duration_ms"),
    "recording_contents": ("recording", "title, extractions"),
    "recording_links": ("recording", None),
    "notes": ("recording", "state"),
    "writes": ("recording", "reverted_at"),
    "proposals": ("recording", "state"),
    "fields": ("linked", "state, recording_id, extraction"),
    "due": ("linked", None),
}


def upgrade() -> None:
    _tables()
    for statement in (
        _FOLD, _PHONES, _ADDRESSES, _RECORDS_NOW, _RECORDINGS_NOW, _ON_SENT, _MARK_RECORDING, _MARK_LINKED, _REFRESH,
        _REBUILD, _FORGET,
    ):  # fmt: skip
        op.execute(sa.text(statement.replace(":", r"\:")))
    op.execute(
        "create trigger forget_sent_board after delete on connections for each row execute function board_forget()"
    )
    for action, rows in {
        "insert": "new table as new_rows",
        "update": "old table as old_rows new table as new_rows",
        "delete": "old table as old_rows",
    }.items():
        op.execute(
            f"create trigger board_{action} after {action} on sent referencing {rows} "
            "for each statement execute function board_on_sent()"
        )
    for table, (kind, columns) in _MARKS.items():
        call = f"for each row execute function board_mark_{kind}()"
        op.execute(f"create trigger board_moved after insert or delete on {table} {call}")
        if columns is not None:
            given = columns.split(", ")
            before, after = (", ".join(f"{side}.{name}" for name in given) for side in ("old", "new"))
            op.execute(
                f"create trigger board_changed after update on {table} for each row "
                f"when (row({before}) is distinct from row({after})) execute function board_mark_{kind}()"
            )
    op.execute("select board_rebuild(name) from connections")
