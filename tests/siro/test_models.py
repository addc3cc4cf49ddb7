"""The models against the published contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft4Validator
from pydantic import ValidationError

from fieldnote.siro import models
from fieldnote.siro.models import (
    AccessToken,
    AccountSync,
    Address,
    EngagementSync,
    ExtractionRow,
    OpportunitySync,
    Recording,
    RequestModel,
    UserSync,
)
from tests.siro.contract import DATA, wire_values, without_nullable

CONTRACT = json.loads((DATA / "siro-org.json").read_text())
SYNCED: list[tuple[type[RequestModel], str]] = [
    (EngagementSync, "/v1/integrations/sync/engagements"),
    (OpportunitySync, "/v1/integrations/sync/opportunities"),
]


def schema_of(path: str) -> Any:
    body = CONTRACT["paths"][path]["put"]["requestBody"]["content"]["application/json"]["schema"]
    return without_nullable(body)


@pytest.mark.parametrize(("model", "path"), SYNCED)
def test_all_that_the_contract_allows_can_be_sent_and_arrives_unchanged(model: type[RequestModel], path: str) -> None:
    schema = CONTRACT["paths"][path]["put"]["requestBody"]["content"]["application/json"]["schema"]
    validator = Draft4Validator(schema_of(path))

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(wire_values(schema))
    def check(value: dict[str, Any]) -> None:
        record = model.model_validate(value)
        assert record.wire() == value
        validator.validate(record.wire())
        assert model.read(json.dumps(value)) == record
        assert model.model_validate_json(json.dumps(record.wire())) == record

    check()


@pytest.mark.parametrize(("model", "path"), SYNCED)
def test_null_is_accepted_only_where_the_contract_allows_it(model: type[RequestModel], path: str) -> None:
    properties = CONTRACT["paths"][path]["put"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert {field.alias for field in model.model_fields.values()} == set(properties)
    for name, schema in properties.items():
        value = {"externalId": "a", name: None}
        if schema.get("nullable"):
            assert model.model_validate(value).wire() == value
        else:
            with pytest.raises(ValidationError, match=name):
                model.model_validate(value)


def test_missing_fields_are_not_sent_and_none_is_sent_as_null() -> None:
    assert EngagementSync(external_id="a", end_time=None).wire() == {"externalId": "a", "endTime": None}
    assert UserSync(external_id="a", deleted_at=None).wire() == {"externalId": "a", "deletedAt": None}


def test_a_client_refuses_unknown_fields_and_a_server_ignores_them() -> None:
    body = {"externalId": "a", "flavor": 1, "account": {"externalId": "b", "hue": 2}, "engagementUsers": [
        {"externalId": "u", "shade": 3}]}  # fmt: skip
    with pytest.raises(ValidationError) as caught:
        EngagementSync.model_validate(body)
    assert caught.value.error_count() == 3
    known = {"externalId": "a", "account": {"externalId": "b"}, "engagementUsers": [{"externalId": "u"}]}
    assert EngagementSync.read(body).wire() == known
    assert EngagementSync.read(json.dumps(body).encode()).wire() == known


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"\xff", b'{"external_id": "a"}', b'{"externalId": 7}', b'{"externalId": ""}',
        b'{"externalId": "a", "startTime": "tomorrow"}', b'{"externalId": "a", "startTime": 1771000000}',
        b'{"externalId": "a", "engagementUsers": null}',
        b'{"externalId": "a", "engagementType": {"name": "x"}}',
        b'{"externalId": "a", "opportunity": {"externalId": "b", "amount": "12"}}',
        b'{"externalId": "a", "opportunity": {"externalId": "b", "amount": NaN}}',
        b'{"externalId": "a", "account": {"addresses": [{"street": "1 Main St"}]}}',
        b'{"externalId": "a", "direction": "inbound"}',
    ],
)  # fmt: skip
def test_a_server_refuses_what_the_contract_does_not_allow(body: bytes) -> None:
    with pytest.raises(ValidationError):
        EngagementSync.read(body)


@pytest.mark.parametrize(
    ("given_time", "sent"),
    [
        (datetime(2026, 2, 15, 7, tzinfo=timezone(timedelta(hours=-7))), "2026-02-15T14:00:00Z"),
        ("2026-02-15T14:00:00.250+00:00", "2026-02-15T14:00:00.250000Z"),
        ("2026-02-15 14:00Z", "2026-02-15T14:00:00Z"),
    ],
)
def test_times_travel_in_utc(given_time: object, sent: str) -> None:
    record = EngagementSync.model_validate({"external_id": "a", "start_time": given_time})
    assert record.wire()["startTime"] == sent


@pytest.mark.parametrize("wrong", ["2026-02-15T14:00:00", "2026", "", 1771000000, "0001-01-01T00:00:00+14:00"])
def test_a_client_refuses_times_without_a_zone_and_invalid_times(wrong: object) -> None:
    with pytest.raises(ValidationError):
        EngagementSync.model_validate({"external_id": "a", "start_time": wrong})


def test_a_server_takes_a_time_without_a_zone_as_utc() -> None:
    record = OpportunitySync.read({"externalId": "a", "closedAt": "2026-03-01"})
    assert record.closed_at == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("amount", [45000, 45000.0, Decimal("45000.00")])
def test_equal_amounts_travel_as_the_same_number(amount: object) -> None:
    assert json.dumps(OpportunitySync(external_id="a", amount=amount).wire()["amount"]) == "45000"


def test_an_address_must_be_complete() -> None:
    with pytest.raises(ValidationError, match="zip"):
        AccountSync.model_validate({"external_id": "a", "addresses": [{"street": "1 Main St", "city": "Denver"}]})
    address = Address(street="1 Main St", city="Denver", state="CO", zip="80202", country="US")
    assert AccountSync(external_id="a", addresses=[address]).wire()["addresses"][0]["zip"] == "80202"


def test_answers_keep_unknown_fields_and_accept_nulls() -> None:
    recording = Recording.model_validate(
        {
            "id": 17, "createdAt": "2026-01-28T00:00:00Z", "updatedAt": "", "title": None,
            "result": "PENDING",
            "durationInMilliseconds": 61_500, "novelty": {"a": 1}, "summary": None, "links": None,
            "crm": {"integrationConnectionId": None, "contacts": None,
                    "engagement": {"id": "e", "externalId": 4}},
            "entityExtractions": [{"name": "Budget", "value": None, "mappings": [{"crmModelName": "Deal"}]}],
        }
    )  # fmt: skip
    assert recording.id == "17"
    assert recording.created_at == datetime(2026, 1, 28, tzinfo=UTC)
    assert recording.updated_at is None
    assert recording.result == "PENDING"
    assert recording.duration == timedelta(seconds=61.5)
    assert recording.model_extra == {"novelty": {"a": 1}}
    assert recording.crm is not None
    assert recording.crm.contacts == ()
    assert recording.crm.engagement is not None
    assert recording.crm.engagement.external_id == "4"
    assert ExtractionRow.model_validate({"extraction": None}).extraction == ()


def test_a_secret_is_shown_on_the_wire_alone() -> None:
    token = AccessToken(access_token="planted", access_token_id="i")
    assert "planted" not in f"{token!r} {token} {token.model_dump()} {token.model_dump_json()}"
    assert token.wire() == {"accessToken": "planted", "accessTokenId": "i"}


def test_an_error_of_a_model_does_not_show_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        EngagementSync.model_validate({"external_id": ["planted"], "start_time": "planted", "content": 7})
    assert "planted" not in str(caught.value)


def test_every_public_model_says_what_it_is() -> None:
    assert models.__all__ == sorted(models.__all__)
    assert all((getattr(models, name).__doc__ or "").strip() for name in models.__all__)


def test_an_answer_is_written_as_json_without_a_warning() -> None:
    """Warnings are errors here. A time stays the instant that it is."""
    found = models.Engagement.model_validate({"id": "1", "startTime": "2026-02-16T15:00:00-07:00", "endTime": None})
    kept = models.Engagement.model_validate_json(found.model_dump_json(by_alias=True))
    assert '"startTime":"2026-02-16T22:00:00Z"' in found.model_dump_json(by_alias=True)
    assert (kept.start_time, kept.end_time) == (found.start_time, None)
    assert found.model_dump()["start_time"] == datetime(2026, 2, 16, 22, tzinfo=UTC)
