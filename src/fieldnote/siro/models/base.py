"""The rules of all models: names, unknown fields, nulls, times, numbers and secrets.

Three rules apply everywhere.

- Attributes are snake_case; on the wire they are camelCase.
- `wire()` is the record as it travels: only the given fields, an explicit None as null. A field that was
  not given is not sent, so it stays as it is at Siro; null clears it, where Siro allows that.
- A time is aware and in UTC, written `2026-02-15T14:00:00Z`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Self, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    SerializationInfo,
    ValidationInfo,
)
from pydantic.alias_generators import to_camel

T = TypeVar("T")

_AS_SERVER = "as_server"
_ON_THE_WIRE = {"on_the_wire": True}


class Model(BaseModel):
    """The base of every record. Frozen; equal by value."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        frozen=True,
        hide_input_in_errors=True,
        defer_build=True,
    )

    def wire(self) -> dict[str, Any]:
        """The record as JSON values under the names of the wire: the given fields, secrets in clear text."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True, context=_ON_THE_WIRE)

    def shown(self) -> dict[str, Any]:
        """As `wire()`, but for people to read: secrets masked."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class RequestModel(Model):
    """A request. A field that Siro does not know is refused here, before anything is sent."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def read(cls, body: bytes | str | Mapping[str, Any]) -> Self:
        """Read a request as a server does: wire names only, unknown fields ignored at every depth.

        The published contract lets a server do so. Types are those of JSON: a number in quotes is not a
        number. A time without a zone is UTC. `body` is JSON text or its parsed value. Raises
        pydantic.ValidationError.
        """
        text = body if isinstance(body, bytes | str) else json.dumps(body)
        return cls.model_validate_json(
            text, strict=True, extra="ignore", by_alias=True, by_name=False, context={_AS_SERVER: True}
        )


class FormModel(RequestModel):
    """A request that travels as a form: those of OAuth. Its names travel unchanged."""

    model_config = ConfigDict(alias_generator=None)


class ResponseModel(Model):
    """An answer. `model_extra` keeps unknown fields. Fields that real answers lack may be None."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)


# --- nulls ----------------------------------------------------------------------------------------------


def _not_null(value: T | None) -> T:
    if value is None:
        raise ValueError("can be left out, but not null: Siro cannot clear it")
    return value


Given = Annotated[T | None, AfterValidator(_not_null)]
"""A request's field that is optional (None: not given), and that Siro cannot clear."""


def null_as_nothing(value: object) -> object:
    """Read a null list as an empty one."""
    return () if value is None else value


Lenient = Annotated[T | str, Field(union_mode="left_to_right")]
"""A word of an enum, or text where Siro uses a new word."""


# --- times ----------------------------------------------------------------------------------------------


def _read_time(value: object) -> object:
    """ISO-8601 text only: Pydantic by itself would take `"2026"` for seconds since 1970."""
    match value:
        case datetime():
            return value
        case date():
            return datetime.combine(value, time())
        case str():
            try:
                return datetime.fromisoformat(value.strip())
            except ValueError:
                raise ValueError("is not an ISO 8601 time, such as 2026-02-15T14:00:00Z") from None
        case _:
            raise ValueError("is not a time: give ISO 8601 text, such as 2026-02-15T14:00:00Z")


def _in_utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("is outside the calendar") from None


def _sent_time(value: datetime, info: ValidationInfo) -> datetime:
    if value.tzinfo is None and not (info.context or {}).get(_AS_SERVER):
        raise ValueError("is a time without a zone; give an aware datetime, or end the text in Z or +hh:mm")
    return _in_utc(value)


def _answered_time(value: Any) -> datetime | None:
    """Read a time in one step, as lists contain thousands. A bad one must not cost the whole list."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment if moment.tzinfo is UTC else _in_utc(moment)
    except TypeError:
        return _stamp(value)
    except ValueError:
        return None


def _stamp(value: object) -> datetime | None:
    """A time as Siro's database writes it: `{"_seconds": …, "_nanoseconds": …}`."""
    if not isinstance(value, Mapping):
        return None
    seconds, nanoseconds = value.get("_seconds"), value.get("_nanoseconds") or 0
    if not isinstance(seconds, int | float) or not isinstance(nanoseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds + nanoseconds / 1e9, UTC)
    except (OverflowError, OSError, ValueError):
        return None


SentTime = Annotated[datetime, BeforeValidator(_read_time), AfterValidator(_sent_time)]
"""An instant in a request: aware, kept in UTC."""


def _instant_text(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")


# The serializer is named because Pydantic's own, behind a `PlainValidator`, warns of each time that it writes as JSON.
OptionalTime = Annotated[
    datetime | None,
    PlainValidator(_answered_time),
    PlainSerializer(_instant_text, return_type=str | None, when_used="json"),
]
"""An instant in an answer, in UTC; None where it is missing or not ISO 8601. Without a zone it is UTC."""


def _clock_text(value: object) -> object:
    return value.replace(tzinfo=None).isoformat() if isinstance(value, datetime) else value


LocalTime = Annotated[str, BeforeValidator(_clock_text)]
"""The time on a wall clock, without a zone: `2026-02-15T07:00:00`. A datetime loses its zone."""


# --- addresses and ids ----------------------------------------------------------------------------------


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or any(character.isspace() for character in value):
        raise ValueError("is not an address of the web, such as https://files.example/call.mp3")
    return value


def _uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError("is not a UUID, such as 0d9e6f1c-9f6b-4c52-8b59-4d5a3a4c0c9e") from None


WebAddress = Annotated[str, AfterValidator(_web_address)]
Uuid = Annotated[str, AfterValidator(_uuid)]


# --- numbers and secrets --------------------------------------------------------------------------------


def _number(value: object) -> int | float:
    """One number, one spelling: 45000, 45000.0 and Decimal("45000.00") all go out as 45000."""
    match value:
        case bool():
            pass
        case int():
            return value
        case float() | Decimal() if isfinite(value):
            whole = int(value)
            return whole if value == whole and abs(whole) < 2**53 else float(value)
        case _:
            pass
    raise ValueError("is not a finite number")


Number = Annotated[int | float, BeforeValidator(_number)]


def _reveal(value: SecretStr, info: SerializationInfo) -> str:
    on_the_wire = isinstance(info.context, Mapping) and info.context.get("on_the_wire")
    return value.get_secret_value() if on_the_wire else "***"


Secret = Annotated[SecretStr, PlainSerializer(_reveal, return_type=str, when_used="json")]
"""Prints as `***`. Only `wire()` shows it: a server must answer it once."""
