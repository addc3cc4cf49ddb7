"""A write counts when it was read back: a refusal behind an answer of success is named, kept open and retried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from fieldnote.bridge import Bridge, PullResult, pull_once, push_once
from fieldnote.bridge.pull.read_back import was_refused
from fieldnote.bridge.review.history import Selection, Undo, history, revert
from fieldnote.config import load
from fieldnote.crm import open_driver
from fieldnote.crm.rest import notes as rest_notes
from fieldnote.crm.rest import writing as rest_writing
from fieldnote.crm.rest.driver import RestDriver
from fieldnote.crm.sql.columns import ColumnType, Family
from fieldnote.crm.types import Place
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.crm.rest_write_server import Fault, WriteCrm, serving

SAID = {"Budget": "$40,000", "Objections": "price"}


async def states(bridge: Bridge) -> dict[str, str]:
    async with bridge.engine.connect() as conn:
        fields = {row.column_name: row.state for row in await conn.execute(text("select * from fields"))}
        notes = {row.note_key: row.state for row in await conn.execute(text("select * from notes"))}
    return fields | notes


# --- databases ------------------------------------------------------------------------------------------


def keep_fields(crm: Crm) -> list[str]:
    """A trigger that keeps the old values, and how it goes."""
    if crm.url.startswith("sqlite"):
        crm.execute(
            "create trigger keep after update on deals begin update deals set budget_max = old.budget_max, "
            "objections = old.objections where id = old.id; end"
        )
        return ["drop trigger keep"]
    crm.execute(
        "create function keep() returns trigger language plpgsql as $$ begin new.budget_max := old.budget_max; "
        "new.objections := old.objections; return new; end $$"
    )
    crm.execute("create trigger keep before update on deals for each row execute function keep()")
    return ["drop trigger keep on deals"]


def lose_notes(crm: Crm) -> list[str]:
    """A trigger that throws new notes away."""
    if crm.url.startswith("sqlite"):
        crm.execute(
            "create trigger lose after insert on deal_notes begin delete from deal_notes where id = new.id; end"
        )
        return ["drop trigger lose"]
    crm.execute("create function lose() returns trigger language plpgsql as $$ begin return null; end $$")
    crm.execute("create trigger lose before insert on deal_notes for each row execute function lose()")
    return ["drop trigger lose on deal_notes"]


def freeze_notes(crm: Crm) -> list[str]:
    """A trigger that keeps the text of notes."""
    if crm.url.startswith("sqlite"):
        crm.execute(
            "create trigger hold after update on deal_notes begin update deal_notes set body = old.body "
            "where id = old.id; end"
        )
        return ["drop trigger hold"]
    crm.execute(
        "create function hold() returns trigger language plpgsql as $$ begin new.body := old.body; return new; end $$"
    )
    crm.execute("create trigger hold before update on deal_notes for each row execute function hold()")
    return ["drop trigger hold on deal_notes"]


@BOTH
async def test_a_field_whose_old_value_a_trigger_keeps_is_refused_and_written_once_it_may_be(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        lift = keep_fields(crm)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=SAID, summary="s")
        for _ in range(2):
            result = await pull_once(bridge)
            assert not result.settled
            assert {(item.column, item.state) for item in result.problems} == {
                ("budget_max", "refused"),
                ("objections", "refused"),
            }
            assert "kept the old value" in result.problems[0].reason
        assert [write.kind for write in await history(bridge, Selection())] == ["note"]
        for statement in lift:
            crm.execute(statement)
        assert (await pull_once(bridge)).settled
        assert (crm.deal(1, "budget_max"), crm.deal(1, "objections")) == (40000, "price")
        assert len(await history(bridge, Selection())) == 3


@BOTH
async def test_an_update_that_a_view_ignores_is_refused(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.execute("create view open_deals as select * from deals")
    if crm.url.startswith("sqlite"):
        crm.execute("create trigger deaf instead of update on open_deals begin select 1; end")
    else:
        crm.execute("create function deaf() returns trigger language plpgsql as $$ begin return new; end $$")
        crm.execute("create trigger deaf instead of update on open_deals for each row execute function deaf()")
    target = {"table": "open_deals", "key": "id", "fields": {"Objections": "objections"}}
    async with opened(pull={"opportunity": target}) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=SAID, summary="s")
        result = await pull_once(bridge)
        assert [(item.column, item.state) for item in result.problems] == [("objections", "refused")]
        assert not await history(bridge, Selection())


@BOTH
async def test_a_note_that_does_not_stay_is_refused_and_made_once_it_may_be(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        lift = lose_notes(crm)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary="first")
        result = await pull_once(bridge)
        assert [(item.column, item.state) for item in result.problems] == [("note", "refused")]
        assert "cannot be read back" in result.problems[0].reason
        for statement in lift:
            crm.execute(statement)
        assert (await pull_once(bridge)).settled
        assert len(crm.notes()) == 1
        lift = freeze_notes(crm)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary="second")
        assert not (await pull_once(bridge)).settled
        assert (await states(bridge))["summary"] == "refused"
        for statement in lift:
            crm.execute(statement)
        assert (await pull_once(bridge)).settled
        assert "second" in crm.notes()[0][1]
        assert (await states(bridge))["summary"] == "written"


def mangle_notes(crm: Crm, expression: str) -> list[str]:
    """A trigger that changes the text of new and changed notes, and how it goes."""
    if crm.url.startswith("sqlite"):
        change = f"begin update deal_notes set body = {expression} where id = new.id; end"
        crm.execute(f"create trigger mangle after insert on deal_notes {change}")
        crm.execute(f"create trigger mangle_too after update on deal_notes {change}")
        return ["drop trigger mangle", "drop trigger mangle_too"]
    made = expression.replace("body", "new.body")
    crm.execute(
        "create or replace function mangle() returns trigger language plpgsql as "
        f"$$ begin new.body := {made}; return new; end $$"
    )
    crm.execute("create trigger mangle before insert or update on deal_notes for each row execute function mangle()")
    return ["drop trigger mangle on deal_notes"]


MANGLED = {
    "emptied": ("''", "emptied the note", lambda _: ""),
    "null": ("null", "emptied the note", lambda _: None),
    "cut": ("substr(body, 1, 45)", "kept 45 of", lambda text: text[:45]),
    "cut with dots": ("substr(body, 1, 45) || '...'", "kept 48 of", lambda text: text[:45] + "\u2026"),
    "other words": ("'see attachment'", "of the note", lambda _: "see attachment"),
}
LONG = "They want a new roof before winter, and ask for a price that includes the gutters and the chimney."


@BOTH
@pytest.mark.parametrize("how", MANGLED)
@pytest.mark.parametrize("key", [True, False])
async def test_a_note_that_a_trigger_empties_or_cuts_is_refused_and_never_doubled(
    crm: Crm, stub: StubSiro, opened: Opener, how: str, key: bool
) -> None:
    note = {"table": "deal_notes", "record": "deal_id", "body": "body"} | ({"key": "external_key"} if key else {})
    async with opened(pull__opportunity__note=note) as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        lift = mangle_notes(crm, MANGLED[how][0])
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary=LONG)
        for _ in range(2):
            result = await pull_once(bridge)
            assert [(item.column, item.state) for item in result.problems] == [("note", "refused")]
            assert MANGLED[how][1] in (result.problems[0].reason or "") or not key
            assert await history(bridge, Selection()) == []
        assert len(crm.notes()) == key, "one with a key, or none that could not be found again"
        for statement in lift:
            crm.execute(statement)
        assert (await pull_once(bridge)).settled
        assert [LONG in text for _, text, *_ in crm.notes()] == [True]
        lift = mangle_notes(crm, MANGLED[how][0])
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary=LONG + " And a skylight.")
        assert not (await pull_once(bridge)).settled
        for statement in lift:
            crm.execute(statement)
        assert (await pull_once(bridge)).settled
        assert ["skylight" in text for _, text, *_ in crm.notes()] == [True]


@BOTH
async def test_a_field_that_a_trigger_empties_is_refused_and_is_no_persons(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        crm.set_deal(1, "objections", "old words")
        await push_once(bridge)
        crm.execute("update deals set objections = null")
        stub.record("r1", started_at=ago(hours=3), opportunity="1", said={"Objections": "the dog"})
        assert (await pull_once(bridge)).settled
        if crm.url.startswith("sqlite"):
            crm.execute(
                "create trigger void after update on deals begin update deals set objections = '' "
                "where id = old.id; end"
            )
            lift = "drop trigger void"
        else:
            crm.execute(
                "create function void() returns trigger language plpgsql as $$ begin new.objections := null; "
                "return new; end $$"
            )
            crm.execute("create trigger void before update on deals for each row execute function void()")
            lift = "drop trigger void on deals"
        stub.record("r2", started_at=ago(hours=2), opportunity="1", said={"Objections": "the price"})
        for _ in range(2):
            result = await pull_once(bridge)
            assert [(item.column, item.state) for item in result.problems] == [("objections", "refused")]
        assert "emptied the field" in result.problems[0].reason or "kept the old value" in result.problems[0].reason
        crm.execute(lift)
        assert (await pull_once(bridge)).settled
        assert crm.deal(1, "objections") == "the price"


@BOTH
async def test_undoing_that_the_crm_ignores_is_reported_as_refused(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=SAID, summary="s")
        assert (await pull_once(bridge)).settled
        keep_fields(crm)
        done = await revert(bridge, Selection(model="opportunity", record="1"), actor="ann")
        assert {item.column: item.outcome for item in done} == {
            "budget_max": Undo.REFUSED,
            "objections": Undo.REFUSED,
            "summary": Undo.REVERTED,
        }


@BOTH
async def test_a_crm_that_rounds_and_trims_is_not_taken_for_one_that_refuses(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    """Prices to thousands: the second value comes back as what was there before, and the first shows why."""
    if crm.url.startswith("sqlite"):
        crm.execute(
            "create trigger tidy after update on deals begin update deals set "
            "budget_max = cast(round(new.budget_max / 1000.0) as integer) * 1000 where id = old.id; end"
        )
    else:
        crm.execute(
            "create function tidy() returns trigger language plpgsql as $$ begin "
            "new.budget_max := round(new.budget_max, -3); return new; end $$"
        )
        crm.execute("create trigger tidy before update on deals for each row execute function tidy()")
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        for hours, said in ((3, "$45,123"), (2, "$45,200"), (1, "$44,990")):
            stub.record(f"r{hours}", started_at=ago(hours=hours), opportunity="1", said={"Budget": said})
            assert (await pull_once(bridge)).settled
            assert crm.deal(1, "budget_max") == 45000


# --- a web API ------------------------------------------------------------------------------------------


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[WriteCrm]:
    monkeypatch.setattr(rest_writing, "LATE", 0.0)
    monkeypatch.setattr(rest_notes, "LATE", 0.0)
    with serving() as running:
        running.deals["1"] = {"id": 1, "budget_max": None, "objections": None, "stage": "open"}
        yield running


def through(bridge: Bridge, api: WriteCrm, kind: str, folder: Path) -> Bridge:
    """The bridge, with the API in the place of its CRM."""
    section = getattr(api, kind)(budget_max={"type": "number"})
    path = folder / f"{kind}.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "crm": section}))
    place = Place("test", folder, "postgresql://nobody@127.0.0.1:1/none", folder / "home")
    driver = open_driver(load(path, {}).crm, place)
    driver.__class__ = type("Same", (RestDriver,), {"identity": bridge.crm.identity})
    key = {"key": "external_key"} if kind == "flat" else {}
    note = {"table": "notes", "record": "deal_id", "body": "text"} | key
    assert bridge.config.pull is not None
    assert bridge.config.pull.opportunity is not None
    target = bridge.config.pull.opportunity.model_copy(
        update={"note": type(bridge.config.pull.opportunity.note).model_validate(note)}  # type: ignore[union-attr]
    )
    pull = bridge.config.pull.model_copy(update={"opportunity": target})
    return replace(bridge, crm=driver, config=bridge.config.model_copy(update={"pull": pull}))


ERRORS = [
    {"success": False, "error": {"code": "LOCKED", "text": "the deal is locked"}},
    {"errors": [{"message": "the deal is locked"}]},
    {"message": "the deal is locked"},
    {"ok": 0, "error_description": "the deal is locked"},
]


@pytest.mark.parametrize("kind", ["flat", "nested"])
@pytest.mark.parametrize("body", ERRORS)
async def test_an_error_behind_status_200_is_a_refusal_in_the_apis_words(
    crm: Crm, stub: StubSiro, opened: Opener, api: WriteCrm, tmp_path: Path, kind: str, body: Any
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        web = through(bridge, api, kind, tmp_path)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=SAID, summary="s")
        api.faults = {(method, n): Fault(200, body=body) for method in ("PATCH", "POST") for n in range(1, 9)}
        if kind == "nested":  # notes are searched by POST there
            api.faults = {key: fault for key, fault in api.faults.items() if key[0] == "PATCH"}
        result = await pull_refused(web)
        found = {item.column: item for item in result.problems}
        assert {"budget_max", "objections"} <= set(found)
        assert all("the deal is locked" in item.reason for item in found.values())
        assert "40" not in found["budget_max"].reason
        assert ("note" in found) == (kind == "flat")
        api.faults.clear()
        assert (await pull_once(web)).settled
        assert (api.deals["1"]["budget_max"], api.deals["1"]["objections"]) == (40000, "price")
        assert len(api.notes) == 1
        web.crm.close()


@pytest.mark.parametrize("kind", ["flat", "nested"])
@pytest.mark.parametrize("how", ["emptied", "null", "cut", "other words"])
async def test_a_note_that_an_api_empties_or_cuts_is_refused_and_never_doubled(
    crm: Crm, stub: StubSiro, opened: Opener, api: WriteCrm, tmp_path: Path, kind: str, how: str
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        web = through(bridge, api, kind, tmp_path)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary=LONG)
        api.mangle = MANGLED[how][2]
        for _ in range(3):
            result = await pull_refused(web)
            assert [(item.column, item.state) for item in result.problems] == [("note", "refused")]
            assert len(api.notes) == 1
        api.mangle = None
        if kind == "nested":
            result = await pull_refused(web)
            assert len(api.notes) == 1, "without the key, nobody knows whose note it is"
            if how != "cut":
                assert "the note 1, and Fieldnote's key in it is lost" in result.problems[0].reason
            api.notes.clear()  # a person deletes it
        assert (await pull_once(web)).settled
        assert [LONG in (note["text"] or "") for note in api.notes] == [True]
        web.crm.close()


@pytest.mark.parametrize("ids", [True, False])
async def test_a_note_whose_key_field_the_api_ignores_is_refused_and_never_doubled(
    crm: Crm, stub: StubSiro, opened: Opener, api: WriteCrm, tmp_path: Path, ids: bool
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        web = through(bridge, api, "flat", tmp_path)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary=LONG)
        api.notes += [{"id": 1, "deal_id": "1", "text": "a person's", "external_key": None}]
        api.ignored = {"external_key"} | (set() if ids else {"id"})
        for _ in range(3):
            result = await pull_refused(web)
            assert ("the note 2," if ids else "the note text-") in result.problems[0].reason
            assert len(api.notes) == 2
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary=LONG + " And a skylight.")
        await pull_refused(web)
        assert len(api.notes) == 2, "another text is no reason to add another note"
        api.ignored = set()
        api.notes.pop()
        assert (await pull_once(web)).settled
        assert api.notes[0]["text"] == "a person's"
        assert ["skylight" in note["text"] for note in api.notes] == [False, True]
        web.crm.close()


async def pull_refused(bridge: Bridge) -> PullResult:
    result = await pull_once(bridge)
    assert not result.settled
    return result


async def test_an_api_that_answers_before_it_writes_is_read_once_more(
    crm: Crm, stub: StubSiro, opened: Opener, api: WriteCrm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        web = through(bridge, api, "flat", tmp_path)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Objections": "price"}, summary="s")
        api.faults = {("PATCH", 1): Fault(202)}

        def arrive(_: float) -> None:
            api.deals["1"]["objections"] = "price"

        monkeypatch.setattr("fieldnote.crm.rest.writing.time.sleep", arrive)
        assert (await pull_once(web)).settled
        assert api.count("PATCH") == 1
        assert [write.column for write in await history(web, Selection()) if write.kind == "field"] == ["objections"]
        web.crm.close()


async def test_a_value_that_arrives_after_the_pass_is_ours_with_its_provenance(
    crm: Crm, stub: StubSiro, opened: Opener, api: WriteCrm, tmp_path: Path
) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        web = through(bridge, api, "flat", tmp_path)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Objections": "price"}, summary="s")
        api.faults = {("PATCH", 1): Fault(202)}
        await pull_refused(web)
        api.deals["1"]["objections"] = "price"
        assert (await pull_once(web)).settled
        assert api.count("PATCH") == 1
        [write] = [write for write in await history(web, Selection()) if write.kind == "field"]
        assert (write.before, write.after, write.recording_id) == (None, "price", "r1")
        web.crm.close()


# --- the judgment ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A column that changes values in its own way."""

    family: Family
    values: st.SearchStrategy[Any]
    changes: Callable[[Any], Any] = field(default=lambda value: value)

    def same(self, left: object, right: object) -> bool:
        return ColumnType("t", "c", self.family, "postgresql", zone=datetime.now().astimezone().tzinfo).same(  # type: ignore[arg-type]
            left, right
        )


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40).filter(str.strip)
MONEY = st.decimals(min_value=0, max_value=10**6, places=2)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001
COLUMNS = {
    "text": Column(Family.TEXT, TEXTS),
    "trimmed": Column(Family.TEXT, TEXTS, lambda value: value.strip()),
    "lower": Column(Family.TEXT, TEXTS.filter(lambda value: value.isascii()), lambda value: value.lower()),
    "money": Column(Family.NUMBER, MONEY),
    "whole": Column(Family.NUMBER, MONEY, lambda value: value.to_integral_value()),
    "day": Column(Family.DATE, st.dates(date(2000, 1, 1), date(2040, 1, 1))),
    "seconds": Column(Family.MOMENT, TIMES, lambda value: value.replace(microsecond=0)),
    "flag": Column(Family.BOOLEAN, st.booleans()),
    "list": Column(Family.LIST, st.lists(TEXTS, min_size=1, max_size=3)),
}


@pytest.mark.parametrize("name", COLUMNS)
@given(data=st.data())
def test_a_kept_value_is_a_refusal_and_a_changed_or_rounded_one_is_not(name: str, data: st.DataObject) -> None:
    column = COLUMNS[name]
    before: Any = data.draw(st.none() | column.values.map(column.changes))
    sent: Any = data.draw(st.none() | column.values)
    took = None if sent is None else column.changes(sent)
    assert not was_refused(before, took, sent, column.same), "the column's own way"
    if not column.same(before, took):
        kept = was_refused(before, before, sent, column.same)
        explained = (
            name in {"text", "trimmed", "lower", "list"}
            and str(before).casefold().split() == str(sent).casefold().split()
        )
        rounded = name in {"money", "whole"} and None not in {before, sent} and abs(before - sent) < 1
        near = name == "seconds" and None not in {before, sent} and abs(before - sent).total_seconds() < 60
        midnight = name == "seconds" and before is not None and sent is not None and before.date() == sent.date()
        assert kept or explained or rounded or near or midnight


@pytest.mark.parametrize(
    ("before", "sent", "alters", "refused"),
    [
        ("A\nB", "A\nB\nC", False, True),
        ("cut at t", "cut at ten", True, False),
        (Decimal("0.2"), "0.9", False, True),
        (0, "4000", True, True),
        (45000, "45123", False, True),
        (45000, "45123", True, False),
        (None, "x", True, True),
        ("x", None, True, True),
        ("  ", None, False, False),
        ("2026", "2026-05-01", False, True),
        ("45", "45.4", False, True),
        (45, "45.4", False, False),
    ],
)
def test_only_the_columns_own_way_explains_an_unchanged_value(
    before: object, sent: object, alters: bool, refused: bool
) -> None:
    assert was_refused(before, before, sent, lambda left, right: left == right, alters=alters) is refused
