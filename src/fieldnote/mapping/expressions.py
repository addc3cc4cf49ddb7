"""JMESPath over a row: compiled once, with the columns that an expression needs.

A column name is an expression already; so is a text in single quotes, `'US'`, which stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import jmespath  # type: ignore[import-untyped]
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]

from fieldnote.crm.types import Row

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ExpressionError(ValueError):
    """An expression that cannot be read, or that cannot be applied to this row."""


class _Parsed(Protocol):
    parsed: dict[str, Any]

    def search(self, value: object) -> object: ...


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as the file has it, ready to be applied."""

    text: str
    columns: frozenset[str]
    """The columns of the row that it looks at."""
    apply: Callable[[Row], object]


def compile_expression(text: str) -> Expression:
    """Raises ExpressionError where `text` is no JMESPath."""
    if _IDENTIFIER.fullmatch(text):
        return Expression(text, frozenset({text}), lambda row: row.get(text))
    try:
        parsed = cast("_Parsed", jmespath.compile(text))
    except JMESPathError as error:
        raise ExpressionError("is not a JMESPath expression") from error

    def apply(row: Row) -> object:
        try:
            return parsed.search(row)
        except JMESPathError as error:
            raise ExpressionError(str(error)) from error

    return Expression(text, frozenset(_columns(parsed.parsed)), apply)


# Nodes whose first child alone is applied to the row; the others are applied to what it gives.
_CHAINS = {
    "filter_projection", "flatten", "index", "index_expression", "pipe", "projection", "slice",
    "subexpression", "value_projection",
}  # fmt: skip


def _columns(node: dict[str, Any]) -> set[str]:
    """The fields that an expression takes from the row itself."""
    if node["type"] == "field":
        return {node["value"]}
    children = node.get("children", [])
    if node["type"] == "expref":
        return set()
    if node["type"] in _CHAINS:
        children = children[:1]
    return {name for child in children if isinstance(child, dict) for name in _columns(child)}
