"""Send the appointments of a CSV file to Siro, a hundred at a time. Running it twice changes nothing.

python sync_appointments.py appointments.csv     # columns: id, start, end, subject, rep_id, rep_email, rep_name
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from fieldnote import Siro
from fieldnote.siro import EngagementSync, Invalid, SiroError, bulk

BATCH = 100


def read(file: Path) -> Iterator[EngagementSync]:
    """The appointments. A wrong line raises pydantic.ValidationError before anything is sent."""
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            yield EngagementSync(
                external_id=row["id"],
                start_time=row["start"],
                end_time=row["end"],
                subject=row["subject"],
                engagement_type={"activity_type": "APPOINTMENT", "name": "visit"},
                engagement_users=[{"external_id": row["rep_id"], "email": row["rep_email"], "name": row["rep_name"]}],
            )


def sync(siro: Siro, records: Iterator[EngagementSync]) -> tuple[int, list[str]]:
    """How many were sent, and the ids that Siro refuses, with the reason. One bad record does not stop the others."""
    sent, refused = 0, []
    with bulk():  # calls of other programs with the same token go first
        while batch := list(islice(records, BATCH)):
            try:
                sent += len(siro.engagements.sync_batch(batch))
            except Invalid:  # Siro refuses a batch as a whole: find the bad one
                for record in batch:
                    try:
                        siro.engagements.sync(record)
                        sent += 1
                    except Invalid as error:
                        refused.append(f"{record.external_id}: {error}")
    return sent, refused


if __name__ == "__main__":
    with Siro.from_env() as client:
        try:
            count, problems = sync(client, iter(list(read(Path(sys.argv[1])))))
        except SiroError as error:
            sys.exit(error.report())
    print(f"{count} sent")
    sys.exit("\n".join(problems) or 0)
