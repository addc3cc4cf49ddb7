"""A person's decision about a recording's link. It is final until a person changes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import recording_choices
from fieldnote.workspace.domain.matching.linking import RECORDS, UNLINKED, hold_links, link_around
from fieldnote.workspace.rows import read_rows

_STATE: Final = text("""
select r.id::text, r.user_id::text, r.created_at, l.resolved, l.engagement_id::text as engagement,
       l.opportunity_id::text as opportunity, l.account_id::text as account, l.contact_id::text as contact,
       l.lead_id::text as lead
  from recordings r left join recording_links l on l.recording_id = r.id
 where r.id = :id
   for update of r
""")


class _State(NamedTuple):
    id: str
    user_id: str
    created_at: datetime
    resolved: dict[str, str | None] | None
    engagement: str | None
    opportunity: str | None
    account: str | None
    contact: str | None
    lead: str | None


async def choose(
    conn: AsyncConnection, organization_id: str, recording_id: str, *, kind: str, record_id: str, trigger: str, by: str
) -> None:
    """Link a recording to a record: `kind` is one of RECORDS, `by` the user who says so.

    A record that the recording has already by what it is linked to (the deal of its appointment) leaves that as it is.
    """
    state = await _locked(conn, recording_id)
    kept = {name: getattr(state, name) for name in RECORDS} if _has(state, kind, record_id) else {}
    await _keep(conn, organization_id, state, kept | {kind: record_id}, trigger, by)


async def choose_all(
    conn: AsyncConnection,
    organization_id: str,
    recording_id: str,
    records: Mapping[str, str | None],
    trigger: str,
    *,
    by: str,
) -> None:
    """Say what a recording belongs to when it comes: records by their kind, of RECORDS."""
    state = await _locked(conn, recording_id)
    await _keep(conn, organization_id, state, records, trigger, by)


async def unlink(
    conn: AsyncConnection, organization_id: str, recording_id: str, *, kind: str, record_id: str, by: str
) -> bool:
    """Say that a recording does not belong to a record, and so to none. Whether it did."""
    state = await _locked(conn, recording_id)
    if not _has(state, kind, record_id):
        return False
    await _keep(conn, organization_id, state, {}, UNLINKED, by)
    return True


async def _locked(conn: AsyncConnection, recording_id: str) -> _State:
    """The recording as it is linked now, kept so until the transaction ends."""
    await hold_links(conn, recording_id)
    [state] = await read_rows(conn, _State, _STATE, {"id": recording_id})
    return state


def _has(state: _State, kind: str, record_id: str) -> bool:
    return (state.resolved or {}).get(kind) == record_id


async def _keep(
    conn: AsyncConnection,
    organization_id: str,
    state: _State,
    records: Mapping[str, str | None],
    trigger: str,
    by: str,
) -> None:
    """Keep the decision, and match the rep's recordings around it again."""
    values = {f"{name}_id": records.get(name) for name in RECORDS} | {"trigger": trigger, "user_id": by}
    own = {"organization_id": organization_id, "recording_id": state.id}
    statement = insert(recording_choices).values(own | values)
    values["chosen_at"] = text("now()")  # type: ignore[assignment]
    await conn.execute(statement.on_conflict_do_update(index_elements=["recording_id"], set_=values))
    await link_around(conn, organization_id, state.user_id, [state.created_at])
