"""Every kind of CRM record takes fields and notes, by SQL and by a web API; a field that is gone pauses alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fieldnote.bridge import pull_once
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import CONNECTION, StubSiro, ago
from tests.crm.rest_write_server import WriteCrm, serving

MODELS = ("engagement", "opportunity", "account", "contact", "lead")


@pytest.fixture
def api() -> Iterator[WriteCrm]:
    with serving() as running:
        yield running


def _linked_to_all(stub: StubSiro) -> None:
    stub.record("r1", started_at=ago(hours=2), opportunity="2", said={"Budget": "$5"}, summary="They like blue.")
    links = [{"id": f"siro-{key}", "externalId": str(key)} for key in range(1, 6)]
    single: dict[str, Any] = dict(zip(MODELS, links, strict=True))
    contact = single.pop("contact")
    stub.recordings["r1"]["crm"] = {"integrationConnectionId": CONNECTION, "contacts": [contact], **single}


def _pull(note: dict[str, str]) -> dict[str, Any]:
    fields = {"Budget": {"to": "budget_max", "as": "money.max"}}
    return {model: {"table": "deals", "key": "id", "fields": fields, "note": note} for model in MODELS}


@pytest.mark.parametrize("kind", ["sql", "flat", "nested"])
async def test_every_kind_of_record_takes_fields_and_notes(
    crm: Crm, stub: StubSiro, opened: Opener, api: WriteCrm, kind: str
) -> None:
    note = {"table": "deal_notes", "record": "deal_id", "body": "body", "key": "external_key"}
    changes: dict[str, Any] = {"pull": _pull(note)}
    if kind != "sql":
        note = {"table": "notes", "record": "deal_id", "body": "text"}
        note |= {"key": "external_key"} if kind == "flat" else {}
        changes = {"crm": getattr(api, kind)(budget_max={"type": "integer"}), "pull": _pull(note)}
    for key in range(1, 6):
        crm.add_deal(key)
        api.deals[str(key)] = {"id": str(key), "budget_max": None}
    _linked_to_all(stub)
    async with opened(push=None, siro__integration_connection_id=CONNECTION, **changes) as bridge:
        result = await pull_once(bridge)
        assert (result.settled, result.writes) == (True, 10)
        assert (await pull_once(bridge)).writes == 0
    budgets = [deal["budget_max"] for deal in api.deals.values()]
    owners = sorted(str(item["deal_id"]) for item in api.notes)
    if kind == "sql":
        budgets = [crm.deal(key, "budget_max") for key in range(1, 6)]
        owners = sorted(str(owner) for owner, _, _ in crm.notes())
    assert (budgets, owners) == ([5] * 5, ["1", "2", "3", "4", "5"])


async def test_a_person_who_changed_a_field_of_a_web_api_is_asked_and_a_missing_field_pauses_alone(
    stub: StubSiro, opened: Opener, api: WriteCrm
) -> None:
    api.deals["2"] = {"id": "2", "objections": "typed by Ann"}
    fields = {
        "Budget": {"to": "budget_max", "as": "integer"},
        "Objections": {"to": "objections", "policy": "update"},
    }
    pull = {"opportunity": {"table": "deals", "key": "id", "fields": fields}}
    stub.record("r1", started_at=ago(hours=2), opportunity="2", said={"Budget": "5", "Objections": "price"})
    async with opened(push=None, siro__integration_connection_id=CONNECTION, crm=api.flat(), pull=pull) as bridge:
        result = await pull_once(bridge)
        assert [(stuck.column, "no field 'budget_max'" in stuck.reason) for stuck in result.problems] == [
            ("budget_max", True)
        ]
        assert (result.proposals, api.deals["2"]["objections"]) == (1, "typed by Ann")
        api.deals["2"]["budget_max"] = None  # fixed
        async with bridge.engine.begin() as conn:
            await conn.exec_driver_sql("update due set retry_at = now()")
        fixed = await pull_once(bridge)
        assert (fixed.problems, api.deals["2"]["budget_max"]) == ([], 5)
