"""A CRM of each kind: SQLite, PostgreSQL, and MariaDB where one is named."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool

from fieldnote.crm.sql.driver import SqlDriver
from fieldnote.crm.sql.text import parse_url
from fieldnote.crm.types import Place
from fieldnote.db.embedded import Server

MARIADB = "FIELDNOTE_TEST_MARIADB_URL"


@dataclass(frozen=True)
class Crm:
    """A CRM's database: as its own people see it, and through the driver."""

    backend: str
    url: str
    driver: SqlDriver
    types: dict[str, str]
    """The names of types that differ between databases."""
    hands: Engine
    """The tables that people and applications of the CRM work with."""

    def run(self, *statements: str, **parameters: object) -> list[Any]:
        """Do what a person or an application of the CRM does; `{time}` and the like stand for types."""
        rows: list[Any] = []
        with self.hands.begin() as connection:
            for statement in statements:
                result = connection.execute(text(statement.format(**self.types)), parameters)
                rows = list(result) if result.returns_rows else []
        return rows

    def insert(self, statement: str, rows: Sequence[dict[str, object]]) -> None:
        """Run one statement for each of the rows, in one transaction."""
        with self.hands.begin() as connection:
            connection.execute(text(statement), rows)


_TYPES = {
    "sqlite": {"time": "timestamp", "text": "text", "id": "integer primary key", "double": "real"},
    "postgresql": {
        "time": "timestamp",
        "text": "text",
        "id": "serial primary key",
        "double": "double precision",
    },
    "mysql": {
        "time": "datetime(6)",
        "text": "text",
        "id": "integer primary key auto_increment",
        "double": "double",
    },
}


@pytest.fixture(scope="session")
def landing_url(server: Server) -> Iterator[str]:
    """The bridge's database, in which each test's own connection has a schema: one for all tests, as it is quicker."""
    name = f"landing_{uuid.uuid4().hex}"
    yield server.url(name)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def place(tmp_path: Path, landing_url: str) -> Place:
    """Where a driver works under a connection of the test's own. The file's folder is `exports`."""
    folder = tmp_path / "exports"
    folder.mkdir()
    return Place(f"t{uuid.uuid4().hex[:20]}", folder, landing_url, tmp_path / "home")


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crm]:
    """An empty CRM."""
    yield from opened(request, request.param, tmp_path)


def opened(request: pytest.FixtureRequest, backend: str, folder: Path) -> Iterator[Crm]:
    """An empty CRM in this kind of database."""
    maker: Callable[[pytest.FixtureRequest, Path], Iterator[str]] = _MAKERS[backend]
    for url in maker(request, folder):
        driver = SqlDriver(url, timezone="America/Denver")
        hands = create_engine(parse_url(url, "url"))
        yield Crm(backend, url, driver, _TYPES[backend], hands)
        hands.dispose()
        driver.close()


def _sqlite(_request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    path = folder / "crm.db"
    path.touch()
    yield f"sqlite:///{path}"


def _postgresql(request: pytest.FixtureRequest, _folder: Path) -> Iterator[str]:
    yield request.getfixturevalue("blank_url")


def _mysql(_request: pytest.FixtureRequest, _folder: Path) -> Iterator[str]:
    address = os.environ.get(MARIADB)
    if not address:
        pytest.skip(f"there is no MariaDB to test against: {MARIADB} is not set")
    server = parse_url(address, MARIADB)
    name = f"test_{uuid.uuid4().hex[:16]}"
    _execute(server, f"create database {name} character set utf8mb4")
    yield make_url(server).set(database=name, drivername="mysql").render_as_string(hide_password=False)
    _execute(server, f"drop database {name}")


def _execute(server: URL, statement: str) -> None:
    engine = create_engine(server, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


_MAKERS = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql}
