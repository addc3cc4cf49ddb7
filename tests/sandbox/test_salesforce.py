"""Salesforce's stand-in: the left side of SF1 to SF16."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.sandbox import Fault, FaultKind
from fieldnote.sandbox.salesforce import SalesforceStandIn
from fieldnote.sandbox.salesforce.records import Records, make_id
from fieldnote.sandbox.salesforce.seeding import invite
from fieldnote.sandbox.salesforce.soql import Malformed, parse
from tests.sandbox.conftest import client_of, headers_of

DATA = "/services/data/v62.0"
VISIT, DEAL = make_id("00U", 300), make_id("006", 200)


def _query(client: httpx2.Client, text: str, way: str = "query") -> dict[str, Any]:
    answer = client.get(f"{DATA}/{way}", params={"q": text})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _ids(client: httpx2.Client, text: str, way: str = "query") -> list[str]:
    return [one["Id"] for one in _query(client, text, way)["records"]]


def _many(crm: SalesforceStandIn, count: int, **how: Any) -> None:
    for number in range(count):
        values = {
            "Subject": f"Bulk {number}",
            "StartDateTime": "2026-05-01T15:00:00Z",
            "EndDateTime": "2026-05-01T16:00:00Z",
        }
        crm.records.create(crm.objects["Event"], values, key=make_id("00U", 10_000 + number), **how)


def test_2001_rows_are_two_pages(salesforce: SalesforceStandIn) -> None:
    _many(salesforce, 2001)
    with client_of(salesforce) as client:
        first = _query(client, "SELECT Id FROM Event WHERE Subject LIKE 'Bulk%' ORDER BY SystemModstamp, Id")
        assert (first["done"], first["totalSize"], len(first["records"])) == (False, 2001, 2000)
        second = client.get(first["nextRecordsUrl"]).json()
        assert (second["done"], len(second["records"])) == (True, 1)


def test_rows_of_one_systemmodstamp_come_in_the_order_of_their_ids(salesforce: SalesforceStandIn) -> None:
    _many(salesforce, 300, modified=salesforce.clock.now())
    with client_of(salesforce) as client:
        client.headers["Sforce-Query-Options"] = "batchSize=200"
        ids = _ids(client, "select Id from Event where Subject like 'Bulk%' order by SystemModstamp, Id")
    assert ids == sorted(ids)
    assert len(ids) == 200


def test_a_locator_ends_with_its_session(salesforce: SalesforceStandIn) -> None:
    """That it does is second-hand."""
    _many(salesforce, 300)
    with client_of(salesforce) as client:
        client.headers["Sforce-Query-Options"] = "batchSize=200"
        following = _query(client, "select Id from Event")["nextRecordsUrl"]
        salesforce.faults.arm(Fault(FaultKind.EXPIRED))
        lost = client.get(following)
        assert (lost.status_code, lost.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
        client.headers.update(headers_of(salesforce))
        lost = client.get(following)
        assert (lost.status_code, lost.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_a_deleted_event_is_seen_by_query_all_until_the_bin_is_emptied(salesforce: SalesforceStandIn) -> None:
    """That the deletion moves SystemModstamp is second-hand."""
    text = f"select Id, IsDeleted, SystemModstamp from Event where Id = '{VISIT}'"
    with client_of(salesforce) as client:
        before = _query(client, text)["records"][0]
        salesforce.clock.advance(1)
        assert client.delete(f"{DATA}/sobjects/Event/{VISIT}").status_code == 204
        assert _query(client, text)["records"] == []
        after = _query(client, text, "queryAll")["records"][0]
        assert (after["IsDeleted"], after["SystemModstamp"] > before["SystemModstamp"]) == (True, True)
        salesforce.empty_bin("Event", VISIT)
        salesforce.clock.advance(1)
        assert _query(client, text, "queryAll")["records"] == []
        now = salesforce.clock.now()
        span = {"start": (now - timedelta(days=1)).isoformat(), "end": (now + timedelta(days=1)).isoformat()}
        log = client.get(f"{DATA}/sobjects/Event/deleted", params=span).json()
        assert VISIT in [one["id"] for one in log["deletedRecords"]]
        assert client.get(f"{DATA}/sobjects/Event/deleted", params={**span, "start": "2020-01-01"}).status_code == 400


def test_an_event_older_than_a_year_is_archived_and_not_deleted(salesforce: SalesforceStandIn) -> None:
    salesforce.store.table("Event").change(VISIT, {"EndDateTime": "2020-01-01T00:00:00.000+0000"})
    text = f"select Id, IsArchived, IsDeleted from Event where Id = '{VISIT}'"
    with client_of(salesforce) as client:
        assert _query(client, text)["records"] == []
        row = _query(client, text, "queryAll")["records"][0]
    assert (row["IsArchived"], row["IsDeleted"]) == (True, False)


def test_a_merged_account_names_the_one_that_is_left(salesforce: SalesforceStandIn) -> None:
    kept, gone = make_id("001", 100), make_id("001", 101)
    salesforce.records.merge(salesforce.objects["Account"], kept, gone)
    with client_of(salesforce) as client:
        text = f"select Id, IsDeleted, MasterRecordId from Account where Id = '{gone}'"
        row = _query(client, text, "queryAll")["records"][0]
        assert (row["IsDeleted"], row["MasterRecordId"]) == (True, kept)
        assert _query(client, f"select Id from Opportunity where AccountId = '{gone}'")["records"] == []


def test_an_invited_user_has_a_relation_and_a_child_event(salesforce: SalesforceStandIn) -> None:
    invite(salesforce, VISIT, make_id("005", 12))
    with client_of(salesforce) as client:
        children = _ids(client, "select Id from Event where IsChild = true")
        relations = _query(client, f"select RelationId from EventRelation where EventId = '{VISIT}'")["records"]
    assert len(children) == 2
    assert [one["RelationId"] for one in relations] == [make_id("005", 12)]


def test_an_all_day_event_begins_at_midnight_utc_of_its_day(salesforce: SalesforceStandIn) -> None:
    body = {"Subject": "Expo", "IsAllDayEvent": True, "ActivityDate": "2026-05-04"}
    with client_of(salesforce) as client:
        key = client.post(f"{DATA}/sobjects/Event", json=body).json()["id"]
        row = client.get(f"{DATA}/sobjects/Event/{key}").json()
    assert (row["StartDateTime"], row["ActivityDate"]) == ("2026-05-04T00:00:00.000+0000", "2026-05-04")


def test_a_spent_day_is_403_without_a_time_to_wait(salesforce: SalesforceStandIn) -> None:
    salesforce.limits.set("daily", 2, timedelta(days=1))
    with client_of(salesforce) as client:
        answers = [client.get(f"{DATA}/limits") for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 403]
    assert answers[2].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    assert "Retry-After" not in answers[2].headers
    assert answers[0].headers["Sforce-Limit-Info"] == "api-usage=1/2"


def test_a_save_in_between_is_412_but_within_the_same_second_it_is_not_seen(salesforce: SalesforceStandIn) -> None:
    salesforce.clock.freeze(salesforce.clock.now().replace(microsecond=0) + timedelta(days=1))
    table = salesforce.store.table("Opportunity")
    read = table.change(DEAL, {"NextStep": "call"}).modified
    headers = {"If-Unmodified-Since": format_datetime(read, usegmt=True)}
    path = f"{DATA}/sobjects/Opportunity/{DEAL}"
    with client_of(salesforce) as client:
        salesforce.clock.advance(0.5)
        table.change(DEAL, {"NextStep": "a person's"})
        assert client.patch(path, json={"NextStep": "ours"}, headers=headers).status_code == 204
        salesforce.clock.advance(1)
        table.change(DEAL, {"NextStep": "a person's again"})
        refused = client.patch(path, json={"NextStep": "ours"}, headers=headers)
    assert refused.status_code == 412
    assert table.latest(DEAL).values["NextStep"] == "a person's again"


def test_a_hidden_field_fails_the_whole_query(salesforce: SalesforceStandIn) -> None:
    salesforce.objects["Opportunity"].hide("Budget__c")
    with client_of(salesforce) as client:
        answer = client.get(f"{DATA}/query", params={"q": "select Id, Budget__c from Opportunity"})
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
        fields = client.get(f"{DATA}/sobjects/Opportunity/describe").json()["fields"]
    assert "Budget__c" not in [one["name"] for one in fields]


def test_what_a_save_refuses_comes_with_its_code(salesforce: SalesforceStandIn) -> None:
    salesforce.rules["Opportunity"] = [
        lambda values: "Only by the boss" if values["StageName"] == "Closed Won" else None
    ]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"Nothing__c": 1}, "INVALID_FIELD"),
        ({"IsWon": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "x" * 121}, "STRING_TOO_LONG"),
        ({"Name": None}, "REQUIRED_FIELD_MISSING"),
        ({"Amount": "much"}, "JSON_PARSER_ERROR"),
        ({"OwnerId": "nobody"}, "MALFORMED_ID"),
        ({"StageName": "Closed Won"}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
    ]
    with client_of(salesforce) as client:
        for body, code in cases:
            answer = client.patch(f"{DATA}/sobjects/Opportunity/{DEAL}", json=body)
            assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
        salesforce.locked.add(DEAL)
        answer = client.patch(f"{DATA}/sobjects/Opportunity/{DEAL}", json={"NextStep": "x"})
        assert answer.json()[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"


def test_a_bulk_call_has_an_outcome_for_each_record(salesforce: SalesforceStandIn) -> None:
    records = [
        {"attributes": {"type": "Opportunity"}, "Id": make_id("006", 200 + number), "NextStep": "x"}
        for number in range(3)
    ]
    records[1]["NextStep"] = "x" * 300
    with client_of(salesforce) as client:
        answer = client.patch(f"{DATA}/composite/sobjects", json={"allOrNone": False, "records": records})
    assert answer.status_code == 200
    assert [one["success"] for one in answer.json()] == [True, False, True]


def test_composite_steps_name_each_other(salesforce: SalesforceStandIn) -> None:
    steps = [
        {"method": "POST", "url": f"{DATA}/sobjects/Account", "referenceId": "a", "body": {"Name": "New"}},
        {"method": "POST", "url": f"{DATA}/sobjects/Note", "referenceId": "n",
         "body": {"ParentId": "@{a.id}", "Title": "t"}},
    ]  # fmt: skip
    with client_of(salesforce) as client:
        answer = client.post(f"{DATA}/composite", json={"compositeRequest": steps}).json()["compositeResponse"]
    assert [one["httpStatusCode"] for one in answer] == [201, 201]


@pytest.mark.parametrize(
    "text",
    ["", "select", "select Id", "select Id from", "select Id from Event where", "select Id from Event limit x",
     "select Id from Event where Id = ", "select Id, Id from Event", "select Id from Event order Id", "drop Event"],
)  # fmt: skip
def test_a_malformed_query_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


@given(st.text(max_size=60))
def test_a_text_in_quotes_is_compared_as_it_is(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    query = parse(f"select Id from Event where Subject = '{escaped}'")
    assert query.where is not None
    assert query.where({"Subject": text})


@given(st.lists(st.integers(0, 10**9), max_size=30), st.integers(0, 10**9))
def test_ids_are_compared_as_they_are_ordered(numbers: list[int], bound: int) -> None:
    """A walk that goes on behind an id finds the rest: capitals count."""
    query = parse(f"select Id from Event where Id > '{make_id('00U', bound)}'")
    assert query.where is not None
    ids = [make_id("00U", number) for number in numbers]
    assert [one for one in ids if query.where({"Id": one})] == [one for one in ids if one > make_id("00U", bound)]


@given(st.integers(0, 10**9))
def test_an_id_of_15_characters_is_the_one_of_18(number: int) -> None:
    key = make_id("006", number)
    assert len(key) == 18
    assert Records.long_id(key[:15]) == key
