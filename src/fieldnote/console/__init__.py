"""The web pages: see which visits were recorded and written, read why, and put it right.

::

    async with open_console(database_url=url, bridge=bridge) as console, ConsoleServer(console) as server:
        server.url                                  # http://127.0.0.1:8788
"""

from __future__ import annotations

from fieldnote.console.context import Console, ConsoleSettings, open_console
from fieldnote.console.server import ConsoleServer

__all__ = ["Console", "ConsoleServer", "ConsoleSettings", "open_console"]
