"""The access token of a login, which all processes of a connection share: one sealed row in the landing's schema.

- The key of the seal is derived from the client secret. The database alone does not reveal the token, and after a
  change of the secret nobody can open the row.
- Who needs a new token locks the login, looks again, signs in, and stores the token. The others wait, and use it.
- Nothing fails because of the row. If it is broken or locked, or the database is away, a process signs in for itself.
"""

# ruff: noqa: S608 - the one name that is put into statements is a constant

from __future__ import annotations

import base64
import hashlib
import json
import logging
import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fieldnote.crm.staging import OURS, Landing
from fieldnote.crm.types import Place

log = logging.getLogger(__name__)

AHEAD = 60.0
"""So many seconds before its end a token is renewed."""
REVOKED = "check client.auth of crm.rest: the client secret may be wrong, revoked or expired"
"""The hint where the API refuses the login itself."""
_PATIENCE = 15.0
"""Seconds to wait for another process that signs in, or that locks the row."""
_TABLE = f"{OURS}tokens"
_CREATE = f"""create table if not exists {_TABLE}
    (name text primary key, sealed bytea not null, good_until timestamptz not null)"""
_FIND = f"select sealed, extract(epoch from good_until - clock_timestamp())::float8 from {_TABLE} where name = %s"
_KEEP = f"""insert into {_TABLE} values (%s, %s, clock_timestamp() + make_interval(secs => %s))
    on conflict (name) do update set sealed = excluded.sealed, good_until = excluded.good_until"""
_FORGET = f"delete from {_TABLE} where name = %s and sealed = %s"
_FORGET_OLD = f"delete from {_TABLE} where name <> %s and good_until < clock_timestamp()"


def good_for(lifetime: object, default: float) -> float:
    """The seconds for which a new token is used, by what the API says of its lifetime; 0: for one call."""
    try:
        seconds = float(str(lifetime))
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        seconds = default
    return max(seconds - AHEAD, seconds / 2)


class SharedToken:
    """The token of one login. `auth` is `crm.rest.client.auth`.

    `place` is the connection whose processes share it; without one, only the threads of this process do.
    """

    def __init__(self, auth: Mapping[str, Any], place: Place | None = None, patience: float = _PATIENCE) -> None:
        self._login = _Login(auth)
        self._landing = Landing(place) if place is not None and self._login.has_secret else None
        self._patience = patience
        self._lock = threading.Lock()
        self._kept = ("", 0.0)

    def __repr__(self) -> str:
        return "SharedToken(***)"

    def __deepcopy__(self, memo: object) -> SharedToken:
        return self  # dlt copies a login with its client, and all copies have one token

    def current(self) -> str | None:
        """The token that this process has, if it need not be renewed."""
        token, until = self._kept
        return token if token and time.monotonic() < until else None

    @contextmanager
    def renewal(self, failed: str | None = None) -> Iterator[Renewal]:
        """Look for a token other than `failed`, which the API refused. Without one, the login is locked meanwhile."""
        with self._lock:
            token = self.current()
            if token is not None and token != failed:
                yield Renewal(self, None, token)
                return
            row = None if self._landing is None else _Row(self._landing, self._login, self._patience)
            try:
                yield Renewal(self, row, self._found(row, failed))
            finally:
                if row is not None:
                    row.close()

    def _found(self, row: _Row | None, failed: str | None) -> str | None:
        """The stored token, before or after another process has renewed it."""
        found = None if row is None else row.find(failed) or row.find_locked(failed)
        if found is None:
            return None
        token, seconds = found
        self.keep(token, time.monotonic() + seconds)
        return token

    def keep(self, token: str, until: float) -> None:
        """Keep it for this process, until that time of the monotonic clock."""
        self._kept = (token, until)


class Renewal:
    """One renewal. `token` is a good one that another thread or process got; if it is None, sign in and `keep`."""

    def __init__(self, owner: SharedToken, row: _Row | None, token: str | None) -> None:
        self.token = token
        self._owner, self._row = owner, row
        self._began = time.monotonic()

    def keep(self, token: str, seconds: float) -> str:
        """Store a new token, which is used for so many seconds from the sign-in on."""
        until = self._began + seconds
        self._owner.keep(token, until)
        left = until - time.monotonic()
        if self._row is not None and left > 0:
            self._row.keep(token, left)
        return token

    def forget(self) -> None:
        """Remove the stored token: the API refuses the login itself."""
        self._owner.keep("", 0.0)
        if self._row is not None:
            self._row.forget()


class _Login:
    """The name of a login's row, and its seal."""

    def __init__(self, auth: Mapping[str, Any]) -> None:
        secret = auth.get("client_secret")
        self.has_secret = bool(secret)
        place = f"{auth.get('access_token_url')}\0{auth.get('client_id')}"
        self.name = hashlib.sha256(place.encode()).hexdigest()
        self.number = int.from_bytes(hashlib.sha256(f"token {self.name}".encode()).digest()[:8], signed=True)
        # Another scope needs another token, so it counts as another secret.
        self._secret = json.dumps([secret, auth.get("access_token_request_data") or {}], sort_keys=True, default=str)

    def seal(self, token: str) -> bytes:
        return self._fernet().encrypt(token.encode())

    def opened(self, sealed: bytes) -> str | None:
        """The token; None if another secret sealed it, or if it is broken."""
        try:
            return self._fernet().decrypt(sealed).decode()
        except (InvalidToken, TypeError):
            return None

    def _fernet(self) -> Fernet:
        purpose = f"fieldnote access token {self.name}".encode()
        key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(self._secret.encode())
        return Fernet(base64.urlsafe_b64encode(key))


class _Row:
    """The row of a login, during one renewal. After an error of the database it is as if there were none."""

    def __init__(self, landing: Landing, login: _Login, patience: float) -> None:
        self._schema, self._login = landing.schema, login
        self._sealed: bytes | None = None
        self._connection: psycopg.Connection | None = None
        try:
            self._connection = psycopg.connect(make_conninfo(**landing.conninfo()), autocommit=True)
        except psycopg.Error as error:
            self._fail(error)
        self._ask("select set_config('lock_timeout', %s, false)", (f"{round(patience * 1000)}ms",))

    def find(self, failed: str | None) -> tuple[str, float] | None:
        """The token and the seconds for which it is good; None if it is `failed`, over, broken or not there."""
        for sealed, seconds in self._ask(_FIND, (self._login.name,)):
            token = self._login.opened(sealed)
            self._sealed = None if token is None else sealed
            if token is not None and token != failed and seconds > 0:
                return token, float(seconds)
        return None

    def find_locked(self, failed: str | None) -> tuple[str, float] | None:
        """As `find`, once no other process renews it. The lock is released by `close`."""
        self._ask("select pg_advisory_lock(%s)", (self._login.number,))
        for _ in range(2):  # two drivers may create the schema at once, and one of them fails
            self._ask(sql.SQL("create schema if not exists {}").format(sql.Identifier(self._schema)))
            self._ask(_CREATE)
        return self.find(failed)

    def keep(self, token: str, seconds: float) -> None:
        """Replace the token."""
        self._ask(_KEEP, (self._login.name, self._login.seal(token), seconds))
        self._ask(_FORGET_OLD, (self._login.name,))

    def forget(self) -> None:
        """Remove the token, if this login's secret sealed it."""
        if self._sealed is not None:
            self._ask(_FORGET, (self._login.name, self._sealed))

    def close(self) -> None:
        """End the connection, and with it the lock."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, statement: str | sql.Composed, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        if self._connection is None:
            return []
        try:
            cursor = self._connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
        except (psycopg.errors.UndefinedTable, psycopg.errors.UniqueViolation):
            return []  # not created yet, or by another process at this moment
        except psycopg.Error as error:
            self._fail(error)
            return []

    def _fail(self, error: psycopg.Error) -> None:
        log.warning("token_not_shared", extra={"error": type(error).__name__})
        self.close()
