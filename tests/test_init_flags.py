"""`init` and flags: however a CRM says yes and no, the proposed query finds the rows that say yes."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from fieldnote.bridge.setup.scaffold.evidence import meanings, shapes
from fieldnote.bridge.setup.scaffold.query import Spelling
from fieldnote.crm.sql.columns import Family
from fieldnote.crm.sql.survey import SurveyColumn, SurveyTable

WAYS = [
    (1, 0), (-1, 0), ("Y", "N"), ("yes", "no"), ("True", "False"), ("on", "off"), ("Ja", "Nein"), ("J", "N"),
    ("ja", "nee"), ("Oui", "Non"), ("O", "N"), ("S", "N"), ("Sí", "No"), ("Sim", "Não"), ("X", ""), ("-1", "0"),
    ("WAHR", "FALSCH"), (1, None), ("x", None),
]  # fmt: skip


@pytest.mark.parametrize("ways", WAYS, ids=str)
@pytest.mark.parametrize("declared", ["", "integer", "text"])
def test_a_flag_is_found_in_each_form(ways: tuple[object, object], declared: str) -> None:
    yes, no = ways
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"create table visits (id integer primary key, cancelled {declared})")
        database.executemany(
            "insert into visits (cancelled) values (?)", [(yes if n % 4 == 0 else no,) for n in range(20)]
        )
        values = tuple(value for (value,) in database.execute("select cancelled from visits"))
        text = isinstance(values[0], str)
        family = {"integer": Family.INTEGER, "text": Family.TEXT, "": Family.UNTYPED}[declared]
        column = SurveyColumn("cancelled", Family.TEXT if text and declared else family, row_values=values)
        table = SurveyTable("visits", (column,))
        assert shapes.is_flag(column)
        assert meanings.best(table, "cancelled") is column
        condition = Spelling("sqlite").yes("cancelled", column)
        found = database.execute(f"select id from visits where {condition}")
        assert [row[0] for row in found] == [1, 5, 9, 13, 17], condition
        if no not in (None, ""):
            condition = Spelling("sqlite").no("cancelled", column)
            found = database.execute(f"select id from visits where not {condition}")
            assert [row[0] for row in found] == [1, 5, 9, 13, 17], condition
