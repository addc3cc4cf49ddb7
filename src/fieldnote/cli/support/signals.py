"""How a command that runs for ever is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any


def stop_signal() -> asyncio.Event:
    """Set by SIGTERM and SIGINT. A second one ends the process as usual."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        stopped.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
            loop.add_signal_handler(number, stop, number)
    return stopped


async def until_stopped(work: Coroutine[Any, Any, object], stopped: asyncio.Event | None = None) -> None:
    """Run `work` until a signal asks to stop. An error of the work is raised.

    `stopped`: a `stop_signal` from before the work was made, so that no earlier signal is lost.
    """
    stopped = stopped or stop_signal()
    waiting = [asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())]
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for task in done:
        task.result()
