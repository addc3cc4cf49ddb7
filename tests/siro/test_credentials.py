"""The credential of a call, and how it is minted: over a real socket, by both clients."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Callable

import pytest

from fieldnote.siro import AsyncSiro, Budget, Cause, MissingCredential, SiroSettings, Unauthorized, Wait
from fieldnote.siro.limits import LocalLimiter
from tests.clocks import Clock
from tests.siro.conftest import World
from tests.siro.server import Reply, Request, as_json, serving

Make = Callable[..., AsyncSiro]
APPLICATION = {"token": None, "client_id": "app 1", "client_secret": "s/e:c", "user_id": None}


class Authority:
    """Gives numbered tokens to a client application; only those in `good` are accepted."""

    def __init__(self, life: float | None = 3600) -> None:
        self.given = 0
        self.life = life
        self.good = {"client-1"}

    async def __call__(self, request: Request) -> Reply:
        if request.path == "/oauth2/token":
            await asyncio.sleep(0.01)
            self.given += 1
            return as_json({"access_token": f"client-{self.given}", "expires_in": self.life, "token_type": "Bearer"})
        if request.headers.get("x-siro-auth-token") not in self.good:
            return as_json({"error": "expired"}, 401)
        return as_json({"organizationId": "org-1"} if request.path.endswith("caller-identity") else {"data": []})


async def test_client_credentials_prove_calls_of_both_apis_in_both_headers(client: Make) -> None:
    authority = Authority()
    async with serving(authority) as server, client(server.url, **APPLICATION) as siro:
        await asyncio.gather(siro.auth.caller_identity(), siro.extractions.list("r"), siro.extractions.list("s"))
    (asked,) = [seen for seen in server.seen if seen.path == "/oauth2/token"]
    assert asked.method == "POST"
    assert asked.body == b"grant_type=client_credentials"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"app%201:s%2Fe%3Ac"
    for seen in server.seen:
        if seen is not asked:
            assert seen.headers["authorization"] == "Bearer client-1"
            assert seen.headers["x-siro-auth-token"] == "client-1"


async def test_a_client_token_is_replaced_before_it_expires_and_after_a_401(client: Make, world: World) -> None:
    authority = Authority()
    async with serving(authority) as server, client(server.url, **APPLICATION) as siro:
        await siro.extractions.list("r")
        world.now += 3600 - 599
        authority.good = {"client-2"}
        await siro.extractions.list("r")
        assert authority.given == 2
        authority.good = {"client-3"}
        await siro.extractions.list("r")
        assert authority.given == 3
        authority.good = set()
        with pytest.raises(Unauthorized):
            await siro.extractions.list("r")
        assert authority.given == 4


async def test_a_user_token_has_scope_read_until_a_call_writes(client: Make) -> None:
    scopes: list[str] = []

    def handler(request: Request) -> Reply:
        if request.path.endswith("/access-token"):
            scopes.append(request.json["scope"])
            return as_json({"accessToken": f"{scopes[-1]}-token", "accessTokenId": "i"}, 201)
        return as_json({"data": []})

    async with serving(handler) as server, client(server.url) as siro:
        await siro.extractions.list("r")
        assert scopes == ["read"]
        await siro.recordings.mark_viewed("r")
        await siro.extractions.list("r")
    assert scopes == ["read", "write"]
    used = [seen.headers["x-siro-auth-token"] for seen in server.seen if "x-siro-auth-token" in seen.headers]
    assert used == ["read-token", "write-token", "read-token"]


async def test_the_error_for_half_a_client_application_names_the_missing_half(client: Make) -> None:
    half = {**APPLICATION, "client_secret": None}
    async with serving(lambda _: as_json({})) as server, client(server.url, **half) as siro:
        with pytest.raises(MissingCredential, match="SIRO_TOKEN"):
            await siro.auth.caller_identity()
        with pytest.raises(MissingCredential, match="SIRO_CLIENT_SECRET"):
            await siro.extractions.list("r")
    assert server.seen == []


async def test_one_token_has_one_budget_at_both_apis() -> None:
    clock = Clock()
    limiter = LocalLimiter(Budget(2, 60), clock)
    waits: list[Wait] = []
    async with serving(Authority()) as server:
        settings = SiroSettings.of(
            client_id="a", client_secret="s", base_url=server.url, api_url=f"{server.url}/v1", auth_url=server.url
        )
        async with AsyncSiro.from_settings(settings, limiter=limiter, on_wait=waits.append) as siro:
            await siro.auth.caller_identity()
            await siro.extractions.list("r")
            assert waits == []
            clock.runs = True
            await siro.extractions.list("s")
    assert [(wait.cause, wait.seconds) for wait in waits] == [(Cause.BUDGET, 60)]
