"""A look at a database's tables: columns, keys, references, and a sample of each table's newest rows.

The sample is for `fieldnote init`, which judges columns by their values. It stays in the process: `SurveyColumn.shown`
and `Survey.words` are all that may reach a person, and neither gives a value of a column that may hold a secret.
"""

# ruff: noqa: S608 - every name in a statement is quoted by `Dialect`, and every value is bound

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, Final

from sqlalchemy import inspect, types
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import SAWarning

from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.engine import Database, Rows
from fieldnote.crm.sql.errors import translated
from fieldnote.crm.sql.introspection import family_of
from fieldnote.crm.sql.sensitive import is_sensitive, is_sensitive_name, is_showable_word
from fieldnote.crm.types import freeze
from fieldnote.errors import CrmError

SAMPLED: Final = 120
"""Rows of each table that are looked at: those with the highest keys, which mostly are the newest."""
_LONGEST: Final = 300
"""Characters of a text that are read."""
_MOST_WORDS: Final = 60
_MOST_SINGLE: Final = 3
_CANNOT_BE_SECRET: Final = {Family.MOMENT, Family.DATE, Family.BOOLEAN}
_ROLES_OF_KEYS: Final = re.compile(r"(?:^|_|[a-z])(?:id|ids|key|no|nr|ref|code)(?:_c)?$|_by$", re.IGNORECASE)


_Reflected = tuple[str, list[ReflectedColumn], tuple[str, ...], dict[str, tuple[str, str]]]
"""A table's name, columns, primary key, and the foreign keys of its columns."""


@dataclass(frozen=True, eq=False)
class SurveyColumn:
    """One column."""

    name: str
    family: Family
    refers_to: str | None = None
    """The table that it refers to by a foreign key."""
    refers_column: str | None = None
    row_values: tuple[object, ...] = ()
    """A value for each sampled row; empty if the column may hold a secret."""
    hidden: bool = False
    """Whether it may hold a secret, so that no value of it is shown."""
    moves: bool = False
    """Whether the database itself sets it at each change of the row."""
    required: bool = False
    """Whether a new row must give it."""
    has_default: bool = False
    """Whether the database fills it in a new row that does not give it."""
    length: int | None = None
    choices: tuple[str, ...] = ()
    """The words that its type lists."""

    @cached_property
    def values(self) -> tuple[object, ...]:
        """The sampled values without null and blank text."""
        return tuple(value for value in self.row_values if value is not None and value != "")

    @cached_property
    def distinct(self) -> frozenset[object]:
        """The different sampled values."""
        return frozenset(value if isinstance(value, str | int | float) else str(value) for value in self.values)

    @property
    def shown(self) -> str | None:
        """A value to show; times and numbers only, as texts are customers' and may be anything."""
        if self.hidden or not self.values or self.family not in {Family.MOMENT, Family.DATE, Family.NUMBER}:
            return None
        return str(self.values[0])[:30]


@dataclass(frozen=True, eq=False)
class SurveyTable:
    """One table or view."""

    name: str
    columns: tuple[SurveyColumn, ...]
    keys: tuple[str, ...] = ()
    """The columns of its primary key."""
    is_view: bool = False
    rows: int = 0
    """Rows in the sample."""
    by_name: dict[str, SurveyColumn] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.by_name.update({column.name: column for column in self.columns})

    @property
    def key(self) -> str | None:
        """Its primary key, if that is one column."""
        return self.keys[0] if len(self.keys) == 1 else None


class Survey:
    """Looks at one database. Each question is a short read-only transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.dialect
        self._tables: list[SurveyTable] | None = None

    @property
    def backend(self) -> str:
        """The kind of database."""
        return self._dialect.backend

    def tables(self) -> list[SurveyTable]:
        """All tables and views of the database's own schema, each with its sample."""
        if self._tables is None:
            self._tables = self._look()
        return self._tables

    def words(self, table: SurveyTable, column: SurveyColumn, *, labels: bool = False) -> tuple[str, ...] | None:
        """All values of a column of few short words, commonest first. None if it holds other things.

        `labels`: the table names things, such as stages, so that each word is there once.
        """
        if column.choices:
            return column.choices
        if column.hidden or is_sensitive_name(column.name):
            return None
        ruled = self._ruled(table, column)
        quoted = self._dialect.quote(column.name)
        rows = self._rows(
            f"select {quoted} as word, count(*) as n from {self._dialect.path((table.name,))}"
            f" where {quoted} is not null and 1 = {self._dialect.bind('one')}"
            f" group by {quoted} order by count(*) desc, {quoted}{self._dialect.first(_MOST_WORDS + 1, ordered=True)}",
            {"one": 1},
        )
        if rows is None or len(rows) > _MOST_WORDS:
            return None
        if not labels and len(rows) > _MOST_SINGLE and all(row["n"] == 1 for row in rows):
            return None  # each row has another value, as with keys
        words = [str(freeze(row["word"])) for row in rows]
        if is_sensitive(column.name, words) or not all(map(is_showable_word, words)):
            return None
        return tuple(dict.fromkeys(word for word in (*words, *ruled) if word.strip()))

    def _ruled(self, table: SurveyTable, column: SurveyColumn) -> tuple[str, ...]:
        """The words that a CHECK constraint allows, used or not."""
        if table.is_view:
            return ()
        try:
            with _quiet(), translated("looking at the CRM's tables"), self._database.transaction() as connection:
                known = self._database.table(connection, f'"{table.name}"').columns.get(column.name)
        except CrmError:
            return ()
        return (known.rule.words or ()) if known is not None else ()

    def share_found(self, values: Iterable[object], table: SurveyTable, column: str) -> float | None:
        """The share of these values that are in a table's column. None if that cannot be asked."""
        asked = list(dict.fromkeys(map(_comparable, values)))[:40]
        if not asked:
            return None
        parameters: dict[str, Any] = {f"v{n}": value for n, value in enumerate(asked)}
        listed = ", ".join(map(self._dialect.bind, parameters))
        quoted = self._dialect.quote(column)
        rows = self._rows(
            f"select count(distinct {quoted}) as n from {self._dialect.path((table.name,))} where "
            f"{quoted} in ({listed})",
            parameters,
        )
        return None if rows is None else rows[0]["n"] / len(asked)

    def number_of(self, table: SurveyTable, column: str) -> tuple[int, int]:
        """How many rows have a value in a column, and how many different values there are."""
        quoted = self._dialect.quote(column)
        rows = self._rows(
            f"select count({quoted}) as n, count(distinct {quoted}) as d from {self._dialect.path((table.name,))}"
            f" where 1 = {self._dialect.bind('one')}",
            {"one": 1},
        )
        return (rows[0]["n"], rows[0]["d"]) if rows else (0, 0)

    def labels(self, table: SurveyTable, columns: Sequence[str], most: int = 100) -> Rows:
        """The rows of a small table, such as one of statuses; empty if it has more rows than that."""
        listed = ", ".join(map(self._dialect.quote, columns))
        rows = self._rows(
            f"select {listed} from {self._dialect.path((table.name,))} where 1 = {self._dialect.bind('one')}"
            f"{self._dialect.first(most + 1)}",
            {"one": 1},
        )
        return rows if rows is not None and len(rows) <= most else []

    def _rows(self, statement: str, parameters: dict[str, Any]) -> Rows | None:
        """A statement's rows; None if the database refuses it, for example for its types or for lack of rights."""
        try:
            with translated("looking at the CRM's tables"), self._database.transaction() as connection:
                return self._database.select(connection, statement, parameters)
        except CrmError:
            return None

    def _look(self) -> list[SurveyTable]:
        with _quiet(), translated("looking at the CRM's tables"), self._database.transaction() as connection:
            inspector = inspect(connection)
            views = set(inspector.get_view_names())
            names = [*inspector.get_table_names(), *sorted(views)]
        try:
            reflected = self._reflect(None)
        except CrmError:  # one broken view hides all: look at each by itself, and leave that one out
            reflected = [found for name in names for found in self._reflect_one(name)]
        found = []
        for name, columns, primary, references in reflected:
            rows = self._sample(name, columns, primary)
            looked = tuple(_column(item, rows, references.get(item["name"]), primary) for item in columns)
            found.append(SurveyTable(name, looked, primary, name in views, len(rows)))
        return sorted(found, key=lambda table: table.name)

    def _reflect_one(self, name: str) -> list[_Reflected]:
        try:
            return self._reflect([name])
        except CrmError:
            return []

    def _reflect(self, names: list[str] | None) -> list[_Reflected]:
        """Columns, primary key and foreign keys of these tables, or of all."""
        with _quiet(), translated("looking at the CRM's tables"), self._database.transaction() as connection:
            inspector = inspect(connection)
            columns = inspector.get_multi_columns(filter_names=names, kind=ObjectKind.ANY)
            keys = inspector.get_multi_pk_constraint(filter_names=names, kind=ObjectKind.TABLE)
            foreign = inspector.get_multi_foreign_keys(filter_names=names, kind=ObjectKind.TABLE)
        found = []
        for where, listed in columns.items():
            constraint = keys.get(where)
            references = {
                item["constrained_columns"][0]: (item["referred_table"], item["referred_columns"][0])
                for item in foreign.get(where) or ()
                if len(item["constrained_columns"]) == 1 and item["referred_columns"]
            }
            primary = tuple(constraint["constrained_columns"]) if constraint else ()
            found.append((where[1], listed, primary, references))
        return found

    def _sample(self, name: str, columns: Sequence[ReflectedColumn], key: Sequence[str]) -> Rows:
        listed = ", ".join(self._expression(item) for item in columns if not _is_binary(item))
        if not listed:
            return []
        order = f" order by {self._dialect.quote(key[0])} desc" if len(key) == 1 else ""
        return (
            self._rows(
                f"select {listed} from {self._dialect.path((name,))} where 1 = {self._dialect.bind('one')}"
                f"{order}{self._dialect.first(SAMPLED, ordered=bool(order))}",
                {"one": 1},
            )
            or []
        )

    def _expression(self, item: ReflectedColumn) -> str:
        """A column as it is selected: the beginning of a text that may be long."""
        name = self._dialect.quote(item["name"])
        family = family_of(item["type"])
        long = family is Family.TEXT and not getattr(item["type"], "length", None)
        match self.backend:
            case "postgresql" if long or family is Family.JSON:
                return f"substr(cast({name} as text), 1, {_LONGEST}) as {name}"
            case "mysql" if long or family is Family.JSON:
                return f"substr({name}, 1, {_LONGEST}) as {name}"
            case "mssql" if long:
                return f"substring({name}, 1, {_LONGEST}) as {name}"
            case "sqlite":
                text = self._dialect.literal("'text'")
                return f"case when typeof({name}) = {text} then substr({name}, 1, {_LONGEST}) else {name} end as {name}"
            case _:
                return name


@contextmanager
def _quiet() -> Iterator[None]:
    """Without SQLAlchemy's warnings about types that it does not know: such a column is read as it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


def _is_binary(item: ReflectedColumn) -> bool:
    return isinstance(item["type"], types.LargeBinary | types.BINARY | types.VARBINARY)


def _column(
    item: ReflectedColumn, rows: Rows, reference: tuple[str, str] | None, primary: Sequence[str]
) -> SurveyColumn:
    name, kind = item["name"], item["type"]
    family = family_of(kind)
    values = tuple(_kept(row.get(name)) for row in rows)
    texts = {str(value) for value in values if value is not None}
    hidden = family not in _CANNOT_BE_SECRET and is_sensitive(name, texts)
    # An id is needed to see which table a column refers to, even one that looks like a token. It is never shown.
    is_id = reference is not None or name in primary or bool(_ROLES_OF_KEYS.search(name))
    default = str(item.get("default") or "")
    numbered = family is Family.INTEGER and list(primary) == [name]  # SQLite's row id, or an auto increment
    filled = bool(default) or item.get("autoincrement") is True or bool(item.get("identity")) or numbered
    return SurveyColumn(
        name,
        family,
        refers_to=reference[0] if reference else None,
        refers_column=reference[1] if reference else None,
        row_values=values if not hidden or (is_id and not is_sensitive_name(name)) else (),
        hidden=hidden,
        moves="on update" in default.casefold(),
        required=not item.get("nullable", True) and not filled,
        has_default=filled,
        length=getattr(kind, "length", None),
        choices=tuple(getattr(kind, "enums", ()) or ()),
    )


def _kept(value: object) -> object:
    match value:
        case bytes() | memoryview():
            raw = bytes(value)
            return raw[0] if len(raw) == 1 else None  # a bit of MySQL's, or something binary
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).replace(tzinfo=None)
        case datetime() | date():
            return value
        case str():
            return value[:_LONGEST]
        case _:
            return value


def _comparable(value: object) -> Any:
    return value if isinstance(value, str | int) else str(value)
