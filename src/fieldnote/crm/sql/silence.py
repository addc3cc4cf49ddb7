"""PostgreSQL connections that end when the server stays silent.

The settings of libpq end a connection whose packets nobody takes. A server, or a proxy before it, that takes them and
never answers is waited for without an end, unless the driver itself counts.
"""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")


class SilentConnection(psycopg.Connection[Any]):
    """A connection whose every wait ends. `silence` is the longest one, in seconds."""

    silence: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """As psycopg's own, with an end. The connection is of no use after it."""
        try:
            return super().wait(gen, interval=interval, timeout=timeout or self.silence)
        except psycopg.Error as error:
            if type(error).__name__ != "_WaitTimeout":
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError("the server did not answer in time") from None


def connect(silence: float, arguments: tuple[Any, ...], options: dict[str, Any]) -> SilentConnection:
    """Connect as `psycopg.connect` does."""
    connection = SilentConnection.connect(*arguments, **options)
    connection.silence = silence
    return connection
