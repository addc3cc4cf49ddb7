"""The link that starts an appointment's recording, in a column of the CRM: ours is kept current, a person's stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.config import load
from fieldnote.errors import ConfigError
from fieldnote.siro.deeplinks import AppLink
from tests.bridge.conftest import BOTH, Crm, Opener

TARGET = {"table": "appointments", "key": "id", "start_link": "outcome"}


def planned(crm: Crm, key: int, *, days: int = 1, deal: int | None = None) -> None:
    """An appointment some days ahead."""
    crm.add_appointment(key, deal=deal)
    start = datetime.now(UTC) + timedelta(days=days)
    crm.execute(f"update appointments set starts_at = '{start:%Y-%m-%d %H:%M:%S}' where id = {key}")
    end = start + timedelta(hours=1)
    crm.execute(f"update appointments set ends_at = '{end:%Y-%m-%d %H:%M:%S}' where id = {key}")


def change(crm: Crm, key: int, column: str, value: str) -> None:
    crm.execute(f"update appointments set {column} = '{value}', updated_at = '2026-11-01 10:00:00' where id = {key}")


def link(crm: Crm, key: int) -> str | None:
    found: str | None = crm.execute(f"select outcome from appointments where id = {key}")[0][0]
    return found


async def cycle(bridge: Bridge) -> int:
    """Writes of a push and a pull."""
    assert (await push_once(bridge)).settled
    result = await pull_once(bridge)
    assert result.settled, result
    return result.writes


@BOTH
async def test_a_pushed_appointment_gets_its_link_once(crm: Crm, opened: Opener) -> None:
    async with opened(pull__engagement=TARGET) as bridge:
        crm.add_deal(5)
        planned(crm, 1, deal=5)
        assert await cycle(bridge) == 1
        assert AppLink.parse(link(crm, 1) or "") == AppLink("1", "Visit", "5")
        assert await cycle(bridge) == 0


async def test_our_link_follows_the_appointment_and_a_persons_text_stays(crm: Crm, opened: Opener) -> None:
    async with opened(pull__engagement=TARGET) as bridge:
        planned(crm, 1)
        planned(crm, 2)
        change(crm, 2, "outcome", "call first")
        assert await cycle(bridge) == 1
        change(crm, 1, "title", "Second visit")
        change(crm, 2, "title", "Second visit")
        assert await cycle(bridge) == 1
        assert AppLink.parse(link(crm, 1) or "").title == "Second visit"
        assert link(crm, 2) == "call first"
        change(crm, 1, "outcome", "mine")
        change(crm, 1, "title", "Third visit")
        assert await cycle(bridge) == 0
        assert link(crm, 1) == "mine"


async def test_past_appointments_get_none_and_a_file_that_asks_later_is_heard(crm: Crm, opened: Opener) -> None:
    planned(crm, 1, days=-30)
    planned(crm, 2)
    async with opened() as bridge:
        assert await cycle(bridge) == 0
    async with opened(pull__engagement=TARGET) as bridge:
        assert await cycle(bridge) == 1
        assert (link(crm, 1), AppLink.parse(link(crm, 2) or "").appointment_id) == (None, "2")


def test_only_appointments_have_one(tmp_path: Path) -> None:
    path = tmp_path / "fieldnote.yaml"
    path.write_text(
        "version: 1\ncrm: {driver: sql, url: 'sqlite:///x.db'}\n"
        "pull: {account: {table: accounts, key: id, start_link: link}}\n"
    )
    with pytest.raises(ConfigError, match="start_link"):
        load(path)
