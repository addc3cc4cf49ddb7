"""`fieldnote check`: it fails where the loop cannot work, and warns where it works badly."""

from __future__ import annotations

from typing import Any

import pytest

from fieldnote.bridge.setup.checks import Finding, Level, check_all
from tests.bridge.conftest import ENGAGEMENTS, Crm, Opener, document
from tests.bridge.stub_siro import StubSiro, ago


async def findings(opened: Opener, **changes: Any) -> list[Finding]:
    async with opened(**changes) as bridge:
        return [finding async for finding in check_all(bridge)]


def texts(found: list[Finding], level: Level, subject: str = "push.") -> list[str]:
    return [finding.text for finding in found if finding.level is level and finding.subject.startswith(subject)]


def fill(crm: Crm) -> None:
    for key in range(1, 6):
        crm.add_deal(key)
        crm.add_appointment(key, deal=key)
    crm.execute("update deals set stage = 'sold' where id = 1")


async def test_a_loop_that_works_has_no_finding_that_is_bad(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    fill(crm)
    found = await findings(opened)
    assert texts(found, Level.BAD) == []
    assert [text for text in texts(found, Level.HINT) if "does not move when reps as r change" not in text] == []
    assert any("5 sampled references to an opportunity, each to a record" in text for text in texts(found, Level.GOOD))


async def test_appointments_that_name_no_rep_are_bad(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    fill(crm)
    the_map = document(crm, stub)["push"]["engagements"]["map"]
    without = {name: value for name, value in the_map.items() if name != "engagementUsers"}
    found = await findings(opened, push__engagements__map=without)
    assert [text for text in texts(found, Level.BAD) if "names no rep" in text]
    nobody = ENGAGEMENTS.replace("r.id as rep_id", "null as rep_id")
    found = await findings(opened, push__engagements__query=nobody)
    assert [text for text in texts(found, Level.BAD) if "none of 5 appointments has a rep" in text]
    some = ENGAGEMENTS.replace("r.id as rep_id", "case when a.id < 3 then r.id end as rep_id")
    found = await findings(opened, push__engagements__query=some)
    assert texts(found, Level.BAD) == []
    assert [text for text in texts(found, Level.HINT) if "3 of 5 appointments have no rep" in text]


async def test_appointments_without_a_kind_that_reps_see_are_a_hint(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    fill(crm)
    the_map = document(crm, stub)["push"]["engagements"]["map"]
    without = {name: value for name, value in the_map.items() if name != "engagementType"}
    found = await findings(opened, push__engagements__map=without)
    assert [text for text in texts(found, Level.HINT) if "no engagementType" in text]
    calls = {"activityType": "'CALL'", "name": "'call'"}
    found = await findings(opened, push__engagements__map__engagementType=calls)
    assert [text for text in texts(found, Level.HINT) if "none of 5 sampled appointments is a MEETING" in text]


OWN_KEYS: list[tuple[str, str, Any]] = [
    ("account", "", {"externalId": "id", "name": "customer_name"}),
    ("account", "", {"externalId": "trim(id)", "name": "customer_name"}),
    ("opportunity", "", {"externalId": "ID"}),
    ("account", "a.id as visit_no, ", {"externalId": "visit_no", "name": "customer_name"}),
    ("engagementUsers", "", [{"externalId": "id", "email": "email"}]),
]


@pytest.mark.parametrize(("nested", "more", "given"), OWN_KEYS)
async def test_a_record_that_gets_the_key_of_the_one_around_it_is_bad(
    crm: Crm, stub: StubSiro, opened: Opener, nested: str, more: str, given: Any
) -> None:
    fill(crm)
    query = ENGAGEMENTS.replace("select ", f"select {more}", 1)
    found = await findings(opened, push__engagements__query=query, **{f"push__engagements__map__{nested}": given})
    [text] = [text for text in texts(found, Level.BAD) if "own key" in text]
    assert text.startswith(f"{nested}.externalId")


async def test_ids_that_only_happen_to_be_the_same_are_fine(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    """Appointment 1 with deal 1 and customer 1, as in every first try."""
    fill(crm)
    crm.execute("update appointments set customer_id = id")
    assert texts(await findings(opened), Level.BAD) == []


async def test_what_works_badly_is_a_hint(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    fill(crm)
    crm.execute("update deals set stage = 'Closed Won'")
    words = {"from": "stage", "choices": {"won": "WON", "Closed wn": "LOST"}, "default": "OPEN"}
    found = await findings(
        opened,
        push__engagements__map__endTime=None,
        push__engagements__cursor=None,
        push__opportunities__map__disposition=words,
    )
    hints = texts(found, Level.HINT)
    assert texts(found, Level.BAD) == []
    for part in (
        "no appointment has an end",
        "no cursor",
        "all 5 sampled deals become OPEN",
        "did you mean 'Closed Won'",
    ):
        assert [text for text in hints if part in text], (part, hints)


async def test_customers_without_a_place_are_bad(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    """Siro refuses to create an account without an address or coordinates, one after the other."""
    fill(crm)
    accounts = {
        "query": "select id, name, 39.7 as lat, -104.9 as long from deals",
        "key": "id",
        "map": {"name": "name"},
    }
    found = await findings(opened, push__accounts=accounts)
    assert [text for text in texts(found, Level.BAD) if "5 of 5 sampled accounts have neither" in text]
    half = accounts | {"query": "select id, name, 39.7 as lat, case when id > 2 then -104.9 end as long from deals"}
    half["map"] = {"name": "name", "latitude": "lat", "longitude": "long"}
    found = await findings(opened, push__accounts=half)
    assert texts(found, Level.BAD) == []
    assert [text for text in texts(found, Level.HINT) if "2 of 5 sampled accounts have neither" in text]
    whole = accounts | {"map": half["map"]}
    assert not [text for text in texts(await findings(opened, push__accounts=whole), Level.HINT) if "neither" in text]


async def test_references_that_point_at_no_record_are_counted(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    fill(crm)
    crm.execute("update appointments set deal_id = 77 where id in (2, 3)")
    found = await findings(opened)
    assert [text for text in texts(found, Level.HINT) if "2 of 5 sampled references" in text and "77" in text]
    found = await findings(opened, push__opportunities=None)
    assert [text for text in texts(found, Level.HINT) if "2 of 5" in text and "no record of deals" in text]


async def test_a_crm_id_where_siro_takes_its_own_is_bad(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    fill(crm)
    found = await findings(opened, push__opportunities__map__accountId="id")
    assert [text for text in texts(found, Level.BAD) if text.startswith("accountId takes Siro's own id")]


async def test_a_crm_id_of_an_appointment_type_is_a_hint(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    fill(crm)
    found = await findings(opened, push__engagements__map__engagementTypeId="'visit'")
    assert [text for text in texts(found, Level.HINT) if "takes Siro's own id of an appointment type" in text]
    siros = "'0b0e6f0c-7d1f-4c8e-9a51-1f2d3c4b5a69'"
    found = await findings(opened, push__engagements__map__engagementTypeId=siros)
    assert not [text for text in texts(found, Level.HINT) if "appointment type" in text]


async def test_extraction_names_are_listed_with_those_that_never_came(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    stub.record("r1", started_at=ago(hours=1), said={"Budget": "$5", "Objections": "price"})
    field = {"to": "objections", "as": "text", "policy": "propose"}
    found = await findings(opened, pull__opportunity__fields={"Objectons": field, "Budget": "budget_max"})
    assert "Budget, Objections" in texts(found, Level.GOOD, "extractions")[0]
    [warning] = texts(found, Level.HINT, "extractions")
    assert "'Objectons'" in warning
    assert "did you mean 'Objections'" in warning
