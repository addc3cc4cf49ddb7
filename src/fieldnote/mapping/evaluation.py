"""The parts of a compiled map: small functions that take a row and give the value of a field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from itertools import islice
from typing import Any, Final

import msgspec
from pydantic import BaseModel

from fieldnote.config import nearest
from fieldnote.crm.types import Row
from fieldnote.mapping.expressions import CallError, Expression
from fieldnote.mapping.fields import FieldShape, Shape, shape_of
from fieldnote.mapping.scalars import (
    is_blank,
    is_no_date,
    read_time,
    to_boolean,
    to_date_or_none,
    to_deletion,
    to_id,
    to_instant,
    to_local_text,
    to_number,
    to_text,
    unpacked,
)


class FieldError(ValueError):
    """A value of one row that does not fit its field."""

    def __init__(self, text: str, hint: str | None = None) -> None:
        super().__init__(text)
        self.hint = hint


class Scope(msgspec.Struct, gc=False):
    """The facts of the whole row while it is mapped."""

    zone: tzinfo | None
    warnings: list[str] = []


Evaluate = Callable[[Row, Scope], Any]
Convert = Callable[[Any, Scope], Any]


# --- one value ------------------------------------------------------------------------------------------


def reading(expression: Expression, convert: Convert, name: str, *, boolean: bool = False) -> Evaluate:
    """Apply an expression and convert its result; null and blank text are null.

    So is the false left side of an `&&`, except for a `boolean` field.
    """
    apply = expression.apply
    false_is_null = expression.false_is_null and not boolean

    def read(row: Row, scope: Scope) -> Any:
        value: Any = None
        try:
            value = apply(row)
            if value is None or (isinstance(value, str) and is_blank(value)) or (false_is_null and value is False):
                return None
            return convert(value, scope)
        except FieldError:
            raise
        except CallError as error:
            if not error.unclear:
                raise FieldError(_complaint(name, expression, error.value, error)) from error
            scope.warnings.append(f"{name}, from {expression.text}, {error}: it is left out")
            return None
        except ValueError as error:
            raise FieldError(_complaint(name, expression, value, error)) from error

    return read


def reading_deletion(expression: Expression, name: str, changed: str | None) -> Evaluate:
    """As `reading`, for `deletedAt`: a flag takes the time in the column `changed`, else the present time."""

    def read(row: Row, scope: Scope) -> Any:
        def moment() -> str:
            return _changed_at(row, changed, scope.zone) or to_instant(datetime.now(UTC), UTC)

        return reading(expression, lambda value, inner: to_deletion(value, inner.zone, moment), name)(row, scope)

    return read


def _changed_at(row: Row, column: str | None, zone: tzinfo | None) -> str | None:
    value = row.get(column) if column is not None else None
    try:
        return None if value is None else to_instant(value, zone)
    except ValueError:
        return None


def _complaint(name: str, expression: Expression, value: object, error: ValueError) -> str:
    return f"{name}, from {expression.text} = {shown(value)}, {error}"


def shown(value: object) -> str:
    """A value in a message, short."""
    text = str(value) if value is None or isinstance(value, int | float | Decimal) else repr(str(value))
    return text if len(text) <= 60 else f"{text[:59]}…"


def _some(words: Iterable[str]) -> str:
    """The words of a choice table in a message, at most eight."""
    some = [repr(word) for word in islice(words, 9)]
    return ", ".join(some if len(some) < 9 else [*some[:8], "…"])


def as_words(choices: Mapping[str, Any]) -> dict[str, Any]:
    """A choice table by its words as the CRM's values read."""
    return {_as_word(word): value for word, value in choices.items()}


def chosen(read: Evaluate, exact: Mapping[str, Any], default: Any, *, has_default: bool, origin: str) -> Evaluate:
    """Look a word up, exactly or else whatever its case. One that is not listed is a problem, or the default.

    The empty word stands for null and blank text.
    """
    folded = {word.casefold(): value for word, value in reversed(list(exact.items()))}
    nothing = exact.get("", default)

    def evaluate(row: Row, scope: Scope) -> Any:
        word = read(row, scope)
        if word is None:
            return nothing
        if word in exact:
            return exact[word]
        bare = word.strip()
        if bare in exact:
            return exact[bare]
        fold = bare.casefold()
        if fold in folded:
            return folded[fold]
        if has_default:
            return default
        text = f"{origin} = {shown(word)}, is not among its choices"
        raise FieldError(
            text,
            f"add {shown(word)} to the choices in the file ({_some(exact)}), or give a default; "
            "or correct it in the CRM",
        )

    return evaluate


_ZEROS = re.compile(r"-?\d+\.\d*0")


def _as_word(text: str) -> str:
    """A word of the file as a value of the CRM reads: `1.50`, which a column gives as 1.5, is `1.5`."""
    word = text.strip()
    return to_text(Decimal(word)) if _ZEROS.fullmatch(word) else word


# --- records inside a record ----------------------------------------------------------------------------

_PLACES = ("street", "city", "zip")
"""Without any of these there is no address to complain of: a state or country alone is often a form's preset."""


def required(model: type[BaseModel]) -> set[str]:
    """The fields that Siro asks for."""
    return {name for name, shape in shape_of(model).items() if shape.required}


def is_address(model: type[BaseModel]) -> bool:
    """Whether Siro refuses all of the payload where this record is not whole."""
    return "street" in required(model)


def is_known_by_id(model: type[BaseModel], sources: Iterable[str]) -> bool:
    """Whether its id decides about a record; not where Siro asks for other fields than that."""
    return "externalId" in sources and required(model) <= {"externalId"}


Complete = Callable[[dict[str, Any], Scope], dict[str, Any] | None]


def completing(
    model: type[BaseModel], name: str, *, sources: Mapping[str, str], defaults: Mapping[str, Any]
) -> Complete:
    """Decide whether a nested record is whole: sent, left out, or a problem.

    `sources`: the fields that the map names, each with its expression.
    """
    needed = required(model)
    identified = is_known_by_id(model, sources)
    address = is_address(model)

    def complete(values: dict[str, Any], scope: Scope) -> dict[str, Any] | None:
        if identified and values.get("externalId") is None:
            return None
        for value in values.values():  # the hottest line of a push: no generator
            if value is not None and value != []:
                break
        else:
            return None
        if address and not any(values.get(place) for place in _PLACES):
            return None
        for missing, constant in defaults.items():
            if values.get(missing) is None:
                values[missing] = constant
        if needed <= values.keys():
            return values
        lacking = _lacking(needed - values.keys(), sources)
        if address:
            scope.warnings.append(f"{name} has no {lacking} and is left out, as Siro refuses it")
            return None
        raise FieldError(f"{name} has no {lacking}, which Siro needs")

    return complete


def _lacking(names: set[str], sources: Mapping[str, str]) -> str:
    """`state (from st is null), zip`."""
    return ", ".join(f"{name} (from {sources[name]} is null)" if sources.get(name) else name for name in sorted(names))


def distinct(records: Iterable[dict[str, Any] | None], model: type[BaseModel] | None) -> list[dict[str, Any]] | None:
    """The records that are there, each id once."""
    found: dict[object, dict[str, Any]] = {}
    for n, record in enumerate(records):
        if record is not None:
            found.setdefault(record.get("externalId", n), record)
    if not found and model is not None and is_address(model):
        # Addresses have no ids to take off one by one; an empty list could wipe what was incomplete here.
        return None
    return list(found.values())


def each(convert: Convert, model: type[BaseModel]) -> Convert:
    """One record, or a list of them."""

    def convert_all(value: Any, scope: Scope) -> list[dict[str, Any]] | None:
        whole = unpacked(value)
        items = whole if isinstance(whole, list) else [whole]
        return distinct([convert(item, scope) for item in items], model)

    return convert_all


def from_json(
    model: type[BaseModel], name: str, expression: Expression, defaults: Mapping[str, Any] | None = None
) -> Convert:
    """Read a record that a JSON column, or an expression, gives whole, under Siro's names."""
    shapes = shape_of(model)
    convert_field = {key: _json_field(shape, f"{name}.{key}", expression) for key, shape in shapes.items()}
    sources = {"externalId": ""} if "externalId" in shapes else {}
    complete = completing(model, name, sources=sources, defaults=defaults or {})

    def convert(value: Any, scope: Scope) -> dict[str, Any] | None:
        whole = unpacked(value)
        if whole is None:
            return None
        if not isinstance(whole, dict):
            raise ValueError("is not an object")  # noqa: TRY004 - a value's fault, like all others here
        record = {}
        for key, item in whole.items():
            if key not in shapes:
                raise ValueError(f"has '{key}', which is not a field of Siro{nearest(key, list(shapes))}")
            found = convert_field[key](item, scope)
            if found is not None or shapes[key].clearable:
                record[key] = found
        return complete(record, scope)

    return convert


def _json_field(shape: FieldShape, name: str, expression: Expression) -> Convert:
    """As `reading`, for a field inside a record that came whole."""
    if shape.model is None:
        convert = converter(shape)
    else:
        convert = from_json(shape.model, name, expression)
        convert = each(convert, shape.model) if shape.shape is Shape.RECORDS else convert

    def convert_item(item: Any, scope: Scope) -> Any:
        try:
            return None if item is None or (isinstance(item, str) and is_blank(item)) else convert(item, scope)
        except FieldError:
            raise
        except ValueError as error:
            raise FieldError(_complaint(name, expression, item, error)) from error

    return convert_item


# --- conversions ----------------------------------------------------------------------------------------


def plain(convert: Callable[[Any], Any]) -> Convert:
    """A conversion that needs nothing but the value."""
    return lambda value, _scope: convert(value)


AS_TEXT: Final = plain(to_text)
AS_ID: Final = plain(to_id)


def _local_or_none(value: Any, scope: Scope) -> str | None:
    moment = read_time(value)
    return None if is_no_date(moment) else to_local_text(moment, scope.zone)


def converter(shape: FieldShape) -> Convert:
    """How a value becomes one of this field."""
    match shape.shape:
        case Shape.TIME:
            return lambda value, scope: to_date_or_none(value, scope.zone)
        case Shape.LOCAL_TIME:
            return _local_or_none
        case Shape.NUMBER:
            return plain(to_number)
        case Shape.BOOLEAN:
            return plain(to_boolean)
        case Shape.WORD:
            return _word(shape.words)
        case Shape.TEXTS:
            return plain(_to_texts)
        case Shape.ID:
            return AS_ID
        case _:
            return AS_TEXT


def _word(words: tuple[str, ...]) -> Convert:
    by_fold = {word.casefold(): word for word in words}

    def convert(value: Any) -> str:
        word = by_fold.get(to_text(value).strip().casefold())
        if word is None:
            raise ValueError(f"is not one of {', '.join(words)}")
        return word

    return plain(convert)


def _to_texts(value: Any) -> list[str]:
    items = value if isinstance(value, list | tuple) else [value]
    texts = [to_text(item).strip() for item in items if item is not None]
    return list(dict.fromkeys(text for text in texts if text))
