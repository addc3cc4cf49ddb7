"""Stores a history of recordings from a file in the format of `batch_file`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import DBAPIError

from fieldnote.errors import WorkspaceError
from fieldnote.workspace.audit import PROGRAM, Operator
from fieldnote.workspace.context import Workspace
from fieldnote.workspace.domain.organizations import find_user
from fieldnote.workspace.domain.recordings.batch_file import bad_lines, check_batch, read_batch
from fieldnote.workspace.domain.recordings.recordings import NewRecording, add_recordings
from fieldnote.workspace.tenancy import inside

_GROUP: Final = 100
"""Recordings in one transaction; syncs of CRM records wait for it."""
_TRIES: Final = 5


async def add_batch(
    workspace: Workspace,
    organization_id: str,
    path: Path,
    warn: Callable[[str], None] = lambda _: None,
    *,
    by: Operator = PROGRAM,
) -> AsyncIterator[tuple[int, str]]:
    """Store the recordings of a batch file; the number of each line and the id of its recording, in order.

    The whole file is checked first. If a line is bad, or names an unknown user, nothing is stored. Else it is stored
    in groups. After an interruption it may be given again: lines with a known `id` stay as they are. `warn` gets a
    line for each thing in a transcript that is not read. Raises WorkspaceError.
    """
    named = await asyncio.to_thread(check_batch, path, warn)
    await _check_users(workspace, organization_id, path, named)
    lines = read_batch(path)
    while group := await asyncio.to_thread(lambda: list(islice(lines, _GROUP))):
        ids = await _add(workspace, organization_id, [line.new for line in group], by)
        for line, recording_id in zip(group, ids, strict=True):
            yield line.number, recording_id


async def _add(workspace: Workspace, organization_id: str, news: Sequence[NewRecording], by: Operator) -> list[str]:
    """Store a group; try again after a deadlock."""
    for left in reversed(range(_TRIES)):
        try:
            return await add_recordings(workspace, organization_id, news, by=by)
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
