"""A CRM's "no" is false, whatever type and spelling it has."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.config import StreamSettings
from fieldnote.errors import MappingError
from fieldnote.mapping.expressions import compile_expression
from fieldnote.mapping.records import compile_stream

NO: list[object] = [
    None, False, 0, 0.0, -0.0, Decimal(0), Decimal("0.00"), b"\0", bytearray(b"\0"), b"", "", "  ", "0", "0.0", "00",
    "0000-00-00", "0000-00-00 00:00:00", "false", "FALSE", " f ", "no", "No", "n", "off", [], {},
]  # fmt: skip
YES: list[object] = [
    True, 1, 2, -1, 0.5, Decimal("0.1"), b"\1", "1", "-1", "true", "T", "yes", "y", "on", "cancelled", "none", "nope",
    "0x", "2026-02-15", ["x"], datetime(2026, 2, 15, tzinfo=UTC),
]  # fmt: skip
CHANGED = datetime(2026, 2, 15, 14, tzinfo=UTC)


def _record(row: dict[str, object], **fields: Any) -> dict[str, Any]:
    settings = StreamSettings(
        table="a", key="id", cursor="updated_at", map={"startTime": "'2026-01-01T00:00:00Z'", **fields}
    )
    return compile_stream("engagements", settings).map({"id": 1, "updated_at": CHANGED, **row}).wire


@pytest.mark.parametrize("value", NO, ids=repr)
def test_a_no_is_false_on_the_left_of_and_under_not_and_in_a_filter(value: object) -> None:
    assert not compile_expression("flag && other").apply({"flag": value, "other": "x"})
    assert compile_expression("!flag").apply({"flag": value}) is True
    assert compile_expression("rows[?flag].id").apply({"rows": [{"flag": value, "id": 1}]}) == []


@pytest.mark.parametrize("value", YES, ids=repr)
def test_a_yes_is_true_there(value: object) -> None:
    assert compile_expression("flag && other").apply({"flag": value, "other": "x"}) == "x"
    assert compile_expression("!flag").apply({"flag": value}) is False
    assert compile_expression("rows[?flag].id").apply({"rows": [{"flag": value, "id": 1}]}) == [1]


@given(st.text(max_size=8))
def test_any_other_text_is_true(text: str) -> None:
    listed = text.strip().casefold() in {"", "0", "false", "f", "no", "n", "off"}
    number = text.strip().lstrip("+-").rstrip("0").rstrip(".").strip("0") == "" and any(c.isdigit() for c in text)
    result = compile_expression("flag && other").apply({"flag": text, "other": "x"})
    if not listed and not number:
        assert result == "x"
    if listed:
        assert result != "x"


@pytest.mark.parametrize("value", NO, ids=repr)
def test_a_record_whose_flag_says_no_is_not_deleted(value: object) -> None:
    assert _record({"cancelled": value}, deletedAt="cancelled && updated_at")["deletedAt"] is None
    if not isinstance(value, list | dict):
        assert _record({"deleted": value}, deletedAt="deleted")["deletedAt"] is None


@pytest.mark.parametrize(
    "value",
    [
        True,
        1,
        1.0,
        Decimal(1),
        b"\1",
        "1",
        "true",
        "Yes",
        "t",
        "on",
        -1,
        -1.0,
        Decimal(-1),
        "-1",
        "1.0",
        "+1.00",
        b"\0\1",
    ],
    ids=repr,
)
def test_a_flag_that_says_yes_takes_the_time_of_the_change(value: object) -> None:
    assert _record({"deleted": value}, deletedAt="deleted")["deletedAt"] == "2026-02-15T14:00:00Z"


def test_a_flag_without_a_time_of_change_takes_the_present_time() -> None:
    before = datetime.now(UTC).isoformat(timespec="seconds")
    found = _record({"deleted": 1, "updated_at": None}, deletedAt="deleted")["deletedAt"]
    assert found is not None
    assert before[:16] <= found[:16]


def test_a_time_of_deletion_is_that_time() -> None:
    assert _record({"deleted": "2026-01-02T03:04:05Z"}, deletedAt="deleted")["deletedAt"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize("value", ["gone", 7, 2, "2026-13-45", b"\2"], ids=repr)
def test_a_deletion_that_is_neither_flag_nor_time_is_a_named_problem(value: object) -> None:
    with pytest.raises(MappingError, match=r"record 1: deletedAt, from deleted = .*neither a flag"):
        _record({"deleted": value}, deletedAt="deleted")


def test_a_false_left_side_is_no_text_and_no_choice_but_is_a_booleans_false() -> None:
    assert "subject" not in _record({"flag": False}, subject="flag && 'x'") or (
        _record({"flag": False}, subject="flag && 'x'")["subject"] is None
    )
    choice = {"from": "flag", "choices": {"0": "MEETING", "1": "CALL"}}
    for value, expected in ((b"\0", "MEETING"), (b"\1", "CALL"), (0, "MEETING")):
        engagement = {"activityType": choice, "name": "'visit'"}
        assert _record({"flag": value}, engagementType=engagement)["engagementType"]["activityType"] == expected
