"""Runs one piece of work on the connection that a file describes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.operator import system_user

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge
    from fieldnote.bridge.audit import Act

T = TypeVar("T")


def act_of(action: str, targets: Iterable[object], acting_as: str | None) -> Act:
    """What the person at this command line decides."""
    from fieldnote.bridge.audit import Act

    return Act(action, [str(one) for one in targets], system_user(), acting_as)


def with_bridge(path: Path, work: Callable[[Bridge], Awaitable[T]], *, act: Act | None = None) -> T:
    """Open the connection, do the work, close it. `act`: the person's decision, for the audit."""

    async def opened() -> T:
        from fieldnote.bridge import open_bridge
        from fieldnote.bridge.audit import audited
        from fieldnote.config import load

        async with open_bridge(load(path)) as bridge:
            if act is None:
                return await work(bridge)
            async with audited(bridge, act):
                return await work(bridge)

    return run_in_loop(opened())
