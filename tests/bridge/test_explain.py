"""`explain` shows the timeline, the reason and the next step. test_completeness has a scene for each state."""

from __future__ import annotations

import pytest

from fieldnote.bridge import pull_once
from fieldnote.bridge.pull.linking import MatchState, found_links, reject_link
from fieldnote.bridge.review.history import Selection, Undo, revert
from fieldnote.bridge.review.proposals import approve, waiting
from fieldnote.bridge.status.explain import Explanation, explain_appointment, explain_deal, explain_recording
from fieldnote.bridge.status.states import State, of_appointment
from fieldnote.errors import FieldnoteError
from tests.bridge.conftest import Crm, Opener
from tests.bridge.scenes import World
from tests.bridge.stub_siro import CONNECTION, StubSiro, ago
from tests.bridge.test_pull import pull, pushed


def words_of(story: Explanation) -> str:
    return "\n".join([*(moment.words for moment in story.moments), *story.facts])


async def test_the_story_of_a_deal_names_its_recordings_and_what_each_gave(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        assert "No recording is linked to it." in words_of(await explain_deal(bridge, "1"))
        said = {"Budget": "whatever my wife says", "Objections": "price", "Decision Maker": "both"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="secret words")
        await pull(bridge)
        crm.set_deal(1, "objections", "mine")
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Objections": "too loud"}, summary="s")
        await pull(bridge)
        story = await explain_deal(bridge, "1")
        words = words_of(story)
        assert "Recording r1, linked to it, started. A value from it waits for a person's decision." in words
        assert "Budget for deals.budget_max of deal 1 is not certain enough to convert" in words
        assert "Objections for deals.objections of deal 1 waits for a person's decision" in words
        assert "The note of recording r1 on deal 1 was written" in words
        assert len([line for line in story.advice if "review approve" in line]) == 3
        assert "secret words" not in words


async def test_the_story_of_a_proposal_says_who_decided(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Decision Maker": "both"}, summary="s")
        await pull(bridge)
        await approve(bridge, [(await waiting(bridge))[0].id], actor="pat")
        words = words_of(await explain_recording(bridge, "r1"))
        assert "The proposal of Decision Maker for deals.decision was approved by pat." in words
        assert "pat wrote deals.decision of deal 1 (approved)." in words


async def test_the_story_of_an_unlinked_recording_names_the_appointment_that_was_found(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        world = World(crm, stub, bridge)
        world.users("ann@example.com", "bo@example.com")
        await world.recorded(engagement=None)
        [found] = await found_links(bridge, list(MatchState))
        story = await explain_recording(bridge, "r1")
        assert found.reasons[0] in words_of(story)
        assert "The search for its appointment found appointment 1" in words_of(story)
        assert f"`fieldnote links approve {found.id}`, or `fieldnote links reject {found.id}`" in story.advice[0]
        assert "`fieldnote oauth setup --user EMAIL --scope write`" in story.advice[0]
        await reject_link(bridge, found.id, actor="pat")
        assert "The link to appointment 1 was rejected by pat." in words_of(await explain_recording(bridge, "r1"))


async def test_a_recording_is_shown_beside_what_siro_says_now(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        world = World(crm, stub, bridge)
        await world.recorded(engagement=None)
        stub.record("r1", started_at=ago(hours=6), engagement="1", said={}, summary="s")
        story = await explain_recording(bridge, "r1", fresh=True)
        assert "Siro was asked for it: processed, summary, extractions there; linked to appointment 1." in words_of(
            story
        )
        assert "Siro has another link than the ledger: run `fieldnote pull`." in story.advice
        del stub.recordings["r1"]
        assert "does not have it" in words_of(await explain_recording(bridge, "r1", fresh=True))
        stub.token = "another"
        assert "did not answer: Unauthorized" in words_of(await explain_recording(bridge, "r1", fresh=True))


async def test_a_record_that_this_file_has_not_pushed_has_the_story_of_its_recordings(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.add_deal(1)
    crm.add_appointment(1)
    stub.record("r1", started_at=ago(hours=2), engagement="1", opportunity="1", said={"Budget": "$100"}, summary="s")
    async with opened(push=None, siro__integration_connection_id=CONNECTION) as bridge:
        await pull(bridge)
        story = await explain_deal(bridge, "1")
        assert (story.state, "deals.budget_max of deal 1 was written" in words_of(story)) == ("not_pushed", True)
        story = await explain_appointment(bridge, "1", None)
        assert (story.what, story.state) == ("appointment 1", "not_pushed")
        assert "Recording r1, linked to it, started. The CRM has the values from it" in words_of(story)


async def test_what_is_not_known_here_is_said_with_the_next_step(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    del crm, stub
    async with opened() as bridge:
        await pull_once(bridge)
        with pytest.raises(FieldnoteError, match="recording r9 is not in the ledger") as error:
            await explain_recording(bridge, "r9")
        assert "--since" in str(error.value.hint)
        with pytest.raises(FieldnoteError, match="appointment 9 is not in the ledger"):
            await explain_appointment(bridge, "9", None)
        with pytest.raises(FieldnoteError, match="deal 9 is not in the ledger"):
            await explain_deal(bridge, "9")


async def test_after_a_revert_no_story_says_that_the_crm_has_the_values(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        said = {"Budget": "$100", "Objections": "price", "Decision Maker": "both"}
        crm.set_deal(1, "decision", "both")
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="They like blue.")
        await pull(bridge)
        assert all(
            item.outcome is Undo.REVERTED for item in await revert(bridge, Selection(recording_id="r1"), actor="pat")
        )
        for _ in range(2):
            story = await explain_recording(bridge, "r1")
            assert (story.state, "The CRM has the values" in words_of(story)) == ("reverted", False)
            assert "A person reverted the values from it." in words_of(story)
            assert "The CRM has the values" not in words_of(await explain_deal(bridge, "1"))
            await pull(bridge)


@pytest.mark.parametrize("key", ["1", " 1", "1  ", "1\t"])
async def test_a_key_with_blanks_around_it_is_the_same_record(
    crm: Crm, stub: StubSiro, opened: Opener, key: str
) -> None:
    del stub
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        assert (await explain_deal(bridge, key)).what == "deal 1"


def test_the_command_of_a_next_step_names_the_record() -> None:
    story = Explanation("appointment a 1", State.QUARANTINED).finish(of_appointment(State.QUARANTINED), "a 1")
    assert "`fieldnote quarantine show engagements 'a 1'`" in story.advice[0]
