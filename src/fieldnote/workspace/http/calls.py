"""A request as an operation sees it: who calls, the transaction, and what body, path and query say."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.siro.models import RequestModel
from fieldnote.workspace.http.errors import ApiError, failed, invalid, issue, issues_in, not_found, wrong_type
from fieldnote.workspace.pool import Transaction
from fieldnote.workspace.tenancy import Caller

LONGEST_ID: Final = 500
"""Characters of an external id; they are indexed, and an index takes no more than 2,700 bytes."""
_INDEXED: Final = frozenset({"externalId", "mergedToExternalId", "mergedFromExternalIds"})
_LONGEST_TEXT: Final = 4096
_LARGEST: Final = 1e300

M = TypeVar("M", bound=RequestModel)
T = TypeVar("T")


class _Batch(RequestModel, Generic[M]):
    """What a body is that has records and nothing else."""

    records: tuple[M, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way: who, what, and the transaction that it happens in."""

    request: Request
    transaction: Transaction
    caller: Caller
    body: bytes

    @property
    def conn(self) -> AsyncConnection:
        return self.transaction.conn

    @property
    def organization_id(self) -> str:
        return self.caller.organization_id

    def read(self, model: type[M]) -> M:
        """The body as a record. Raises ApiError with everything that is wrong in it."""
        _parsed(self.body)
        try:
            return model.read(self.body)
        except ValidationError as error:
            raise invalid(issues_in(error)) from error

    def read_all(self, model: type[M]) -> list[M]:
        """The body as records. Raises ApiError with all that is wrong in any; paths begin with the record's place."""
        if not isinstance(items := _parsed(self.body), list):
            raise invalid([wrong_type("array", items)])
        batch: type[_Batch[M]] = _Batch[model]  # type: ignore[valid-type]
        try:
            return list(batch.read(b'{"records":%b}' % self.body).records)
        except ValidationError as error:
            raise invalid([one | {"path": one["path"][1:]} for one in issues_in(error)]) from error

    def record_id(self, what: str, name: str = "id") -> str:
        """An id in the path; one that no record can have is not found."""
        try:
            return str(UUID(self.request.path_params[name]))
        except ValueError:
            raise not_found(what) from None

    # --- parameters

    def text(self, name: str) -> str | None:
        """A text, or None where it is missing or empty."""
        value = self.request.query_params.get(name) or None
        if value is not None and ("\0" in value or len(value) > _LONGEST_TEXT):
            raise invalid([issue("invalid_string", [name], "Is too long or holds a NUL character")])
        return value

    def texts(self, name: str) -> list[str]:
        """All texts of a parameter that may come several times, as `name` or `name[]`."""
        given = self.request.query_params.getlist(name) + self.request.query_params.getlist(f"{name}[]")
        if any("\0" in value or len(value) > _LONGEST_TEXT for value in given):
            raise invalid([issue("invalid_string", [name], "Is too long or holds a NUL character")])
        return [value for value in given if value]

    def id(self, name: str) -> str | None:
        """An id of a record of ours."""
        value = self.text(name)
        try:
            return None if value is None else str(UUID(value))
        except ValueError:
            raise invalid([issue("invalid_string", [name], "Invalid id")]) from None

    def moment(self, name: str) -> datetime | None:
        """A time; without a zone it is UTC."""
        value = self.text(name)
        if value is None:
            return None
        try:
            parsed = datetime.fromisoformat(value.strip().replace(" ", "+"))  # a "+" in a query arrives as space
            return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
        except (ValueError, OverflowError):
            raise invalid([issue("invalid_string", [name], "Invalid date")]) from None

    def flag(self, name: str) -> bool | None:
        """`true` or `false`."""
        value = self.choice(name, ("true", "false"))
        return None if value is None else value == "true"

    def choice(self, name: str, among: Iterable[str]) -> str | None:
        """One of some words."""
        value = self.text(name)
        if value is not None and value not in (words := list(among)):
            expected = " | ".join(f"'{word}'" for word in words)
            message = f"Invalid enum value. Expected {expected}, received '{value}'"
            raise invalid([issue("invalid_enum_value", [name], message)])
        return value

    def page_size(self, *, default: int, largest: int, name: str = "pageSize") -> int:
        """How many items a page has."""
        value = self.text(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit():
            message = "Expected number, received string"
            raise invalid([issue("invalid_type", [name], message, expected="number", received="string")])
        size = int(value[:9])
        if not 1 <= size <= largest:
            code, edge = ("too_small", "greater than or equal to 1") if size < 1 else ("too_big", f"at most {largest}")
            raise invalid([issue(code, [name], f"Number must be {edge}")])
        return size

    def cursor(self, *, of_words: bool = False) -> tuple[datetime, str] | None:
        """Where the page before ended, of a list by time. `of_words`: the records' ids need not be UUIDs."""
        if (ended := self._cursor()) is None:
            return None
        try:
            at, record_id = ended
            if of_words and isinstance(record_id, str) and "\0" not in record_id:
                return datetime.fromisoformat(at).astimezone(UTC), record_id
            return datetime.fromisoformat(at).astimezone(UTC), str(UUID(record_id))
        except (ValueError, TypeError, AttributeError, OverflowError):
            raise _no_cursor() from None

    def key_cursor(self) -> tuple[str, str] | None:
        """Where the page before ended, of a list by connection and external id."""
        if (ended := self._cursor()) is None:
            return None
        try:
            connection_id, key = ended
            if not isinstance(key, str) or "\0" in key:
                raise _no_cursor()
            return str(UUID(connection_id)), key
        except (ValueError, TypeError, AttributeError):
            raise _no_cursor() from None

    def _cursor(self) -> Any:
        value = self.text("cursor")
        try:
            return None if value is None else json.loads(base64.urlsafe_b64decode(value.encode()))
        except (ValueError, binascii.Error, RecursionError):
            raise _no_cursor() from None


def _no_cursor() -> ApiError:
    return invalid([issue("custom", ["cursor"], "Is not a cursor of this list")])


def cursor_of(at: datetime, record_id: str) -> str:
    """What `Call.cursor` reads."""
    return _encoded([at.isoformat(), record_id])


def key_cursor_of(connection_id: str, key: str) -> str:
    """What `Call.key_cursor` reads."""
    return _encoded([connection_id, key])


def _encoded(ended: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(ended).encode()).decode()


def read_each(calls: Sequence[Call], read: Callable[[Call], T]) -> tuple[dict[int, T], dict[int, Any]]:
    """Of calls that are done together: what each one wants, and the errors of those that are wrong. By place."""
    wanted: dict[int, T] = {}
    errors: dict[int, Any] = {}
    for place, call in enumerate(calls):
        try:
            wanted[place] = read(call)
        except ApiError as error:
            errors[place] = error
    return wanted, errors


def _parsed(body: bytes) -> Any:
    """The body, without what the contract allows and PostgreSQL cannot take: a NUL, an id too long, a huge number."""
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
        issues = [] if _is_storable(value) else list(_unstorable(value, ()))
    except (ValueError, RecursionError) as error:
        raise failed(400, "The request body is not valid JSON") from error
    if issues:
        raise invalid(issues)
    return value


def _refuse_constant(name: str) -> None:
    """Python would read `NaN` and `Infinity`, which JSON does not have."""
    raise ValueError(name)


def _is_storable(value: Any) -> bool:
    """Quickly, as nearly all bodies are: False where `_unstorable` may find something."""
    left = [value]
    while left:
        one = left.pop()
        match one:
            case str() if "\0" in one or len(one) > LONGEST_ID:
                return False
            case int() | float() if not -_LARGEST < one < _LARGEST:
                return False
            case dict():
                left += one.values()
            case list():
                left += one
    return True


def _unstorable(value: Any, path: tuple[str | int, ...]) -> Iterator[dict[str, Any]]:
    match value:
        case str() if "\0" in value:
            yield issue("invalid_string", path, "Holds a NUL character")
        case str() if len(value) > LONGEST_ID and not _INDEXED.isdisjoint(path[-2:]):
            yield issue("too_big", path, f"String must contain at most {LONGEST_ID} character(s)")
        case bool():
            pass
        case int() | float() if not -_LARGEST < value < _LARGEST:
            yield issue("too_big", path, "Number must be finite")
        case dict():
            for key, item in value.items():
                yield from _unstorable(item, (*path, key))
        case list():
            for position, item in enumerate(value):
                yield from _unstorable(item, (*path, position))
