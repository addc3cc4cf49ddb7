"""How the scores of a user's or a team's conversations went, by day or week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fieldnote.workspace.domain.recordings.conditions import of_types
from fieldnote.workspace.http.calls import Call, whole
from fieldnote.workspace.http.errors import invalid, issue, not_found
from fieldnote.workspace.http.views import moment
from fieldnote.workspace.resources.organization.tokens import own

_LONGEST: Final = 3660
"""Days of a history."""
_BY_DAY: Final = 31
"""Days up to which a history is by day; a longer one is by week."""
_SCORES: Final = """
select r.created_at, r.evaluation_score as score from recordings r join users u on u.id = r.user_id
 where r.deleted_at is null and r.evaluation_score is not null and r.created_at >= %(start)s and r.created_at < %(end)s
"""
_USER: Final = "select 1 from users where id = %(id)s"
_TEAM: Final = "select 1 from teams where id = %(id)s"


@dataclass(frozen=True, slots=True)
class _Score:
    created_at: datetime
    score: float


async def user_history(call: Call) -> dict[str, object]:
    """A user's scores."""
    user_id = call.record_id("User", "userId")
    if not await call.transaction.exists(_USER, {"id": user_id}):
        raise not_found("User")
    return {"data": await _history(call, " and r.user_id = %(id)s", user_id, spread=True) | {"userId": user_id}}


async def team_history(call: Call) -> dict[str, object]:
    """A team's scores."""
    team_id = call.word("teamId")
    if not await call.transaction.exists(_TEAM, {"id": team_id}):
        raise not_found("Team")
    history = await _history(call, " and u.member_team_id = %(id)s", team_id, spread=False)
    return {"data": history | {"teamId": team_id}}


async def _history(call: Call, where: str, named: str, *, spread: bool) -> dict[str, object]:
    organization, days = call.required("organizationId", "horizon")
    own(call, organization)
    horizon = whole("horizon", days, most=_LONGEST)
    zone, step = _zone(call), timedelta(days=1 if horizon <= _BY_DAY else 7)
    until = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    start = until - timedelta(days=horizon)
    values: dict[str, object] = {"id": named, "start": start, "end": until}
    kind = call.text("conversationType")
    if kind is not None:
        where += f" and {of_types('types')}"
        values["types"] = [kind]
    statement = f"{_SCORES}{where} order by r.created_at, r.id"
    scores = await call.transaction.read(_Score, statement, values)
    buckets = []
    while start < until:
        end = min(start + step, until)
        own_scores = [one.score for one in scores if start <= one.created_at < end]
        bucket = _average(own_scores) | {"startAt": moment(start), "endAt": moment(end)}
        buckets.append(bucket | ({"distribution": _spread(own_scores)} if spread else {}))
        start = end
    return ({} if kind is None else {"conversationType": kind}) | {
        "organizationId": organization,
        "horizon": horizon,
        "timezone": zone.key,
        "granularity": "day" if horizon <= _BY_DAY else "week",
        "startAt": moment(until - timedelta(days=horizon)),
        "endAt": moment(until),
        "buckets": buckets,
        "summary": _average([one.score for one in scores]),
    }


def _zone(call: Call) -> ZoneInfo:
    name = call.text("timezone") or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid([issue("custom", ["timezone"], "Is not a time zone, such as America/Denver")]) from None


def _average(scores: Sequence[float]) -> dict[str, object]:
    return {"averageWeightedScore": round(fmean(scores), 2) if scores else None, "recordingCount": len(scores)}


def _spread(scores: Sequence[float]) -> dict[str, float] | None:
    """Percentiles, between the two nearest scores."""
    if not scores:
        return None
    ordered = sorted(scores)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = ordered[int(place)]
        above = ordered[min(int(place) + 1, len(ordered) - 1)]
        return round(below + (above - below) * (place - int(place)), 2)

    return {"p10": at(0.1), "p25": at(0.25), "p75": at(0.75), "p90": at(0.9)}
