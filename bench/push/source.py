"""The CRM of the bench: appointments joined with reps, customers and deals, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from pydantic_core import to_json

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
    # Update times are spread over five years, so that the cursor's five minutes of overlap hold few rows.
    """insert into appointments
       select i, timestamptz '2026-02-01' + (i % 2000) * interval '1 hour',
              timestamptz '2026-02-01' + (i % 2000 + 1) * interval '1 hour', 'Visit ' || i,
              (array['visit', 'call'])[1 + i % 2], 1 + i % 50, 1 + i % {half}, 1 + i % {half},
              timestamptz '2026-01-01' - ({rows} - i) * interval '1 second' * (157680000.0 / {rows})
       from generate_series(1, {rows}) i""",
    "create index on appointments (updated_at)",
    f"create view joined as {QUERY}",
)


def fill(url: str, rows: int) -> None:
    """Make the tables again, with `rows` appointments and half as many customers and deals."""
    execute(url, *(statement.format(rows=rows, half=max(1, rows // 2)) for statement in _TABLES))
    settle(url)


def settle(url: str) -> None:
    """Leave PostgreSQL nothing to do later: statistics, dead rows and dirty pages are dealt with now."""
    execute(url, "vacuum analyze", "checkpoint")


def execute(url: str, *statements: str) -> None:
    """Change something by hand, each statement by itself."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def touch(url: str, rows: int, *, word: str) -> set[str]:
    """Change the subject of `rows` appointments spread over the table, as of now; their keys."""
    statement = """
        update appointments set title = 'Visit ' || id || ' ' || %(word)s, updated_at = now()
        where id in (select id from appointments order by hashint4(id), id limit %(rows)s) returning id
    """
    with psycopg.connect(url, autocommit=True) as connection:
        return {str(key) for (key,) in connection.execute(statement, {"word": word, "rows": rows})}


def rows_before_last(url: str, rows: int) -> str:
    """The update time that so many rows reach or pass, as ISO 8601 in UTC."""
    statement = "select updated_at from appointments order by updated_at desc offset %s limit 1"
    with psycopg.connect(url) as connection:
        row = connection.execute(statement, [rows - 1]).fetchone()
    assert row is not None
    return str(row[0].astimezone(UTC).isoformat())


def rows_of(url: str, statement: str = QUERY, **values: object) -> Iterator[dict[str, Any]]:
    """The rows of a query, a few thousand in memory at a time."""
    with psycopg.connect(url) as connection, connection.cursor("rows", row_factory=dict_row) as cursor:
        cursor.itersize = 2000
        cursor.execute(statement, values)
        yield from cursor


def payload(row: dict[str, Any]) -> dict[str, Any]:
    """A row as Siro takes it: what every contestant sends."""
    return {
        "externalId": str(row["id"]),
        "startTime": row["starts_at"].isoformat(),
        "endTime": row["ends_at"].isoformat(),
        "subject": row["title"],
        "engagementType": {
            "activityType": "APPOINTMENT" if row["kind"] == "visit" else "CALL",
            "name": row["kind"],
        },
        "engagementUsers": [{"externalId": str(row["rep_id"]), "email": row["email"], "name": row["rep_name"]}],
        "account": {"externalId": str(row["customer_id"]), "name": row["customer_name"]},
        "opportunity": {"externalId": str(row["deal_id"]), "name": row["deal_name"], "amount": float(row["amount"])},
    }


def digest(record: dict[str, Any]) -> str:
    """The content of a record, the same however its times and numbers are written."""
    users = [user for user in record.get("engagementUsers") or () if not user.get("deletedAt")]
    said = {
        **{key: value for key, value in record.items() if value is not None},
        "startTime": _instant(record["startTime"]),
        "endTime": _instant(record["endTime"]),
        "engagementUsers": sorted(users, key=lambda user: str(user["externalId"])),
        "opportunity": {**record["opportunity"], "amount": f"{Decimal(str(record['opportunity']['amount'])):.2f}"},
    }
    return blake2b(to_json(dict(sorted(said.items()))), digest_size=8).hexdigest()


def digests(url: str, keys: list[str] | None = None) -> dict[str, str]:
    """The content that each row (or each of `keys`) would have, by its key."""
    some = "" if keys is None else "where a.id = any(%(keys)s)"
    found = rows_of(url, f"{QUERY} {some}", keys=[int(key) for key in keys or ()])
    return {str(row["id"]): digest(payload(row)) for row in found}


def _instant(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


_CONFIG = """
version: 1
siro: {{token: bench, base_url: "http://127.0.0.1:{port}/api-externalApi", rate_limit: {rate_limit}}}
crm: {{driver: sql, url: "{url}", timezone: UTC}}
push:
  every: {every}
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


def write_config(
    path: Path, url: str, port: int, *, batch: int = 100, rate_limit: str = "off", every: str = "10 minutes"
) -> None:
    """The fieldnote.yaml of the bench, which maps a row to what `payload` says."""
    query = "\n".join(f"      {line}" for line in QUERY.strip().splitlines())
    values = {"url": url, "port": port, "batch": batch, "rate_limit": rate_limit, "every": every, "query": query}
    path.write_text(_CONFIG.format(**values))
