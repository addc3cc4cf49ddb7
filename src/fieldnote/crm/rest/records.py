"""Records of a web API before they land: broken values are replaced, and fields of one column are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from fieldnote.crm.broken_values import BEYOND_RANGE, LENIENT, BrokenValues, repair
from fieldnote.errors import CrmRefused

_INTEGER, _DECIMAL, _MOST = 2**63, 10**29, 10**38
"""Whole numbers land as integers, as decimals, or as text; from the last on, they are read as null."""
NOT_A_NUMBER: Final = "\ue000fieldnote: not a number\ue000"
"""The text in place of `NaN` and `Infinity` in an answer, which are not JSON."""


class Records:
    """The records of one resource. `normalize` makes a column's name of a field's; `key` is its primary key, if one."""

    def __init__(self, resource: str, normalize: Callable[[str], str], key: str | None = None) -> None:
        self._resource = resource
        self._normalize = normalize
        self._key = key
        self._columns: dict[str, str] = {}
        """By the field's path, the column that it lands in."""
        self._fields: dict[tuple[str, str], str] = {}
        """By table and column, the field that lands there."""
        self._count = 0
        self.broken = BrokenValues(resource)

    def check(self, record: Any) -> Any:
        """The record as it lands. Raises CrmRefused for two fields that are one column."""
        if not isinstance(record, dict):
            return record
        self._count += 1
        place = self._count

        def report(path: str, kind: str) -> None:
            key = record.get(self._key) if self._key else None
            row = f"record {key}" if isinstance(key, int | str) else f"record number {place}"
            self.broken.add(row.encode("utf-8", "replace").decode(), path, kind)

        whole = repair(_within_range(record), report)
        self._walk(whole, "", "", "")
        return whole

    def _walk(self, value: object, table: str, column: str, path: str) -> None:
        match value:
            case dict():
                for name, item in value.items():
                    field = f"{path}.{name}" if path else str(name)
                    own = self._column(field, str(name), column)
                    if not isinstance(item, dict):
                        self._claim(table, own, field)
                    if isinstance(item, dict | list):
                        self._walk(item, table, own, field)
            case list():
                for item in value:
                    self._walk(item, f"{table}/{column}", "", path)
            case _:
                return

    def _column(self, field: str, name: str, prefix: str) -> str:
        if field not in self._columns:
            own = self._normalize(name) if name.strip() else name
            self._columns[field] = f"{prefix}__{own}" if prefix else own
        return self._columns[field]

    def _claim(self, table: str, column: str, field: str) -> None:
        other = self._fields.setdefault((table, column), field)
        if other != field:
            text = f"{self._resource}: the fields '{other}' and '{field}' would be one column, {column}"
            hint = "leave one out by a processing step of the resource, or rename it there"
            raise CrmRefused(text, hint=hint)


def _within_range(value: object) -> object:
    match value:
        case bool():
            return value
        case float() if not isfinite(value):
            return BEYOND_RANGE
        case int() if abs(value) >= _INTEGER:
            if abs(value) >= _MOST:
                return BEYOND_RANGE
            return Decimal(value) if abs(value) < _DECIMAL else str(value)
        case str() if value == NOT_A_NUMBER:
            return BEYOND_RANGE
        case dict():
            return {name: _within_range(item) for name, item in value.items()}
        case list():
            return [_within_range(item) for item in value]
        case _:
            return value


def readable_json(content: bytes) -> bytes:
    """An answer as JSON, so that only the broken value in it suffers.

    A byte that is not UTF-8 becomes an escape, and NaN or Infinity becomes `NOT_A_NUMBER`.
    """
    try:
        content.decode()
    except UnicodeDecodeError:
        content = content.decode("utf-8", LENIENT).encode("utf-8", "backslashreplace")
    if not (b"NaN" in content or b"Infinity" in content):
        return content
    constants = 0

    def replace(_: str) -> str:
        nonlocal constants
        constants += 1
        return NOT_A_NUMBER

    try:
        document = json.loads(content, parse_constant=replace, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return content
    return json.dumps(document, default=float).encode() if constants else content


def refuse_twin_tables(names: list[str], normalize: Callable[[str], str]) -> None:
    """Raises CrmRefused for two resources that would be one table."""
    known: dict[str, str] = {}
    for name in names:
        other = known.setdefault(normalize(name), name)
        if other != name:
            text = f"crm.rest: the resources '{other}' and '{name}' would be one table, {normalize(name)}"
            raise CrmRefused(text, hint="rename one of them, and give the path in its endpoint")
