"""The local zone of a record: where the day of a visit is counted, and its time is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from fieldnote.bridge.recording import STREAMS, Model
from fieldnote.bridge.session import Bridge
from fieldnote.config import StreamSettings
from fieldnote.config.values import ColumnZone
from fieldnote.crm.types import Row, Source
from fieldnote.errors import CrmError, CrmRefused


def local_zone(bridge: Bridge, model: Model, record: str) -> str | None:
    """The zone of a pushed record; None if its stream names none. Asks the CRM where a column names it.

    Raises `CrmUnavailable`.
    """
    stream = _stream_of(bridge, model)
    if stream is None:
        return None
    zone = _setting(bridge, stream)
    if zone is None or isinstance(zone, str):
        return zone
    try:
        row = bridge.crm.row(_source(STREAMS[model], stream), record) or {}
    except CrmRefused:
        return None
    return _named(row.get(zone.column))


def _stream_of(bridge: Bridge, model: Model) -> StreamSettings | None:
    push = bridge.config.push
    return push.streams().get(STREAMS.get(model, "")) if push is not None else None


def _setting(bridge: Bridge, stream: StreamSettings) -> str | ColumnZone | None:
    crm = bridge.config.crm
    return stream.local_timezone or crm.local_timezone or stream.timezone or crm.timezone


def zone_setting(bridge: Bridge) -> str | None:
    """The zone in which the days of appointments are counted, where the file names one for all of them."""
    stream = _stream_of(bridge, Model.ENGAGEMENT)
    zone = _setting(bridge, stream) if stream is not None else None
    return zone if isinstance(zone, str) else bridge.zone


def _source(name: str, stream: StreamSettings) -> Source:
    return Source(f"push.{name}", stream.key, stream.query, stream.table, stream.cursor)


def _named(value: object) -> str | None:
    """A value that is the name of a zone."""
    try:
        ZoneInfo(found := str(value or ""))
    except (ValueError, OSError, LookupError):
        return None
    return found


def local_zones(bridge: Bridge, records: Iterable[tuple[Model, str]]) -> dict[tuple[Model, str], str | None]:
    """The zones in which times of these records are shown: each one's own, else the CRM's. Asks the CRM once a stream.

    Never raises because of the CRM: where it does not answer, its own zone is the next best.
    """
    found: dict[tuple[Model, str], str | None] = {}
    keys: dict[Model, list[str]] = {}
    for model, key in records:
        keys.setdefault(model, []).append(key)
    for model, some in keys.items():
        stream = _stream_of(bridge, model)
        zone = _setting(bridge, stream) if stream is not None else None
        rows: Mapping[str, Row] = {}
        if stream is not None and isinstance(zone, ColumnZone):
            with suppress(CrmError):
                rows = bridge.crm.rows(_source(STREAMS[model], stream), list(dict.fromkeys(some)))
        for key in some:
            own = _named(rows.get(key, {}).get(zone.column)) if isinstance(zone, ColumnZone) else zone
            found[model, key] = own or bridge.zone
    return found


async def zone_of_recording(bridge: Bridge, recording_id: str) -> str | None:
    """The zone of the recording's appointment, else of its deal or customer, else the CRM's."""
    async with bridge.engine.connect() as conn:
        rows = list(await conn.execute(_LINKS, {"connection": bridge.name, "id": recording_id}))
    linked = [(Model(row.model), row.record) for row in rows]
    if not linked:
        return bridge.zone
    return (await asyncio.to_thread(local_zones, bridge, linked[:1]))[linked[0]]


_LINKS: Final = text("""
    select model, record from recording_links where connection = :connection and recording_id = :id
    order by model <> 'engagement', model, record
""")
