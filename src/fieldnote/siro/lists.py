"""How lists are read to their end: page by page, by cursor, by number, or by the last id.

Siro pages its lists in four ways:

- An envelope with a `cursor`. The next call sends it back; a null ends the list.
- An envelope without a cursor, for operations that take a page number. `hasNextPage` or the hits say if there is more.
- A bare array, although the operation takes `cursor`. The answer cannot name one, so the next call sends the id of the
  last entry, and an empty array ends the list.
- An envelope that says there is more, but not where. Such a list cannot be read to its end: `NotWhole`.

A page that repeats an earlier one means that Siro ignored the cursor; the listing raises `RepeatedPage`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fieldnote.siro.operations import Pairs, flat, many, one, query_of, unwrapped

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    cursor: str | None
    """Where the next page begins; None: this is the last."""
    marks: tuple[str, ...] = ()
    """The ids of the entries, where the cursor was taken from them. No later page may repeat one."""


class NotWhole(Exception):
    """An answer says that its list goes on, but not where. The sender raises `IncompleteList` for it."""


def page(shape: type[T]) -> Callable[[object], Page[T]]:
    """Read a page of an operation that takes `cursor`. A bare array goes on from the id of its last entry."""
    read = many(shape)

    def read_page(answer: object) -> Page[T]:
        found = read(answer)
        if isinstance(answer, list):
            marks = tuple(_mark(item) for item in flatten(answer))
            return Page(found, marks[-1] if marks else None, marks)
        return Page(found, _next(answer))

    return read_page


def listed(shape: type[T]) -> Callable[[object], Page[T]]:
    """Read a page of an operation that takes no `cursor`. A bare array is the whole list."""
    read = many(shape)
    return lambda answer: Page(read(answer), _next(answer))


def whole(read: Callable[[object], T]) -> Callable[[object], T]:
    """Read a record that contains lists, and refuse one whose envelope says that it goes on. Raises NotWhole."""

    def read_whole(answer: object) -> T:
        if _next(answer) is not None:
            raise NotWhole
        return read(answer)

    return read_whole


def stretch(shape: type[T], *, by_number: bool = False) -> Callable[[object], tuple[T, str | None]]:
    """Read a record that comes in parts, and where its next part begins; `by_number`: only a number can be sent."""
    read = one(shape)

    def read_stretch(answer: object) -> tuple[T, str | None]:
        following = _next(answer)
        if by_number and following is not None and not (following.isascii() and following.isdigit()):
            raise NotWhole
        return read(answer), following

    return read_stretch


def after(name: str, shape: type[T]) -> Callable[[object], Page[T]]:
    """Read a page whose next one begins after the last entry's field of this name. An empty page ends the list."""
    read = many(shape)

    def read_after(answer: object) -> Page[T]:
        items = flatten(unwrapped(answer))
        found = read(answer)
        if not items:
            return Page(found, None)
        last = items[-1].get(name) if isinstance(items[-1], Mapping) else None
        if not isinstance(last, str) or not last:
            raise NotWhole
        return Page(found, last, tuple(_mark(item) for item in items))

    return read_after


def cursor_of(answer: object) -> str | None:
    """Where the next page begins, as text; None after the last. Raises NotWhole for a cursor that cannot travel."""
    return _as_cursor(answer.get("cursor") if isinstance(answer, Mapping) else None)


def _as_cursor(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        if value:
            raise NotWhole
        return None
    return str(value) or None


def _next(answer: object) -> str | None:
    """The cursor. Raises NotWhole where there is more, but no cursor."""
    cursor = cursor_of(answer)
    if cursor is None and isinstance(answer, Mapping) and answer.get("hasNextPage") is True:
        raise NotWhole
    return cursor


def flatten(answer: object) -> list[Any]:
    """The entries of a list, lists inside it flattened; none of any other value."""
    found = flat(answer)
    return found if isinstance(found, list) else []


_IDS = ("id", "followupId", "sessionId", "uid")
"""The names under which entries of lists have their id."""


def _mark(item: object) -> str:
    """The id of an entry. Raises NotWhole for one without."""
    found = item
    if isinstance(item, Mapping):
        found = next((item[name] for name in _IDS if name in item), None)
    if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
        return str(found)
    raise NotWhole


# --- sizes ----------------------------------------------------------------------------------------------


def sized(value: float | None, most: int | None = None, *, name: str = "page_size") -> int | None:
    """A page's size or number as a whole number. Raises ValueError for one that is below 1 or above `most`."""
    if value is None:
        return None
    limits = f"from 1 to {most}" if most else "at least 1"
    if isinstance(value, bool) or not float(value).is_integer():
        raise ValueError(f"{name} must be a whole number, {limits}, not {value!r}")
    if value < 1 or (most is not None and value > most):
        raise ValueError(f"{name} must be {limits}, not {int(value)}")
    return int(value)


# --- lists by number ------------------------------------------------------------------------------------

_NUMBER = "page:"


def numbered(shape: type[T], at: str | None, first: int = 1) -> Callable[[object], Page[T]]:
    """Read a page of a list that goes on by cursor or, where the answer names none, by number.

    `at` is where this page began, `first` the number of the list's first page. A number travels as `page:2`.
    """
    read = many(shape)
    number = number_of(at) or first

    def read_numbered(answer: object) -> Page[T]:
        items = read(answer)
        cursor = cursor_of(answer)
        if cursor is not None:
            return Page(items, cursor)
        more = isinstance(answer, list) or (isinstance(answer, Mapping) and answer.get("hasNextPage") is True)
        if more and not items and not isinstance(answer, list):
            raise NotWhole
        return Page(items, f"{_NUMBER}{number + 1}" if more and items else None)

    return read_numbered


def number_of(at: str | None) -> int | None:
    """The page number in a cursor, if it is one."""
    digits = at.removeprefix(_NUMBER) if at is not None and at.startswith(_NUMBER) else ""
    return int(digits) if digits.isascii() and digits.isdigit() else None


def place(at: str | None, first: int | None = None) -> Pairs:
    """The pairs of a query for the page at a cursor or number."""
    number = first if at is None else number_of(at)
    return query_of(cursor=None if number is not None else at, page=number)


# --- lists inside a record ------------------------------------------------------------------------------


def inside(name: str, read: Callable[[object], T]) -> Callable[[object], T]:
    """Read the list under this name with `read`, in an envelope or not; without the name, the answer itself.

    A null is an empty list. The answer's cursor stays beside the list.
    """
    return lambda answer: read(_lifted(name, answer))


def _lifted(name: str, answer: object) -> object:
    data = answer.get("data") if isinstance(answer, Mapping) else None
    record = data if isinstance(data, Mapping) else answer
    if not isinstance(record, Mapping) or name not in record:
        return answer
    found = record[name] or []
    cursor = cursor_of(answer) or _as_cursor(record.get("nextCursor")) or _as_cursor(record.get("cursor"))
    return {"data": found, "cursor": cursor, "hasNextPage": _has_more(answer, record, found)}


def _has_more(answer: object, record: Mapping[str, Any], found: object) -> bool:
    """As the answer says, or as its numbers do. The count of hits is an estimate: an empty page ends the list."""
    if isinstance(answer, Mapping) and isinstance(answer.get("hasNextPage"), bool):
        return bool(answer["hasNextPage"])
    offset, hits = record.get("offset"), record.get("estimatedTotalHits")
    if not (isinstance(found, list) and found and isinstance(offset, int | float) and isinstance(hits, int | float)):
        return False
    return bool(offset + len(found) < hits)
