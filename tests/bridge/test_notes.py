"""Notes of a conversation: several of one summary, an addendum where a person edited, and never one twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.pull.note_text import WITHDRAWN, has_summary, note_title
from fieldnote.bridge.recording import Extraction, Link, Model, RecordingSnapshot, Section
from fieldnote.bridge.review.history import Selection, revert
from fieldnote.bridge.sent_visits import SentVisits, Visit, visit_of
from fieldnote.config import NoteSettings
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


async def test_a_title_says_something_in_local_time_and_goes_with_the_words(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.execute("alter table deal_notes add column subject varchar(200)")
    async with opened(pull__opportunity__note=NOTE | {"title": "subject"}) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        said = {"Budget": "$18,000", "Decision Maker": "Husband decides", "Color": "blue"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="They want a roof.")
        await pull_once(bridge)
        [(title,)] = crm.execute("select subject from deal_notes")
        assert "$18,000, Husband decides" in title
        crm.execute("update deal_notes set subject = 'a title by a person'")
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="They want two roofs.")
        assert (await pull_once(bridge)).writes == 1
        assert "two roofs" in crm.notes()[0][1]
        assert crm.execute("select subject from deal_notes") == [("a title by a person",)]
        await revert(bridge, Selection(recording_id="r1"), actor="Ann")
        assert crm.execute("select subject from deal_notes") == [("Siro: conversation",)]


async def test_a_short_column_gets_a_short_title_and_no_column_none(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.execute("alter table deal_notes add column subject varchar(11)")
    async with opened(pull__opportunity__note=NOTE | {"title": "subject"}) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "€ 18.000"}, summary="A roof.")
        await pull_once(bridge)
        [(title,)] = crm.execute("select subject from deal_notes")
        assert title
        if not crm.url.startswith("sqlite"):
            assert len(title) == 11


class _Sent:
    """A connection with a deal, an appointment, and the name of one of Siro's users."""

    async def scalar(self, _: object, values: dict[str, str]) -> object:
        account = {"name": "Ivan Maddox"}
        return {
            "opportunities": {"opportunityUsers": [{"externalId": "7", "name": "Marco Tello"}], "account": account},
            "engagements": {"engagementUsers": [{"externalId": "8", "name": "Dana Ruiz"}], "account": account},
            "u1": "Nora Lindholm",
        }.get(values.get("stream") or values["user"])


@pytest.mark.parametrize(
    ("user", "linked", "rep"),
    [
        ("u1", (Model.OPPORTUNITY,), "Nora Lindholm"),
        ("unknown", (Model.OPPORTUNITY,), None),
        (None, (Model.OPPORTUNITY,), None),
        ("u1", (Model.OPPORTUNITY, Model.ENGAGEMENT), "Dana Ruiz"),
    ],
)
async def test_a_note_names_the_rep_of_the_visit_and_never_the_owner_of_the_deal(
    user: str | None, linked: tuple[Model, ...], rep: str | None
) -> None:
    visits = SentVisits(cast("Any", _Sent()), "default")
    held = RecordingSnapshot(
        "r1", user, datetime(2026, 4, 14, tzinfo=UTC), datetime(2026, 4, 15, tzinfo=UTC), processed=True,
        summary_done=True, extraction_done=True, links=tuple(Link(model, "1", "s1") for model in linked),
    )  # fmt: skip
    found = await visits.visit(held)
    assert (found.rep, found.customer) == (rep, "Ivan Maddox")


@pytest.mark.parametrize("kind", ["account", "contact", "lead"])
def test_a_record_may_name_its_customer_in_three_ways(kind: str) -> None:
    assert visit_of({"account": None, kind: {"externalId": "1", "name": "Kim"}}).customer == "Kim"


def test_titles_are_one_short_line_whatever_was_said() -> None:
    note = NoteSettings(table="n", record="r", body="b", title="t")
    held = RecordingSnapshot(
        "r1", None, datetime(2026, 4, 14, 23, 30, tzinfo=UTC), datetime(2026, 4, 15, tzinfo=UTC),
        processed=True, summary_done=True, extraction_done=True, title="Roof",
    )  # fmt: skip
    visit = Visit("Dana Ruiz", "Emeka Kimura")

    def titled(zone: str | None = "America/Chicago", **changes: Any) -> str:
        return note_title(replace(held, **changes), visit, zone, note, ("Roof age", "Budget"))

    values = (Extraction("Roof age", "19 years"), Extraction("Budget", "$18,000"), Extraction("Other", "x"))
    assert titled(extractions=values) == "Roof, Kimura: $18,000, 19 years (Apr 14, 18:30)"
    twice = note_title(
        replace(held, extractions=values), visit, None, note, ("Roof age", "Roof age", "budget", "BUDGET")
    )
    assert twice == "Roof, Kimura: $18,000, 19 years (Apr 14, 23:30 UTC)", "a list of columns, and names in other cases"
    summary = (Section("AI Summary", "They want it by May. And more."),)
    assert titled(summary=summary) == "Roof, Kimura: They want it by May (Apr 14, 18:30)"
    assert titled(None, title=None) == "Kimura (Apr 14, 23:30 UTC)"
    for odd in (None, True, {"a": 1}, [], ["first", "second"], 7, "two\nlines\x00\u2028here", "long " * 500, "x" * 500):
        title = titled(extractions=(Extraction("Budget", odd),), title="  a\r\nb  " * 60)
        assert len(title) <= 120
        assert title.isprintable()
        assert title.endswith("(Apr 14, 18:30)")


def test_a_renamed_customer_is_no_new_summary() -> None:
    """Where notes cannot be changed, a new summary makes an addendum, and nothing else does."""
    old = "Siro: Roof\nRep: Ann | Customer: Kim\n\nThey want  a roof.\n\nRecording: https://siro.example/1"
    assert has_summary(f"{old}\n", old.replace("Kim", "Lee").replace("Ann", "Bob").replace("  a", " a"))
    assert not has_summary(old, old.replace("a roof", "two roofs"))
    assert not has_summary(old, WITHDRAWN)
