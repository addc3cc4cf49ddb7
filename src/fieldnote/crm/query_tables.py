"""The tables in a stream's query, read from its text alone: no database is asked.

- `unseen_tables`: whose changes the cursor cannot see. A customer who is renamed moves the appointment's cursor
  only if the cursor's expression reads a column of the customer, too.
- `looked_up`: the columns that a reading looks rows up by, which an index should have.
- `tables_of`: the tables at all.
- `greatest_of`: the values that the cursor is the greatest of.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, build_scope

from fieldnote.crm.types import Source

Table = exp.Table
PART: Final = "fieldnote_part"
Sight = set[int]
"""Tables of a query, by the identity of the node that names them: one table may be joined twice."""

# The answer is None where it cannot read the query; the library's own warnings would add nothing.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def unseen_tables(source: Source, backend: str = "postgresql") -> tuple[str, ...] | None:
    """The tables of a query whose changes its cursor cannot see, as `name` or `name as alias`, in their order.

    Empty where there is no query or no cursor, or nothing is wrong. None where that is not certain from the text:
    a query that cannot be parsed, or a column that does not say which of several tables it belongs to. Of
    `coalesce(a, b)` the first counts, as the second is looked at only where that one is null.
    """
    if source.query is None or source.cursor is None:
        return ()
    root = _scope(source.query, backend)
    if root is None:
        return None
    seen = _seen(root, source.cursor)
    if seen is None:
        return None
    also = _looked_at_again(root, seen)
    return tuple(dict.fromkeys(_label(table) for table in _tables(root) if id(table) not in seen | also))


def tables_of(source: Source, backend: str = "postgresql") -> frozenset[str] | None:
    """The names of the tables that a stream reads, without their schema; None where a query cannot be parsed."""
    if source.table is not None:
        return frozenset({source.table.rpartition(".")[2].strip('"`')})
    root = _scope(source.query or "", backend)
    return None if root is None else frozenset(table.name for table in _tables(root))


def looked_up(source: Source, backend: str = "postgresql") -> frozenset[tuple[str, str]]:
    """(table, column) of what a reading looks rows up by: key, cursor, and what tables are joined by."""
    names = [name for name in (source.key, source.cursor) if name]
    if source.table is not None:
        table = source.table.rpartition(".")[2].strip('"`')
        return frozenset((table, name) for name in names)
    root = _scope(source.query or "", backend)
    if root is None:
        return frozenset()
    found = {place for name in names if (place := _origin(root, name))}
    for scope in root.traverse():
        found.update(_joined_by(scope))
    return frozenset(found)


def origin_of(source: Source, name: str, backend: str = "postgresql") -> tuple[str, str] | None:
    """The (table as joined, column) that a column of a stream is, where that is certain from the text."""
    if source.table is not None:
        return source.table.rpartition(".")[2].strip('"`'), name
    root = _scope(source.query or "", backend)
    return None if root is None else _joined_origin(root, name)


@lru_cache(maxsize=64)
def greatest_of(source: Source, backend: str = "postgresql") -> tuple[str, ...]:
    """Queries, each with one of the values that the cursor is the greatest of, in a column `PART`. Often none."""
    if source.query is None or source.cursor is None:
        return ()
    root = _scope(source.query, backend)
    projection = None if root is None or root.set_operation_scopes else _projection(root, source.cursor)
    if root is None or projection is None:
        return ()
    nodes = {
        node: values for node in projection.find_all(exp.Greatest, exp.Max, exp.Case) if (values := _choices(node))
    }
    values = [value for choices in nodes.values() for value in choices if value not in nodes]
    queries = []
    for value in values if all(node.parent_select in {None, root.expression} for node in nodes) else ():
        if value.find(exp.Column) is None:
            continue  # a constant hides nothing that moves
        query = root.expression.copy()
        query.set("expressions", [exp.alias_(value.copy(), PART)])
        query.set("order", None)
        queries.append(query.sql(dialect=_dialect(backend), comments=False))
    return tuple(dict.fromkeys(queries))


def _choices(node: exp.Expr) -> list[exp.Expr]:
    """The values of which an expression is the greatest. Old SQL Servers say `case when a > b then a else b end`."""
    if not isinstance(node, exp.Case):
        return [node.this, *node.expressions] if node.expressions else []
    cases, default = node.args.get("ifs") or [], node.args.get("default")
    compared = all(isinstance(case.this, exp.GT | exp.GTE | exp.LT | exp.LTE) for case in cases)
    return [*(case.args["true"] for case in cases), default] if compared and default is not None else []


def _joined_origin(scope: Scope, name: str) -> tuple[str, str] | None:
    """As `_origin`, but under the table's alias: one table may be joined twice."""
    projection = None if scope.set_operation_scopes else _projection(scope, name)
    if not isinstance(projection, exp.Column) or projection.is_star:
        return None
    if projection.table:
        return projection.table, projection.name
    sources = list(scope.selected_sources)
    return (sources[0], projection.name) if len(sources) == 1 else None


# --- scopes ---------------------------------------------------------------------------------------------


def _scope(query: str, backend: str) -> Scope | None:
    try:
        statement = sqlglot.parse_one(query.strip().rstrip(";"), dialect=_dialect(backend))
        root = build_scope(statement) if isinstance(statement, exp.Query) else None
        for scope in root.traverse() if root else ():
            _ = scope.selected_sources  # it refuses two tables of one name
    except (SqlglotError, RecursionError):
        return None
    return root


def _dialect(backend: str) -> str:
    return {"postgresql": "postgres", "mssql": "tsql"}.get(backend, backend)


def _tables(root: Scope) -> Iterator[Table]:
    """Every table in the query, subqueries and filters included, each once, without functions."""
    ids: Sight = set()
    for scope in root.traverse():
        for _, origin in scope.selected_sources.values():
            if isinstance(origin, Table) and isinstance(origin.this, exp.Identifier) and id(origin) not in ids:
                ids.add(id(origin))
                yield origin


def _looked_at_again(root: Scope, seen: Sight) -> Sight:
    """Tables of subqueries whose rows are all among those of a subquery in the cursor: same table, more conditions."""
    alone: list[tuple[Table, frozenset[str]]] = []
    for scope in root.traverse():
        origins = [origin for _, origin in scope.selected_sources.values()]
        if scope is not root and len(origins) == 1 and isinstance(origins[0], Table):
            alone.append((origins[0], _conditions(scope)))
    return {
        id(table)
        for table, conditions in alone
        for other, fewer in alone
        if id(other) in seen and _label(other) == _label(table) and fewer <= conditions
    }


def _conditions(scope: Scope) -> frozenset[str]:
    where = scope.expression.args.get("where")
    if where is None:
        return frozenset()
    parts = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    return frozenset(part.sql() for part in parts)


def _label(table: Table) -> str:
    return f"{table.name} as {table.alias}" if table.alias and table.alias != table.name else table.name


# --- what a column comes from ---------------------------------------------------------------------------


def _selects(scope: Scope) -> list[exp.Expr]:
    return list(scope.expression.selects) if isinstance(scope.expression, exp.Query) else []


def _projection(scope: Scope, name: str) -> exp.Expr | None:
    """The source of a column of the result; a star counts for the columns that it may hold."""
    stars: list[exp.Expr] = []
    for item in _selects(scope):
        if item.is_star:
            stars.append(item)
        elif item.alias_or_name.casefold() == name.casefold():
            return item.unalias() if isinstance(item, exp.Alias) else item
    return stars[0] if len(stars) == 1 else None


def _seen(scope: Scope, name: str) -> Sight | None:
    """The tables that a column of the result reads; None where that is not certain."""
    if scope.set_operation_scopes:
        return _all_of(_seen(branch, name) for branch in scope.set_operation_scopes)
    if isinstance(scope.expression, exp.Lateral):
        return _seen(scope.subquery_scopes[0], name) if scope.subquery_scopes else None
    projection = _projection(scope, name)
    if projection is None:
        return None
    if projection.is_star:
        return _seen_by_star(scope, projection, name)
    return _read(scope, projection)


def _read(scope: Scope, node: exp.Expr) -> Sight | None:
    """The tables that an expression reads."""
    match node:
        case exp.Column():
            return _seen_by_column(scope, node)
        case exp.Coalesce():
            return _read(scope, node.this)
        case exp.Subquery() | exp.Select():
            inner = next((child for child in scope.subquery_scopes if child.expression is node.unnest()), None)
            select = _selects(inner) if inner else []
            return _read(inner, select[0]) if inner and select else None
        case exp.Window():
            return _read(scope, node.this)
        case _:
            parts = [child for child in node.iter_expressions() if not isinstance(child, exp.Where)]
            return _all_of(_read(scope, child) for child in parts)


def _seen_by_column(scope: Scope, column: exp.Column) -> Sight | None:
    origin = _source_of(scope, column.table)
    match origin:
        case Table():
            return {id(origin)}
        case Scope():
            return _seen(origin, column.name)
        case _:
            return None


def _seen_by_star(scope: Scope, star: exp.Expr, name: str) -> Sight | None:
    table = star.table if isinstance(star, exp.Column) else ""
    return _seen_by_column(scope, exp.column(name, table=table or None))


def _source_of(scope: Scope, alias: str) -> Table | Scope | None:
    """The table of an alias, here or in a query around this one; without an alias, the only source."""
    sources = {name: origin for name, (_, origin) in scope.selected_sources.items()}
    if not alias:
        return next(iter(sources.values())) if len(sources) == 1 else None
    if alias in sources:
        return sources[alias]
    return _source_of(scope.parent, alias) if scope.parent else None


def _all_of(parts: Iterator[Sight | None]) -> Sight | None:
    together: Sight = set()
    for part in parts:
        if part is None:
            return None
        together |= part
    return together


def _origin(scope: Scope, name: str) -> tuple[str, str] | None:
    """The table's column that a column of the result is, where it is an unchanged one."""
    if scope.set_operation_scopes:
        return None
    projection = _projection(scope, name)
    if projection is None:
        return None
    if projection.is_star:
        table = projection.table if isinstance(projection, exp.Column) else ""
        projection = exp.column(name, table=table or None)
    return _place(scope, projection)


def _place(scope: Scope, node: exp.Expr | None) -> tuple[str, str] | None:
    if not isinstance(node, exp.Column):
        return None
    origin = _source_of(scope, node.table)
    if isinstance(origin, Scope):
        return _origin(origin, node.name)
    return (origin.name, node.name) if origin is not None else None


def _joined_by(scope: Scope) -> Iterator[tuple[str, str]]:
    for equal in scope.find_all(exp.EQ):
        for side in (equal.left, equal.right):
            place = _place(scope, side)
            if place:
                yield place
    for join in scope.find_all(exp.Join):
        for name in join.args.get("using") or []:
            for _, origin in scope.selected_sources.values():
                if isinstance(origin, Table):
                    yield origin.name, name.name
