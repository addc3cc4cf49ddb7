"""The local zone of a record: where the day of a visit is counted, and its time is shown."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from fieldnote.bridge.recording import Model
from fieldnote.bridge.session import Bridge
from fieldnote.config import StreamSettings
from fieldnote.crm.types import Source
from fieldnote.errors import CrmRefused

STREAMS: Final = {
    Model.ENGAGEMENT: "engagements",
    Model.OPPORTUNITY: "opportunities",
    Model.ACCOUNT: "accounts",
}


def local_zone(bridge: Bridge, model: Model, record: str) -> str | None:
    """The zone of a pushed record; None if its stream names none. Asks the CRM where a column names it.

    Raises `CrmUnavailable`.
    """
    push = bridge.config.push
    name = STREAMS.get(model, "")
    stream = push.streams().get(name) if push is not None else None
    if stream is None:
        return None
    crm = bridge.config.crm
    zone = stream.local_timezone or crm.local_timezone or stream.timezone or crm.timezone
    if zone is None or isinstance(zone, str):
        return zone
    return _zone_in_row(bridge, name, stream, zone.column, record)


def _zone_in_row(bridge: Bridge, name: str, stream: StreamSettings, column: str, record: str) -> str | None:
    source = Source(f"push.{name}", stream.key, stream.query, stream.table, stream.cursor)
    try:
        row = bridge.crm.row(source, record) or {}
        found = str(row.get(column) or "")
        ZoneInfo(found)
    except (CrmRefused, ValueError, OSError, LookupError):
        return None
    return found
