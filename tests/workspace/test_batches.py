"""Batches of the CRM's records: all are stored or none, as if they had come one after the other."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from fieldnote.siro import AsyncSiro
from fieldnote.siro.models import AccountSync, EngagementSync
from tests.workspace.house import JOHN, START, Api, House

ENGAGEMENTS = "/v1/integrations/sync/batch/engagements"
OPPORTUNITIES = "/v1/integrations/sync/batch/opportunities"


async def send(api: Api, path: str, records: Any) -> list[Any]:
    """The answer's records."""
    response = await api("PUT", path, json=records)
    assert response.status_code == 200, response.text
    data: list[Any] = response.json()["data"]
    return data


async def count(house: House, table: str) -> int:
    return int((await house.rows(f"select count(*) from {table}"))[0][0])


async def test_a_batch_of_appointments_is_answered_in_its_order(house: House) -> None:
    keys = [f"a-{(7 * n) % 40}" for n in range(40)]
    records = [{"externalId": key, "subject": f"Visit {key}", "account": {"externalId": "c-1"}} for key in keys]
    answer = await send(house.api, ENGAGEMENTS, records)
    assert [(one["externalId"], one["subject"]) for one in answer] == [(key, f"Visit {key}") for key in keys]
    assert len({one["id"] for one in answer}) == 40
    assert len({one["accountId"] for one in answer}) == 1


async def test_a_batch_of_deals_is_answered_in_its_order(house: House) -> None:
    records = [
        {
            "externalId": f"o-{n}",
            "amount": 1000 + n,
            "account": {"externalId": f"c-{n % 2}", "name": f"Smith {n % 2}"},
            "opportunityUsers": [{"externalId": "r-1", "email": JOHN, "shareOfSale": 0.5}],
            "opportunityContacts": [{"externalId": f"p-{n}", "name": "Mary", "isPrimary": True}],
        }
        for n in (3, 1, 2)
    ]
    answer = await send(house.api, OPPORTUNITIES, records)
    assert [(one["externalId"], one["amount"]) for one in answer] == [("o-3", 1003), ("o-1", 1001), ("o-2", 1002)]
    assert [one["account"]["name"] for one in answer] == ["Smith 1", "Smith 1", "Smith 0"]
    assert await count(house, "opportunity_contacts") == 3


async def test_an_empty_batch_is_no_records(house: House) -> None:
    assert await send(house.api, ENGAGEMENTS, []) == []
    assert await send(house.api, OPPORTUNITIES, []) == []


async def test_of_a_record_that_comes_twice_the_later_wins_and_what_it_leaves_out_stays(house: House) -> None:
    records = [
        {"externalId": "a-1", "subject": "Kitchen", "content": "Bring samples", "account": {"externalId": "c-1"}},
        {"externalId": "a-2", "subject": "Roof"},
        {"externalId": "a-1", "subject": "Bath", "account": {"externalId": "c-2", "name": "Smith"}},
    ]
    first, roof, last = await send(house.api, ENGAGEMENTS, records)
    assert first == last
    assert (first["subject"], first["content"], first["account"]["name"]) == ("Bath", "Bring samples", "Smith")
    assert roof["subject"] == "Roof"
    deals = await send(house.api, OPPORTUNITIES, [{"externalId": "o-1", "amount": n} for n in (1, 3, 2)])
    assert [deal["amount"] for deal in deals] == [2, 2, 2]


async def test_a_rep_taken_off_and_put_back_within_a_batch_is_on_the_record(house: House) -> None:
    on, off = {"externalId": "r-1"}, {"externalId": "r-1", "deletedAt": "2026-02-14T00:00:00Z"}
    answer = await send(
        house.api,
        ENGAGEMENTS,
        [
            {"externalId": "a-1", "engagementUsers": [off]},
            {"externalId": "a-2", "engagementUsers": [on]},
            {"externalId": "a-1", "engagementUsers": [on]},
            {"externalId": "a-2", "engagementUsers": [off]},
        ],
    )
    assert [len(one["engagementUsers"]) for one in answer] == [1, 0, 1, 0]


async def test_the_same_batch_twice_changes_nothing(house: House) -> None:
    records = [
        {
            "externalId": f"a-{n}",
            "startTime": (START + timedelta(hours=n)).isoformat(),
            "account": {"externalId": "c-1", "name": "Smith", "latitude": 43.6},
            "opportunity": {"externalId": f"o-{n % 3}", "amount": 45000 + n % 3},
            "engagementUsers": [{"externalId": "r-1", "email": JOHN}],
        }
        for n in range(10)
    ]
    assert await send(house.api, ENGAGEMENTS, records) == await send(house.api, ENGAGEMENTS, records)


async def test_a_batch_and_its_records_one_by_one_end_the_same(house: House) -> None:
    records = [
        {"externalId": "a-1", "subject": "One", "account": {"externalId": "c-1", "name": "Smith"}},
        {"externalId": "a-2", "account": {"externalId": "c-1", "phoneNumbers": ["+15555550100"]}},
        {"externalId": "a-1", "subject": None, "account": {"externalId": "c-1", "name": "Smythe"}},
        {"externalId": "a-2", "account": {"name": "Nameless"}, "endTime": START.isoformat()},
    ]
    _, other = await house.another()
    batch = await send(house.api, ENGAGEMENTS, records)
    for record in records:
        await other("PUT", "/v1/integrations/sync/engagements", json=record)
    singles = [await other.engagement("a-1"), await other.engagement("a-2")]
    for one in (*batch, *singles):
        for own in ("id", "organizationId", "createdAt", "updatedAt", "accountId"):
            one.pop(own)
        one["account"].pop("id")
    assert batch[:2] == singles


WRONG: list[tuple[str, Any, list[str]]] = [
    (ENGAGEMENTS, {"externalId": "a-2", "startTime": "noon"}, ["startTime"]),
    (ENGAGEMENTS, {"subject": "Kitchen"}, ["externalId"]),
    (ENGAGEMENTS, {"externalId": "x" * 501}, ["externalId"]),
    (ENGAGEMENTS, [], []),
    (OPPORTUNITIES, {"externalId": "o-2", "account": {"name": 7}}, ["account", "name"]),
    (OPPORTUNITIES, {"externalId": "o-2", "accountId": "unknown"}, ["accountId"]),
]


async def test_a_record_that_is_wrong_is_named_by_its_place_and_nothing_is_stored(house: House) -> None:
    good = {"externalId": "1", "account": {"externalId": "c-1"}}
    for path, wrong, where in WRONG:
        response = await house.api("PUT", path, json=[good, good, wrong, good])
        assert response.status_code == 422
        assert [issue["path"] for issue in response.json()["issues"]] == [[2, *where]]
    for table in ("engagements", "opportunities", "accounts"):
        assert await count(house, table) == 0


async def test_every_wrong_record_of_a_batch_is_named(house: House) -> None:
    response = await house.api("PUT", ENGAGEMENTS, json=[{"externalId": 1}, {"externalId": "a"}, {"subject": 2}])
    assert {tuple(issue["path"]) for issue in response.json()["issues"]} == {
        (0, "externalId"), (2, "externalId"), (2, "subject"),
    }  # fmt: skip


async def test_a_batch_that_is_no_array_is_a_422(house: House) -> None:
    for body in ({"externalId": "a-1"}, "a-1", 1):
        response = await house.api("PUT", ENGAGEMENTS, json=body)
        assert (response.status_code, response.json()["issues"][0]["path"]) == (422, [])


async def test_batches_that_share_customers_in_other_orders_all_succeed(house: House) -> None:
    """From four clients; each batch has new records and changes those of the others, forwards or backwards."""
    clients = [house.client(house.api.token) for _ in range(4)]

    def records(client: int, turn: int) -> list[dict[str, Any]]:
        numbers = [*range(30)]
        shared = numbers[turn:] + numbers[:turn] if client % 2 else numbers[::-1]
        return [
            {
                "externalId": f"a-{n}" if n % 2 else f"a-{client}-{turn}-{n}",
                "subject": f"{client} {turn}",
                "account": {"externalId": f"c-{n % (8 + turn)}", "name": f"Smith {client} {turn}"},
                "opportunity": {"externalId": f"o-{n % (5 + turn)}", "amount": 100 * client + turn},
                "engagementUsers": [{"externalId": f"r-{n % 7}", "name": f"Rep {client} {turn}"}],
            }
            for n in shared
        ]

    async def work(client: int) -> None:
        for turn in range(8):
            answer = await send(clients[client], ENGAGEMENTS, records(client, turn))
            assert len(answer) == 30

    await asyncio.gather(*(work(client) for client in range(4)))
    assert await count(house, "accounts") == 15
    assert await count(house, "engagements") == 15 + 4 * 8 * 15


async def test_the_client_sends_a_batch(house: House) -> None:
    async with AsyncSiro(token=house.api.token, base_url=str(house.api.client.base_url)) as siro:
        sent = await siro.engagements.sync_batch(
            EngagementSync(external_id=f"a-{n}", start_time=START, account=AccountSync(external_id="c-1"))
            for n in range(3)
        )
    assert [one.external_id for one in sent] == ["a-0", "a-1", "a-2"]


async def test_recordings_are_linked_to_the_appointments_of_a_batch(house: House) -> None:
    recordings = [await house.record(at=START + timedelta(days=n)) for n in range(3)]
    visits = [
        {
            "externalId": f"a-{n}",
            "startTime": (START + timedelta(days=n)).isoformat(),
            "endTime": (START + timedelta(days=n, hours=1)).isoformat(),
            "engagementType": {"activityType": "MEETING", "name": "visit"},
            "engagementUsers": [{"externalId": "r-1", "email": JOHN, "name": "John Sales"}],
        }
        for n in range(3)
    ]
    await send(house.api, ENGAGEMENTS, visits)
    await house.settle()
    assert [(await house.explain(one)).appointment for one in recordings] == ["a-0", "a-1", "a-2"]


async def test_a_batch_touches_no_other_organization(house: House) -> None:
    _, other = await house.another()
    records = [{"externalId": "a-1", "account": {"externalId": "c-1", "name": "Secret"}}]
    [ours] = await send(house.api, ENGAGEMENTS, records)
    [theirs] = await send(other, ENGAGEMENTS, [{"externalId": "a-1", "account": {"externalId": "c-1"}}])
    assert ours["id"] != theirs["id"]
    assert "name" not in theirs["account"]


async def test_the_tables_are_looked_at_while_they_grow(house: House) -> None:
    """A plan that was kept from when they were empty would read all rows to find one."""
    await send(
        house.api, ENGAGEMENTS, [{"externalId": f"a-{n}", "account": {"externalId": f"c-{n}"}} for n in range(300)]
    )
    await house.workspace.statistics.close()
    seen = await house.rows("select relname, reltuples from pg_class where relname in ('engagements', 'accounts')")
    assert dict(seen) == {"engagements": 300, "accounts": 300}
