"""Every wait for a CRM ends: for a lock, for a statement, and for a server that goes silent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from fieldnote.crm.sql.driver import SqlDriver
from fieldnote.crm.sql.engine import Timeouts
from fieldnote.crm.sql.text import parse_url
from fieldnote.crm.types import NoteTarget, Record, Source
from fieldnote.errors import CrmRefused, CrmUnavailable
from tests.crm.conftest import Crm

SHORT = Timeouts(connect=2, statement=1, silence=3, lock=1, read_lock=1)
DEALS = Source("push.opportunities", key="id", table="deals")
DEAL = Record("deals", "id", "1")


@contextmanager
def _driver(url: str, timeouts: Timeouts = SHORT) -> Iterator[SqlDriver]:
    driver = SqlDriver(url, timeouts=timeouts)
    yield driver
    driver.close()


def _fill(crm: Crm) -> None:
    crm.run("create table deals (id integer primary key, name varchar(20))", "insert into deals values (1, 'Roof')")


_LOCKS = {
    "postgresql": ("begin", "lock table deals in access exclusive mode"),
    "mysql": ("lock tables deals write",),
    "sqlite": ("begin exclusive",),
}


def test_a_table_that_somebody_locks_ends_every_wait(crm: Crm) -> None:
    _fill(crm)
    with _driver(crm.url) as driver:
        assert driver.row(DEALS, "1") == {"id": 1, "name": "Roof"}
        engine = create_engine(parse_url(crm.url, "url"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as other:
            for statement in _LOCKS[crm.backend]:
                other.execute(text(statement))
            with pytest.raises(CrmUnavailable, match="busy or holds a lock"):
                driver.row(DEALS, "1")
            with pytest.raises(CrmUnavailable, match="busy or holds a lock"):
                driver.write_if(DEAL, "name", expected="Roof", new="Siding")
        engine.dispose()
        assert driver.write_if(DEAL, "name", expected="Roof", new="Siding").after == "Siding"


def test_a_statement_that_does_not_end_is_ended(crm: Crm) -> None:
    if crm.backend == "sqlite":
        return
    call = "pg_sleep(600)" if crm.backend == "postgresql" else "sleep(600)"
    slow = Source("push.opportunities", key="id", query=f"select 1 as id, {call} as slept")
    with _driver(crm.url) as driver, pytest.raises(CrmUnavailable):
        list(driver.pages(slow))


class _Proxy:
    """Hands bytes on between a client and a server, until it is silenced: then it takes them and says nothing."""

    def __init__(self, target: str | tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.silent = threading.Event()
        self._sockets: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._connect()
            self._sockets += [client, server]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._hand_on, args=(one, other), daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self._target, tuple):
            return socket.create_connection(self._target)
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._target)
        return server

    def _hand_on(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                if not self.silent.is_set():
                    other.sendall(data)
        except OSError:
            pass

    def close(self) -> None:
        for one in self._sockets:
            one.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_that_goes_silent_ends_every_wait(crm: Crm, when: str) -> None:
    """Silent from the login on, or in the middle of a session."""
    if crm.backend == "sqlite":
        return
    _fill(crm)
    address = parse_url(crm.url, "url")
    query = dict(address.query)
    host = address.host or str(query.pop("host", "127.0.0.1"))
    port = int(address.port or str(query.pop("port", "5432")))
    proxy = _Proxy(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port))
    url = address.set(host="127.0.0.1", port=proxy.port, query=query, drivername=crm.backend)
    with _driver(url.render_as_string(hide_password=False)) as driver:
        if when == "after":
            assert driver.row(DEALS, "1") == {"id": 1, "name": "Roof"}
        proxy.silent.set()
        with pytest.raises(CrmUnavailable):
            driver.row(DEALS, "1")
        with pytest.raises(CrmUnavailable):
            driver.write_if(DEAL, "name", expected="Roof", new="Siding")
        proxy.silent.clear()
        assert driver.row(DEALS, "1") == {"id": 1, "name": "Roof"}
    proxy.close()


def test_a_character_that_a_column_cannot_keep_names_the_column_and_the_cause(crm: Crm) -> None:
    if crm.backend != "mysql":
        return
    crm.run(
        "create table deals (id integer primary key, name varchar(200)) character set utf8mb3",
        "insert into deals values (1, null)",
        "create table notes (id integer primary key auto_increment, deal integer, body text, mark varchar(50)) "
        "character set latin1",
    )
    with pytest.raises(CrmRefused) as field:
        crm.driver.write_if(DEAL, "name", expected=None, new="😀")
    with pytest.raises(CrmRefused) as note:
        crm.driver.insert_note(NoteTarget("notes", "deal", "body", "mark"), "1", "k", "łódź 😀")
    for caught, column in ((field, "name"), (note, "body")):
        assert f"({column})" in caught.value.message
        assert "cannot keep a character" in caught.value.message
        assert "character set" in str(caught.value.hint)
        assert "😀" not in str(caught.value)
