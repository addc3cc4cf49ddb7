"""JMESPath over a row, with our functions: compiled once, with the columns that an expression needs.

A column name is an expression already, also one of several words; so is a text in single quotes, `'US'`, which
stands for itself. Columns, constants and calls of our functions are applied directly, as rows come by the
million; the rest is left to the library, which is handed values as JSON has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, cast

import jmespath  # type: ignore[import-untyped]
from jmespath import functions as builtin
from jmespath.exceptions import JMESPathError, JMESPathTypeError  # type: ignore[import-untyped]
from jmespath.visitor import Options, TreeInterpreter  # type: ignore[import-untyped]

from fieldnote.config import nearest
from fieldnote.crm.types import Row
from fieldnote.mapping.functions import FUNCTIONS, Function
from fieldnote.mapping.scalars import is_false
from fieldnote.mapping.unclear import UnclearError

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = re.compile(r"[^\W\d]\w*(?: +\w+)+")
"""`Rep Name`, which JMESPath would refuse: it stands for that column."""


class ExpressionError(ValueError):
    """An expression that cannot be read, or that cannot be applied to this row."""


class CallError(ExpressionError):
    """A function that cannot take what the row has; `value` is what it was given."""

    def __init__(self, text: str, value: object, *, unclear: bool = False) -> None:
        super().__init__(text)
        self.value = value
        self.unclear = unclear
        """Whether it is better left out than guessed at."""


Node = dict[str, Any]
Apply = Callable[[Row], object]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as the file has it, ready to be applied."""

    text: str
    columns: frozenset[str]
    """The columns of the row that it looks at."""
    apply: Apply
    column: str | None = None
    """The column that it is, where it is nothing else."""
    false_is_null: bool = False
    """Whether a result of `false` means "no value": the left side of `&&` was a CRM's false."""


def compile_expression(text: str) -> Expression:
    """Raises ExpressionError where `text` is no JMESPath, or calls a function as it cannot be called."""
    if _IDENTIFIER.fullmatch(text) or _WORDS.fullmatch(text):
        return _column(text, text)
    try:
        node = cast("Node", jmespath.compile(text).parsed)
    except JMESPathError as error:
        raise ExpressionError("is not a JMESPath expression") from error
    if node["type"] == "field":
        return _column(text, node["value"])
    for call in _calls(node):
        _check_call(call)
    return Expression(text, _columns(node), _compiled(node), false_is_null=_may_be_refused(node))


def _may_be_refused(node: Node) -> bool:
    """Whether the result may be the false left side of an `&&`."""
    match node["type"]:
        case "and_expression":
            return True
        case "or_expression":
            return _may_be_refused(node["children"][1])
        case _:
            return False


def _column(text: str, column: str) -> Expression:
    return Expression(text, frozenset({column}), lambda row: row.get(column), column)


# --- checking -------------------------------------------------------------------------------------------


def _calls(node: Node) -> Iterator[Node]:
    if node["type"] == "function_expression":
        yield node
    for child in node.get("children", []):
        if isinstance(child, dict):
            yield from _calls(child)


def _check_call(node: Node) -> None:
    name, arguments = node["value"], node["children"]
    known = builtin.Functions.FUNCTION_TABLE
    if name in FUNCTIONS:
        function = FUNCTIONS[name]
        least, most = function.least, function.most
    elif name in known:
        signature = known[name]["signature"]
        least, most = len(signature), None if signature and signature[-1].get("variadic") else len(signature)
    else:
        raise ExpressionError(f"calls {name}(), which is not a function{nearest(name, sorted({*FUNCTIONS, *known}))}")
    if len(arguments) < least or (most is not None and len(arguments) > most):
        wanted = str(least) if least == most else f"{least} or more" if most is None else f"{least} to {most}"
        raise ExpressionError(f"gives {name}() {len(arguments)} values, and it takes {wanted}")
    if name in FUNCTIONS:
        _check_constants(name, FUNCTIONS[name], arguments[1:])


def _check_constants(name: str, function: Function, arguments: list[Node]) -> None:
    for argument in arguments:
        if function.check is None or argument["type"] != "literal" or argument["value"] is None:
            continue
        try:
            function.check(argument["value"])
        except ValueError as error:
            raise ExpressionError(f"in {name}(): {error}") from error


# Nodes whose first child alone is applied to the row; the others are applied to what it gives.
_CHAINS = {
    "filter_projection", "flatten", "index", "index_expression", "pipe", "projection", "slice",
    "subexpression", "value_projection",
}  # fmt: skip


def _at_root(node: Node) -> Iterator[Node]:
    """The innermost nodes that are applied to the row itself."""
    children = [child for child in node.get("children", []) if isinstance(child, dict)]
    if node["type"] in _CHAINS:
        children = children[:1]
    if node["type"] == "expref" or not children:
        yield node
        return
    for child in children:
        yield from _at_root(child)


def _columns(node: Node) -> frozenset[str]:
    """The fields that an expression takes from the row."""
    return frozenset(found["value"] for found in _at_root(node) if found["type"] == "field")


# --- applying -------------------------------------------------------------------------------------------


def _compiled(node: Node) -> Apply:
    match node:
        case {"type": "field", "value": str(column)}:
            return lambda row: row.get(column)
        case {"type": "literal", "value": constant}:
            return lambda _row: constant
        case {"type": "function_expression", "value": str(name), "children": arguments} if name in FUNCTIONS:
            return _calling(name, [_compiled(argument) for argument in arguments])
        case _:
            return _interpreted(node)


def _calling(name: str, arguments: list[Apply]) -> Apply:
    call = FUNCTIONS[name].call
    first, *others = arguments

    def apply(row: Row) -> object:
        value = first(row)
        try:
            return call(value, *(other(row) for other in others))
        except CallError:
            raise
        except ValueError as error:
            raise CallError(str(error), value, unclear=isinstance(error, UnclearError)) from error

    return apply


def _interpreted(node: Node) -> Apply:
    columns = sorted(_columns(node))
    whole = any(found["type"] in {"current", "identity"} for found in _at_root(node))

    def apply(row: Row) -> object:
        values = {name: _as_json(row.get(name)) for name in (row if whole else columns)}
        try:
            return _INTERPRETER.visit(node, values)
        except JMESPathTypeError as error:
            wanted = " or ".join(kind.replace("array-", "list of ") for kind in error.expected_types)
            raise CallError(f"is no {wanted}, which {error.function_name}() takes", error.current_value) from error
        except JMESPathError as error:
            raise CallError(str(error), values) from error
        except TypeError as error:  # the library compares whatever it is given
            raise CallError("compares a text with a number; number(…) converts it", values) from error

    return apply


def _as_json(value: object) -> object:
    """A value of the database as JMESPath's own functions know it: number, text, list."""
    match value:
        case None | str() | bool() | int() | float():
            return value
        case bytes() | bytearray() | memoryview() if not any(bytes(value)) or bytes(value) == b"\1":
            return bytes(value) == b"\1"
        case Decimal() if value.is_finite():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list() | tuple():
            return [_as_json(item) for item in value]
        case dict():
            return {name: _as_json(item) for name, item in value.items()}
        case _:
            return str(value)


class _Functions(builtin.Functions):  # type: ignore[misc]
    """JMESPath's functions and ours."""


def _entry(name: str, function: Function) -> Node:
    def call(_self: object, *arguments: object) -> object:
        try:
            return function.call(*arguments)
        except ValueError as error:
            raise CallError(str(error), arguments[0], unclear=isinstance(error, UnclearError)) from error

    return {"function": call, "signature": [{"types": [], "variadic": True}]}


_Functions.FUNCTION_TABLE = {
    **builtin.Functions.FUNCTION_TABLE,
    **{name: _entry(name, function) for name, function in FUNCTIONS.items()},
}


class _Interpreter(TreeInterpreter):  # type: ignore[misc]
    """JMESPath, where a CRM's "no" is false on the left of `&&`, under `!`, and in a filter. `||` is unchanged."""

    def visit_and_expression(self, node: Node, value: object) -> object:
        left = self.visit(node["children"][0], value)
        if self._is_false(left):
            return left
        return False if is_false(left) else self.visit(node["children"][1], value)

    def visit_not_expression(self, node: Node, value: object) -> bool:
        return is_false(self.visit(node["children"][0], value))

    def visit_filter_projection(self, node: Node, value: object) -> object:
        items, projected, condition = node["children"]
        base = self.visit(items, value)
        if not isinstance(base, list):
            return None
        kept = [self.visit(projected, item) for item in base if not is_false(self.visit(condition, item))]
        return [item for item in kept if item is not None]


_INTERPRETER: Final = _Interpreter(Options(custom_functions=_Functions()))
