"""Calls of one token that come while others are in the database go through it together, in one transaction.

A transaction costs more than the record that it stores, so under load the calls that wait become one. A call that
finds nobody on the way leaves at once. Each still gets an answer of its own after the commit; if the transaction
fails, they are done one by one, and each meets its own error.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request
from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import DBAPIError

from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import failed
from fieldnote.workspace.pool import Connections
from fieldnote.workspace.tenancy import Hold, authenticated

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Door:
    """An operation, and how its calls go to it."""

    handler: Callable[[Sequence[Call]], Awaitable[list[Any]]]
    """Answers each call in its place; an ApiError is an answer too."""
    kind: str
    """Of token."""
    hold: Hold
    largest: int = 32
    """How many calls go together."""
    at_once: int | None = 2
    """How many convoys of one token are on their way; None: any number."""


@dataclass(frozen=True, slots=True)
class Passenger:
    """A call that waits for its answer."""

    request: Request
    body: bytes
    hashed: bytes
    """Its token's hash."""
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True)
class Convoys:
    """Those of one server."""

    connections: Connections
    _waiting: dict[tuple[Door, bytes], list[Passenger]] = field(default_factory=dict)
    _on_the_way: Counter[tuple[Door, bytes]] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def through(self, door: Door, passenger: Passenger) -> Any:
        """What the operation answers this call. Raises ApiError."""
        if door.at_once is None:
            return _opened((await self._attempt(door, [passenger]))[0])
        key = door, passenger.hashed
        self._waiting.setdefault(key, []).append(passenger)
        if self._on_the_way[key] < door.at_once:
            self._on_the_way[key] += 1
            task = asyncio.create_task(self._travel(*key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return _opened(await passenger.answer)

    async def _travel(self, door: Door, hashed: bytes) -> None:
        """Take those who wait, again and again, until nobody does."""
        key = door, hashed
        try:
            while group := self._waiting.pop(key, []):
                if left := group[door.largest :]:
                    self._waiting[key] = left
                await self._together(door, group[: door.largest])
        finally:
            self._on_the_way[key] -= 1
            if not self._on_the_way[key]:
                del self._on_the_way[key]

    async def _together(self, door: Door, group: Sequence[Passenger]) -> None:
        try:
            answers = await self._attempt(door, group)
        except Exception as error:  # noqa: BLE001 - it is raised in each call that it belongs to
            if len(group) == 1:
                _give(group[0], error)
            else:
                for passenger in group:
                    await self._together(door, [passenger])
        else:
            for passenger, answer in zip(group, answers, strict=True):
                _give(passenger, answer)

    async def _attempt(self, door: Door, group: Sequence[Passenger]) -> list[Any]:
        """Once; again where PostgreSQL undid it because two transactions waited for each other's records."""
        for left in reversed(range(_TRIES)):
            try:
                return await self._inside(door, group)
            except (DeadlockDetected, DBAPIError) as error:
                if not left or not isinstance(getattr(error, "orig", error), DeadlockDetected):
                    raise
        raise AssertionError

    async def _inside(self, door: Door, group: Sequence[Passenger]) -> list[Any]:
        entered = authenticated(self.connections, group[0].hashed, door.kind, door.hold)
        async with entered as (transaction, caller):
            if caller is None:
                return [failed(401, "Invalid or expired token") for _ in group]
            return await door.handler([Call(one.request, transaction, caller, one.body) for one in group])


def _give(passenger: Passenger, answer: Any) -> None:
    if not passenger.answer.done():
        passenger.answer.set_result(answer)


def _opened(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer
