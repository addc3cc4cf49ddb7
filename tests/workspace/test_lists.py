"""Lists come in pages, filtered, to their end."""

from __future__ import annotations

import operator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.workspace.house import START, House

COUNT = 11


@pytest.fixture
async def many(house: House) -> list[str]:
    """Recordings of eleven days, some at the same moment."""
    return [await house.record(at=START + timedelta(days=n // 2)) for n in range(COUNT)]


def ids(rows: list[Any]) -> list[str]:
    return [row["id"] for row in rows]


@pytest.mark.parametrize("size", ["1", "2", "3", "10", "11", "12", "1000"])
async def test_every_recording_comes_once_through_pages_of_any_size(house: House, many: list[str], size: str) -> None:
    await house.settle()
    latest_first = await house.api.recordings(pageSize=size)
    assert sorted(ids(latest_first)) == sorted(many)
    assert [row["createdAt"] for row in latest_first] == sorted(
        (row["createdAt"] for row in latest_first), reverse=True
    )
    by_update = await house.api.recordings(pageSize=size, **{"updatedAt:gte": "2020-01-01T00:00:00Z"})
    assert sorted(ids(by_update)) == sorted(many)
    assert [row["updatedAt"] for row in by_update] == sorted(row["updatedAt"] for row in by_update)


async def test_filters_take_what_they_say(house: House, many: list[str]) -> None:
    await house.settle()
    day = (START + timedelta(days=2)).isoformat()
    assert sorted(ids(await house.api.recordings(**{"createdAt:gt": day}))) == sorted(many[6:])
    assert sorted(ids(await house.api.recordings(**{"createdAt:lt": day}))) == sorted(many[:4])
    rows = await house.api.recordings(**{"updatedAt:gte": "2020-01-01T00:00:00Z"})
    pivot = rows[5]["updatedAt"]
    for name, takes in (
        ("updatedAt:gte", operator.ge),
        ("updatedAt:gt", operator.gt),
        ("updatedAt:lt", operator.lt),
        ("updatedAt:lte", operator.le),
    ):
        # Recordings that are processed in the same millisecond show the same time, and go together.
        wanted = [row for row in rows if takes(row["updatedAt"], pivot)]
        assert ids(await house.api.recordings(**{name: pivot})) == ids(wanted), name


@pytest.mark.parametrize("sides", [(5, 6, 5, 6), (4, 7, 4, 7)])
async def test_a_filter_compares_the_milliseconds_that_are_shown(
    house: House, many: list[str], sides: tuple[int, int, int, int]
) -> None:
    await house.settle()
    tied = sides[1] - sides[0] == 3
    for place, recording_id in enumerate(many):
        at = 5 if tied and place in (4, 6) else place
        async with house.workspace.engine.begin() as conn:
            await conn.execute(
                text("update recordings set updated_at = :at where id = cast(:id as uuid)"),
                {"at": START + timedelta(milliseconds=at, microseconds=100 * (place - 3)), "id": recording_id},
            )
    pivot = (START + timedelta(milliseconds=5)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    first, after, before, last = sides
    for name, wanted in (
        ("updatedAt:gte", many[first:]),
        ("updatedAt:gt", many[after:]),
        ("updatedAt:lt", many[:before]),
        ("updatedAt:lte", many[:last]),
    ):
        assert ids(await house.api.recordings(**{name: pivot})) == wanted, name


async def test_flags_filter(house: House) -> None:
    await house.record()
    await house.settle()
    for name in ("isProcessingDone", "isEntityExtractionDone", "isSummaryDone"):
        assert len(await house.api.recordings(**{name: "true"})) == 1
        assert await house.api.recordings(**{name: "false"}) == []


async def test_parts_appear_only_when_asked_for(house: House) -> None:
    await house.api.visit()
    recording_id = await house.record()
    await house.settle()
    parts = {
        "showCrmLinks": "crm",
        "showSummary": "summary",
        "showEntityExtractions": "entityExtractions",
        "showFollowups": "followups",
    }
    for params in ({}, dict.fromkeys(parts, "false")):
        assert not set(parts.values()) & set(await house.api.get(f"/v1/core/recordings/{recording_id}", **params))
    for flag, part in parts.items():
        [row] = await house.api.recordings(**{flag: "true"})
        assert set(parts.values()) & set(row) == {part}


async def test_mobile_events_come_in_pages_the_latest_first(house: House, many: list[str]) -> None:
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = await house.api.get("/v1/core/mobile-events", pageSize="4", **({"cursor": cursor} if cursor else {}))
        found += page["data"]
        if (cursor := page["cursor"]) is None:
            break
    assert len(set(ids(found))) == len(found) == 2 * COUNT
    assert {event["recordingId"] for event in found} == set(many)
    after = (START + timedelta(days=4)).isoformat()
    some = await house.api.get("/v1/core/mobile-events", createdAtGt=after, eventCodeIn=["recorderStateChange"])
    assert 0 < len(some["data"]) < len(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [("pageSize", "0"), ("pageSize", "x"), ("cursor", "x"), ("showSummary", "yes"), ("updatedAt:gte", "yesterday")],
)
async def test_a_parameter_that_is_not_valid_is_named(house: House, name: str, value: str) -> None:
    response = await house.api("GET", "/v1/core/recordings", params={name: value})
    assert response.status_code == 422
    assert response.json()["issues"][0]["path"] == [name]
