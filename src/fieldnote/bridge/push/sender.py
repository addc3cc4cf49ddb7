"""Sends records: in batches, several in flight. A refused batch is taken apart until the bad record is known."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.bridge.errors import Halted
from fieldnote.bridge.push.attempts import Attempts, Origin
from fieldnote.bridge.push.entries import Failed
from fieldnote.bridge.push.group_commit import GroupCommit
from fieldnote.bridge.push.ledger import StreamLedger
from fieldnote.bridge.push.payload_diff import Delivery
from fieldnote.bridge.push.reasons import kind_of
from fieldnote.bridge.push.results import StreamResult
from fieldnote.bridge.push.states import SentState
from fieldnote.bridge.remote import Answer, Remote
from fieldnote.errors import CrmError, Transient
from fieldnote.siro.errors import Invalid, SiroError

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 32
"""Batches at the same time. After a kill no more than these are sent again."""
BODY: Final = 512 * 1024
"""Bytes of a batch from which the next record begins another one."""
GIVE_UP_AFTER: Final = 20
"""Calls in a row without an answer, before the rest of a stream is left to the next push."""
_FEW: Final = 5
"""Fewer refused records than this say nothing about all of them."""
_MASS: Final = 2000
"""Refused records, while none was taken, after which a push stops."""
_BUSY_FOR: Final = 20.0
"""Seconds that a hook waits for a push that is sending the same record."""
_LOOK_AGAIN: Final = 0.05


class Sender:
    """Takes records, and sends them in batches; the ledger has each answer as it comes.

    A record is in flight once at a time: before you add one that is in `keys`, wait for `drained`.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        ledger: StreamLedger,
        remote: Remote,
        result: StreamResult,
        *,
        batch: int,
        origin: Origin = Origin.PUSH,
        hooks: bool = False,
    ) -> None:
        """`batch`: records in one call. `hooks`: whether a push and hooks may send the same record at a time."""
        self._engine = engine
        self._ledger = ledger
        self._attempts = Attempts(ledger.connection, ledger.stream)
        self._remote = remote
        self._result = result
        self._size = batch
        self._origin = origin
        self._hooks = hooks
        self._horizon = 0
        """The last attempt that the rows of a push know of: a hook's later one has seen newer rows."""
        self._waiting: list[Delivery] = []
        self._bytes = 0
        self._queue: asyncio.Queue[list[Delivery]] = asyncio.Queue(IN_FLIGHT)
        self._workers: list[asyncio.Task[None]] = []
        self._commits = GroupCommit(engine, ledger, self._attempts, origin)
        self._error: BaseException | None = None
        self._silent = 0
        """Calls in a row that Siro did not answer."""
        self._refusals: dict[str, list[Failed]] = {}
        """Refused records by kind of reason, as long as Siro has taken none."""
        self._taken_any = False
        self.keys: set[str] = set()
        """The records in flight."""

    async def __aenter__(self) -> Self:
        await self._commits.__aenter__()
        self._workers = [asyncio.create_task(self._work()) for _ in range(IN_FLIGHT)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the batches in flight; after an error, cancel them, and note that they may have arrived."""
        try:
            if error is None:
                await self.drained()
            elif isinstance(error, Halted | CrmError):
                await self._queue.join()
        finally:
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
            await self._commits.__aexit__(kind, error, trace)
            await self._reopen_refusals()

    async def start_reading(self) -> None:
        """Rows that are read from now on are newer than any attempt of a hook so far."""
        if self._hooks:
            async with self._engine.connect() as conn:
                self._horizon = await self._attempts.last(conn)

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        """Take records; waits while enough are in flight. Raises the error that stopped the sending."""
        for delivery in deliveries:
            self.keys.add(delivery.key)
            if self._waiting and self._bytes + len(delivery.body) > BODY:
                await self._dispatch()
            self._waiting.append(delivery)
            self._bytes += len(delivery.body)
            if len(self._waiting) >= self._size:
                await self._dispatch()

    async def drained(self) -> None:
        """Wait until all that was added is done. Raises the error that stopped the sending."""
        if self._waiting:
            await self._dispatch()
        await self._queue.join()
        if self._error is not None:
            raise self._error

    async def _dispatch(self) -> None:
        batch, self._waiting, self._bytes = self._waiting, [], 0
        await self._queue.put(batch)
        if self._error is not None:
            raise self._error

    async def _work(self) -> None:
        while True:
            batch = await self._queue.get()
            try:
                if self._error is None:
                    await self._carry_out(batch)
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 - it is raised where the batches come from
                self._error = self._error or error
            finally:
                self.keys.difference_update(delivery.key for delivery in batch)
                self._queue.task_done()

    async def _carry_out(self, batch: list[Delivery]) -> None:
        attempt, batch = await self._claim(batch)
        if not batch:
            return
        taken: list[Delivery] = []
        failed: list[Failed] = []
        try:
            await self._deliver(batch, taken, failed)
        finally:
            await self._keep(attempt, batch, taken, failed)

    async def _claim(self, batch: list[Delivery]) -> tuple[int, list[Delivery]]:
        """Note the attempt at the records that no other process is sending. The others are pending."""
        if not self._hooks:
            return await self._commits.attempt(_attempted(batch)), batch
        keys = [delivery.key for delivery in batch]
        until = time.monotonic() + (_BUSY_FOR if self._origin is Origin.HOOK else 0)
        while True:
            async with self._engine.begin() as whole:
                busy = await self._attempts.busy(whole, keys, self._origin, self._horizon)
                if not busy or time.monotonic() >= until:
                    return await self._note(whole, batch, busy)
            await asyncio.sleep(_LOOK_AGAIN)

    async def _note(self, conn: AsyncConnection, batch: list[Delivery], busy: set[str]) -> tuple[int, list[Delivery]]:
        free = [delivery for delivery in batch if delivery.key not in busy]
        if busy:
            await self._ledger.fail(conn, [_busy(delivery) for delivery in batch if delivery.key in busy])
        if not free:
            return 0, []
        return (await self._attempts.add(conn, self._origin, _attempted(free)))[0], free

    async def _keep(self, attempt: int, batch: list[Delivery], taken: list[Delivery], failed: list[Failed]) -> None:
        """Write the answers in the transaction that ends the attempt. A record without one may have arrived."""
        answered = {item.key for item in taken} | {item.key for item in failed}
        failed += [
            Failed(delivery.key, SentState.PENDING, None, "interrupted", None, delivery.attempted)
            for delivery in batch
            if delivery.key not in answered
        ]
        if failed or self._origin is not Origin.PUSH:
            async with self._engine.begin() as whole:
                await self._ledger.confirm(whole, taken)
                await self._ledger.fail(whole, failed)
                await self._attempts.end(whole, attempt, self._origin)
        else:
            await self._commits.end(attempt, taken)
        self._result.sent += len(taken)
        self._result.removed += sum(item.deleted for item in taken)
        for item in failed:
            context = {"stream": self._result.stream, "key": item.key, "state": item.state.value}
            log.info("record_not_sent", extra=context)

    # --- calls

    async def _deliver(self, batch: list[Delivery], taken: list[Delivery], failed: list[Failed]) -> None:
        """One call; if it is refused because of its records, parts of it until each has its answer."""
        try:
            answers = await self._call(batch)
        except Invalid as error:
            self._silent = 0
            parts = _split(batch, error)
            if not parts:
                failed.append(_refused(batch[0], error))
                self._count_refusal(failed[-1])
        except SiroError as error:
            if not isinstance(error, Transient):  # the credential or the address: no record's fault
                raise
            self._silent += 1
            given_up = self._silent >= GIVE_UP_AFTER
            # A server error may come from one record; a dead line does not.
            parts = _halves(batch) if _answered(error) and not given_up else []
            if not parts:
                failed += [_unanswered(delivery, error) for delivery in batch]
            if given_up:
                text = f"{self._silent} calls in a row failed, the last one with: {error.message}"
                raise Halted(text, hint="The next push continues.") from error
        else:
            self._silent = 0
            self._taken_any = self._taken_any or bool(answers)
            taken += [_confirm(item, answers[item.external_id]) for item in batch if item.external_id in answers]
            parts = [[item] for item in batch if item.external_id not in answers]
        for part in parts:
            await self._deliver(part, taken, failed)

    def _count_refusal(self, refused: Failed) -> None:
        """Raise `Halted` where Siro takes none of very many records, all for one kind of reason."""
        if self._taken_any:
            return
        alike = self._refusals.setdefault(kind_of(refused.reason, refused.key), [])
        alike.append(refused)
        if len(alike) >= _MASS:
            raise Halted(
                f"Siro refused {len(alike)} records in a row and took none: {refused.reason}",
                hint=f"Fix the cause, then run `fieldnote quarantine retry {self._ledger.stream} --all`.",
            )

    async def _reopen_refusals(self) -> None:
        """If Siro refused every record for one kind of reason, the cause is not in the records: they are pending."""
        alike = next(iter(self._refusals.values()), [])
        if self._taken_any or len(self._refusals) != 1 or not _FEW <= len(alike) < _MASS:
            return
        async with self._engine.begin() as conn:
            await self._ledger.fail(conn, [replace(item, state=SentState.PENDING, row_hash=None) for item in alike])

    async def _call(self, batch: list[Delivery]) -> dict[str, Answer]:
        """The answers by external id. Raises `BadResponse` if they do not name their records."""
        if len(batch) == 1:
            only = batch[0]
            answer = await self._remote.put(self._ledger.stream, only.external_id, only.body, only.siro_id)
            return {only.external_id: answer}
        answers = await self._remote.put_batch(self._ledger.stream, [delivery.body for delivery in batch])
        # If one names a record that was not sent, none can be trusted: each record is sent by itself.
        return answers if answers.keys() <= {delivery.external_id for delivery in batch} else {}


def _attempted(batch: Sequence[Delivery]) -> dict[str, bytes]:
    return {delivery.key: delivery.attempted for delivery in batch}


def _split(batch: list[Delivery], error: Invalid) -> list[list[Delivery]]:
    """A refused batch in parts: each record that the error names, and the rest; else its halves."""
    named = {int(where) for issue in error.issues if (where := issue.path.split(".")[0]).isdecimal()}
    bad = [delivery for place, delivery in enumerate(batch) if place in named]
    rest = [delivery for place, delivery in enumerate(batch) if place not in named]
    if bad and rest:
        return [rest, *([delivery] for delivery in bad)]
    return _halves(batch)


def _halves(batch: list[Delivery]) -> list[list[Delivery]]:
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]] if middle else []


def _answered(error: SiroError) -> bool:
    return error.call is not None and error.call.status is not None and error.call.status >= 500


def _confirm(delivery: Delivery, answer: Answer) -> Delivery:
    delivery.siro_id = answer.siro_id or delivery.siro_id
    delivery.related = answer.related
    return delivery


def _busy(delivery: Delivery) -> Failed:
    """Another process sends it, perhaps from a newer row: the next push looks it up again. This push sent nothing."""
    return Failed(delivery.key, SentState.PENDING, None, "another process was sending it", None, delivery.earlier)


def _refused(delivery: Delivery, error: Invalid) -> Failed:
    """A refused call has changed nothing; an earlier one may have."""
    return Failed(delivery.key, SentState.REFUSED, delivery.row_hash, error.message, error.hint, delivery.earlier)


def _unanswered(delivery: Delivery, error: SiroError) -> Failed:
    return Failed(delivery.key, SentState.PENDING, None, error.message, error.hint, delivery.attempted)
