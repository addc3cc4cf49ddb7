"""Guarded writes through a web API: a call that reads, a comparison, a call that writes, a call that reads back.

Where the API gives an ETag, the write carries it as If-Match, and is one atomic step. Where it gives none, the record
is read directly before the write: a person who saves within those milliseconds is not seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx2

from fieldnote.config import ApiLimits, RestColumn, RestEntry, RestRecordSettings, RestWriting
from fieldnote.crm.rest.calls import LATE, Calls, complaint
from fieldnote.crm.rest.notes import RestNotes
from fieldnote.crm.rest.pace import Slots
from fieldnote.crm.rest.templates import as_json, json_of, perform, search
from fieldnote.crm.sql.columns import ColumnType, Family
from fieldnote.crm.types import Outcome, Place, Record, Row, WriteResult, external_id
from fieldnote.errors import CrmRefused

_GONE = frozenset({404, 410})
_CHANGED = frozenset({412})


@dataclass(frozen=True, slots=True)
class _Read:
    """A record as the API gives it."""

    record: Any
    etag: str | None
    changed_at: datetime | None = None


class RestWriter:
    """Reads and writes single records of one API. `client` is `crm.rest.client`."""

    def __init__(
        self,
        client: Mapping[str, Any],
        settings: RestWriting,
        limits: ApiLimits | None = None,
        origins: Iterable[str] = (),
        shared: Slots | None = None,
        place: Place | None = None,
    ) -> None:
        self._settings = settings
        self._calls = Calls(client, settings.rate_limit, limits, origins, shared, settings.hints, place)
        self.notes = RestNotes(self._calls, settings.notes)

    def close(self) -> None:
        """Let go of all connections."""
        self._calls.close()

    def read(self, record: Record, columns: tuple[str, ...]) -> Row | None:
        """Some columns of a record. One that the API does not give, and the file does not know, is refused."""
        found = self._get(record)
        return None if found is None else {name: self._value(record.table, name, found.record) for name in columns}

    def same(self, table: str, column: str, left: object, right: object) -> bool:
        """Whether two values are one to this field; where the file gives no type, by what they are themselves."""
        return self._type(table, column, left, right).same(left, right)

    def may_write(self, table: str, column: str) -> None:
        """Whether the file has a call for it."""
        if table in self._settings.notes and table not in self._settings.records:
            return
        if (self._column(table, column).write or self._record(table).write) is None:
            raise CrmRefused(f"{table} cannot be written", hint=f"say crm.writing.records.{table}.write")
        if self._column(table, column).read_only:
            raise CrmRefused(f"{table}.{column} is read only, as the file says")

    def write_if(self, record: Record, column: str, expected: object, new: object) -> WriteResult:
        """Read, compare, write and read back."""
        self.may_write(record.table, column)
        found = self._get(record)
        if found is None:
            return WriteResult(Outcome.MISSING)
        before = self._value(record.table, column, found.record)
        kind = self._type(record.table, column, before, expected)
        value = self._fit(kind, record.table, column, new)
        if not kind.same(before, expected):
            return WriteResult(Outcome.CHANGED, before, before)
        if kind.same(before, new):
            return WriteResult(Outcome.APPLIED, before, before)
        answer = self._put(record, column, value, found)
        again = self._get(record)
        if again is None:
            return WriteResult(Outcome.MISSING, before)
        after = self._value(record.table, column, again.record)
        if answer.is_success:
            if kind.same(after, before):
                after = self._read_late(record, column, after)
            return WriteResult(Outcome.APPLIED, before, after, complaint(answer, value))
        return self._not_written(record, column, found, again, before, after, answer)

    def _read_late(self, record: Record, column: str, after: object) -> object:
        """The field once more, a moment later: an API may answer before it has written."""
        time.sleep(LATE)
        again = self._get(record)
        return after if again is None else self._value(record.table, column, again.record)

    def _put(self, record: Record, column: str, value: object, found: _Read) -> httpx2.Response:
        settings = self._column(record.table, column)
        call = settings.write or self._record(record.table).write
        assert call is not None  # noqa: S101 - may_write has seen it
        sent = settings.empty if value is None else _as_text(value) if settings.as_text else value
        values = {"key": record.key, "column": column, "value": sent}
        if settings.entry is not None:
            values["list"] = _with_entry(found.record, settings.entry, sent)
        headers = {"If-Match": found.etag} if found.etag else {}
        if found.changed_at is not None:
            headers["If-Unmodified-Since"] = format_datetime(found.changed_at, usegmt=True)
        return perform(self._calls, call, values, secret=value, headers=headers or None, accepted=_GONE | _CHANGED)

    @staticmethod
    def _not_written(
        record: Record, column: str, found: _Read, again: _Read, before: object, after: object, answer: httpx2.Response
    ) -> WriteResult:
        """The record changed between the two calls, or the write's path is wrong."""
        where = f"{record.table}.{column}"
        if answer.status_code in _GONE:
            text = f"{where}: record {record.key} is there, and the call that writes it answers {answer.status_code}"
            raise CrmRefused(text, hint=f"check crm.writing.records.{record.table}.write")
        if again == found:
            text = f"{where}: the CRM says that record {record.key} changed (412), and it did not"
            raise CrmRefused(text, hint="ask the CRM's vendor which form of If-Match it takes")
        return WriteResult(Outcome.CHANGED, before, after)

    def _get(self, record: Record) -> _Read | None:
        settings = self._record(record.table)
        values = {"key": record.key, "columns": ",".join(dict.fromkeys((record.key_column, *settings.columns)))}
        answer = perform(self._calls, settings.read, values, reads=True, accepted=_GONE)
        if answer.status_code in _GONE:
            return None
        found = search(settings.at, json_of(answer), f"crm.writing.records.{record.table}.at")
        if found is None or found == []:
            return None
        if not isinstance(found, dict):
            text = f"{record.table}: what the CRM answers for record {record.key} is not a single record"
            raise CrmRefused(text, hint=f"set crm.writing.records.{record.table}.at")
        key = found.get(record.key_column)
        if key is not None and external_id(key) != record.key:
            text = f"{record.table}: the CRM answers with record {external_id(key)} where {record.key} was asked for"
            raise CrmRefused(text, hint=f"check crm.writing.records.{record.table}.read")
        where = f"crm.writing.records.{record.table}.etag"
        inside = search(settings.etag, json_of(answer), where) if settings.etag else None
        return _Read(found, inside or answer.headers.get("ETag"), self._changed_at(record.table, found))

    def _changed_at(self, table: str, found: dict[str, Any]) -> datetime | None:
        """When the record last changed, to the second, where the API takes that as a condition."""
        path = self._record(table).unmodified_since
        text = search(path, found, f"crm.writing.records.{table}.unmodified_since") if path else None
        if not isinstance(text, str):
            return None
        try:
            return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
        except ValueError:
            raise CrmRefused(
                f"{table}: '{path}' is not a time", hint=f"check crm.writing.records.{table}.unmodified_since"
            ) from None

    # --- columns

    def _record(self, table: str) -> RestRecordSettings:
        if table not in self._settings.records:
            raise CrmRefused(f"{table} is not known", hint=f"add crm.writing.records.{table}")
        return self._settings.records[table]

    def _column(self, table: str, column: str) -> RestColumn:
        return self._record(table).columns.get(column, RestColumn())

    def _value(self, table: str, column: str, record: dict[str, Any]) -> object:
        column_settings = self._record(table).columns.get(column)
        if column_settings is not None and column_settings.entry is not None:
            return _entry_value(record, column_settings.entry)
        if column_settings is not None and column_settings.at:
            return search(column_settings.at, record, f"crm.writing.records.{table}.columns.{column}.at")
        if column not in record and column_settings is None:
            text = f"{table} has no field '{column}'"
            hint = f"check its name; an API that leaves out empty fields needs crm.writing.records.{table}.columns"
            raise CrmRefused(text, hint=hint)
        return record.get(column)

    def _type(self, table: str, column: str, *seen: object) -> ColumnType:
        settings = self._column(table, column)
        family = _FAMILIES[settings.type] if settings.type else _family(seen)
        if settings.choices and family is not Family.LIST:
            family = Family.CHOICE
        aware = settings.type == "datetime"
        return ColumnType(
            table, column, family, "rest", UTC, length=settings.length, words=settings.choices, aware=aware
        )

    def _fit(self, kind: ColumnType, table: str, column: str, new: object) -> object:
        settings = self._column(table, column)
        if new is None and settings.required:
            raise CrmRefused(f"{table}.{column} must not be empty")
        value = as_json(kind.fit(new))
        if settings.choices and isinstance(value, list) and not set(value) <= set(settings.choices):
            raise CrmRefused(f"{table}.{column} takes {', '.join(settings.choices)}, and the value has others")
        return value


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _entries(record: dict[str, Any], entry: RestEntry) -> list[dict[str, Any]]:
    found = record.get(entry.list)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _entry_value(record: dict[str, Any], entry: RestEntry) -> object:
    """The value of the entry; None where the list has no such entry."""
    return next((one.get(entry.value) for one in _entries(record, entry) if one.get(entry.key) == entry.is_), None)


def _with_entry(record: dict[str, Any], entry: RestEntry, value: object) -> list[dict[str, Any]]:
    """The whole list with the one entry set: an API that replaces the list removes what is not sent."""
    kept = [one for one in _entries(record, entry) if one.get(entry.key) != entry.is_]
    shown = [{name: one[name] for name in entry.keep or one if name in one} for one in kept]
    return shown if value is None else [*shown, {entry.key: entry.is_, entry.value: value}]


_FAMILIES = {
    "text": Family.TEXT,
    "integer": Family.INTEGER,
    "number": Family.NUMBER,
    "boolean": Family.BOOLEAN,
    "date": Family.DATE,
    "datetime": Family.MOMENT,
    "list": Family.LIST,
}


def _family(seen: tuple[object, ...]) -> Family:
    """The type of a field from what was in it: JSON tells numbers, texts, lists and truth apart."""
    kinds = {type(value) for value in seen if value is not None}
    for kind, family in ((bool, Family.BOOLEAN), (int, Family.NUMBER), (float, Family.NUMBER), (list, Family.LIST)):
        if kind in kinds:
            return family
    return Family.TEXT if kinds == {str} else Family.UNTYPED
