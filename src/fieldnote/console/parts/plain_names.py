"""Names of runs and tables for a person who has never seen the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

RUNS: Final[Mapping[str, str]] = {
    "push": "CRM to Siro",
    "pull": "Siro to CRM",
    "look": "Webhook from Siro",
    "review": "Act of a person",
    "backfill": "Backfill",
    "people": "List of Siro's users",
}
_STORED: Final[Mapping[str, str]] = {
    "attempts": "Records on their way to Siro",
    "audit_events": "Audit",
    "events": "Webhooks from Siro",
    "fields": "Fields of the CRM",
    "field_values": "Fields of the CRM",
    "matches": "Searches for appointments",
    "mobile_events": "What phones report",
    "notes": "Notes in the CRM",
    "proposals": "Values to decide",
    "proposal_values": "Values to decide",
    "recordings": "Recordings",
    "recording_links": "Recordings",
    "recording_contents": "Summaries and values",
    "recording_transcripts": "Transcripts",
    "runs": "Log of runs",
    "sends": "History of what was sent",
    "sent": "Records in Siro",
    "siro_users": "Siro's users",
    "writes": "History of what was written",
    "write_values": "History of what was written",
}
_BEGINNINGS: Final = (
    ("board", "Lists and search"),
    ("call_", "Budget of calls"),
    ("procrastinate", "Jobs"),
    ("landed", "Rows of the CRM"),
)
OTHER: Final = "Everything else"


def stored_as(table: str) -> str:
    """The content of a table, in a few words."""
    if found := _STORED.get(table):
        return found
    return next((words for beginning, words in _BEGINNINGS if table.startswith(beginning)), OTHER)


def largest_stores(tables: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """The bytes of these tables by what they store, the most first."""
    found: dict[str, int] = {}
    for table, size in tables:
        name = stored_as(table)
        found[name] = found.get(name, 0) + size
    return sorted(found.items(), key=lambda one: (one[0] == OTHER, -one[1], one[0]))
