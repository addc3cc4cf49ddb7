"""Rates that an organization has of its own, and the measure of its links."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from fieldnote.matching import USUAL
from fieldnote.workspace import evaluate_links, learn_rates
from fieldnote.workspace.domain.matching.history import read_history
from fieldnote.workspace.domain.matching.rates import keep_rates, read_rates
from fieldnote.workspace.tenancy import inside
from tests.workspace.house import START, House
from tests.workspace.test_linking import NEAR, at, linked

ANN = [{"externalId": "r-2", "email": "ann@acme.test"}]


async def test_an_organizations_own_rates_decide_and_are_named(house: House) -> None:
    async with inside(house.workspace.engine, house.organization.id) as conn:
        await keep_rates(conn, house.organization.id, replace(USUAL, learned_from=1234))
        assert (await read_rates(conn)).learned_from == 1234
    await house.api.visit("a-1")
    recording_id = await house.record()
    assert await linked(house, recording_id) == "a-1"
    reasons = (await house.explain(recording_id)).reasons
    assert "judged by rates learned from 1,234 recordings of the organization" in reasons


async def test_few_recordings_leave_the_usual_rates(house: House) -> None:
    await house.api.visit("a-1")
    await house.record()
    assert await learn_rates(house.workspace, house.organization.id) == USUAL
    assert await house.rows("select 1 from matching_rates") == []


async def test_links_of_people_and_deep_links_measure_the_matcher(house: House) -> None:
    for n in range(4):
        await house.api.visit(f"a-{n}", at=START + timedelta(days=n))
    right = await house.record(appointment_id="a-0")
    wrong = await house.record(at=START + timedelta(days=1), appointment_id="a-2")
    await house.record(at=START + timedelta(days=3))
    assert (await linked(house, right), await linked(house, wrong)) == ("a-0", "a-2")
    async with inside(house.workspace.engine, house.organization.id) as conn:
        history = await read_history(conn)
    assert len(history.conversations) == 3
    assert history.known.keys() == {right, wrong}
    found = (await evaluate_links(house.workspace, house.organization.id)).overall
    assert (found.recordings, found.guessed, found.guessed_right) == (2, 2, 1)


async def test_a_colleagues_appointment_is_found_by_the_customers_name(house: House) -> None:
    await house.user("ann@acme.test", "Ann Other")
    account: dict[str, Any] = {"externalId": "c-1", "name": "Mara Whitfield"}
    surname = await house.record(title="Whitfield")
    assert await linked(house, surname) is None
    await house.api.visit("a-1", engagementUsers=ANN, account=account)
    await house.settle()
    assert (await house.explain(surname)).reasons[0].startswith("likely appointment a-1")
    full = await house.record(at=START + timedelta(days=1), title="Mara Whitfield")
    await house.api.visit("a-2", at=START + timedelta(days=1), engagementUsers=ANN, account=account)
    assert await linked(house, full) == "a-2"


async def test_an_appointment_that_its_own_rep_recorded_is_rarely_a_colleagues(house: House) -> None:
    await house.user("ann@acme.test", "Ann Other")
    account = {"externalId": "c-1", "name": "Mara Whitfield", **at(NEAR)}
    await house.api.visit("a-1", engagementUsers=ANN, account=account)
    mine = await house.record(place=NEAR, at=START + timedelta(minutes=25), minutes=30)
    await house.settle()
    alone = (await house.explain(mine)).score
    later = START + timedelta(days=1)
    await house.api.visit("a-2", at=later, engagementUsers=ANN, account=account)
    await house.record(place=NEAR, at=later, user="ann@acme.test")
    await house.settle()
    second = await house.record(place=NEAR, at=later + timedelta(minutes=25), minutes=30)
    await house.settle()
    after_hers = (await house.explain(second)).score
    assert alone is not None
    assert (after_hers or 0.0) < alone
