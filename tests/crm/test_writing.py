"""The contract of every database that is written to."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fieldnote.crm.sql.driver import SqlDriver
from fieldnote.crm.types import NoteTarget, Outcome, Record, freeze
from fieldnote.errors import ConfigError, CrmRefused, CrmUnavailable
from tests.crm.conftest import Crm

DEAL = Record("deals", "id", "7")


def _deals(crm: Crm) -> None:
    crm.run(
        "create table deals (id integer primary key, name varchar(10), notes {text}, amount numeric(10,2),"
        " score {double}, rooms smallint, won boolean, start_by date, met_at {time})",
        "insert into deals (id, name) values (7, 'seven'), (8, 'eight')",
    )


VALUES: list[tuple[str, Any]] = [
    ("name", "Zoë"),
    ("notes", "line\nline 🙂 50% :x"),
    ("amount", Decimal("45000.50")),
    ("amount", 45000),
    ("score", 0.1),
    ("rooms", 3),
    ("won", True),
    ("won", False),
    ("start_by", date(2026, 3, 1)),
    ("met_at", datetime(2026, 2, 15, 14, 0, tzinfo=UTC)),
]


@pytest.mark.parametrize(("column", "value"), VALUES)
def test_a_value_is_written_once_and_read_back_as_the_same(crm: Crm, column: str, value: Any) -> None:
    _deals(crm)
    if column == "name":
        crm.run("update deals set name = null")
    result = crm.driver.write_if(DEAL, column, expected=None, new=value)
    assert result.outcome is Outcome.APPLIED
    assert result.before is None
    assert crm.driver.same("deals", column, result.after, value)
    row = crm.driver.read(DEAL, ("name", column))
    assert row is not None
    assert row[column] == result.after
    # A ledger keeps it as JSON, and it still is what the CRM holds.
    kept = freeze(result.after)
    again = crm.driver.write_if(DEAL, column, expected=kept, new=value)
    assert again.outcome is Outcome.APPLIED
    assert crm.driver.write_if(DEAL, column, expected=kept, new=None).after is None
    assert crm.run(f"select {column} from deals where id = 8")[0][0] in {None, "eight"}


def test_a_local_time_goes_into_a_column_without_a_zone(crm: Crm) -> None:
    _deals(crm)
    crm.driver.write_if(DEAL, "met_at", expected=None, new=datetime(2026, 2, 15, 14, 0, tzinfo=UTC))
    assert str(crm.run("select met_at from deals where id = 7")[0][0]).startswith("2026-02-15 07:00:00")


@pytest.mark.parametrize(("theirs", "ours"), [("Smith", "smith"), ("Smith ", "Smith"), ("Smïth", "Smith"), ("", None)])
def test_what_a_person_changed_is_left_alone_to_the_letter(crm: Crm, theirs: str, ours: str | None) -> None:
    _deals(crm)
    crm.run("update deals set name = :name where id = 7", name=theirs)
    result = crm.driver.write_if(DEAL, "name", expected=ours, new="new")
    assert (result.outcome, result.before, result.after) == (Outcome.CHANGED, theirs, theirs)
    assert crm.run("select name from deals where id = 7")[0][0] == theirs


@pytest.mark.parametrize("key", ["9", "abc", "7.5", "", "99999999999999999999999", "07"])
def test_a_record_that_is_not_there_is_missing(crm: Crm, key: str) -> None:
    _deals(crm)
    record = Record("deals", "id", key)
    assert crm.driver.read(record, ("name",)) is None
    assert crm.driver.write_if(record, "name", expected=None, new="x").outcome is Outcome.MISSING


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("name", "eleven char", "deals.name holds 10 characters, and the text has 11"),
        ("amount", "plenty", "deals.amount holds numbers, and the value is not a number"),
        ("amount", Decimal("123456789.00"), "deals.amount holds 8 digits before the point"),
        ("amount", Decimal("0.005"), "deals.amount holds 2 decimals"),
        ("rooms", Decimal("2.5"), "deals.rooms holds whole numbers"),
        ("won", "perhaps", "deals.won holds true or false"),
        ("start_by", "soon", "deals.start_by holds days or times"),
        ("start_by", datetime(2026, 1, 1, 9, tzinfo=UTC), "deals.start_by holds a day"),
        ("nothing", "x", "deals has no column 'nothing'"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_columns_name(crm: Crm, column: str, value: Any, message: str) -> None:
    _deals(crm)
    with pytest.raises(CrmRefused) as caught:
        crm.driver.write_if(DEAL, column, expected=None, new=value)
    assert message in caught.value.message
    assert str(value) not in caught.value.message or column == "rooms"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("stage", "lost", "deals.stage takes one of open, won"),
        ("score", 101, "deals.score takes nothing above 100"),
        ("score", -1, "deals.score takes nothing below 0"),
        ("name", "eleven char", "deals.name takes 10 characters"),
    ],
)
def test_what_the_tables_constraints_forbid_is_refused_by_their_words(
    crm: Crm, column: str, value: Any, message: str
) -> None:
    long = "length" if crm.backend == "sqlite" else "char_length"
    crm.run(
        "create table deals (id integer primary key, name {text}, stage varchar(20), score integer,"
        f" check (stage in ('open', 'won')), check (score >= 0 and score <= 100), check ({long}(name) <= 10))",
        "insert into deals values (7, 'seven', 'open', 1)",
    )
    with pytest.raises(CrmRefused) as caught:
        crm.driver.write_if(DEAL, column, expected=None, new=value)
    assert message in caught.value.message
    assert crm.driver.write_if(DEAL, "stage", expected="open", new="won").after == "won"


def test_a_column_that_was_altered_is_looked_at_again(crm: Crm) -> None:
    _deals(crm)
    with pytest.raises(CrmRefused, match="holds 10 characters"):
        crm.driver.write_if(DEAL, "name", expected="seven", new="much longer")
    crm.run("drop table deals", "create table deals (id integer primary key, name varchar(20))")
    crm.run("insert into deals values (7, 'seven')")
    assert crm.driver.write_if(DEAL, "name", expected="seven", new="much longer").after == "much longer"


def test_a_rule_of_the_crm_is_a_refusal_without_the_value(crm: Crm) -> None:
    crm.run("create table deals (id integer primary key, email varchar(40) unique)")
    crm.run("insert into deals values (7, 'a@x.org'), (8, 'b@x.org')")
    with pytest.raises(CrmRefused, match=r"writing deals\.email: the CRM refuses the row") as caught:
        crm.driver.write_if(DEAL, "email", expected="a@x.org", new="b@x.org")
    assert "x.org" not in caught.value.message


def test_what_a_trigger_makes_of_a_value_is_given_back(crm: Crm) -> None:
    _deals(crm)
    match crm.backend:
        case "postgresql":
            crm.run(
                "create function shout() returns trigger language plpgsql as"
                " $$ begin new.name = upper(new.name); return new; end $$",
                "create trigger shout before update on deals for each row execute function shout()",
            )
        case "mysql":
            crm.run("create trigger shout before update on deals for each row set new.name = upper(new.name)")
        case _:
            crm.run(
                "create trigger shout after update of name on deals begin"
                " update deals set name = upper(new.name) where id = new.id; end"
            )
    result = crm.driver.write_if(DEAL, "name", expected="seven", new="new")
    assert (result.outcome, result.after) == (Outcome.APPLIED, "NEW")


def test_of_two_writers_at_once_one_finds_the_field_changed(crm: Crm) -> None:
    _deals(crm)
    outcomes: list[Outcome] = []

    def write(name: str) -> None:
        outcomes.append(crm.driver.write_if(DEAL, "name", expected="seven", new=name).outcome)

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [Outcome.APPLIED, Outcome.CHANGED, Outcome.CHANGED, Outcome.CHANGED]


def test_a_key_that_occurs_twice_is_refused(crm: Crm) -> None:
    crm.run("create table deals (id integer, name varchar(9))", "insert into deals values (7, 'a'), (7, 'b')")
    with pytest.raises(CrmRefused, match=r"deals\.id is not a key"):
        crm.driver.write_if(DEAL, "name", expected="a", new="c")


# --- notes ----------------------------------------------------------------------------------------------

BODY = "Summary\n\nThey want a kitchen.\n- 50% :now"


@pytest.fixture(params=["key column", "last line"])
def note(crm: Crm, request: pytest.FixtureRequest) -> NoteTarget:
    crm.run("create table notes (id {id}, deal_id integer, body {text}, external_key varchar(80))")
    return NoteTarget("notes", "deal_id", "body", "external_key" if request.param == "key column" else None)


def test_a_note_is_added_once_and_found_by_its_key(crm: Crm, note: NoteTarget) -> None:
    assert crm.driver.find_note(note, "7", "rec_1:summary").outcome is Outcome.MISSING
    added = crm.driver.insert_note(note, "7", "rec_1:summary", BODY)
    assert (added.outcome, added.body) == (Outcome.APPLIED, BODY)
    again = crm.driver.insert_note(note, "7", "rec_1:summary", "another")
    assert (again.outcome, again.body) == (Outcome.CHANGED, BODY)
    assert crm.driver.find_note(note, "7", "rec_1:summary").body == BODY
    assert crm.driver.find_note(note, "8", "rec_1:summary").outcome is Outcome.MISSING
    assert crm.driver.find_note(note, "7", "recX1:summary").outcome is Outcome.MISSING
    assert crm.driver.find_note(note, "none", "rec_1:summary").outcome is Outcome.MISSING
    crm.driver.insert_note(note, "7", "rec_2:summary", "second")
    assert crm.run("select count(*) from notes")[0][0] == 2


def test_a_note_is_replaced_only_if_nobody_edited_it(crm: Crm, note: NoteTarget) -> None:
    crm.driver.insert_note(note, "7", "a", BODY)
    crm.driver.insert_note(note, "7", "b", BODY)
    updated = crm.driver.update_note_if(note, "7", "a", expected=BODY, body="new")
    assert (updated.outcome, updated.body) == (Outcome.APPLIED, "new")
    assert crm.driver.find_note(note, "7", "b").body == BODY
    crm.run(
        "update notes set body = concat(body, '!')"
        if crm.backend != "sqlite"
        else "update notes set body = body || '!'"
    )
    refused = crm.driver.update_note_if(note, "7", "a", expected="new", body="newer")
    if note.key:
        assert (refused.outcome, refused.body) == (Outcome.CHANGED, "new!")
    else:
        assert refused.outcome is Outcome.MISSING  # the person's edit broke the line of our key
    assert crm.driver.update_note_if(note, "9", "a", expected="new", body="x").outcome is Outcome.MISSING


def test_text_below_our_line_is_a_persons_edit(crm: Crm) -> None:
    crm.run("create table notes (id {id}, deal_id integer, body {text})")
    note = NoteTarget("notes", "deal_id", "body")
    crm.driver.insert_note(note, "7", "a", "summary")
    stored = crm.run("select body from notes")[0][0]
    assert stored == "summary\n\n[fieldnote a]"
    crm.run("update notes set body = :body", body=f"{stored}\ncalled back")
    result = crm.driver.update_note_if(note, "7", "a", expected="summary", body="new")
    assert result.outcome is Outcome.CHANGED
    assert result.body == "summary\n\ncalled back"


def test_processes_that_add_the_same_note_at_once_add_one(crm: Crm, note: NoteTarget) -> None:
    drivers = [SqlDriver(crm.url) for _ in range(4)]
    outcomes: list[Outcome] = []

    def add(driver: SqlDriver) -> None:
        outcomes.append(driver.insert_note(note, "7", "a", BODY).outcome)

    threads = [threading.Thread(target=add, args=(driver,)) for driver in drivers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for driver in drivers:
        driver.close()
    assert sorted(outcomes) == [Outcome.APPLIED, Outcome.CHANGED, Outcome.CHANGED, Outcome.CHANGED]
    assert crm.run("select count(*) from notes")[0][0] == 1


def test_a_note_that_is_too_long_is_refused(crm: Crm) -> None:
    crm.run("create table notes (id {id}, deal_id integer, body varchar(20))")
    with pytest.raises(CrmRefused, match=r"notes\.body holds 20 characters"):
        crm.driver.insert_note(NoteTarget("notes", "deal_id", "body"), "7", "a", "x" * 30)


# --- connecting -----------------------------------------------------------------------------------------


def test_a_lock_that_somebody_holds_is_a_passing_trouble(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldnote.crm.sql.engine.LOCK_SECONDS", 1)
    _deals(crm)
    driver = SqlDriver(crm.url)
    with crm.driver._writing.transaction() as connection:
        connection.exec_driver_sql("update deals set name = 'held' where id = 7")
        with pytest.raises(CrmUnavailable, match="busy or holds a lock"):
            driver.write_if(DEAL, "name", expected="seven", new="x")
    driver.close()


def test_the_driver_says_which_crm_it_is_and_connects(crm: Crm) -> None:
    crm.driver.check()
    assert crm.driver.identity.startswith(f"{crm.backend}:")
    assert "p@ss" not in crm.driver.identity


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("postgresql://me:s3cret@127.0.0.1:1/crm", CrmUnavailable),
        ("mysql://me:s3cret@127.0.0.1:1/crm", CrmUnavailable),
        ("sqlite:////nowhere/crm.db", CrmUnavailable),
        ("mysql://me:s3cret@127.0.0.1:1/crm?useSSL=false", CrmRefused),
        ("postgresql://me:s3cret@127.0.0.1:1/crm?schema=public", CrmRefused),
    ],
)
def test_a_crm_that_cannot_be_reached_is_said_without_its_password(url: str, error: type[Exception]) -> None:
    driver = SqlDriver(url)
    with pytest.raises(error) as caught:
        driver.check()
    driver.close()
    assert "crm.url" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.hint  # type: ignore[attr-defined]


@pytest.mark.parametrize("url", ["crm.db", "oracle://x/y", "", "sqlite://", "postgresql://u:s3cret@h:port/x"])
def test_an_address_that_cannot_be_read_is_an_error_of_the_file(url: str) -> None:
    with pytest.raises(ConfigError, match=r"crm\.url") as caught:
        SqlDriver(url)
    assert "s3cret" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("url", "user", "password", "host", "database"),
    [
        ("postgres://u:p@ss/w:rd@db.example/crm", "u", "p@ss/w:rd", "db.example", "crm"),
        ("postgresql://u:p%40ss@db.example:5433/crm?sslmode=require", "u", "p@ss", "db.example", "crm"),
        ("mariadb://u:100%@db.example/crm", "u", "100%", "db.example", "crm"),
        ("mysql://u@db.example/crm", "u", None, "db.example", "crm"),
        ("postgresql:///crm", None, None, None, "crm"),
    ],
)
def test_addresses_are_read_as_people_write_them(
    url: str, user: str | None, password: str | None, host: str | None, database: str
) -> None:
    from fieldnote.crm.sql.text import parse_url

    parsed = parse_url(url, "crm.url")
    assert (parsed.username, parsed.password, parsed.host, parsed.database) == (
        user,
        password,
        host,
        database,
    )


def test_a_column_that_must_not_be_empty_is_not_emptied(crm: Crm) -> None:
    crm.run(
        "create table deals (id integer primary key, name varchar(10) not null)", "insert into deals values (7, 'x')"
    )
    with pytest.raises(CrmRefused, match=r"deals\.name must not be empty"):
        crm.driver.write_if(DEAL, "name", expected="x", new=None)
    assert crm.run("select name from deals")[0][0] == "x"


@pytest.mark.parametrize("crm", ["postgresql"], indirect=True)
def test_a_refusal_that_ended_is_over_for_the_next_write(crm: Crm) -> None:
    """A connection keeps the rights of its beginning: of a refused one, no later write may depend."""
    _deals(crm)
    [(name,)] = crm.run("select current_database()")
    crm.run(f'alter database "{name}" set default_transaction_read_only = on')
    for _ in range(2):
        with pytest.raises(CrmRefused, match="read-only"):
            crm.driver.write_if(DEAL, "name", expected="seven", new="ours")
    crm.run(f'alter database "{name}" reset default_transaction_read_only')
    assert crm.driver.write_if(DEAL, "name", expected="seven", new="ours").outcome is Outcome.APPLIED
