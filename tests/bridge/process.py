"""A bridge in a process of its own, to be killed: `python -m tests.bridge.process COMMAND CONFIG HOME URL [POINT]`.

POINT is a line to die at: `module:function:N` kills the process by SIGKILL at the function's N-th call, before it
does anything.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any

from fieldnote.bridge import Daemon, backfill_once, open_bridge, pull_once, push_once
from fieldnote.config import load


def die_at(point: str) -> None:
    module_name, name, number = point.split(":")
    module = importlib.import_module(module_name)
    *way, last = name.split(".")
    owner = reduce(getattr, way, module)
    whole = getattr(owner, last)
    left = int(number)

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*args, **kwargs)

    setattr(owner, last, dying)


async def main(command: str, config: str, home: str, url: str) -> None:
    async with open_bridge(load(Path(config)), home=Path(home), database_url=url) as bridge:
        match command:
            case "push":
                await push_once(bridge)
            case "pull":
                await pull_once(bridge)
            case "backfill":
                await backfill_once(bridge, datetime.fromisoformat(os.environ["SINCE"]))
            case "run":
                stopped = asyncio.Event()
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
                async with Daemon(bridge, port=0) as daemon:
                    print(daemon.url, flush=True)
                    await stopped.wait()


if __name__ == "__main__":
    if len(sys.argv) > 5:
        die_at(sys.argv[5])
    asyncio.run(main(*sys.argv[1:5]))
