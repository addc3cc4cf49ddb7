"""The scripts, against a workspace."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fieldnote import Siro

sys.path.insert(0, str(Path(__file__).parent))
from appointments_without_recording import missing
from export_recordings import export

START = datetime(2026, 3, 2, 17, tzinfo=UTC)
VISIT = """WEBVTT

00:00:20.000 --> 00:00:27.000
<v John Sales>Do you have a budget in mind?

00:25:00.000 --> 00:25:10.000
<v Peter Smith>We can spend between 22,000 and 26,000 dollars, not more.
"""
PATIENCE = 120
"""Seconds until the test counts as hung."""


def _appointment(siro: Siro, key: str, start: datetime) -> None:
    siro.engagements.sync(
        external_id=key,
        start_time=start,
        end_time=start + timedelta(hours=1),
        subject=key,
        engagement_type={"activity_type": "APPOINTMENT", "name": "visit"},
        engagement_users=[{"external_id": "rep-1", "email": "john@acme.example", "name": "John Sales"}],
        account={"external_id": f"customer-{key}", "name": key, "latitude": 39.7392, "longitude": -104.9903},
    )


def test_a_recorded_visit_is_exported_and_the_other_is_missing(siro: Siro, tmp_path: Path) -> None:
    _appointment(siro, "recorded", START)
    _appointment(siro, "forgotten", START + timedelta(days=1))
    (tmp_path / "visit.vtt").write_text(VISIT)
    command = ["fieldnote", "workspace", "record", "--transcript", str(tmp_path / "visit.vtt")]
    command += ["--user", "john@acme.example", "--started-at", (START + timedelta(minutes=3)).isoformat()]
    subprocess.run([*command, "--lat", "39.7392", "--lon=-104.9903"], check=True, capture_output=True)
    hung = time.monotonic() + PATIENCE
    while not all(found.is_entity_extraction_done and found.crm for found in siro.recordings.list(show_crm_links=True)):
        assert time.monotonic() < hung, "the recording is not processed"
        time.sleep(0.2)

    by_rep = missing(siro, START - timedelta(days=1), START + timedelta(days=2))
    assert {name: [found.external_id for found in rows] for name, rows in by_rep.items()} == {
        "John Sales": ["forgotten"]
    }

    file = tmp_path / "recordings.csv"
    assert export(siro, file, datetime.now(UTC) - timedelta(days=1)) == 1
    with file.open(newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert row["appointment"] == "recorded"
    assert "22,000" in row["Budget"]
    assert row["summary"]
