"""The visit's own day: dates are counted, and times are shown, where its people live."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fieldnote.bridge import pull_once, push_once
from fieldnote.bridge.pull.run import Pass
from fieldnote.bridge.recording import Model
from fieldnote.bridge.status.completeness import completeness
from fieldnote.bridge.status.explain import explain_appointment
from fieldnote.bridge.status.health import directory
from fieldnote.bridge.status.states import State
from fieldnote.bridge.zones import local_zones, zone_of_recording
from fieldnote.errors import CrmUnavailable
from tests.bridge.conftest import Crm, Opener, document
from tests.bridge.stub_siro import StubSiro, ago


@pytest.mark.parametrize(
    ("crm_zone", "stream_zone", "day", "shown"),
    [
        ("UTC", None, 11, "02:30 UTC"),
        ("America/Denver", None, 10, "19:30 America/Denver"),
        (None, "America/Los_Angeles", 10, "18:30 America/Los_Angeles"),
        ("UTC", {"column": "name"}, 10, "20:30 America/Chicago"),
        ("America/Denver", {"column": "stage"}, 10, "19:30 America/Denver"),
    ],
)
async def test_a_day_is_counted_in_the_local_zone(
    crm: Crm, stub: StubSiro, opened: Opener, crm_zone: str | None, stream_zone: Any, day: int, shown: str
) -> None:
    said = datetime.now(UTC).replace(hour=2, minute=30, second=0, microsecond=0) - timedelta(days=1)
    fields = {"Start": {"to": "start_by", "as": "date"}, "Budget": [{"to": "log"}, {"to": "budget_max", "as": "money"}]}
    opportunity = document(crm, stub)["pull"]["opportunity"] | {"fields": fields}
    local = {"crm__timezone": "UTC"} | ({"crm__local_timezone": crm_zone} if crm_zone else {})
    streams = {"push__opportunities__local_timezone": stream_zone} if stream_zone else {}
    async with opened(pull={"opportunity": opportunity}, **local, **streams) as bridge:
        crm.add_deal(1, "America/Chicago")
        await push_once(bridge)
        stub.record("r1", started_at=said, opportunity="1", said={"Start": "tomorrow", "Budget": "$5"}, summary="s")
        result = await pull_once(bridge)
        assert result.settled, result.problems
        tomorrow = said.date() + timedelta(days=day - 10)
        assert date.fromisoformat(str(crm.deal(1, "start_by"))) == tomorrow
        assert shown in crm.notes()[0][1]
        assert (crm.deal(1, "log"), crm.deal(1, "budget_max")) == ("$5", 5), "one extraction, two columns"


async def test_status_and_explain_show_times_where_the_visit_was(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two visits at one moment, in two zones that a column names."""
    changes: dict[str, Any] = {
        "crm__timezone": "UTC", "push__engagements__local_timezone": {"column": "title"}, "pull": None,
    }  # fmt: skip
    async with opened(**changes) as bridge:
        stub.users = [{"id": "user-9", "email": "other@example.com"}]
        for key, zone in ((1, "America/Chicago"), (2, "Asia/Tokyo"), (3, "no such zone")):
            crm.add_appointment(key)
            crm.execute(f"update appointments set title = '{zone}' where id = {key}")
        await push_once(bridge)
        found = (await completeness(bridge, await directory(bridge))).late
        assert {item.id: item.zone for item in found} == {"1": "America/Chicago", "2": "Asia/Tokyo", "3": "UTC"}
        stub.record("r1", started_at=ago(hours=2), engagement="2", said={})
        stub.record("r2", started_at=ago(hours=2), engagement=None, said={})
        await Pass(bridge, 0, eager=True).poll()
        assert await zone_of_recording(bridge, "r1") == "Asia/Tokyo"
        assert await zone_of_recording(bridge, "r2") == "UTC"

        def rows(*_: object) -> dict[str, Any]:
            raise CrmUnavailable("it is down")

        monkeypatch.setattr(bridge.crm, "rows", rows)
        assert local_zones(bridge, [(Model.ENGAGEMENT, "1")]) == {(Model.ENGAGEMENT, "1"): "UTC"}


@pytest.mark.parametrize("column", ["email", "id"])
async def test_reps_who_do_not_use_siro_are_named_by_a_column_of_the_crm(
    crm: Crm, stub: StubSiro, opened: Opener, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    query = f"select {column} from reps where name = 'Ann Lee' union all select {column} from reps where id = 1"
    async with opened(people={"ignore": {"query": query, "column": column}}) as bridge:
        stub.users = [{"id": "user-9", "email": "other@example.com"}]
        crm.add_appointment(1)
        await push_once(bridge)
        users = await directory(bridge)
        assert (await completeness(bridge, users)).appointments == {State.REP_IGNORED: 1}
        assert (await explain_appointment(bridge, "1", users)).state == State.REP_IGNORED

        def pages(*_: object) -> Any:
            raise CrmUnavailable("it is down")

        monkeypatch.setattr(bridge.crm, "pages", pages)
        assert (await completeness(bridge, users)).appointments == {State.REP_NOT_MAPPED: 1}
