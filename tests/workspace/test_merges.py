"""Merges in the CRM: every reference moves to the record that is left."""

from __future__ import annotations

from typing import Any

from tests.workspace.house import START, House

MERGED = {"externalId": "c-1", "mergedToExternalId": "c-2"}


async def customers(house: House) -> list[tuple[str, str | None]]:
    """Appointments and deals, by whose they are."""
    return [
        (row[0], row[1])
        for row in await house.rows(
            "select r.external_id, a.external_id from (select external_id, account_id from engagements"
            " union all select external_id, account_id from opportunities"
            " union all select external_id, account_id from contacts) r left join accounts a on a.id = r.account_id"
            " order by 1"
        )
    ]


async def test_appointments_deals_and_contacts_of_a_merged_customer_go_to_the_one_that_is_left(house: House) -> None:
    first = await house.api.visit("a-1", account={"externalId": "c-1", "name": "Smith"})
    await house.api.opportunity("o-1", account={"externalId": "c-1"})
    contact = {"externalId": "p-1", "account": {"externalId": "c-1"}}
    await house.api.visit("a-2", account={"externalId": "c-2", "name": "Smythe"}, contact=contact)
    await house.api.visit("a-3", account=MERGED)
    assert await customers(house) == [(key, "c-2") for key in ("a-1", "a-2", "a-3", "o-1", "p-1")]
    moved = await house.api.get(f"/v1/integrations/engagements/{first['id']}")
    assert moved["account"]["name"] == "Smythe"
    assert moved["updatedAt"] > first["updatedAt"]


async def test_what_names_a_merged_customer_later_means_the_one_that_is_left(house: House) -> None:
    """Also where neither was known when they were merged."""
    await house.api.visit("a-1", account=MERGED)
    await house.api.visit("a-2", account={"externalId": "c-1", "name": "Smith"})
    deal = await house.api.opportunity("o-1", account={"externalId": "c-2"})
    [(merged_id,)] = await house.rows("select id::text from accounts where external_id = 'c-1'")
    await house.api.opportunity("o-2", accountId=merged_id)
    assert await customers(house) == [(key, "c-2") for key in ("a-1", "a-2", "o-1", "o-2")]
    assert deal["accountId"] != merged_id


async def test_the_one_that_is_left_can_say_whom_it_took_in(house: House) -> None:
    for n in (1, 2, 3):
        await house.api.visit(f"a-{n}", account={"externalId": f"c-{n}"})
    await house.api.visit("a-3", account={"externalId": "c-3", "mergedFromExternalIds": ["c-1", "c-2", "c-0"]})
    await house.api.visit("a-4", account={"externalId": "c-0"})
    assert {account for _, account in await customers(house)} == {"c-3"}


async def test_merges_go_on_from_one_to_the_next_and_the_last_word_counts(house: House) -> None:
    await house.api.visit("a-1", account=MERGED)
    await house.api.visit("a-2", account={"externalId": "c-2", "mergedToExternalId": "c-3"})
    await house.api.visit("a-4", account={"externalId": "c-1"})
    assert {account for _, account in await customers(house)} == {"c-3"}
    await house.api.visit("a-5", account={"externalId": "c-3", "mergedToExternalId": "c-1"})
    await house.api.visit("a-6", account={"externalId": "c-3"})
    assert {account for _, account in await customers(house)} == {"c-1"}
    await house.api.visit("a-1", account={"externalId": "c-1", "mergedToExternalId": "c-1"})
    assert {account for _, account in await customers(house)} == {"c-1"}


async def test_merged_contacts_and_leads_are_left_by_their_appointments_and_deals(house: House) -> None:
    await house.api.visit("a-1", contact={"externalId": "p-1"}, lead={"externalId": "l-1"})
    people = [{"externalId": "p-1", "isPrimary": True}, {"externalId": "p-2"}]
    await house.api.opportunity("o-1", contact={"externalId": "p-1"}, opportunityContacts=people)
    merged: dict[str, Any] = {"contact": {"externalId": "p-1", "mergedToExternalId": "p-2"}}
    await house.api.visit("a-2", **merged, lead={"externalId": "l-2", "mergedFromExternalIds": ["l-1"]})
    rows = await house.rows(
        "select c.external_id, l.external_id from engagements e join contacts c on c.id = e.contact_id"
        " join leads l on l.id = e.lead_id"
    )
    assert rows == [("p-2", "l-2")] * 2
    rows = await house.rows(
        "select c.external_id, d.external_id, p.is_primary from opportunities o join contacts c on c.id = o.contact_id"
        " join opportunity_contacts p on p.opportunity_id = o.id join contacts d on d.id = p.contact_id"
    )
    assert rows == [("p-2", "p-2", True)]


async def test_the_same_merge_twice_changes_nothing(house: House) -> None:
    await house.api.visit("a-1", account={"externalId": "c-1"})
    first = await house.api.visit("a-2", account=MERGED)
    moved = await house.api.engagement("a-1")
    assert await house.api.visit("a-2", account=MERGED) == first
    assert await house.api.engagement("a-1") == moved


async def test_a_recording_shows_the_customer_that_is_left(house: House) -> None:
    await house.api.visit(account={"externalId": "c-1"})
    recording_id = await house.record()
    await house.settle()
    await house.api.visit("a-2", at=START.replace(year=2027), account=MERGED)
    await house.settle()
    got = await house.api.get(f"/v1/core/recordings/{recording_id}", showCrmLinks="true")
    assert got["crm"]["account"]["externalId"] == "c-2"


async def test_an_id_of_a_merge_that_is_too_long_is_refused(house: House) -> None:
    for field, value in (("mergedToExternalId", "x" * 501), ("mergedFromExternalIds", ["x" * 501])):
        body = {"externalId": "a-1", "account": {"externalId": "c-1", field: value}}
        response = await house.api("PUT", "/v1/integrations/sync/engagements", json=body)
        assert response.status_code == 422


async def test_a_merge_stays_in_its_organization(house: House) -> None:
    await house.api.visit(account={"externalId": "c-1"})
    _, other = await house.another()
    await other.visit(account=MERGED)
    assert (await house.api.engagement("a-1"))["account"]["externalId"] == "c-1"


async def test_a_deal_takes_over_customer_contact_and_reps_where_asked(house: House) -> None:
    copying: dict[str, Any] = {"externalId": "o-1", "copyEngagementRelationships": True}
    await house.api.visit(account={"externalId": "c-1"}, contact={"externalId": "p-1"})
    await house.api.visit("a-2", opportunity={"externalId": "o-1"})
    assert (await house.api.opportunity("o-1"))["opportunityUsers"] == []
    await house.api.engagement("a-1", opportunity=copying)
    deal = await house.api.opportunity("o-1")
    assert deal["account"]["externalId"] == "c-1"
    assert [rep["externalId"] for rep in deal["opportunityUsers"]] == ["r-1"]
    [(contact,)] = await house.rows("select c.external_id from opportunities o join contacts c on c.id = o.contact_id")
    assert contact == "p-1"
    await house.api.engagement("a-1", opportunity=copying)
    assert await house.api.opportunity("o-1") == deal
