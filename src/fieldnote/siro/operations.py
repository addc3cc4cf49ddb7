"""A call as a value, before anybody sends it: whoever sends it differs only in the sending.

`Endpoint` is what the published contract says of an operation. `Operation` is one call of it: what to send,
and how to read the answer. Siro answers some operations with `{"data": …}` and some bare, not always as its
contract says, so that both are read everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter

T = TypeVar("T")

QueryValue = str | int | bool | datetime | Iterable[str] | None


class Audience(StrEnum):
    """Which of Siro's two APIs an operation belongs to: it decides base URL and credential."""

    ORGANIZATION = "organization"
    """An organization token, as `Authorization: Bearer …`."""
    USER = "user"
    """A user token, as `x-siro-auth-token: …`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of the published contract."""

    method: str
    template: str
    """The path, as in `/v1/core/recordings/{id}`."""
    audience: Audience = Audience.ORGANIZATION
    harmless: bool = False
    """A POST that may be repeated: sent twice, it does no more harm than sent once."""

    @property
    def repeatable(self) -> bool:
        """Whether a call may be sent again when nobody knows whether it arrived."""
        return self.harmless or self.method in {"GET", "PUT"}

    def path(self, **parts: str) -> str:
        """The path with its places filled, each part quoted so that it stays one segment."""
        return self.template.format(**{name: _segment(name, part) for name, part in parts.items()})


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One call."""

    endpoint: Endpoint
    path: str
    read: Callable[[object], T] = field(repr=False)
    """From the answer's JSON to the result. Raises pydantic.ValidationError."""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    """JSON values; may hold secrets."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A stretch of a list."""

    items: tuple[T, ...]
    cursor: str | None
    """Where the next page begins; None: this is the last."""


def _segment(name: str, part: str) -> str:
    # "." and ".." stay as they are when quoted, and HTTP libraries resolve them: another path would be asked.
    if not part or part in {".", ".."}:
        raise ValueError(f"{name} must be an id, not {part!r}")
    return quote(part, safe="")


def query_of(**values: QueryValue) -> tuple[tuple[str, str], ...]:
    """The pairs of a query. None is left out, a list repeats its name, times are UTC with a Z."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        match value:
            case None:
                pass
            case str():
                pairs.append((name, value))
            case bool():
                pairs.append((name, "true" if value else "false"))
            case int():
                pairs.append((name, str(value)))
            case datetime():
                pairs.append((name, _utc(name, value)))
            case _:
                pairs.extend((name, item) for item in value)
    return tuple(pairs)


def _utc(name: str, value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{name} is a time without a zone; give an aware datetime")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- reading answers ------------------------------------------------------------------------------------


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _validated(shape: Any, answer: object) -> Any:
    return _adapter(shape).validate_python(answer)


def one(shape: type[T]) -> Callable[[object], T]:
    """Reads a record, bare or in an envelope."""
    return lambda answer: _validated(shape, _unwrapped(answer))


def many(shape: type[T]) -> Callable[[object], tuple[T, ...]]:
    """Reads a list of records, bare or in an envelope; lists in the list are flattened."""
    return lambda answer: _validated(tuple[shape, ...], _flat(_unwrapped(answer)))  # type: ignore[valid-type]


def page(shape: type[T]) -> Callable[[object], Page[T]]:
    """Reads a page; a bare list is the only one."""
    items = many(shape)
    return lambda answer: Page(items(answer), cursor_of(answer))


def cursor_of(answer: object) -> str | None:
    """Where the next page begins, as text; None after the last."""
    cursor = answer.get("cursor") if isinstance(answer, Mapping) else None
    return None if cursor is None or cursor == "" else str(cursor)


def _unwrapped(answer: object) -> object:
    if isinstance(answer, Mapping) and isinstance(answer.get("data"), Mapping | list):
        return answer["data"]
    return answer


def _flat(answer: object) -> object:
    if not isinstance(answer, list) or not any(isinstance(entry, list) for entry in answer):
        return answer
    return [item for entry in answer for item in (entry if isinstance(entry, list) else [entry])]
