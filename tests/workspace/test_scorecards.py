"""Scorecards: made of metrics, evaluated over conversations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.insight import Utterance
from fieldnote.workspace.domain.scoring.evaluation import COLORS, color_of, points_of
from fieldnote.workspace.domain.scoring.metrics import measured, value_of
from tests.workspace.house import JOHN, START, Api, House
from tests.workspace.test_choices import token_of as token_of_email
from tests.workspace.test_one_rule import kinds_of
from tests.workspace.test_user_recordings import token_of

SCORECARDS: Final = "/v1/core/scorecards"
SPAN: Final = {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-03-01T00:00:00Z"}
TALK: Final = (
    Utterance("John Sales", "What budget do you have in mind? And when?", 0.0, 60.0),
    Utterance("Mary Smith", "Forty thousand. Do you finance?", 60.0, 180.0),
    Utterance("John Sales", "We do.", 180.0, 190.0),
)


async def metric(client: Api, organization: str, kind: str, unit: str = "seconds") -> str:
    body = {
        "organizationId": organization, "name": kind.title(), "metricType": kind, "llmPrompt": "", "unit": unit,
        "unitAbbreviated": unit[:3],
    }  # fmt: skip
    answer = await client("PUT", f"{SCORECARDS}/scorecard-metrics", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["scorecardMetricId"])


def tree(house: House, kind: str, metrics: Sequence[str], **fields: Any) -> dict[str, Any]:
    """Two sections: the first three quarters of the score, with the first metric; the second with the others."""
    nodes = [
        {"id": "root", "name": "Visit", "nodeType": "ROOT", "parentId": "", "indexNumber": 0},
        {"id": "s-0", "name": "Talk", "nodeType": "SECTION", "parentId": "root", "indexNumber": 0},
        {"id": "s-1", "name": "Rest", "nodeType": "SECTION", "parentId": "root", "indexNumber": 0},
        *(
            {"id": f"m-{n}", "name": "x", "nodeType": "METRIC", "parentId": f"s-{min(n, 1)}", "indexNumber": 0}
            for n in range(len(metrics))
        ),
    ]
    return {
        "organizationId": house.organization.id, "conversationType": kind, "name": "Visits", "isActive": True,
        "nodes": nodes,
        "metricRubrics": [
            {"scorecardNodeId": f"m-{n}", "scorecardMetricId": one, "minTarget": 2, "metricPointTotal": 10}
            for n, one in enumerate(metrics)
        ],
        "sectionWeights": [{"scorecardNodeId": "s-0", "weight": 75}, {"scorecardNodeId": "s-1", "weight": 25}],
    } | fields  # fmt: skip


async def saved(client: Api, body: dict[str, Any]) -> str:
    answer = await client("PUT", f"{SCORECARDS}/instances", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["scorecardInstanceId"])


async def test_summaries_and_instances_list_the_scorecards_of_a_kind(house: House) -> None:
    admin, john = await token_of(house, house.organization.admin_id), await token_of_email(house, JOHN)
    kinds = await kinds_of(house, admin)
    assert (await john.get(f"{SCORECARDS}/instance-summaries"))["data"] == {"scorecardInstances": []}
    questions = await metric(admin, house.organization.id, "REP_QUESTIONS_COUNT")
    visits = await saved(admin, tree(house, kinds["Sales visit"], [questions]))
    calls = await saved(admin, tree(house, kinds["Phone Call"], [questions], isActive=False, description="Calls"))
    await house.record(said=TALK)
    await house.settle()

    async def listed(part: str, **query: str) -> list[Any]:
        return [*(await john.get(f"{SCORECARDS}/{part}", **query))["data"]["scorecardInstances"]]

    for part in ("instance-summaries", "instances"):
        assert [one["id"] for one in await listed(part)] == [visits, calls]
        assert [one["id"] for one in await listed(part, isActive="true")] == [visits]
        assert [one["id"] for one in await listed(part, conversationTypeId=kinds["Phone Call"])] == [calls]
    summaries = await listed("instance-summaries", includeHasScoredRecordings="true")
    assert [one["hasScoredRecordings"] for one in summaries] == [True, False]
    assert "hasScoredRecordings" not in (await listed("instance-summaries"))[0]
    [one] = (await john.get(f"{SCORECARDS}/instances/{visits}"))["data"]["scorecardInstances"]
    assert (one["editable"], one["metricConfigurations"][0]["id"]) == (False, questions)
    answer = await admin("PATCH", f"{SCORECARDS}/instances/{visits}", json={"name": "Visits 2", "isActive": False})
    assert answer.json() == {"data": {"scorecardInstanceId": visits}}
    renamed = (await listed("instances"))[0]
    assert (renamed["name"], renamed["isActive"]) == ("Visits 2", False)
    assert (await john("PATCH", f"{SCORECARDS}/instances/{visits}", json={"name": "x"})).status_code == 403
    other = (await house.another())[0].id
    assert (await john("GET", f"{SCORECARDS}/instance-summaries", params={"organizationId": other})).status_code == 403


async def test_a_scorecard_is_evaluated_over_the_conversations_that_the_caller_sees(house: House) -> None:
    admin, john = await token_of(house, house.organization.admin_id), await token_of_email(house, JOHN)
    await house.user("mary@acme.test", "Mary Lee")
    kinds = await kinds_of(house, admin)
    own = house.organization.id
    asked = [await metric(admin, own, one) for one in ("REP_QUESTIONS_COUNT", "CUSTOMER_QUESTIONS_COUNT", "AI_METRIC")]
    card = await saved(admin, tree(house, kinds["Sales visit"], asked))
    recording = await house.record(said=TALK, minutes=4)
    hers = await house.record(said=TALK[1:], user="mary@acme.test", at=START + timedelta(days=1))
    await house.settle()
    path, query = f"{SCORECARDS}/evaluated-instances/{card}", SPAN | {"filterByIds": own, "filterBy": "ORGANIZATION"}
    data = (await john.get(path, **query))["data"]
    nodes = {one["id"]: one for one in data["evaluatedNodes"]}
    assert (data["recordingsEvaluatedCount"], data["recordingsWonCount"]) == (1, 0)
    assert [nodes[f"m-{n}"]["metricValue"] for n in range(3)] == [2, 1, None]
    assert (nodes["s-0"]["pointsEarned"], nodes["s-1"]["pointsEarned"]) == (10, 0)
    assert (data["pointsEarned"], nodes["root"]["color"], nodes["s-1"]["color"]) == (75, "YELLOW", "RED")
    assert (await admin.get(path, **query))["data"]["recordingsEvaluatedCount"] == 2
    parts = (await admin.get(f"{path}/populations", **query, groupBy="RECORDING"))["data"]["evaluatedInstances"]
    assert [one["filterByIds"] for one in parts] == [[recording], [hers]]
    users = (await admin.get(f"{path}/populations", **query, groupBy="USER"))["data"]["evaluatedInstances"]
    assert [one["recordingsEvaluatedCount"] for one in users] == [1, 1]
    assert (await admin.get(path, **(query | {"filterByIds": "x"})))["data"]["recordingsEvaluatedCount"] == 0
    values = await admin.get(
        f"{SCORECARDS}/scorecard-metrics/values",
        **query, requestedOrganizationId=own, conversationTypeId=kinds["Sales visit"],
    )  # fmt: skip
    assert [one.get("value") for one in values["data"]["metricValues"]] == [1.5, 0.5, None]
    for wrong, field in (({"filterBy": "NOBODY"}, "filterBy"), ({"endAt": "2026-01-01T00:00:00Z"}, "endAt")):
        answer = await admin("GET", path, params=query | wrong)
        assert [one["path"] for one in answer.json()["issues"]] == [[field]]


async def test_metrics_are_changed_and_taken_away_unless_a_scorecard_uses_them(house: House) -> None:
    admin, john = await token_of(house, house.organization.admin_id), await token_of_email(house, JOHN)
    kinds = await kinds_of(house, admin)
    used, free = [await metric(admin, house.organization.id, "REP_QUESTIONS_COUNT") for _ in range(2)]
    await saved(admin, tree(house, kinds["Sales visit"], [used]))
    path = f"{SCORECARDS}/scorecard-metrics"
    assert (await john.get(f"{path}/{used}"))["data"] == {"nodeId": "m-0", "nodeName": "x"}
    changed = (await admin("PATCH", f"{path}/{used}", json={"prompt": "Count them"})).json()["data"]
    again = (await admin("PATCH", f"{path}/{used}", json={"prompt": "Count all"})).json()["data"]
    assert changed["promptId"] != again["promptId"]
    assert (await john("PATCH", f"{path}/{used}", json={"prompt": "x"})).status_code == 403
    assert (await admin("DELETE", f"{path}/{used}")).status_code == 409
    assert (await admin("DELETE", f"{path}/{free}")).status_code == 200
    assert (await admin("DELETE", f"{path}/{free}")).status_code == 404
    listed = (await john.get(f"{path}/available"))["data"]["scorecardMetrics"]
    assert [(one["id"], one["llmPrompt"]) for one in listed] == [(used, "Count all")]


async def test_a_tree_that_is_no_tree_is_refused(house: House) -> None:
    admin = await token_of(house, house.organization.admin_id)
    kind = (await kinds_of(house, admin))["Sales visit"]
    one = await metric(admin, house.organization.id, "REP_QUESTIONS_COUNT")
    good = tree(house, kind, [one])
    for field, wrong, path in (
        ("nodes", good["nodes"][1:], ["nodes"]),
        ("nodes", [*good["nodes"], good["nodes"][0]], ["nodes"]),
        ("nodes", [*good["nodes"], good["nodes"][3] | {"id": "m-9", "parentId": "nowhere"}], ["nodes", 4, "parentId"]),
        ("metricRubrics", [{"scorecardNodeId": "s-0", "scorecardMetricId": one}],
         ["metricRubrics", 0, "scorecardNodeId"]),
        ("metricRubrics", [{"scorecardNodeId": "m-0", "scorecardMetricId": "x"}],
         ["metricRubrics", 0, "scorecardMetricId"]),
        ("sectionWeights", [{"scorecardNodeId": "m-0", "weight": 1}], ["sectionWeights", 0, "scorecardNodeId"]),
        ("sectionWeights", [{"scorecardNodeId": "s-0", "weight": 101}], ["sectionWeights", 0, "weight"]),
    ):  # fmt: skip
        answer = await admin("PUT", f"{SCORECARDS}/instances", json=good | {field: wrong})
        assert path in [one["path"] for one in answer.json()["issues"]], answer.text
    unknown = good | {"conversationType": "x"}
    assert (await admin("PUT", f"{SCORECARDS}/instances", json=unknown)).status_code == 404


async def test_scores_go_by_day_in_the_callers_time_zone(house: House) -> None:
    admin, own = await token_of(house, house.organization.admin_id), house.organization.id
    now = datetime.now(UTC)
    await house.record(said=TALK, at=now - timedelta(days=2), minutes=10)
    await house.settle()
    john = (await house.rows("select id::text from users where email = :email", email=JOHN))[0][0]
    path = f"{SCORECARDS}/users/{john}/weighted-score-history"
    query = {"organizationId": own, "horizon": "7", "timezone": "America/Denver"}
    data = (await admin.get(path, **query))["data"]
    assert (data["granularity"], len(data["buckets"]), data["timezone"]) == ("day", 7, "America/Denver")
    scored = [one for one in data["buckets"] if one["recordingCount"]]
    assert len(scored) == 1
    assert scored[0]["distribution"]["p10"] == scored[0]["averageWeightedScore"]
    assert data["summary"] == {
        "averageWeightedScore": scored[0]["averageWeightedScore"], "recordingCount": 1,
    }  # fmt: skip
    weeks = (await admin.get(path, **(query | {"horizon": "70"})))["data"]
    assert (weeks["granularity"], len(weeks["buckets"])) == ("week", 10)
    assert (await admin.get(path, **query, conversationType="nothing"))["data"]["summary"]["recordingCount"] == 0
    team = (await house.api("POST", f"/v1/core/organizations/{own}/teams", json={"name": "x"})).json()["id"]
    await house.api("PATCH", f"/v1/core/organizations/{own}/teams/{team}", json={"memberUids": [john]})
    teams = (await admin.get(f"{SCORECARDS}/teams/{team}/weighted-score-history", **query))["data"]
    assert (teams["summary"]["recordingCount"], "distribution" in teams["buckets"][0]) == (1, False)
    for wrong in ({"timezone": "Mars/Olympus"}, {"horizon": "0"}, {"horizon": "x"}):
        assert (await admin("GET", path, params=query | wrong)).status_code == 422


@given(
    value=st.floats(0, 1000), low=st.floats(0, 100), width=st.floats(0, 100), tolerance=st.floats(0, 50),
    total=st.floats(1, 100),
)  # fmt: skip
def test_points_are_between_none_and_all_and_fall_with_the_distance(
    value: float, low: float, width: float, tolerance: float, total: float
) -> None:
    rubric = {"minTarget": low, "maxTarget": low + width, "targetTolerance": tolerance, "metricPointTotal": total}
    points = points_of(rubric, value)
    assert 0 <= points.earned <= points.possible + 0.01
    assert points.possible == total
    if low <= value <= low + width:
        assert points.earned == pytest.approx(total, abs=0.01)
    further = points_of(rubric, value + 1)
    if value > low + width > 0:
        assert further.earned <= points.earned


def test_a_metric_that_is_not_measured_has_no_points() -> None:
    assert (points_of({}, None).earned, points_of({}, None).possible) == (0, 0)
    assert [color_of(one, COLORS) for one in (0, 49, 49.5, 50, 79.9, 80, 100)] == [
        "RED", "RED", "RED", "YELLOW", "YELLOW", "GREEN", "GREEN",
    ]  # fmt: skip


def test_what_is_measured_in_a_conversation() -> None:
    said = [{"speaker": one.speaker, "text": one.text, "start": one.start, "end": one.end} for one in TALK]
    talks = [measured(said, rep_name="John Sales", duration_ms=240_000)]
    assert {
        kind: value_of(kind, unit, talks)
        for kind, unit in (
            ("RECORDING_COUNT", ""), ("CONVERSATION_TIME", "minutes"), ("REP_SPEAKING_TIME", "seconds"),
            ("CUSTOMER_SPEAKING_TIME", "%"), ("REP_QUESTIONS_COUNT", ""), ("EXCHANGES_COUNT", ""),
            ("REP_WORD_COUNT", ""), ("LONGEST_CUSTOMER_STORY_SECONDS", ""), ("AI_METRIC", ""), ("BOOKMARK", ""),
            ("NO_SUCH", ""),
        )
    } == {
        "RECORDING_COUNT": 1, "CONVERSATION_TIME": 4, "REP_SPEAKING_TIME": 70, "CUSTOMER_SPEAKING_TIME": 50,
        "REP_QUESTIONS_COUNT": 2, "EXCHANGES_COUNT": 2, "REP_WORD_COUNT": 11, "LONGEST_CUSTOMER_STORY_SECONDS": 120,
        "AI_METRIC": None, "BOOKMARK": None, "NO_SUCH": None,
    }  # fmt: skip
    assert value_of("CONVERSATION_TIME", "seconds", []) is None
