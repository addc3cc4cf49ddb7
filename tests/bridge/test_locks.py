"""Locks that one process holds among all, some of them for hours."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from fieldnote.bridge.errors import Busy
from fieldnote.bridge.locks import exclusive
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro

_IDLE = text("select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'")


async def test_a_lock_is_one_persons_and_holds_no_transaction_open(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        async with exclusive(bridge.engine, "pull", "default", max_wait=0):
            with pytest.raises(Busy):
                async with exclusive(bridge.engine, "pull", "default", max_wait=0):
                    pass
            async with bridge.engine.connect() as conn:
                assert await conn.scalar(_IDLE) == 0, "the database ends a transaction that idles for minutes"
        async with exclusive(bridge.engine, "pull", "default", max_wait=0):
            pass
