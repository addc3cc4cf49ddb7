"""Tonight: the day's visits by rep, whom to call, and what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from fieldnote.bridge import Bridge
from fieldnote.bridge.board.explained_gaps import REASONS, GapReason, explain_gap, reopen_gap
from fieldnote.bridge.board.mobile_events import PhoneHint, events_of, what_the_phone_says
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.status.attention import Attention, attention
from fieldnote.bridge.status.states import State
from fieldnote.bridge.status.visits import MappedRep, Visit, VisitFilter, mapped_reps, teams_of, visit_of, visits
from fieldnote.console.access import Viewer, act_on, after, may_act, recorded, viewer, visible_to
from fieldnote.console.connected import connected, not_found
from fieldnote.console.context import console_of
from fieldnote.console.parts.columns import TONES
from fieldnote.console.parts.days import read_day
from fieldnote.console.parts.timeline import Timeline, timeline
from fieldnote.console.rendering import journey, local_today, page
from fieldnote.console.state_words import tone
from fieldnote.errors import FieldnoteError

router = APIRouter()

MOST_VISITS: Final = 400
"""Of two days; more are found by rep or team."""
_AROUND: Final = timedelta(minutes=30)
"""A phone's event this long before or after a visit belongs to it."""
MOST_LISTED: Final = 100
"""Of one day; a longer list is a page of its own."""
_CALL: Final = frozenset({State.NOT_RECORDED, State.STUCK})
_FIGURES: Final = {
    "not recorded, or stuck": "bad",
    "need somebody": "warn",
    "in progress": "move",
    "written to the CRM": "good",
    "upcoming": "",
    "need nothing": "",
}
"""The tone of each figure. Those without one are left out when they are zero."""


@dataclass(frozen=True, slots=True)
class Call:
    """A rep to call, and the visits to ask about."""

    rep: str
    email: str | None
    phone: str | None
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the page."""

    name: str
    number: int
    tone: str
    states: tuple[State, ...]
    """Those that it counts; empty: all."""

    @property
    def query(self) -> dict[str, str]:
        """The filter of a list with just these."""
        return {"state": ",".join(self.states)} if self.states else {}


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the page."""

    day: date
    name: str
    visits: tuple[Visit, ...]
    timeline: Timeline


@router.get("/")
async def tonight(
    request: Request,
    viewer: Annotated[Viewer, Depends(viewer)],
    day: str = "",
    rep: str = "",
    team: str = "",
) -> Response:
    bridge, console = connected(request), console_of(request)
    today = local_today(console.zone)
    chosen = _day(day, today)
    visible = visible_to(viewer)
    await refresh(bridge)
    wanted = VisitFilter(chosen - timedelta(days=1), chosen, rep=rep or None, team=team or None, visible=visible.reps)
    async with bridge.engine.connect() as conn:
        reps = await mapped_reps(conn, bridge.name)
        found = await visits(conn, bridge, reps, wanted, limit=MOST_VISITS + 1)
        hints = await _hints(conn, bridge, found, reps)
        needs = await attention(conn, bridge) if visible.reps is None else None
    called = {one.rep_id: one.called for one in reps}
    found = [replace(visit, rep=called.get(visit.rep_id or "", visit.rep)) for visit in found]
    shown = [one for one in reps if visible.has(one.rep_id)]
    return await page(
        request,
        "tonight.html",
        day=chosen,
        problem=None
        if not day or read_day(day)
        else f"{day[:40]!r} is not a day from 2000 to 2199. Write it as 2026-02-28.",
        today=today,
        rep=rep,
        team=team,
        reps=shown,
        teams=teams_of(shown),
        days=_days(found[:MOST_VISITS], chosen, today, console.zone),
        too_many=len(found) > MOST_VISITS,
        figures=figures(found),
        tones=TONES,
        two_days={
            "from": (chosen - timedelta(days=1)).isoformat(),
            "to": chosen.isoformat(),
            "rep": rep,
            "team": team,
        },
        calls=_calls(found, {one.rep_id: one.phone for one in reps}),
        calls_today=all(visit.day == chosen for visit in found if visit.state in _CALL),
        hints=hints,
        most_listed=MOST_LISTED,
        reasons=REASONS,
        may_explain=lambda visit: may_act(viewer, [visit.rep_id]),
        needs=needs,
        problems=_problems(needs),
    )


@router.post("/tonight/explain")
async def explain(
    request: Request,
    viewer: Annotated[Viewer, Depends(viewer)],
    key: Annotated[str, Form()],
    reason: Annotated[str, Form()],
    note: Annotated[str, Form()] = "",
    day: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Say why an appointment has no recording. `back`: `journey` returns to the appointment's."""
    bridge = connected(request)
    visit = await _own_visit(bridge, viewer, key)
    chosen = _reason(reason)
    async with recorded(request, "explain gap", f"appointment {key}", {"reason": chosen.value}) as act:
        await explain_gap(bridge, key, chosen, actor=viewer.email, note=note)
        act.message = f"Explained: {REASONS[chosen].lower()}. {visit.customer or 'The visit'} now counts apart."
    return after(act, journey(visit) if back == "journey" else _back(day))


@router.post("/tonight/reopen")
async def reopen(
    request: Request,
    viewer: Annotated[Viewer, Depends(viewer)],
    key: Annotated[str, Form()],
    day: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Take an explanation back. `back`: `journey` returns to the appointment's."""
    bridge = connected(request)
    visit = await _own_visit(bridge, viewer, key)
    async with recorded(request, "reopen gap", f"appointment {key}") as act:
        act.message = "The visit counts as a gap again." if await reopen_gap(bridge, key) else "There was no reason."
    return after(act, journey(visit) if back == "journey" else _back(day))


async def _own_visit(bridge: Bridge, viewer: Viewer, key: str) -> Visit:
    """The visit, if this person sees it and may act on it."""
    await refresh(bridge)
    async with bridge.engine.connect() as conn:
        visit = await visit_of(conn, bridge, await mapped_reps(conn, bridge.name), key)
    if visit is None or not visible_to(viewer).has(visit.rep_id):
        raise not_found("appointment", key)
    act_on(viewer, [visit.rep_id])
    return visit


def _reason(name: str) -> GapReason:
    try:
        return GapReason(name)
    except ValueError:
        raise FieldnoteError(f"unknown reason: {name!r}", hint="Choose one of the list.") from None


def _back(day: str) -> str:
    return f"/?day={parsed}" if (parsed := read_day(day)) else "/"


def _day(given: str, today: date) -> date:
    return read_day(given) or today


def _days(found: Sequence[Visit], chosen: date, today: date, zone: Any) -> list[Day]:
    names = {today: "Today", today - timedelta(days=1): "Yesterday", today + timedelta(days=1): "Tomorrow"}
    days = []
    for day in (chosen, chosen - timedelta(days=1)):
        of_day = tuple(visit for visit in found if visit.day == day)
        days.append(Day(day, names.get(day, ""), of_day, timeline(of_day, day, zone, datetime.now(zone))))
    return days


def figures(found: Sequence[Visit]) -> list[Figure]:
    """Both days in a few numbers. Those after the first add up to it."""
    numbers = Counter(visit.state for visit in found)
    groups: dict[str, list[State]] = {}
    for state in numbers:
        groups.setdefault(_figure(state), []).append(state)
    counted = {name: sum(numbers[state] for state in states) for name, states in groups.items()}
    tiles = [
        Figure(name, counted.get(name, 0), kind if counted.get(name) else "", tuple(sorted(groups.get(name, ()))))
        for name, kind in _FIGURES.items()
        if kind or counted.get(name)
    ]
    return [Figure("visits in two days", len(found), "", ()), *tiles]


def _figure(state: State) -> str:
    """The name of the figure that counts a state."""
    if state in _CALL:
        return "not recorded, or stuck"
    if state is State.WRITTEN:
        return "written to the CRM"
    if state is State.UPCOMING:
        return "upcoming"
    return {"warn": "need somebody", "bad": "need somebody", "move": "in progress"}.get(tone(state), "need nothing")


def _calls(found: Sequence[Visit], phones: Mapping[str, str | None]) -> list[Call]:
    """The reps to call, the one with the most visits first."""
    by_rep: dict[str, list[Visit]] = {}
    for visit in found:
        if visit.state in _CALL and visit.rep_id is not None:
            by_rep.setdefault(visit.rep_id, []).append(visit)
    calls = [
        Call(some[0].rep or "", some[0].rep_email, phones.get(rep_id), tuple(some)) for rep_id, some in by_rep.items()
    ]
    return sorted(calls, key=lambda call: (-len(call.visits), call.rep))


async def _hints(
    conn: AsyncConnection, bridge: Bridge, found: Sequence[Visit], reps: Sequence[MappedRep]
) -> dict[str, PhoneHint]:
    """The phones' events about the visits without a recording, by the visit's key."""
    users = {one.rep_id: one.user_id for one in reps if one.user_id is not None}
    asked = [
        (visit.key, users[visit.rep_id], visit.starts_at - _AROUND, (visit.ends_at or visit.starts_at) + _AROUND)
        for visit in found
        if visit.state in _CALL and visit.starts_at is not None and visit.rep_id in users
    ]
    if not asked:
        return {}
    first, last = min(one[2] for one in asked), max(one[3] for one in asked)
    events = await events_of(conn, bridge.name, (one[1] for one in asked), first, last)
    hints = {
        key: what_the_phone_says(one for one in events if one.user_id == user and begin <= one.at <= end)
        for key, user, begin, end in asked
    }
    return {key: hint for key, hint in hints.items() if hint is not None}


def _problems(needs: Attention | None) -> list[tuple[str, int, str]]:
    """Each open task of a person: words, number, place."""
    if needs is None:
        return []
    lines = [
        ("value that waits", "values that wait", " for a decision", needs.proposals, "/review"),
        ("recording", "recordings", " without an appointment", needs.unlinked, "/recordings?state=unlinked"),
        ("likely appointment", "likely appointments", " to confirm", needs.matches, "/recordings?state=unlinked"),
        ("record", "records", " that Siro refuses", needs.quarantined, "/refused"),
        ("value", "values", " that the CRM refuses", needs.refused, "/refused"),
        ("rep", "reps", " without a user in Siro", needs.unmapped_reps, "/people"),
    ]
    return [
        ((one if number == 1 else many) + rest, number, where) for one, many, rest, number, where in lines if number
    ]
