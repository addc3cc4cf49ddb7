"""Windows of calls that all processes of a connection share: each call takes its slot in the landing's schema."""

# ruff: noqa: S608 - the one name that is put into statements is a constant

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fieldnote.config import CallWindow
from fieldnote.crm.rest.pace import free_at
from fieldnote.crm.staging import OURS, Landing
from fieldnote.crm.types import Place

log = logging.getLogger(__name__)

_TABLE = f"{OURS}pace"
_CREATE = f"create table if not exists {_TABLE} (name text primary key, taken jsonb not null default '[]')"
_ADD = f"insert into {_TABLE} (name) select unnest(%s::text[]) on conflict do nothing"
_LOCK = f"""select name, taken, extract(epoch from clock_timestamp())::float8 from {_TABLE}
    where name = any(%s) order by name for update"""
_TAKE = f"update {_TABLE} set taken = %s where name = %s"


class SharedSlots:
    """The calls that were made lately, by window. The database's clock counts for everybody."""

    def __init__(self, place: Place) -> None:
        self._landing = Landing(place)
        self._connection: psycopg.Connection | None = None
        self._lock = threading.Lock()

    def reserve(self, windows: Sequence[CallWindow]) -> float | None:
        """Take the next slot of these windows; the seconds until it. None: the database does not answer."""
        names = {name_of(one): one for one in windows}
        with self._lock:
            try:
                return self._reserve(names)
            except psycopg.Error as error:
                log.warning("pace_not_shared", extra={"error": type(error).__name__})
                self._close()
                return None

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._close()

    def _reserve(self, names: dict[str, CallWindow]) -> float:
        connection = self._open(list(names))
        with connection.transaction():
            rows = connection.execute(_LOCK, (list(names),)).fetchall()
            now = max((clock for _, _, clock in rows), default=0.0)
            at = max([now, *(free_at(names[name], taken) for name, taken, _ in rows)])
            for name, taken, _ in rows:
                connection.execute(_TAKE, (json.dumps([*taken, at][-names[name].calls :]), name))
        return float(at - now)

    def _open(self, names: list[str]) -> psycopg.Connection:
        if self._connection is None:
            connection = psycopg.connect(make_conninfo(**self._landing.conninfo()), autocommit=True)
            for _ in range(2):  # two processes may create it at once, and one of them fails
                try:
                    schema = sql.Identifier(self._landing.schema)
                    connection.execute(sql.SQL("create schema if not exists {}").format(schema))
                    connection.execute(_CREATE)
                    break
                except psycopg.errors.UniqueViolation:
                    continue
            self._connection = connection
        self._connection.execute(_ADD, (sorted(names),))
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def name_of(window: CallWindow) -> str:
    """The name of a window among those of its connection. One that the file changes is another one."""
    return f"{window.path}|{window.calls}|{window.seconds:g}"
