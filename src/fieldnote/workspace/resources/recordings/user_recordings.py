"""Recordings as a user reads them: a rep their own, coaches and administrators all.

What its owner keeps private is shown to them and to administrators alone. A deleted recording is as good as none here,
and stays in the organization's list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import text

from fieldnote.siro.models import RecordingsByIds, TranscriptionLanguageSet
from fieldnote.workspace.context import recording_page
from fieldnote.workspace.domain.matching.linking import hold_links, link_around
from fieldnote.workspace.domain.recordings.conditions import RESULT, of_types
from fieldnote.workspace.http.calls import Call, public_url
from fieldnote.workspace.http.cursors import listing_of
from fieldnote.workspace.http.errors import failed, not_found, whole_number
from fieldnote.workspace.http.views import moment, person_names, summaries_of
from fieldnote.workspace.http.visibility import VISIBLE
from fieldnote.workspace.resources.crm.context import contexts_of, customer_of, opportunities_of
from fieldnote.workspace.resources.recordings.extractions import extractions_of
from fieldnote.workspace.resources.recordings.followups import followups_of
from fieldnote.workspace.resources.recordings.intake import read_exactly, user_of

RECORDINGS: Final = f"""
select r.id::text, r.organization_id::text, r.user_id::text, r.title, r.duration_ms, r.latitude, r.longitude, r.stage,
       r.status, r.transcription_status, r.trigger, r.evaluation_score, r.do_not_delete, r.details, r.processed_at,
       r.summarized_at, r.root_data_purged_at, r.created_at, r.updated_at, u.name, u.first_name, u.last_name,
       t.id::text as team_id, t.name as team_name, {RESULT} as result,
       (select count(*) from recording_attention x where x.recording_id = r.id and x.kind = 'view') as views,
       (select count(distinct x.user_id) from recording_attention x
         where x.recording_id = r.id and x.kind <> 'listen') as viewers,
       (select count(*) from comments x join comment_threads h on h.id = x.thread_id
         where h.recording_id = r.id and not h.is_private) as comments,
       exists (select from recording_attention x where x.recording_id = r.id and x.kind <> 'listen'
                and x.user_id = %(caller)s::uuid) as viewed
  from recordings r join users u on u.id = r.user_id left join teams t on t.id = u.member_team_id
"""  # noqa: S608 - our own words
_UNLINKED: Final = """
not exists (select from recording_links l where l.recording_id = r.id and l.source <> 'NOT_FOUND')
"""
_ORDERS: Final = {"dateCreated": "r.created_at"}
_IN_LIST: Final = frozenset({
    "id", "userId", "title", "dateCreated", "durationInMilliseconds", "discoverable", "isPrivate", "isVideo",
    "repFirstName", "repLastName", "result", "trigger",
})  # fmt: skip
_IN_ONE: Final = frozenset({
    "id", "userId", "organizationId", "teamId", "title", "dateCreated", "durationInMilliseconds", "deleted",
    "conversationType", "processingStage", "processingStatus", "transcriptionStatus", "transcriptionLanguage",
})  # fmt: skip
_AS_GIVEN: Final = (
    "conversationType",
    "discoverable",
    "notes",
    "transcriptionLanguage",
    "conversationQualityTag",
    "os",
)
"""A user program's facts about a recording, shown as they came."""
_SHOWABLE: Final = (
    "showCrmCustomers", "showCrmOpportunities", "showEvaluationScore", "showFollowups", "showSummary",
    "showEntityExtractions",
)  # fmt: skip
_FILTERS: Final = (
    "conversationType", "result", "organizationId", "teamId", "dateCreated:gt", "dateCreated:lt", "crmLinkStatus",
)  # fmt: skip
_PAGE: Final = 50
_LARGEST_PAGE: Final = 1000


class UserRecording(NamedTuple):
    """A recording with its rep and team, as a user reads it."""

    id: str
    organization_id: str
    user_id: str
    title: str
    duration_ms: int
    latitude: float | None
    longitude: float | None
    stage: str
    status: str
    transcription_status: str
    trigger: str | None
    evaluation_score: float | None
    do_not_delete: bool
    details: dict[str, Any]
    processed_at: datetime | None
    summarized_at: datetime | None
    root_data_purged_at: datetime | None
    created_at: datetime
    updated_at: datetime
    name: str
    first_name: str | None
    last_name: str | None
    team_id: str | None
    team_name: str | None
    result: str
    views: int
    viewers: int
    comments: int
    viewed: bool


async def list_recordings(call: Call) -> dict[str, object]:
    """Recordings by page, the latest first unless asked otherwise; those of a team, a type, an outcome, or unlinked."""
    values: dict[str, object] = {"caller": user_of(call)}
    wheres = [VISIBLE, *_filters(call, values)]
    order = call.choice("orderBy", _ORDERS) or "dateCreated"
    direction, side = ("asc", ">") if call.choice("orderDirection", ("asc", "desc")) == "asc" else ("desc", "<")
    column = _ORDERS[order]
    listing = call.listing(*_FILTERS, order=f"{order} {direction}")
    if (after := listing.moment()) is not None:
        wheres.append(f"({column}, r.id) {side} (%(at)s, %(after)s::uuid)")
        values |= {"at": after[0], "after": after[1]}
    size = call.page_size(default=_PAGE, name="limit")
    statement = f"""{RECORDINGS} where {" and ".join(wheres)}
 order by {column} {direction}, r.id {direction} limit %(limit)s"""
    rows = await call.transaction.read(UserRecording, statement, values | {"limit": size + 1})
    page = rows[:size]
    shown = await views_of(
        call, page, _IN_LIST, _flags(call, "showCrmCustomer", "showEvaluationScore", "showFollowups")
    )
    more = listing.cursor(page[-1].created_at, page[-1].id) if len(rows) > size else None
    return {"data": shown, "cursor": more}


def _filters(call: Call, values: dict[str, object]) -> list[str]:
    wheres: list[str] = []
    organization = call.id("organizationId")
    if organization not in (None, call.organization_id):
        raise failed(403, "The token belongs to another organization")
    if (kind := call.text("conversationType")) is not None:
        wheres.append(of_types("types"))
        values["types"] = [kind]
    if (result := call.text("result")) is not None:
        wheres.append(f"{RESULT} = %(result)s")
        values["result"] = result
    if (team := call.text("teamId")) is not None:
        wheres.append("u.member_team_id = %(team)s")
        values["team"] = team
    for name, key, side in (("dateCreated:gt", "since", ">"), ("dateCreated:lt", "until", "<")):
        if (bound := call.bound(name, side)) is not None:
            wheres.append(f"r.created_at {bound[0]} %({key})s")
            values[key] = bound[1]
    if call.choice("crmLinkStatus", ("unlinked",)):
        wheres.append(_UNLINKED)
    return wheres


async def get_recording(call: Call) -> dict[str, object]:
    """One recording, with what is asked for: the customer, the deal, the score, the summary, what was extracted."""
    row = await find(call)
    [shown] = await views_of(call, [row], _IN_ONE, _flags(call, *_SHOWABLE))
    return {"data": shown}


async def list_summary(call: Call) -> dict[str, object]:
    """The parts of a recording's summary; none before it is written."""
    row = await find(call)
    parts = (await summaries_of(call.conn, [row.id])).get(row.id, [])
    shown = [
        {
            "id": part["id"],
            "promptHeader": part["name"],
            "promptResponse": part["content"],
            "quotes": None,
            "summaryResultIndex": place,
        }
        for place, part in enumerate(parts)
    ]
    return {"data": shown}


async def get_recordings(call: Call) -> dict[str, object]:
    """Recordings by their ids, in that order; without ids all, the latest first. One that is not seen is left out."""
    wanted = read_exactly(call, RecordingsByIds)
    size = whole_number(["pageSize"], wanted.page_size, default=25, clamp=_LARGEST_PAGE)
    caller = (call.organization_id, call.caller.user_id)
    listing = listing_of(None if wanted.cursor is None else str(wanted.cursor), "recordings by id", caller, wanted.ids)
    first = listing.place()
    values: dict[str, object] = {"caller": user_of(call), "limit": size + 1, "first": first}
    where, order = VISIBLE, "r.created_at desc, r.id"
    if wanted.ids is not None:
        where += " and r.id::text = any(%(ids)s)"
        order = "array_position(%(ids)s::text[], r.id::text)"
        values["ids"] = list(wanted.ids)
    statement = f"{RECORDINGS} where {where} order by {order} limit %(limit)s offset %(first)s"
    rows = await call.transaction.read(UserRecording, statement, values)
    shown = await views_of(call, rows[:size], None, frozenset(_SHOWABLE))
    return {"data": shown, "cursor": listing.cursor(first + size) if len(rows) > size else None, "pageSize": size}


async def delete_recording(call: Call) -> str:
    """Delete a recording: it leaves its appointment, and the users' lists. A rep deletes their own."""
    recording_id = call.record_id("Recording")
    await hold_links(call.conn, recording_id)
    row = await find(call)
    if row.do_not_delete:
        raise failed(403, "The recording is marked as not to be deleted")
    await call.conn.execute(_DELETE, {"id": recording_id})
    await link_around(call.conn, call.organization_id, row.user_id, [row.created_at])
    return recording_id


async def set_language(call: Call) -> dict[str, object]:
    """Which language is spoken in a recording."""
    wanted = read_exactly(call, TranscriptionLanguageSet)
    row = await find(call)
    await call.conn.execute(_LANGUAGE, {"id": row.id, "language": str(wanted.transcription_language)})
    return {"data": None}


async def deep_link(call: Call) -> dict[str, object]:
    """An address of the recording, at a moment or words of it where asked."""
    row = await find(call)
    given = {name: call.text(name) for name in ("timestamp", "selectionStart", "selectionEnd")}
    query = urlencode({name: value for name, value in given.items() if value is not None})
    return {"data": web_address(call, row.id) + (f"?{query}" if query else "")}


_DELETE: Final = text("update recordings set deleted_at = now(), updated_at = clock_timestamp() where id = :id")
_LANGUAGE: Final = text("""
update recordings
   set details = details || jsonb_build_object('transcriptionLanguage', cast(:language as text)),
       updated_at = clock_timestamp()
 where id = :id
""")


# --- what others need


async def find(call: Call, name: str = "id") -> UserRecording:
    """The recording in the path, if the caller sees it. Raises ApiError."""
    values = {"id": call.record_id("Recording", name), "caller": user_of(call)}
    rows = await call.transaction.read(UserRecording, RECORDINGS + " where r.id = %(id)s and " + VISIBLE, values)
    if not rows:
        raise not_found("Recording")
    return rows[0]


def web_address(call: Call, recording_id: str) -> str:
    """Where a recording is read."""
    return recording_page(public_url(call.request), recording_id)


async def views_of(
    call: Call, rows: Sequence[UserRecording], fields: frozenset[str] | None, shown: frozenset[str]
) -> list[dict[str, object]]:
    """Recordings on the wire: these fields (None: all), and the parts that are asked for."""
    ids = [row.id for row in rows]
    contexts = await contexts_of(call.transaction, ids)
    summaries = await summaries_of(call.conn, ids) if "showSummary" in shown else {}
    extractions = await extractions_of(call.conn, ids) if "showEntityExtractions" in shown else {}
    brief = fields is _IN_LIST
    followups = await followups_of(call.transaction, ids, brief=brief) if "showFollowups" in shown else {}
    found = []
    for row in rows:
        context = contexts.get(row.id)
        view = {name: value for name, value in _recording(row).items() if fields is None or name in fields}
        if context is not None and shown & {"showCrmCustomer", "showCrmCustomers"}:
            view["crmCustomer"] = customer_of(context)
        if "showCrmOpportunities" in shown:
            view["crmOpportunities"] = [] if context is None else opportunities_of(context)
        if "showEvaluationScore" in shown and row.evaluation_score is not None:
            view["evaluationScore"] = row.evaluation_score
        if "showSummary" in shown and row.id in summaries:
            view["summary"] = "\n\n".join(str(part["content"]) for part in summaries[row.id])
        if "showFollowups" in shown:
            view["followups"] = followups.get(row.id, [])
        if "showEntityExtractions" in shown:
            view["entityExtractions"] = extractions.get(row.id, [])
        found.append(view)
    return found


def _recording(row: UserRecording) -> dict[str, object]:
    first, last = person_names(row)
    given = {name: row.details[name] for name in _AS_GIVEN if row.details.get(name) is not None}
    more = {
        "repFirstName": first,
        "repLastName": last,
        "teamId": row.team_id,
        "trigger": row.trigger,
        "rootDataPurgedAt": moment(row.root_data_purged_at),
        "latitude": row.latitude,
        "longitude": row.longitude,
    }
    return (
        given
        | {name: value for name, value in more.items() if value is not None}
        | {
            "id": row.id,
            "organizationId": row.organization_id,
            "userId": row.user_id,
            "title": row.title,
            "dateCreated": moment(row.created_at),
            "durationInMilliseconds": row.duration_ms,
            "deleted": False,
            "doNotDelete": row.do_not_delete,
            "isPrivate": row.details.get("isPrivate") is True,
            "isVideo": False,
            "result": row.result,
            "processingStage": row.stage,
            "processingStatus": row.status,
            "transcriptionStatus": row.transcription_status,
            "viewCount": row.views,
            "uniqueViewCount": row.viewers,
            "numberOfComments": row.comments,
        }
    )


def _flags(call: Call, *names: str) -> frozenset[str]:
    return frozenset(name for name in names if call.flag(name))
