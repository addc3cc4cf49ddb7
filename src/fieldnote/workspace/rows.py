"""Rows of SQL with types: each statement's rows are named tuples whose fields are its columns.

Names and order are compared at each execution, so a column that is renamed in one place only fails in its first test.
A named tuple costs as little as an untyped row: it is made from the values, without a look at their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from psycopg import AsyncCursor
from psycopg.rows import AsyncRowFactory, RowMaker, class_row
from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

R = TypeVar("R")
N = TypeVar("N", bound=NamedTuple)


class Id(NamedTuple):
    """A statement that gives ids alone."""

    id: str


async def read_rows(
    conn: AsyncConnection, kind: type[N], statement: TextClause, values: Mapping[str, object]
) -> list[N]:
    """The rows of a statement of SQLAlchemy. Raises TypeError if its columns are not the fields of `kind`."""
    result = await conn.execute(statement, values)
    _check(kind, tuple(result.keys()))
    return [kind._make(row) for row in result]


async def read_row(
    conn: AsyncConnection, kind: type[N], statement: TextClause, values: Mapping[str, object]
) -> N | None:
    """The only row of a statement of SQLAlchemy, or None. Raises TypeError as `read_rows` does."""
    rows = await read_rows(conn, kind, statement, values)
    if len(rows) > 1:
        raise TypeError(f"one {kind.__qualname__} expected, and the statement gives {len(rows)}")
    return rows[0] if rows else None


def row_factory(kind: type[R]) -> AsyncRowFactory[R]:
    """For a cursor of psycopg: it gives each row as a `kind`, a named tuple or a dataclass."""
    if not issubclass(kind, tuple):
        return class_row(kind)
    named: Any = kind  # mypy has no type for "named tuple of the kind R"

    def made_by(cursor: AsyncCursor[Any]) -> RowMaker[R]:
        _check(named, tuple(column.name for column in cursor.description or ()))
        maker: RowMaker[R] = named._make
        return maker

    return made_by


def _check(kind: type[N], columns: tuple[str, ...]) -> None:
    if columns and columns != kind._fields:
        raise TypeError(f"{kind.__qualname__} does not have the columns of its statement: {', '.join(columns)}")
