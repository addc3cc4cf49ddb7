"""The audit says who read, changed, minted and deleted, and nobody changes what it says."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fieldnote.workspace import Operator, add_token, tenancy
from fieldnote.workspace.audit import purge_events
from tests.workspace.house import JOHN, House
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


async def test_a_command_keeps_the_user_of_the_machine_beside_the_given_name(house: House) -> None:
    by = Operator("root", "Ann")
    await add_token(house.workspace.engine, house.organization, name="x", by=by)
    [event] = await events(house, "tokens add, scope all")
    assert (event.operator, event.acting_as, event.user_id) == ("root", "Ann", None)


@pytest.mark.parametrize("statement", [
    "update audit_events set action = 'nothing'", "delete from audit_events", "truncate audit_events",
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
