"""A recording's page says what became of its own values, and why nothing is linked."""

from __future__ import annotations

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.board.field_states import own_fields
from fieldnote.bridge.review.proposals import approve, waiting
from fieldnote.bridge.review.undo import undo
from fieldnote.bridge.status.explain import explain_recording
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.bridge.test_console_review import BY, browsing


async def states(bridge: Bridge) -> list[list[str]]:
    """The states of the deal's objections, by recording."""
    async with bridge.engine.connect() as conn:
        return [[one.state for one in await own_fields(conn, bridge.name, key)] for key in ("r1", "r2")]


async def test_each_recording_has_the_state_of_its_own_value(
    crm: Crm, stub: StubSiro, opened: Opener, database_url: str
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        crm.add_appointment(1, deal=1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=3), opportunity="1", engagement="1", said={"Objections": "the price"})
        await pull_once(bridge)
        crm.set_deal(1, "objections", "only the dog")
        stub.record("r2", started_at=ago(hours=2), opportunity="1", engagement="1", said={"Objections": "the noise"})
        await pull_once(bridge)
        assert await states(bridge) == [["written"], ["proposed"]]
        [shown] = await waiting(bridge)
        assert shown.reason == "a person's value is in the field"
        await approve(bridge, [shown.id], actor=BY)
        assert await states(bridge) == [["replaced"], ["written"]]
        await undo(bridge, shown.id, actor=BY)
        for _ in range(2):
            assert await states(bridge) == [["written"], ["proposed"]]
            await pull_once(bridge)
        assert not any("waits" in one.words for one in (await explain_recording(bridge, "r1")).moments)
        assert any("waits" in one.words for one in (await explain_recording(bridge, "r2")).moments)
        async with browsing(bridge, database_url) as browser:
            await browser.get("/recordings/r1")
            assert "waits for a person" not in browser.page.split('id="values"')[1]
            await browser.get("/recordings/r2")
            assert "waits for a person" in browser.page.split('id="values"')[1]


async def test_a_recording_without_a_link_says_so(crm: Crm, stub: StubSiro, opened: Opener, database_url: str) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=3), said={"Budget": "$9,000", "Weather": "mild"})
        await pull_once(bridge)
        async with bridge.engine.begin() as conn:
            await conn.exec_driver_sql("delete from matches")
            await conn.exec_driver_sql(
                "insert into matches (connection, recording_id, state, score, reasons, others) "
                f"values ('{bridge.name}', 'r1', 'none', 1.0, '[]', '[]')"
            )
        async with browsing(bridge, database_url) as browser:
            await browser.get("/recordings/r1")
            assert "No appointment fits." in browser.page
            assert "certainty" not in browser.page
            values = browser.page.split('id="values"')[1]
            assert values.count("It goes to a field once the recording is linked.") == 1
            assert values.count("The file has no field for it.") == 1
