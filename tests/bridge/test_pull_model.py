"""Pull against random lives: whatever happened, in Siro, in the CRM and on the line, the CRM ends as it should.

`--long` runs many, `--seed` one of them again.
"""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.json_form import to_json
from fieldnote.siro.errors import SiroError
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro
from tests.bridge.talks import DEALS, Talks, bad_line

pytestmark = pytest.mark.slow

QUIETLY: dict[str, Any] = {"pull__linking": "off"}


@pytest.mark.chaos
async def test_whatever_was_said_and_done_the_crm_ends_as_it_should(
    crm: Crm, stub: StubSiro, opened: Opener, seed: int, long: bool
) -> None:
    dice = random.Random(seed)
    for deal in DEALS:
        crm.add_deal(deal)
    async with opened(**QUIETLY) as bridge:
        assert (await push_once(bridge)).settled
        talks = Talks(crm, stub, dice)
        for _ in range(25 if long else 2):
            await live_through(bridge, talks, steps=12)
            talks.heal()
            await come_to_rest(bridge)
            talks.unread.clear()
            wrongs = talks.wrongs()
            assert not wrongs, "\n".join([*wrongs, *map(str, talks.talks.items())])


async def live_through(bridge: Bridge, talks: Talks, *, steps: int) -> None:
    """Things happen, and pulls among them, over a line that cannot be trusted."""
    for _ in range(steps):
        for _ in range(talks.dice.randint(0, 3)):
            talks.step()
        if talks.dice.random() < 0.5:
            talks.stub.chaos = bad_line(talks.dice)
            with suppress(SiroError):  # the edge turned us away: the pull ended there
                await pull_once(bridge)
            talks.stub.chaos = None


async def come_to_rest(bridge: Bridge) -> None:
    """Quiet pulls; the last one writes nothing."""
    for _ in range(2):
        await pull_once(bridge)
    result = await pull_once(bridge)
    assert result.settled, to_json(result)
    assert (result.writes, result.pending) == (0, 0)
