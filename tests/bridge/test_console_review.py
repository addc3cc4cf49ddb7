"""Review and Journey through the console's application: a person reads the words, decides, and takes it back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.board.people import keep_people
from fieldnote.bridge.review.agreement import ENOUGH, Week, advise, agreement_by_field
from fieldnote.bridge.review.proposals import Agreement, approve, edit, reject, waiting
from fieldnote.bridge.review.undo import undo
from fieldnote.console import open_console
from fieldnote.console.access.roles import Role
from fieldnote.errors import FieldnoteError
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.console.browser import Browser, signed_in

BY = "ops@example.com"


async def prepared(bridge: Bridge, crm: Crm, stub: StubSiro, *, numbers: tuple[int, ...] = (1,)) -> None:
    """A deal each, with a value that waits for a decision: Ann recorded it."""
    stub.users = [{"id": "user-1", "email": "ann@example.com"}, {"id": "user-2", "email": "bo@example.com"}]
    for number in numbers:
        crm.add_deal(number)
        crm.add_appointment(number, deal=number)
    await push_once(bridge)
    for number in numbers:
        said = {"Decision Maker": f"both {number}"}
        stub.record(
            f"r{number}",
            started_at=ago(hours=2),
            opportunity=str(number),
            engagement=str(number),
            said=said,
            summary="s",
        )
    await pull_once(bridge)
    assert await keep_people(bridge)


@asynccontextmanager
async def browsing(bridge: Bridge, url: str, role: Role = Role.ADMIN, *reps: str) -> AsyncIterator[Browser]:
    async with open_console(database_url=url, bridge=bridge) as console, signed_in(console, role, *reps) as browser:
        yield browser


async def test_an_approval_and_an_edit_are_undone_and_a_rejection_is_a_question_again(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await prepared(bridge, crm, stub, numbers=(1, 2, 3))
        first, second, third = (item.id for item in await waiting(bridge))
        await approve(bridge, [first], actor=BY)
        await edit(bridge, second, "only she", actor=BY)
        await reject(bridge, [third], actor=BY)
        assert [crm.deal(n, "decision") for n in (1, 2, 3)] == ["both 1", "only she", None]
        for number in (first, second, third):
            await undo(bridge, number, actor=BY)
        assert [crm.deal(n, "decision") for n in (1, 2, 3)] == [None, None, None]
        for _ in range(2):
            assert [item.id for item in await waiting(bridge)] == [first, second, third]
            assert [(one.counts.share, one.counts.open, one.weeks) for one in await agreement_by_field(bridge)] == [
                (None, 3, ())
            ]
            assert (await pull_once(bridge)).writes == 0
        await approve(bridge, [first, second, third], actor=BY)
        assert [crm.deal(n, "decision") for n in (1, 2, 3)] == ["both 1", "both 2", "both 3"]


async def test_an_undo_leaves_a_field_that_a_person_emptied_empty_until_a_decision(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    """The field is Fieldnote's from an earlier write: without that knowledge, the next pull would fill it."""
    async with opened() as bridge:
        crm.add_deal(1)
        crm.add_appointment(1, deal=1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=3), opportunity="1", engagement="1", said={"Objections": "the price"})
        await pull_once(bridge)
        assert crm.deal(1, "objections") == "the price"
        crm.execute("update deals set objections = null where id = 1")
        stub.record("r2", started_at=ago(hours=2), opportunity="1", engagement="1", said={"Objections": "the noise"})
        await pull_once(bridge)
        [shown] = await waiting(bridge)
        await approve(bridge, [shown.id], actor=BY)
        assert "the noise" in str(crm.deal(1, "objections"))
        await undo(bridge, shown.id, actor=BY)
        for _ in range(2):
            await pull_once(bridge)
            assert crm.deal(1, "objections") is None
            assert [item.id for item in await waiting(bridge)] == [shown.id]


async def test_an_undo_takes_back_its_own_decision_and_no_later_one(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await prepared(bridge, crm, stub)
        [first] = await waiting(bridge)
        await approve(bridge, [first.id], actor=BY)
        stub.record("r2", started_at=ago(hours=1), opportunity="1", engagement="1", said={"Decision Maker": "she"})
        await pull_once(bridge)
        [second] = await waiting(bridge)
        await approve(bridge, [second.id], actor=BY)
        with pytest.raises(FieldnoteError, match="a later value"):
            await undo(bridge, first.id, actor=BY)
        assert crm.deal(1, "decision") == "she"
        await undo(bridge, second.id, actor=BY)
        assert crm.deal(1, "decision") == "both 1"
        await pull_once(bridge)
        assert [item.id for item in await waiting(bridge)] == [second.id]


async def test_what_a_person_changed_since_is_not_undone(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await prepared(bridge, crm, stub)
        [shown] = await waiting(bridge)
        with pytest.raises(FieldnoteError, match="not decided by a person"):
            await undo(bridge, shown.id, actor=BY)
        await approve(bridge, [shown.id], actor=BY)
        crm.set_deal(1, "decision", "Bo says no")
        with pytest.raises(FieldnoteError, match="changed since"):
            await undo(bridge, shown.id, actor=BY)
        assert crm.deal(1, "decision") == "Bo says no"


async def test_a_person_decides_in_the_browser_and_takes_it_back(
    crm: Crm, stub: StubSiro, opened: Opener, database_url: str
) -> None:
    async with opened() as bridge:
        await prepared(bridge, crm, stub, numbers=(1, 2))
        first, second = (item.id for item in await waiting(bridge))
        async with browsing(bridge, database_url) as browser:
            answer = await browser.get("/review")
            assert answer.status_code == 200
            assert "both 1" in browser.page
            assert "1 of 2 values to decide" in browser.page
            await browser.post(f"/review/{first}/approve")
            assert crm.deal(1, "decision") == "both 1"
            assert "The CRM has the value now." in browser.page
            assert f"/review/{first}/undo" in browser.page
            assert "both 2" in browser.page
            await browser.post(f"/review/{first}/undo")
            assert crm.deal(1, "decision") is None
            assert "both 1" in browser.page
            assert "1 of 2 values to decide" in browser.page
            await browser.post(f"/review/{second}/edit", {"value": "only she"})
            assert crm.deal(2, "decision") == "only she"
            assert "1 of 1 value to decide" in browser.page


async def test_all_that_match_are_decided_with_the_count_first(
    crm: Crm, stub: StubSiro, opened: Opener, database_url: str
) -> None:
    async with opened() as bridge:
        await prepared(bridge, crm, stub, numbers=(1, 2))
        last = (await waiting(bridge))[-1].id
        async with browsing(bridge, database_url) as browser:
            await browser.get("/review/all?act=approve")
            assert "Approve 2 values?" in browser.page
            fields = {"act": "approve", "last": str(last)}
            assert (await browser.post("/review/all", fields | {"count": "3"})).status_code == 409
            assert crm.deal(1, "decision") is None
            await browser.get("/review/all?act=approve")
            await browser.post("/review/all", fields | {"count": "2"})
            assert "Done for 2 of 2." in browser.page
        assert [crm.deal(n, "decision") for n in (1, 2)] == ["both 1", "both 2"]


@pytest.mark.parametrize(("role", "reps", "sees", "acts"), [
    (Role.ADMIN, (), True, True), (Role.VIEWER, (), True, False), (Role.REP, ("1",), True, True),
    (Role.REP, ("2",), False, False), (Role.COACH, ("1", "2"), True, True), (Role.COACH, ("2",), False, False),
])  # fmt: skip
async def test_nobody_sees_or_decides_what_is_not_theirs(
    crm: Crm,
    stub: StubSiro,
    opened: Opener,
    database_url: str,
    role: Role,
    reps: tuple[str, ...],
    sees: bool,
    acts: bool,
) -> None:
    async with opened() as bridge:
        await prepared(bridge, crm, stub)
        [shown] = await waiting(bridge)
        async with browsing(bridge, database_url, role, *reps) as browser:
            for address, words in (
                ("/review", "both 1"),
                (f"/review?n={shown.id}", "both 1"),
                ("/journey?q=1", "/journey/appointment/1"),
                ("/journey/deal/1", "deal 1"),
                ("/journey/recording/r1", "recording r1"),
                ("/review/all?act=approve", "both 1"),
            ):
                await browser.get(address)
                seen = words in browser.page.split("<main", 1)[-1]
                assert seen is sees, (address, role)
            await browser.get("/review")
            answer = await browser.post(f"/review/{shown.id}/approve")
            assert (answer.status_code in {200, 303}) is acts
            assert (crm.deal(1, "decision") == "both 1") is acts


async def test_the_journey_shows_writes_and_reverts_one(
    crm: Crm, stub: StubSiro, opened: Opener, database_url: str
) -> None:
    async with opened() as bridge:
        await prepared(bridge, crm, stub, numbers=(1, 2))
        shown, _ = await waiting(bridge)
        await approve(bridge, [shown.id], actor=BY)
        async with bridge.engine.connect() as conn:
            write = await conn.scalar(text("select max(id) from writes where kind = 'field'"))
        async with browsing(bridge, database_url) as browser:
            for address in ("/journey?q=1", "/journey/appointment/1", "/journey/recording/r1", "/journey/deal/1"):
                answer = await browser.get(address)
                assert answer.status_code == 200, address
                assert "q=" in address or "both 1" in browser.page.split('id="writes"')[1], address
            assert BY in browser.page
            reverting = {"act": "revert", "write": str(write)}
            assert (await browser.post("/journey/appointment/2", reverting)).status_code == 409
            await browser.get("/journey/appointment/1")
            await browser.post("/journey/appointment/1", reverting)
            assert "The earlier value is back in the CRM." in browser.page
            assert crm.deal(1, "decision") is None
            for kind, key in (("deal", "none"), ("moon", "1"), ("recording", "x'\"<>&")):
                assert (await browser.get(f"/journey/{kind}/{key}")).status_code == 404
            await browser.get("/journey/deal/1")
            for act in ("fly", "match", "link", "revert"):
                assert (await browser.post("/journey/deal/1", {"act": act, "write": "x"})).status_code == 409, act
            await browser.get("/journey/deal/1")
            await browser.post("/journey/deal/1", {"act": "write"})
            assert "Nothing to write" in browser.page
            crm.execute("update deals set name = 'A new name' where id = 1")
            await browser.post("/journey/deal/1", {"act": "send"})
            assert "Sent to Siro." in browser.page
            assert "A new name" in browser.page


@pytest.mark.parametrize(("policy", "agreed", "weeks", "says"), [
    ("shadow", ENOUGH, (20,), "may move from `shadow` to `propose`"),
    ("propose", ENOUGH, (20,), "may move from `propose` to `update`"),
    ("propose", ENOUGH - 2, (18,), "Keep `propose`"),
    ("propose", 60, (58, 2), "may move"),
    ("update", ENOUGH, (20,), None),
    (None, ENOUGH, (20,), None),
])  # fmt: skip
def test_the_advice_follows_the_decisions(
    policy: str | None, agreed: int, weeks: tuple[int, ...], says: str | None
) -> None:
    counts = Agreement("opportunity", "deals", "decision", agreed, 0, max(0, ENOUGH - agreed), 0)
    steps = tuple(Week(date(2026, 1, 5), n, n) for n in weeks)
    found = advise(counts, policy, steps)
    assert (found is None) if says is None else (found is not None and says in found)


def test_few_decisions_speak_for_nothing() -> None:
    assert advise(Agreement("opportunity", "deals", "decision", ENOUGH - 1, 0, 0, 5), "shadow", ()) is None
