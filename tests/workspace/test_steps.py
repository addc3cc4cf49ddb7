"""Steps of a recording: what is done stays, a failure is a state with a reason, and a retry goes on behind it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import pytest

from fieldnote.errors import WorkspaceError
from fieldnote.insight import Utterance
from fieldnote.workspace import open_workspace
from fieldnote.workspace.domain.insight.requests import Conversation, Said
from fieldnote.workspace.domain.recordings.jobs import SpeakerRole, correct_roles, list_jobs, retry, speaker_roles
from fieldnote.workspace.insight_pool import InsightPool, Processes
from fieldnote.workspace.tenancy import inside
from tests.workspace.house import START, House, opened_house

WORKER: Final = """
import json, os, sys
for line in sys.stdin:
    request = json.loads(line)
    text = " ".join(one["text"] for one in request["utterances"])
    reply = {"failed": {}}
    if "extract" in request["parts"]:
        if "no values" in text or ("no hurry" in text and len(request["parts"]) > 1):
            os._exit(9)
        reply |= {"values": {"Budget": "$5"}, "found": [], "steps": []}
    if "summarize" in request["parts"]:
        if "no summary" in text and not os.path.exists(HEALED):
            reply["failed"]["summarize"] = "ValueError"
        else:
            reply |= {"summary": f"{len(request['parts'])} parts", "answers": []}
    print(json.dumps(reply), flush=True)
"""
"""It dies or fails as the conversation says; with the file HEALED it no longer fails to summarize."""


@pytest.fixture
async def failing(workspace_url: str, tmp_path: Any) -> AsyncIterator[House]:
    script = WORKER.replace("HEALED", repr(str(tmp_path / "healed")))
    processes = Processes([sys.executable, "-c", script])
    async with (
        open_workspace(
            database_url=workspace_url,
            insight=InsightPool(processes=processes),
            retry_after=(timedelta(seconds=0.1),),
        ) as workspace,
        opened_house(workspace) as made,
    ):
        yield made
    processes.close()


async def begin_again(house: House, *named: str) -> list[str]:
    async with inside(house.workspace.engine, house.organization.id) as conn:
        return await retry(conn, house.organization.id, named)


async def corrected(house: House, roles: dict[str, str], named: str = "visit-1") -> list[SpeakerRole]:
    async with inside(house.workspace.engine, house.organization.id) as conn:
        return await correct_roles(conn, house.organization.id, named, roles)


async def finished(house: House) -> None:
    """Let all attempts happen."""
    for _ in range(4):
        await house.settle()
        await house.hurry()
    await house.settle()


async def states(house: House, key: str) -> tuple[dict[str, str], str | None]:
    async with inside(house.workspace.engine, house.organization.id) as conn:
        [job] = await list_jobs(conn, key)
    return {step.value: state.value for step, state in job.steps.items()}, job.failure


async def shown(house: House, recording_id: str) -> tuple[Any, Any, Any]:
    recording = await house.api.get(
        f"/v1/core/recordings/{recording_id}", showEntityExtractions="true", showSummary="true"
    )
    return recording["isEntityExtractionDone"], recording.get("entityExtractions"), recording.get("summary")


async def test_a_summary_that_fails_leaves_the_values_and_is_retried_alone(failing: House, tmp_path: Any) -> None:
    house = failing
    recording_id = await house.record(said=[Utterance("Mary", "no summary")], key="visit-1")
    await finished(house)
    found, failure = await states(house, "visit-1")
    assert found == {"transcribe": "done", "extract": "done", "summarize": "failed"}
    assert failure == "it raised ValueError, in 3 attempts"
    is_extracted, values, summary = await shown(house, recording_id)
    assert is_extracted is True
    assert [one["name"] for one in values] == ["Budget"]
    assert not summary

    (tmp_path / "healed").touch()
    assert await begin_again(house) == [recording_id]
    await house.settle()
    found, failure = await states(house, "visit-1")
    assert (set(found.values()), failure) == ({"done"}, None)
    _, values, summary = await shown(house, recording_id)
    assert [one["content"] for one in summary] == ["1 parts"]
    assert [one["name"] for one in values] == ["Budget"]


async def test_values_that_cannot_be_found_are_a_failed_step(failing: House) -> None:
    house = failing
    recording_id = await house.record(said=[Utterance("Mary", "no values")], key="visit-1")
    await finished(house)
    found, failure = await states(house, "visit-1")
    assert found == {"transcribe": "done", "extract": "failed", "summarize": "waiting"}
    assert failure == "the process that worked on it died, in 3 attempts"
    with pytest.raises(WorkspaceError, match="no failed step"):
        await begin_again(house, recording_id, "another")


async def test_a_retry_does_one_step_at_a_time(failing: House) -> None:
    house = failing
    recording_id = await house.record(said=[Utterance("Mary", "no hurry")], key="visit-1")
    await finished(house)
    found, failure = await states(house, "visit-1")
    assert (set(found.values()), failure) == ({"done"}, None)
    _, values, summary = await shown(house, recording_id)
    assert [one["content"] for one in summary] == ["1 parts"]
    assert [one["name"] for one in values] == ["Budget"]


TALK: Final = (
    Utterance("A", "What is your budget for the new roof?", 0.0, 3.0),
    Utterance("B", "Our budget is fifteen thousand dollars.", 4.0, 7.0),
)


async def test_a_corrected_role_is_kept_and_extracts_again(house: House) -> None:
    await house.record(said=TALK, key="visit-1")
    await house.settle()
    organization = house.organization.id
    async with inside(house.workspace.engine, organization) as conn:
        before = await speaker_roles(conn, "visit-1")
    assert {one.label for one in before} == {"A", "B"}
    assert not any(one.corrected for one in before)
    after = await corrected(house, {"B": "rep"})
    assert {one.label: (one.role.value, one.corrected) for one in after} == {
        "A": ("customer", False),
        "B": ("rep", True),
    }
    await house.settle()
    [row] = await house.rows(
        "select v.items, r.speaker_roles from recordings r join extractions x on x.recording_id = r.id"
        " join extraction_values v on v.extraction_id = x.id"
    )
    assert row.speaker_roles == {"B": "rep"}
    assert "Budget" not in {item["name"] for item in row.items}
    await corrected(house, {"B": "auto", "A": "rep"})
    await house.settle()
    [row] = await house.rows("select v.items from extraction_values v")
    assert "Budget" in {item["name"] for item in row.items}
    for roles in ({"C": "rep"}, {"A": "boss"}):
        with pytest.raises(WorkspaceError):
            await corrected(house, roles)
    with pytest.raises(WorkspaceError):
        await corrected(house, {"A": "rep"}, "nothing")


async def test_roles_and_steps_by_the_api(house: House) -> None:
    await house.record(said=TALK, key="visit-1")
    await house.settle()
    base, client = f"{house.server.url}/fieldnote/v1/recordings/visit-1", house.api.client
    steps = (await client.get(f"{base}/steps")).json()["data"]
    assert set(steps["steps"].values()) == {"done"}
    changed = await client.put(f"{base}/roles", json={"B": "rep"})
    assert (changed.status_code, {one["label"]: one["role"] for one in changed.json()["data"]}) == (
        200,
        {"A": "customer", "B": "rep"},
    )
    await house.settle()
    assert [one["corrected"] for one in (await client.get(f"{base}/roles")).json()["data"]] == [False, True]
    wrong: tuple[Any, ...] = ({"C": "rep"}, {"A": 7}, [], {"A": "boss"})
    for body in wrong:
        refused = await client.put(f"{base}/roles", json=body)
        assert (refused.status_code, set(refused.json())) == (422, {"error", "hint"}), body
    assert (await client.post(f"{base}/retry")).status_code == 422
    assert (await client.get(f"{house.server.url}/fieldnote/v1/recordings/none/steps")).status_code == 404
    _, other = await house.another()
    assert (await other.client.get(f"{base}/roles")).status_code == 422


def test_the_day_is_the_visits_own() -> None:
    for local, hour in (
        ("2026-02-15T07:00:00", 7),
        ("2026-02-15T07:00:00-07:00", 7),
        ("2026-02-15T19:45:00", 19),
        ("2026-02-17T07:00:00", 14),
        ("nonsense", 14),
        (None, 14),
    ):
        said = Said([], "", "Visit", START, None, None, None, None, {}, "Ann", False, START, local, None)
        assert Conversation("r", said, (), ()).started_at.hour == hour, local
        assert Conversation("r", said, (), ()).started_at == START
