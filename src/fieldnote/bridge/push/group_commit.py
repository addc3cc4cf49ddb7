"""The ledger's writes of several batches in one transaction: whatever has come while the last one was at work.

A batch has two: the attempt, before it is sent, and its answer. Each waits until it is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.bridge.push.ledger import Confirmed, Origin, StreamLedger


@dataclass(slots=True, repr=False)
class _Attempt:
    payloads: Mapping[str, bytes]
    number: asyncio.Future[int]


@dataclass(slots=True, repr=False)
class _End:
    number: int
    answers: Sequence[Confirmed]
    done: asyncio.Future[None]


class GroupCommit:
    """One connection for the attempts and answers of a push whose batches go beside each other."""

    def __init__(self, engine: AsyncEngine, ledger: StreamLedger, origin: Origin) -> None:
        self._engine = engine
        self._ledger = ledger
        self._origin = origin
        self._attempts: list[_Attempt] = []
        self._ends: list[_End] = []
        self._wanted = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._runner = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait([self._runner])

    async def attempt(self, payloads: Mapping[str, bytes]) -> int:
        """As `StreamLedger.attempt`; committed when it returns."""
        wanted = _Attempt(payloads, asyncio.get_running_loop().create_future())
        self._attempts.append(wanted)
        self._wanted.set()
        return await wanted.number

    async def end(self, attempt: int, answers: Sequence[Confirmed]) -> None:
        """Keep the answers of an attempt, all of them good, and take it away; committed when it returns."""
        wanted = _End(attempt, answers, asyncio.get_running_loop().create_future())
        self._ends.append(wanted)
        self._wanted.set()
        await wanted.done

    async def _run(self) -> None:
        conn: AsyncConnection | None = None
        try:
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                attempts, self._attempts = self._attempts, []
                ends, self._ends = self._ends, []
                try:
                    conn = conn or await self._engine.connect()
                    await self._commit(conn, attempts, ends)
                except Exception as error:  # noqa: BLE001 - those who wait for it raise it
                    if conn is not None:
                        await conn.close()
                        conn = None
                    _tell(error, attempts, ends)
        finally:
            if conn is not None:
                await conn.close()

    async def _commit(self, conn: AsyncConnection, attempts: Sequence[_Attempt], ends: Sequence[_End]) -> None:
        numbers: Sequence[int] = ()
        async with conn.begin():
            if ends:
                answers = [answer for end in ends for answer in end.answers]
                await self._ledger.confirm(conn, answers, ends=[end.number for end in ends])
            if attempts:
                numbers = await self._ledger.attempt(conn, self._origin, *(wanted.payloads for wanted in attempts))
        for end in ends:
            if not end.done.done():  # its batch may have been broken off meanwhile
                end.done.set_result(None)
        for wanted, number in zip(attempts, numbers, strict=True):
            if not wanted.number.done():
                wanted.number.set_result(number)


def _tell(error: Exception, attempts: Sequence[_Attempt], ends: Sequence[_End]) -> None:
    futures: list[asyncio.Future[Any]] = [*(wanted.number for wanted in attempts), *(end.done for end in ends)]
    for future in futures:
        if not future.done():
            future.set_exception(error)
