"""A cursor belongs to one list, with its filters and its order: anywhere else it is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest

from fieldnote.insight import Utterance
from tests.workspace.house import START, Api, House
from tests.workspace.test_user_recordings import token_of

pytestmark = pytest.mark.slow

LATE: Final = "2030-01-01T00:00:00Z"
EARLY: Final = "2000-01-01T00:00:00Z"
SAID: Final = (
    Utterance("John Sales", "What budget do you have in mind?", 0.0, 3.0),
    Utterance("Mary Smith", "About forty thousand dollars.", 4.0, 7.0),
    Utterance("John Sales", "I'll send you the quote on Friday.", 8.0, 9.0),
)
ORGANIZATION: Final[dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]] = {
    "/v1/core/recordings": (
        {"pageSize": 1},
        [
            {"createdAt:gt": EARLY}, {"createdAt:lt": LATE}, {"updatedAt:gte": EARLY}, {"updatedAt:gt": EARLY},
            {"updatedAt:lt": LATE}, {"updatedAt:lte": LATE}, {"isProcessingDone": "true"},
            {"isEntityExtractionDone": "true"}, {"isSummaryDone": "true"},
        ],
    ),
    "/v1/core/mobile-events": (
        {"pageSize": 1},
        [
            {"createdAtGt": EARLY}, {"createdAtLt": LATE}, {"userId": "x"}, {"recordingId": "x"},
            {"eventCode": "recorderStateChange"}, {"eventCodeIn": ["recorderStateChange"]},
        ],
    ),
    "/v1/integrations/engagements": ({}, [{"externalId": "x"}, {"recordingId": "x"}]),
    "/v1/integrations/opportunities": ({}, [{"externalId": "x"}, {"recordingId": "x"}]),
    "/v1/integrations/users": ({"pageSize": 1}, []),
    "/v1/core/organizations/{organization}/teams": ({"pageSize": 1}, []),
    "/v1/core/oauth/apps": (
        {"limit": 1, "organizationId": "{organization}", "owner": "{admin}"},
        [
            {"fromDate": EARLY}, {"toDate": LATE}, {"sortField": "dateUpdated"}, {"sortDirection": "asc"},
            {"owner": "x"},
        ],
    ),
    "/v1/core/oauth/apps/{client}/access-token": (
        {"limit": 1, "owner": "{admin}"},
        [
            {"fromDate": EARLY}, {"toDate": LATE}, {"sortField": "dateUpdated"}, {"sortDirection": "asc"},
            {"owner": "x"},
        ],
    ),
}  # fmt: skip
USER: Final[dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]] = {
    "/v1/core/recordings": (
        {"limit": 1},
        [
            {"conversationType": "Sales visit"}, {"result": "in progress"}, {"organizationId": "{organization}"},
            {"teamId": "x"}, {"dateCreated:gt": EARLY}, {"dateCreated:lt": LATE}, {"orderDirection": "asc"},
            {"crmLinkStatus": "unlinked"},
        ],
    ),
    "/v1/core/followups": (
        {"limit": 1, "minimumScore": 0},
        [
            {"minimumScore": 1}, {"starred": "false"}, {"statuses": "TO_DO"}, {"scores": ["1", "2"]},
            {"userIds": "x"}, {"teamIds": "x"}, {"createdAfter": EARLY}, {"createdBefore": LATE},
            {"conversationTypes": "Sales visit"}, {"organizationId": "{organization}"},
        ],
    ),
    "/v1/core/recordings/{recording}/utterances": ({"pageSize": 1}, []),
}  # fmt: skip
SHOWN: Final = ("showSummary", "showFollowups", "showCrmCustomer", "includeHistory")


async def furnish(house: House, user: Api) -> dict[str, str]:
    """At least two of everything that has pages."""
    for number in range(101):
        await house.api.engagement(f"a-{number:03}", opportunity={"externalId": f"o-{number:03}"})
    reps = [{"externalId": f"r-{number}"} for number in range(3)]
    await house.api.engagement("a-0", engagementUsers=reps)
    recordings = [await house.record(at=START + timedelta(days=n), said=SAID) for n in range(3)]
    await house.settle()
    own, admin = house.organization.id, house.organization.admin_id
    for name in "xyz":
        await house.api("POST", f"/v1/core/organizations/{own}/teams", json={"name": name})
        app = {"appName": name, "owner": admin, "organizationId": own}
        made = (await house.api("POST", "/v1/core/oauth/apps", json=app)).json()
    for _ in "xyz":
        body = {"clientSecret": made["clientSecret"], "userId": admin, "scope": "read"}
        await house.api("POST", f"/v1/core/oauth/apps/{made['clientID']}/access-token", json=body)
    del user
    return {"organization": own, "admin": admin, "client": made["clientID"], "recording": recordings[0]}


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(one, ids) for name, one in value.items()}
    return value.format(**ids) if isinstance(value, str) else value


async def items(client: Api, path: str, query: dict[str, Any]) -> tuple[list[str], Any]:
    page = await client.get(path, **query)
    data = page["data"]
    found = data if isinstance(data, list) else next(one for one in data.values() if isinstance(one, list))
    return [str(one) for one in found], page["cursor"]


async def is_refused(client: Api, path: str, query: dict[str, Any]) -> bool:
    answer = await client("GET", path, params=query)
    return answer.status_code == 422 and [one["path"] for one in answer.json()["issues"]] == [["cursor"]]


async def test_a_cursor_leads_through_its_own_list_and_through_no_other(house: House) -> None:
    user = await token_of(house, house.organization.admin_id)
    ids = await furnish(house, user)
    other = (await house.another())[1]
    cursors: dict[tuple[Api, str], Any] = {}
    for client, lists in ((house.api, ORGANIZATION), (user, USER)):
        for template, (base, filters) in lists.items():
            path, query = template.format(**ids), filled(base, ids)
            first, cursor = await items(client, path, query)
            assert cursor is not None, path
            second, _ = await items(client, path, query | {"cursor": cursor})
            assert second, path
            assert not set(first) & set(second), path
            for name in SHOWN:  # what is shown of an item is no filter, nor is the size of a page
                again, _ = await items(client, path, query | {"cursor": cursor, name: "true"})
                assert len(again) == len(second)
            for more in filled_all(filters, ids):
                assert await is_refused(client, path, query | more | {"cursor": cursor}), f"{path} {more}"
            for broken in (f"{cursor}x", f"{cursor}1", str(cursor)[:-1], str(cursor).swapcase(), "0", "W10"):
                if broken != str(cursor):
                    assert await is_refused(client, path, query | {"cursor": broken}), f"{path} {broken}"
            cursors[client, path] = cursor
    for client, lists in ((house.api, ORGANIZATION), (user, USER)):
        for template, (base, _) in lists.items():
            path, query = template.format(**ids), filled(base, ids)
            for place, cursor in cursors.items():
                if place != (client, path):
                    assert await is_refused(client, path, query | {"cursor": cursor}), f"{place} in {path}"
    for path in ("/v1/core/recordings", "/v1/integrations/engagements", "/v1/integrations/users"):
        assert await is_refused(other, path, {"cursor": cursors[house.api, path]})


def filled_all(filters: list[dict[str, Any]], ids: dict[str, str]) -> list[dict[str, Any]]:
    return [filled(one, ids) for one in filters]


async def test_a_filter_that_is_given_again_keeps_its_cursor(house: House) -> None:
    for number in range(3):
        await house.record(at=START + timedelta(days=number))
    await house.settle()  # a recording that changes meanwhile would come again
    query = {"pageSize": 1, "updatedAt:gte": EARLY, "isSummaryDone": ""}
    _, cursor = await items(house.api, "/v1/core/recordings", query)
    del query["isSummaryDone"]
    rest, _ = await items(house.api, "/v1/core/recordings", query | {"cursor": cursor, "pageSize": 5})
    assert len(rest) == 2
    assert await is_refused(house.api, "/v1/core/recordings", {"cursor": cursor})


async def test_recordings_by_id_keep_their_cursor_to_these_ids(house: House) -> None:
    user = await token_of(house, house.organization.admin_id)
    ids = [await house.record(at=START + timedelta(days=number)) for number in range(3)]
    first = (await user("POST", "/v1/core/recordings", json={"ids": ids, "pageSize": 2})).json()
    body = {"ids": ids, "pageSize": 2, "cursor": first["cursor"]}
    assert [one["id"] for one in (await user("POST", "/v1/core/recordings", json=body)).json()["data"]] == ids[2:]
    for wrong in ({"ids": ids[::-1]}, {"cursor": 2}, {"cursor": "2"}):
        assert (await user("POST", "/v1/core/recordings", json=body | wrong)).status_code == 422
    del body["ids"]
    assert (await user("POST", "/v1/core/recordings", json=body)).status_code == 422


async def test_an_id_that_is_no_record_of_a_list_is_no_cursor_of_it(house: House) -> None:
    """Lists without an envelope go on after the id of the last record that was seen."""
    reps = [{"externalId": f"r-{number}"} for number in range(2)]
    visits = [await house.api.visit(f"a-{n}", at=START + timedelta(days=n), engagementUsers=reps) for n in range(3)]
    await house.api.opportunity("o-1", opportunityUsers=reps)
    alien = await house.api.visit("a-9", rep="r-9")
    [first, second] = visits[0]["engagementUsers"]
    members = await house.api.get("/v1/integrations/engagement-users")
    [deal_member, _] = await house.api.get("/v1/integrations/opportunity-users")
    nobody = str(uuid4())
    path = f"/v1/integrations/users/{first['id']}/engagements"
    assert len(await house.api.get(path, cursor=visits[0]["id"])) == 2
    for wrong in (nobody, "x", alien["id"], members[0]["id"]):
        assert await is_refused(house.api, path, {"cursor": wrong})
    window = {"startingAfter": (START + timedelta(days=1)).isoformat()}
    assert await is_refused(house.api, path, window | {"cursor": visits[0]["id"]})
    members_path = "/v1/integrations/engagement-users"
    assert await house.api.get(members_path, cursor=members[0]["id"]) == members[1:]
    for wrong in (nobody, "x", deal_member["id"], visits[0]["id"]):
        assert await is_refused(house.api, members_path, {"cursor": wrong})
    of_second = next(one["id"] for one in members if one["userId"] == second["id"])
    assert await is_refused(house.api, members_path, {"userId": first["id"], "cursor": of_second})


@pytest.mark.parametrize("side", ["gt", "gte", "lt", "lte"])
async def test_a_filter_on_a_time_compares_the_time_that_is_shown(house: House, side: str) -> None:
    """Stored with microseconds, shown with milliseconds: what is shown as equal is equal."""
    await house.record()
    await house.settle()
    [recording] = await house.api.recordings()
    found = await house.api.recordings(**{f"updatedAt:{side}": recording["updatedAt"]})
    assert bool(found) is (side in {"gte", "lte"})
