"""A CRM whose default isolation is stricter than PostgreSQL's own: guarded writes and notes are as safe there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from fieldnote.crm.sql.driver import SqlDriver
from fieldnote.crm.types import NoteTarget, Outcome, Record
from tests.crm.conftest import Crm
from tests.waiting import HANGS, until

pytestmark = pytest.mark.parametrize("crm", ["postgresql", "mysql"], indirect=True)
LEVELS = pytest.mark.parametrize("level", ["read committed", "repeatable read", "serializable"])
NOTE = NoteTarget("notes", "deal_id", "body", "external_key")


@pytest.fixture(autouse=True)
def _default(crm: Crm, level: str) -> Iterator[None]:
    """In MySQL and MariaDB, `level` is the default of each new session, as its server may have it."""

    def opened(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"set session transaction isolation level {level}")

    if crm.backend == "mysql":
        event.listen(Pool, "connect", opened, insert=True)
    yield
    if crm.backend == "mysql":
        event.remove(Pool, "connect", opened)


def _driver(crm: Crm, level: str) -> SqlDriver:
    if crm.backend == "mysql":
        return SqlDriver(crm.url)
    option = f"-c%20default_transaction_isolation%3D{level.replace(' ', '%5C%20')}"
    return SqlDriver(f"{crm.url}{'&' if '?' in crm.url else '?'}options={option}")


def _waiting(crm: Crm) -> int:
    waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    if crm.backend == "mysql":
        waits = """
            select count(*) from information_schema.processlist where db = database() and
            state in ('Statistics', 'User lock', 'Update', 'Updating', 'Waiting for table metadata lock')
            and id <> connection_id() and command = 'Query'"""
    return int(crm.run(waits)[0][0])


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them wait at the same time, however slow the machine is."""
    monkeypatch.setattr("fieldnote.crm.sql.engine.LOCK_SECONDS", HANGS)


@LEVELS
def test_a_write_that_waited_for_a_person_finds_the_persons_value(crm: Crm, level: str) -> None:
    crm.run("create table deals (id integer primary key, name varchar(10))", "insert into deals values (7, 'seven')")
    driver, outcomes = _driver(crm, level), list[Outcome]()

    def write() -> None:
        outcomes.append(driver.write_if(Record("deals", "id", "7"), "name", expected="seven", new="ours").outcome)

    thread = threading.Thread(target=write)
    with crm.hands.begin() as person:
        person.exec_driver_sql("update deals set name = 'theirs' where id = 7")
        thread.start()
        until(lambda: _waiting(crm) == 1)
    thread.join()
    driver.close()
    assert outcomes == [Outcome.CHANGED]
    assert crm.run("select name from deals") == [("theirs",)]


@LEVELS
def test_a_note_that_waited_for_the_same_note_is_not_doubled(crm: Crm, level: str) -> None:
    crm.run("create table notes (id serial primary key, deal_id integer, body text, external_key varchar(80))")
    drivers, outcomes = [_driver(crm, level) for _ in range(4)], list[Outcome]()

    def add(driver: SqlDriver) -> None:
        outcomes.append(driver.insert_note(NOTE, "7", "a", "They want a kitchen.").outcome)

    threads = [threading.Thread(target=add, args=(driver,)) for driver in drivers]
    with crm.hands.begin() as person:
        # One has the note's lock, and waits for this one.
        person.exec_driver_sql(
            "lock table notes in exclusive mode" if crm.backend != "mysql" else "lock table notes read"
        )
        for thread in threads:
            thread.start()
        until(lambda: _waiting(crm) == len(threads))
        person.exec_driver_sql("select 1" if crm.backend != "mysql" else "unlock tables")
    for thread in threads:
        thread.join()
    for driver in drivers:
        driver.close()
    assert sorted(outcomes) == [Outcome.APPLIED, *[Outcome.CHANGED] * 3]
    assert crm.run("select count(*) from notes") == [(1,)]


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_note_beside_one_that_a_person_writes_is_no_deadlock(crm: Crm, level: str) -> None:
    crm.run("create table notes (id {id}, deal_id integer, body text, external_key varchar(80))")
    crm.run("create index by_deal on notes (deal_id)", "insert into notes (deal_id, body) values (6, 'a'), (8, 'b')")
    driver, outcomes = _driver(crm, level), list[Outcome]()

    def add() -> None:
        outcomes.append(driver.insert_note(NOTE, "7", "a", "They want a kitchen.").outcome)

    thread = threading.Thread(target=add)
    with crm.hands.begin() as person:
        person.exec_driver_sql("select * from notes where deal_id = 7 for update")
        thread.start()
        if crm.backend == "mysql":  # there the gap between 6 and 8 is locked; PostgreSQL locks rows alone
            until(lambda: _waiting(crm) == 1)
        person.exec_driver_sql("insert into notes (deal_id, body) values (7, 'by a person')")
    thread.join()
    driver.close()
    assert outcomes == [Outcome.APPLIED]
    assert crm.run("select count(*) from notes where deal_id = 7") == [(2,)]
