"""Runs one piece of work on the connection that a file describes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fieldnote.cli.support.loop import run_in_loop

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge

T = TypeVar("T")


def with_bridge(path: Path, work: Callable[[Bridge], Awaitable[T]]) -> T:
    """Open the connection, do the work, close it."""

    async def opened() -> T:
        from fieldnote.bridge import open_bridge
        from fieldnote.config import load

        async with open_bridge(load(path)) as bridge:
            return await work(bridge)

    return run_in_loop(opened())
