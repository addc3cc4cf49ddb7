"""When a call waits, and for how long: pure functions, with random numbers from the caller. Also the totals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from threading import Lock
from typing import Final

from fieldnote.siro.errors import BadResponse, RateLimited, SiroError, SiroUnavailable, Unreachable


class Cause(StrEnum):
    """Why a call waits."""

    BUDGET = "budget"
    """The token's calls of this minute are used up. The call has not been sent yet."""
    RATE_LIMITED = "rate_limited"
    """429. The call was not carried out."""
    UNAVAILABLE = "unavailable"
    """A 5xx, a timeout or a broken connection. The call may have been carried out."""
    UNREADABLE = "unreadable"
    """The answer was cut off or is not JSON. The call may have been carried out."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait, as `on_wait` gets it before it begins."""

    cause: Cause
    seconds: float
    """How long it takes; of a wait for the budget, an estimate."""
    attempt: int
    """How often the call has been sent so far."""
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Totals:
    """The counts of a client so far."""

    calls: int = 0
    """Requests sent, repetitions and minting of tokens included."""
    retries: int = 0
    """Those of them that were repetitions."""
    waits: int = 0
    """Waits, before repetitions and for the budget."""
    seconds_waited: float = 0.0
    """Seconds spent in those waits, by all tasks and threads together."""


@dataclass(slots=True)
class CallCount:
    """The calls of one piece of work."""

    calls: int = 0
    """Requests sent, repetitions included."""
    outer: CallCount | None = None


_counted: Final[ContextVar[CallCount | None]] = ContextVar("fieldnote call count", default=None)


@contextmanager
def counting() -> Iterator[CallCount]:
    """Count only the calls of this block and of the tasks started in it, of any client."""
    count = CallCount(outer=_counted.get())
    token = _counted.set(count)
    try:
        yield count
    finally:
        _counted.reset(token)


class Tally:
    """Counts for `Totals`, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._totals = Totals()

    def add(self, *, calls: int = 0, retries: int = 0, waits: int = 0, seconds: float = 0.0) -> None:
        """Count on."""
        count = _counted.get()
        while calls and count is not None:
            count.calls += calls
            count = count.outer
        with self._lock:
            now = self._totals
            self._totals = Totals(
                now.calls + calls, now.retries + retries, now.waits + waits, now.seconds_waited + seconds
            )

    @property
    def totals(self) -> Totals:
        """The sums so far."""
        return self._totals


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Capped exponential back-off with full jitter: each wait is anything from 0 to its limit.

    The limits of five waits add up to 15 s after a fault, and to 95 s after a 429, as the API counts calls by
    the minute.
    """

    attempts: int = 6
    """How often a call is sent at most, the first time included."""
    base: float = 0.5
    """Seconds that the first wait after a fault takes at most."""
    base_rate_limited: float = 5.0
    """Seconds that the first wait after a 429 takes at most."""
    cap: float = 30.0
    """Seconds that any wait takes at most, unless Siro names a time (Retry-After)."""
    patience: float = 120.0
    """The longest Retry-After, in seconds, that is waited out; beyond it the call fails at once."""
    silence: float = 300.0
    """Seconds in which no attempt of the client got a whole answer. Then no call is repeated, and all fail at once but
    for one attempt every 30 seconds: an answer that comes byte by byte must not cost each call its own wait."""

    def delay(self, cause: Cause, attempt: int, *, dice: float, retry_after: float | None) -> float | None:
        """Seconds to wait after the attempt with this number, from 1; None: give up.

        `dice`: a random number from 0 to 1. `retry_after`: the seconds that Siro asked for.
        """
        if attempt >= self.attempts or (retry_after or 0.0) > self.patience:
            return None
        base = self.base_rate_limited if cause is Cause.RATE_LIMITED else self.base
        # The random part comes on top of Retry-After, so that calls refused together do not return together.
        back_off: float = dice * min(self.cap, base * 2.0 ** (attempt - 1))
        return back_off if retry_after is None else retry_after + min(back_off, 1.0)


def certainly_not_done(error: SiroError) -> bool:
    """Whether the call was surely not carried out, so that even a POST may be sent again."""
    return isinstance(error, RateLimited | Unreachable)


def cause_of(error: SiroError) -> Cause | None:
    """Why this error may be worth another attempt; None: it is not."""
    match error:
        case RateLimited():
            return Cause.RATE_LIMITED
        case SiroUnavailable():
            return Cause.UNAVAILABLE
        case BadResponse():
            return Cause.UNREADABLE
        case _:
            return None


def read_retry_after(value: str | None, now: float) -> float | None:
    """Seconds from now that a Retry-After header names, as seconds or as a date; None where it names none."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (aware - datetime.fromtimestamp(now, UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError, OSError):
        return None
