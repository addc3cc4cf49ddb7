"""Sending records: in batches, several in flight, and a refused batch taken apart until the bad record is known."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Final, Self

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from fieldnote.bridge.push.change_detection import Send
from fieldnote.bridge.push.group_commit import GroupCommit
from fieldnote.bridge.push.ledger import Confirmed, Failed, Origin, SentState, StreamLedger
from fieldnote.bridge.push.payload_diff import OnItsWay, as_json
from fieldnote.bridge.push.results import StreamResult
from fieldnote.bridge.remote import Answer, Remote
from fieldnote.errors import Transient
from fieldnote.siro.errors import Invalid, SiroError

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 32
"""Batches at the same time. A kill leaves no more than these to be sent again."""
BODY: Final = 512 * 1024
"""Bytes of a batch from which the next record begins another one."""
GIVE_UP_AFTER: Final = 20
"""Calls in a row that Siro did not answer, before the rest of a stream is left to the next push."""
_BUSY_FOR: Final = 20.0
"""Seconds that a hook waits for a push that has the same record on its way."""
_LOOK_AGAIN: Final = 0.05


class Parcel(OnItsWay, gc=False, eq=False):
    """A record, packed for its way."""

    key: str
    row_hash: bytes | None
    body: bytes
    """What is sent, as JSON."""
    holds: bytes
    """What Siro holds once it has taken it, as JSON."""
    earlier: bytes | None
    """What calls whose answers never came may have left in Siro, as JSON."""
    risked: bytes
    """What it may hold if nobody hears its answer, as JSON."""
    removed: bool
    """Whether Siro then holds it as deleted."""
    gone: bool
    """Whether the CRM has no such row any more."""
    standing: tuple[str, ...]
    siro_id: str | None
    """Of a record that Siro is known to hold."""


def pack(records: Iterable[Send]) -> list[Parcel]:
    """The records' JSON, made once; what it was made of is let go."""
    return [_packed(record) for record in records]


def _packed(record: Send) -> Parcel:
    step, earlier = record.step, record.earlier
    body = as_json(step.send)
    holds = body if step.holds is step.send else as_json(step.holds)
    return Parcel(
        record.key,
        record.row_hash,
        body,
        holds,
        None if earlier is None else as_json(earlier),
        holds if earlier is None else as_json(record.risked),
        step.removed,
        record.gone,
        step.standing,
        record.siro_id,
    )


class Sending:
    """Takes records, and sends them in batches beside each other; the ledger has each answer as it comes.

    A record is in flight once at a time: whoever adds it waits for `drained` first if it is in `keys`.
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
        """`batch`: records in one call. `hooks`: whether a push and hooks may have the same record at a time."""
        self._engine = engine
        self._ledger = ledger
        self._stream = ledger.stream
        self._remote = remote
        self._result = result
        self._size = batch
        self._origin = origin
        self._hooks = hooks
        self.horizon = 0
        """The last attempt that the rows of a push know of: a hook's later one has seen newer rows."""
        self._waiting: list[Parcel] = []
        self._bytes = 0
        self._queue: asyncio.Queue[list[Parcel]] = asyncio.Queue(IN_FLIGHT)
        self._workers: list[asyncio.Task[None]] = []
        self._books = GroupCommit(engine, ledger, origin)
        self._error: BaseException | None = None
        self._silent = 0
        """Calls in a row that Siro did not answer."""
        self.keys: set[str] = set()
        """The records that are on their way."""

    async def __aenter__(self) -> Self:
        await self._books.__aenter__()
        self._workers = [asyncio.create_task(self._work()) for _ in range(IN_FLIGHT)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What is on its way comes to its end; after an error it is broken off, and noted as uncertain."""
        try:
            if error is None:
                await self.drained()
        finally:
            for worker in self._workers:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
            await self._books.__aexit__(kind, error, trace)

    async def add(self, parcels: Sequence[Parcel]) -> None:
        """Take records; waits while enough are on their way."""
        for parcel in parcels:
            self.keys.add(parcel.key)
            if self._waiting and self._bytes + len(parcel.body) > BODY:
                await self._dispatch()
            self._waiting.append(parcel)
            self._bytes += len(parcel.body)
            if len(self._waiting) >= self._size:
                await self._dispatch()

    async def drained(self) -> None:
        """All that was added has been dealt with. Raises what stopped it."""
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
                if self._error is None and self._result.stopped is None:
                    await self._carry_out(batch)
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001 - it is raised where the batches come from
                self._error = self._error or error
            finally:
                self.keys.difference_update(parcel.key for parcel in batch)
                self._queue.task_done()

    async def _carry_out(self, batch: list[Parcel]) -> None:
        attempt, batch = await self._claim(batch)
        if not batch:
            return
        confirmed: list[Confirmed] = []
        failed: list[Failed] = []
        try:
            await self._deliver(batch, confirmed, failed)
        finally:
            await self._keep(attempt, batch, confirmed, failed)

    async def _claim(self, batch: list[Parcel]) -> tuple[int, list[Parcel]]:
        """Note the attempt at those records that nobody else has on their way. The others are pending."""
        if not self._hooks:
            return await self._books.attempt(_risked(batch)), batch
        keys = [parcel.key for parcel in batch]
        until = time.monotonic() + (_BUSY_FOR if self._origin is Origin.HOOK else 0)
        while True:
            async with self._engine.begin() as whole:
                busy = await self._ledger.busy(whole, keys, self._origin, self.horizon)
                if not busy or time.monotonic() >= until:
                    return await self._note(whole, batch, busy)
            await asyncio.sleep(_LOOK_AGAIN)

    async def _note(self, conn: AsyncConnection, batch: list[Parcel], busy: set[str]) -> tuple[int, list[Parcel]]:
        free = [parcel for parcel in batch if parcel.key not in busy]
        if busy:
            await self._ledger.fail(conn, [_busy(parcel) for parcel in batch if parcel.key in busy])
        if not free:
            return 0, []
        return (await self._ledger.attempt(conn, self._origin, _risked(free)))[0], free

    async def _keep(self, attempt: int, batch: list[Parcel], confirmed: list[Confirmed], failed: list[Failed]) -> None:
        """The answers, in the transaction that takes the attempt away. What has none may have arrived."""
        answered = {item.key for item in confirmed} | {item.key for item in failed}
        failed += [
            Failed(parcel.key, SentState.PENDING, None, "interrupted", None, parcel.risked)
            for parcel in batch
            if parcel.key not in answered
        ]
        if failed or self._origin is not Origin.PUSH:
            async with self._engine.begin() as whole:
                await self._ledger.confirm(whole, confirmed)
                await self._ledger.fail(whole, failed)
                await self._ledger.withdraw(whole, attempt, self._origin)
        else:
            await self._books.end(attempt, confirmed)
        self._result.sent += len(confirmed)
        self._result.removed += sum(item.removed for item in confirmed)
        for item in failed:
            context = {"stream": self._result.stream, "key": item.key, "state": item.state.value}
            log.warning("record_not_sent", extra=context)

    # --- calls

    async def _deliver(self, batch: list[Parcel], confirmed: list[Confirmed], failed: list[Failed]) -> None:
        """One call; where it is refused for its records' sake, parts of it until each has its answer."""
        try:
            answers = await self._call(batch)
        except Invalid as error:
            self._silent = 0
            parts = _apart(batch, error)
            if not parts:
                failed.append(_refused(batch[0], error))
        except SiroError as error:
            if not isinstance(error, Transient):  # the credential or the address: no record's fault
                self._result.stopped = error.message
                raise
            self._count_silence(error)
            # A fault of Siro's own may come from one record; a dead line does not.
            parts = _halves(batch) if _answered(error) and self._result.stopped is None else []
            if not parts:
                failed += [_unanswered(parcel, error) for parcel in batch]
        else:
            self._silent = 0
            confirmed += [_confirmed(parcel, answers[parcel.key]) for parcel in batch if parcel.key in answers]
            parts = [[parcel] for parcel in batch if parcel.key not in answers]
        for part in parts:
            await self._deliver(part, confirmed, failed)

    async def _call(self, batch: list[Parcel]) -> dict[str, Answer]:
        """The answers by key. One that does not name its records is no answer to them."""
        if len(batch) == 1:
            only = batch[0]
            return {only.key: await self._remote.put(self._stream, only.body, only.siro_id)}
        return await self._remote.put_batch(self._stream, [parcel.body for parcel in batch])

    def _count_silence(self, error: SiroError) -> None:
        self._silent += 1
        if self._silent >= GIVE_UP_AFTER:
            self._result.stopped = f"{self._silent} calls in a row failed, the last one with: {error.message}"


def _risked(batch: Sequence[Parcel]) -> dict[str, bytes]:
    return {parcel.key: parcel.risked for parcel in batch}


def _apart(batch: list[Parcel], error: Invalid) -> list[list[Parcel]]:
    """A refused batch in parts: those that the complaints name one by one, and the rest; else its halves."""
    named = {int(where) for issue in error.issues if (where := issue.path.split(".")[0]).isdecimal()}
    bad = [parcel for place, parcel in enumerate(batch) if place in named]
    rest = [parcel for place, parcel in enumerate(batch) if place not in named]
    if bad and rest:
        return [rest, *([parcel] for parcel in bad)]
    return _halves(batch)


def _halves(batch: list[Parcel]) -> list[list[Parcel]]:
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]] if middle else []


def _answered(error: SiroError) -> bool:
    return error.call is not None and error.call.status is not None and error.call.status >= 500


def _confirmed(parcel: Parcel, answer: Answer) -> Confirmed:
    return Confirmed(
        parcel.key,
        parcel.row_hash,
        parcel.holds,
        parcel.removed,
        parcel.gone,
        parcel.standing,
        answer.siro_id,
        answer.related,
    )


def _busy(parcel: Parcel) -> Failed:
    """Somebody else sends it, perhaps from a newer row: it is looked up again. Nothing of this was sent."""
    return Failed(parcel.key, SentState.PENDING, None, "it was on its way from elsewhere", None, parcel.earlier)


def _refused(parcel: Parcel, error: Invalid) -> Failed:
    """A refused call has changed nothing; an earlier one may have."""
    return Failed(parcel.key, SentState.REFUSED, parcel.row_hash, error.message, error.hint, parcel.earlier)


def _unanswered(parcel: Parcel, error: SiroError) -> Failed:
    return Failed(parcel.key, SentState.PENDING, None, error.message, error.hint, parcel.risked)
