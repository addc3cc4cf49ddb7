"""A recording's link in public form: the CRM records that it belongs to, by both ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.workspace.rows import read_rows

# The engagement's deal and customer as they are now, unless a deep link or a person named it. A link to a
# record that has not arrived yet (a placeholder) counts: only its external id is known.
_LINKS: Final = text("""
select l.recording_id::text, l.source,
       coalesce(e.connection_id, o.connection_id, a.connection_id, c.connection_id, d.connection_id)::text
           as connection_id,
       e.id::text as engagement_id, e.external_id as engagement_key,
       o.id::text as opportunity_id, o.external_id as opportunity_key,
       o.fields ->> 'disposition' as disposition,
       a.id::text as account_id, a.external_id as account_key,
       d.id::text as lead_id, d.external_id as lead_key,
       c.id::text as contact_id, c.external_id as contact_key,
       coalesce((select json_agg(json_build_object('id', u.id, 'externalId', u.external_id) order by u.external_id)
                   from engagement_users p join crm_users u on u.id = p.crm_user_id
                  where p.engagement_id = e.id and p.deleted_at is null), '[]') as users
  from recording_links l
  left join engagements e on e.id = l.engagement_id
  left join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
  left join accounts ca on ca.id = l.account_id
  left join accounts a on a.id = coalesce(ca.merged_to_id, ca.id, e.account_id, o.account_id)
  left join leads cd on cd.id = l.lead_id
  left join leads d on d.id = coalesce(cd.merged_to_id, cd.id, e.lead_id)
  left join contacts cc on cc.id = l.contact_id
  left join contacts c on c.id = coalesce(cc.merged_to_id, cc.id, e.contact_id, o.contact_id)
 where l.recording_id = any(cast(:recordings as uuid[])) and l.source <> 'NOT_FOUND'
""")


class _Link(NamedTuple):
    recording_id: str
    source: str
    connection_id: str | None
    engagement_id: str | None
    engagement_key: str | None
    opportunity_id: str | None
    opportunity_key: str | None
    disposition: str | None
    account_id: str | None
    account_key: str | None
    lead_id: str | None
    lead_key: str | None
    contact_id: str | None
    contact_key: str | None
    users: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class CrmLink:
    """One recording's place in the CRM."""

    shown: dict[str, object]
    """`integrationConnectionId`, `engagement`, `opportunity`, … as the API and webhooks show them."""
    disposition: str | None
    """The deal's; None where no deal or disposition is known."""


async def crm_links(conn: AsyncConnection, recording_ids: Sequence[str]) -> dict[str, CrmLink]:
    """By recording. One that is linked to nothing is not in it."""
    rows = await read_rows(conn, _Link, _LINKS, {"recordings": list(recording_ids)})
    return {row.recording_id: CrmLink(_shown(row), row.disposition) for row in rows}


def _shown(row: _Link) -> dict[str, object]:
    shown: dict[str, object] = {"integrationConnectionId": row.connection_id}
    for name, record_id, key in (
        ("engagement", row.engagement_id, row.engagement_key),
        ("opportunity", row.opportunity_id, row.opportunity_key),
        ("account", row.account_id, row.account_key),
        ("lead", row.lead_id, row.lead_key),
    ):
        if record_id is not None:
            shown[name] = {"id": record_id, "externalId": key}
    if row.contact_id is not None:
        shown["contacts"] = [{"id": row.contact_id, "externalId": row.contact_key}]
    shown["users"] = row.users
    return shown
