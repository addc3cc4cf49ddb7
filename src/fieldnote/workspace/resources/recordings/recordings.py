"""Recordings and the recorder app's events, as an organization token reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from fieldnote.siro.models import EventCode
from fieldnote.workspace.http import views
from fieldnote.workspace.http.calls import Call, public_url, read_each
from fieldnote.workspace.http.errors import invalid, issue, not_found
from fieldnote.workspace.resources.recordings.followups import followups_of
from fieldnote.workspace.rows import read_rows

_SHOWABLE: Final = (
    "showCrmLinks",
    "showSummary",
    "showEntityExtractions",
    "showEvaluationScore",
    "showFollowups",
)
_FLAGS: Final = {
    "isProcessingDone": "processed_at",
    "isEntityExtractionDone": "extracted_at",
    "isSummaryDone": "summarized_at",
}
_TIMES: Final = {
    "createdAt:gt": ("created_at", ">"),
    "createdAt:lt": ("created_at", "<"),
    "updatedAt:gte": ("updated_at", ">="),
    "updatedAt:gt": ("updated_at", ">"),
    "updatedAt:lt": ("updated_at", "<"),
    "updatedAt:lte": ("updated_at", "<="),
}
_EVENT_TIMES: Final = {"createdAtGt": ("created_at", ">"), "createdAtLt": ("created_at", "<")}
_RECORDING: Final = """
select id::text, organization_id::text, user_id::text, title, duration_ms, latitude, longitude, processed_at,
       extracted_at, summarized_at, deleted_at, root_data_purged_at, evaluation_score, created_at, updated_at,
       details ->> 'result' as result
  from recordings
"""
_EVENTS: Final = """
select id::text, organization_id::text, user_id::text, recording_id::text, event_code, event,
       external_opportunity_ids, created_at
  from mobile_events
"""


class _MobileEvent(NamedTuple):
    id: str
    organization_id: str
    user_id: str
    recording_id: str | None
    event_code: str
    event: str | None
    external_opportunity_ids: list[str] | None
    created_at: datetime


async def list_recordings(call: Call) -> dict[str, object]:
    """Recordings by page. With a filter on `updatedAt` the longest unchanged first, else the latest first.

    What is deleted stays listed. A recording that changes between two pages comes again rather than never.
    """
    values: dict[str, object] = {}
    wheres = _time_filters(call, _TIMES, values)
    for name, column in _FLAGS.items():
        if (flag := call.flag(name)) is not None:
            wheres.append(f"{column} is {'not ' if flag else ''}null")
    by_update = any("updated_at" in where for where in wheres)
    column, direction, side = ("updated_at", "asc", ">") if by_update else ("created_at", "desc", "<")
    listing = call.listing(*_TIMES, *_FLAGS)
    if (cursor := listing.moment()) is not None:
        wheres.append(f"({column}, id) {side} (:at, cast(:id as uuid))")
        values |= {"at": cursor[0], "id": cursor[1]}
    size = call.page_size(default=50)
    where = " and ".join(wheres) or "true"
    statement = f"{_RECORDING} where {where} order by {column} {direction}, id {direction} limit :limit"
    rows = await read_rows(call.conn, views.RecordingRow, text(statement), values | {"limit": size + 1})
    page = rows[:size]
    more = listing.cursor(getattr(page[-1], column), page[-1].id) if len(rows) > size else None
    return {"data": await _seen(call, page, _shown(call), _base_url(call), brief=True), "cursor": more}


def _time_filters(call: Call, names: Mapping[str, tuple[str, str]], values: dict[str, object]) -> list[str]:
    wheres: list[str] = []
    for name, (column, side) in names.items():
        if (bound := call.bound(name, side)) is not None:
            parameter = f"t{len(values)}"
            values[parameter] = bound[1]
            wheres.append(f"{column} {bound[0]} :{parameter}")
    return wheres


async def get_recording(calls: Sequence[Call]) -> list[Any]:
    """One recording, with the parts that were asked for."""
    wanted, answers = read_each(calls, lambda call: (call.record_id("Recording"), _shown(call), _base_url(call)))
    rows = await _find_recordings(calls[0], [recording_id for recording_id, _, _ in wanted.values()])
    for shown, base_url in {(shown, base_url) for _, shown, base_url in wanted.values()}:
        ids = {place: one[0] for place, one in wanted.items() if one[1:] == (shown, base_url)}
        own = [row for row in rows if row.id in ids.values()]
        seen = {view["id"]: view for view in await _seen(calls[0], own, shown, base_url)}
        answers |= {place: seen.get(recording_id, not_found("Recording")) for place, recording_id in ids.items()}
    return [answers[place] for place in range(len(calls))]


async def _seen(
    call: Call, rows: Sequence[views.RecordingRow], shown: frozenset[str], base_url: str, *, brief: bool = False
) -> list[dict[str, object]]:
    found = await views.recordings(call.conn, rows, shown, base_url)
    if "showFollowups" in shown:
        followups = await followups_of(call.transaction, [row.id for row in rows], brief=brief)
        for view in found:
            view["followups"] = followups.get(str(view["id"]), [])
    return found


async def list_summaries(call: Call) -> dict[str, object]:
    """The summaries of a recording; none before they are written."""
    recording_id = call.record_id("Recording")
    if not await _find_recordings(call, [recording_id]):
        raise not_found("Recording")
    return {"data": (await views.summaries_of(call.conn, [recording_id])).get(recording_id, [])}


async def _find_recordings(call: Call, ids: Sequence[str]) -> list[views.RecordingRow]:
    statement = f"{_RECORDING} where id = any(cast(:ids as uuid[]))"
    return await read_rows(call.conn, views.RecordingRow, text(statement), {"ids": list(ids)})


def _shown(call: Call) -> frozenset[str]:
    return frozenset(name for name in _SHOWABLE if call.flag(name))


def _base_url(call: Call) -> str:
    return public_url(call.request)


async def list_mobile_events(call: Call) -> dict[str, object]:
    """The events of the recorder app, the latest first."""
    values: dict[str, object] = {}
    wheres = _time_filters(call, _EVENT_TIMES, values)
    for name, column in {"userId": "user_id", "recordingId": "recording_id"}.items():
        if (value := call.text(name)) is not None:
            wheres.append(f"{column}::text = :{column}")
            values[column] = value
    if codes := _event_codes(call):
        wheres.append("event_code = any(:codes)")
        values["codes"] = codes
    listing = call.listing(*_EVENT_TIMES, "userId", "recordingId", "eventCode", "eventCodeIn")
    if (cursor := listing.moment()) is not None:
        wheres.append("(created_at, id) < (:at, cast(:id as uuid))")
        values |= {"at": cursor[0], "id": cursor[1]}
    size = call.page_size(default=100, most=1000)
    where = " and ".join(wheres) or "true"
    statement = f"{_EVENTS} where {where} order by created_at desc, id desc limit :limit"
    rows = await read_rows(call.conn, _MobileEvent, text(statement), values | {"limit": size + 1})
    page = rows[:size]
    more = listing.cursor(page[-1].created_at, page[-1].id) if len(rows) > size else None
    return {"data": [_mobile_event(row) for row in page], "cursor": more}


async def get_mobile_event(call: Call) -> dict[str, object]:
    """One thing that happened in the recorder app."""
    values = {"id": call.record_id("Mobile event")}
    rows = await read_rows(call.conn, _MobileEvent, text(f"{_EVENTS} where id = :id"), values)
    if not rows:
        raise not_found("Mobile event")
    return _mobile_event(rows[0])


def _event_codes(call: Call) -> list[str]:
    single = call.choice("eventCode", EventCode)
    several = [code for name in ("eventCodeIn", "eventCodeIn[]") for code in call.request.query_params.getlist(name)]
    if len(several) > 10:
        raise invalid([issue("too_big", ["eventCodeIn"], "Array must contain at most 10 element(s)")])
    return [code.replace("\0", "?") for code in (*several, *([single] if single else []))]  # PostgreSQL takes no NUL


def _mobile_event(row: _MobileEvent) -> dict[str, object]:
    event: dict[str, object] = {
        "id": row.id,
        "organizationId": row.organization_id,
        "userId": row.user_id,
        "eventCode": row.event_code,
        "event": row.event,
        "createdAt": views.moment(row.created_at),
    }
    more = {"recordingId": row.recording_id, "externalOpportunityIds": row.external_opportunity_ids}
    return event | {name: value for name, value in more.items() if value is not None}
