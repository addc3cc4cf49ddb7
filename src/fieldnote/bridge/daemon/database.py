"""The wait for Fieldnote's own PostgreSQL: after a power cut, the daemon may start before it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from fieldnote.db.engine import Application, database_url
from fieldnote.db.migrate import upgrade
from fieldnote.errors import DatabaseUnavailable

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0


async def wait_for_database(connection: str, *, home: Path | None = None) -> None:
    """Return once the bridge's database answers, and say so while it does not.

    Waiting does not fix a wrong password or a missing database: that is a `DatabaseError`.
    """
    pause, shown = _FIRST_PAUSE, ""
    while True:
        try:
            url = await asyncio.to_thread(database_url, Application.BRIDGE, home=home)
            await asyncio.to_thread(upgrade, Application.BRIDGE, url)
        except DatabaseUnavailable as error:
            if error.message != shown:
                log.warning("waiting_for_database", extra={"connection": connection, "reason": error.message})
            shown = error.message
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        else:
            return
