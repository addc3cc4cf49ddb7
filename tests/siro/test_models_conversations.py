"""Conversation types, outcomes, follow-ups, scorecards: how their models validate requests and read answers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from fieldnote.siro.lists import inside, page
from fieldnote.siro.models import (
    ConversationConfiguration,
    Evaluation,
    EvaluationScope,
    MetricCreate,
    MetricType,
    MetricUpdate,
    MetricValues,
    MultipleOutcomesSave,
    OutcomeDefinitionSave,
    OutcomeLabel,
    RecordingOutcomes,
    Scorecard,
    ScorecardCreate,
    ScorecardNodeSave,
    SectionWeightSave,
    SummaryPromptsSave,
)
from fieldnote.siro.operations import many

OUTCOME = {"customOutcomeLabel": "Sold on the spot", "universalOutcomeLabel": "POSITIVE", "prompt": None}
NODE = {"id": "n", "name": "Opening", "nodeType": "SECTION", "parentId": "root", "indexNumber": 0}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"customOutcomeLabel": ""}, "at least 1 character"),
        ({"customOutcomeLabel": "x" * 101}, "at most 100 characters"),
        ({"outcomeDefinitionId": None}, "not null"),
        ({"universalOutcomeLabel": "GOOD"}, "POSITIVE"),
        ({"flavor": "green"}, "Extra inputs"),
    ],
)
def test_an_outcome_that_siro_would_refuse_is_refused_before_it_is_sent(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        OutcomeDefinitionSave.model_validate({**OUTCOME, **change})


def test_an_outcome_needs_a_prompt_or_an_explicit_none() -> None:
    with pytest.raises(ValidationError, match="prompt"):
        OutcomeDefinitionSave.model_validate({"custom_outcome_label": "Sold", "universal_outcome_label": "POSITIVE"})
    saved = OutcomeDefinitionSave(
        custom_outcome_label="Sold", universal_outcome_label=OutcomeLabel.POSITIVE, prompt=None
    )
    assert saved.wire()["prompt"] is None


def test_a_conversation_allows_at_least_one_outcome() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        MultipleOutcomesSave(multiple=0)


def test_a_summary_has_at_most_a_hundred_prompts() -> None:
    prompts = [{"prompt": "Say what the customer wants."}] * 100
    assert len(SummaryPromptsSave.model_validate({"prompts": prompts}).prompts) == 100
    with pytest.raises(ValidationError, match="at most 100"):
        SummaryPromptsSave.model_validate({"prompts": [*prompts, prompts[0]]})


@pytest.mark.parametrize("weight", [-1, 100.5, True, "25"])
def test_a_section_weighs_from_nothing_to_all(weight: object) -> None:
    assert SectionWeightSave(scorecard_node_id="n", weight=100).wire()["weight"] == 100
    with pytest.raises(ValidationError, match="weight"):
        SectionWeightSave.model_validate({"scorecard_node_id": "n", "weight": weight})


def test_a_scorecards_nodes_all_have_the_index_that_the_contract_allows() -> None:
    assert ScorecardNodeSave.model_validate(NODE).wire() == NODE
    with pytest.raises(ValidationError, match="indexNumber"):
        ScorecardNodeSave.model_validate({**NODE, "indexNumber": 1})


def test_a_scorecard_is_refused_with_each_wrong_place_named() -> None:
    body = {
        "organizationId": "o", "conversationType": "c", "name": "Visits", "isActive": True,
        "nodes": [NODE, {**NODE, "nodeType": "LEAF"}],
        "metricRubrics": [{"scorecardNodeId": "n", "minTarget": float("nan")}],
        "sectionWeights": [{"scorecardNodeId": "n", "weight": 101}],
    }  # fmt: skip
    with pytest.raises(ValidationError) as caught:
        ScorecardCreate.model_validate(body)
    assert {error["loc"] for error in caught.value.errors()} == {
        ("nodes", 1, "nodeType"),
        ("metricRubrics", 0, "minTarget"),
        ("metricRubrics", 0, "scorecardMetricId"),
        ("sectionWeights", 0, "weight"),
    }


def test_a_metrics_time_travels_in_utc_and_its_prompt_is_not_shown() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=-7)))
    metric = MetricCreate(
        organization_id="o", name="Rapport", metric_type=MetricType.AI_METRIC, llm_prompt="planted", unit="points",
        unit_abbreviated="pt", effective_date=noon,
    )  # fmt: skip
    assert metric.wire()["effectiveDate"] == "2026-03-01T19:00:00Z"
    assert metric.wire()["llmPrompt"] == "planted"
    assert "planted" not in f"{metric!r} {MetricUpdate(prompt='planted')!r}"
    with pytest.raises(ValidationError, match="at least 1 character"):
        MetricUpdate(prompt="")


@pytest.mark.parametrize(("given", "read"), [("USER", (EvaluationScope.USER,)), (["USER", "SQUAD"], ("USER", "SQUAD"))])
def test_a_filter_in_an_answer_is_always_a_list(given: object, read: object) -> None:
    values = MetricValues.model_validate({"filterBy": given, "filterByIds": "u-1"})
    assert values.filter_by == read
    assert values.filter_by_ids == ("u-1",)


def test_quotes_of_an_evaluation_are_read_and_not_shown() -> None:
    said = {"quote": "planted", "startTimeInMillis": 1500, "endTimeInMillis": 2500}
    judged = {
        "metricId": "m", "metricType": "AI_METRIC", "score": "4", "thinking": "planted", "impact": "planted",
        "recommendation": "planted", "thinkingWithCitation": {"citedThinking": "planted", "citations": [said]},
    }  # fmt: skip
    spotlight = {"spotlightType": "strength", "summary": "planted", "recordings": [{"id": "r", **said}]}
    nodes = [{"id": "n", "metadata": judged}, {"id": "s", "metadata": {"sectionWeight": 40}}]
    evaluation = Evaluation.model_validate({"id": "card", "evaluatedNodes": nodes, "spotlightSummaries": [spotlight]})
    metric, section = (node.metadata for node in evaluation.evaluated_nodes)
    assert metric is not None
    assert metric.thinking_with_citation is not None
    assert metric.thinking_with_citation.citations[0].quote == "planted"
    assert section is not None
    assert section.section_weight == 40
    assert "planted" not in repr(evaluation)


def test_answers_may_have_missing_null_and_new_fields() -> None:
    configuration = ConversationConfiguration.model_validate({
        "id": None, "expressions": None, "debriefQuestions": [{"id": "q", "responseType": "VIDEO_RESPONSE"}],
        "inheritedBookmarkConfigs_denormalized": {"b": {"title": "Price"}}, "novelty": 1,
    })  # fmt: skip
    assert configuration.expressions == ()
    assert configuration.debrief_questions[0].response_type == "VIDEO_RESPONSE"
    assert configuration.inherited_bookmark_configs == {"b": {"title": "Price"}}
    assert configuration.wire()["novelty"] == 1
    assert RecordingOutcomes.model_validate({"universalOutcomeLabel": None}).selected_custom_labels == ()


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"scorecardInstances": [{"id": "a"}]}, "cursor": "next"},
        {"scorecardInstances": [{"id": "a"}], "cursor": "next"},
        {"data": [{"id": "a"}], "cursor": "next"},
    ],
)
def test_a_list_is_found_at_any_depth_and_keeps_its_cursor(answer: object) -> None:
    read = inside("scorecardInstances", page(Scorecard))
    assert [card.id for card in read(answer).items] == ["a"]
    assert read(answer).cursor == "next"


def test_a_list_that_is_null_is_empty_and_one_that_is_missing_is_an_error() -> None:
    read = inside("scorecardInstances", many(Scorecard))
    assert read({"data": {"scorecardInstances": None}}) == ()
    assert read([{"id": "a"}])[0].id == "a"
    with pytest.raises(ValidationError):
        read({"data": {"scorecards": []}})
