"""A clock of the tests' own: time passes when a test says so, whatever the machine does meanwhile."""

from __future__ import annotations

import threading
from typing import Final

_LOOK_AGAIN: Final = 0.02


class Clock:
    """A clock that only moves when a test moves it or, while it `runs`, when somebody waits: then it jumps."""

    def __init__(self, *, runs: bool = False) -> None:
        self.runs = runs
        self.waits = 0
        """How often somebody waited for time to pass."""
        self._now = 1000.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    __call__ = now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._now += seconds

    def wait(self, news: threading.Condition, seconds: float | None) -> None:
        """Wait for news, or for time to pass. The condition's lock is taken."""
        self.waits += 1
        if self.runs and seconds is not None:
            self.advance(seconds)
            news.wait(0)  # lets others have the lock
        else:
            news.wait(_LOOK_AGAIN)
