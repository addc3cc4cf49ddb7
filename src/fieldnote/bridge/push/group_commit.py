"""Group commit: the ledger's writes of several batches in one transaction.

A batch has two writes: the attempt, before it is sent, and its answer. Each waits until it is committed. Attempts do
not wait for answers, which cost ten times as much: each kind has a connection of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.bridge.push.attempts import Attempts, Origin
from fieldnote.bridge.push.ledger import StreamLedger
from fieldnote.bridge.push.payload_diff import Delivery

T = TypeVar("T")


@dataclass(slots=True, repr=False)
class _Attempt:
    payloads: Mapping[str, bytes]
    number: int = 0


@dataclass(slots=True, repr=False)
class _End:
    number: int
    taken: Sequence[Delivery]


class _Lane(Generic[T]):
    """One connection, and the items that wait for it."""

    def __init__(self, engine: AsyncEngine, write: Callable[[AsyncConnection, Sequence[T]], Awaitable[None]]) -> None:
        self._engine = engine
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._wanted = asyncio.Event()

    async def commit(self, item: T) -> None:
        """Return once the item is committed. Raises the error of the group that it was written with."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        self._wanted.set()
        await done

    async def _connect(self) -> AsyncConnection:
        """AUTOCOMMIT: one statement is one transaction; BEGIN and COMMIT would add two round trips."""
        return await (await self._engine.connect()).execution_options(isolation_level="AUTOCOMMIT")

    async def run(self) -> None:
        """Write items as they come, until this is canceled."""
        conn: AsyncConnection | None = None
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                group, self._waiting = self._waiting, []
                error: Exception | None = None
                try:
                    conn = conn or await self._connect()
                    await self._write(conn, [item for item, _ in group])
                except Exception as failure:  # noqa: BLE001 - those who wait for it raise it
                    error = failure
                    if conn is not None:
                        await conn.close()
                        conn = None
                _wake([done for _, done in group], error)
        finally:
            if conn is not None:
                await conn.close()


class GroupCommit:
    """The attempts and answers of a push that has several batches in flight."""

    def __init__(self, engine: AsyncEngine, ledger: StreamLedger, attempts: Attempts, origin: Origin) -> None:
        self._ledger = ledger
        self._attempts = attempts
        self._origin = origin
        self._attempt_lane: _Lane[_Attempt] = _Lane(engine, self._write_attempts)
        self._end_lane: _Lane[_End] = _Lane(engine, self._write_ends)
        self._runners: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._runners = [asyncio.create_task(lane.run()) for lane in (self._attempt_lane, self._end_lane)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for runner in self._runners:
            runner.cancel()
        if self._runners:
            await asyncio.wait(self._runners)

    async def attempt(self, payloads: Mapping[str, bytes]) -> int:
        """As `Attempts.add`; committed when it returns."""
        wanted = _Attempt(payloads)
        await self._attempt_lane.commit(wanted)
        return wanted.number

    async def end(self, attempt: int, taken: Sequence[Delivery]) -> None:
        """Siro took all records of an attempt, which ends; committed when it returns."""
        await self._end_lane.commit(_End(attempt, taken))

    async def _write_attempts(self, conn: AsyncConnection, group: Sequence[_Attempt]) -> None:
        numbers = await self._attempts.add(conn, self._origin, *(wanted.payloads for wanted in group))
        for wanted, number in zip(group, numbers, strict=True):
            wanted.number = number

    async def _write_ends(self, conn: AsyncConnection, group: Sequence[_End]) -> None:
        taken = [delivery for end in group for delivery in end.taken]
        await self._ledger.confirm(conn, taken, ends=[end.number for end in group])


def _wake(waiting: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    for done in waiting:
        if done.done():  # its batch was canceled meanwhile
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
