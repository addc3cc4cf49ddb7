"""How often a token may call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.workspace import WorkspaceServer, open_workspace
from fieldnote.workspace.http.rate_limit import WINDOW, RateLimit
from tests.typed import typed
from tests.waiting import HANGS
from tests.workspace.house import SETTINGS, House

IDENTITY = "/v1/core/auth/caller-identity"


class Clock:
    """A clock that moves only when it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def limited(house: House, clock: Clock) -> AsyncIterator[House]:
    """The house behind a second server, which allows three calls."""
    async with (
        open_workspace(database_url=house.workspace.database_url) as workspace,
        WorkspaceServer(workspace, settings=SETTINGS, rate_limit=3, clock=clock) as server,
    ):
        behind = House(workspace, server, house.organization, house.api)
        behind.api = behind.client(house.api.token)
        yield behind
        for client in behind.clients:
            await client.client.aclose()


async def statuses(house: House, count: int) -> list[int]:
    answers = await asyncio.gather(*[house.api("GET", IDENTITY) for _ in range(count)])
    return sorted(answer.status_code for answer in answers)


async def test_the_call_above_the_limit_gets_a_bare_429(limited: House) -> None:
    assert await statuses(limited, 5) == [200, 200, 200, 429, 429]
    refused = await limited.api("GET", IDENTITY)
    assert refused.status_code == 429
    assert not [name for name in refused.headers if "retry" in name or "limit" in name]


async def test_calls_are_allowed_again_as_those_of_before_leave_the_window(limited: House, clock: Clock) -> None:
    assert await statuses(limited, 2) == [200, 200]
    clock.now += WINDOW - 1
    assert await statuses(limited, 2) == [200, 429]
    clock.now += 1
    assert await statuses(limited, 3) == [200, 200, 429]


async def test_each_token_has_a_count_of_its_own(limited: House, house: House) -> None:
    assert await statuses(limited, 4) == [200, 200, 200, 429]
    _, other = await house.another()
    theirs = limited.client(other.token)
    assert (await theirs("GET", IDENTITY)).status_code == 200


async def test_a_refused_call_changes_nothing(limited: House) -> None:
    assert await statuses(limited, 3) == [200] * 3
    body = {"externalId": "a-1", "subject": "Kitchen"}
    response = await limited.api("PUT", "/v1/integrations/sync/engagements", json=body)
    assert response.status_code == 429
    assert await limited.rows("select 1 from engagements") == []


async def test_the_limit_is_siros_unless_another_is_given(house: House) -> None:
    async with (
        open_workspace(database_url=house.workspace.database_url) as workspace,
        WorkspaceServer(workspace, settings=SETTINGS, clock=Clock()) as server,
        httpx2.AsyncClient(
            base_url=server.url,
            headers={"authorization": f"Bearer {house.api.token}"},
            trust_env=False,
            timeout=HANGS,
        ) as client,
    ):
        path = f"/api-externalApi{IDENTITY}"
        found = {(await client.get(path)).status_code for _ in range(1000)}
        assert found == {200}
        assert (await client.get(path)).status_code == 429


@given(pauses=st.lists(st.floats(0, 40), max_size=60), calls=st.integers(1, 5))
def test_no_window_of_a_minute_holds_more_and_none_that_has_room_refuses(pauses: list[float], calls: int) -> None:
    clock = Clock()
    limit, taken = RateLimit(calls, clock), list[float]()
    for pause in pauses:
        clock.now += pause
        within = [at for at in taken if at > clock.now - WINDOW]
        assert limit.takes(b"token") == (len(within) < calls)
        if len(within) < calls:
            taken.append(clock.now)


def test_tokens_that_call_no_more_are_forgotten() -> None:
    clock = Clock()
    limit = RateLimit(1, clock)
    for n in range(100):
        assert limit.takes(bytes([n]))
    clock.now += WINDOW
    assert limit.takes(b"another")
    assert len(limit._taken) == 1


@pytest.mark.parametrize("wrong", ["0", "-1", "many", ""])
def test_an_invalid_limit_is_named(wrong: str, tmp_path: Path) -> None:
    words = ["workspace", "serve", f"--rate-limit={wrong}"]
    status, _, complaint = typed(words, folder=tmp_path, environment={"FIELDNOTE_HOME": str(tmp_path)})
    assert status == 1
    assert "is not a number of calls" in complaint
