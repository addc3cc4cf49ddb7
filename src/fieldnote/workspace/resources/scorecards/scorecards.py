"""Scorecards: trees of sections and metrics, for a kind of conversation, and their evaluations.

Coaches and administrators change them. An evaluation covers the conversations that the caller may see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from fieldnote.siro.models import ScorecardCreate, ScorecardUpdate
from fieldnote.workspace.domain.scoring.evaluation import COLORS, Metric, evaluate
from fieldnote.workspace.http.calls import Call, id_or_nobody
from fieldnote.workspace.http.errors import invalid, issue, not_found
from fieldnote.workspace.http.views import moment
from fieldnote.workspace.resources.organization.tokens import own
from fieldnote.workspace.resources.scorecards.metrics import all_metrics, may_score, shown_metric
from fieldnote.workspace.resources.scorecards.population import Asked, Talk, asked_for, parts_of, talks_of
from fieldnote.workspace.rows import Id

_SCORECARDS: Final = """
select s.id::text, s.organization_id::text, s.conversation_type_id::text, s.name, s.description, s.is_active,
       s.template_id, s.min_duration_ms, s.nodes, s.rubrics, s.weights, s.colors, s.created_at, s.updated_at,
       exists (select from recordings r
                where r.deleted_at is null and r.evaluation_score is not null and r.duration_ms >= s.min_duration_ms
                  and s.conversation_type_id = (
                      select t.id from conversation_types t
                       order by coalesce(lower(r.details ->> 'conversationType')
                                         in (t.id::text, lower(t.display_name)), false) desc, t.created_at, t.id
                       limit 1)) as has_scored
  from scorecards s
"""
_CREATE: Final = """
insert into scorecards (organization_id, conversation_type_id, name, description, is_active, template_id,
                        min_duration_ms, nodes, rubrics, weights, colors, created_at, updated_at)
values (%(organization)s, %(type)s, %(name)s, %(description)s, %(active)s, %(template)s, %(least)s, %(nodes)s,
        %(rubrics)s, %(weights)s, %(colors)s, clock_timestamp(), clock_timestamp())
returning id::text
"""
_CHANGE: Final = """
update scorecards
   set name = %(name)s, description = %(description)s, is_active = %(active)s, template_id = %(template)s,
       min_duration_ms = %(least)s, nodes = %(nodes)s, rubrics = %(rubrics)s, weights = %(weights)s,
       colors = %(colors)s, updated_at = clock_timestamp()
 where id = %(id)s
"""
_TYPE: Final = "select id::text from conversation_types where id = %(id)s"


@dataclass(frozen=True, slots=True)
class _Scorecard:
    id: str
    organization_id: str
    conversation_type_id: str
    name: str
    description: str | None
    is_active: bool
    template_id: str | None
    min_duration_ms: float
    nodes: list[dict[str, Any]]
    rubrics: list[dict[str, Any]]
    weights: list[dict[str, Any]]
    colors: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
    has_scored: bool


async def list_summaries(call: Call) -> dict[str, object]:
    """The scorecards without their trees, the earliest first; of a kind of conversation, active or not, where asked."""
    rows = await _list(call)
    scored = call.flag("includeHasScoredRecordings")
    return {"data": {"scorecardInstances": [_summary(row, scored=bool(scored)) for row in rows]}}


async def list_scorecards(call: Call) -> dict[str, object]:
    """The same with their trees."""
    metrics = await all_metrics(call)
    return {"data": {"scorecardInstances": [_scorecard(call, row, metrics) for row in await _list(call)]}}


async def get_scorecard(call: Call) -> dict[str, object]:
    """One scorecard, in a list."""
    row, metrics = await _find(call), await all_metrics(call)
    return {"data": {"scorecardInstances": [_scorecard(call, row, metrics)]}}


async def create_scorecard(call: Call) -> dict[str, object]:
    """Add a scorecard."""
    wanted = call.read(ScorecardCreate)
    own(call, wanted.organization_id)
    may_score(call)
    if not await call.transaction.exists(_TYPE, {"id": id_or_nobody(wanted.conversation_type)}):
        raise not_found("Conversation configuration")
    values = _values(wanted.wire(), None) | {
        "organization": call.organization_id,
        "type": id_or_nobody(wanted.conversation_type),
    }
    await _check_tree(call, values)
    [made] = await call.transaction.read(Id, _CREATE, _stored(values))
    return {"data": {"scorecardInstanceId": made.id}}


async def update_scorecard(call: Call) -> dict[str, object]:
    """Change what is given of a scorecard."""
    wanted = call.read(ScorecardUpdate)
    may_score(call)
    row = await _find(call)
    values = _values(wanted.wire(), row) | {"id": row.id}
    await _check_tree(call, values)
    await call.transaction.driver.execute(_CHANGE, _stored(values))
    return {"data": {"scorecardInstanceId": row.id}}


async def evaluate_scorecard(call: Call) -> dict[str, object]:
    """A scorecard filled in over some conversations."""
    row, asked, metrics = await _find(call), asked_for(call), await all_metrics(call)
    talks = await talks_of(call, asked, row.conversation_type_id, least_ms=row.min_duration_ms)
    return {"data": _evaluated(row, asked, talks, metrics)}


async def evaluate_populations(call: Call) -> dict[str, object]:
    """The same once for each person, team or recording: by `groupBy`, else by the ids that were asked for."""
    row, asked, metrics = await _find(call), asked_for(call), await all_metrics(call)
    talks = await talks_of(call, asked, row.conversation_type_id, least_ms=row.min_duration_ms)
    parts = [_evaluated(row, part, found, metrics) for part, found in parts_of(asked, talks)]
    return {"data": {"evaluatedInstances": parts}}


async def list_colors(call: Call) -> dict[str, object]:
    """The colors of scores, where a scorecard has none of its own."""
    [organization] = call.required("organizationId")
    own(call, organization)
    return {"data": {"colorConfigurations": [dict(one) for one in COLORS]}}


async def _list(call: Call) -> list[_Scorecard]:
    if (organization := call.text("organizationId")) is not None:
        own(call, organization)
    wheres, values = ["true"], {"type": call.id("conversationTypeId"), "active": call.flag("isActive")}
    if values["type"] is not None:
        wheres.append("s.conversation_type_id = %(type)s")
    if values["active"] is not None:
        wheres.append("s.is_active = %(active)s")
    statement = f"{_SCORECARDS} where {' and '.join(wheres)} order by s.created_at, s.id"
    return await call.transaction.read(_Scorecard, statement, values)


async def _find(call: Call) -> _Scorecard:
    statement = _SCORECARDS + " where s.id = %(id)s"
    rows = await call.transaction.read(_Scorecard, statement, {"id": call.record_id("Scorecard")})
    if not rows:
        raise not_found("Scorecard")
    return rows[0]


def _values(wire: Mapping[str, Any], row: _Scorecard | None) -> dict[str, object]:
    """The columns: as they are given, else as they were."""
    before: dict[str, Any] = {"colorConfigurations": [dict(one) for one in COLORS], "minDurationMs": 0}
    if row is not None:
        before = _columns(row)
    given = before | dict(wire)
    return {
        "name": given["name"],
        "description": given.get("description"),
        "active": given["isActive"],
        "template": given.get("scorecardTemplateId"),
        "least": float(given["minDurationMs"]),
        "nodes": given["nodes"],
        "rubrics": given["metricRubrics"],
        "weights": given["sectionWeights"],
        "colors": given["colorConfigurations"],
    }


def _columns(row: _Scorecard) -> dict[str, object]:
    return {
        "name": row.name,
        "description": row.description,
        "isActive": row.is_active,
        "scorecardTemplateId": row.template_id,
        "minDurationMs": row.min_duration_ms,
        "nodes": row.nodes,
        "metricRubrics": row.rubrics,
        "sectionWeights": row.weights,
        "colorConfigurations": row.colors,
    }


def _stored(values: Mapping[str, Any]) -> dict[str, object]:
    return {name: Jsonb(value) if isinstance(value, list) else value for name, value in values.items()}


async def _check_tree(call: Call, values: Mapping[str, Any]) -> None:
    """Raises ApiError for nodes that make no tree, and for rubrics and weights of no node."""
    nodes: list[dict[str, Any]] = values["nodes"]
    kinds = {one["id"]: one["nodeType"] for one in nodes}
    metrics = await all_metrics(call)
    issues = [
        issue("custom", ["nodes", n, "parentId"], "Is not a node of the scorecard")
        for n, one in enumerate(nodes)
        if one["nodeType"] != "ROOT" and one["parentId"] not in kinds
    ]
    if len(kinds) < len(nodes) or [*kinds.values()].count("ROOT") != 1:
        issues.append(issue("custom", ["nodes"], "Must have one ROOT, and no id twice"))
    for n, one in enumerate(values["rubrics"]):
        if kinds.get(one["scorecardNodeId"]) != "METRIC":
            issues.append(issue("custom", ["metricRubrics", n, "scorecardNodeId"], "Is not a METRIC node"))
        if one["scorecardMetricId"] not in metrics:
            issues.append(issue("custom", ["metricRubrics", n, "scorecardMetricId"], "Is not a known metric"))
    issues += [
        issue("custom", ["sectionWeights", n, "scorecardNodeId"], "Is not a SECTION node")
        for n, one in enumerate(values["weights"])
        if kinds.get(one["scorecardNodeId"]) != "SECTION"
    ]
    if issues:
        raise invalid(issues)


def _summary(row: _Scorecard, *, scored: bool) -> dict[str, object]:
    return ({"hasScoredRecordings": row.has_scored} if scored else {}) | {
        "id": row.id,
        "organizationId": row.organization_id,
        "conversationType": row.conversation_type_id,
        "name": row.name,
        "description": row.description,
        "isActive": row.is_active,
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
    }


def _scorecard(call: Call, row: _Scorecard, metrics: Mapping[str, Metric]) -> dict[str, object]:
    used = {one["scorecardMetricId"]: one["scorecardNodeId"] for one in row.rubrics}
    metric_of = {node: metrics[one] for one, node in used.items() if one in metrics}
    shown = _summary(row, scored=True)
    if shown["description"] is None:
        del shown["description"]
    template = {} if row.template_id is None else {"scorecardTemplateId": row.template_id}
    return shown | template | {
        "scorecardConfigId": row.id,
        "editable": call.caller.role != "rep",
        "minDurationMs": row.min_duration_ms,
        "nodes": [one | {"metadata": _metadata(one, row, metric_of)} for one in row.nodes],
        "metricConfigurations": [shown_metric(metrics[one]) for one in used if one in metrics],
        "metricRubrics": row.rubrics,
        "sectionWeights": row.weights,
        "colorConfigurations": row.colors,
    }  # fmt: skip


def _metadata(node: Mapping[str, Any], row: _Scorecard, metric_of: Mapping[str, Metric]) -> dict[str, object]:
    if node["nodeType"] == "SECTION":
        found = [one["weight"] for one in row.weights if one["scorecardNodeId"] == node["id"]]
        return {"sectionWeight": found[0]} if found else {}
    metric = metric_of.get(node["id"])
    return {} if metric is None else {"metricId": metric.id, "metricType": metric.metric_type}


def _evaluated(
    row: _Scorecard, asked: Asked, talks: Sequence[Talk], metrics: Mapping[str, Metric]
) -> dict[str, object]:
    nodes, whole = evaluate(row.nodes, row.rubrics, row.weights, row.colors, metrics, [one.talk for one in talks])
    about = {} if row.description is None else {"description": row.description}
    return asked.shown() | about | {
        "id": row.id,
        "name": row.name,
        "evaluatedNodes": nodes,
        "pointsEarned": whole.earned,
        "pointsPossible": whole.possible,
        "recordingsEvaluatedCount": len(talks),
        "recordingsWonCount": sum(one.is_won for one in talks),
        "metricRubrics": row.rubrics,
        "sectionWeights": row.weights,
        "colorConfigurations": row.colors,
        "tags": [],
    }  # fmt: skip
