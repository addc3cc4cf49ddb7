"""A scorecard over conversations: points of metrics, weighted by section. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fieldnote.workspace.domain.scoring.metrics import Measured, value_of

COLORS: Final[tuple[dict[str, Any], ...]] = (
    {"color": "RED", "lowRange": 0, "highRange": 49},
    {"color": "YELLOW", "lowRange": 50, "highRange": 79},
    {"color": "GREEN", "lowRange": 80, "highRange": 100},
)
"""The contract's own."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that is measured."""

    id: str
    name: str
    metric_type: str
    unit: str
    unit_abbreviated: str
    prompt: str
    description: str | None


@dataclass(frozen=True, slots=True)
class Points:
    """Earned of possible ones."""

    earned: float
    possible: float

    @property
    def percent(self) -> float:
        return 100 * self.earned / self.possible if self.possible else 0.0


def points_of(rubric: Json, value: float | None) -> Points:
    """Of one metric. A value in its targets earns all, beside them less and less, up to the tolerance.

    A metric that is not measured has no points to earn. A `maxTarget` of 0 is no upper limit.
    """
    if value is None:
        return Points(0.0, 0.0)
    total = float(rubric.get("metricPointTotal", 100))
    low, high = float(rubric.get("minTarget", 0)), float(rubric.get("maxTarget", 0)) or float("inf")
    tolerance = float(rubric.get("targetTolerance", 0))
    beside = max(low - value, value - high, 0.0)
    share = 1.0 if not beside else max(1 - beside / tolerance, 0.0) if tolerance else 0.0
    return Points(round(total * share, 2), total)


def evaluate(
    nodes: Sequence[Json],
    rubrics: Sequence[Json],
    weights: Sequence[Json],
    colors: Sequence[Json],
    metrics: Mapping[str, Metric],
    talks: Sequence[Measured],
) -> tuple[list[dict[str, Any]], Points]:
    """The nodes with their points, and the points of the whole, out of 100."""
    rubric_of = {one["scorecardNodeId"]: one for one in rubrics}
    weight_of = {one["scorecardNodeId"]: float(one["weight"]) for one in weights}
    points: dict[str, Points] = {}
    values: dict[str, float | None] = {}
    for node in nodes:
        if (rubric := rubric_of.get(node["id"])) is not None and node["nodeType"] == "METRIC":
            metric = metrics.get(rubric["scorecardMetricId"])
            value = None if metric is None else value_of(metric.metric_type, metric.unit, talks)
            values[node["id"]], points[node["id"]] = value, points_of(rubric, value)
    for node in nodes:
        if node["nodeType"] == "SECTION":
            below = [points[one] for one in _metrics_below(node["id"], nodes) if one in points]
            points[node["id"]] = Points(sum(one.earned for one in below), sum(one.possible for one in below))
    whole = _whole(nodes, points, weight_of)
    shown = []
    for node in nodes:
        own = whole if node["nodeType"] == "ROOT" else points.get(node["id"], Points(0.0, 0.0))
        shown.append(_shown(node, own, colors, weight_of) | _measured_of(node, rubric_of, metrics, values))
    return shown, whole


def _metrics_below(node_id: str, nodes: Sequence[Json]) -> list[str]:
    found, looked = [], {node_id}
    for _ in nodes:
        for node in nodes:
            if node["parentId"] in looked and node["id"] not in looked:
                looked.add(node["id"])
                found.append(node["id"])
    return found


def _whole(nodes: Sequence[Json], points: Mapping[str, Points], weight_of: Mapping[str, float]) -> Points:
    """The sections by their weights; without sections that count, all metrics alike."""
    sections = [(points[one["id"]], weight_of.get(one["id"], 0.0)) for one in nodes if one["nodeType"] == "SECTION"]
    counted = [(one, weight) for one, weight in sections if one.possible and weight]
    if not counted:
        leaves = [points[one["id"]] for one in nodes if one["nodeType"] == "METRIC" and one["id"] in points]
        counted = [(one, one.possible) for one in leaves if one.possible]
    total = sum(weight for _, weight in counted)
    earned = sum(one.percent * weight for one, weight in counted) / total if total else 0.0
    return Points(round(earned, 2), 100.0)


def color_of(percent: float, colors: Sequence[Json]) -> str:
    """The color of a score: the last one that begins at or below it."""
    fitting = [one for one in sorted(colors, key=lambda one: float(one["lowRange"])) if one["lowRange"] <= percent]
    return str(fitting[-1]["color"]) if fitting else "RED"


def _shown(node: Json, own: Points, colors: Sequence[Json], weight_of: Mapping[str, float]) -> dict[str, Any]:
    weight = {"sectionWeight": weight_of[node["id"]]} if node["id"] in weight_of else {}
    return dict(node) | {
        "color": color_of(own.percent, colors),
        "metadata": weight if node["nodeType"] == "SECTION" else {},
        "pointsEarned": own.earned,
        "pointsPossible": own.possible,
    }


def _measured_of(
    node: Json, rubric_of: Mapping[str, Json], metrics: Mapping[str, Metric], values: Mapping[str, float | None]
) -> dict[str, Any]:
    rubric = rubric_of.get(node["id"])
    metric = None if rubric is None else metrics.get(rubric["scorecardMetricId"])
    if metric is None or node["nodeType"] != "METRIC":
        return {}
    return {
        "metadata": {"metricId": metric.id, "metricType": metric.metric_type},
        "metricValue": values.get(node["id"]),
        "unit": metric.unit,
        "unitAbbreviated": metric.unit_abbreviated,
    }
