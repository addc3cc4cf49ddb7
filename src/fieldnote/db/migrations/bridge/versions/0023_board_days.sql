-- An appointment of the board has the state of its recordings, and days have numbers of appointments by rep and state:
-- a page that counts a year reads some thousand rows.

alter table board_records
    add column recording_state character varying(63),
    add column recordings integer default 0 not null;

create or replace view board_records_now AS
 SELECT s.connection,
    s.stream,
    s.key,
        CASE
            WHEN ((s.state)::text = ANY (ARRAY[('refused'::character varying)::text, ('unmapped'::character varying)::text])) THEN 'quarantined'::character varying
            WHEN ((s.state)::text = ANY (ARRAY[('dropped'::character varying)::text, ('pending_deletion'::character varying)::text])) THEN s.state
            WHEN ((s.state)::text = 'pending'::text) THEN 'not_sent'::character varying
            WHEN ((s.state)::text = 'deleted'::text) THEN 'cancelled'::character varying
            WHEN (((s.state)::text <> 'sent'::text) OR (s.payload IS NULL)) THEN 'unknown'::character varying
            WHEN (s.is_deleted OR (p."deletedAt" IS NOT NULL)) THEN 'cancelled'::character varying
            ELSE 'expected'::character varying
        END AS state,
        CASE
            WHEN ((s.state)::text = 'sent'::text) THEN COALESCE(p."startTime", s.changed_at)
            ELSE s.changed_at
        END AS since,
    p."startTime" AS starts_at,
    COALESCE(p."endTime", (p."startTime" + '01:00:00'::interval)) AS ends_at,
        CASE
            WHEN ((p."startTime" >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (p."startTime" <= '9998-12-31 00:00:00+00'::timestamp with time zone)) THEN ((p."startTime" AT TIME ZONE COALESCE(b.zone, 'UTC'::text)))::date
            ELSE NULL::date
        END AS local_day,
    rep.id AS rep_id,
    rep.email AS rep_email,
    rep.name AS rep_name,
    COALESCE(p.subject, p.name) AS subject,
    COALESCE((p.account ->> 'name'::text), (p.contact ->> 'name'::text), (p.lead ->> 'name'::text),
        CASE s.stream
            WHEN 'accounts'::text THEN p.name
            ELSE NULL::text
        END) AS customer,
        CASE s.stream
            WHEN 'accounts'::text THEN s.key
            ELSE (p.account ->> 'externalId'::text)
        END AS account_id,
        CASE s.stream
            WHEN 'opportunities'::text THEN s.key
            ELSE (p.opportunity ->> 'externalId'::text)
        END AS deal_id,
    p.amount,
    NULLIF(found.phones, '{}'::text[]) AS phones,
    array_to_tsvector((board_words(concat_ws(' '::text, s.key, p.subject, p.name, (p.account ->> 'name'::text), (p.contact ->> 'name'::text), (p.lead ->> 'name'::text), (p.account ->> 'externalId'::text), (p.opportunity ->> 'externalId'::text), (p.opportunity ->> 'name'::text), rep.id, rep.email, rep.name, board_texts(p.addresses), board_texts((p.account -> 'addresses'::text)), board_texts((p.contact -> 'addresses'::text)), board_texts((p.lead -> 'addresses'::text)))) || found.phones)) AS words,
    recorded.state AS recording_state,
    recorded.number AS recordings
   FROM ((((sent s
     LEFT JOIN board_settings b USING (connection))
     LEFT JOIN LATERAL json_to_record(s.payload) p("startTime" timestamp with time zone, "endTime" timestamp with time zone, "deletedAt" text, subject text, name text, amount numeric, account json, contact json, lead json, opportunity json, addresses json, "phoneNumbers" json, "engagementUsers" json, "opportunityUsers" json) ON (true))
     LEFT JOIN LATERAL ( SELECT (children.child ->> 'externalId'::text) AS id,
            (children.child ->> 'email'::text) AS email,
            (children.child ->> 'name'::text) AS name
           FROM json_array_elements(COALESCE(p."engagementUsers", p."opportunityUsers")) WITH ORDINALITY children(child, place)
          WHERE ((children.child ->> 'deletedAt'::text) IS NULL)
          ORDER BY children.place
         LIMIT 1) rep ON (true))
     CROSS JOIN LATERAL ( SELECT (((COALESCE(board_phones(p."phoneNumbers"), '{}'::text[]) || COALESCE(board_phones((p.account -> 'phoneNumbers'::text)), '{}'::text[])) || COALESCE(board_phones((p.contact -> 'phoneNumbers'::text)), '{}'::text[])) || COALESCE(board_phones((p.lead -> 'phoneNumbers'::text)), '{}'::text[])) AS phones
         OFFSET 0) found)
     CROSS JOIN LATERAL (
        select (array_agg(rs.state order by array_position(array[
                   'unknown', 'refused_by_crm', 'record_missing', 'stuck', 'extraction_failed', 'needs_review',
                   'processing', 'waiting', 'not_written', 'written', 'reverted', 'left_unchanged', 'nothing_said',
                   'purged', 'ownership_unknown', 'shared_record', 'other_connection'], rs.state::text)))[1] as state,
               count(*)::integer as number
          from recording_links l join board_recordings rs using (connection, recording_id)
         where s.stream = 'engagements' and l.connection = s.connection and l.model = 'engagement'
           and l.record = s.key and rs.state not in ('deleted', 'unlinked')) recorded;

create table board_days (
    connection character varying(63) not null,
    local_day date not null,
    rep_id text not null,
    rep_email text not null,
    rep_name text not null,
    state character varying(63) not null,
    number bigint not null,
    constraint pk_board_days primary key (connection, local_day, rep_id, rep_email, rep_name, state)
);

create function board_settled(state text, recording_state text, starts_at timestamptz, rep_id text) returns text
    language sql immutable parallel safe
    as $$
    select case
        when state <> 'expected' then state
        when recording_state in ('ownership_unknown', 'other_connection', 'shared_record') then 'other_connection'
        when recording_state is not null then recording_state
        when starts_at is null then 'no_start_time'
        when rep_id is null then 'no_rep'
        else 'open'
    end
$$;

create function board_count_days() returns trigger
    language plpgsql
    set search_path to 'bridge'
    as $$
begin
    if tg_op <> 'DELETE' then
        insert into board_days
        select connection, local_day, coalesce(rep_id, ''), coalesce(rep_email, ''), coalesce(rep_name, ''),
               board_settled(state, recording_state, starts_at, rep_id), count(*)
          from new_rows where stream = 'engagements' and local_day is not null
         group by 1, 2, 3, 4, 5, 6
        on conflict on constraint pk_board_days do update set number = board_days.number + excluded.number;
    end if;
    if tg_op <> 'INSERT' then
        insert into board_days
        select connection, local_day, coalesce(rep_id, ''), coalesce(rep_email, ''), coalesce(rep_name, ''),
               board_settled(state, recording_state, starts_at, rep_id), -count(*)
          from old_rows where stream = 'engagements' and local_day is not null
         group by 1, 2, 3, 4, 5, 6
        on conflict on constraint pk_board_days do update set number = board_days.number + excluded.number;
    end if;
    return null;
end $$;

create function board_mark_link() returns trigger
    language plpgsql
    set search_path to 'bridge'
    as $$
declare
    changed record;
begin
    if tg_op = 'DELETE' then changed := old; else changed := new; end if;
    insert into board_stale values (changed.connection, 'recordings', changed.recording_id);
    if changed.model = 'engagement' then
        insert into board_stale values (changed.connection, 'engagements', changed.record);
    end if;
    return null;
end $$;

drop trigger board_moved on recording_links;
create trigger board_moved after insert or delete on recording_links
    for each row execute function board_mark_link();

create or replace function board_refresh(which text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'bridge'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
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
    
with gone as (
    delete from board_stale where connection = which and stream = 'recordings' returning key
), marked as materialized (
    select distinct key from gone
), changed as (
    insert into board_recordings
    select one.* from marked m cross join lateral (
        select v.* from board_recordings_now v where v.connection = which and v.recording_id = m.key limit 1
    ) as one
    on conflict (connection, recording_id) do update
    set state = excluded.state, started_at = excluded.started_at, local_day = excluded.local_day,
        user_id = excluded.user_id, duration_ms = excluded.duration_ms, words = excluded.words
    where board_recordings is distinct from excluded
    returning recording_id
)
insert into board_stale
select l.connection, 'engagements', l.record from changed c
  join recording_links l on l.connection = which and l.recording_id = c.recording_id and l.model = 'engagement'
;
    begin
        
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
    words = excluded.words, recording_state = excluded.recording_state, recordings = excluded.recordings
where board_records is distinct from excluded
;
    exception when data_exception or program_limit_exceeded then
        for item in
            with gone as (
                delete from board_stale where connection = which and stream <> 'recordings' returning stream, key)
            select distinct s.stream, s.key, s.changed_at
            from gone join sent s on s.connection = which and s.stream = gone.stream and s.key = gone.key
        loop
            delete from board_records where connection = which and stream = item.stream and key = item.key;
            begin
                
insert into board_records
select v.* from board_records_now v where v.connection = which and v.stream = item.stream and v.key = item.key
;
            exception when data_exception or program_limit_exceeded then
                insert into board_records (connection, stream, key, state, since)
                values (which, item.stream, item.key, 'unknown', item.changed_at);
            end;
        end loop;
    end;
end $$;

create or replace function board_forget() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'bridge'
    AS $$
begin
    delete from board_records where connection = old.name;
    delete from board_recordings where connection = old.name;
    delete from board_days where connection = old.name;
    delete from board_stale where connection = old.name;
    delete from sends where connection = old.name;
    return null;
end $$;

create or replace function board_rebuild(which text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'bridge'
    AS $$
begin
    perform pg_advisory_xact_lock(hashtextextended('board/' || which, 8));
    delete from board_stale where connection = which;
    delete from board_records where connection = which;
    delete from board_recordings where connection = which;
    delete from board_days where connection = which;
    insert into board_stale select connection, stream, key from sent where connection = which;
    insert into board_stale select connection, 'recordings', recording_id from recordings where connection = which;
    perform board_refresh(which);
end $$;

update board_records b set recording_state = linked.state, recordings = linked.number
  from (select l.connection, l.record, count(*)::integer as number,
               (array_agg(rs.state order by array_position(array[
                   'unknown', 'refused_by_crm', 'record_missing', 'stuck', 'extraction_failed', 'needs_review',
                   'processing', 'waiting', 'not_written', 'written', 'reverted', 'left_unchanged', 'nothing_said',
                   'purged', 'ownership_unknown', 'shared_record', 'other_connection'], rs.state::text)))[1] as state
          from recording_links l join board_recordings rs using (connection, recording_id)
         where l.model = 'engagement' and rs.state not in ('deleted', 'unlinked')
         group by 1, 2) as linked
 where b.connection = linked.connection and b.stream = 'engagements' and b.key = linked.record;

insert into board_days
select connection, local_day, coalesce(rep_id, ''), coalesce(rep_email, ''), coalesce(rep_name, ''),
       board_settled(state, recording_state, starts_at, rep_id), count(*)
  from board_records where stream = 'engagements' and local_day is not null
 group by 1, 2, 3, 4, 5, 6;

create index ix_board_records_unrecorded on board_records (connection, rep_id, starts_at)
    where stream = 'engagements' and state = 'expected' and recording_state is null;
create index ix_board_records_unfinished on board_records (connection, ends_at)
    where stream = 'engagements' and state = 'expected' and recording_state is null;

create index ix_board_recordings_user on board_recordings (connection, user_id, started_at);

create trigger board_counted_new after insert on board_records referencing new table as new_rows
    for each statement execute function board_count_days();
create trigger board_counted_changed after update on board_records referencing old table as old_rows new table as new_rows
    for each statement execute function board_count_days();
create trigger board_counted_gone after delete on board_records referencing old table as old_rows
    for each statement execute function board_count_days();
