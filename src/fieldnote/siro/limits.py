"""The budget of calls: how many a token may make in any window of time, and which go first.

The server counts a call somewhere between our sending it and its answer's arrival. A call therefore occupies a
place of the budget from the moment it is granted until one window after its end: then no window of the server's
can hold more calls than there are places, however the network delays them.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Protocol


class Priority(IntEnum):
    """Which calls go first when calls wait for the budget."""

    LIVE = 0
    """A webhook or a person waits for it."""
    BULK = 1
    """One of many: a backfill, a nightly run. Goes when no live call waits."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A number of calls of one token in any window of seconds. Raises ValueError for impossible numbers."""

    calls: int = 1000
    seconds: float = 60.0
    kept_for_live: float = 0.0
    """The share of the calls that bulk calls leave free, from 0 to below 1."""

    def __post_init__(self) -> None:
        if self.calls < 1 or not self.seconds > 0 or not 0 <= self.kept_for_live < 1:
            raise ValueError(f"budget is not possible: {self}")

    @property
    def kept(self) -> int:
        """The number of calls that bulk calls leave free; at least one is left to them."""
        return min(math.ceil(self.calls * self.kept_for_live), self.calls - 1)

    @property
    def pause(self) -> float:
        """Seconds of pause after a 429: others use the token, too."""
        return self.seconds / 20


class Permit(Protocol):
    """One call of the budget."""

    def done(self) -> None:
        """The attempt ended. From now the call counts for one more window."""


class Turn(Protocol):
    """A place in the queue for a permit."""

    expected: float
    """Estimated seconds to wait; 0 with a permit."""
    future: Future[Permit]

    def leave(self) -> None:
        """Leave without a call, and give back a permit."""


class Limiter(Protocol):
    """Keeps the calls of each token within a budget. Usable from all threads and tasks."""

    def request(self, key: str, priority: Priority) -> Turn:
        """Ask for a call of the token with this hash. Never waits."""

    def refused(self, key: str) -> None:
        """Siro answered 429 anyway."""


class Clock(Protocol):
    """The time that a limiter lives in; tests bring one of their own."""

    def now(self) -> float:
        """Seconds since some moment. It never goes back."""

    def wait(self, news: threading.Condition, seconds: float | None) -> None:
        """Wait for news, at most so many seconds. The condition's lock is taken."""


class _MachineClock:
    """The machine's own, which no change of the date moves."""

    def now(self) -> float:
        return time.monotonic()

    def wait(self, news: threading.Condition, seconds: float | None) -> None:
        news.wait(seconds)


_priority: ContextVar[Priority] = ContextVar("fieldnote_siro_priority", default=Priority.LIVE)


def current_priority() -> Priority:
    """The priority of calls from here."""
    return _priority.get()


@contextmanager
def bulk() -> Iterator[None]:
    """Let live calls go first: for calls in this block, and in tasks started in it."""
    token = _priority.set(Priority.BULK)
    try:
        yield
    finally:
        _priority.reset(token)


# --- within one process ---------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Turn:
    """A turn and, once it is granted, its permit."""

    queue: _Queue = field(repr=False)
    priority: Priority
    expected: float = 0.0
    future: Future[Permit] = field(default_factory=Future, repr=False)
    granted: bool = False
    ended: bool = False

    def done(self) -> None:
        self.queue.end(self, used=True)

    def leave(self) -> None:
        self.queue.end(self, used=False)


class _Queue:
    """The places and the waiting calls of one token. Callers hold the limiter's lock, except for `end`."""

    def __init__(self, budget: Budget, lock: threading.Condition, clock: Clock) -> None:
        self._budget = budget
        self._lock = lock
        self._clock = clock
        self._in_flight = 0
        self._ended: deque[float] = deque()
        """The end times of the calls that still count, in order."""
        self._closed_until = 0.0
        self.waiting: dict[Priority, deque[_Turn]] = {priority: deque() for priority in Priority}

    def join(self, priority: Priority, now: float) -> _Turn:
        turn = _Turn(self, priority)
        self.waiting[priority].append(turn)
        self.grant(now)
        if not turn.granted:
            turn.expected = self._expected(priority, now)
        return turn

    def end(self, turn: _Turn, *, used: bool) -> None:
        """End a call, or leave the queue. Repeating it does nothing."""
        with self._lock:
            if turn.ended:
                return
            turn.ended = True
            if not turn.granted:
                self.waiting[turn.priority].remove(turn)
                return
            self._in_flight -= 1
            if used:
                self._ended.append(self._clock.now())
            if self.has_waiting:
                self._lock.notify()

    def close(self, now: float) -> None:
        self._closed_until = now + self._budget.pause

    @property
    def has_waiting(self) -> bool:
        return any(self.waiting.values())

    @property
    def idle(self) -> bool:
        return not (self._in_flight or self._ended or self.has_waiting)

    def grant(self, now: float) -> None:
        """Grant free places, first to live calls, in order of arrival."""
        while self._ended and self._ended[0] + self._budget.seconds <= now:
            self._ended.popleft()
        if now < self._closed_until:
            return
        for priority, kept in ((Priority.LIVE, 0), (Priority.BULK, self._budget.kept)):
            queue = self.waiting[priority]
            while queue and self._free > kept:
                self._give(queue.popleft())
            if queue:
                return

    def _give(self, turn: _Turn) -> None:
        turn.granted = True
        self._in_flight += 1
        if turn.future.set_running_or_notify_cancel():
            turn.future.set_result(turn)
        else:
            turn.ended = True
            self._in_flight -= 1

    @property
    def _free(self) -> int:
        return self._budget.calls - self._in_flight - len(self._ended)

    def next_change(self, now: float) -> float | None:
        """Seconds until a place may become free; None: only the end of a call can free one."""
        if now < self._closed_until:
            return self._closed_until - now
        return self._ended[0] + self._budget.seconds - now if self._ended else None

    def _expected(self, priority: Priority, now: float) -> float:
        """An estimate, as if all calls in flight ended now."""
        ahead = len(self.waiting[Priority.LIVE])
        if priority is Priority.BULK:
            ahead += len(self.waiting[Priority.BULK]) + self._budget.kept
        wanted = ahead - max(0, self._free)
        rounds, place = divmod(max(0, wanted - 1), self._budget.calls)
        ended = self._ended[place] if place < len(self._ended) else now
        free_at = ended + self._budget.seconds * (rounds + 1) if wanted > 0 else now
        return max(0.0, max(free_at, self._closed_until) - now)


_IDLE_KEYS: Final = 64
"""With more tokens than this, unused ones are removed."""


class LocalLimiter:
    """A budget for each token, shared by all threads and event loops of this process."""

    def __init__(self, budget: Budget, clock: Clock | None = None) -> None:
        self.budget = budget
        self._clock = clock or _MachineClock()
        self._lock = threading.Condition()
        self._queues: dict[str, _Queue] = {}
        self._timer: threading.Thread | None = None

    def request(self, key: str, priority: Priority) -> Turn:
        """Ask for a call. A free place gives a permit at once."""
        now = self._clock.now()
        with self._lock:
            queue = self._queues.get(key) or self._add(key, now)
            turn = queue.join(priority, now)
            if not turn.granted:
                self._keep_time()
        return turn

    def refused(self, key: str) -> None:
        """Pause all calls for a moment: Siro answered 429 anyway."""
        with self._lock:
            if queue := self._queues.get(key):
                queue.close(self._clock.now())

    def _add(self, key: str, now: float) -> _Queue:
        if len(self._queues) >= _IDLE_KEYS:
            for queue in self._queues.values():
                queue.grant(now)
            self._queues = {name: queue for name, queue in self._queues.items() if not queue.idle}
        return self._queues.setdefault(key, _Queue(self.budget, self._lock, self._clock))

    def _keep_time(self) -> None:
        """Run a thread only while calls wait."""
        if self._timer is None:
            self._timer = threading.Thread(target=self._run, name="fieldnote-budget", daemon=True)
            self._timer.start()
        else:
            self._lock.notify()

    def _run(self) -> None:
        with self._lock:
            while waiting := [queue for queue in self._queues.values() if queue.has_waiting]:
                now = self._clock.now()
                for queue in waiting:
                    queue.grant(now)
                pauses = [pause for queue in waiting if (pause := queue.next_change(now)) is not None]
                if any(queue.has_waiting for queue in waiting):
                    self._clock.wait(self._lock, max(0.0, min(pauses)) if pauses else None)
            self._timer = None


_limiters: dict[Budget, LocalLimiter] = {}
_limiters_lock: Final = threading.Lock()


def local_limiter(budget: Budget) -> LocalLimiter:
    """The one limiter of this process for that budget: two clients with one token share its calls."""
    with _limiters_lock:
        return _limiters.setdefault(budget, LocalLimiter(budget))
