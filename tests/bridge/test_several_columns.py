"""One extraction, several columns: a list under one name."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import text

from fieldnote.bridge import pull_once
from fieldnote.bridge.review.history import Selection, Undo, revert
from fieldnote.bridge.review.proposals import Verdict, approve, waiting
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.bridge.test_pull import pushed

FIELDS: dict[str, Any] = {
    "Budget": [
        {"to": "budget_max", "as": "money.max", "policy": "update"},
        {"to": "decision", "as": "text", "policy": "propose"},
        {"to": "log", "as": "text", "policy": "append"},
    ],
    "Objections": "objections",
}
TARGET = {"opportunity": {"table": "deals", "key": "id", "fields": FIELDS}}


@BOTH
async def test_each_column_of_a_list_has_its_own_type_and_policy(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(pull=TARGET) as bridge:
        await pushed(bridge, crm, 1)
        for number, words in ((2, "$18,000 - $24,000"), (1, "up to $26,000")):
            stub.record(f"r{number}", started_at=ago(hours=number), opportunity="1", said={"Budget": words})
        assert (await pull_once(bridge)).settled
        assert (crm.deal(1, "budget_max"), crm.deal(1, "decision")) == (26000, None)
        assert "$18,000 - $24,000" in crm.deal(1, "log")
        assert "up to $26,000" in crm.deal(1, "log")
        crm.set_deal(1, "budget_max", "25000")
        stub.record("r3", started_at=ago(minutes=5), opportunity="1", said={"Budget": "$31,000"})
        await pull_once(bridge)
        assert crm.deal(1, "budget_max") == 25000, "a person's value"
        shown = {item.column: item for item in await waiting(bridge)}
        assert {column: item.extraction for column, item in shown.items()} == {
            "budget_max": "Budget",
            "decision": "Budget",
        }
        done = await approve(bridge, [item.id for item in shown.values()], actor="pat")
        assert [item.verdict for item in done] == [Verdict.WRITTEN] * 2
        assert (crm.deal(1, "budget_max"), crm.deal(1, "decision")) == (31000, "$31,000")
        assert (await pull_once(bridge)).writes == 0


async def test_every_record_of_a_list_names_the_extraction_as_the_file_does(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened(pull=TARGET) as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$18,000", "Objections": "the dog"})
        result = await pull_once(bridge)
        assert not [warning for warning in result.warnings if "extraction" in warning]
        async with bridge.engine.connect() as conn:
            for table in ("fields", "writes", "proposals"):
                named = Counter((await conn.scalars(text(f"select extraction from {table}"))).all())
                assert set(named) <= {"Budget", "Objections"}, table


async def test_an_undo_of_one_column_leaves_the_others(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(pull=TARGET) as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$18,000"})
        await pull_once(bridge)
        async with bridge.engine.connect() as conn:
            number = await conn.scalar(text("select id from writes where column_name = 'log'"))
        assert number is not None
        assert [item.outcome for item in await revert(bridge, Selection(write_id=number), actor="pat")] == [
            Undo.REVERTED
        ]
        assert (crm.deal(1, "budget_max"), crm.deal(1, "log")) == (18000, None)
        assert (await pull_once(bridge)).writes == 0
