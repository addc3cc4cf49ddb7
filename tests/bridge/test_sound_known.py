"""Whether there is sound is asked at pull, so that no page calls Siro."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.board.conversations import load_access
from fieldnote.bridge.board.sight import EVERYTHING
from fieldnote.bridge.pull.user_token import find_sound, keep_sound
from fieldnote.siro.errors import Forbidden, NotFound, SiroError
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago


@dataclass
class Sounds:
    """Siro, as far as sound goes. A recording that is not named has none."""

    answers: dict[str, bool | SiroError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def has_sound(self, recording_id: str) -> bool:
        self.asked.append(recording_id)
        answer = self.answers.get(recording_id, False)
        if isinstance(answer, SiroError):
            raise answer
        return answer


async def _known(bridge: Bridge, recording_id: str) -> bool | None:
    found = await load_access(bridge, EVERYTHING, recording_id)
    assert found is not None
    return found.has_sound


async def _with_recordings(bridge: Bridge, crm: Crm, stub: StubSiro, *names: str) -> None:
    crm.add_deal(1)
    await push_once(bridge)
    for number, name in enumerate(names):
        stub.record(name, started_at=ago(hours=number + 2), opportunity="1", said={})
    await pull_once(bridge)


async def _later(bridge: Bridge) -> None:
    """Two hours pass."""
    async with bridge.engine.begin() as conn:
        await conn.execute(text("update recordings set sound_asked_at = sound_asked_at - interval '2 hours'"))


@pytest.mark.parametrize(("answer", "kept"), [
    (True, True), (False, False), (NotFound("gone"), False), (Forbidden("no"), None),
])  # fmt: skip
async def test_an_answer_is_kept(
    crm: Crm, stub: StubSiro, opened: Opener, answer: bool | SiroError, kept: bool | None
) -> None:
    siro = Sounds({"r1": answer})
    async with opened() as bridge:
        await _with_recordings(bridge, crm, stub, "r1")
        assert await _known(bridge, "r1") is None
        assert await find_sound(bridge.engine, bridge.name, siro) == 1
        assert await _known(bridge, "r1") is kept
        assert await find_sound(bridge.engine, bridge.name, siro) == 0


async def test_sound_that_comes_late_is_found_and_asked_about_no_more(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    siro = Sounds()
    async with opened() as bridge:
        await _with_recordings(bridge, crm, stub, "r1")
        await find_sound(bridge.engine, bridge.name, siro)
        siro.answers["r1"] = True
        for _ in range(3):
            await _later(bridge)
            await find_sound(bridge.engine, bridge.name, siro)
        assert await _known(bridge, "r1") is True
        assert siro.asked == ["r1", "r1"]


async def test_an_outage_ends_the_questions_and_the_next_pull_asks_the_rest(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    siro = Sounds({"r1": True, "r2": SiroError("down"), "r3": True})
    async with opened() as bridge:
        await _with_recordings(bridge, crm, stub, "r1", "r2", "r3")
        assert await find_sound(bridge.engine, bridge.name, siro) == 1
        assert [await _known(bridge, name) for name in ("r1", "r2", "r3")] == [True, None, None]
        siro.answers["r2"] = True
        assert await find_sound(bridge.engine, bridge.name, siro) == 2
        assert [await _known(bridge, name) for name in ("r1", "r2", "r3")] == [True, True, True]


async def test_no_answer_changes_nothing_that_is_known(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await _with_recordings(bridge, crm, stub, "r1")
        await keep_sound(bridge.engine, bridge.name, "r1", has_sound=True)
        await keep_sound(bridge.engine, bridge.name, "r1", has_sound=None)
        assert await _known(bridge, "r1") is True


@pytest.mark.parametrize("gone", ["deleted = true", "purged_at = now()", "forgotten_at = now()", "processed = false"])
async def test_what_is_gone_is_not_asked_about(crm: Crm, stub: StubSiro, opened: Opener, gone: str) -> None:
    siro = Sounds()
    async with opened() as bridge:
        await _with_recordings(bridge, crm, stub, "r1")
        async with bridge.engine.begin() as conn:
            await conn.execute(text(f"update recordings set {gone}"))
        assert await find_sound(bridge.engine, bridge.name, siro) == 0
        assert siro.asked == []
