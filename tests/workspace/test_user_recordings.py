"""Recordings as users read them: lists, single ones, searches, and what is left of a deleted one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fieldnote.insight import Utterance
from fieldnote.siro import AsyncSiro
from tests.workspace.house import JOHN, SAID, START, Api, House

RECORDINGS = "/v1/core/recordings"
UNKNOWN = "6f1e3f0e-7a8d-4d1c-9a37-9b7ddc1e4b11"
CUSTOMER = {
    "externalId": "c-1", "name": "Mary Smith", "phoneNumbers": ["+13035550100"], "emailAddresses": ["mary@home.test"],
    "addresses": [{"street": "1 Main St", "city": "Denver", "state": "CO", "zip": "80202", "country": "US"}],
}  # fmt: skip
DEAL = {"externalId": "o-1", "name": "Roof", "amount": 45000, "disposition": "WON"}


async def token_of(house: House, user_id: str, *, scope: str = "write") -> Api:
    """A client with a user token."""
    path = "/v1/core/oauth/apps/app-1/access-token"
    body = {"clientSecret": "app-secret", "userId": user_id, "scope": scope}
    token = (await house.api("POST", path, json=body)).json()["accessToken"]
    client = Api(house.server.url, token, header="x-siro-auth-token")
    house.clients.append(client)
    return client


def as_admin(house: House) -> AsyncSiro:
    """The client of the project, as the administrator."""
    return AsyncSiro(
        token=house.api.token,
        base_url=str(house.api.client.base_url),
        api_url=house.server.url,
        client_id="app-1",
        client_secret="app-secret",
        user_id=house.organization.admin_id,
    )


async def id_of(house: House, email: str) -> str:
    return str(next(one["id"] for one in (await house.api.get("/v1/core/users"))["data"] if one["email"] == email))


async def test_a_recording_shows_customer_amount_and_outcome(house: House) -> None:
    await house.api.visit(account=CUSTOMER, opportunity=DEAL)
    recording_id = await house.record(title="Roof talk")
    await house.settle()
    admin = await token_of(house, house.organization.admin_id)
    wanted = ("showCrmCustomers", "showCrmOpportunities", "showSummary", "showEntityExtractions", "showEvaluationScore")
    shown = (await admin.get(f"{RECORDINGS}/{recording_id}", **dict.fromkeys(wanted, "true")))["data"]
    customer, [deal] = shown["crmCustomer"], shown["crmOpportunities"]
    assert (customer["customerType"], customer["name"], customer["externalId"]) == ("ACCOUNT", "Mary Smith", "c-1")
    assert (customer["amount"], customer["disposition"]) == (45000, "WON")
    assert (customer["address"], customer["phoneNumber"]) == ("1 Main St, Denver, CO, 80202", "+13035550100")
    assert (deal["opportunityExternalId"], deal["amount"], deal["accountName"]) == ("o-1", 45000, "Mary Smith")
    assert shown["entityExtractions"][0]["status"] == "SUCCESS"
    assert shown["summary"]
    bare = (await admin.get(f"{RECORDINGS}/{recording_id}"))["data"]
    assert not {"crmCustomer", "crmOpportunities", "summary", "entityExtractions"} & bare.keys()


async def test_a_rep_sees_their_own_and_a_coach_what_is_not_private(house: House) -> None:
    mary, sue = await house.user("mary@acme.test", "Mary Lee"), await house.user("sue@acme.test", "Sue Fox")
    await house.api(
        "POST", f"/v1/core/organizations/{house.organization.id}/teams", json={"name": "N", "coachUids": [sue]}
    )
    johns, private = await house.record(), await house.record(at=START + timedelta(hours=5))
    marys = await house.record(user="mary@acme.test", at=START + timedelta(hours=9))
    john = await token_of(house, await id_of(house, JOHN))
    assert (await john("PATCH", RECORDINGS, json={"id": private, "isPrivate": True})).status_code == 200
    seen = {
        name: {one["id"] for one in (await (await token_of(house, user)).get(RECORDINGS))["data"]}
        for name, user in (("mary", mary), ("sue", sue), ("ann", house.organization.admin_id))
    }
    assert seen == {"mary": {marys}, "sue": {johns, marys}, "ann": {johns, private, marys}}
    assert {one["id"] for one in (await john.get(RECORDINGS))["data"]} == {johns, private}
    for method, path, body in (
        ("GET", f"{RECORDINGS}/{johns}", None),
        ("DELETE", f"{RECORDINGS}/{johns}", None),
        ("PUT", f"{RECORDINGS}/{johns}/viewed", None),
        ("PATCH", f"{RECORDINGS}/{johns}/transcription-language", {"transcriptionLanguage": "French"}),
    ):
        options = {} if body is None else {"json": body}
        assert (await (await token_of(house, mary))(method, path, **options)).status_code == 404


async def test_a_list_goes_by_page_team_type_outcome_and_time(house: House) -> None:
    mary = await house.user("mary@acme.test", "Mary Lee")
    team = await house.api(
        "POST", f"/v1/core/organizations/{house.organization.id}/teams", json={"name": "North", "memberUids": [mary]}
    )
    await house.api.visit(opportunity=DEAL)
    ids = [await house.record(at=START + timedelta(days=day)) for day in range(3)]
    marys = await house.record(user="mary@acme.test", at=START + timedelta(days=3))
    await house.settle()
    admin = await token_of(house, house.organization.admin_id)
    await admin("PATCH", RECORDINGS, json={"id": ids[1], "conversationType": "visit", "result": "closed"})

    async def listed(**params: Any) -> list[str]:
        return [one["id"] for one in (await admin.get(RECORDINGS, **params))["data"]]

    assert await listed() == [marys, *reversed(ids)]
    assert await listed(orderDirection="asc") == [*ids, marys]
    first = await admin.get(RECORDINGS, limit="3")
    assert [one["id"] for one in first["data"]] == [marys, ids[2], ids[1]]
    rest = await admin.get(RECORDINGS, limit="3", cursor=first["cursor"])
    assert ([one["id"] for one in rest["data"]], rest["cursor"]) == ([ids[0]], None)
    assert await listed(teamId=team.json()["id"]) == [marys]
    assert await listed(conversationType="visit") == [ids[1]]
    assert (await listed(result="closed"), await listed(result="in progress")) == ([ids[1], ids[0]], [marys, ids[2]])
    assert await listed(crmLinkStatus="unlinked") == [marys, ids[2], ids[1]]
    after = (START + timedelta(hours=30)).isoformat()
    assert await listed(**{"dateCreated:gt": after}) == [marys, ids[2]]
    assert await listed(organizationId=house.organization.id) == await listed()
    for params, status in (
        ({"organizationId": UNKNOWN}, 403),
        ({"limit": "0"}, 422),
        ({"orderDirection": "up"}, 422),
        ({"dateCreated:gt": "soon"}, 422),
        ({"cursor": "x"}, 422),
    ):
        assert (await admin("GET", RECORDINGS, params=params)).status_code == status


async def test_recordings_come_by_their_ids_in_that_order(house: House) -> None:
    ids = [await house.record(at=START + timedelta(days=day)) for day in range(3)]
    admin = await token_of(house, house.organization.admin_id)
    async with as_admin(house) as siro:
        wanted = [ids[2], UNKNOWN, ids[0], ids[1]]
        found = [one.id async for one in siro.recordings.get_many(ids=wanted, page_size=2)]
        assert found == [ids[2], ids[0], ids[1]]
        assert [one.id async for one in siro.recordings.get_many(page_size=2)] == [*reversed(ids)]
    for body, status in (({"ids": "x"}, 422), ({"pageSize": 0}, 422), ({"cursor": "x"}, 422), ({"more": 1}, 422)):
        assert (await admin("POST", RECORDINGS, json=body)).status_code == status


SEARCHES: list[tuple[dict[str, Any], list[int]]] = [
    ({"searchText": "METAL roof"}, [1]),
    ({"searchText": "porch"}, [0]),
    ({"searchText": "100%"}, []),
    ({"startDate": (START + timedelta(hours=12)).timestamp() * 1000}, [1]),
    ({"maxDurationMs": 1_000_000}, [1]),
    ({"minOpportunitiesAmount": 40_000}, [0]),
    ({"coordinate": {"lat": 39.74, "lng": -104.99}, "radius": 500}, [1]),
    ({"coordinate": {"lat": 40.74, "lng": -104.99}, "radius": 500}, []),
    ({"isPrivate": False}, [1, 0]),
    ({"hasComments": True}, []),
    ({"hasComments": False}, [1, 0]),
    ({"jumpToTags": ["price"]}, []),
    ({"repUids": [UNKNOWN]}, []),
    ({"results": ["closed"]}, [0]),
    ({"sort": "durationInMilliseconds", "sortDirection": "asc"}, [1, 0]),
    ({"sortDirection": "asc"}, [0, 1]),
]


@pytest.mark.parametrize(("query", "places"), SEARCHES)
async def test_a_search_finds_what_was_said_and_what_is_known(
    house: House, query: dict[str, Any], places: list[int]
) -> None:
    await house.api.visit(account=CUSTOMER, opportunity=DEAL)
    ids = [
        await house.record(title="The porch"),
        await house.record(
            at=START + timedelta(days=1), minutes=10, place=(39.7401, -104.9901),
            said=(*SAID, Utterance("Mary Smith", "We want a metal roof.", 8.0, 9.0)),
        ),
    ]  # fmt: skip
    await house.settle()
    admin = await token_of(house, house.organization.admin_id)
    answer = await admin("POST", f"{RECORDINGS}/search", json={"query": query | {"showCrmCustomer": True}})
    data = answer.json()["data"]
    assert [hit["recordingId"] for hit in data["hits"]] == [ids[place] for place in places]
    assert data["estimatedTotalHits"] == len(places)


async def test_a_search_goes_page_by_page(house: House) -> None:
    ids = [await house.record(at=START + timedelta(days=day)) for day in range(3)]
    admin = await token_of(house, house.organization.admin_id)
    async with as_admin(house) as siro:
        hits = [hit.recording_id async for hit in siro.recordings.search(query={}, page_size=2)]
    assert hits == [*reversed(ids)]
    for body in (
        {},
        {"query": {}, "page": 0},
        {"query": {}, "pageSize": 1.5},
        {"query": {"sort": "color"}},
        {"query": {"startDate": 5e16}},
    ):
        assert (await admin("POST", f"{RECORDINGS}/search", json=body)).status_code == 422


async def test_a_deleted_recording_leaves_its_appointment_and_the_users_and_stays_listed(house: House) -> None:
    visit = await house.api.visit()
    recording_id = await house.record()
    await house.settle()
    john = await token_of(house, await id_of(house, JOHN))
    assert (await john("DELETE", f"{RECORDINGS}/{recording_id}")).json() == recording_id
    await house.settle()
    assert (await john("GET", f"{RECORDINGS}/{recording_id}")).status_code == 404
    assert (await john.get(RECORDINGS))["data"] == []
    assert (await john("DELETE", f"{RECORDINGS}/{recording_id}")).status_code == 404
    [listed] = await house.api.recordings()
    assert (listed["id"], listed["deleted"]) == (recording_id, True)
    assert listed["deletedAt"] is not None
    assert "recordingId" not in await house.api.get(f"/v1/integrations/engagements/{visit['id']}")
    again = await house.record(at=START + timedelta(minutes=5))
    await house.settle()
    assert (await house.explain(again)).appointment == "a-1"


async def test_what_must_not_be_deleted_is_not(house: House) -> None:
    recording_id = await house.record()
    john = await token_of(house, await id_of(house, JOHN))
    await john("PATCH", RECORDINGS, json={"id": recording_id, "doNotDelete": True})
    assert (await john("DELETE", f"{RECORDINGS}/{recording_id}")).status_code == 403
    assert (await house.api.recordings())[0]["deleted"] is False


async def test_who_looked_and_listened_is_counted(house: House) -> None:
    recording_id = await house.record()
    admin = await token_of(house, house.organization.admin_id)
    path = f"{RECORDINGS}/{recording_id}"
    for duration in (5, 6):
        assert (await admin("POST", f"{path}/views", json={"duration": duration})).json() == {"data": {"success": True}}
    assert (await admin("PUT", f"{path}/viewed")).status_code == 200
    heard = (await admin("PUT", f"{path}/listen", json={"duration": 1000, "clientPlatform": "WEB"})).json()
    first = heard["data"]["recordingEngagement"]
    body = {"duration": 2000, "recordingEngagementId": first["id"]}
    more = (await admin("PUT", f"{path}/listen", json=body)).json()["data"]["recordingEngagement"]
    assert (more["id"], more["durationMilliseconds"], more["clientPlatform"]) == (first["id"], 2000, "WEB")
    [shown] = (await admin("POST", RECORDINGS, json={"ids": [recording_id]})).json()["data"]
    assert (shown["viewCount"], shown["uniqueViewCount"]) == (2, 1)
    [hit] = (await admin("POST", f"{RECORDINGS}/search", json={"query": {}})).json()["data"]["hits"]
    assert hit["viewed"] is True
    for way, body, status in (
        ("views", {"duration": -1}, 422),
        ("listen", {"duration": 1, "recordingEngagementId": UNKNOWN}, 404),
        ("listen", {}, 422),
    ):
        answer = await admin("POST" if way == "views" else "PUT", f"{path}/{way}", json=body)
        assert answer.status_code == status


async def test_a_language_and_a_deep_link(house: House) -> None:
    recording_id = await house.record()
    admin = await token_of(house, house.organization.admin_id)
    path = f"{RECORDINGS}/{recording_id}"
    assert (
        await admin("PATCH", f"{path}/transcription-language", json={"transcriptionLanguage": "Spanish"})
    ).json() == {"data": None}
    assert (await admin.get(path))["data"]["transcriptionLanguage"] == "Spanish"
    wrong = await admin("PATCH", f"{path}/transcription-language", json={"transcriptionLanguage": "Latin"})
    assert wrong.status_code == 422
    link = (await admin.get(f"{path}/deep-link/web", timestamp="12"))["data"]
    assert link.endswith(f"/recordings/{recording_id}?timestamp=12")
