"""The company's own program, against a workspace that has a bad day: nothing is lost, and nothing is doubled."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fieldnote import Siro

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from sync_appointments import read, sync

MONDAY = datetime(2026, 2, 16, 15, tzinfo=UTC)


@pytest.fixture
def appointments(tmp_path: Path) -> Path:
    """A file with 30 appointments."""
    file = tmp_path / "appointments.csv"
    with file.open("w", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(["id", "start", "end", "subject", "rep_id", "rep_email", "rep_name"])
        for number in range(30):
            start = MONDAY + timedelta(hours=number)
            end = start + timedelta(hours=1)
            rep = ["rep-1", "john@acme.example", "John Sales"]
            writer.writerow([f"visit-{number}", start.isoformat(), end.isoformat(), f"Customer {number}", *rep])
    return file


def test_each_appointment_arrives_once_on_a_bad_day(siro: Siro, appointments: Path) -> None:
    records = list(read(appointments))
    for _ in range(2):  # the second run changes nothing
        for record in records:
            siro.engagements.sync(record)
    arrived = [found.external_id for found in siro.engagements.list() if found.subject.startswith("Customer")]
    assert sorted(arrived) == sorted(record.external_id for record in records)
    assert siro.totals.retries > 0, "the day was not bad enough to test anything"


def test_one_bad_record_does_not_stop_the_others(siro: Siro, appointments: Path) -> None:
    good = list(read(appointments))[:3]
    bad = good[0].model_copy(update={"external_id": "visit-x", "engagement_type": None, "subject": "x" * 100_000})
    sent, refused = sync(siro, iter([*good, bad]))
    assert sent + len(refused) == 4
    assert all(problem.startswith("visit-x") for problem in refused)
