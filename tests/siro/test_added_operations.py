"""Agents, sessions, bookmarks, labels and jobs: the operations that the user contract gained in 2026."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from fieldnote.siro import AsyncSiro, IncompleteList
from tests.siro.server import Reply, Request, Server, as_json, serving

Make = Callable[..., AsyncSiro]
Answers = dict[str, Any] | Callable[[Request], Any]


@asynccontextmanager
async def answering(client: Make, answers: Answers) -> AsyncIterator[tuple[AsyncSiro, Server]]:
    """A client of a server that mints tokens, and answers other calls from a table of paths, or by a function."""

    def handler(request: Request) -> Reply:
        if request.path.endswith("/access-token"):
            return as_json({"accessToken": "user-token", "accessTokenId": "i"}, 201)
        return as_json(answers[request.path] if isinstance(answers, dict) else answers(request))

    async with serving(handler) as server, client(server.url) as siro:
        yield siro, server


async def test_an_agents_answer_is_read_as_one_text(client: Make) -> None:
    parts = [{"kind": "text", "text": "Call "}, {"kind": "tool", "tool": "show_chart", "data": {"x": [1]}},
             {"kind": "text", "text": "Mary."}]  # fmt: skip
    answer = {"data": {"eventType": "RESPONSE", "sessionId": "s-1", "content": {"parts": parts}}}
    async with answering(client, {"/v1/agents/run": answer}) as (siro, server):
        found = await siro.agents.run(user_query="Whom to call?", query_type="CHAT", query_entrypoint="GENERIC")
        await siro.agents.run(
            {
                "user_query": "x",
                "query_type": "CHAT",
                "query_entrypoint": "GENERIC",
                "streaming": True,
                "session_id": "s",
            }
        )
    assert (found.text, found.session_id, found.event_type) == ("Call Mary.", "s-1", "RESPONSE")
    assert [each.json["streaming"] for each in server.seen[1:]] == [False, True]
    assert "Whom" not in repr(found)


async def test_agents_and_models_are_found_in_both_of_their_envelopes(client: Make) -> None:
    agents = {"agents": [{"name": "coach", "isTopLevel": True, "tools": None}]}
    models = {"defaultModel": "m", "models": [{"model": "m", "name": "M"}]}
    answers: dict[str, Any] = {
        "/v1/agents": {"data": {"data": agents}},
        "/v1/agents/models": {"data": {"data": models}},
    }
    for table in (answers, {path: each["data"] for path, each in answers.items()}):
        async with answering(client, table) as (siro, _):
            assert [agent.name for agent in await siro.agents.list()] == ["coach"]
            assert (await siro.agents.models()).models[0].name == "M"


async def test_sessions_go_on_by_their_own_cursor(client: Make) -> None:
    def answers(request: Request) -> Any:
        at = int(dict(request.query).get("cursor", "0"))
        found = [{"sessionId": f"s{n}", "title": "t"} for n in (at, at + 1)]
        return {"data": {"sessions": found, **({"nextCursor": str(at + 2)} if at < 2 else {})}}

    async with answering(client, answers) as (siro, server):
        assert [each.session_id async for each in siro.sessions.list()] == ["s0", "s1", "s2", "s3"]
    assert server.seen[1].query == (("limit", "20"),)
    assert server.seen[2].query == (("limit", "20"), ("cursor", "2"))


@pytest.mark.parametrize("wrong", [{"feedback": "great"}, {}, {"feedback": None, "feedback_text": "x" * 1001}])
async def test_feedback_that_siro_would_refuse_is_not_sent(client: Make, wrong: dict[str, Any]) -> None:
    async with answering(client, {}) as (siro, server):
        with pytest.raises(ValidationError):
            await siro.sessions.rate_message("s", "m", **wrong)
    assert server.seen == []


async def test_feedback_can_be_taken_back(client: Make) -> None:
    path = "/v1/sessions/s/invocations/i/feedback"
    saved = {"data": {"sessionId": "s", "invocationId": "i", "feedback": None}}
    async with answering(client, {path: saved}) as (siro, server):
        assert (await siro.sessions.rate_invocation("s", "i", feedback=None)).feedback is None
    assert server.seen[-1].json == {"feedback": None}


async def test_a_conversation_in_progress_is_read_to_its_end_so_far(client: Make) -> None:
    def answers(request: Request) -> Any:
        at = int(dict(request.query).get("cursor", "0"))
        said = [{"turnIndex": at, "utterance": f"turn {at}", "dateCreated": "2026-02-15T14:00:00Z"}]
        return {"data": {"recordingId": "r", "isSessionActive": at < 2, "utterances": said if at < 3 else []},
                "cursor": at + 1 if at < 3 else None}  # fmt: skip

    async with answering(client, answers) as (siro, server):
        whole = await siro.halftime.transcript("r")
        rest = await siro.halftime.transcript("r", cursor=2)
    assert [turn.turn_index for turn in whole.utterances] == [0, 1, 2]
    assert [turn.turn_index for turn in rest.utterances] == [2]
    assert (whole.is_session_active, server.seen[1].query) == (False, ())


async def test_a_conversations_cursor_that_is_not_a_number_is_an_error(client: Make) -> None:
    answer = {"data": {"recordingId": "r", "utterances": []}, "cursor": "next"}
    async with answering(client, lambda _: answer) as (siro, _):
        with pytest.raises(IncompleteList):
            await siro.halftime.transcript("r")


async def test_bookmarks_have_times_in_either_spelling(client: Make) -> None:
    configs = [
        {"id": "a", "title": "Price", "bookmarkTypes": ["PRICING", "NEW_KIND"], "description": "",
         "dateCreated": {"_seconds": 1_771_164_000, "_nanoseconds": 500_000_000}},
        {"id": "b", "title": "Close", "bookmarkTypes": None, "dateCreated": "2026-02-15T14:00:00Z"},
        {"id": "c", "title": "Odd", "bookmarkTypes": [], "dateCreated": {"_seconds": 1e300}},
    ]  # fmt: skip
    async with answering(client, {"/v2/core/bookmark-configs": {"data": {"bookmarks": configs}}}) as (siro, server):
        found = await siro.bookmark_configs.list_v2(should_get_all=True)
    assert [each.date_created for each in found] == [
        datetime(2026, 2, 15, 14, 0, 0, 500_000, UTC), datetime(2026, 2, 15, 14, tzinfo=UTC), None,
    ]  # fmt: skip
    assert found[0].bookmark_types == ("PRICING", "NEW_KIND")
    assert server.seen[-1].query == (("shouldGetAll", "true"),)


async def test_a_label_is_set_toggled_and_deleted(client: Make) -> None:
    label = {"id": "l", "recordingId": "r", "bookmarkConfigId": "b", "exists": True, "startTimestampInMillis": 5}
    answers = {
        "/v1/core/manual-labels": {"data": {"newLabel": label, "updatedRecordingDoc": {"id": "r"}}},
        "/v1/core/manual-labels/l/toggle": {"data": {"newLabel": {**label, "exists": False}}},
        "/v1/core/manual-labels/l": {"data": {"success": True}},
    }
    async with answering(client, answers) as (siro, server):
        saved = await siro.labels.create(recording_id="r", bookmark_config_id="b", range=[5, 9], exists=True)
        assert not (await siro.labels.toggle("l", recording_id="r", bookmark_config_id="b")).new_label.exists
        assert await siro.labels.delete("l", recording_id="r", bookmark_config_id="b")
        with pytest.raises(ValidationError):
            await siro.labels.create(recording_id="r", bookmark_config_id="b", range=[], exists=True)
    assert saved.new_label.start_timestamp_in_millis == 5
    assert saved.model_extra == {"updatedRecordingDoc": {"id": "r"}}
    assert server.seen[-1].query == (("recordingId", "r"), ("bookmarkConfigId", "b"))


async def test_at_most_200_recordings_are_described_at_once(client: Make) -> None:
    facts = {"decorations": {"r1": {"viewed": True, "conversationTime": None, "crmCustomer": None}}}
    async with answering(client, {"/v2/core/recordings/list-decorations": {"data": facts}}) as (siro, server):
        found = await siro.recordings_v2.decorations(recording_ids=["r1"])
        with pytest.raises(ValidationError, match="200"):
            await siro.recordings_v2.decorations(recording_ids=[f"r{n}" for n in range(201)])
    assert found.decorations["r1"].viewed
    assert len(server.seen) == 2


async def test_an_industry_that_siro_does_not_know_reads_as_none(client: Make) -> None:
    known = {"id": "i", "displayName": "Roofing", "bookmarkGroupIds": ["g"]}
    answers = {"/v2/core/industries/i": {"data": known}, "/v2/core/industries/x": {"data": None, "cursor": None}}
    async with answering(client, answers) as (siro, _):
        found = await siro.industries.get("i")
        assert found is not None
        assert found.display_name == "Roofing"
        assert await siro.industries.get("x") is None


async def test_the_users_of_a_crm_are_typed_whatever_their_shape(client: Make) -> None:
    users = [
        {"id": "1", "externalId": 17, "email": "m@x.example", "userId": "u", "matchedBy": "email", "badge": 9,
         "createdAt": "2026-02-15T14:00:00Z"},
        {"id": "2", "email": {"odd": True}}, "3", None,
    ]  # fmt: skip
    async with answering(client, lambda _: {"data": users, "cursor": None}) as (siro, _):
        found = [user async for user in siro.external_users.list()]
    assert [user.id for user in found] == ["1", "2", "3", None]
    assert (found[0].external_id, found[0].user_id, found[0].model_extra) == ("17", "u", {"badge": 9})
    assert found[0].created_at == datetime(2026, 2, 15, 14, tzinfo=UTC)
    assert found[1].email is None
