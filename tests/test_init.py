"""`fieldnote init` over CRMs of other people: what it can tell, what it asks, and that its file runs."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fieldnote.config import load
from fieldnote.crm.sql.driver import SqlDriver
from fieldnote.crm.types import Record, Source
from fieldnote.mapping.records import compile_push

pytestmark = pytest.mark.slow

HVAC = """
create table tblTechs (TechID integer primary key, FirstName varchar(40), LastName varchar(40), EMail varchar(80));
create table tblCust (CustID integer primary key, CustName varchar(80), Lat double, Lng double);
create table tblApptTypes (TypeID integer primary key, TypeName varchar(20));
create table tblAppt (
    ApptID integer primary key, ApptStart datetime, ApptEnd datetime, TechID integer references tblTechs (TechID),
    CustID integer references tblCust (CustID), EstID integer, ApptType varchar(20), Canceled datetime,
    LastModified datetime);
create table tblEstimates (
    EstID integer primary key, CustID integer references tblCust (CustID), Title varchar(60), Total numeric(12, 2),
    Status varchar(20), CloseDate date, BudgetNotes text);
insert into tblTechs values (1, 'Al', 'Bo', 'al@example.com');
insert into tblCust values (5, 'Kim Park', 39.7, -104.9);
insert into tblAppt values
    (10, '2026-11-20 09:00:00', '2026-11-20 10:00:00', 1, 5, 7, 'Tune-up', null, '2026-11-01 10:00:00');
insert into tblEstimates values (7, 5, 'New furnace', 8200, 'Open', null, null);
"""
STRANGE = """
create table alpha (id integer primary key, beta text, gamma integer);
create table visits (ref text primary key, slot text, who_went text);
insert into visits values ('V1', '2026-02-14 10:30', 'SP-7');
"""


def make(folder: Path, schema: str) -> str:
    with sqlite3.connect(folder / "crm.db") as connection:
        connection.executescript(schema)
    connection.close()
    return f"sqlite:///{folder / 'crm.db'}"


def run(folder: Path, *words: str, status: int = 0) -> str:
    command = [sys.executable, "-m", "fieldnote", "init", *words]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_an_hvac_shops_tables_become_a_file_that_runs(tmp_path: Path) -> None:
    url = make(tmp_path, HVAC)
    shown = run(tmp_path, "--url", url, "--timezone", "America/Denver", "--yes")
    assert "appointments" in shown
    assert "2026-11-20 09:00:00" in (tmp_path / "fieldnote.yaml").read_text()  # with a sample value
    config = load(tmp_path / "fieldnote.yaml", {"CRM_URL": url, "SIRO_TOKEN": "t"})
    assert config.push is not None
    mappers = compile_push(config)
    driver = SqlDriver(url, timezone="America/Denver")
    found = {}
    for name, stream in config.push.streams().items():
        source = Source(name, stream.key, query=stream.query, table=stream.table, cursor=stream.cursor)
        rows = [row for page in driver.pages(source) for row in page.rows]
        found[name] = [mappers[name].map(row).wire for row in rows]  # type: ignore[index]
    driver.close()
    [visit] = found["engagements"]
    assert visit["startTime"] == "2026-11-20T16:00:00Z"
    assert visit["engagementUsers"] == [{"externalId": "1", "email": "al@example.com", "name": "Al Bo"}]
    assert visit["account"] == {"externalId": "5", "name": "Kim Park", "latitude": 39.7, "longitude": -104.9}
    assert visit["opportunity"] == {"externalId": "7"}
    assert visit["deletedAt"] is None
    [deal] = found["opportunities"]
    assert (deal["name"], deal["amount"], deal["account"]) == (
        "New furnace",
        8200,
        {"externalId": "5", "name": "Kim Park"},
    )
    assert config.pull is not None
    assert config.pull.opportunity is not None
    assert [field.policy.value for field in config.pull.opportunity.fields.values()] == ["propose"]


def test_what_is_unknown_is_a_question_and_not_a_guess(tmp_path: Path) -> None:
    url = make(tmp_path, STRANGE)
    run(tmp_path, "--url", url, "--yes")
    text = (tmp_path / "fieldnote.yaml").read_text()
    assert "which column names the rep?" in text
    assert "who_went" not in text.split("map:")[1].replace("#", "")
    load(tmp_path / "fieldnote.yaml", {"CRM_URL": url, "SIRO_TOKEN": "t"})


def test_a_file_that_is_there_stays_and_a_password_is_never_written(tmp_path: Path) -> None:
    url = make(tmp_path, HVAC)
    (tmp_path / "fieldnote.yaml").write_text("mine")
    assert "--force" in run(tmp_path, "--url", url, "--yes", status=1)
    assert (tmp_path / "fieldnote.yaml").read_text() == "mine"
    run(tmp_path, "--url", url, "--yes", "--force")
    assert url not in (tmp_path / "fieldnote.yaml").read_text()
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://u:secret-password@127.0.0.1:1/none", "127.0.0.1"),
        ("sqlite:///nowhere.db", "nowhere.db"),
        ("gibberish", "the CRM's address"),
    ],
)
def test_an_address_that_does_not_answer_is_named_without_its_password(tmp_path: Path, url: str, says: str) -> None:
    (tmp_path / "address").write_text(f"{url}\n")
    shown = run(tmp_path, "--url-file", "address", "--yes", status=1)
    assert says in shown
    assert "secret-password" not in shown
    assert not (tmp_path / "fieldnote.yaml").exists()


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret-password@127.0.0.1:1/none", "postgresql://127.0.0.1:1/none?password=secret-password"]
)
def test_a_password_on_the_command_line_is_refused(tmp_path: Path, url: str) -> None:
    shown = run(tmp_path, "--url", url, "--yes", status=1)
    assert "--url-file" in shown
    assert "secret-password" not in shown


def test_an_address_comes_from_a_file_or_standard_input(tmp_path: Path) -> None:
    (tmp_path / "address").write_text(make(tmp_path, HVAC))
    run(tmp_path, "--url-file", "address", "--yes")
    assert "not found" not in run(tmp_path, "--url-file", "nowhere", "--yes", "--force", status=1)
    assert (tmp_path / "fieldnote.yaml").exists()


SECRETS = """
create table users (
    id integer primary key, name varchar(40), email varchar(80), user_hash varchar(80), api_key varchar(80), x1 text);
create table deals (
    id integer primary key, name varchar(60), amount numeric(12, 2), sales_stage varchar(40), stage varchar(40),
    remember_token text, updated_at datetime);
create table appointments (
    id integer primary key, starts_at datetime, user_id integer references users (id),
    deal_id integer references deals (id), status varchar(90), updated_at datetime);
create table sessions (id varchar(64) primary key, data text);
insert into users values (1, 'Ann Lee', 'ann@example.com', '$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZ', 'k1',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln');
insert into deals values (1, 'Smith', 1, 'x', 'Closed Won', 't0ken-of-mine', '2026-01-01 10:00:00');
insert into deals values (2, 'Park', 1, 'x', 'deal_lost', 't0ken-of-mine', '2026-01-01 10:00:00');
insert into deals values (3, 'Kim', 1, 'x', 'Prospecting', 't0ken-of-mine', '2026-01-01 10:00:00');
insert into appointments values (1, '2026-01-02 10:00:00', 1, 1, 'sk_live_4eC39HqLyjWDarjtT1zdp7dc', null);
insert into sessions values ('9f86d081884c7d659a2feaa0c55ad015', 'secret session');
"""


def test_no_secret_of_any_table_is_shown_or_written(tmp_path: Path) -> None:
    url = make(tmp_path, SECRETS)
    shown = run(tmp_path, "--url", url, "--yes") + (tmp_path / "fieldnote.yaml").read_text()
    for secret in (
        "$2y$",
        "eyJ",
        "k1",
        "t0ken-of-mine",
        "sk_live",
        "9f86d",
        "secret session",
        "Ann Lee",
        "ann@example.com",
    ):
        assert secret not in shown.replace("SIRO_TOKEN", "").replace("token:", "").replace("API Tokens", "")
    assert "sessions" not in shown


def test_stages_are_proposed_by_the_words_that_are_there(tmp_path: Path) -> None:
    url = make(tmp_path, SECRETS)
    run(tmp_path, "--url", url, "--yes")
    text = (tmp_path / "fieldnote.yaml").read_text()
    assert 'choices: {"Closed Won": WON, "deal_lost": LOST}, default: OPEN}' in text
    assert "Every other word is OPEN: Prospecting" in text


ODD = '''
create table "my reps %" ("id #" integer primary key, "full name" text, "e-mail" text);
create table "select" ("key" integer primary key, "order" text, "group" text);
create table "visit's" (
    "key" integer primary key, "starts at" datetime, "ends at" datetime,
    "rep ""x""" integer references "my reps %" ("id #"),
    "deal" integer references "dea`ls" ("nr"), "updated at" datetime);
create table "dea`ls" (
    "nr" integer primary key, "na'me" text, "amount $" numeric, "sta%ge" text, "updated at" datetime);
insert into "my reps %" values (1, 'Ann Lee', 'ann@x.example');
insert into "dea`ls" values
    (1, 'Roof', 5000, 'it''s won', '2026-01-01 10:11:12'), (2, 'Roof 2', 5000, '100% lost', '2026-01-01 10:11:12');
insert into "visit's" values (1, '2026-01-01 10:00', '2026-01-01 11:00', 1, 1, '2026-01-01 08:12:13');
create table lost (id integer primary key);
create view "broken view" as select * from lost;
drop table lost;
'''


def test_odd_names_and_a_broken_view_are_no_obstacle(tmp_path: Path) -> None:
    url = make(tmp_path, ODD)
    run(tmp_path, "--url", url, "--yes")
    config = load(tmp_path / "fieldnote.yaml", {"CRM_URL": url, "SIRO_TOKEN": "t"})
    assert config.push is not None
    driver = SqlDriver(url, timezone="UTC")
    found = {}
    for name, mapper in compile_push(config).items():
        stream = config.push.streams()[str(name)]
        source = Source(name, stream.key, query=stream.query, cursor=stream.cursor)
        found[name] = [mapper.map(row).wire for page in driver.pages(source) for row in page.rows]
    driver.close()
    assert [visit["engagementUsers"][0]["email"] for visit in found["engagements"]] == ["ann@x.example"]
    assert [deal["disposition"] for deal in found["opportunities"]] == ["WON", "LOST"]


def test_a_database_without_a_crm_is_a_question(tmp_path: Path) -> None:
    url = make(tmp_path, "create table x (y);")
    assert "Which tables hold the appointments and deals?" in run(tmp_path, "--url", url, "--yes")
    load(tmp_path / "fieldnote.yaml", {"CRM_URL": url, "SIRO_TOKEN": "t"})


def test_a_column_with_signs_in_its_name_is_written_back_by_its_name(tmp_path: Path) -> None:
    url = make(
        tmp_path,
        """
        create table "Sales Reps" ("Rep #" integer primary key, "E-mail Address" text, "Full Name" text);
        create table "Our Deals" ("Deal #" integer primary key, "Deal Title" text, "Quote Total" numeric, "Stage" text,
            "Rep #" integer references "Sales Reps" ("Rep #"), "Customer Budget" numeric);
        insert into "Our Deals" values (1, 'A roof', 9500.5, 'Sold', 1, null), (2, 'A door', 812.75, 'Lost', 1, null);
        """,
    )
    run(tmp_path, "--url", url, "--yes")
    config = load(tmp_path / "fieldnote.yaml", {"CRM_URL": url, "SIRO_TOKEN": "t"})
    assert config.pull is not None
    target = config.pull.targets()["opportunity"]
    driver = SqlDriver(url, timezone="UTC")
    record = Record(target.table, target.key, "2")
    [field] = target.fields.values()
    assert driver.read(record, (target.key, field.to)) == {"Deal #": 2, "Customer Budget": None}
    driver.may_write(target.table, field.to)
    driver.close()
