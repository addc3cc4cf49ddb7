"""The visit's own day: dates are counted, and times are shown, where its people live."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fieldnote.bridge import pull_once, push_once
from tests.bridge.conftest import Crm, Opener, document
from tests.bridge.stub_siro import StubSiro


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
