"""Push, pull and their ledger: what makes a CRM and a Siro organization agree.

::

    async with open_bridge(load(Path("fieldnote.yaml"))) as bridge:
        pushed = await push_once(bridge)
        pulled = await pull_once(bridge)
        async with Daemon(bridge) as daemon:
            await daemon.wait()
"""

from fieldnote.bridge.context import Bridge, open_bridge
from fieldnote.bridge.daemon import Daemon
from fieldnote.bridge.errors import Busy, ConnectionChanged
from fieldnote.bridge.outcomes import Change, PullResult
from fieldnote.bridge.pull import pull_once
from fieldnote.bridge.push import PushResult, StreamResult, push_once

__all__ = [
    "Bridge",
    "Busy",
    "Change",
    "ConnectionChanged",
    "Daemon",
    "PullResult",
    "PushResult",
    "StreamResult",
    "open_bridge",
    "pull_once",
    "push_once",
]
