"""One value that cannot be sent is a problem of one row; one stream that cannot be read is one stream's."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, PushRequest, push_once
from fieldnote.crm.types import LooksUp, Page, Row
from fieldnote.errors import CrmError, CrmRefused, CrmUnavailable
from fieldnote.json_form import to_json
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro


def changed(bridge: Bridge, monkeypatch: pytest.MonkeyPatch, change: Callable[[Row], Row]) -> None:
    """Let the driver give other rows."""
    assert isinstance(bridge.crm, LooksUp)
    read, find = bridge.crm.pages, bridge.crm.look_up

    def pages(*args: Any, **options: Any) -> Iterator[Page]:
        for page in read(*args, **options):
            yield Page(tuple(map(change, page.rows)), page.cursor, page.last, page.problems)

    def look_up(*args: Any) -> Page:
        page = find(*args)
        return Page(tuple(map(change, page.rows)), page.cursor, page.last, page.problems)

    monkeypatch.setattr(bridge.crm, "pages", pages)
    monkeypatch.setattr(bridge.crm, "look_up", look_up)


class Odd:
    """A value of a driver that nobody thought of."""

    def __repr__(self) -> str:
        return "Odd()"

    def __str__(self) -> str:
        raise ArithmeticError("no text")


@pytest.mark.parametrize(
    "value",
    ["a\0b", "\0", "half \ud83d", "\udc00", Odd(), float("nan"), {"a": "\ud83d"}, b"\xff\xfe"],
    ids=lambda value: ascii(value)[:20],
)
async def test_one_hostile_value_keeps_no_other_row_from_its_way(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    for key in (1, 2, 3):
        crm.add_deal(key)
        crm.add_appointment(key, deal=key)
    async with opened() as bridge:
        changed(bridge, monkeypatch, lambda row: {**row, "name": value} if row.get("name") and row["id"] == 2 else row)
        for _ in range(2):
            result = await push_once(bridge)
            deals, visits = result.streams
            assert (deals.unmapped, deals.pending, result.settled) in {(1, 0, False), (0, 0, True)}
            assert visits.stopped is None
            assert {"1", "3"} <= stub.records["opportunities"].keys()
            assert stub.records["engagements"].keys() == {"1", "2", "3"}
            json.dumps(to_json(result)).encode()
            [reason] = [item.reason for item in deals.problems] or [""]
            assert not deals.problems or "record 2" in reason
    assert all("\0" not in json.dumps(item) for item in stub.records["opportunities"].values())


@pytest.mark.parametrize("key", ["a\0b", "half \ud83d", Odd(), float("nan"), b"\x00", True, [1]], ids=ascii)
async def test_a_row_whose_key_cannot_be_kept_is_reported_and_the_others_go(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch, key: Any
) -> None:
    for number in (1, 2, 3):
        crm.add_deal(number)
    async with opened() as bridge:
        changed(bridge, monkeypatch, lambda row: {**row, "id": key} if row["id"] == 2 else row)
        result = (await push_once(bridge)).streams[0]
    assert (result.unmapped, result.sent, len(result.warnings)) == (1, 2, 1)
    json.dumps(result.warnings).encode()


@pytest.mark.parametrize("error", [CrmRefused("no such table"), CrmUnavailable("a lock"), OverflowError("too large")])
async def test_a_stream_that_cannot_be_read_keeps_no_other_from_its_way(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    for number in range(1, 31):
        crm.add_deal(number)
        crm.add_appointment(number)
    async with opened(push__batch=5) as bridge:
        read = bridge.crm.pages

        def pages(source: Any, *args: Any, **options: Any) -> Iterator[Page]:
            for page in read(source, *args, **options):
                yield page
                if source.name == "push.opportunities":
                    raise error

        monkeypatch.setattr(bridge.crm, "pages", pages)
        result = await push_once(bridge)
        deals, visits = result.streams
        assert (bool(deals.stopped), visits.stopped, visits.sent, result.settled) == (True, None, 30, False)
        assert len(stub.records["opportunities"]) == 30, "what was read before is sent"
        [outcome] = await outcomes(bridge)
        assert outcome["error"] in {"CrmRefused", "CrmUnavailable"}
        with pytest.raises(CrmError):
            await push_once(bridge, request=PushRequest(streams=("opportunities",)))
        monkeypatch.undo()
        assert (await push_once(bridge)).settled


async def test_a_stream_whose_driver_goes_silent_ends_and_the_others_go(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.add_deal(1)
    crm.add_appointment(1)
    silence = threading.Event()
    try:
        async with opened() as bridge:
            read = bridge.crm.pages

            def pages(source: Any, *args: Any, **options: Any) -> Iterator[Page]:
                if source.name == "push.opportunities":
                    silence.wait()
                return iter(read(source, *args, **options))

            monkeypatch.setattr(bridge.crm, "pages", pages)
            monkeypatch.setattr("fieldnote.bridge.driver_calls.LONGEST", 0.2)
            deals, visits = (await push_once(bridge)).streams
            assert "has not answered" in (deals.stopped or "")
            assert (visits.stopped, visits.sent) == (None, 1)
    finally:
        silence.set()


async def test_a_push_counts_its_own_calls_alone(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for number in range(1, 31):
        crm.add_deal(number)
    async with opened(push__batch=2) as bridge:
        stop = asyncio.Event()

        async def neighbor() -> None:
            while not stop.is_set():
                await bridge.remote.organization_id()

        beside = asyncio.create_task(neighbor())
        result = await push_once(bridge)
        stop.set()
        await beside
        assert result.calls == 2 + 15  # the identity, the native integrations, and the batches
        assert bridge.remote.calls > result.calls


async def outcomes(bridge: Bridge) -> list[dict[str, Any]]:
    async with bridge.engine.connect() as conn:
        return list(await conn.scalars(text("select outcome from runs order by id")))


async def test_a_table_full_of_hostile_values_sends_every_good_row_and_names_each_bad_one(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    """SQLite keeps any value in any column."""
    crm.execute("create table leads (id text, name text, amount, closed_at, updated_at text)")
    when = "'2026-02-01 10:00:00'"
    bad = {
        "name": ["cast(x'ff00fe' as text)", "'a' || char(0)"],
        "amount": ["9e999", "x'ff'", "'much'"],
        "closed_at": ["'2026-02-31'", "x'ff'", "-1", "'soon'"],
    }
    names: list[str] = []
    for column, values in bad.items():
        for value in values:
            names.append(f"bad{len(names)}")
            row = {"name": "'x'", "amount": "1", "closed_at": when} | {column: value}
            crm.execute(f"insert into leads values ('{names[-1]}', {', '.join(row.values())}, {when})")
    for key, cursor in (("1", when), ("2", "cast(x'ff' as text)"), ("3", "x'ff'"), ("4", "'9999-99-99'"), ("5", when)):
        crm.execute(f"insert into leads values ('{key}', 'x', 1, {when}, {cursor})")
    for key in ("cast(x'39ff' as text)", "''", "null"):
        crm.execute(f"insert into leads values ({key}, 'x', 1, {when}, {when})")
    stream = {
        "table": "leads", "key": "id", "cursor": "updated_at",
        "map": {"name": "name", "amount": "amount", "closedAt": "closed_at", "disposition": "'OPEN'"},
    }  # fmt: skip
    async with opened(push={"opportunities": stream}, pull=None) as bridge:
        for _ in range(2):
            [result] = (await push_once(bridge)).streams
            assert sorted(stub.records["opportunities"]) == ["1", "2", "3", "4", "5"]
            assert {problem.key for problem in result.problems} == set(names)
            assert len(result.warnings) >= 2, "rows without an id are counted and named"
        crm.execute(f"insert into leads values ('6', 'x', 1, {when}, '2026-02-01 11:00:00')")
        await push_once(bridge)
        assert "6" in stub.records["opportunities"], "no odd cursor hides it"
