"""The CRM of the bench: appointments joined with reps, customers and deals, in PostgreSQL."""

from __future__ import annotations

from typing import Any

import psycopg

QUERY = """
select a.id, a.starts_at, a.ends_at, a.title, a.kind, r.id as rep_id, r.email, r.name as rep_name,
       c.id as customer_id, c.name as customer_name, d.id as deal_id, d.name as deal_name, d.amount, a.updated_at
from appointments a join reps r on r.id = a.rep_id join customers c on c.id = a.customer_id
left join deals d on d.id = a.deal_id
"""

_TABLES = (
    "drop view if exists joined",
    "drop table if exists appointments, reps, customers, deals",
    "create table reps (id int primary key, name text, email text)",
    "create table customers (id int primary key, name text)",
    "create table deals (id int primary key, name text, amount numeric(12, 2))",
    """create table appointments (
        id int primary key, starts_at timestamptz, ends_at timestamptz, title text, kind text, rep_id int,
        customer_id int, deal_id int, updated_at timestamptz not null)""",
    "insert into reps select i, 'Rep ' || i, 'rep' || i || '@example.com' from generate_series(1, 50) i",
    "insert into customers select i, 'Customer ' || i from generate_series(1, {half}) i",
    "insert into deals select i, 'Roof ' || i, i % 50000 from generate_series(1, {half}) i",
    # Update times lie ten seconds apart, so that the cursor's five minutes of overlap hold few rows.
    """insert into appointments
       select i, timestamptz '2026-02-01' + (i % 2000) * interval '1 hour',
              timestamptz '2026-02-01' + (i % 2000 + 1) * interval '1 hour', 'Visit ' || i,
              (array['visit', 'call'])[1 + i % 2], 1 + i % 50, 1 + i % {half}, 1 + i % {half},
              timestamptz '2026-01-01' - ({rows} - i) * interval '10 seconds'
       from generate_series(1, {rows}) i""",
    "create index on appointments (updated_at)",
    f"create view joined as {QUERY}",
    "analyze",
)


def fill(url: str, rows: int) -> None:
    """Make the tables anew."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _TABLES:
            connection.execute(statement.format(rows=rows, half=max(1, rows // 2)))  # type: ignore[arg-type]


def execute(url: str, statement: str) -> None:
    """Change something by hand."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def payload(row: dict[str, Any]) -> dict[str, Any]:
    """A row as Siro takes it: what every contestant sends."""

    def instant(moment: Any) -> str:
        return str(moment.isoformat()).replace("+00:00", "Z")

    return {
        "externalId": str(row["id"]),
        "startTime": instant(row["starts_at"]),
        "endTime": instant(row["ends_at"]),
        "subject": row["title"],
        "engagementType": {
            "activityType": "APPOINTMENT" if row["kind"] == "visit" else "CALL",
            "name": row["kind"],
        },
        "engagementUsers": [{"externalId": str(row["rep_id"]), "email": row["email"], "name": row["rep_name"]}],
        "account": {"externalId": str(row["customer_id"]), "name": row["customer_name"]},
        "opportunity": {"externalId": str(row["deal_id"]), "name": row["deal_name"], "amount": float(row["amount"])},
    }


CONFIG = """
version: 1
siro: {{token: bench, base_url: "http://127.0.0.1:{port}/api-externalApi", rate_limit: {rate_limit}}}
crm: {{driver: sql, url: "{url}", timezone: UTC}}
push:
  batch: {batch}
  engagements:
    query: |
{query}
    key: id
    cursor: updated_at
    deletes: true
    map:
      startTime: starts_at
      endTime: ends_at
      subject: title
      engagementType:
        activityType: {{from: kind, choices: {{visit: APPOINTMENT, call: CALL}}}}
        name: kind
      engagementUsers:
        - {{externalId: rep_id, email: email, name: rep_name}}
      account: {{externalId: customer_id, name: customer_name}}
      opportunity: {{externalId: deal_id, name: deal_name, amount: amount}}
"""


def config(url: str, port: int, *, batch: int = 100, rate_limit: str = "off") -> str:
    """The fieldnote.yaml of the bench."""
    query = "\n".join(f"      {line}" for line in QUERY.strip().splitlines())
    return CONFIG.format(url=url, port=port, batch=batch, rate_limit=rate_limit, query=query)
