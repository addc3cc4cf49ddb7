"""Every field of every record that a sync takes can be mapped, at any depth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from fieldnote.bridge.push.payload_diff import with_removed
from fieldnote.errors import MappingError
from fieldnote.mapping.accounts import AccountRecord
from fieldnote.mapping.fields import FieldShape, Shape, shape_of
from fieldnote.mapping.records import StreamName
from fieldnote.siro.models import EngagementSync, OpportunitySync
from tests.mapping.mappers import mapper
from tests.mapping.values_of_databases import VALUES

MODELS: dict[StreamName, type[BaseModel]] = {
    "accounts": AccountRecord,
    "opportunities": OpportunitySync,
    "engagements": EngagementSync,
}
PLAIN = {
    Shape.ID: (17, "17"),
    Shape.TEXT: ("Kitchen", "Kitchen"),
    Shape.TEXTS: (["a", "b"], ["a", "b"]),
    Shape.TIME: (datetime(2026, 2, 15, 14, tzinfo=UTC), "2026-02-15T14:00:00Z"),
    Shape.LOCAL_TIME: (datetime(2026, 2, 15, 14, tzinfo=UTC), "2026-02-15T07:00:00"),
    Shape.NUMBER: (1.5, 1.5),
    Shape.BOOLEAN: (1, True),
}
"""A value as a CRM may have it, and as it goes over the wire."""


class Whole(NamedTuple):
    """A map that names every field, the row for it, and what must arrive."""

    section: dict[str, Any]
    row: dict[str, Any]
    record: dict[str, Any]


def _whole(model: type[BaseModel], path: str = "") -> Whole:
    whole = Whole({}, {}, {})
    for name, shape in shape_of(model).items():
        column = f"{path}{name}"
        if shape.model is None:
            value, arrives = (shape.words[0].lower(), shape.words[0]) if shape.words else PLAIN[shape.shape]
            whole.section[name], whole.row[column], whole.record[name] = column, value, arrives
            continue
        inner = _whole(shape.model, f"{column}_")
        many = shape.shape is Shape.RECORDS
        whole.section[name] = [inner.section] if many else inner.section
        whole.record[name] = [inner.record] if many else inner.record
        whole.row.update(inner.row)
    return whole


def _leaves(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldShape]]:
    for name, shape in shape_of(model).items():
        if shape.model is None:
            yield f"{path}{name}", shape
        else:
            yield from _leaves(shape.model, f"{path}{name}.")


@pytest.mark.parametrize("stream", MODELS)
def test_every_field_reaches_the_wire(stream: StreamName) -> None:
    whole = _whole(MODELS[stream])
    result = mapper(whole.section, stream).map({"id": 1, **whole.row})
    assert result.wire == whole.record
    assert result.warnings == ()
    assert result.record.wire() == whole.record, "the model would send something else"


@pytest.mark.parametrize("stream", MODELS)
def test_every_field_may_come_inside_a_json_column(stream: StreamName) -> None:
    whole = _whole(MODELS[stream])
    records = {name: shape for name, shape in shape_of(MODELS[stream]).items() if shape.model is not None}
    row = {"id": 1, **{name: whole.record[name] for name in records}}
    section = {name: name for name in records}
    assert mapper(section, stream).map(row).wire == {
        "externalId": "1",
        **{name: whole.record[name] for name in records},
    }


@pytest.mark.parametrize("stream", MODELS)
def test_a_row_of_nulls_is_taken_by_siros_own_model(stream: StreamName) -> None:
    whole = _whole(MODELS[stream])
    result = mapper(whole.section, stream).map({**dict.fromkeys(whole.row), "id": 1})
    assert result.record.wire() == result.wire
    assert result.wire["externalId"] == "1"
    cleared = {name for name, value in result.wire.items() if value is None}
    assert cleared == {name for name, shape in shape_of(MODELS[stream]).items() if shape.clearable}


WHOLE = {stream: _whole(model) for stream, model in MODELS.items()}
MAPPERS = {stream: mapper(whole.section, stream) for stream, whole in WHOLE.items()}
COLUMNS = [(stream, column) for stream, whole in WHOLE.items() for column in whole.row]


@settings(max_examples=400, deadline=None)
@example(place=("opportunities", "opportunityContacts_isPrimary"), value=[])
@given(place=st.sampled_from(COLUMNS), value=VALUES)
def test_whatever_a_column_holds_siros_own_model_takes_the_record_or_the_row_is_a_problem(
    place: tuple[StreamName, str], value: object
) -> None:
    """The mapping makes the wire's form without a model; this holds it to the model."""
    stream, column = place
    row = {"id": 1, **WHOLE[stream].row, column: value}
    try:
        result = MAPPERS[stream].map(row)
    except MappingError:
        return
    assert result.record.wire() == result.wire
    assert from_json(to_json(result.wire)) == result.wire


def test_what_the_project_speaks_of_is_among_them() -> None:
    leaves = {f"{stream}.{path}" for stream, model in MODELS.items() for path, _ in _leaves(model)}
    assert leaves >= {
        "engagements.startTimeLocalized",
        "engagements.engagementType.activityType",
        "engagements.engagementUsers.shareOfSale",
        "engagements.remoteCreatedAt",
        "engagements.remoteUpdatedAt",
        "engagements.account.addresses.zip",
        "engagements.account.latitude",
        "engagements.account.mergedToExternalId",
        "engagements.contact.account.owner.externalId",
        "engagements.lead.phoneNumbers",
        "opportunities.opportunityContacts.isPrimary",
        "opportunities.opportunityUsers.deletedAt",
        "accounts.emailAddresses",
    }


# --- children that left -------------------------------------------------------------------------------

NOW = datetime(2026, 2, 15, 14, tzinfo=UTC)


def _lists(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, shape in shape_of(model).items():
        if shape.model is not None:
            if shape.shape is Shape.RECORDS and "deletedAt" in shape_of(shape.model):
                yield (*path, name)
            if shape.shape is Shape.RECORD:
                yield from _lists(shape.model, (*path, name))


CHILDREN = [(stream, path) for stream, model in MODELS.items() for path in _lists(model)]


@pytest.mark.parametrize(("stream", "path"), CHILDREN, ids=lambda item: ".".join(item) if item else "")
def test_a_child_that_left_goes_once_more_as_deleted(stream: StreamName, path: tuple[str, ...]) -> None:
    def payload(children: list[dict[str, Any]]) -> dict[str, Any]:
        value: Any = children
        for name in reversed(path):
            value = {"externalId": "1", name: value}
        return {**value}

    before = payload([{"externalId": "a", "name": "Ann"}, {"externalId": "b"}])
    sent = with_removed(before, payload([{"externalId": "b"}]), NOW)
    gone = {"externalId": "a", "name": "Ann", "deletedAt": "2026-02-15T14:00:00Z"}
    assert sent == payload([{"externalId": "b"}, gone])
    assert before == payload([{"externalId": "a", "name": "Ann"}, {"externalId": "b"}]), "it changed what it was given"


def test_reps_and_contacts_are_such_children() -> None:
    assert {path[-1] for _, path in CHILDREN} == {"engagementUsers", "opportunityUsers", "opportunityContacts"}


def test_children_of_a_record_inside_are_taken_off_while_it_is_the_same_one() -> None:
    """Siro has no such list today; what is read from its models would find one."""
    deal = {"externalId": "d", "opportunityUsers": [{"externalId": "a"}]}
    before = {"externalId": "1", "opportunity": deal}
    same = with_removed(before, {"externalId": "1", "opportunity": {**deal, "opportunityUsers": []}}, NOW)
    assert same["opportunity"]["opportunityUsers"][0]["deletedAt"] == "2026-02-15T14:00:00Z"
    other = {"externalId": "1", "opportunity": {"externalId": "e", "opportunityUsers": []}}
    assert with_removed(before, other, NOW) == other
