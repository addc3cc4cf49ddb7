"""The JSON form of records: one function for every `--json` output.

Keys are the field names in camelCase. Enums become their values, times ISO 8601, tuples lists. A field's
`metadata={"json": False}` leaves it out; `metadata={"json": "name"}` gives it another key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID


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
            form[key] = to_json(getattr(record, item.name))
    return form
