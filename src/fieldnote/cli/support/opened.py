"""Runs one piece of work on the connection that a file describes, and keeps an event of it in the audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fieldnote.cli.support.commands import current_command, is_audited
from fieldnote.cli.support.loop import run_in_loop
from fieldnote.cli.support.operator import system_user

if TYPE_CHECKING:
    from fieldnote.bridge import Bridge
    from fieldnote.config import Config
    from fieldnote.db.acts import Act

T = TypeVar("T")


def act_of(action: str, targets: Iterable[object], acting_as: str | None) -> Act:
    """The act of the person at this command line."""
    from fieldnote.db.acts import Act

    return Act(action, [str(one) for one in targets], system_user(), acting_as)


@asynccontextmanager
async def opened_bridge(
    config: Config, *, act: Act | None = None, targets: Iterable[object] = ()
) -> AsyncIterator[Bridge]:
    """The connection, open for this command. The audit gets `act`; without it, the command with its `targets`."""
    from fieldnote.bridge import open_bridge
    from fieldnote.bridge.audit import audited

    async with open_bridge(config) as bridge:
        command = current_command()
        if act is None and command is not None and is_audited(command):
            act = act_of(command, targets, None)
        if act is None:
            yield bridge
            return
        async with audited(bridge, act):
            yield bridge


def with_bridge(
    path: Path, work: Callable[[Bridge], Awaitable[T]], *, act: Act | None = None, targets: Iterable[object] = ()
) -> T:
    """Open the connection, do the work, close it. `act`: the person's decision, for the audit.

    Without it, the audit keeps that the command was run, with the ids in `targets`.
    """

    async def opened() -> T:
        from fieldnote.config import load

        async with opened_bridge(load(path), act=act, targets=targets) as bridge:
            return await work(bridge)

    return run_in_loop(opened())
