"""The contractor's CRM: the same at every call, whole or absent, and sane."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from fieldnote import config
from fieldnote.demo import crm
from fieldnote.demo.contractor import Contents, make
from fieldnote.errors import CrmError, CrmUnavailable
from fieldnote.mapping.records import compile_push
from fieldnote.matching import Appointment, Conversation, Outcome, Place, match, place_distance_m
from tests.waiting import until

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 9)  # the day after the clocks went forward in Denver


@dataclass(frozen=True)
class Story:
    key: str
    customer_name: str
    trade: str


STORIES = tuple(
    Story(f"story-{i}", name, trade)
    for i, (name, trade) in enumerate(
        [
            ("Okonkwo", "roof replacement"),
            ("Maria Lopez", "kitchen remodel"),
            ("Bauer", "windows"),
            ("Hsu", "siding"),
            ("Romano", "deck"),
            ("Petit", "bathroom remodel"),
            ("Larsen", "gutters"),
        ]
    )
)


@pytest.fixture(scope="module")
def contents() -> Contents:
    return make(DAY, 7, STORIES)


def test_the_numbers_are_those_of_a_contractor(contents: Contents) -> None:
    assert len(contents.reps) >= 12
    assert (len(contents.customers), len(contents.deals), len(contents.appointments)) == (200, 300, 600)
    assert {deal["stage"] for deal in contents.deals} == {"lead", "quoted", "sold", "dead"}
    assert any(row["cancelled_at"] for row in contents.appointments)
    assert sum(row["latitude"] is None for row in contents.customers) > 3


@pytest.mark.parametrize("seed", range(5))
def test_no_rep_is_at_two_places_at_once(seed: int) -> None:
    """At least a quarter of an hour lies between two appointments of one rep."""
    rows = sorted(make(DAY, seed, STORIES).appointments, key=lambda row: (row["rep_id"], row["starts_at"]))
    for before, after in pairwise(rows):
        if before["rep_id"] == after["rep_id"]:
            assert after["starts_at"] - before["ends_at"] >= timedelta(minutes=15)


def test_appointments_lie_in_business_hours_around_the_day(contents: Contents) -> None:
    for row in contents.appointments:
        local = row["starts_at"].astimezone(crm.ZONE)
        assert 8 <= local.hour <= 17
        assert abs((local.date() - DAY).days) <= 10


@pytest.mark.parametrize("day", [DAY, date(2026, 7, 1), date(2026, 11, 2), date(2027, 1, 1)])
def test_every_visit_ends_before_the_day_and_within_two_days_of_it(day: date) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for visit in make(day, 1, STORIES).visits:
        assert midnight - timedelta(hours=24) < visit.started_at
        assert visit.started_at + timedelta(seconds=visit.duration_s) < midnight


def test_the_visits_are_of_every_kind(contents: Contents) -> None:
    visits = contents.visits
    assert len(visits) >= 8
    assert {visit.conversation_key for visit in visits} == {story.key for story in STORIES}
    assert len({visit.recording_key for visit in visits}) == len(visits)
    assert [visit.appointment_id for visit in visits].count(None) == 1
    assert sum(visit.deep_link for visit in visits) == 1
    assert sum(visit.place is None for visit in visits) == 1
    deals = Counter(visit.deal_id for visit in visits if visit.deal_id)
    assert sorted(deals.values())[-2:] == [1, 2]


def test_the_crm_knows_the_customers_of_the_conversations(contents: Contents) -> None:
    names = {row["id"]: row["name"] for row in contents.customers}
    trades = {story.key: story.trade for story in STORIES}
    appointments = {str(row["id"]): row for row in contents.appointments}
    deals = {str(row["id"]): row["name"] for row in contents.deals}
    for visit in contents.visits:
        if visit.appointment_id and visit.deal_id:
            assert names[appointments[visit.appointment_id]["customer_id"]].endswith(visit.customer_name)
            assert trades[visit.conversation_key] in deals[visit.deal_id]


def test_two_conversations_of_one_customer_are_two_visits_on_one_deal() -> None:
    again = Story("story-again", "Bauer", "windows")
    visits = make(DAY, 7, [*STORIES, again]).visits
    first, second = (v for v in visits if v.customer_name == "Bauer")
    assert (first.conversation_key, second.conversation_key) == ("story-2", "story-again")
    assert first.deal_id == second.deal_id
    assert first.started_at < second.started_at


def test_fewer_than_six_conversations_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 6"):
        make(DAY, 7, STORIES[:5])


@pytest.mark.parametrize("seed", range(10))
def test_matching_finds_the_appointment_of_every_visit(seed: int) -> None:
    contents = make(DAY, seed, STORIES)
    customers = {row["id"]: row for row in contents.customers}
    appointments = [_appointment(row, customers[row["customer_id"]]) for row in contents.appointments]
    reps = {row["email"]: str(row["id"]) for row in contents.reps}
    conversations = [
        Conversation(
            visit.recording_key,
            reps[visit.rep_email],
            visit.started_at,
            timedelta(seconds=visit.duration_s),
            visit.place,
            visit.title,
        )
        for visit in contents.visits
    ]
    fixed = {v.recording_key: v.appointment_id for v in contents.visits if v.deep_link}
    decisions = match(conversations, appointments, fixed=fixed)
    for visit, decision in zip(contents.visits, decisions, strict=True):
        assert decision.appointment_id == visit.appointment_id, visit.scenario
        assert (decision.outcome is Outcome.NONE) == (visit.appointment_id is None)
    unaided = {d.conversation_id: d for d in match(conversations, appointments)}
    assert all(unaided[key].appointment_id in {None, fixed[key]} for key in fixed), "a wrong link without the deep link"


def _appointment(row: dict[str, Any], customer: dict[str, Any]) -> Appointment:
    place = None if customer["latitude"] is None else Place(customer["latitude"], customer["longitude"])
    return Appointment(
        str(row["id"]),
        frozenset({str(row["rep_id"])}),
        row["starts_at"],
        row["ends_at"],
        place,
        row["title"],
        customer["name"],
        row["cancelled_at"] is not None,
    )


def test_visits_are_recorded_at_the_house(contents: Contents) -> None:
    customers = {row["id"]: row for row in contents.customers}
    appointments = {str(row["id"]): row for row in contents.appointments}
    for visit in contents.visits:
        if visit.place and visit.appointment_id:
            customer = customers[appointments[visit.appointment_id]["customer_id"]]
            distance = place_distance_m(visit.place, Place(customer["latitude"], customer["longitude"]))
            assert distance is not None
            assert distance < 150


# --- in the database ------------------------------------------------------------------------------------


def _dump(url: str) -> dict[str, list[tuple[Any, ...]]]:
    with psycopg.connect(url) as connection:
        return {
            table.name: sorted(connection.execute(f"select * from {table.name}").fetchall(), key=repr)
            for table in crm.metadata.sorted_tables
        }


def test_the_same_day_and_seed_give_the_same_rows(database_url: str) -> None:
    built = crm.build(database_url, day=DAY, seed=7, stories=STORIES)
    first = _dump(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
    assert crm.build(database_url, day=DAY, seed=7, stories=STORIES) == built
    assert _dump(database_url) == first
    assert built.counts["appointments"] == len(first["appointments"]) == 600
    assert crm.make(DAY, 8, STORIES).customers != crm.make(DAY, 7, STORIES).customers


def test_a_second_build_leaves_what_was_written_since(database_url: str) -> None:
    built = crm.build(database_url, day=DAY, seed=7, stories=STORIES)
    before = crm.snapshot(database_url)
    deal = int(built.visits[0].deal_id or 0)
    with psycopg.connect(database_url) as connection:
        connection.execute("update deals set budget_max = 40000 where id = %s", [deal])
        connection.execute("insert into deal_notes (deal_id, body, external_key) values (%s, 'n', 'k')", [deal])
    written = _dump(database_url)
    assert crm.build(database_url, day=DAY, seed=7, stories=STORIES) == built
    assert _dump(database_url) == written
    after = crm.snapshot(database_url)
    assert crm.changes(before, after) == (crm.Change(deal, "budget_max", None, "40000"),)
    assert set(after.notes) - set(before.notes) == {(deal, "k", "n")}


def test_a_write_moves_updated_at(database_url: str) -> None:
    crm.build(database_url, day=DAY, seed=7, stories=STORIES)
    with psycopg.connect(database_url) as connection:
        query = "update customers set phone = '1' where id = 1001 returning updated_at"
        row = connection.execute(query).fetchone()
    assert row
    assert abs(datetime.now(UTC) - row[0]) < timedelta(minutes=5)


def test_another_seed_or_a_foreign_table_is_refused(database_url: str) -> None:
    crm.build(database_url, day=DAY, seed=7, stories=STORIES)
    with pytest.raises(CrmError, match="seed 7"):
        crm.build(database_url, day=DAY, seed=8, stories=STORIES)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("drop table deal_notes")
    with pytest.raises(CrmError, match="other tables"):
        crm.build(database_url, day=DAY, seed=7, stories=STORIES)


def test_a_server_that_is_away_is_said_to_be() -> None:
    with pytest.raises(CrmUnavailable, match="cannot be reached"):
        crm.snapshot("postgresql://nobody:secret@127.0.0.1:9/none")


_CHILD = """
import sys
from tests.demo.test_crm import DAY, STORIES
from fieldnote.demo import crm
print("ready", flush=True)
crm.build(sys.argv[1], day=DAY, seed=7, stories=STORIES)
"""


def test_a_build_that_is_killed_leaves_nothing_or_all(database_url: str, seed: int, *, long: bool) -> None:
    dice = random.Random(seed)
    for _ in range(20 if long else 1):
        _kill_in_build(database_url, dice.uniform(0, 0.4))
        with psycopg.connect(database_url, autocommit=True) as connection:
            # Its backend may still be at work for a moment; the build's lock waits for it.
            present = _tables_when_quiet(connection)
            assert present in (0, 5)
            if present:
                assert connection.execute("select count(*) from appointments").fetchone() == (600,)
                connection.execute("drop schema public cascade")
                connection.execute("create schema public")
    crm.build(database_url, day=DAY, seed=7, stories=STORIES)
    assert len(_dump(database_url)["appointments"]) == 600


def _kill_in_build(url: str, delay: float) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _CHILD, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root) as child:
        assert child.stdout
        child.stdout.readline()
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)


def _tables_when_quiet(connection: psycopg.Connection) -> int:
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    until(lambda: connection.execute(others).fetchone() == (0,))
    row = connection.execute("select count(*) from information_schema.tables where table_schema = 'public'").fetchone()
    assert row
    return int(row[0])


# --- its configuration ----------------------------------------------------------------------------------


def test_the_configuration_fits_the_schema(tmp_path: Path, database_url: str) -> None:
    path = tmp_path / "fieldnote.yaml"
    path.write_text(crm.config_text())
    loaded = config.load(path, {"SIRO_TOKEN": "t", "CRM_URL": database_url})
    assert loaded.push
    assert loaded.push.engagements
    assert loaded.push.opportunities
    assert loaded.pull
    assert loaded.pull.opportunity
    crm.build(database_url, day=DAY, seed=7, stories=STORIES)
    with psycopg.connect(database_url) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        for stream, mapper in compile_push(loaded).items():
            query = getattr(loaded.push, stream).query
            rows = cursor.execute(query.encode()).fetchall()
            assert len(rows) == {"engagements": 600, "opportunities": 300}[stream]
            assert [warning for row in rows for warning in mapper.map(row).warnings] == []
    columns = {field.to for field in loaded.pull.opportunity.fields.values()}
    assert columns <= set(crm.deals.c.keys())
    assert set(loaded.pull.opportunity.fields) == {"Budget", "Timeline", "Decision Maker", "Objections"}
