"""A request as an operation sees it: who calls, the transaction, and what body, path and query say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.siro.models import RequestModel
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.http.cursors import Listing, listing_of
from fieldnote.workspace.http.errors import (
    ApiError,
    failed,
    invalid,
    issue,
    mismatch,
    missing,
    not_among,
    not_found,
    too_big,
    too_small,
    wrong_type,
)
from fieldnote.workspace.http.model_issues import issues_in
from fieldnote.workspace.pool import Transaction
from fieldnote.workspace.tenancy import Caller

LONGEST_ID: Final = 500
"""Characters of an external id; they are indexed, and an index takes no more than 2,700 bytes."""
_INDEXED: Final = frozenset({"externalId", "mergedToExternalId", "mergedFromExternalIds"})
_LONGEST_TEXT: Final = 4096
_LARGEST: Final = 1e300
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
NOBODY: Final = UUID(int=0)
"""An id that no record has."""
SLASH: Final = "\udc2f"
"""A slash inside an id in the path, which was sent as `%2F`. No path that is decoded from UTF-8 holds this."""

M = TypeVar("M", bound=RequestModel)
T = TypeVar("T")


class _Batch(RequestModel, Generic[M]):
    """The kind of a body that has records and nothing else."""

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
            raise invalid(issues_in(error, model)) from error

    def read_all(self, model: type[M]) -> list[M]:
        """The body as records. Raises ApiError with all that is wrong in any; paths begin with the record's place."""
        if not isinstance(items := _parsed(self.body), list):
            raise invalid([wrong_type("array", items)])
        batch: type[_Batch[M]] = _Batch[model]  # type: ignore[valid-type]
        try:
            return list(batch.read(b'{"records":%b}' % self.body).records)
        except ValidationError as error:
            raise invalid([one | {"path": one["path"][1:]} for one in issues_in(error, batch)]) from error

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

    def word(self, name: str) -> str:
        """A text in the path. PostgreSQL takes no NUL, so no record's id has one."""
        value: str = self.request.path_params[name]
        return value.replace("\0", "?").replace(SLASH, "/")

    def required(self, *names: str) -> list[str]:
        """Texts that must be given. Raises ApiError that names all that are missing."""
        given = {name: self.text(name) for name in names}
        if issues := [missing([name]) for name, value in given.items() if value is None]:
            raise invalid(issues)
        return [value for value in given.values() if value is not None]

    def id(self, name: str) -> str | None:
        """The id of a record; one that no record can have becomes an id that no record has."""
        value = self.text(name)
        return None if value is None else id_or_nobody(value)

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

    def bound(self, name: str, side: str) -> tuple[str, datetime] | None:
        """A filter on a time, as a comparison with a stored time: `>=` or `<`, and with which.

        Times are shown with milliseconds and stored with microseconds. `side` (`>`, `>=`, `<` or `<=`) compares the
        time that is shown.
        """
        if (at := self.moment(name)) is None:
            return None
        try:
            shown = at.replace(microsecond=at.microsecond // 1000 * 1000)
            up = shown != at if side in {">=", "<"} else True
            return ">=" if side[0] == ">" else "<", shown + timedelta(milliseconds=1) * up
        except OverflowError:
            return ">=" if side[0] == ">" else "<", at

    def flag(self, name: str) -> bool | None:
        """`true` or `false`."""
        value = self.choice(name, ("true", "false"))
        return None if value is None else value == "true"

    def choice(self, name: str, among: Iterable[str]) -> str | None:
        """One of some words."""
        value = self.text(name)
        if value is not None and value not in (words := list(among)):
            raise invalid([not_among([name], words, value)])
        return value

    def page_size(self, *, default: int, most: int | None = None, clamp: int = 1000, name: str = "pageSize") -> int:
        """How many items a page has. More than `most`, the contract's maximum, is refused.

        Where the contract has no maximum, a page has at most `clamp` items, however many are asked for.
        """
        value = self.text(name)
        if value is None:
            return default
        return min(whole(name, value, most=most), clamp)

    def listing(self, *filters: str, order: str = "") -> Listing:
        """The list that is asked for: its path, these filters as they were given, and its order."""
        given = [self.texts(name) for name in filters]
        caller = (self.caller.organization_id, self.caller.user_id)
        return listing_of(self.text("cursor"), self.request.scope["path"], caller, filters, given, order)


def id_or_nobody(value: str) -> str:
    """An id in a body; one that no record can have becomes an id that no record has."""
    try:
        return str(UUID(value))
    except ValueError:
        return str(NOBODY)


def whole(name: str, value: str, *, least: int = 1, most: int | None = None) -> int:
    """The whole number in a parameter. Raises ApiError outside of `least` and `most`."""
    if not _NUMBER.fullmatch(value):
        raise invalid([mismatch("number", "string", [name])])
    if not float(value).is_integer():
        raise invalid([mismatch("integer", "float", [name])])
    number = int(float(value)) if len(value) < 16 else (-1 if value.startswith("-") else 1) * 10**15
    if number < least:
        raise invalid([too_small([name], least)])
    if most is not None and number > most:
        raise invalid([too_big([name], most)])
    return number


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


def _unstorable(value: Any, path: tuple[str | int, ...]) -> Iterator[dict[str, object]]:
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


def public_url(request: Request) -> str:
    """The address under which clients reach the workspace: as configured, else of the socket that took the call.

    Never as the request's Host header says.
    """
    workspace: Workspace = request.app.state.workspace
    if workspace.public_url is not None:
        return workspace.public_url
    host, port = request.scope.get("server") or ("127.0.0.1", None)
    host = f"[{host}]" if ":" in host else host
    return f"{request.url.scheme}://{host}" + (f":{port}" if port else "")
