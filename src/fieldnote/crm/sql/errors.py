"""A database's errors as our errors: the one edge where foreign errors end.

Messages of the database are passed on where they speak of the query, and held back where they may quote
a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fieldnote.errors import CrmError, CrmRefused, CrmUnavailable


class _Fault(Enum):
    """Kinds of complaint: what it means to a person, how to fix it, whether repeating may help."""

    UNREACHABLE = ("cannot be reached", "check crm.url, the network, and that the database is running", True)
    BUSY = ("is busy or holds a lock", "Fieldnote tries again automatically", True)
    LOGIN = ("refuses the login", "check user and password in crm.url", False)
    DATABASE = ("has no such database", "check the name at the end of crm.url", False)
    MISSING = (
        "does not know a table or column",
        "compare the names in fieldnote.yaml with the database",
        False,
    )
    DUPLICATE_COLUMN = ("finds a column name twice", "give each column of the query a name of its own", False)
    SYNTAX = ("cannot read the query", "try the query in the database's own client", False)
    DENIED = ("denies the right", "grant the user of crm.url (or crm.write_url) the right to do this", False)
    CONSTRAINT = ("refuses the row by one of its rules", "see which columns it needs, and which refer", False)
    VALUE = ("refuses a value", "see the column's type and length", False)
    CHARACTERS = (
        "cannot keep a character of the text",
        "change the column's character set to one that holds every character (utf8mb4, UTF8, or nvarchar)",
        False,
    )
    READ_ONLY = ("is read-only", "give crm.write_url an address that may write", False)
    OPTION = ("is not asked, as its address is wrong", "check what is behind the '?'", False)
    OTHER = ("gives an error", None, False)


_SQLSTATES = (
    (("08", "57P01", "57P02", "57P03", "58"), _Fault.UNREACHABLE),
    (("40", "53", "55P03", "55006", "57014", "25P04"), _Fault.BUSY),
    (("28",), _Fault.LOGIN),
    (("3D",), _Fault.DATABASE),
    (("42P01", "42703", "3F", "42883"), _Fault.MISSING),
    (("42701", "42702"), _Fault.DUPLICATE_COLUMN),
    (("42501",), _Fault.DENIED),
    (("42",), _Fault.SYNTAX),
    (("23", "44"), _Fault.CONSTRAINT),
    (("22",), _Fault.VALUE),
    (("22P05", "22021"), _Fault.CHARACTERS),
    (("25006",), _Fault.READ_ONLY),
)

_MYSQL = {
    _Fault.UNREACHABLE: {1053, 1077, 1079, 2002, 2003, 2005, 2006, 2013, 2014, 2055, 4031},
    _Fault.BUSY: {1040, 1041, 1180, 1203, 1205, 1206, 1213, 1226, 1317, 1969, 3024, 3572},
    _Fault.LOGIN: {1044, 1045, 1698, 1251, 2059},
    _Fault.DATABASE: {1049},
    _Fault.MISSING: {1051, 1054, 1109, 1146, 1305},
    _Fault.DUPLICATE_COLUMN: {1052, 1060},
    _Fault.SYNTAX: {1064, 1065, 1149, 1248},
    _Fault.DENIED: {1142, 1143, 1227, 1370},
    _Fault.CONSTRAINT: {1022, 1048, 1062, 1169, 1216, 1217, 1364, 1369, 1451, 1452, 1557, 1644, 3819, 4025},
    _Fault.VALUE: {1264, 1265, 1292, 1366, 1406, 1411, 1690, 3140},
    _Fault.CHARACTERS: {1300, 1977, 3854},
    _Fault.READ_ONLY: {1290, 1792, 1836},
}  # fmt: skip

_MSSQL = {
    _Fault.UNREACHABLE: {17, 53, 233, 10053, 10054, 10060, 20002, 20003, 20004, 20006, 20009, 20047},
    _Fault.BUSY: {-2, 1204, 1205, 1222, 3960, 8645, 17809, 40197, 40501, 40613},
    _Fault.LOGIN: {4064, 18452, 18456, 18486, 18487, 18488},
    _Fault.DATABASE: {911, 4060},
    _Fault.MISSING: {207, 208, 2812, 4104},
    _Fault.DUPLICATE_COLUMN: {209, 8156},
    _Fault.SYNTAX: {102, 105, 156, 319, 1033},
    _Fault.DENIED: {229, 230, 262, 300},
    _Fault.CONSTRAINT: {515, 547, 2601, 2627},
    _Fault.VALUE: {220, 241, 242, 245, 2628, 8114, 8115, 8152},
    _Fault.READ_ONLY: {3906, 3908},
}  # fmt: skip

_SQLITE = (
    (r"locked|busy", _Fault.BUSY),
    (r"unable to open|disk i/o", _Fault.UNREACHABLE),
    (r"no such (table|column|function)", _Fault.MISSING),
    (r"syntax error|incomplete input|unrecognized token|one statement", _Fault.SYNTAX),
    (r"constraint failed", _Fault.CONSTRAINT),
    (r"readonly", _Fault.READ_ONLY),
    (r"not a database|malformed", _Fault.DATABASE),
)

# Where libpq fails to connect it gives words and no code.
_CONNECTING = (
    (r"authentication failed|no password supplied|no pg_hba.conf entry|role .* does not exist", _Fault.LOGIN),
    (r"database .* does not exist", _Fault.DATABASE),
    (r"connection option|invalid .* value|missing \"=\"", _Fault.OPTION),
)

# These say what they mean without quoting a value of a row.
_SPEAKS_OF_THE_QUERY = {
    _Fault.MISSING, _Fault.DUPLICATE_COLUMN, _Fault.SYNTAX, _Fault.DENIED, _Fault.DATABASE, _Fault.OTHER,
}  # fmt: skip


_OF_THE_CONNECTION = {_Fault.LOGIN, _Fault.DENIED, _Fault.READ_ONLY, _Fault.DATABASE}


def is_about_the_connection(error: DBAPIError) -> bool:
    """Whether a new connection may succeed where this one was refused.

    MySQL and MariaDB give a connection its rights as it begins, and a server that was read-only may have a successor.
    """
    return _fault(error.orig or error) in _OF_THE_CONNECTION


def is_about_a_value(error: Exception) -> bool:
    """Whether a driver failed because Python cannot hold a value, and not because of the connection."""
    own = type(error).__module__.partition(".")[0] in {"psycopg", "pymysql", "pymssql", "sqlite3"}
    return (
        type(error).__name__ == "DataError" if own else isinstance(error, ValueError | OverflowError | ArithmeticError)
    )


@contextmanager
def translated(doing: str, *, reading: bool = True, connecting: bool = False) -> Iterator[None]:
    """Raise our own error for whatever the database raises. `doing`: 'reading push.engagements'."""
    try:
        yield
    except DBAPIError as error:
        raise _translate(error.orig or error, doing, reading=reading) from error
    except PoolTimeout as error:
        raise CrmUnavailable(f"{doing}: no connection to the CRM came free") from error
    except (SQLAlchemyError, UnicodeError) as error:
        raise CrmRefused(f"{doing}: the database driver refuses it ({type(error).__name__})") from error
    except TypeError as error:
        if not connecting:
            raise
        # The part behind the '?' of an address reaches the driver as arguments, known to it or not.
        hint = "check what is behind its '?'"
        raise CrmRefused(f"{doing}: the database driver does not know an option", hint=hint) from error


def _translate(error: BaseException, doing: str, *, reading: bool) -> CrmError:
    fault = _fault(error)
    meaning, hint, transient = fault.value
    # While reading, a value that does not fit comes from the query's own text.
    detail = _detail(error) if fault in _SPEAKS_OF_THE_QUERY or reading else _named(error)
    text = f"{doing}: the CRM {meaning}{f' ({detail})' if detail else ''}"
    return CrmUnavailable(text, hint=hint) if transient else CrmRefused(text, hint=hint)


def _fault(error: BaseException) -> _Fault:
    module = type(error).__module__
    if module.startswith("pymysql"):
        # Its codes are finer than the SQLSTATEs that MySQL sends along.
        fault = _numbered(_MYSQL, error)
        return _Fault.CHARACTERS if fault is _Fault.VALUE and _BAD_STRING.search(str(error)) else fault
    if module.startswith("pymssql"):
        return _numbered(_MSSQL, error)
    sqlstate = getattr(error, "sqlstate", None)
    if isinstance(sqlstate, str):
        # The longest code that fits is the most exact one.
        fits = [(len(code), fault) for codes, fault in _SQLSTATES for code in codes if sqlstate.startswith(code)]
        return max(fits, key=lambda fit: fit[0])[1] if fits else _Fault.OTHER
    if module.startswith("sqlite3"):
        return _worded(_SQLITE, error, _Fault.OTHER)
    return _worded(_CONNECTING, error, _Fault.UNREACHABLE)


def _numbered(table: dict[_Fault, set[int]], error: BaseException) -> _Fault:
    code = error.args[0] if error.args else 0
    code = code[0] if isinstance(code, tuple) and code else code
    return next((fault for fault, codes in table.items() if code in codes), _Fault.OTHER)


def _worded(table: tuple[tuple[str, _Fault], ...], error: BaseException, otherwise: _Fault) -> _Fault:
    text = str(error).casefold()
    return next((fault for pattern, fault in table if re.search(pattern, text)), otherwise)


def _detail(error: BaseException) -> str:
    """The database's own sentence, without the parts that quote rows or the statement."""
    diagnosis = getattr(error, "diag", None)
    primary = getattr(diagnosis, "message_primary", None)
    if primary:
        return str(primary)
    if type(error).__module__.startswith("pymysql") and len(error.args) > 1:
        return str(error.args[1])
    if type(error).__module__.startswith("pymssql"):
        return _server_said(error)
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else ""


def _server_said(error: BaseException) -> str:
    """SQL Server's sentence, without the library's own about it."""
    number_and_text = error.args[0] if error.args and isinstance(error.args[0], tuple) else error.args
    text = number_and_text[1] if len(number_and_text) > 1 else b""
    said = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    sentences = [line for line in re.split(r"DB-Lib error message.*?:|\n", said) if line.strip()]
    return sentences[0].strip()[:200] if sentences else ""


_BAD_STRING = re.compile(r"Incorrect string value|[Ii]nvalid .*character string")
_NAMED = re.compile(r"(?:[Cc]olumn|for key|[Ff]ield) ((?:[`'][^`']+[`']\.?)+)")


def _named(error: BaseException) -> str:
    """The rule or the column that a complaint is about, as far as the database names it apart."""
    diagnosis = getattr(error, "diag", None)
    for part in ("constraint_name", "column_name"):
        name = getattr(diagnosis, part, None)
        if name:
            return str(name)
    found = _NAMED.search(str(error))
    if found:
        # The database comes first: `db`.`table`.`column`.
        return str(re.findall(r"[^`'.]+", found[1])[-1])
    found = re.search(r"(?:UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(?:: [\w.]+)?", str(error))
    return found.group(0) if found else ""
