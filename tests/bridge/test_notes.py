"""Notes of a conversation: several of one summary, an addendum where a person edited, and never one twice."""

from __future__ import annotations

from typing import Any

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.review.history import Selection, revert
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago

NOTE = {"table": "deal_notes", "record": "deal_id", "body": "body", "key": "external_key"}


async def _pulled(bridge: Bridge, stub: StubSiro, summary: str) -> int:
    stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary=summary)
    result = await pull_once(bridge)
    assert result.settled, result
    return result.writes


def _keys(crm: Crm) -> list[Any]:
    return [key for _, _, key in crm.notes()]


async def test_a_summary_that_changes_after_a_person_edited_the_note_is_in_an_addendum(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        await _pulled(bridge, stub, "first")
        crm.execute("update deal_notes set body = 'MINE'")
        assert await _pulled(bridge, stub, "first") == 0  # nothing new to say
        assert await _pulled(bridge, stub, "second") == 1
        assert _keys(crm) == ["siro:r1", "siro:r1:2"]
        assert crm.notes()[0][1] == "MINE"
        assert "second" in crm.notes()[1][1]
        assert await _pulled(bridge, stub, "second") == 0
        assert await _pulled(bridge, stub, "third") == 1  # the addendum is ours, and is kept up to date
        assert ("third" in crm.notes()[1][1], len(crm.notes())) == (True, 2)
        crm.execute("update deal_notes set body = 'MINE TOO' where external_key = 'siro:r1:2'")
        assert await _pulled(bridge, stub, "fourth") == 1
        assert _keys(crm) == ["siro:r1", "siro:r1:2", "siro:r1:3"]
        assert [body for _, body, _ in crm.notes()][:2] == ["MINE", "MINE TOO"]
        crm.execute("delete from deal_notes where external_key = 'siro:r1:3'")
        assert await _pulled(bridge, stub, "fifth") == 0  # a person does not want it
        undone = await revert(bridge, Selection(recording_id="r1"), actor="Ann")
        assert {item.outcome.value for item in undone} == {"changed"}
        assert [body for _, body, _ in crm.notes()] == ["MINE", "MINE TOO"]


async def test_chosen_sections_make_notes_of_their_own(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    steps = NOTE | {"name": "steps", "sections": ["Next steps"]}
    async with opened(pull__opportunity__notes=[steps, NOTE | {"name": "none", "sections": ["Weather"]}]) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary="They like blue.")
        stub.recordings["r1"]["summary"].append({"id": "n", "name": "next steps ", "content": "Call on Monday."})
        assert (await pull_once(bridge)).writes == 2
        notes = {key: body for _, body, key in crm.notes()}
        assert set(notes) == {"siro:r1", "siro:r1:steps"}
        assert ("Call on Monday." in notes["siro:r1:steps"], "blue" in notes["siro:r1:steps"]) == (True, False)
        assert (await pull_once(bridge)).writes == 0


async def test_parts_of_the_recording_are_written_like_what_was_said(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    fields = {
        "recording.webUrl": {"to": "decision"},
        "recording.result": {"to": "stage", "as": "choice", "policy": "overwrite", "choices": {"WON": "sold"}},
        "recording.evaluationScore": {"to": "budget_max", "as": "integer"},
        "recording.title": "objections",
    }
    async with opened(pull__opportunity__fields=fields, pull__opportunity__note=None) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={})
        await pull_once(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(1, "stage")) == (None, "open")
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={})
        stub.recordings["r1"] |= {"result": "WON", "evaluationScore": 87}
        await pull_once(bridge)
        columns = ("decision", "stage", "budget_max", "objections")
        values = [crm.deal(1, column) for column in columns]
        assert values == ["https://app.siro.ai/recordings/r1", "sold", 87, "Talk r1"]
