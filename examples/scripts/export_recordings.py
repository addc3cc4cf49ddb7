"""Write the recordings of the last days to a CSV file: one line each, with the CRM's ids and what was said.

python export_recordings.py recordings.csv --days 7
"""

from __future__ import annotations

import argparse
import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fieldnote import Siro


def export(siro: Siro, file: Path, since: datetime) -> int:
    """Return how many recordings were written. A column for each extraction that any of them has."""
    recordings = list(
        siro.recordings.list(updated_since=since, show_summary=True, show_crm_links=True, show_entity_extractions=True)
    )
    said = [{entry.name: entry.value for entry in found.entity_extractions or ()} for found in recordings]
    names = sorted({name for values in said for name in values})
    with file.open("w", newline="", encoding="utf-8") as output:
        writer = csv.writer(output)
        writer.writerow(["recording", "started", "appointment", "deal", "summary", *names])
        for found, values in zip(recordings, said, strict=True):
            crm = found.crm
            appointment = crm.engagement.external_id if crm and crm.engagement else None
            deal = crm.opportunity.external_id if crm and crm.opportunity else None
            summary = " ".join(part.content for part in found.summary or ())
            row = [found.id, found.created_at, appointment, deal, summary]
            writer.writerow([*row, *(values.get(name) for name in names)])
    return len(recordings)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--days", type=int, default=7)
    given = parser.parse_args()
    with Siro.from_env() as client:
        print(export(client, given.file, datetime.now(UTC) - timedelta(days=given.days)), "recordings")
