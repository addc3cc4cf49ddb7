"""Recordings: the list, and one recording with its words, its sound, and what it gave."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import text
from starlette.datastructures import QueryParams

from fieldnote.bridge import Bridge
from fieldnote.bridge.board.conversations import (
    MOST_WORDS,
    Conversation,
    Filter,
    list_recordings,
    load_conversation,
    recordings_of,
)
from fieldnote.bridge.board.reps import list_reps
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.status.states import STATES, State, of_recording
from fieldnote.bridge.status.visits import Visit, VisitFilter, mapped_reps, visits
from fieldnote.console.access.guard import viewer_in
from fieldnote.console.access.visibility import visible_to
from fieldnote.console.connected import connected, not_found
from fieldnote.console.context import console_of
from fieldnote.console.evidence import hear
from fieldnote.console.pages.audio import why_silent
from fieldnote.console.rendering import page, with_query
from fieldnote.console.state_words import label
from fieldnote.workspace import explain_links

router = APIRouter()

_MOST_VISITS: Final = 100
STATES_OF_RECORDINGS: Final = tuple(state for state, meaning in STATES.items() if meaning.recording is not None)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter of an address, and what of it cannot be read."""

    filter: Filter
    problem: str | None = None


@router.get("/recordings")
async def recordings(request: Request) -> Response:
    """The list."""
    bridge, sight = connected(request), visible_to(viewer_in(request)).sight
    await refresh(bridge)
    asked = read_filter(request.query_params)
    found = await list_recordings(bridge, sight, asked.filter)
    following = None if found.following is None else _cursor(*found.following)
    return await page(
        request,
        "recordings.html",
        rows=found.rows,
        asked=asked.filter,
        problem=asked.problem,
        narrowed=bool(set(request.query_params) & {"q", "state", "rep", "day"}),
        later=with_query("/recordings", dict(request.query_params), after=following) if following else None,
        reps=await list_reps(bridge, sight),
        states=[(state.value, label(state)) for state in STATES_OF_RECORDINGS],
    )


@router.get("/recordings/day")
async def day(request: Request) -> Response:
    """A rep's appointments of one day, for a phone: what was recorded, and what became of it."""
    bridge, visible = connected(request), visible_to(viewer_in(request))
    await refresh(bridge)
    zone = console_of(request).zone
    given = request.query_params.get("day", "")
    chosen = _day(given) or datetime.now(zone).date()
    async with bridge.engine.connect() as conn:
        reps = [rep for rep in await mapped_reps(conn, bridge.name) if visible.has(rep.rep_id)]
        asked = request.query_params.get("rep", "").replace("\0", "")
        rep = next((one for one in reps if one.rep_id == asked), reps[0] if reps else None)
        found: list[Visit] = []
        if rep is not None:
            wanted = VisitFilter(chosen, chosen, rep=rep.rep_id, visible=visible.reps)
            found = await visits(conn, bridge, reps, wanted, limit=_MOST_VISITS)
    return await page(
        request,
        "day.html",
        day=chosen,
        before=_near(chosen, -1),
        after=_near(chosen, 1),
        rep=rep,
        problem=None if not given or _day(given) else f"The day cannot be read: {given[:40]}. Write it as 2026-11-30.",
        missing=asked if asked and (rep is None or rep.rep_id != asked) else None,
        reps=reps,
        visits=found,
        recordings=await recordings_of(bridge, visible.sight, [visit.key for visit in found]),
    )


def _near(day: date, days: int) -> date | None:
    """The day before or after; None at the ends of the calendar."""
    with suppress(OverflowError):
        return day + timedelta(days=days)
    return None


@router.get("/recordings/{recording_id}")
async def recording(request: Request, recording_id: str) -> Response:
    """One recording, from what the bridge keeps."""
    bridge, sight = connected(request), visible_to(viewer_in(request)).sight
    await refresh(bridge)
    found = await load_conversation(bridge, sight, recording_id)
    if found is None:
        raise not_found("recording", recording_id)
    heard = await asyncio.to_thread(hear, found)
    wanted = heard.line_of(request.query_params.get("value", ""))
    return await page(
        request,
        "recording.html",
        found=found,
        heard=heard,
        advice=of_recording(State(found.listed.state) if found.listed.state in set(State) else State.UNKNOWN),
        has_user_token=bridge.remote.has_user_token,
        silent=why_silent(bridge, has_sound=found.has_sound) if found.kept and found.readable else None,
        named={name.strip().casefold() for name in names_in(bridge)},
        reasons=await _reasons(request, found),
        at=_milliseconds(request.query_params.get("at")) or (wanted and wanted.start_ms),
    )


async def _reasons(request: Request, found: Conversation) -> tuple[str, ...]:
    """Why the workspace beside this console made the link. Siro's own API gives no reasons."""
    workspace = console_of(request).workspace
    if workspace is None or found.found_link is not None or not found.links:
        return ()
    bridge = connected(request)
    async with bridge.engine.connect() as conn:
        organization = await conn.scalar(_ORGANIZATION, {"connection": bridge.name})
    explained = await explain_links(workspace, organization, found.listed.recording_id) if organization else []
    return explained[0].reasons if explained else ()


_ORGANIZATION: Final = text("select organization_id from connections where name = :connection")


def names_in(bridge: Bridge) -> set[str]:
    """The extractions that the file names a field for."""
    targets = bridge.config.pull.targets().values() if bridge.config.pull else ()
    return {name for target in targets for name, _ in target.extractions()}


def read_filter(query: QueryParams) -> Asked:
    """The filter of an address. Parts that cannot be read are left out, and named."""
    problems: list[str] = []
    day: date | None = None
    if (given := query.get("day")) and (day := _day(given)) is None:
        problems.append(f"The day cannot be read: {given[:40]}. Write it as 2026-11-30.")
    state = query.get("state") or None
    if state is not None and state not in {one.value for one in STATES_OF_RECORDINGS}:
        problems.append(f"There is no such state: {state[:40]}.")
        state = None
    found = Filter(
        state=state,
        rep=query.get("rep", "").replace("\0", "") or None,
        day=day,
        words=query.get("q", "")[:MOST_WORDS] or None,
        before=_read_cursor(query.get("after")),
    )
    return Asked(found, " ".join(problems) or None)


def _day(given: str | None) -> date | None:
    with suppress(ValueError):
        found = date.fromisoformat(given or "")
        return found if 1 < found.year < 9999 else None
    return None


def _cursor(at: datetime, recording_id: str) -> str:
    return f"{at.isoformat()}~{recording_id}"


def _read_cursor(given: str | None) -> tuple[datetime, str] | None:
    moment, _, recording_id = (given or "").partition("~")
    with suppress(ValueError):
        at = datetime.fromisoformat(moment)
        return (at, recording_id.replace("\0", "")) if at.tzinfo is not None and recording_id else None
    return None


def _milliseconds(given: str | None) -> int | None:
    return int(given) if given is not None and given.isascii() and given.isdigit() and len(given) < 10 else None
