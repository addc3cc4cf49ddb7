"""Review with evidence: one proposal after the other, with the words that it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response

from fieldnote.bridge import Bridge
from fieldnote.bridge.board.settings import refresh
from fieldnote.bridge.pull.ledger import ProposalKind
from fieldnote.bridge.review import proposals as review
from fieldnote.bridge.review.agreement import agreement_by_field
from fieldnote.bridge.review.proposals import Decided, Verdict
from fieldnote.bridge.review.queue import Evidenced, QueueFilter, fields_of, load_evidenced, queue_of, without_value
from fieldnote.bridge.review.undo import undo
from fieldnote.bridge.status.visits import mapped_reps
from fieldnote.console.access import Viewer, act_on, after, may_act, one_of, recorded, viewer, visible_to
from fieldnote.console.connected import connected, not_found
from fieldnote.console.pages.audio import why_silent
from fieldnote.console.parts.agreement import agreement_rows
from fieldnote.console.rendering import page
from fieldnote.errors import FieldnoteError

router = APIRouter()

Person = Annotated[Viewer, Depends(viewer)]
Text = Annotated[str, Form()]

_SAID: Final = {
    Verdict.WRITTEN: "The CRM has the value now.",
    Verdict.REJECTED: "Rejected. The same value is not proposed again.",
    Verdict.EXPIRED: "Nothing was written: the CRM's value has changed since the proposal. A new proposal will follow.",
    Verdict.CLOSED: "Nothing was done, because this proposal was already decided.",
}
_SHOWN: Final = 12
"""Proposals that are listed before all that match are decided."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proposal is in its queue."""

    number: int
    total: int
    before: int | None
    after: int | None


@router.get("/review")
async def show(
    request: Request, viewer: Person, field: str = "", rep: str = "", n: str = "", decided: str = ""
) -> Response:
    """The proposal of this number, or the first of the queue."""
    return await _page(request, viewer, field, rep, _number(n), _number(decided))


async def _page(
    request: Request,
    viewer: Viewer,
    field: str,
    rep: str,
    number: int | None,
    decided: int | None,
    *,
    problem: str | None = None,
    typed: str | None = None,
) -> Response:
    bridge, visible = connected(request), visible_to(viewer)
    await refresh(bridge)
    wanted = QueueFilter(field or None, rep or None, visible.reps)
    async with bridge.engine.connect() as conn:
        queue = await queue_of(conn, bridge.name, wanted)
        fields = await fields_of(conn, bridge.name, QueueFilter(visible=visible.reps))
        reps = await mapped_reps(conn, bridge.name)
        chosen = number if number in queue else _following(queue, number)
        found = None if chosen is None else await load_evidenced(conn, bridge.name, chosen)
    words = found is not None and visible.words_of(found.is_private)
    return await page(
        request,
        "review.html",
        status=409 if problem else 200,
        found=found,
        place=None if chosen is None else _place(queue, chosen),
        words=words,
        silent=why_silent(bridge, has_sound=found.has_sound) if found is not None and words else None,
        may=found is not None and may_act(viewer, [found.rep_id]),
        fields=fields,
        field=field,
        rep=rep,
        reps=[one for one in reps if visible.has(one.rep_id)],
        filters={"field": field, "rep": rep},
        decided=decided,
        gone=number is not None and number not in queue and "done" not in request.query_params,
        problem=problem,
        typed=typed,
        effect=None if found is None else effect_of(bridge, found),
        has_user_token=bridge.remote.has_user_token,
    )


@router.get("/review/agreement")
async def agreement(request: Request, viewer: Person) -> Response:
    """How often people agree, by field and week."""
    del viewer
    bridge = connected(request)
    return await page(request, "agreement.html", rows=agreement_rows(await agreement_by_field(bridge)))


@router.get("/review/all")
async def preview_all(request: Request, viewer: Person, field: str = "", rep: str = "", act: str = "") -> Response:
    """The effect of a decision on all that match."""
    bridge, visible = connected(request), visible_to(viewer)
    wanted = QueueFilter(field or None, rep or None, visible.reps)
    await refresh(bridge)
    async with bridge.engine.connect() as conn:
        queue = await queue_of(conn, bridge.name, wanted)
        some = [await load_evidenced(conn, bridge.name, number) for number in queue[:_FEW]]
        unclear = 0 if act == "reject" else await without_value(conn, bridge.name, queue)
    shown = [found for found in some if found is not None]
    return await page(
        request,
        "review_all.html",
        act="reject" if act == "reject" else "approve",
        count=len(queue),
        unclear=unclear,
        last=queue[-1] if queue else 0,
        shown=[(found, effect_of(bridge, found)) for found in shown],
        field=field,
        rep=rep,
        filters={"field": field, "rep": rep},
    )


_FEW: Final = 6


@router.post("/review/all")
async def decide_all(
    request: Request, viewer: Person, act: Text, count: Text, last: Text, field: Text = "", rep: Text = ""
) -> Response:
    """Decide on all that were shown: nothing is done if others match by now."""
    bridge, visible, act = connected(request), visible_to(viewer), one_of(act, ("approve", "reject"))
    wanted = QueueFilter(field or None, rep or None, visible.reps)
    async with bridge.engine.connect() as conn:
        queue = [number for number in await queue_of(conn, bridge.name, wanted) if number <= (_number(last) or 0)]
        if not queue or str(len(queue)) != count.strip():
            raise FieldnoteError(
                f"{count} proposals were shown and {len(queue)} match now; nothing was decided",
                hint="Look at the list again.",
            )
        found = [await load_evidenced(conn, bridge.name, number) for number in queue]
    act_on(viewer, [one.rep_id if one else None for one in found])
    subject = f"{len(queue)} proposals" + (f" of {field}" if field else "")
    async with recorded(request, f"{act} all", subject, {"proposals": queue}) as done:
        decisions = [await _decide_one(bridge, one, act, viewer) for one in found if one is not None]
        done.message = _summary(decisions)
    return after(done, _address({"field": field, "rep": rep}))


async def _decide_one(bridge: Bridge, found: Evidenced, act: str, viewer: Viewer) -> Decided:
    """One of many: a problem of one does not stop the others."""
    try:
        if act == "reject":
            return (await review.reject(bridge, [found.id], actor=viewer.email))[0]
        if found.kind is ProposalKind.UNCLEAR:
            return Decided(found.id, Verdict.REFUSED, "it names no value")
        return (await review.approve(bridge, [found.id], actor=viewer.email))[0]
    except FieldnoteError as error:
        return Decided(found.id, Verdict.REFUSED, error.message)


def _summary(decisions: list[Decided]) -> str:
    done = sum(item.verdict in {Verdict.WRITTEN, Verdict.REJECTED} for item in decisions)
    rest = len(decisions) - done
    return f"Done for {done} of {len(decisions)}." + (
        f" {rest} {'waits' if rest == 1 else 'wait'} as before." if rest else ""
    )


@router.post("/review/{number}/approve")
async def approve(request: Request, viewer: Person, number: int, field: Text = "", rep: Text = "") -> Response:
    bridge, found = await _mine(request, viewer, number)
    following = await _next(bridge, viewer, number, field, rep)
    async with recorded(request, "approve", _subject(found), {"proposal": number}) as act:
        done = (await review.approve(bridge, [number], actor=viewer.email))[0]
        act.message = _said(done)
    return after(act, _address({"field": field, "rep": rep, "n": following, "decided": _undoable(done)}))


@router.post("/review/{number}/reject")
async def reject(request: Request, viewer: Person, number: int, field: Text = "", rep: Text = "") -> Response:
    bridge, found = await _mine(request, viewer, number)
    following = await _next(bridge, viewer, number, field, rep)
    async with recorded(request, "reject", _subject(found), {"proposal": number}) as act:
        done = (await review.reject(bridge, [number], actor=viewer.email))[0]
        act.message = _said(done)
    return after(act, _address({"field": field, "rep": rep, "n": following, "decided": _undoable(done)}))


@router.post("/review/{number}/edit")
async def edit(
    request: Request, viewer: Person, number: int, value: Text = "", field: Text = "", rep: Text = ""
) -> Response:
    """Write another value. One that is not of the field's kind is shown again."""
    bridge, found = await _mine(request, viewer, number)
    if not value.strip():
        problem = "No value was given. Enter one, or reject the proposal."
        return await _page(request, viewer, field, rep, number, None, problem=problem)
    following = await _next(bridge, viewer, number, field, rep)
    try:
        async with recorded(request, "edit", _subject(found), {"proposal": number}) as act:
            done = await review.edit(bridge, number, value, actor=viewer.email)
            act.message = _said(done)
    except FieldnoteError as error:
        problem = f"{error.message[:1].upper()}{error.message[1:]}. {error.hint or ''}".strip()
        return await _page(request, viewer, field, rep, number, None, problem=problem, typed=value)
    return after(act, _address({"field": field, "rep": rep, "n": following, "decided": _undoable(done)}))


@router.post("/review/{number}/undo")
async def take_back(request: Request, viewer: Person, number: int, field: Text = "", rep: Text = "") -> Response:
    bridge, found = await _mine(request, viewer, number)
    async with recorded(request, "undo", _subject(found), {"proposal": number}) as act:
        act.message = await undo(bridge, number, actor=viewer.email)
    return after(act, _address({"field": field, "rep": rep, "n": number}))


# --- steps


async def _mine(request: Request, viewer: Viewer, number: int) -> tuple[Bridge, Evidenced]:
    """The proposal, if this person sees it and may act on it."""
    bridge = connected(request)
    async with bridge.engine.connect() as conn:
        found = await load_evidenced(conn, bridge.name, number)
    if found is None or not visible_to(viewer).has(found.rep_id):
        raise not_found("proposal", str(number))
    act_on(viewer, [found.rep_id])
    return bridge, found


async def _next(bridge: Bridge, viewer: Viewer, number: int, field: str, rep: str) -> int | None:
    """The proposal after this one, as the queue is before the decision."""
    wanted = QueueFilter(field or None, rep or None, visible_to(viewer).reps)
    async with bridge.engine.connect() as conn:
        queue = await queue_of(conn, bridge.name, wanted)
    rest = [one for one in queue if one != number]
    return _following(rest, number)


def _following(queue: list[int], number: int | None) -> int | None:
    """The first of the queue behind `number`, else the first of all."""
    return next((one for one in queue if number is not None and one > number), queue[0] if queue else None)


def _place(queue: list[int], number: int) -> Place:
    place = queue.index(number)
    before = queue[place - 1] if place else None
    behind = queue[place + 1] if place + 1 < len(queue) else None
    return Place(place + 1, len(queue), before, behind)


def _subject(found: Evidenced) -> str:
    return f"proposal {found.id}, {found.field} of {found.model} {found.record}"


def _said(done: Decided) -> str:
    if done.verdict is Verdict.REFUSED:
        return f"Nothing was written: {done.reason or 'the CRM does not take the value'}."
    return _SAID[done.verdict]


def _undoable(done: Decided) -> int | None:
    return done.id if done.verdict in {Verdict.WRITTEN, Verdict.REJECTED} else None


def _address(query: dict[str, Any]) -> str:
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"/review?{urlencode(given)}" if given else "/review"


def _number(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None


def effect_of(bridge: Bridge, found: Evidenced) -> str:
    """The effect of an approval, in a sentence."""
    where = f"`{found.field}` of {_called(found.model)} {found.record}"
    if found.kind is ProposalKind.UNCLEAR:
        return f"These words give no certain value for {where}. Enter the right value, or reject."
    if found.kind is ProposalKind.TAKE_BACK:
        return f"Approving takes back what this recording gave, in {where} and elsewhere."
    if _appends(bridge, found):
        return f"Approving adds these lines to {where}. The existing lines stay."
    if found.live in (None, ""):
        return f"Approving fills {where}, which is empty."
    return f"Approving replaces the CRM's value in {where}. If someone changes it first, nothing is written."


def _appends(bridge: Bridge, found: Evidenced) -> bool:
    targets = bridge.config.pull.targets() if bridge.config.pull else {}
    target = targets.get(found.model)
    fields = target.fields.values() if target is not None and target.table == found.table else ()
    return any(settings.to == found.column and settings.policy.value == "append" for settings in fields)


def _called(model: str) -> str:
    return {"engagement": "appointment", "opportunity": "deal", "account": "customer"}.get(model, model)
