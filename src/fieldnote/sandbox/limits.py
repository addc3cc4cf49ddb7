"""Calls in a window that moves along, and calls in a day."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from fieldnote.sandbox.clock import Clock


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call too many."""

    limit: Limit
    wait: float
    """Seconds until the next call can go through."""


class Limit:
    """At most `calls` in any `seconds`."""

    def __init__(self, name: str, calls: int, seconds: float, clock: Clock) -> None:
        self.name = name
        self.calls = calls
        self.seconds = seconds
        self.most = 0
        """The most calls that any window had, refused ones not counted."""
        self._clock = clock
        self._taken: deque[float] = deque()

    @property
    def used(self) -> int:
        """How many calls the window has now."""
        self._forget(self._clock.now().timestamp())
        return len(self._taken)

    @property
    def left(self) -> int:
        """How many more it takes now."""
        return max(0, self.calls - self.used)

    def wait(self) -> float:
        """Seconds until a call goes through; 0 for at once."""
        now = self._clock.now().timestamp()
        self._forget(now)
        return 0.0 if len(self._taken) < self.calls else max(0.001, self._taken[0] + self.seconds - now)

    def take(self) -> None:
        """Count a call."""
        self._taken.append(self._clock.now().timestamp())
        self.most = max(self.most, len(self._taken))

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()


class Limits:
    """Several limits over the same calls. A refused call counts for none of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limits: dict[str, Limit] = {}
        self.refused = 0
        """How many calls were too many."""

    def set(self, name: str, calls: int, per: timedelta) -> Limit:
        """Add a limit, or replace the one of this name."""
        self._limits[name] = Limit(name, calls, per.total_seconds(), self._clock)
        return self._limits[name]

    def __getitem__(self, name: str) -> Limit:
        return self._limits[name]

    def take(self, names: tuple[str, ...]) -> Refusal | None:
        """Count a call for these limits, or say which of them refuses it."""
        limits = [self._limits[name] for name in names if name in self._limits]
        for limit in limits:
            if (wait := limit.wait()) > 0:
                self.refused += 1
                return Refusal(limit, wait)
        for limit in limits:
            limit.take()
        return None
