"""Numbers out of text; local times, wherever clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldnote.mapping.scalars import to_number, to_time

ZONES = ("America/Denver", "Europe/London", "Australia/Lord_Howe")
GAPS = (timedelta(minutes=30), timedelta(hours=1))


@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    local=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - local times
)
def test_every_local_time_becomes_one_instant(zone: ZoneInfo, local: datetime) -> None:
    """It reads on the local clock as it was given; one that never happened reads as moved on by the gap."""
    instant = to_time(local, zone)
    assert instant.tzinfo is UTC
    back = instant.astimezone(zone)
    assert back.replace(tzinfo=None) - local in {timedelta(0), *GAPS}
    # Of a time that happens twice it is the first.
    earlier = (
        (instant - timedelta(hours=1)).astimezone(zone),
        (instant - timedelta(minutes=30)).astimezone(zone),
    )
    assert local not in {moment.replace(tzinfo=None, fold=0) for moment in earlier}


@given(zone=st.sampled_from(ZONES).map(ZoneInfo), instant=st.datetimes(timezones=st.just(UTC)))
def test_an_instant_stays_what_it_is_whatever_the_zone(zone: ZoneInfo, instant: datetime) -> None:
    assert to_time(instant, zone) == instant
    assert to_time(instant.isoformat(), zone) == instant


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("45000", 45000), ("45,000.50", 45000.5), ("$45,000", 45000), ("$ 45 000.00", 45000), ("-$5", -5), ("$-5", -5),
        (" .5 ", 0.5), ("-0", 0), ("45000 $", 45000), ("1e3", None), ("12$500", None), ("12 50", None), ("4,50", None),
        ("1,2345", None), ("--5", None), ("$", None), ("", None), ("5%", None), ("12,500 000", None),
    ],
)  # fmt: skip
def test_a_text_is_one_number_or_none(text: str, number: float | None) -> None:
    if number is not None:
        assert to_number(text) == number
        return
    with pytest.raises(ValueError, match="is not a number"):
        to_number(text)
