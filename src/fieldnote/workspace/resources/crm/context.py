"""The customer and the deal of a recording: the context that people see beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg.rows import tuple_row

from fieldnote.workspace.http.views import moment, moment_of
from fieldnote.workspace.pool import Transaction

_KINDS: Final = ("account", "lead", "contact", "opportunity", "engagement")
"""A recording's customer is the first of these records that there is."""
_CONTEXT: Final = """
select l.recording_id::text, l.source, l.organization_id::text, i.id::text, i.name, i.platform,
       a.id::text, a.external_id, a.fields, a.created_at, a.updated_at,
       d.id::text, d.external_id, d.fields, d.created_at, d.updated_at,
       c.id::text, c.external_id, c.fields, c.created_at, c.updated_at,
       o.id::text, o.external_id, o.fields, o.created_at, o.updated_at,
       e.id::text, e.external_id, e.fields, e.created_at, e.updated_at
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


class _Link(NamedTuple):
    recording_id: str
    source: str
    organization_id: str
    connection_id: str | None
    connection_name: str | None
    platform: str | None


class _Record(NamedTuple):
    id: str
    key: str
    fields: Mapping[str, Any]
    made: datetime
    changed: datetime


class Context(NamedTuple):
    """A recording's link, and the CRM records that it leads to by kind."""

    link: _Link
    records: Mapping[str, _Record]

    def id_of(self, kind: str) -> str | None:
        return self.records[kind].id if kind in self.records else None

    def fields_of(self, kind: str) -> Mapping[str, Any]:
        return self.records[kind].fields if kind in self.records else {}


async def contexts_of(transaction: Transaction, recording_ids: Sequence[str]) -> dict[str, Context]:
    """The context by recording. A recording without a link has none."""
    if not recording_ids:
        return {}
    cursor = transaction.driver.cursor(row_factory=tuple_row)
    await cursor.execute(_CONTEXT, {"recordings": list(recording_ids)})
    return {row[0]: _context(row) for row in await cursor.fetchall()}


def _context(row: tuple[Any, ...]) -> Context:
    """The statement gives the link, then as many columns for each kind of record, in the order of `_KINDS`."""
    first, width = len(_Link._fields), len(_Record._fields)
    parts = [row[at : at + width] for at in range(first, len(row), width)]
    records = {kind: _Record._make(part) for kind, part in zip(_KINDS, parts, strict=True) if part[0] is not None}
    return Context(_Link._make(row[:first]), records)


def customer_of(context: Context) -> dict[str, Any]:
    """The customer of a recording, with the deal's amount and outcome."""
    link, records = context
    kind = next(kind for kind in _KINDS if kind in records)
    record, deal = records[kind], context.fields_of("opportunity")
    fields, has_deal = record.fields, "opportunity" in records
    shown = {
        "name": _name(fields),
        "address": _address(fields),
        "phoneNumber": next(iter(fields.get("phoneNumbers") or ()), None),
        "emailAddress": next(iter(fields.get("emailAddresses") or ()), None),
        "amount": deal.get("amount"),
        "disposition": deal.get("disposition"),
        "closedAt": moment_of(deal.get("closedAt")),
        "lastActivityAt": moment_of(fields.get("lastActivityAt")),
        "opportunity": _deal(context) if has_deal else None,
        "opportunityAccountName": context.fields_of("account").get("name") if has_deal else None,
        "opportunityContactName": _name(context.fields_of("contact")) if has_deal else None,
    }
    return {name: value for name, value in shown.items() if value is not None} | {
        "id": record.id,
        "externalId": record.key,
        "customerType": kind.upper(),
        "organizationId": link.organization_id,
        "accountId": context.id_of("account"),
        "contactId": context.id_of("contact"),
        "engagementId": context.id_of("engagement"),
        "opportunityId": context.id_of("opportunity"),
        "integrationConnectionId": link.connection_id,
        "integrationName": link.connection_name,
        "integrationPlatform": link.platform,
        "matchingSource": link.source,
        "recordingId": link.recording_id,
        "createdAt": moment(record.made),
        "updatedAt": moment(record.changed),
    }


def opportunities_of(context: Context) -> list[dict[str, Any]]:
    """The deal of a recording, in the shape in which there may be several."""
    link, records = context
    if "opportunity" not in records:
        return []
    deal, account = context.fields_of("opportunity"), context.fields_of("account")
    return [
        {
            "opportunityExternalId": records["opportunity"].key,
            "name": deal.get("name"),
            "amount": deal.get("amount"),
            "disposition": deal.get("disposition"),
            "closedAt": moment_of(deal.get("closedAt")),
            "accountId": context.id_of("account"),
            "accountExternalId": records["account"].key if "account" in records else None,
            "accountName": account.get("name"),
            "addresses": account.get("addresses") or [],
            "integrationName": link.connection_name,
            "integrationPlatform": link.platform,
        }
    ]


def _deal(context: Context) -> dict[str, Any]:
    deal = context.records["opportunity"]
    shown = {name: deal.fields.get(name) for name in ("name", "amount", "disposition")}
    shown["closedAt"] = moment_of(deal.fields.get("closedAt"))
    return (
        {name: value for name, value in shown.items() if value is not None}
        | {
            "id": deal.id,
            "externalId": deal.key,
            "organizationId": context.link.organization_id,
            "recordingId": context.link.recording_id,
            "createdAt": moment(deal.made),
            "updatedAt": moment(deal.changed),
        }
        | ({"accountId": context.records["account"].id} if "account" in context.records else {})
    )


def _name(fields: Mapping[str, Any]) -> str | None:
    full = " ".join(fields[name] for name in ("firstName", "lastName") if fields.get(name))
    return fields.get("name") or full or fields.get("subject")


def _address(fields: Mapping[str, Any]) -> str | None:
    first = next(iter(fields.get("addresses") or ()), None)
    parts = [first.get(name) for name in ("street", "city", "state", "zip")] if isinstance(first, dict) else []
    return ", ".join(part for part in parts if part) or None
