"""The `crm` section: drivers, and the calls of a web API."""

from __future__ import annotations

import re
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from fieldnote.config.api_webhooks import ApiWebhooks
from fieldnote.config.reading import ApiLimits, RestReading
from fieldnote.config.values import (
    RateLimit,
    Secret,
    Section,
    Text,
    Zone,
)
from fieldnote.config.words import nearest


class Driver(StrEnum):
    """How the CRM is reached."""

    SQL = "sql"
    """Its database: PostgreSQL, MySQL, MariaDB or SQLite."""
    REST = "rest"
    """Its web API."""
    FILES = "files"
    """Exports in a folder."""


DRIVERS_GROUP = "fieldnote.crm"
"""The entry points by which an installed package adds a driver of its own."""

_DRIVER_KEYS = {
    "url": Driver.SQL,
    "write_url": Driver.SQL,
    "folder": Driver.FILES,
    "rest": Driver.REST,
    "writing": Driver.REST,
    "skip": Driver.FILES,
    "reading": Driver.REST,
    "limits": Driver.REST,
    "origins": Driver.REST,
    "webhooks": Driver.REST,
}
"""Which of Fieldnote's drivers reads a key of the section."""


_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class RestCall(Section):
    """One call of a web API, with `{placeholders}` in its path, its parameters and its body."""

    method: Literal["GET", "POST", "PUT", "PATCH"]
    """The HTTP method."""
    path: Text
    """Below `client.base_url`. Inserted values are percent-encoded."""
    params: dict[str, str] = Field(default_factory=dict)
    """The query's parameters."""
    body: Any = None
    """As JSON. A text that is exactly one placeholder becomes the value with its own type."""
    failed: Text | None = None
    """JMESPath of an error inside an answer whose status is good; left out: the status alone counts."""


class RestEntry(Section):
    """A field that is one entry of a list, which the API replaces as a whole: `<list>` in the call is the new list."""

    list: Text
    """The record's field that has the list."""
    key: Text
    """The entry's field that identifies it."""
    is_: str | int = Field(alias="is")
    """The value of `key` by which the entry is found."""
    value: Text = "value"
    """The entry's field that has the value."""
    keep: tuple[Text, ...] = ()
    """The fields of an entry that are sent; left out: all fields."""


class RestColumn(Section):
    """The values that one field accepts. Left out: the type of the field's current value."""

    at: Text | None = None
    """JMESPath of the field inside the record; left out: the column's own name."""
    type: Literal["text", "integer", "number", "boolean", "date", "datetime", "list"] | None = None
    """A value of another type is converted, or refused by name."""
    length: int | None = Field(default=None, ge=1)
    """The most characters that the field takes."""
    choices: tuple[str, ...] = ()
    """The values that the field takes; empty: any."""
    required: bool = False
    """Whether it must not be emptied."""
    read_only: bool = False
    """Whether the API refuses every write to it."""
    empty: Any = None
    """The value that empties the field."""
    as_text: bool = False
    """Whether the value is sent as text, whatever its type."""
    entry: RestEntry | None = None
    """Set where the field is one entry of a list."""
    write: RestCall | None = None
    """The call for this field; left out: the record's."""


class RestRecordSettings(Section):
    """How a record is read and written."""

    read: RestCall
    """`{columns}` becomes the names of `columns`, separated by commas."""
    unmodified_since: Text | None = None
    """JMESPath of the time of change inside the record: a write is refused if it changed, to the second."""
    at: Text | None = None
    """JMESPath of the record inside the answer; left out: the answer itself."""
    etag: Text | None = None
    """JMESPath of the record's ETag inside the answer; left out: the header `ETag`, if there is one."""
    write: RestCall | None = None
    """`{column}` and `{value}` are the field and its new value; left out: each column has its own call."""
    columns: dict[str, RestColumn] = Field(default_factory=dict)
    """The fields that may be read and written, by the name that `to` has."""


class RestNoteSettings(Section):
    """How notes are found, added and changed."""

    find: RestCall
    """Reads the notes of the record `{record}`."""
    items: Text
    """JMESPath of the list of notes inside the answer."""
    next: Text | None = None
    """JMESPath of the next page's address; left out: the answer's `Link` header says it, if there are pages."""
    next_param: Text | None = None
    """The parameter that takes what `next` found; left out: it is an address."""
    pages: Literal["numbers"] | None = None
    """`numbers`: `next_param` counts pages from 1 as long as `next` is true."""
    each: RestCall | None = None
    """If `find` returns only ids: reads the notes, with `{ids}` from `items`, a hundred at a time."""
    each_failures: Text | None = None
    """JMESPath of the notes that `each` could not read; if there are any, the call is tried again later."""
    each_items: Text | None = None
    """JMESPath of the list of notes inside that answer."""
    id: Text | None = "id"
    """JMESPath of a note's id inside the note; null if notes have none."""
    html: bool = False
    """Whether the API keeps notes as HTML."""
    etag: Text | None = None
    """JMESPath of a note's ETag inside the note."""
    insert: RestCall
    """`{now}` becomes the time in UTC."""
    update: RestCall | None = None
    """Left out: the API cannot change a note, and a new summary becomes an addendum."""


class RestWriting(Section):
    """How the `rest` driver writes back."""

    rate_limit: RateLimit = 100
    """Calls in any 60 seconds for writing back; `off` for none."""
    hints: dict[str, Text] = Field(default_factory=dict)
    """By a word in the body of a refusal, such as its error code: what a person can do about it."""
    records: dict[str, RestRecordSettings] = Field(default_factory=dict)
    """By the name in `table` of a target."""
    notes: dict[str, RestNoteSettings] = Field(default_factory=dict)
    """By the name in `table` of a target's note."""

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> Self:
        for name, record in self.records.items():
            _known_placeholders(f"records.{name}.read", record.read, {"key", "columns"})
            writes = [record.write, *(column.write for column in record.columns.values())]
            for call in writes:
                _known_placeholders(f"records.{name}.write", call, {"key", "column", "value", "list"})
        for name, note in self.notes.items():
            _known_placeholders(f"notes.{name}.find", note.find, {"record", "note_key"})
            _known_placeholders(f"notes.{name}.each", note.each, {"ids"})
            _known_placeholders(f"notes.{name}.insert", note.insert, {"record", "note_key", "body", "now", "title"})
            _known_placeholders(
                f"notes.{name}.update", note.update, {"record", "note_key", "id", "body", "now", "title"}
            )
        return self


def _known_placeholders(where: str, call: RestCall | None, known: set[str]) -> None:
    used = set() if call is None else set(_PLACEHOLDER.findall(f"{call.path} {call.params} {call.body}"))
    if unknown := sorted(used - known):
        names = ", ".join(f"{{{name}}}" for name in sorted(known))
        raise ValueError(f"has {{{unknown[0]}}} in {where}, where these placeholders are known: {names}")


class SkipSettings(Section):
    """Lines of an export that are not rows."""

    first: int = Field(default=0, ge=0, le=1000)
    """Lines before the header."""
    last: int = Field(default=0, ge=0, le=1000)
    """Lines at the end, counted from the last one that is not blank."""
    lines: Text | None = None
    """A regular expression: a row is skipped if its text matches."""

    @field_validator("lines")
    @classmethod
    def _is_pattern(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        return value


class CrmSettings(Section):
    """The CRM. Which keys it needs depends on the driver; `timezone` is for all of them."""

    driver: str
    """`sql`, `rest` or `files`, the name of a preset, or the name under which an installed package adds a driver."""
    url: Secret | None = Field(default=None, validate_default=True)
    """`sql`: the database's address, password included."""
    write_url: Secret | None = None
    """`sql`: the address for writes, if it differs."""
    folder: Path | None = Field(default=None, validate_default=True)
    """`files`: where the exports are, below the folder of fieldnote.yaml unless it begins with `/`."""
    skip: dict[str, SkipSettings] | None = None
    """`files`: lines to skip, in all files or by table (`skip: {deals: {last: 5}}`); `*` is any table."""
    rest: dict[str, Any] | None = Field(default=None, validate_default=True, repr=False)
    """`rest`: a REST API configuration of `dlt`, unchanged."""
    writing: RestWriting | None = Field(default=None, validate_default=True)
    """`rest`: how values and notes are written back."""
    reading: RestReading | None = None
    """`rest`: ways of reading that `dlt` cannot express."""
    limits: ApiLimits | None = None
    """`rest`: how often the API may be called."""
    origins: tuple[Text, ...] | None = None
    """`rest`: further origins that the login may be sent to (`https://host:port`), beside that of `client.base_url`."""
    webhooks: ApiWebhooks | None = None
    """`rest`: events that the API sends."""
    timezone: Zone | None = None
    """The zone of times without a zone."""
    local_timezone: Zone | None = None
    """The zone for counting days and showing times; left out: `timezone`."""
    options: dict[str, Any] | None = Field(default=None, exclude=True, repr=False)
    """For a driver of another package: the section's other keys."""

    @model_validator(mode="before")
    @classmethod
    def _hand_over(cls, value: object) -> object:
        """The section's other keys belong to the driver where another package brings it."""
        if not isinstance(value, dict) or not _is_added(value.get("driver")):
            return value
        own = {name: value[name] for name in ("driver", "timezone", "local_timezone") if value.get(name) is not None}
        return {**own, "options": {name: item for name, item in value.items() if name not in own}}

    @field_validator("skip", mode="before")
    @classmethod
    def _for_all_tables(cls, value: object) -> object:
        is_one = isinstance(value, dict) and value and not any(isinstance(item, dict) for item in value.values())
        return {"*": value} if is_one else value

    @field_validator("driver")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name in set(Driver) or _is_added(name):
            return name
        known = [*Driver, *sorted(added_drivers())]
        raise ValueError(f"is '{name}', which is not a driver{nearest(name, known)}")

    @field_validator(
        "url", "write_url", "folder", "skip", "rest", "writing", "reading", "limits", "webhooks", "origins", "options"
    )
    @classmethod
    def _is_the_drivers(cls, value: object, info: ValidationInfo) -> object:
        """Each driver's keys are its own, and it needs those that are not another address for writes."""
        driver, key = info.data.get("driver"), str(info.field_name)
        if driver is None or _is_added(driver):
            return value
        if value is not None and driver != _DRIVER_KEYS.get(key):
            raise ValueError(f"is not a key of the driver '{driver}'")
        optional = {"write_url", "writing", "skip", "reading", "limits", "webhooks", "origins"}
        if value is None and driver == _DRIVER_KEYS.get(key) and key not in optional:
            raise PydanticCustomError("missing", "is missing")
        return value


def added_drivers() -> frozenset[str]:
    """The names of the CRM drivers that installed packages add to those of `Driver`."""
    return frozenset(point.name for point in entry_points(group=DRIVERS_GROUP)) - set(Driver)


def _is_added(name: object) -> bool:
    return name not in set(Driver) and name in added_drivers()
