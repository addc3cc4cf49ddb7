"""One bad item never stops the others: a locked record, a poisoned recording, a cause that concerns all records."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from fieldnote.bridge import Bridge, backfill_once, pull_once, push_once
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.recording import Model
from fieldnote.bridge.review.erasure import forget
from fieldnote.bridge.status.health import status
from fieldnote.crm.sql import engine as sql_engine
from fieldnote.siro.errors import FailedCall
from fieldnote.siro.wire import Answer, json_of
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.waiting import eventually

POSTGRES = pytest.mark.parametrize("crm", ["postgres"], indirect=True)


async def pushed(bridge: Bridge, crm: Crm, count: int) -> None:
    for key in range(1, count + 1):
        crm.add_deal(key)
    assert (await push_once(bridge)).settled


def recorded(stub: StubSiro, count: int, **parts: Any) -> None:
    whole: dict[str, Any] = {"said": {"Budget": "$5"}, "summary": "s"} | parts
    for key in range(1, count + 1):
        stub.record(f"r{key}", started_at=ago(hours=2), opportunity=str(key), **whole)


@POSTGRES
async def test_a_locked_row_is_named_and_waits_while_the_others_are_written(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_engine, "LOCK_SECONDS", 0.2)
    async with opened() as bridge:
        await pushed(bridge, crm, 3)
        recorded(stub, 3)
        with psycopg.connect(crm.url) as person:
            person.execute("select * from deals where id = 1 for update")
            result = await pull_once(bridge)
            assert [crm.deal(key, "budget_max") for key in (1, 2, 3)] == [None, 5, 5]
            assert result.stopped is None
            assert [(item.record, item.state) for item in result.problems] == [("1", "waiting")]
            assert not result.settled
        assert (await pull_once(bridge)).settled
        assert crm.deal(1, "budget_max") == 5


@POSTGRES
async def test_a_crm_in_which_every_row_is_locked_is_left_and_the_next_pass_begins_with_other_records(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_engine, "LOCK_SECONDS", 0.2)
    async with opened() as bridge:
        await pushed(bridge, crm, 7)
        recorded(stub, 7)
        with psycopg.connect(crm.url) as person:
            person.execute("select * from deals where id < 7 for update")
            first = await pull_once(bridge)
            assert first.stopped is not None
            assert crm.deal(7, "budget_max") is None
            await pull_once(bridge)
            assert crm.deal(7, "budget_max") == 5, "it was not behind the locked ones a second time"


POISON = ["a\0b", "\ud83d half a pair", "half a pair \udc4d", "\0"]


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("since", [False, True])
async def test_a_poisoned_recording_does_not_stop_the_others(
    crm: Crm, stub: StubSiro, opened: Opener, poison: str, since: bool
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 2)
        recorded(stub, 2)
        stub.record(
            "r1", started_at=ago(hours=2), opportunity="1", said={"Objections": f"too {poison}"}, summary=f"s {poison}"
        )
        stub.recordings["r1"] |= {"title": f"T {poison}"}
        result = await (backfill_once(bridge, ago(hours=5)) if since else pull_once(bridge))
        assert result.settled, result
        assert crm.deal(2, "budget_max") == 5
        assert crm.deal(1, "objections").startswith("too ")
        assert "\0" not in crm.deal(1, "objections")


async def test_a_recording_that_cannot_be_stored_is_named_and_the_others_go_on(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 3)
        async with bridge.engine.begin() as conn:
            await conn.execute(text("alter table recordings add check (recording_id <> 'r2')"))
        recorded(stub, 3)
        result = await pull_once(bridge)
        assert any("r2" in warning for warning in result.warnings)
        assert [crm.deal(key, "budget_max") for key in (1, 2, 3)] == [5, None, 5]


async def test_a_record_at_which_the_work_fails_is_named_and_the_others_go_on(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 3)
        recorded(stub, 3)
        read = bridge.crm.read

        def fail(record: Any, columns: Any) -> Any:
            if record.key == "1":
                raise ValueError("a secret value")
            return read(record, columns)

        monkeypatch.setattr(bridge.crm, "read", fail)
        result = await pull_once(bridge)
        assert [crm.deal(key, "budget_max") for key in (1, 2, 3)] == [None, 5, 5]
        assert [(item.record, item.state, item.reason) for item in result.problems] == [
            ("1", "waiting", "it could not be compared (ValueError)")
        ]
        monkeypatch.undo()
        assert (await pull_once(bridge)).settled


@POSTGRES
async def test_a_refusal_by_the_whole_crm_is_tried_as_one_and_all_go_on_when_it_is_over(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 4)
        recorded(stub, 4)
        crm.execute(
            "create function deny() returns trigger language plpgsql as $$ begin "
            "raise insufficient_privilege using message = 'read-only mode'; end $$"
        )
        for table in ("deals", "deal_notes"):
            crm.execute(f"create trigger deny before insert or update on {table} for each row execute function deny()")
        assert not (await pull_once(bridge)).settled
        problems = (await status(bridge)).problems
        assert any("4 CRM records wait for one cause" in problem.words for problem in problems)
        async with bridge.engine.begin() as conn:
            await conn.execute(text("update due set retry_at = now() + interval '6 hours'"))
        assert (await pull_once(bridge, eager=False)).records == 1, "one for all"
        for table in ("deals", "deal_notes"):
            crm.execute(f"drop trigger deny on {table}")
        assert (await pull_once(bridge, eager=False)).settled
        assert [crm.deal(key, "budget_max") for key in range(1, 5)] == [5, 5, 5, 5]
        assert len(crm.notes()) == 4


async def test_forgetting_waits_for_a_pull_of_the_same_record(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        recorded(stub, 1)
        await pull_once(bridge)
        tries: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if "pg_try_advisory_lock" in statement:
                tries.append(statement)

        async with exclusive(bridge.engine, "record", bridge.name, "opportunity", "1", max_wait=1):
            event.listen(bridge.engine.sync_engine, "before_cursor_execute", note)
            erasing = asyncio.create_task(forget(bridge, recording_id="r1"))
            await eventually(lambda: len(tries) > 1)  # the first one was refused
            assert not erasing.done()
        assert (await erasing).recordings == 1
        assert (await pull_once(bridge)).settled
        assert crm.deal(1, "budget_max") == 5
        assert (await forget(bridge, model=Model.OPPORTUNITY, record="1")).recordings == 0


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (r'{"a": "\ud83d"}', "\ufffd"),
        (r'{"a": "\udc4d x"}', "\ufffd x"),
        (r'{"a": "\ud83d\udc4d"}', "👍"),
        (r'{"a": "\\ud83d \ud83d"}', r"\ud83d " + "\ufffd"),
        (r'{"a": "\u0000"}', "\0"),
    ],
)
def test_an_answer_with_half_a_surrogate_pair_is_read(body: str, read: str) -> None:
    found = json_of(Answer(200, {}, body.encode()), FailedCall("GET", "/"))  # type: ignore[arg-type]
    assert json.dumps(found) == json.dumps({"a": read})


async def test_a_name_that_no_recording_has_is_listed_with_the_nearest(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    fields = {"Objectons": "objections", "budget ": {"to": "budget_max", "as": "money"}, "recording.title": "log"}
    async with opened(pull__opportunity__fields=fields) as bridge:
        await pushed(bridge, crm, 3)
        recorded(stub, 2, said={"Budget": "$5", "Objections": "price"})
        assert (await pull_once(bridge)).warnings == [], "too few to judge by"
        recorded(stub, 3, said={"Budget": "$5", "Objections": "price"})
        [warning] = (await pull_once(bridge)).warnings
        assert "'Objectons'" in warning
        assert "did you mean 'Objections'?" in warning
        assert "(seen: Budget, Objections)" in warning
