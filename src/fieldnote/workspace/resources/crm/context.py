"""Whom a recording was with, and about which deal: the context that people see beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fieldnote.workspace.http.views import moment, moment_of
from fieldnote.workspace.pool import Transaction

_KINDS: Final = ("account", "lead", "contact", "opportunity", "engagement")
"""What the customer is, in the order in which it is looked for."""
_CONTEXT: Final = """
select l.recording_id::text, l.source, l.organization_id::text, i.id::text as connection_id, i.name as connection_name,
       i.platform, e.id::text as engagement_id, e.external_id as engagement_key, e.fields as engagement_fields,
       e.created_at as engagement_made, e.updated_at as engagement_changed,
       o.id::text as opportunity_id, o.external_id as opportunity_key, o.fields as opportunity_fields,
       o.created_at as opportunity_made, o.updated_at as opportunity_changed,
       a.id::text as account_id, a.external_id as account_key, a.fields as account_fields,
       a.created_at as account_made, a.updated_at as account_changed,
       d.id::text as lead_id, d.external_id as lead_key, d.fields as lead_fields,
       d.created_at as lead_made, d.updated_at as lead_changed,
       c.id::text as contact_id, c.external_id as contact_key, c.fields as contact_fields,
       c.created_at as contact_made, c.updated_at as contact_changed
  from recording_links l
  left join engagements e on e.id = l.engagement_id
  left join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
  left join accounts ca on ca.id = l.account_id
  left join accounts a on a.id = coalesce(ca.merged_to_id, ca.id, e.account_id, o.account_id)
  left join leads cd on cd.id = l.lead_id
  left join leads d on d.id = coalesce(cd.merged_to_id, cd.id, e.lead_id)
  left join contacts cc on cc.id = l.contact_id
  left join contacts c on c.id = coalesce(cc.merged_to_id, cc.id, e.contact_id, o.contact_id)
  left join integration_connections i
    on i.id = coalesce(e.connection_id, o.connection_id, a.connection_id, c.connection_id, d.connection_id)
 where l.recording_id = any(%(recordings)s::uuid[]) and l.source <> 'NOT_FOUND'
"""


async def contexts_of(transaction: Transaction, recording_ids: Sequence[str]) -> dict[str, Any]:
    """What is known of the CRM by recording; one that is linked to nothing is not in it."""
    rows = await transaction.rows(_CONTEXT, {"recordings": list(recording_ids)}) if recording_ids else []
    return {row.recording_id: row for row in rows}


def customer_of(row: Any) -> dict[str, Any]:
    """The customer of a recording, with the deal's amount and outcome."""
    kind = next(kind for kind in _KINDS if getattr(row, f"{kind}_id") is not None)
    fields, deal = _fields(row, kind), _fields(row, "opportunity")
    shown = {
        "name": _name(fields),
        "address": _address(fields),
        "phoneNumber": next(iter(fields.get("phoneNumbers") or ()), None),
        "emailAddress": next(iter(fields.get("emailAddresses") or ()), None),
        "amount": deal.get("amount"),
        "disposition": deal.get("disposition"),
        "closedAt": moment_of(deal.get("closedAt")),
        "lastActivityAt": moment_of(fields.get("lastActivityAt")),
        "opportunity": None if row.opportunity_id is None else _deal(row, deal),
        "opportunityAccountName": _fields(row, "account").get("name") if row.opportunity_id else None,
        "opportunityContactName": _name(_fields(row, "contact")) if row.opportunity_id else None,
    }
    return {name: value for name, value in shown.items() if value is not None} | {
        "id": getattr(row, f"{kind}_id"),
        "externalId": getattr(row, f"{kind}_key"),
        "customerType": kind.upper(),
        "organizationId": row.organization_id,
        "accountId": row.account_id,
        "contactId": row.contact_id,
        "engagementId": row.engagement_id,
        "opportunityId": row.opportunity_id,
        "integrationConnectionId": row.connection_id,
        "integrationName": row.connection_name,
        "integrationPlatform": row.platform,
        "matchingSource": row.source,
        "recordingId": row.recording_id,
        "createdAt": moment(getattr(row, f"{kind}_made")),
        "updatedAt": moment(getattr(row, f"{kind}_changed")),
    }


def opportunities_of(row: Any) -> list[dict[str, Any]]:
    """The deal of a recording, in the shape in which there may be several."""
    if row.opportunity_id is None:
        return []
    deal, account = _fields(row, "opportunity"), _fields(row, "account")
    return [
        {
            "opportunityExternalId": row.opportunity_key,
            "name": deal.get("name"),
            "amount": deal.get("amount"),
            "disposition": deal.get("disposition"),
            "closedAt": moment_of(deal.get("closedAt")),
            "accountId": row.account_id,
            "accountExternalId": row.account_key,
            "accountName": account.get("name"),
            "addresses": account.get("addresses") or [],
            "integrationName": row.connection_name,
            "integrationPlatform": row.platform,
        }
    ]


def _deal(row: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: fields.get(name) for name in ("name", "amount", "disposition")}
    shown["closedAt"] = moment_of(fields.get("closedAt"))
    return (
        {name: value for name, value in shown.items() if value is not None}
        | {
            "id": row.opportunity_id,
            "externalId": row.opportunity_key,
            "organizationId": row.organization_id,
            "recordingId": row.recording_id,
            "createdAt": moment(row.opportunity_made),
            "updatedAt": moment(row.opportunity_changed),
        }
        | ({} if row.account_id is None else {"accountId": row.account_id})
    )


def _fields(row: Any, kind: str) -> Mapping[str, Any]:
    return getattr(row, f"{kind}_fields") or {}


def _name(fields: Mapping[str, Any]) -> str | None:
    full = " ".join(fields[name] for name in ("firstName", "lastName") if fields.get(name))
    return fields.get("name") or full or fields.get("subject")


def _address(fields: Mapping[str, Any]) -> str | None:
    first = next(iter(fields.get("addresses") or ()), None)
    parts = [first.get(name) for name in ("street", "city", "state", "zip")] if isinstance(first, dict) else []
    return ", ".join(part for part in parts if part) or None
