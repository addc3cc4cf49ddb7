"""Definitions by organization and conversation type: changed, tried on past recordings, and applied to them."""

from __future__ import annotations

import json
from typing import Any, Final

import httpx2
from sqlalchemy import insert

from fieldnote.db.workspace_tables import conversation_types
from fieldnote.insight import Utterance
from fieldnote.workspace import add_token
from fieldnote.workspace.http.scopes import TokenScope
from fieldnote.workspace.tenancy import inside
from tests.workspace.house import House

ROOF: Final = (
    Utterance("John Sales", "Hi, I'm John with Acme. How old is the roof?", 0.0, 3.0),
    Utterance("Mary Smith", "The roof is nineteen years old.", 4.0, 7.0),
    Utterance("John Sales", "And what budget do you have in mind?", 8.0, 10.0),
    Utterance("Mary Smith", "Between forty and fifty thousand dollars.", 11.0, 14.0),
)
AGE: Final = {"name": "Roof age", "description": "How old the roof is, in years", "type": "number", "unit": "years"}


class Own:
    """A client of the workspace's own operations."""

    def __init__(self, house: House, client: Any = None) -> None:
        self.client: httpx2.AsyncClient = (client or house.api).client
        self.base = f"{house.server.url}/fieldnote/v1/definitions"

    async def __call__(self, method: str, path: str = "", *, status: int = 200, **options: Any) -> Any:
        response = await self.client.request(method, self.base + path, **options)
        assert response.status_code == status, response.text
        return response.json().get("data", response.json())


async def values(house: House, recording_id: str) -> dict[str, Any]:
    [row] = await house.rows(
        "select v.items from extraction_values v join extractions x on x.id = v.extraction_id"
        " where x.recording_id::text = :id",
        id=recording_id,
    )
    return {item["name"]: item for item in row.items}


async def test_an_organization_begins_with_the_quickstarts_four(house: House) -> None:
    found = await Own(house)("GET")
    assert [(one["name"], one["type"]) for one in found] == [
        ("Budget", "money"),
        ("Timeline", "date"),
        ("Decision Maker", "text"),
        ("Objections", "list"),
    ]


async def test_a_definition_is_tried_on_a_past_recording_and_applied_to_it(house: House) -> None:
    own = Own(house)
    past = await house.record(said=ROOF, key="visit-1")
    await house.settle()
    assert "Roof age" not in await values(house, past)

    [trial] = await own("POST", "/try", json={"definition": AGE})
    assert trial["recordingId"] == past
    [difference] = trial["differences"]
    assert (difference["name"], difference["before"], difference["after"]) == ("Roof age", None, "19")
    assert difference["evidence"][-1:] == ["Mary Smith: The roof is nineteen years old."]
    assert len(await own("GET")) == 4

    made = await own("POST", status=201, json=AGE | {"crm": "deals.roof_age", "required": True})
    assert "Roof age" not in await values(house, past)
    [trial] = await own("POST", "/try", json={"recordings": ["visit-1"]})
    assert [one["name"] for one in trial["differences"]] == ["Roof age"]
    assert await own("POST", "/apply", status=202, json={"recordings": [past]}) == [{"recordingId": past}]
    await house.settle()
    found = await values(house, past)
    mappings = [{"crmModelName": "deals", "crmFieldName": "roof_age"}]
    assert found["Roof age"] == {"name": "Roof age", "value": "19", "mappings": mappings}
    assert found["Budget"]["value"]

    await own("PATCH", f"/{made['id']}", json={"type": "text", "unit": "", "required": False})
    await own("DELETE", "/Roof%20age")
    assert len(await own("GET")) == 4
    later = await house.record(said=ROOF)
    await house.settle()
    assert set(await values(house, later)) == {"Budget"}
    assert set(await values(house, past)) == {"Budget", "Roof age"}


async def test_a_definition_of_a_conversation_type_counts_there_and_before_one_of_all(house: House) -> None:
    own = Own(house)
    async with inside(house.workspace.engine, house.organization.id) as conn:
        kind = {"organization_id": house.organization.id, "display_name": "Roof visit", "bookmark_group_ids": []}
        await conn.execute(insert(conversation_types).values(kind))
    await own("POST", status=201, json=AGE | {"type": "text", "unit": ""})
    await own("POST", status=201, json=AGE | {"conversationType": "roof VISIT"})
    of_type = await house.record(said=ROOF, details={"conversationType": "Roof visit"})
    other = await house.record(said=ROOF)
    await house.settle()
    assert (await values(house, of_type))["Roof age"]["value"] == "19"
    assert (await values(house, other)).get("Roof age", {"value": None})["value"] != "19"


WRONG: Final[tuple[tuple[dict[str, Any], str], ...]] = (
    ({}, "name is missing"),
    ({"name": " budget "}, "already"),
    ({"name": "x" * 200}, "too long"),
    ({"name": "A\0B"}, "NUL"),
    ({"name": "\ud800"}, "surrogate"),
    ({"name": "Age", "type": "numbr"}, "type is unknown"),
    ({"name": "Age", "type": ["number"]}, "type is unknown"),
    ({"name": "Age", "type": "choice"}, "choices"),
    ({"name": "Age", "choices": ["a"], "type": "text"}, "choices"),
    ({"name": "Age", "choices": [1]}, "choices"),
    ({"name": "Age", "crm": "roof_age"}, "crm is not a CRM field"),
    ({"name": "Age", "required": "yes"}, "required is not"),
    ({"name": "Age", "colour": "red"}, "unknown key"),  # words: said
    ({"name": "Age", "conversationType": "Nowhere"}, "no conversation type"),
    ({"name": "Age", "conversationType": "\0"}, "no conversation type"),
    ({"name": 7}, "not text"),
)


async def test_a_wrong_definition_is_refused_with_a_reason_and_a_hint(house: House) -> None:
    own = Own(house)
    for body, why in WRONG:
        refused = await own("POST", status=422, content=json.dumps(body))
        assert why in refused["error"], (body, refused)
        assert refused["hint"]
    for content in (b"", b"[]", b"{", b'"Age"', b"\xff", b"[" * 5000):
        assert "error" in await own("POST", status=422, content=content)
    for body in (
        {"recordings": "x"},
        {"recordings": [1]},
        {"since": "yesterday"},
        {"since": "2026-02-15T14:00:00"},
        {"limit": 0},
        {"limit": True},
        {"nothing": 1},
        {"recordings": ["\0"]},
        {"definition": {"name": "Age", "type": "no"}},
    ):
        assert "error" in await own("POST", "/try", status=422, content=json.dumps(body)), body
    assert "error" in await own("POST", "/apply", status=422, json={})
    assert "error" in await own("PATCH", "/none", status=422, json={"name": "x"})
    assert len(await own("GET")) == 4


async def test_another_organization_neither_sees_nor_changes_definitions(house: House) -> None:
    made = await Own(house)("POST", status=201, json=AGE)
    _, other = await house.another()
    own = Own(house, other)
    assert made["id"] not in {one["id"] for one in await own("GET")}
    for method in ("PATCH", "DELETE"):
        await own(method, f"/{made['id']}", status=422, json={"description": "x"})
    assert len(await Own(house)("GET")) == 5


async def test_a_token_of_less_scope_reads_definitions_and_does_not_change_them(house: House) -> None:
    for scope in (TokenScope.READ, TokenScope.SYNC):
        token = await add_token(house.workspace.engine, house.organization, name=scope, scope=scope)
        own = Own(house, house.client(token))
        await own("GET")
        await own("POST", status=403, json=AGE)
