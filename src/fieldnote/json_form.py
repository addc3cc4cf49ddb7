"""The JSON form of records: one function for every `--json` output.

Keys are the field names in camelCase. Enums become their values, times ISO 8601, tuples lists. The properties that a
record's `json_properties` names are in its form, too. A field's metadata changes its form: `NOT_IN_JSON` leaves it out,
`{"json": "name"}` gives it another key, `{"digits": 3}` rounds it, and `COUNTS` makes counts by records a list of the
records, each with its `count`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

NOT_IN_JSON: Final = MappingProxyType({"json": False})
"""Metadata of a field that no JSON form shows."""
COUNTS: Final = MappingProxyType({"counts": True})
"""Metadata of a field with counts by records."""


def to_json(value: object) -> Any:
    """The JSON form of a record, a mapping, a list, or a single value.

    Raises TypeError for a type without a JSON form, secrets among them.
    """
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case str():
            return value
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal() | UUID() | Path():
            return str(value)
        case Mapping():
            return {str(to_json(key)): to_json(item) for key, item in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _record(value)
        case Iterable() if not isinstance(value, bytes | bytearray):
            return [to_json(item) for item in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


def camel_case(name: str) -> str:
    """`siro_user_id` -> `siroUserId`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _record(record: Any) -> dict[str, Any]:
    form: dict[str, Any] = {}
    for item in fields(record):
        key = item.metadata.get("json", camel_case(item.name))
        if key is not False:
            found = getattr(record, item.name)
            if item.metadata.get("counts"):
                form[key] = [{**_record(one), "count": count} for one, count in sorted(found.items())]
            else:
                form[key] = to_json(round(found, item.metadata["digits"]) if "digits" in item.metadata else found)
    form |= {camel_case(name): to_json(getattr(record, name)) for name in getattr(record, "json_properties", ())}
    return form
