"""How stored records look on the wire. A field that nothing is known of is left out, as the contract has no nulls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.workspace.context import recording_page
from fieldnote.workspace.domain.crm.links import crm_links
from fieldnote.workspace.domain.recordings.conditions import disposition
from fieldnote.workspace.pool import Transaction
from fieldnote.workspace.rows import read_rows

# Engagements with what they bring along. Of several recordings the longest is named.
_ENGAGEMENTS: Final = """
select e.id::text, e.external_id, e.organization_id::text, e.type_name, e.fields, e.account_id::text,
       e.opportunity_id::text, e.starts_at, e.ends_at, e.created_at, e.updated_at,
       a.external_id as account_key, a.fields ->> 'name' as account_name,
       a.fields -> 'addresses' as account_addresses,
       (select r.id::text from recording_links l join recordings r on r.id = l.recording_id
         where l.engagement_id = e.id and r.deleted_at is null
         order by r.duration_ms desc, r.created_at, r.id limit 1) as recording_id,
       coalesce((select json_agg(json_build_object('id', u.id, 'externalId', u.external_id, 'email', u.email,
                                                   'name', u.name, 'userId', u.user_id) order by u.external_id)
                   from engagement_users p join crm_users u on u.id = p.crm_user_id
                  where p.engagement_id = e.id and p.deleted_at is null), '[]') as people
  from engagements e left join accounts a on a.id = e.account_id
 where e.id = any(%(ids)s::uuid[])
"""
_OPPORTUNITIES: Final = """
select o.id::text, o.external_id, o.organization_id::text, o.fields, o.account_id::text, o.created_at, o.updated_at,
       a.external_id as account_key, a.fields ->> 'name' as account_name,
       a.fields -> 'addresses' as account_addresses,
       (select r.id::text
          from recording_links l
          join recordings r on r.id = l.recording_id
          left join engagements e on e.id = l.engagement_id
         where coalesce(l.opportunity_id, e.opportunity_id) = o.id and r.deleted_at is null
         order by r.duration_ms desc, r.created_at, r.id limit 1) as recording_id,
       coalesce((select json_agg(json_build_object('id', u.id, 'externalId', u.external_id, 'email', u.email,
                                                   'name', u.name, 'userId', u.user_id) order by u.external_id)
                   from opportunity_users p join crm_users u on u.id = p.crm_user_id
                  where p.opportunity_id = o.id and p.deleted_at is null), '[]') as people
  from opportunities o left join accounts a on a.id = o.account_id
 where o.id = any(%(ids)s::uuid[])
"""
_ITEMS: Final = text("""
select x.recording_id::text, v.items
  from extractions x
  join entity_definitions d on d.id = x.definition_id and d.deleted_at is null
  join extraction_values v on v.extraction_id = x.id
 where x.recording_id = any(cast(:recordings as uuid[])) and x.status in ('SUCCESS', 'SYNCED')
 order by d.created_at, d.id
""")
_SUMMARIES: Final = text("""
select recording_id::text, id::text, name, content from summaries
 where recording_id = any(cast(:recordings as uuid[])) order by created_at, id
""")


class _Engagement(NamedTuple):
    id: str
    external_id: str
    organization_id: str
    type_name: str | None
    fields: dict[str, Any]
    account_id: str | None
    opportunity_id: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime
    account_key: str | None
    account_name: str | None
    account_addresses: list[dict[str, object]] | None
    recording_id: str | None
    people: list[dict[str, object]]


class _Opportunity(NamedTuple):
    id: str
    external_id: str
    organization_id: str
    fields: dict[str, Any]
    account_id: str | None
    created_at: datetime
    updated_at: datetime
    account_key: str | None
    account_name: str | None
    account_addresses: list[dict[str, object]] | None
    recording_id: str | None
    people: list[dict[str, object]]


class RecordingRow(NamedTuple):
    """A recording, as an organization token reads it."""

    id: str
    organization_id: str
    user_id: str
    title: str
    duration_ms: int
    latitude: float | None
    longitude: float | None
    processed_at: datetime | None
    extracted_at: datetime | None
    summarized_at: datetime | None
    deleted_at: datetime | None
    root_data_purged_at: datetime | None
    evaluation_score: float | None
    created_at: datetime
    updated_at: datetime
    result: str | None


class _Items(NamedTuple):
    recording_id: str
    items: list[dict[str, object]]


class _Summary(NamedTuple):
    recording_id: str
    id: str
    name: str
    content: str


class Named(Protocol):
    """A row with the names of a user."""

    @property
    def name(self) -> str: ...
    @property
    def first_name(self) -> str | None: ...
    @property
    def last_name(self) -> str | None: ...


def moment(value: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds, as JavaScript writes it."""
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(given: str | None) -> str | None:
    """The same of a time as a request gave it, with any number of digits."""
    return None if given is None else moment(datetime.fromisoformat(given))


def person_names(row: Named) -> tuple[str | None, str | None]:
    """First and last name; of a user who was added by their full name its last word is the last name."""
    if row.first_name is not None or row.last_name is not None:
        return row.first_name, row.last_name
    first, _, last = row.name.rpartition(" ")
    return (first, last) if first else (last, None)


async def engagements(transaction: Transaction, ids: Sequence[str]) -> list[dict[str, object]]:
    """Engagements by their ids, in that order. One that is not there is left out."""
    shown = {row.id: _engagement(row) for row in await transaction.read(_Engagement, _ENGAGEMENTS, {"ids": list(ids)})}
    return [shown[record_id] for record_id in ids if record_id in shown]


def _engagement(row: _Engagement) -> dict[str, object]:
    fields = row.fields
    return _present(
        id=row.id,
        externalId=row.external_id,
        organizationId=row.organization_id,
        engagementType=row.type_name or "",
        subject=fields.get("subject"),
        content=fields.get("content"),
        direction=fields.get("direction"),
        startTime=moment(row.starts_at),
        startTimeLocalized=fields.get("startTimeLocalized"),
        endTime=moment(row.ends_at),
        engagementUsers=row.people,
        account=_account(row),
        accountId=row.account_id,
        opportunityId=row.opportunity_id,
        recordingId=row.recording_id,
        deletedAt=moment_of(fields.get("deletedAt")),
        createdAt=moment(row.created_at),
        updatedAt=moment(row.updated_at),
    )


async def opportunities(transaction: Transaction, ids: Sequence[str]) -> list[dict[str, object]]:
    """Opportunities by their ids, in that order. One that is not there is left out."""
    shown = {
        row.id: _opportunity(row) for row in await transaction.read(_Opportunity, _OPPORTUNITIES, {"ids": list(ids)})
    }
    return [shown[record_id] for record_id in ids if record_id in shown]


def _opportunity(row: _Opportunity) -> dict[str, object]:
    fields = row.fields
    return _present(
        id=row.id,
        externalId=row.external_id,
        organizationId=row.organization_id,
        name=fields.get("name"),
        amount=fields.get("amount"),
        disposition=fields.get("disposition"),
        closedAt=moment_of(fields.get("closedAt")),
        opportunityUsers=row.people,
        account=_account(row),
        accountId=row.account_id,
        recordingId=row.recording_id,
        deletedAt=moment_of(fields.get("deletedAt")),
        createdAt=moment(row.created_at),
        updatedAt=moment(row.updated_at),
    )


async def recordings(
    conn: AsyncConnection, rows: Sequence[RecordingRow], shown: frozenset[str], base_url: str
) -> list[dict[str, object]]:
    """Recordings with the parts that were asked for: showCrmLinks, showSummary, showEntityExtractions, …"""
    ids = [row.id for row in rows]
    links = await crm_links(conn, ids)
    summaries = await summaries_of(conn, ids) if "showSummary" in shown else {}
    items = await _items(conn, ids) if "showEntityExtractions" in shown else {}
    views = []
    for row in rows:
        link = links.get(row.id)
        view = _recording(row, disposition(row.result, link.disposition if link else None), base_url)
        if link and "showCrmLinks" in shown:
            view["crm"] = link.shown
        if "showSummary" in shown:
            view["summary"] = summaries.get(row.id, [])
        if "showEntityExtractions" in shown:
            view["entityExtractions"] = items.get(row.id, [])
        if "showEvaluationScore" in shown and row.evaluation_score is not None:
            view["evaluationScore"] = row.evaluation_score
        views.append(view)
    return views


def _recording(row: RecordingRow, result: str, base_url: str) -> dict[str, object]:
    """The contract has a place on every recording: where the phone gave none it is 0, 0."""
    return {
        "id": row.id,
        "organizationId": row.organization_id,
        "userId": row.user_id,
        "title": row.title,
        "durationInMilliseconds": row.duration_ms,
        "latitude": row.latitude or 0,
        "longitude": row.longitude or 0,
        "result": result,
        "isProcessingDone": row.processed_at is not None,
        "isEntityExtractionDone": row.extracted_at is not None,
        "isSummaryDone": row.summarized_at is not None,
        "deleted": row.deleted_at is not None,
        "deletedAt": moment(row.deleted_at),
        "rootDataPurgedAt": moment(row.root_data_purged_at),
        "links": {"web": {"self": recording_page(base_url, row.id)}},
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
    }


async def summaries_of(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    """By recording: its summaries."""
    found: dict[str, list[dict[str, object]]] = {}
    for row in await read_rows(conn, _Summary, _SUMMARIES, {"recordings": list(ids)}):
        found.setdefault(row.recording_id, []).append({"id": row.id, "name": row.name, "content": row.content})
    return found


async def _items(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for row in await read_rows(conn, _Items, _ITEMS, {"recordings": list(ids)}):
        found.setdefault(row.recording_id, []).extend(row.items)
    return found


def _account(row: _Engagement | _Opportunity) -> dict[str, object] | None:
    if row.account_id is None:
        return None
    return _present(
        id=row.account_id, externalId=row.account_key, name=row.account_name, addresses=row.account_addresses
    )


def _present(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
