"""Definitions tried on past recordings: what would change, with the words that each new value rests on.

A trial stores nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.errors import WorkspaceError
from fieldnote.insight.definitions import Definition
from fieldnote.workspace.domain.insight.definitions import Stored
from fieldnote.workspace.domain.insight.requests import Conversation, conversation_of
from fieldnote.workspace.domain.recordings.conditions import TYPE_ID
from fieldnote.workspace.domain.recordings.processing import Step
from fieldnote.workspace.insight_pool import InsightFailed
from fieldnote.workspace.rows import read_row, read_rows
from fieldnote.workspace.tenancy import inside

if TYPE_CHECKING:
    from fieldnote.workspace.context import Workspace

_CHOSEN: Final = text(f"""
select r.id::text from recordings r
 where r.deleted_at is null and r.root_data_purged_at is null
   and exists (select from recording_utterances s where s.recording_id = r.id)
   and (cast(:named as text[]) is null or r.id::text = any(:named) or r.key = any(:named))
   and (cast(:since as timestamptz) is null or r.created_at >= :since)
   and (cast(:kind as text) is null or {TYPE_ID}::text = :kind)
 order by r.created_at desc, r.id limit :limit
""")  # noqa: S608 - our own words
_KNOWN: Final = text("""
select item ->> 'name' as name, item ->> 'value' as value
  from extractions x join extraction_values v on v.extraction_id = x.id
 cross join jsonb_array_elements(v.items) as i (item)
 where x.recording_id = :id and x.status in ('SUCCESS', 'SYNCED')
""")
_KEY: Final = text("select key, created_at from recordings where id = :id")


class _Known(NamedTuple):
    name: str
    value: str


class _Key(NamedTuple):
    key: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that would change."""

    name: str
    before: str | None
    after: str | None
    evidence: tuple[str, ...] = ()
    """The utterances that support the new value."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording."""

    recording_id: str
    key: str | None = field(metadata={"json": "id"})
    started_at: datetime
    differences: tuple[Difference, ...] = ()
    failure: str | None = None
    """Why it could not be tried."""
    missing: tuple[str, ...] = field(default=())
    """Required definitions without a value."""


async def choose(
    conn: AsyncConnection,
    *,
    named: Sequence[str] = (),
    since: datetime | None = None,
    conversation_type_id: str | None = None,
    limit: int | None = None,
) -> list[str]:
    """The recordings with words, the latest first. Raises WorkspaceError if a named one is not among them."""
    values = {
        "named": list(named) or None,
        "since": since,
        "kind": conversation_type_id,
        "limit": limit,
    }
    found = [str(one) for one in (await conn.execute(_CHOSEN, values)).scalars()]
    if named and len(found) < len(set(named)) and not (limit and len(found) == limit):
        raise WorkspaceError(
            f"{len(set(named)) - len(found)} of the recordings do not exist, or have no words", hint="Check the ids."
        )
    return found


async def try_on(
    workspace: Workspace, organization_id: str, recording_ids: Sequence[str], candidate: Stored | None = None
) -> list[Trial]:
    """The changes that the current definitions, with `candidate` among them, would make in these recordings."""
    turns = asyncio.Semaphore(2 * workspace.insight.size)

    async def one(recording_id: str) -> Trial | None:
        async with turns:
            return await _try_one(workspace, organization_id, recording_id, candidate)

    found = await asyncio.gather(*(one(recording_id) for recording_id in recording_ids))
    return [trial for trial in found if trial is not None]


async def _try_one(
    workspace: Workspace, organization_id: str, recording_id: str, candidate: Stored | None
) -> Trial | None:
    async with inside(workspace.engine, organization_id) as conn:
        talk = await conversation_of(conn, recording_id)
        known = {row.name: row.value for row in await read_rows(conn, _Known, _KNOWN, {"id": recording_id})}
        key = await read_row(conn, _Key, _KEY, {"id": recording_id})
    if talk is None or key is None:
        return None  # it was purged meanwhile
    wanted = _with(talk.definitions, candidate)
    only = None if candidate is None else candidate.definition.name
    try:
        reply = await workspace.insight.look_into(organization_id, talk.request([Step.EXTRACT], wanted))
    except InsightFailed as error:
        return Trial(recording_id, key.key, key.created_at, failure=str(error))
    values: dict[str, str] = reply["values"]
    names = dict.fromkeys([*(one.name for one in wanted), *known])
    evidence = {one["name"]: _quoted(talk, one["evidence"]) for one in reply["found"]}
    differences = tuple(
        Difference(name, known.get(name), values.get(name), evidence.get(name, ()))
        for name in names
        if known.get(name) != values.get(name) and only in (None, name)
    )
    missing = tuple(one.name for one in wanted if one.required and one.name not in values)
    return Trial(recording_id, key.key, key.created_at, differences, missing=missing)


def _with(definitions: Sequence[Definition], candidate: Stored | None) -> list[Definition]:
    """The definitions with the candidate in the place of one of the same name."""
    if candidate is None:
        return list(definitions)
    name = candidate.definition.name.casefold()
    return [*(one for one in definitions if one.name.casefold() != name), candidate.definition]


def _quoted(talk: Conversation, places: Sequence[int]) -> tuple[str, ...]:
    said: list[dict[str, object]] = talk.said.utterances
    return tuple(f"{said[place]['speaker']}: {said[place]['text']}" for place in places if place < len(said))
