"""`fieldnote check`, as far as it looks at what Siro knows of the CRM."""

from __future__ import annotations

import pytest

from fieldnote.bridge.setup.checks import Level, check_all
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago


async def test_fields_that_siros_administrator_chose_are_proposed(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    stub.record("r1", started_at=ago(hours=1), said={"Budget": "$5", "Roof Age": "12", "Lender": "a bank", "Pets": "2"})
    chosen = {"Budget": "Opportunity", "Roof Age": "Deals", "Lender": "Finance_Case__c"}
    for item in stub.recordings["r1"]["entityExtractions"]:
        model = chosen.get(item["name"])
        item["mappings"] = (
            [{"crmModelName": model, "crmFieldName": f"{item['name'].replace(' ', '_')}__c"}] if model else None
        )
    async with opened() as bridge:
        found = [finding async for finding in check_all(bridge) if finding.subject == "mappings"]
    texts = {finding.text: finding.fix for finding in found}
    rest = "and the file says nothing of it"
    assert texts == {
        f"Siro's administrator chose Deals.Roof_Age__c for the extraction 'Roof Age', {rest}": (
            "add to pull.opportunity.fields: Roof Age: {to: Roof_Age__c, as: text, policy: propose}"
        ),
        f"Siro's administrator chose Finance_Case__c.Lender__c for the extraction 'Lender', {rest}": (
            "add to the fields of the record that it means: Lender: {to: Lender__c, as: text, policy: propose}"
        ),
    }
    assert {finding.level for finding in found} == {Level.HINT}


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_an_address_for_alerts_that_nobody_knows_is_named_without_its_secret(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async def alerts(*addresses: str) -> list[tuple[str, str]]:
        async with opened(alerts=list(addresses)) as bridge:
            found = [finding async for finding in check_all(bridge) if finding.subject == "alerts"]
        return [(finding.level, finding.text) for finding in found]

    assert await alerts("json://localhost:9/hook") == [("good", "Apprise knows every address; nothing was sent")]
    [(level, text)] = await alerts("json://localhost:9/hook", "carrier-pigeon://user:hunter2@roof")
    assert (level, "alerts[1] is not a valid Apprise URL" in text, "hunter2" in text) == ("bad", True, False)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            ["2026-02-01T10:00:00", "2026-02-01 10:00:00", "2026-02-02 10:00:00"],
            "1 of 3 rows have another kind of updated_at",
        ),
        (["", "2026-02-01 10:00:00"], "1 of 2 rows have another kind of updated_at"),
        (["01/02/2026", "15/02/2026"], "do not sort by time, such as '15/02/2026'"),
        (["2026-02-01 10:00:00", "2026-02-01 10:00:00.5"], None),
    ],
)
async def test_a_cursor_of_several_kinds_is_named(
    crm: Crm, stub: StubSiro, opened: Opener, values: list[str], said: str | None
) -> None:
    del stub
    for key, value in enumerate(values, 1):
        crm.add_deal(key, updated=value)
    async with opened() as bridge:
        found = [item.text for item in [f async for f in check_all(bridge)] if item.subject == "push.opportunities"]
    assert any(said in text for text in found) if said else not any("updated_at" in text for text in found), found
