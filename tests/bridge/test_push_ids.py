"""A record has one id: what was pushed under a padded key is neither doubled nor deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, PushRequest, push_once
from fieldnote.bridge.push import crm_events
from fieldnote.bridge.push.crm_events import Hint, push_hooked
from fieldnote.bridge.push.plan import Action, PlannedChange, plan_once
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro

FULL = PushRequest(full=True)


def stream(**changes: Any) -> dict[str, Any]:
    fields = {"name": "name"} | changes.pop("map", {})
    return {"push": {"opportunities": {"table": "codes", "key": "id", "map": fields} | changes}, "pull": None}


@pytest.fixture
def codes(crm: Crm) -> Crm:
    crm.execute("create table codes (id varchar(9), code varchar(9), name varchar(9))")
    crm.execute("insert into codes values ('D1 ', 'c1', 'one'), ('D2', 'c2', 'two'), (' D3 ', 'c3', 'three')")
    return crm


async def as_an_earlier_version(bridge: Bridge, stub: StubSiro, *padded: str) -> None:
    """The ledger and Siro as they were when keys were taken as they are."""
    async with bridge.engine.begin() as conn:
        for key in padded:
            payload = stub.records["opportunities"].pop(key.strip())
            stub.records["opportunities"][key] = payload | {"externalId": key}
            await conn.execute(
                text(
                    "update sent set key = :key, row_hash = null, "
                    "payload = jsonb_set(payload::jsonb, '{externalId}', to_jsonb(cast(:key as text)))::json "
                    "where key = :id"
                ),
                {"key": key, "id": key.strip()},
            )
        await conn.execute(text("update streams set version = 'earlier'"))


async def test_records_pushed_under_padded_keys_stay_what_they_are(codes: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(**stream()) as bridge:
        assert (await push_once(bridge)).settled
        assert stub.records["opportunities"].keys() == {"D1", "D2", "D3"}
        await as_an_earlier_version(bridge, stub, "D1 ", " D3 ")
        stub.forget_calls()
        result = await push_once(bridge, request=FULL)
        assert (result.settled, stub.count("PUT")) == (True, 0)
        codes.execute("update codes set name = 'new' where id = 'D1 '")
        result = await push_once(bridge, request=FULL)
        assert (result.settled, result.streams[0].sent) == (True, 1)
        held = {key: (item["name"], item.get("deletedAt")) for key, item in stub.records["opportunities"].items()}
        assert held == {"D1 ": ("new", None), "D2": ("two", None), " D3 ": ("three", None)}
        assert (await push_once(bridge, request=FULL)).calls == 0
        codes.execute("delete from codes where id = ' D3 '")
        assert (await push_once(bridge, request=FULL)).settled
    assert stub.records["opportunities"].keys() == {"D1 ", "D2", " D3 "}
    assert stub.records["opportunities"][" D3 "]["deletedAt"]


async def test_an_old_record_that_is_pending_is_looked_up_by_its_id(codes: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(**stream()) as bridge:
        await push_once(bridge)
        await as_an_earlier_version(bridge, stub, "D1 ")
        async with bridge.engine.begin() as conn:
            await conn.execute(text("update sent set state = 'pending' where key = 'D1 '"))
        assert (await push_once(bridge)).settled
    assert not any(item.get("deletedAt") for item in stub.records["opportunities"].values())


async def test_a_map_may_give_records_another_id_than_their_key(codes: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened(**stream(map={"externalId": "code"})) as bridge:
        result = await push_once(bridge)
        assert (result.settled, stub.count("PUT")) == (True, 1)
        codes.execute("delete from codes where id = 'D2'")
        assert (await push_once(bridge, request=FULL)).settled
    held = {key: bool(item.get("deletedAt")) for key, item in stub.records["opportunities"].items()}
    assert held == {"c1": False, "c2": True, "c3": False}


async def test_records_of_a_file_pushed_with_a_zero_fraction_stay_what_they_are(
    stub: StubSiro, opened: Opener, tmp_path: Path
) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    file = folder / "codes.csv"
    file.write_text("id,name\n5001.0,one\n5002.0,two\n")
    async with opened(crm={"driver": "files", "folder": str(folder)}, **stream()) as bridge:
        assert (await push_once(bridge)).settled
        assert stub.records["opportunities"].keys() == {"5001", "5002"}
        async with bridge.engine.begin() as conn:
            for key in ("5001", "5002"):
                payload = stub.records["opportunities"].pop(key)
                stub.records["opportunities"][f"{key}.0"] = payload | {"externalId": f"{key}.0"}
                change = "jsonb_set(payload::jsonb, '{externalId}', to_jsonb(cast(:old as text)))::json"
                statement = f"update sent set key = :old, row_hash = null, payload = {change} where key = :key"
                await conn.execute(text(statement), {"key": key, "old": f"{key}.0"})
            await conn.execute(text("update sent set state = 'pending' where key = '5002.0'"))
        file.write_text("id,name\n5001.0,new\n5002.0,two\n5003.0,three\n")
        assert (await push_once(bridge, request=FULL)).settled
    held = {key: (item["name"], bool(item.get("deletedAt"))) for key, item in stub.records["opportunities"].items()}
    assert held == {"5001.0": ("new", False), "5002.0": ("two", False), "5003": ("three", False)}


@pytest.mark.parametrize("second", ["D2 ", " D2", "D2\t", "D2"])
async def test_two_rows_that_meet_in_one_id_are_named_however_they_are_asked_for(
    codes: Crm, stub: StubSiro, opened: Opener, second: str
) -> None:
    """By a full reading, `--id`, a plan, a pending record, and a hook. None of them deletes it in Siro."""
    async with opened(**stream(deletes=True)) as bridge:
        assert (await push_once(bridge)).settled
        codes.execute("update codes set name = 'changed' where id = 'D2'")
        codes.execute(f"insert into codes values ('{second}', 'c9', 'another')")
        expected = "are one id, D2" if second != "D2" else "comes with several rows"
        one = PushRequest(keys=("D2",))
        planned: list[PlannedChange] = []
        await plan_once(bridge, planned.append, request=one)
        assert [(item.action, expected in (item.reason or "")) for item in planned] == [(Action.QUARANTINE, True)]
        for request in (one, FULL, one):
            result = await push_once(bridge, request=request)
            [problem] = result.streams[0].problems
            assert (problem.key, expected in problem.reason, result.streams[0].sent) == ("D2", True, 0)
        row = {"id": "D2", "code": "c2", "name": "posted"}
        async with bridge.engine.begin() as conn:
            await crm_events.note(conn, bridge.name, "opportunities", [Hint("D2"), Hint("D2", row)])
        await push_hooked(bridge, "opportunities")
        await push_once(bridge, request=PushRequest(accept_deletes=5))
        held = stub.records["opportunities"]["D2"]
        assert (held["name"], held.get("deletedAt")) == ("two", None)
        codes.execute("delete from codes where code = 'c9'")
        assert (await push_once(bridge, request=one)).settled
        assert stub.records["opportunities"]["D2"]["name"] == "changed"
