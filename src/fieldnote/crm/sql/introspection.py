"""A look at a database's tables: columns, keys, references, and a few rows to show to a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Inspector, inspect

from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.engine import Database
from fieldnote.crm.sql.errors import translated
from fieldnote.crm.sql.sensitive import is_sensitive
from fieldnote.crm.types import FrozenValue, freeze

SHOWN = 3
"""Rows of each table that are looked at."""
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class LookedColumn:
    """One column."""

    name: str
    family: Family
    samples: tuple[FrozenValue, ...] = ()
    refers_to: str | None = None
    """The table that it refers to by a foreign key."""
    words: tuple[str, ...] = ()
    """Its different values, of a column that says how far a record is; empty where there are too many."""


@dataclass(frozen=True, slots=True)
class LookedTable:
    """One table or view."""

    name: str
    columns: tuple[LookedColumn, ...]
    key: str | None
    """Its primary key, if that is one column."""
    by_name: dict[str, LookedColumn] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.by_name.update({column.name: column for column in self.columns})


def look(database: Database) -> list[LookedTable]:
    """All tables and views of the database's own schema, with a few rows of each."""
    with translated("looking at the CRM's tables"), database.transaction() as connection:
        inspector = inspect(connection)
        names = [*inspector.get_table_names(), *inspector.get_view_names()]
        return [_table(database, connection, inspector, name) for name in sorted(names)]


def _table(database: Database, connection: Connection, inspector: Inspector, name: str) -> LookedTable:
    known = database.table(connection, _quoted(name))
    statement = f"select * from {database.dialect.path((name,))} where 1 = {database.dialect.bind('one')}"  # noqa: S608
    rows = database.select(connection, f"{statement} limit {SHOWN}", {"one": 1})
    references = dict(_references(inspector, name))
    columns = tuple(
        LookedColumn(
            column.name,
            column.family,
            _samples(rows, column.name),
            references.get(column.name),
            _words(database, connection, name, column.name) if column.family is Family.TEXT else (),
        )
        for column in known.columns.values()
    )
    primary = inspector.get_pk_constraint(name).get("constrained_columns") or []
    return LookedTable(name, columns, primary[0] if len(primary) == 1 else None)


_STAGES: Final = re.compile(r"stage|status|state$|disposition|outcome|result", re.IGNORECASE)
_MOST_WORDS: Final = 40


def _words(database: Database, connection: Connection, table: str, column: str) -> tuple[str, ...]:
    if not _STAGES.search(column):
        return ()
    dialect = database.dialect
    statement = (
        f"select distinct {dialect.quote(column)} as word from {dialect.path((table,))}"  # noqa: S608 - names are quoted
        f" where {dialect.quote(column)} is not null and 1 = {dialect.bind('one')} limit {_MOST_WORDS + 1}"
    )
    words = sorted(str(row["word"]) for row in database.select(connection, statement, {"one": 1}))
    too_many = len(words) > _MOST_WORDS or any(len(word) > _LONGEST for word in words)
    return () if too_many or is_sensitive(column, words) else tuple(words)


def _quoted(name: str) -> str:
    return name if name.replace("_", "").isalnum() else f'"{name}"'


def _references(inspector: Inspector, name: str) -> Iterator[tuple[str, str]]:
    for key in inspector.get_foreign_keys(name):
        columns = key["constrained_columns"]
        if len(columns) == 1:
            yield columns[0], key["referred_table"]


def _samples(rows: list[dict[str, Any]], name: str) -> tuple[FrozenValue, ...]:
    """A few values; none of a column that may hold a secret."""
    found = [freeze(row[name]) for row in rows if row.get(name) is not None]
    if is_sensitive(name, found):
        return ()
    return tuple(value[:_LONGEST] if isinstance(value, str) else value for value in found)
