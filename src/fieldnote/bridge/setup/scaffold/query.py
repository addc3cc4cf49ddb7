"""SQL as `init` proposes it: names quoted where they must be, joins that never multiply rows. Pure."""

# ruff: noqa: S608 - every name is quoted by `Spelling`

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from sqlalchemy.dialects import mssql, mysql, postgresql, sqlite
from sqlalchemy.sql.compiler import IdentifierPreparer

from fieldnote.bridge.setup.scaffold.evidence import meanings, shapes
from fieldnote.bridge.setup.scaffold.graph import Graph
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.survey import SurveyColumn, SurveyTable

_PREPARERS: Final = {
    "postgresql": postgresql.dialect, "mysql": mysql.dialect, "sqlite": sqlite.dialect, "mssql": mssql.dialect,
}  # fmt: skip


def _says_it_in_words(column: SurveyColumn) -> bool:
    """Whether a flag is text. A column of SQLite without a type may have either."""
    return column.family in {Family.TEXT, Family.CHOICE} or any(isinstance(value, str) for value in column.values)


def _means_no(value: object) -> bool:
    return str(value).strip().casefold() in shapes.NO_WORDS


@dataclass(frozen=True, slots=True)
class Place:
    """A column, and the table that it is in: the entity's own, or a part of it."""

    table: SurveyTable
    column: SurveyColumn


@dataclass(frozen=True, slots=True)
class Move:
    """A time at which something of a record changed."""

    expression: str
    kinds: frozenset[object]
    """How the column writes times. Only times of one kind can be compared."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How SQL is written for one database."""

    backend: str

    def name(self, name: str) -> str:
        """A name, quoted if it needs that."""
        if _preparer(self.backend).quote(name) == name and "%" not in name:
            return name
        if self.backend == "mssql":
            return f"[{name.replace(']', ']]')}]"
        mark = "`" if self.backend in {"mysql", "sqlite"} else '"'
        return f"{mark}{name.replace(mark, mark * 2)}{mark}"

    def text(self, value: str) -> str:
        """A text in quotes."""
        escaped = value.replace("'", "''")
        return f"'{escaped.replace(chr(92), chr(92) * 2)}'" if self.backend == "mysql" else f"'{escaped}'"

    def first(self, expression: str, rest: str) -> str:
        """A subquery that gives one value, always the same one."""
        if self.backend == "mssql":
            return f"(select top 1 {expression} {rest} order by 1)"
        return f"(select {expression} {rest} order by 1 limit 1)"

    def yes(self, expression: str, column: SurveyColumn) -> str:
        """A condition: the flag says yes."""
        if column.family is Family.BOOLEAN and self.backend == "postgresql":
            return expression
        if _says_it_in_words(column):
            said = sorted({str(value) for value in column.values if not _means_no(value)})
            return f"{expression} in ({', '.join(map(self.text, said or ['1', 'Y']))})"
        return f"{expression} = 1" if all(str(value) != "-1" for value in column.distinct) else f"{expression} <> 0"

    def no(self, expression: str, column: SurveyColumn) -> str:
        """A condition: the flag says no. Null is neither."""
        if column.family is Family.BOOLEAN and self.backend == "postgresql":
            return f"not {expression}"
        if _says_it_in_words(column):
            said = sorted({str(value) for value in column.values if _means_no(value)})
            return f"{expression} in ({', '.join(map(self.text, said or ['0', 'N']))})"
        return f"{expression} = 0"

    def full_name(self, first: str, last: str) -> str:
        """First and last name, with a blank between."""
        if self.backend == "sqlite":
            return f"trim(coalesce({first}, '') || ' ' || coalesce({last}, ''))"
        return f"concat_ws(' ', {first}, {last})"

    def greatest(self, base: str, others: Sequence[str]) -> str:
        """The latest of several times. Null ones do not count."""
        unique = [item for item in dict.fromkeys(others) if item != base]
        if not unique:
            return base
        filled = [f"coalesce({item}, {base})" for item in unique]
        comma = ",\n                " if sum(map(len, filled)) > 80 else ", "
        match self.backend:
            case "sqlite":
                return f"max({comma.join([base, *filled])})"
            case "mssql":
                listed = ", ".join(f"({item})" for item in [base, *filled])
                return f"(select max(v) from (values {listed}) as times(v))"
            case _:
                return f"greatest({comma.join([base, *filled])})"

    def later(self, start: str, number: str, unit: str) -> str:
        """A time and a number of units behind it. `unit`: second, minute or hour."""
        match self.backend:
            case "postgresql":
                return f"{start} + {number} * interval '1 {unit}'"
            case "mysql":
                return f"date_add({start}, interval {number} {unit})"
            case "mssql":
                return f"dateadd({unit}, {number}, {start})"
            case _:
                return f"datetime({start}, '+' || {number} || ' {unit}s')"

    def day_and_clock(self, day: str, clock: str) -> str:
        """A day and a time of day, as text such as `2026-02-14 10:30`."""
        if self.backend == "sqlite":
            return f"substr({day}, 1, 10) || ' ' || {clock}"
        if self.backend == "postgresql":
            return f"{day} || ' ' || {clock}"
        return f"concat({day}, ' ', {clock})"

    def objects(self, pairs: Sequence[tuple[str, str]], rest: str) -> str:
        """A subquery that gives a JSON list with an object for each row."""
        listed = ", ".join(f"'{name}', {expression}" for name, expression in pairs)
        match self.backend:
            case "postgresql":
                return f"(select json_agg(json_build_object({listed})) {rest})"
            case "mysql":
                return f"(select json_arrayagg(json_object({listed})) {rest})"
            case "mssql":
                columns = ", ".join(f"{expression} as {name}" for name, expression in pairs)
                return f"(select {columns} {rest} for json path)"
            case _:
                return f"(select json_group_array(json_object({listed})) {rest})"

    def as_text(self, expression: str) -> str:
        """A value as text, to compare it with one of another type."""
        kind = {"mysql": "char", "mssql": "nvarchar(100)"}.get(self.backend, "text")
        return f"cast({expression} as {kind})"


@cache
def _preparer(backend: str) -> IdentifierPreparer:
    found: IdentifierPreparer = _PREPARERS.get(backend, postgresql.dialect)().identifier_preparer
    return found


@dataclass(slots=True)
class Query:
    """A select that grows column by column."""

    spelling: Spelling
    graph: Graph
    base: SurveyTable
    alias: str = "a"
    columns: list[tuple[str, str]] = field(default_factory=list)
    """Expression, and the name that the map has for it."""
    joins: list[str] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    """Times at which something of the record changed."""
    where: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def add(self, expression: str, called: str) -> str:
        """Select an expression; the name by which the map knows it."""
        for known, name in self.columns:
            if known == expression:
                return name
        name = called
        while name in self._names:
            name += "_2"
        self._names.add(name)
        self.columns.append((expression, name))
        return name

    def new_alias(self, wanted: str) -> str:
        """A free alias."""
        used = {f" {join.split(' on ')[0].rpartition(' ')[2]} " for join in self.joins} | {f" {self.alias} "}
        alias, number = wanted, 1
        while f" {alias} " in used:
            number += 1
            alias = f"{wanted}{number}"
        return alias

    def _prune(self) -> None:
        """Leave out joins that nothing reads."""
        while True:
            used = " ".join([*(e for e, _ in self.columns), *self.where])
            idle = [
                join
                for join in self.joins
                if not re.search(
                    rf"\b{join.split(' on ')[0].rpartition(' ')[2]}\.",
                    " ".join([used, *(j for j in self.joins if j is not join)]),
                )
            ]
            if not idle:
                return
            self.joins = [join for join in self.joins if join not in idle]

    def text(self) -> str:
        """The SQL."""
        name = self.spelling.name
        self._prune()
        selected = [e if e.rpartition(".")[2] == name(c) else f"{e} as {name(c)}" for e, c in self.columns]
        lines = [f"select {selected[0] if selected else '*'}"]
        for item in selected[1:]:
            if len(lines[-1].rpartition("\n")[2]) + len(item) > 105:
                lines[-1] += ","
                lines.append(f"       {item}")
            else:
                lines[-1] += f", {item}"
        lines += [f"from {name(self.base.name)} {self.alias}", *self.joins]
        if self.where:
            lines.append(f"where {' and '.join(self.where)}")
        return "\n      ".join(lines)


@dataclass(slots=True)
class Entity:
    """A table in a query, together with the tables beside it that hold one row for each of its rows."""

    query: Query
    table: SurveyTable
    alias: str
    joined: dict[str, str] = field(default_factory=dict)
    """The aliases of the parts that are joined already."""

    @property
    def graph(self) -> Graph:
        """The tables."""
        return self.query.graph

    @property
    def spelling(self) -> Spelling:
        """The database's SQL."""
        return self.query.spelling

    @property
    def key(self) -> str:
        """The column that identifies a row."""
        return self.graph.key(self.table) or "id"

    @property
    def tables(self) -> list[SurveyTable]:
        """The table and its parts."""
        return [self.table, *(part for part, _, _ in self.graph.parts(self.table))]

    def at(self, name: str) -> str:
        """A column of the table itself."""
        return f"{self.alias}.{self.spelling.name(name)}"

    def expr(self, place: Place) -> str:
        """A column of the table or of a part, which is joined for it."""
        if place.table is self.table:
            return self.at(place.column.name)
        if place.table.name not in self.joined:
            their, own = next((t, o) for part, t, o in self.graph.parts(self.table) if part is place.table)
            alias = self.query.new_alias(f"{self.alias}x")
            name = self.spelling.name
            join = f"left join {name(place.table.name)} {alias} on {alias}.{name(their)} = {self.at(own)}"
            self.query.joins.append(join)
            self.joined[place.table.name] = alias
        return f"{self.joined[place.table.name]}.{self.spelling.name(place.column.name)}"

    def find(self, meaning: str) -> Place | None:
        """The column with a meaning, in the table before its parts."""
        scored = [
            (found[0][0] - (1 if table is not self.table else 0), Place(table, found[0][1]))
            for table in self.tables
            if (found := meanings.ranked(table, meaning))
        ]
        return max(scored, key=lambda item: item[0])[1] if scored else None

    def full_name(self) -> str | None:
        """The name of a person or company."""
        first, last = self.find("first"), self.find("last")
        if (place := self.find("name")) is not None and not (first and last):
            return self.expr(place)
        return self.spelling.full_name(self.expr(first), self.expr(last)) if first and last else None

    def moved(self) -> tuple[Move | None, str]:
        """The time of the last change, and why that column is taken for it."""
        for table in self.tables:
            column, why = meanings.cursor_of(table, table.columns)
            if column is not None:
                return Move(self.expr(Place(table, column)), shapes.time_kinds(column)), why
        return None, ""

    def alive(self) -> str:
        """The condition by which a join leaves out deleted rows; empty if none are marked."""
        for found in self.gone_places():
            if found.table is self.table and shapes.is_flag(found.column):
                return f" and {self._not(self.expr(found), found.column)}"
        return ""

    def _not(self, expression: str, column: SurveyColumn) -> str:
        if self.spelling.backend == "postgresql" and column.family is Family.BOOLEAN:
            return f"{expression} is not true"
        return (
            f"coalesce({expression}, 0) = 0"
            if column.family is not Family.TEXT
            else self.spelling.no(expression, column)
        )

    def gone_places(self) -> list[Place]:
        """Columns that say that a row is deleted or cancelled: flags and times."""
        return [Place(table, column) for table in self.tables for _, column in meanings.ranked(table, "cancelled")]

    def gone(self, place: Place) -> str:
        """A condition: the row is deleted or cancelled."""
        expression = self.expr(place)
        if shapes.is_flag(place.column):
            return self.spelling.yes(expression, place.column)
        return f"{expression} is not null"


def join(query: Query, table: SurveyTable, alias: str, condition: str, *, alive: bool = False) -> Entity:
    """Join a table by its key, which is at most one row. `alive`: leave out rows that are marked as deleted."""
    entity = Entity(query, table, query.new_alias(alias))
    name = query.spelling.name
    extra = entity.alive() if alive else ""
    query.joins.append(f"left join {name(table.name)} {entity.alias} on {entity.at(entity.key)} = {condition}{extra}")
    return entity
