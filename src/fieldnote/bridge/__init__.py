"""Push, pull and their ledger: what makes a CRM and a Siro organization agree.

::

    async with open_bridge(load(Path("fieldnote.yaml"))) as bridge:
        pushed = await push_once(bridge)
        pulled = await pull_once(bridge)
        async with Daemon(bridge) as daemon:
            await daemon.wait()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fieldnote.bridge.errors import Busy, ConnectionChanged
from fieldnote.bridge.session import Bridge, open_bridge

if TYPE_CHECKING:
    from fieldnote.bridge.daemon.daemon import Daemon
    from fieldnote.bridge.pull.backfill import BackfillResult, backfill_once
    from fieldnote.bridge.pull.dry_run import BackfillPlan, plan_backfill
    from fieldnote.bridge.pull.results import Change, PullResult
    from fieldnote.bridge.pull.run import pull_once
    from fieldnote.bridge.push import Plan, PlannedChange, PushRequest, PushResult, StreamResult, plan_once, push_once

__all__ = [
    "BackfillPlan",
    "BackfillResult",
    "Bridge",
    "Busy",
    "Change",
    "ConnectionChanged",
    "Daemon",
    "Plan",
    "PlannedChange",
    "PullResult",
    "PushRequest",
    "PushResult",
    "StreamResult",
    "backfill_once",
    "open_bridge",
    "plan_backfill",
    "plan_once",
    "pull_once",
    "push_once",
]

# A push need not wait until the libraries of pull, web server and job queue are loaded.
_ROOMS = {
    "BackfillResult": "pull.backfill",
    "backfill_once": "pull.backfill",
    "BackfillPlan": "pull.dry_run",
    "plan_backfill": "pull.dry_run",
    "Daemon": "daemon.daemon",
    "Change": "pull.results",
    "PullResult": "pull.results",
    "pull_once": "pull.run",
    "Plan": "push",
    "PlannedChange": "push",
    "PushResult": "push",
    "StreamResult": "push",
    "PushRequest": "push",
    "plan_once": "push",
    "push_once": "push",
}


def __getattr__(name: str) -> Any:
    """Load the module of a name when it is first asked for."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value
