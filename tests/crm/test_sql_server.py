"""SQL Server, as far as it can be looked at without one: addresses, names, and statements by another's grammar."""

from __future__ import annotations

import sqlglot

from fieldnote.crm.sql.text import Dialect, identity_of, name_parts, one_select, parse_url

TSQL = Dialect("mssql")


def test_its_address_is_one() -> None:
    url = parse_url("mssql://sa:p@ss/word@db.example/crm", "crm.url")
    assert (url.drivername, url.password) == ("mssql+pymssql", "p@ss/word")
    assert identity_of(url) == "mssql://db.example:1433/crm"


def test_names_in_brackets_are_names() -> None:
    assert name_parts("[dbo].[my deals]") == ("dbo", "my deals")
    assert TSQL.path(("dbo", "a]b")) == "[dbo].[a]]b]"
    query = "select [a;b], 'x;y' as c from [dbo].[deals]"
    assert one_select(f"{query} ; -- the end", "push.x", "mssql") == query


def _meant(statement: str) -> str:
    """The statement as a database without brackets and `fetch next` would write it."""
    (found,) = sqlglot.transpile(statement, read="tsql", write="duckdb", unsupported_level=sqlglot.ErrorLevel.IGNORE)
    return found.replace(" NULLS FIRST", "")


def test_its_statements_are_grammatical() -> None:
    deals, key = TSQL.path(("dbo", "deals")), TSQL.quote("id")
    page = f"select * from {deals} {TSQL.quote('f')} where {key} > 1 order by {key}{TSQL.first(5, ordered=True)}"
    assert _meant(page) == 'SELECT * FROM "dbo"."deals" AS "f" WHERE "id" > 1 ORDER BY "id" LIMIT 5 OFFSET 0'
    record = f"select * from {deals}{TSQL.updated_soon} where {key} = 1{TSQL.first(2)}"
    assert _meant(record) == 'SELECT * FROM "dbo"."deals" WHERE "id" = 1 ORDER BY (SELECT NULL) LIMIT 2 OFFSET 0'
