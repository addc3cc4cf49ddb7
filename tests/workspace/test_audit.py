"""The audit says who read, changed, minted and deleted, and nobody changes what it says."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import typer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fieldnote.cli import root  # noqa: F401 - it adds commands to the group
from fieldnote.cli.workspace.commands import app
from fieldnote.workspace import (
    NewRecording,
    Operator,
    add_recording,
    add_team,
    add_token,
    add_user,
    explain_links,
    init_organization,
    map_user,
    set_retention,
    set_transcript,
    tenancy,
)
from fieldnote.workspace.audit import purge_events
from fieldnote.workspace.domain.key_rotation import reseal_all
from fieldnote.workspace.domain.recordings.audio_files import erase_audio_key
from fieldnote.workspace.http.auditing import _named_in as named_in
from tests.workspace.house import JOHN, SAID, START, House
from tests.workspace.test_user_recordings import id_of, token_of

RECORDINGS = "/v1/core/recordings"


async def events(house: House, action: str) -> list[Any]:
    """The newest last."""
    await house.workspace.audit.write()
    found = "select * from audit_events where action = :action order by id"
    return await house.rows(found, action=action)


async def test_a_read_names_who_and_what_and_is_written_within_the_window(house: House) -> None:
    recording_id = await house.record()
    john_id = await id_of(house, JOHN)
    john = await token_of(house, john_id)
    for _ in range(3):
        await john("GET", f"{RECORDINGS}/{recording_id}")
    assert await house.rows("select 1 from audit_events where action like 'GET%recordings/%'") == []
    [event] = await events(house, "GET /v1/core/recordings/{id}")
    assert (str(event.user_id), event.targets, event.calls, event.outcome) == (john_id, [recording_id], 3, "done")
    assert event.address == "127.0.0.1"
    await john("GET", RECORDINGS)
    [listed] = await events(house, "GET /v1/core/recordings")
    assert listed.targets == [recording_id]
    body = {"query": {"searchText": "budget"}}
    await john("POST", f"{RECORDINGS}/search", json=body)
    [found] = await events(house, "POST /v1/core/recordings/search")
    assert found.targets == [recording_id]


async def test_a_change_and_its_event_are_one_transaction(house: House) -> None:
    recording_id = await house.record()
    john = await token_of(house, await id_of(house, JOHN))
    await john("PATCH", RECORDINGS, json={"id": recording_id, "title": "x"})
    changes = "select targets from audit_events where action = 'PATCH /v1/core/recordings'"
    assert await house.rows(changes) == [([recording_id],)]
    await john("PATCH", RECORDINGS, json={"id": str(uuid4()), "title": "x"})
    assert len(await house.rows(changes)) == 1
    await house.api.visit()
    [[synced]] = await house.rows("select targets from audit_events where action like 'PUT%sync/engagements'")
    [[engagement]] = await house.rows("select id::text from engagements")
    assert synced == [engagement]
    minted = await house.rows("select targets from audit_events where action like 'POST%access-token'")
    assert minted == [(["app-1"],)]


async def test_a_refused_call_is_kept(house: House) -> None:
    recording_id = await house.record()
    mary = await token_of(house, await house.user("mary@acme.test", "Mary Lee"))
    assert (await mary("GET", f"{RECORDINGS}/{recording_id}/utterances")).status_code == 404
    [event] = await events(house, "GET /v1/core/recordings/{id}/utterances")
    assert (event.outcome, event.targets) == ("refused", [recording_id])


async def test_a_refused_call_that_names_its_recording_in_the_body_has_its_target(house: House) -> None:
    recording_id = await house.record()
    mary = await token_of(house, await house.user("mary@acme.test", "Mary Lee"))
    folder = (await mary("POST", "/v1/core/folders", json={"title": "Best"})).json()["data"]["id"]
    item = {"recordingId": recording_id}
    for method, path, body in (
        ("PATCH", RECORDINGS, {"id": recording_id, "title": "x"}),
        ("POST", f"/v1/core/folders/{folder}/items", item),
    ):
        assert (await mary(method, path, json=body)).status_code == 404, path
        [event] = await events(house, f"{method} {path.replace(folder, '{id}')}")
        assert event.outcome == "refused"
        assert recording_id in event.targets
    admin = await token_of(house, house.organization.admin_id)
    own = (await admin("POST", "/v1/core/folders", json={"title": "All"})).json()["data"]["id"]
    assert (await admin("POST", f"/v1/core/folders/{own}/items", json=item)).status_code < 300
    assert (await events(house, "POST /v1/core/folders/{id}/items"))[-1].targets == [own, recording_id]


@pytest.mark.parametrize("body", [
    b"", b"null", b"7", b'"x"', b"{", b"[" * 5000, b'{"id": 7, "ids": [1, null, "a"], "recordingId": {"a": "b"}}',
    b'[{"id": "a"}, 3]', b'{"id": "' + b"x" * 70_000 + b'"}', b"\xff",
])  # fmt: skip
def test_ids_of_any_body_are_found_or_left(body: bytes) -> None:
    assert set(named_in(body)) <= {"a"}


NO_CHANGE = frozenset({
    "serve", "status", "jobs", "definitions list", "webhook list",
    "tokens list", "token list", "org list", "app list", "user list",
})  # fmt: skip
"""Commands of `fieldnote workspace` that change nothing, and show no conversation."""


def commands(group: typer.Typer, before: str = "") -> dict[str, Any]:
    found = {
        f"{before}{one.name or one.callback.__name__.replace('_', '-')}": one.callback  # type: ignore[union-attr]
        for one in group.registered_commands
    }
    for sub in group.registered_groups:
        assert sub.typer_instance is not None
        found |= commands(sub.typer_instance, f"{before}{sub.name} ")
    return found


def test_every_command_that_changes_something_takes_who_did_it() -> None:
    for name, callback in commands(app).items():
        takes = "acting_as" in inspect.signature(callback).parameters
        assert takes != (name in NO_CHANGE), f"workspace {name}: take --as and audit it, or add it to NO_CHANGE"


async def test_each_command_of_an_administrator_is_in_the_audit(house: House, tmp_path: Path) -> None:
    own, engine, by = house.organization, house.workspace.engine, Operator("root", "Ann")
    made, _ = await init_organization(engine, name="New", admin="new@new.test", by=by)
    new = NewRecording(user_email=JOHN, utterances=list(SAID), started_at=START)
    recording_id = await add_recording(house.workspace, own.id, new, by=by)
    user = await add_user(engine, own, email="zoe@acme.test", name="Zoe Lee", by=by)
    team = await add_team(engine, own, name="North", by=by)
    await map_user(engine, own, external_id="rep-9", email="zoe@acme.test", by=by)
    await set_transcript(house.workspace, own.id, recording_id, list(SAID), by=by)
    await explain_links(house.workspace, own.id, recording_id, by=by)
    await set_retention(house.workspace, own.id, 900, by=by)
    async with tenancy.inside(engine, own.id) as conn:
        await conn.execute(text("insert into audio_keys values (:id, '')"), {"id": own.id})
    await erase_audio_key(engine, own.id, by=by)
    await reseal_all(house.workspace, by=by)
    rows = await house.rows(
        "select action, targets, operator, acting_as from audit_events"
        " where organization_id in (:own, :made) and acting_as = 'Ann' order by id",
        own=own.id, made=made.id,
    )  # fmt: skip
    assert {(row.operator, row.acting_as) for row in rows} == {("root", "Ann")}
    assert [(row.action, row.targets) for row in rows if row.action != "rotate-key"] == [
        ("init", [made.id]), ("record", [recording_id]), ("user add", [user.id]), ("team add", [team]),
        ("user map", [user.id, "rep-9"]), ("transcript", [recording_id]), ("explain", [recording_id]),
        ("retention 900 days", [own.id]), ("erase-audio-key", [own.id]),
    ]  # fmt: skip
    assert sorted(row.targets[0] for row in rows if row.action == "rotate-key") == sorted([own.id, made.id])


async def test_a_command_keeps_the_user_of_the_machine_beside_the_given_name(house: House) -> None:
    by = Operator("root", "Ann")
    await add_token(house.workspace.engine, house.organization, name="x", by=by)
    [event] = await events(house, "tokens add, scope all")
    assert (event.operator, event.acting_as, event.user_id) == ("root", "Ann", None)


@pytest.mark.parametrize("statement", [
    "update audit_events set action = 'nothing'", "delete from audit_events", "truncate audit_events",
    "delete from organizations",  # its events would go with it
])  # fmt: skip
async def test_requests_and_jobs_cannot_change_an_event(house: House, statement: str) -> None:
    await house.api.visit()
    with pytest.raises(DBAPIError, match="permission denied"):
        async with tenancy.inside(house.workspace.engine, house.organization.id) as conn:
            await conn.execute(text(statement))
    if statement.startswith("update"):
        with pytest.raises(DBAPIError, match="never changed"):
            async with house.workspace.engine.begin() as conn:
                await conn.execute(text(statement))


async def test_events_go_when_their_retention_ends(house: House) -> None:
    await house.api.visit()
    _, other = await house.another()
    await other.visit()
    assert await purge_events(house.workspace.engine) == 0
    async with house.workspace.engine.begin() as conn:
        await conn.execute(
            text("update organizations set audit_days = 0 where id = :id"), {"id": house.organization.id}
        )
    kept = len(await house.rows("select 1 from audit_events where organization_id <> :id", id=house.organization.id))
    assert await purge_events(house.workspace.engine) > 0
    assert len(await house.rows("select 1 from audit_events")) == kept > 0


async def test_events_wait_while_the_database_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.api("GET", RECORDINGS)
    audit = house.workspace.audit

    def away() -> Any:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(type(audit.engine), "begin", lambda self: away())
        await audit.write()
    [event] = await events(house, "GET /v1/core/recordings")
    assert event.calls == 1


@pytest.mark.parametrize("named", ["a%00b", "a%2Fb", "%ED%A0%80", "x" * 500, "%F0%9F%92%A9"])
async def test_any_id_in_a_path_is_kept_in_a_storable_form(house: House, named: str) -> None:
    answer = await house.api.client.request("GET", f"/v1/integrations/engagements/{named}")
    assert answer.status_code == 404
    [event] = await events(house, "GET /v1/integrations/engagements/{id}")
    assert (event.outcome, len(event.targets), len(event.targets[0]) <= 200) == ("refused", 1, True)
