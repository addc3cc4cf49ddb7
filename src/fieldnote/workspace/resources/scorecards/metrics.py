"""Metrics of scorecards: made, changed, taken away, and measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fieldnote.siro.models import MetricCreate, MetricUpdate, StandardizedPromptType
from fieldnote.workspace.domain.scoring.evaluation import Metric
from fieldnote.workspace.domain.scoring.metrics import value_of
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed, not_found
from fieldnote.workspace.resources.organization.tokens import own
from fieldnote.workspace.resources.scorecards.population import ASKED, asked_for, talks_of
from fieldnote.workspace.rows import Id

_METRICS: Final = """
select id::text, name, metric_type, unit, unit_abbreviated, prompt, description from scorecard_metrics
 where deleted_at is null
"""
_KIND: Final = "select 1 from conversation_types where id = %(id)s"
_ALL: Final = _METRICS + " order by created_at, id"
_ONE: Final = _METRICS + " and id = %(id)s"
_CREATE: Final = """
insert into scorecard_metrics (organization_id, name, metric_type, prompt, unit, unit_abbreviated, description,
                               created_at)
values (%(organization)s, %(name)s, %(type)s, %(prompt)s, %(unit)s, %(short)s, %(description)s, clock_timestamp())
returning id::text
"""
_CHANGE: Final = """
update scorecard_metrics set prompt = %(prompt)s, prompt_id = gen_random_uuid()
 where id = %(id)s returning prompt_id::text
"""
_DELETE: Final = "update scorecard_metrics set deleted_at = now() where id = %(id)s"
_USES: Final = """
select node ->> 'id' as node_id, node ->> 'name' as node_name
  from scorecards s, jsonb_array_elements(s.rubrics) rubric, jsonb_array_elements(s.nodes) node
 where rubric ->> 'scorecardMetricId' = %(id)s and node ->> 'id' = rubric ->> 'scorecardNodeId'
 order by s.created_at, s.id limit 1
"""
_STANDARD: Final = (
    ("5d0b8e34-9f0c-4a64-9d57-0c2f3f8d9a01", "Discovery", "Asks for the reason, the budget and the date.",
     "Did the rep ask why the customer wants the work, what it may cost, and by when?"),
    ("5d0b8e34-9f0c-4a64-9d57-0c2f3f8d9a02", "Objections", "Answers what keeps the customer from a decision.",
     "Did the rep answer each objection of the customer before going on?"),
    ("5d0b8e34-9f0c-4a64-9d57-0c2f3f8d9a03", "Next step", "Ends with a step that both agree on.",
     "Did the visit end with a next step, a person and a date?"),
)  # fmt: skip
"""Prompts that an organization may begin with: the workspace's own."""


@dataclass(frozen=True, slots=True)
class _Use:
    """The node of a scorecard that a metric fills."""

    node_id: str
    node_name: str


@dataclass(frozen=True, slots=True)
class _Changed:
    prompt_id: str


async def all_metrics(call: Call) -> dict[str, Metric]:
    """The organization's metrics, by id."""
    return {row.id: row for row in await call.transaction.read(Metric, _ALL, {})}


async def create_metric(call: Call) -> dict[str, object]:
    """Add a metric."""
    wanted = call.read(MetricCreate)
    own(call, wanted.organization_id)
    may_score(call)
    values = {
        "organization": call.organization_id,
        "name": wanted.name,
        "type": str(wanted.metric_type),
        "prompt": wanted.llm_prompt,
        "unit": wanted.unit,
        "short": wanted.unit_abbreviated,
        "description": wanted.description,
    }
    [made] = await call.transaction.read(Id, _CREATE, values)
    return {"data": {"scorecardMetricId": made.id}}


async def list_metrics(call: Call) -> dict[str, object]:
    """The metrics that a scorecard may use: the organization's own."""
    if (organization := call.text("requestedOrganizationId")) is not None:
        own(call, organization)
    call.flag("getAllMetrics")  # there are no others than these
    kind = call.id("conversationTypeId")
    known = kind is None or await call.transaction.exists(_KIND, {"id": kind})
    if not known or call.text("requestedOrganizationGroupId") is not None:  # a workspace has no groups
        return {"data": {"scorecardMetrics": []}}
    return {"data": {"scorecardMetrics": [shown_metric(one) for one in (await all_metrics(call)).values()]}}


async def metric_values(call: Call) -> dict[str, object]:
    """The organization's metrics over some conversations of a kind."""
    organization, kind, *_ = call.required("requestedOrganizationId", "conversationTypeId", *ASKED)
    own(call, organization)
    asked = asked_for(call)
    talks = [one.talk for one in await talks_of(call, asked, kind)]
    values = []
    for one in (await all_metrics(call)).values():
        value = value_of(one.metric_type, one.unit, talks)
        values.append(shown_metric(one) | ({} if value is None else {"value": value}))
    for shown in values:
        shown.pop("llmPrompt", None)
    return {"data": asked.shown() | {"metricValues": values, "recordingsEvaluatedCount": len(talks)}}


async def get_metric(call: Call) -> dict[str, object]:
    """The node that a metric fills, of the first scorecard that uses it."""
    metric = await _find(call)
    uses = await call.transaction.read(_Use, _USES, {"id": metric.id})
    if not uses:
        raise not_found("Scorecard node")
    return {"data": {"nodeId": uses[0].node_id, "nodeName": uses[0].node_name}}


async def update_metric(call: Call) -> dict[str, object]:
    """Give a metric another prompt."""
    wanted = call.read(MetricUpdate)
    may_score(call)
    metric = await _find(call)
    [changed] = await call.transaction.read(_Changed, _CHANGE, {"id": metric.id, "prompt": wanted.prompt})
    return {"data": {"promptId": changed.prompt_id, "scorecardMetricId": metric.id}}


async def delete_metric(call: Call) -> dict[str, object]:
    """Take a metric away. One that a scorecard uses stays."""
    may_score(call)
    metric = await _find(call)
    if await call.transaction.exists(_USES, {"id": metric.id}):
        raise failed(409, "A scorecard uses the metric")
    await call.transaction.driver.execute(_DELETE, {"id": metric.id})
    return {"data": {"scorecardMetricId": metric.id}}


async def list_standard_prompts(call: Call) -> dict[str, object]:
    """Prompts that an organization may begin with."""
    call.choice("type", StandardizedPromptType)
    at = "2026-01-01T00:00:00.000Z"
    prompts = [
        {"id": one, "name": name, "description": about, "prompt": prompt, "type": "sales_skills", "createdAt": at,
         "updatedAt": at}
        for one, name, about, prompt in _STANDARD
    ]  # fmt: skip
    return {"data": {"standardizedPrompts": prompts}}


def may_score(call: Call) -> None:
    """Raises ApiError for a rep."""
    if call.caller.role == "rep":
        raise failed(403, "Coaches and administrators change scorecards")


async def _find(call: Call) -> Metric:
    rows = await call.transaction.read(Metric, _ONE, {"id": call.record_id("Scorecard metric")})
    if not rows:
        raise not_found("Scorecard metric")
    return rows[0]


def shown_metric(row: Metric) -> dict[str, object]:
    """A metric on the wire."""
    about: dict[str, object] = {} if row.description is None else {"description": row.description}
    return about | {
        "id": row.id,
        "name": row.name,
        "metricType": row.metric_type,
        "unit": row.unit,
        "unitAbbreviated": row.unit_abbreviated,
        "llmPrompt": row.prompt,
    }
