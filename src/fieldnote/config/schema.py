"""The sections of fieldnote.yaml as frozen models."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from fieldnote.config.api_webhooks import ReceiverSettings, check_address
from fieldnote.config.console import ConsoleSection
from fieldnote.config.crm import CrmSettings, Driver, RestWriting
from fieldnote.config.people import PeopleSettings
from fieldnote.config.push import PushSettings
from fieldnote.config.values import (
    Duration,
    Escapes,
    RateLimit,
    Secret,
    Section,
    Text,
    WebAddress,
    secrets,
)
from fieldnote.config.words import Keys, line_of, nearest


class Policy(StrEnum):
    """The rule for writes to a CRM field."""

    SHADOW = "shadow"
    """Writes nothing and asks nobody. Keeps the value, to compare it with the value that a person enters."""
    FILL = "fill"
    """Writes the field while it is empty, and updates it until somebody else changes it."""
    UPDATE = "update"
    """Writes the field, unless a person has changed it."""
    APPEND = "append"
    """Adds the words of each conversation, in order."""
    PROPOSE = "propose"
    """Asks a person, and writes nothing by itself."""
    OVERWRITE = "overwrite"
    """Writes even over a person's change."""


class Kind(StrEnum):
    """As what an extraction is written: the type that its words are converted to."""

    TEXT = "text"
    """The words."""
    LIST = "list"
    """The words, split at semicolons and line ends."""
    INTEGER = "integer"
    """A whole number."""
    DECIMAL = "decimal"
    """A number."""
    MONEY = "money"
    """An exact amount."""
    MONEY_MIN = "money.min"
    """The lower bound of a range of money."""
    MONEY_MAX = "money.max"
    """The upper bound of a range of money."""
    MONEY_MIDDLE = "money.middle"
    """The middle of a range of money."""
    DATE = "date"
    """An exact day."""
    DATE_FIRST = "date.first"
    """The first day of a period, counted from the day of the conversation."""
    DATE_LAST = "date.last"
    """The last day of a period, counted from the day of the conversation."""
    BOOLEAN = "boolean"
    """Yes or no."""
    CHOICE = "choice"
    """One of `choices`."""
    EMAIL = "email"
    """An email address."""
    PHONE = "phone"
    """A phone number."""
    PERSON = "person"
    """A person's name."""


class SiroSettings(Section):
    """The account in Siro. A key that is left out comes from the environment: `SIRO_TOKEN` and so on."""

    token: Secret | None = None
    """The organization's API token."""
    token_ends: date | None = None
    """The day on which Siro ends organization tokens, if known: `status` counts the days."""
    base_url: WebAddress | None = None
    """The address of the organization-token API, with or without `/v1`."""
    api_url: WebAddress | None = None
    """The address of the user-token API, with or without `/v1`."""
    auth_url: WebAddress | None = None
    """The address that exchanges client credentials for a token; used without `token`."""
    client_id: Text | None = None
    """The OAuth app's id. With the three settings of the app, the status of each extraction is read."""
    client_secret: Secret | None = None
    """The OAuth app's secret."""
    user_id: Text | None = None
    """The Siro user whom the app acts for."""
    rate_limit: RateLimit = 1000
    """Calls of one token in any 60 seconds, as Siro allows them; `off` for a server without a limit."""
    integration_connection_id: Text | None = None
    """Siro's id of its own integration with the CRM, if that one sends the records and this file only pulls."""
    webhook_secret: Annotated[tuple[Secret, ...], BeforeValidator(secrets)] = ()
    """The signing secrets of the webhook; several while one is being replaced."""


class FieldSettings(Section):
    """The column, type and policy of one extraction."""

    to: Text
    """The column."""
    kind: Kind = Field(default=Kind.TEXT, alias="as")
    """The type that the words are converted to."""
    policy: Policy = Policy.FILL
    """The rule for writes to the column."""
    escape: Escapes = ()
    """How the text is escaped, for a CRM that shows HTML or runs formulas."""
    choices: dict[str, str] | None = None
    """For `as: choice`: the words, and the CRM's value for each."""

    @field_validator("choices", mode="before")
    @classmethod
    def _list_is_exact(cls, value: object) -> object:
        return {str(word): str(word) for word in value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _choices_for_choice(self) -> Self:
        if (self.kind is Kind.CHOICE) != (self.choices is not None):
            raise ValueError("has one of 'as: choice' and 'choices' without the other")
        return self


class SetValue(Section):
    """The value of another column of a new row. Exactly one key; a plain value in the file is short for `constant`."""

    constant: str | int | float | bool | None = None
    """The same value for each row."""
    uuid: bool | Annotated[int, Field(ge=8, le=32)] = False
    """A new UUID; a number: only this many hexadecimal digits, for shorter ids."""
    now: bool = False
    """The time of the insert."""
    rep: bool = False
    """The CRM id of the rep of the linked appointment or deal."""
    record: bool = False
    """The id of the record that the row belongs to."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("uuid", "now", "rep", "record") if getattr(self, name)]
        given += ["constant"] if "constant" in self.model_fields_set else []
        if len(given) != 1:
            raise ValueError("needs exactly one of 'constant', 'uuid', 'now', 'rep' and 'record'")
        return self


def _set_values(value: object) -> object:
    """`parent_type: Opportunities` is short for `parent_type: {constant: Opportunities}`."""
    if not isinstance(value, dict):
        return value
    return {name: item if isinstance(item, dict) else {"constant": item} for name, item in value.items()}


SetValues = Annotated[dict[Text, SetValue], BeforeValidator(_set_values)]


class NoteSettings(Section):
    """The table that a summary is written to as a note."""

    table: Text
    """The table, or for `rest` the name below `writing.notes`."""
    record: Text
    """The column that holds the id of the record which the note belongs to."""
    body: Text
    """The column with the note's text."""
    key: Text | None = None
    """A column for Fieldnote's key; without one the key is in the note's last line."""
    title: Text | None = None
    """A column that gets a title, such as `Roof, Kimura: $18,000, husband decides`; for `rest`, any name."""
    name: str = Field(default="summary", pattern=r"^[a-z][a-z0-9_-]{0,30}$")
    """Distinguishes several notes of one target. It is part of Fieldnote's key, so do not change it later."""
    sections: tuple[Text, ...] = ()
    """Which parts of the summary, by name and in this order; left out: all of them."""
    escape: Escapes = ()
    """How the text is escaped, for a CRM that shows notes as HTML."""
    set: SetValues = Field(default_factory=dict)
    """Other columns of a new note, such as `{id: {uuid: true}, parent_type: Opportunities}`."""

    @model_validator(mode="after")
    def _sets_other_columns(self) -> Self:
        own = {name.casefold() for name in (self.record, self.body, self.key, self.title) if name is not None}
        for name in self.set:
            if name.casefold() in own:
                raise ValueError(f"sets '{name}', which Fieldnote fills itself")
        return self


RECORDING = "recording."
"""How the name of a field begins that is no extraction but a part of the recording itself."""

RECORDING_PARTS = ("webUrl", "title", "result", "evaluationScore")
"""Where to listen; the title; how it ended (OPEN, WON or LOST); the score of its evaluation."""


class TargetSettings(Section):
    """The writes to one kind of CRM record."""

    table: Text
    """The table, or for `rest` the name below `writing.records`."""
    key: Text
    """The column that holds the externalId."""
    fields: dict[str, FieldSettings] = Field(default_factory=dict)
    """By the extraction's name, or by `recording.` and the name of a part: see `RECORDING_PARTS`."""
    missing: Literal["report", "insert"] = "report"
    """If the table has no row with this key: `insert` adds one, for an extension table such as `*_cstm`."""
    set: SetValues = Field(default_factory=dict)
    """Other columns of a row that `missing: insert` adds."""
    start_link: Text | None = None
    """`engagement`: the column for the link by which the rep starts this appointment's recording in Siro's app."""
    note: NoteSettings | None = None
    """The note that each conversation becomes."""
    notes: tuple[NoteSettings, ...] = ()
    """Several notes of one conversation, each with a `name` of its own."""

    def extractions(self) -> list[tuple[str, FieldSettings]]:
        """Each field with the name of its extraction: a name with a list of columns comes several times."""
        return [(name.rstrip(), field) for name, field in self.fields.items()]

    def all_notes(self) -> tuple[NoteSettings, ...]:
        """`note` and `notes` together."""
        return (*([self.note] if self.note else []), *self.notes)

    @field_validator("fields", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        """`Budget: budget_text` is `Budget: {to: budget_text, as: text, policy: fill}`; a list has several columns.

        Each further column of a list gets the name with one blank more at its end, which does not count in names.
        """
        if not isinstance(value, dict):
            return value
        single: dict[str, object] = {}
        for name, given in value.items():
            for blanks, field in enumerate(given if isinstance(given, list) else [given]):
                single[f"{name}{' ' * blanks}"] = {"to": field} if isinstance(field, str) else field
        return single

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.fields and not self.all_notes() and self.start_link is None:
            raise ValueError("needs 'fields' or 'note' (or 'notes'); there is nothing to write back")
        names = [note.name for note in self.all_notes()]
        if len(set(names)) < len(names):
            raise ValueError("has two notes of one name; give each its own 'name'")
        return self

    @model_validator(mode="after")
    def _parts_are_known(self) -> Self:
        parts = [f"{RECORDING}{part}" for part in RECORDING_PARTS]
        for name, _ in self.extractions():
            if name.startswith(RECORDING) and name not in parts:
                raise ValueError(f"has '{name}', which is not a property of a recording{nearest(name, parts)}")
        return self

    @model_validator(mode="after")
    def _one_extraction_a_column(self) -> Self:
        columns = [field.to.casefold() for field in self.fields.values()]
        if self.start_link is not None and self.start_link.casefold() in columns:
            raise ValueError(f"sends an extraction and 'start_link' to the same column '{self.start_link}'")
        for name, field in self.extractions():
            if columns.count(field.to.casefold()) > 1:
                others = {other for other, one in self.extractions() if one.to.casefold() == field.to.casefold()}
                both = f"'{name}' and another extraction" if len(others) > 1 else f"'{name}' twice"
                raise ValueError(f"sends {both} to the same column '{field.to}'")
        return self


class Linking(StrEnum):
    """The rule for recordings that Siro leaves unlinked."""

    OFF = "off"
    """Looks for no links."""
    PROPOSE = "propose"
    """Proposes the likely appointment to a person."""
    LINK = "link"
    """Makes certain links through the API, and proposes likely ones."""


class PullSettings(Section):
    """The data that comes back from Siro, by the kind of record that the recording is linked to."""

    every: Duration = timedelta(minutes=2)
    """How often `fieldnote run` reads Siro. A webhook is read at once."""
    linking: Linking = Linking.LINK
    """For recordings that Siro leaves unlinked. Without a user token of scope write, links are only proposed."""
    engagement: TargetSettings | None = None
    """The appointment that a recording is linked to."""
    opportunity: TargetSettings | None = None
    """The deal that a recording is linked to."""
    account: TargetSettings | None = None
    """The customer that a recording is linked to."""
    contact: TargetSettings | None = None
    """The contact that a recording is linked to."""
    lead: TargetSettings | None = None
    """The lead that a recording is linked to."""

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


def _addresses(value: object) -> object:
    """A list of addresses, or one, stands for the section."""
    return {"to": secrets(value)} if isinstance(value, (str, list)) else value


class AlertSettings(Section):
    """The recipients of an alert when problems appear or are fixed."""

    to: Annotated[tuple[Secret, ...], BeforeValidator(secrets)] = Field(default=(), min_length=1)
    """Addresses as Apprise writes them, such as `mailto://user:password@example.com`."""
    every: Duration = timedelta(minutes=5)
    """How often `fieldnote run` checks."""


class Config(Section):
    """A whole fieldnote.yaml."""

    version: Literal[1]
    """The version of this file's keys."""
    connection: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    """A name for this pair of CRM and organization. One database has many connections."""
    siro: SiroSettings = SiroSettings()
    """The account in Siro."""
    crm: CrmSettings
    """How the CRM is read and written."""
    push: PushSettings | None = None
    """CRM to Siro; left out: nothing is sent."""
    pull: PullSettings | None = None
    """Siro to CRM; left out: nothing is written."""
    people: PeopleSettings = PeopleSettings()
    """The CRM's reps."""
    receiver: ReceiverSettings = ReceiverSettings()
    """Where webhooks arrive."""
    console: ConsoleSection = ConsoleSection()
    """The web pages."""
    alerts: Annotated[AlertSettings, BeforeValidator(_addresses)] = AlertSettings()
    """The receivers of a message; an address, a list of them, or a section."""
    path: Path = Field(default=Path("fieldnote.yaml"), exclude=True)
    """The file that this was read from."""
    lines: dict[Keys, int] = Field(default_factory=dict, exclude=True, repr=False)
    """The line of that file on which each value is."""

    @model_validator(mode="after")
    def _can_write_back(self) -> Self:
        check_address(self.crm.webhooks, self.receiver.public_url)
        if self.pull is None:
            return self
        if self.crm.driver == Driver.FILES:
            raise ValueError("has 'pull', and the driver 'files' only reads: nothing can be written back")
        if self.crm.driver == Driver.REST:
            self._knows_its_calls(self.pull)
        if self.crm.driver != Driver.SQL:
            for model, target in self.pull.targets().items():
                if target.missing == "insert" or target.set or any(note.set for note in target.all_notes()):
                    raise ValueError(f"has 'set' or 'missing: insert' in pull.{model}, which need the driver 'sql'")
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
        """The place of a value, for a message: `fieldnote.yaml:12`."""
        return f"{self.path}:{line_of(self.lines, keys)}"
