"""Lists from a server that misbehaves: every item comes once, or an error names the place to go on."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from fieldnote.siro import AsyncSiro, Forbidden, RepeatedPage
from tests.siro.server import Reply, Request, as_json, serving

Make = Callable[..., AsyncSiro]
ITEMS = [f"rec-{n}" for n in range(1_000)]
PAGE = b"<!DOCTYPE html><html><head><title>Access denied</title></head><body>error code: 1010</body></html>"


def page_of(request: Request, size: int = 25) -> Reply:
    """The page that a call asks for. The cursor is where it begins."""
    query = dict(request.query)
    at = int(query.get("cursor", "0"))
    end = at + int(query.get("pageSize", query.get("limit", size)))
    cursor = str(end) if end < len(ITEMS) else None
    return as_json({"data": [{"id": name} for name in ITEMS[at:end]], "cursor": cursor})


def cut(reply: Reply, share: float) -> Reply:
    return Reply(reply.status, reply.body, reply.headers, cut_after=int(len(reply.body) * share))


def truncated(reply: Reply, share: float) -> Reply:
    return Reply(reply.status, reply.body[: int(len(reply.body) * share)], reply.headers)


FAULTS: dict[str, Callable[[Reply, random.Random], Reply]] = {
    "5 % status 500": lambda _, __: Reply(500),
    "resets before the answer": lambda _, __: Reply(reset=True),
    "resets in mid-body": lambda reply, dice: cut(reply, dice.random()),
    "truncated JSON": lambda reply, dice: truncated(reply, dice.uniform(0.05, 0.95)),
    "429": lambda _, __: as_json({"error": "limit"}, 429),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_list_is_complete_and_has_no_duplicates(client: Make, name: str) -> None:
    dice = random.Random(name)

    def handler(request: Request) -> Reply:
        reply = page_of(request)
        # More often than the 5 % of the worst days, as forty pages are few.
        return FAULTS[name](reply, dice) if dice.random() < 0.15 else reply

    async with serving(handler) as server, client(server.url) as siro:
        found = [recording.id async for recording in siro.recordings.list()]
        assert found == ITEMS
        assert siro.totals.retries > 0
        assert len(server.seen) == len(ITEMS) // 25 + siro.totals.retries


async def test_a_slow_server_is_waited_for(client: Make) -> None:
    def handler(request: Request) -> Reply:
        reply = page_of(request)
        stalls = dict(request.query).get("cursor") == "500"
        return Reply(reply.status, reply.body, reply.headers, stall=0.2 if stalls else 0.0)

    async with serving(handler) as server, client(server.url) as siro:
        assert [recording.id async for recording in siro.recordings.list()] == ITEMS
        assert siro.totals.retries == 0


async def test_a_token_that_expires_during_a_list_is_replaced(client: Make) -> None:
    minted = 0
    served = 0

    def handler(request: Request) -> Reply:
        nonlocal minted, served
        if request.path.endswith("/access-token"):
            minted += 1
            return as_json({"accessToken": f"token-{minted}", "accessTokenId": "i"}, 201)
        served += request.headers["x-siro-auth-token"] == f"token-{minted}"
        if served == 10 * minted:
            return as_json({"error": "expired"}, 401)
        return page_of(request)

    async with serving(handler) as server, client(server.url) as siro:
        found = [recording.id async for recording in siro.recordings.list_as_user(page_size=25)]
    assert found == ITEMS
    assert minted > 3


async def test_a_block_page_ends_the_list_and_the_last_cursor_resumes_it(client: Make) -> None:
    """HTML with a 403 is not Siro's answer: nothing is guessed, and the last page's cursor resumes the list."""
    blocked = True

    def handler(request: Request) -> Reply:
        return Reply(403, PAGE) if blocked and dict(request.query).get("cursor") == "500" else page_of(request)

    async with serving(handler) as server, client(server.url) as siro:
        found: list[str] = []
        cursor: str | None = None
        with pytest.raises(Forbidden, match="an edge in front of Siro"):
            cursor = await _collect(siro.recordings.list().pages(), found)
        assert found == ITEMS[:500]
        blocked = False
        cursor = str(len(found))
        assert await _collect(siro.recordings.list(cursor=cursor).pages(), found) is None
    assert found == ITEMS


async def test_a_repeated_page_is_an_error_without_duplicates(client: Make) -> None:
    def handler(request: Request) -> Reply:
        reply = page_of(request)
        if dict(request.query).get("cursor") != "500":
            return reply
        return as_json({**json.loads(page_of(Request("GET", "", (("cursor", "475"),), {}, b"")).body), "cursor": "525"})

    found: list[str] = []
    async with serving(handler) as server, client(server.url) as siro:
        with pytest.raises(RepeatedPage):
            await _collect(siro.recordings.list().pages(), found)
    assert found == ITEMS[:500]


async def _collect(pages: AsyncIterator[Any], found: list[str]) -> str | None:
    """Keeps what came, and gives the cursor of the last page."""
    cursor: str | None = None
    async for page in pages:
        found += [item.id for item in page.items]
        cursor = page.cursor
    return cursor
