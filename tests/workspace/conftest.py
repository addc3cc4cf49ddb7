"""A served workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from fieldnote.workspace import open_workspace
from fieldnote.workspace.insight_pool import InsightPool, Processes
from tests.workspace.house import House, opened_house


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Processes of insight, which the tests share: each takes 0.3 s to start."""
    shared = Processes()
    yield shared
    shared.close()


@pytest.fixture
async def house(workspace_url: str, processes: Processes) -> AsyncIterator[House]:
    """A served workspace with an organization and its rep; webhooks are tried again at once."""
    again = (timedelta(seconds=0.1), timedelta(seconds=0.1), timedelta(seconds=0.1))
    async with (
        open_workspace(
            database_url=workspace_url, retry_after=again, insight=InsightPool(processes=processes)
        ) as workspace,
        opened_house(workspace) as made,
    ):
        yield made
