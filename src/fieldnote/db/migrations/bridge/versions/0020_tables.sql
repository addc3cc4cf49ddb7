CREATE FUNCTION bridge.board_forget() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'bridge'
    AS $$
begin
    delete from board_records where connection = old.name;
    delete from board_recordings where connection = old.name;
    delete from board_stale where connection = old.name;
    delete from sends where connection = old.name;
    return null;
end $$;

CREATE FUNCTION bridge.board_mark_linked() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'bridge'
    AS $$
declare
    changed record;
begin
    if tg_op = 'DELETE' then changed := old; else changed := new; end if;
    insert into board_stale
    select l.connection, 'recordings', l.recording_id from recording_links l
    where l.connection = changed.connection and l.model = changed.model and l.record = changed.record;
    return null;
end $$;

CREATE FUNCTION bridge.board_mark_recording() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'bridge'
    AS $$
declare
    changed record;
begin
    if tg_op = 'DELETE' then changed := old; else changed := new; end if;
    if changed.recording_id is not null then
        insert into board_stale values (changed.connection, 'recordings', changed.recording_id);
    end if;
    return null;
end $$;

CREATE FUNCTION bridge.board_on_sent() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'bridge'
    AS $$
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
end $$;

CREATE FUNCTION bridge.board_phones(given json) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select array_agg(right(digits, 10)) from (
        select regexp_replace(value, '[^0-9]', '', 'g') as digits
        from json_array_elements_text(case json_typeof(given) when 'array' then given else '[]' end)
    ) as numbers where length(digits) >= 7
$$;

CREATE FUNCTION bridge.board_rebuild(which text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'bridge'
    AS $$
begin
    perform pg_advisory_xact_lock(hashtextextended('board/' || which, 8));
    delete from board_stale where connection = which;
    delete from board_records where connection = which;
    delete from board_recordings where connection = which;
    insert into board_stale select connection, stream, key from sent where connection = which;
    insert into board_stale select connection, 'recordings', recording_id from recordings where connection = which;
    perform board_refresh(which);
end $$;

CREATE FUNCTION bridge.board_refresh(which text) RETURNS void
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
)
insert into board_recordings
select one.* from marked m cross join lateral (
    select v.* from board_recordings_now v where v.connection = which and v.recording_id = m.key limit 1
) as one
on conflict (connection, recording_id) do update
set state = excluded.state, started_at = excluded.started_at, local_day = excluded.local_day,
    user_id = excluded.user_id, duration_ms = excluded.duration_ms, words = excluded.words
where board_recordings is distinct from excluded
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
    words = excluded.words
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

CREATE FUNCTION bridge.board_texts(given json) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    select regexp_replace(given::text, '"[A-Za-z0-9]+"\s*:', ' ', 'g')
$$;

CREATE FUNCTION bridge.board_words(given text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
    select array_remove(string_to_array(translate(left(lower(
        case when given ~ '[^\u0001-\u007f]' then regexp_replace(normalize(given, nfkd), '[\u0300-\u036f]', '', 'g')
             else given end), 2000),
        E'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~\t\r\n\u00a0', repeat(' ', 36)), ' '), '')
$_$;

CREATE FUNCTION bridge.forget_sent() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'bridge'
    AS $$
    begin
        delete from sent where connection = old.name;
        return null;
    end $$;

CREATE FUNCTION bridge.refuse_change_of_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if old.outcome is null and new.outcome is not null
       and (new.id, new.connection, new.at, new.action, new.targets, new.operator)
         = (old.id, old.connection, old.at, old.action, old.targets, old.operator)
       and new.acting_as is not distinct from old.acting_as then
        return new;
    end if;
    raise exception using errcode = 'insufficient_privilege', message = 'An audit event is never changed';
end
$$;

CREATE TABLE bridge.attempts (
    id bigint NOT NULL,
    connection character varying(63) NOT NULL,
    stream character varying(63) NOT NULL,
    origin character varying(63) NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    records text NOT NULL
);
ALTER TABLE ONLY bridge.attempts ALTER COLUMN records SET STORAGE EXTERNAL;

ALTER TABLE bridge.attempts ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bridge.attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE bridge.audit_events (
    id bigint NOT NULL,
    connection character varying(63) NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    action text NOT NULL,
    targets text[] DEFAULT '{}'::text[] NOT NULL,
    operator text NOT NULL,
    acting_as text,
    outcome text
);

ALTER TABLE bridge.audit_events ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bridge.audit_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE bridge.backfills (
    connection character varying(63) NOT NULL,
    since timestamp with time zone NOT NULL,
    cursor text,
    read bigint DEFAULT '0'::bigint NOT NULL,
    all_read boolean DEFAULT false NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone
);

CREATE TABLE bridge.board_recordings (
    connection character varying(63) NOT NULL,
    recording_id text NOT NULL,
    state character varying(63) NOT NULL,
    started_at timestamp with time zone NOT NULL,
    local_day date,
    user_id text,
    duration_ms bigint,
    words tsvector DEFAULT ''::tsvector NOT NULL
);

CREATE TABLE bridge.board_settings (
    connection character varying(63) NOT NULL,
    models text[] NOT NULL,
    columns text[] NOT NULL,
    zone text
);

CREATE TABLE bridge.due (
    connection character varying(63) NOT NULL,
    model character varying(16) NOT NULL,
    record text NOT NULL,
    causes integer DEFAULT 1 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    retry_at timestamp with time zone DEFAULT now() NOT NULL,
    cause text
);

CREATE TABLE bridge.fields (
    connection character varying(63) NOT NULL,
    model character varying(16) NOT NULL,
    record text NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    extraction text NOT NULL,
    policy character varying(63) NOT NULL,
    state character varying(63) NOT NULL,
    reason text,
    recording_id text,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE bridge.notes (
    connection character varying(63) NOT NULL,
    model character varying(16) NOT NULL,
    record text NOT NULL,
    recording_id text NOT NULL,
    note_key character varying(63) NOT NULL,
    table_name text NOT NULL,
    state character varying(63) NOT NULL,
    reason text,
    base_hash bytea,
    wanted_hash bytea,
    intended_hash bytea,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE bridge.proposals (
    id bigint NOT NULL,
    connection character varying(63) NOT NULL,
    model character varying(16) NOT NULL,
    record text NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    extraction text NOT NULL,
    recording_id text NOT NULL,
    state character varying(63) NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone,
    kind character varying(63) DEFAULT 'value'::character varying NOT NULL,
    decided_by text
);

CREATE TABLE bridge.recording_contents (
    connection character varying(63) NOT NULL,
    recording_id text NOT NULL,
    title text,
    web_url text,
    summary jsonb,
    extractions jsonb,
    result text,
    score double precision
);

CREATE TABLE bridge.recording_links (
    connection character varying(63) NOT NULL,
    recording_id text NOT NULL,
    model character varying(16) NOT NULL,
    record text NOT NULL,
    siro_id text NOT NULL
);

CREATE TABLE bridge.recordings (
    connection character varying(63) NOT NULL,
    recording_id text NOT NULL,
    user_id text,
    started_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    processed boolean DEFAULT false NOT NULL,
    summary_done boolean DEFAULT false NOT NULL,
    extraction_done boolean DEFAULT false NOT NULL,
    deleted boolean DEFAULT false NOT NULL,
    purged_at timestamp with time zone,
    integration_connection_id text,
    state character varying(63) NOT NULL,
    fetched bigint NOT NULL,
    fetched_at timestamp with time zone DEFAULT now() NOT NULL,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    forgotten_at timestamp with time zone,
    duration_ms bigint,
    latitude double precision,
    longitude double precision,
    was_linked boolean DEFAULT false NOT NULL,
    withdrawn_at timestamp with time zone,
    detached boolean DEFAULT false NOT NULL,
    link_history jsonb DEFAULT '[]'::jsonb NOT NULL,
    is_private boolean
);

CREATE TABLE bridge.writes (
    id bigint NOT NULL,
    connection character varying(63) NOT NULL,
    run_id bigint,
    kind character varying(63) NOT NULL,
    model character varying(16) NOT NULL,
    record text NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    recording_id text,
    extraction text,
    policy character varying(63),
    action character varying(63) NOT NULL,
    actor text DEFAULT 'fieldnote'::text NOT NULL,
    written_at timestamp with time zone DEFAULT now() NOT NULL,
    definition_id text,
    reverted_at timestamp with time zone
);

CREATE VIEW bridge.board_recordings_now AS
 SELECT r.connection,
    r.recording_id,
        CASE
            WHEN (((r.state)::text = ANY (ARRAY[('deleted'::character varying)::text, ('unlinked'::character varying)::text])) AND asked.is_so) THEN 'needs_review'::character varying
            WHEN ((r.state)::text = ANY (ARRAY[('deleted'::character varying)::text, ('processing'::character varying)::text, ('stuck'::character varying)::text, ('unlinked'::character varying)::text, ('ownership_unknown'::character varying)::text, ('other_connection'::character varying)::text, ('shared_record'::character varying)::text])) THEN r.state
            WHEN ((r.state)::text <> ALL (ARRAY[('waiting'::character varying)::text, ('incomplete'::character varying)::text, ('complete'::character varying)::text])) THEN 'unknown'::character varying
            WHEN (in_fields.refused OR in_notes.refused) THEN 'refused_by_crm'::character varying
            WHEN in_fields.missing THEN 'record_missing'::character varying
            WHEN ((r.state)::text = 'waiting'::text) THEN 'waiting'::character varying
            WHEN ((r.state)::text = 'incomplete'::text) THEN 'extraction_failed'::character varying
            WHEN asked.is_so THEN 'needs_review'::character varying
            WHEN (in_fields.interrupted OR in_notes.interrupted OR owed.is_so) THEN 'not_written'::character varying
            WHEN (wrote.written OR in_fields.written OR in_notes.written) THEN 'written'::character varying
            WHEN (wrote.reverted OR in_fields.reverted OR in_notes.reverted) THEN 'reverted'::character varying
            WHEN in_fields.there THEN 'written'::character varying
            WHEN (in_fields.said OR in_notes.removed) THEN 'left_unchanged'::character varying
            WHEN (r.purged_at IS NOT NULL) THEN 'purged'::character varying
            ELSE 'nothing_said'::character varying
        END AS state,
    r.started_at,
        CASE
            WHEN ((r.started_at >= '0002-01-01 00:00:00+00'::timestamp with time zone) AND (r.started_at <= '9998-12-31 00:00:00+00'::timestamp with time zone)) THEN ((r.started_at AT TIME ZONE COALESCE(b.zone, 'UTC'::text)))::date
            ELSE NULL::date
        END AS local_day,
    r.user_id,
    r.duration_ms,
    array_to_tsvector(bridge.board_words(concat_ws(' '::text, r.recording_id, c.title))) AS words
   FROM (((((((bridge.recordings r
     LEFT JOIN bridge.board_settings b USING (connection))
     LEFT JOIN bridge.recording_contents c USING (connection, recording_id))
     LEFT JOIN LATERAL ( SELECT bool_or(((f.state)::text = 'refused'::text)) AS refused,
            bool_or(((f.state)::text = 'record_missing'::text)) AS missing,
            bool_or(((f.state)::text = 'interrupted'::text)) AS interrupted,
            bool_or(((f.state)::text = 'written'::text)) AS written,
            bool_or(((f.state)::text = 'holds'::text)) AS there,
            bool_or(((f.state)::text = 'reverted'::text)) AS reverted,
            (count(*) > 0) AS said
           FROM (bridge.recording_links l
             JOIN bridge.fields f ON ((((f.connection)::text = (l.connection)::text) AND ((f.model)::text = (l.model)::text) AND (f.record = l.record))))
          WHERE (((l.connection)::text = (r.connection)::text) AND (l.recording_id = r.recording_id) AND ((b.columns IS NULL) OR (concat_ws(chr(31), f.model, f.table_name, f.column_name) = ANY (b.columns))) AND ((f.recording_id = r.recording_id) OR (EXISTS ( SELECT
                   FROM jsonb_array_elements(
                        CASE jsonb_typeof(c.extractions)
                            WHEN 'array'::text THEN c.extractions
                            ELSE NULL::jsonb
                        END) item(value)
                  WHERE ((lower(btrim((item.value ->> 'name'::text))) = lower(btrim(f.extraction))) AND (COALESCE(btrim((item.value ->> 'value'::text)), ''::text) <> ALL (ARRAY[''::text, '[]'::text])))))))) in_fields ON (((r.state)::text = ANY (ARRAY[('waiting'::character varying)::text, ('incomplete'::character varying)::text, ('complete'::character varying)::text]))))
     LEFT JOIN LATERAL ( SELECT bool_or(((n.state)::text = 'refused'::text)) AS refused,
            bool_or(((n.state)::text = 'interrupted'::text)) AS interrupted,
            bool_or(((n.state)::text = ANY (ARRAY[('written'::character varying)::text, ('edited'::character varying)::text]))) AS written,
            bool_or(((n.state)::text = 'reverted'::text)) AS reverted,
            bool_or(((n.state)::text = 'removed'::text)) AS removed
           FROM bridge.notes n
          WHERE (((n.connection)::text = (r.connection)::text) AND (n.recording_id = r.recording_id) AND ((b.models IS NULL) OR ((n.model)::text = ANY (b.models))))) in_notes ON (((r.state)::text = ANY (ARRAY[('waiting'::character varying)::text, ('incomplete'::character varying)::text, ('complete'::character varying)::text]))))
     LEFT JOIN LATERAL ( SELECT bool_or(((w.reverted_at IS NULL) AND ((w.action)::text <> ALL (ARRAY[('taken_back'::character varying)::text, ('withdrawn'::character varying)::text, ('reverted'::character varying)::text])))) AS written,
            bool_or((w.reverted_at IS NOT NULL)) AS reverted
           FROM (bridge.writes w
             JOIN bridge.recording_links l ON ((((l.connection)::text = (w.connection)::text) AND (l.recording_id = w.recording_id) AND ((l.model)::text = (w.model)::text) AND (l.record = w.record))))
          WHERE (((w.connection)::text = (r.connection)::text) AND (w.recording_id = r.recording_id))) wrote ON (((r.state)::text = 'complete'::text)))
     LEFT JOIN LATERAL ( SELECT (EXISTS ( SELECT
                   FROM bridge.proposals p
                  WHERE (((p.connection)::text = (r.connection)::text) AND (p.recording_id = r.recording_id) AND ((p.state)::text = 'open'::text)))) AS is_so) asked ON (true))
     LEFT JOIN LATERAL ( SELECT (EXISTS ( SELECT
                   FROM (bridge.recording_links l
                     JOIN bridge.due d USING (connection, model, record))
                  WHERE (((l.connection)::text = (r.connection)::text) AND (l.recording_id = r.recording_id) AND ((b.models IS NULL) OR ((d.model)::text = ANY (b.models)))))) AS is_so) owed ON (((r.state)::text = 'complete'::text)));

CREATE TABLE bridge.board_records (
    connection character varying(63) NOT NULL,
    stream character varying(63) NOT NULL,
    key text NOT NULL,
    state character varying(63) NOT NULL,
    since timestamp with time zone NOT NULL,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    local_day date,
    rep_id text,
    rep_email text,
    rep_name text,
    subject text,
    customer text,
    account_id text,
    deal_id text,
    amount numeric,
    phones text[],
    words tsvector DEFAULT ''::tsvector NOT NULL
);

CREATE TABLE bridge.sent (
    connection character varying(63) NOT NULL,
    stream character varying(63) NOT NULL,
    key text NOT NULL,
    row_hash bytea,
    state character varying(63) NOT NULL,
    payload json,
    attempted json,
    siro_id text,
    related jsonb,
    reason text,
    hint text,
    sent_at timestamp with time zone,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    number bigint NOT NULL,
    uncleared json,
    is_deleted boolean DEFAULT false CONSTRAINT sent_removed_not_null NOT NULL
);

CREATE VIEW bridge.board_records_now AS
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
    array_to_tsvector((bridge.board_words(concat_ws(' '::text, s.key, p.subject, p.name, (p.account ->> 'name'::text), (p.contact ->> 'name'::text), (p.lead ->> 'name'::text), (p.account ->> 'externalId'::text), (p.opportunity ->> 'externalId'::text), (p.opportunity ->> 'name'::text), rep.id, rep.email, rep.name, bridge.board_texts(p.addresses), bridge.board_texts((p.account -> 'addresses'::text)), bridge.board_texts((p.contact -> 'addresses'::text)), bridge.board_texts((p.lead -> 'addresses'::text)))) || found.phones)) AS words
   FROM ((((bridge.sent s
     LEFT JOIN bridge.board_settings b USING (connection))
     LEFT JOIN LATERAL json_to_record(s.payload) p("startTime" timestamp with time zone, "endTime" timestamp with time zone, "deletedAt" text, subject text, name text, amount numeric, account json, contact json, lead json, opportunity json, addresses json, "phoneNumbers" json, "engagementUsers" json, "opportunityUsers" json) ON (true))
     LEFT JOIN LATERAL ( SELECT (children.child ->> 'externalId'::text) AS id,
            (children.child ->> 'email'::text) AS email,
            (children.child ->> 'name'::text) AS name
           FROM json_array_elements(COALESCE(p."engagementUsers", p."opportunityUsers")) WITH ORDINALITY children(child, place)
          WHERE ((children.child ->> 'deletedAt'::text) IS NULL)
          ORDER BY children.place
         LIMIT 1) rep ON (true))
     CROSS JOIN LATERAL ( SELECT (((COALESCE(bridge.board_phones(p."phoneNumbers"), '{}'::text[]) || COALESCE(bridge.board_phones((p.account -> 'phoneNumbers'::text)), '{}'::text[])) || COALESCE(bridge.board_phones((p.contact -> 'phoneNumbers'::text)), '{}'::text[])) || COALESCE(bridge.board_phones((p.lead -> 'phoneNumbers'::text)), '{}'::text[])) AS phones
         OFFSET 0) found);

CREATE TABLE bridge.board_reps (
    connection character varying(63) NOT NULL,
    rep_id text NOT NULL,
    email text,
    name text,
    user_id text,
    method character varying(63) NOT NULL,
    why text NOT NULL,
    ignored boolean DEFAULT false NOT NULL
);

CREATE TABLE bridge.board_stale (
    connection character varying(63) NOT NULL,
    stream character varying(63) NOT NULL,
    key text NOT NULL
);

CREATE TABLE bridge.call_budgets (
    key text NOT NULL,
    used_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_until timestamp with time zone DEFAULT now() NOT NULL,
    live_until timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE bridge.call_places (
    key text NOT NULL,
    place integer NOT NULL,
    free_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE bridge.connections (
    name character varying(63) NOT NULL,
    organization_id text NOT NULL,
    base_url text NOT NULL,
    credential text NOT NULL,
    crm_identity text NOT NULL,
    integration_connection_id text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    verified_at timestamp with time zone DEFAULT now() NOT NULL,
    native_integrations text,
    native_checked_at timestamp with time zone
);

CREATE TABLE bridge.events (
    connection character varying(63) NOT NULL,
    svix_id text NOT NULL,
    recording_id text NOT NULL,
    event_type text NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    handled_at timestamp with time zone
);

CREATE SEQUENCE bridge.fetch_order
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE bridge.field_values (
    connection character varying(63) NOT NULL,
    model character varying(16) NOT NULL,
    record text NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    original jsonb,
    base jsonb,
    wanted jsonb,
    intent jsonb,
    declined jsonb
);

CREATE TABLE bridge.gaps (
    connection character varying(63) NOT NULL,
    key text NOT NULL,
    reason character varying(63) NOT NULL,
    note text,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE bridge.hooks (
    id bigint NOT NULL,
    connection character varying(63) NOT NULL,
    stream character varying(63) NOT NULL,
    key text NOT NULL,
    "row" json,
    received_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE bridge.hooks ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bridge.hooks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE bridge.matches (
    id bigint NOT NULL,
    connection character varying(63) NOT NULL,
    recording_id text NOT NULL,
    engagement text,
    state character varying(63) NOT NULL,
    score double precision NOT NULL,
    reasons jsonb,
    others jsonb,
    problem text,
    looked_at timestamp with time zone DEFAULT now() NOT NULL,
    decided_at timestamp with time zone,
    decided_by text
);

ALTER TABLE bridge.matches ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bridge.matches_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE bridge.matching_rates (
    connection character varying(63) NOT NULL,
    version integer NOT NULL,
    learned_from integer NOT NULL,
    rates jsonb NOT NULL,
    learned_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE bridge.mobile_events (
    connection character varying(63) NOT NULL,
    event_id text NOT NULL,
    code text NOT NULL,
    event jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    user_id text,
    recording_id text
);

CREATE TABLE bridge.proposal_values (
    proposal_id bigint NOT NULL,
    live jsonb,
    proposed jsonb,
    said jsonb,
    decided jsonb,
    quote text
);

ALTER TABLE bridge.proposals ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bridge.proposals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE bridge.pulls (
    connection character varying(63) NOT NULL,
    high_water timestamp with time zone NOT NULL,
    version text NOT NULL,
    offered_until timestamp with time zone
);

CREATE TABLE bridge.recording_transcripts (
    connection character varying(63) NOT NULL,
    recording_id text NOT NULL,
    utterances json NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    kept_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE bridge.rep_choices (
    connection character varying(63) NOT NULL,
    rep_id text NOT NULL,
    user_id text,
    ignored boolean DEFAULT false NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE bridge.runs (
    id bigint NOT NULL,
    connection character varying(63) NOT NULL,
    kind character varying(63) NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    outcome jsonb,
    moved_at timestamp with time zone
);

ALTER TABLE bridge.runs ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bridge.runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE bridge.schedules (
    connection character varying(63) NOT NULL,
    task character varying(63) NOT NULL,
    next_at timestamp with time zone NOT NULL
);

CREATE TABLE bridge.sends (
    id bigint NOT NULL,
    connection character varying(63) NOT NULL,
    stream character varying(63) NOT NULL,
    key text NOT NULL,
    at timestamp with time zone NOT NULL,
    state character varying(63) NOT NULL,
    reason text,
    payload json
);

ALTER TABLE bridge.sends ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bridge.sends_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE bridge.sent ALTER COLUMN number ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bridge.sent_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE bridge.siro_users (
    connection character varying(63) NOT NULL,
    user_id text NOT NULL,
    email text,
    name text,
    team text,
    coaches text[] DEFAULT '{}'::text[] NOT NULL
);

CREATE TABLE bridge.streams (
    connection character varying(63) NOT NULL,
    stream character varying(63) NOT NULL,
    cursor text,
    version text NOT NULL,
    complete_at timestamp with time zone
);

CREATE TABLE bridge.write_values (
    write_id bigint NOT NULL,
    before jsonb,
    after jsonb,
    said jsonb,
    quote text
);

ALTER TABLE bridge.writes ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME bridge.writes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY bridge.board_recordings
    ADD CONSTRAINT board_recordings_pkey PRIMARY KEY (connection, recording_id);

ALTER TABLE ONLY bridge.board_records
    ADD CONSTRAINT board_records_pkey PRIMARY KEY (connection, stream, key);

ALTER TABLE ONLY bridge.board_reps
    ADD CONSTRAINT board_reps_pkey PRIMARY KEY (connection, rep_id);

ALTER TABLE ONLY bridge.board_settings
    ADD CONSTRAINT board_settings_pkey PRIMARY KEY (connection);

ALTER TABLE ONLY bridge.gaps
    ADD CONSTRAINT gaps_pkey PRIMARY KEY (connection, key);

ALTER TABLE ONLY bridge.mobile_events
    ADD CONSTRAINT mobile_events_pkey PRIMARY KEY (connection, event_id);

ALTER TABLE ONLY bridge.attempts
    ADD CONSTRAINT pk_attempts PRIMARY KEY (id);

ALTER TABLE ONLY bridge.audit_events
    ADD CONSTRAINT pk_audit_events PRIMARY KEY (id);

ALTER TABLE ONLY bridge.backfills
    ADD CONSTRAINT pk_backfills PRIMARY KEY (connection);

ALTER TABLE ONLY bridge.call_budgets
    ADD CONSTRAINT pk_call_budgets PRIMARY KEY (key);

ALTER TABLE ONLY bridge.call_places
    ADD CONSTRAINT pk_call_places PRIMARY KEY (key, place);

ALTER TABLE ONLY bridge.connections
    ADD CONSTRAINT pk_connections PRIMARY KEY (name);

ALTER TABLE ONLY bridge.due
    ADD CONSTRAINT pk_due PRIMARY KEY (connection, model, record);

ALTER TABLE ONLY bridge.events
    ADD CONSTRAINT pk_events PRIMARY KEY (connection, svix_id);

ALTER TABLE ONLY bridge.field_values
    ADD CONSTRAINT pk_field_values PRIMARY KEY (connection, model, record, table_name, column_name);

ALTER TABLE ONLY bridge.fields
    ADD CONSTRAINT pk_fields PRIMARY KEY (connection, model, record, table_name, column_name);

ALTER TABLE ONLY bridge.hooks
    ADD CONSTRAINT pk_hooks PRIMARY KEY (id);

ALTER TABLE ONLY bridge.matches
    ADD CONSTRAINT pk_matches PRIMARY KEY (id);

ALTER TABLE ONLY bridge.matching_rates
    ADD CONSTRAINT pk_matching_rates PRIMARY KEY (connection);

ALTER TABLE ONLY bridge.notes
    ADD CONSTRAINT pk_notes PRIMARY KEY (connection, model, record, recording_id, note_key);

ALTER TABLE ONLY bridge.proposal_values
    ADD CONSTRAINT pk_proposal_values PRIMARY KEY (proposal_id);

ALTER TABLE ONLY bridge.proposals
    ADD CONSTRAINT pk_proposals PRIMARY KEY (id);

ALTER TABLE ONLY bridge.pulls
    ADD CONSTRAINT pk_pulls PRIMARY KEY (connection);

ALTER TABLE ONLY bridge.recording_contents
    ADD CONSTRAINT pk_recording_contents PRIMARY KEY (connection, recording_id);

ALTER TABLE ONLY bridge.recording_links
    ADD CONSTRAINT pk_recording_links PRIMARY KEY (connection, recording_id, model, record);

ALTER TABLE ONLY bridge.recording_transcripts
    ADD CONSTRAINT pk_recording_transcripts PRIMARY KEY (connection, recording_id);

ALTER TABLE ONLY bridge.recordings
    ADD CONSTRAINT pk_recordings PRIMARY KEY (connection, recording_id);

ALTER TABLE ONLY bridge.rep_choices
    ADD CONSTRAINT pk_rep_choices PRIMARY KEY (connection, rep_id);

ALTER TABLE ONLY bridge.runs
    ADD CONSTRAINT pk_runs PRIMARY KEY (id);

ALTER TABLE ONLY bridge.schedules
    ADD CONSTRAINT pk_schedules PRIMARY KEY (connection, task);

ALTER TABLE ONLY bridge.sent
    ADD CONSTRAINT pk_sent PRIMARY KEY (connection, stream, key);

ALTER TABLE ONLY bridge.streams
    ADD CONSTRAINT pk_streams PRIMARY KEY (connection, stream);

ALTER TABLE ONLY bridge.write_values
    ADD CONSTRAINT pk_write_values PRIMARY KEY (write_id);

ALTER TABLE ONLY bridge.writes
    ADD CONSTRAINT pk_writes PRIMARY KEY (id);

ALTER TABLE ONLY bridge.sends
    ADD CONSTRAINT sends_pkey PRIMARY KEY (id);

ALTER TABLE ONLY bridge.siro_users
    ADD CONSTRAINT siro_users_pkey PRIMARY KEY (connection, user_id);

ALTER TABLE ONLY bridge.matches
    ADD CONSTRAINT uq_matches_recording UNIQUE (connection, recording_id);

CREATE INDEX due_by_cause ON bridge.due USING btree (connection, cause) WHERE (cause IS NOT NULL);

CREATE INDEX ix_attempts_stream ON bridge.attempts USING btree (connection, stream);

CREATE INDEX ix_audit_events_at ON bridge.audit_events USING btree (connection, at);

CREATE INDEX ix_board_recordings_started ON bridge.board_recordings USING btree (connection, started_at);

CREATE INDEX ix_board_recordings_state ON bridge.board_recordings USING btree (connection, state, started_at);

CREATE INDEX ix_board_recordings_words ON bridge.board_recordings USING gin (words);

CREATE INDEX ix_board_records_day ON bridge.board_records USING btree (connection, stream, local_day);

CREATE INDEX ix_board_records_open ON bridge.board_records USING btree (connection, stream, state) WHERE ((state)::text <> ALL (ARRAY[('expected'::character varying)::text, ('cancelled'::character varying)::text]));

CREATE INDEX ix_board_records_words ON bridge.board_records USING gin (words);

CREATE INDEX ix_events_open ON bridge.events USING btree (connection) WHERE (handled_at IS NULL);

CREATE INDEX ix_hooks_stream ON bridge.hooks USING btree (connection, stream, id);

CREATE INDEX ix_mobile_events_at ON bridge.mobile_events USING btree (connection, at);

CREATE INDEX ix_mobile_events_recording ON bridge.mobile_events USING btree (connection, recording_id);

CREATE INDEX ix_proposals_recording ON bridge.proposals USING btree (connection, recording_id);

CREATE INDEX ix_recording_links_record ON bridge.recording_links USING btree (connection, model, record);

CREATE INDEX ix_recordings_state ON bridge.recordings USING btree (connection, state, started_at);

CREATE INDEX ix_recordings_user ON bridge.recordings USING btree (connection, user_id, started_at);

CREATE INDEX ix_runs_connection_kind ON bridge.runs USING btree (connection, kind, started_at);

CREATE INDEX ix_sends_age ON bridge.sends USING btree (connection, at);

CREATE INDEX ix_sends_record ON bridge.sends USING btree (connection, stream, key, at);

CREATE INDEX ix_sent_open ON bridge.sent USING btree (connection, stream, state) WHERE ((state)::text <> ALL (ARRAY[('sent'::character varying)::text, ('deleted'::character varying)::text]));

CREATE INDEX ix_sent_uncleared ON bridge.sent USING btree (connection, stream) WHERE (uncleared IS NOT NULL);

CREATE INDEX ix_writes_record ON bridge.writes USING btree (connection, model, record, written_at);

CREATE INDEX ix_writes_recording ON bridge.writes USING btree (connection, recording_id);

CREATE UNIQUE INDEX uq_proposals_open ON bridge.proposals USING btree (connection, model, record, table_name, column_name) WHERE ((state)::text = 'open'::text);

CREATE UNIQUE INDEX uq_proposals_shadow ON bridge.proposals USING btree (connection, model, record, table_name, column_name) WHERE ((state)::text = 'shadow'::text);

CREATE TRIGGER append_only BEFORE UPDATE ON bridge.audit_events FOR EACH ROW EXECUTE FUNCTION bridge.refuse_change_of_event();

CREATE TRIGGER board_changed AFTER UPDATE ON bridge.fields FOR EACH ROW WHEN ((((old.state)::text IS DISTINCT FROM (new.state)::text) OR (old.recording_id IS DISTINCT FROM new.recording_id) OR (old.extraction IS DISTINCT FROM new.extraction))) EXECUTE FUNCTION bridge.board_mark_linked();

CREATE TRIGGER board_changed AFTER UPDATE ON bridge.notes FOR EACH ROW WHEN (((old.state)::text IS DISTINCT FROM (new.state)::text)) EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_changed AFTER UPDATE ON bridge.proposals FOR EACH ROW WHEN (((old.state)::text IS DISTINCT FROM (new.state)::text)) EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_changed AFTER UPDATE ON bridge.recording_contents FOR EACH ROW WHEN (((old.title IS DISTINCT FROM new.title) OR (old.extractions IS DISTINCT FROM new.extractions))) EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_changed AFTER UPDATE ON bridge.recordings FOR EACH ROW WHEN ((((old.state)::text IS DISTINCT FROM (new.state)::text) OR (old.purged_at IS DISTINCT FROM new.purged_at) OR (old.started_at IS DISTINCT FROM new.started_at) OR (old.user_id IS DISTINCT FROM new.user_id) OR (old.duration_ms IS DISTINCT FROM new.duration_ms))) EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_changed AFTER UPDATE ON bridge.writes FOR EACH ROW WHEN ((old.reverted_at IS DISTINCT FROM new.reverted_at)) EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_delete AFTER DELETE ON bridge.sent REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION bridge.board_on_sent();

CREATE TRIGGER board_insert AFTER INSERT ON bridge.sent REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION bridge.board_on_sent();

CREATE TRIGGER board_moved AFTER INSERT OR DELETE ON bridge.due FOR EACH ROW EXECUTE FUNCTION bridge.board_mark_linked();

CREATE TRIGGER board_moved AFTER INSERT OR DELETE ON bridge.fields FOR EACH ROW EXECUTE FUNCTION bridge.board_mark_linked();

CREATE TRIGGER board_moved AFTER INSERT OR DELETE ON bridge.notes FOR EACH ROW EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_moved AFTER INSERT OR DELETE ON bridge.proposals FOR EACH ROW EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_moved AFTER INSERT OR DELETE ON bridge.recording_contents FOR EACH ROW EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_moved AFTER INSERT OR DELETE ON bridge.recording_links FOR EACH ROW EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_moved AFTER INSERT OR DELETE ON bridge.recordings FOR EACH ROW EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_moved AFTER INSERT OR DELETE ON bridge.writes FOR EACH ROW EXECUTE FUNCTION bridge.board_mark_recording();

CREATE TRIGGER board_update AFTER UPDATE ON bridge.sent REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION bridge.board_on_sent();

CREATE TRIGGER forget_sent AFTER DELETE ON bridge.connections FOR EACH ROW EXECUTE FUNCTION bridge.forget_sent();

CREATE TRIGGER forget_sent_board AFTER DELETE ON bridge.connections FOR EACH ROW EXECUTE FUNCTION bridge.board_forget();

ALTER TABLE ONLY bridge.attempts
    ADD CONSTRAINT fk_attempts_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.backfills
    ADD CONSTRAINT fk_backfills_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.board_reps
    ADD CONSTRAINT fk_board_reps_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.board_settings
    ADD CONSTRAINT fk_board_settings_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.call_places
    ADD CONSTRAINT fk_call_places_call_budgets FOREIGN KEY (key) REFERENCES bridge.call_budgets(key) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.due
    ADD CONSTRAINT fk_due_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.events
    ADD CONSTRAINT fk_events_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.field_values
    ADD CONSTRAINT fk_field_values_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.field_values
    ADD CONSTRAINT fk_field_values_fields FOREIGN KEY (connection, model, record, table_name, column_name) REFERENCES bridge.fields(connection, model, record, table_name, column_name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.fields
    ADD CONSTRAINT fk_fields_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.gaps
    ADD CONSTRAINT fk_gaps_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.hooks
    ADD CONSTRAINT fk_hooks_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.matches
    ADD CONSTRAINT fk_matches_recordings FOREIGN KEY (connection, recording_id) REFERENCES bridge.recordings(connection, recording_id) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.matching_rates
    ADD CONSTRAINT fk_matching_rates_connection FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.mobile_events
    ADD CONSTRAINT fk_mobile_events_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.notes
    ADD CONSTRAINT fk_notes_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.proposal_values
    ADD CONSTRAINT fk_proposal_values_proposals FOREIGN KEY (proposal_id) REFERENCES bridge.proposals(id) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.proposals
    ADD CONSTRAINT fk_proposals_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.pulls
    ADD CONSTRAINT fk_pulls_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.recording_contents
    ADD CONSTRAINT fk_recording_contents_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.recording_contents
    ADD CONSTRAINT fk_recording_contents_recordings FOREIGN KEY (connection, recording_id) REFERENCES bridge.recordings(connection, recording_id) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.recording_links
    ADD CONSTRAINT fk_recording_links_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.recording_links
    ADD CONSTRAINT fk_recording_links_recordings FOREIGN KEY (connection, recording_id) REFERENCES bridge.recordings(connection, recording_id) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.recording_transcripts
    ADD CONSTRAINT fk_recording_transcripts_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.recording_transcripts
    ADD CONSTRAINT fk_recording_transcripts_recordings FOREIGN KEY (connection, recording_id) REFERENCES bridge.recordings(connection, recording_id) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.recordings
    ADD CONSTRAINT fk_recordings_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.rep_choices
    ADD CONSTRAINT fk_rep_choices_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.runs
    ADD CONSTRAINT fk_runs_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.schedules
    ADD CONSTRAINT fk_schedules_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.siro_users
    ADD CONSTRAINT fk_siro_users_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.streams
    ADD CONSTRAINT fk_streams_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.write_values
    ADD CONSTRAINT fk_write_values_writes FOREIGN KEY (write_id) REFERENCES bridge.writes(id) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.writes
    ADD CONSTRAINT fk_writes_connections FOREIGN KEY (connection) REFERENCES bridge.connections(name) ON DELETE CASCADE;

ALTER TABLE ONLY bridge.writes
    ADD CONSTRAINT fk_writes_runs FOREIGN KEY (run_id) REFERENCES bridge.runs(id) ON DELETE SET NULL;
