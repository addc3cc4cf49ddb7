"""fieldnote plan: what a push would do, said beforehand and kept to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import Response
from fastapi.responses import JSONResponse

from fieldnote.bridge import PlannedChange, PushRequest, plan_once, push_once
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro
from tests.typed import typed

pytestmark = pytest.mark.slow


async def planned_changes(bridge: Any, request: PushRequest | None = None) -> dict[tuple[str, str], PlannedChange]:
    changes: list[PlannedChange] = []
    await plan_once(bridge, changes.append, request=request)
    found = {(change.stream, change.key): change for change in changes}
    assert len(found) == len(changes), "each record is reported once"
    return found


async def test_a_plan_names_what_a_push_then_does_and_sends_nothing(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in (1, 2, 3, 4):
        crm.add_deal(key)
    async with opened() as bridge:
        before = await planned_changes(bridge)
        assert {change.action.value for change in before.values()} == {"create"}
        assert (stub.count("PUT"), len(before)) == (0, 4)
        assert (await plan_once(bridge, lambda _: None)).counts == (await plan_once(bridge, lambda _: None)).counts
        await push_once(bridge)
        assert await planned_changes(bridge, PushRequest(full=True)) == {}
        crm.execute("update deals set name = 'Bath', updated_at = '2026-02-01 10:01:00' where id = 1")
        crm.execute("update deals set stage = 'limbo', updated_at = '2026-02-01 10:01:00' where id = 2")
        crm.execute("delete from deals where id = 3")
        crm.add_deal(5)
        stub.forget_calls()
        planned = await planned_changes(bridge, PushRequest(full=True))
        assert stub.calls == []
        actions = {key: change.action.value for (_, key), change in planned.items()}
        assert actions == {"1": "change", "2": "quarantine", "3": "delete", "5": "create"}
        [change] = planned["opportunities", "1"].fields
        assert (change.field, change.old, change.new) == ("name", "Kitchen", "Bath")
        assert "limbo" in (planned["opportunities", "2"].reason or "")
        result = await push_once(bridge, request=PushRequest(full=True))
    assert (result.streams[0].sent, result.streams[0].removed, result.streams[0].unmapped) == (3, 1, 1)


async def test_only_what_is_asked_for_is_planned_and_pushed(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    for key in (1, 2):
        crm.add_deal(key)
        crm.add_appointment(key, deal=key)
    async with opened() as bridge:
        request = PushRequest(streams=("opportunities",), keys=("2",))
        assert list(await planned_changes(bridge, request)) == [("opportunities", "2")]
        await push_once(bridge, request=request)
        assert (list(stub.records["opportunities"]), stub.records["engagements"]) == (["2"], {})
        stub.forget_calls()
        await push_once(bridge, request=request)  # asked for by its key it goes, changed or not
        assert stub.count("PUT") == 1
        result = await push_once(bridge, request=PushRequest(streams=("opportunities",), keys=("77",)))
        assert "neither the CRM nor Siro has 77" in result.warnings[0]


async def test_a_child_and_a_link_are_planned_field_by_field(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_deal(1)
    crm.add_appointment(1, deal=1)
    async with opened() as bridge:
        await push_once(bridge)
        crm.execute(
            "update appointments set rep_id = 2, deal_id = null, updated_at = '2026-02-01 10:01:00' where id = 1"
        )
        planned = (await planned_changes(bridge))["engagements", "1"]
        fields = {item.field: item.new for item in planned.fields}
        assert fields["engagementUsers[2].name"] == "Bo Diaz"
        assert fields["engagementUsers[1].deletedAt"] is not None
        assert fields["opportunity"] is None
        await push_once(bridge)
    assert stub.records["engagements"]["1"]["opportunity"] is None


@pytest.fixture
def run(write_config: Callable[..., Path], database_url: str, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """The command line over the test's CRM, ledger and server."""
    import os

    environment = os.environ | {"FIELDNOTE_BRIDGE_DATABASE_URL": database_url, "FIELDNOTE_HOME": str(tmp_path / "home")}

    def command(*words: str) -> tuple[int, str]:
        arguments = [*words, "--config", str(write_config())]
        status, said, complained = typed(arguments, folder=tmp_path, environment=environment)
        return status, said + complained

    return command


def test_the_command_says_by_its_status_whether_anything_would_be_sent(
    crm: Crm, stub: StubSiro, run: Callable[..., tuple[int, str]]
) -> None:
    crm.add_deal(1)
    status, output = run("plan")
    assert (status, "+ opportunities 1" in output) == (3, True)
    status, output = run("plan", "--json")
    document = json.loads(output)
    assert (status, document["create"], document["changes"][0]["key"]) == (3, 1, "1")
    assert run("push")[0] == 0
    status, output = run("plan", "--json")
    assert (status, json.loads(output)["changes"]) == (0, [])
    assert run("plan", "--stream", "deals")[0] == 1
    assert "--stream engagements" in run("push", "--id", "1")[1]
    assert "exclude each other" in run("push", "--full", "--since", "2026-01-01")[1]


def test_the_quarantine_is_listed_shown_dropped_and_tried_again(
    crm: Crm, stub: StubSiro, run: Callable[..., tuple[int, str]]
) -> None:
    crm.add_deal(1)
    crm.add_deal(2)
    crm.execute("update deals set stage = 'limbo' where id = 2")
    assert run("push")[0] == 1
    found = json.loads(run("quarantine", "list", "--json")[1])
    assert [(item["stream"], item["key"], item["state"]) for item in found] == [("opportunities", "2", "unmapped")]
    shown = json.loads(run("quarantine", "show", "opportunities", "2")[1])
    assert (shown["row"]["stage"], shown["mapped"], shown["held"]) == ("limbo", None, None)
    assert run("quarantine", "show", "opportunities", "1")[0] == 1
    assert "1 dropped" in run("quarantine", "drop", "opportunities", "2")[1]
    assert run("push")[0] == 0
    assert run("quarantine", "retry", "opportunities")[0] == 1  # which ones?
    assert "1 will be tried" in run("quarantine", "retry", "opportunities", "2")[1]
    assert run("push")[0] == 1
    crm.execute("update deals set stage = 'sold', updated_at = '2026-02-01 10:01:00' where id = 2")
    assert run("push")[0] == 0
    assert json.loads(run("quarantine", "list", "--json")[1]) == []


def test_a_long_plan_begins_with_its_summary_and_a_file_takes_all_of_it(
    crm: Crm, stub: StubSiro, run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    for key in range(1, 61):
        crm.add_deal(key)
    crm.execute("update deals set stage = 'limbo' where id > 55")
    status, output = run("plan", "--full")
    lines = output.splitlines()
    assert (status, lines[0]) == (3, "60 rows read: 55 to create, 0 to change, 0 to delete, 5 to quarantine")
    assert [line for line in lines if line.startswith("!")] == [f"! opportunities {key}" for key in range(56, 61)]
    assert (output.count("+ opportunities"), "and 35 more to create" in output) == (20, True)
    status, output = run("plan", "--output", str(tmp_path / "all plans.txt"))
    assert (status, output.count("+ opportunities"), output.splitlines()[0]) == (3, 0, lines[0])
    assert (tmp_path / "all plans.txt").read_text().count("+ opportunities") == 55
    run("plan", "--json", "--output", str(tmp_path / "plan.json"))
    assert len(json.loads((tmp_path / "plan.json").read_text())["changes"]) == 60
    status, output = run("plan", "--output", str(tmp_path / "missing" / "plan.txt"))
    assert (status, "cannot be written" in output) == (1, True)


def test_one_reason_of_many_refusals_is_printed_once_with_their_number(
    crm: Crm, stub: StubSiro, run: Callable[..., tuple[int, str]]
) -> None:
    def picky(method: str, path: str, body: Any) -> Response | None:
        if method != "PUT" or int(body["externalId"]) % 10 == 0:
            return None
        issue = {"path": ["accountId"], "message": f"no account has the id 'x-{body['externalId']}'"}
        return JSONResponse({"name": "ZodError", "issues": [issue]}, 422, {"x-request-id": f"r{body['externalId']}"})

    stub.fault = picky
    for key in range(1, 101):
        crm.add_deal(key)
    crm.execute("update deals set stage = 'limbo' where id in (20, 30)")
    status, output = run("push")
    assert (status, output.count("no account has the id"), output.count("stage = 'limbo'")) == (1, 1, 1)
    assert "90 records are refused: " in output
    assert "2 records are unmapped: " in output
    assert "records: 20, 30" in output
    assert len(output.splitlines()) < 15
