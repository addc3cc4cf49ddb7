"""How often an API is called, and what its refusals mean: windows of calls, and answers that say *too many*."""

from __future__ import annotations

import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from fieldnote.config import ApiLimits, BusyAnswer, CallWindow

LONGEST_WAIT = 120.0
"""Seconds. An API that wants more is left alone until the next run."""
_MARGIN = 1.02
"""A window is taken to be so much longer than it is: calls spread on their way."""


class Slots(Protocol):
    """Windows that several processes share."""

    def reserve(self, windows: Sequence[CallWindow]) -> float | None:
        """Take the next slot of these windows; the seconds until it, or None where nobody knows."""


def free_at(settings: CallWindow, taken: Sequence[float]) -> float:
    """When the next call of a window may go, by when its last calls went. Pure."""
    if len(taken) < settings.calls:
        return -math.inf
    return taken[-settings.calls] + settings.seconds * _MARGIN


class _Window:
    def __init__(self, settings: CallWindow) -> None:
        self.settings = settings
        self._path = re.compile(settings.path)
        self._taken: deque[float] = deque(maxlen=settings.calls)

    def counts(self, path: str) -> bool:
        return self._path.search(path) is not None

    def free_at(self) -> float:
        """When the next call may go."""
        return free_at(self.settings, self._taken)

    def take(self, at: float) -> None:
        self._taken.append(at)


class Pace:
    """The windows of one API, for all threads of a process; with `shared`, for all processes."""

    def __init__(
        self,
        windows: tuple[CallWindow, ...],
        *,
        shared: Slots | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._windows = [_Window(one) for one in windows]
        self._clock, self._sleep = clock, sleep
        self._shared = shared
        self._lock = threading.Lock()
        self.waited = 0.0
        """Seconds that calls waited."""

    def wait(self, path: str) -> None:
        """Return when a call of this path may go; it is counted."""
        with self._lock:
            windows = [one for one in self._windows if one.counts(path)]
            if any(one.settings.instead for one in windows):
                windows = [one for one in windows if one.settings.path]
            now = self._clock()
            at = max([now, *(one.free_at() for one in windows)])
            if self._shared is not None and windows:
                wait = self._shared.reserve([one.settings for one in windows])
                at = at if wait is None else now + wait
            for one in windows:
                one.take(at)
        if at > now:
            self.waited += at - now
            self._sleep(at - now)


def busy(limits: ApiLimits | None, status: int, body: str) -> BusyAnswer | None:
    """The wait in an answer that means *too many calls*: the entry with a word counts before the one without."""
    fitting = [one for one in (limits.busy if limits else ()) if one.status == status]
    named = next((one for one in fitting if one.code is not None and one.code in body), None)
    return named or next((one for one in fitting if one.code is None), None)


def seconds_to_wait(answer: BusyAnswer, headers: Mapping[str, str]) -> float | None:
    """As `Retry-After` says, else as the entry says; None: not before the next run."""
    said = str(headers.get("Retry-After", "")).strip()
    if said.isdecimal():
        return float(said)
    if said:
        try:
            until = parsedate_to_datetime(said)
        except ValueError:
            return answer.wait
        return max(0.0, (until.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    return answer.wait
