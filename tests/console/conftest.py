"""An open console without a connection."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fieldnote.console import Console, open_console


@pytest.fixture
async def console(console_url: str) -> AsyncIterator[Console]:
    """A console with no users."""
    async with open_console(database_url=console_url) as opened:
        yield opened
