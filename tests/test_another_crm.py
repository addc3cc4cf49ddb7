"""The README's way with a CRM that is nothing like the demo's: a car dealer's SQLite file, by commands alone."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fieldnote import Siro
from tests.typed import typed
from tests.waiting import until

pytestmark = pytest.mark.slow

FIELDNOTE = [sys.executable, "-m", "fieldnote"]

SCHEMA = """
create table "Sales People" (code text primary key, "full name" text, mail text);
create table shoppers (ref text primary key, who text);
create table visits (
    visit_no text primary key, advisor text, shopper text, lead_no text, slot text, minutes integer, status text,
    changed text);
create table leads (
    lead_no text primary key, shopper text, vehicle text, price real, state text, changed text,
    max_budget integer, wants_it text, decides text, worries text);
create table remarks (id integer primary key, lead text, remark text);
insert into "Sales People" values ('SP-7', 'Dolores Ibáñez', 'dolores@motors.example');
insert into shoppers values ('SH-1', 'Kwame Osei'), ('SH-2', 'Ute Brandt');
insert into leads values
    ('L-1', 'SH-1', 'Hatchback', 27999.5, 'negotiating', '2026-02-10 09:00:00', null, null, null, null),
    ('L-2', 'SH-2', 'Van', null, 'bought', '2026-02-10 09:00:00', null, null, null, null);
insert into visits values
    ('V/1', 'SP-7', 'SH-1', 'L-1', '2026-02-14 10:30', 45, 'booked', '2026-02-10 09:00:00'),
    ('V/2', 'SP-7', 'SH-2', 'L-2', '2026-02-14 15:00', 45, 'booked', '2026-02-10 09:00:00');
"""

CONFIG = """
version: 1
crm:
  driver: sql
  url: ${DEALER_DB}
  timezone: America/Chicago
push:
  engagements:
    query: |
      select v.visit_no, v.slot, datetime(v.slot, '+' || v.minutes || ' minutes') as ends, v.status, v.lead_no,
             s.ref, s.who, p.code, p.mail, p."full name" as advisor_name, v.changed
        from visits v
        join shoppers s on s.ref = v.shopper
        join "Sales People" p on p.code = v.advisor
    key: visit_no
    cursor: changed
    map:
      startTime: slot
      endTime: ends
      subject: who
      engagementType: {activityType: "'APPOINTMENT'", name: "'test drive'"}
      engagementUsers: [{externalId: code, email: mail, name: advisor_name}]
      account: {externalId: ref, name: who}
      opportunity: {externalId: lead_no}
  opportunities:
    table: leads
    key: lead_no
    map:
      name: vehicle
      amount: price
      disposition: {from: state, choices: {negotiating: OPEN, bought: WON, walked: LOST}}
      account: {externalId: shopper}
pull:
  opportunity:
    table: leads
    key: lead_no
    fields:
      Budget: {to: max_budget, as: money.max}
      Timeline: {to: wants_it, as: text}
      Decision Maker: decides
      Objections: {to: worries, as: text, policy: update}
    note: {table: remarks, record: lead, body: remark}
"""

TRANSCRIPT = """\
Dolores: Hi Kwame, good to see you again. So, what kind of budget are you working with?
Kwame: We want to stay under thirty thousand, all in.
Dolores: Understood. And when do you need the car by?
Kwame: I'd like to have it by the end of next month.
Dolores: Is it just you deciding, or is somebody else involved?
Kwame: My wife and I decide that together.
Dolores: Of course. What is holding you back today?
Kwame: Honestly, the monthly payment is too high for us, and I want to compare with another dealer first.
Dolores: That makes sense. Let me see what I can do.
"""


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    path = tmp_path / "dealer.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
    connection.close()
    return path


class Shell:
    """The commands as a person types them, in one folder and one environment."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = os.environ | environment

    def run(self, *words: str, status: int = 0) -> str:
        found, said, complained = typed(words, folder=self.folder, environment=self.environment)
        assert found == status, said + complained
        return said

    def json(self, *words: str, status: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*words, "--json", status=status))
        return found


@pytest.fixture
def shell(tmp_path: Path, crm: Path, bridge_url: str, workspace_url: str) -> Iterator[Shell]:
    """A workspace that is being served, and a fieldnote.yaml beside the CRM."""
    databases = {"FIELDNOTE_BRIDGE_DATABASE_URL": bridge_url, "FIELDNOTE_WORKSPACE_DATABASE_URL": workspace_url}
    shell = Shell(tmp_path, FIELDNOTE_HOME=str(tmp_path / "home"), **databases)
    (tmp_path / "fieldnote.yaml").write_text(CONFIG)
    (tmp_path / "visit.txt").write_text(TRANSCRIPT)
    made = shell.json("workspace", "init", "--org", "Motors", "--admin", "boss@motors.example")
    shell.json("workspace", "user", "add", "--email", "dolores@motors.example", "--name", "Dolores Ibáñez")
    with subprocess.Popen(
        [*FIELDNOTE, "workspace", "serve", "--port", "0"],
        env=shell.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        address = re.search(r"http://\S+", server.stdout.readline())
        assert address is not None
        shell.environment |= {
            "DEALER_DB": f"sqlite:///{crm}",
            "SIRO_TOKEN": made["token"],
            "SIRO_BASE_URL": f"{address[0]}/api-externalApi/v1",
            "SIRO_API_URL": address[0],
        }
        yield shell
        server.send_signal(signal.SIGTERM)
    assert server.returncode == 0


def _row(crm: Path, query: str) -> tuple[Any, ...]:
    with sqlite3.connect(crm) as connection:
        row: tuple[Any, ...] = connection.execute(query).fetchone()
    connection.close()
    return row


def _pull_until_written(shell: Shell) -> dict[str, Any]:
    pulled: dict[str, Any] = {}

    def has_changes() -> bool:
        pulled.update(shell.json("pull"))
        return bool(pulled["changes"])

    until(has_changes)
    return pulled


def test_a_dealers_crm_is_joined_by_a_file_of_its_own(shell: Shell, crm: Path) -> None:
    pushed = shell.json("push")
    assert pushed["calls"] == 4  # a batch per stream, the token's owner, and the active integrations
    recorded = [
        "workspace", "record", "--transcript", "visit.txt", "--user", "dolores@motors.example",
        "--started-at", "2026-02-14T10:36:00-06:00", "--duration", "1500", "--id", "first",
    ]  # fmt: skip
    assert shell.json(*recorded) == shell.json(*recorded), "the same --id twice is one recording"
    _pull_until_written(shell)

    budget, timeline, decides, worries = _row(
        crm, "select max_budget, wants_it, decides, worries from leads where lead_no = 'L-1'"
    )
    assert budget == 30000
    assert "next month" in timeline.lower() or "march" in timeline.lower()
    assert "wife" in decides.lower()
    assert "too high" in worries.lower()
    assert _row(crm, "select max_budget, wants_it, decides, worries from leads where lead_no = 'L-2'") == (None,) * 4
    assert _row(crm, "select lead, count(*) from remarks") == ("L-1", 1)

    assert shell.json("push")["calls"] == 0
    assert shell.json("pull")["writes"] == 0
    with sqlite3.connect(crm) as connection:
        connection.execute("update leads set state = 'walked' where lead_no = 'L-1'")
    connection.close()
    assert shell.json("push")["calls"] == 1


def test_check_and_users_name_each_obstacle(shell: Shell, crm: Path) -> None:
    fine = shell.json("check")
    assert fine["good"]
    hints = " ".join(item["text"] for item in fine["findings"] if item["level"] == "hint")
    assert "the cursor changed does not move when shoppers as s and Sales People as p change" in hints
    assert [rep["way"] for rep in shell.json("users")["reps"]] == ["email"]

    with sqlite3.connect(crm) as connection:
        connection.execute("update \"Sales People\" set mail = 'someone@else.example', \"full name\" = 'Dolores'")
        connection.execute("update visits set slot = '2026-02-14 03:00'")
        connection.execute("update leads set state = 'on hold'")
        connection.execute("alter table leads rename column worries to concerns")
    connection.close()
    found = shell.json("check", status=1)["findings"]
    bad = {item["subject"]: item["text"] for item in found if item["level"] == "bad"}
    assert bad.keys() == {"push.opportunities", "pull.opportunity"}
    assert "on hold" in bad["push.opportunities"]
    assert "worries" in bad["pull.opportunity"]
    hints = " ".join(item["text"] for item in found if item["level"] == "hint")
    assert "begin at night in America/Chicago" in hints
    assert "rep Dolores (SP-7, on 2 rows) has no user in Siro" in hints
    assert [rep["way"] for rep in shell.json("users", status=1)["reps"]] == ["none"]
    local = CONFIG.replace("timezone: America/Chicago", "timezone: America/Chicago\n  local_timezone: Asia/Tokyo")
    (crm.parent / "fieldnote.yaml").write_text(local)
    assert "begin at night" not in shell.run("check", status=1)
    (crm.parent / "fieldnote.yaml").write_text(CONFIG)

    shell.environment["SIRO_TOKEN"] = "wrong"
    subjects = {item["subject"] for item in shell.json("check", status=1)["findings"] if item["level"] == "bad"}
    assert subjects >= {"siro", "push.opportunities", "pull.opportunity"}, (
        "one failed check does not keep the others away"
    )


def test_an_app_and_a_token_are_made_and_tried(shell: Shell, crm: Path) -> None:
    secrets = shell.folder / "siro.env"
    setup = ["oauth", "setup", "--user", "Dolores@Motors.example"]
    assert "is accepted" in shell.run(*setup, "--env-file", str(secrets))
    assert secrets.stat().st_mode & 0o777 == 0o600
    made = dict(line.split("=", 1) for line in secrets.read_text().splitlines())
    assert made.keys() == {"SIRO_CLIENT_ID", "SIRO_CLIENT_SECRET", "SIRO_USER_ID"}
    shell.environment |= made
    texts = [item["text"] for item in shell.json("check")["findings"]]
    assert "the user token is accepted" in texts
    shell.run(*setup, status=1)  # nowhere to put the secret
    shell.run("oauth", "setup", "--user", "nobody@motors.example", "--show", status=1)


def test_a_trial_finds_its_recording_and_leaves_nothing_behind(shell: Shell, crm: Path) -> None:
    with subprocess.Popen(
        [*FIELDNOTE, "try", "--rep", "dolores@motors.example", "--minutes", "2"],
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as trial:
        assert trial.stdout is not None
        assert "record something" in trial.stdout.readline()
        started = datetime.now(UTC).isoformat()
        shell.run(
            "workspace", "record", "--transcript", "visit.txt", "--user", "dolores@motors.example",
            "--started-at", started, "--duration", "600", "--id", "trial",
        )  # fmt: skip
        output = trial.stdout.read()
    assert trial.returncode == 0, output
    assert "was linked" in output
    assert "The appointment is deleted again" in output


def test_a_trial_that_is_broken_off_deletes_its_appointment(shell: Shell, crm: Path) -> None:
    with subprocess.Popen(
        [*FIELDNOTE, "try", "--rep", "dolores@motors.example"],
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as trial:
        assert trial.stdout is not None
        subject = trial.stdout.readline().split("'")[1]
        trial.send_signal(signal.SIGINT)
    with Siro(token=shell.environment["SIRO_TOKEN"], base_url=shell.environment["SIRO_BASE_URL"]) as siro:
        left = [item for item in siro.engagements.list() if item.subject == subject]
    assert [item.model_extra["deletedAt"] is not None for item in left if item.model_extra] in ([], [True])


def test_a_word_that_the_file_does_not_list_is_named_and_stops_nothing_else(shell: Shell, crm: Path) -> None:
    with sqlite3.connect(crm) as connection:
        connection.execute("update leads set state = 'on hold' where lead_no = 'L-1'")
    connection.close()
    output = shell.run("push", status=1)
    assert "L-1" in output
    assert "on hold" in output
    assert "1 sent" in output
