"""Reconcile: reads Siro and the CRM, and finds where the ledger is wrong, as after a restore from a backup.

A ledger that is older than Siro does not know the records that were sent since, nor what else has changed there. It
does not know the writes into the CRM since either: without help those values would count as a person's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.connection import verify
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.pull.run import Pass, declare_name
from fieldnote.bridge.push.deletions import SeenKeys
from fieldnote.bridge.push.entries import Entry
from fieldnote.bridge.push.run import mappers_of
from fieldnote.bridge.push.stream import Stream
from fieldnote.bridge.recording import Model
from fieldnote.bridge.session import Bridge
from fieldnote.bridge.status.lost_writes import Doubt, examine_record
from fieldnote.json_form import camel_case
from fieldnote.mapping.records import StreamName
from fieldnote.siro import bulk
from fieldnote.siro.models import Engagement, Opportunity

_COMPARED: Final[Mapping[StreamName, tuple[str, ...]]] = {
    "engagements": ("start_time", "end_time", "subject"),
    "opportunities": ("name", "amount", "closed_at", "disposition"),
}
"""The fields that Siro's lists and the ledger both have."""


class Finding(StrEnum):
    """How a record differs between Siro and the ledger."""

    UNKNOWN = "unknown"
    """Siro and the CRM have it, the ledger does not. The next push sends it again, without doubling it."""
    ORPHAN = "orphan"
    """Siro has it; neither the ledger nor the CRM does. It may be another connection's."""
    LOST = "lost"
    """The ledger has it as sent; Siro does not list it."""
    CHANGED = "changed"
    """Siro has other values than the ledger says."""
    REPLACED = "replaced"
    """Siro has it under another id of its own."""
    LOST_WRITE = "lost_write"
    """The CRM has the recordings' value, but the ledger has no such write."""
    OTHER_VALUE = "other_value"
    """The CRM's value differs from Fieldnote's last write: a person's change, or a write that the ledger lost."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that differs."""

    stream: str
    """A stream of push, or what pull writes to: `pull.opportunity`."""
    key: str
    finding: Finding
    siro_id: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Reconciliation:
    """The differences of all streams."""

    listed: int = 0
    """Records that Siro lists."""
    differences: list[Difference] = field(default_factory=list)
    adopted: int = 0
    """Records that the next push sends again."""
    compared: int = 0
    """CRM records that recordings are linked to."""
    kept: int = 0
    """Writes in the CRM that the ledger knows now."""
    stopped: str | None = None
    """Why the recordings could not be read to the end; there may be more than was found."""


async def reconcile(bridge: Bridge, *, adopt: bool = False) -> Reconciliation:
    """Compare Siro and the CRM with the ledger. Sends nothing, and writes nothing into the CRM.

    `adopt`: the next push sends again what is unknown, lost, changed or replaced; lost writes count as Fieldnote's own
    again. Raises `Busy` while a push or pull runs.
    """
    await verify(bridge)
    found = Reconciliation()
    mappers = mappers_of(bridge) if bridge.config.push is not None else {}
    for name, mapper in mappers.items():
        if name in _COMPARED:
            async with exclusive(bridge.engine, "push", bridge.name, name, max_wait=60):
                await _Reconciler(Stream(bridge, name, mapper), found, adopt=adopt).run()
    if bridge.config.pull is not None and bridge.config.pull.targets():
        async with exclusive(bridge.engine, "pull", bridge.name, max_wait=60):
            await _reconcile_pull(bridge, found, adopt=adopt)
    return found


async def _reconcile_pull(bridge: Bridge, found: Reconciliation, *, adopt: bool) -> None:
    """Read the recordings that the ledger does not know, then compare each record that one is linked to."""
    await declare_name(bridge)
    reading = Pass(bridge, 0, eager=True)
    with bulk():
        await reading.poll()
        await reading.look_at_unfinished()
    found.stopped = reading.result.stopped
    after = ("", "")
    while records := await _linked_records(bridge, after):
        for model, key in records:
            async with exclusive(bridge.engine, "record", bridge.name, model.value, key, max_wait=60) as conn:
                doubtful = await examine_record(bridge, conn, model, key, adopt=adopt)
            found.differences += [
                Difference(f"pull.{model.value}", key, Finding(item.doubt.value), fields=(item.place,))
                for item in doubtful
            ]
            found.compared += 1
            found.kept += sum(item.doubt is Doubt.LOST_WRITE for item in doubtful) if adopt else 0
        after = records[-1][0].value, records[-1][1]


async def _linked_records(bridge: Bridge, after: tuple[str, str]) -> list[tuple[Model, str]]:
    targets = bridge.config.pull.targets() if bridge.config.pull is not None else {}
    values = {"connection": bridge.name, "models": list(targets), "model": after[0], "record": after[1]}
    async with bridge.engine.connect() as conn:
        return [(Model(row.model), row.record) for row in await conn.execute(_LINKED, values)]


class _Reconciler:
    def __init__(self, stream: Stream, found: Reconciliation, *, adopt: bool) -> None:
        self.stream = stream
        self.found = found
        self.adopt = adopt

    async def run(self) -> None:
        client = self.stream.bridge.remote.client
        async with self.stream.bridge.engine.connect() as conn:
            seen = SeenKeys(await self.stream.ledger.last_number(conn))
        listing = client.engagements.list() if self.stream.name == "engagements" else client.opportunities.list()
        async for page in listing.pages():
            items = {item.external_id: item for item in page.items if item.external_id}
            self.found.listed += len(items)
            await self._compare(items, seen)
        await self._find_lost(seen)

    async def _compare(self, items: Mapping[str, Engagement | Opportunity], seen: SeenKeys) -> None:
        async with self.stream.bridge.engine.connect() as conn:
            marks = await self.stream.ledger.marks(conn, list(items))
            known = await self.stream.ledger.known(conn, list(marks))
            elsewhere = await self._sent_elsewhere(conn, {items[key].id: key for key in items.keys() - known.keys()})
        seen.add((mark.number for mark in marks.values()), len(items))
        differences = [
            difference
            for key, entry in known.items()
            if (difference := self._difference(key, entry, items[key])) is not None
        ]
        missing = sorted(items.keys() - known.keys() - elsewhere)
        gone = set((await self.stream.reader.look_up(missing)).missing(missing)) if missing else set()
        for key in missing:
            finding = Finding.ORPHAN if key in gone else Finding.UNKNOWN
            differences.append(Difference(self.stream.name, key, finding, items[key].id))
        await self._add(differences)

    def _difference(self, key: str, entry: Entry, item: Engagement | Opportunity) -> Difference | None:
        payload = entry.payload
        if payload is None or entry.attempted is not None or payload.get("deletedAt") is not None:
            return None  # a push that is still owed decides
        if entry.siro_id is not None and entry.siro_id != item.id:
            return Difference(self.stream.name, key, Finding.REPLACED, item.id)
        names = [name for name in _COMPARED[self.stream.name] if payload.get(camel_case(name)) is not None]
        fields = tuple(camel_case(name) for name in names if not _equal(payload[camel_case(name)], getattr(item, name)))
        return Difference(self.stream.name, key, Finding.CHANGED, item.id, fields) if fields else None

    async def _sent_elsewhere(self, conn: AsyncConnection, ids: Mapping[str, str]) -> set[str]:
        """The records that another connection sent, or that travel inside others."""
        if not ids:
            return set()
        values = {
            "connection": self.stream.bridge.name,
            "stream": self.stream.name,
            "keys": list(ids.values()),
            "ids": list(ids),
            "model": "opportunity",
        }
        rows = await conn.execute(_ELSEWHERE, values)
        return {ids.get(row.found, row.found) for row in rows}

    async def _find_lost(self, seen: SeenKeys) -> None:
        async with self.stream.bridge.engine.connect() as conn:
            keys = list(
                await conn.scalars(
                    _LOST,
                    {
                        "connection": self.stream.bridge.name,
                        "stream": self.stream.name,
                        "seen": seen.as_bytes(),
                        "bits": 8 * len(seen.as_bytes()),
                    },
                )
            )
        await self._add([Difference(self.stream.name, key, Finding.LOST) for key in keys])

    async def _add(self, differences: Sequence[Difference]) -> None:
        self.found.differences += differences
        keys = [item.key for item in differences if item.finding is not Finding.ORPHAN]
        if self.adopt and keys:
            async with self.stream.bridge.engine.begin() as conn:
                await conn.execute(
                    _SEND_AGAIN, {"connection": self.stream.bridge.name, "stream": self.stream.name, "keys": keys}
                )
            self.found.adopted += len(keys)


def _equal(sent: Any, listed: Any) -> bool:
    if isinstance(listed, datetime):
        try:
            moment = datetime.fromisoformat(str(sent))
        except ValueError:
            return False
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return abs(moment - listed).total_seconds() < 1
    if isinstance(sent, int | float | Decimal) and isinstance(listed, int | float | Decimal):
        return abs(Decimal(str(sent)) - Decimal(str(listed))) < Decimal("0.005")
    return str(sent).strip() == str(listed or "").strip()


_ELSEWHERE: Final = text("""
    select key as found from sent
    where connection <> :connection and stream = :stream and key = any(cast(:keys as text[]))
    union
    select related ->> :model from sent
    where connection = :connection and related ->> :model = any(cast(:ids as text[]))
""")

_LINKED: Final = text("""
    select distinct model, record from recording_links
    where connection = :connection and model = any(cast(:models as text[])) and (model, record) > (:model, :record)
    order by model, record limit 500
""")

_LOST: Final = text("""
    select key from sent
    where connection = :connection and stream = :stream and number < :bits and get_bit(:seen, number) = 0
      and state = 'sent' and payload is not null and not is_deleted
    order by key
""")

_SEND_AGAIN: Final = text("""
    insert into sent (connection, stream, key, state)
    select :connection, :stream, key, 'pending' from unnest(cast(:keys as text[])) as item (key)
    on conflict (connection, stream, key) do update
    set state = 'pending', row_hash = null, attempted = coalesce(sent.attempted, sent.payload), siro_id = null,
        reason = null, hint = null, changed_at = now()
""")
