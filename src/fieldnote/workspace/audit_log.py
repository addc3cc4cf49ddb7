"""The events of the audit, and how long they are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.workspace.audit import Operator, commanded
from fieldnote.workspace.domain.organizations import Organization
from fieldnote.workspace.tenancy import inside

_EVENTS: Final = text("""
select e.at, e.action, e.targets, e.calls, e.outcome, e.operator, e.acting_as, e.address, u.email as user,
       t.name as token
  from audit_events e left join users u on u.id = e.user_id left join tokens t on t.id = e.token_id
 where (cast(:since as timestamptz) is null or e.at >= :since)
   and (cast(:target as text) is null or :target = any(e.targets))
   and (cast(:user as text) is null or lower(u.email) = lower(:user) or u.id::text = :user)
 order by e.at desc, e.id desc limit :limit
""")
_KEEP: Final = text("update organizations set audit_days = :days where id = :id")


async def list_events(
    engine: AsyncEngine,
    organization: Organization,
    *,
    since: datetime | None = None,
    target: str | None = None,
    user: str | None = None,
    limit: int = 100,
) -> list[dict[str, object]]:
    """The newest first. `target` is an id, `user` an email or id."""
    values = {"since": since, "target": target, "user": user, "limit": limit}
    async with inside(engine, organization.id) as conn:
        return [dict(row) for row in (await conn.execute(_EVENTS, values)).mappings()]


async def keep_events(engine: AsyncEngine, organization: Organization, days: int, *, by: Operator) -> None:
    """Keep events so many days."""
    async with inside(engine, organization.id) as conn:
        await conn.execute(_KEEP, {"id": organization.id, "days": days})
        await commanded(conn, organization.id, by, f"audit keep {days} days", [organization.id])
