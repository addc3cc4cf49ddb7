"""A CRM of each kind, a Siro with a state, and a file that joins them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from fieldnote.bridge import Bridge, open_bridge
from fieldnote.config import Config, load
from fieldnote.siro import RetryPolicy
from tests.bridge.stub_siro import StubSiro, serve

SCHEMA = """
create table reps (id integer primary key, name varchar(80), email varchar(80));
create table deals (
    id integer primary key, name varchar(80), amount numeric(12, 2), stage varchar(20), updated_at timestamp,
    budget_max integer, start_by date, objections text, decision varchar(200), log text);
create table appointments (
    id integer primary key, starts_at timestamp, ends_at timestamp, title varchar(80), rep_id integer,
    customer_id integer, customer_name varchar(80), deal_id integer, updated_at timestamp, outcome varchar(200));
create table deal_notes (id {serial}, deal_id integer, body text, external_key varchar(80));
insert into reps values (1, 'Ann Lee', 'ann@example.com'), (2, 'Bo Diaz', 'bo@example.com');
"""


class Crm:
    """A database to be a CRM: the test's own hands in it."""

    def __init__(self, url: str, execute: Callable[..., list[tuple[Any, ...]]]) -> None:
        self.url = url
        self.execute = execute

    def add_deal(self, key: int, name: str = "Kitchen", *, updated: str = "2026-02-01 10:00:00") -> None:
        self.execute(
            "insert into deals (id, name, amount, stage, updated_at) "
            f"values ({key}, '{name}', 100, 'open', '{updated}')"
        )

    def add_appointment(self, key: int, *, deal: int | None = None, updated: str = "2026-02-01 10:00:00") -> None:
        self.execute(
            "insert into appointments (id, starts_at, ends_at, title, rep_id, customer_id, customer_name, "
            f"deal_id, updated_at) values ({key}, '2026-02-15 14:00:00', '2026-02-15 15:00:00', 'Visit', 1, 7, "
            f"'Smith', "
            f"{deal if deal is not None else 'null'}, '{updated}')"
        )

    def deal(self, key: int, column: str) -> Any:
        return self.execute(f"select {column} from deals where id = {key}")[0][0]

    def set_deal(self, key: int, column: str, value: str) -> None:
        self.execute(f"update deals set {column} = '{value}' where id = {key}")

    def notes(self) -> list[tuple[Any, ...]]:
        return self.execute("select deal_id, body, external_key from deal_notes order by id")


@pytest.fixture
def sqlite_crm(tmp_path: Path) -> Iterator[Crm]:
    path = tmp_path / "crm.sqlite"
    connection = sqlite3.connect(path, timeout=10, check_same_thread=False)
    one_at_a_time = threading.Lock()

    def execute(statement: str) -> list[tuple[Any, ...]]:
        with one_at_a_time, connection:
            return connection.execute(statement).fetchall()

    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = off")
    connection.executescript(SCHEMA.format(serial="integer primary key autoincrement"))
    yield Crm(f"sqlite:///{path}", execute)
    connection.close()


@pytest.fixture
def postgres_crm(blank_url: str) -> Iterator[Crm]:
    with psycopg.connect(blank_url, autocommit=True) as connection:

        def execute(statement: str) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

        execute(SCHEMA.format(serial="serial primary key"))
        yield Crm(blank_url, execute)


BOTH = pytest.mark.parametrize("crm", ["sqlite", "postgres"], indirect=True)
"""On the tests in which the CRM's kind might matter; the drivers have a suite of their own."""


@pytest.fixture(params=["sqlite"])
def crm(request: pytest.FixtureRequest) -> Crm:
    found: Crm = request.getfixturevalue(f"{request.param}_crm")
    return found


@pytest.fixture
def stub() -> Iterator[StubSiro]:
    with serve(StubSiro()) as running:
        yield running


ENGAGEMENTS = """
select a.id, a.starts_at, a.ends_at, a.title, r.id as rep_id, r.email, r.name as rep_name, a.customer_id,
       a.customer_name, a.deal_id, a.updated_at
from appointments a join reps r on r.id = a.rep_id
"""


def document(crm: Crm, stub: StubSiro) -> dict[str, Any]:
    return {
        "version": 1,
        "siro": {"token": stub.token, "base_url": f"{stub.url}/api-externalApi", "api_url": stub.url},
        "crm": {"driver": "sql", "url": crm.url, "timezone": "America/Denver"},
        "push": {
            "engagements": {
                "query": ENGAGEMENTS,
                "key": "id",
                "cursor": "updated_at",
                "map": {
                    "startTime": "starts_at",
                    "endTime": "ends_at",
                    "subject": "title",
                    "engagementType": {"activityType": "'APPOINTMENT'", "name": "'visit'"},
                    "engagementUsers": [{"externalId": "rep_id", "email": "email", "name": "rep_name"}],
                    "account": {"externalId": "customer_id", "name": "customer_name"},
                    "opportunity": {"externalId": "deal_id"},
                },
            },
            "opportunities": {
                "table": "deals",
                "key": "id",
                "cursor": "updated_at",
                "map": {
                    "name": "name",
                    "amount": "amount",
                    "disposition": {"from": "stage", "choices": {"sold": "WON", "dead": "LOST", "open": "OPEN"}},
                },
            },
        },
        "pull": {
            "opportunity": {
                "table": "deals",
                "key": "id",
                "fields": {
                    "Budget": {"to": "budget_max", "as": "money.max", "policy": "fill"},
                    "Objections": {"to": "objections", "as": "text", "policy": "update"},
                    "Decision Maker": {"to": "decision", "as": "text", "policy": "propose"},
                    "Log": {"to": "log", "as": "text", "policy": "append"},
                },
                "note": {"table": "deal_notes", "record": "deal_id", "body": "body", "key": "external_key"},
            }
        },
    }


@pytest.fixture
def database_url(bridge_url: str) -> str:
    """The bridge's database, with nothing in it."""
    return bridge_url


Opener = Callable[..., AbstractAsyncContextManager[Bridge]]


@pytest.fixture
def write_config(tmp_path: Path, crm: Crm, stub: StubSiro) -> Callable[..., Path]:
    """Write the file; keyword arguments are merged into it, `section__key=value` at a time."""

    def write(**changes: Any) -> Path:
        content = document(crm, stub)
        for name, value in changes.items():
            *way, last = name.split("__")
            place = content
            for part in way:
                place = place[part]
            if value is None:
                place.pop(last, None)
            else:
                place[last] = value
        path = tmp_path / "fieldnote.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return write


@pytest.fixture
def opened(write_config: Callable[..., Path], database_url: str, tmp_path: Path) -> Opener:
    """Open the bridge; the client gives up quickly."""

    @asynccontextmanager
    async def open_it(**changes: Any) -> AsyncIterator[Bridge]:
        config: Config = load(write_config(**changes))
        retries = RetryPolicy(attempts=1)
        home = tmp_path / "home"
        async with open_bridge(config, home=home, database_url=database_url, retries=retries) as bridge:
            yield bridge

    return open_it
