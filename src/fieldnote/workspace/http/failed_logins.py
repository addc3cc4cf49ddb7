"""Failed logins are slowed by address: who guesses tokens waits longer each time.

A good token from the same address is not slowed. Counted in the server's own process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

WINDOW: Final = 60.0
"""Seconds after the last failure until an address is forgotten."""
FREE: Final = 20
"""Failures of an address that are answered at once: a program with an old token tries a few times."""
LONGEST: Final = 2.0
"""Seconds that a failure waits, at most."""
_STEP: Final = 0.1
_WAITING: Final = 50
"""Failures of an address that wait at the same time; further ones are refused at once."""


@dataclass(slots=True)
class _Failures:
    count: int = 0
    waiting: int = 0
    last: float = 0.0


@dataclass(slots=True)
class FailedLogins:
    """The failures of each address."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _failures: dict[str, _Failures] = field(default_factory=dict)
    _tidied: float = float("-inf")

    async def slow(self, address: str) -> bool:
        """Wait before a failure is answered; False where too many of this address wait already."""
        now = self.clock()
        self._tidy(now)
        own = self._failures.setdefault(address, _Failures())
        own.count, own.last = own.count + 1, now
        delay = min(LONGEST, _STEP * (own.count - FREE))
        if delay <= 0:
            return True
        if own.waiting >= _WAITING:
            return False
        own.waiting += 1
        try:
            await self.sleep(delay)
        finally:
            own.waiting -= 1
        return True

    def _tidy(self, now: float) -> None:
        if now < self._tidied + WINDOW:
            return
        self._tidied = now
        self._failures = {name: own for name, own in self._failures.items() if own.waiting or own.last > now - WINDOW}
