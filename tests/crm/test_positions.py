"""Positions of the readings of changes, over a CRM that commits late: nothing is lost, and nothing is read for ever."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dlt.sources.helpers.rest_client.client import PageData
from hypothesis import given
from hypothesis import strategies as st
from requests import Request, Response

from fieldnote.config import ReadResource
from fieldnote.crm.rest.documents import Documents
from fieldnote.crm.rest.positions import Reached, beginning, earliest

NOON = datetime(2026, 2, 15, 12, tzinfo=UTC)
LAG = 300
SETTINGS = ReadResource.model_validate(
    {"modified": "at", "since": {"start": "1970-01-01T00:00:00Z", "lag": f"{LAG} seconds", "as": "z"}}
)


@dataclass
class LateCrm:
    """Records by id. A change has its time, and is seen some seconds later."""

    changes: list[tuple[int, int, int]] = field(default_factory=list)
    """Id, second of the change, second from which it is seen."""

    def asked(self, since: str, now: int) -> list[dict[str, Any]]:
        latest: dict[int, int] = {}
        for key, at, seen in self.changes:
            if seen <= now:
                latest[key] = max(at, latest.get(key, at))
        begin = datetime.fromisoformat(since)
        return [{"id": key, "at": _text(at)} for key, at in latest.items() if _time(at) >= begin]


def _time(second: int) -> datetime:
    return NOON + timedelta(seconds=second)


def _text(second: int) -> str:
    return f"{_time(second):%Y-%m-%dT%H:%M:%S.000Z}"


def _reading(crm: LateCrm, before: Reached | None, now: int) -> tuple[dict[str, str], Reached | None]:
    """The records of a reading at this second, and the position after it."""
    assert SETTINGS.since is not None
    records = crm.asked(beginning(SETTINGS.since, before), now)
    one = Documents("deals", SETTINGS, None, lambda *_: Response(), before=before, began=_time(now))
    found = {row["id"]: row["modified"] for rows in one.rows(records) for row in rows}
    one.finish()
    return found, one.reached


MINUTES = st.integers(0, 12).map(lambda minute: 60 * minute)
LATE = st.integers(0, LAG // 60).map(lambda minute: 60 * minute)
LAST = 60 * (12 + LAG // 60) + 1


@given(
    st.lists(st.tuples(st.integers(1, 6), MINUTES, LATE), min_size=1, max_size=20),
    st.lists(MINUTES, min_size=1, max_size=12),
)
def test_what_is_seen_late_is_read_and_what_is_old_is_not_read_again(
    made: list[tuple[int, int, int]], readings: list[int]
) -> None:
    """HS13, SF13: whatever is seen within the lag is found, at any distance between two readings."""
    crm = LateCrm([(key, at, at + late) for key, at, late in made])
    kept: dict[str, str] = {}
    position: Reached | None = None
    for now in [*sorted(readings), LAST]:
        found, position = _reading(crm, position, now)
        kept |= found
    assert kept == {str(one["id"]): one["at"] for one in crm.asked("1970-01-01T00:00:00Z", LAST)}
    assert _reading(crm, position, LAST)[0] == {}


def test_a_clock_ahead_of_the_crms_settles_nothing_too_early() -> None:
    ahead = NOON + timedelta(hours=1)
    assert earliest(ahead, "Sun, 15 Feb 2026 12:00:00 GMT") == NOON
    assert earliest(NOON, "Sun, 15 Feb 2026 13:00:00 GMT") == NOON
    assert [earliest(NOON, said) for said in (None, "", "soon", "Sun, 15 Feb 2026 11:00:00")] == [
        NOON, NOON, NOON, NOON - timedelta(hours=1)
    ]  # fmt: skip
    answer = Response()
    answer._content, answer.headers["Date"] = b"{}", "Sun, 15 Feb 2026 12:00:00 GMT"
    page = PageData([{"id": 1, "at": _text(0)}], Request(), answer, None, None)  # type: ignore[arg-type]
    one = Documents("deals", SETTINGS, None, lambda *_: Response(), began=ahead)
    assert [row["id"] for rows in one.rows(page) for row in rows] == ["1"]
    assert one.reached == Reached("deals", _text(0), is_token=False)
