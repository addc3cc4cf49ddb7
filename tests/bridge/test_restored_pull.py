"""A ledger from a backup does not know the latest writes: nothing is doubled, and our own work is not a person's."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from fieldnote.bridge import Bridge, pull_once
from fieldnote.bridge.pull.three_way_merge import KnownField, Value, Verdict, decide
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
