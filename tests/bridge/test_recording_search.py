"""The list of recordings and the search of all things find the same, by either way of searching, page by page."""

from __future__ import annotations

import pytest

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.board import conversations
from fieldnote.bridge.board.conversations import Filter, list_recordings
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.board.sight import EVERYTHING, Sight
from fieldnote.bridge.status import search as searching
from fieldnote.bridge.status.search import search
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago

NUMBER = 9


async def found(bridge: Bridge, sight: Sight, wanted: Filter, *, limit: int = 50) -> list[str]:
    """All pages of a list."""
    ids: list[str] = []
    while True:
        page = await list_recordings(bridge, sight, wanted, limit=limit)
        ids += [row.recording_id for row in page.rows]
        if page.following is None:
            return ids
        wanted = Filter(wanted.state, wanted.rep, wanted.day, wanted.words, page.following)


async def hits(bridge: Bridge, words: str, limit: int, reps: list[str] | None) -> list[tuple[str, str]]:
    """The results of the search of all things."""
    async with bridge.engine.connect() as conn:
        return [(hit.kind, hit.key) for hit in await search(conn, bridge.name, words, visible=reps, limit=limit)]


@pytest.mark.parametrize("latest", [1, 4, NUMBER, 1000])
async def test_a_search_finds_the_same_among_the_latest_and_in_all(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch, latest: int
) -> None:
    monkeypatch.setattr(conversations, "_LATEST", latest)
    async with opened() as bridge:
        for number in range(1, NUMBER + 1):
            crm.add_deal(number)
            crm.add_appointment(number, deal=number)
        await push_once(bridge)
        for number in range(1, NUMBER + 1):
            stub.record(
                f"r{number}", started_at=ago(hours=number), opportunity=str(number), engagement=str(number), said={}
            )
        await pull_once(bridge)
        await refresh(bridge)
        everything = [f"r{number}" for number in range(1, NUMBER + 1)]
        assert await found(bridge, EVERYTHING, Filter()) == everything
        own = Sight(frozenset(), private_words=False)
        for limit in (1, 2, 50):
            for number, recording in enumerate(everything, 1):
                assert await found(bridge, EVERYTHING, Filter(words=recording), limit=limit) == [recording]
                assert recording in await found(bridge, EVERYTHING, Filter(words=f" {number} "), limit=limit)
            assert await found(bridge, EVERYTHING, Filter(words="r"), limit=limit) == everything
            assert await found(bridge, EVERYTHING, Filter(words="r", state="nothing"), limit=limit) == []
            assert await found(bridge, EVERYTHING, Filter(words="none-has-this"), limit=limit) == []
            assert await found(bridge, EVERYTHING, Filter(words="%'&|!:*"), limit=limit) == []
            assert await found(bridge, own, Filter(words="r"), limit=limit) == []
        for words in ("r", "smith", "visit", "1", "r1", "s", "none-has-this"):
            for reps in (None, ["1"], []):
                monkeypatch.setattr(searching, "_LATEST", latest)
                seen = {limit: await hits(bridge, words, limit, reps) for limit in (1, 2, 5, 30)}
                monkeypatch.setattr(searching, "_LATEST", 0)  # no window is ever whole: all is searched
                assert seen == {limit: await hits(bridge, words, limit, reps) for limit in seen}
