"""The tools of the workspace's server and its jobs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.db.encryption import SecretBox
from fieldnote.db.engine import Application, open_engine
from fieldnote.errors import ConfigError
from fieldnote.insight.llm.settings import LlmSettings, llm_settings
from fieldnote.insight.speech.settings import SpeechSettings, speech_settings
from fieldnote.workspace.audio_store import AudioStore
from fieldnote.workspace.audit import Audit
from fieldnote.workspace.http.fault_schedule import Faults
from fieldnote.workspace.http.fault_settings import FaultSettings
from fieldnote.workspace.insight_pool import InsightPool
from fieldnote.workspace.pool import Connections
from fieldnote.workspace.table_statistics import Statistics
from fieldnote.workspace.tenancy import prepare

SPEECH_MODULE: Final = "fieldnote.insight.speech.worker"
SPEECH_DEADLINE: Final = 900.0
"""Seconds for one piece of audio, of at most five minutes."""
PUBLIC_URL: Final = "FIELDNOTE_WORKSPACE_PUBLIC_URL"
RETRY_AFTER: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""How long to wait after each failed delivery of a webhook; Svix's schedule. After the last it is given up."""


@dataclass(slots=True)
class Pages:
    """Where people read what the workspace has."""

    url: str | None = None
    """The console's that is served beside it; None: there is none."""


def recording_page(base_url: str, recording_id: str) -> str:
    """Where a person reads and hears a recording: the address in notes. The workspace sends it on to the console."""
    return f"{base_url}/recordings/{recording_id}"


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open workspace. `open_workspace` makes it."""

    engine: AsyncEngine
    """On the workspace's own schema, as its owner: `tenancy` puts on the role that requests work under."""
    connections: Connections
    """The engine's, for requests."""
    statistics: Statistics
    audit: Audit
    database_url: str
    box: SecretBox
    audio: AudioStore
    insight: InsightPool
    speech: SpeechSettings | None
    """The engine that transcribes audio; None: audio waits for a transcript."""
    speech_pool: InsightPool
    llm: LlmSettings | None
    """The operator's language model, for organizations that opted in."""
    on_loopback: bool = True
    """Whether only this machine reaches the server: then its webhooks may go to this machine too."""
    retry_after: tuple[timedelta, ...] = RETRY_AFTER
    public_url: str | None = None
    """The address under which clients reach the server; None: that of the socket which took the call."""
    faults: Faults | None = None
    """The faults to inject; None: none."""
    pages: Pages = field(default_factory=Pages)


@asynccontextmanager
async def open_workspace(
    *,
    database_url: str,
    home: Path | None = None,
    on_loopback: bool = True,
    retry_after: tuple[timedelta, ...] = RETRY_AFTER,
    faults: FaultSettings | None = None,
    insight: InsightPool | None = None,
    public_url: str | None = None,
    speech: SpeechSettings | None = None,
    llm: LlmSettings | None = None,
) -> AsyncIterator[Workspace]:
    """The workspace in this database, migrated, with its organizations kept apart.

    `home` holds the key that seals webhook secrets, and the audio unless the environment names another place. `faults`
    go wrong while it is served. `insight` works on conversations in place of a pool of the default size, and is
    closed at the end. `speech` and `llm` take the place of the environment's. Raises DatabaseError, ConfigError.
    """
    insight = insight or InsightPool()
    speech = speech or speech_settings()
    speech_pool = InsightPool(size=1, deadline=SPEECH_DEADLINE, module=SPEECH_MODULE)
    box, audio = SecretBox.open(home), AudioStore.open(home)
    engine = await open_engine(Application.WORKSPACE, database_url, pool_size=8)
    connections, statistics, audit = Connections(engine), Statistics(engine), Audit(engine)
    try:
        await prepare(engine)
        broken = None if faults is None else Faults(faults, engine)
        yield Workspace(
            engine,
            connections,
            statistics,
            audit,
            database_url,
            box,
            audio,
            insight,
            speech,
            speech_pool,
            llm or llm_settings(),
            on_loopback,
            retry_after,
            public_url=_checked_url(public_url or os.environ.get(PUBLIC_URL)),
            faults=broken,
        )
    finally:
        insight.close()
        speech_pool.close()
        await audit.close()
        await statistics.close()
        await connections.close()
        await engine.dispose()


def _checked_url(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ConfigError(
            f"the workspace's public address is not a web address: {url!r}", hint="Write https://siro.example.com."
        )
    return url.strip().rstrip("/")
