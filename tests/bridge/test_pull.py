"""Pull, through the front door: what was said ends in the CRM, and a person's work stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import text

from fieldnote.bridge import Bridge, ConnectionChanged, PullResult, backfill_once, pull_once, push_once
from fieldnote.bridge.pull.recordings import Fetched, Recordings, take_ticket
from tests.bridge.conftest import BOTH, Crm, Opener
from tests.bridge.stub_siro import StubSiro, ago, iso


async def pushed(bridge: Bridge, crm: Crm, *deals: int) -> None:
    for key in deals:
        crm.add_deal(key)
    assert (await push_once(bridge)).settled


async def writes(bridge: Bridge) -> list[Any]:
    async with bridge.engine.connect() as conn:
        return list(await conn.execute(text("select * from writes order by id")))


async def pull(bridge: Bridge) -> PullResult:
    result = await pull_once(bridge)
    assert result.settled, result
    return result


@BOTH
async def test_what_was_said_is_written_once_with_its_provenance(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        said = {"Budget": "$40,000 - $50,000", "Objections": "price", "Decision Maker": "both"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="They like blue.")
        result = await pull(bridge)
        assert crm.deal(1, "budget_max") == 50000
        assert crm.deal(1, "objections") == "price"
        assert crm.deal(1, "decision") is None
        [(deal, body, key)] = crm.notes()
        assert (deal, key) == (1, "siro:r1")
        assert "They like blue." in body
        assert "https://app.siro.ai/recordings/r1" in body
        assert (result.writes, result.proposals) == (3, 1)
        change = next(item for item in result.changes if item.column == "budget_max")
        assert (change.before, change.after, change.recording_id) == (None, 50000, "r1")
        kept = await writes(bridge)
        assert [row.column_name for row in kept] == ["budget_max", "objections", "summary"]
        again = await pull(bridge)
        assert (again.writes, again.changed) == (0, 0)
        assert len(await writes(bridge)) == 3
        assert len(crm.notes()) == 1


async def test_nothing_is_written_before_its_time(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=1), opportunity="1", processed=False, said={"Budget": "$5"})
        assert (await pull(bridge)).writes == 0
        stub.record("r1", started_at=ago(hours=1), opportunity="1", said={"Budget": "$5"}, summary=None)
        assert (await pull(bridge)).writes == 1
        assert crm.notes() == []
        moved = ago(hours=1)  # the summary lands without moving updatedAt
        stub.record("r1", started_at=ago(hours=1), opportunity="1", said={"Budget": "$5"}, summary="s", moved=moved)
        assert (await pull(bridge)).writes == 1
        assert len(crm.notes()) == 1


async def test_parts_that_come_after_all_others_are_written_although_nothing_moved(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    fields = {"recording.result": {"to": "objections"}, "recording.evaluationScore": {"to": "log", "as": "text"}}
    async with opened(pull__opportunity__fields=fields) as bridge:
        await pushed(bridge, crm, 1)
        moved = ago(hours=1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary="s", moved=moved)
        assert (await pull(bridge)).stages == {"complete": 1}
        stub.recordings["r1"] |= {"result": "SALE", "evaluationScore": 87}
        await pull(bridge)
        assert (crm.deal(1, "objections"), crm.deal(1, "log")) == ("SALE", "87")
        stub.forget_calls()
        await pull(bridge)
        assert not [path for _, path in stub.calls if path.endswith("/r1")], "there is nothing more to wait for"


async def test_a_null_in_a_list_takes_nothing_away(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=1), opportunity="1", said={"Budget": "$5"}, summary="s")
        await pull(bridge)
        whole = dict(stub.recordings["r1"])
        stub.recordings["r1"] |= {"crm": None, "summary": None, "entityExtractions": None}
        assert (await pull(bridge)).writes == 0
        stub.recordings["r1"] = whole
        assert (await pull(bridge)).writes == 0
        assert crm.deal(1, "budget_max") == 5


@BOTH
@pytest.mark.parametrize(
    ("column", "extraction", "proposals"), [("budget_max", "Budget", 0), ("objections", "Objections", 1)]
)
async def test_a_field_that_a_person_changed_is_left_alone(
    crm: Crm, stub: StubSiro, opened: Opener, column: str, extraction: str, proposals: int
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={extraction: "$100"})
        await pull(bridge)
        crm.set_deal(1, column, "777")
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={extraction: "$200"})
        result = await pull(bridge)
        assert str(crm.deal(1, column)) == "777"
        assert (result.writes, result.proposals) == (0, proposals)


async def test_our_own_value_is_kept_current(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"})
        await pull(bridge)
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Budget": "$200"})
        assert (await pull(bridge)).writes == 1
        assert crm.deal(1, "budget_max") == 200


async def test_words_that_are_no_certain_value_are_proposed_as_they_were_said(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "whatever my wife says"})
        result = await pull(bridge)
        assert (crm.deal(1, "budget_max"), result.writes, result.proposals) == (None, 0, 1)
        async with bridge.engine.connect() as conn:
            said = await conn.scalar(text("select said ->> 'value' from proposal_values"))
        assert said == "whatever my wife says"


async def test_a_value_goes_when_its_recording_says_something_unclear_instead(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=1), opportunity="1", said={"Budget": "$2,000"})
        await pull(bridge)
        stub.record("r1", started_at=ago(hours=1), opportunity="1", said={"Budget": "whatever it takes"})
        result = await pull(bridge)
        assert (crm.deal(1, "budget_max"), result.proposals) == (None, 1)


@BOTH
async def test_a_column_that_is_gone_pauses_alone_and_goes_on_when_it_is_back(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=1), opportunity="1", said={"Budget": "$5", "Log": "one"})
        await pull(bridge)
        crm.execute("alter table deals rename column log to diary")
        stub.record("r1", started_at=ago(hours=1), opportunity="1", said={"Budget": "$6", "Log": "two"})
        result = await pull_once(bridge)
        assert [(problem.column, problem.state) for problem in result.problems] == [("log", "refused")]
        assert (crm.deal(1, "budget_max"), crm.deal(1, "diary")) == (6, "one")
        crm.execute("alter table deals rename column diary to log")
        assert (await pull(bridge)).settled
        assert crm.deal(1, "log") == "two"


@BOTH
async def test_a_crm_that_refuses_one_field_takes_the_others_and_is_asked_again(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened(pull__opportunity__fields__Timeline={"to": "gone", "as": "text"}) as bridge:
        await pushed(bridge, crm, 1)
        said = {"Budget": "$100", "Timeline": "spring"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="s")
        result = await pull_once(bridge)
        assert crm.deal(1, "budget_max") == 100
        assert len(crm.notes()) == 1
        assert (result.settled, [problem.column for problem in result.problems]) == (False, ["gone"])
    crm.execute("alter table deals add column gone text")
    async with opened(pull__opportunity__fields__Timeline={"to": "gone", "as": "text"}) as bridge:
        assert (await pull(bridge)).writes == 1
        assert crm.deal(1, "gone") == "spring"


STORY = [
    {"recording_id": "r1", "started_at": ago(hours=9), "said": {"Budget": "$100", "Objections": "price", "Log": "one"}},
    {"recording_id": "r2", "started_at": ago(hours=6), "said": {"Budget": "$300", "Log": "two"}},
    {"recording_id": "r3", "started_at": ago(hours=3), "said": {"Budget": "maybe", "Objections": "", "Log": "three"}},
]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_recordings_of_one_deal_end_in_the_same_crm_in_any_order(
    crm: Crm, stub: StubSiro, opened: Opener, order: tuple[int, ...]
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        for index in order:
            stub.record(**STORY[index], opportunity="1")  # type: ignore[arg-type]
            await pull(bridge)
        assert (await pull(bridge)).writes == 0
    assert (crm.deal(1, "budget_max"), crm.deal(1, "objections")) == (300, "price")
    assert crm.deal(1, "log") == "one\ntwo\nthree"


async def test_an_answer_that_was_asked_for_earlier_never_replaces_a_later_one(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Objections": "price"}, summary="First.")
        await pull(bridge)
        recordings, now = Recordings(bridge.name), datetime.now(UTC)
        async with bridge.engine.begin() as conn:
            held = (await recordings.load(conn, ["r1"]))["r1"]
            late, early = replace(held, title="Second"), replace(held, title="First", deleted=True)
            asked_first, asked_last = await take_ticket(conn), await take_ticket(conn)
            await recordings.store(conn, [Fetched(late, asked_last, alone=True)], now)
            stale = await recordings.store(conn, [Fetched(early, asked_first, alone=True)], now)
            assert not stale.changed
            assert (await recordings.load(conn, ["r1"]))["r1"] == late


@BOTH
async def test_a_recording_that_is_linked_again_moves_with_all_its_values(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1, 2)
        crm.set_deal(1, "objections", "hers")
        said = {"Budget": "$100", "Log": "one"}
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="secret")
        await pull(bridge)
        assert crm.deal(1, "log") == "one"
        stub.record("r1", started_at=ago(hours=2), opportunity="2", said=said, summary="secret")
        await pull(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(1, "log"), crm.deal(1, "objections")) == (None, None, "hers")
        assert (crm.deal(2, "budget_max"), crm.deal(2, "log")) == (100, "one")
        bodies = {deal: body for deal, body, _ in crm.notes()}
        assert "secret" not in bodies[1]
        assert "secret" in bodies[2]
        assert (await pull(bridge)).writes == 0
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=said, summary="secret")
        await pull(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(2, "budget_max")) == (100, None)
        assert len(crm.notes()) == 2


async def test_a_link_that_was_taken_away_waits_for_a_person_and_its_values_stay(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"}, summary="s")
        await pull(bridge)
        del stub.recordings["r1"]["crm"]
        stub.recordings["r1"]["updatedAt"] = iso(ago())
        await pull(bridge)
        assert crm.deal(1, "budget_max") == 100
        assert [body for _, body, _ in crm.notes() if "withdrawn" in body] == []


async def test_what_a_person_made_of_a_moved_recordings_value_stays(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1, 2)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"})
        await pull(bridge)
        crm.set_deal(1, "budget_max", "150")
        stub.record("r1", started_at=ago(hours=2), opportunity="2", said={"Budget": "$100"})
        await pull(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(2, "budget_max")) == (150, 100)


@BOTH
@pytest.mark.parametrize("with_key", [True, False])
async def test_a_note_is_one_and_follows_its_summary_until_a_person_edits_it(
    crm: Crm, stub: StubSiro, opened: Opener, *, with_key: bool
) -> None:
    note = {"table": "deal_notes", "record": "deal_id", "body": "body"}
    note |= {"key": "external_key"} if with_key else {}
    async with opened(pull__opportunity__note=note) as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary="first")
        await pull(bridge)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary="second")
        assert (await pull(bridge)).writes == 1
        [(_, body, _)] = crm.notes()
        assert "second" in body
        assert "first" not in body
        crm.execute("update deal_notes set body = 'MINE ' || body")
        edited = crm.notes()
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary="third")
        assert (await pull(bridge)).writes == 1
        assert crm.notes()[:1] == edited
        assert "third" in crm.notes()[1][1]  # an addendum
        assert (await pull(bridge)).writes == 0


async def test_a_note_that_a_person_deleted_does_not_come_back(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary="first")
        await pull(bridge)
        crm.execute("delete from deal_notes")
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={}, summary="second")
        assert (await pull(bridge)).writes == 0
        assert crm.notes() == []


async def test_a_link_of_another_connection_is_never_acted_upon(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1, 2)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"})
        stub.record("r2", started_at=ago(hours=2), opportunity="2", said={"Budget": "$100"}, connection="other")
        result = await pull(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(2, "budget_max")) == (100, None)
        assert result.stages == {"other_connection": 1, "waiting": 1}
        crm.execute("delete from deals where id = 2")
        stub.record("r3", started_at=ago(hours=1), opportunity="3", summary="s", connection="other")
        result = await pull(bridge)
        assert (result.pending, result.stages) == (0, {"other_connection": 2, "waiting": 1}), (
            "its record is not missing here"
        )


async def test_a_link_that_nothing_proves_waits_until_something_does(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"})
        await pushed(bridge, crm, 1)
        result = await pull(bridge)  # the link's Siro id is not the one that our PUT got back
        assert (crm.deal(1, "budget_max"), result.stages) == (None, {"other_connection": 1})
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"})
        await pull(bridge)
        assert crm.deal(1, "budget_max") == 100


async def test_a_file_that_only_pulls_says_whose_links_are_its_own(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Siro's own integration sends the records, none of our PUTs proves anything."""
    for key in (1, 2):
        crm.add_deal(key)
    stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"}, connection="native")
    stub.record("r2", started_at=ago(hours=2), opportunity="2", said={"Budget": "$100"}, connection="other")
    async with opened() as bridge:
        result = await pull(bridge)
        assert (crm.deal(1, "budget_max"), result.stages) == (None, {"ownership_unknown": 2})
        assert "siro.integration_connection_id" in result.warnings[0]
    monkeypatch.setenv("SIRO_INTEGRATION_CONNECTION_ID", "native")
    async with opened() as bridge:
        await pull(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(2, "budget_max")) == (100, None)


async def test_a_recording_that_processes_for_ever_is_named(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=4), opportunity="1", moved=ago(hours=4), processed=False)
        assert (await pull(bridge)).stuck == ["r1"]


async def test_a_new_connection_looks_two_days_back_and_further_only_if_asked(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        old = ago(days=5)
        stub.record("r1", started_at=old, opportunity="1", said={"Budget": "$100"}, moved=old)
        assert (await pull(bridge)).read == 0
        await backfill_once(bridge, ago(days=6))
        assert crm.deal(1, "budget_max") == 100


async def test_by_user_token_each_extraction_has_a_status_of_its_own(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    user = {"client_id": "c", "client_secret": "s", "user_id": "u"}
    async with opened(**{f"siro__{name}": value for name, value in user.items()}) as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said=None)

        def row(name: str, value: str, status: str, *, deleted: bool = False) -> dict[str, Any]:
            return {
                "id": f"row-{name}-{status}",
                "recordingId": "r1",
                "siroEntityDefinitionDeleted": deleted,
                "siroEntityDefinitionName": name,
                "status": status,
                "extraction": [{"name": name, "value": value}] if value else None,
            }

        stub.rows["r1"] = [
            row("Budget", "$9", "SUCCESS", deleted=True),
            row("Budget", "$100", "SYNCED"),
            row("Objections", "", "IN_PROGRESS"),
        ]
        await pull(bridge)
        assert (crm.deal(1, "budget_max"), crm.deal(1, "objections")) == (100, None)
        stub.rows["r1"][2] = row("Objections", "price", "SUCCESS")
        await pull(bridge)
        assert crm.deal(1, "objections") == "price"


async def test_a_record_that_the_crm_does_not_have_is_named(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Budget": "$100"}, summary="s")
        crm.execute("delete from deals where id = 1")
        result = await pull_once(bridge)
        assert (result.settled, result.writes) == (False, 0)
        assert [problem.state for problem in result.problems] == ["record_missing"]


async def test_a_change_of_the_file_is_applied_to_what_was_said_before(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Decision Maker": "wife"})
        await pull(bridge)
        assert crm.deal(1, "decision") is None
    field = {"to": "decision", "as": "text", "policy": "fill"}
    async with opened(**{"pull__opportunity__fields__Decision Maker": field}) as bridge:
        await pull(bridge)
        assert crm.deal(1, "decision") == "wife"


@pytest.mark.parametrize("crm", ["postgres"], indirect=True)
async def test_a_crm_that_rewrites_by_trigger_is_not_taken_for_a_person(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.execute("""
        create function shout() returns trigger language plpgsql as
            $$ begin new.objections := upper(new.objections); return new; end $$;
        create trigger shout before update on deals for each row execute function shout()
    """)
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
        stub.record("r1", started_at=ago(hours=2), opportunity="1", said={"Objections": "price"})
        await pull(bridge)
        assert crm.deal(1, "objections") == "PRICE"
        assert (await pull(bridge)).writes == 0
        stub.record("r2", started_at=ago(hours=1), opportunity="1", said={"Objections": "time"})
        assert (await pull(bridge)).writes == 1
        assert crm.deal(1, "objections") == "TIME"


async def test_another_organization_stops_pull(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await pushed(bridge, crm, 1)
    stub.organization_id, stub.token = "org-2", "other"
    async with opened() as bridge:
        with pytest.raises(ConnectionChanged):
            await pull_once(bridge)
