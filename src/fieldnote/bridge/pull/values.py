"""What one recording says about one field, as a CRM value or as the reason why it is none. Pure."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fieldnote.bridge.pull.desired import Contribution
from fieldnote.bridge.recording import Extraction, RecordingSnapshot
from fieldnote.config import FieldSettings
from fieldnote.crm.types import freeze
from fieldnote.mapping.values import Unconvertible, convert


def contribution(held: RecordingSnapshot, item: Extraction, settings: FieldSettings, zone: str | None) -> Contribution:
    """The words of an extraction as the kind that the file asks for.

    "Next month" counts from the day of the conversation on the clock of `zone`, UTC without one.
    """
    day = held.started_at.astimezone(ZoneInfo(zone or "UTC")).date()
    said = item.value
    converted = convert(said, settings.kind, on=day, choices=settings.choices)
    if isinstance(converted, Unconvertible):
        return Contribution(held.id, held.started_at, said, None, converted.reason, item.definition_id)
    return Contribution(held.id, held.started_at, said, freeze(converted), None, item.definition_id)
