"""The fields that an organization wants from a conversation: name, description, type, choices, CRM mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fieldnote.errors import ConfigError

_LONGEST_NAME = 120
_LONGEST_DESCRIPTION = 1000
_MOST_CHOICES = 50
_KEYS = frozenset({"name", "description", "type", "choices", "unit", "crm", "required", "id"})


class FieldType(StrEnum):
    """The type of a field's value."""

    TEXT = "text"
    """A short phrase in the speakers' words."""
    LIST = "list"
    """Several short phrases or names."""
    MONEY = "money"
    """An amount, a range or a limit, with its period."""
    DATE = "date"
    """A day, a month, a season or a span of time."""
    NUMBER = "number"
    """A number, with its unit where one was said."""
    BOOLEAN = "boolean"
    """Yes or no."""
    CHOICE = "choice"
    """One of the listed choices."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One field that is wanted."""

    name: str
    description: str = ""
    """A sentence that says which fact the field is for; the local method searches by it."""
    type: FieldType = FieldType.TEXT
    choices: tuple[str, ...] = ()
    """The allowed values of a choice."""
    unit: str = ""
    """The unit of a number: `years`, `square feet`."""
    crm: str = ""
    """The CRM column or property that takes the value."""
    required: bool = False
    """Whether a conversation without it is marked as incomplete."""

    def as_json(self) -> dict[str, object]:
        """The definition as `read_definition` takes it, without what is empty."""
        wire: dict[str, object] = {"name": self.name, "description": self.description, "type": self.type.value}
        wire |= {"choices": list(self.choices), "unit": self.unit, "crm": self.crm, "required": self.required}
        return {key: value for key, value in wire.items() if value}


BUDGET = Definition("Budget", "What the customer can or wants to spend.", FieldType.MONEY)
TIMELINE = Definition("Timeline", "When the customer wants the work started or finished.", FieldType.DATE)
DECISION_MAKER = Definition("Decision Maker", "Who decides on the customer's side.", FieldType.TEXT)
OBJECTIONS = Definition("Objections", "The customer's reasons against buying now.", FieldType.LIST)
DEFAULTS = (BUDGET, TIMELINE, DECISION_MAKER, OBJECTIONS)
"""The quickstart's four."""
FIELDS = tuple(one.name for one in DEFAULTS)


def read_definitions(entries: object) -> tuple[Definition, ...]:
    """Definitions from JSON or YAML data; raises ConfigError for the first wrong one."""
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise ConfigError("definitions must be a list", hint="Write one entry with a name for each field.")
    found = tuple(read_definition(entry, f"definitions[{place}]") for place, entry in enumerate(entries))
    names = [one.name.casefold() for one in found]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ConfigError(f"definitions[{place}].name is not unique: {found[place].name!r}", hint="Rename one.")
    return found


def read_definition(entry: object, where: str) -> Definition:
    """One definition. A name that is one of the defaults' takes its type and description unless others are given."""
    if isinstance(entry, str):
        entry = {"name": entry}
    if not isinstance(entry, Mapping):
        raise ConfigError(f"{where} is not a definition: {entry!r}", hint="Write a name, a description and a type.")
    if unknown := sorted(str(key) for key in entry if key not in _KEYS):
        raise ConfigError(f"{where} has an unknown key: {unknown[0]!r}", hint=f"Use {', '.join(sorted(_KEYS))}.")
    name = _text(entry, "name", where, longest=_LONGEST_NAME)
    if not name:
        raise ConfigError(f"{where}.name is missing", hint="Give the field a name.")
    known = next((one for one in DEFAULTS if one.name.casefold() == name.casefold()), Definition(name))
    choices = _choices(entry, where)
    given = entry.get("type") or ("choice" if choices else known.type.value)
    if given not in list(FieldType):
        raise ConfigError(f"{where}.type is unknown: {given!r}", hint=f"Use one of {', '.join(FieldType)}.")
    kind = FieldType(str(given))
    if (kind is FieldType.CHOICE) != bool(choices):
        raise ConfigError(f"{where}: type choice and a list of choices need each other", hint="Give both or neither.")
    description = _text(entry, "description", where, longest=_LONGEST_DESCRIPTION) or known.description
    unit, crm = _text(entry, "unit", where, longest=40), _text(entry, "crm", where, longest=_LONGEST_NAME)
    required = entry.get("required", False)
    if not isinstance(required, bool):
        raise ConfigError(f"{where}.required is not true or false: {required!r}", hint="Write true or false.")
    return Definition(name, description, kind, choices, unit, crm, required)


def _text(entry: Mapping[object, object], key: str, where: str, *, longest: int) -> str:
    value = entry.get(key) or ""
    if not isinstance(value, str):
        raise ConfigError(f"{where}.{key} is not text: {value!r}", hint="Put it in quotes.")
    if len(value) > longest:
        raise ConfigError(f"{where}.{key} is too long: {len(value)} characters", hint=f"Use at most {longest}.")
    return " ".join(value.split())


def _choices(entry: Mapping[object, object], where: str) -> tuple[str, ...]:
    given = entry.get("choices") or ()
    if not isinstance(given, Sequence) or isinstance(given, str) or not all(isinstance(one, str) for one in given):
        raise ConfigError(f"{where}.choices is not a list of texts", hint="Write one text for each choice.")
    found = tuple(dict.fromkeys(" ".join(str(one).split()) for one in given))
    if len(found) > _MOST_CHOICES or "" in found:
        raise ConfigError(f"{where}.choices has {len(found)} entries, or an empty one", hint="Use 2 to 50 texts.")
    return found
