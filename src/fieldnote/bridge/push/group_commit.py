"""The ledger's writes of several batches in one transaction: whatever has come while the last one was at work.

A batch has two: the attempt, before it is sent, and its answer. Each waits until it is committed. Attempts do not wait
for answers, which cost ten times as much: each kind has a connection of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.bridge.push.ledger import Confirmed, Origin, StreamLedger

T = TypeVar("T")


@dataclass(slots=True, repr=False)
class _Attempt:
    payloads: Mapping[str, bytes]
    number: int = 0


@dataclass(slots=True, repr=False)
class _End:
    number: int
    answers: Sequence[Confirmed]


class _Lane(Generic[T]):
    """One connection, and what waits for it."""

    def __init__(self, engine: AsyncEngine, write: Callable[[AsyncConnection, Sequence[T]], Awaitable[None]]) -> None:
        self._engine = engine
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._wanted = asyncio.Event()

    async def committed(self, item: T) -> None:
        """Returns once the item is committed. Raises what kept it from that."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        self._wanted.set()
        await done

    async def _connect(self) -> AsyncConnection:
        """A group is one statement, and so a transaction: to begin and to commit it apart would take two more ways."""
        return await (await self._engine.connect()).execution_options(isolation_level="AUTOCOMMIT")

    async def run(self) -> None:
        """Write what comes, for as long as this is not cancelled."""
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
                _tell([done for _, done in group], error)
        finally:
            if conn is not None:
                await conn.close()


class GroupCommit:
    """The attempts and answers of a push whose batches go beside each other."""

    def __init__(self, engine: AsyncEngine, ledger: StreamLedger, origin: Origin) -> None:
        self._ledger = ledger
        self._origin = origin
        self._attempts: _Lane[_Attempt] = _Lane(engine, self._write_attempts)
        self._ends: _Lane[_End] = _Lane(engine, self._write_ends)
        self._runners: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._runners = [asyncio.create_task(lane.run()) for lane in (self._attempts, self._ends)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for runner in self._runners:
            runner.cancel()
        if self._runners:
            await asyncio.wait(self._runners)

    async def attempt(self, payloads: Mapping[str, bytes]) -> int:
        """As `StreamLedger.attempt`; committed when it returns."""
        wanted = _Attempt(payloads)
        await self._attempts.committed(wanted)
        return wanted.number

    async def end(self, attempt: int, answers: Sequence[Confirmed]) -> None:
        """Keep the answers of an attempt, all of them good, and take it away; committed when it returns."""
        await self._ends.committed(_End(attempt, answers))

    async def _write_attempts(self, conn: AsyncConnection, group: Sequence[_Attempt]) -> None:
        numbers = await self._ledger.attempt(conn, self._origin, *(wanted.payloads for wanted in group))
        for wanted, number in zip(group, numbers, strict=True):
            wanted.number = number

    async def _write_ends(self, conn: AsyncConnection, group: Sequence[_End]) -> None:
        answers = [answer for end in group for answer in end.answers]
        await self._ledger.confirm(conn, answers, ends=[end.number for end in group])


def _tell(waiting: Sequence[asyncio.Future[None]], error: Exception | None) -> None:
    for done in waiting:
        if done.done():  # its batch was broken off meanwhile
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
