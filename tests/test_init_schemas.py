"""`init` over CRMs of many kinds: the file that it proposes gives the right records, without a change by a person."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine

from fieldnote.bridge.setup.scaffold.draft import Scaffold
from fieldnote.bridge.setup.scaffold.text import propose
from fieldnote.config import load
from fieldnote.crm.query_tables import unseen_tables
from fieldnote.crm.sql.driver import SqlDriver
from fieldnote.crm.sql.engine import Database
from fieldnote.crm.sql.survey import Survey
from fieldnote.crm.sql.text import parse_url
from fieldnote.crm.types import Source
from fieldnote.mapping.records import compile_push
from tests.schemas.homemade import HOMEMADE, NAMELESS, TWO
from tests.schemas.more import MORE
from tests.schemas.products import ESPO, PRODUCTS, SUITE
from tests.schemas.truth import Schema, Truth, build, differences, make_truth
from tests.schemas.unseen import SECRETS, UNSEEN

pytestmark = pytest.mark.slow

MARIADB = "FIELDNOTE_TEST_MARIADB_URL"
ALL = [
    pytest.param(schema, backend, id=f"{schema.name}-{backend}")
    for schema in [*HOMEMADE, *PRODUCTS, *MORE, *UNSEEN]
    for backend in schema.backends
]


@contextmanager
def mariadb_database(name: str) -> Iterator[str]:
    """A database of the test's own on the MariaDB of the run, if there is one."""
    address = os.environ.get(MARIADB)
    if address is None:
        pytest.skip(f"there is no MariaDB to test against: {MARIADB} is not set")
    engine = create_engine(address.replace("mariadb://", "mysql+pymysql://"))
    name = f"{name}_{os.getpid()}"
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"drop database if exists {name}")
            connection.exec_driver_sql(f"create database {name} character set utf8mb4")
        yield f"{address.rpartition('/')[0]}/{name}"
        with engine.begin() as connection:
            connection.exec_driver_sql(f"drop database {name}")
    finally:
        engine.dispose()


@contextmanager
def crm(request: pytest.FixtureRequest, folder: Path, backend: str) -> Iterator[str]:
    """The address of an empty database of this kind."""
    if backend == "postgresql":
        yield str(request.getfixturevalue("blank_url"))
    elif backend == "mariadb":
        with mariadb_database("init_schemas") as url:
            yield url
    else:
        (folder / "crm.db").touch()
        yield f"sqlite:///{folder / 'crm.db'}"


def proposed(url: str, zone: str = "UTC") -> tuple[str, Scaffold]:
    database = Database(parse_url(url, "url"), writes=False, zone=ZoneInfo(zone), setting="url")
    try:
        look = Survey(database)
        return propose(look.tables(), look, look.backend, zone)
    finally:
        database.close()


def records(folder: Path, url: str, text: str) -> dict[str, list[dict[str, Any]]]:
    """The records that the file makes of all rows."""
    path = folder / "fieldnote.yaml"
    path.write_text(text, encoding="utf-8")
    config = load(path, {"CRM_URL": url, "SIRO_TOKEN": "t"})
    assert config.push is not None
    mappers = compile_push(config)
    zone = config.crm.timezone
    driver = SqlDriver(url, timezone=zone if isinstance(zone, str) else "UTC")
    found: dict[str, list[dict[str, Any]]] = {}
    for name, stream in config.push.streams().items():
        mapper = mappers[name]  # type: ignore[index]
        source = Source(name, stream.key, query=stream.query, table=stream.table, cursor=stream.cursor)
        mapper.check(driver.columns(source))
        assert stream.cursor is not None, f"{name} has no cursor"
        found[name] = [mapper.map(row).wire for page in driver.pages(source) for row in page.rows]
    driver.close()
    return found


def roles(scaffold: Scaffold) -> dict[str, str]:
    return {
        role: table.name
        for role in ("visits", "reps", "customers", "deals")
        if (table := scaffold.roles.of(role)) is not None
    }


@pytest.fixture(scope="module")
def truth() -> Truth:
    return make_truth()


@pytest.mark.parametrize(("schema", "backend"), ALL)
def test_the_proposed_file_needs_no_change(
    schema: Schema, backend: str, truth: Truth, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with crm(request, tmp_path, backend) as url:
        build(schema, truth, url)
        text, scaffold = proposed(url, schema.zone)
        assert roles(scaffold) == schema.roles, text
        assert not [line for line in schema.says if line not in text], text
        assert differences(schema, truth, records(tmp_path, url, text)) == [], text
        assert not [secret for secret in SECRETS if secret in text], text


@pytest.mark.parametrize("schema", [SUITE, ESPO], ids=["SuiteCRM", "EspoCRM"])
def test_a_known_crm_without_a_single_row_still_gets_its_file(schema: Schema, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    (tmp_path / "crm.db").touch()
    build(Schema(schema.name, schema.ddl, lambda _: {}), make_truth(), url)
    text, scaffold = proposed(url)
    assert roles(scaffold) == schema.roles
    assert '{"Closed Won": WON, "Closed Lost": LOST}' in text
    assert "which column" not in text.casefold(), "all of it is known"
    assert set(records(tmp_path, url, text)) == {"engagements", "opportunities"}


@pytest.mark.parametrize(
    ("schema", "late"),
    [
        (SUITE, {"accounts_cstm", "accounts_contacts", "contacts", "email_addr_bean_rel", "email_addresses"}),
        (ESPO, {"entity_email_address", "email_address"}),
    ],
    ids=["SuiteCRM", "EspoCRM"],
)
def test_the_cursor_of_a_known_crm_misses_only_what_its_page_names(
    schema: Schema, late: set[str], truth: Truth, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    (tmp_path / "crm.db").touch()
    build(schema, truth, url)
    text, _ = proposed(url, schema.zone)
    (tmp_path / "fieldnote.yaml").write_text(text, encoding="utf-8")
    push = load(tmp_path / "fieldnote.yaml", {"CRM_URL": url, "SIRO_TOKEN": "t"}).push
    assert push is not None
    unseen: set[str] = set()
    for name, stream in push.streams().items():
        source = Source(name, stream.key, query=stream.query, table=stream.table, cursor=stream.cursor)
        found = unseen_tables(source, "sqlite")
        assert found is not None
        unseen |= {table.partition(" as ")[0] for table in found}
    assert unseen <= late
    comments = "".join(line for line in text.splitlines() if "finds what changes in" in line)
    assert [table for table in unseen if f'"{table}"' not in comments] == []


def test_the_two_tables_that_fit_are_named_with_the_one_that_was_taken(tmp_path: Path) -> None:
    (tmp_path / "crm.db").touch()
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    build(TWO, make_truth(), url)
    _, scaffold = proposed(url)
    [rival] = [rival for rival in scaffold.roles.rivals if rival.role == "visits"]
    assert {rival.taken.name, rival.other.name} == {"sales_appointments", "service_appointments"}


def test_what_is_recognized_does_not_depend_on_one_sample(tmp_path: Path, seed: int, long: bool) -> None:
    """Other appointments, people and amounts in the same tables give the same file."""
    dice = random.Random(seed)
    rounds = 30 if long else 1
    for number, schema in enumerate((*HOMEMADE, *PRODUCTS, *MORE) * rounds if long else HOMEMADE):
        path = tmp_path / f"{number}.db"
        path.touch()
        url, truth = f"sqlite:///{path}", make_truth(dice.randrange(10**6), visits=dice.randrange(12, 90))
        build(schema, truth, url)
        text, scaffold = proposed(url, schema.zone)
        assert roles(scaffold) == schema.roles, schema.name
        assert differences(schema, truth, records(tmp_path, url, text)) == [], schema.name


def test_times_that_only_make_sense_in_utc_are_taken_for_utc(tmp_path: Path) -> None:
    (tmp_path / "crm.db").touch()
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    build(NAMELESS, make_truth(), url)
    text, _ = proposed(url, "Asia/Tokyo")
    assert "timezone: Asia/Tokyo" in text, "15 to 23 o'clock is no day in Tokyo either way"
    with create_engine(url).begin() as connection:
        connection.exec_driver_sql("update t4 set a = substr(a, 1, 11) || '01' || substr(a, 14)")
    text, scaffold = proposed(url, "America/Denver")
    assert "timezone: UTC" in text
    assert "local_timezone: America/Denver" in text
    assert any("stored in UTC" in question for question in scaffold.questions)
