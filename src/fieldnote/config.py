"""fieldnote.yaml and the environment.

`load` reads the file into frozen models. Every mistake in it is reported with file, line and key path,
all of them at once. Rules that differ from plain YAML, as a file like this is written by hand:

- only `true` and `false` are booleans: `yes`, `no`, `on` and `off` are words, as a CRM's stages may be;
- a date or a time stays the text that was written, and so does every key (`choices: {1: WON}`);
- a key that stands twice is an error;
- `${NAME}` in a value is replaced from the environment; `$${NAME}` stands for the text `${NAME}`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeVar, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from fieldnote.errors import ConfigError

Keys = tuple[str | int, ...]
"""Where in the file: the keys and list positions that lead there."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _an_empty_key_is_absent(cls, value: object) -> object:
        """`push:` with nothing below it says the same as no `push` at all."""
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


# --- values ---------------------------------------------------------------------------------------------

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(
    r"(\d+(?:\.\d+)?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])", re.IGNORECASE
)


def _duration(value: object) -> object:
    """`10 minutes`, `2m`, `1h 30m`; a number alone says no unit."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    if not text or _DURATION.sub("", text).strip(" ,"):
        raise ValueError("is not a duration; write for example '10 minutes', '90s' or '1h 30m'")
    seconds = sum(float(number) * _UNITS[unit[0].lower()] for number, unit in _DURATION.findall(text))
    if not 1 <= seconds <= 31 * 86400:
        raise ValueError("must be between one second and 31 days")
    return timedelta(seconds=seconds)


_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_SPAN = re.compile(r"\s*(\d{1,5})\s*(d|days?|w|weeks?|months?|y|years?)\s*", re.IGNORECASE)


def _span(value: object) -> object:
    """`30 days`, `2 weeks`, `6 months` of 30 days each, `1 year` of 365."""
    if isinstance(value, timedelta):
        return value
    match = _SPAN.fullmatch(str(value))
    if match is None or not 2 <= (days := int(match[1]) * _DAYS[match[2][0].lower()]) <= 36_500:
        raise ValueError("is not a span of two days or more; write for example '30 days' or '1 year'")
    return timedelta(days=days)


def _share(value: object) -> object:
    """`5%` or `0.05`."""
    text = str(value).strip()
    try:
        share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError("is not a share; write for example '5%'")
    return share


def _zone(value: object) -> object:
    """An IANA name, checked against the zones of this machine or of the tzdata package."""
    try:
        ZoneInfo(str(value))
    except (ValueError, OSError, LookupError):
        raise ValueError("is not the name of a time zone; write for example America/Denver") from None
    return str(value)


def _web_address(value: object) -> object:
    parts = urlsplit(str(value))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a web address; it begins with https:// (or http:// on your own machine)")
    return value


def _rate_limit(value: object) -> object:
    """`off` is None."""
    text = str(value).strip().lower()
    if text == "off" or value is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("is not a number of calls in 60 seconds, nor off")
    return int(text)


def _enabled(value: object) -> object:
    """`true` and `false` for a section."""
    return {"enabled": value} if isinstance(value, bool) else value


def _secrets(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_text(*examples: str) -> WithJsonSchema:
    """How a file writes it, for editors."""
    return WithJsonSchema({"type": "string", "examples": list(examples)})


Duration = Annotated[timedelta, BeforeValidator(_duration), _as_text("10 minutes", "90s", "1h 30m")]
Span = Annotated[timedelta, BeforeValidator(_span), _as_text("30 days", "1 year")]
Share = Annotated[float, BeforeValidator(_share), WithJsonSchema({"type": ["string", "number"], "examples": ["5%"]})]
ZoneName = Annotated[str, BeforeValidator(_zone)]
Text = Annotated[str, Field(min_length=1)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
Secret = Annotated[SecretStr, Field(min_length=1)]
RateLimit = Annotated[
    int | None, BeforeValidator(_rate_limit), WithJsonSchema({"type": ["integer", "string"], "examples": [1000, "off"]})
]


class ColumnZone(_Section):
    """Times are in the zone that a column of the same row names: `timezone: {column: tz}`."""

    column: Text


def _zone_or_column(value: object) -> object:
    if isinstance(value, Mapping):
        if list(value) != ["column"] or not isinstance(value["column"], str):
            raise ValueError("is neither the name of a time zone nor {column: the column that holds it}")
        return ColumnZone(column=value["column"])
    return value if isinstance(value, ColumnZone) else _zone(value)


Zone = Annotated[str | ColumnZone, BeforeValidator(_zone_or_column)]


class Driver(StrEnum):
    """How the CRM is reached."""

    SQL = "sql"
    """Its database: PostgreSQL, MySQL, MariaDB or SQLite."""
    REST = "rest"
    """Its web API."""
    FILES = "files"
    """Exports in a folder."""


class Policy(StrEnum):
    """What may happen to a CRM field that something was said about."""

    SHADOW = "shadow"
    """Not written, and nobody is asked: what would be written is kept beside what people then enter."""
    FILL = "fill"
    """Written only while it is empty, and kept up to date as long as nobody else changes it."""
    UPDATE = "update"
    """Written, unless a person changed it since."""
    APPEND = "append"
    """What was said in each conversation is added, in their order."""
    PROPOSE = "propose"
    """Shown to a person, not written."""
    OVERWRITE = "overwrite"
    """Written even over a person's change."""


class Kind(StrEnum):
    """As what an extraction is written: the type that its words are converted to."""

    TEXT = "text"
    LIST = "list"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    MONEY_MIN = "money.min"
    MONEY_MAX = "money.max"
    MONEY_MIDDLE = "money.middle"
    DATE = "date"
    DATE_FIRST = "date.first"
    DATE_LAST = "date.last"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    EMAIL = "email"
    PHONE = "phone"
    PERSON = "person"


# --- sections -------------------------------------------------------------------------------------------


class SiroSettings(_Section):
    """The account in Siro. What the file leaves out comes from the environment: `SIRO_TOKEN` and so on."""

    token: Secret | None = None
    """The organization's API token."""
    base_url: WebAddress | None = None
    api_url: WebAddress | None = None
    auth_url: WebAddress | None = None
    """Where client credentials become tokens; used where there is no `token`."""
    client_id: Text | None = None
    client_secret: Secret | None = None
    user_id: Text | None = None
    rate_limit: RateLimit = 1000
    """Calls of one token in any 60 seconds, as Siro allows them; `off` for a server without a limit."""
    integration_connection_id: Text | None = None
    """How Siro names the CRM's own integration, where that one sends the records and this file only pulls."""
    webhook_secret: Annotated[tuple[Secret, ...], BeforeValidator(_secrets)] = ()
    """The signing secrets of the webhook; several while one is being replaced."""


DRIVERS_GROUP = "fieldnote.crm"
"""The entry points by which an installed package adds a driver of its own."""

_DRIVER_KEYS = {
    "url": Driver.SQL,
    "write_url": Driver.SQL,
    "folder": Driver.FILES,
    "rest": Driver.REST,
    "writing": Driver.REST,
}
"""Which driver of ours reads a key of the section."""


_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class RestCall(_Section):
    """One call of a web API, with `{placeholders}` in its path, its parameters and its body."""

    method: Literal["GET", "POST", "PUT", "PATCH"]
    path: Text
    """Below `client.base_url`. What is put in is percent-encoded."""
    params: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    """As JSON. A text that is one placeholder and nothing else takes the value with its own type."""


class RestColumn(_Section):
    """What the API takes in one field. Left out: whatever the field holds is the type that it has."""

    at: Text | None = None
    """JMESPath of the field inside the record; left out: the column's own name."""
    type: Literal["text", "integer", "number", "boolean", "date", "datetime", "list"] | None = None
    length: int | None = Field(default=None, ge=1)
    choices: tuple[str, ...] = ()
    required: bool = False
    """Whether it must not be emptied."""
    read_only: bool = False


class RestRecordSettings(_Section):
    """How a record is read and written."""

    read: RestCall
    at: Text | None = None
    """JMESPath of the record inside the answer; left out: the answer itself."""
    etag: Text | None = None
    """JMESPath of the record's ETag inside the answer; left out: the header says it, if the API has any."""
    write: RestCall | None = None
    columns: dict[str, RestColumn] = Field(default_factory=dict)


class RestNoteSettings(_Section):
    """How notes are found, added and changed."""

    find: RestCall
    items: Text
    """JMESPath of the list of notes inside the answer."""
    next: Text | None = None
    """JMESPath of the next page's address; left out: the answer's `Link` header says it, if there are pages."""
    id: Text = "id"
    """JMESPath of a note's id inside the note."""
    etag: Text | None = None
    """JMESPath of a note's ETag inside the note."""
    insert: RestCall
    update: RestCall


class RestWriting(_Section):
    """How the `rest` driver writes back."""

    rate_limit: RateLimit = 100
    """Calls in any 60 seconds for writing back; `off` for none."""
    records: dict[str, RestRecordSettings] = Field(default_factory=dict)
    """By the name that `table` of a target says."""
    notes: dict[str, RestNoteSettings] = Field(default_factory=dict)
    """By the name that `table` of a target's note says."""

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> Self:
        for name, record in self.records.items():
            _known_placeholders(f"records.{name}.read", record.read, {"key"})
            _known_placeholders(f"records.{name}.write", record.write, {"key", "column", "value"})
        for name, note in self.notes.items():
            _known_placeholders(f"notes.{name}.find", note.find, {"record", "note_key"})
            _known_placeholders(f"notes.{name}.insert", note.insert, {"record", "note_key", "body"})
            _known_placeholders(f"notes.{name}.update", note.update, {"record", "note_key", "id", "body"})
        return self


def _known_placeholders(where: str, call: RestCall | None, known: set[str]) -> None:
    used = set() if call is None else set(_PLACEHOLDER.findall(f"{call.path} {call.params} {call.body}"))
    if unknown := sorted(used - known):
        names = ", ".join(f"{{{name}}}" for name in sorted(known))
        raise ValueError(f"has {{{unknown[0]}}} in {where}, where these stand for something: {names}")


class CrmSettings(_Section):
    """The CRM. Which keys it needs depends on the driver; `timezone` is for all of them."""

    driver: str
    """A `Driver`, or the name under which an installed package adds one."""
    url: Secret | None = Field(default=None, validate_default=True)
    """`sql`: the database's address, password included."""
    write_url: Secret | None = None
    """`sql`: another address for writes."""
    folder: Path | None = Field(default=None, validate_default=True)
    """`files`: where the exports are, below the folder of fieldnote.yaml unless it begins with `/`."""
    rest: dict[str, Any] | None = Field(default=None, validate_default=True, repr=False)
    """`rest`: what `dlt` calls a REST API configuration, as it is."""
    writing: RestWriting | None = Field(default=None, validate_default=True)
    """`rest`: how what was said is written back."""
    timezone: Zone | None = None
    """The zone of times that carry none."""
    options: dict[str, Any] | None = Field(default=None, exclude=True, repr=False)
    """For a driver of another package: the section's other keys."""

    @model_validator(mode="before")
    @classmethod
    def _hand_over(cls, value: object) -> object:
        """What stands beside a driver of another package is that driver's own."""
        if not isinstance(value, dict) or not _is_added(value.get("driver")):
            return value
        own = {name: value[name] for name in ("driver", "timezone") if value.get(name) is not None}
        return {**own, "options": {name: item for name, item in value.items() if name not in own}}

    @field_validator("driver")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name in set(Driver) or _is_added(name):
            return name
        known = [*Driver, *sorted(added_drivers())]
        raise ValueError(f"is '{name}', which is no driver{nearest(name, known)}")

    @field_validator("url", "write_url", "folder", "rest", "writing", "options")
    @classmethod
    def _is_the_drivers(cls, value: object, info: ValidationInfo) -> object:
        """Each driver's keys are its own, and it needs those that are not another address for writes."""
        driver, key = info.data.get("driver"), str(info.field_name)
        if driver is None or _is_added(driver):
            return value
        if value is not None and driver != _DRIVER_KEYS.get(key):
            raise ValueError(f"is no key of the driver '{driver}'")
        if value is None and driver == _DRIVER_KEYS.get(key) and key not in {"write_url", "writing"}:
            raise PydanticCustomError("missing", "is missing")
        return value


def added_drivers() -> frozenset[str]:
    """The names of the CRM drivers that installed packages add to those of `Driver`."""
    return frozenset(point.name for point in entry_points(group=DRIVERS_GROUP)) - set(Driver)


def _is_added(name: object) -> bool:
    return name not in set(Driver) and name in added_drivers()


class WindowSettings(_Section):
    """Which start times a query covers whole."""

    past: Span | None = None
    """So far back; left out: without an end."""
    future: Span | None = None
    """So far ahead; left out: without an end."""


class DeletesSettings(_Section):
    """What becomes of a record in Siro whose row does not come any more."""

    window: WindowSettings | None = None
    """Left out: the query gives every row that there is."""
    at_most: Share = 0.05
    """More than this part of the stream's records is not deleted before a person says so."""
    table: Text | None = None
    """A row that still stands in this table has only left the query, and is not deleted."""
    only_source: bool = False
    """Whether this connection alone sends appointments to the organization: what it does not know may go."""
    enabled: bool = True
    """`deletes: false` is short for `{enabled: false}`: such a record stays."""

    @model_validator(mode="after")
    def _a_sweep_has_two_ends(self) -> Self:
        window = self.window
        if self.only_source and (window is None or window.past is None or window.future is None):
            raise ValueError("has 'only_source', which needs a window with 'past' and 'future'")
        return self


class StreamSettings(_Section):
    """One kind of record that goes to Siro."""

    query: Text | None = None
    table: Text | None = None
    key: Text
    cursor: Text | None = None
    map: dict[str, Any] = Field(min_length=1)
    """Siro's fields, as the file nests them; `fieldnote.mapping` compiles it."""
    timezone: Zone | None = None
    deletes: Annotated[DeletesSettings | None, BeforeValidator(_enabled)] = None
    """Left out: a `table` is whole, so that a row which is gone from it is deleted; a `query` may have an end."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.query is None) == (self.table is None):
            raise ValueError("needs either 'query' or 'table', and not both")
        return self

    @property
    def deletions(self) -> DeletesSettings | None:
        """None: what does not come any more stays in Siro."""
        if self.deletes is None:
            return DeletesSettings() if self.table is not None else None
        return self.deletes if self.deletes.enabled else None


class PushSettings(_Section):
    """What goes from the CRM to Siro."""

    every: Duration = timedelta(minutes=10)
    batch: int = Field(default=100, ge=1, le=1000)
    """Records in one call."""
    accounts: StreamSettings | None = None
    """Customers by themselves. Those of appointments and deals travel inside them, and need no stream."""
    opportunities: StreamSettings | None = None
    engagements: StreamSettings | None = None

    @model_validator(mode="after")
    def _only_appointments_start(self) -> Self:
        for name, stream in (("opportunities", self.opportunities), ("accounts", self.accounts)):
            deletes = stream.deletions if stream else None
            if deletes is not None and (deletes.window is not None or deletes.only_source):
                raise ValueError(f"has a window of start times under '{name}', which have none")
        return self

    def streams(self) -> dict[str, StreamSettings]:
        """The streams that the file names."""
        named = {"accounts": self.accounts, "opportunities": self.opportunities, "engagements": self.engagements}
        return {name: stream for name, stream in named.items() if stream is not None}


class FieldSettings(_Section):
    """Where one extraction goes, as what, and under which policy."""

    to: Text
    """The column."""
    kind: Kind = Field(default=Kind.TEXT, alias="as")
    policy: Policy = Policy.FILL
    choices: dict[str, str] | None = None
    """For `as: choice`: what may be said, and what the CRM calls it."""

    @field_validator("choices", mode="before")
    @classmethod
    def _list_is_exact(cls, value: object) -> object:
        return {str(word): str(word) for word in value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _choices_for_choice(self) -> Self:
        if (self.kind is Kind.CHOICE) != (self.choices is not None):
            raise ValueError("has one of 'as: choice' and 'choices' without the other")
        return self


class NoteSettings(_Section):
    """The table that a summary is written to as a note."""

    table: Text
    record: Text
    """The column that holds the id of the record which the note belongs to."""
    body: Text
    key: Text | None = None
    """A column for Fieldnote's key; without one the key stands in the note's last line."""
    name: str = Field(default="summary", pattern=r"^[a-z][a-z0-9_-]{0,30}$")
    """Tells several notes of one target apart; it is a part of Fieldnote's key, so leave it as it is."""
    sections: tuple[Text, ...] = ()
    """Which parts of the summary, by name and in this order; left out: all of them."""


RECORDING = "recording."
"""How the name of a field begins that is no extraction but a part of the recording itself."""

RECORDING_PARTS = ("webUrl", "title", "result", "evaluationScore")
"""Where to listen; the title; how it ended (OPEN, WON or LOST); the score of its evaluation."""


class TargetSettings(_Section):
    """What is written back to one kind of CRM record."""

    table: Text
    key: Text
    """The column that holds the externalId."""
    fields: dict[str, FieldSettings] = Field(default_factory=dict)
    """By the extraction's name, or by `recording.` and the name of a part: see `RECORDING_PARTS`."""
    start_link: Text | None = None
    """`engagement`: the column for the link by which the rep starts this appointment's recording in Siro's app."""
    note: NoteSettings | None = None
    notes: tuple[NoteSettings, ...] = ()
    """Several notes of one conversation, each with a `name` of its own."""

    def all_notes(self) -> tuple[NoteSettings, ...]:
        """`note` and `notes` together."""
        return (*([self.note] if self.note else []), *self.notes)

    @field_validator("fields", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        """`Budget: budget_text` is `Budget: {to: budget_text, as: text, policy: fill}`."""
        if not isinstance(value, dict):
            return value
        return {name: {"to": field} if isinstance(field, str) else field for name, field in value.items()}

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.fields and not self.all_notes() and self.start_link is None:
            raise ValueError("needs 'fields' or 'note' (or 'notes'); there is nothing to write back")
        names = [note.name for note in self.all_notes()]
        if len(set(names)) < len(names):
            raise ValueError("has two notes of one name; give each a 'name' of its own")
        return self

    @model_validator(mode="after")
    def _parts_are_known(self) -> Self:
        parts = [f"{RECORDING}{part}" for part in RECORDING_PARTS]
        for name in self.fields:
            if name.startswith(RECORDING) and name not in parts:
                raise ValueError(f"has '{name}', which is no part of a recording{nearest(name, parts)}")
        return self

    @model_validator(mode="after")
    def _one_extraction_a_column(self) -> Self:
        columns = [field.to.casefold() for field in self.fields.values()]
        if self.start_link is not None and self.start_link.casefold() in columns:
            raise ValueError(f"sends an extraction and 'start_link' to the same column '{self.start_link}'")
        for name, field in self.fields.items():
            if columns.count(field.to.casefold()) > 1:
                raise ValueError(f"sends '{name}' and another extraction to the same column '{field.to}'")
        return self


class Linking(StrEnum):
    """What may be done for recordings that Siro leaves unlinked."""

    OFF = "off"
    """Nothing."""
    PROPOSE = "propose"
    """The likely appointment is proposed to a person."""
    LINK = "link"
    """What is certain is linked through the API, what is likely is proposed."""


class PullSettings(_Section):
    """What comes back from Siro, by the kind of record that the recording is linked to."""

    every: Duration = timedelta(minutes=2)
    linking: Linking = Linking.LINK
    """For recordings that Siro leaves unlinked. Linking needs a user token of scope write; else it is proposed."""
    engagement: TargetSettings | None = None
    opportunity: TargetSettings | None = None
    account: TargetSettings | None = None
    contact: TargetSettings | None = None
    lead: TargetSettings | None = None

    @model_validator(mode="after")
    def _only_appointments_are_started(self) -> Self:
        for name, target in self.targets().items():
            if target.start_link is not None and name != "engagement":
                raise ValueError(f"has 'start_link' under '{name}'; it belongs under 'engagement'")
        return self

    def targets(self) -> dict[str, TargetSettings]:
        """The targets that the file names, by kind of record."""
        kinds = ("engagement", "opportunity", "account", "contact", "lead")
        return {kind: target for kind in kinds if (target := getattr(self, kind)) is not None}


class ReceiverSettings(_Section):
    """Where `fieldnote run` listens for webhooks: Siro's, and the CRM's."""

    host: Text = "127.0.0.1"
    port: int = Field(default=8787, ge=0, le=65535)
    crm_secret: Annotated[tuple[Secret, ...], BeforeValidator(_secrets)] = ()
    """What a hook of the CRM proves itself with; several while one is being replaced."""


def _addresses(value: object) -> object:
    """A list of addresses, or one, stands for the section."""
    return {"to": _secrets(value)} if isinstance(value, (str, list)) else value


class AlertSettings(_Section):
    """Who is told when the connection's status turns bad, or well again."""

    to: Annotated[tuple[Secret, ...], BeforeValidator(_secrets)] = Field(default=(), min_length=1)
    """Addresses as Apprise writes them, such as `mailto://user:password@example.com`."""
    every: Duration = timedelta(minutes=5)
    """How often the daemon looks."""


class Config(_Section):
    """A whole fieldnote.yaml."""

    version: Literal[1]
    connection: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    siro: SiroSettings = SiroSettings()
    crm: CrmSettings
    push: PushSettings | None = None
    pull: PullSettings | None = None
    receiver: ReceiverSettings = ReceiverSettings()
    alerts: Annotated[AlertSettings, BeforeValidator(_addresses)] = AlertSettings()
    path: Path = Field(default=Path("fieldnote.yaml"), exclude=True)
    """The file that this was read from."""
    lines: dict[Keys, int] = Field(default_factory=dict, exclude=True, repr=False)
    """The line of that file on which each value stands."""

    @model_validator(mode="after")
    def _can_write_back(self) -> Self:
        if self.pull is None:
            return self
        if self.crm.driver == Driver.FILES:
            raise ValueError("has 'pull', and the driver 'files' only reads: nothing can be written back")
        if self.crm.driver == Driver.REST:
            self._knows_its_calls(self.pull)
        return self

    def _knows_its_calls(self, pull: PullSettings) -> None:
        """A target of a web API needs the calls by which it is written."""
        writing = self.crm.writing or RestWriting()
        for model, target in pull.targets().items():
            record = writing.records.get(target.table)
            writes = bool(target.fields) or target.start_link is not None
            if record is None or (writes and record.write is None):
                part = "read" if record is None else "write"
                raise ValueError(f"has pull.{model}, and crm.writing.records.{target.table}.{part} is missing")
            for note in target.all_notes():
                if note.table not in writing.notes:
                    raise ValueError(f"has notes in pull.{model}, and crm.writing.notes.{note.table} is missing")

    def at(self, keys: Keys) -> str:
        """Where a value stands, for a message: `fieldnote.yaml:12`."""
        return f"{self.path}:{_line(self.lines, keys)}"


def json_schema() -> dict[str, Any]:
    """The file's JSON Schema. A value may come from the environment, so `${NAME}` fits everywhere."""
    schema = Config.model_json_schema(by_alias=True)
    for name in ("path", "lines"):
        schema["properties"].pop(name)
    schema["title"] = "fieldnote.yaml"
    crm = schema["$defs"]["CrmSettings"]
    crm["properties"].pop("options")
    crm["additionalProperties"] = True  # a driver of another package has keys of its own
    switched = schema["$defs"]["StreamSettings"]["properties"]["deletes"]
    switched["anyOf"].append({"type": "boolean"})
    alerts = schema["properties"]["alerts"]
    section = alerts.pop("$ref", None)
    if section is not None:
        alerts["anyOf"] = [{"$ref": section}, {"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    for part in _parts(schema):
        if part.get("type") in ("integer", "number"):
            part["type"] = [part["type"], "string"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from _parts(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _parts(part)


# --- reading --------------------------------------------------------------------------------------------


class _Problem(NamedTuple):
    keys: Keys
    text: str
    """What is wrong, as a sentence that begins with the key path."""
    hint: str | None = None


def load(path: Path, env: Mapping[str, str] = os.environ) -> Config:
    """Read and check the file at `path`. Raises ConfigError with every mistake that was found."""
    document, lines = _Reader(path).read()
    problems: list[_Problem] = []
    document = _expand(document, (), env, problems)
    problems += [_Problem((name,), f"{name} is not a known key") for name in ("path", "lines") if name in document]
    if not problems:
        _add_environment(document, env)
        try:
            return Config.model_validate(document).model_copy(update={"path": path, "lines": lines})
        except ValidationError as error:
            problems = [_explain(item, Config) for item in error.errors(include_url=False, include_input=False)]
    raise _config_error(path, lines, problems)


Model = TypeVar("Model", bound=BaseModel)


def read_as(path: Path, model: type[Model], *, option: str, example: str) -> Model:
    """Read another file by the same rules, without the environment. Raises ConfigError with every mistake.

    `option` names the file on the command line; `example` is a line that such a file begins with.
    """
    document, lines = _Reader(path, option, example).read()
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problems = [_explain(item, model) for item in error.errors(include_url=False, include_input=False)]
    raise _config_error(path, lines, problems)


class _Loader(yaml.SafeLoader):
    """YAML's safe loader with fewer surprises: see this module's docstring."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+$", "-+0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


class _Reader:
    """Turns a file into plain values, and remembers the line that each stands on."""

    def __init__(self, path: Path, option: str = "--config", example: str = "version: 1") -> None:
        self.path = path
        self._option = option
        self._example = example
        self.lines: dict[Keys, int] = {}

    def read(self) -> tuple[dict[str, Any], dict[Keys, int]]:
        try:
            root = yaml.compose(self._text(), Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = " ".join(filter(None, (error.problem, error.context)))
            raise self._error(mark.line + 1 if mark else 1, f"is not YAML: {problem}") from error
        except yaml.YAMLError as error:
            raise self._error(1, "is not YAML: it holds a character that YAML does not allow") from error
        if not isinstance(root, yaml.MappingNode):
            raise self._error(1, f"is empty or no list of 'key: value' pairs; it begins with '{self._example}'")
        return self._mapping(root, (), ()), self.lines

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            hint = f"give another with {self._option} FILE; the documentation shows one to begin with"
            raise ConfigError(f"there is no file {self.path}", hint=hint) from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.path} is not UTF-8 text", hint="save it as UTF-8") from error
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be read: {error.strerror}") from error

    def _error(self, line: int, text: str) -> ConfigError:
        return ConfigError(f"{self.path}:{line}: {text}")

    def _value(self, node: yaml.Node, keys: Keys, above: tuple[yaml.Node, ...]) -> Any:
        self.lines.setdefault(keys, node.start_mark.line + 1)
        if node in above:
            raise self._error(node.start_mark.line + 1, "an alias points at what it stands in")
        match node:
            case yaml.MappingNode():
                return self._mapping(node, keys, (*above, node))
            case yaml.SequenceNode():
                items = enumerate(node.value)
                return [self._value(item, (*keys, n), (*above, node)) for n, item in items]
            case _:
                return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, keys: Keys, above: tuple[yaml.Node, ...]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(line, "a key must be a word; put a value with braces into quotes")
            name = str(key_node.value)
            if name in values:
                where = dotted((*keys, name))
                raise self._error(line, f"{where} stands twice, the first time on line {self.lines[*keys, name]}")
            self.lines[*keys, name] = line
            values[name] = self._value(value_node, (*keys, name), above)
        return values

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "str":
                return text
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "null":
                return None
            case tag:
                raise self._error(node.start_mark.line + 1, f"the tag '{tag}' is not known")


_VARIABLE = re.compile(r"(\$?)\$\{([^}\n]*)\}")


def _expand(value: Any, keys: Keys, env: Mapping[str, str], problems: list[_Problem]) -> Any:
    """Replace `${NAME}` in every text; what is missing is added to `problems`."""

    def replace(match: re.Match[str]) -> str:
        escaped, name = match.groups()
        if escaped:
            return f"${{{name}}}"
        if not env.get(name):
            state = "is empty" if name in env else "is not set"
            text = f"{dotted(keys)} needs the environment variable {name}, which {state}"
            problems.append(_Problem(keys, text, f"set {name}; for the text itself write $${{{name}}}"))
        return env.get(name, "")

    match value:
        case str():
            return _VARIABLE.sub(replace, value)
        case dict():
            return {name: _expand(item, (*keys, name), env, problems) for name, item in value.items()}
        case list():
            return [_expand(item, (*keys, n), env, problems) for n, item in enumerate(value)]
        case _:
            return value


def _add_environment(document: dict[str, Any], env: Mapping[str, str]) -> None:
    """Fill what the siro section leaves out from `SIRO_TOKEN`, `SIRO_BASE_URL` and so on."""
    siro = document.get("siro") or {}
    if not isinstance(siro, dict):
        return
    for name in SiroSettings.model_fields:
        value = env.get(f"SIRO_{name.upper()}")
        if value and siro.get(name) is None:
            siro[name] = re.split(r"[\s,]+", value.strip(" ,\n")) if name == "webhook_secret" else value
    document["siro"] = siro


# --- messages -------------------------------------------------------------------------------------------


def dotted(keys: Keys) -> str:
    """`push.engagements.map.engagementUsers[0].email`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def _known_keys(keys: Keys, whole: type[BaseModel]) -> list[str]:
    """The keys that the section at `keys` may have."""
    section: type[BaseModel] | None = whole
    for key in keys:
        fields = section.model_fields if section else {}
        field = next((f for n, f in fields.items() if key in {f.alias, n}), None)
        # A section whose keys are free (`fields`) is of the same model whatever the key is.
        section = next(_models(field.annotation), None) if field else section
    if section is None:
        return []
    return [field.alias or name for name, field in section.model_fields.items() if not field.exclude]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def nearest(word: str, known: list[str]) -> str:
    """`; did you mean 'x'?` where one of the known words is near, else a list of them, else nothing."""
    close = get_close_matches(word.casefold(), [k.casefold() for k in known], n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{next(k for k in known if k.casefold() == close[0])}'?"
    return f"; known are {', '.join(known)}" if 0 < len(known) <= 40 else ""


def _explain(error: ErrorDetails, whole: type[BaseModel]) -> _Problem:
    keys: Keys = error["loc"]
    where = dotted(keys) or "the file"
    match error["type"]:
        case "missing":
            text = "is missing"
        case "extra_forbidden":
            text = f"is not a known key{nearest(str(keys[-1]), _known_keys(keys[:-1], whole))}"
        case "value_error":
            text = str(error["ctx"]["error"])
        case "literal_error" | "enum":
            text = f"must be {error['ctx']['expected']}"
        case "string_type" | "string_sub_type":
            text = "must be text"
        case "string_too_short" | "too_short":
            text = "is empty"
        case "model_type" | "dict_type" | "model_attributes_type":
            text = "must hold keys of its own, indented below it"
        case _:
            text = f"is wrong: {error['msg']}"
    return _Problem(keys, f"{where} {text}")


def _line(lines: Mapping[Keys, int], keys: Keys) -> int:
    """The line of the value, or of the nearest section around it that the file does have."""
    while keys and keys not in lines:
        keys = keys[:-1]
    return lines.get(keys, 1)


def _config_error(path: Path, lines: Mapping[Keys, int], problems: list[_Problem]) -> ConfigError:
    texts = [f"{path}:{_line(lines, problem.keys)}: {problem.text}" for problem in problems]
    hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
    return ConfigError("\n".join(dict.fromkeys(texts)), hint="; ".join(hints) or None)
