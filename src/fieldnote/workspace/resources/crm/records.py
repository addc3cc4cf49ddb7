"""Engagements and opportunities by operations of their own: read, listed, deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final, LiteralString, NamedTuple

from fieldnote.siro.models import ExternalIdType, SoftDeleteRemoved
from fieldnote.workspace.domain.crm.records import Touched
from fieldnote.workspace.domain.matching.evidence import SEEN_IN_LIST
from fieldnote.workspace.domain.matching.linking import defer_links
from fieldnote.workspace.http import cursors, views
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import not_found
from fieldnote.workspace.pool import Transaction
from fieldnote.workspace.rows import Id

_PAGE: Final = 100

# Pages go by connection and external id, which every record has for good. A condition that is not asked for is
# left out: with all of them in one statement no index would fit.
_PAGE_AFTER: Final = "(r.connection_id, r.external_id) > (%(connection)s::uuid, %(key)s)"
_OF_EXTERNAL_ID: Final = "r.external_id = %(external)s"
_OF_RECORDING: Final = {
    "engagements": "r.id = any(array(select engagement_id from recording_links where recording_id = %(recording)s))",
    "opportunities": """r.id = any(array(
       select coalesce(l.opportunity_id, e.opportunity_id)
         from recording_links l left join engagements e on e.id = l.engagement_id
        where l.recording_id = %(recording)s))""",
}
# Where a record has been deleted already it stays as it is.
_DELETE_ENGAGEMENTS: Final = """
update engagements e
   set deleted_at = %(now)s, fields = e.fields || jsonb_build_object('deletedAt', %(shown)s::text), updated_at = now()
  from integration_connections c
 where c.id = e.connection_id and e.deleted_at is null
   and c.platform = coalesce(%(platform)s, c.platform)
"""
_BY_ID: Final = " and e.id = %(id)s returning e.id::text"
_BY_EXTERNAL_ID: Final = " and e.external_id = %(id)s returning e.id::text"
_DELETE_OPPORTUNITY: Final = """
update opportunities
   set deleted_at = %(now)s, fields = fields || jsonb_build_object('deletedAt', %(shown)s::text), updated_at = now()
 where id = %(id)s and deleted_at is null
returning id::text
"""
_DELETE_REMOVED: Final = """
update engagements
   set deleted_at = %(now)s, fields = fields || jsonb_build_object('deletedAt', %(shown)s::text), updated_at = now()
 where starts_at between %(first)s and %(last)s and deleted_at is null and external_id <> all(%(valid)s::text[])
returning id::text
"""
_APPOINTMENTS: Final = """
select e.id::text
  from engagement_users p join engagements e on e.id = p.engagement_id
 where p.crm_user_id = %(rep)s and p.deleted_at is null and e.deleted_at is null
   and e.activity_type = any(%(kinds)s)
   and (%(after)s::timestamptz is null or e.starts_at >= %(after)s)
   and (%(before)s::timestamptz is null or e.starts_at < %(before)s)
   and (%(last)s::uuid is null
        or (e.starts_at, e.id) > (select l.starts_at, l.id from engagements l where l.id = %(last)s::uuid))
 order by e.starts_at, e.id limit %(limit)s
"""

# The last appointment of the page before: the rep's, and in the window, though it may have been deleted since.
_SEEN_BEFORE: Final = """
select 1 from engagement_users p join engagements e on e.id = p.engagement_id
 where p.crm_user_id = %(rep)s and e.id = %(last)s::uuid
   and (%(after)s::timestamptz is null or e.starts_at >= %(after)s)
   and (%(before)s::timestamptz is null or e.starts_at < %(before)s)
"""


class _Place(NamedTuple):
    id: str
    connection_id: str
    external_id: str


View = Callable[[Transaction, Sequence[str]], Awaitable[list[dict[str, object]]]]


async def list_engagements(call: Call) -> dict[str, object]:
    """Appointments by page, the deleted ones too; of one recording or external id, where asked."""
    return await _list(call, "engagements", views.engagements)


async def list_opportunities(call: Call) -> dict[str, object]:
    """Deals by page, the deleted ones too; of one recording or external id, where asked."""
    return await _list(call, "opportunities", views.opportunities)


async def _list(call: Call, table: str, view: View) -> dict[str, object]:
    wheres: list[str] = []
    values: dict[str, object] = {"limit": _PAGE + 1}
    listing = call.listing("externalId", "recordingId")
    if (after := listing.key()) is not None:
        wheres.append(_PAGE_AFTER)
        values |= {"connection": after[0], "key": after[1]}
    if (external := call.text("externalId")) is not None:
        wheres.append(_OF_EXTERNAL_ID)
        values["external"] = external
    if (recording := call.id("recordingId")) is not None:
        wheres.append(_OF_RECORDING[table])
        values["recording"] = recording
    statement = f"""select r.id::text, r.connection_id::text, r.external_id from {table} r
 where {" and ".join(wheres) or "true"} order by r.connection_id, r.external_id limit %(limit)s"""  # noqa: S608 - ours
    rows = await call.transaction.read(_Place, statement, values)
    page = rows[:_PAGE]
    more = listing.cursor(page[-1].connection_id, page[-1].external_id) if len(rows) > _PAGE else None
    shown = await view(call.transaction, [row.id for row in page])
    return {"data": shown, "cursor": more, "hasNextPage": more is not None}


async def get_engagement(call: Call) -> dict[str, object]:
    """One appointment, with the recording that is linked to it."""
    return await _one(call, "Engagement", views.engagements)


async def get_opportunity(call: Call) -> dict[str, object]:
    """One deal, with the recording that is linked to it."""
    return await _one(call, "Opportunity", views.opportunities)


async def _one(call: Call, what: str, view: View) -> dict[str, object]:
    found = await view(call.transaction, [call.record_id(what)])
    if not found:
        raise not_found(what)
    return found[0]


async def delete_engagement(call: Call) -> bool:
    """Delete an appointment by the workspace's id, or by the CRM's. Whether there was one that was not deleted."""
    kind = call.choice("idType", ExternalIdType) or ExternalIdType.INTERNAL
    statement = _DELETE_ENGAGEMENTS + (_BY_ID if kind == ExternalIdType.INTERNAL else _BY_EXTERNAL_ID)
    values = _now() | {"id": _named(call, kind), "platform": call.text("integrationPlatform")}
    deleted = await _delete(call, statement, values)
    await defer_links(call.conn, call.organization_id, Touched(engagements=deleted))
    return bool(deleted)


def _named(call: Call, kind: str) -> str:
    if kind == ExternalIdType.INTERNAL:
        return call.record_id("Engagement")
    return call.word("id")


async def delete_opportunity(call: Call) -> bool:
    """Delete a deal. Whether there was one that was not deleted."""
    deleted = await _delete(call, _DELETE_OPPORTUNITY, _now() | {"id": call.record_id("Opportunity")})
    await defer_links(call.conn, call.organization_id, Touched(opportunities=deleted))
    return bool(deleted)


async def delete_removed(call: Call) -> dict[str, object]:
    """Delete the appointments that start in a window, its ends included, but those that are named."""
    wanted = call.read(SoftDeleteRemoved)
    window = {"first": wanted.from_time, "last": wanted.to_time, "valid": list(wanted.valid_external_ids)}
    deleted = await _delete(call, _DELETE_REMOVED, _now() | window)
    await defer_links(call.conn, call.organization_id, Touched(engagements=deleted))
    return {"data": {"success": True}}


async def _delete(call: Call, statement: LiteralString, values: dict[str, object]) -> list[str]:
    return [row.id for row in await call.transaction.read(Id, statement, values)]


def _now() -> dict[str, object]:
    now = datetime.now(UTC)
    return {"now": now, "shown": views.moment(now)}


async def list_appointments(call: Call) -> list[dict[str, object]]:
    """A rep's appointments in person, the earliest first. The cursor is the id of the last one that was seen."""
    rep = call.record_id("User")
    if not await call.transaction.exists("select 1 from crm_users where id = %(id)s", {"id": rep}):
        raise not_found("User")
    values = {
        "rep": rep,
        "kinds": [*SEEN_IN_LIST],
        "after": _bound(call, "startingAfter", ">"),
        "before": _bound(call, "startingBefore", "<"),
        "last": call.id("cursor"),
        "limit": call.page_size(default=_PAGE, name="limit"),
    }
    if values["last"] is not None and not await call.transaction.exists(_SEEN_BEFORE, values):
        raise cursors.refused()
    rows = await call.transaction.read(Id, _APPOINTMENTS, values)
    return await views.engagements(call.transaction, [row.id for row in rows])


def _bound(call: Call, name: str, side: str) -> datetime | None:
    bound = call.bound(name, side)
    return None if bound is None else bound[1]
