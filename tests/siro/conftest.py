from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from fieldnote.siro import AsyncSiro, Surroundings, Wait


@dataclass
class World:
    """A clock that only moves when somebody sleeps, dice that always show the most, and the waits told of."""

    now: float = 1_771_000_000.0
    waits: list[Wait] = field(default_factory=list)

    def surroundings(self) -> Surroundings:
        return Surroundings(clock=lambda: self.now, sleep=self.sleep, dice=lambda: 1.0)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(world: World) -> Callable[..., AsyncSiro]:
    """Makes a client of a server with every credential, in a world where waiting takes no time."""

    def make(url: str, **more: Any) -> AsyncSiro:
        given: dict[str, Any] = {
            "token": "org-token-1",
            "client_id": "app-1",
            "client_secret": "app-secret-1",
            "user_id": "user-1",
            "base_url": f"{url}/api-externalApi",
            "api_url": url,
            "on_wait": world.waits.append,
            "surroundings": world.surroundings(),
        }
        return AsyncSiro(**{**given, **more})

    return make
