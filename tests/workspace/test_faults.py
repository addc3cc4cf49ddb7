"""Faults on purpose, by `serve --faults`."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fieldnote.errors import ConfigError
from fieldnote.siro import AsyncSiro
from fieldnote.workspace import WorkspaceServer, add_webhook, open_workspace
from fieldnote.workspace.http import fault_injection
from fieldnote.workspace.http.fault_settings import FaultSettings, read_faults
from tests.siro.server import Reply, Server, serving
from tests.typed import typed
from tests.waiting import eventually
from tests.workspace.contract import ORGANIZATION_BASE
from tests.workspace.house import SETTINGS, START, House, opened_house

pytestmark = pytest.mark.slow

IDENTITY = "/v1/core/auth/caller-identity"
SYNC = "/v1/integrations/sync/engagements"
RECORDINGS = "/v1/core/recordings"

Broken = Callable[[str], AbstractAsyncContextManager[House]]


@pytest.fixture
def broken(workspace_url: str, tmp_path: Path) -> Broken:
    """A house whose server is started with a faults file of this text."""

    @asynccontextmanager
    async def opened(text: str) -> AsyncIterator[House]:
        async with (
            open_workspace(database_url=workspace_url, faults=settings(tmp_path, text)) as workspace,
            opened_house(workspace) as house,
        ):
            yield house

    return opened


def settings(folder: Path, text: str) -> FaultSettings:
    path = folder / "faults.yaml"
    path.write_text(text)
    return read_faults(path)


async def call(house: House, method: str = "GET", path: str = IDENTITY, **options: Any) -> httpx2.Response:
    """A call whose answer the contract may not know."""
    return await house.api.client.request(method, path, **options)


# --- calls


async def test_a_refused_call_is_answered_and_does_nothing(broken: Broken) -> None:
    rules = "calls: {rate_limited: {times: 1, methods: [PUT]}, server_error: {times: 1, statuses: [503]}}"
    async with broken(rules) as house:
        body = {"externalId": "a-1"}
        answers = [await call(house, "PUT", SYNC, json=body) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [429, 503]
        assert all(set(answer.json()) == {"error"} for answer in answers)
        assert "retry-after" not in answers[0].headers
        assert await house.rows("select 1 from engagements") == []
        assert (await call(house, "PUT", SYNC, json=body)).status_code == 200


async def test_a_connection_breaks_before_or_after_the_work(broken: Broken) -> None:
    async with broken("calls: {reset_before: {times: 1}, reset_after: {times: 1}}") as house:
        for key, stored in (("a-1", 0), ("a-2", 1)):
            with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError)):
                await call(house, "PUT", SYNC, json={"externalId": key})
            found = await house.rows("select 1 from engagements where external_id = :key", key=key)
            assert len(found) == stored
        assert (await call(house)).status_code == 200


async def test_a_call_waits_as_long_as_the_file_says(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(fault_injection, "sleep", sleep)
    async with broken("calls: {latency: {seconds: 3.5, times: 1}}") as house:
        assert [(await call(house)).status_code for _ in range(2)] == [200, 200]
    assert pauses == [3.5]


async def test_the_edge_refuses_programs_that_did_not_name_themselves(broken: Broken) -> None:
    async with broken("calls: {refused_agents: [libraries, Evil*]}") as house:
        refused = await call(house)
        assert (refused.status_code, refused.headers["content-type"]) == (403, "text/html; charset=utf-8")
        assert "1010" in refused.text
        assert (await call(house, headers={"user-agent": "evil/2"})).status_code == 403
        assert (await call(house, headers={"user-agent": "Acme-CRM/1"})).status_code == 200


async def test_a_rule_may_be_for_some_operations_alone(broken: Broken) -> None:
    async with broken("calls: {server_error: {paths: ['/v1/core/recordings/{id}'], statuses: [500]}}") as house:
        one = "/v1/core/recordings/11111111-1111-4111-8111-111111111111"
        assert [(await call(house, path=path)).status_code for path in (one, RECORDINGS)] == [500, 200]


async def test_the_same_seed_breaks_the_same_calls(broken: Broken, workspace_url: str, tmp_path: Path) -> None:
    async with broken("{seed: 5, calls: {server_error: 30%, rate_limited: 20%}}") as house:
        first = [(await call(house)).status_code for _ in range(60)]
        assert {200, 429} < set(first)
        for text, same in (("seed: 5", True), ("seed: 6", False)):
            rules = settings(tmp_path, f"{{{text}, calls: {{server_error: 30%, rate_limited: 20%}}}}")
            async with (
                open_workspace(database_url=workspace_url, faults=rules) as workspace,
                WorkspaceServer(workspace, settings=SETTINGS) as server,
            ):
                again = House(workspace, server, house.organization, house.api)
                again.api = house.client(house.api.token)
                again.api.client.base_url = httpx2.URL(server.url + ORGANIZATION_BASE)
                others = asyncio.gather(*[call(again, path=RECORDINGS) for _ in range(20)])
                found = [(await call(again)).status_code for _ in range(60)]
                await others
                assert (found == first) is same


async def test_an_organization_may_have_faults_of_its_own_or_none(broken: Broken) -> None:
    rules = (
        "{calls: {server_error: {statuses: [500]}}, organizations: {Acme: off, Other: {calls: {rate_limited: 100%}}}}"
    )
    async with broken(rules) as house:
        _, other = await house.another()
        _, third = await house.another("Third")
        assert (await call(house)).status_code == 200
        assert (await other.client.get(IDENTITY)).status_code == 429
        assert (await third.client.get(IDENTITY)).status_code == 500


async def test_the_siro_client_comes_through(broken: Broken) -> None:
    """A third of all calls fails, and each record is there once."""
    rules = "calls: {server_error: 10%, reset_before: 10%, reset_after: 10%, refused_agents: [libraries]}"
    async with broken(rules) as house:
        async with AsyncSiro(token=house.api.token, base_url=house.server.url + ORGANIZATION_BASE) as siro:
            for n in range(8):
                await siro.engagements.sync(external_id=f"a-{n}", start_time=START + timedelta(hours=n))
        assert len(await house.rows("select 1 from engagements")) == 8


# --- lists


async def test_a_page_comes_twice(broken: Broken) -> None:
    async with broken("lists: {repeated_pages: {times: 1}}") as house:
        made = [await house.record(at=START + timedelta(hours=n)) for n in range(3)]
        pages: list[list[str]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await call(house, path=RECORDINGS, params={"pageSize": 1, "cursor": cursor})).json()
            pages.append([row["id"] for row in page["data"]])
            cursor = page["cursor"]
        assert pages == [[made[2]], [made[2]], [made[1]], [made[0]]]


async def test_a_long_page_says_null_for_every_score(broken: Broken) -> None:
    async with broken("lists: {null_scores_over: 2}") as house:
        for n in range(3):
            await house.record(at=START + timedelta(hours=n))
        await house.settle()
        asked = {"showEvaluationScore": "true"}
        long = (await call(house, path=RECORDINGS, params=asked)).json()["data"]
        assert [row["evaluationScore"] for row in long] == [None] * 3
        short = (await call(house, path=RECORDINGS, params=asked | {"pageSize": 2})).json()["data"]
        assert [row["evaluationScore"] for row in short] == [25.0] * 2
        unasked = (await call(house, path=RECORDINGS)).json()["data"]
        assert all("evaluationScore" not in row for row in unasked)


# --- webhooks


Receiving = Callable[[House], AbstractAsyncContextManager[Server]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def receiver(stack: AsyncExitStack, house: House) -> Server:
    server = await stack.enter_async_context(serving(lambda _: Reply(200)))
    await add_webhook(house.workspace.engine, house.workspace.box, house.organization.id, url=f"{server.url}/hook")
    return server


async def heard(server: Server, count: int) -> list[str]:
    """The recordings that the first messages were about."""
    await eventually(lambda: len(server.seen) >= count)
    return [request.json["recordingId"] for request in server.seen]


async def test_a_message_comes_twice_under_one_id(broken: Broken, stack: AsyncExitStack) -> None:
    async with broken("webhooks: {doubled: {times: 1}}") as house:
        server = await receiver(stack, house)
        recording_id = await house.record()
        assert await heard(server, 2) == [recording_id] * 2
        assert len({request.headers["svix-id"] for request in server.seen}) == 1


async def test_a_message_is_dropped_and_the_log_says_so(broken: Broken, stack: AsyncExitStack) -> None:
    async with broken("webhooks: {dropped: {times: 1}}") as house:
        server = await receiver(stack, house)
        await house.record()
        await house.settle()
        kept = await house.record(at=START + timedelta(days=1))
        assert await heard(server, 1) == [kept]
        await house.settle()
        states = await house.rows("select state, last_error from webhook_deliveries order by state desc")
        assert [tuple(row) for row in states] == [("failed", "dropped by the faults file"), ("delivered", None)]


async def test_a_message_comes_late(broken: Broken, stack: AsyncExitStack) -> None:
    async with broken("webhooks: {late: {times: 1, seconds: 3600}}") as house:
        server = await receiver(stack, house)
        late = await house.record()
        await eventually(lambda: house.rows("select 1 from procrastinate_jobs where args ? 'held'"))
        prompt = await house.record(at=START + timedelta(days=1))
        assert await heard(server, 1) == [prompt]
        await house.settle()
        assert len(server.seen) == 1
        await house.hurry()
        assert await heard(server, 2) == [prompt, late]


async def test_a_later_message_overtakes_one(broken: Broken, stack: AsyncExitStack) -> None:
    async with broken("webhooks: {reordered: {times: 1, seconds: 3600}}") as house:
        server = await receiver(stack, house)
        first = await house.record()
        await eventually(lambda: house.rows("select 1 from procrastinate_jobs where args ? 'until'"))
        second = await house.record(at=START + timedelta(days=1))
        assert await heard(server, 2) == [second, first]


async def test_a_message_that_nothing_overtakes_comes_in_the_end(broken: Broken, stack: AsyncExitStack) -> None:
    async with broken("webhooks: {reordered: {times: 1, seconds: 0.5}}") as house:
        server = await receiver(stack, house)
        recording_id = await house.record()
        assert await heard(server, 1) == [recording_id]


# --- summaries


async def test_a_summary_lands_late_and_does_not_move_the_recording(broken: Broken) -> None:
    async with broken("summaries: {late: {seconds: 3600}}") as house:
        recording_id = await house.record()
        path, shown = f"{RECORDINGS}/{recording_id}", {"showSummary": "true"}
        await house.settle()
        before = await house.api.get(path, **shown)
        assert (before["isProcessingDone"], before["isSummaryDone"], before["summary"]) == (True, False, [])
        await house.hurry()
        await house.settle()
        after = await house.api.get(path, **shown)
        assert after["isSummaryDone"]
        assert after["summary"]
        assert after["updatedAt"] == before["updatedAt"]


# --- the file


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("seed: 1\ncals: {}", "faults.yaml:2: cals is not a known key; did you mean 'calls'?"),
        ("calls:\n  latncy: 1%", "calls.latncy is not a known key; did you mean 'latency'?"),
        (
            "organizations: {Acme: {webhooks: {dropt: 1%}}}",
            "organizations.Acme.webhooks.dropt is not a known key; did you mean 'dropped'?",
        ),
        ("calls: {rate_limited: {chance: 1%, path: []}}", "did you mean 'paths'?"),
        ("calls: {rate_limited: often}", "is not a share"),
        ("calls: {server_error: {statuses: [404]}}", "greater than or equal to 500"),
        ("- 1", "it begins with 'seed: 1'"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, text)
    assert complaint in caught.value.message


def test_the_command_names_a_wrong_or_missing_file(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("cals: {}")
    environment = {"FIELDNOTE_HOME": str(tmp_path / "home")}
    for name, complaint in (("wrong.yaml", "did you mean 'calls'?"), ("none.yaml", "--faults FILE")):
        words = ["workspace", "serve", "--faults", name]
        status, _, said = typed(words, folder=tmp_path, environment=environment)
        assert (status, complaint in said) == (1, True), said


async def test_the_command_serves_with_faults_and_a_limit(house: House, tmp_path: Path) -> None:
    (tmp_path / "faults.yaml").write_text("{seed: 3, calls: {server_error: {times: 1, statuses: [503]}}}")
    environment = os.environ | {"FIELDNOTE_WORKSPACE_DATABASE_URL": house.workspace.database_url}
    words = ["workspace", "serve", "--port", "0", "--faults", "faults.yaml", "--rate-limit", "2"]
    command = [sys.executable, "-m", "fieldnote", *words]
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=environment, stdout=PIPE)
    try:
        assert process.stdout is not None
        said = [(await process.stdout.readline()).decode() for _ in range(4)]
        assert "seed 3" in said[-1]
        house.api.client.base_url = httpx2.URL(said[0].split()[-1] + ORGANIZATION_BASE)
        assert [(await call(house)).status_code for _ in range(4)] == [503, 200, 200, 429]
    finally:
        process.terminate()
        assert await process.wait() == 0


def test_the_guides_example_is_a_faults_file(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs/faults.md").read_text()
    example = settings(tmp_path, guide.partition("```yaml\n")[2].partition("```")[0])
    for section in (example.calls, example.webhooks, example.summaries, example.lists):
        assert set(type(section).model_fields) == section.model_fields_set
