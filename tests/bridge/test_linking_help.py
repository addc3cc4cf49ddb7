"""Recordings that Siro leaves unlinked: linked where it is certain, proposed where it is likely, by the front door."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import typer
from sqlalchemy import insert, text
from typer.testing import CliRunner

from fieldnote.bridge import Bridge, pull_once, push_once
from fieldnote.bridge.link_history import evaluate_links, read_history
from fieldnote.bridge.pull.linking import Found, MatchState, approve_link, found_links, reject_link
from fieldnote.cli import links, match
from fieldnote.db.bridge_tables import matching_rates
from fieldnote.errors import FieldnoteError
from fieldnote.matching import MODEL_VERSION, USUAL, Place
from fieldnote.siro.models import User
from tests.bridge.conftest import Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago
from tests.bridge.test_pull import pull

BY = "pat"
USER: dict[str, Any] = {"siro__client_id": "c", "siro__client_secret": "s", "siro__user_id": "u"}
BOTH_REPS = [
    {"id": "user-1", "email": "ann@example.com", "firstName": "Ann", "lastName": "Lee", "disabled": False},
    {"id": "user-2", "email": "bo@example.com", "firstName": "Bo", "lastName": "Diaz", "disabled": False},
]

BOTH_USERS = [User.model_validate(user) for user in BOTH_REPS]


@pytest.fixture
def stub(stub: StubSiro) -> StubSiro:
    stub.users = BOTH_REPS
    return stub


def visit(
    crm: Crm, key: int, start: datetime, *, rep: int = 1, deal: int | None = None, customer: str = "Smith"
) -> None:
    """An appointment of an hour. The CRM's times are Denver's, and these are written in UTC: say so."""
    local = start.replace(tzinfo=None)
    crm.execute(
        "insert into appointments (id, starts_at, ends_at, title, rep_id, customer_id, customer_name, deal_id, "
        f"updated_at) values ({key}, '{local:%Y-%m-%d %H:%M:%S}', '{local + timedelta(hours=1):%Y-%m-%d %H:%M:%S}', "
        f"'Visit', {rep}, {key}, '{customer}', {deal or 'null'}, '2026-02-01 10:00:00')"
    )


def recorded(stub: StubSiro, name: str, start: datetime, *, user: str = "user-1", title: str = "Recording") -> None:
    stub.record(name, started_at=start, said={"Objections": "price"}, summary="s")
    stub.recordings[name] |= {"userId": user, "title": title, "durationInMilliseconds": 50 * 60_000}


async def matches(bridge: Bridge) -> dict[str, Found]:
    return {item.recording_id: item for item in await found_links(bridge, list(MatchState))}


async def looked_at_again(bridge: Bridge) -> None:
    async with bridge.engine.begin() as conn:
        await conn.execute(text("update matches set looked_at = looked_at - interval '2 days'"))
    await pull_once(bridge)


IN_UTC: dict[str, Any] = {"crm__timezone": "UTC"}


async def test_what_is_certain_is_linked_and_what_was_said_is_written(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    start = ago(hours=5)
    async with opened(**USER, **IN_UTC) as bridge:
        crm.add_deal(1)
        visit(crm, 1, start, deal=1)
        assert (await push_once(bridge)).settled
        recorded(stub, "r1", start + timedelta(minutes=3), title="Smith")
        await pull(bridge)
        assert stub.recordings["r1"]["crm"]["engagement"]["externalId"] == "1"
        found = (await matches(bridge))["r1"]
        assert (found.state, found.engagement) == (MatchState.LINKED, "1")
        assert any("started" in words for words in found.reasons)
        async with bridge.engine.connect() as conn:
            assert await conn.scalar(text("select state from recordings")) == "complete", "it was read again at once"


@pytest.mark.parametrize(
    ("settings", "may_link", "problem"),
    [({}, True, "needs a user token"), (USER, False, "scope write"), (USER | {"pull__linking": "propose"}, True, None)],
)
async def test_without_leave_to_link_the_appointment_is_proposed(
    crm: Crm, stub: StubSiro, opened: Opener, settings: dict[str, Any], may_link: bool, problem: str | None
) -> None:
    start = ago(hours=5)
    stub.may_link = may_link
    async with opened(**settings, **IN_UTC) as bridge:
        visit(crm, 1, start)
        await push_once(bridge)
        recorded(stub, "r1", start + timedelta(minutes=3), title="Smith")
        await pull(bridge)
        assert "crm" not in stub.recordings["r1"]
        found = (await matches(bridge))["r1"]
        assert (found.state, found.engagement) == (MatchState.OPEN, "1")
        assert (problem is None) == (found.problem is None)
        assert problem is None or problem in str(found.problem)


async def test_a_person_approves_or_rejects_and_is_not_asked_again(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    start = ago(hours=30)
    async with opened(**USER, **IN_UTC, pull__linking="propose") as bridge:
        for key in (1, 2):
            visit(crm, key, start + timedelta(hours=4 * key))
        await push_once(bridge)
        for key in (1, 2):
            recorded(stub, f"r{key}", start + timedelta(hours=4 * key, minutes=2))
        await pull(bridge)
        found = await matches(bridge)
        await approve_link(bridge, found["r1"].id, actor=BY)
        await reject_link(bridge, found["r2"].id, actor=BY)
        assert stub.recordings["r1"]["crm"]["engagement"]["externalId"] == "1"
        await looked_at_again(bridge)
        found = await matches(bridge)
        assert (found["r1"].state, found["r2"].state) == (MatchState.LINKED, MatchState.REJECTED)
        with pytest.raises(FieldnoteError, match="no open match"):
            await approve_link(bridge, found["r2"].id, actor=BY)


async def test_a_link_that_somebody_took_away_is_not_made_again(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    start = ago(hours=5)
    async with opened(**USER, **IN_UTC) as bridge:
        visit(crm, 1, start)
        await push_once(bridge)
        recorded(stub, "r1", start + timedelta(minutes=3), title="Smith")
        linked = {"id": stub.records["engagements"]["1"]["id"], "externalId": "1"}
        stub.recordings["r1"]["crm"] = {"integrationConnectionId": "x", "engagement": linked}
        await pull_once(bridge)
        del stub.recordings["r1"]["crm"]
        stub.recordings["r1"]["updatedAt"] = ago().isoformat().replace("+00:00", "Z")
        await pull_once(bridge)  # seen as unlinked once it is read by itself
        await pull_once(bridge)
        found = (await matches(bridge))["r1"]
        assert found.state is MatchState.OPEN
        assert "somebody removed the link" in str(found.problem)
        assert "crm" not in stub.recordings["r1"]


async def test_siro_has_its_turn_first(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    start = ago(minutes=70)
    async with opened(**USER, **IN_UTC) as bridge:
        visit(crm, 1, start)
        await push_once(bridge)
        recorded(stub, "r1", start + timedelta(minutes=3), title="Smith")
        await pull(bridge)
        assert await matches(bridge) == {}


async def test_a_recording_of_nobody_the_crm_knows_fits_nothing_until_an_appointment_comes(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    start = ago(hours=5)
    async with opened(**USER, **IN_UTC) as bridge:
        visit(crm, 1, start, rep=2)
        await push_once(bridge)
        recorded(stub, "r1", start + timedelta(minutes=3))
        await pull(bridge)
        assert (await matches(bridge))["r1"].state is MatchState.NONE
        visit(crm, 2, start, rep=1)
        await push_once(bridge)
        await looked_at_again(bridge)
        assert (await matches(bridge))["r1"].engagement == "2"


async def test_a_colleagues_appointment_is_proposed_where_the_title_names_its_customer(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    start = ago(hours=5)
    async with opened(**USER, **IN_UTC) as bridge:
        visit(crm, 1, start, rep=2)
        await push_once(bridge)
        recorded(stub, "r1", start + timedelta(minutes=3), title="Smith")
        await pull(bridge)
        found = (await matches(bridge))["r1"]
        assert (found.state, found.engagement) == (MatchState.OPEN, "1")
        assert "it is in a colleague's calendar" in found.reasons


async def test_what_was_linked_otherwise_is_not_asked_about(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    start = ago(hours=5)
    async with opened(**USER, **IN_UTC, pull__linking="propose") as bridge:
        visit(crm, 1, start)
        await push_once(bridge)
        recorded(stub, "r1", start + timedelta(minutes=3))
        await pull(bridge)
        assert len(await found_links(bridge)) == 1
        linked = {"id": stub.records["engagements"]["1"]["id"], "externalId": "1"}
        stub.recordings["r1"] |= {"crm": {"integrationConnectionId": "x", "engagement": linked}}
        await pull_once(bridge)
        assert await found_links(bridge) == []


async def test_off_is_off(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    start = ago(hours=5)
    async with opened(**USER, **IN_UTC, pull__linking="off") as bridge:
        visit(crm, 1, start)
        await push_once(bridge)
        recorded(stub, "r1", start + timedelta(minutes=3), title="Smith")
        await pull(bridge)
        assert (await matches(bridge), "crm" in stub.recordings["r1"]) == ({}, False)


async def test_a_recording_that_is_not_due_takes_part_and_is_not_taken_for_a_stray(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    """The first part was looked at before. The second one comes late and belongs to the same visit."""
    start = ago(hours=5)
    async with opened(**USER, **IN_UTC, pull__linking="propose") as bridge:
        visit(crm, 1, start)
        await push_once(bridge)
        recorded(stub, "r1", start + timedelta(minutes=3), title="Smith")
        await pull(bridge)
        recorded(stub, "r2", start + timedelta(minutes=55), title="Smith")
        await pull(bridge)
        found = await matches(bridge)
        assert (found["r1"].engagement, found["r2"].engagement) == ("1", "1")


async def test_the_matcher_gets_all_that_was_pushed_of_an_appointment(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    start = ago(hours=5)
    more = {
        "account": {"name": "Smith", "addresses": [{"street": "12 Juniper Lane", "latitude": 39.7, "longitude": -105}]},
        "opportunity": {"externalId": "1", "name": "Sunroom"},
    }
    async with opened(**USER, **IN_UTC) as bridge:
        visit(crm, 1, start)
        await push_once(bridge)
        async with bridge.engine.begin() as conn:
            added = text("update sent set payload = (payload::jsonb || cast(:more as jsonb))::json")
            await conn.execute(added, {"more": json.dumps(more)})
        [one] = (await read_history(bridge, BOTH_USERS, {}, first=ago(hours=9), last=ago())).appointments
        assert (one.street, one.project, one.kind) == ("12 Juniper Lane", "Sunroom", "APPOINTMENT")
        assert (one.customer, one.title, one.place) == ("Smith", "Visit", Place(39.7, -105))


async def test_links_that_others_made_measure_the_matcher(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    start = ago(hours=30)
    async with opened(**USER, **IN_UTC, pull__linking="off") as bridge:
        for key in (1, 2, 3):
            visit(crm, key, start + timedelta(hours=4 * key))
        await push_once(bridge)
        for key in (1, 2, 3):
            recorded(stub, f"r{key}", start + timedelta(hours=4 * key, minutes=2))
        for key, engagement in ((1, "1"), (2, "3")):
            linked = {"id": stub.records["engagements"][engagement]["id"], "externalId": engagement}
            stub.recordings[f"r{key}"]["crm"] = {"integrationConnectionId": "x", "engagement": linked}
        await pull_once(bridge)
        found = (await evaluate_links(bridge)).overall
        assert (found.recordings, found.belong, found.guessed, found.guessed_right) == (2, 2, 2, 1)


async def test_rates_are_kept_with_their_version_and_named_in_the_reasons(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    start = ago(hours=5)
    async with opened(**USER, **IN_UTC) as bridge:
        visit(crm, 1, start)
        await push_once(bridge)
        kept = replace(USUAL, learned_from=777).as_json()
        async with bridge.engine.begin() as conn:
            values = {"connection": bridge.name, "version": MODEL_VERSION, "learned_from": 777, "rates": kept}
            await conn.execute(insert(matching_rates).values(values))
        recorded(stub, "r1", start + timedelta(minutes=3), title="Smith")
        await pull(bridge)
        reasons = (await matches(bridge))["r1"].reasons
        assert "judged by rates learned from 777 recordings of the organization" in reasons


def test_links_are_listed_and_decided_by_commands(
    crm: Crm, stub: StubSiro, write_config: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fieldnote.cli import bridge as commands

    app = typer.Typer()
    app.command()(commands.push)
    app.command()(commands.pull)
    app.add_typer(links.app, name="links")
    app.add_typer(match.app, name="match")
    monkeypatch.setenv("FIELDNOTE_BRIDGE_DATABASE_URL", database_url)
    file = str(write_config(**USER, **IN_UTC, pull__linking="propose"))

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, [*words, "--config", file], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    start = ago(hours=5)
    visit(crm, 1, start)
    run("push")
    recorded(stub, "r1", start + timedelta(minutes=3), title="Smith")
    run("pull")
    assert "appointment 1" in run("links", "list")
    [found] = json.loads(run("links", "list", "--json"))
    assert (found["recordingId"], found["engagement"], found["state"]) == ("r1", "1", "open")
    assert "is linked to appointment 1" in run("links", "approve", str(found["id"]), "--as", "pat")
    assert "0 recordings" in run("links", "list")
    assert "linked" in run("links", "list", "--all")
    run("pull")
    assert "1 recordings with a known link" in run("match", "eval")
    assert json.loads(run("match", "eval", "--json"))["overall"]["guessedRight"] == 1
