"""Reading PostgreSQL values that Python cannot hold: `infinity`, years past 9999 and BC, `24:00`, broken text.

Only a page with such a value is read this way, so other pages pay nothing.
"""

from __future__ import annotations

from typing import Any, Final

from psycopg import ClientCursor, DataError
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.types.datetime import (
    DateLoader,
    IntervalLoader,
    TimeLoader,
    TimestampLoader,
    TimestamptzLoader,
    TimetzLoader,
)
from psycopg.types.string import TextLoader
from sqlalchemy import Connection

from fieldnote.crm.types import Unreadable

_LOADERS: Final[dict[str, type[Loader]]] = {
    "date": DateLoader,
    "interval": IntervalLoader,
    "time": TimeLoader,
    "timetz": TimetzLoader,
    "timestamp": TimestampLoader,
    "timestamptz": TimestamptzLoader,
    "text": TextLoader,
    "varchar": TextLoader,
    "bpchar": TextLoader,
}


def lenient_rows(
    connection: Connection, statement: str, bound: dict[str, Any]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names and rows. Run the statement once more on the same transaction. Never raises because of a value."""
    driver: Any = connection.connection.driver_connection
    with ClientCursor(driver) as cursor:
        for kind, loader in _LOADERS.items():
            cursor.adapters.register_loader(kind, _lenient(kind, loader))
        cursor.format = Format.TEXT
        cursor.execute(statement, bound)
        rows = cursor.fetchall()
        return [column.name for column in cursor.description or ()], rows


def _lenient(kind: str, strict: type[Loader]) -> type[Loader]:
    class Lenient(Loader):
        format = Format.TEXT

        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._strict = strict(oid, context)

        def load(self, data: Buffer) -> Any:
            try:
                return self._strict.load(data)
            except (DataError, ValueError, OverflowError):
                return Unreadable(kind, bytes(data).decode(errors="replace"))

    return Lenient
