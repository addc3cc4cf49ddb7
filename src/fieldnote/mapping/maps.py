"""The `map` of a stream, checked against Siro's fields once and compiled into what is applied to rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from fieldnote.config import Keys, dotted, nearest
from fieldnote.crm.types import Row
from fieldnote.errors import ConfigError
from fieldnote.mapping.assembly import Apply, Everyday, Leaf, Nested, Node, Part, Several, assemble
from fieldnote.mapping.evaluation import (
    AS_TEXT,
    Convert,
    Evaluate,
    Scope,
    as_words,
    chosen,
    completing,
    converter,
    each,
    from_json,
    is_address,
    is_known_by_id,
    reading,
    reading_deletion,
    required,
)
from fieldnote.mapping.expressions import Expression, ExpressionError, compile_expression
from fieldnote.mapping.fields import FieldShape, Shape, shape_of


class MapError(ConfigError):
    """A map that cannot be used; `keys` is where it is in the file."""

    def __init__(self, keys: Keys, text: str, *, hint: str | None = None) -> None:
        super().__init__(f"{dotted(keys)} {text}", hint=hint)
        self.keys = keys


@dataclass(frozen=True, slots=True)
class RecordMap:
    """A compiled map: the columns it needs, with where in the file, and how to apply it."""

    columns: dict[str, Keys]
    apply: Apply


def compile_record(
    model: type[BaseModel], section: dict[str, Any], keys: Keys, *, changed: str | None = None
) -> RecordMap:
    """Compile the map of a whole record. Without `externalId`, the stream's key is used.

    `changed`: the column with the time of the row's last change, for a deletion that is only a flag.
    """
    compiler = _Compiler(keys, changed)
    parts = compiler.fields(model, section, keys)
    return RecordMap(compiler.columns, assemble(parts, f"the map of {dotted(keys)}"))


class _Compiler:
    """Walks a map beside the model that it fills, and collects the columns on its way."""

    def __init__(self, root: Keys, changed: str | None) -> None:
        self._root = root
        self._changed = changed
        self.columns: dict[str, Keys] = {}

    def fields(self, model: type[BaseModel], section: dict[str, Any], keys: Keys) -> list[Part]:
        shapes = shape_of(model)
        parts = []
        for name, entry in section.items():
            shape = _known(shapes, name, keys)
            parts.append(Part(name, self._field(shape, entry, (*keys, name)), shape.clearable))
        return parts

    def _field(self, shape: FieldShape, entry: Any, keys: Keys) -> Node:
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

    def _leaf(self, shape: FieldShape, entry: Any, keys: Keys) -> Leaf:
        match entry:
            case bool() | int() | float():
                constant = _constant(shape, entry, keys)
                return Leaf(lambda _row, _scope: constant)
            case str() if entry.strip():
                expression = self._expression(entry, keys)
                return Leaf(self._read(shape, expression, keys), expression.column, _EVERYDAY.get(shape.shape))
            case {"from": str(text)}:
                return self._choice(shape, entry, self._expression(text, (*keys, "from")), keys)
            case None | "":
                raise MapError(keys, "is empty", hint="name a column, or remove the line")
            case _:
                hint = "name a column, or write {from: column, choices: {word: value}}"
                raise MapError(keys, "takes one value", hint=hint)

    def _choice(self, shape: FieldShape, entry: dict[str, Any], expression: Expression, keys: Keys) -> Leaf:
        _only(entry, ("from", "choices", "default"), keys)
        listed = entry.get("choices")
        if listed is not None and (not isinstance(listed, dict) or not listed):
            raise MapError((*keys, "choices"), "must list words and their values: {word: value}")
        default = _constant(shape, entry.get("default"), (*keys, "default"))
        name = self._name(keys)
        read = reading(expression, AS_TEXT, name) if listed else self._read(shape, expression, keys)
        if listed is None:
            return Leaf(lambda row, scope: default if (value := read(row, scope)) is None else value)
        choices = {word: _constant(shape, value, (*keys, "choices", word)) for word, value in listed.items()}
        origin = f"{name}, from {expression.text}"
        words = as_words(choices)
        choose = chosen(read, words, default, has_default="default" in entry, origin=origin)
        return Leaf(choose, expression.column, words=words)

    def _read(self, shape: FieldShape, expression: Expression, keys: Keys) -> Evaluate:
        name = self._name(keys)
        if keys[-1] == "deletedAt" and shape.shape is Shape.TIME:
            return reading_deletion(expression, name, self._changed)
        return reading(expression, converter(shape), name, boolean=shape.shape is Shape.BOOLEAN)

    def _expression(self, text: str, keys: Keys) -> Expression:
        try:
            expression = compile_expression(text.strip())
        except ExpressionError as error:
            hint = "a column name with signs is in double quotes: '\"Rep #\"'"
            raise MapError(keys, f"({text.strip()}) {error}", hint=hint) from error
        for column in expression.columns:
            self.columns.setdefault(column, keys)
        return expression

    def _name(self, keys: Keys) -> str:
        return dotted(keys[len(self._root) :])

    # nested records

    def _record(self, shape: FieldShape, entry: Any, keys: Keys) -> Node:
        if shape.model is None:
            raise MapError(keys, "is not a record")
        if _is_expression(entry):
            return self._whole(shape.model, entry, keys, many=False)
        if not isinstance(entry, dict) or not entry.keys() - {"default"}:
            raise MapError(keys, "is a record: indent its fields below it")
        section = {name: value for name, value in entry.items() if name != "default"}
        defaults = _defaults(shape.model, entry, keys)
        for name in sorted(required(shape.model) - section.keys() - defaults.keys()):
            raise MapError(keys, f"needs '{name}'")
        parts = self.fields(shape.model, section, keys)
        sources = {name: _source(value) for name, value in section.items()}
        complete = completing(shape.model, self._name(keys), sources=sources, defaults=defaults)
        by_id = not defaults and is_known_by_id(shape.model, sources)
        if_full = not (defaults or is_address(shape.model)) and any(_has_one_value(part) for part in parts)
        return Nested(parts, complete, by_id, if_full)

    def _records(self, shape: FieldShape, entry: Any, keys: Keys) -> Node:
        model = shape.model
        if _is_expression(entry) and model is not None:
            return self._whole(model, entry, keys, many=True)
        if isinstance(entry, dict):
            entry = [entry]
        if not isinstance(entry, list) or not entry:
            raise MapError(keys, "is a list: write '- {externalId: …}' below it for each")
        items = [self._record(shape, item, (*keys, n)) for n, item in enumerate(entry)]
        return Several(items, model)

    def _whole(self, model: type[BaseModel], entry: Any, keys: Keys, *, many: bool) -> Leaf:
        """A record, or several, that one expression gives: `reps[].{externalId: id}`, `address(full_address)`."""
        section = {"from": entry} if isinstance(entry, str) else entry
        _only(section, ("from", "default"), keys)
        expression, name = self._expression(section["from"], keys), self._name(keys)
        convert: Convert = from_json(model, name, expression, _defaults(model, section, keys))
        return Leaf(reading_all(expression, each(convert, model), name) if many else reading(expression, convert, name))

    def _texts(self, shape: FieldShape, entry: Any, keys: Keys) -> Leaf:
        entries = entry if isinstance(entry, list) else [entry]
        where = [(*keys, n) for n in range(len(entries))] if isinstance(entry, list) else [keys]
        items = [self._leaf(shape, item, at).evaluate for item, at in zip(entries, where, strict=True)]

        def gather(row: Row, scope: Scope) -> list[str] | None:
            warned = len(scope.warnings)
            found = list(dict.fromkeys(text for item in items for text in item(row, scope) or []))
            # An empty list empties the field: not for what could only not be read.
            return None if not found and len(scope.warnings) > warned else found

        return Leaf(gather)


def reading_all(expression: Expression, convert: Convert, name: str) -> Evaluate:
    """As `reading`, for a list, which is empty where there is nothing."""
    read = reading(expression, convert, name)

    def read_all(row: Row, scope: Scope) -> Any:
        return convert([], scope) if (value := read(row, scope)) is None else value

    return read_all


_EVERYDAY = {
    Shape.TEXT: Everyday.TEXT,
    Shape.ID: Everyday.ID,
    Shape.TIME: Everyday.TIME,
    Shape.NUMBER: Everyday.NUMBER,
}


def _has_one_value(part: Part) -> bool:
    """Whether a field is left out where it has no value, and there is no empty list for it."""
    return isinstance(part.node, Leaf) and part.node.column is not None and not part.clearable


# --- the file's own words -------------------------------------------------------------------------------


def _known(shapes: dict[str, FieldShape], name: str, keys: Keys) -> FieldShape:
    if name not in shapes:
        raise MapError((*keys, name), f"is not a field of Siro{nearest(name, list(shapes))}")
    return shapes[name]


def _only(section: Iterable[str], known: tuple[str, ...], keys: Keys) -> None:
    for name in section:
        if name not in known:
            raise MapError((*keys, name), f"is not known here{nearest(name, list(known))}")


def _is_expression(entry: Any) -> bool:
    """Whether one expression gives a record whole: by itself, or as `{from: …, default: …}`."""
    text = entry.get("from") if isinstance(entry, dict) else entry
    return isinstance(text, str) and bool(text.strip())


def _source(entry: Any) -> str:
    """The expression of a field, for a message; nothing where it is a section or a constant."""
    text = entry.get("from") if isinstance(entry, dict) else entry
    return text.strip() if isinstance(text, str) else ""


def _defaults(model: type[BaseModel], section: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Values that complete a record where the CRM has none: constants by their fields."""
    defaults = section.get("default", {})
    keys = (*keys, "default")
    if not isinstance(defaults, dict):
        raise MapError(keys, "must list fields and their defaults: {country: US}")
    shapes = shape_of(model)
    return {name: _constant(_known(shapes, name, keys), value, (*keys, name)) for name, value in defaults.items()}


def _constant(shape: FieldShape, value: Any, keys: Keys) -> Any:
    if value is None:
        return None
    if shape.model is not None or isinstance(value, dict | list):
        raise MapError(keys, "takes one constant value")
    try:
        return converter(shape)(value, Scope(None))
    except ValueError as error:
        raise MapError(keys, str(error)) from error
