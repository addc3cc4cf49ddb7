"""A page runs few statements, however much it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from fieldnote.bridge.review.proposals import approve, waiting
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro
from tests.bridge.test_console_review import browsing, prepared

MOST = 10


@contextmanager
def counted(*engines: AsyncEngine) -> Iterator[list[str]]:
    found: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        del conn, cursor, rest
        found.append(" ".join(statement.split())[:80])

    for engine in engines:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield found
    for engine in engines:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


@pytest.mark.parametrize("address", [
    "/review", "/review/all", "/review/agreement", "/refused", "/journey?q=1", "/journey/deal/1",
    "/journey/appointment/1", "/journey/recording/r1",
])  # fmt: skip
async def test_a_page_runs_few_statements(
    crm: Crm, stub: StubSiro, opened: Opener, database_url: str, address: str
) -> None:
    async with opened() as bridge:
        await prepared(bridge, crm, stub, numbers=(1, 2, 3))
        await approve(bridge, [(await waiting(bridge))[0].id], actor="ops@example.com")
        async with browsing(bridge, database_url) as browser:
            await browser.get("/review")
            with counted(bridge.engine) as statements:
                assert (await browser.get(address)).status_code == 200
            assert len(statements) + 1 <= MOST, "\n".join(statements)  # and one for the person's session
