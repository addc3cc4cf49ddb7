"""Outcomes, follow-ups, scorecards and metrics, over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from fieldnote.siro import AsyncSiro
from fieldnote.siro.models import EvaluationScope, FollowUpStatus, ScorecardNodeSave, SummaryPromptSave
from tests.siro.server import Reply, Request, as_json, serving

Make = Callable[..., AsyncSiro]
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)


def answering(answer: object) -> Callable[[Request], Reply]:
    """A server that mints tokens, and gives this answer to all other calls."""

    def handler(request: Request) -> Reply:
        if request.path.endswith("/access-token"):
            return as_json({"accessToken": "user-token", "accessTokenId": "i"})
        return as_json(answer)

    return handler


async def test_scorecards_are_read_from_the_list_within_the_answer(client: Make) -> None:
    cards = [{"id": "a", "name": "Visits", "nodes": [{"id": "n", "nodeType": "ROOT"}]}, {"id": "b"}]
    async with (
        serving(answering({"data": {"scorecardInstances": cards}, "cursor": None})) as server,
        client(server.url) as siro,
    ):
        listed = await siro.scorecards.list(organization_id="o", is_active=True)
        second = await siro.scorecards.get("b")
    assert [card.id for card in listed] == ["a", "b"]
    assert listed[0].nodes[0].node_type == "ROOT"
    assert second is not None
    assert second.id == "b"
    assert server.seen[1].query == (("organizationId", "o"), ("isActive", "true"))
    assert server.seen[1].headers["x-siro-auth-token"] == "user-token"


async def test_a_missing_scorecard_reads_as_none(client: Make) -> None:
    async with serving(answering({"data": {"scorecardInstances": []}})) as server, client(server.url) as siro:
        assert await siro.scorecards.get("a") is None


async def test_an_evaluation_sends_people_and_times(client: Make) -> None:
    async with serving(answering({"data": {"id": "card"}})) as server, client(server.url) as siro:
        await siro.scorecards.evaluation(
            "card", start_at=MARCH, end_at=APRIL, filter_by=EvaluationScope.RECORDING, filter_by_ids=["r-1", "r-2"]
        )
    assert server.seen[-1].path == "/v1/core/scorecards/evaluated-instances/card"
    assert server.seen[-1].query == (
        ("startAt", "2026-03-01T00:00:00Z"),
        ("endAt", "2026-04-01T00:00:00Z"),
        ("filterBy", "RECORDING"),
        ("filterByIds", "r-1"),
        ("filterByIds", "r-2"),
    )


async def test_an_evaluation_without_people_is_refused_before_sending(client: Make) -> None:
    noon = MARCH.replace(tzinfo=None)
    async with serving(answering({})) as server, client(server.url) as siro:
        with pytest.raises(ValueError, match="filter_by_ids must name"):
            await siro.scorecards.evaluation("card", start_at=MARCH, end_at=APRIL, filter_by="USER", filter_by_ids=[])
        with pytest.raises(ValueError, match="time without a zone"):
            await siro.scorecards.evaluation("card", start_at=noon, end_at=APRIL, filter_by="USER", filter_by_ids="u")
    assert server.seen == []


async def test_metric_values_of_several_reps_are_asked_for_in_one_call(client: Make) -> None:
    answer = {"data": {"metricValues": [{"id": "m", "value": 1800, "unit": "seconds"}], "filterBy": "USER"}}
    async with serving(answering(answer)) as server, client(server.url) as siro:
        read = await siro.metrics.values(
            organization_id="o", conversation_type_id="c", start_at=MARCH, end_at=APRIL, filter_by="USER",
            filter_by_ids=("u-1", "u-2"), group_by="USER",
        )  # fmt: skip
    assert [(metric.value, metric.unit) for metric in read.metric_values] == [(1800, "seconds")]
    assert server.seen[-1].query[:2] == (("requestedOrganizationId", "o"), ("conversationTypeId", "c"))
    assert server.seen[-1].query[4:] == (
        ("filterBy", "USER"),
        ("filterByIds", "u-1"),
        ("filterByIds", "u-2"),
        ("groupBy", "USER"),
    )


async def test_a_scorecard_is_sent_complete_and_its_new_id_returned(client: Make) -> None:
    node = ScorecardNodeSave(id="n", name="Visits", node_type="ROOT", parent_id="", index_number=0)
    async with (
        serving(answering({"data": {"scorecardInstanceId": "new"}})) as server,
        client(server.url) as siro,
    ):
        saved = await siro.scorecards.create(
            organization_id="o", conversation_type="c", name="Visits", is_active=False, nodes=[node],
            metric_rubrics=[], section_weights=[],
        )  # fmt: skip
    assert saved.scorecard_instance_id == "new"
    assert (server.seen[-1].method, server.seen[-1].json["nodes"]) == ("PUT", [node.wire()])
    assert "description" not in server.seen[-1].json


async def test_summary_prompts_are_put_in_place_of_all_others(client: Make) -> None:
    prompts = [{"id": "p", "prompt": "What is next?", "promptIndex": 0}]
    async with serving(answering({"data": prompts})) as server, client(server.url) as siro:
        answered = await siro.summary_prompts.replace("c 1", prompts=[SummaryPromptSave(prompt="What is next?")])
    assert [each.id for each in answered] == ["p"]
    assert server.seen[-1].method == "PUT"
    assert server.seen[-1].path == "/v1/core/conversation-configurations/c 1/summary-prompts"
    assert server.seen[-1].json == {"prompts": [{"prompt": "What is next?"}]}


async def test_outcomes_of_a_recording_are_read_and_set(client: Make) -> None:
    answer = {"data": {"edited": True, "selectedCustomLabels": ["Sold"], "universalOutcomeLabel": "POSITIVE"}}
    async with serving(answering(answer)) as server, client(server.url) as siro:
        before = await siro.outcomes.get("r-1")
        after = await siro.outcomes.update("r-1", selected_custom_labels=["Sold"])
        nothing: None = await siro.outcomes.set_multiple("c-1", multiple=2)  # type: ignore[func-returns-value]
    assert before == after
    assert (before.universal_outcome_label, nothing) == ("POSITIVE", None)
    assert server.seen[-1].json == {"multiple": 2}


async def test_invalid_requests_are_not_sent(client: Make) -> None:
    async with serving(answering({})) as server, client(server.url) as siro:
        with pytest.raises(ValidationError):
            await siro.outcomes.set_multiple("c-1", multiple=0)
        with pytest.raises(ValidationError):
            await siro.metrics.update("m-1", prompt="")
    assert server.seen == []


async def test_follow_ups_are_read_to_the_end_from_the_list_within_each_page(client: Make) -> None:
    first, second = ({"followupId": name, "score": 4, "crmCustomer": {"id": "c", "name": "Lee"}} for name in "ab")
    pages = {
        None: {"data": {"followups": [first], "totalCount": 2}, "cursor": 17},
        "17": {"data": {"followups": [second], "totalCount": 2}, "cursor": None},
    }

    def handler(request: Request) -> Reply:
        if request.path.endswith("/access-token"):
            return as_json({"accessToken": "user-token", "accessTokenId": "i"})
        return as_json(pages[dict(request.query).get("cursor")])

    async with serving(handler) as server, client(server.url) as siro:
        listing = siro.followups.list(
            minimum_score=0, scores=iter([4, 5]), statuses=[FollowUpStatus.TO_DO, "COMPLETE"], starred=False,
            created_after=MARCH, page_size=1,
        )  # fmt: skip
        found = [followup async for followup in listing]
    assert [followup.followup_id for followup in found] == ["a", "b"]
    assert found[0].crm_customer is not None
    assert found[0].crm_customer.name == "Lee"
    query = (
        ("minimumScore", "0"),
        ("scores", "4"),
        ("scores", "5"),
        ("statuses", "TO_DO"),
        ("statuses", "COMPLETE"),
        ("starred", "false"),
        ("createdAfter", "2026-03-01T00:00:00Z"),
        ("limit", "1"),
    )
    assert [request.query for request in server.seen[1:]] == [query, (*query, ("cursor", "17"))]


async def test_only_the_given_fields_of_a_follow_up_change(client: Make) -> None:
    async with (
        serving(answering({"data": {"followupId": "f", "note": "Called."}})) as server,
        client(server.url) as siro,
    ):
        changed = await siro.followups.update("f", status="COMPLETE", note="Called.")
    assert changed.note == "Called."
    assert "Called." not in repr(changed)
    assert (server.seen[-1].method, server.seen[-1].path) == ("PATCH", "/v1/core/followups/f")
    assert server.seen[-1].json == {"status": "COMPLETE", "note": "Called."}
