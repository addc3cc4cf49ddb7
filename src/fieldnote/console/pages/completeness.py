"""Completeness: from appointments to written fields, by day, week and rep; each number opens its list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams

from fieldnote.bridge import Bridge
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.status.funnel import (
    APART,
    Period,
    Stage,
    by_day,
    by_rep,
    by_week,
    funnel,
    stage_of,
    states_from,
)
from fieldnote.bridge.status.states import STATES, State
from fieldnote.bridge.status.visit_counts import Count, count_visits, list_latest, windows
from fieldnote.bridge.status.visits import (
    MappedRep,
    Visit,
    VisitFilter,
    mapped_reps,
    teams_of,
    visits,
)
from fieldnote.console.access import Viewer, viewer, visible_to
from fieldnote.console.connected import connected
from fieldnote.console.context import console_of
from fieldnote.console.csv_table import answer
from fieldnote.console.parts.columns import TONES, columns, split
from fieldnote.console.parts.days import read_day
from fieldnote.console.rendering import local_today, page
from fieldnote.console.state_words import label

router = APIRouter()

USUAL: Final = 28
LONGEST: Final = 400
"""Days."""
ON_PAGE: Final = 100
_CSV_PAGE: Final = 2000
_MOST_CSV: Final = 100_000
STAGES: Final[Mapping[Stage, str]] = {
    Stage.EXPECTED: "Appointments",
    Stage.RECORDED: "Recorded",
    Stage.LINKED: "Linked",
    Stage.PROCESSED: "Processed",
    Stage.WRITTEN: "Written",
}
_HEADINGS: Final = (
    "appointment",
    "day",
    "starts",
    "rep",
    "rep_email",
    "customer",
    "subject",
    "deal",
    "state",
    "reason",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter of an address. Parts that cannot be read are left out, and named."""

    first: date
    last: date
    rep: str
    team: str
    states: tuple[State, ...]
    stage: Stage | None
    problems: tuple[str, ...] = ()

    def visits(self, visible: frozenset[str] | None) -> VisitFilter:
        """As the board filters."""
        states = self.states
        if not states and self.stage is not None:
            states = states_from(self.stage)
        return VisitFilter(self.first, self.last, self.rep or None, self.team or None, states, visible)

    @property
    def state(self) -> str:
        """The states as the address has them."""
        return ",".join(self.states)

    @property
    def query(self) -> dict[str, str]:
        """For the addresses of other pages about the same."""
        found = {"from": self.first.isoformat(), "to": self.last.isoformat(), "rep": self.rep, "team": self.team}
        return {name: value for name, value in found.items() if value}


@router.get("/completeness")
async def completeness(request: Request, viewer: Annotated[Viewer, Depends(viewer)]) -> Response:
    """The funnel, its trend, and each rep's."""
    bridge, asked = connected(request), _asked(request)
    visible = visible_to(viewer).reps
    await refresh(bridge)
    days = (asked.last - asked.first).days + 1
    wanted = replace(asked.visits(visible), states=())
    async with bridge.engine.connect() as conn:
        reps = await mapped_reps(conn, bridge.name)
        both = replace(wanted, first=asked.first - timedelta(days=days))
        counted = await count_visits(conn, bridge, reps, both, since=asked.first, weekly=_is_weekly(asked))
    now = [item for item in counted.days if item.day >= asked.first]
    before = funnel((item.state, item.number) for item in counted.days if item.day < asked.first)
    periods = _periods(now, asked)
    return await page(
        request,
        "completeness.html",
        asked=asked,
        funnel=funnel((item.state, item.number) for item in now),
        before=before,
        stages=STAGES,
        Stage=Stage,
        apart_states=_apart_states(),
        periods=periods,
        columns=columns([period.funnel for period in periods]),
        weekly=_is_weekly(asked),
        legend=_legend(now),
        of_reps=by_rep(counted.reps),
        days=days,
        spans=_spans(asked, local_today(console_of(request).zone)),
        **_choices(reps, viewer),
    )


@router.get("/completeness/list")
async def listed(request: Request, viewer: Annotated[Viewer, Depends(viewer)]) -> Response:
    """The appointments behind a number."""
    bridge, asked = connected(request), _asked(request)
    number = _page_number(request.query_params)
    wanted = asked.visits(visible_to(viewer).reps)
    await refresh(bridge)
    async with bridge.engine.connect() as conn:
        reps = await mapped_reps(conn, bridge.name)
        counts = await count_visits(conn, bridge, reps, replace(wanted, states=()))
        offset = (number - 1) * ON_PAGE
        found = await list_latest(conn, bridge, reps, wanted, counts, limit=ON_PAGE + 1, offset=offset)
    counted = counts.states
    fitting = {*wanted.states} or {*State}
    return await page(
        request,
        "completeness_list.html",
        asked=asked,
        found=found[:ON_PAGE],
        number=number,
        more=len(found) > ON_PAGE,
        total=sum(count for state, count in counted.items() if state in fitting),
        left_out=_left_out(counted, fitting),
        states=[(state.value, label(state)) for state, meaning in STATES.items() if meaning.appointment is not None],
        stages=STAGES,
        **_choices(reps, viewer),
    )


@router.get("/completeness/list.csv")
async def as_csv(request: Request, viewer: Annotated[Viewer, Depends(viewer)]) -> Response:
    """The same list, whole, as CSV."""
    bridge, asked = connected(request), _asked(request)
    await refresh(bridge)
    name = f"appointments-{asked.first}-{asked.last}.csv"
    return answer(name, _HEADINGS, _rows(bridge, asked.visits(visible_to(viewer).reps)))


async def _rows(bridge: Bridge, wanted: VisitFilter) -> AsyncIterator[Sequence[Sequence[object]]]:
    """Some days after the other, so that a year is neither held in memory nor read twice."""
    left = _MOST_CSV
    async with bridge.engine.connect() as conn:
        reps = await mapped_reps(conn, bridge.name)
        for first, last in windows(await count_visits(conn, bridge, reps, wanted), _CSV_PAGE):
            found = await visits(conn, bridge, reps, replace(wanted, first=first, last=last), limit=left)
            yield [_row(visit) for visit in found]
            left -= len(found)
            if left <= 0:
                return


def _row(visit: Visit) -> tuple[object, ...]:
    return (
        visit.key,
        visit.day,
        visit.starts_at,
        visit.rep,
        visit.rep_email,
        visit.customer,
        visit.subject,
        visit.deal_id,
        visit.state.value,
        visit.gap_reason,
    )


# --- the filter in the address


def _asked(request: Request) -> Asked:
    """The filter; a period that is too long or upside down is changed, and the page says so."""
    query, today = request.query_params, local_today(console_of(request).zone)
    problems: list[str] = []
    last = _date(query, "to", problems) or today
    first = _date(query, "from", problems) or last - timedelta(days=USUAL - 1)
    if first > last:
        first, last = last, first
        problems.append("the first day was after the last one")
    if (last - first).days >= LONGEST:
        first = last - timedelta(days=LONGEST - 1)
        problems.append(f"a period has at most {LONGEST} days")
    names, stage = [name for name in query.get("state", "").split(",") if name][:40], query.get("stage", "")
    problems += [f"there is no state {name[:40]!r}" for name in names if name not in set(State)]
    states = tuple(State(name) for name in dict.fromkeys(names) if name in set(State))
    if stage and stage not in set(Stage):
        problems.append(f"there is no stage {stage[:40]!r}")
        stage = ""
    chosen = Stage(stage) if stage else None
    return Asked(first, last, query.get("rep", ""), query.get("team", ""), states, chosen, tuple(problems))


def _date(query: QueryParams, name: str, problems: list[str]) -> date | None:
    given = query.get(name, "")
    if not given:
        return None
    if (found := read_day(given)) is None:
        problems.append(f"{given[:40]!r} is not a day from 2000 to 2199: write it as 2026-02-28")
        return None
    return found


def _page_number(query: QueryParams) -> int:
    given = query.get("page", "1")
    return min(max(int(given), 1), 1000) if given.isascii() and given.isdigit() and len(given) < 6 else 1


def _choices(reps: Sequence[MappedRep], viewer: Viewer) -> dict[str, Any]:
    shown = [one for one in reps if visible_to(viewer).has(one.rep_id)]
    return {"reps": shown, "teams": teams_of(shown)}


def _periods(counted: Sequence[Count], asked: Asked) -> list[Period]:
    return (by_week if _is_weekly(asked) else by_day)(counted, asked.first, asked.last)


def _is_weekly(asked: Asked) -> bool:
    """A month has a column a day; a longer period one a week."""
    return (asked.last - asked.first).days > 30


def _spans(asked: Asked, today: date) -> list[tuple[str, dict[str, str], bool]]:
    """Links to usual periods: name, query, whether it is this one."""
    found = []
    for name, days in (("7 days", 7), ("4 weeks", 28), ("12 weeks", 84), ("A year", 365)):
        first = today - timedelta(days=days - 1)
        query = asked.query | {"from": first.isoformat(), "to": today.isoformat()}
        found.append((name, query, (asked.first, asked.last) == (first, today)))
    return found


def _legend(counted: Sequence[Count]) -> list[tuple[str, str]]:
    """The tones that the columns have, and their meaning."""
    seen = dict(split(funnel((item.state, item.number) for item in counted)))
    return [(name, words) for name, words in TONES.items() if seen[name]]


def _apart_states() -> dict[str, str]:
    """The states behind each name of what is not counted, for an address."""
    found: dict[str, list[str]] = {}
    for state, name in APART.items():
        found.setdefault(name, []).append(state.value)
    return {name: ",".join(states) for name, states in found.items()}


def _left_out(counted: Mapping[State, int], fitting: set[State]) -> list[tuple[str, int]]:
    """The states that the filter leaves out: those apart by their names, the others as one number."""
    found: dict[str, int] = {}
    for state, number in counted.items():
        if state not in fitting:
            name = APART.get(state, "in other states") if stage_of(state) is None else "in other states"
            found[name] = found.get(name, 0) + number
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))
