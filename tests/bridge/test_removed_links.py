"""A link that Siro removes goes to review: nothing is emptied, no note is withdrawn, and its story is kept."""

from __future__ import annotations

from fieldnote.bridge import Bridge
from fieldnote.bridge.pull.ledger import ProposalKind
from fieldnote.bridge.review.proposals import Verdict, approve, reject, waiting
from fieldnote.bridge.status.explain import explain_recording
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.bridge.test_explain import words_of
from tests.bridge.test_pull import pull, pushed

SAID = {"Budget": "$100", "Objections": "price", "Log": "met both"}


async def linked_and_removed(crm: Crm, stub: StubSiro, bridge: Bridge) -> None:
    await pushed(bridge, crm, 1)
    stub.record("r1", started_at=ago(hours=2), opportunity="1", said=SAID, summary="They want it.")
    await pull(bridge)
    assert (crm.deal(1, "budget_max"), len(crm.notes())) == (100, 1)
    stub.record("r1", started_at=ago(hours=2), opportunity=None, said=SAID, summary="They want it.")
    await pull(bridge)
    await pull(bridge)


@BOTH
async def test_nothing_is_emptied_and_a_person_is_asked(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await linked_and_removed(crm, stub, bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(1, "objections")) == (100, "price")
        assert [body for _, body, _ in crm.notes() if "They want it." in body]
        asked = await waiting(bridge)
        assert {(one.kind, one.reason) for one in asked} == {(ProposalKind.TAKE_BACK, "Siro removed the link")}
        assert {one.column for one in asked} >= {"budget_max", "objections"}


async def test_a_person_who_agrees_takes_all_of_it_back(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await linked_and_removed(crm, stub, bridge)
        [done] = await approve(bridge, [(await waiting(bridge))[0].id], actor="pat")
        assert done.verdict is Verdict.WRITTEN
        assert (crm.deal(1, "budget_max"), crm.deal(1, "objections")) == (None, None)
        assert not await waiting(bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=SAID, summary="They want it.")
        await pull(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(1, "objections")) == (100, "price")


async def test_a_person_who_says_no_keeps_it_and_is_not_asked_again(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await linked_and_removed(crm, stub, bridge)
        await reject(bridge, [one.id for one in await waiting(bridge)], actor="pat")
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Decision Maker": "both"})
        await pull(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(1, "objections")) == (100, "price")
        assert [one for one in await waiting(bridge) if one.kind is ProposalKind.TAKE_BACK] == []


async def test_the_same_link_again_goes_on_and_another_one_moves_it(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await linked_and_removed(crm, stub, bridge)
        again = SAID | {"Budget": "$200"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=again, summary="They want it.")
        await pull(bridge)
        assert (crm.deal(1, "budget_max"), await waiting(bridge)) == (200, [])
        await pushed(bridge, crm, 2)
        stub.record("r1", started_at=ago(hours=2), opportunity="2", said=again, summary="They want it.")
        await pull(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(2, "budget_max")) == (None, 200)


async def test_a_removed_link_gives_nothing_new(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await linked_and_removed(crm, stub, bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity=None, said=SAID | {"Budget": "$900"}, summary="New.")
        await pull(bridge)
        assert crm.deal(1, "budget_max") == 100
        assert not [body for _, body, _ in crm.notes() if "New." in body]


async def test_the_story_has_every_step_and_a_next_step(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await linked_and_removed(crm, stub, bridge)
        story = await explain_recording(bridge, "r1")
        words = words_of(story)
        assert "It was seen linked to deal 1." in words
        assert "Siro showed no link of it any more." in words
        assert "Its values stay until a person decides." in words
        assert any("fieldnote review list" in line for line in story.advice)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=SAID, summary="They want it.")
        await pull(bridge)
        words = words_of(await explain_recording(bridge, "r1"))
        assert words.count("It was seen linked to deal 1.") == 2
        assert words.count("Siro showed no link of it any more.") == 1
