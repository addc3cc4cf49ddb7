"""Reading values of MySQL and MariaDB that Python cannot hold: text that is not UTF-8, such as half a surrogate pair.

The driver stops in the middle of an answer, so the connection is opened again. Only a page with such a value is read
this way, so other pages pay nothing.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from typing import Any, Final

from pymysql.constants import FIELD_TYPE
from pymysql.converters import decoders as STRICT  # noqa: N812 - the driver's own table
from sqlalchemy import Connection

from fieldnote.crm.types import Unreadable

_CODEC: Final = "fieldnote_lenient_utf8"
_TEXTS: Final = (
    FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING, FIELD_TYPE.TINY_BLOB, FIELD_TYPE.BLOB,
    FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.ENUM, FIELD_TYPE.SET, FIELD_TYPE.JSON,
)  # fmt: skip
_NAMES: Final = {
    FIELD_TYPE.DATE: "date", FIELD_TYPE.DATETIME: "datetime", FIELD_TYPE.TIMESTAMP: "timestamp",
    FIELD_TYPE.TIME: "time", FIELD_TYPE.YEAR: "year", FIELD_TYPE.DECIMAL: "decimal", FIELD_TYPE.NEWDECIMAL: "decimal",
    FIELD_TYPE.FLOAT: "float", FIELD_TYPE.DOUBLE: "double",
}  # fmt: skip


def lenient_rows(
    connection: Connection, opening: Sequence[str], statement: str, bound: dict[str, Any]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names and rows, in a transaction that begins again. Never raises because of a value."""
    driver: Any = connection.connection.driver_connection
    driver.close()
    driver.connect()
    kept = driver.decoders, driver.encoding
    try:
        driver.decoders = _DECODERS
        driver.encoding = _CODEC
        with driver.cursor() as cursor:
            for one in opening:
                cursor.execute(one)
            cursor.execute(statement, bound)
            return [column[0] for column in cursor.description], list(cursor.fetchall())
    finally:
        driver.decoders, driver.encoding = kept


def _readable(value: str | bytes) -> object:
    if isinstance(value, bytes) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return Unreadable("text", value.encode(errors="surrogateescape").decode(errors="replace"))
    return value


def _lenient(kind: int, strict: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        try:
            return strict(value)
        except (ValueError, ArithmeticError):
            return Unreadable(_NAMES.get(kind, "value"), str(value))

    return read


def _codec(name: str) -> codecs.CodecInfo | None:
    if name != _CODEC:
        return None
    return codecs.CodecInfo(
        lambda text, errors="strict": codecs.utf_8_encode(text, "surrogateescape"),
        lambda data, errors="strict": codecs.utf_8_decode(data, "surrogateescape", True),
        name=_CODEC,
    )


codecs.register(_codec)
_DECODERS: Final = {kind: _lenient(kind, strict) for kind, strict in STRICT.items()} | dict.fromkeys(_TEXTS, _readable)
