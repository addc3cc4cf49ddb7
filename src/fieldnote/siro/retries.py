"""When a call is sent again, and after what wait. Pure, but for the dice that the caller brings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from fieldnote.siro.errors import BadResponse, RateLimited, SiroError, SiroUnavailable


class Cause(StrEnum):
    """Why a call waits before it is sent again."""

    RATE_LIMITED = "rate_limited"
    """429. The call was not carried out."""
    UNAVAILABLE = "unavailable"
    """A 5xx, a time-out or a broken connection. The call may have been carried out."""
    UNREADABLE = "unreadable"
    """The answer was cut off or is no JSON. The call may have been carried out."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait, as the hook `on_wait` is told of it before it begins."""

    cause: Cause
    seconds: float
    attempt: int
    """How often the call has been sent so far."""
    method: str
    path: str


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

    def delay(self, cause: Cause, attempt: int, *, dice: float, retry_after: float | None) -> float | None:
        """Seconds to wait after the attempt with this number, from 1; None: give up.

        `dice`: 0 to 1. `retry_after`: seconds that Siro asked for.
        """
        if attempt >= self.attempts or (retry_after or 0.0) > self.patience:
            return None
        base = self.base_rate_limited if cause is Cause.RATE_LIMITED else self.base
        # The dice go on top of what Siro asks for, so that those turned away together do not return together.
        back_off: float = dice * min(self.cap, base * 2.0 ** (attempt - 1))
        return back_off if retry_after is None else retry_after + min(back_off, 1.0)


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
