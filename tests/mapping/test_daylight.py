"""Times as CRMs write them, and the two Sundays of a year on which a local time is not one instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from fieldnote.errors import MappingError
from tests.mapping import examples
from tests.mapping.mappers import mapped

BOTH = {"startTime": "at", "startTimeLocalized": "at"}


@pytest.mark.parametrize(("zone", "local", "instant", "shown"), examples.local_times())
def test_a_local_time_that_is_not_one_instant_becomes_what_the_page_decides(
    zone: str, local: str, instant: str, shown: str
) -> None:
    record = mapped(BOTH, {"at": datetime.fromisoformat(local)}, zone=zone)
    assert (record["startTime"], record["startTimeLocalized"]) == (instant, shown)
    assert mapped(BOTH, {"at": local}, zone=zone) == record
    named = {"startTime": f"time(at, '{zone}')", "startTimeLocalized": f"local_time(at, '{zone}')"}
    assert mapped(named, {"at": local}, zone="Asia/Tokyo") == record


def test_the_page_decides_both_sundays_of_three_zones() -> None:
    assert len(examples.local_times()) == 6
    assert len({zone for zone, *_ in examples.local_times()}) == 3


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("America/Denver", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
        ("Europe/London", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, 15, tzinfo=UTC)),
    ],
)
def test_an_instant_in_the_second_of_two_hours_stays_that_instant(zone: str, moment: datetime) -> None:
    """A driver gives it in the session's zone, on the clock as in the first; text gives it with its offset."""
    local = moment.astimezone(ZoneInfo(zone))
    assert local.fold == 1
    instant = moment.isoformat().replace("+00:00", "Z")
    for at in (local, local.isoformat(), moment, instant, moment.timestamp(), str(int(moment.timestamp() * 1000))):
        record = mapped(BOTH, {"at": at}, zone=zone)
        assert record["startTime"] == instant
        assert record["startTimeLocalized"] == local.replace(tzinfo=None).isoformat()


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("America/Denver", date(2026, 3, 8), "2026-03-08T07:00:00Z"),
        ("America/Denver", date(2026, 3, 9), "2026-03-09T06:00:00Z"),
        ("Europe/London", date(2026, 10, 25), "2026-10-24T23:00:00Z"),
        ("Europe/London", date(2026, 10, 26), "2026-10-26T00:00:00Z"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T13:00:00Z"),
        ("Australia/Lord_Howe", date(2026, 4, 6), "2026-04-05T13:30:00Z"),
        # Clocks go forward at midnight: the day begins at one.
        ("America/Havana", date(2026, 3, 8), "2026-03-08T05:00:00Z"),
    ],
)
def test_a_day_begins_at_its_own_midnight(zone: str, day: date, instant: str) -> None:
    for at in (day, day.isoformat()):
        assert mapped({"startTime": "at"}, {"at": at}, zone=zone)["startTime"] == instant


@pytest.mark.parametrize("at", [9999999999999, "9999999999999"])
def test_milliseconds_are_exact(at: object) -> None:
    assert mapped({"startTime": "at"}, {"at": at})["startTime"] == "2286-11-20T17:46:39.999000Z"


def test_the_formats_of_a_crm_and_its_offsets() -> None:
    shifted = datetime(2026, 3, 8, 2, 30, tzinfo=timezone(timedelta(hours=-7)))
    for at in (shifted, "2026-03-08T02:30:00-07:00", "2026-03-08 02:30:00-0700", "2026-03-08T09:30:00.000Z"):
        assert mapped(BOTH, {"at": at}) == {
            "externalId": "1",
            "startTime": "2026-03-08T09:30:00Z",
            "startTimeLocalized": "2026-03-08T03:30:00",
        }


@pytest.mark.parametrize(
    ("at", "zone"),
    [
        (datetime(9999, 12, 31, 23), "America/Denver"),  # noqa: DTZ001 - a CRM's own time, without a zone
        ("9999-12-31T23:59:59", "America/Denver"),
        ("9999-12-31T23:59:59Z", "Asia/Tokyo"),
    ],
)
def test_a_time_at_the_end_of_the_calendar_is_a_problem_of_its_row(at: object, zone: str) -> None:
    """Some databases hold such a time for "never"."""
    with pytest.raises(MappingError, match="is a time too near the ends of the calendar"):
        mapped(BOTH, {"at": at}, zone=zone)


def _day(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - a CRM's time without a zone


NONE = [
    _day(1, 1, 1), _day(1, 1, 1, 12), date(1, 1, 1), "0001-01-01T00:00:00", "0001-01-01", "0001-01-01T00:00:00Z",
    "0001-01-01T06:59:56+00:00", _day(1899, 12, 30), date(1899, 12, 30), "1899-12-30", "1899-12-30T14:30:00",
    "1899-12-29T17:00:00-07:00", datetime(1899, 12, 30, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC),
]  # fmt: skip
"""The form of no date in .NET, OLE and spreadsheets."""


@pytest.mark.parametrize("value", NONE)
def test_a_date_that_systems_write_for_none_is_null(value: object) -> None:
    assert set(mapped(BOTH, {"at": value}, zone="America/Denver").values()) <= {None, "1"}
    named = {"startTime": "time(at, 'America/Denver')", "startTimeLocalized": "local_time(at, 'America/Denver')"}
    assert set(mapped(named, {"at": value}, zone="Asia/Tokyo").values()) <= {None, "1"}
    assert mapped({"deletedAt": "at"}, {"at": value}, zone="America/Denver").get("deletedAt") is None


@pytest.mark.parametrize("value", [_day(1899, 12, 31), _day(1900, 1, 1), date(1899, 12, 29), "0002-01-01"])
def test_other_old_dates_are_dates(value: object) -> None:
    record = mapped(BOTH, {"at": value}, zone="America/Denver")
    assert None not in {record["startTime"], record["startTimeLocalized"]}
