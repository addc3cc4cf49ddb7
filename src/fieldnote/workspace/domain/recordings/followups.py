"""Customers worth going back to: a follow-up is made where a conversation left something to do and nothing was sold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.db.workspace_tables import followups

_BEST: Final = 5
_TELLING: Final = ("Budget", "Timeline", "Decision Maker")
"""Facts that make a customer worth more, the more of them are known."""
_SOLD: Final = text("""
select exists (select from recording_links l left join engagements e on e.id = l.engagement_id
                 join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
                where l.recording_id = :id and o.fields ->> 'disposition' = 'WON')
    or exists (select from recordings r where r.id = :id and r.details ->> 'result' = 'closed')
""")


async def keep_followup(
    conn: AsyncConnection, organization_id: str, recording_id: str, steps: Sequence[str], values: Mapping[str, str]
) -> None:
    """Make or renew the follow-up of a recording; the changes of people stay."""
    objection = values.get("Objections")
    if not steps and objection is None:
        return
    if (await conn.execute(_SOLD, {"id": recording_id})).scalar_one():
        return
    known = [name for name in _TELLING if name in values]
    reasons = [f"It was not sold. Known: {', '.join(known) or 'neither budget, timeline nor who decides'}."]
    reasons += [f"What speaks against it: {objection}."] if objection else []
    made = {
        "action": " ".join(steps) or None,
        "context": [{"header": name, "value": value} for name, value in values.items()],
        "thinking": " ".join(reasons),
        "score": min(_BEST, 1 + len(known) + bool(steps)),
    }
    statement = insert(followups).values(made | {"organization_id": organization_id, "recording_id": recording_id})
    changed = {**made, "updated_at": func.clock_timestamp()}
    await conn.execute(statement.on_conflict_do_update(index_elements=["recording_id"], set_=changed))
