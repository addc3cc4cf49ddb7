"""Erasing a customer empties every column that is listed as words or personal; a new one cannot be forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.review.erasure import forget
from scripts.stored_columns import PERSONAL, SCHEMAS, WORDS, Stored
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.stored_words import columns_with

NAME: Final = "Zyxwick"
PLACE: Final = "39.7411"
PAYLOAD: Final = json.dumps({"account": {"externalId": "7", "name": NAME}, "subject": NAME, "name": NAME})
RECORDS: Final = json.dumps([{"key": "1", "payload": json.loads(PAYLOAD)}])

ROWS: Final = (
    f"insert into attempts (connection, stream, origin, records) values (:c, 'engagements', 'hook', '{RECORDS}')",
    "insert into hooks (connection, stream, key, row) values (:c, 'engagements', '99', '{\"customer\": 7}')",
    "insert into sends (connection, stream, key, at, state) values (:c, 'engagements', '1', now(), 'sent')",
    "insert into gaps (connection, key, reason, actor) values (:c, '1', 'other', 'ann')",
    """insert into due (connection, model, record) values (:c, 'account', '7'), (:c, 'opportunity', '1')
       on conflict do nothing""",
    """insert into matches (connection, recording_id, state, score) values (:c, 'r1', 'open', 0.5)
       on conflict do nothing""",
    """insert into recording_transcripts (connection, recording_id, utterances, updated_at)
       values (:c, 'r1', '[]', now()) on conflict do nothing""",
    """insert into notes (connection, model, record, recording_id, note_key, table_name, state)
       values (:c, 'opportunity', '1', 'r1', 'k', 'deal_notes', 'written') on conflict do nothing""",
    """with made as (
           insert into proposals (connection, model, record, table_name, column_name, extraction, recording_id, state,
                                  reason)
           values (:c, 'opportunity', '1', 'deals', 'objections', 'Objections', 'r1', 'closed', 'x') returning id)
       insert into proposal_values (proposal_id) select id from made""",
)  # fmt: skip
"""So that every table has a row of the customer."""


async def test_no_listed_column_keeps_anything_of_an_erased_customer(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.execute("create table customers (id integer primary key, name varchar(80))")
    crm.execute("insert into customers values (7, 'Zyxwick')")
    crm.add_deal(1)
    crm.add_appointment(1, deal=1)
    customers = {"table": "customers", "key": "id", "map": {"name": "name"}}
    async with opened(push__accounts=customers) as bridge:
        await push_once(bridge)
        said = {"Objections": f"{NAME} dislikes ladders", "Budget": f"{NAME} says $5,000"}
        stub.record("r1", started_at=ago(hours=2), engagement="1", opportunity="1", said=said, summary=f"{NAME} talks.")
        stub.recordings["r1"]["title"] = NAME
        await pull_once(bridge)
        wanted = {
            f"{one.table}.{name}" for one in (*WORDS, *PERSONAL) if one.schema == "bridge" for name in one.columns
        }
        assert await _found(bridge) - wanted == set()  # what comes by itself is only in columns that are listed
        async with bridge.engine.begin() as conn:
            for statement in ROWS:
                await conn.execute(text(statement), {"c": bridge.name})
            for one in (*WORDS, *PERSONAL):
                if one.schema == "bridge":
                    await _fill(conn, one)
        wanted = {
            f"{one.table}.{name}" for one in (*WORDS, *PERSONAL) if one.schema == "bridge" for name in one.columns
        }
        assert wanted - await _found(bridge) == set()
        await forget(bridge, account="7")
        assert await _found(bridge) == set()


async def test_a_customer_is_found_in_a_call_without_an_answer(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    """A push that was killed before its first answer leaves the customer in its attempt alone."""
    async with opened() as bridge:
        await push_once(bridge)
        async with bridge.engine.begin() as conn:
            records = json.dumps([{"key": "1", "payload": {"account": {"externalId": "7", "name": NAME}}}])
            add = "insert into attempts (connection, stream, origin, records) values (:c, 'engagements', 'push', :r)"
            await conn.execute(text(add), {"c": bridge.name, "r": records})
        assert await _found(bridge) == {"attempts.records"}
        assert (await forget(bridge, account="7")).pushed == 1
        assert await _found(bridge) == set()


async def _fill(conn: AsyncConnection, one: Stored) -> None:
    """Write the customer into these columns."""
    table = SCHEMAS["bridge"].tables[one.table]
    for name in one.columns:
        value = _value(one.table, name, str(table.columns[name].type))
        where = " where key = '1' and stream <> 'opportunities'" if one.table == "sent" else ""
        where = " where key = '1' and stream = 'engagements'" if one.table == "board_records" else where
        await conn.execute(text(f'update {one.table} set "{name}" = :value{where}'), {"value": value})


def _value(table: str, name: str, kind: str) -> Any:
    if name in {"latitude", "longitude"}:
        return float(PLACE)
    if name in {"payload", "attempted", "uncleared"}:
        return PAYLOAD
    if name == "records":
        return RECORDS
    if name == "row":
        return json.dumps({"customer": 7, "name": NAME})
    if kind == "ARRAY":
        return [NAME]
    return json.dumps([NAME]) if kind in {"JSON", "JSONB"} else NAME


async def _found(bridge: Bridge) -> set[str]:
    async def rows(query: str) -> Sequence[Any]:
        async with bridge.engine.connect() as conn:
            return (await conn.execute(text(query))).all()

    return await columns_with(rows, "bridge", (NAME, PLACE))
