"""List appointments of the last days that nobody recorded, by rep. For a weekly mail to the team leads.

python appointments_without_recording.py 7
"""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from fieldnote import Siro
from fieldnote.siro.models import Engagement


def missing(siro: Siro, since: datetime, until: datetime) -> dict[str, list[Engagement]]:
    """The appointments that began in the window and have no recording, by the rep's name."""
    by_rep: dict[str, list[Engagement]] = defaultdict(list)
    for appointment in siro.engagements.list():
        start = appointment.start_time
        if start is None or not since <= start <= until or appointment.recording_id is not None:
            continue
        for rep in appointment.engagement_users or ():  # as JSON: Siro's contract gives reps no shape here
            name = rep.get("name") if isinstance(rep, dict) else rep
            by_rep[str(name)].append(appointment)
    return dict(by_rep)


if __name__ == "__main__":
    now = datetime.now(UTC)
    with Siro.from_env() as client:
        found = missing(client, now - timedelta(days=int(sys.argv[1])), now - timedelta(hours=4))
    for name, appointments in sorted(found.items()):
        print(f"{name}: {len(appointments)}")
        for appointment in appointments:
            print(f"  {appointment.start_time} {appointment.subject} ({appointment.external_id})")
