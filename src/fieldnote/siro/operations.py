"""A call as a value, before anybody sends it: whoever sends it differs only in the sending.

`Endpoint` is what the published contract says of an operation. `Operation` is one call of it: what to send,
and how to read the answer. Siro answers some operations with `{"data": …}` and some bare, not always as its
contract says, so that both are read everywhere.
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
    """A body that was checked and made before: for programs that send the same record again, or very many."""

    json: bytes = field(repr=False)


Body = RequestModel | Sequence[RequestModel] | Prepared
"""What is sent: a record, or several, or JSON that is there already."""


class Audience(StrEnum):
    """Which of Siro's APIs an operation belongs to: it decides base URL and credential."""

    ORGANIZATION = "organization"
    """An organization token, as `Authorization: Bearer …`."""
    USER = "user"
    """A user token, as `x-siro-auth-token: …`."""
    AUTHORIZATION = "authorization"
    """OAuth's own endpoint, which proves nothing but the client."""


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
    """Whether it does no more harm twice than once, where that is not as the method has it (GET, PUT: yes)."""

    @property
    def repeatable(self) -> bool:
        """Whether a call may be sent again when nobody knows whether it arrived."""
        return self.method in {"GET", "PUT"} if self.harmless is None else self.harmless

    @property
    def writes(self) -> bool:
        """Whether it may change something, as far as the method tells."""
        return self.method != "GET"

    @property
    def places(self) -> tuple[str, ...]:
        """The names of the ids in the path, in their order."""
        return _places(self.template)

    def path(self, *ids: str) -> str:
        """The path with its places filled, each id quoted so that it stays one segment. Raises ValueError."""
        return self.template.format(**{name: _segment(name, part) for name, part in zip(self.places, ids, strict=True)})

    def call(
        self,
        read: Callable[[object], T],
        *ids: str,
        query: Pairs = (),
        body: Body | None = None,
        decode: Callable[[bytes], object] = from_json,
    ) -> Operation[T]:
        """One call: the ids of its path, its query, its body, and how to read the answer."""
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
    """May hold secrets."""
    decode: Callable[[bytes], object] = field(default=from_json, repr=False)
    """From the bytes of a good answer to what `read` takes. Raises ValueError."""

    def content(self) -> bytes | None:
        """The body as it travels, secrets in clear: JSON, or a form."""
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
        """What `content()` is; None where there is none."""
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


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A stretch of a list."""

    items: tuple[T, ...]
    cursor: str | None
    """Where the next page begins; None: this is the last."""


@cache
def _places(template: str) -> tuple[str, ...]:
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name)


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
            case int() | float():
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


def plain(shape: type[T]) -> Callable[[object], T]:
    """Reads a text or a truth value, bare or in an envelope."""
    return lambda answer: _validated(shape, answer.get("data") if isinstance(answer, Mapping) else answer)


def raw(answer: object) -> list[Any]:
    """Reads records as JSON values, bare or in an envelope; one record is a list of one."""
    found = _flat(_unwrapped(answer))
    return found if isinstance(found, list) else [found]


def many(shape: type[T]) -> Callable[[object], tuple[T, ...]]:
    """Reads a list of records, bare or in an envelope; lists in the list are flattened."""
    return lambda answer: _validated(tuple[shape, ...], _flat(_unwrapped(answer)))  # type: ignore[valid-type]


def page(shape: type[T]) -> Callable[[object], Page[T]]:
    """Reads a page; a bare list is the only one."""
    items = many(shape)
    return lambda answer: Page(items(answer), cursor_of(answer))


class NotDone(Exception):
    """Siro answered 200, and that it did not do it. The sender makes a `Refused` of it."""


def done(read: Callable[[object], T]) -> Callable[[object], T]:
    """Reads an answer that may be `{"error": …}` although its status says success."""

    def read_done(answer: object) -> T:
        if isinstance(answer, Mapping) and "data" not in answer and isinstance(answer.get("error"), str):
            raise NotDone(answer["error"])
        return read(answer)

    return read_done


def stretch(shape: type[T]) -> Callable[[object], tuple[T, str | None]]:
    """Reads a record that comes in parts, and where its next part begins."""
    read = one(shape)
    return lambda answer: (read(answer), cursor_of(answer))


def nothing(answer: object) -> None:
    """Reads an answer that says no more than that all went well."""
    del answer


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


M = TypeVar("M", bound=RequestModel)


def request(model: type[M], record: M | None, fields: Mapping[str, Any]) -> M:
    """The record to send: one that is given, or made of fields. Raises pydantic.ValidationError."""
    if record is None:
        return model.model_validate(dict(fields))
    if fields:
        raise TypeError("give a record or its fields, not both")
    return record


# --- lists that go by number ----------------------------------------------------------------------------

_NUMBER = "page:"


def numbered(shape: type[T], at: str | None, first: int = 1) -> Callable[[object], Page[T]]:
    """Reads a page of a list that goes on by cursor or, where an answer names none, by number.

    `at` is where this page began, `first` the number of the list's first. A number travels as `page:2`.
    """
    read = page(shape)
    number = number_of(at) or first

    def read_numbered(answer: object) -> Page[T]:
        found = read(answer)
        more = isinstance(answer, Mapping) and answer.get("hasNextPage") is True and found.items
        return Page(found.items, f"{_NUMBER}{number + 1}") if found.cursor is None and more else found

    return read_numbered


def number_of(at: str | None) -> int | None:
    """The number of the page at a cursor, if it is one."""
    return int(at.removeprefix(_NUMBER)) if at is not None and at.startswith(_NUMBER) else None


def place(at: str | None, first: int | None = None) -> Pairs:
    """The pairs of a query for the page at a cursor or number."""
    number = first if at is None else number_of(at)
    return query_of(cursor=None if number is not None else at, page=number)


# --- lists that lie deeper ------------------------------------------------------------------------------


def inside(name: str, read: Callable[[object], T]) -> Callable[[object], T]:
    """Reads the list under this name with `read`, in an envelope or not; where no such name is, the answer itself.

    A null is an empty list. What the answer says of a next page stays beside the list.
    """
    return lambda answer: read(_lifted(name, answer))


def _lifted(name: str, answer: object) -> object:
    data = answer.get("data") if isinstance(answer, Mapping) else None
    holder = data if isinstance(data, Mapping) else answer
    if not isinstance(holder, Mapping) or name not in holder:
        return answer
    found = holder[name] or []
    return {"data": found, "cursor": cursor_of(answer), "hasNextPage": _has_more(answer, holder, found)}


def _has_more(answer: object, holder: Mapping[str, Any], found: object) -> bool:
    """As the answer says it, or as its numbers do: so many hits, from such a one on."""
    if isinstance(answer, Mapping) and isinstance(answer.get("hasNextPage"), bool):
        return bool(answer["hasNextPage"])
    offset, hits = holder.get("offset"), holder.get("estimatedTotalHits")
    if not (isinstance(found, list) and isinstance(offset, int | float) and isinstance(hits, int | float)):
        return False
    return offset + len(found) < hits
