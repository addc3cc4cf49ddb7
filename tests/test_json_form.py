"""The JSON form of records."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

import pytest
from pydantic import SecretStr

from fieldnote.cli.workspace.open import print_rows
from fieldnote.json_form import COUNTS, NOT_IN_JSON, to_json


class Color(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    started_at: datetime
    day: date | None = None


@dataclass(frozen=True)
class Outer:
    external_id: str
    color: Color
    parts: tuple[Inner, ...]
    counts: dict[Color, int]
    amount: Decimal = Decimal("1.50")
    wait: timedelta = timedelta(minutes=2)
    hidden: int = field(default=1, metadata={"json": False})
    renamed: int = field(default=2, metadata={"json": "other"})


def test_a_record_becomes_camel_case_json() -> None:
    record = Outer("a-1", Color.RED, (Inner(datetime(2026, 2, 1, tzinfo=UTC)),), {Color.RED: 3})
    assert to_json(record) == {
        "externalId": "a-1",
        "color": "red",
        "parts": [{"startedAt": "2026-02-01T00:00:00+00:00", "day": None}],
        "counts": {"red": 3},
        "amount": "1.50",
        "wait": 120.0,
        "other": 2,
    }


@dataclass(frozen=True, order=True)
class Kind:
    name: str
    said: str = field(default="words", metadata=NOT_IN_JSON)


@dataclass(frozen=True)
class Counted:
    seconds: float = field(metadata={"digits": 1})
    kinds: Counter[Kind] = field(default_factory=Counter, metadata=COUNTS)

    json_properties: ClassVar = ("is_empty",)

    @property
    def is_empty(self) -> bool:
        return not self.kinds


def test_metadata_and_named_properties_change_the_form() -> None:
    assert to_json(Counted(1.26)) == {"seconds": 1.3, "kinds": [], "isEmpty": True}
    kinds = Counter({Kind("b"): 1, Kind("a", "other words"): 2})
    counts = [{"name": "a", "count": 2}, {"name": "b", "count": 1}]
    assert to_json(Counted(0.0, kinds)) == {"seconds": 0.0, "kinds": counts, "isEmpty": False}


@pytest.mark.parametrize("value", [SecretStr("x"), b"x", object(), Outer])
def test_a_value_without_a_json_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        to_json(value)


def test_a_row_of_the_workspace_has_camel_case_keys(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"last_used_at": datetime(2026, 2, 1, tzinfo=UTC), "name": "a_b"}], str, as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"lastUsedAt": "2026-02-01T00:00:00+00:00", "name": "a_b"}]
