"""Waiting for events. No test may depend on the speed of the machine, so all of them wait here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

HANGS: Final = 120.0
"""Seconds after which a test counts as hung. No test asks whether something happens sooner: `bench/` measures speed."""
_PAUSE: Final = 0.02


async def eventually(happened: Callable[[], Any]) -> None:
    """Wait until `happened` returns, or resolves to, something true."""
    async with asyncio.timeout(HANGS):
        while True:
            found = happened()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(_PAUSE)


def until(happened: Callable[[], Any], *, pause: float = _PAUSE) -> None:
    """Wait in a thread until `happened` returns something true. Without a `pause` it only yields the core."""
    hung = time.monotonic() + HANGS
    while not happened():
        if time.monotonic() > hung:
            raise TimeoutError("the test hangs: it waits for something that does not happen")
        time.sleep(pause)
