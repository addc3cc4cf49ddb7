"""Reads what `explain` needs, in few statements: a page of the console has ten in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge.board.explained_gaps import Gap
from fieldnote.bridge.pull.ownership import judge_recordings
from fieldnote.bridge.recording import Model, Ownership
from fieldnote.bridge.reps import Rep
from fieldnote.siro.models import User


@dataclass(slots=True)
class Outputs:
    """The results of the recordings of one CRM record: rows of these tables."""

    fields: list[Any] = field(default_factory=list)
    notes: list[Any] = field(default_factory=list)
    proposals: list[Any] = field(default_factory=list)
    writes: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A record as it was pushed, with the people that its state depends on."""

    row: Any
    """Of `sent`."""
    rep: Rep | None
    """None also for a cancelled appointment."""
    users: list[User]
    """Siro's, as they were last listed."""
    declared: set[str]
    """The reps who do not use Siro, as a person declared here; in small letters."""
    gap: Gap | None
    """Why it has no recording, as a person said it."""


async def load_pushed(conn: AsyncConnection, connection: str, stream: str, key: str) -> Pushed | None:
    """The record with this key, or with the key without the blanks around it."""
    values = {"connection": connection, "stream": stream, "key": key, "stripped": key.strip()}
    row = (await conn.execute(_PUSHED, values)).one_or_none()
    if row is None:
        return None
    users = [User(id=one["id"], email=one["email"], first_name=one["name"]) for one in row.users or ()]
    rep = None if row.of_rep is None else Rep(row.of_rep, row.of_rep_email, row.of_rep_name)
    gap = Gap(row.gap_reason, row.gap_note, row.gap_actor, row.gap_at) if row.gap_reason else None
    return Pushed(row, rep, users, {str(one).casefold() for one in row.declared or ()}, gap)


async def linked_recordings(
    conn: AsyncConnection, connection: str, model: Model, key: str
) -> list[tuple[Any, Ownership]]:
    """The recordings that are linked to a record, each with its state, and whose it is."""
    values = {"connection": connection, "model": model.value, "key": key}
    rows = list(await conn.execute(_LINKED, values))
    if not rows:
        return []
    ownership = await judge_recordings(conn, connection, [row.id for row in rows])
    return [(row, ownership.get(row.id, Ownership.OWNERSHIP_UNKNOWN)) for row in rows]


async def load_outputs(
    conn: AsyncConnection, connection: str, records: Sequence[tuple[Model, str]]
) -> dict[tuple[Model, str], Outputs]:
    """The results of each of these records."""
    found = {record: Outputs() for record in records}
    if records:
        values = {
            "connection": connection,
            "models": [model.value for model, _ in records],
            "records": [key for _, key in records],
        }
        for kind, kept in await conn.execute(_OUTPUTS, values):
            getattr(found[Model(kept["model"]), kept["record"]], kind).append(_row(kept))
    return found


def _row(kept: Mapping[str, Any]) -> SimpleNamespace:
    """A row that came as JSON, with its times."""
    return SimpleNamespace(
        **{
            name: datetime.fromisoformat(value) if name.endswith("_at") and isinstance(value, str) else value
            for name, value in kept.items()
        }
    )


_PUSHED: Final = text("""
    select s.*, g.reason as gap_reason, g.note as gap_note, g.actor as gap_actor, g.at as gap_at,
           b.rep_id as of_rep, b.rep_email as of_rep_email, b.rep_name as of_rep_name,
           (select jsonb_agg(jsonb_build_object('id', u.user_id, 'email', u.email, 'name', u.name) order by u.user_id)
              from siro_users u where u.connection = s.connection and s.stream = 'engagements') as users,
           (select jsonb_agg(c.rep_id) from rep_choices c
             where c.connection = s.connection and c.ignored and s.stream = 'engagements') as declared
      from sent s
      left join board_records b on b.connection = s.connection and b.stream = s.stream and b.key = s.key
           and b.state <> 'cancelled'
      left join gaps g on g.connection = s.connection and g.key = s.key and s.stream = 'engagements'
     where s.connection = :connection and s.stream = :stream and s.key in (:key, :stripped)
     order by s.key <> :key limit 1
""")

_LINKED: Final = text("""
    select r.recording_id as id, r.started_at, r.processed, r.summary_done, r.extraction_done, r.deleted,
           coalesce(b.state, 'unknown') as state
      from recording_links l
      join recordings r using (connection, recording_id)
      left join board_recordings b using (connection, recording_id)
     where l.connection = :connection and l.model = :model and l.record = :key
     order by r.recording_id
""")

_ONE_KIND: Final = """
    select '{table}' as kind, to_jsonb(x) as kept from {table} x
      join unnest(cast(:models as text[]), cast(:records as text[])) as wanted (model, record)
        on x.model = wanted.model and x.record = wanted.record
     where x.connection = :connection
"""
_OUTPUTS: Final = text(
    " union all ".join(_ONE_KIND.format(table=table) for table in ("fields", "notes", "proposals", "writes"))
)
