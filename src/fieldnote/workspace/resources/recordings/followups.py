"""Follow-ups: which customers are worth going back to, and what became of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from fieldnote.siro.models import FollowUpStatus, FollowUpUpdate
from fieldnote.workspace.domain.recordings.conditions import of_types
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, invalid, issue, not_found
from fieldnote.workspace.http.views import moment
from fieldnote.workspace.http.visibility import VISIBLE
from fieldnote.workspace.pool import Transaction
from fieldnote.workspace.resources.crm.context import Context, contexts_of, customer_of
from fieldnote.workspace.resources.recordings.intake import user_of

_FROM: Final = """
  from followups f join recordings r on r.id = f.recording_id join users u on u.id = r.user_id
  left join teams t on t.id = u.member_team_id
"""
_FOLLOWUPS: Final = f"""
select f.id::text, f.recording_id::text, f.action, f.context, f.thinking, f.score, f.status, f.starred, f.commented,
       f.note, f.completed_at, f.completed_by::text, f.created_at, f.updated_at, r.title, u.id::text as rep_id,
       u.name as rep_name, t.id::text as team_id, t.name as team_name {_FROM} where """
_TOTALS: Final = f"""
with found as (select f.recording_id {_FROM} where """
_SUMS: Final = """)
select (select count(*) from found) as followups,
       (select coalesce(sum((o.fields ->> 'amount')::float8), 0) from opportunities o
         where o.id in (select coalesce(l.opportunity_id, e.opportunity_id)
                          from found join recording_links l using (recording_id)
                          left join engagements e on e.id = l.engagement_id
                         where l.source <> 'NOT_FOUND')) as revenue
"""
_HISTORY: Final = """
select h.id::text, h.followup_id::text, h.status, h.note, h.created_at, h.user_id::text, u.name
  from followup_changes h join users u on u.id = h.user_id
 where h.followup_id = any(%(ids)s::uuid[]) order by h.created_at, h.id
"""
_CHANGE: Final = """
update followups
   set status = %(status)s, starred = coalesce(%(starred)s, starred), commented = coalesce(%(commented)s, commented),
       note = coalesce(%(note)s, note), updated_at = clock_timestamp(),
       completed_at = case when %(status)s = 'COMPLETE' then coalesce(completed_at, now()) end,
       completed_by = case when %(status)s = 'COMPLETE' then coalesce(completed_by, %(caller)s::uuid) end
 where id = %(id)s
"""
_NOTE_CHANGE: Final = """
insert into followup_changes (organization_id, followup_id, user_id, status, note)
values (%(organization)s, %(id)s, %(caller)s, %(said)s, %(note)s)
"""
_FILTERS: Final = (
    "organizationId", "minimumScore", "starred", "statuses", "scores", "userIds", "teamIds", "createdAfter",
    "createdBefore", "conversationTypes",
)  # fmt: skip
_DEFAULT_SCORE: Final = 3
_PAGE: Final = 25
_LARGEST_PAGE: Final = 100


class _FollowUp(NamedTuple):
    id: str
    recording_id: str
    action: str
    context: str
    thinking: str
    score: int
    status: str
    starred: bool
    commented: bool
    note: str | None
    completed_at: datetime | None
    completed_by: str | None
    created_at: datetime
    updated_at: datetime
    title: str
    rep_id: str
    rep_name: str
    team_id: str | None
    team_name: str | None


class _Totals(NamedTuple):
    followups: int
    revenue: float


class _Change(NamedTuple):
    id: str
    followup_id: str
    status: str | None
    note: str | None
    created_at: datetime
    user_id: str
    name: str


async def list_followups(call: Call) -> dict[str, object]:
    """Follow-ups by page, the latest first: those of score 3 and more, where nothing else is asked."""
    values: dict[str, object] = {"caller": user_of(call)}
    where = " and ".join([VISIBLE, *_filters(call, values)])
    size = call.page_size(default=_PAGE, most=_LARGEST_PAGE, name="limit")
    after, listing = "", call.listing(*_FILTERS)
    if (cursor := listing.moment()) is not None:
        after = " and (f.created_at, f.id) < (%(at)s, %(after)s::uuid)"
        values |= {"at": cursor[0], "after": cursor[1]}
    page = f"{_FOLLOWUPS}{where}{after} order by f.created_at desc, f.id desc limit %(limit)s"
    rows = await call.transaction.read(_FollowUp, page, values | {"limit": size + 1})
    totals = _TOTALS + where + _SUMS
    [total] = await call.transaction.read(_Totals, totals, values)
    ids = [] if call.flag("excludeCrmCustomer") else [row.recording_id for row in rows[:size]]
    contexts = await contexts_of(call.transaction, ids)
    shown = await _shown(call, rows[:size], contexts, history=bool(call.flag("includeHistory")))
    more = listing.cursor(rows[size - 1].created_at, rows[size - 1].id) if len(rows) > size else None
    data = {"followups": shown, "totalCount": total.followups, "totalRevenue": total.revenue}
    return {"data": data, "cursor": more, "hasNextPage": more is not None}


def _filters(call: Call, values: dict[str, object]) -> list[str]:
    if call.id("organizationId") not in (None, call.organization_id):
        raise failed(403, "The token belongs to another organization")
    wheres: list[str] = []
    for name, where in (
        ("statuses", "f.status = any(%(statuses)s)"),
        ("userIds", "u.id::text = any(%(userIds)s)"),
        ("teamIds", "t.id::text = any(%(teamIds)s)"),
        ("conversationTypes", of_types("conversationTypes")),
    ):
        if given := call.texts(name):
            wheres.append(where)
            values[name] = given
    if unknown := set(call.texts("statuses")) - set(FollowUpStatus):
        message = f"Invalid enum value. Expected {' | '.join(FollowUpStatus)}, received '{min(unknown)}'"
        raise invalid([issue("invalid_enum_value", ["statuses"], message)])
    if scores := call.texts("scores"):
        wheres.append("f.score = any(%(scores)s)")
        values["scores"] = [_number("scores", score) for score in scores]
    else:
        wheres.append("f.score >= %(least)s")
        values["least"] = _number("minimumScore", call.text("minimumScore") or str(_DEFAULT_SCORE))
    if (starred := call.flag("starred")) is not None:
        wheres.append("f.starred = %(starred)s")
        values["starred"] = starred
    for name, side in (("createdAfter", ">"), ("createdBefore", "<")):
        if (bound := call.bound(name, side)) is not None:
            wheres.append(f"f.created_at {bound[0]} %({name})s")
            values[name] = bound[1]
    return wheres


def _number(name: str, value: str) -> int:
    try:
        return int(value[:9])
    except ValueError:
        message = "Expected number, received string"
        raise invalid([issue("invalid_type", [name], message, expected="number", received="string")]) from None


async def update_followup(call: Call) -> dict[str, object]:
    """Change a follow-up. Completing it is the status COMPLETE, and the other way round."""
    wanted = call.read(FollowUpUpdate)
    row = await _find(call)
    status = _status(row.status, wanted)
    values = {
        "id": row.id,
        "organization": call.organization_id,
        "caller": user_of(call),
        "status": status,
        "starred": wanted.starred,
        "commented": wanted.has_followup_comment,
        "note": wanted.note,
        "said": status if status != row.status else None,
    }
    await call.transaction.driver.execute(_CHANGE, values)
    if values["said"] is not None or wanted.note is not None:
        await call.transaction.driver.execute(_NOTE_CHANGE, values)
    changed = await _find(call)
    contexts = await contexts_of(call.transaction, [changed.recording_id])
    return {"data": (await _shown(call, [changed], contexts, history=True))[0]}


def _status(now: str, wanted: FollowUpUpdate) -> str:
    if wanted.status is not None:
        return str(wanted.status)
    if wanted.completed is None:
        return now
    if wanted.completed:
        return FollowUpStatus.COMPLETE.value
    return FollowUpStatus.TO_DO.value if now == FollowUpStatus.COMPLETE else now


async def _find(call: Call) -> _FollowUp:
    values = {"id": call.record_id("Follow-up"), "caller": user_of(call)}
    rows = await call.transaction.read(_FollowUp, _FOLLOWUPS + VISIBLE + " and f.id = %(id)s", values)
    if not rows:
        raise not_found("Follow-up")
    return rows[0]


async def followups_of(
    transaction: Transaction, recording_ids: Sequence[str], *, brief: bool = False
) -> dict[str, list[dict[str, object]]]:
    """By recording; the caller has to see those recordings. `brief`: id and score, as lists of recordings show them."""
    rows = await transaction.read(_FollowUp, _FOLLOWUPS + "r.id = any(%(ids)s::uuid[])", {"ids": list(recording_ids)})
    if brief:
        return {row.recording_id: [{"id": row.id, "score": row.score}] for row in rows}
    contexts = await contexts_of(transaction, [row.recording_id for row in rows])
    return {row.recording_id: [_seen(row, contexts)] for row in rows}


async def _shown(
    call: Call, rows: Sequence[_FollowUp], contexts: Mapping[str, Context], *, history: bool
) -> list[dict[str, object]]:
    changes = await _changes(call, [row.id for row in rows]) if history else {}
    return [_seen(row, contexts) | ({"history": changes.get(row.id, [])} if history else {}) for row in rows]


def _seen(row: _FollowUp, contexts: Mapping[str, Context]) -> dict[str, object]:
    context = contexts.get(row.recording_id)
    return _followup(row) | {"crmCustomer": None if context is None else customer_of(context)}


async def _changes(call: Call, ids: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for row in await call.transaction.read(_Change, _HISTORY, {"ids": list(ids)}):
        given = {name: value for name, value in (("status", row.status), ("note", row.note)) if value is not None}
        who: dict[str, object] = {
            "id": row.id,
            "updatedBy": row.name,
            "updatedByUserId": row.user_id,
            "createdAt": moment(row.created_at),
        }
        found.setdefault(row.followup_id, []).append(who | given)
    return found


def _followup(row: _FollowUp) -> dict[str, object]:
    return {
        "followupId": row.id,
        "recordingId": row.recording_id,
        "recordingTitle": row.title,
        "repId": row.rep_id,
        "repName": row.rep_name,
        "teamId": row.team_id or "",
        "teamName": row.team_name,
        "dateCreated": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
        "followupType": "REHASH",
        "followupAction": row.action,
        "context": row.context,
        "thinking": row.thinking,
        "score": row.score,
        "metadata": [],
        "status": row.status,
        "completed": row.completed_at is not None,
        "completedAt": moment(row.completed_at),
        "completedBy": row.completed_by,
        "starred": row.starred,
        "hasFollowupComment": row.commented,
        "note": row.note,
    }
