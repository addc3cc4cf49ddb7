"""A simulated week in two real CRMs, against the workspace: appointments, recordings, answers, and people's own edits.

The office (tests/schemas/week.py) keeps its own record, and compares it with the tables of both sides.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from fieldnote.bridge import Bridge, PushRequest, open_bridge, pull_once, push_once
from fieldnote.config import load
from fieldnote.insight import Utterance
from fieldnote.json_form import to_json
from fieldnote.workspace import open_workspace
from tests.schemas.week import HOUR_OF_TALK, REPS, Office, Recording, Sql, Tables, email_of
from tests.schemas.week_tables import Odoo, Vtiger
from tests.test_init_schemas import MARIADB, crm, proposed
from tests.workspace.house import House, opened_house

pytestmark = pytest.mark.slow

ENGAGEMENTS = """
select e.external_id, e.starts_at, e.deleted_at, o.external_id as deal, a.external_id as customer,
       array(select u.external_id from engagement_users p join crm_users u on u.id = p.crm_user_id
              where p.engagement_id = e.id and p.deleted_at is null order by 1) as reps
  from engagements e left join opportunities o on o.id = e.opportunity_id left join accounts a on a.id = e.account_id
"""
OPPORTUNITIES = """
select external_id, fields ->> 'name' as name, (fields ->> 'amount')::numeric as amount,
       fields ->> 'disposition' as disposition, deleted_at
  from opportunities
"""

FIELDS = {
    "vtiger": (
        "pull:\n  opportunity:\n    table: vtiger_potentialscf\n    key: potentialid\n"
        "    missing: insert\n    fields:\n"
        "      Budget: {to: cf_853, as: money.max, policy: fill}\n"
        "      Decision Maker: {to: cf_855, as: text, policy: fill}\n"
    ),
    "odoo": "",
}
"""Facts that only a person knows: vTiger numbers its own fields, so no name says which one takes a budget."""


def file_of(name: str, text: str) -> str:
    """The file that `init` wrote, with what a person adds: fields, and that they are filled at once."""
    if FIELDS[name]:
        text = text.split("\n# pull:", maxsplit=1)[0].split("\npull:", maxsplit=1)[0] + "\n" + FIELDS[name]
    return text.replace("policy: propose", "policy: fill")


@asynccontextmanager
async def joined(url: str, text: str, house: House, folder: Path, bridge_url: str) -> AsyncIterator[Bridge]:
    path = folder / "fieldnote.yaml"
    path.write_text(text, encoding="utf-8")
    base = f"{house.server.url}/api-externalApi/v1"
    environment = {
        "CRM_URL": url, "SIRO_TOKEN": house.api.token or "", "SIRO_BASE_URL": base, "SIRO_API_URL": house.server.url,
    }  # fmt: skip
    async with open_bridge(load(path, environment), home=folder / "home", database_url=bridge_url) as bridge:
        yield bridge


async def both_sides(office: Office, house: House) -> list[str]:
    engagements = [
        {
            "externalId": row.external_id, "startTime": row.starts_at.astimezone(UTC).isoformat(), "deal": row.deal,
            "deletedAt": row.deleted_at, "customer": row.customer, "users": [{"externalId": rep} for rep in row.reps],
        }
        for row in await house.rows(ENGAGEMENTS)
    ]  # fmt: skip
    opportunities: list[dict[str, Any]] = [
        {
            "externalId": row.external_id, "name": row.name, "amount": row.amount, "disposition": row.disposition,
            "deletedAt": row.deleted_at,
        }
        for row in await house.rows(OPPORTUNITIES)
    ]  # fmt: skip
    return office.differences(engagements, opportunities)


async def record(office: Office, house: House, dice: random.Random, count: int) -> None:
    """Some appointments are recorded by their reps: half of them from the appointment itself, half just at its time."""
    open_ones = [visit for visit in office.visits.values() if not visit.gone and not visit.recorded]
    for visit in dice.sample(open_ones, min(count, len(open_ones))):
        most, talk = office.said(visit)
        said = [Utterance(who, words, 8.0 * n, 8.0 * n + 7) for n, (who, words) in enumerate(talk)]
        started = visit.start + timedelta(minutes=dice.randrange(0, 6))
        from_appointment = dice.random() < 0.5
        await house.record(
            at=started.replace(tzinfo=UTC), user=email_of(visit.rep), minutes=HOUR_OF_TALK, said=said,
            appointment_id=office.tables.ids("visit", visit.n) if from_appointment else None, key=f"visit-{visit.n}",
        )  # fmt: skip
        visit.recorded = True
        office.recordings.append(Recording(visit.n, visit.deal, started, most))
    await house.settle()


WEEKS = [
    pytest.param("vtiger", Vtiger, "mariadb", id="vTiger-mariadb"),
    pytest.param("vtiger", Vtiger, "sqlite", id="vTiger-sqlite"),
    pytest.param("odoo", Odoo, "postgresql", id="Odoo-postgresql"),
]


@pytest.mark.parametrize(("name", "kind", "backend"), WEEKS)
async def test_a_week_ends_with_both_sides_equal(
    name: str,
    kind: type[Tables],
    backend: str,
    tmp_path: Path,
    bridge_url: str,
    workspace_url: str,
    request: pytest.FixtureRequest,
    seed: int,
    long: bool,
) -> None:
    if (name, backend) == ("vtiger", "sqlite") and MARIADB in os.environ and not long:
        pytest.skip("the week in MariaDB is the same")
    dice = random.Random(f"{seed} {name}")
    with crm(request, tmp_path, backend) as url:
        office = Office(kind(), Sql(url), dice)
        office.open()
        text, scaffold = proposed(url)
        assert len([scaffold.roles.visits, scaffold.roles.deals]) == 2, text
        async with open_workspace(database_url=workspace_url) as workspace, opened_house(workspace) as house:
            for rep, (first, last) in REPS.items():
                await house.user(email_of(rep), f"{first} {last}")
            async with joined(url, file_of(name, text), house, tmp_path, bridge_url) as bridge:
                for day in range(7 * (6 if long else 1)):
                    for _ in range(dice.randrange(2, 5)):
                        office.act(day % 7)
                    pushed = await push_once(bridge, request=PushRequest(full=day % 3 == 2, accept_deletes=99))
                    assert pushed.settled, to_json(pushed)
                    if day % 3 == 2:
                        assert await both_sides(office, house) == [], f"day {day}"
                    if day % 2:
                        await record(office, house, dice, 2)
                        await pull_once(bridge)
                        assert office.wrong_answers() == [], f"day {day}"
                await push_once(bridge, request=PushRequest(full=True, accept_deletes=99))
                pulled = await pull_once(bridge)
                assert await both_sides(office, house) == []
                assert office.wrong_answers() == []
                assert (await pull_once(bridge)).writes == 0, to_json(pulled)
        office.sql.engine.dispose()
    assert office.recordings
