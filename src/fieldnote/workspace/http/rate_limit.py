"""How many calls a token may make: so many in any 60 seconds, as Siro allows them.

The calls are counted in the server's own process: of several servers on one database each counts by itself.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

CALLS: Final = 1000
"""Siro's own limit."""
WINDOW: Final = 60.0
"""Seconds."""


@dataclass(slots=True)
class RateLimit:
    """A sliding window for each token. A call that is refused does not count."""

    calls: int = CALLS
    clock: Callable[[], float] = time.monotonic
    _taken: dict[bytes, deque[float]] = field(default_factory=dict)
    _tidied: float = float("-inf")

    def takes(self, hashed: bytes) -> bool:
        """Whether a call of the token with this hash may be made now; it is counted then."""
        now = self.clock()
        self._tidy(now)
        taken = self._taken.setdefault(hashed, deque())
        while taken and taken[0] <= now - WINDOW:
            taken.popleft()
        if len(taken) >= self.calls:
            return False
        taken.append(now)
        return True

    def _tidy(self, now: float) -> None:
        """Forget the tokens of which none was seen for a window: also what is no token costs memory until then."""
        if now < self._tidied + WINDOW:
            return
        self._tidied = now
        self._taken = {key: taken for key, taken in self._taken.items() if taken and taken[-1] > now - WINDOW}
