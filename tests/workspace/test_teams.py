"""The organization, its teams, and what else its administrators tell it."""

from __future__ import annotations

from typing import Any

import pytest

from fieldnote.errors import WorkspaceError
from fieldnote.siro import AsyncSiro
from fieldnote.workspace import add_team
from tests.workspace.house import JOHN, House
from tests.workspace.test_user_recordings import id_of, token_of

UNKNOWN = "6f1e3f0e-7a8d-4d1c-9a37-9b7ddc1e4b11"


def teams(house: House) -> str:
    return f"/v1/core/organizations/{house.organization.id}/teams"


async def make(house: House, **fields: Any) -> Any:
    answer = await house.api("POST", teams(house), json={"name": "North", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_team_is_made_read_changed_and_dissolved(house: House) -> None:
    mary, sue = await house.user("mary@acme.test", "Mary Lee"), await house.user("sue@acme.test", "Sue Fox")
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        made = await siro.teams.create(house.organization.id, name="North", coach_uids=[mary], member_uids=[sue])
        assert (made.coach_uids, made.member_uids) == ((mary,), (sue,))
        assert made.member_manifest is not None
        assert made.member_manifest[sue].email == "sue@acme.test"
        assert await siro.teams.get(house.organization.id, made.id) == made
        changed = await siro.teams.update(house.organization.id, made.id, name="South", member_uids=[])
        assert (changed.name, changed.member_uids, changed.coach_uids) == ("South", (), (mary,))
        assert (await siro.users.get(mary)).coach_team_ids == (made.id,)
        assert await siro.teams.delete(house.organization.id, made.id) == changed
        assert (await siro.users.get(mary)).coach_team_ids == ()
        assert [team async for team in siro.teams.list(house.organization.id)] == []


async def test_a_user_is_in_one_team_at_a_time(house: House) -> None:
    mary = await house.user("mary@acme.test", "Mary Lee")
    first, second = await make(house, memberUids=[mary]), await make(house, name="South", memberUids=[mary])
    assert (await house.api.get(f"{teams(house)}/{first['id']}"))["memberUids"] == []
    assert (await house.api.get(f"/v1/core/users/{mary}"))["memberTeamId"] == second["id"]
    moved = await house.api("PUT", f"/v1/core/users/{mary}", json={"memberTeamId": first["id"]})
    assert moved.json()["memberTeamId"] == first["id"]
    assert (await house.api.get(f"{teams(house)}/{first['id']}"))["memberUids"] == [mary]


async def test_a_user_can_begin_in_a_team_and_as_its_coach(house: House) -> None:
    team = await make(house)
    body = {
        "organizationId": house.organization.id, "email": "mary@acme.test", "memberTeamId": team["id"],
        "coachTeamIds": [team["id"]],
    }  # fmt: skip
    made = (await house.api("POST", "/v1/core/users", json=body)).json()
    assert (made["memberTeamId"], made["coachTeamIds"]) == (team["id"], [team["id"]])
    refused = await house.api(
        "POST", "/v1/core/users", json=body | {"email": "sue@acme.test", "coachTeamIds": [UNKNOWN]}
    )
    assert refused.status_code == 404
    assert len((await house.api.get("/v1/core/users"))["data"]) == 3  # nothing half made


async def test_who_coaches_a_team_is_a_coach_for_as_long(house: House) -> None:
    mary = await house.user("mary@acme.test", "Mary Lee")

    async def roles() -> dict[str, str]:
        return dict(await house.rows("select id::text, role from users"))

    team = await make(house, coachUids=[mary, house.organization.admin_id])
    assert ((await roles())[mary], (await roles())[house.organization.admin_id]) == ("coach", "admin")
    await house.api("PATCH", f"{teams(house)}/{team['id']}", json={"coachUids": []})
    assert (await roles())[mary] == "rep"


async def test_teams_come_by_page(house: House) -> None:
    made = [(await make(house, name=f"Team {n}"))["id"] for n in range(5)]
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        assert [team.id async for team in siro.teams.list(house.organization.id, page_size=2)] == made


async def test_who_or_what_is_unknown_changes_nothing(house: House) -> None:
    assert (await house.api("POST", teams(house), json={"name": "North", "memberUids": [UNKNOWN]})).status_code == 404
    assert (await house.api("POST", teams(house), json={})).status_code == 422
    assert (await house.api.get(teams(house)))["data"] == []
    assert (await house.api("GET", f"{teams(house)}/{UNKNOWN}")).status_code == 404
    assert (await house.api("GET", f"/v1/core/organizations/{UNKNOWN}/teams")).status_code == 404


async def test_an_organization_shows_its_people_teams_and_crms(house: House) -> None:
    mary = await house.user("mary@acme.test", "Mary Lee")
    team = await make(house, coachUids=[mary])
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        [own] = await siro.organizations.list()
        assert own == await siro.organizations.get(house.organization.id)
        assert (own.name, own.owner_uid, own.disabled) == ("Acme", house.organization.admin_id, False)
        assert [one.id for one in own.integrations] == [house.organization.connection_id]
        assert [(one.id, one.coach_uids) for one in own.teams] == [(team["id"], (mary,))]
        changed = await siro.organizations.update(
            house.organization.id, name="Acme Roofs", owner_uid=mary, admin_uids=[mary]
        )
    assert (changed.name, changed.owner_uid, changed.admin_uids) == ("Acme Roofs", mary, (mary,))


async def test_what_an_organization_cannot_be_is_refused(house: House) -> None:
    path = f"/v1/core/organizations/{house.organization.id}"
    for body, status in (
        ({"adminUids": []}, 422),
        ({"adminUids": [UNKNOWN]}, 404),
        ({"ownerUid": UNKNOWN}, 404),
        ({"industryIds": ["roofing"]}, 404),
        ({"name": " "}, 422),
        ({"name": 1}, 422),
    ):
        assert (await house.api("PATCH", path, json=body)).status_code == status, body
    assert (await house.api("GET", f"/v1/core/organizations/{UNKNOWN}")).status_code == 404
    assert (await house.api.get(path))["name"] == "Acme"


async def test_salesforce_is_one_connection_however_often_it_is_connected(house: House) -> None:
    body = {"namespace": "siro", "org_id": "00D1", "instance_url": "https://acme.example", "refresh_token": "hidden"}
    first = (await house.api("PUT", "/v1/core/integrations/salesforce", json=body)).json()
    assert (await house.api("PUT", "/v1/core/integrations/salesforce", json=body)).json() == first
    listed = (await house.api.get("/v1/core/integrations/connections", integrationPlatform="SALESFORCE"))["data"]
    assert [(one["id"], one["isActive"]) for one in listed] == [(first["integrationConnectionId"], True)]
    held = await house.rows("select t::text from integration_connections t")
    assert "hidden" not in str(held)


async def test_a_brief_that_is_sent_again_is_the_same_brief(house: House) -> None:
    brief = {
        "externalId": "b-1", "jobId": "j", "appointmentId": "a-1", "tenantId": "t", "technicianId": "r-1",
        "audioUrl": "https://audio.example/1", "message": "Bring the ladder.",
    }  # fmt: skip
    first = (await house.api("PUT", "/v1/integrations/briefs", json=brief)).json()
    assert (await house.api("PUT", "/v1/integrations/briefs", json=brief | {"message": "Two."})).json() == first
    assert await house.rows("select fields ->> 'message' from briefs") == [("Two.",)]
    assert (await house.api("PUT", "/v1/integrations/briefs", json={"externalId": "b-1"})).status_code == 422


async def test_a_team_may_have_the_id_that_a_program_knows(house: House) -> None:
    await house.user("mary@acme.test", "Mary Lee")
    engine, own = house.workspace.engine, house.organization
    for name in ("North", "South"):
        assert await add_team(engine, own, name=name, team_id=f"{name}42", members=["mary@acme.test"]) == f"{name}42"
    await add_team(engine, own, name="North", team_id="North42", members=["mary@acme.test"], coaches=[JOHN])
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        listed = [team async for team in siro.teams.list(own.id, page_size=1)]
        north = await siro.teams.get(own.id, "North42")
    assert [(team.id, len(team.member_uids)) for team in listed] == [("North42", 1), ("South42", 0)]
    assert north.coach_uids == (await id_of(house, JOHN),)
    await house.record(user="mary@acme.test")
    admin = await token_of(house, own.admin_id)
    assert len((await admin.get("/v1/core/recordings", teamId="North42"))["data"]) == 1
    assert (await admin.get("/v1/core/recordings", teamId="West"))["data"] == []
    other, _ = await house.another()
    with pytest.raises(WorkspaceError, match="is taken"):
        await add_team(engine, other, name="North", team_id="North42")
    with pytest.raises(WorkspaceError, match="no user"):
        await add_team(engine, own, name="East", members=["nobody@acme.test"])
    assert len((await house.api.get(teams(house)))["data"]) == 2
