"""`setup` of a preset: what `fieldnote init` asks a person, and what it reads of the account."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from fieldnote.config.crm import RestCall
from fieldnote.config.values import Section, Text


class AskedVariable(Section):
    """One value that the login needs. It goes into the environment, never into the file."""

    variable: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    ask: Text = "value"
    """The question."""
    where: str = ""
    """Where to find the value in the CRM."""
    secret: bool = True
    """Whether the answer stays hidden while a person types it."""
    setting: Text | None = None
    """The preset's setting that takes it; left out: the preset names the variable itself."""
    optional: bool = False
    """Whether it is only used where the environment has it, and never asked for."""


class AccountList(Section):
    """A list that the account has, such as its stages: the calls that read it, and its entries."""

    call: RestCall | None = None
    """Left out: the entries are those of `more`."""
    items: Text | None = None
    """JMESPath of the entries inside an answer."""
    next: Text | None = None
    """JMESPath of the position of the next page inside an answer."""
    next_param: Text | None = None
    """The parameter that takes the position."""
    more: tuple[dict[str, Any], ...] = ()
    """Entries that the API does not list."""


class StageList(AccountList):
    """The words for how far a deal is."""

    won: Text | None = None
    """JMESPath over an entry: true where its deals are won."""
    lost: Text | None = None
    """JMESPath over an entry: true where its deals are lost. `won` counts before it."""
    setting: Text = "stages"


class FieldList(AccountList):
    """The fields of a record that may be written to. An entry has name, label, kind, options, length and key."""

    table: Text
    """The record's name in `crm.writing.records`."""
    target: Literal["opportunity", "engagement", "account", "contact", "lead"] = "opportunity"
    kinds: dict[str, Literal["text", "number", "boolean", "date", "datetime", "list"]]
    """The type of a field by the API's name for it. A field of another type cannot be chosen."""
    column: dict[str, Any] = Field(default_factory=dict)
    """Further keys of the column; `<key>` stands for the entry's key."""
    add: Text = "add a field in the CRM"
    """How a person adds a field."""


class PresetSetup(Section):
    """The facts about a CRM that `fieldnote init` needs."""

    platforms: tuple[Text, ...] = ()
    """How Siro names its own integration with this CRM."""
    variables: tuple[AskedVariable, ...]
    rights: Text
    """The rights that the login needs."""
    zone: AccountList | None = None
    """Entries are names of time zones; the first one counts."""
    people: AccountList | None = None
    """Reps: id, email and name."""
    visits: AccountList
    """Kinds of appointments: value and label."""
    visits_word: Text = "meeting types"
    """The name that the CRM's people use for them."""
    units: AccountList | None = None
    """Business units, by value and label; an entry that comes more often is listed first."""
    stages: StageList | None = None
    fields: FieldList
