"""A served workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fieldnote.workspace import open_workspace
from tests.workspace.house import House, opened_house


@pytest.fixture
async def house(workspace_url: str) -> AsyncIterator[House]:
    """A served workspace with an organization and its rep; webhooks are tried again at once."""
    again = (timedelta(seconds=0.1), timedelta(seconds=0.1), timedelta(seconds=0.1))
    async with (
        open_workspace(database_url=workspace_url, retry_after=again) as workspace,
        opened_house(workspace) as made,
    ):
        yield made
