"""The conversations that a score is about: of some people, in a span of time, and of one kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fieldnote.siro.models import EvaluationScope
from fieldnote.workspace.domain.recordings.conditions import RESULT, of_types
from fieldnote.workspace.domain.scoring.metrics import Measured, measured
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import invalid, issue, not_among
from fieldnote.workspace.http.views import moment

ASKED: Final = ("startAt", "endAt", "filterByIds", "filterBy")
"""The parameters that a population has to have."""
_SCOPES: Final[Mapping[str, str]] = {
    "RECORDING": "r.id::text", "USER": "r.user_id::text", "TEAM": "u.member_team_id::text",
    "ORGANIZATION": "r.organization_id::text",
}  # fmt: skip
_TALKS: Final = f"""
select r.id::text, r.user_id::text, u.member_team_id::text as team_id, r.organization_id::text, r.duration_ms,
       u.name as rep_name, s.utterances, {RESULT} as result
  from recordings r join users u on u.id = r.user_id join recording_utterances s on s.recording_id = r.id
 where r.deleted_at is null and r.processed_at is not null
   and r.created_at >= %(start)s and r.created_at < %(end)s and r.duration_ms >= %(least)s
   and {of_types("types")}
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Asked:
    """A population, as a query names it."""

    start: datetime
    end: datetime
    ids: tuple[str, ...]
    scopes: tuple[str, ...]
    group_by: tuple[str, ...]

    def shown(self) -> dict[str, object]:
        """The same on the wire."""
        return {
            "startAt": moment(self.start),
            "endAt": moment(self.end),
            "filterByIds": list(self.ids),
            "filterBy": list(self.scopes),
        }

    def of(self, scope: str, named: str) -> Asked:
        """The part of it that is one person's, team's or recording's."""
        return replace(self, ids=(named,), scopes=(scope,), group_by=())


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    user_id: str
    team_id: str | None
    organization_id: str
    duration_ms: float
    rep_name: str
    utterances: list[dict[str, object]]
    result: str


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation, and whose it is."""

    recording_id: str
    talk: Measured
    is_won: bool
    scopes: Mapping[str, str | None]
    """The id of each scope that it belongs to."""


def asked_for(call: Call) -> Asked:
    """The population of a query. Raises ApiError."""
    call.required(*ASKED)
    start, end = call.moment("startAt"), call.moment("endAt")
    if start is None or end is None or end < start:
        raise invalid([issue("invalid_date", ["endAt"], "Is before startAt")])
    return Asked(start, end, tuple(call.texts("filterByIds")), _scopes(call, "filterBy"), _scopes(call, "groupBy"))


def _scopes(call: Call, name: str) -> tuple[str, ...]:
    given = call.texts(name)
    if wrong := [one for one in given if one not in _SCOPES]:
        raise invalid([not_among([name], EvaluationScope, wrong[0])])
    return tuple(given)


async def talks_of(call: Call, asked: Asked, kind: str, *, least_ms: float = 0) -> list[Talk]:
    """The conversations of a population that have words; those of other kinds and shorter ones are left out."""
    wheres = [f"{_SCOPES[scope]} = any(%(ids)s)" for scope in asked.scopes]
    values = {
        "start": asked.start,
        "end": asked.end,
        "ids": list(asked.ids),
        "types": [kind],
        "least": least_ms,
    }
    statement = f"{_TALKS} and ({' or '.join(wheres)}) order by r.created_at, r.id"
    return [_talk(row) for row in await call.transaction.read(_Row, statement, values)]


def _talk(row: _Row) -> Talk:
    talk = measured(row.utterances, rep_name=row.rep_name, duration_ms=round(row.duration_ms))
    scopes = {"RECORDING": row.id, "USER": row.user_id, "TEAM": row.team_id, "ORGANIZATION": row.organization_id}
    return Talk(row.id, talk, row.result == "closed", scopes)


def parts_of(asked: Asked, talks: Sequence[Talk]) -> list[tuple[Asked, list[Talk]]]:
    """The population by `groupBy`, else by each of its ids; a part without a conversation is left out."""
    parts: dict[tuple[str, str], list[Talk]] = {}
    for talk in talks:
        for scope in asked.group_by or asked.scopes:
            named = talk.scopes[scope]
            if named is not None and (asked.group_by or named in asked.ids):
                parts.setdefault((scope, named), []).append(talk)
    return [(asked.of(scope, named), found) for (scope, named), found in parts.items()]
