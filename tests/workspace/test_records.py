"""New data of the CRM is merged into the known record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.workspace.house import START, House


async def fields_of(house: House, table: str, external_id: str) -> Any:
    [(fields,)] = await house.rows(f"select fields from {table} where external_id = :key", key=external_id)
    return fields


async def test_a_field_that_is_not_given_stays(house: House) -> None:
    await house.api.visit(subject="Kitchen", content="Bring samples", account={"externalId": "c-1", "name": "Smith"})
    got = await house.api.engagement("a-1", subject="Bath")
    assert (got["subject"], got["content"]) == ("Bath", "Bring samples")
    assert got["startTime"] == "2026-02-15T14:00:00.000Z"
    assert got["engagementType"] == "visit"
    assert got["account"]["name"] == "Smith"
    assert len(got["engagementUsers"]) == 1


async def test_null_clears(house: House) -> None:
    await house.api.visit(
        subject="Kitchen",
        account={"externalId": "c-1"},
        opportunity={"externalId": "o-1"},
        startTimeLocalized="2026-02-15T07:00:00",
    )
    cleared = ("subject", "account", "opportunity", "endTime", "startTime", "startTimeLocalized", "engagementType")
    got = await house.api.engagement("a-1", **dict.fromkeys(cleared))
    assert not {"subject", "account", "accountId", "opportunityId", "endTime", "startTime", "startTimeLocalized"} & set(
        got
    )
    assert got["engagementType"] == ""


async def test_the_same_put_twice_does_not_move_updated_at(house: House) -> None:
    nested: dict[str, Any] = {
        "subject": "Kitchen",
        "account": {"externalId": "c-1", "name": "Smith", "latitude": 43.6, "longitude": -116.2},
        "contact": {"externalId": "p-1", "name": "Mary", "account": {"externalId": "c-1"}},
        "lead": {"externalId": "l-1", "firstName": "Mary"},
        "opportunity": {"externalId": "o-1", "amount": 45000, "copyEngagementRelationships": True},
    }
    first = await house.api.visit(**nested)
    before = await house.rows(_ALL_TIMES)
    assert await house.api.visit(**nested) == first
    assert await house.rows(_ALL_TIMES) == before
    deal = {
        "name": "Kitchen",
        "amount": 45000.0,
        "account": {"externalId": "c-1"},
        "opportunityUsers": [{"externalId": "r-1", "shareOfSale": 0.5}],
        "opportunityContacts": [{"externalId": "p-1", "isPrimary": True}],
    }
    first = await house.api.opportunity("o-1", **deal)
    assert await house.api.opportunity("o-1", **deal) == first


_ALL_TIMES = """
select id, updated_at from engagements union all select id, updated_at from accounts
union all select id, updated_at from leads union all select id, updated_at from contacts
union all select id, updated_at from opportunities union all select id, updated_at from crm_users order by 1
"""


async def test_a_change_moves_updated_at(house: House) -> None:
    first = await house.api.visit(subject="Kitchen")
    changed = await house.api.visit(subject="Bath")
    assert changed["updatedAt"] > first["updatedAt"]
    assert changed["createdAt"] == first["createdAt"]
    joined = await house.api.engagement("a-1", engagementUsers=[{"externalId": "r-2"}])
    assert joined["updatedAt"] > changed["updatedAt"]


async def test_a_bare_external_id_names_what_was_sent_before(house: House) -> None:
    deal = await house.api.opportunity(
        "o-1", name="Kitchen", amount=45000, account={"externalId": "c-1", "name": "Smith"}
    )
    got = await house.api.visit(opportunity={"externalId": "o-1"}, account={"externalId": "c-1"})
    assert (got["opportunityId"], got["accountId"]) == (deal["id"], deal["accountId"])
    assert (await house.api.opportunity("o-1"))["amount"] == 45000


async def test_a_bare_external_id_names_what_comes_later(house: House) -> None:
    got = await house.api.visit(opportunity={"externalId": "o-1"}, account={"externalId": "c-1"})
    deal = await house.api.opportunity("o-1", name="Kitchen", account={"externalId": "c-1", "name": "Smith"})
    assert (deal["id"], deal["accountId"]) == (got["opportunityId"], got["accountId"])
    assert (await house.api.engagement("a-1"))["account"]["name"] == "Smith"


async def test_deleted_at_is_shown_and_null_brings_the_record_back(house: House) -> None:
    deleted = await house.api.visit(deletedAt="2026-02-14T00:00:00Z")
    assert deleted["deletedAt"].startswith("2026-02-14T00:00:00")
    assert "deletedAt" not in await house.api.engagement("a-1", deletedAt=None)
    assert (await house.api.opportunity("o-1", deletedAt="2026-02-14T00:00:00Z"))["deletedAt"]
    assert "deletedAt" not in await house.api.opportunity("o-1", deletedAt=None)


async def test_a_rep_who_is_left_out_stays_and_deleted_at_takes_them_off(house: House) -> None:
    await house.api.visit()
    both = await house.api.engagement("a-1", engagementUsers=[{"externalId": "r-2", "name": "Ann Lee"}])
    assert [person["externalId"] for person in both["engagementUsers"]] == ["r-1", "r-2"]
    gone = await house.api.engagement(
        "a-1", engagementUsers=[{"externalId": "r-1", "deletedAt": "2026-02-14T00:00:00Z"}]
    )
    assert [person["externalId"] for person in gone["engagementUsers"]] == ["r-2"]
    back = await house.api.engagement("a-1", engagementUsers=[{"externalId": "r-1"}])
    assert [person["externalId"] for person in back["engagementUsers"]] == ["r-1", "r-2"]


async def test_an_account_without_an_external_id_belongs_to_its_record(house: House) -> None:
    first = await house.api.visit(account={"name": "Smith"})
    other = await house.api.visit("a-2", account={"name": "Smith"})
    again = await house.api.visit(account={"name": "Smythe"})
    assert first["account"]["name"] == "Smith"
    assert first["accountId"] != other["accountId"]
    assert (again["accountId"], again["account"]["name"]) == (first["accountId"], "Smythe")


async def test_an_account_can_be_named_by_its_own_id(house: House) -> None:
    known = (await house.api.visit(account={"externalId": "c-1"}))["accountId"]
    assert (await house.api.opportunity("o-1", accountId=known))["account"]["externalId"] == "c-1"
    assert "accountId" not in await house.api.opportunity("o-1", accountId=None)


@pytest.mark.parametrize("wanted", ["6f1e3f0e-7a8d-4d1c-9a37-9b7ddc1e4b11", "no uuid", ""])
async def test_an_account_id_that_nobody_has_is_invalid(house: House, wanted: str) -> None:
    body = {"externalId": "o-1", "accountId": wanted}
    response = await house.api("PUT", "/v1/integrations/sync/opportunities", json=body)
    assert response.status_code == 422
    assert response.json()["issues"][0]["path"] == ["accountId"]
    assert await house.rows("select 1 from opportunities") == []


async def test_the_same_account_twice_in_one_payload_is_one(house: House) -> None:
    got = await house.api.visit(
        account={"externalId": "c-1", "name": "Smith"},
        contact={"externalId": "p-1", "account": {"externalId": "c-1", "phoneNumbers": ["+15555550100"]}},
    )
    assert got["account"]["name"] == "Smith"
    assert await fields_of(house, "accounts", "c-1") == {"name": "Smith", "phoneNumbers": ["+15555550100"]}
    [(account_id,)] = await house.rows("select account_id::text from contacts")
    assert account_id == got["accountId"]


async def test_the_same_rep_twice_in_one_payload_is_one(house: House) -> None:
    twice = [{"externalId": "r-1"}, {"externalId": "r-1", "name": "Ann Lee"}]
    got = await house.api.engagement("a-1", engagementUsers=twice)
    assert [(person["externalId"], person["name"]) for person in got["engagementUsers"]] == [("r-1", "Ann Lee")]


async def test_the_last_word_on_a_rep_that_comes_twice_counts(house: House) -> None:
    twice = [{"externalId": "r-1"}, {"externalId": "r-1", "deletedAt": "2026-02-14T00:00:00Z"}]
    assert (await house.api.engagement("a-1", engagementUsers=twice))["engagementUsers"] == []


async def test_the_deal_of_an_engagement_takes_on_its_account_where_asked(house: House) -> None:
    await house.api.visit(account={"externalId": "c-1"}, opportunity={"externalId": "o-1"})
    assert "accountId" not in await house.api.opportunity("o-1")
    await house.api.visit(
        account={"externalId": "c-1"}, opportunity={"externalId": "o-1", "copyEngagementRelationships": True}
    )
    assert (await house.api.opportunity("o-1"))["account"]["externalId"] == "c-1"


async def test_what_is_refused_changes_nothing(house: House) -> None:
    body = {
        "externalId": "a-1",
        "account": {"externalId": "c-1"},
        "engagementUsers": [{"externalId": "r-1"}, {"externalId": 7}],
        "startTime": "noon",
    }
    response = await house.api("PUT", "/v1/integrations/sync/engagements", json=body)
    assert response.status_code == 422
    paths = {tuple(issue["path"]) for issue in response.json()["issues"]}
    assert paths == {("engagementUsers", 1, "externalId"), ("startTime",)}
    assert await house.rows("select 1 from accounts") == []


async def test_unknown_fields_are_ignored_at_every_depth(house: House) -> None:
    got = await house.api.visit(color="red", account={"externalId": "c-1", "color": "red"})
    assert "color" not in got
    assert await fields_of(house, "accounts", "c-1") == {}


async def test_a_time_with_an_offset_is_the_same_moment(house: House) -> None:
    got = await house.api.engagement("a-1", startTime="2026-02-15T07:00:00-07:00", endTime="2026-02-15T15:00:00")
    assert (got["startTime"], got["endTime"]) == ("2026-02-15T14:00:00.000Z", "2026-02-15T15:00:00.000Z")


async def test_the_localized_start_is_kept_as_it_was_sent(house: House) -> None:
    got = await house.api.engagement("a-1", startTimeLocalized="2026-02-15T07:00:00")
    assert got["startTimeLocalized"] == "2026-02-15T07:00:00"


async def test_records_of_the_same_id_of_different_kinds_are_different(house: House) -> None:
    at = START + timedelta(days=1)
    got = await house.api.visit("7", at=at, account={"externalId": "7"}, opportunity={"externalId": "7"})
    assert len({got["id"], got["accountId"], got["opportunityId"]}) == 3
