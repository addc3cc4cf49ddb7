"""From a CRM's row to what Siro is sent."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.bridge.push.payload_diff import with_removed
from fieldnote.config import ColumnZone, load
from fieldnote.errors import ConfigError, MappingError
from fieldnote.mapping.records import compile_push
from tests.mapping.mappers import mapped, mapper

NAIVE = datetime(2026, 2, 15, 14, 0)  # noqa: DTZ001 - a CRM's own time, without a zone

APPOINTMENT: dict[str, Any] = {
    "startTime": "starts_at",
    "subject": "title",
    "engagementType": {
        "activityType": {"from": "kind", "choices": {"visit": "APPOINTMENT", "call": "CALL"}},
        "name": "kind",
    },
    "engagementUsers": [{"externalId": "rep_id", "email": "email", "name": "rep_name"}],
    "account": {"externalId": "customer_id", "name": "customer_name"},
    "opportunity": {"externalId": "deal_id"},
    "deletedAt": "cancelled_at",
}

ROW: dict[str, Any] = {
    "id": 17, "starts_at": NAIVE, "title": "Kitchen", "kind": "visit", "rep_id": Decimal(3),
    "email": "a@x.org", "rep_name": "Ann Lee", "customer_id": 9.0, "customer_name": "Smith", "deal_id": None,
    "cancelled_at": None,
}  # fmt: skip


def test_an_appointment_becomes_an_engagement() -> None:
    assert mapper(APPOINTMENT).map(ROW).wire == {
        "externalId": "17",
        "startTime": "2026-02-15T21:00:00Z",
        "subject": "Kitchen",
        "engagementType": {"activityType": "APPOINTMENT", "name": "visit"},
        "engagementUsers": [{"externalId": "3", "email": "a@x.org", "name": "Ann Lee"}],
        "account": {"externalId": "9", "name": "Smith"},
        "deletedAt": None,
    }


def test_a_deal_becomes_an_opportunity_and_what_siro_cannot_clear_is_left_out() -> None:
    fields = {
        "externalId": "ref", "name": "name", "amount": "amount", "closedAt": "closed",
        "disposition": {"from": "stage", "choices": {"sold": "WON", "dead": "LOST"}, "default": "OPEN"},
    }  # fmt: skip
    row = {"ref": UUID(int=5), "name": " ", "amount": "$45,000.50", "closed": None, "stage": "quoted"}
    assert mapped(fields, row, stream="opportunities") == {
        "externalId": "00000000-0000-0000-0000-000000000005",
        "amount": 45000.5,
        "disposition": "OPEN",
    }


@pytest.mark.parametrize(("word", "became"), [("visit", "APPOINTMENT"), (" Visit ", "APPOINTMENT"), ("CALL", "CALL")])
def test_a_choice_is_found_whatever_its_case(word: str, became: str) -> None:
    record = mapper(APPOINTMENT).map({**ROW, "kind": word}).wire
    assert record["engagementType"]["activityType"] == became


def test_choices_take_numbers_and_booleans_by_their_words() -> None:
    fields = {"disposition": {"from": "sold", "choices": {"1": "WON", "0": "LOST", "true": "WON"}}}
    for sold, became in ((1, "WON"), (Decimal("0.00"), "LOST"), (True, "WON"), (1.0, "WON")):
        assert mapped(fields, {"sold": sold}, stream="opportunities")["disposition"] == became
    assert "disposition" not in mapped(fields, {"sold": None}, stream="opportunities")


@pytest.mark.parametrize(
    ("value", "became"),
    [
        (1, "WON"), (1.0, "WON"), (Decimal("1.00"), "WON"), ("1", "WON"), (2.5, "LOST"), (Decimal("2.50"), "LOST"),
        (True, "OPEN"), ("TRUE", "OPEN"), (" Sold ", "WON"), ("SOLD", "WON"), ("dead", "LOST"), ("Dead", "OPEN"),
        (None, "LOST"), ("  ", "LOST"),
    ],
)  # fmt: skip
def test_a_word_of_the_crm_is_looked_up_as_a_person_reads_it(value: object, became: str) -> None:
    """Exactly first, then whatever its case; the empty word is for null and blank."""
    choices = {"1": "WON", "2.50": "LOST", "true": "OPEN", "sold": "WON", "dead": "LOST", "Dead": "OPEN", "": "LOST"}
    fields = {"disposition": {"from": "stage", "choices": choices}}
    assert mapped(fields, {"stage": value}, stream="opportunities")["disposition"] == became


@pytest.mark.parametrize("value", [2, False, 0, "so", "sold!", "11", date(2026, 1, 1)])
def test_a_word_that_is_not_listed_is_a_problem_and_never_a_guess(value: object) -> None:
    fields = {"disposition": {"from": "stage", "choices": {"1": "WON", "true": "WON", "sold": "WON"}}}
    with pytest.raises(MappingError, match=r"record 1: disposition, from stage = .*, is not among its choices"):
        mapped(fields, {"stage": value}, stream="opportunities")


def test_null_is_no_word_and_takes_the_default() -> None:
    choices = {"from": "stage", "choices": {"sold": "WON"}}
    assert "disposition" not in mapped({"disposition": choices}, {"stage": None}, stream="opportunities")
    fields = {"disposition": {**choices, "default": "OPEN"}}
    for stage in (None, "", "quoted"):
        assert mapped(fields, {"stage": stage}, stream="opportunities")["disposition"] == "OPEN"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"kind": "lunch"},
            "push.engagements, record 17: engagementType.activityType, from kind = 'lunch', is not among its",
        ),
        ({"starts_at": "soon"}, "record 17: startTime, from starts_at = 'soon', is not a time"),
        (
            {"kind": None},
            "record 17: engagementType has no activityType (from kind is null), name (from kind is null), which",
        ),
        ({"cancelled_at": "gone"}, "record 17: deletedAt, from cancelled_at = 'gone', is neither a flag"),
    ],
)
def test_an_error_names_stream_record_field_expression_and_value(row: dict[str, Any], message: str) -> None:
    fields = {**APPOINTMENT, "engagementType": {**APPOINTMENT["engagementType"], "externalId": "id"}}
    with pytest.raises(MappingError) as caught:
        mapper(fields).map({**ROW, **row})
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"startTim": "a"},
            "push.engagements.map.startTim is not a field of Siro; did you mean 'startTime'?",
        ),
        ({"engagementUsers": [{"nam": "a", "externalId": "b"}]}, "map.engagementUsers[0].nam is not a field"),
        ({"engagementUsers": [{"name": "a"}]}, "map.engagementUsers[0] needs 'externalId'"),
        ({"startTime": "a, b"}, "map.startTime (a, b) is not a JMESPath expression"),
        ({"startTime": None}, "map.startTime is empty"),
        ({"startTime": {"x": "y"}}, "map.startTime takes one value"),
        (
            {"subject": {"from": "a", "choice": {}}},
            "map.subject.choice is not known here; did you mean 'choices'?",
        ),
        (
            {"direction": {"from": "a", "choices": {"in": "INBOUNDS"}}},
            "map.direction.choices.in is not one of INBOUND, OUTBOUND",
        ),
        ({"account": []}, "map.account is a record"),
        ({"account": {"default": {"name": "x"}}}, "map.account is a record"),
        ({"engagementUsers": 5}, "map.engagementUsers is a list"),
        ({"opportunity": {"copyEngagementRelationships": True}}, "map.opportunity needs 'externalId'"),
    ],
)
def test_a_map_is_checked_against_siros_fields(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        mapper(fields)
    assert message in caught.value.message


def test_a_column_that_the_rows_do_not_have_is_an_error_of_the_file() -> None:
    with pytest.raises(
        ConfigError,
        match=r"^push\.engagements\.map\.subject needs the column 'titel', which",
    ):
        mapper({"subject": "titel"}).map(ROW)
    compiled = mapper({"subject": "join(' ', [title, not_null(kind, nick)])"})
    with pytest.raises(ConfigError, match="'nick'"):
        compiled.check(ROW.keys())


def test_an_error_of_the_map_says_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "fieldnote.yaml"
    path.write_text(
        "version: 1\ncrm: {driver: sql, url: x}\npush:\n  engagements:\n    table: a\n    key: id\n    map:\n"
        "      engagementUsers:\n        - {externalId: rep, mail: m}\n"
    )
    with pytest.raises(ConfigError) as caught:
        compile_push(load(path, {}))
    assert caught.value.message.startswith(f"{path}:9: push.engagements.map.engagementUsers[0].mail is not a field")


def test_expressions_constants_and_lists() -> None:
    fields = {
        "subject": "join(' ', [first, last])",
        "account": {
            "externalId": "id", "name": "\"Full Name\"", "emailAddresses": ["mail", "mail2"],
            "phoneNumbers": "phones",
            "addresses": [{"street": "street", "city": "city", "state": "'CO'", "zip": "zip",
                           "country": {"from": "country", "default": "US"}}],
        },
        "opportunity": {"externalId": "id", "copyEngagementRelationships": True},
    }  # fmt: skip
    row = {
        "first": "Ann", "last": "Lee", "Full Name": "Ann Lee", "mail": "a@x", "mail2": None,
        "phones": [" 1 ", None],
        "street": "1 A St", "city": "Denver", "zip": 80202, "country": None,
    }  # fmt: skip
    record = mapped(fields, row)
    assert record["subject"] == "Ann Lee"
    assert record["account"]["name"] == "Ann Lee"
    assert record["account"]["emailAddresses"] == ["a@x"]
    assert record["account"]["phoneNumbers"] == ["1"]
    assert record["account"]["addresses"] == [
        {"street": "1 A St", "city": "Denver", "state": "CO", "zip": "80202", "country": "US"}
    ]
    assert record["opportunity"]["copyEngagementRelationships"] is True


def test_an_incomplete_address_is_left_out_with_a_warning() -> None:
    address = {"street": "street", "city": "city", "state": "state", "zip": "zip", "country": "'US'"}
    fields = {"account": {"externalId": "id", "name": "city", "addresses": [address]}}
    row = {"id": 1, "street": "1 A St", "city": "Denver", "state": "", "zip": None}
    result = mapper(fields).map(row)
    assert result.wire["account"] == {"externalId": "1", "name": "Denver"}
    lacking = "state (from state is null), zip (from zip is null)"
    where = "push.engagements, record 1: account.addresses[0]"
    assert result.warnings == (f"{where} has no {lacking} and is left out, as Siro refuses it",)


@pytest.mark.parametrize(
    "address",
    [
        {"street": "street", "city": "city", "state": "state", "zip": "zip", "country": {"from": "c", "default": "US"}},
        {"street": "street", "city": "city", "state": "state", "zip": "zip", "default": {"country": "US"}},
        {"from": "{street: street, city: city, state: state, zip: zip, country: c}", "default": {"country": "US"}},
        {"from": "address(line)", "default": {"zip": "80202"}},
    ],
)
def test_an_address_is_completed_by_a_declared_default(address: dict[str, Any]) -> None:
    row = {"street": "1 A St", "city": "Denver", "state": "CO", "zip": 80202, "c": None, "line": "1 A St, Denver, CO"}
    whole = {"street": "1 A St", "city": "Denver", "state": "CO", "zip": "80202", "country": "US"}
    for addresses in (address, [address]):
        fields = {"account": {"externalId": "id", "addresses": addresses}}
        assert mapped(fields, row)["account"]["addresses"] == [whole]


def test_a_state_and_a_country_alone_are_no_address_to_warn_of() -> None:
    address = {"street": "street", "city": "city", "state": "'CO'", "zip": "zip", "country": "'US'"}
    result = mapper({"account": {"externalId": "id", "addresses": [address]}}).map(
        {"id": 1, "street": None, "city": "", "zip": None}
    )
    assert result.wire["account"] == {"externalId": "1"}
    assert result.warnings == ()


def test_a_default_completes_a_record_and_makes_none() -> None:
    fields = {"opportunity": {"externalId": "deal", "name": "name", "default": {"name": "Deal", "disposition": "OPEN"}}}
    assert mapped(fields, {"deal": 5, "name": None})["opportunity"] == {
        "externalId": "5",
        "name": "Deal",
        "disposition": "OPEN",
    }
    assert "opportunity" not in mapped(fields, {"deal": None, "name": None})


@pytest.mark.parametrize(
    ("default", "message"),
    [
        ({"contry": "US"}, "account.addresses[0].default.contry is not a field of Siro; did you mean 'country'?"),
        ("US", "account.addresses[0].default must list fields and their defaults"),
        ({"country": ["US"]}, "account.addresses[0].default.country takes one constant value"),
    ],
)
def test_a_default_is_checked_against_siros_fields(default: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        mapper({"account": {"externalId": "id", "addresses": [{"from": "address(line)", "default": default}]}})
    assert message in caught.value.message


def test_records_may_come_as_the_text_of_their_json() -> None:
    row = {
        "reps": '[{"externalId": 3, "name": "Ann"}]',
        "customer": '{"externalId": "9", "owner": null}',
        "none": "null",
    }
    assert mapped({"engagementUsers": "reps", "account": "customer", "lead": "none"}, row) == {
        "externalId": "1",
        "engagementUsers": [{"externalId": "3", "name": "Ann"}],
        "account": {"externalId": "9"},
    }
    assert mapped({"engagementUsers": "json(reps)[].{externalId: externalId}"}, row)["engagementUsers"] == [
        {"externalId": "3"}
    ]


def test_an_error_inside_a_whole_record_names_its_field_and_value() -> None:
    fields = {"engagementUsers": "reps"}
    for rep, message in (
        ({"externalId": 3, "deletedAt": "soon"}, "engagementUsers.deletedAt, from reps = 'soon', is not a time"),
        ({"externalId": 3, "mail": "a@x"}, "engagementUsers, from reps = \"[{'externalId': 3, 'mail': 'a@x'}]\", has"),
        ("Ann", "engagementUsers, from reps = 'Ann', is not JSON"),
        ("5", "engagementUsers, from reps = '5', is not an object"),
    ):
        with pytest.raises(MappingError) as caught:
            mapped(fields, {"reps": rep if isinstance(rep, str) else [rep]})
        assert f"push.engagements, record 1: {message}" in caught.value.message


def test_text_that_cannot_travel_is_a_problem_of_its_row() -> None:
    with pytest.raises(MappingError, match=r"record 1: subject, from title = .*, contains half a character"):
        mapped({"subject": "title"}, {"title": "\ud800"})


def test_reps_may_come_as_json_of_the_database() -> None:
    fields = {"engagementUsers": "reps[].{externalId: id, email: mail}"}
    reps = [
        {"id": 3, "mail": "a@x"},
        {"id": None, "mail": "b@x"},
        {"id": 3, "mail": "a@x"},
        {"id": 4, "mail": None},
    ]
    assert mapped(fields, {"reps": reps})["engagementUsers"] == [
        {"externalId": "3", "email": "a@x"},
        {"externalId": "4"},
    ]


# --- times ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        (NAIVE, "2026-02-15T21:00:00Z"),
        (datetime(2026, 2, 15, 14, tzinfo=UTC), "2026-02-15T14:00:00Z"),
        (datetime(2026, 2, 15, 14, tzinfo=timezone(timedelta(hours=2))), "2026-02-15T12:00:00Z"),
        ("2026-02-15 14:00:00", "2026-02-15T21:00:00Z"),
        ("2026-02-15T14:00", "2026-02-15T21:00:00Z"),
        ("2026-02-15T14:00:00Z", "2026-02-15T14:00:00Z"),
        ("2026-02-15 14:00:00.000+00", "2026-02-15T14:00:00Z"),
        (date(2026, 2, 15), "2026-02-15T07:00:00Z"),
        ("2026-02-15", "2026-02-15T07:00:00Z"),
        (1771164000, "2026-02-15T14:00:00Z"),
        ("1771164000000", "2026-02-15T14:00:00Z"),
        ("0000-00-00 00:00:00", None),
        ("", None),
    ],
)
def test_a_time_arrives_in_utc(value: object, utc: str | None) -> None:
    assert mapped({"startTime": "at"}, {"at": value})["startTime"] == utc


@pytest.mark.parametrize("value", ["02/15/2026 2 PM", 5, "noon", True, [1], float("nan")])
def test_what_is_no_time_is_a_problem(value: object) -> None:
    with pytest.raises(MappingError, match="is not a time"):
        mapped({"startTime": "at"}, {"at": value})


def test_a_column_may_hold_the_zone() -> None:
    fields = {"startTime": "at", "startTimeLocalized": "at"}
    zone = ColumnZone(column="tz")
    row = {"at": datetime(2026, 7, 1, 12, tzinfo=UTC), "tz": "Europe/London"}
    assert mapped(fields, row, zone=zone)["startTimeLocalized"] == "2026-07-01T13:00:00"
    assert mapped(fields, {"at": NAIVE, "tz": "Asia/Tokyo"}, zone=zone)["startTime"] == "2026-02-15T05:00:00Z"
    with pytest.raises(MappingError, match="timezone: 'Mars' is not the name of a time zone"):
        mapped(fields, {"at": NAIVE, "tz": "Mars"}, zone=zone)


def test_a_time_without_any_zone_is_a_problem_and_not_a_guess() -> None:
    with pytest.raises(MappingError, match=r"without a zone; set crm\.timezone"):
        mapped({"startTime": "at"}, {"at": NAIVE}, zone=None)
    assert mapped({"startTime": "at"}, {"at": "2026-02-15T14:00Z"}, zone=None)["startTime"] == "2026-02-15T14:00:00Z"


EVERY_KIND: dict[str, Any] = {
    "subject": "title",
    "startTime": "at",
    "engagementType": {
        "name": "kind",
        "activityType": {"from": "kind", "choices": {"visit": "MEETING"}, "default": "CALL"},
    },
    "engagementUsers": [{"externalId": "rep", "name": "name"}, {"externalId": "second"}],
    "opportunity": {"externalId": "deal", "amount": "amount", "default": {"disposition": "OPEN"}},
    "account": {"externalId": "customer", "emailAddresses": ["mail"]},
}


@given(
    st.fixed_dictionaries(
        {
            "id": st.integers(1, 9),
            "title": st.sampled_from(
                [None, "", "  ", "Bath", " Bath ", "Küche", 7, 7.0, Decimal("7.50"), "0000-00-00"]
            ),
            "at": st.sampled_from(
                [NAIVE, NAIVE.replace(tzinfo=UTC), "2026-02-15T14:00:00+02:00", date(2026, 2, 15), None]
            ),
            "kind": st.sampled_from([None, "", "visit", " Visit ", "call", 3]),
            "rep": st.sampled_from([None, 1, "1", " 1 "]),
            "second": st.sampled_from([None, 1, 2, ""]),
            "name": st.sampled_from([None, "Ann"]),
            "deal": st.sampled_from([None, 5]),
            "amount": st.sampled_from([None, 1, 1.5, Decimal("2.00"), "$3"]),
            "customer": st.sampled_from([None, "A"]),
            "mail": st.sampled_from([None, "", "a@example.com"]),
        }
    )
)
def test_everyday_values_become_what_the_rarer_ways_make_of_them(row: dict[str, Any]) -> None:
    """A subclass of each everyday type goes the long way, and must arrive at the same place."""
    assert outcome(row) == outcome({name: rarer(value) for name, value in row.items()})


def outcome(row: dict[str, Any]) -> object:
    """The record, or what is wrong with the row."""
    try:
        return mapper(EVERY_KIND).map(row).wire
    except MappingError as error:
        return error.message


class _Text(str):
    __slots__ = ()


class _Whole(int):
    pass


class _Moment(datetime):
    pass


def rarer(value: Any) -> Any:
    """An equal value, of a type that the map's function does not expect."""
    match value:
        case str():
            return _Text(value)
        case int():
            return _Whole(value)
        case datetime():
            return _Moment.fromisoformat(value.isoformat())
        case _:
            return value


# --- hash and key ---------------------------------------------------------------------------------------


def test_the_hash_is_of_the_rows_content_and_the_map() -> None:
    compiled = mapper(APPOINTMENT)
    assert compiled.hash(ROW) == compiled.hash(dict(reversed(ROW.items())))
    assert compiled.hash(ROW) != compiled.hash({**ROW, "title": "Bath"})
    assert compiled.hash(ROW) != mapper({**APPOINTMENT, "subject": "kind"}).hash(ROW)
    assert compiled.hash(ROW) != mapper(APPOINTMENT, zone="Europe/London").hash(ROW)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5)))
    assert compiled.hash({"a": moment}) == compiled.hash({"a": elsewhere})
    assert len(compiled.hash({"a": b"\x00", "b": {"c": [Decimal("1.0"), UUID(int=1)]}, "d": "\ud800"})) == 16


def test_the_hash_tells_values_of_different_kinds_apart() -> None:
    compiled = mapper(APPOINTMENT)
    values: list[object] = [
        None, math.nan, math.inf, "", 0, False, 1, True, 1.5, Decimal("1.50"), b"1", "1", 2**64, -(2**63) - 1,
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), datetime(1, 1, 1, tzinfo=UTC), "\ud800", "\ud801",
        [None], [math.nan], {"a": 1}, {"a": 2}, timedelta(1), time(1), NAIVE, date(2026, 2, 15),
    ]  # fmt: skip
    hashes = {compiled.hash({"a": value}) for value in values}
    assert len(hashes) == len(values)
    assert compiled.hash({"a": 1, "b": 2}) != compiled.hash({"a": 2, "b": 1})


_HASHING = """
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo
from tests.mapping.mappers import mapper
at = datetime(2026, 2, 15, 14, tzinfo=UTC).astimezone(ZoneInfo("ZONE"))
row = {"id": 1, "at": at, "day": date(2026, 2, 15), "amount": Decimal("1.50"), "tags": ["a"], "more": {"b": 1}}
print(mapper({"subject": "day", "startTime": "at"}).hash(row).hex())
"""


def test_the_hash_is_the_same_in_every_process_and_time_zone() -> None:
    def hashed(seed: str, zone: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        code = _HASHING.replace("ZONE", zone)
        return subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout

    assert hashed("1", "America/Denver") == hashed("2", "Asia/Tokyo")


@pytest.mark.parametrize(("value", "key"), [(17, "17"), (17.0, "17"), (Decimal("17.00"), "17"), ("A 1", "A 1")])
def test_the_key_is_text(value: object, key: str) -> None:
    assert mapper({"subject": "id"}).key({"id": value}) == key
    assert mapper({"subject": "id"}).key({"ID": value}) == key


@pytest.mark.parametrize("row", [{"id": None}, {"id": " "}, {}, {"id": b"x"}])
def test_a_row_without_a_key_is_a_problem(row: dict[str, Any]) -> None:
    with pytest.raises(MappingError, match=r"push\.engagements"):
        mapper({"subject": "id"}).key(row)


# --- reps taken off -------------------------------------------------------------------------------------

NOW = datetime(2026, 2, 15, 14, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def _payload(*reps: str, subject: str = "x") -> dict[str, Any]:
    return {"externalId": "1", "subject": subject, "engagementUsers": [{"externalId": rep} for rep in reps]}


def test_a_rep_who_is_gone_is_sent_once_more_as_deleted() -> None:
    sent = with_removed(_payload("a", "b"), _payload("b"), NOW)
    assert sent["engagementUsers"] == [
        {"externalId": "b"},
        {"externalId": "a", "deletedAt": "2026-02-15T14:00:00Z"},
    ]
    assert with_removed(sent, _payload("b"), LATER) == sent


def test_a_rep_who_comes_back_is_not_deleted_any_more() -> None:
    sent = with_removed(_payload("a"), _payload(), NOW)
    back = with_removed(sent, _payload("a"), LATER)
    assert back["engagementUsers"] == [{"externalId": "a", "deletedAt": None}]
    assert with_removed(back, _payload("a"), LATER) == back


def test_without_a_change_the_payload_is_what_it_was() -> None:
    assert with_removed(None, _payload("a"), NOW) == _payload("a")
    assert with_removed(_payload("a"), _payload("a"), NOW) == _payload("a")
    without = {"externalId": "1"}
    assert with_removed(_payload("a"), without, NOW)["engagementUsers"][0]["deletedAt"]
