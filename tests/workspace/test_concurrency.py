"""Many at once: nothing doubled, nothing lost, nobody waits for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from tests.workspace.house import START, House


async def test_sixty_puts_that_share_their_records_all_succeed(house: House) -> None:
    async def put(n: int) -> Any:
        people = [{"externalId": f"r-{(n + k) % 4}", "name": f"Rep Number{(n + k) % 4}"} for k in range(3)]
        accounts = [{"externalId": f"c-{(n + k) % 3}", "name": f"Smith {n}"} for k in range(2)]
        if n % 3 == 0:
            deal = {"account": accounts[0], "opportunityUsers": people, "name": f"Deal {n}"}
            contacts = [{"externalId": f"p-{k}", "account": accounts[1]} for k in range(2)]
            return await house.api.opportunity(f"o-{n % 2}", **deal, opportunityContacts=contacts)
        contact = {"externalId": f"p-{n % 2}", "account": accounts[1]}
        return await house.api.engagement(
            f"a-{n % 20}",
            startTime=(START + timedelta(minutes=n)).isoformat(),
            account=accounts[0],
            contact=contact,
            opportunity={"externalId": f"o-{n % 2}", "amount": n},
            engagementUsers=people,
        )

    answers = await asyncio.gather(*(put(n) for n in range(60)))
    assert all(answer["id"] for answer in answers)
    counts = [
        (await house.rows(f"select count(*) from {table}"))[0][0]
        for table in ("accounts", "contacts", "opportunities", "crm_users")
    ]
    assert counts == [3, 2, 2, 4]


async def test_the_same_record_at_once_is_one_record(house: House) -> None:
    visits = [house.api.visit(account={"externalId": "c-1"}, opportunity={"externalId": "o-1"}) for _ in range(30)]
    assert len({visit["id"] for visit in await asyncio.gather(*visits)}) == 1
    for table in ("engagements", "accounts", "opportunities", "crm_users", "engagement_users"):
        assert (await house.rows(f"select count(*) from {table}"))[0][0] == 1


async def test_recordings_users_and_appointments_that_come_at_once_find_each_other(house: House) -> None:
    """The second transaction sees the first one, in any order of commits."""

    async def all_of_day(n: int) -> str:
        at = START + timedelta(days=n)
        visit = house.api.visit(f"a-{n}", at=at, rep=f"r-{n}", account={"externalId": f"c-{n % 3}"})
        recording_id, _, _ = await asyncio.gather(
            house.record(at=at), visit, house.user(f"u{n}@acme.test", f"User N{n}")
        )
        return recording_id

    made = await asyncio.gather(*(all_of_day(n) for n in range(12)))
    await house.settle()
    assert [(await house.explain(recording_id)).appointment for recording_id in made] == [f"a-{n}" for n in range(12)]


async def test_one_worker_of_a_server_keeps_house_for_both(house: House) -> None:
    """A server has a worker for each queue; sweeping and deleting is done once."""
    tasks = [task.get_name() for task in asyncio.all_tasks()]
    assert {"workspace worker", "workspace insight worker"} <= set(tasks)
    assert tasks.count("fieldnote housekeeping") == 1
    assert house.server.url
