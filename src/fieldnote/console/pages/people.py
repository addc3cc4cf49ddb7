"""People: the CRM's reps beside Siro's users, and who records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, Response

from fieldnote.bridge.board.rep_choices import choose_user, declare_ignored, undo_choice
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.reps import MappingMethod
from fieldnote.bridge.status.funnel import Funnel, Stage, by_rep, funnel
from fieldnote.bridge.status.people import SiroUser, chosen_reps, siro_users
from fieldnote.bridge.status.visit_counts import count_visits
from fieldnote.bridge.status.visits import MappedRep, VisitFilter, mapped_reps
from fieldnote.console.access import Viewer, after, recorded, viewer, visible_to
from fieldnote.console.access.guard import admin
from fieldnote.console.connected import connected
from fieldnote.console.context import console_of
from fieldnote.console.rendering import local_today, page

router = APIRouter()

DAYS: Final = 7
METHODS: Final = {
    MappingMethod.OVERRIDE: "Chosen by a person",
    MappingMethod.EMAIL: "Same email",
    MappingMethod.NAME: "Same full name",
    MappingMethod.NONE: "Not in Siro",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A rep, their mapping, and their visits of the last days."""

    rep: MappedRep
    how: str
    chosen: bool
    """Whether a person chose it here."""
    funnel: Funnel

    @property
    def unmapped(self) -> bool:
        """Whether a person has to do something."""
        return self.rep.user_id is None and not self.rep.ignored

    @property
    def recorded(self) -> int:
        """The visits that were recorded."""
        return self.funnel.steps[tuple(Stage).index(Stage.RECORDED)].number


@router.get("/people")
async def people(request: Request, viewer: Annotated[Viewer, Depends(viewer)], change: str = "") -> Response:
    """All reps that this person sees, those without a Siro user first."""
    bridge, visible = connected(request), visible_to(viewer)
    today = local_today(console_of(request).zone)
    await refresh(bridge)
    wanted = VisitFilter(today - timedelta(days=DAYS - 1), today, visible=visible.reps)
    async with bridge.engine.connect() as conn:
        reps = await mapped_reps(conn, bridge.name)
        counted = await count_visits(conn, bridge, reps, wanted)
        users = await siro_users(conn, bridge.name)
        chosen = await chosen_reps(conn, bridge.name)
    funnels = {one.rep_id: one.funnel for one in by_rep(counted.reps)}
    shown = [
        Person(rep, METHODS[rep.method], rep.rep_id in chosen, funnels.get(rep.rep_id) or funnel(()))
        for rep in reps
        if visible.has(rep.rep_id)
    ]
    return await page(
        request,
        "people.html",
        people=sorted(shown, key=_first),
        silent=[one for one in shown if one.funnel.expected and not one.recorded and not one.rep.ignored],
        changing=next((one for one in shown if viewer.is_admin and one.rep.rep_id == change), None),
        users=users,
        without_rep=_without_rep(users, reps) if visible.reps is None else [],
        days=DAYS,
        first=wanted.first,
        last=wanted.last,
        Stage=Stage,
    )


@router.post("/people/map", dependencies=[Depends(admin)])
async def map_rep(
    request: Request,
    viewer: Annotated[Viewer, Depends(viewer)],
    rep: Annotated[str, Form()],
    user: Annotated[str, Form()],
) -> Response:
    """Choose the Siro user of a rep."""
    async with recorded(request, "map rep", f"rep {rep} to user {user}") as act:
        name = await choose_user(connected(request), rep, user, actor=viewer.email)
        act.message = f"From now on, this rep's Siro user is {name}."
    return after(act, "/people")


@router.post("/people/ignore", dependencies=[Depends(admin)])
async def ignore_rep(
    request: Request, viewer: Annotated[Viewer, Depends(viewer)], rep: Annotated[str, Form()]
) -> Response:
    """Declare that a rep does not use Siro."""
    async with recorded(request, "ignore rep", f"rep {rep}") as act:
        await declare_ignored(connected(request), rep, actor=viewer.email)
        act.message = "From now on, no recordings are expected of this rep."
    return after(act, "/people")


@router.post("/people/undo", dependencies=[Depends(admin)])
async def undo(request: Request, rep: Annotated[str, Form()]) -> Response:
    """Take a choice back."""
    async with recorded(request, "undo choice for rep", f"rep {rep}") as act:
        was = await undo_choice(connected(request), rep)
        act.message = "The choice was undone." if was else "Nothing was chosen for this rep."
    return after(act, "/people")


def _first(person: Person) -> tuple[int, int, str]:
    """Those without a user first, those who do not use Siro last."""
    rank = 0 if person.unmapped else 2 if person.rep.ignored else 1
    return rank, person.recorded - person.funnel.expected, person.rep.called.casefold()


def _without_rep(users: Sequence[SiroUser], reps: Sequence[MappedRep]) -> list[SiroUser]:
    taken = Counter(rep.user_id for rep in reps)
    return [user for user in users if not taken[user.user_id]]
