"""Searching recordings: by words in the conversation or the title, and by other facts about them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from psycopg.errors import QueryCanceled

from fieldnote.siro.models import RecordingQuery, RecordingSearch
from fieldnote.workspace.domain.recordings.conditions import RESULT, TYPE_ID, of_types
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import invalid, issue, whole_number
from fieldnote.workspace.http.visibility import VISIBLE
from fieldnote.workspace.resources.recordings.intake import user_of
from fieldnote.workspace.resources.recordings.user_recordings import RECORDINGS, UserRecording, views_of

_DEFAULT_SIZE: Final = 25
_PATIENCE: Final = "set local statement_timeout = '10s'"
"""One search does not take the database from the others for longer. It is reset with the transaction."""
_LARGEST_SIZE: Final = 1000
_SAID: Final = r"""
(r.title ilike %(words)s or exists (
    select from recording_utterances s cross join jsonb_array_elements(s.utterances) as u (said)
     where s.recording_id = r.id and u.said ->> 'text' ilike %(words)s))
"""
_DEAL: Final = """
(select o.fields ->> 'amount'
   from recording_links l left join engagements e on e.id = l.engagement_id
   join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
  where l.recording_id = r.id and l.source <> 'NOT_FOUND')::float8
"""
_OF_CUSTOMER: Final = """
exists (select from recording_links l
          left join engagements e on e.id = l.engagement_id
          left join opportunities o on o.id = coalesce(l.opportunity_id, e.opportunity_id)
         where l.recording_id = r.id and l.source <> 'NOT_FOUND'
           and %(customers)s && array[l.account_id, e.account_id, o.account_id, l.lead_id, e.lead_id, l.contact_id,
                                      e.contact_id, o.contact_id, o.id, e.id]::text[])
"""
# On a sphere; the radius is in meters.
_NEAR: Final = """
2 * 6371000 * asin(sqrt(pow(sin(radians(r.latitude - %(lat)s) / 2), 2)
    + cos(radians(%(lat)s)) * cos(radians(r.latitude)) * pow(sin(radians(r.longitude - %(lng)s) / 2), 2))) <= %(radius)s
"""
_CHOSEN: Final = "exists (select from recording_outcomes c where c.recording_id = r.id and"
# By the field of a search: what a recording has to be, with the value under the field's own name.
_WHERES: Final[Mapping[str, str]] = {
    "team_id": "u.member_team_id::text = %(team_id)s",
    "team_ids": "u.member_team_id::text = any(%(team_ids)s)",
    "rep_uid": "r.user_id::text = %(rep_uid)s",
    "rep_uids": "r.user_id::text = any(%(rep_uids)s)",
    "organization_id": "r.organization_id::text = %(organization_id)s",
    "organization_ids": "r.organization_id::text = any(%(organization_ids)s)",
    "conversation_type": of_types("conversation_type"),
    "conversation_types": of_types("conversation_types"),
    "extracted_custom_outcomes": f"{_CHOSEN} c.labels ?| %(extracted_custom_outcomes)s)",
    "universal_outcome_labels": f"""{_CHOSEN} exists (
        select from outcome_definitions d
         where d.conversation_type_id = {TYPE_ID} and d.disabled_at is null and c.labels ? d.label
           and d.universal_label = any(%(universal_outcome_labels)s)))""",
    "results": f"{RESULT} = any(%(results)s)",
    "start_date": "r.created_at >= %(start_date)s",
    "end_date": "r.created_at < %(end_date)s",
    "min_duration_ms": "r.duration_ms >= %(min_duration_ms)s",
    "max_duration_ms": "r.duration_ms <= %(max_duration_ms)s",
    "min_evaluation_score": "r.evaluation_score >= %(min_evaluation_score)s",
    "max_evaluation_score": "r.evaluation_score <= %(max_evaluation_score)s",
    "min_opportunities_amount": f"{_DEAL} >= %(min_opportunities_amount)s",
    "max_opportunities_amount": f"{_DEAL} <= %(max_opportunities_amount)s",
    "has_comments": "exists (select from comment_threads h where h.recording_id = r.id) = %(has_comments)s",
    "is_private": "coalesce(r.details -> 'isPrivate' = 'true'::jsonb, false) = %(is_private)s",
}
_NOBODY_HAS: Final = (
    "jump_to_tags", "dms_deal_types", "min_dms_revenue",
    "is_seed_recording", "is_seed_recording_recording",
)  # fmt: skip
"""Facts that no recording of the workspace has: a search for one finds nothing."""
_ORDERS: Final = {
    "recordingId": "r.id", "title": "r.title", "durationInMilliseconds": "r.duration_ms", "userId": "r.user_id",
    "teamName": "t.name", "repFirstName": "u.name", "repLastName": "u.name", "viewCount": "views",
    "uniqueViewCount": "viewers",
}  # fmt: skip
"""Else by the time of the conversation."""


class _Count(NamedTuple):
    found: int


async def search_recordings(call: Call) -> dict[str, object]:
    """The recordings that a search finds, by page, the latest first unless asked otherwise."""
    began = time.perf_counter()
    wanted = call.read(RecordingSearch)
    query = wanted.query
    size = whole_number(["pageSize"], wanted.page_size, default=_DEFAULT_SIZE, clamp=_LARGEST_SIZE)
    offset = (whole_number(["page"], wanted.page, default=1, clamp=10**6) - 1) * size
    values: dict[str, object] = {"caller": user_of(call), "limit": size, "offset": offset}
    where = " and ".join([VISIBLE, *_wheres(query, values)])
    order = _ORDERS.get(query.sort or "", "r.created_at")
    direction = "asc" if query.sort_direction == "asc" else "desc"
    await call.transaction.driver.execute(_PATIENCE)
    try:
        rows = await call.transaction.read(UserRecording, _page(where, order, direction), values)
        [total] = await call.transaction.read(_Count, _count(where), values)
    except QueryCanceled as error:
        message = "The search took too long. Search a shorter time, or fewer people"
        raise invalid([issue("custom", ["query"], message)]) from error
    shown = frozenset({"showCrmCustomer"}) if query.show_crm_customer else frozenset()
    hits = [_hit(row, view) for row, view in zip(rows, await views_of(call, rows, None, shown), strict=True)]
    data = {
        "hits": hits,
        "query": query.search_text or "",
        "limit": size,
        "offset": offset,
        "estimatedTotalHits": total.found,
        "processingTimeMs": round((time.perf_counter() - began) * 1000),
    }
    return {"data": data, "pageSize": size, "total": total.found, "hasNextPage": offset + len(rows) < total.found}


def _page(where: str, order: str, direction: str) -> str:
    return f"{RECORDINGS} where {where} order by {order} {direction}, r.id limit %(limit)s offset %(offset)s"


def _count(where: str) -> str:
    return f"select count(*) as found from recordings r join users u on u.id = r.user_id where {where}"  # noqa: S608 - our words


def _wheres(query: RecordingQuery, values: dict[str, object]) -> Iterator[str]:
    for name in query.model_fields_set:
        given = getattr(query, name)
        if name in _NOBODY_HAS and given not in (None, False, ()):
            yield "false"
        elif name in _WHERES and given is not None:
            values[name] = _moment(name, given) if name in _TIMES else _plain(given)
            if name == "conversation_type":
                values[name] = [values[name]]
            yield _WHERES[name]
    if query.search_text:
        escaped = query.search_text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["words"] = f"%{escaped}%"
        yield _SAID
    if query.crm_customer_ids is not None:
        values["customers"] = list(query.crm_customer_ids)
        yield _OF_CUSTOMER
    if query.coordinate is not None and query.radius is not None:
        values |= {
            "lat": float(query.coordinate.lat),
            "lng": float(query.coordinate.lng),
            "radius": float(query.radius),
        }
        yield _NEAR


_TIMES: Final = {"start_date": "startDate", "end_date": "endDate"}


def _moment(name: str, milliseconds: float | Decimal | str) -> datetime:
    """A time of our calendar. Raises ApiError."""
    try:
        return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise invalid([issue("invalid_date", ["query", _TIMES[name]], "Invalid date")]) from None


def _plain(value: bool | str | float | Decimal | tuple[str, ...]) -> object:
    """As the database takes it."""
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return value if isinstance(value, bool | str) else float(value)


_HIT: Final = (
    "title", "userId", "teamId", "repFirstName", "repLastName", "result", "conversationType", "durationInMilliseconds",
    "isPrivate", "processingStage", "crmCustomer",
)  # fmt: skip


def _hit(row: UserRecording, view: Mapping[str, object]) -> dict[str, object]:
    customer = view.get("crmCustomer")
    amount = customer.get("amount") if isinstance(customer, dict) else None
    more = {"teamName": row.team_name, "opportunitiesAmount": amount}
    return (
        {name: view[name] for name in _HIT if name in view}
        | {
            "recordingId": row.id,
            "dateCreated": round(row.created_at.timestamp() * 1000),
            "viewed": row.viewed,
        }
        | {name: value for name, value in more.items() if value is not None}
    )
