"""Push against random histories: whatever happened on the way, Siro ends as the CRM is.

What the API cannot express is excepted: the amount of a deal, once set, cannot be cleared. `--long` runs many
histories, `--seed` one of them again.
"""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select

from fieldnote.bridge import Bridge, PushRequest, push_once
from fieldnote.db.bridge_tables import sent
from fieldnote.json_form import to_json
from fieldnote.siro.errors import SiroError
from tests.bridge.conftest import Crm, Opener
from tests.bridge.history import PUSH, History, chaos, jobs_held, visits_held
from tests.bridge.stub_siro import StubSiro

pytestmark = pytest.mark.slow

ZONE: dict[str, Any] = {"crm__timezone": "UTC", "push": PUSH, "pull": None}


@pytest.mark.chaos
async def test_whatever_happened_on_the_way_siro_ends_as_the_crm_is(
    crm: Crm, stub: StubSiro, opened: Opener, seed: int, long: bool
) -> None:
    dice = random.Random(seed)
    history = History(crm, dice)
    async with opened(**ZONE) as bridge:
        for _ in range(100 if long else 2):
            await live_through(bridge, history, stub, dice, steps=20)
            await come_to_rest(bridge, stub)
            assert visits_held(stub) == history.visits()
            assert_jobs(jobs_held(stub), history.jobs())
            await assert_the_ledger_tells_the_truth(bridge, stub)


async def live_through(bridge: Bridge, history: History, stub: StubSiro, dice: random.Random, *, steps: int) -> None:
    """Changes, and pushes among them, over a line that cannot be trusted."""
    stub.chaos = chaos(stub, dice)
    for _ in range(steps):
        for _ in range(dice.randint(0, 4)):
            history.step()
        if dice.random() < 0.5:
            with suppress(SiroError):  # the edge turned us away: the push ended there
                await push_once(bridge, request=PushRequest(full=dice.random() < 0.3))
    stub.chaos = None


async def come_to_rest(bridge: Bridge, stub: StubSiro) -> None:
    """Quiet pushes; the last one has nothing to do."""
    for stream in ("opportunities", "engagements"):
        await push_once(bridge, request=PushRequest(streams=(stream,), full=True, accept_deletes=1000))
    await release(bridge)
    result = await push_once(bridge, request=PushRequest(full=True, accept_deletes=1000))
    assert result.settled, to_json(result)
    stub.forget_calls()
    assert (await push_once(bridge, request=PushRequest(full=True))).calls == 0
    assert (await push_once(bridge)).calls == 0


async def release(bridge: Bridge) -> None:
    """A person tries again the records that Siro refused without a reason."""
    from fieldnote.bridge.push.quarantine import retry

    await retry(bridge, "engagements", [])
    await retry(bridge, "opportunities", [])


def assert_jobs(held: dict[str, tuple[str, int | None]], there: dict[str, tuple[str, int | None]]) -> None:
    assert held.keys() == there.keys()
    for key, (name, amount) in there.items():
        assert held[key][0] == name
        assert amount is None or held[key][1] == amount


async def assert_the_ledger_tells_the_truth(bridge: Bridge, stub: StubSiro) -> None:
    """The ledger's idea of Siro is Siro's state."""
    async with bridge.engine.connect() as conn:
        rows = list(await conn.execute(select(sent.c.stream, sent.c.key, sent.c.payload, sent.c.is_deleted)))
    for row in rows:
        held = {name: value for name, value in stub.records[row.stream][row.key].items() if name != "id"}
        assert bool(held.get("deletedAt")) == row.is_deleted
        if not row.is_deleted:
            held = without_unknown(held, row.payload)
            assert sorted_children(row.payload) == sorted_children(held)


_STAYS = {"amount", "mergedToExternalId"}
"""Fields of a job or a customer that Siro cannot clear."""


def without_unknown(held: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Nobody knows of these whether Siro has one: a call that set it had no answer, and then the CRM had none."""
    return {
        name: without_unknown(value, known.get(name) or {}) if isinstance(value, dict) else value
        for name, value in held.items()
        if name in known or name not in _STAYS
    }


def sorted_children(record: dict[str, Any]) -> dict[str, Any]:
    users = sorted(record.get("engagementUsers") or [], key=lambda user: str(user["externalId"]))
    return {**record, "engagementUsers": [{"deletedAt": None, **user} for user in users]}
