"""The workspace user of a CRM's rep: by a person's choice, else by email, else by full name, else nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.workspace.rows import read_rows

# A name or email that fits two users fits nobody: a guess accuses the wrong person.
_MAP: Final = """
with found as (
    select c.id, o.user_id as by_override, e.id as by_email, n.id as by_name
      from crm_users c
      left join user_overrides o on o.external_id = c.external_id
      left join users e on e.email_key = c.email_key and c.email_key <> ''
      left join lateral (
           select min(u.id::text)::uuid as id from users u
            where u.name_key = c.name_key and c.name_key <> '' having count(*) = 1) n on true
     where {which}
), decided as (
    select id, coalesce(by_override, by_email, by_name) as user_id,
           case when by_override is not null then 'override'
                when by_email is not null then 'email'
                when by_name is not null then 'name' end as matched_by
      from found
), before as (
    select c.id, c.user_id from crm_users c join decided d using (id)
     where (c.user_id, c.matched_by) is distinct from (d.user_id, d.matched_by)
       for update of c
)
update crm_users c
   set user_id = d.user_id, matched_by = d.matched_by, updated_at = now()
  from decided d join before b using (id)
 where c.id = d.id
returning c.id::text, b.user_id::text as old_user_id, d.user_id::text as new_user_id
"""
_MAP_ALL: Final = text(_MAP.format(which="true"))
_MAP_THESE: Final = text(_MAP.format(which="c.id = any(cast(:ids as uuid[]))"))


class _Moved(NamedTuple):
    id: str
    old_user_id: str | None
    new_user_id: str | None


async def map_users(conn: AsyncConnection, crm_user_ids: Sequence[str] | None = None) -> set[str]:
    """Look up these CRM users (all, without `crm_user_ids`) again. The workspace users who lost or gained one."""
    if crm_user_ids is None:
        changed = await read_rows(conn, _Moved, _MAP_ALL, {})
    else:
        changed = await read_rows(conn, _Moved, _MAP_THESE, {"ids": list(crm_user_ids)})
    return {user for row in changed for user in (row.old_user_id, row.new_user_id) if user is not None}
