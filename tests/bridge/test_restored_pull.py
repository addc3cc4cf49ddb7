"""A ledger from a backup does not know the latest writes: nothing is doubled, and our own work is not a person's."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from fieldnote.bridge import Bridge, pull_once
from fieldnote.bridge.pull.three_way_merge import KnownField, Value, Verdict, decide
from fieldnote.bridge.review.history import Selection, history
from fieldnote.bridge.status.reconcile import reconcile
from fieldnote.config import Policy
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.bridge.test_pull import pull, pushed

TABLES = (
    "recordings", "recording_links", "recording_contents", "fields", "field_values", "notes", "due", "pulls",
    "proposals", "proposal_values", "writes", "write_values",
)  # fmt: skip


async def back_up(bridge: Bridge) -> None:
    async with bridge.engine.begin() as conn:
        for name in TABLES:
            await conn.execute(text(f"create table saved_{name} as select * from {name}"))


async def restore(bridge: Bridge) -> None:
    async with bridge.engine.begin() as conn:
        await conn.execute(text(f"truncate {', '.join(TABLES)} cascade"))
        for name in TABLES:
            await conn.execute(text(f"insert into {name} overriding system value select * from saved_{name}"))


async def states(bridge: Bridge) -> dict[str, str]:
    async with bridge.engine.connect() as conn:
        found = {row.column_name: row.state for row in await conn.execute(text("select * from fields"))}
        return found | {row.note_key: row.state for row in await conn.execute(text("select * from notes"))}


@BOTH
@pytest.mark.parametrize("backed_up", [0, 1, 2])
async def test_appended_lines_and_notes_are_not_doubled_by_a_ledger_from_a_backup(
    crm: Crm, stub: StubSiro, opened: Opener, backed_up: int
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        crm.set_deal(1, "log", "kept by Ann")
        for number in (1, 2, 3):
            if number == backed_up + 1:
                await back_up(bridge)
            begun = ago(hours=6 - number)
            stub.record(
                f"r{number}", started_at=begun, opportunity="1", said={"Log": f"line {number}"}, summary=f"s{number}"
            )
            await pull(bridge)
        notes = crm.notes()
        assert len(notes) == 3
        await restore(bridge)
        result = await pull(bridge)
        assert (result.writes, result.settled) == (0, True)
        assert crm.deal(1, "log") == "kept by Ann\nline 1\nline 2\nline 3"
        assert crm.notes() == notes
        assert "edited" not in (await states(bridge)).values(), "no note counts as a person's"
        stub.record("r4", started_at=ago(minutes=90), opportunity="1", said={"Log": "line 4"}, summary="s4")
        stub.recordings["r1"]["summary"][0]["content"] = "s1, and more"
        stub.recordings["r1"]["updatedAt"] = ago().isoformat()
        await pull(bridge)
        assert crm.deal(1, "log") == "kept by Ann\nline 1\nline 2\nline 3\nline 4"
        assert len(crm.notes()) == 4, "no addendum beside our own note"
        assert "s1, and more" in crm.notes()[0][1]


async def test_an_addendum_is_found_again(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", summary="first")
        await pull(bridge)
        crm.execute("update deal_notes set body = 'mine now'")
        await pull(bridge)
        await back_up(bridge)
        stub.recordings["r1"]["summary"][0]["content"] = "second"
        stub.recordings["r1"]["updatedAt"] = ago().isoformat()
        await pull(bridge)
        notes = crm.notes()
        assert [key for _, _, key in notes] == ["siro:r1", "siro:r1:2"]
        await restore(bridge)
        for _ in range(2):
            await pull_once(bridge)
            assert crm.notes() == notes


async def doubts(bridge: Bridge, *, adopt: bool = False) -> set[tuple[str, ...]]:
    found = (await reconcile(bridge, adopt=adopt)).differences
    return {(item.key, *item.fields, item.finding.value) for item in found if item.stream.startswith("pull.")}


@BOTH
async def test_reconcile_names_the_lost_writes_and_adopted_they_are_ours_again(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened(push__engagements=None) as bridge:
        await pushed(bridge, crm, 1, 2, 3)
        stub.record("r1", started_at=ago(hours=6), opportunity="1", said={"Objections": "price", "Log": "one"})
        stub.record("r3", started_at=ago(hours=6), opportunity="3", said={"Objections": "color"}, summary="s")
        await pull(bridge)
        assert await doubts(bridge) == set(), "an exact ledger has no differences"
        await back_up(bridge)
        stub.record(
            "r2", started_at=ago(hours=5), opportunity="1", said={"Objections": "time", "Log": "two"}, summary="s"
        )
        stub.record("r4", started_at=ago(hours=5), opportunity="2", said={"Objections": "taste", "Budget": "$100"})
        await pull(bridge)
        crm.set_deal(3, "objections", "typed")
        await restore(bridge)
        before = crm.execute("select * from deals order by id"), crm.notes()
        lost = {
            ("1", "objections", "lost_write"), ("1", "log", "lost_write"), ("1", "note siro:r2", "lost_write"),
            ("2", "objections", "lost_write"), ("2", "budget_max", "lost_write"),
        }  # fmt: skip
        other = {("3", "objections", "other_value")}
        assert await doubts(bridge) == lost | other
        assert await doubts(bridge, adopt=True) == lost | other
        assert (crm.execute("select * from deals order by id"), crm.notes()) == before, "it writes nothing"
        assert await doubts(bridge) == other
        await pull(bridge)
        assert [write.action for write in await history(bridge, Selection(recording_id="r4"))] == ["adopted"] * 2
        stub.record("r5", started_at=ago(hours=4), opportunity="1", said={"Objections": "dog"})
        stub.record("r6", started_at=ago(hours=4), opportunity="2", said={"Objections": "cat"})
        stub.record("r7", started_at=ago(hours=4), opportunity="3", said={"Objections": "cow"})
        await pull(bridge)
        assert [crm.deal(key, "objections") for key in (1, 2, 3)] == ["dog", "cat", "typed"]


async def test_without_adopting_no_value_is_overwritten(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        await back_up(bridge)
        stub.record("r1", started_at=ago(hours=6), opportunity="1", said={"Objections": "price"})
        await pull(bridge)
        await restore(bridge)
        await pull(bridge)
        stub.record("r2", started_at=ago(hours=5), opportunity="1", said={"Objections": "dog"})
        await pull(bridge)
        assert crm.deal(1, "objections") == "price"


async def test_a_reconcile_says_that_siro_did_not_answer_to_the_end(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(push=None) as bridge:
        crm.add_deal(1)

        def fault(method: str, path: str, body: object) -> Response | None:
            del body
            return Response(status_code=503) if method == "GET" and path.endswith("/recordings") else None

        stub.fault = fault
        assert (await reconcile(bridge)).stopped is not None


LINES = st.lists(st.sampled_from("abcdef"), unique=True, min_size=1, max_size=5)


@given(ours=LINES, known=st.integers(0, 5), order=st.randoms(use_true_random=False), around=st.booleans())
def test_in_whatever_order_recordings_come_back_no_line_is_doubled(
    ours: Sequence[str], known: int, order: object, around: bool
) -> None:
    """The ledger knows the first lines only; recordings return one by one, in any order."""
    live = "\n".join([*(["hers"] if around else []), *ours, *(["more of hers"] if around else [])])
    held, missing = list(ours[:known]), list(ours[known:])
    order.shuffle(missing)  # type: ignore[attr-defined]
    known_field = KnownField(Value(None), Value("old"), Value("\n".join(held))) if held else KnownField()
    for line in missing:
        held = [item for item in ours if item in {*held, line}]
        done = decide(Policy.APPEND, known_field, live, "\n".join(held), lambda left, right: left == right)
        assert done.verdict is Verdict.HOLDS, (live, held, done)
        known_field = KnownField(Value(None), Value("old"), Value(done.wanted))


@given(blocks=st.lists(LINES, min_size=1, max_size=4), text_before=st.lists(st.sampled_from("abxy"), max_size=3))
def test_an_appended_field_never_has_one_of_our_lines_twice(
    blocks: Sequence[Sequence[str]], text_before: Sequence[str]
) -> None:
    live, known_field = "\n".join(dict.fromkeys(text_before)), KnownField()
    hers = set(live.splitlines())
    for block in itertools.accumulate(blocks, lambda one, two: [*one, *(x for x in two if x not in one)]):
        done = decide(Policy.APPEND, known_field, live, "\n".join(block), lambda left, right: left == right)
        if done.verdict is Verdict.WRITE:
            live = str(done.value)
            known_field = KnownField(Value(None), Value(live), Value(done.wanted))
        lines = live.splitlines()
        assert len(lines) == len(set(lines)), live
        assert set(lines) == hers | set(block)
