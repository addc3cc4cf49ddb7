"""Metrics of scorecards, and their values."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from fieldnote.siro.models.base import (
    Given,
    Lenient,
    Number,
    OptionalTime,
    RequestModel,
    ResponseModel,
    SentTime,
    null_as_nothing,
)
from fieldnote.siro.models.enums import EvaluationScope, MetricType


def _several(value: object) -> object:
    """Siro gives back a filter as it came: one word, or a list of them."""
    return (value,) if isinstance(value, str) else null_as_nothing(value)


FilterScopes = Annotated[tuple[Lenient[EvaluationScope], ...], BeforeValidator(_several)]
"""The kind of ids in a filter."""

FilterIds = Annotated[tuple[str, ...], BeforeValidator(_several)]


class MetricCreate(RequestModel):
    """A metric to add."""

    organization_id: str
    name: str
    metric_type: MetricType
    llm_prompt: str = Field(repr=False)
    """The prompt for Siro's language model, for an AI_METRIC."""
    unit: str
    """Such as `seconds`."""
    unit_abbreviated: str
    """Such as `sec`."""
    description: Given[str] = None
    effective_date: Given[SentTime] = None
    """The start of its validity."""


class MetricUpdate(RequestModel):
    """Another prompt for a metric."""

    prompt: Annotated[str, Field(min_length=1, repr=False)]
    """The prompt for Siro's language model."""
    effective_date: Given[SentTime] = None
    """The start of its validity."""


class Metric(ResponseModel):
    """Something that can be measured in a conversation."""

    id: str
    name: str | None = None
    description: str | None = None
    metric_type: Lenient[MetricType] | None = None
    unit: str | None = None
    """The unit of its values, such as `seconds`."""
    unit_abbreviated: str | None = None
    """Such as `sec`."""
    llm_prompt: str | None = Field(default=None, repr=False)
    """The prompt for Siro's language model, for an AI_METRIC."""


class SavedMetric(ResponseModel):
    """Which metric was added, changed or deleted."""

    scorecard_metric_id: str
    """Its id."""
    prompt_id: str | None = None
    """Siro's id of its new prompt, if it was changed."""


class MetricNode(ResponseModel):
    """The scorecard's node of a metric."""

    node_id: str
    node_name: str | None = None


class MetricValue(Metric):
    """The value of a metric."""

    value: Number | None = None
    """In the metric's unit."""
    pass_rate: Number | None = None
    """The share that met the metric's target."""


class MetricValues(ResponseModel):
    """The values of metrics over a period."""

    metric_values: Annotated[tuple[MetricValue, ...], BeforeValidator(null_as_nothing)] = ()
    recordings_evaluated_count: Number | None = None
    start_at: OptionalTime = None
    end_at: OptionalTime = None
    filter_by: FilterScopes = ()
    """The people whose recordings were evaluated."""
    filter_by_ids: FilterIds = ()
    """Siro's ids of them."""
