"""The examples of docs/mapping.md, read out of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PAGE = Path(__file__).parents[2] / "docs" / "mapping.md"


class Example(NamedTuple):
    """One row of a table of expressions."""

    expression: str
    row: dict[str, Any]
    outcome: str
    """Empty where it gives a value; else what the page calls it: `a problem`, `left out`."""
    value: Any
    """Its value, or the words of the complaint."""

    def __str__(self) -> str:
        return f"{self.expression} {self.value}"


def expressions() -> list[Example]:
    """All rows of the tables that begin with `Expression`."""
    return [_example(*row) for row in _rows("Expression")]


def local_times() -> list[tuple[str, str, str, str]]:
    """Zone, local time, instant and localized start, as the page decides them."""
    return [(zone, local, instant, shown) for zone, local, _, instant, shown in _rows("Zone")]


def whole_map() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The map at the page's beginning, its row, and what that becomes."""
    blocks = re.findall(r"```(yaml|json)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (_, section), (_, row), (_, record) = blocks
    return yaml.safe_load(section), json.loads(row), json.loads(record)


def _rows(first: str) -> Iterator[list[str]]:
    inside = False
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == first:
            inside = True
        elif inside and not line.startswith("|--"):
            yield cells


def _example(expression: str, row: str, gives: str) -> Example:
    outcome, value = ("", gives) if gives.startswith("`") else gives.split(": ", 1)
    text = value.strip("`")
    return Example(expression.strip("`"), json.loads(row.strip("`")), outcome, text if outcome else json.loads(text))
