"""Outcomes: defined for a kind of conversation, and chosen for a recording."""

from __future__ import annotations

from typing import Any, Final

from tests.workspace.house import JOHN, Api, House
from tests.workspace.test_choices import token_of as token_of_email
from tests.workspace.test_one_rule import kinds_of
from tests.workspace.test_user_recordings import token_of

OUTCOMES: Final = "/v1/core/outcomes"


async def defined(client: Api, kind: str, label: str, universal: str = "POSITIVE", **fields: Any) -> Any:
    body = {"customOutcomeLabel": label, "universalOutcomeLabel": universal, "prompt": None, **fields}
    return await client("POST", f"{OUTCOMES}/outcome-definitions/{kind}", json=body)


async def test_coaches_and_administrators_define_outcomes(house: House) -> None:
    admin, john = await token_of(house, house.organization.admin_id), await token_of_email(house, JOHN)
    kinds = await kinds_of(house, admin)
    visit, call = kinds["Sales visit"], kinds["Phone Call"]
    sold = (await defined(admin, visit, "Signed", prompt="The customer signed.")).json()["data"]
    await defined(admin, call, "Hung up", "NEGATIVE")
    assert (await defined(john, visit, "Mine")).status_code == 403
    assert (await defined(admin, visit, "SIGNED")).status_code == 409
    path = f"{OUTCOMES}/outcome-definitions"
    every = (await john.get(path, organizationId=house.organization.id))["data"]
    assert [one["customOutcomeLabel"] for one in every] == ["Signed", "Hung up"]
    assert (await john.get(f"{path}/{visit}"))["data"] == {"multipleOutcomes": None, "outcomeDefinitions": [sold]}
    await defined(admin, visit, "Contract signed", outcomeDefinitionId=sold["id"])
    assert (await admin("POST", f"{OUTCOMES}/set-multiple/{visit}", json={"multiple": 2})).json() == {"data": {}}
    data = (await john.get(f"{path}/{visit}"))["data"]
    assert [one["customOutcomeLabel"] for one in data["outcomeDefinitions"]] == ["Contract signed"]
    assert data["multipleOutcomes"] == 2
    await defined(admin, visit, "Contract signed", outcomeDefinitionId=sold["id"], disable=True)
    assert (await john.get(f"{path}/{visit}"))["data"]["outcomeDefinitions"] == []
    assert (await defined(admin, visit, "x", outcomeDefinitionId=sold["id"])).status_code == 404


async def test_a_person_chooses_the_outcome_of_a_recording(house: House) -> None:
    admin, john = await token_of(house, house.organization.admin_id), await token_of_email(house, JOHN)
    kinds = await kinds_of(house, admin)
    for label, universal in (("Signed", "POSITIVE"), ("Not home", "NEGATIVE"), ("Thinks", "NEUTRAL")):
        await defined(admin, kinds["Sales visit"], label, universal)
    await defined(admin, kinds["Phone Call"], "Hung up", "NEGATIVE")
    recording = await house.record()
    path = f"/v1/core/recordings/{recording}/outcomes"
    before = (await john.get(path))["data"]
    assert [one["customLabel"] for one in before["possibleOutcomes"]] == ["Signed", "Not home", "Thinks"]
    assert (before["edited"], before["selectedCustomLabels"], before["universalOutcomeLabel"]) == (False, [], None)

    async def choose(*labels: str) -> Any:
        return await john("PATCH", path, json={"selectedCustomLabels": list(labels)})

    assert (await choose("Hung up")).status_code == 422
    assert (await choose("Signed", "Thinks")).status_code == 422
    chosen = (await choose("Not home")).json()["data"]
    assert (chosen["edited"], chosen["universalOutcomeLabel"]) == (True, "NEGATIVE")
    await admin("POST", f"{OUTCOMES}/set-multiple/{kinds['Sales visit']}", json={"multiple": 2})
    assert (await choose("Thinks", "Signed")).json()["data"]["universalOutcomeLabel"] == "POSITIVE"
    for query, found in (
        ({"universalOutcomeLabels": ["POSITIVE"]}, 1), ({"universalOutcomeLabels": ["NEGATIVE"]}, 0),
        ({"extractedCustomOutcomes": ["Thinks"]}, 1), ({"extractedCustomOutcomes": ["Not home"]}, 0),
    ):  # fmt: skip
        hits = (await john("POST", "/v1/core/recordings/search", json={"query": query})).json()["data"]["hits"]
        assert len(hits) == found, query
    assert (await choose()).json()["data"]["selectedCustomLabels"] == []
    mary = await house.user("mary@acme.test", "Mary Lee")
    assert (await (await token_of(house, mary))("GET", path)).status_code == 404
