"""Evaluations: scorecards filled in, and how scores went over time."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from fieldnote.siro.models.base import Lenient, Number, OptionalTime, ResponseModel, null_as_nothing
from fieldnote.siro.models.enums import Granularity, ScoreColor, SpotlightType
from fieldnote.siro.models.metrics import FilterIds, FilterScopes
from fieldnote.siro.models.scorecards import Citation, ColorConfiguration, MetricRubric, ScorecardNode, SectionWeight


class EvaluatedNode(ScorecardNode):
    """A node of a scorecard's tree with its score."""

    points_earned: Number | None = None
    points_possible: Number | None = None
    color: Lenient[ScoreColor] | None = None
    metric_value: Number | None = None
    """The value of a metric, in `unit`."""
    unit: str | None = None
    unit_abbreviated: str | None = None


class SpotlightRecording(Citation):
    """A moment in a recording that shows a strength or weakness."""

    id: str | None = None
    """Siro's id of the recording."""
    title: str | None = None
    date_created: OptionalTime = None
    score: Number | None = None


class Spotlight(ResponseModel):
    """A strength or weakness of a rep."""

    spotlight_type: Lenient[SpotlightType] | None = None
    title: str | None = Field(default=None, repr=False)
    summary: str | None = Field(default=None, repr=False)
    score: Number | None = None
    recordings: Annotated[tuple[SpotlightRecording, ...], BeforeValidator(null_as_nothing)] = ()


class Evaluation(ResponseModel):
    """A scorecard filled in."""

    id: str
    """The scorecard's id."""
    name: str | None = None
    description: str | None = None
    points_earned: Number | None = None
    points_possible: Number | None = None
    recordings_evaluated_count: Number | None = None
    recordings_won_count: Number | None = None
    start_at: OptionalTime = None
    end_at: OptionalTime = None
    filter_by: FilterScopes = ()
    """The people whose conversations were evaluated."""
    filter_by_ids: FilterIds = ()
    """Siro's ids of them."""
    evaluated_nodes: Annotated[tuple[EvaluatedNode, ...], BeforeValidator(null_as_nothing)] = ()
    """The whole tree as a list; `parent_id` names the node above."""
    metric_rubrics: Annotated[tuple[MetricRubric, ...], BeforeValidator(null_as_nothing)] = ()
    section_weights: Annotated[tuple[SectionWeight, ...], BeforeValidator(null_as_nothing)] = ()
    color_configurations: Annotated[tuple[ColorConfiguration, ...], BeforeValidator(null_as_nothing)] = ()
    tags: tuple[str, ...] | None = None
    spotlight_summaries: tuple[Spotlight, ...] | None = None
    """Only where reps were evaluated (USER)."""


class ScoreDistribution(ResponseModel):
    """How scores spread, in percent: a tenth of them is at most `p10`, nine tenths at most `p90`."""

    p10: Number | None = None
    p25: Number | None = None
    p75: Number | None = None
    p90: Number | None = None


class ScoreAverage(ResponseModel):
    """The scores of a period."""

    average_weighted_score: Number | None = None
    """Percent; None where nothing was scored."""
    recording_count: Number | None = None
    """The number of recordings that were scored."""


class ScoreBucket(ScoreAverage):
    """A day or week of a score's history."""

    start_at: OptionalTime = None
    end_at: OptionalTime = None
    distribution: ScoreDistribution | None = None
    """Of a rep's history."""


class ScoreHistory(ResponseModel):
    """How the score of a rep or a team went over time."""

    organization_id: str | None = None
    user_id: str | None = None
    """The rep, if it is a rep's."""
    team_id: str | None = None
    """The team, if it is a team's."""
    conversation_type: str | None = None
    """Set: only conversations of this type were counted."""
    horizon: Number | None = None
    """How far back it goes, as it was asked for."""
    granularity: Lenient[Granularity] | None = None
    """How long each bucket is."""
    timezone: str | None = None
    """The zone whose days it counts, such as `America/Denver`."""
    start_at: OptionalTime = None
    end_at: OptionalTime = None
    summary: ScoreAverage | None = None
    """Over all of it."""
    buckets: Annotated[tuple[ScoreBucket, ...], BeforeValidator(null_as_nothing)] = ()
