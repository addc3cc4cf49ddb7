"""How well conversations went: scorecards, their evaluations, and metrics."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from fieldnote.siro import endpoints
from fieldnote.siro._async.resource import AsyncResource
from fieldnote.siro.lists import inside, listed
from fieldnote.siro.models import (
    ColorConfiguration,
    Evaluation,
    EvaluationScope,
    Metric,
    MetricCreate,
    MetricNode,
    MetricUpdate,
    MetricValues,
    SavedMetric,
    SavedScorecard,
    Scorecard,
    ScorecardCreate,
    ScorecardSummary,
    ScorecardUpdate,
    ScoreHistory,
    StandardizedPrompt,
    StandardizedPromptType,
)
from fieldnote.siro.operations import one, query_of, request

if TYPE_CHECKING:
    from typing import Unpack

    from fieldnote.siro.models.fields import (
        MetricCreateFields,
        MetricUpdateFields,
        ScorecardCreateFields,
        ScorecardUpdateFields,
    )

Ids = str | Iterable[str]
Scopes = EvaluationScope | str | Iterable[EvaluationScope | str]


class AsyncScorecards(AsyncResource):
    """Scorecards: how Siro judges conversations. All calls need a user token.

    A scorecard's id is not a recording's. Most organizations have one active scorecard a conversation type.
    """

    async def list(
        self,
        *,
        organization_id: str | None = None,
        conversation_type_id: str | None = None,
        is_active: bool | None = None,
    ) -> tuple[Scorecard, ...]:
        """The scorecards with their trees. Needs a user token. Only administrators see inactive ones.

        Siro's documentation asks for `organization_id`, although its contract does not.
        """
        query = query_of(organizationId=organization_id, conversationTypeId=conversation_type_id, isActive=is_active)
        read = inside("scorecardInstances", listed(Scorecard))
        return await self._all(endpoints.LIST_SCORECARDS, read, query=query)

    async def list_summaries(
        self,
        *,
        organization_id: str | None = None,
        conversation_type_id: str | None = None,
        is_active: bool | None = None,
        include_has_scored_recordings: bool | None = None,
    ) -> tuple[ScorecardSummary, ...]:
        """The scorecards without their trees. Needs a user token.

        `include_has_scored_recordings` fills `has_scored_recordings`.
        """
        query = query_of(
            organizationId=organization_id,
            conversationTypeId=conversation_type_id,
            isActive=is_active,
            includeHasScoredRecordings=include_has_scored_recordings,
        )
        read = inside("scorecardInstances", listed(ScorecardSummary))
        return await self._all(endpoints.LIST_SCORECARD_SUMMARIES, read, query=query)

    async def get(self, scorecard_id: str) -> Scorecard | None:
        """One scorecard; None where Siro answers with an empty list. Needs a user token."""
        read = inside("scorecardInstances", listed(Scorecard))
        found = await self._all(endpoints.GET_SCORECARD, read, scorecard_id)
        return next((card for card in found if card.id == scorecard_id), found[0] if found else None)

    async def create(
        self, record: ScorecardCreate | ScorecardCreateFields | None = None, /, **fields: Unpack[ScorecardCreateFields]
    ) -> SavedScorecard:
        """Add a scorecard. Take a record, or its fields by name. Needs a user token that may write."""
        body = request(ScorecardCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_SCORECARD.call(one(SavedScorecard), body=body))

    async def update(
        self,
        scorecard_id: str,
        record: ScorecardUpdate | ScorecardUpdateFields | None = None,
        /,
        **fields: Unpack[ScorecardUpdateFields],
    ) -> SavedScorecard:
        """Change the given fields of a scorecard; give a list whole. Needs a user token that may write."""
        body = request(ScorecardUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_SCORECARD.call(one(SavedScorecard), scorecard_id, body=body))

    async def evaluation(
        self,
        scorecard_id: str,
        *,
        start_at: datetime,
        end_at: datetime,
        filter_by: Scopes,
        filter_by_ids: Ids,
        group_by: Scopes | None = None,
    ) -> Evaluation:
        """A scorecard filled in for the conversations between two instants. Needs a user token.

        `filter_by` says whose they are, `filter_by_ids` names them: recordings, a user, a team or the
        scorecard's organization. Spotlights come for a user alone. A rep may ask for themselves and their own
        teams, a coach for the reps of their teams, an administrator for all. Recordings under about three minutes often
        are never scored, and scores land minutes to hours after the recording.
        """
        query = _evaluated(start_at, end_at, filter_by, filter_by_ids, group_by)
        return await self._sender.send(endpoints.GET_EVALUATION.call(one(Evaluation), scorecard_id, query=query))

    async def evaluation_populations(
        self,
        scorecard_id: str,
        *,
        start_at: datetime,
        end_at: datetime,
        filter_by: Scopes,
        filter_by_ids: Ids,
        group_by: Scopes | None = None,
    ) -> tuple[Evaluation, ...]:
        """As `evaluation`, but one for each of those that `group_by` tells apart, such as each rep of a team."""
        query = _evaluated(start_at, end_at, filter_by, filter_by_ids, group_by)
        read = inside("evaluatedInstances", listed(Evaluation))
        return await self._all(endpoints.GET_EVALUATION_POPULATIONS, read, scorecard_id, query=query)

    async def color_configurations(self, *, organization_id: str) -> tuple[ColorConfiguration, ...]:
        """The color of each range of scores, in percent. Needs a user token."""
        query = query_of(organizationId=organization_id)
        read = inside("colorConfigurations", listed(ColorConfiguration))
        return await self._all(endpoints.LIST_COLOR_CONFIGURATIONS, read, query=query)

    async def standardized_prompts(
        self,
        *,
        type: StandardizedPromptType | str | None = None,  # noqa: A002
    ) -> tuple[StandardizedPrompt, ...]:
        """Siro's ready-made prompts, all or of one type. Needs a user token."""
        read = inside("standardizedPrompts", listed(StandardizedPrompt))
        return await self._all(endpoints.LIST_STANDARDIZED_PROMPTS, read, query=query_of(type=type))

    async def team_score_history(
        self,
        team_id: str,
        *,
        organization_id: str,
        horizon: float,
        timezone: str | None = None,
        conversation_type: str | None = None,
    ) -> ScoreHistory:
        """How a team's score went, day by day or week by week. Needs a user token.

        `horizon` says how far back (the contract gives it no unit). `timezone` is the IANA name of the zone
        whose days are counted, UTC where left out.
        """
        query = _history(organization_id, horizon, timezone, conversation_type)
        return await self._sender.send(endpoints.TEAM_SCORE_HISTORY.call(one(ScoreHistory), team_id, query=query))

    async def user_score_history(
        self,
        user_id: str,
        *,
        organization_id: str,
        horizon: float,
        timezone: str | None = None,
        conversation_type: str | None = None,
    ) -> ScoreHistory:
        """How a rep's score went, day by day or week by week. Needs a user token.

        `horizon` says how far back (the contract gives it no unit). `timezone` is the IANA name of the zone
        whose days are counted, UTC where left out.
        """
        query = _history(organization_id, horizon, timezone, conversation_type)
        return await self._sender.send(endpoints.USER_SCORE_HISTORY.call(one(ScoreHistory), user_id, query=query))


class AsyncMetrics(AsyncResource):
    """The metrics of scorecards. All calls need a user token."""

    async def available(
        self,
        *,
        organization_id: str | None = None,
        organization_group_id: str | None = None,
        conversation_type_id: str | None = None,
        all_metrics: bool | None = None,
    ) -> tuple[Metric, ...]:
        """The metrics that scorecards can use. Needs a user token."""
        query = query_of(
            requestedOrganizationId=organization_id,
            conversationTypeId=conversation_type_id,
            requestedOrganizationGroupId=organization_group_id,
            getAllMetrics=all_metrics,
        )
        read = inside("scorecardMetrics", listed(Metric))
        return await self._all(endpoints.AVAILABLE_METRICS, read, query=query)

    async def values(
        self,
        *,
        organization_id: str,
        conversation_type_id: str,
        start_at: datetime,
        end_at: datetime,
        filter_by: Scopes,
        filter_by_ids: Ids,
        group_by: Scopes | None = None,
    ) -> MetricValues:
        """The values of metrics for the conversations between two instants, each in its own unit.

        Needs a user token. `filter_by` says whose conversations they are, `filter_by_ids` names them.
        """
        query = (
            *query_of(requestedOrganizationId=organization_id, conversationTypeId=conversation_type_id),
            *_evaluated(start_at, end_at, filter_by, filter_by_ids, group_by),
        )
        return await self._sender.send(endpoints.METRIC_VALUES.call(one(MetricValues), query=query))

    async def get(self, metric_id: str) -> MetricNode:
        """The scorecard's node of a metric. Needs a user token."""
        return await self._sender.send(endpoints.GET_METRIC.call(one(MetricNode), metric_id))

    async def create(
        self, record: MetricCreate | MetricCreateFields | None = None, /, **fields: Unpack[MetricCreateFields]
    ) -> SavedMetric:
        """Add a metric. Take a record, or its fields by name. Needs a user token that may write."""
        body = request(MetricCreate, record, fields)
        return await self._sender.send(endpoints.CREATE_METRIC.call(one(SavedMetric), body=body))

    async def update(
        self,
        metric_id: str,
        record: MetricUpdate | MetricUpdateFields | None = None,
        /,
        **fields: Unpack[MetricUpdateFields],
    ) -> SavedMetric:
        """Give a metric another prompt. Needs a user token that may write."""
        body = request(MetricUpdate, record, fields)
        return await self._sender.send(endpoints.UPDATE_METRIC.call(one(SavedMetric), metric_id, body=body))

    async def delete(self, metric_id: str) -> SavedMetric:
        """Delete a metric. Needs a user token that may write."""
        return await self._sender.send(endpoints.DELETE_METRIC.call(one(SavedMetric), metric_id))


def _evaluated(
    start_at: datetime, end_at: datetime, filter_by: Scopes, filter_by_ids: Ids, group_by: Scopes | None
) -> tuple[tuple[str, str], ...]:
    """The query for people and times. Raises ValueError without people."""
    query = query_of(startAt=start_at, endAt=end_at, filterBy=filter_by, filterByIds=filter_by_ids, groupBy=group_by)
    missing = {"filterBy", "filterByIds"} - {name for name, value in query if value}
    if missing:
        raise ValueError("filter_by and filter_by_ids must name the conversations to evaluate")
    return query


def _history(
    organization_id: str, horizon: float, timezone: str | None, conversation_type: str | None
) -> tuple[tuple[str, str], ...]:
    return query_of(
        organizationId=organization_id, horizon=horizon, timezone=timezone, conversationType=conversation_type
    )
