"""The tools of a pass: the file, the ledger's database, Siro and the CRM."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.bridge.remote import Remote, open_remote
from fieldnote.config import Config
from fieldnote.crm import Driver, Place, open_driver
from fieldnote.db.encryption import SecretBox
from fieldnote.db.engine import Application, open_engine
from fieldnote.db.engine import database_url as find_database_url
from fieldnote.db.home import home as default_home
from fieldnote.db.rate_limit import SharedLimiter
from fieldnote.siro import Budget, RetryPolicy


@dataclass(frozen=True, slots=True)
class Bridge:
    """One connection, open for work. `open_bridge` makes it."""

    config: Config
    engine: AsyncEngine
    """On the bridge's own schema."""
    database_url: str
    remote: Remote
    """Siro, as the bridge uses it; `remote.client` is the client itself."""
    crm: Driver
    box: SecretBox
    home: Path | None = None
    """The home of the embedded server; None: the database is somebody else's server."""

    def restart_database(self) -> None:
        """Start the embedded server if it is not running. Blocking. Raises `DatabaseError`."""
        if self.home is not None:
            find_database_url(Application.BRIDGE, home=self.home)

    @property
    def name(self) -> str:
        """The connection's name."""
        return self.config.connection

    @property
    def zone(self) -> str | None:
        """The zone of the CRM's people, where the file names one for all of them."""
        zone = self.config.crm.local_timezone or self.config.crm.timezone
        return zone if isinstance(zone, str) else None


@asynccontextmanager
async def open_bridge(
    config: Config,
    *,
    home: Path | None = None,
    database_url: str | None = None,
    retries: RetryPolicy | None = None,
) -> AsyncIterator[Bridge]:
    """Open all that `push_once`, `pull_once` and `Daemon` need for the connection that `config` describes.

    `database_url`: the bridge's PostgreSQL; without it the environment's, else the home's embedded server.
    `retries`: how the client repeats calls; without it, its own way.
    """
    async with AsyncExitStack() as stack:
        url = database_url
        if url is None:
            url = await asyncio.to_thread(find_database_url, Application.BRIDGE, home=home)
        box = await asyncio.to_thread(SecretBox.open, home)
        place = Place(config.connection, config.path.absolute().parent, url, home or default_home())
        crm = await asyncio.to_thread(open_driver, config.crm, place)
        stack.push_async_callback(asyncio.to_thread, crm.close)
        engine = await open_engine(Application.BRIDGE, url, pool_size=8)
        stack.push_async_callback(engine.dispose)
        limiter: SharedLimiter | None = None
        if config.siro.rate_limit is not None:
            limiter = SharedLimiter(url, Budget(config.siro.rate_limit))
            stack.push_async_callback(asyncio.to_thread, limiter.close)
        remote = await stack.enter_async_context(open_remote(config.siro, retries=retries, limiter=limiter))
        own_server = (home or default_home()) if database_url is None else None
        yield Bridge(config, engine, url, remote, crm, box, own_server)
