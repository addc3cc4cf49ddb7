"""A history of recordings goes in from a file; `batch_file` says how that is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import DBAPIError

from fieldnote.errors import WorkspaceError
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.organizations import find_user
from fieldnote.workspace.domain.recordings.batch_file import bad_lines, check_batch, read_batch
from fieldnote.workspace.domain.recordings.recordings import NewRecording, add_recordings
from fieldnote.workspace.tenancy import inside

_GROUP: Final = 100
"""Recordings that are stored in one transaction; the CRM's records wait for it."""
_TRIES: Final = 5


async def add_batch(workspace: Workspace, organization_id: str, path: Path) -> AsyncIterator[tuple[int, str]]:
    """Store the recordings of a batch file; the number of each line and the id of its recording, in order.

    First the whole file is looked at. If a line of it is bad, or names a user that there is not, nothing is stored.
    Else it goes in by groups: broken off, it may be given again, and lines with an `id` that are there stay as they
    are. Raises WorkspaceError.
    """
    named = await asyncio.to_thread(check_batch, path)
    await _check_users(workspace, organization_id, path, named)
    lines = read_batch(path)
    while group := await asyncio.to_thread(lambda: list(islice(lines, _GROUP))):
        ids = await _add(workspace, organization_id, [line.new for line in group])
        for line, recording_id in zip(group, ids, strict=True):
            yield line.number, recording_id


async def _add(workspace: Workspace, organization_id: str, news: Sequence[NewRecording]) -> list[str]:
    """Once; again where PostgreSQL undid it because it and another transaction waited for each other."""
    for left in reversed(range(_TRIES)):
        try:
            return await add_recordings(workspace, organization_id, news)
        except DBAPIError as error:
            if not left or not isinstance(error.orig, DeadlockDetected):
                raise
    raise AssertionError


async def _check_users(workspace: Workspace, organization_id: str, path: Path, named: dict[str, int]) -> None:
    wrong: list[str] = []
    async with inside(workspace.engine, organization_id) as conn:
        for email, number in named.items():
            try:
                await find_user(conn, email)
            except WorkspaceError as error:
                wrong.append(f"{path}:{number}: {error.message}")
    if wrong:
        raise bad_lines(wrong)
