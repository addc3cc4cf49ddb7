"""Refused: by cause, with the words of Siro or the CRM, and what to do about it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, Response

from fieldnote.bridge import Bridge
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.review.refusals import Group, Refused, drop, refusals, try_again
from fieldnote.console.access import Viewer, act_on, after, may_act, one_of, recorded, viewer, visible_to
from fieldnote.console.connected import connected
from fieldnote.console.rendering import page
from fieldnote.errors import FieldnoteError

router = APIRouter()

Person = Annotated[Viewer, Depends(viewer)]
Text = Annotated[str, Form()]

SHOWN: Final = 50
"""Records of a cause that are listed; all of them can be tried or dropped."""


@router.get("/refused")
async def show(request: Request, viewer: Person, dropped: str = "") -> Response:
    """The causes; with `dropped`, what people dropped."""
    bridge = connected(request)
    groups = await _groups(bridge, viewer, dropped=bool(dropped))
    return await page(
        request,
        "refused.html",
        groups=[(name_of(one), one, may_act(viewer, [item.rep_id for item in one.items])) for one in groups],
        total=sum(len(one.items) for one in groups),
        shown=SHOWN,
        dropped=bool(dropped),
    )


@router.post("/refused")
async def do(
    request: Request,
    viewer: Person,
    act: Text,
    cause: Text,
    count: Text,
    reason: Text = "",
    key: Annotated[list[str] | None, Form()] = None,
    dropped: Text = "",
) -> Response:
    """Try again or drop: the chosen records of a cause, or all of it where none is chosen."""
    bridge, act = connected(request), one_of(act, ("retry", "drop"))
    groups = await _groups(bridge, viewer, dropped=bool(dropped))
    found = next((one for one in groups if name_of(one) == cause), None)
    if found is None or (not key and str(len(found.items)) != count.strip()):
        raise FieldnoteError("the list has changed in the meantime; nothing was done", hint="Look at it again.")
    chosen = [item for item in found.items if not key or row_of(item) in key]
    if not chosen:
        raise FieldnoteError("the list has changed in the meantime; nothing was done", hint="Look at it again.")
    act_on(viewer, [item.rep_id for item in chosen])
    if act == "drop" and not reason.strip():
        raise FieldnoteError("the reason is missing", hint="Give the reason for dropping these; others read it later.")
    subject = f"{len(chosen)} of {found.first.place}" + (f" {found.first.column}" if found.first.column else "")
    async with recorded(request, "drop refused" if act == "drop" else "try again", subject, {"cause": cause}) as done:
        if act == "drop":
            number = await drop(bridge, chosen, reason=reason, actor=viewer.email)
            again = "it" if number == 1 else "them"
            done.message = (
                f"{number} of {len(chosen)} dropped. A change of the row, or other words, tries {again} again."
            )
        else:
            done.message = await try_again(bridge, chosen)
    return after(done, "/refused")


async def _groups(bridge: Bridge, viewer: Viewer, *, dropped: bool) -> list[Group]:
    await refresh(bridge)
    async with bridge.engine.connect() as conn:
        return await refusals(conn, bridge.name, visible=visible_to(viewer).reps, dropped=dropped)


def name_of(found: Group) -> str:
    """A short name of a cause for a form: the cause itself may quote a customer."""
    return hashlib.sha256(f"{found.by} {found.cause}".encode()).hexdigest()[:16]


def row_of(item: Refused) -> str:
    """A record or value within its cause, for a form."""
    return f"{item.place}/{item.key}/{item.column or ''}"
