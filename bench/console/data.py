"""A contractor of 50 reps over two years, as push and pull leave it in the bridge's tables."""

from __future__ import annotations

from typing import Final

import psycopg

# Spread over 730 days to this one; a tenth is cancelled; every second appointment has a recording.
_STATEMENTS: Final = (
    """
    insert into connections (name, organization_id, base_url, credential, crm_identity,
                             integration_connection_id)
    values ('default', 'o', 'http://127.0.0.1:9/api-externalApi', 'c', 'i', 'i')
    """,
    """
    insert into sent (connection, stream, key, row_hash, state, payload, siro_id, sent_at, is_deleted)
    select 'default', 'engagements', n::text, '\\x00', case when n %% 997 = 0 then 'refused' else 'sent' end,
           json_build_object(
               'externalId', n::text, 'subject', 'Roof visit ' || n,
               'startTime', at, 'endTime', at + interval '1 hour',
               'engagementUsers', json_build_array(json_build_object('externalId', (n %% 50)::text,
                   'email', 'rep' || n %% 50 || '@acme.test', 'name', 'Rep ' || n %% 50)),
               'account', json_build_object('externalId', 'c' || n, 'name', 'Customer ' || md5(n::text),
                   'phoneNumbers', json_build_array('+1303555' || lpad((n %% 10000)::text, 4, '0'))),
               'opportunity', json_build_object('externalId', n::text)),
           'e' || n, at, n %% 10 = 0
      from (select n, date_trunc('day', now()) + interval '8 hours' + (n %% 9) * interval '1 hour'
                      - (n %% 730) * interval '1 day' as at from generate_series(1, %(appointments)s) n) as days
    """,
    """
    insert into sent (connection, stream, key, row_hash, state, payload, siro_id, sent_at)
    select 'default', 'opportunities', n::text, '\\x00', 'sent',
           json_build_object('externalId', n::text, 'name', 'Deal ' || n, 'amount', 1000 + n %% 90000,
               'account', json_build_object('externalId', 'c' || n, 'name', 'Customer ' || md5(n::text))),
           'd' || n, now()
      from generate_series(1, %(appointments)s) n
    """,
    """
    insert into recordings (connection, recording_id, user_id, started_at, updated_at, processed, summary_done,
                            extraction_done, state, fetched, duration_ms, integration_connection_id, was_linked,
                            is_private)
    select 'default', 'r' || n, 'u' || n %% 50, at, at + interval '2 hours', true, true, true,
           case when n %% 40 = 0 then 'unlinked' when n %% 61 = 0 then 'processing' else 'complete' end,
           n, 1800000, 'i', n %% 40 <> 0, n %% 100 = 0
      from (select n, date_trunc('day', now()) + interval '8 hours' + (n %% 9) * interval '1 hour'
                      - (n %% 730) * interval '1 day' as at from generate_series(1, %(recordings)s) n) as days
    """,
    """
    insert into recording_links (connection, recording_id, model, record, siro_id)
    select 'default', 'r' || n, model, n::text, left(model, 1) || n
      from generate_series(1, %(recordings)s) n cross join unnest(array['engagement', 'opportunity']) as model
     where n %% 40 <> 0
    """,
    """
    insert into recording_contents (connection, recording_id, title, summary, extractions)
    select 'default', 'r' || n, 'Visit ' || n, '[{"name": "Summary", "content": "They want it done by spring."}]',
           jsonb_build_array(jsonb_build_object('name', 'Budget', 'value', 'Up to $' || 1000 + n %% 90000,
               'status', null))
      from generate_series(1, %(recordings)s) n
    """,
    """
    insert into recording_transcripts (connection, recording_id, utterances, updated_at)
    select 'default', 'r' || n, (
           select json_agg(json_build_object('speaker', case when k %% 2 = 0 then 'Rep' else 'Customer' end,
               'text', 'We talked about line ' || k || ' of the estimate, and what it would cost us.',
               'start_ms', k * 5000, 'end_ms', k * 5000 + 4000)) from generate_series(1, 200) k), now()
      from generate_series(1, least(%(recordings)s, 2000)) n
    """,
    """
    insert into fields (connection, model, record, table_name, column_name, extraction, policy, state, recording_id)
    select 'default', 'opportunity', n::text, 'deals', 'budget_max', 'Budget',
           case when n %% 25 = 0 then 'propose' else 'fill' end,
           case when n %% 25 = 0 then 'proposed' when n %% 301 = 0 then 'refused' else 'written' end, 'r' || n
      from generate_series(1, %(recordings)s) n where n %% 40 <> 0
    """,
    """
    insert into siro_users (connection, user_id, email, name)
    select 'default', 'u' || n, 'rep' || n || '@acme.test', 'Rep ' || n from generate_series(0, 49) n
    """,
    """
    insert into board_reps (connection, rep_id, email, name, user_id, method, why)
    select 'default', n::text, 'rep' || n || '@acme.test', 'Rep ' || n, 'u' || n, 'email', 'same email'
      from generate_series(0, 49) n
    """,
)


def fill(url: str, *, recordings: int, appointments: int) -> None:
    """Write all of it into the bridge's tables, a statement each."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=bridge,public") as connection:
        connection.execute("set synchronous_commit = off")
        # No trigger marks a row: the first reader computes the whole board anyway.
        connection.execute("set session_replication_role = replica")
        for statement in _STATEMENTS:
            connection.execute(
                statement % {"recordings": recordings, "appointments": appointments}  # type: ignore[arg-type]
            )


def is_filled(url: str) -> bool:
    """Whether there are recordings."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=bridge,public") as connection:
        return connection.execute("select from recordings limit 1").fetchone() is not None


def analyze(url: str) -> None:
    """Clean up and analyze all tables, as autovacuum would."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=bridge,public") as connection:
        connection.execute("vacuum analyze")
