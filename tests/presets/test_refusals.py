"""A CRM's refusal arrives in its own words, with the next step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fieldnote.crm.types import Record
from fieldnote.errors import CrmRefused
from fieldnote.sandbox import StandIn
from fieldnote.sandbox.hubspot import HubSpotStandIn
from fieldnote.sandbox.hubspot.properties import Property
from fieldnote.sandbox.salesforce import SalesforceStandIn
from fieldnote.sandbox.salesforce.records import make_id
from fieldnote.sandbox.salesforce.schema import Field
from tests.presets.conftest import FILES, Shop, open_shop

pytestmark = pytest.mark.slow

Open = Callable[[str, str], Shop]


@pytest.fixture
def opened(tmp_path: Path, bridge_url: str) -> Iterator[Open]:
    shops: list[Shop] = []

    def begin(name: str, columns: str) -> Shop:
        shop = open_shop(name, tmp_path, bridge_url)
        shop.text = FILES[name][:-1] + columns
        shops.append(shop)
        return shop

    yield begin
    for shop in shops:
        shop.close()


def refused(shop: Shop, record: Record, column: str, new: object) -> str:
    driver = shop.driver(shop.config(""))
    with pytest.raises(CrmRefused) as caught:
        driver.write_if(record, column, expected=None, new=new)
    return f"{caught.value.message} / {caught.value.hint}"


def test_hubspot_names_the_option_that_the_property_does_not_have(opened: Open) -> None:
    columns = ", writing: {records: {deals: {columns: {size: {type: text}}}}}}"
    shop = opened("hubspot", columns)
    _hubspot(shop.crm).types["deals"].add(
        Property("size", "enumeration", "select", options=("small", "large"), own=True)
    )
    record = Record("deals", "hs_object_id", "2000200")
    said = refused(shop, record, "size", "medium")
    assert "was not one of the allowed options" in said
    assert "Add the option to the property" in said


def test_salesforce_rules_picklists_and_locks_are_named(opened: Open) -> None:
    columns = ", writing: {records: {opportunities: {columns: {Budget__c: {type: number}, Size__c: {type: text}}}}}}"
    shop = opened("salesforce", columns)
    crm = _salesforce(shop.crm)
    crm.objects["Opportunity"].add(Field("Size__c", "picklist", 255, choices=("small", "large"), restricted=True))
    crm.rules["Opportunity"] = [
        lambda values: "Over a million needs approval" if (values.get("Budget__c") or 0) > 1_000_000 else None
    ]
    record = Record("opportunities", "Id", make_id("006", 200))
    said = refused(shop, record, "Budget__c", 2_000_000)
    assert "needs approval" in said
    assert "validation rule" in said
    assert "Add the value to the picklist" in refused(shop, record, "Size__c", "medium")
    assert crm.store.table("Opportunity").latest(record.key).values.get("Budget__c") is None


def test_servicetitan_says_which_custom_field_refuses(opened: Open) -> None:
    entry = "entry: {list: customFields, key: typeId, is: 304, keep: [typeId, value]}"
    columns = f", writing: {{records: {{jobs: {{columns: {{Source: {{type: text, as_text: true, {entry}}}}}}}}}}}}}"
    shop = opened("servicetitan", columns)
    said = refused(shop, Record("jobs", "id", "200"), "Source", "Television")
    assert "does not have this option" in said
    assert "Settings, Custom Fields" in said


def _hubspot(crm: StandIn) -> HubSpotStandIn:
    assert isinstance(crm, HubSpotStandIn)
    return crm


def _salesforce(crm: StandIn) -> SalesforceStandIn:
    assert isinstance(crm, SalesforceStandIn)
    return crm
