"""CRM row -> Siro record, by the `map` of a stream in the file.

`compile_stream` checks the map against Siro's fields and gives a `RowMapper`; that one takes rows. A value
in the map is

- a JMESPath expression over the row: a column name is one, and `"'US'"` (single quotes inside) a constant;
- a number, `true` or `false`: itself;
- `{from: expression, choices: {word: value}, default: value}`: a choice table. Without `default` a word
  that is not listed is a problem, named with the row;
- a section, for a nested record, and a list of them, for several; its `default` completes it;
- an expression that gives such a record whole, or `{from: expression, default: {field: value}}`.

What is null: a field that Siro can clear is sent as null, any other is left out. A nested record whose
`externalId` is null is left out whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from operator import itemgetter
from typing import Any, Final, Literal, Protocol, get_args
from zoneinfo import ZoneInfo

import msgspec
from pydantic import ValidationError

from fieldnote.config import ColumnZone, Config, Keys, StreamSettings, nearest
from fieldnote.crm.types import FrozenValue, Row, external_id, freeze
from fieldnote.errors import ConfigError, CrmRefused, MappingError
from fieldnote.mapping.accounts import AccountRecord
from fieldnote.mapping.evaluation import FieldError, Scope
from fieldnote.mapping.maps import MapError, RecordMap, compile_record
from fieldnote.siro.models import EngagementSync, OpportunitySync

StreamName = Literal["accounts", "opportunities", "engagements"]
"""In the order in which they go: what is referred to before what refers to it."""
SyncRecord = EngagementSync | OpportunitySync | AccountRecord

MODELS: Final[dict[StreamName, type[SyncRecord]]] = {
    "accounts": AccountRecord,
    "opportunities": OpportunitySync,
    "engagements": EngagementSync,
}

MEANING = 6
"""Raised whenever the same map comes to mean another record, so that every row is looked at again."""


class _Digest(Protocol):
    """An object of `hashlib`."""

    def copy(self) -> _Digest: ...
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


@dataclass(slots=True)
class _Shape:
    """The facts about rows with the same columns."""

    columns: tuple[str, ...]
    """In the rows' own order."""
    values: Callable[[Row], Iterable[object]]
    """Takes the values of a row, in the order of the columns' names."""
    beginning: _Digest
    """The beginning of each hash."""
    spelled: dict[str, str] | None = None
    """The map's columns that the rows spell otherwise; None until it was looked at."""


class Mapped(msgspec.Struct, gc=False):
    """A record as Siro takes it, and what had to be left out of it. A `Struct`, as one is made of every row."""

    wire: dict[str, Any]
    """As it goes over the wire: camelCase, only what the map gave, nulls included."""
    model: type[SyncRecord]
    warnings: tuple[str, ...] = ()

    @property
    def record(self) -> SyncRecord:
        """The same as a model."""
        return self.model.model_validate(self.wire)


class RowMapper:
    """Makes Siro records of one stream's rows. Made by `compile_stream`; may be shared between threads."""

    def __init__(
        self, stream: StreamName, settings: StreamSettings, zone: str | ColumnZone | None, fields: RecordMap
    ) -> None:
        self.stream = stream
        self._key = settings.key
        self._zone = zone
        self._fields = fields
        self._model = MODELS[stream]
        self._rules = bool(self._model.__pydantic_decorators__.model_validators)
        self._fixed_zone = ZoneInfo(zone) if isinstance(zone, str) and zone else None
        self._shape: _Shape | None = None
        meaning = [MEANING, stream, settings.key, settings.map, str(zone)]
        digest = blake2b(json.dumps(meaning, default=str).encode(), digest_size=8)
        self.version = digest.hexdigest()
        """Changes whenever the same row could become another record."""

    def check(self, columns: Iterable[str]) -> None:
        """Raise ConfigError if the map names a column that rows with these columns do not have."""
        self._spellings(columns)

    def _spellings(self, columns: Iterable[str]) -> dict[str, str]:
        """The map's columns that the rows spell otherwise."""
        known = frozenset(columns)
        wanted = dict(self._fields.columns)
        if isinstance(self._zone, ColumnZone):
            wanted[self._zone.column] = ("push", self.stream, "timezone")
        spelled = {}
        for column in sorted(wanted.keys() - known):
            spelled[column] = self._spelled(column, known, wanted[column])
        return spelled

    def _spelled(self, column: str, known: frozenset[str], keys: Keys) -> str:
        """The column as the rows spell it: a database may fold the case of names."""
        same = [name for name in known if name.casefold() == column.casefold()]
        if len(same) == 1:
            return same[0]
        hint = f"give the query or table this column; a constant text is written \"'{column}'\""
        state = f"and the rows have {' and '.join(sorted(same))}" if same else "which the rows do not have"
        near = "" if same else nearest(column, sorted(known))
        raise MapError(keys, f"needs the column '{column}', {state}{near}", hint=hint)

    def key(self, row: Row) -> str:
        """The row's key as Siro's externalId. Raises MappingError where it has none."""
        value = row.get(self._key)
        if value is None:
            # A database may spell the column in another case than the file does.
            value = next((v for name, v in row.items() if name.casefold() == self._key.casefold()), None)
        try:
            key = external_id(value) if value is not None else ""
        except CrmRefused as error:
            raise MappingError(f"push.{self.stream}: {self._key}: {error.message}", hint=error.hint) from error
        if not key:
            raise MappingError(f"push.{self.stream}: a row has no {self._key}", hint="leave such rows out of the query")
        return key

    def find_padded_keys(self, rows: Iterable[tuple[str, Row]]) -> dict[str, str]:
        """The raw keys with blanks that their ids do not have, by id."""
        raw = ((key, row.get(self._key)) for key, row in rows)
        return {key: value for key, value in raw if value is not key and type(value) is str and value != key}

    def hash(self, row: Row) -> bytes:
        """16 bytes over the raw row and the map: equal for rows that become equal records."""
        shape = self._shape_of(row)
        values = shape.values(row)
        try:
            data = _encode(values)
        except (ValueError, OverflowError):  # half a surrogate pair, a number or a time beyond the usual
            data = json.dumps([_plain(value) for value in values]).encode()
        digest = shape.beginning.copy()
        digest.update(data)
        return digest.digest()

    def _shape_of(self, row: Row) -> _Shape:
        shape, columns = self._shape, tuple(row)
        if shape is None or shape.columns != columns:
            names = sorted(columns)
            beginning = blake2b(json.dumps([self.version, names]).encode(), digest_size=16)
            take = itemgetter(*names) if len(names) > 1 else lambda found: (found[names[0]],)
            shape = self._shape = _Shape(columns, take, beginning)
        return shape

    def map(self, row: Row) -> Mapped:
        """The record of a row. Raises MappingError, naming stream, record, field, expression and value."""
        shape = self._shape_of(row)
        if shape.spelled is None:
            shape.spelled = self._spellings(shape.columns)
        if shape.spelled:
            row = {**row, **{column: row[name] for column, name in shape.spelled.items()}}
        key = self.key(row)
        scope = Scope(self._zone_of(row, key) if self._fixed_zone is None else self._fixed_zone)
        try:
            fields = self._fields.apply(row, scope)
        except FieldError as error:
            raise self._error(key, str(error), error.hint) from error
        if fields.get("externalId") is None:
            fields["externalId"] = key
        if self._rules:
            self._validate(fields, key)
        warnings = tuple(f"{self._record(key)}: {text}" for text in scope.warnings) if scope.warnings else ()
        return Mapped(fields, self._model, warnings)

    def _validate(self, fields: dict[str, Any], key: str) -> None:
        """Only for models that have rules over several fields: each field by itself is right by its making."""
        try:
            self._model.model_validate(fields)
        except ValidationError as error:
            raise self._error(key, _first(error)) from error

    def _zone_of(self, row: Row, key: str) -> ZoneInfo | None:
        name = row.get(self._zone.column) if isinstance(self._zone, ColumnZone) else self._zone
        if name is None or name == "":
            return None
        try:
            return ZoneInfo(str(name))
        except (ValueError, OSError, LookupError) as error:
            text = f"timezone: {name!r:.60} is not the name of a time zone"
            raise self._error(key, text, "the column must hold names such as America/Denver") from error

    def _error(self, key: str, text: str, hint: str | None = None) -> MappingError:
        return MappingError(f"{self._record(key)}: {text}", hint=hint)

    def _record(self, key: str) -> str:
        return f"push.{self.stream}, record {key}"


def compile_stream(
    stream: StreamName, settings: StreamSettings, *, timezone: str | ColumnZone | None = None
) -> RowMapper:
    """Check a stream's map once. `timezone` is the CRM's, used where the stream has none of its own.

    Raises ConfigError for a field that Siro does not have, or an expression that cannot be read.
    """
    fields = compile_record(MODELS[stream], settings.map, ("push", stream, "map"), changed=settings.cursor)
    return RowMapper(stream, settings, settings.timezone or timezone, fields)


def compile_push(config: Config) -> dict[StreamName, RowMapper]:
    """The mappers of all streams that the file names. An error names the file and the line."""
    mappers: dict[StreamName, RowMapper] = {}
    streams: dict[StreamName, StreamSettings | None] = {}
    if config.push:
        streams = {name: getattr(config.push, name) for name in get_args(StreamName)}
    for name, settings in streams.items():
        if settings is None:
            continue
        try:
            mappers[name] = compile_stream(name, settings, timezone=config.crm.timezone)
        except MapError as error:
            raise ConfigError(f"{config.at(error.keys)}: {error.message}", hint=error.hint) from error
    return mappers


# --- small things ---------------------------------------------------------------------------------------


def _plain(value: object) -> FrozenValue:
    """A value as the hash takes it: the same time whatever the zone of the session in which the row was read."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        with suppress(OverflowError):  # at the ends of the calendar
            value = value.astimezone(UTC)
    return freeze(value)


_encode: Final = msgspec.msgpack.Encoder(enc_hook=_plain).encode
"""Keeps types apart, and takes a time with a zone for what it is, a moment."""


def _first(error: ValidationError) -> str:
    """The first complaint of a model, in a sentence."""
    details = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in details["loc"])
    return f"{where} is missing" if details["type"] == "missing" else f"{where}: {details['msg']}"
