"""A call as a value, built before it is sent. Both clients build the same value and differ only in sending it.

`Endpoint` is the published contract's description of an operation. `Operation` is one call of it: the data to send,
and the function that reads the answer. Siro wraps some answers in `{"data": …}` and not others, and does not always
follow its contract. Every reader here takes both shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from string import Formatter
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from fieldnote.siro.models.base import FormModel, RequestModel

T = TypeVar("T")

QueryValue = str | int | float | bool | datetime | Iterable[str] | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A body that was validated and serialized before: for programs that send a record again, or very many."""

    json: bytes = field(repr=False)


Body = RequestModel | Sequence[RequestModel] | Prepared
"""The data to send: one record, several records, or JSON text that exists already."""


class Audience(StrEnum):
    """Which of Siro's APIs an operation belongs to. It decides the base URL and the credential."""

    ORGANIZATION = "organization"
    """An organization token, as `Authorization: Bearer …`."""
    USER = "user"
    """A user token, as `x-siro-auth-token: …`."""
    AUTHORIZATION = "authorization"
    """OAuth's own endpoint. It proves the client, not a user."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of the published contract."""

    method: str
    template: str
    """The path, as in `/v1/core/recordings/{id}`."""
    python: str
    """The client's method, as in `recordings.get`."""
    audience: Audience = Audience.ORGANIZATION
    harmless: bool | None = None
    """Whether sending it twice does no harm. None: as its method implies (GET and PUT: yes)."""

    @property
    def repeatable(self) -> bool:
        """Whether a call may be sent again when it is unknown whether it arrived."""
        return self.method in {"GET", "PUT"} if self.harmless is None else self.harmless

    @property
    def writes(self) -> bool:
        """Whether it may change something, judged by its method."""
        return self.method != "GET"

    @property
    def places(self) -> tuple[str, ...]:
        """The names of the ids in the path, in order."""
        return _places(self.template)

    def path(self, *ids: str) -> str:
        """The path with its ids. Each id is quoted and stays one segment. Raises ValueError."""
        return self.template.format(**{name: _segment(name, part) for name, part in zip(self.places, ids, strict=True)})

    def call(
        self,
        read: Callable[[object], T],
        *ids: str,
        query: Pairs = (),
        body: Body | None = None,
        decode: Callable[[bytes], object] = from_json,
    ) -> Operation[T]:
        """One call: the ids of its path, its query, its body, and the function that reads the answer."""
        return Operation(self, self.path(*ids), read, query, body, decode)


Pairs = tuple[tuple[str, str], ...]
"""A query."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """One call."""

    endpoint: Endpoint
    path: str
    read: Callable[[object], T] = field(repr=False)
    """From the answer's JSON to the result. Raises pydantic.ValidationError."""
    query: Pairs = field(default=(), repr=False)
    body: Body | None = field(default=None, repr=False)
    """May contain secrets."""
    decode: Callable[[bytes], object] = field(default=from_json, repr=False)
    """From the bytes of a successful answer to the value that `read` takes. Raises ValueError."""

    def content(self) -> bytes | None:
        """The body as bytes, secrets in clear text: JSON, or a form."""
        match self.body:
            case None:
                return None
            case Prepared():
                return self.body.json
            case FormModel():
                return urlencode(self.body.wire()).encode()
            case RequestModel():
                return to_json(self.body.wire())
            case _:
                return to_json([record.wire() for record in self.body])

    @property
    def media_type(self) -> str | None:
        """The media type of `content()`; None without a body."""
        match self.body:
            case None:
                return None
            case FormModel():
                return "application/x-www-form-urlencoded"
            case _:
                return "application/json"

    def shown(self) -> object:
        """The body as JSON values for people to read, secrets masked."""
        match self.body:
            case None:
                return None
            case Prepared():
                return from_json(self.body.json)
            case RequestModel():
                return self.body.shown()
            case _:
                return [record.shown() for record in self.body]


@cache
def _places(template: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name)


def _segment(name: str, part: str) -> str:
    # Quoting leaves "." and ".." alone, and HTTP libraries resolve them: the request would reach another path.
    if not part or part in {".", ".."}:
        raise ValueError(f"{name} must be an id, not {part!r}")
    return quote(part, safe="")


def query_of(**values: QueryValue) -> Pairs:
    """The pairs of a query. Skip None, repeat the name for a list, write times in UTC with a Z."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        match value:
            case None:
                pass
            case str():
                pairs.append((name, value))
            case bool():
                pairs.append((name, "true" if value else "false"))
            case int() | float():
                pairs.append((name, str(value)))
            case datetime():
                pairs.append((name, _utc(name, value)))
            case _:
                pairs.extend((name, item) for item in value)
    return tuple(pairs)


def direction(descending: bool | None) -> str | None:
    """Siro's word for the order of a list."""
    return None if descending is None else "desc" if descending else "asc"


def _utc(name: str, value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{name} is a time without a zone; give an aware datetime")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- requests -------------------------------------------------------------------------------------------

M = TypeVar("M", bound=RequestModel)


def request(model: type[M], record: M | Mapping[str, Any] | None, fields: Mapping[str, Any]) -> M:
    """The record to send, from a record, a mapping of its fields, or keyword arguments.

    Raises pydantic.ValidationError, and TypeError for both a record and keyword arguments.
    """
    if record is None:
        return model.model_validate(dict(fields))
    if fields:
        names = ", ".join(fields)
        raise TypeError(
            f"give a record or its fields, not both: {names}. Options of a call, as timeout, are given by with_options"
        )
    return record if isinstance(record, model) else model.model_validate(record)


def batch(model: type[M], records: Iterable[M | Mapping[str, Any]]) -> tuple[M, ...]:
    """The records to send, each one a record or a mapping of its fields. Raises pydantic.ValidationError."""
    return tuple(record if isinstance(record, model) else model.model_validate(record) for record in records)


# --- answers --------------------------------------------------------------------------------------------


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def validated(shape: Any, answer: object) -> Any:
    """The answer as a value of this type. Raises pydantic.ValidationError."""
    return _adapter(shape).validate_python(answer)


def one(shape: type[T]) -> Callable[[object], T]:
    """Read a record, bare or in an envelope."""
    return lambda answer: validated(shape, unwrapped(answer))


def maybe(shape: type[T]) -> Callable[[object], T | None]:
    """Read a record, bare or in an envelope; None for a null or an empty envelope."""

    def read_maybe(answer: object) -> T | None:
        found = answer.get("data") if isinstance(answer, Mapping) and answer.keys() <= ENVELOPE else answer
        return None if found is None else validated(shape, found)

    return read_maybe


def plain(shape: type[T]) -> Callable[[object], T]:
    """Read a text or a truth value, bare or in an envelope."""
    return lambda answer: validated(shape, answer.get("data") if isinstance(answer, Mapping) else answer)


def raw(answer: object) -> list[Any]:
    """Read records as JSON values, bare or in an envelope; a single record becomes a list of one."""
    found = flat(unwrapped(answer))
    return found if isinstance(found, list) else [found]


def many(shape: type[T]) -> Callable[[object], tuple[T, ...]]:
    """Read a list of records, bare or in an envelope; flatten lists inside the list."""
    return lambda answer: validated(tuple[shape, ...], flat(unwrapped(answer)))  # type: ignore[valid-type]


def field_of(name: str, shape: type[T]) -> Callable[[object], T]:
    """Read the value under this name, in an envelope or not."""

    def read_field(answer: object) -> T:
        found = unwrapped(answer)
        value: T = validated(shape, found.get(name) if isinstance(found, Mapping) else found)
        return value

    return read_field


def inner(read: Callable[[object], T]) -> Callable[[object], T]:
    """Read an answer with an envelope inside its envelope: `{"data": {"data": …}, "cursor": …}`."""

    def read_inner(answer: object) -> T:
        found = answer.get("data") if isinstance(answer, Mapping) else None
        if isinstance(answer, Mapping) and isinstance(found, Mapping) and isinstance(found.get("data"), Mapping):
            return read({**answer, "data": found["data"]})
        return read(answer)

    return read_inner


class NotDone(Exception):
    """Siro answered 200 and said that it did not do it. The sender raises `Refused` for it."""


def done(read: Callable[[object], T]) -> Callable[[object], T]:
    """Read an answer that may be `{"error": …}` although its status is a success."""

    def read_done(answer: object) -> T:
        if isinstance(answer, Mapping) and "data" not in answer and isinstance(answer.get("error"), str):
            raise NotDone(answer["error"])
        return read(answer)

    return read_done


def nothing(answer: object) -> None:
    """Read an answer that carries no result."""
    del answer


ENVELOPE = frozenset({"data", "cursor", "hasNextPage", "limit", "pageSize", "total"})
"""The keys of an envelope."""


def unwrapped(answer: object) -> object:
    """The value inside the envelope, or the answer itself."""
    if isinstance(answer, Mapping) and isinstance(answer.get("data"), Mapping | list):
        return answer["data"]
    return answer


def flat(answer: object) -> object:
    """A list of lists as one list; any other value unchanged."""
    if not isinstance(answer, list) or not any(isinstance(entry, list) for entry in answer):
        return answer
    return [item for entry in answer for item in (entry if isinstance(entry, list) else [entry])]
