"""Addresses and statements as text: what people write, made into what a database takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from fieldnote.config import nearest
from fieldnote.crm.sql.cursor_shapes import ANY, DIGIT, Pattern
from fieldnote.errors import ConfigError, CrmRefused

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
    "sqlite": "sqlite",
    "mssql": "mssql+pymssql",
    "mssql+pymssql": "mssql+pymssql",
    "sqlserver": "mssql+pymssql",
}

_EXAMPLES = "write for example postgresql://user:password@host/database, mysql://… or sqlite:///path/to/file.db"


def parse_url(text: str, setting: str) -> URL:
    """An address as people write it. A password may hold any character, `@` and `/` too.

    Raises ConfigError, without the address, where it cannot be read.
    """
    scheme, separator, rest = text.strip().partition("://")
    driver = _DRIVERS.get(scheme.casefold())
    if not separator or driver is None:
        known = "PostgreSQL, MySQL, MariaDB, SQLite or SQL Server"
        raise ConfigError(f"{setting} is not the address of a {known} database", hint=_EXAMPLES)
    login, at, place = rest.rpartition("@") if driver != "sqlite" else ("", "", rest)
    user, _, password = login.partition(":")
    try:
        url = make_url(f"{driver}://{place}")
    except (ArgumentError, ValueError) as error:
        raise ConfigError(f"{setting} cannot be read as a database's address", hint=_EXAMPLES) from error
    if driver == "sqlite" and not url.database:
        raise ConfigError(f"{setting} names no file", hint=_EXAMPLES)
    if at:
        url = url.set(username=unquote(user), password=unquote(password) or None)
    return url


def identity_of(url: URL) -> str:
    """Which database an address means, without login and options."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        return f"sqlite:{Path(url.database or '').resolve()}"
    port = url.port or {"postgresql": 5432, "mysql": 3306, "mssql": 1433}[backend]
    host = url.host or url.query.get("host") or "localhost"
    return f"{backend}://{str(host).casefold()}:{port}/{url.database or ''}"


def _pieces(comment: str, string: str) -> re.Pattern[str]:
    """The text that may have a semicolon that ends no statement: comments, dollar quotes, strings and names."""
    return re.compile(
        rf"""(?P<comment> --[^\n]* | /\*.*?\*/ {comment})
          | (?P<dollar> (\$[A-Za-z_]*\$) .*? \3 )
          | (?P<quoted> {string} | "(?:[^"]|"")*" | `[^`]*` )
          | (?P<end> ; )
          | (?P<other> . )""",
        re.VERBOSE | re.DOTALL,
    )


_STANDARD = _pieces("", r"'(?:[^']|'')*'")
_MYSQL = _pieces(r"| \#[^\n]*", r"'(?:[^'\\]|''|\\.)*'")
_TSQL = _pieces("", r"'(?:[^']|'')*' | \[(?:[^\]]|\]\])*\]")
_PIECES = {"mysql": _MYSQL, "mssql": _TSQL}


def one_select(query: str, name: str, backend: str) -> str:
    """A query without the semicolon and comments at its end. Raises CrmRefused for several statements."""
    end = ended = 0
    for piece in _PIECES.get(backend, _STANDARD).finditer(query):
        if piece["end"]:
            ended = 1
        elif not piece["comment"] and not piece.group().isspace():
            if ended:
                raise CrmRefused(f"{name}: the query holds several statements", hint="leave one select")
            end = piece.end()
    if not end:
        raise CrmRefused(f"{name}: the query is empty")
    return query[:end]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How statements are spelled for one database."""

    backend: str

    def quote(self, name: str) -> str:
        if self.backend == "mssql":
            return self.literal(f"[{name.replace(']', ']]')}]")
        # In double quotes SQLite takes the name of a column that is gone for a text, and gives that.
        mark = "`" if self.backend in {"mysql", "sqlite"} else '"'
        return self.literal(f"{mark}{name.replace(mark, mark * 2)}{mark}")

    def path(self, parts: tuple[str, ...]) -> str:
        """A table's name with its schema."""
        return ".".join(map(self.quote, parts))

    def bind(self, name: str) -> str:
        return f":{name}" if self.backend == "sqlite" else f"%({name})s"

    def literal(self, text: str) -> str:
        """Text of somebody else inside a statement whose values are bound."""
        return text if self.backend == "sqlite" else text.replace("%", "%%")

    def first(self, count: int, *, ordered: bool = False) -> str:
        """The clause at a statement's end that leaves so many rows; `ordered`: it has an `order by` already."""
        if self.backend != "mssql":
            return f" limit {count}"
        return f"{'' if ordered else ' order by (select null)'} offset 0 rows fetch next {count} rows only"

    def trimmed(self, column: str) -> str:
        """A quoted column as text without blanks at both ends, as `external_id` sees it."""
        match self.backend:
            case "postgresql":
                return f"btrim(cast({column} as text), E' \\t\\n\\r\\u00a0')"
            case "sqlite":
                return f"trim(cast({column} as text), ' ' || char(9) || char(10) || char(13) || char(160))"
            case "mssql":
                return f"ltrim(rtrim(cast({column} as nvarchar(max))))"
            case _:
                return f"trim(cast({column} as char))"

    def padded(self, column: str) -> str:
        """A condition: a quoted column has blanks at an end. By length, as a collation may hold both to be equal."""
        kind = {"mysql": "char", "mssql": "nvarchar(max)"}.get(self.backend, "text")
        length = {"sqlite": "length", "mssql": "datalength"}.get(self.backend, "char_length")
        return f"{length}(cast({column} as {kind})) <> {length}({self.trimmed(column)})"

    def shaped(self, column: str, patterns: Sequence[Pattern], prefix: str) -> tuple[str, dict[str, str]]:
        """A condition: a quoted column has a text of one of these patterns. Its values' names begin with `prefix`."""
        if self.backend in {"sqlite", "mssql"}:
            operator = "glob" if self.backend == "sqlite" else "like"
            bound = {f"{prefix}{n}": _wildcards(pattern, self.backend) for n, pattern in enumerate(patterns)}
            listed = " or ".join(f"{column} {operator} {self.bind(name)}" for name in bound)
            if self.backend == "mssql":
                return f"({listed})", bound
            return f"(case when typeof({column}) = 'text' then ({listed}) else 0 end)", bound
        expression = "|".join("".join(map(_regular, pattern)) for pattern in patterns)
        operator = "~" if self.backend == "postgresql" else "regexp"
        kind = "text" if self.backend == "postgresql" else "char"
        return f"(cast({column} as {kind}) {operator} {self.bind(prefix)})", {prefix: f"^({expression})$"}

    @property
    def for_update(self) -> str:
        """At a statement's end. SQLite locks the whole file when a writing transaction begins."""
        return "" if self.backend in {"sqlite", "mssql"} else " for update"

    @property
    def updated_soon(self) -> str:
        """SQL Server's way of the same, behind the table's name."""
        return " with (updlock, rowlock)" if self.backend == "mssql" else ""


def _wildcards(pattern: Pattern, backend: str) -> str:
    """A pattern for `glob`, or for SQL Server's `like`."""
    single, special = ("?", "*?[") if backend == "sqlite" else ("_", "%_[")
    signs = {DIGIT: "[0-9]", ANY: single}
    return "".join(signs.get(sign) or (f"[{sign[1]}]" if sign[1] in special else sign[1]) for sign in pattern)


def _regular(sign: str) -> str:
    return {DIGIT: "[0-9]", ANY: "."}.get(sign) or re.escape(sign[1])


def name_parts(table: str) -> tuple[str, ...]:
    """`crm.deals` or `"My Schema".Deals` as its parts."""
    parts = re.findall(r'"((?:[^"]|"")+)"|`([^`]+)`|\[([^\]]+)\]|([^."`\[\]]+)', table)
    return tuple(
        quoted.replace('""', '"') or ticked or bracketed or bare.strip() for quoted, ticked, bracketed, bare in parts
    )


def spelled(name: str, known: tuple[str, ...], where: str, *, what: str = "column") -> str:
    """A name as the database spells it; raises CrmRefused, with the nearest, where there is none."""
    if name in known:
        return name
    folded = [candidate for candidate in known if candidate.casefold() == name.casefold()]
    if len(folded) == 1:
        return folded[0]
    raise CrmRefused(
        f"{where} has no {what} '{name}'{nearest(name, sorted(known))}",
        hint="correct the name in fieldnote.yaml, or add it to the CRM",
    )
