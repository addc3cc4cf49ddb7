"""A person's decisions about proposals, and the lessons of the stage `shadow`, through the front door."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, pull_once
from fieldnote.bridge.pull.ledger import ProposalKind
from fieldnote.bridge.review.proposals import Verdict, Waiting, agreement, approve, edit, reject, waiting
from fieldnote.errors import FieldnoteError
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.bridge.test_pull import pull, pushed, writes

BY = "pat"


async def only(bridge: Bridge) -> Waiting:
    [found] = await waiting(bridge)
    return found


async def decided(bridge: Bridge) -> Verdict:
    [done] = await approve(bridge, [(await only(bridge)).id], actor=BY)
    return done.verdict


@BOTH
async def test_an_approved_value_is_written_and_bears_the_name_of_who_approved_it(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Decision Maker": "both"})
        await pull(bridge)
        shown = await only(bridge)
        assert (shown.live, shown.proposed, shown.said, shown.column) == (None, "both", "both", "decision")
        assert await decided(bridge) is Verdict.WRITTEN
        assert crm.deal(1, "decision") == "both"
        [write] = await writes(bridge)
        assert (write.actor, write.action, write.recording_id) == (BY, "approved", "r1")
        result = await pull(bridge)
        assert (result.writes, result.proposals) == (0, 0)
        assert [done.verdict for done in await approve(bridge, [shown.id], actor=BY)] == [Verdict.CLOSED]


@BOTH
async def test_an_approval_is_good_for_the_difference_that_was_shown_alone(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Decision Maker": "both"})
        await pull(bridge)
        crm.set_deal(1, "decision", "only she")
        assert await decided(bridge) is Verdict.EXPIRED
        assert crm.deal(1, "decision") == "only she"
        await pull(bridge)
        assert (await only(bridge)).live == "only she"
        assert await decided(bridge) is Verdict.WRITTEN
        assert crm.deal(1, "decision") == "both"


async def test_what_was_rejected_is_not_asked_again_until_something_else_is_said(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Decision Maker": "both"})
        await pull(bridge)
        [done] = await reject(bridge, [(await only(bridge)).id], actor=BY)
        assert done.verdict is Verdict.REJECTED
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Decision Maker": "both"})
        assert ((await pull(bridge)).proposals, crm.deal(1, "decision")) == (0, None)
        stub.record("r3", started_at=ago(minutes=30), opportunity="1", said={"Decision Maker": "she"})
        await pull(bridge)
        assert (await only(bridge)).proposed == "she"


async def test_an_edited_value_is_a_persons_from_then_on(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(
        pull__opportunity__fields__Budget={"to": "budget_max", "as": "money.max", "policy": "update"}
    ) as b:
        await pushed(b, crm, 1)
        crm.set_deal(1, "budget_max", "7")
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$40,000 - $50,000"})
        await pull(b)
        shown = await only(b)
        with pytest.raises(FieldnoteError, match="many"):
            await edit(b, shown.id, "many", actor=BY)
        assert (await edit(b, shown.id, "$45,000", actor=BY)).verdict is Verdict.WRITTEN
        assert crm.deal(1, "budget_max") == 45000
        assert ((await pull(b)).writes, await waiting(b)) == (0, [])
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Budget": "$60,000"})
        await pull(b)
        assert ((await only(b)).proposed, crm.deal(1, "budget_max")) == ("60000", 45000)


async def test_a_list_with_an_unknown_number_decides_nothing(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Decision Maker": "both"})
        await pull(bridge)
        shown = await only(bridge)
        for decide in (approve, reject):
            with pytest.raises(FieldnoteError, match="there is no proposal 998, 999; nothing was decided"):
                await decide(bridge, [shown.id, 999, 998], actor=BY)
        assert crm.deal(1, "decision") is None
        assert (await only(bridge)).id == shown.id


async def test_unclear_words_want_a_value_and_a_no_holds(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "whatever my wife says"})
        await pull(bridge)
        shown = await only(bridge)
        assert shown.kind is ProposalKind.UNCLEAR
        with pytest.raises(FieldnoteError, match="no certain value"):
            await approve(bridge, [shown.id], actor=BY)
        await reject(bridge, [shown.id], actor=BY)
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Objections": "price"})
        assert (await pull(bridge)).proposals == 0


async def test_an_approved_addition_keeps_the_text_that_is_there(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Log": "one"})
        await pull(bridge)
        crm.set_deal(1, "log", "one, says Ann")  # a person wrote into our line
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Log": "two"})
        await pull(bridge)
        assert await decided(bridge) is Verdict.WRITTEN
        assert crm.deal(1, "log") == "one, says Ann\none\ntwo"
        assert (await pull(bridge)).writes == 0


async def test_a_value_that_the_crm_refuses_stays_open_with_the_reason(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Decision Maker": "both"})
        await pull(bridge)
        crm.execute("delete from deals")
        [done] = await approve(bridge, [(await only(bridge)).id], actor=BY)
        assert (done.verdict, "no row" in str(done.reason)) == (Verdict.REFUSED, True)
        assert len(await waiting(bridge)) == 1


async def test_a_recording_that_was_deleted_in_siro_is_asked_about(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"})
        await pull(bridge)
        stub.recordings["r1"] |= {"deleted": True, "updatedAt": stub.recordings["r1"]["updatedAt"]}
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Objections": "price"})
        await pull(bridge)
        shown = await only(bridge)
        assert (shown.kind, shown.live, shown.proposed) == (ProposalKind.TAKE_BACK, 100, None)
        assert crm.deal(1, "budget_max") == 100
        assert await decided(bridge) is Verdict.WRITTEN
        assert (crm.deal(1, "budget_max"), (await pull(bridge)).proposals) == (None, 0)


@pytest.mark.parametrize(("typed", "agreed", "changed"), [("50000", 1, 0), ("47500", 0, 1)])
async def test_a_shadow_writes_nothing_and_counts_what_people_enter(
    crm: Crm, stub: StubSiro, opened: Opener, typed: str, agreed: int, changed: int
) -> None:
    settings = {"to": "budget_max", "as": "money.max", "policy": "shadow"}
    async with opened(pull__opportunity__fields__Budget=settings) as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$40,000 - $50,000"})
        result = await pull(bridge)
        assert (crm.deal(1, "budget_max"), result.writes, result.proposals) == (None, 0, 0)
        [shadow] = await waiting(bridge, shadows=True)
        assert shadow.proposed == "50000"
        crm.set_deal(1, "budget_max", typed)
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Objections": "price"})
        await pull(bridge)
        await pull_once(bridge)
        found = next(item for item in await agreement(bridge) if item.column == "budget_max")
        assert (found.agreed, found.changed, found.open) == (agreed, changed, 0)
        assert str(crm.deal(1, "budget_max")) == typed


async def test_the_share_of_agreement_is_counted_by_field(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1, 2, 3)
        for key in "123":
            stub.record(f"r{key}", started_at=ago(hours=2), opportunity=key, said={"Decision Maker": "both"})
        await pull(bridge)
        first, second, _ = await waiting(bridge)
        await approve(bridge, [first.id], actor=BY)
        await reject(bridge, [second.id], actor=BY)
        [found] = await agreement(bridge)
        assert (found.agreed, found.rejected, found.open, found.share) == (1, 1, 1, 0.5)


async def test_a_proposal_shows_the_words_of_the_conversation(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    user: dict[str, Any] = {"siro__client_id": "c", "siro__client_secret": "s", "siro__user_id": "u"}
    async with opened(**user) as bridge:
        await pushed(bridge, crm, 1)
        said = {"Decision Maker": "decides with her husband", "Objections": "the price is too high"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said)
        stub.utterances["r1"] = ["Good morning.", "She decides that with her husband.", "The price is too high for us."]
        await pull(bridge)
        assert (await only(bridge)).quote == "She decides that with her husband."
        async with bridge.engine.connect() as conn:
            assert await conn.scalar(text("select quote from write_values")) == "The price is too high for us."
        asked = stub.calls.count(("GET", "/v1/core/recordings/r1/utterances"))
        await pull(bridge)
        assert stub.calls.count(("GET", "/v1/core/recordings/r1/utterances")) == asked
