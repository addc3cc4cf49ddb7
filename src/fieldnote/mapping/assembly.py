"""A checked map as one Python function: a push applies it to every row, and calls are what costs.

`nodes` say where the value of each field comes from. Whatever is not an everyday value (a word, a whole number,
a time in UTC) is left to the node's own `evaluate`, which knows all cases and names all faults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Any, Final

from pydantic import BaseModel

from fieldnote.crm.types import Row
from fieldnote.mapping.evaluation import Complete, Evaluate, Scope, distinct
from fieldnote.mapping.scalars import plainly, written

Apply = Callable[[Row, Scope], dict[str, Any]]


class Everyday(Enum):
    """The usual value of a column, and how it becomes the field's value."""

    TEXT = auto()
    ID = auto()
    TIME = auto()
    NUMBER = auto()


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value, or a list of texts."""

    evaluate: Evaluate
    column: str | None = None
    """The column that it is read from, where `everyday` or `words` say how."""
    everyday: Everyday | None = None
    words: Mapping[str, Any] | None = None
    """The value of a word of the column."""


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a record."""

    name: str
    node: Node
    clearable: bool
    """Whether null is sent, and clears the field."""


@dataclass(frozen=True, slots=True)
class Nested:
    """A record inside the record."""

    parts: Sequence[Part]
    complete: Complete
    by_id: bool = False
    """Whether it is there, and whole, if its `externalId` is."""
    if_full: bool = False
    """Whether it is there, and whole, if all its fields have values."""


@dataclass(frozen=True, slots=True)
class Several:
    """A list of records."""

    items: Sequence[Node]
    model: type[BaseModel] | None


Node = Leaf | Nested | Several


def assemble(parts: Sequence[Part], name: str) -> Apply:
    """The function that makes a record of a row. `name` is in tracebacks."""
    source = _Source()
    record = source.record(parts)
    code = "\n".join(
        [
            "def apply(row, scope):",
            "    get = row.get",
            *(f"    {line}" for line in source.lines),
            f"    return {record}",
        ]
    )
    exec(compile(code, f"<{name}>", "exec"), source.names)  # noqa: S102 - our own words; the file's are bound as values
    apply: Apply = source.names["apply"]
    return apply


_COMMON: Final = {
    "str": str, "int": int, "type": type, "datetime": datetime, "Decimal": Decimal, "UTC": UTC,
    "plainly": plainly, "distinct": distinct, "written": written,
}  # fmt: skip


@dataclass(slots=True)
class _Source:
    """Lines of Python, and what their names stand for."""

    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=lambda: {**_COMMON, "__builtins__": {}})
    _depth: int = 0
    _count: int = 0

    def record(self, parts: Sequence[Part]) -> str:
        """Lines that make a dictionary of `parts`, and the variable that holds it."""
        values = [self.node(part.node) for part in parts]
        return self._dictionary(parts, values)

    def node(self, node: Node) -> str:
        """Lines that evaluate a node, and the variable that holds its value."""
        match node:
            case Leaf():
                return self._leaf(node)
            case Nested():
                return self._nested(node)
            case Several():
                return self._several(node)

    # --- one value

    def _leaf(self, leaf: Leaf) -> str:
        value = self._variable()
        otherwise = f"{value} = {self._bound(leaf.evaluate)}(row, scope)"
        if leaf.column is None or (leaf.everyday is None and leaf.words is None):
            self._add(otherwise)
            return value
        self._add(f"{value} = get({self._bound(leaf.column)})")
        if leaf.words is not None:
            words = self._bound(leaf.words)
            self._add(f"if type({value}) is str and {value} in {words}:", f"    {value} = {words}[{value}]", "else:")
            self._add(f"    {otherwise}")
            return value
        self._add(f"if {value} is not None:")
        first, *more = _EVERYDAY[leaf.everyday]
        for word, (test, made) in (("if", first), *(("elif", case) for case in more)):
            self._add(f"    {word} {test.format(value)}:", f"        {value} = {made.format(value)}")
        self._add("    else:", f"        {otherwise}")
        return value

    # --- records

    def _nested(self, nested: Nested) -> str:
        values = [self.node(part.node) for part in nested.parts]
        complete = self._bound(nested.complete)
        if not nested.by_id:
            return self._dictionary(nested.parts, values, complete, even_full=not nested.if_full)
        identity = next(value for part, value in zip(nested.parts, values, strict=True) if part.name == "externalId")
        self._add(f"if {identity} is None:", f"    {(record := self._variable())} = None", "else:")
        self._depth += 1
        self._add(f"{record} = {self._dictionary(nested.parts, values)}")
        self._depth -= 1
        return record

    def _dictionary(
        self, parts: Sequence[Part], values: Sequence[str], complete: str | None = None, *, even_full: bool = False
    ) -> str:
        """Written out where everything has a value, as most records have; else field by field, and completed."""
        record = self._variable()
        named = [(self._bound(part.name), value, part) for part, value in zip(parts, values, strict=True)]
        completed = f"{record} = {complete}({record}, scope)"
        optional = [value for _, value, part in named if not part.clearable]
        self._add(f"if {' and '.join(f'{value} is not None' for value in optional) or 'True'}:")
        self._add(f"    {record} = {{{', '.join(f'{name}: {value}' for name, value, _ in named)}}}")
        if complete and even_full:
            self._add(f"    {completed}")
        self._add("else:", f"    {record} = {{}}")
        for name, value, part in named:
            test = "" if part.clearable else f"if {value} is not None: "
            self._add(f"    {test}{record}[{name}] = {value}")
        if complete:
            self._add(f"    {completed}")
        return record

    def _several(self, several: Several) -> str:
        values = [self.node(item) for item in several.items]
        found = self._variable()
        all_of_them = f"{found} = distinct([{', '.join(values)}], {self._bound(several.model)})"
        if len(values) != 1:
            self._add(all_of_them)
            return found
        self._add(f"if {values[0]} is not None:", f"    {found} = [{values[0]}]", "else:", f"    {all_of_them}")
        return found

    # --- words of the source

    def _add(self, *lines: str) -> None:
        self.lines += ["    " * self._depth + line for line in lines]

    def _variable(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def _bound(self, value: object) -> str:
        """A name for a value: nothing of the file gets into the source itself."""
        self._count += 1
        name = f"c{self._count}"
        self.names[name] = value
        return name


# A value that begins above "0" is neither blank nor a zero date.
_WORD = "type({0}) is str and {0} > '1' and {0}.isascii()"
_WHOLE = ("type({0}) is int", "str({0})")
_EVERYDAY: Final[Mapping[Everyday | None, Sequence[tuple[str, str]]]] = {
    Everyday.TEXT: ((_WORD, "{0}"), _WHOLE),
    Everyday.ID: ((_WORD, "{0}.strip()"), _WHOLE),
    Everyday.TIME: (("type({0}) is datetime and {0}.tzinfo is UTC and {0}.year > 1899", "written({0})"),),
    Everyday.NUMBER: (
        ("type({0}) is int", "{0}"),
        ("type({0}) is Decimal and {0}.is_finite()", "plainly({0})"),
    ),
}
"""Of each: tests, and what the value becomes."""
