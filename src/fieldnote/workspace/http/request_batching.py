"""Request batching: waiting calls of one token share one database transaction.

A transaction costs more than the record it stores, so under load the waiting calls become one batch. If nothing is in
flight, a call runs at once. Each call still gets its own answer, after the commit. If the transaction fails, the calls
run one by one, and each gets its own error.
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

from fieldnote.workspace.audit import Audit
from fieldnote.workspace.http.auditing import action_of, note_calls, note_refusal
from fieldnote.workspace.http.calls import Call
from fieldnote.workspace.http.errors import ApiError, failed
from fieldnote.workspace.http.scopes import allows
from fieldnote.workspace.pool import Connections
from fieldnote.workspace.tenancy import RecordLock, authenticated

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation, and how its calls are batched."""

    handler: Callable[[Sequence[Call]], Awaitable[list[Any]]]
    """Returns one answer per call, in order; an ApiError is an answer too."""
    kind: str
    """The kind of token."""
    lock: RecordLock
    largest: int = 32
    """Calls per batch, at most."""
    at_once: int | None = 2
    """How many batcher of one token are on their way; None: any number."""


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call that waits for its answer."""

    request: Request
    body: bytes
    hashed: bytes
    """The hash of its token."""
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True)
class RequestBatcher:
    """The waiting calls of one server."""

    connections: Connections
    audit: Audit
    _waiting: dict[tuple[Operation, bytes], list[PendingCall]] = field(default_factory=dict)
    _in_flight: Counter[tuple[Operation, bytes]] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, operation: Operation, call: PendingCall) -> Any:
        """Return the operation's answer to this call. Raises ApiError."""
        if operation.at_once is None:
            return _unwrap((await self._attempt(operation, [call]))[0])
        key = operation, call.hashed
        self._waiting.setdefault(key, []).append(call)
        if self._in_flight[key] < operation.at_once:
            self._in_flight[key] += 1
            task = asyncio.create_task(self._drain(*key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return _unwrap(await call.answer)

    async def _drain(self, operation: Operation, hashed: bytes) -> None:
        """Run batches until no call waits."""
        key = operation, hashed
        try:
            while group := self._waiting.pop(key, []):
                if left := group[operation.largest :]:
                    self._waiting[key] = left
                await self._run(operation, group[: operation.largest])
        finally:
            self._in_flight[key] -= 1
            if not self._in_flight[key]:
                del self._in_flight[key]

    async def _run(self, operation: Operation, group: Sequence[PendingCall]) -> None:
        try:
            answers = await self._attempt(operation, group)
        except Exception as error:  # noqa: BLE001 - raised again in each call
            if len(group) == 1:
                _settle(group[0], error)
            else:
                for call in group:
                    await self._run(operation, [call])
        else:
            for call, answer in zip(group, answers, strict=True):
                _settle(call, answer)

    async def _attempt(self, operation: Operation, group: Sequence[PendingCall]) -> list[Any]:
        """Run the batch; after a deadlock, run it again."""
        for left in reversed(range(_TRIES)):
            try:
                return await self._in_transaction(operation, group)
            except (DeadlockDetected, DBAPIError) as error:
                if not left or not isinstance(getattr(error, "orig", error), DeadlockDetected):
                    raise
        raise AssertionError

    async def _in_transaction(self, operation: Operation, group: Sequence[PendingCall]) -> list[Any]:
        entered = authenticated(self.connections, group[0].hashed, operation.kind, operation.lock)
        async with entered as (transaction, caller):
            if caller is None:
                return [failed(401, "Invalid or expired token") for _ in group]
            first = group[0].request
            if not allows(caller, action_of(first)):
                error = failed(403, "The token's scope does not allow this")
                note_refusal(self.audit, caller, first, error, group[0].body)
                return [error for _ in group]
            calls = [Call(one.request, transaction, caller, one.body) for one in group]
            try:
                answers = await operation.handler(calls)
            except ApiError as error:
                note_refusal(self.audit, caller, first, error, group[0].body)
                raise
            sent = [(one.request, one.body) for one in group]
            await note_calls(self.audit, transaction, caller, sent, answers)
            return answers


def _settle(call: PendingCall, answer: Any) -> None:
    if not call.answer.done():
        call.answer.set_result(answer)


def _unwrap(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer
