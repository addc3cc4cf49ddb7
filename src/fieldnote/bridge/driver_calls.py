"""Calls of the CRM's driver: each runs in a thread of its own, and every wait for one ends.

A CRM that goes silent leaves its thread behind. The thread is a daemon, so it does not keep the process from ending.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from fieldnote.errors import CrmUnavailable

T = TypeVar("T")

LONGEST: Final = 600.0
"""Seconds that one call may take. A driver's own timeouts are shorter; this one holds for all drivers."""


async def call_driver(work: Callable[..., T], *arguments: Any, doing: str, limit: float | None = None) -> T:
    """Run a blocking call of a driver. `doing`: `reading push.engagements`, for the error.

    Raises `CrmUnavailable` after `limit` seconds (`LONGEST` unless given), and the errors of the call.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work(*arguments)
        except BaseException as failure:  # noqa: BLE001 - the caller raises it
            error = failure
        with suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(settle, result, error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name=f"fieldnote {doing}", daemon=True).start()
    seconds = LONGEST if limit is None else limit
    try:
        async with asyncio.timeout(seconds):
            return await done
    except TimeoutError as error:
        if done.done() and not done.cancelled():
            raise  # the call's own
        raise CrmUnavailable(
            f"{doing}: the CRM has not answered for {seconds:.0f} seconds", hint="See whether the CRM is up, or locked."
        ) from error
