"""Recordings as they were last fetched, and which CRM records must be looked at because of them.

What a fetch brought and what follows from it are stored in one transaction, so a kill between the two is
not possible.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.pull.ownership import judge_recordings
from fieldnote.bridge.pull.readiness import stage
from fieldnote.bridge.pull.user_token import drop_quotes, drop_transcripts
from fieldnote.bridge.recording import (
    Extraction,
    Link,
    Model,
    Ownership,
    RecordingSnapshot,
    RowStatus,
    Section,
    Stage,
    link_step,
    merge,
    without_words,
)
from fieldnote.db.bridge_tables import fetch_order, recording_contents, recording_links, recordings
from fieldnote.db.upserts import upsert


@dataclass(frozen=True, slots=True)
class Ticket:
    """Taken before a fetch."""

    order: int
    """Of two answers, the one that was asked for later counts."""
    at: datetime
    """By the database's clock."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The changes of a fetch."""

    changed: list[RecordingSnapshot]
    records: set[tuple[Model, str]]
    """The CRM records that it concerns: those linked now, and those that were."""
    kept: set[str] = field(default_factory=set)
    """The recordings of which more links or extractions are held than was shown: they may be gone, or left out."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A recording as Siro gave it, and how far that can be trusted."""

    held: RecordingSnapshot
    ticket: Ticket
    alone: bool
    """Fetched by its id. A list leaves out parts now and then, so what it lacks says nothing."""


async def take_ticket(conn: AsyncConnection) -> Ticket:
    """Number a fetch before it begins."""
    row = (await conn.execute(select(fetch_order.next_value(), func.clock_timestamp()))).one()
    return Ticket(int(row[0]), row[1])


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A recording as it is kept."""

    held: RecordingSnapshot
    fetched: int
    """The number of the fetch that brought it."""
    state: str
    forgotten: bool
    """Whether a person asked that nothing of it be kept."""


class Recordings:
    """The recordings of one connection."""

    def __init__(self, connection: str, *, aside: timedelta = timedelta(0)) -> None:
        """`aside`: how long due records are left to the process that stores here."""
        self.connection = connection
        self.aside = aside

    async def store(self, conn: AsyncConnection, fetched: Sequence[Fetched], now: datetime) -> Stored:
        """Keep what was fetched, and mark the records that it concerns as due."""
        known = await self._load_locked(conn, [item.held.id for item in fetched])
        stored = Stored([], set())
        fresh: dict[str, tuple[RecordingSnapshot, int]] = {}
        for item in fetched:
            loaded = known.get(item.held.id)
            if loaded is not None and loaded.fetched > item.ticket.order:
                continue
            old = loaded.held if loaded is not None else None
            held = without_words(item.held) if loaded is not None and loaded.forgotten else item.held
            new = held if old is None else merge(old, held, alone=item.alone)
            if new.purged_at is not None and (old is None or old.purged_at is None):
                await drop_quotes(conn, self.connection, [new.id])
            if new.deleted and (old is None or not old.deleted):
                await drop_transcripts(conn, self.connection, [new.id])
            fresh[new.id] = new, item.ticket.order
            if (new.links and not held.links) or (new.extractions and not held.extractions and not new.purged_at):
                stored.kept.add(new.id)
            if old != new:
                stored.changed.append(new)
                stored.records.update(_records(old), _records(new))
        await self._write(conn, list(fresh.values()))
        held_now = [held for held, _ in fresh.values()]
        before = {key: loaded.held.links for key, loaded in known.items()}
        relinked = [held for held in held_now if before.get(held.id, ()) != held.links]
        await self._write_links(conn, relinked, [held.id for held in relinked if before.get(held.id)])
        away = {key: loaded.held.detached for key, loaded in known.items()}
        moved = [held for held in held_now if held in relinked or away.get(held.id, False) != held.detached]
        await self._write_history(conn, now, moved)
        await self.mark_due(conn, stored.records)
        await self.restage(conn, held_now, now)
        return stored

    async def restage(
        self, conn: AsyncConnection, held: Sequence[RecordingSnapshot], now: datetime
    ) -> dict[str, Stage]:
        """Compute the stages of these recordings again."""
        ownership = await judge_recordings(conn, self.connection, [item.id for item in held])
        stages = {item.id: stage(item, ownership.get(item.id, Ownership.OWNERSHIP_UNKNOWN), now) for item in held}
        await self._keep_stages(conn, stages)
        return stages

    async def _keep_stages(self, conn: AsyncConnection, stages: Mapping[str, Stage]) -> None:
        if stages:
            values = {
                "connection": self.connection,
                "ids": list(stages),
                "states": [state.value for state in stages.values()],
            }
            await conn.execute(_RESTAGE, values)

    async def gone(self, conn: AsyncConnection, recording_id: str) -> None:
        """Siro does not know it any more. A person is asked about its values."""
        held = (await self.load(conn, [recording_id])).get(recording_id)
        await self.mark_due(conn, _records(held))
        values = {"deleted": True, "state": Stage.DELETED.value}
        await conn.execute(update(recordings).where(*self._is(recording_id)).values(values))

    async def withdraw(self, conn: AsyncConnection, recording_id: str) -> None:
        """Remove the values of a deleted or detached recording, wherever nobody has edited them."""
        await conn.execute(update(recordings).where(*self._is(recording_id)).values(withdrawn_at=func.now()))
        held = (await self.load(conn, [recording_id])).get(recording_id)
        await self.mark_due(conn, _records(held))

    async def load(self, conn: AsyncConnection, recording_ids: Sequence[str]) -> dict[str, RecordingSnapshot]:
        """These recordings."""
        return {key: loaded.held for key, loaded in (await self._load(conn, recording_ids)).items()}

    async def linked(
        self, conn: AsyncConnection, model: Model, record: str, now: datetime | None = None
    ) -> list[tuple[RecordingSnapshot, Ownership]]:
        """The recordings that are linked to a CRM record, and whose they are. `now`: compute their stages, too."""
        values = {"connection": self.connection, "model": model.value, "record": record}
        ids = list((await conn.scalars(_LINKED, values)).all())
        if not ids:
            return []
        loaded = await self._load(conn, ids)
        ownership = await judge_recordings(conn, self.connection, ids)
        found = [(loaded[key].held, ownership.get(key, Ownership.OWNERSHIP_UNKNOWN)) for key in sorted(loaded)]
        if now is not None:
            stages = {held.id: stage(held, whose, now) for held, whose in found}
            await self._keep_stages(conn, {key: new for key, new in stages.items() if loaded[key].state != new.value})
        return found

    async def unfinished(
        self, conn: AsyncConnection, since: datetime, late: Collection[str] = ()
    ) -> list[tuple[RecordingSnapshot, datetime]]:
        """Recordings that may still become more, and when each was last fetched.

        `since`: only those that began, or moved, after it. `late`: parts that somebody waits for in a recording that
        has all else: `result`, `score`.
        """
        values = {
            "connection": self.connection,
            "states": [state.value for state in Stage if state.unfinished],
            "since": since,
            "result": "result" in late,
            "score": "score" in late,
        }
        fetched_at = {row.recording_id: row.fetched_at for row in await conn.execute(_UNFINISHED, values)}
        held = await self.load(conn, list(fetched_at))
        return [(held[key], fetched_at[key]) for key in sorted(held)]

    async def expired(self, conn: AsyncConnection, before: datetime) -> list[RecordingSnapshot]:
        """Recordings still named as unfinished that are not watched any more."""
        states = [Stage.WAITING.value, Stage.PROCESSING.value]
        statement = select(recordings.c.recording_id).where(
            recordings.c.connection == self.connection,
            recordings.c.state.in_(states),
            func.greatest(recordings.c.started_at, recordings.c.updated_at) <= before,
        )
        return list((await self.load(conn, list((await conn.scalars(statement)).all()))).values())

    async def stages(self, conn: AsyncConnection) -> dict[Stage, int]:
        """The number of recordings in each stage."""
        statement = (
            select(recordings.c.state, func.count())
            .where(recordings.c.connection == self.connection)
            .group_by(recordings.c.state)
        )
        return {Stage(state): count for state, count in await conn.execute(statement)}

    async def names_seen(self, conn: AsyncConnection) -> set[str]:
        """The extraction names of the latest recordings; none while there are too few to judge by."""
        rows = list(await conn.execute(_NAMES, {"connection": self.connection}))
        return {row.name for row in rows} if rows and rows[0].recordings >= _ENOUGH else set()

    async def in_stage(self, conn: AsyncConnection, wanted: Stage, limit: int) -> list[str]:
        """The ids of the recordings in a stage, latest first."""
        statement = (
            select(recordings.c.recording_id)
            .where(recordings.c.connection == self.connection, recordings.c.state == wanted.value)
            .order_by(recordings.c.started_at.desc())
            .limit(limit)
        )
        return list((await conn.scalars(statement)).all())

    async def mark_due(self, conn: AsyncConnection, records: Iterable[tuple[Model, str]]) -> None:
        """These CRM records must be compared with their recordings."""
        pairs = sorted(set(records))
        if pairs:
            values = {
                "connection": self.connection,
                "models": [model.value for model, _ in pairs],
                "records": [record for _, record in pairs],
                "aside": self.aside,
            }
            await conn.execute(_MARK_DUE, values)

    async def mark_all_due(self, conn: AsyncConnection) -> None:
        """Every CRM record that any recording is linked to."""
        await conn.execute(_MARK_ALL_DUE, {"connection": self.connection})

    def _is(self, recording_id: str) -> tuple[Any, Any]:
        return recordings.c.connection == self.connection, recordings.c.recording_id == recording_id

    async def _load_locked(self, conn: AsyncConnection, recording_ids: Sequence[str]) -> dict[str, _Loaded]:
        """One writer a recording, also of a new one; always in one order, so that none wait in a ring."""
        names = [f"{self.connection}/{recording_id}" for recording_id in sorted(set(recording_ids))]
        await conn.execute(_LOCK_RECORDINGS, {"names": names})
        return await self._load(conn, recording_ids)

    async def _load(self, conn: AsyncConnection, recording_ids: Sequence[str]) -> dict[str, _Loaded]:
        values = {"connection": self.connection, "ids": list(recording_ids)}
        links: dict[str, list[Link]] = {}
        for row in await conn.execute(_LINKS, values):
            links.setdefault(row.recording_id, []).append(Link(Model(row.model), row.record, row.siro_id))
        return {
            row.recording_id: _Loaded(
                _held(row, links.get(row.recording_id, [])), row.fetched, row.state, row.forgotten_at is not None
            )
            for row in await conn.execute(_WHOLE, values)
        }

    async def _write(self, conn: AsyncConnection, fresh: Sequence[tuple[RecordingSnapshot, int]]) -> None:
        """Recordings, each with its fetch's number, all in a few statements."""
        for linked in (True, False):
            rows = [self._state(held, order) for held, order in fresh if bool(held.links) is linked]
            if rows:
                columns = (*_STATE, "fetched", "was_linked") if linked else (*_STATE, "fetched")
                await conn.execute(upsert(recordings, columns, now=("fetched_at",)), rows)
        if fresh:
            await conn.execute(upsert(recording_contents, _CONTENTS), [self._contents(held) for held, _ in fresh])

    async def _write_history(self, conn: AsyncConnection, now: datetime, moved: Sequence[RecordingSnapshot]) -> None:
        """Add a step to the history of each recording whose links changed."""
        if moved:
            steps = [json.dumps(link_step(held, now)) for held in moved]
            values = {"connection": self.connection, "ids": [held.id for held in moved], "steps": steps}
            await conn.execute(_ADD_STEPS, values)

    def _state(self, held: RecordingSnapshot, order: int) -> dict[str, Any]:
        state = {name: getattr(held, name) for name in _STATE}
        more = {"fetched": order, "state": "processing", "was_linked": bool(held.links)}
        return {"connection": self.connection, "recording_id": held.id} | state | more

    def _contents(self, held: RecordingSnapshot) -> dict[str, Any]:
        return {"connection": self.connection, "recording_id": held.id} | _contents(held)

    async def _write_links(
        self, conn: AsyncConnection, relinked: Sequence[RecordingSnapshot], before: Sequence[str]
    ) -> None:
        """`before`: those of them that had other links."""
        if before:
            await conn.execute(_UNLINK, {"connection": self.connection, "ids": list(before)})
        rows = [
            {"connection": self.connection, "recording_id": held.id}
            | {"model": link.model.value, "record": link.record, "siro_id": link.siro_id}
            for held in relinked
            for link in held.links
        ]
        if rows:
            await conn.execute(insert(recording_links), rows)


_STATE = (
    "user_id",
    "started_at",
    "updated_at",
    "processed",
    "summary_done",
    "extraction_done",
    "deleted",
    "purged_at",
    "integration_connection_id",
    "duration_ms",
    "latitude",
    "longitude",
    "detached",
)
_CONTENTS = ("title", "web_url", "result", "score", "summary", "extractions")


def _records(held: RecordingSnapshot | None) -> list[tuple[Model, str]]:
    return [(link.model, link.record) for link in held.links] if held is not None else []


def _contents(held: RecordingSnapshot) -> dict[str, Any]:
    return {
        "title": held.title,
        "web_url": held.web_url,
        "result": held.result,
        "score": held.score,
        "summary": [asdict(part) for part in held.summary],
        "extractions": [
            {
                "name": item.name,
                "value": item.value,
                "status": item.status and item.status.value,
                "definition_id": item.definition_id,
            }
            for item in held.extractions
        ],
    }


def _held(row: Any, links: list[Link]) -> RecordingSnapshot:
    return RecordingSnapshot(
        id=row.recording_id,
        **{name: getattr(row, name) for name in _STATE},
        withdrawn=row.withdrawn_at is not None,
        links=tuple(sorted(links, key=lambda link: (link.model, link.record))),
        title=row.title,
        web_url=row.web_url,
        result=row.result,
        score=row.score,
        summary=tuple(Section(**part) for part in row.summary or ()),
        extractions=tuple(
            Extraction(
                item["name"],
                item["value"],
                RowStatus(item["status"]) if item["status"] else None,
                item.get("definition_id"),
            )
            for item in row.extractions or ()
        ),
    )


_ENOUGH = 3
"""Recordings with extractions from which the names of all are known."""

_NAMES = text("""
    with latest as (
        select c.extractions from recording_contents c join recordings r using (connection, recording_id)
        where connection = :connection and jsonb_array_length(c.extractions) > 0 order by r.fetched_at desc limit 200)
    select distinct item ->> 'name' as name, (select count(*) from latest) as recordings
    from latest, jsonb_array_elements(latest.extractions) as item where item ->> 'name' is not null
""")

_UNFINISHED = text("""
    select r.recording_id, r.fetched_at
    from recordings r left join recording_contents c using (connection, recording_id)
    where connection = :connection and greatest(r.started_at, r.updated_at) > :since
      and (r.state = any(cast(:states as text[]))
           or r.state = 'complete' and (:result and c.result is null or :score and c.score is null))
""")

_LINKED = text("""
    select recording_id from recording_links where connection = :connection and model = :model and record = :record
""")

_LINKS = text("""
    select recording_id, model, record, siro_id from recording_links
    where connection = :connection and recording_id = any(cast(:ids as text[]))
""")

_UNLINK = text("""
    delete from recording_links where connection = :connection and recording_id = any(cast(:ids as text[]))
""")

# A link that comes and goes for ever does not fill the database. With a new link, what was withdrawn counts again.
_ADD_STEPS = text("""
    update recordings
    set link_history = case when jsonb_array_length(link_history) < 200 then link_history || item.step
                            else link_history end,
        withdrawn_at = case when item.step -> 'links' <> '[]' and not deleted then null else withdrawn_at end
    from unnest(cast(:ids as text[]), cast(:steps as jsonb[])) as item (recording_id, step)
    where recordings.connection = :connection and recordings.recording_id = item.recording_id
""")

_WHOLE = text("""
    select r.*, c.title, c.web_url, c.result, c.score, c.summary, c.extractions
    from recordings r left join recording_contents c using (connection, recording_id)
    where connection = :connection and recording_id = any(cast(:ids as text[]))
""")

# One after the other, in the order of the list.
_LOCK_RECORDINGS = text("""
    select count(pg_advisory_xact_lock(hashtextextended(name, 7))) from unnest(cast(:names as text[])) as name
""")

_RESTAGE = text("""
    update recordings set state = item.state
    from unnest(cast(:ids as text[]), cast(:states as text[])) as item (recording_id, state)
    where recordings.connection = :connection and recordings.recording_id = item.recording_id
      and recordings.state <> item.state
""")

_MARK_DUE = text("""
    insert into due (connection, model, record, retry_at)
    select :connection, item.model, item.record, now() + cast(:aside as interval)
    from unnest(cast(:models as text[]), cast(:records as text[])) as item (model, record)
    on conflict (connection, model, record) do update
    set causes = due.causes + 1, attempts = 0, retry_at = least(due.retry_at, excluded.retry_at)
""")

_MARK_ALL_DUE = text("""
    insert into due (connection, model, record)
    select distinct connection, model, record from recording_links where connection = :connection
    on conflict (connection, model, record) do update
    set causes = due.causes + 1, attempts = 0, retry_at = now()
""")
