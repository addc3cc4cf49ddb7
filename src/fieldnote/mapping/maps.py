"""The `map` of a stream, checked against Siro's fields once and then applied to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from fieldnote.config import Keys, dotted, nearest
from fieldnote.crm.types import Row
from fieldnote.errors import ConfigError
from fieldnote.mapping.expressions import Expression, ExpressionError, compile_expression
from fieldnote.mapping.fields import FieldShape, Shape, shape_of
from fieldnote.mapping.scalars import to_boolean, to_instant, to_local_text, to_number, to_text


class MapError(ConfigError):
    """A map that cannot be used; `keys` is where it stands in the file."""

    def __init__(self, keys: Keys, text: str, *, hint: str | None = None) -> None:
        super().__init__(f"{dotted(keys)} {text}", hint=hint)
        self.keys = keys


class FieldError(ValueError):
    """A value of one row that does not fit its field."""

    def __init__(self, text: str, hint: str | None = None) -> None:
        super().__init__(text)
        self.hint = hint


@dataclass(slots=True)
class Scope:
    """What holds for the whole row while it is mapped."""

    zone: tzinfo | None
    warnings: list[str] = field(default_factory=list)


Evaluate = Callable[[Row, Scope], Any]


@dataclass(frozen=True, slots=True)
class RecordMap:
    """A compiled map: the columns it needs, with where in the file, and how to apply it."""

    columns: dict[str, Keys]
    apply: Callable[[Row, Scope], dict[str, Any]]


def compile_record(model: type[BaseModel], section: dict[str, Any], keys: Keys) -> RecordMap:
    """Compile the map of a whole record, whose `externalId` may be left to the stream's key."""
    compiler = _Compiler(keys)
    evaluate = compiler.fields(model, section, keys)
    return RecordMap(compiler.columns, lambda row, scope: _given(evaluate, row, scope))


Part = tuple[str, Evaluate, bool]


def _given(parts: list[Part], row: Row, scope: Scope) -> dict[str, Any]:
    """The fields that have a value, and those that null clears."""
    values: dict[str, Any] = {}
    for name, evaluate, clearable in parts:
        value = evaluate(row, scope)
        if value is not None or clearable:
            values[name] = value
    return values


class _Compiler:
    """Walks a map beside the model that it fills, and collects the columns on its way."""

    def __init__(self, root: Keys) -> None:
        self._root = root
        self.columns: dict[str, Keys] = {}

    def fields(self, model: type[BaseModel], section: dict[str, Any], keys: Keys) -> list[Part]:
        shapes = shape_of(model)
        parts = []
        for name, entry in section.items():
            if name not in shapes:
                text = f"is not a field of Siro{nearest(name, list(shapes))}"
                raise MapError((*keys, name), text)
            shape = shapes[name]
            parts.append((name, self._field(shape, entry, (*keys, name)), shape.clearable))
        return parts

    def _field(self, shape: FieldShape, entry: Any, keys: Keys) -> Evaluate:
        match shape.shape:
            case Shape.RECORD:
                return self._record(shape, entry, keys)
            case Shape.RECORDS:
                return self._records(shape, entry, keys)
            case Shape.TEXTS:
                return self._texts(shape, entry, keys)
            case _:
                return self._leaf(shape, entry, keys)

    # one value

    def _leaf(self, shape: FieldShape, entry: Any, keys: Keys) -> Evaluate:
        match entry:
            case bool() | int() | float():
                constant = self._constant(shape, entry, keys)
                return lambda _row, _scope: constant
            case str() if entry.strip():
                return _reading(self._expression(entry.strip(), keys), _converter(shape), self._name(keys))
            case {"from": str(text)}:
                return self._choice(shape, entry, self._expression(text.strip(), (*keys, "from")), keys)
            case None | "":
                raise MapError(keys, "is empty", hint="name a column, or remove the line")
            case _:
                hint = "name a column, or write {from: column, choices: {word: value}}"
                raise MapError(keys, "takes one value", hint=hint)

    def _choice(self, shape: FieldShape, entry: dict[str, Any], expression: Expression, keys: Keys) -> Evaluate:
        for name in entry:
            if name not in {"from", "choices", "default"}:
                text = f"is not known here{nearest(name, ['from', 'choices', 'default'])}"
                raise MapError((*keys, name), text)
        listed = entry.get("choices")
        if listed is not None and (not isinstance(listed, dict) or not listed):
            raise MapError((*keys, "choices"), "must list words and what they become: {word: value}")
        default = self._constant(shape, entry.get("default"), (*keys, "default"))
        read = _reading(expression, _plain(to_text) if listed else _converter(shape), self._name(keys))
        if listed is None:
            return lambda row, scope: default if (value := read(row, scope)) is None else value
        choices = {word: self._constant(shape, value, (*keys, "choices", word)) for word, value in listed.items()}
        choose = _choosing(choices, default, "default" in entry)
        return _chosen(read, choose, f"{self._name(keys)}, from {expression.text}")

    def _constant(self, shape: FieldShape, value: Any, keys: Keys) -> Any:
        if value is None:
            return None
        try:
            return _converter(shape)(value, Scope(None))
        except ValueError as error:
            raise MapError(keys, str(error)) from error

    def _expression(self, text: str, keys: Keys) -> Expression:
        try:
            expression = compile_expression(text)
        except ExpressionError as error:
            hint = "a column name with spaces or signs stands in double quotes: '\"Rep Name\"'"
            raise MapError(keys, f"({text}) {error}", hint=hint) from error
        for column in expression.columns:
            self.columns.setdefault(column, keys)
        return expression

    def _name(self, keys: Keys) -> str:
        return dotted(keys[len(self._root) :])

    # nested records

    def _record(self, shape: FieldShape, entry: Any, keys: Keys) -> Evaluate:
        if shape.model is None:
            raise MapError(keys, "is not a record")
        if isinstance(entry, str) and entry.strip():
            expression = self._expression(entry.strip(), keys)
            convert = _from_json(shape.model, self._name(keys))
            return _reading(expression, convert, self._name(keys))
        if not isinstance(entry, dict) or not entry:
            raise MapError(keys, "is a record: indent its fields below it")
        for name in sorted(_required(shape.model) - entry.keys()):
            raise MapError(keys, f"needs '{name}'")
        parts = self.fields(shape.model, entry, keys)
        complete = _completing(shape.model, self._name(keys), mapped=entry.keys())
        return lambda row, scope: complete(_given(parts, row, scope), scope)

    def _records(self, shape: FieldShape, entry: Any, keys: Keys) -> Evaluate:
        if isinstance(entry, str) and entry.strip() and shape.model:
            convert = _from_json(shape.model, self._name(keys))
            expression = self._expression(entry.strip(), keys)
            read = _reading(expression, lambda value, scope: _each(convert, value, scope), self._name(keys))
            return lambda row, scope: _distinct(read(row, scope) or [], shape)
        if isinstance(entry, dict):
            entry = [entry]
        if not isinstance(entry, list) or not entry:
            raise MapError(keys, "is a list: write '- {externalId: …}' below it for each")
        items = [self._record(shape, item, (*keys, n)) for n, item in enumerate(entry)]
        return lambda row, scope: _distinct([item(row, scope) for item in items], shape)

    def _texts(self, shape: FieldShape, entry: Any, keys: Keys) -> Evaluate:
        if not isinstance(entry, list):
            read = self._leaf(shape, entry, keys)
            return lambda row, scope: read(row, scope) or []
        items = [self._leaf(shape, item, (*keys, n)) for n, item in enumerate(entry)]

        def gather(row: Row, scope: Scope) -> list[str]:
            return list(dict.fromkeys(text for item in items for text in item(row, scope) or []))

        return gather


# --- what a compiled map is made of ---------------------------------------------------------------------

Convert = Callable[[Any, Scope], Any]


def _reading(expression: Expression, convert: Convert, name: str) -> Evaluate:
    """Apply an expression and convert what it gives; null and blank text are null."""
    apply = expression.apply

    def read(row: Row, scope: Scope) -> Any:
        value: Any = None
        try:
            value = apply(row)
            if value is None or (isinstance(value, str) and _is_blank(value)):
                return None
            return convert(value, scope)
        except ValueError as error:
            raise FieldError(f"{name}, from {expression.text} = {shown(value)}, {error}") from error

    return read


def _is_blank(text: str) -> bool:
    # MySQL's zero date stands for "none" wherever it is allowed at all.
    return not text or text.isspace() or text.startswith("0000-00-00")


def shown(value: object) -> str:
    """A value in a message, short."""
    text = str(value) if isinstance(value, int | float | Decimal) else repr(str(value))
    return text if len(text) <= 60 else f"{text[:59]}…"


def _choosing(choices: dict[str, Any], default: Any, has_default: bool) -> Callable[[str | None], Any]:
    """Look a word up, exactly or else whatever its case. Raises LookupError for one that is not listed."""
    exact = {word.strip(): value for word, value in choices.items()}
    folded = {word.casefold(): value for word, value in reversed(exact.items())}

    def choose(word: str | None) -> Any:
        if word is None:
            return default
        if word in exact:
            return exact[word]
        return folded.get(word.casefold(), default) if has_default else folded[word.casefold()]

    return choose


def _chosen(read: Evaluate, choose: Callable[[str | None], Any], origin: str) -> Evaluate:
    def evaluate(row: Row, scope: Scope) -> Any:
        word = read(row, scope)
        try:
            return choose(word.strip() if word else None)
        except LookupError:
            text = f"{origin} = {shown(word)}, is not among its choices"
            raise FieldError(text, "add the word to choices, or give a default") from None

    return evaluate


def _required(model: type[BaseModel]) -> set[str]:
    return {name for name, shape in shape_of(model).items() if shape.required}


def _completing(
    model: type[BaseModel], name: str, *, mapped: Iterable[str]
) -> Callable[[dict[str, Any], Scope], dict[str, Any] | None]:
    """Decide whether a nested record is whole: sent, left out, or a problem."""
    required = _required(model)
    # Its id decides about a record, except where Siro asks for other fields than that.
    identified = "externalId" in mapped and required <= {"externalId"}
    is_address = "street" in required

    def complete(values: dict[str, Any], scope: Scope) -> dict[str, Any] | None:
        if identified and values.get("externalId") is None:
            return None
        for value in values.values():  # the hottest line of a push: no generator
            if value is not None and value != []:
                break
        else:
            return None
        if required <= values.keys():
            return values
        missing = ", ".join(sorted(required - values.keys()))
        if is_address:
            scope.warnings.append(f"{name} has no {missing} and is left out, as Siro refuses it")
            return None
        raise FieldError(f"{name} has no {missing}, which Siro needs")

    return complete


def _distinct(records: list[dict[str, Any] | None], shape: FieldShape) -> list[dict[str, Any]] | None:
    """The records that are there, each id once."""
    found: dict[object, dict[str, Any]] = {}
    for n, record in enumerate(records):
        if record is not None:
            found.setdefault(record.get("externalId", n), record)
    if not found and shape.model and "street" in _required(shape.model):
        # Addresses have no ids to take off one by one; an empty list could wipe what was incomplete here.
        return None
    return list(found.values())


def _each(convert: Convert, value: Any, scope: Scope) -> list[Any]:
    return [convert(item, scope) for item in (value if isinstance(value, list) else [value])]


def _from_json(model: type[BaseModel], name: str) -> Convert:
    """Read a record that a JSON column, or an expression, gives whole, under Siro's names."""
    shapes = shape_of(model)
    complete = _completing(model, name, mapped=("externalId",) if "externalId" in shapes else ())

    def convert(value: Any, scope: Scope) -> dict[str, Any] | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise ValueError("is not an object")  # noqa: TRY004 - a value's fault, like all others here
        record = {}
        for key, item in value.items():
            if key not in shapes:
                raise ValueError(f"has '{key}', which is not a field of Siro{nearest(key, list(shapes))}")
            given = None if item is None else _json_value(shapes[key], item, f"{name}.{key}", scope)
            if given is not None or shapes[key].clearable:
                record[key] = given
        return complete(record, scope)

    return convert


def _json_value(shape: FieldShape, item: Any, name: str, scope: Scope) -> Any:
    if shape.model is None:
        return _converter(shape)(item, scope)
    convert = _from_json(shape.model, name)
    if shape.shape is Shape.RECORDS:
        return _distinct(_each(convert, item, scope), shape)
    return convert(item, scope)


def _plain(convert: Callable[[Any], Any]) -> Convert:
    """A conversion that needs nothing but the value."""
    return lambda value, _scope: convert(value)


def _converter(shape: FieldShape) -> Convert:
    match shape.shape:
        case Shape.TIME:
            return lambda value, scope: to_instant(value, scope.zone)
        case Shape.LOCAL_TIME:
            return lambda value, scope: to_local_text(value, scope.zone)
        case Shape.NUMBER:
            return _plain(to_number)
        case Shape.BOOLEAN:
            return _plain(to_boolean)
        case Shape.WORD:
            return _word(shape.words)
        case Shape.TEXTS:
            return _plain(_to_texts)
        case Shape.ID:
            return _plain(lambda value: to_text(value).strip())
        case _:
            return _plain(to_text)


def _word(words: tuple[str, ...]) -> Convert:
    by_fold = {word.casefold(): word for word in words}

    def convert(value: Any) -> str:
        word = by_fold.get(to_text(value).strip().casefold())
        if word is None:
            raise ValueError(f"is none of {', '.join(words)}")
        return word

    return _plain(convert)


def _to_texts(value: Any) -> list[str]:
    items = value if isinstance(value, list | tuple) else [value]
    texts = [to_text(item).strip() for item in items if item is not None]
    return list(dict.fromkeys(text for text in texts if text))
