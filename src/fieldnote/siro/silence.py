"""How long a client's calls have failed without a whole answer: a slow server must not cost each call its own wait."""

from __future__ import annotations

from threading import Lock
from typing import Final

_APART: Final = 120.0
"""Seconds between two failed attempts after which the second one begins a new silence."""
_ONE_EVERY: Final = 30.0
"""Seconds between attempts while calls fail at once, to find out whether Siro answers again."""


class Silence:
    """The time since the first of the failed attempts in a row, for all calls of a client. Times are monotonic."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._since: float | None = None
        self._tried = 0.0
        """The end of the last attempt, or the beginning of one that was let through."""

    def seconds(self, now: float) -> float:
        """How long it has lasted."""
        with self._lock:
            return 0.0 if self._since is None else now - self._since

    def refuses(self, now: float, patience: float) -> bool:
        """Whether a call should fail at once. One attempt every 30 seconds is let through."""
        with self._lock:
            if self._since is None or self._tried - self._since < patience:
                return False
            if now - self._tried < _ONE_EVERY:
                return True
            self._tried = now
            return False

    def failed(self, began: float, now: float) -> None:
        """An attempt ended without a whole answer."""
        with self._lock:
            if self._since is None or began - self._tried > _APART:
                self._since = began
            self._tried = now

    def ended(self) -> None:
        """An answer came, of any status."""
        with self._lock:
            self._since = None
