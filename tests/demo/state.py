"""Everything that a demo leaves, in a form that two runs can be compared by: no ids, ports or times of day."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from fieldnote.db.embedded import ensure_server
from fieldnote.demo import crm

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S+")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_WORKSPACE = {
    "records": """
        select 'engagement', external_id, fields::text from engagements
        union all select 'opportunity', external_id, fields::text from opportunities
        union all select 'account', external_id, fields::text from accounts
        union all select 'user', external_id, matched_by from crm_users""",
    "people": """
        select e.external_id, u.external_id, p.deleted_at is null
          from engagement_users p join engagements e on e.id = p.engagement_id join crm_users u on u.id = p.crm_user_id
        union all
        select o.external_id, u.external_id, p.deleted_at is null
          from opportunity_users p join opportunities o on o.id = p.opportunity_id
          join crm_users u on u.id = p.crm_user_id""",
    "links": """
        select r.key, e.external_id, o.external_id, l.trigger, l.source, r.processed_at is not null
          from recordings r left join recording_links l on l.recording_id = r.id
          left join engagements e on e.id = l.engagement_id
          left join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)""",
    "extractions": """
        select r.key, d.name, x.status, v.items::text
          from extractions x join recordings r on r.id = x.recording_id
          join entity_definitions d on d.id = x.definition_id
          left join extraction_values v on v.extraction_id = x.id""",
    "summaries": "select r.key, s.name, s.content from summaries s join recordings r on r.id = s.recording_id",
    "events": """
        select r.key, m.event_code, m.event::text from mobile_events m join recordings r on r.id = m.recording_id""",
    "apps and users": """
        select 'app', name, count(*)::text from oauth_apps group by name
        union all select 'user', email, name from users""",
}
_BRIDGE = {
    "sent": "select stream, key, state, payload::text from sent",
    "fields": """
        select f.record, f.column_name, f.state, v.base::text
          from fields f left join field_values v using (connection, model, record, table_name, column_name)""",
}


def state_of(home: Path) -> dict[str, Any]:
    """The CRM, the workspace and the bridge's ledger of the demo in this home."""
    server = ensure_server(home)
    now = crm.snapshot(server.url("contractor"))
    return {
        "deals": {deal: dict(values) for deal, values in now.deals.items()},
        "notes": sorted((deal, key is None, _plain(body)) for deal, key, body in now.notes),
        **_rows(server.url("workspace"), "workspace", _WORKSPACE),
        **_rows(server.url("bridge"), "bridge", _BRIDGE),
    }


def _rows(url: str, schema: str, queries: dict[str, str]) -> dict[str, list[tuple[Any, ...]]]:
    with psycopg.connect(url) as connection:
        connection.execute(sql.SQL("set search_path to {}").format(sql.Identifier(schema)))
        return {
            f"{schema}: {what}": sorted(
                (tuple(_plain(value) for value in row) for row in connection.execute(query.encode()).fetchall()),
                key=repr,
            )
            for what, query in queries.items()
        }


def _plain(value: Any) -> Any:
    return _ID.sub("ID", _ADDRESS.sub("ADDRESS", value)) if isinstance(value, str) else value
