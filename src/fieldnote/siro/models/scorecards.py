"""Scorecards: the trees of metrics, and their evaluations.

A scorecard is a tree of nodes: a root, sections, and metrics as leaves. A *rubric* says which values of a
metric earn its points, a *weight* how much a section counts. The scorecards filled in are `evaluations`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from fieldnote.siro.models.base import (
    Given,
    Lenient,
    Number,
    OptionalTime,
    RequestModel,
    ResponseModel,
    null_as_nothing,
)
from fieldnote.siro.models.enums import (
    MetricType,
    NodeType,
    ScoreColor,
    StandardizedPromptType,
)
from fieldnote.siro.models.metrics import Metric

# --- requests -------------------------------------------------------------------------------------------


class ScorecardNodeSave(RequestModel):
    """A node of a scorecard's tree."""

    id: str
    """Your own name for it: rubrics, weights and child nodes refer to it."""
    name: str
    node_type: NodeType
    parent_id: str
    """The `id` of the node above."""
    index_number: Literal[0]
    """Siro's contract takes no other number."""
    description: str | None = None


class MetricRubricSave(RequestModel):
    """Which values of a metric earn its points."""

    scorecard_node_id: str
    """The METRIC node."""
    scorecard_metric_id: str
    """Siro's id of the metric."""
    metric_point_total: Given[Number] = None
    """The points that can be earned; 100 where left out."""
    min_target: Given[Number] = None
    """The lowest good value, in the metric's unit; 0 where left out."""
    max_target: Given[Number] = None
    """The highest good value, in the metric's unit; 0 where left out."""
    target_tolerance: Given[Number] = None
    """How far beside the targets still earns something, in the metric's unit; 0 where left out."""


class SectionWeightSave(RequestModel):
    """How much a section counts."""

    scorecard_node_id: str
    """The SECTION node."""
    weight: Annotated[Number, Field(ge=0, le=100)]
    """Percent, 0 to 100."""


class ScoreColorSave(RequestModel):
    """The scores that are shown in one color."""

    color: ScoreColor
    low_range: Number
    """The lowest of them, in percent."""
    high_range: Number
    """The highest of them, in percent."""


class _ScorecardSave(RequestModel):
    description: Given[str] = None
    min_duration_ms: Given[Number] = None
    """Shorter recordings are not scored, in milliseconds; 0 where left out."""
    color_configurations: Given[tuple[ScoreColorSave, ...]] = None
    """Red to 49, yellow to 79, green to 100 where left out."""
    scorecard_template_id: Given[str] = None


class ScorecardCreate(_ScorecardSave):
    """A scorecard to add."""

    organization_id: str
    conversation_type: str
    """Siro's id of the conversation type that it judges."""
    name: str
    is_active: bool
    nodes: tuple[ScorecardNodeSave, ...]
    metric_rubrics: tuple[MetricRubricSave, ...]
    section_weights: tuple[SectionWeightSave, ...]


class ScorecardUpdate(_ScorecardSave):
    """The fields of a scorecard to change."""

    name: Given[str] = None
    is_active: Given[bool] = None
    nodes: Given[tuple[ScorecardNodeSave, ...]] = None
    metric_rubrics: Given[tuple[MetricRubricSave, ...]] = None
    section_weights: Given[tuple[SectionWeightSave, ...]] = None


# --- answers: scorecards -------------------------------------------------------------------------------


class Citation(ResponseModel):
    """A passage of a conversation that a judgement rests on."""

    quote: str | None = Field(default=None, repr=False)
    """The words."""
    start_time_in_millis: Number | None = None
    """Milliseconds since the recording began."""
    end_time_in_millis: Number | None = None
    """Milliseconds since the recording began."""


class CitedThinking(ResponseModel):
    """The reasons for a judgement, with where they come from."""

    cited_thinking: str | None = Field(default=None, repr=False)
    citations: Annotated[tuple[Citation, ...], BeforeValidator(null_as_nothing)] = ()


class NodeDetail(ResponseModel):
    """The data of a node: a section's weight, or a metric's id and the judgement of an AI metric."""

    section_weight: Number | None = None
    """Percent, of a section."""
    metric_id: str | None = None
    metric_type: Lenient[MetricType] | None = None
    bookmark_config_id: str | None = None
    """Of a metric that counts bookmarks."""
    score: str | None = None
    """The score of the language model, as text."""
    thinking: str | None = Field(default=None, repr=False)
    """Why."""
    thinking_with_citation: CitedThinking | None = None
    impact: str | None = Field(default=None, repr=False)
    """The effect on the conversation."""
    recommendation: str | None = Field(default=None, repr=False)
    """Advice for the rep."""


class ScorecardNode(ResponseModel):
    """A node of a scorecard's tree."""

    id: str
    name: str | None = None
    node_type: Lenient[NodeType] | None = None
    parent_id: str | None = None
    """The node above."""
    index_number: Number | None = None
    """Its place among the nodes."""
    description: str | None = None
    metadata: NodeDetail | None = None


class MetricRubric(ResponseModel):
    """Which values of a metric earn its points."""

    scorecard_node_id: str | None = None
    scorecard_metric_id: str | None = None
    metric_point_total: Number | None = None
    """The points that can be earned."""
    min_target: Number | None = None
    """The lowest good value, in the metric's unit."""
    max_target: Number | None = None
    """The highest good value, in the metric's unit."""
    target_tolerance: Number | None = None
    """How far beside the targets still earns something, in the metric's unit."""


class SectionWeight(ResponseModel):
    """How much a section counts."""

    scorecard_node_id: str | None = None
    weight: Number | None = None
    """Percent, 0 to 100."""


class ColorConfiguration(ResponseModel):
    """The scores that are shown in one color."""

    color: Lenient[ScoreColor] | None = None
    """Of an organization's own configuration, any text."""
    low_range: Number | None = None
    """The lowest of them, in percent."""
    high_range: Number | None = None
    """The highest of them, in percent."""


class ScorecardSummary(ResponseModel):
    """A scorecard without its tree."""

    id: str
    name: str | None = None
    description: str | None = None
    organization_id: str | None = None
    conversation_type: str | None = None
    """Siro's id of the conversation type that it judges."""
    is_active: bool | None = None
    has_scored_recordings: bool | None = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None


class Scorecard(ScorecardSummary):
    """A scorecard."""

    scorecard_config_id: str | None = None
    scorecard_template_id: str | None = None
    editable: bool | None = None
    min_duration_ms: Number | None = None
    """Shorter recordings are not scored, in milliseconds."""
    nodes: Annotated[tuple[ScorecardNode, ...], BeforeValidator(null_as_nothing)] = ()
    metric_configurations: Annotated[tuple[Metric, ...], BeforeValidator(null_as_nothing)] = ()
    """The metrics that its nodes refer to."""
    metric_rubrics: Annotated[tuple[MetricRubric, ...], BeforeValidator(null_as_nothing)] = ()
    section_weights: Annotated[tuple[SectionWeight, ...], BeforeValidator(null_as_nothing)] = ()
    color_configurations: tuple[ColorConfiguration, ...] | None = None


class SavedScorecard(ResponseModel):
    """Which scorecard was saved."""

    scorecard_instance_id: str
    """Its id."""


class StandardizedPrompt(ResponseModel):
    """One of Siro's ready-made prompts."""

    id: str
    name: str | None = None
    description: str | None = None
    prompt: str | None = Field(default=None, repr=False)
    type: Lenient[StandardizedPromptType] | None = None
    created_at: OptionalTime = None
    updated_at: OptionalTime = None
