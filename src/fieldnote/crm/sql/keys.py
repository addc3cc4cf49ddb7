"""The keys of rows as ids. A row whose key is not an id is a problem of that row."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from fieldnote.crm.types import RowProblem, Unreadable, external_id
from fieldnote.errors import CrmRefused

Rows = list[dict[str, Any]]


def with_ids(rows: Rows, column: str, source: str) -> tuple[Rows, list[str], list[RowProblem]]:
    """The rows that have an id, their ids, and the others as problems.

    Raises CrmRefused for a column whose type has no ids, such as bytes. SQLite may have single ones among others.
    """
    try:
        keys = [external_id(row[column]) for row in rows]
    except CrmRefused:
        pass
    else:
        if all(map(str.isascii, keys)) or _is_whole("".join(keys)):
            return rows, keys, []
    untyped = len({type(row[column]) for row in rows}) > 1
    kept: Rows = []
    keys, problems = [], []
    for row in rows:
        try:
            key = _whole_id(row[column])
        except CrmRefused as error:
            value = row[column]
            if not untyped and not isinstance(value, _MAY_HAVE_NO_ID):
                text = f"{source}.key: the column {column} has values of the type {type(value).__name__}, not ids"
                raise CrmRefused(text, hint=_hint(value)) from error
            shown = ascii(value if isinstance(value, bytes) else str(value))[:60]
            problems.append(RowProblem(None, f"{column} = {shown} is not an id", "correct it in the CRM"))
        else:
            kept.append(row)
            keys.append(key)
    return kept, keys, problems


_MAY_HAVE_NO_ID: Final = (str, float, Decimal, Unreadable)
"""Types of which most values are ids, but not NaN, Infinity, or broken text."""


def _hint(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return "let the query give them as text, such as lower(hex(id)), and name that column as the key"
    return "use a column of text, whole numbers or UUIDs"


def _whole_id(value: object) -> str:
    key = external_id(value)
    if not _is_whole(key):
        raise CrmRefused("it contains half a character")
    return key


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clash(key: str, keys: Sequence[str]) -> RowProblem:
    named = " and ".join(repr(item) for item in sorted(keys))
    return RowProblem(
        key, f"the keys {named} are one id, {key}", "remove the blanks around one of them, or give one another key"
    )
