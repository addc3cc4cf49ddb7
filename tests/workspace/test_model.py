"""The language model in the workspace: opted in by organization, within a budget, erased with the recording."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from pydantic import SecretStr

from fieldnote.errors import ConfigError
from fieldnote.insight import Utterance
from fieldnote.insight.llm.settings import LlmSettings, llm_settings
from fieldnote.workspace import open_workspace
from fieldnote.workspace.audit import PROGRAM
from fieldnote.workspace.domain.erasure import forget
from fieldnote.workspace.domain.insight.model import opt, usage
from fieldnote.workspace.domain.recordings.jobs import list_jobs
from fieldnote.workspace.domain.recordings.processing import again
from fieldnote.workspace.insight_pool import InsightPool, Processes
from fieldnote.workspace.tenancy import inside
from tests.insight.chat_server import ChatServer, Reply, chat_server
from tests.workspace.house import House, opened_house

SAID: Final = (
    Utterance("John Sales", "What budget do you have in mind?", 0.0, 3.0),
    Utterance("Mary Smith", "At most forty two thousand dollars. Pets are fine.", 4.0, 7.0),
)


def perfect(_: int, body: dict[str, object]) -> Reply:
    """A budget that was said, one field that was not, and a summary with an invented sentence."""
    fields = [
        {"name": "Budget", "value": "$42,000", "evidence": [1], "words": ""},
        {"name": "Timeline", "value": "July 9", "evidence": [1], "words": ""},
    ]
    summary = [{"text": "At most $42,000.", "evidence": [1]}, {"text": "They want 77 windows.", "evidence": [1]}]
    return Reply(json.dumps({"fields": fields, "summary": summary}))


@asynccontextmanager
async def asking(url: str, processes: Processes, chat: ChatServer, **settings: Any) -> AsyncIterator[House]:
    llm = LlmSettings(chat.url, "m", SecretStr("k3y"), retries=0, retry_wait=0.01, **settings)
    async with (
        open_workspace(database_url=url, insight=InsightPool(processes=processes), llm=llm) as workspace,
        opened_house(workspace) as house,
    ):
        yield house


async def opt_in(house: House) -> None:
    async with house.workspace.engine.begin() as conn:
        await opt(conn, house.organization.id, wanted=True)


async def values(house: House, recording_id: str) -> dict[str, str]:
    rows = await house.rows(
        "select v.items from extraction_values v join extractions x on x.id = v.extraction_id"
        " where x.recording_id::text = :id",
        id=recording_id,
    )
    return {item["name"]: item["value"] for row in rows for item in row.items}


async def test_only_an_organization_that_opted_in_is_read_by_the_model_and_its_answer_goes_with_the_recording(
    workspace_url: str, processes: Processes
) -> None:
    with chat_server(perfect) as chat:
        async with asking(workspace_url, processes, chat) as house:
            await house.record(said=SAID)
            await house.settle()
            assert not chat.requests
            await opt_in(house)
            mine = await house.record(said=SAID)
            await house.settle()
            assert len(chat.requests) == 1
            assert chat.keys == ["Bearer k3y"]
            assert await values(house, mine) == {"Budget": "$42,000"}
            [summary] = await house.rows("select content from summaries where recording_id::text = :id", id=mine)
            assert summary.content == "At most $42,000."
            spent = await usage(house.workspace, house.organization.id)
            assert (spent.calls_today, spent.tokens_today, spent.opted_in) == (1, 120, True)

            async with inside(house.workspace.engine, house.organization.id) as conn:
                await again(conn, house.organization.id, [mine])
            await house.settle()
            assert len(chat.requests) == 1, "the same request was answered before"
            assert await values(house, mine) == {"Budget": "$42,000"}
            await forget(house.workspace, house.organization, by=PROGRAM, recording=mine)
            assert not await house.rows("select from model_answers")


async def test_a_spent_budget_and_a_broken_endpoint_are_failed_steps_with_reasons(
    workspace_url: str, processes: Processes
) -> None:
    replies = [Reply(status=500), Reply(status=500), Reply(status=500)]

    def script(number: int, body: dict[str, object]) -> Reply:
        return replies.pop() if replies else perfect(number, body)

    with chat_server(script) as chat:
        async with asking(workspace_url, processes, chat, daily_tokens=100) as house:
            await opt_in(house)
            await house.record(said=SAID, key="broken")
            await _finish(house)
            first = await house.record(said=SAID, key="first")
            await _finish(house)
            await house.record(said=(*SAID, Utterance("Mary Smith", "Bye.", 8.0, 9.0)), key="over")
            await _finish(house)
            async with inside(house.workspace.engine, house.organization.id) as conn:
                failed = {job.key: job.failure or "" for job in await list_jobs(conn, only_failed=True)}
            assert set(failed) == {"broken", "over"}
            assert "HTTP 500" in failed["broken"]
            assert "spent" in failed["over"]
            assert await values(house, first) == {"Budget": "$42,000"}


async def _finish(house: House) -> None:
    for _ in range(4):
        await house.settle()
        await house.hurry()
    await house.settle()


def test_the_endpoint_comes_from_the_operators_environment() -> None:
    assert llm_settings({}) is None
    given = {"FIELDNOTE_LLM_URL": "http://localhost:1/v1", "FIELDNOTE_LLM_MODEL": "m", "FIELDNOTE_LLM_KEY": "k3y"}
    found = llm_settings(given | {"FIELDNOTE_LLM_DAILY_TOKENS": "77"})
    assert found is not None
    assert (found.daily_tokens, "k3y" in repr(found)) == (77, False)
    for wrong in (
        given | {"FIELDNOTE_LLM_URL": "localhost"},
        given | {"FIELDNOTE_LLM_MODEL": " "},
        given | {"FIELDNOTE_LLM_DAILY_TOKENS": "many"},
    ):
        with pytest.raises(ConfigError):
            llm_settings(wrong)
