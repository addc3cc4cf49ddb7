"""Numbers by day and rep, which the board keeps, are those of the appointments judged one by one."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge import Bridge, push_once
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.status.states import State
from fieldnote.bridge.status.visit_counts import Counts, count_visits, list_latest, windows
from fieldnote.bridge.status.visits import Visit, VisitFilter, mapped_reps, visits
from tests.bridge.conftest import Crm, Opener

REPS: Final = ("1", "2", "3", "4", "new", None)
"""1 and 2 have a user, 3 has none, 4 does not use Siro, and `new` was never compared with Siro's users."""
DAYS: Final = 12


async def _fill(conn: AsyncConnection, rng: random.Random) -> None:
    now = datetime.now(UTC)
    for number in range(120):
        starts = now + timedelta(hours=rng.uniform(-24 * DAYS, 24))
        ends = starts + timedelta(hours=rng.choice([1, 1, 2, 30, 24 * 9]))
        rep = rng.choice(REPS)
        payload = {"startTime": starts.isoformat(), "endTime": ends.isoformat()} if rng.random() < 0.95 else {}
        if rep is not None:
            payload["engagementUsers"] = [{"externalId": rep, "email": f"{rep}@example.com"}]  # type: ignore[assignment]
        await _insert(conn, "sent", {
            "stream": "engagements", "key": str(number), "payload": json.dumps(payload),
            "state": rng.choice(["sent"] * 8 + ["refused", "pending", "deleted"]),
        })  # fmt: skip
        if rng.random() < 0.1:
            await _insert(conn, "gaps", {"key": str(number), "reason": "no_show", "actor": "ops@example.com"})
    for number in range(60):
        started = now + timedelta(hours=rng.uniform(-24 * DAYS, 0))
        await _insert(conn, "recordings", {
            "recording_id": f"r{number}", "started_at": started, "updated_at": started, "fetched": 1,
            "user_id": rng.choice(["u1", "u2", "u9", None]), "processed": True,
            "state": rng.choice(["unlinked", "unlinked", "complete", "processing", "other_connection", "deleted"]),
        })  # fmt: skip
        if rng.random() < 0.5:
            await _insert(conn, "recording_links", {
                "recording_id": f"r{number}", "model": "engagement", "record": str(rng.randrange(130)), "siro_id": "s",
            })  # fmt: skip


async def _map_reps(conn: AsyncConnection) -> None:
    for rep, user, method in (("1", "u1", "email"), ("2", "u2", "email"), ("3", None, "none"), ("4", None, "none")):
        row = {"rep_id": rep, "user_id": user, "method": method, "why": "w", "ignored": rep == "4"}
        await _insert(conn, "board_reps", row)


async def _insert(conn: AsyncConnection, table: str, values: dict[str, Any]) -> None:
    names = ", ".join(["connection", *values])
    bound = ", ".join(["'default'", *(f":{name}" for name in values)])
    await conn.execute(text(f"insert into {table} ({names}) values ({bound})"), values)


def _filters(rng: random.Random) -> list[VisitFilter]:
    today = datetime.now(UTC).date()
    found = [VisitFilter(date(2000, 1, 1), date(2200, 1, 1))]
    for _ in range(6):
        first = today - timedelta(days=rng.randrange(DAYS))
        last = first + timedelta(days=rng.randrange(DAYS))
        states = tuple(rng.sample(list(State), 12)) if rng.random() < 0.3 else ()
        visible = frozenset(one for one in REPS if one and rng.random() < 0.7) if rng.random() < 0.5 else None
        found.append(VisitFilter(first, last, rep=rng.choice([None, None, "1"]), states=states, visible=visible))
    return found


def _expected(listed: list[Visit]) -> tuple[Counter[Any], Counter[Any]]:
    days = Counter((visit.day, visit.state) for visit in listed)
    return days, Counter((visit.rep_id, visit.rep, visit.state) for visit in listed)


def _counted(counts: Counts) -> tuple[Counter[Any], Counter[Any]]:
    days: Counter[Any] = Counter()
    reps: Counter[Any] = Counter()
    for item in counts.days:
        days[item.day, item.state] += item.number
    for item in counts.reps:
        reps[item.rep_id, item.rep, item.state] += item.number
    return days, reps


async def _compare(bridge: Bridge, rng: random.Random) -> set[State]:
    await refresh(bridge)
    async with bridge.engine.connect() as conn:
        reps = await mapped_reps(conn, bridge.name)
        for wanted in (filters := _filters(rng)):
            listed = await visits(conn, bridge, reps, wanted, limit=10_000)
            assert _counted(await count_visits(conn, bridge, reps, wanted)) == _expected(listed), wanted
            await _compare_pages(conn, bridge, wanted, listed, size=rng.randrange(1, 40))
        return {visit.state for visit in await visits(conn, bridge, reps, filters[0], limit=10_000)}


async def _compare_pages(
    conn: AsyncConnection, bridge: Bridge, wanted: VisitFilter, listed: list[Visit], *, size: int
) -> None:
    """Pages and windows have each appointment once, in order."""
    reps = await mapped_reps(conn, bridge.name)
    counts = await count_visits(conn, bridge, reps, replace(wanted, states=()))
    pages = [
        await list_latest(conn, bridge, reps, wanted, counts, limit=size, offset=offset)
        for offset in range(0, len(listed) + size, size)
    ]
    assert all(len(page) == size for page in pages[: len(listed) // size])
    latest = [visit for page in pages for visit in page]
    assert [one.key for one in latest] == [one.key for one in sorted(listed, key=lambda one: (-_seconds(one), one.key))]
    found = windows(await count_visits(conn, bridge, reps, wanted), size)
    assert [day for one in listed if (day := one.day)] == sorted(one.day for one in listed if one.day)
    assert all(sum(first <= (one.day or first) <= last for first, last in found) == 1 for one in listed)


def _seconds(visit: Visit) -> float:
    assert visit.starts_at is not None
    return visit.starts_at.timestamp()


@pytest.mark.parametrize("number", range(2))
async def test_counts_are_those_of_the_list(
    crm: Crm, opened: Opener, request: pytest.FixtureRequest, number: int
) -> None:
    rng = random.Random(f"{request.config.getoption('seed')}/{number}")
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)  # makes the connection
        async with bridge.engine.begin() as conn:
            await _fill(conn, rng)
        await _compare(bridge, rng)
        async with bridge.engine.begin() as conn:
            await _map_reps(conn)
        seen = await _compare(bridge, rng)
        assert seen > {State.EXPLAINED, State.UNLINKED, State.NOT_RECORDED, State.REP_IGNORED, State.REP_NOT_MAPPED}
        for statement in (
            "delete from recording_links where random() < 0.5",
            "update recordings set state = 'complete' where state = 'unlinked' and random() < 0.5",
            "delete from recordings where random() < 0.2",
            "delete from gaps where random() < 0.5",
            "delete from sent where random() < 0.2",
        ):
            async with bridge.engine.begin() as conn:
                await conn.execute(text(statement))
            await _compare(bridge, rng)


async def test_a_week_counts_its_days_together_but_not_with_those_before(crm: Crm, opened: Opener) -> None:
    async with opened() as bridge:
        crm.add_deal(1)
        await push_once(bridge)
        async with bridge.engine.begin() as conn:
            for number, day in enumerate(("02", "03", "04", "05", "09")):
                payload = {"startTime": f"2026-03-{day}T18:00:00Z", "engagementUsers": [{"externalId": "1"}]}
                row = {"stream": "engagements", "key": str(number), "payload": json.dumps(payload), "state": "sent"}
                await _insert(conn, "sent", row)
        await refresh(bridge)
        async with bridge.engine.connect() as conn:
            wanted = VisitFilter(date(2026, 3, 1), date(2026, 3, 15))
            found = await count_visits(conn, bridge, [], wanted, since=date(2026, 3, 4), weekly=True)
    assert [(one.day.day, one.number) for one in found.days] == [(3, 2), (5, 2), (9, 1)]
    assert [(one.rep_id, one.number) for one in found.reps] == [("1", 3)]
