"""A CRM whose default isolation is stricter than PostgreSQL's own: guarded writes and notes are as safe there."""

from __future__ import annotations

import threading

import pytest

from fieldnote.crm.sql.driver import SqlDriver
from fieldnote.crm.types import NoteTarget, Outcome, Record
from tests.crm.conftest import Crm
from tests.waiting import HANGS, until

pytestmark = pytest.mark.parametrize("crm", ["postgresql"], indirect=True)
LEVELS = pytest.mark.parametrize("level", ["read committed", "repeatable read", "serializable"])
NOTE = NoteTarget("notes", "deal_id", "body", "external_key")


def _driver(crm: Crm, level: str) -> SqlDriver:
    option = f"-c%20default_transaction_isolation%3D{level.replace(' ', '%5C%20')}"
    return SqlDriver(f"{crm.url}{'&' if '?' in crm.url else '?'}options={option}")


def _waiting(crm: Crm) -> int:
    waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
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
        person.exec_driver_sql("lock table notes in exclusive mode")  # one has the note's lock, and waits for this one
        for thread in threads:
            thread.start()
        until(lambda: _waiting(crm) == len(threads))
    for thread in threads:
        thread.join()
    for driver in drivers:
        driver.close()
    assert sorted(outcomes) == [Outcome.APPLIED, *[Outcome.CHANGED] * 3]
    assert crm.run("select count(*) from notes") == [(1,)]
