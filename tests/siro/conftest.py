from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from fieldnote.siro import AsyncSiro, AsyncSurroundings, Siro, Surroundings, Wait
from tests.siro.twins import Threaded


@dataclass
class World:
    """A clock that only moves during sleeps, dice that always show 1.0, and the reported waits."""

    now: float = 1_771_000_000.0
    waits: list[Wait] = field(default_factory=list)

    def surroundings(self) -> AsyncSurroundings:
        return AsyncSurroundings(clock=lambda: self.now, sleep=self.sleep, dice=lambda: 1.0)

    def threaded(self) -> Surroundings:
        return Surroundings(clock=lambda: self.now, sleep=self.pass_by, dice=lambda: 1.0)

    async def sleep(self, seconds: float) -> None:
        self.pass_by(seconds)
        await asyncio.sleep(0)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(params=["asynchronous", "synchronous"])
def client(world: World, request: pytest.FixtureRequest) -> Callable[..., AsyncSiro]:
    """Makes a client of a server with every credential, in a world where waiting takes no time.

    Both clients in turn: the synchronous one behind the surface of the other.
    """

    def make(url: str, **more: Any) -> AsyncSiro:
        given: dict[str, Any] = {
            "token": "org-token-1",
            "client_id": "app-1",
            "client_secret": "app-secret-1",
            "user_id": "user-1",
            "base_url": f"{url}/api-externalApi",
            "api_url": url,
            "auth_url": url,
            "on_wait": world.waits.append,
            "rate_limit": None,
        }
        if request.param == "asynchronous":
            return AsyncSiro(**{**given, "surroundings": world.surroundings(), **more})
        return cast("AsyncSiro", Threaded(Siro(**{**given, "surroundings": world.threaded(), **more})))

    return make
