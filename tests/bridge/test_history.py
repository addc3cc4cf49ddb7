"""Each write is on record, can be undone, and is forgotten on request."""

from __future__ import annotations

import itertools
from typing import Any, Final

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge
from fieldnote.bridge.pull.fields import FieldWriter
from fieldnote.bridge.pull.user_token import keep_transcript
from fieldnote.bridge.recording import Model
from fieldnote.bridge.review.erasure import Receipt, forget
from fieldnote.bridge.review.history import Selection, Undo, history, revert
from fieldnote.errors import CrmUnavailable, FieldnoteError
from fieldnote.insight.evidence import Utterance
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.bridge.test_pull import pull, pushed

BY = "pat"
R1 = Selection(recording_id="r1")


async def undone(bridge: Bridge, selection: Selection = R1) -> dict[str, Undo]:
    return {item.column: item.outcome for item in await revert(bridge, selection, actor=BY)}


async def test_every_write_keeps_where_it_came_from(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        crm.set_deal(1, "log", "kept by Ann")
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100", "Log": "one"}, summary="s")
        await pull(bridge)
        budget, log, note = await history(bridge, Selection(model="opportunity", record="1"))
        assert (budget.before, budget.after, budget.said) == (None, 100, "$100")
        assert (budget.recording_id, budget.extraction, budget.policy) == ("r1", "Budget", "fill")
        assert (log.before, log.after) == ("kept by Ann", "kept by Ann\none")
        assert (note.kind, note.recording_id, note.actor) == ("note", "r1", "fieldnote")
        assert await history(bridge, Selection(record="2")) == []
        assert [item.id for item in await history(bridge, Selection(run_id=budget.run_id))] == [
            budget.id, log.id, note.id,
        ]  # fmt: skip


@BOTH
async def test_undoing_a_recording_brings_back_the_values_from_before(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        crm.set_deal(1, "log", "kept by Ann")
        said = {"Budget": "$100", "Log": "one"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="They like blue.")
        await pull(bridge)
        assert await undone(bridge) == {"budget_max": Undo.REVERTED, "log": Undo.REVERTED, "summary": Undo.REVERTED}
        assert (crm.deal(1, "budget_max"), crm.deal(1, "log")) == (None, "kept by Ann")
        [(_, body, _)] = crm.notes()
        assert "They like blue." not in body
        assert "A person withdrew this note" in body
        assert (await pull(bridge)).writes == 0
        assert (crm.deal(1, "budget_max"), crm.notes()[0][1]) == (None, body)
        latest = (await history(bridge, R1))[-1]
        assert (latest.action, latest.actor) == ("reverted", BY)
        assert await undone(bridge) == {}


async def test_after_an_undo_only_something_else_that_is_said_is_written(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"})
        await pull(bridge)
        await undone(bridge)
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Budget": "$100"})
        assert (await pull(bridge)).writes == 0
        stub.record("r3", started_at=ago(minutes=30), opportunity="1", said={"Budget": "$300"})
        await pull(bridge)
        assert crm.deal(1, "budget_max") == 300


async def test_what_a_person_changed_since_is_not_undone(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"}, summary="They like blue.")
        await pull(bridge)
        crm.set_deal(1, "budget_max", "7")
        crm.execute("update deal_notes set body = 'mine now'")
        assert await undone(bridge) == {"budget_max": Undo.CHANGED, "summary": Undo.CHANGED}
        assert (crm.deal(1, "budget_max"), crm.notes()[0][1]) == (7, "mine now")


async def test_a_write_under_a_later_one_is_undone_with_it_or_not_at_all(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        for name, said, hours in (("r1", "$100", 3), ("r2", "$200", 2)):
            stub.record(name, started_at=ago(hours=hours), opportunity="1", said={"Budget": said})
            await pull(bridge)
        assert await undone(bridge) == {"budget_max": Undo.LATER}
        assert crm.deal(1, "budget_max") == 200
        assert await undone(bridge, Selection(recording_id="r2")) == {"budget_max": Undo.REVERTED}
        assert crm.deal(1, "budget_max") == 100
        assert await undone(bridge) == {"budget_max": Undo.REVERTED}
        assert crm.deal(1, "budget_max") is None


async def test_all_writes_of_a_field_are_undone_together(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        for name, said, hours in (("r1", "$100", 3), ("r2", "$200", 2)):
            stub.record(name, started_at=ago(hours=hours), opportunity="1", said={"Budget": said})
            await pull(bridge)
        field = Selection(model="opportunity", record="1", column="budget_max")
        assert await undone(bridge, field) == {"budget_max": Undo.REVERTED}
        assert crm.deal(1, "budget_max") is None


async def test_without_a_selection_nothing_is_undone(opened: Opener) -> None:
    async with opened() as bridge:
        with pytest.raises(FieldnoteError, match="say what"):
            await revert(bridge, Selection(), actor=BY)


# --- forgetting


async def kept(bridge: Bridge) -> str:
    """All that the bridge's tables hold of pull, as text."""
    tables = ("recording_contents", "field_values", "write_values", "proposal_values")
    async with bridge.engine.connect() as conn:
        rows = [(await conn.execute(text(f"select * from {table}"))).all() for table in tables]
    return repr(rows)


@pytest.mark.parametrize("whom", [{"recording_id": "r1"}, {"model": Model.OPPORTUNITY, "record": "1"}])
async def test_a_persons_words_are_forgotten_and_not_fetched_again(
    crm: Crm, stub: StubSiro, opened: Opener, whom: dict[str, Any]
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        said = {"Objections": "sheep in the yard", "Decision Maker": "the sheep", "Budget": "as many sheep as it takes"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="They like sheep.")
        await pull(bridge)
        assert "sheep" in await kept(bridge)
        assert await forget(bridge, **whom) == Receipt(recordings=1, fields=3, writes=2, proposals=2)
        assert "sheep" not in await kept(bridge)
        stub.recordings["r1"] |= {"updatedAt": stub.recordings["r1"]["updatedAt"]}
        await pull(bridge)
        assert "sheep" not in await kept(bridge)
        assert crm.deal(1, "objections") == "sheep in the yard", "the CRM is left as it is"
        assert [item.after for item in await history(bridge, R1)] == [None, None], "that it was written is kept"
        assert await undone(bridge) == {"objections": Undo.FORGOTTEN, "summary": Undo.REVERTED}


async def test_what_was_never_known_cannot_be_forgotten(opened: Opener) -> None:
    async with opened() as bridge:
        with pytest.raises(FieldnoteError, match="no data stored for"):
            await forget(bridge, recording_id="r9")


USER: Final[dict[str, Any]] = {"siro__client_id": "c", "siro__client_secret": "s", "siro__user_id": "u"}


async def _transcript(bridge: Bridge) -> Any:
    async with bridge.engine.connect() as conn:
        return await conn.scalar(text("select utterances from recording_transcripts"))


async def test_a_transcript_is_kept_with_times_and_read_once(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(**USER) as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={})
        stub.utterances["r1"] = ["Good morning.", "A zero: \0."]
        await pull(bridge)
        assert await _transcript(bridge) == [
            {"speaker": "", "text": "Good morning.", "start_ms": 0, "end_ms": 900},
            {"speaker": "", "text": "A zero: \ufffd.", "start_ms": 1000, "end_ms": 1900},
        ]
        asked = stub.calls.count(("GET", "/v1/core/recordings/r1/utterances"))
        await pull(bridge)
        assert stub.calls.count(("GET", "/v1/core/recordings/r1/utterances")) == asked == 1


@pytest.mark.parametrize("how", ["purged", "deleted", "forgotten"])
async def test_a_transcript_goes_with_its_recording_and_does_not_come_back(
    crm: Crm, stub: StubSiro, opened: Opener, how: str
) -> None:
    async with opened(**USER) as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={})
        stub.utterances["r1"] = ["It is too high, sheepishly said."]
        await pull(bridge)
        assert "sheepishly" in str(await _transcript(bridge))
        if how == "forgotten":
            await forget(bridge, recording_id="r1")
        else:
            name = "rootDataPurgedAt" if how == "purged" else "deletedAt"
            stub.recordings["r1"] |= {name: "2026-11-01T00:00:00Z"}
        await pull(bridge)
        assert await _transcript(bridge) is None
        async with bridge.engine.begin() as conn:  # a pass that had read the words before
            await keep_transcript(conn, bridge.name, "r1", [Utterance("", "sheepishly", 0.0, float("inf"))])
        assert await _transcript(bridge) is None


async def test_quotes_go_when_siro_purges_the_recording(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    user: dict[str, Any] = {"siro__client_id": "c", "siro__client_secret": "s", "siro__user_id": "u"}
    async with opened(**user) as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Objections": "too high"})
        stub.utterances["r1"] = ["It is too high, sheepishly said."]
        await pull(bridge)
        assert "sheepishly" in await kept(bridge)
        stub.recordings["r1"] |= {"rootDataPurgedAt": "2026-11-01T00:00:00Z"}
        await pull(bridge)
        assert "sheepishly" not in await kept(bridge)
        [write] = await history(bridge, R1)
        assert (write.after, crm.deal(1, "objections")) == ("too high", "too high")


@pytest.mark.parametrize("pull_between", [False, True])
async def test_a_revert_that_was_killed_is_ended_by_the_next_and_names_no_person(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch, *, pull_between: bool
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, *range(1, 9))
        for key in range(1, 9):
            stub.record(f"r{key}", started_at=ago(hours=2), opportunity=str(key), said={"Budget": "$100"})
        await pull(bridge)
        run = Selection(run_id=(await history(bridge, Selection()))[0].run_id)
        left = itertools.count()
        whole = FieldWriter.finish

        async def dying(writer: FieldWriter, *args: Any) -> Any:
            if next(left) == 7:
                raise ZeroDivisionError  # between the CRM and the ledger
            return await whole(writer, *args)

        monkeypatch.setattr(FieldWriter, "finish", dying)
        with pytest.raises(ZeroDivisionError):
            await revert(bridge, run, actor=BY)
        monkeypatch.undo()
        assert [crm.deal(key, "budget_max") for key in range(1, 9)] == [None] * 8
        if pull_between:
            await pull(bridge)
        assert [item.outcome for item in await revert(bridge, run, actor=BY)] == [Undo.REVERTED]
        assert await revert(bridge, run, actor=BY) == []
        assert [write.action for write in await history(bridge, Selection())].count("reverted") == 8


async def test_a_record_that_cannot_be_reached_is_named_and_the_others_are_undone(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, *range(1, 9))
        for key in range(1, 9):
            stub.record(f"r{key}", started_at=ago(hours=2), opportunity=str(key), said={"Budget": "$100"})
        await pull(bridge)
        run = Selection(run_id=(await history(bridge, Selection()))[0].run_id)
        whole, down = bridge.crm.read, {"3"}

        def read(record: Any, columns: Any) -> Any:
            if record.key in down:
                raise CrmUnavailable("the row is locked")
            return whole(record, columns)

        monkeypatch.setattr(bridge.crm, "read", read)
        outcomes = {item.record: (item.outcome, item.reason) for item in await revert(bridge, run, actor=BY)}
        assert outcomes.pop("3") == (Undo.UNREACHED, "the row is locked")
        assert set(outcomes.values()) == {(Undo.REVERTED, None)}
        assert len(outcomes) == 7
        down.clear()
        assert [(item.record, item.outcome) for item in await revert(bridge, run, actor=BY)] == [("3", Undo.REVERTED)]
