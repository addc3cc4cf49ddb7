"""Every appointment and recording is in exactly one named state, and `status` says what is wrong."""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.responses import JSONResponse
from sqlalchemy import text

from fieldnote.bridge import Bridge, pull_once, push_once, run_log
from fieldnote.bridge.board.people import keep_people_if_old
from fieldnote.bridge.errors import Busy
from fieldnote.bridge.locks import exclusive
from fieldnote.bridge.status.completeness import completeness
from fieldnote.bridge.status.explain import Explanation, explain_appointment, explain_recording
from fieldnote.bridge.status.health import Status, directory, ending, ends_at, status
from fieldnote.bridge.status.states import BY_RANK, LATE_AFTER, STATES, State, table
from fieldnote.bridge.status.visit_counts import count_visits
from fieldnote.bridge.status.visits import VisitFilter, mapped_reps, visit_of, visits
from fieldnote.json_form import to_json
from fieldnote.siro.errors import Unauthorized
from tests.bridge.conftest import Crm, Opener
from tests.bridge.scenes import APPOINTMENTS, RECORDINGS, Scene, World
from tests.bridge.stub_siro import StubSiro, ago
from tests.bridge.test_explain import words_of
from tests.waiting import HANGS

pytestmark = pytest.mark.slow


def test_each_state_has_a_meaning_and_a_scene() -> None:
    assert set(STATES) == set(State)
    assert set(APPOINTMENTS) == {state for state, row in STATES.items() if row.appointment}
    assert set(RECORDINGS) == {state for state, row in STATES.items() if row.recording}


def test_a_recordings_state_has_a_rank() -> None:
    assert set(BY_RANK) == set(RECORDINGS) - {State.UNLINKED, State.DELETED}
    assert len({row.rank for row in STATES.values() if row.rank}) == len(BY_RANK)


def test_only_what_a_person_can_act_on_is_late() -> None:
    for state in LATE_AFTER:
        row = STATES[state]
        assert all(advice.do for advice in (row.appointment, row.recording) if advice), state


@pytest.mark.parametrize("kind", ["appointment", "recording"])
def test_the_documented_states_are_those_of_the_table(kind: str) -> None:
    page = (Path(__file__).parents[2] / "docs/status.md").read_text()
    assert "\n".join(table(kind)) in page


@pytest.mark.parametrize("state", sorted(State))
async def test_each_state_is_reached_and_its_story_reads_right(
    crm: Crm, stub: StubSiro, opened: Opener, state: str
) -> None:
    of_appointment, of_recording = APPOINTMENTS.get(State(state)), RECORDINGS.get(State(state))
    scene = of_appointment or of_recording
    assert scene is not None
    async with opened(**scene.settings) as bridge:
        await scene.play(World(crm, stub, bridge))
        users = await directory(bridge)
        found = await completeness(bridge, users)
        stub.forget_calls()
        if of_appointment is not None:
            assert found.appointments.get(state), found
            assert sum(found.appointments.values()) == await sent(bridge), "each is in one state"
            assert await state_on_pages(bridge) == state
            reads_right(await explain_appointment(bridge, "1", users), of_appointment, state)
        if of_recording is not None:
            assert found.recordings.get(state), found
            assert sum(found.recordings.values()) == len(stub.recordings), "each is in one state"
            reads_right(await explain_recording(bridge, "r1"), of_recording, state)
        assert stub.calls == [], "explain does not call Siro"


async def state_on_pages(bridge: Bridge) -> str:
    """The state of appointment 1 as the console lists it; lists and counts agree."""
    async with bridge.engine.connect() as conn:
        reps = await mapped_reps(conn, bridge.name)
        always = VisitFilter(date(2000, 1, 1), date(2200, 1, 1))
        listed = [visit.state for visit in await visits(conn, bridge, reps, always, limit=100)]
        counted = await count_visits(conn, bridge, reps, always)
        assert Counter(listed) == counted.states
        visit = await visit_of(conn, bridge, reps, "1")
    return visit.state if visit is not None else ""


async def sent(bridge: Bridge) -> int:
    async with bridge.engine.connect() as conn:
        return int(await conn.scalar(text("select count(*) from sent where connection = 'default'")) or 0)


def reads_right(story: Explanation, scene: Scene, state: str) -> None:
    assert story.state == state
    assert [word for word in scene.says if word not in words_of(story)] == [], words_of(story)
    advice = "\n".join(story.advice)
    assert scene.does in advice, advice
    assert scene.does or not advice, advice
    times = [moment.at for moment in story.moments]
    assert times == sorted(times)


async def problems(bridge: Bridge) -> list[str]:
    return [problem.name for problem in (await status(bridge)).problems]


async def ran(bridge: Bridge) -> Status:
    await push_once(bridge)
    await pull_once(bridge)
    return await status(bridge)


async def test_a_connection_that_runs_is_well(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_appointment(1)
    del stub
    async with opened() as bridge:
        found = await ran(bridge)
        assert found.problems == []
        assert [(item.name, item.good) for item in found.credentials] == [("organization", True)]
        assert json.loads(json.dumps(found.as_json()))["well"] is True


async def test_counts_are_by_rep_under_the_name_that_both_sides_share(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        world = World(crm, stub, bridge)
        world.users("ann@example.com", "bo@example.com")
        world.visit(2, ago(hours=6))
        crm.execute("update appointments set rep_id = 2 where id = 2")
        await world.recorded()
        users = await directory(bridge)
        found = await completeness(bridge, users)
        assert found.reps["ann@example.com"].appointments == {"nothing_said": 1}
        assert found.reps["ann@example.com"].recordings == {"nothing_said": 1}
        assert to_json(found.reps["bo@example.com"]) == {"appointments": {"not_recorded": 1}, "recordings": {}}
        only = await completeness(bridge, users, rep="Ann@Example.com")
        assert (only.appointments, only.recordings, list(only.reps)) == (
            {"nothing_said": 1}, {"nothing_said": 1}, ["ann@example.com"],
        )  # fmt: skip
        only = await completeness(bridge, users, rep="bo@example.com")
        assert (only.appointments, only.recordings) == ({"not_recorded": 1}, {})


async def test_a_recording_is_near_an_appointment_of_its_own_users_rep_alone(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        world = World(crm, stub, bridge)
        world.users("bo@example.com", "ann@example.com")  # user-1, who records, is Bo
        await world.recorded(engagement=None)
        found = await completeness(bridge, await directory(bridge))
        assert found.appointments == {"not_recorded": 1}
        world.users("ann@example.com", "bo@example.com")
        found = await completeness(bridge, await directory(bridge))
        assert found.appointments == {"unlinked": 1}


async def test_of_several_recordings_the_one_that_needs_somebody_counts(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened(pull__engagement={"table": "appointments", "key": "id", "fields": {"Outcome": "outcome"}}) as b:
        world = World(crm, stub, b)
        stub.record("r2", started_at=ago(hours=4), engagement="1", moved=ago(hours=4), processed=False)
        await world.recorded()
        found = await completeness(b, None)
        assert (found.appointments, found.recordings) == ({"stuck": 1}, {"stuck": 1, "written": 1})


async def test_what_another_recording_said_in_its_place_counts_as_written(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened(pull__engagement={"table": "appointments", "key": "id", "fields": {"Outcome": "outcome"}}) as b:
        world = World(crm, stub, b)
        await world.pushed()
        for name, hours in (("r1", 6), ("r2", 5), ("r3", 4)):
            said = {"Outcome": name} if name != "r3" else {"Outcome": " "}
            stub.record(name, started_at=ago(hours=hours), engagement="1", said=said, summary="s")
        await pull_once(b)
        assert crm.execute("select outcome from appointments") == [("r2",)]
        assert (await completeness(b, None)).recordings == {"nothing_said": 1, "written": 2}


async def test_a_deleted_recording_of_which_a_person_is_asked_waits_for_them(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened(**APPOINTMENTS[State.WRITTEN].settings) as bridge:
        await World(crm, stub, bridge).recorded()
        stub.recordings["r1"]["deleted"] = True
        stub.record("r2", started_at=ago(hours=5), engagement="1", said={}, summary="s")
        await pull_once(bridge)
        assert (await completeness(bridge, None)).recordings == {"needs_review": 1, "nothing_said": 1}


async def test_a_field_that_the_file_names_no_more_is_not_refused_for_ever(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened(**APPOINTMENTS[State.REFUSED_BY_CRM].settings) as bridge:
        await World(crm, stub, bridge).recorded()
    async with opened() as bridge:
        assert (await completeness(bridge, None)).appointments == {"nothing_said": 1}


async def test_what_is_older_than_its_state_allows_is_listed_once(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        world = World(crm, stub, bridge)
        await world.recorded(ago(hours=4), moved=ago(hours=4), processed=False, said=None, summary=None)
        stub.record("r2", started_at=ago(hours=9))
        stub.record("r3", started_at=ago(hours=2))
        await pull_once(bridge)
        found = await completeness(bridge, None)
        assert [(item.kind, item.id, item.state) for item in found.late] == [
            ("appointment", "1", "stuck"),
            ("recording", "r2", "unlinked"),
        ]
        assert found.late_total == 2
        late = found.late[0]
        assert abs(late.since - ago(hours=4)) < timedelta(minutes=1)


async def test_what_did_not_reach_siro_is_late_after_an_hour_though_it_is_tomorrows(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    async with opened() as bridge:
        world = World(crm, stub, bridge)
        world.visit(1, ago(hours=-20))
        world.refuse(503)
        await push_once(bridge)
        assert (await completeness(bridge, None)).late == []
        await world.sql("update sent set changed_at = now() - interval '2 hours'")
        assert [item.state for item in (await completeness(bridge, None)).late] == ["not_sent"]


async def test_a_schedule_that_has_not_run_for_three_periods_is_a_problem(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.add_appointment(1)
    del stub
    async with opened() as bridge:
        assert await problems(bridge) == ["schedule push", "schedule pull"], "no pass has ever come"
        assert (await ran(bridge)).problems == []
        world = World(crm, stub=StubSiro(), bridge=bridge)
        await world.sql("update runs set finished_at = now() - interval '31 minutes' where kind = 'push'")
        found = await status(bridge)
        assert [problem.name for problem in found.problems] == ["schedule push"]
        async with exclusive(bridge.engine, "push", bridge.name, "engagements", max_wait=HANGS):
            assert await problems(bridge) == ["schedule push"], "a lock alone does not move"
            await world.sql("insert into runs (connection, kind) values ('default', 'push')")
            assert await problems(bridge) == [], "a run is in progress"
            await world.sql("update runs set started_at = now() - interval '31 minutes' where finished_at is null")
            assert await problems(bridge) == ["schedule push"], "it has not moved for three periods"
            await world.sql("update runs set moved_at = now() - interval '1 minute' where finished_at is null")
            assert await problems(bridge) == [], "it moves again"
        assert await problems(bridge) == ["schedule push"], "a killed run has no lock"


async def test_a_pass_that_fails_does_not_keep_a_schedule(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_appointment(1)
    async with opened() as bridge:
        await ran(bridge)
        world = World(crm, stub, bridge)
        await world.sql("update runs set started_at = now() - interval '1 day', finished_at = now() - interval '1 day'")
        stub.token = "another"
        for work in (push_once, pull_once):
            crm.execute("update appointments set title = 'new', updated_at = '2026-03-01 10:00:00'")
            with pytest.raises(Unauthorized):
                await work(bridge)
        found = await status(bridge)
        assert [problem.name for problem in found.problems] == [
            "schedule push", "schedule pull", "credential organization",
        ]  # fmt: skip
        assert "the latest ended with Unauthorized" in found.problems[1].words
        assert not found.asked_siro


async def test_a_stream_that_a_guard_stops_in_each_run_is_late(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    """An empty source deletes nothing, and its push is no success either."""
    crm.add_appointment(1)
    async with opened(push__engagements__cursor=None, push__engagements__deletes=True) as bridge:
        await ran(bridge)
        world = World(crm, stub, bridge)
        await world.sql("update runs set started_at = now() - interval '1 day', finished_at = now() - interval '1 day'")
        crm.execute("delete from appointments")
        pushed = await push_once(bridge)
        assert not pushed.settled
        assert any("engagements stopped: the CRM gave no row" in warning for warning in pushed.warnings)
        await pull_once(bridge)
        [late] = (await status(bridge)).problems
        assert (late.name, "the latest ended with Stopped" in late.words) == ("schedule push", True)
        crm.add_appointment(1)
        assert (await ran(bridge)).problems == []


async def test_a_file_that_is_not_read_is_named_by_the_status(stub: StubSiro, opened: Opener, tmp_path: Path) -> None:
    del stub
    folder = tmp_path / "exports"
    folder.mkdir()
    whole = "id,name\n1,Kitchen\n2,Roof\n"
    changes: dict[str, Any] = {"push__engagements": None, "push__opportunities__cursor": None, "pull": None}
    changes["push__opportunities__map"] = {"name": "name", "disposition": "'OPEN'"}
    async with opened(crm={"driver": "files", "folder": str(folder)}, **changes) as bridge:
        texts = (whole, 0), (whole + "3,Ba", 1), ("", 1), (whole + '3,"Bath', 1), (whole, 0)
        for minute, (text_now, notices) in enumerate(texts):
            (folder / "deals.csv").write_text(text_now)
            written = ago(minutes=60 - minute).timestamp()
            os.utime(folder / "deals.csv", (written, written))
            await push_once(bridge)
            [push] = (await status(bridge)).schedules
            assert (push.notices, push.error) == (notices, None), text_now


async def test_a_credential_that_was_refused_is_named_though_siro_is_silent_now(
    crm: Crm, stub: StubSiro, opened: Opener
) -> None:
    crm.add_appointment(1)
    async with opened() as bridge:
        await ran(bridge)
        token, stub.token = stub.token, "another"
        with pytest.raises(Unauthorized):
            await pull_once(bridge)
        stub.token, stub.chaos = token, lambda *_: JSONResponse({"error": "down"}, 503)
        [credential] = (await status(bridge)).credentials
        assert (credential.good, "refused it" in credential.why) == (False, True)


async def test_a_silent_siro_accuses_no_credential(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_appointment(1)
    async with opened() as bridge:
        await ran(bridge)
        stub.chaos = lambda *_: JSONResponse({"error": "down"}, 503)
        found = await status(bridge)
        assert (found.problems, found.credentials[0].good, found.asked_siro) == ([], None, False)


async def test_a_user_token_that_is_refused_is_a_problem(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_appointment(1)
    user: dict[str, Any] = {"siro__client_id": "c", "siro__client_secret": "s", "siro__user_id": "u"}
    async with opened(**user) as bridge:
        assert [item.good for item in (await ran(bridge)).credentials] == [True, True]
        stub.chaos = lambda _, path, __: JSONResponse({"error": "no"}, 401) if "extractions" in path else None
        assert await problems(bridge) == ["credential user"]


def a_token(ends: datetime) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": ends.timestamp()}).encode()).decode().rstrip("=")
    return f"e30.{claims}.c2ln"


async def test_a_token_that_ends_within_a_week_is_a_problem(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    crm.add_appointment(1)
    for days, expected in ((6, ["credential organization"]), (8, [])):
        stub.token = a_token(ago(days=-days))
        async with opened() as bridge:
            await ran(bridge)
            assert await problems(bridge) == expected


def test_a_tokens_end_is_read_where_it_says_one() -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    assert ends_at(a_token(moment)) == moment
    for token in ("stub-token", "", "a.b.c", "e30.e30.e30", "e30.W10.e30", "e30.eyJleHAiOjFlOTl9.e30"):
        assert ends_at(token) is None


async def test_an_unknown_state_is_a_problem(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    async with opened() as bridge:
        await World(crm, stub, bridge).recorded()
        assert await problems(bridge) == []
        async with bridge.engine.begin() as conn:
            await conn.execute(text("update sent set payload = null"))
        assert await problems(bridge) == ["unknown"]


async def test_status_says_how_far_a_long_run_is(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    del crm, stub
    monkeypatch.setattr(run_log, "_EVERY", 0.0)
    async with opened() as bridge:
        await push_once(bridge)

        async def progress() -> str | None:
            return next(item.progress for item in (await status(bridge)).schedules if item.task == "push")

        assert await progress() is None
        async with exclusive(bridge.engine, "push", bridge.name, "engagements", max_wait=0):
            run_id = await run_log.begin(bridge.engine, bridge.name, "push")
            await run_log.note_progress("engagements: 73000 rows read, 72900 records sent")
            assert await progress() == "engagements: 73000 rows read, 72900 records sent"
            await run_log.finish(bridge.engine, run_id, {})
        assert await progress() is None
        await run_log.begin(bridge.engine, bridge.name, "push")
        await run_log.note_progress("engagements: 1 rows read, 0 records sent")
        assert await progress() is None, "it was killed: nobody has its lock"


async def test_status_lists_no_users_that_run_has_just_listed(crm: Crm, stub: StubSiro, opened: Opener) -> None:
    stub.users = [{"id": "user-1", "email": "ann@example.com", "firstName": "Ann", "lastName": "Lee"}]
    async with opened() as bridge:
        crm.add_deal(1)
        crm.add_appointment(1, deal=1)
        await push_once(bridge)
        listed = await status(bridge)
        await keep_people_if_old(bridge)
        stub.calls.clear()
        found = await status(bridge)
        assert not [call for call in stub.calls if "users" in str(call)], stub.calls
        assert found.asked_siro
        assert found.completeness.appointments == listed.completeness.appointments
        async with bridge.engine.connect() as conn:
            [rep] = [one for one in await mapped_reps(conn, bridge.name) if one.rep_id == "1"]
        assert (rep.user_id, rep.user_name) == ("user-1", "Ann Lee")


def test_a_run_that_found_another_one_at_work_says_so_in_words() -> None:
    assert ending(Busy.__name__) == "began while another one was still at work"
    assert ending("Unauthorized") == "ended with Unauthorized"
